"""Goods that everybody wants at once: claims that meet are decided together.

Whoever finds nobody deciding on a variant decides for all who have come meanwhile, in one
transaction (first come, first served), and hands the pen to the first of those who came since. So
the hot row is locked once for many buyers, and only for as long as it takes to write it down; see
docs/adr/0008-hot-goods.md for the ways that were measured.

A hold that is taken here is committed before the step that wants it, and belongs to no cart yet. If
that step never comes (the program was killed), the hold ends by its time as every other does.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from shangliu.domain.inventory import services as inventory
from shangliu.domain.inventory.models import Reservation
from shangliu.flow.policies import Policies
from shangliu.flow.stock.definition import RESERVATION
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.roles import Role

MOST_TOGETHER = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """Units that a buyer wants held. `since` and `until`: the times of the hold; `cause`: the step
    that it is for."""

    variant_id: int
    quantity: int
    case_no: str
    actor: str
    since: datetime
    until: datetime
    cause: str = "cart.add"


Answer = list[Reservation] | inventory.OutOfStock


@dataclass(eq=False, slots=True)
class _Waiting:
    """`answer` None: nobody has decided, and it is this one's turn to write for all."""

    wish: Wish
    answer: Future[Answer | None] = field(default_factory=Future)


_mutex = threading.Lock()
_lines: dict[int, list[_Waiting]] = {}  # by variant; an entry means that somebody is writing


def hold(wish: Wish) -> list[Reservation]:
    """Reservations of a claim that is committed; raises `OutOfStock` when there is too little.

    Not inside a transaction: others rely on what is written here.
    """
    mine = _Waiting(wish)
    with _mutex:
        line = _lines.get(wish.variant_id)
        if line is None:
            _lines[wish.variant_id] = [mine]
        else:
            line.append(mine)
    answer = mine.answer.result() if line is not None else None
    if answer is None:
        answer = _write(wish.variant_id, mine)
    if isinstance(answer, inventory.OutOfStock):
        raise answer
    return answer


def give_back(reservations: Sequence[Reservation], *, actor: str, cause: str = "cart.add") -> None:
    """What was held for a step that did not come about."""
    ctx = Context(actor=actor, role=Role.SYSTEM, cause=cause)
    engine.fire_all(RESERVATION, RESERVATION["release"], reservations, ctx)


def is_hot(variant_id: int) -> bool:
    """Whether claims on this variant come so fast that they had better be decided together.

    Each question counts as a claim. Never inside a transaction, where nobody may write for others.
    """
    if connection.in_atomic_block:
        return False
    return _heat.felt(variant_id) > Policies.HOT_CLAIMS.value


def _write(variant_id: int, mine: _Waiting) -> Answer:
    with _mutex:
        line = _lines[variant_id]
        together, line[:MOST_TOGETHER] = line[:MOST_TOGETHER], []
    try:
        answers = _decide([one.wish for one in together])
    except BaseException as error:
        _hand_over(variant_id)
        for one in together:
            if one is not mine:
                one.answer.set_exception(error)
        raise
    _hand_over(variant_id)
    for one, answer in zip(together, answers, strict=True):
        if one is not mine:
            one.answer.set_result(answer)
    return answers[together.index(mine)]


def _hand_over(variant_id: int) -> None:
    with _mutex:
        line = _lines[variant_id]
        if line:
            line[0].answer.set_result(None)
        else:
            del _lines[variant_id]


@transaction.atomic(durable=True)
def _decide(wishes: Sequence[Wish]) -> list[Answer]:
    decided = inventory.claim_each(
        [inventory.Claim(one.variant_id, one.quantity, one.case_no, one.actor) for one in wishes]
    )
    answers: list[Answer] = []
    born: list[tuple[Reservation, Context]] = []
    for wish, units in zip(wishes, decided, strict=True):
        if isinstance(units, inventory.OutOfStock):
            answers.append(units)
            continue
        ctx = Context(actor=wish.actor, role=Role.SYSTEM, cause=wish.cause)
        held = [_reservation(wish, one) for one in units]
        born += [(one, ctx) for one in held]
        answers.append(held)
    engine.begin_each(RESERVATION, RESERVATION["hold"], born)
    return answers


def _reservation(wish: Wish, units: inventory.Units) -> Reservation:
    return Reservation(
        stock_id=units.stock_id,
        variant_id=wish.variant_id,
        quantity=units.quantity,
        case_no=wish.case_no,
        hold_until=wish.until,
        held_since=wish.since,
    )


@dataclass
class _Heat:
    """How many claims on each variant this process saw in this second and the one before."""

    second: int = 0
    now: Counter[int] = field(default_factory=Counter)
    before: Counter[int] = field(default_factory=Counter)

    def felt(self, variant_id: int) -> int:
        with _mutex:
            second = int(time.monotonic())
            if second != self.second:
                self.before = self.now if second == self.second + 1 else Counter()
                self.now, self.second = Counter(), second
            self.now[variant_id] += 1
            return max(self.now[variant_id], self.before[variant_id])


_heat = _Heat()
