"""The compensating buttons of an alarm: what each leaves behind, pressed once and twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client

from shangliu.domain.aftersales.models import AfterSale
from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.inventory.handling import keep_back
from shangliu.domain.inventory.models import Reservation, Stock, Warehouse
from shangliu.domain.orders.models import Order
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.payments.provider import RefundOutcome
from shangliu.flow import alarms, compensation
from shangliu.flow.aftersale import services as aftersales
from shangliu.flow.cart import services as carts
from shangliu.flow.fulfilment.effects import Shortage, Wave
from shangliu.flow.order import services as orders
from shangliu.flow.payment import services as money
from shangliu.flow.payment.definition import PAYMENT
from shangliu.flow.payment.effects import Collected
from shangliu.flow.policies import Policies
from shangliu.insight.alarms.signals import Depth, Play, Signal
from shangliu.insight.models import Alarm
from shangliu.platform import clock
from shangliu.platform.models import Heartbeat
from shangliu.platform.text import Text
from shangliu.process import engine, policies
from shangliu.process.definition import Context
from shangliu.process.models import Event
from shangliu.process.roles import Role
from shangliu.process.running import flow
from tests.insight import world
from tests.web.backoffice.conftest import Enter

Press = Callable[..., str]


@pytest.fixture(autouse=True)
def _books(db: None) -> Iterator[None]:
    yield
    world.assert_books_balance()


@pytest.fixture
def press(enter: Enter) -> Press:
    """Press a button in this role; gives what was written down beside the alarm, or nothing."""

    def go(alarm: Alarm, code: str, role: Role, about: str = "") -> str:
        before = len(Alarm.objects.get(pk=alarm.pk).acts)
        if role not in clients:
            clients[role] = enter(role)
        clients[role].post(f"/staff/alarms/{alarm.pk}/play/", {"play": code, "about": about})
        acts = Alarm.objects.get(pk=alarm.pk).acts[before:]
        return str(acts[0]["said"][0]) if acts else ""

    clients: dict[Role, Client] = {}
    return go


def alarm(code: str, *cases: str, about: str = "", **given: object) -> Alarm:
    now = clock.now()
    known: dict[str, object] = {
        "key": "stall:x",
        "depth": 10,
        "system": "rules",
        "owner": "operations",
        "cause": ["停住了", "it stands still"],
        "plays": [[code, about], ["escalate", ""]],
        "cases": list(cases),
        "opened_at": now,
        "seen_at": now,
    }
    return Alarm.objects.create(**{**known, **given})


def events() -> int:
    return Event.objects.count()


def stock(warehouse: Warehouse) -> tuple[int, int, int]:
    one = Stock.objects.get(warehouse=warehouse, variant__sku="TEA-1")
    return one.on_hand, one.held, one.committed


def begun(shop: world.Shop, order: Order) -> Payment:
    money.start(
        trade=order.trade,
        way=money.Way(shop.gateway.code),
        return_url="https://shop.example/back",
        notify_url="https://shop.example/notify",
        actor="guest",
    )
    return Payment.objects.get(case_no=order.case_no)


def paid_after_closing(shop: world.Shop) -> Payment:
    """The order was cancelled, its goods are gone, and then the money came."""
    order = world.placed(shop)
    payment = begun(shop, order)
    orders.cancel(order=order, actor="guest", role=Role.BUYER, reason="")
    for one in Stock.objects.filter(variant=shop.tea):
        keep_back(stock_id=one.pk, quantity=one.on_hand, actor="test", why="盘点")
    money.take_notification(
        provider_code=shop.gateway.code, headers={}, body=payment.number.encode()
    )
    payment.refresh_from_db()
    assert payment.state == "succeeded_late"
    return payment


def test_a_refund_of_late_money_that_failed_goes_back_under_its_number(
    shop: world.Shop, press: Press
) -> None:
    shop.gateway.refunds = RefundOutcome.REFUSED
    payment = paid_after_closing(shop)
    world.send_all()
    refund = Refund.objects.get()
    assert (refund.state, refund.amount_fen) == ("failed", payment.amount_fen)
    shop.gateway.refunds = RefundOutcome.DONE
    one = alarm("refund_late", payment.case_no)

    assert press(one, "refund_late", Role.FINANCE) == "补偿 1 笔，拒绝 0 笔"
    world.send_all()
    payment.refresh_from_db()
    refund.refresh_from_db()
    assert (refund.state, payment.state, payment.refunded_fen) == (
        "succeeded",
        "refunded",
        payment.amount_fen,
    )
    assert Event.objects.get(step="retry").actor == "finance"
    asked, before = list(shop.gateway.asked), events()

    assert press(one, "refund_late", Role.FINANCE) == "没有要补偿的"
    world.send_all()
    assert (Refund.objects.count(), events(), shop.gateway.asked) == (1, before, asked)
    assert {*asked} == {f"refund {refund.number}"}


def kept_late(payment: Payment, monkeypatch: pytest.MonkeyPatch) -> Payment:
    """Money that came after closing under a definition that did not send it back by itself."""
    said = Collected(provider_id="2026", amount=payment.amount)
    with monkeypatch.context() as older:
        older.setattr(type(flow()), "links_after", lambda definition, name: ())
        ctx = Context(actor="testpay", role=Role.SYSTEM, data=said)
        engine.fire(PAYMENT, PAYMENT["succeed_late"], payment, ctx)
    return payment


def test_money_that_no_order_took_goes_back_and_that_of_an_order_does_not(
    shop: world.Shop, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up, going_on = world.placed(shop), world.placed(shop)
    vain, used = begun(shop, given_up), begun(shop, going_on)
    orders.cancel(order=given_up, actor="guest", role=Role.BUYER, reason="")
    money.close_open(going_on.case_no)
    for payment in (vain, used):
        payment.refresh_from_db()
        kept_late(payment, monkeypatch)
    one = alarm("refund_late", given_up.case_no, going_on.case_no)

    said = press(one, "refund_late", Role.FINANCE)
    assert said == "补偿 1 笔，拒绝 1 笔；订单还在进行，这笔钱归订单（1）"
    world.send_all()
    vain.refresh_from_db()
    used.refresh_from_db()
    assert (vain.state, vain.refunded_fen) == ("refunded", 12800)
    assert (used.state, used.refunded_fen, used.refunding_fen) == ("succeeded_late", 0, 0)

    assert press(one, "refund_late", Role.FINANCE).startswith("补偿 0 笔")
    assert Refund.objects.count() == 1


def short(shop: world.Shop, *, applied: bool = True) -> Order:
    """A paid order whose goods are not there and nowhere else; its buyer asks for the money."""
    policies.change(Policies.AUTO_REFUND, 0, user_id=None, why="试一试")
    order = world.paid(shop, quantity=2)
    task = world.task_of(order)
    world.step("fulfilment.wave", task, Wave(wave="W1"))
    world.step("fulfilment.start_pick", task)
    world.step("fulfilment.report_short", task, Shortage(reason="货架空了"))
    if applied:
        aftersales.apply(order=order, quantities={}, reason="不想要了", note="", actor="guest")
    return order


def nowhere_else(shop: world.Shop) -> None:
    one = Stock.objects.get(warehouse=shop.far, variant=shop.tea)
    keep_back(stock_id=one.pk, quantity=one.on_hand, actor="test", why="盘点")


def test_a_short_order_is_cancelled_and_refunded_once_its_buyer_asked(
    shop: world.Shop, press: Press
) -> None:
    order, silent = short(shop), short(shop, applied=False)
    nowhere_else(shop)
    one = alarm("cancel_order", order.case_no, silent.case_no)
    assert stock(shop.near) == (500, 0, 4)

    said = press(one, "cancel_order", Role.SERVICE)
    assert said == "补偿 1 笔，拒绝 1 笔；买家还没有申请退款，请先联系买家（1）"
    world.send_all()
    order.refresh_from_db()
    payment = Payment.objects.get(case_no=order.case_no)
    assert (order.state, order.refunded_fen) == ("closed", order.total_fen)
    assert (payment.state, payment.refunded_fen) == ("refunded", order.total_fen)
    assert AfterSale.objects.get().state == "completed"
    assert world.task_of(order).state == "cancelled"
    assert stock(shop.near) == (500, 0, 2)
    assert Order.objects.get(pk=silent.pk).state == "awaiting_fulfilment"
    before = events()

    assert press(one, "cancel_order", Role.SERVICE).startswith("补偿 0 笔，拒绝 1 笔")
    world.send_all()
    assert (events(), Refund.objects.count()) == (before, 1)


def test_an_order_that_can_be_sent_is_not_cancelled(shop: world.Shop, press: Press) -> None:
    elsewhere = short(shop)
    whole = world.paid(shop)
    aftersales.apply(order=whole, quantities={}, reason="不想要了", note="", actor="guest")
    before = events()

    said = press(
        alarm("cancel_order", elsewhere.case_no, whole.case_no), "cancel_order", Role.SERVICE
    )
    assert said.startswith("补偿 0 笔，拒绝 2 笔；")
    assert "别的仓库有货，请改派（1）" in said
    assert "订单没有缺货，也没有挂起（1）" in said
    assert (events(), Refund.objects.count()) == (before, 0)


def test_holds_that_are_over_are_released_and_the_others_stay(
    shop: world.Shop, press: Press
) -> None:
    policies.change(Policies.RESERVE_AT_CART, 1, user_id=None, why="试一试")
    with clock.at(clock.now() - timedelta(days=1)):
        old = carts.add(
            token=carts.new_token(), user_id=None, visit="", variant_id=shop.tea.pk, quantity=3
        )
    new = carts.add(
        token=carts.new_token(), user_id=None, visit="", variant_id=shop.tea.pk, quantity=2
    )
    unpaid = world.placed(shop)
    held = sum(stock(house)[1] for house in (shop.near, shop.far))
    assert held == 6
    one = alarm("release_holds", old.case_no, new.case_no, unpaid.case_no)

    said = press(one, "release_holds", Role.OPERATIONS)
    assert said.startswith("补偿 1 笔，拒绝 ")
    assert "预占还没有到期（1）" in said
    states = dict(Reservation.objects.values_list("quantity", "state"))
    assert states == {3: "released", 2: "held", 1: "held"}
    assert sum(stock(house)[1] for house in (shop.near, shop.far)) == 3
    assert Event.objects.get(step="release_by_staff").actor == "operations"
    before = events()

    assert press(one, "release_holds", Role.OPERATIONS).startswith("补偿 0 笔")
    assert events() == before


def test_a_hold_that_a_cancelled_order_left_behind_is_released(
    shop: world.Shop, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older definition cancelled orders without releasing what they held."""
    order = world.placed(shop, quantity=2)
    with monkeypatch.context() as older:
        older.setattr(type(flow()), "links_after", lambda definition, name: ())
        orders.cancel(order=order, actor="guest", role=Role.BUYER, reason="")
    hold = Reservation.objects.get()
    assert (hold.state, stock(shop.near)[1] + stock(shop.far)[1]) == ("held", 2)
    one = alarm("release_holds", hold.case_no)

    assert press(one, "release_holds", Role.OPERATIONS) == "补偿 1 笔，拒绝 0 笔"
    hold.refresh_from_db()
    assert (hold.state, stock(shop.near), stock(shop.far)) == (
        "released",
        (500, 0, 0),
        (500, 0, 0),
    )
    assert press(one, "release_holds", Role.OPERATIONS) == "没有要补偿的"


