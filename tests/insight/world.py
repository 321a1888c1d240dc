"""A small shop with purchases driven through the services, each as far as a test wants it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from shangliu.cli.stock import differences
from shangliu.domain.aftersales.models import AfterSale
from shangliu.domain.aftersales.states import ENDED, AfterSaleState
from shangliu.domain.cart.queries import cart_view
from shangliu.domain.catalog.models import Category, Product, Variant
from shangliu.domain.crm.models import User
from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.inventory import services as inventory
from shangliu.domain.inventory.models import Warehouse
from shangliu.domain.ledger import queries as ledger
from shangliu.domain.ledger.services import Purse
from shangliu.domain.logistics import provider as carriers
from shangliu.domain.logistics.models import Parcel
from shangliu.domain.logistics.provider import Label, LabelRequest, Push, TrackState
from shangliu.domain.orders.models import Order
from shangliu.domain.orders.states import OrderState
from shangliu.domain.payments import provider as payments
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.payments.provider import (
    Bill,
    Charge,
    Device,
    Method,
    Nature,
    Notified,
    Outcome,
    ProviderError,
    Ref,
    RefundAnswer,
    RefundOutcome,
    Started,
    TradeAnswer,
)
from shangliu.domain.payments.states import OPEN_PAYMENTS, PaymentState, RefundState
from shangliu.domain.settlement.models import SettlementEntry
from shangliu.flow import checkout, steps
from shangliu.flow.aftersale import services as aftersales
from shangliu.flow.cart import services as carts
from shangliu.flow.fulfilment.effects import Scans, Wave, Weight
from shangliu.flow.outbox import Addresses, handlers
from shangliu.flow.parcel import services as parcels
from shangliu.flow.payment import services as money
from shangliu.platform import clock
from shangliu.platform.money import Money
from shangliu.platform.outbox import drain_all
from shangliu.platform.text import Text
from shangliu.process.roles import STAFF, Role

ALL_ROLES = frozenset(STAFF)
_OVER = (OrderState.COMPLETED, OrderState.CANCELLED, OrderState.CLOSED)
_TO_COME = (*OPEN_PAYMENTS, PaymentState.TO_COLLECT)


@dataclass
class Gateway:
    """A payment gateway that answers as a test tells it. `known`: what it says of a refund when it
    is asked, `trouble`: what a request for one raises; `asked` are both, in order."""

    code: str = "testpay"
    label: Text = field(default_factory=lambda: Text("测试支付", "Test pay"))
    refunds: RefundOutcome = RefundOutcome.DONE
    known: RefundOutcome | None = None
    trouble: ProviderError | None = None
    asked: list[str] = field(default_factory=list)
    outcome: Outcome = Outcome.WAITING
    nature: Nature = Nature.GATEWAY
    bills: dict[date, Bill] = field(default_factory=dict)

    @property
    def methods(self) -> tuple[Method, ...]:
        return (Method(code="page", label=self.label, devices=frozenset(Device)),)

    def payer_url(self, back: str) -> str:
        raise ProviderError(f"nobody needs to go {back}")

    def payer(self, query: Mapping[str, str]) -> str:
        raise ProviderError(f"nobody comes back: {query}")

    def bill(self, day: date) -> Bill:
        return self.bills.get(day) or Bill(day=day, lines=(), file_name="none.csv", raw=b"")

    def start(self, charge: Charge) -> Started:
        return Started(redirect_to=f"https://pay.example/{charge.number}")

    def read_notification(self, *, headers: Mapping[str, str], body: bytes) -> Notified:
        return Notified(
            number=body.decode(),
            outcome=Outcome.PAID,
            notification_id=secrets.token_hex(8),
            facts={},
        )

    def read_return(self, query: Mapping[str, str]) -> str:
        return query["number"]

    def accepted(self) -> tuple[int, str, bytes]:
        return 200, "text/plain", b"success"

    def rejected(self) -> tuple[int, str, bytes]:
        return 200, "text/plain", b"fail"

    def query(self, ref: Ref) -> TradeAnswer:
        return TradeAnswer(number=ref.number, outcome=self.outcome)

    def close(self, ref: Ref) -> TradeAnswer:
        return TradeAnswer(number=ref.number, outcome=Outcome.CLOSED)

    def refund(
        self, *, ref: Ref, refund_number: str, amount: Money, total: Money, reason: str
    ) -> RefundAnswer:
        self.asked.append(f"refund {refund_number}")
        if self.trouble is not None:
            raise self.trouble
        return RefundAnswer(number=refund_number, outcome=self.refunds, reason="余额不足")

    def query_refund(self, *, ref: Ref, refund_number: str) -> RefundAnswer:
        self.asked.append(f"query {refund_number}")
        return RefundAnswer(number=refund_number, outcome=self.known or self.refunds)


@dataclass
class Carrier:
    """A carrier interface that gives out waybill numbers."""

    code: str = "kuaidi100"
    label: Text = field(default_factory=lambda: Text("测试物流", "Test carrier"))

    def order_label(self, request: LabelRequest) -> Label:
        return Label(
            waybill_no=f"YT{request.reference[-9:]}", carrier=request.carrier, sort_code="571-A-03"
        )

    def cancel_label(self, *, waybill_no: str, carrier: str, reference: str) -> None:
        """Nothing to take back."""

    def subscribe(self, *, waybill_no: str, carrier: str, phone: str, callback_url: str) -> None:
        """Nothing to watch."""

    def query(self, *, waybill_no: str, carrier: str, phone: str) -> Push:
        return Push(waybill_no=waybill_no, carrier=carrier, state=None, points=())

    def read_push(self, *, headers: Mapping[str, str], body: bytes) -> Push:
        return Push(
            waybill_no=body.decode(), carrier="yuantong", state=TrackState.DELIVERED, points=()
        )

    def accepted(self) -> tuple[int, str, bytes]:
        return 200, "application/json", b"{}"

    def rejected(self) -> tuple[int, str, bytes]:
        return 500, "application/json", b"{}"


@dataclass
class Shop:
    tea: Variant
    cup: Variant
    gateway: Gateway
    carrier: Carrier
    near: Warehouse
    far: Warehouse


def open_shop() -> Shop:
    gateway, carrier = Gateway(), Carrier()
    payments.register(gateway)
    carriers.register(carrier)
    category = Category.objects.create(name="茶", slug=f"tea-{secrets.token_hex(3)}")
    variants = []
    for sku, name, fen, grams in (
        ("TEA-1", "龙井 250 克", 12800, 300),
        ("CUP-1", "青瓷杯", 600000, 400),
    ):
        product = Product.objects.create(
            code=sku, slug=sku.lower(), name=name, category=category, price_fen=fen
        )
        variants.append(
            Variant.objects.create(
                product=product, sku=sku, price_fen=fen, weight_g=grams, values=[["颜色", "绿"]]
            )
        )
    houses = [
        Warehouse.objects.create(
            code=code,
            name=name,
            province="浙江省",
            city=city,
            district="余杭区",
            street="仓前街道 1 号",
            contact="王仓",
            phone="+8657188880000",
            priority=priority,
        )
        for code, name, city, priority in (
            ("HZ1", "杭州一仓", "杭州市", 1),
            ("NB1", "宁波一仓", "宁波市", 2),
        )
    ]
    for house in houses:
        for variant in variants:
            inventory.receive(
                variant_id=variant.pk,
                warehouse_id=house.pk,
                quantity=500,
                document="opening",
                actor="test",
            )
    return Shop(variants[0], variants[1], gateway, carrier, houses[0], houses[1])


def staff(login: str, *roles: Role) -> User:
    person = User(login=login, name=login.title(), roles=[role.value for role in roles])
    person.is_staff = True
    person.set_password("correct horse")
    person.save()
    return person


def buyer(phone: str = "+8613800138000") -> User:
    person = User(phone=phone, phone_verified=True, name="李小满")
    person.set_unusable_password()
    person.save()
    return person


def placed(
    shop: Shop,
    *,
    quantity: int = 1,
    variant: Variant | None = None,
    remark: str = "",
    user: User | None = None,
    street: str = "文三路 100 号 2 幢 301",
    purses: frozenset[Purse] = frozenset(),
) -> Order:
    """An order that waits for its money."""
    wishes = checkout.Wishes(delivery="standard", remark=remark, purses=purses)
    return placed_as(wishes, {variant or shop.tea: quantity}, user=user, street=street)


def placed_as(
    wishes: checkout.Wishes,
    pieces: Mapping[Variant, int],
    *,
    user: User | None = None,
    street: str = "文三路 100 号 2 幢 301",
) -> Order:
    """An order of several variants, or with other wishes."""
    user_id = user.pk if user else None
    token = carts.new_token()
    cart = [
        carts.add(token=token, user_id=user_id, visit="", variant_id=variant.pk, quantity=quantity)
        for variant, quantity in pieces.items()
    ][-1]
    summary = checkout.preview(cart_view(cart), delivery=wishes.delivery)
    trade = checkout.place_order(
        cart=cart,
        receiver=checkout.Receiver(
            name="张三丰",
            phone="13912345678",
            province="浙江省",
            city="杭州市",
            district="西湖区",
            street=street,
        ),
        wishes=wishes,
        submit_key=secrets.token_hex(8),
        expected=summary.total,
        user_id=user_id,
    )
    return Order.objects.get(trade=trade)


def pay(shop: Shop, order: Order) -> Order:
    money.start(
        trade=order.trade,
        way=money.Way(shop.gateway.code),
        return_url="https://shop.example/back",
        notify_url="https://shop.example/notify",
        actor="guest",
    )
    payment = Payment.objects.filter(case_no=order.case_no, provider=shop.gateway.code).latest("id")
    money.take_notification(
        provider_code=shop.gateway.code, headers={}, body=payment.number.encode()
    )
    return _again(order)


def paid(shop: Shop, **wanted: object) -> Order:
    return pay(shop, placed(shop, **wanted))  # type: ignore[arg-type]


def task_of(order: Order) -> FulfilmentTask:
    return FulfilmentTask.objects.filter(order=order).latest("id")


def step(name: str, one: object, data: object = None, actor: str = "staff") -> None:
    steps.take(name, one, actor=actor, roles=ALL_ROLES, data=data)  # type: ignore[arg-type]


def picked(order: Order) -> FulfilmentTask:
    task = task_of(order)
    step("fulfilment.wave", task, Wave(wave="W1"))
    step("fulfilment.start_pick", task)
    counts = {line.order_line.sku: line.quantity for line in task.lines.all()}
    step("fulfilment.pick", task, Scans(counts=counts))
    return task


def packed(order: Order) -> FulfilmentTask:
    task = picked(order)
    step("fulfilment.pack", task)
    send_all()
    task.refresh_from_db()
    return task


def weighed(order: Order) -> FulfilmentTask:
    task = packed(order)
    step("fulfilment.weigh", task, Weight(grams=task.expected_g))
    return task


def shipped(order: Order) -> Order:
    step("fulfilment.hand_over", weighed(order))
    send_all()
    return _again(order)


def delivered(shop: Shop, order: Order) -> Order:
    done = shipped(order)
    parcel = Parcel.objects.filter(order_number=order.number).latest("id")
    parcels.take_push(gateway_code=shop.carrier.code, headers={}, body=parcel.waybill_no.encode())
    return _again(done)


def completed(shop: Shop, order: Order) -> Order:
    done = delivered(shop, order)
    steps.take("order.confirm_receipt", done, actor="guest", roles=frozenset({Role.BUYER}))
    return _again(done)


def applied(order: Order, quantity: int = 1, reason: str = "质量问题") -> AfterSale:
    line = order.lines.order_by("id")[0]
    return aftersales.apply(
        order=order, quantities={line.pk: quantity}, reason=reason, note="杯口有裂纹", actor="guest"
    )


def reported(order: Order, *states: TrackState) -> Parcel:
    """The carrier's news of the order's latest parcel, one after the other."""
    parcel = Parcel.objects.filter(order_number=order.number).latest("id")
    for state in states:
        push = Push(waybill_no=parcel.waybill_no, carrier=parcel.carrier, state=state, points=())
        parcels.follow(parcel, push, actor=parcel.carrier)
    parcel.refresh_from_db()
    return parcel


def assert_books_balance() -> None:
    """Goods, wallets and the ledger add up; what went back is what the refunds and cases say; and
    where a purchase is over, nothing is kept for its buyer."""
    assert differences() == []
    assert ledger.total() == 0
    assert ledger.unbalanced_wallets() == []
    for payment in Payment.objects.all():
        refunds = Refund.objects.filter(payment=payment)
        done = sum(one.amount_fen for one in refunds if one.state == RefundState.SUCCEEDED)
        under_way = sum(one.amount_fen for one in refunds) - done
        assert (payment.refunded_fen, payment.refunding_fen) == (done, under_way), payment
    for order in Order.objects.all():
        _assert_refunds_add_up(order)
    for case_no in Order.objects.values_list("case_no", flat=True).distinct():
        if _is_over(case_no):
            assert ledger.balance("buyer", case_no=case_no) == 0, case_no


def _assert_refunds_add_up(order: Order) -> None:
    cases = AfterSale.objects.filter(order=order)
    if cases.filter(state=AfterSaleState.REFUNDING).exists():
        return
    done = cases.filter(state=AfterSaleState.COMPLETED)
    assert order.refunded_fen == sum(one.amount_fen for one in done), order
    freight = sum(one.freight_fen for one in done)
    assert order.refunded_fen == sum(one.refunded_fen for one in order.lines.all()) + freight
    owed = SettlementEntry.objects.filter(order_number=order.number)
    if owed.exists():
        left = order.total_fen - order.refunded_fen
        assert sum(one.amount_fen for one in owed) == left, order


def _is_over(case_no: str) -> bool:
    under_way = (
        Order.objects.filter(case_no=case_no).exclude(state__in=_OVER),
        Payment.objects.filter(case_no=case_no, state__in=_TO_COME),
        Refund.objects.filter(case_no=case_no).exclude(state=RefundState.SUCCEEDED),
        AfterSale.objects.filter(case_no=case_no).exclude(state__in=ENDED),
    )
    return not any(found.exists() for found in under_way)


def send_all() -> None:
    """Deliver what the steps have put into the outbox."""
    drain_all(handlers(Addresses(carrier_callback="https://shop.example/push", finance=None)))


def _again(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def soon() -> None:
    """Nothing happens in the same microsecond."""
    clock.now()
