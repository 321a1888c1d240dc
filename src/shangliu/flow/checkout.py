"""From the cart to the order: what it costs, and submitting it once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import phonenumbers
from django.db import transaction

from shangliu.domain.cart.models import Cart
from shangliu.domain.cart.queries import CartRow, CartView, cart_view
from shangliu.domain.cart.states import CartState
from shangliu.domain.inventory.services import OutOfStock
from shangliu.domain.ledger.services import Purse
from shangliu.domain.orders.models import Order, Trade
from shangliu.flow import limits
from shangliu.flow.cart.services import wake
from shangliu.flow.order import ahead
from shangliu.flow.order.basket import Basket
from shangliu.flow.order.definition import ORDER
from shangliu.flow.payment import wallets
from shangliu.flow.policies import Policies
from shangliu.flow.times import terms
from shangliu.platform import clock, numbers
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.process import engine
from shangliu.process.definition import Context
from shangliu.process.roles import Role


@dataclass(frozen=True, kw_only=True, slots=True)
class Receiver:
    """Where it goes. `phone` as typed; it is kept in E.164."""

    name: str
    phone: str
    province: str
    city: str
    district: str
    street: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """How the buyer wants it. `purses`: wallets to be used as far as they reach."""

    delivery: str = "standard"
    remark: str = ""
    purses: frozenset[Purse] = frozenset()


@dataclass(frozen=True, slots=True)
class AmountLine:
    """One row of the sum, with the reason for it."""

    label: Text
    amount: Money
    why: Text


@dataclass(frozen=True, slots=True)
class Delivery:
    code: str
    label: Text
    cost: Money
    promise: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What would be ordered and what it costs. `warnings` must be read before submitting."""

    rows: tuple[CartRow, ...]
    deliveries: tuple[Delivery, ...]
    delivery: Delivery
    amounts: tuple[AmountLine, ...]
    total: Money
    warnings: tuple[Text, ...]


def preview(view: CartView, *, delivery: str = "standard", user_id: int | None = None) -> Preview:
    """The order as it would be now. Nothing is written."""
    goods = view.goods
    deliveries = _deliveries(goods)
    chosen = next((one for one in deliveries if one.code == delivery), deliveries[0])
    free_from = Money(Policies.FREE_FREIGHT.value)
    pieces = sum(row.quantity for row in view.chosen)
    amounts = (
        AmountLine(Text("商品金额", "Goods"), goods, Text(f"共 {pieces} 件", f"{pieces} pieces")),
        AmountLine(
            Text("运费", "Delivery"),
            chosen.cost,
            Text(f"满 {free_from} 包邮", f"free from {free_from}")
            if not chosen.cost
            else Text(
                f"{chosen.label.zh}，再买 {free_from - goods} 包邮",
                f"{chosen.label.en}, {free_from - goods} more for free delivery",
            )
            if chosen.code == "standard"
            else chosen.label,
        ),
    )
    return Preview(
        rows=view.chosen,
        deliveries=deliveries,
        delivery=chosen,
        amounts=amounts,
        total=goods + chosen.cost,
        warnings=(*_warnings(view), *limits.notes(view, user_id=user_id).values()),
    )


def place_order(
    *,
    cart: Cart,
    receiver: Receiver,
    wishes: Wishes,
    submit_key: str,
    expected: Money,
    user_id: int | None,
) -> Trade:
    """Make the order of the cart's chosen lines, once per `submit_key`.

    `expected` is the total that the buyer saw, before any wallet; another one raises `Refused` and
    changes nothing, as do missing stock and a bad address. The same key gives the same trade
    again.
    """
    actor = f"user:{user_id}" if user_id is not None else "guest"
    with ahead.held(cart, actor=actor) as held, transaction.atomic():
        ctx = Context(actor=actor, role=Role.BUYER)
        engine.lock_case(cart.case_no, ctx)
        if (before := Trade.objects.filter(submit_key=submit_key).first()) is not None:
            return _own(before, cart)
        ahead.take_over(cart, held)
        if user_id is None and not Policies.GUESTS.is_on:
            raise Refused(Text("请先登录再下单", "Sign in to order"))
        receiver = checked(receiver)
        view = cart_view(cart)
        summary = preview(view, delivery=wishes.delivery)
        _check(view, summary, expected)
        limits.check(view, user_id=user_id, phone=receiver.phone)
        if cart.state == CartState.ABANDONED:
            wake(cart, actor)
        order = _new_order(cart, summary, receiver, wishes.remark, submit_key, user_id)
        engine.new_case(order.case_no, ctx)
        engine.begin(ORDER, ORDER["place"], order, ctx)
        if wishes.purses:
            wallets.pay(order, wallets.split(order.total, user_id, wishes.purses), actor=actor)
        return order.trade


