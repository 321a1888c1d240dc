"""Looking, again and again: every source is asked under a short time limit, what it says is located
and written down. May run anywhere; of several that want to look at once, one does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, IntegrityError, connection, transaction

from shangliu.insight.alarms import house
from shangliu.insight.alarms.locate import Located, locate
from shangliu.insight.alarms.signals import Signal
from shangliu.insight.models import Alarm
from shangliu.platform import clock
from shangliu.platform.models import Heartbeat
from shangliu.platform.text import Text
from shangliu.process.running import flow

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=5)
_GONE_AFTER = timedelta(seconds=12)
_KEPT = timedelta(days=30)
_NAME = "alarms"

Source = Callable[[], Sequence[Signal]]


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found, and how many sources could not say anything."""

    alarms: tuple[Located, ...]
    failed: int


def look(sources: Sequence[Source], *, every: timedelta = EVERY) -> Looked | None:
    """Ask all sources and bring the open alarms to what holds now; None when somebody else looked
    less than `every` ago."""
    if not _claim(every):
        return None
    signals: list[Signal] = []
    failed = 0
    for source in sources:
        try:
            signals += _asked(source)
        except DatabaseError as error:
            log.warning("alarms: %s: %s", getattr(source, "__name__", source), error)
            failed += 1
            signals.append(house.unreachable(f"{type(error).__name__}: {error}"))
    found = locate(flow(), signals)
    write(found, complete=not failed)
    return Looked(tuple(found), failed)


def looked_at() -> datetime | None:
    """When anybody looked last."""
    return Heartbeat.objects.filter(name=_NAME).values_list("beat_at", flat=True).first()


@transaction.atomic
def _asked(source: Source) -> Sequence[Signal]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', '3000', true),"
            " set_config('lock_timeout', '1000', true)"
        )
    return source()


def _claim(every: timedelta) -> bool:
    now = clock.now()
    if Heartbeat.objects.filter(name=_NAME, beat_at__lte=now - every).update(beat_at=now):
        return True
    return Heartbeat.objects.get_or_create(name=_NAME, defaults={"beat_at": now})[1]


def write(found: Sequence[Located], *, complete: bool = True) -> None:
    """Open, refresh and clear. Nothing is cleared for what could not be asked about."""
    now = clock.now()
    known = {one.key: one for one in Alarm.objects.filter(cleared_at__isnull=True)}
    for rank, one in enumerate(found):
        alarm = known.get(one.key) or Alarm(key=one.key, opened_at=now)
        _fill(alarm, one, rank, now)
        try:
            with transaction.atomic():
                alarm.save()
        except IntegrityError:
            log.info("alarm %s was opened by somebody else", one.key)
    seen = {one.key for one in found}
    gone = [alarm for key, alarm in known.items() if key not in seen]
    if complete and gone:
        old = [alarm.pk for alarm in gone if alarm.seen_at <= now - _GONE_AFTER]
        Alarm.objects.filter(pk__in=old).update(cleared_at=now)
        lasting = [alarm for alarm in gone if alarm.pk not in old]
        for n, alarm in enumerate(lasting):
            Alarm.objects.filter(pk=alarm.pk).update(rank=len(found) + n, fresh=False)


def _fill(alarm: Alarm, one: Located, rank: int, now: datetime) -> None:
    signal = one.signal
    alarm.rank, alarm.depth, alarm.seen_at = rank, one.depth.value, now
    alarm.stage, alarm.system, alarm.step, alarm.state = one.stage, one.system, one.step, one.state
    alarm.decision = pair(one.decision) if one.decision is not None else []
    alarm.owner, alarm.root, alarm.fresh = one.owner.value, one.by, signal.fresh
    alarm.cause = pair(signal.cause)
    alarm.evidence = [pair(line) for line in signal.evidence]
    alarm.plays = [[play.code, play.about] for play in signal.plays]
    alarm.cases, alarm.count = list(signal.cases), signal.count


def pair(text: Text) -> list[str]:
    return [text.zh, text.en]


def open_alarms() -> list[Alarm]:
    """What is wrong now, the likeliest cause first."""
    return list(Alarm.objects.filter(cleared_at__isnull=True).order_by("rank", "-opened_at"))


def roots() -> list[Alarm]:
    """The same without what another one explains."""
    return [one for one in open_alarms() if not one.root]


def alarmed() -> int:
    """How many root causes are open; one statement."""
    return Alarm.objects.filter(cleared_at__isnull=True, root="").count()


def cleared(limit: int = 50) -> list[Alarm]:
    """What was wrong and is over, the latest first."""
    return list(Alarm.objects.filter(cleared_at__isnull=False).order_by("-cleared_at")[:limit])


def acknowledge(pk: int, *, actor: str) -> None:
    """Somebody looks after it; the first one counts."""
    Alarm.objects.filter(pk=pk, acknowledged_by="").update(
        acknowledged_by=actor, acknowledged_at=clock.now()
    )


def note_act(pk: int, *, actor: str, code: str, said: Text) -> None:
    """Write down what was done about it."""
    with transaction.atomic():
        alarm = Alarm.objects.select_for_update().get(pk=pk)
        at = clock.now().isoformat(timespec="seconds")
        alarm.acts = [*alarm.acts, {"at": at, "by": actor, "code": code, "said": pair(said)}]
        alarm.save(update_fields=["acts"])


def forget_old() -> int:
    """Remove what was cleared long ago."""
    return Alarm.objects.filter(cleared_at__lt=clock.now() - _KEPT).delete()[0]
