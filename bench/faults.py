"""The fault suite: one fault after the other in a shop at work; which alarm is first, how soon."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.buying import Way
from bench.fault_list import FAULTS, Fault
from bench.fault_world import World, running
from bench.neutral import Shop
from bench.stage import Stage

PATIENCE = 60.0
WARM = 60.0  # seconds of business as usual, from which is learnt what is usual
CALM = 45.0  # seconds at most until the alarms of the fault before are gone
_FIRST = """
SELECT stage, system, step, cause->>1, fresh FROM insight_alarm
WHERE cleared_at IS NULL ORDER BY rank, opened_at DESC LIMIT 1"""
_ALL = """
SELECT rank, root, stage, system, step, state, fresh, cause->>1 FROM insight_alarm
WHERE cleared_at IS NULL ORDER BY rank, opened_at DESC LIMIT 12"""
_OPEN = "SELECT 1 FROM insight_alarm WHERE cleared_at IS NULL AND fresh AND root = '' LIMIT 1"


@dataclass(frozen=True, kw_only=True)
class Named:
    """`seconds` until it was named first, None when it was not; `said`: what was first last."""

    fault: Fault
    seconds: float | None
    said: str


def measure(stage: Stage, shop: Shop, only: Sequence[str] = ()) -> list[Named]:
    """Every fault in turn; each is undone and its alarms are waited out before the next one."""
    way = Way(
        shop=stage.shop,
        gateway=stage.gateway,
        products=shop.products[:60],
        variants=shop.variants[:60],
        database=stage.url,
    )
    found = []
    with running(stage, way) as world:
        time.sleep(WARM)
        print(f"business as usual: {dict(world.bought)}", flush=True)
        for fault in FAULTS:
            if only and not any(word in fault.name for word in only):
                continue
            found.append(_one(world, fault))
            print(line(found[-1]), flush=True)
            _calm(world)
    return found


def _one(world: World, fault: Fault) -> Named:
    began = time.monotonic()
    fault.inject(world)
    said = "-"
    try:
        while time.monotonic() - began < PATIENCE:
            first = _first(world)
            if first is not None:
                said = " · ".join(str(part) for part in first[:4])
                if names(fault, first):
                    return Named(fault=fault, seconds=time.monotonic() - began, said=said)
            time.sleep(0.5)
        for row in world.sql(_ALL):
            print(f"    open: {' · '.join(map(str, row))}", flush=True)
        return Named(fault=fault, seconds=None, said=said)
    finally:
        fault.heal(world)


def names(fault: Fault, first: Sequence[Any]) -> bool:
    """System, stage and the process whose decision is meant."""
    stage, system, step, _, fresh = first
    if not fresh or system != fault.system or (fault.stage and stage != fault.stage):
        return False
    return not fault.about or str(step).partition(".")[0] in fault.about


def _first(world: World) -> tuple[Any, ...] | None:
    try:
        rows = world.sql(_FIRST)
    except psycopg.Error:
        return None
    return rows[0] if rows else None


def _calm(world: World) -> None:
    """Until nothing goes on any more, or for as long as is waited at most."""
    end = time.monotonic() + CALM
    while time.monotonic() < end and world.sql(_OPEN):
        time.sleep(1)


def line(one: Named) -> str:
    spent = f"{one.seconds:5.1f} s" if one.seconds is not None else "   no  "
    return f"{spent}  {one.fault.group:<18} {one.fault.name:<38} {one.said}"


def table(found: Sequence[Named]) -> str:
    first = sum(one.seconds is not None for one in found)
    head = f"named first within {PATIENCE:.0f} s: {first} of {len(found)}"
    return "\n".join([*(line(one) for one in found), head])


def write(path: Path, found: Sequence[Named]) -> None:
    """Beside the other workloads of the file."""
    known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    known["faults"] = score(found)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known, ensure_ascii=False, indent=2) + "\n")


def score(found: Sequence[Named]) -> Mapping[str, object]:
    return {
        "named_first": sum(one.seconds is not None for one in found),
        "of": len(found),
        "seconds": {
            one.fault.name: None if one.seconds is None else round(one.seconds, 1) for one in found
        },
        "said": {one.fault.name: one.said for one in found if one.seconds is None},
    }
