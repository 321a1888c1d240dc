"""Purchases in random interleavings: notifications true and false, early, late, twice and out of
order, between time-outs, cancellations, refunds and second payments."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shangliu.domain.aftersales.models import AfterSale
from shangliu.domain.inventory import services as inventory
from shangliu.domain.orders.models import Order
from shangliu.domain.payments import provider as payments
from shangliu.domain.payments.models import Payment
from shangliu.domain.payments.provider import Outcome, ProviderError
from shangliu.flow.order import services as orders
from shangliu.flow.payment import services as money
from shangliu.flow.timers import run_due
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.process.roles import Role
from tests.faults import checker
from tests.faults.banks import Lie, Maker, Post, Trade
from tests.faults.checker import Rows, Violation
from tests.insight import world

LIVE = 30
FULL_CHECK_EVERY = 1000
FEW = 8  # pieces of the scarce thing
HEARD = 60  # notifications after which a case makes room for the next
TURNS = 90  # and what is given up before it was begun to be paid makes room as well


@dataclass
class Case:
    """One purchase, what the gateways have to say about it, and its story so far."""

    order: Order
    waiting: list[tuple[Maker, Post]] = field(default_factory=list)
    sent: list[tuple[Maker, Post]] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)
    told_refunds: set[str] = field(default_factory=set)
    story: list[str] = field(default_factory=list)
    heard: int = 0
    turns: int = 0


class Broken(AssertionError):
    """An invariant does not hold; says with which seed, and the story of the case."""


class Chaos:
    """`step` does one random thing to one random case and looks whether all still holds: what one
    gateway repeats, or strangers try, in one go is one thing."""

    def __init__(self, seed: int, shop: world.Shop, makers: Sequence[Maker], rows: Rows) -> None:
        self.seed, self.chance, self.rows = seed, random.Random(seed), rows
        self.shop, self.makers = shop, makers
        self.moment: datetime = clock.now()
        self.live: list[Case] = []
        self.all: list[Case] = []
        self.done: Counter[str] = Counter()
        self.heard = self._checked_at = 0
        self._owner: dict[str, Maker] = {}
        for maker in makers:
            payments.register(maker.provider)
        for stock in shop.cup.stocks.all():
            inventory.move(
                inventory.Move.ADJUST,
                [inventory.Units(stock.pk, FEW // 2 - stock.on_hand)],
                document="opening",
                actor="test",
            )

    def run(self, notifications: int) -> None:
        while self.heard < notifications:
            self.step()
        self.finish()

    def step(self) -> None:
        self.moment += timedelta(seconds=self.chance.random() * 4)
        with clock.at(self.moment):
            if len(self.live) < LIVE:
                self._place()
                return
            if self.chance.random() < 0.002:
                self._let_time_pass()
                return
            if self.chance.random() < 0.01:
                self._send_letters()
                return
            case = self.chance.choice(self.live)
            act = self.chance.choices(_ACTS, weights=_WEIGHTS)[0]
            with suppress(Refused):
                act(self, case)
            self._holds(case)
            case.turns += 1
            if case.heard >= HEARD or case.turns >= TURNS:
                self.live.remove(case)

    def finish(self) -> None:
        """Lines are whole again, the gateways say what they still have to say; all is over."""
        for maker in self.makers:
            maker.bank.trouble = 0.0
        for _ in range(8):
            self.moment += timedelta(hours=2)
            with clock.at(self.moment):
                self._tell_all()
                run_due(limit=10_000)
                self._send_letters()
        found = checker.at_rest(self.rows)
        book = [line for one in self.makers for line in one.bank.book(one.provider.code)]
        found += checker.against_gateways(self.rows, book)
        self._none(found)

    def _tell_all(self) -> None:
        """Every trade that is paid is told of until the shop says that it knows."""
        known = set(Payment.objects.filter(paid_at__isnull=False).values_list("number", flat=True))
        for number, maker in self._owner.items():
            trade = maker.bank.trades[number]
            if trade.status is Outcome.PAID and number not in known:
                headers, body = maker.news(trade)
                answer = money.take_notification(
                    provider_code=maker.provider.code, headers=headers, body=body
                )
                assert answer == maker.provider.accepted()

    def _let_time_pass(self) -> None:
        self.moment += timedelta(minutes=self.chance.choice((5, 31, 45)))
        with clock.at(self.moment):
            run_due(limit=1000)
        self.done["time passed"] += 1
        for case in self.live:
            case.story.append(f"{self.moment:%H:%M:%S} timers")
            self._holds(case)

    def _send_letters(self) -> None:
        world.send_all()
        self.done["letters sent"] += 1
        for case in self.live:
            self._hear_of_refunds(case)
            self._holds(case)

    def _hear_of_refunds(self, case: Case) -> None:
        """A gateway tells of refunds that it made."""
        for maker, trade in self._trades(case):
            for number in trade.refunds.keys() - case.told_refunds:
                case.told_refunds.add(number)
                case.waiting.append((maker, maker.news(trade, number)))

    def _place(self) -> None:
        scarce = self.chance.random() < 0.3
        with suppress(Refused):
            order = world.placed(
                self.shop,
                variant=self.shop.cup if scarce else self.shop.tea,
                quantity=self.chance.choice((1, 1, 2)),
                street=f"文三路 {len(self._owner)} 号",
            )
            case = Case(order, story=[f"{self.moment:%H:%M:%S} placed: {order.number}"])
            self.live.append(case)
            self.all.append(case)
            self.done["placed"] += 1

    def _note(self, case: Case, what: str) -> None:
        case.story.append(f"{self.moment:%H:%M:%S} {what}")
        self.done[what.partition(":")[0]] += 1

    def start(self, case: Case) -> None:
        maker = self.chance.choice(self.makers)
        method = self.chance.choice(maker.provider.methods).code
        with suppress(ProviderError):
            money.start(
                trade=case.order.trade,
                way=money.Way(maker.provider.code, method),
                return_url="https://shop.example/back",
                notify_url="https://shop.example/notify",
                actor="guest",
            )
        for number in Payment.objects.filter(
            case_no=case.order.case_no, provider=maker.provider.code
        ).values_list("number", flat=True):
            if number not in case.payments and number in maker.bank.trades:
                case.payments.append(number)
                self._owner[number] = maker
                self._note(case, f"payment started: {number} {method}")

    def pay(self, case: Case) -> None:
        """The buyer pays; the gateway tells of it, or its message is lost for now."""
        for maker, trade in self._some(case):
            if maker.bank.pay(trade.number):
                lost = self.chance.random() < 0.25
                self._note(
                    case, f"paid at the gateway: {trade.number}{' (silent)' if lost else ''}"
                )
                if not lost:
                    case.waiting.append((maker, maker.news(trade)))

    def refuse(self, case: Case) -> None:
        for maker, trade in self._some(case):
            maker.bank.open(trade.number)
            if maker.bank.shut(trade.number):
                self._note(case, f"refused at the gateway: {trade.number}")
                case.waiting.append((maker, maker.news(trade)))

    def hear(self, case: Case) -> None:
        """Something that waits is delivered, in any order."""
        if case.waiting:
            maker, post = case.waiting.pop(self.chance.randrange(len(case.waiting)))
            case.sent.append((maker, post))
            assert self._told(case, maker, post, "news") == maker.provider.accepted()

    def hear_again(self, case: Case) -> None:
        """Gateways repeat themselves, some of them often."""
        for _ in range(self.chance.choice((1, 3, 8)) if case.sent else 0):
            maker, post = self.chance.choice(case.sent)
            assert self._told(case, maker, post, "again") == maker.provider.accepted()

    def hear_lie(self, case: Case) -> None:
        """Whatever is not true changes nothing, and is not acknowledged."""
        for maker, trade in self._some(case):
            before = self._newest_event()
            for kind in self.chance.sample(tuple(Lie), len(Lie)):
                answer = self._told(case, maker, maker.lie(trade, kind), f"lie {kind.value}")
                if (answer, self._newest_event()) != (maker.provider.rejected(), before):
                    raise Broken(self._tell(case, [f"“{kind.value}” was believed: {answer}"]))

    def _newest_event(self) -> int:
        newest: int = self.rows("SELECT coalesce(max(id), 0) FROM process_event", {})[0][0]
        return newest

    def _told(self, case: Case, maker: Maker, post: Post, what: str) -> tuple[int, str, bytes]:
        self._note(case, what)
        case.heard += 1
        self.heard += 1
        headers, body = post
        return money.take_notification(
            provider_code=maker.provider.code, headers=headers, body=body
        )

    def ask(self, case: Case) -> None:
        for payment in Payment.objects.filter(case_no=case.order.case_no):
            self._note(case, "asked")
            money.query(payment, actor="return")

    def cancel(self, case: Case) -> None:
        self._note(case, "cancelled by the buyer")
        orders.cancel(order=self._fresh(case), actor="guest", role=Role.BUYER, reason="不想要了")

    def time_out(self, case: Case) -> None:
        """The clock rings for this order although others are not due."""
        if self._fresh(case).state == "awaiting_payment":
            self._note(case, "timed out")
            orders.time_out(self._fresh(case))

    def refund(self, case: Case) -> None:
        order = self._fresh(case)
        world.applied(order)
        self._note(case, "refund asked")
        for one in AfterSale.objects.filter(order=order, state="applied"):
            world.step("aftersale.approve", one)

    def ship(self, case: Case) -> None:
        order = self._fresh(case)
        if order.state == "awaiting_review":
            world.step("order.approve", order)
        if self._fresh(case).state == "awaiting_fulfilment":
            self._note(case, "shipped")
            world.shipped(self._fresh(case))
            self._hear_of_refunds(case)

    def _fresh(self, case: Case) -> Order:
        return Order.objects.get(pk=case.order.pk)

    def _trades(self, case: Case) -> list[tuple[Maker, Trade]]:
        return [
            (self._owner[number], self._owner[number].bank.trades[number])
            for number in case.payments
        ]

    def _some(self, case: Case) -> list[tuple[Maker, Trade]]:
        found = self._trades(case)
        return [self.chance.choice(found)] if found else []

    def _holds(self, case: Case) -> None:
        found = checker.always(self.rows, case.order.case_no)
        owed = [one.number for _, one in self._trades(case) if one.status is not Outcome.PAID]
        if owed and Payment.objects.filter(number__in=owed, paid_at__isnull=False).exists():
            found.append(Violation("paid without money", ", ".join(owed)))
        if found:
            raise Broken(self._tell(case, found))
        if self.heard - self._checked_at >= FULL_CHECK_EVERY:
            self._checked_at = self.heard
            self._none(checker.everything(self.rows))

    def _none(self, found: Sequence[Violation]) -> None:
        if found:
            raise Broken(self._tell(None, found))

    def _tell(self, case: Case | None, found: Sequence[object]) -> str:
        """The story of the case; where none is named, of the first that a finding speaks of."""
        if case is None:
            named = (
                one
                for one in self.all
                for line in one.story
                if line.rpartition(": ")[2].partition(" ")[0] in str(found[0])
            )
            case = next(named, None)
        story = case.story if case is not None else []
        return "\n".join(
            [f"seed {self.seed}, after {self.heard} notifications", *map(str, found), *story]
        )


_CHOICES: tuple[tuple[Callable[[Chaos, Case], None], int], ...] = (
    (Chaos.start, 8),
    (Chaos.pay, 6),
    (Chaos.refuse, 1),
    (Chaos.hear, 12),
    (Chaos.hear_again, 16),
    (Chaos.hear_lie, 12),
    (Chaos.ask, 2),
    (Chaos.cancel, 1),
    (Chaos.time_out, 1),
    (Chaos.refund, 1),
    (Chaos.ship, 1),
)
_ACTS = [act for act, _ in _CHOICES]
_WEIGHTS = [weight for _, weight in _CHOICES]
