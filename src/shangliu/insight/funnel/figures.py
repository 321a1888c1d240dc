"""The funnel's figures: how many visits reached each step, by what they have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shangliu.insight.funnel.by import By, Choice, Span
from shangliu.insight.funnel.compare import Change, Part, change
from shangliu.insight.funnel.days import Counts, counted
from shangliu.insight.funnel.journeys import Funnel


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """A step of the funnel. `lost` ended here and did not reach the next one; `of_first` and
    `on` (the share that went on to the next step) are compared with the period before."""

    step: str
    count: int
    before: int
    share: float | None
    of_first: Change
    lost: int
    lost_share: float | None
    on: Change
    next_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The visits with one value of what they are broken down by."""

    value: str
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    levels: tuple[Level, ...]
    groups: tuple[Group, ...]


def figures(funnel: Funnel, span: Span, *, by: By, choice: Choice | None = None) -> Figures:
    """The whole funnel and its break-down, each beside the period before. Two statements, the
    first of which asks what is kept."""
    found = counted(funnel, span, by, choice or Choice())
    now, before, middles = found.now, found.before, found.middles
    groups = sorted(now.keys() | before.keys(), key=lambda one: (-now[one].total(), one))
    return Figures(
        _levels(funnel, _all(now.values()), _all(before.values()), middles),
        tuple(Group(one, _levels(funnel, now[one], before[one], {})) for one in groups),
    )


def _all(counts: Iterable[Counts]) -> Counts:
    found: Counts = Counter()
    for one in counts:
        found.update(one)
    return found


def _levels(
    funnel: Funnel, now: Counts, before: Counts, middles: Mapping[int, int]
) -> tuple[Level, ...]:
    last = len(funnel.steps) - 1
    counts, earlier = _reaching(now, last), _reaching(before, last)
    levels = []
    for place, step in enumerate(funnel.steps):
        part = Part(counts[place], counts[0])
        lost = counts[place] - counts[place + 1] if place < last else 0
        levels.append(
            Level(
                step=step,
                count=counts[place],
                before=earlier[place],
                share=part.share,
                of_first=change(part, Part(earlier[place], earlier[0])),
                lost=lost,
                lost_share=Part(lost, counts[place]).share if place < last else None,
                on=change(
                    Part(counts[place + 1], counts[place]),
                    Part(earlier[place + 1], earlier[place]),
                ),
                next_ms=middles.get(place),
            )
        )
    return tuple(levels)


def _reaching(counts: Counts, last: int) -> list[int]:
    """How many came at least so far; nobody comes farther than the last step."""
    return [sum(n for far, n in counts.items() if far >= place) for place in range(last + 2)]
