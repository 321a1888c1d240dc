"""From the first page to the payment."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from shangliu.cli.demo.behaviour import Visit
from shangliu.cli.demo.gateway import Gateway
from shangliu.cli.demo.handling import review
from shangliu.cli.demo.people import Buyer, stranger
from shangliu.cli.demo.plans import Paying, Plan
from shangliu.cli.demo.shop import Article
from shangliu.cli.demo.stage import Story
from shangliu.cli.demo.world import World, by_buyer, name_of
from shangliu.domain.cart.models import Cart
from shangliu.domain.cart.queries import cart_view
from shangliu.domain.inventory.services import OutOfStock
from shangliu.domain.ledger.services import Purse
from shangliu.domain.orders.models import Order, Trade
from shangliu.domain.orders.states import OrderState
from shangliu.domain.payments.models import Payment
from shangliu.domain.payments.states import PaymentState
from shangliu.flow import checkout
from shangliu.flow.cart import services as carts
from shangliu.flow.order import services as orders
from shangliu.flow.payment import services as payments
from shangliu.flow.payment.effects import Arrived, Transferred
from shangliu.platform import clock
from shangliu.process.roles import Role

SITE = "demo:shop"
_MOST_AT_DOOR = 100_000
_PAYERS = ("杭州知行文化传播有限公司", "苏州木石设计工作室", "陈志远", "林晓")


def purchase(world: World, plan: Plan) -> Story:
    """The whole of it, as far as the buyer and the plan will go."""
    with world.visitor(plan) as buyer:
        order = yield from _buy(world, plan, buyer)
    if order is not None:
        world.stage.begin(review(world, plan, order))


def _buy(world: World, plan: Plan, buyer: Buyer | None) -> Generator[datetime, None, Order | None]:
    """Gives the order when it is paid."""
    visit = world.visits.begin(clock.now())
    cart = yield from _fill(world, plan, buyer, visit)
    if cart is None or plan.stop == "order.place":
        return None
    if plan.leaves_cart and not plan.hasty:
        if not plan.comes_back:
            yield from _turn_round(world, visit)
            return None
        yield world.hours(4, 40)
        visit = world.visits.begin(clock.now())
        again = replace(plan, lines=1, bulk=False)
        cart = yield from _fill(world, again, buyer, visit, cart)
        if cart is None:
            return None
    trade = yield from _check_out(world, plan, buyer, visit, cart)
    if trade is None or plan.stop == "payment.start":
        return None
    return (yield from _pay(world, plan, trade))


def _turn_round(world: World, visit: Visit) -> Story:
    """Some who leave a cart have been at the checkout before they go."""
    for step, share in (("sign_in", 0.4), ("preview", 0.5)):
        if world.rng.random() > share:
            return
        yield world.seconds(10, 90)
        world.visits.see(visit, step, clock.now())


def _fill(
    world: World, plan: Plan, buyer: Buyer | None, visit: Visit, cart: Cart | None = None
) -> Generator[datetime, None, Cart | None]:
    """Look at articles and put some in; None when nothing was to be had."""
    token = cart.token if cart is not None else carts.new_token()
    filled: Cart | None = None
    while world.rng.random() < 0.3:
        world.visits.look_at(visit, world.stall.pick(world.rng), clock.now())
        yield world.seconds(95, 200)
    for article in _wishes(world, plan):
        quantity = _quantity(world, plan, article)
        world.visits.look_at(visit, article, clock.now())
        yield world.seconds(100, 260)
        user_id = buyer.user_id if buyer else None
        with suppress(OutOfStock):
            filled = carts.add(
                token=token,
                user_id=user_id,
                visit=visit.code,
                variant_id=article.variant_id,
                quantity=quantity,
            )
            if plan.second_thought and quantity < 5:
                yield world.seconds(20, 70)
                variant_id = article.variant_id
                carts.set_quantity(cart=filled, variant_id=variant_id, quantity=quantity + 1)
    return filled


def _wishes(world: World, plan: Plan) -> list[Article]:
    """What is put in: in bulk nothing cheap, in haste nothing that may be sold out."""
    wishes: list[Article] = []
    while len(wishes) < plan.lines:
        article = world.stall.pick(world.rng)
        dear = article.price_fen >= 12_000 or not plan.bulk
        plenty = article.variant_id not in world.stall.few or not plan.hasty
        if dear and plenty and article not in wishes:
            wishes.append(article)
    return wishes


def _quantity(world: World, plan: Plan, article: Article) -> int:
    if plan.bulk:
        return 520_000 // article.price_fen + 1
    most = 1 if article.price_fen > 20_000 else 3
    return min(world.rng.choices((1, 2, 3), (74, 19, 7))[0], most)


def _check_out(
    world: World, plan: Plan, buyer: Buyer | None, visit: Visit, cart: Cart
) -> Generator[datetime, None, Trade | None]:
    user_id = buyer.user_id if buyer else None
    yield world.seconds(15, 120)
    world.visits.see(visit, "sign_in", clock.now(), user_id=user_id)
    yield world.seconds(10, 50)
    view = cart_view(cart)
    if view.invalid:
        carts.select(cart=cart, variant_ids=[row.variant_id for row in view.chosen])
        view = cart_view(cart)
    if not view.chosen:
        return None
    summary = checkout.preview(view, delivery="express" if plan.express else "standard")
    world.visits.see(visit, "preview", clock.now(), user_id=user_id)
    yield world.seconds(15, 110)
    receiver = buyer.receiver if buyer else stranger(world.rng)
    if plan.odd_street:
        receiver = checkout.Receiver(
            name=receiver.name,
            phone=receiver.phone,
            province=receiver.province,
            city=receiver.city,
            district=receiver.district,
            street=plan.odd_street,
        )
    return checkout.place_order(
        cart=Cart.objects.get(pk=cart.pk),
        receiver=receiver,
        wishes=checkout.Wishes(
            delivery=summary.delivery.code,
            remark=plan.remark,
            purses=frozenset({Purse.POINTS}) if plan.saves and user_id else frozenset(),
        ),
        submit_key=f"{world.rng.getrandbits(128):032x}",
        expected=summary.total,
        user_id=user_id,
    )


def _pay(world: World, plan: Plan, trade: Trade) -> Generator[datetime, None, Order | None]:
    yield world.seconds(4, 40)
    if plan.paying is Paying.CANCELS:
        yield world.minutes(2, 14)
        order = Order.objects.get(trade=trade)
        orders.cancel(order=order, actor=name_of(order.user_id), role=Role.BUYER, reason="不想买了")
        return None
    way = _way(plan, trade)
    payment = _begin(trade, way)
    if plan.stop == "payment.succeed" or plan.paying is Paying.NEVER:
        return None
    yield world.seconds(8, 75)
    if way in world.outside.gateways:
        yield from _through_gateway(world, plan, trade, payment)
    elif way == "transfer":
        yield from _by_transfer(world, plan, payment)
    order = Order.objects.get(trade=trade)
    unpaid = (OrderState.AWAITING_PAYMENT, OrderState.CANCELLED)
    return None if order.state in unpaid else order


def _way(plan: Plan, trade: Trade) -> str:
    """Who breaks off, or pays much, does it through a gateway."""
    plain = plan.paying is Paying.AT_ONCE and not (plan.stop or plan.hasty or plan.refund_fails)
    if plan.way == "cod" and (not plain or plan.bulk or trade.total_fen > _MOST_AT_DOOR):
        return "alipay"
    return plan.way if plain or plan.way != "transfer" else "alipay"


def _through_gateway(world: World, plan: Plan, trade: Trade, payment: Payment) -> Story:
    gateway = world.outside.gateways[payment.provider]
    if plan.paying is Paying.REFUSED_FIRST:
        _notify(gateway, gateway.give_up(payment.number))
        yield world.seconds(30, 240)
        payment = _begin(trade, gateway.code)
        yield world.seconds(10, 60)
    if plan.paying is Paying.TOO_LATE:
        yield payment.expires_at
        yield world.seconds(20, 150)
    if plan.finance_is_deaf:
        world.outside.finance.refuses.add(trade.number)
    notice = gateway.collect(payment.number)
    if plan.paying is Paying.UNHEARD:
        yield world.minutes(3, 5)
    else:
        yield world.seconds(0.4, 2.5)
        _notify(gateway, notice)
    if plan.refund_fails:
        gateway.refuses.add(payment.number)


def _by_transfer(world: World, plan: Plan, payment: Payment) -> Story:
    """The buyer says that he has transferred; finance finds it on the bank statement."""
    yield world.minutes(4, 60)
    said = Transferred(payer=world.rng.choice(_PAYERS))
    by_buyer("payment.report", payment, None, said)
    yield world.at_work(world.hours(0.4, 5), plan)
    payment.refresh_from_db()
    if payment.state == PaymentState.PENDING:
        voucher = f"YH{clock.local(clock.now()):%Y%m%d}{world.rng.randrange(10**6):06d}"
        arrived = Arrived(voucher=voucher, amount_fen=payment.amount_fen)
        world.staff("payment.confirm", payment, Role.FINANCE, arrived)


def _begin(trade: Trade, way: str) -> Payment:
    payments.start(
        trade=trade,
        way=payments.Way(way),
        return_url=SITE,
        notify_url=SITE,
        actor=name_of(trade.user_id),
    )
    open_ones = (PaymentState.PENDING, PaymentState.TO_COLLECT)
    return Payment.objects.get(case_no=trade.number, provider=way, state__in=open_ones)


def _notify(gateway: Gateway, body: bytes) -> None:
    payments.take_notification(
        provider_code=gateway.code,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=body,
    )
