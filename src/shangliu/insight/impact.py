"""Impact with what runs now: the web of the running flow, open cases, tests that cover it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from shangliu.insight.waiting import waiting
from shangliu.process.impact import Impact, Web, What
from shangliu.process.running import flow

_EVERY_STEP = "every:step"


@cache
def web() -> Web:
    """Of the flow that runs. Its code does not change while it runs."""
    return Web(flow(), Path(str(files("shangliu"))))


def running(found: Impact) -> Mapping[tuple[str, str], int]:
    """How many objects wait now in each state that the change would meet."""
    counted = waiting()
    return {one: counted[one].count if one in counted else 0 for one in found.waits}


@dataclass(frozen=True, slots=True)
class Covering:
    """Tests as `file::test`. `naming` speak of the thing itself; `through`, where none does, of a
    step that it is joined to; `every` run over all steps of the flow, so over those of the thing.
    """

    naming: tuple[str, ...]
    through: tuple[str, ...]
    every: tuple[str, ...]

    @property
    def own(self) -> tuple[str, ...]:
        return self.naming or self.through


def covering(found: Impact) -> Covering:
    known = _tests()
    naming = known.get(str(found.thing), ())
    steps = [f"{What.STEP}:{name}" for name in found.steps]
    through = () if naming else {test for step in steps for test in known.get(step, ())}
    every = known.get(_EVERY_STEP, ()) if steps else ()
    return Covering(naming, tuple(sorted(through)), tuple(every))


@cache
def _tests() -> Mapping[str, tuple[str, ...]]:
    said = files("shangliu.insight").joinpath("flow_tests.json").read_text("utf-8")
    return {thing: tuple(tests) for thing, tests in json.loads(said).items()}
