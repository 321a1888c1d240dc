"""Is a share really different from the one before, or are there just too few to say?"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt

FEWEST = 5  # expected in each of the four cells, or the test says nothing
_SURE = 0.05


@dataclass(frozen=True, slots=True)
class Part:
    """`of` visits, of which `count` went on."""

    count: int
    of: int

    @property
    def share(self) -> float | None:
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Change:
    """`points`: percentage points up or down, None where one of the two had nobody.
    `p` is the chance to see so large a difference where there is none; None for too few."""

    points: float | None
    p: float | None

    @property
    def enough(self) -> bool:
        return self.p is not None

    @property
    def is_clear(self) -> bool:
        return self.p is not None and self.p < _SURE


def change(now: Part, before: Part) -> Change:
    """The two-proportion z-test, pooled and two-sided.

    With the share p of both periods together it expects n·p to go on and n·(1-p) not to, in each
    period; when one of these four numbers is below 5 the counts are too few to say anything. Else
    z = (p1 - p2) / sqrt(p (1-p) (1/n1 + 1/n2)), and a difference is called clear when so large a
    one would come by chance in fewer than 5 of 100 cases (|z| > 1.96).
    """
    if now.share is None or before.share is None:
        return Change(None, None)
    points = 100 * (now.share - before.share)
    pooled = (now.count + before.count) / (now.of + before.of)
    if min(n * p for n in (now.of, before.of) for p in (pooled, 1 - pooled)) < FEWEST:
        return Change(points, None)
    spread = sqrt(pooled * (1 - pooled) * (1 / now.of + 1 / before.of))
    z = (now.share - before.share) / spread
    return Change(points, erfc(abs(z) / sqrt(2)))
