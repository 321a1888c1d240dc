"""What was measured, as a table for people and a file for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median


@dataclass(frozen=True, kw_only=True)
class Result:
    """One workload. `limit` is what the yardstick named in `against` reached in the same minutes,
    `ratio` the share of it; `target` is the least `rate` or `ratio` that it should have."""

    name: str
    rate: float
    p50_ms: float | None = None
    p95_ms: float | None = None
    sql: float | None = None
    http: int | None = None
    limit: float | None = None
    against: str = ""
    target: tuple[str, float] | None = None
    errors: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        return self.rate / self.limit if self.limit else None

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None without one."""
        if self.target is None:
            return None
        kind, least = self.target
        reached = self.ratio if kind == "ratio" else self.rate
        return reached is not None and reached >= least


HEAD = (
    "workload",
    "per s",
    "p50 ms",
    "p95 ms",
    "SQL",
    "HTTP",
    "limit",
    "ratio",
    "target",
    "errors",
)


def middle(results: Sequence[Result]) -> Result:
    """The run of the median rate, with the errors of all."""
    wanted = median([one.rate for one in results])
    found = min(results, key=lambda one: abs(one.rate - wanted))
    errors: dict[str, int] = {}
    for one in results:
        for why, number in one.errors.items():
            errors[why] = errors.get(why, 0) + number
    return replace(found, errors=errors)


def table(results: Sequence[Result]) -> str:
    rows = [HEAD, *(_row(one) for one in results)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def write(
    path: Path, results: Sequence[Result], yardsticks: Mapping[str, float], **facts: object
) -> None:
    workloads = {
        one.name: {
            **{name: _rounded(value) for name, value in _fields(one).items() if name != "name"},
            "ratio": _rounded(one.ratio),
            "met": one.met,
            "yardsticks": {name: _rounded(value) for name, value in yardsticks.items()},
        }
        for one in results
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(path.read_text()) if path.exists() else {}
    kept = {name: before[name] for name in ("faults",) if name in before}
    said = json.dumps({**facts, "workloads": workloads, **kept}, ensure_ascii=False, indent=2)
    path.write_text(said + "\n")


def _fields(one: Result) -> dict[str, object]:
    return asdict(one)


def _row(one: Result) -> tuple[str, ...]:
    return (
        one.name,
        _number(one.rate),
        _number(one.p50_ms),
        _number(one.p95_ms),
        _number(one.sql),
        str(one.http) if one.http is not None else "",
        _number(one.limit),
        f"{one.ratio:.0%}" if one.ratio is not None else "",
        _target(one),
        ", ".join(f"{why} × {number}" for why, number in sorted(one.errors.items())),
    )


def _target(one: Result) -> str:
    if one.target is None:
        return ""
    kind, least = one.target
    said = f">= {least:.0%}" if kind == "ratio" else f">= {least:g}"
    return f"{said} {'yes' if one.met else 'NO'}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _rounded(value: object) -> object:
    return round(value, 3) if isinstance(value, float) else value
