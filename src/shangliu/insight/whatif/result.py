"""What came of the runs: figures with their bands over the seeds, distributions, and how far they
can be trusted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from shangliu.insight.whatif.engine import Run
from shangliu.insight.whatif.model import HOUR, Case, Model, words
from shangliu.insight.whatif.simulate import Prepared, fate, staff_hours
from shangliu.platform.text import Text
from shangliu.process.running import flow

TOLERANCE = 0.05
ENOUGH = 30
_BINS = 24
_REFUNDS = "refund.request"


@dataclass(frozen=True, slots=True)
class Distribution:
    """Lead times or waits in microseconds, in order."""

    found: tuple[int, ...]

    @classmethod
    def of(cls, found: Sequence[int]) -> Distribution:
        return cls(tuple(sorted(found)))

    def __len__(self) -> int:
        return len(self.found)

    def part(self, part: float) -> int | None:
        """The value below which this part of all lies (0.5: the median); None where there are
        none."""
        if not self.found:
            return None
        return self.found[min(len(self.found) - 1, int(len(self.found) * part))]

    @property
    def mean(self) -> float | None:
        return sum(self.found) / len(self.found) if self.found else None

    def shares(self, edges: Sequence[int]) -> list[float]:
        """What part lies between each edge and the next; what lies beyond counts in the last."""
        counts = [0] * (len(edges) - 1)
        for one in self.found:
            counts[min(max(bisect_right(edges, one) - 1, 0), len(counts) - 1)] += 1
        return [count / max(1, len(self.found)) for count in counts]

    def below(self, value: int) -> float:
        return bisect_right(self.found, value) / len(self.found) if self.found else 0.0


def edges(*of: Distribution) -> list[int]:
    """The same bins for several distributions, up to where 98 % of each are."""
    most = max((one.part(0.98) or 0 for one in of), default=0)
    width = max(1, -(-most // _BINS))
    return [number * width for number in range(_BINS + 1)]


def kolmogorov(one: Distribution, other: Distribution) -> float:
    """The largest distance between the two curves, 0 to 1."""
    return max(
        (abs(one.below(value) - other.below(value)) for value in {*one.found, *other.found}),
        default=0.0,
    )


def wasserstein(one: Distribution, other: Distribution) -> float:
    """How far the one has to be moved to become the other, in microseconds on average."""
    both = sorted({*one.found, *other.found})
    return sum(
        abs(one.below(low) - other.below(low)) * (high - low) for low, high in pairwise(both)
    )


@dataclass(frozen=True, slots=True)
class Band:
    """The least, the middle and the most over the seeds."""

    low: float
    mid: float
    high: float

    @classmethod
    def of(cls, found: Sequence[float]) -> Band:
        ordered = sorted(found)
        half = len(ordered) // 2
        mid = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
        return cls(ordered[0], mid, ordered[-1])


def figures(prepared: Prepared, run: Run) -> dict[str, float]:
    """The figures of one run, by name. Times in microseconds, money in fen; what cannot be said is
    left out."""
    received = leads(run)
    hours = staff_hours(prepared, run)
    refunds = run.steps.get(_REFUNDS, 0)
    cost = hours * prepared.scenario.wage_fen + refunds * prepared.scenario.refund_fen
    span = prepared.model.until_us - prepared.model.since_us
    found: dict[str, float | None] = {
        "orders": run.orders,
        "sold": run.sold,
        "value_fen": run.value_fen,
        "conversion": run.sold / run.orders if run.orders else None,
        "sold_out": run.sold_out / run.orders if run.orders else None,
        "lead_p50": received.part(0.5),
        "lead_p95": received.part(0.95),
        "lead_mean": received.mean,
        "refunds": refunds,
        "undone": run.undone,
        "staff_hours": hours,
        "cost_fen": cost,
        "cost_per_sold_fen": cost / run.sold if run.sold else None,
    }
    for pool, calendar in prepared.setting.calendars.items():
        waits = Distribution.of(run.queued.get(pool, []))
        paid = calendar.hours * HOUR * prepared.model.days / 7
        found[f"queue_mean.{pool}"] = sum(waits.found) / span
        found[f"queue_most.{pool}"] = run.longest.get(pool, 0)
        found[f"wait_p50.{pool}"] = waits.part(0.5)
        found[f"wait_p95.{pool}"] = waits.part(0.95)
        found[f"busy.{pool}"] = run.worked[pool] / paid if paid else None
    return {name: float(value) for name, value in found.items() if value is not None}


def bands(each: Sequence[Mapping[str, float]]) -> dict[str, Band]:
    """Every figure over all seeds that have it."""
    names = dict.fromkeys(name for one in each for name in one)
    return {name: Band.of([one[name] for one in each if name in one]) for name in names}


def leads(run: Run) -> Distribution:
    """From placing the order to receiving it."""
    return Distribution.of(list(run.reached.get(words(flow()).received, {}).values()))


def real_leads(cases: Sequence[Case]) -> Distribution:
    """The same as observed."""
    received = words(flow()).received
    found = []
    for case in cases:
        at = next((event.at for event in case.events if event.step == received), None)
        if at is not None:
            found.append(at)
    return Distribution.of(found)


def real_figures(model: Model) -> dict[str, float]:
    """What can be read from the log itself, for the column beside the runs."""
    received = real_leads(model.cases)
    said = words(flow())
    sold = [case for case in model.cases if fate(case, said)[0]]
    refunds = sum(event.step == _REFUNDS for case in model.cases for event in case.events)
    found: dict[str, float | None] = {
        "orders": len(model.cases),
        "sold": len(sold),
        "value_fen": sum(case.total_fen for case in sold),
        "conversion": len(sold) / len(model.cases),
        "lead_p50": received.part(0.5),
        "lead_p95": received.part(0.95),
        "lead_mean": received.mean,
        "refunds": refunds,
    }
    return {name: float(value) for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Validation:
    """Whether the unchanged process gives what was observed.

    Compared are the purchases that have had time to arrive (`cases`). `median` and `mean`: by what
    part the runs differ; `ks` and `moved_us`: how far their distributions lie apart. `drift_*` is
    the same between the two real halves of the period, `floor_*` between two random halves, and
    `ahead` the difference of the median when the first half is taken to foretell the second.
    """

    reproduces: bool
    sentence: Text
    cases: int
    median: float | None = None
    mean: float | None = None
    ks: float = 0.0
    moved_us: float = 0.0
    drift_ks: float = 0.0
    drift_us: float = 0.0
    floor_ks: float = 0.0
    floor_us: float = 0.0
    ahead: float | None = None


def validate(model: Model, runs: Sequence[Run]) -> Validation:
    """Compare runs of the unchanged process with the log."""
    whole = real_leads([case for case in model.cases if not case.open])
    late = model.read_us - (whole.part(0.95) or 0)
    ripe = [case for case in model.cases if case.begun_us < late]
    real = real_leads(ripe)
    simulated = Distribution.of([lead for run in runs for lead in _ripe(run, late)])
    if len(real) < ENOUGH or not simulated:
        return Validation(
            reproduces=False, sentence=_TOO_FEW.format(n=len(real), enough=ENOUGH), cases=len(real)
        )
    median = _off(simulated.part(0.5), real.part(0.5))
    mean = _off(simulated.mean, real.mean)
    good = abs(median) <= TOLERANCE and abs(mean) <= TOLERANCE
    early, later = _halves(ripe)
    random = Random(7)  # noqa: S311 - a play, not a secret
    mixed = random.sample(real.found, len(real))
    one, other = (Distribution.of(mixed[::2]), Distribution.of(mixed[1::2]))
    return Validation(
        good,
        (_GOOD if good else _BAD).format(median=_percent(median), mean=_percent(mean)),
        len(real),
        median,
        mean,
        kolmogorov(simulated, real),
        wasserstein(simulated, real),
        kolmogorov(early, later),
        wasserstein(early, later),
        kolmogorov(one, other),
        wasserstein(one, other),
        _off(early.part(0.5), later.part(0.5)) if len(early) and len(later) else None,
    )


_GOOD = Text(
    "流程不变时，模拟的到货时长与实际相差：中位 {median}，平均 {mean}，在 5% 以内",
    "Unchanged, the simulated lead time differs from the real one by {median} (median) and {mean}"
    " (mean): within 5 %",
)
_BAD = Text(
    "流程不变时，模拟的到货时长与实际相差：中位 {median}，平均 {mean}，超过 5%。"
    "下面的数字只能看方向",
    "Unchanged, the simulated lead time differs from the real one by {median} (median) and {mean}"
    " (mean): more than 5 %. Read only the direction of the figures below",
)
_TOO_FEW = Text(
    "这段时间已签收的订单只有 {n} 笔，少于 {enough} 笔，无法验证。下面的数字只能看方向",
    "Only {n} orders of this period have arrived, fewer than {enough}: this cannot be validated."
    " Read only the direction of the figures below",
)


def _ripe(run: Run, late: int) -> list[int]:
    reached = run.reached.get(words(flow()).received, {})
    return [lead for number, lead in reached.items() if run.came[number] < late]


def _halves(cases: Sequence[Case]) -> tuple[Distribution, Distribution]:
    ordered = sorted(cases, key=lambda case: case.begun_us)
    half = len(ordered) // 2
    return real_leads(ordered[:half]), real_leads(ordered[half:])


def _off(one: float | None, other: float | None) -> float:
    if one is None or not other:
        return 0.0
    return one / other - 1


def _percent(part: float) -> str:
    return f"{part * 100:+.1f}%"