def test_a_short_task_goes_to_another_warehouse(shop: world.Shop, press: Press) -> None:
    order = short(shop, applied=False)
    about = "fulfilment:short_pick"
    one = alarm("reallocate", order.case_no, about=about)

    assert press(one, "reallocate", Role.OPERATIONS, about=about) == "补偿 1 笔，拒绝 0 笔"
    task = world.task_of(order)
    assert (task.state, task.warehouse_id, order.tasks.count()) == ("created", shop.far.pk, 1)
    assert (stock(shop.near), stock(shop.far)) == ((500, 0, 0), (500, 0, 2))
    before = events()

    assert press(one, "reallocate", Role.OPERATIONS, about=about) == "没有要补偿的"
    assert events() == before


@pytest.mark.parametrize("state", ["created", "picking"])
def test_a_task_that_does_not_move_is_recalled_and_made_anew(
    shop: world.Shop, press: Press, state: str
) -> None:
    order = world.paid(shop)
    stuck = world.task_of(order)
    if state == "picking":
        world.step("fulfilment.wave", stuck, Wave(wave="W1"))
        world.step("fulfilment.start_pick", stuck)
    about = f"fulfilment:{state}"
    one = alarm("reallocate", order.case_no, about=about)

    assert press(one, "reallocate", Role.OPERATIONS, about=about) == "补偿 1 笔，拒绝 0 笔"
    order.refresh_from_db()
    assert order.state == "awaiting_fulfilment"
    tasks = (
        FulfilmentTask.objects.filter(order=order).order_by("id").values_list("state", flat=True)
    )
    assert list(tasks) == ["cancelled", "created"]
    assert stock(shop.near) == (500, 0, 1)
    before = events()

    assert press(one, "reallocate", Role.OPERATIONS, about=about) == "没有要补偿的"
    assert events() == before


