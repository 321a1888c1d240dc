"""The flow that this program runs on. Set once, when the programs starts."""

from __future__ import annotations

from shangliu.process.definition import Flow

_running: list[Flow] = []


def install(flow: Flow) -> None:
    """Make `flow` the one that the engine follows."""
    _running[:] = [flow]


def flow() -> Flow:
    """The running flow; `LookupError` before one is installed."""
    if not _running:
        raise LookupError("no flow is installed")
    return _running[0]
