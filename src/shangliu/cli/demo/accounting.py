"""What finance does every morning: yesterday's statements, what differs, what has arrived."""

from __future__ import annotations

from datetime import date, timedelta

from shangliu.cli.demo.stage import Story
from shangliu.cli.demo.world import World
from shangliu.domain.payments.models import Refund
from shangliu.domain.payments.provider import BillKind, BillLine
from shangliu.domain.payments.states import RefundState
from shangliu.domain.reconciliation.models import DailyBill, Difference
from shangliu.domain.reconciliation.states import DifferenceState
from shangliu.flow.reconciliation import services
from shangliu.flow.reconciliation.effects import WriteOff
from shangliu.flow.refund.effects import ByHand
from shangliu.platform import clock
from shangliu.platform.money import Money
from shangliu.process.roles import Role

_LATEST = 2  # days for which no money has arrived yet
_BY_HAND = {5: 8_800, 2: 12_600}  # days ago, and fen that somebody collected past the shop


def keep_books(world: World, days: int) -> None:
    """Each day's statements on the morning after; what differs is settled, but for the latest."""
    for ago in range(days - 1, -1, -1):
        noon = clock.local(world.stage.end - timedelta(days=ago))
        morning = noon.replace(hour=10, minute=12, second=0, microsecond=0)
        if world.stage.start < morning < world.stage.end:
            world.stage.begin(_morning(world, ago), morning)


def _morning(world: World, ago: int) -> Story:
    day = clock.local(clock.now()).date() - timedelta(days=1)
    if (fen := _BY_HAND.get(ago)) is not None:
        world.outside.gateways["alipay"].by_hand.append(_past_the_shop(world, day, fen))
    for gateway in world.outside.gateways.values():
        yield world.seconds(2, 9)
        services.reconcile(gateway.code, day)
    yield world.minutes(60, 200)
    if ago > _LATEST:
        yield from _settle(world)
        _arrives(world, day)
    yield from _pay_back(world)
    if ago == 1:
        _remit(world)


def _past_the_shop(world: World, day: date, fen: int) -> BillLine:
    since, _ = services.bounds(day)
    return BillLine(
        kind=BillKind.PAYMENT,
        number=f"M{day:%Y%m%d}001",
        provider_id=f"{day:%Y%m%d}2200{world.rng.randrange(10**16):016d}",
        amount=Money(fen),
        fee=Money(0),
        at=since + timedelta(hours=15, minutes=20),
    )


def _settle(world: World) -> Story:
    for one in Difference.objects.filter(state=DifferenceState.FOUND).order_by("id"):
        said = WriteOff(reason="门店活动在支付宝后台手工收款，已与店长核对")
        world.staff("difference.write_off", one, Role.FINANCE, said)
        yield world.seconds(30, 90)


def _pay_back(world: World) -> Story:
    """What came by transfer or at the door goes back by transfer."""
    by_hand = Refund.objects.filter(
        state=RefundState.MANUAL, payment__provider__in=("transfer", "cod")
    )
    for refund in by_hand.order_by("id"):
        voucher = f"HK{clock.local(clock.now()):%Y%m%d}{world.rng.randrange(1000):03d}"
        world.staff("refund.settle_by_hand", refund, Role.FINANCE, ByHand(voucher=voucher))
        yield world.seconds(40, 120)


def _arrives(world: World, day: date) -> None:
    for bill in DailyBill.objects.filter(day=day).order_by("provider"):
        if bill.net.fen > 0:
            voucher = f"QS{day:%Y%m%d}{world.rng.randrange(10**5):05d}"
            services.clear(bill, voucher=voucher, actor=world.who(Role.FINANCE))


def _remit(world: World) -> None:
    """The carrier pays over what it collected, but for the last few."""
    numbers = [one.number for one in services.outstanding()][:-3]
    if numbers:
        services.remit(numbers, voucher="HK-COD-01", actor=world.who(Role.FINANCE))
