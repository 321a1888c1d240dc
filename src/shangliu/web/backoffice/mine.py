"""Mining a log step by step, with what was asked for and what was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from shangliu.insight.mining import log as logs
from shangliu.insight.mining.conformance import Conformance, FirstDeviation, check, first_deviations
from shangliu.insight.mining.discovery import ProcessMap, Variant, discover, variants
from shangliu.insight.mining.log import CaseOf, EventLog
from shangliu.insight.mining.performance import (
    Bottleneck,
    Handover,
    Rework,
    bottlenecks,
    handovers,
    rework,
)
from shangliu.insight.mining.source import refresh
from shangliu.insight.window import Period
from shangliu.platform import clock
from shangliu.platform.errors import NotFound
from shangliu.platform.text import Text
from shangliu.process.running import flow
from shangliu.web.backoffice import living, logfiles

OWN = "own"
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


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `of` parts are done; `doing` is under way."""

    done: int
    of: int
    doing: Text


_READ = Text("读取日志", "Reading the log")
_PARTS = (
    Text("画流程图", "Drawing the map"),
    Text("数变体", "Counting variants"),
    Text("对照定义", "Comparing with the definition"),
    Text("找首次偏离", "Finding first deviations"),
    Text("找返工", "Finding rework"),
    Text("数交接", "Counting hand-overs"),
)
_mined: dict[tuple[object, ...], tuple[float, Mined]] = {}


def known(asked: Asked) -> Mined | None:
    """What was found a moment ago by this process."""
    found = _mined.get(_mark(asked))
    return found[1] if found is not None and time.monotonic() - found[0] < _FRESH else None


def mined(asked: Asked) -> Mined:
    """Raises `EmptyLog` where nothing happened."""
    found = known(asked)
    if found is None:
        for _ in steps(asked):
            continue
        found = _mined[_mark(asked)][1]
    return found


def steps(asked: Asked) -> Iterator[Progress]:
    """Mine part by part, and say before each what it is; `known` has the result afterwards."""
    began = time.monotonic()
    of = len(_PARTS) + 1
    yield Progress(0, of, _READ)
    log = _opened(asked)
    parts: tuple[Callable[[], Any], ...] = (
        partial(discover, log),
        partial(variants, log),
        partial(check, log, flow()),
        partial(first_deviations, log, flow(), limit=20),
        partial(rework, log),
        partial(handovers, log),
    )
    found: list[Any] = []
    for number, (doing, part) in enumerate(zip(_PARTS, parts, strict=True), 1):
        yield Progress(number, of, doing)
        found.append(part())
    drawn, (ways, in_all), conformance, first, again, given = found
    seconds = time.monotonic() - began
    _mined[_mark(asked)] = (
        time.monotonic(),
        Mined(drawn, ways, in_all, conformance, first, bottlenecks(drawn), again, given, seconds),
    )


def forget() -> None:
    """Mine anew at the next question (for tests)."""
    _mined.clear()


def _mark(asked: Asked) -> tuple[object, ...]:
    return (asked.log, asked.case_of, asked.process, asked.period)


def _opened(asked: Asked) -> EventLog:
    backend = logs.connect()
    if asked.log != OWN:
        file = logfiles.file_of(asked.log)
        if file is None:
            raise NotFound
        return logs.read(backend, asked.log, [file])
    files = refresh(settings.MINED_LOG, asked.case_of)
    log = logs.read(backend, OWN, files)
    if asked.process:
        log = log.of_process(asked.process)
    since = clock.now() - asked.period.span
    return log.between(since_us=round(since.timestamp() * 1_000_000))


def _percent(typed: str, otherwise: int) -> int:
    if not typed.isascii() or not typed.isdigit() or len(typed) > 3:
        return otherwise
    return min(100, int(typed))
