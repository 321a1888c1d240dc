"""Models and runs of What-ifs, kept for a while so that each request adds one seed."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass, field

from shangliu.domain.inventory import queries as inventory
from shangliu.domain.orders import queries as orders
from shangliu.flow.drawing import graph
from shangliu.insight.figures import ways_of
from shangliu.insight.whatif.calibrate import calibrate, purchases
from shangliu.insight.whatif.drawn import figures_of
from shangliu.insight.whatif.engine import Run
from shangliu.insight.whatif.result import (
    Band,
    Distribution,
    Validation,
    bands,
    figures,
    leads,
    validate,
)
from shangliu.insight.whatif.scenario import Scenario, to_query
from shangliu.insight.whatif.simulate import Goods, Ground, Prepared
from shangliu.process.drawing.figures import Figures

MOST_SEEDS = 8
_FRESH = 600.0  # seconds for which a model is good
_KEPT = 12  # scenarios
_QUICK = 2_000  # purchases
_COMPARED = 3  # runs of the unchanged process that are compared with the log


@dataclass
class Outcome:
    """The runs of a scenario so far, without the purchases themselves. `drawn` is of the first."""

    prepared: Prepared
    found: list[dict[str, float]] = field(default_factory=list)
    leads: list[Distribution] = field(default_factory=list)
    waits: list[dict[str, Distribution]] = field(default_factory=list)
    drawn: Figures | None = None
    kept: list[Run] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    busy: threading.Lock = field(default_factory=threading.Lock)

    @property
    def bands(self) -> dict[str, Band]:
        return bands(self.found)

    @property
    def lead(self) -> Distribution:
        return Distribution.of([one for each in self.leads for one in each.found])

    def wait(self, pool: str) -> Distribution:
        return Distribution.of(
            [one for each in self.waits if pool in each for one in each[pool].found]
        )

    def run(self, seeds: int) -> None:
        """Make sure that the first seeds were run."""
        with self.busy:
            while len(self.found) < min(seeds, MOST_SEEDS):
                self._once(len(self.found))

    def _once(self, seed: int) -> None:
        began = time.monotonic()
        run = self.prepared.seed(seed)
        self.seconds.append(time.monotonic() - began)
        if self.drawn is None:
            self.drawn = figures_of(ways_of(graph()), self.prepared.model, run)
        self.found.append(figures(self.prepared, run))
        self.leads.append(leads(run))
        self.waits.append({pool: Distribution.of(found) for pool, found in run.queued.items()})
        if self.prepared.scenario.unchanged and seed < _COMPARED:
            self.kept.append(run)


@dataclass
class Known:
    """A model, what stands on the shelf, and the runs made on them."""

    ground: Ground
    goods: Goods
    at: float
    outcomes: OrderedDict[str, Outcome] = field(default_factory=OrderedDict)
    validation: Validation | None = None

    def outcome(self, scenario: Scenario) -> Outcome:
        mark = to_query(scenario)
        with _busy:
            if mark not in self.outcomes:
                goods = Goods() if scenario.unchanged else self.goods
                self.outcomes[mark] = Outcome(Prepared(self.ground, scenario, goods))
                while len(self.outcomes) > _KEPT:
                    self.outcomes.popitem(last=False)
            self.outcomes.move_to_end(mark)
            return self.outcomes[mark]

    def validated(self, unchanged: Outcome) -> Validation:
        """The comparison with the log, made anew until it rests on three runs."""
        if self.validation is None or len(unchanged.kept) > 0:
            self.validation = validate(self.ground.model, unchanged.kept)
            if len(unchanged.kept) == _COMPARED:
                unchanged.kept.clear()
        return self.validation


_known: dict[int, Known] = {}
_busy = threading.Lock()
_learning = threading.Lock()


def known(days: int) -> Known:
    """The model of the last days, learned anew every ten minutes. `TooLittle` without any order."""
    if (found := _fresh(days)) is not None:
        return found
    with _learning:
        if (found := _fresh(days)) is None:
            model = calibrate(days)
            ground = Ground(model)
            found = _known[days] = Known(ground, _goods(ground), time.monotonic())
            for other in sorted(_known, key=lambda one: _known[one].at)[:-2]:
                del _known[other]
    return found


def _goods(ground: Ground) -> Goods:
    """What could be sold in the period: what is there now and what was sold in it."""
    wanted = orders.pieces_of([case.number for case in ground.model.cases])
    shelf = Counter(inventory.on_shelf())
    for template in ground.templates:
        if template.sold:
            for sku, pieces in wanted.get(template.case.number, ()):
                shelf[sku] += pieces
    return Goods(shelf, wanted)


def takes_long(days: int) -> bool:
    """Whether the model has to be learned first, from more than is read in a moment."""
    return _fresh(days) is None and purchases(days) > _QUICK


def forget() -> None:
    """Learn anew at the next question (for tests)."""
    _known.clear()


def _fresh(days: int) -> Known | None:
    found = _known.get(days)
    return found if found is not None and time.monotonic() - found.at < _FRESH else None
