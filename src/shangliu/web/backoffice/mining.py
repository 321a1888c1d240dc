"""Mining: what the log says by itself. Our own, or one that was brought along."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shangliu.domain.orders import queries as orders
from shangliu.insight.mining import log as logs
from shangliu.insight.mining.conformance import Conformance, FirstDeviation, check, first_deviations
from shangliu.insight.mining.discovery import ProcessMap, Variant, discover, variants
from shangliu.insight.mining.exports import WRITERS, export
from shangliu.insight.mining.log import CaseOf, EmptyLog, EventLog
from shangliu.insight.mining.performance import (
    Bottleneck,
    Handover,
    Rework,
    bottlenecks,
    handovers,
    rework,
)
from shangliu.insight.mining.picture import as_graph, figures_of
from shangliu.insight.mining.source import refresh
from shangliu.insight.window import Period
from shangliu.platform import clock
from shangliu.platform.errors import NotFound
from shangliu.platform.text import Text
from shangliu.process.drawing.layout import lay_out
from shangliu.process.drawing.svg import css, to_svg
from shangliu.process.roles import Role
from shangliu.process.running import flow
from shangliu.web.backoffice import living, logfiles, words
from shangliu.web.backoffice.access import page, staff

OWN = "own"
MOST_DRAWN = 60  # activities: more than that nobody reads on one sheet
_FRESH = 60.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page was asked for. `activities` and `paths` are the sliders, in percent."""

    log: str
    case_of: CaseOf
    process: str
    period: Period
    activities: int
    paths: int

    @classmethod
    def of(cls, said: Mapping[str, str]) -> Asked:
        try:
            case_of = CaseOf(said.get("case", ""))
        except ValueError:
            case_of = CaseOf.PURCHASE
        try:
            period = Period(said.get("period", ""))
        except ValueError:
            period = living.DEFAULT
        known = {process.name for process in flow().processes if not process.recorded}
        process = said.get("process", "")
        return cls(
            said.get("log", OWN) or OWN,
            case_of,
            process if process in known else "",
            period,
            _percent(said.get("activities", ""), 50),
            _percent(said.get("paths", ""), 30),
        )

    def query(self, **other: object) -> str:
        said = {
            "log": self.log,
            "case": self.case_of.value,
            "process": self.process,
            "period": self.period.value,
            "activities": self.activities,
            "paths": self.paths,
        }
        return urlencode(said | other)


@dataclass(frozen=True, slots=True)
class Mined:
    """Everything about one log and period; what the sliders show is cut from `drawn`."""

    drawn: ProcessMap
    variants: tuple[Variant, ...]
    in_all: int
    conformance: Conformance
    first: tuple[FirstDeviation, ...]
    bottlenecks: tuple[Bottleneck, ...]
    rework: tuple[Rework, ...]
    handovers: tuple[Handover, ...]
    seconds: float


_mined: dict[tuple[object, ...], tuple[float, Mined]] = {}


@staff()
@never_cache
@require_GET
def mining(request: HttpRequest) -> HttpResponse:
    asked = Asked.of(request.GET.dict())
    context: dict[str, object] = {
        "asked": asked,
        "periods": tuple(Period),
        "processes": [
            (process.name, str(process.label))
            for process in flow().processes
            if not process.recorded
        ],
        "logs": logfiles.kept(),
        "forms": tuple(WRITERS),
        "map_css": css(),
    }
    try:
        found = _mine(asked)
    except EmptyLog:
        return page(request, "backoffice/mining.html", context)
    shown = found.drawn.shown(activities=asked.activities / 100, paths=asked.paths / 100)
    context |= {
        "found": found,
        "shown": shown,
        "svg": _drawing(shown),
        "step": words.step_label,
        "lasted": words.lasted,
        "share": lambda part: f"{part:.1%}",
        "numbers": _numbers(asked, found),
        "roles": _role_label,
        "moment": lambda us: words.moment(clock.from_us(us)),
    }
    return page(request, "backoffice/mining.html", context)


@staff(Role.OPERATIONS, Role.FINANCE)
@never_cache
@require_GET
def take_away(request: HttpRequest, form: str) -> HttpResponseBase:
    """The log of the chosen period as a file. It holds no names, addresses or phone numbers."""
    if form not in WRITERS:
        raise NotFound
    until = clock.now()
    span = Asked.of(request.GET.dict()).period.span
    file = tempfile.NamedTemporaryFile(suffix=f".{form}")  # noqa: SIM115 - the answer closes it
    export(form, Path(file.name), until - span, until)
    name = f"shangliu-{clock.local(until):%Y%m%d}.{form}"
    return FileResponse(Path(file.name).open("rb"), as_attachment=True, filename=name)


def _mine(asked: Asked) -> Mined:
    mark = (asked.log, asked.case_of, asked.process, asked.period)
    known = _mined.get(mark)
    if known is not None and time.monotonic() - known[0] < _FRESH:
        return known[1]
    began = time.monotonic()
    log = _opened(asked)
    drawn = discover(log)
    ways, in_all = variants(log)
    found = Mined(
        drawn,
        ways,
        in_all,
        check(log, flow()),
        first_deviations(log, flow(), limit=20),
        bottlenecks(drawn),
        rework(log),
        handovers(log),
        time.monotonic() - began,
    )
    _mined[mark] = (time.monotonic(), found)
    return found


def forget() -> None:
    """Mine anew at the next question (for tests)."""
    _mined.clear()


def _opened(asked: Asked) -> EventLog:
    backend = logs.connect()
    if asked.log != OWN:
        file = logfiles.file_of(asked.log)
        if file is None:
            raise NotFound
        return logs.read(backend, asked.log, [file])
    files = refresh(Path(settings.MEDIA_ROOT).parent / "log", asked.case_of)
    log = logs.read(backend, OWN, files)
    if asked.process:
        log = log.of_process(asked.process)
    since = clock.now() - asked.period.span
    return log.between(since_us=round(since.timestamp() * 1_000_000))


def _drawing(shown: ProcessMap) -> str:
    if len(shown.activities) > MOST_DRAWN:
        return ""
    drawn = as_graph(shown, flow(), Text(_("挖掘出的流程图"), _("挖掘出的流程图")))
    return to_svg(lay_out(drawn), drawn, figures=figures_of(shown), lang=words.lang())


def _numbers(asked: Asked, found: Mined) -> dict[str, str]:
    """Order numbers of our own cases, so that each leads to its trace."""
    if asked.log != OWN or asked.case_of is not CaseOf.PURCHASE:
        return {}
    named = {one.example for one in found.variants} | {one.case for one in found.first}
    named |= {one.example for one in found.conformance.deviations}
    return orders.order_numbers(named)


def _role_label(value: str) -> str:
    return logfiles.role_label(value)


def _percent(typed: str, otherwise: int) -> int:
    if not typed.isascii() or not typed.isdigit() or len(typed) > 3:
        return otherwise
    return min(100, int(typed))