def checked(receiver: Receiver) -> Receiver:
    """The receiver with a normal phone number; `Refused` naming what is missing."""
    missing = [
        label
        for value, label in (
            (receiver.name, Text("收货人", "the name")),
            (receiver.province, Text("省份", "the province")),
            (receiver.city, Text("城市", "the city")),
            (receiver.street, Text("详细地址", "the street")),
        )
        if not value.strip()
    ]
    if missing:
        raise Refused(
            Text(
                f"请填写{'、'.join(one.zh for one in missing)}",
                f"Enter {', '.join(one.en for one in missing)}",
            )
        )
    phone = normal_phone(receiver.phone)
    return Receiver(
        name=receiver.name.strip()[:40],
        phone=phone,
        province=receiver.province.strip()[:20],
        city=receiver.city.strip()[:30],
        district=receiver.district.strip()[:30],
        street=receiver.street.strip()[:120],
    )


def normal_phone(typed: str) -> str:
    """E.164 of a Chinese or international number; `Refused` for anything else."""
    try:
        number = phonenumbers.parse(typed, "CN")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise Refused(
            Text("手机号不正确，请检查后重新填写", "That is not a phone number; check it")
        )
    e164: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return e164


def _deliveries(goods: Money) -> tuple[Delivery, ...]:
    free = goods.fen >= Policies.FREE_FREIGHT.value
    return (
        Delivery(
            "standard",
            Text("标准配送", "Standard"),
            Money(0 if free else Policies.FREIGHT.value),
            Text("预计 2–4 天送达", "2–4 days"),
        ),
        Delivery(
            "express",
            Text("特快配送", "Express"),
            Money(Policies.EXPRESS.value),
            Text("预计次日送达", "next day"),
        ),
    )


def _warnings(view: CartView) -> list[Text]:
    found = []
    for row in view.rows:
        if not row.selected:
            continue
        if not row.on_sale:
            found.append(Text(f"“{row.name}”已下架", f"“{row.name}” is no longer on sale"))
        elif not row.enough:
            left = row.held + row.available
            found.append(Text(f"“{row.name}”仅剩 {left} 件", f"Only {left} left of “{row.name}”"))
        elif row.price != row.price_seen:
            found.append(
                Text(
                    f"“{row.name}”的价格由 {row.price_seen} 变为 {row.price}",
                    f"The price of “{row.name}” changed from {row.price_seen} to {row.price}",
                )
            )
    return found


def _check(view: CartView, summary: Preview, expected: Money) -> None:
    for row in view.rows:
        if row.selected and not row.on_sale:
            raise Refused(Text(f"“{row.name}”已下架，请移除后再提交", f"“{row.name}” is off sale"))
        if row.selected and not row.enough:
            raise OutOfStock(row.variant_id, row.held + row.available, row.name)
    if not summary.rows:
        raise Refused(Text("请先选择要结算的商品", "Choose what you want to buy first"))
    if summary.total != expected:
        raise Refused(
            Text(
                f"应付金额由 {expected} 变为 {summary.total}，请核对后重新提交",
                f"The total changed from {expected} to {summary.total}; check and submit again",
            )
        )


def _own(trade: Trade, cart: Cart) -> Trade:
    if trade.cart_case != cart.case_no:
        raise Refused(Text("请刷新页面后重新提交", "Reload the page and submit again"))
    return trade


def _new_order(
    cart: Cart,
    summary: Preview,
    receiver: Receiver,
    remark: str,
    submit_key: str,
    user_id: int | None,
) -> Order:
    """The unsaved order of a saved trade, with what its first step writes beside it."""
    moment = clock.now()
    trade = Trade.objects.create(
        number=numbers.new("T"),
        submit_key=submit_key[:64],
        secret=secrets.token_hex(16),
        user_id=user_id,
        visit=cart.visit,
        cart_case=cart.case_no,
        total_fen=summary.total.fen,
        created_at=moment,
    )
    order = Order(
        number=numbers.new("S"),
        trade=trade,
        user_id=user_id,
        goods_fen=summary.total.fen - summary.delivery.cost.fen,
        freight_fen=summary.delivery.cost.fen,
        total_fen=summary.total.fen,
        receiver_name=receiver.name,
        receiver_phone=receiver.phone,
        province=receiver.province,
        city=receiver.city,
        district=receiver.district,
        street=receiver.street,
        delivery=summary.delivery.code,
        remark=remark.strip()[:200],
        terms=terms(),
        placed_at=moment,
        case_no=trade.number,
    )
    order.basket = Basket(cart_id=cart.pk, rows=summary.rows)  # type: ignore[attr-defined]
    return order