def test_a_task_that_went_on_meanwhile_is_left_alone(shop: world.Shop, press: Press) -> None:
    order = world.paid(shop)
    about = "fulfilment:created"
    one = alarm("reallocate", order.case_no, about=about)
    world.picked(order)
    before = events()

    assert press(one, "reallocate", Role.OPERATIONS, about=about) == "没有要补偿的"
    assert (events(), world.task_of(order).state) == (before, "picked")


@pytest.mark.parametrize(
    ("code", "about", "wrong"),
    [
        ("refund_late", "", Role.SERVICE),
        ("cancel_order", "", Role.OPERATIONS),
        ("release_holds", "", Role.WAREHOUSE),
        ("reallocate", "fulfilment:short_pick", Role.WAREHOUSE),
    ],
)
def test_who_may_not_press_it_changes_nothing(
    shop: world.Shop, press: Press, code: str, about: str, wrong: Role
) -> None:
    order = short(shop)
    nowhere_else(shop)
    one = alarm(code, order.case_no, about=about)
    before = events()

    assert press(one, code, wrong, about=about) == ""
    assert (events(), Refund.objects.count()) == (before, 0)


@pytest.mark.parametrize("code", ["refund_late", "cancel_order", "release_holds", "reallocate"])
def test_an_alarm_that_does_not_offer_it_or_is_over_refuses(
    shop: world.Shop, press: Press, code: str
) -> None:
    order = short(shop)
    nowhere_else(shop)
    before = events()

    assert press(alarm("ring", order.case_no), code, Role.ADMIN) == ""
    over = alarm(code, order.case_no, key="stall:y", cleared_at=clock.now())
    assert press(over, code, Role.ADMIN) == ""
    assert (events(), Refund.objects.count()) == (before, 0)


