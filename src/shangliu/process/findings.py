"""What a linter of flows finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shangliu.platform.text import Text
from shangliu.process.definition import Flow, Process


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule` is the finding's kind, `where` a step (`order.pay`) or a state (`order:shipped`)."""

    rule: str
    where: str
    message: Text


def machines(flow: Flow) -> Iterator[Process[Any]]:
    """The processes whose states the engine keeps."""
    return (process for process in flow.processes if not process.recorded)
