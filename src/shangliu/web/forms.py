"""Typed input: a dataclass made of what was filled in, or the sentence what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from shangliu.platform.errors import Refused
from shangliu.platform.text import Text

T = TypeVar("T")

LABELS: Mapping[str, Text] = {
    "reason": Text("原因", "the reason"),
    "note": Text("说明", "the note"),
    "carrier": Text("快递公司", "the carrier"),
    "waybill_no": Text("运单号", "the waybill number"),
}


def names(asked: type[Any] | None) -> tuple[str, ...]:
    """The inputs that a step asks for, in order."""
    return tuple(one.name for one in fields(asked)) if asked is not None else ()


def filled(asked: type[T], posted: Mapping[str, str]) -> T:
    """The dataclass of text fields; `Refused` naming the first that is missing."""
    values: dict[str, Any] = {}
    for one in fields(asked):  # type: ignore[arg-type]
        typed = posted.get(one.name, "").strip()
        if not typed and one.default is MISSING:
            label = LABELS.get(one.name, Text(one.name, one.name))
            raise Refused(Text(f"请填写{label.zh}", f"Enter {label.en}"))
        if typed:
            values[one.name] = typed
    return asked(**values)
