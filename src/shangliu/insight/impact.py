"""Impact with what runs now: the web of the running flow, open cases, tests that cover it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from shangliu.insight.waiting import waiting
from shangliu.process.impact import Impact, Web
from shangliu.process.running import flow


@cache
def web() -> Web:
    """Of the flow that runs. Its code does not change while it runs."""
    return Web(flow(), Path(str(files("shangliu"))))


def running(found: Impact) -> Mapping[tuple[str, str], int]:
    """How many objects wait now in each state that the change would meet."""
    counted = waiting()
    return {one: counted[one].count if one in counted else 0 for one in found.waits}


def covering(found: Impact) -> tuple[str, ...]:
    """`file::test` of all that speak of the thing; of a handler, that speak of one of its steps."""
    known = _tests()
    things = [found.thing]
    if str(found.thing) not in known:
        things = [one for one in found.joined if str(one).startswith("step:")]
    return tuple(sorted({test for one in things for test in known.get(str(one), ())}))


@cache
def _tests() -> Mapping[str, tuple[str, ...]]:
    said = files("shangliu.insight").joinpath("flow_tests.json").read_text("utf-8")
    return {thing: tuple(tests) for thing, tests in json.loads(said).items()}
