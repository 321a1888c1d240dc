"""What comes after the parcel: receipt, after-sales, refunds, settlement."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shangliu.cli.demo.plans import Claim, Plan, Receipt
from shangliu.cli.demo.stage import Story
from shangliu.cli.demo.world import World, by_buyer, name_of
from shangliu.domain.aftersales.models import AfterSale
from shangliu.domain.aftersales.states import AfterSaleState
from shangliu.domain.orders.models import Order
from shangliu.domain.orders.states import BEFORE_SHIPMENT, OrderState
from shangliu.domain.payments.models import Refund
from shangliu.domain.payments.states import RefundState
from shangliu.domain.settlement.models import SettlementEntry
from shangliu.domain.settlement.states import SettlementState
from shangliu.flow import steps
from shangliu.flow.aftersale import services as aftersales
from shangliu.flow.aftersale.effects import Answer, Inspection, ReturnWaybill
from shangliu.flow.refund.effects import ByHand
from shangliu.platform import clock
from shangliu.process.roles import Role

_WHY = {
    Claim.GOOD: (("不想要了", "颜色和家里不搭，未拆封"), ("拍错或多拍", "规格拍错了，想换大的")),
    Claim.DAMAGED: (("质量问题", "到手有一道裂纹，照片已发"), ("质量问题", "瓶盖漏液，盒子湿了")),
    Claim.NOT_AS_SENT: (("商品与描述不符", "和图片色差很大"),),
}
_OTHERWISE = (("不想要了", "用了一次觉得不合适"), ("其他原因", "家人已经买过一件"))
_REJECTED = "商品已使用，不符合无理由退货的条件"
_CARRIERS = (("zhongtong", "73"), ("yunda", "43"), ("shunfeng", "SF"))
# Claims that a long time-out ends: their early steps are quick, so that the settlement of the
# order is not disputed for days.
_LONG = (Claim.REJECTED, Claim.NOT_SENT)


def received(world: World, plan: Plan, order: Order) -> Story:
    """The buyer has it: confirms, lengthens the time, or leaves it to the clock."""
    claims = plan.claim is not Claim.NONE
    if plan.receipt is Receipt.EXTENDS and not claims:
        yield world.hours(90, 150)
        by_buyer("order.extend_receipt", order, order.user_id)
        return
    if plan.receipt is Receipt.LEAVES and not claims:
        return
    yield world.minutes(20, 90) if plan.hasty else world.hours(0.5, 50)
    by_buyer("order.confirm_receipt", order, order.user_id)
    if claims:
        soon = plan.hasty or plan.claim in _LONG
        yield world.minutes(10, 40) if soon else world.hours(2, 30)
        yield from _claim(world, plan, order)


def regret(world: World, plan: Plan, order: Order) -> Story:
    """The buyer wants the money back before anything is shipped."""
    order.refresh_from_db()
    if order.state not in BEFORE_SHIPMENT or order.after_sales.exists():
        return
    reason, note = world.rng.choice((("不想要了", ""), ("拍错或多拍", "收货地址选错了，重新下单")))
    case = aftersales.apply(
        order=order, quantities={}, reason=reason, note=note, actor=name_of(order.user_id)
    )
    if case.state == AfterSaleState.APPLIED:
        yield world.at_work(world.hours(0.5, 6), plan)
        case.refresh_from_db()
        if case.state == AfterSaleState.APPLIED:
            _decline(world, case, "包裹已交给承运商，签收后可申请退货退款")
        return
    yield from _refund_by_hand(world, plan, case)


def _refund_by_hand(world: World, plan: Plan, case: AfterSale) -> Story:
    """Where the gateway refuses for good, finance pays the buyer back."""
    if not plan.refund_fails or plan.stop == "refund.settle_by_hand":
        return
    yield world.at_work(world.hours(1, 6), plan)
    refund = Refund.objects.filter(after_sale_id=case.pk).first()
    if refund is not None and refund.state == RefundState.MANUAL:
        voucher = f"HK{clock.local(clock.now()):%Y%m%d}{world.rng.randrange(1000):03d}"
        world.staff("refund.settle_by_hand", refund, Role.FINANCE, ByHand(voucher=voucher))


@dataclass(frozen=True)
class _Case:
    world: World
    plan: Plan
    case: AfterSale
    user_id: int | None

    def buyer(self, name: str, data: object = None) -> None:
        by_buyer(f"aftersale.{name}", self.case, self.user_id, data)

    def staff(self, name: str, role: Role, data: object = None) -> None:
        self.world.staff(f"aftersale.{name}", self.case, role, data)

    def warehouse(self, name: str, data: object = None) -> None:
        steps.take(
            f"aftersale.{name}",
            self.case,
            actor=self.world.crew.warehouse[0],
            roles=frozenset({Role.WAREHOUSE}),
            data=data,
        )

    def stops(self, name: str) -> bool:
        return self.plan.stop == f"aftersale.{name}"

    def office(self, least: float, most: float) -> datetime:
        """Hours of work, unless this one is in a hurry."""
        if self.plan.claim in _LONG:
            return self.world.hours(0.2, 0.6)
        moment = self.world.hours(0.4, 1) if self.plan.hasty else self.world.hours(least, most)
        return self.world.at_work(moment, self.plan)

    def road(self, least: float, most: float) -> datetime:
        return self.world.hours(2, 5) if self.plan.hasty else self.world.hours(least, most)


Work = Generator[datetime, None, bool]


def _claim(world: World, plan: Plan, order: Order) -> Story:
    order.refresh_from_db()
    if order.state != OrderState.COMPLETED:
        return
    line = world.rng.choice(list(order.lines.order_by("id")))
    quantity = world.rng.randint(1, line.quantity) if line.quantity < 6 else 2
    reason, note = world.rng.choice(_WHY.get(plan.claim, _OTHERWISE))
    case = aftersales.apply(
        order=order,
        quantities={line.pk: quantity},
        reason=reason,
        note=note,
        actor=name_of(order.user_id),
    )
    about = _Case(world, plan, case, order.user_id)
    for part in (_decide, _come_back, _inspect):
        if not (yield from part(about)):
            return
    yield from _refund_by_hand(world, plan, case)


def _decide(about: _Case) -> Work:
    claim = about.plan.claim
    if about.stops("approve"):
        return False
    if claim is Claim.WITHDRAWN:
        yield about.office(0.3, 3)
        about.buyer("cancel")
        return False
    if claim is Claim.UNANSWERED:
        yield about.world.hours(48.2, 49)
        return True
    yield about.office(0.5, 9)
    if claim in (Claim.REJECTED, Claim.UPHELD, Claim.DISMISSED):
        return (yield from _dispute(about))
    about.staff("approve", Role.SERVICE)
    return True


def _dispute(about: _Case) -> Work:
    _decline(about.world, about.case, _REJECTED)
    if about.plan.claim is Claim.REJECTED or about.stops("appeal"):
        return False
    yield about.road(1, 20)
    about.buyer("appeal", Answer(note="只是拆开看了看，没有使用，照片可以证明"))
    if about.stops("uphold"):
        return False
    yield about.office(2, 12)
    if about.plan.claim is Claim.DISMISSED:
        note = Answer(note="照片显示有使用痕迹，维持原处理")
        about.staff("dismiss", Role.OPERATIONS, note)
        return False
    about.staff("uphold", Role.OPERATIONS)
    return True


def _decline(world: World, case: AfterSale, note: str) -> None:
    world.staff("aftersale.reject", case, Role.SERVICE, Answer(note=note))


def _come_back(about: _Case) -> Work:
    if about.plan.claim is Claim.NOT_SENT or about.stops("send_back"):
        return False
    yield about.road(3, 26)
    rng = about.world.rng
    carrier, prefix = rng.choice(_CARRIERS)
    number = f"{prefix}{rng.randrange(10**11, 10**12)}"
    about.buyer("send_back", ReturnWaybill(carrier=carrier, waybill_no=number))
    if about.stops("receive"):
        return False
    yield about.office(26, 56)
    about.warehouse("receive")
    return not about.stops("inspect")


def _inspect(about: _Case) -> Work:
    yield about.office(1, 16)
    claim, case = about.plan.claim, about.case
    accepted = claim is not Claim.NOT_AS_SENT
    bad = claim is Claim.DAMAGED
    found = {
        line.pk: (0, line.quantity) if bad or not accepted else (line.quantity, 0)
        for line in case.lines.all()
    }
    note = "" if accepted else "退回的不是本店商品"
    about.warehouse("inspect", Inspection(accepted=accepted, found=found, note=note))
    if accepted:
        return True
    if not about.stops("return_to_buyer"):
        yield about.office(2, 20)
        waybill = f"YT{about.world.rng.randrange(10**12, 10**13)}"
        sent = ReturnWaybill(carrier="yuantong", waybill_no=waybill)
        about.warehouse("return_to_buyer", sent)
    return False


def pay_days(world: World) -> None:
    """Finance pays out once a week, and has begun the next statement today."""
    last = world.stage.end - timedelta(days=2)
    while last > world.stage.start:
        world.stage.begin(_pay_out(world), _afternoon(last))
        last -= timedelta(days=7)
    world.stage.begin(_state(world), world.stage.end - timedelta(hours=3))


def _afternoon(day: datetime) -> datetime:
    return clock.local(day).replace(hour=14, minute=20, second=0, microsecond=0)


def _state(world: World) -> Story:
    """Put what is due into the statement, a part of it."""
    due = SettlementEntry.objects.filter(state=SettlementState.DUE).order_by("id")
    for entry in list(due)[: max(due.count() // 2, 1)]:
        world.staff("settlement.include", entry, Role.FINANCE)
        yield world.seconds(2, 9)


def _pay_out(world: World) -> Story:
    for entry in SettlementEntry.objects.filter(state=SettlementState.DUE).order_by("id"):
        world.staff("settlement.include", entry, Role.FINANCE)
        yield world.seconds(2, 9)
    yield world.minutes(50, 120)
    stated = SettlementEntry.objects.filter(state=SettlementState.IN_STATEMENT)
    for entry in stated.order_by("id"):
        world.staff("settlement.pay_out", entry, Role.FINANCE)
        yield world.seconds(1, 4)