def test_only_the_cases_behind_the_alarm_are_touched(shop: world.Shop, press: Press) -> None:
    order = world.paid(shop)
    about = "fulfilment:created"
    one = alarm("reallocate", world.paid(shop).case_no, about=about)

    assert press(one, "reallocate", Role.OPERATIONS, about=about) == "补偿 1 笔，拒绝 0 笔"
    assert order.tasks.get().state == "created"


def test_one_press_does_at_most_so_many(
    shop: world.Shop, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compensation, "MOST", 2)
    cases = [world.paid(shop).case_no for _ in range(3)]
    about = "fulfilment:created"
    one = alarm("reallocate", *cases, about=about)

    assert press(one, "reallocate", Role.OPERATIONS, about=about) == "补偿 2 笔，拒绝 0 笔"
    assert press(one, "reallocate", Role.OPERATIONS, about=about) == "补偿 1 笔，拒绝 0 笔"


@pytest.mark.parametrize(
    ("depth", "step", "state", "offered"),
    [
        (Depth.STALL, "refund.settle_by_hand", "manual", ["refund_late"]),
        (Depth.CHOICE, "payment.succeed_late", "closed", ["refund_late"]),
        (Depth.STALL, "fulfilment.reallocate", "short_pick", ["reallocate", "cancel_order"]),
        (Depth.CHOICE, "fulfilment.report_short", "picking", ["reallocate", "cancel_order"]),
        (Depth.STALL, "fulfilment.wave", "created", ["reallocate"]),
        (Depth.STALL, "fulfilment.hand_over", "weighed", []),
        (Depth.STALL, "order.resume", "on_hold", ["cancel_order"]),
        (Depth.TIMER, "reservation.expire", "held", ["release_holds"]),
        (Depth.RATE, "fulfilment.wave", "created", []),
        (Depth.CHOICE, "payment.fail", "pending", []),
    ],
)
@pytest.mark.django_db
def test_each_is_offered_where_it_fits(
    depth: Depth, step: str, state: str, offered: list[str]
) -> None:
    told = compensation.fitted(
        Signal(
            depth=depth,
            system="rules",
            step=step,
            state=state,
            cause=Text("停住了", "stuck"),
            plays=(Play("ring"), Play("escalate")),
        )
    )
    assert [play.code for play in told.plays] == ["ring", *offered, "escalate"]


def test_what_goes_wrong_too_often_names_its_cases(shop: world.Shop) -> None:
    cases = {short(shop).case_no for _ in range(3)}
    alarms.forget()
    (found,) = [one for one in alarms.paces() if one.step == "fulfilment.report_short"]
    assert {*found.cases} == cases
    assert Play("reallocate", "fulfilment:short_pick") in found.plays


def test_the_page_says_what_will_be_done_before_it_is_pressed(
    shop: world.Shop, enter: Enter
) -> None:
    Heartbeat.objects.create(name="alarms", beat_at=clock.now())
    alarm("refund_late", "T1")
    page = enter(Role.SERVICE).get("/staff/alarms/").content.decode()
    assert "补偿：原路退款" in page
    assert "失败的退款同号重试，关闭后到账的钱原路退回" in page
    assert "只有财务可以操作" in page
