"""The page of the alarms: what it says, what its buttons do, and who may press them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from shangliu.domain.notifications.models import Message
from shangliu.domain.orders.states import OrderState
from shangliu.domain.payments.provider import Outcome
from shangliu.flow import alarms
from shangliu.flow.payment import services as money
from shangliu.flow.policies import Policies
from shangliu.flow.timers import run_due
from shangliu.insight.models import Alarm
from shangliu.platform import clock
from shangliu.platform.health import LOOPS
from shangliu.platform.models import Heartbeat, Outbox
from shangliu.process import policies
from shangliu.process.roles import Role
from tests.insight import world
from tests.web.backoffice.conftest import Enter


@pytest.fixture(autouse=True)
def _anew(db: None) -> Iterator[None]:
    alarms.forget()
    for name in LOOPS:
        Heartbeat.objects.create(name=name, beat_at=clock.now() + timedelta(minutes=1))
    yield
    alarms.forget()


@pytest.fixture(autouse=True)
def _nothing_is_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    """No programs of the shop run beside a test."""
    monkeypatch.setattr(alarms, "listening", list)


def alarm(**given: object) -> Alarm:
    now = clock.now()
    known: dict[str, object] = {
        "key": "letter:finance:order.pay",
        "depth": 7,
        "stage": "payment",
        "system": "finance",
        "step": "order.pay",
        "state": "awaiting_payment",
        "decision": ["按时付款？", "Paid in time?"],
        "owner": "finance",
        "cause": ["财务系统拒收", "finance refuses"],
        "evidence": [["finance.order_paid：2 条重试中", "two letters"]],
        "plays": [["redrive", "finance.order_paid"], ["escalate", ""]],
        "opened_at": now,
        "seen_at": now + timedelta(minutes=5),
    }
    return Alarm.objects.create(**{**known, **given})


def looked() -> None:
    """The alarms are as fresh as can be: the page does not look itself."""
    Heartbeat.objects.update_or_create(name="alarms", defaults={"beat_at": clock.now()})


def test_an_alarm_says_where_who_why_and_what_to_do(shop: world.Shop, enter: Enter) -> None:
    looked()
    root = alarm()
    alarm(key="rate:x", cause=["“发货”变少", "less"], root=root.key, plays=[])
    page = enter(Role.FINANCE).get("/staff/alarms/").content.decode()
    for said in (
        "支付处理",
        "财务系统",
        "按时付款？",
        "财务",
        "财务系统拒收",
        "2 条重试中",
        "重新投递",
    ):
        assert said in page
    assert page.count('class="alarm"') == 1, "a consequence stands below its root"
    assert "连带现象" in page
    assert "/staff/map/payment/?node=order.pay" in page


def test_the_map_shows_the_alarm_and_marks_its_node(shop: world.Shop, enter: Enter) -> None:
    looked()
    alarm()
    client = enter(Role.OPERATIONS)
    for address in ("/staff/", "/staff/map/payment/"):
        page = client.get(address).content.decode()
        assert "财务系统拒收" in page
        assert '[data-node="order.pay"], [data-node="stage:payment"] {' in page


def test_a_button_is_for_its_roles_and_only_where_it_is_offered(
    shop: world.Shop, enter: Enter
) -> None:
    looked()
    one = alarm()
    now = clock.now()
    Outbox.objects.create(
        topic="finance.order_paid", ordering="T1", body={}, created_at=now, due_at=now, dead_at=now
    )
    press = f"/staff/alarms/{one.pk}/play/"
    enter(Role.WAREHOUSE).post(press, {"play": "redrive", "about": "finance.order_paid"})
    enter(Role.FINANCE).post(press, {"play": "redrive", "about": "notice.order_paid"})
    assert Outbox.objects.filter(dead_at__isnull=False).count() == 1
    assert Alarm.objects.get(pk=one.pk).acts == []

    client = enter(Role.OPERATIONS)
    for _ in range(2):
        client.post(press, {"play": "redrive", "about": "finance.order_paid"})
    assert Outbox.objects.filter(dead_at__isnull=False).count() == 0
    said = [(act["by"], act["said"][0]) for act in Alarm.objects.get(pk=one.pk).acts]
    assert said[0] == ("operations", "重新投递 1 条消息")
    at = clock.local(datetime.fromisoformat(Alarm.objects.get(pk=one.pk).acts[0]["at"]))
    noted = f"{at:%m-%d %H:%M}</time> Operations 重新投递 1 条消息"
    assert noted in client.get("/staff/alarms/").content.decode()


def test_a_lost_callback_is_shown_on_its_node_and_healed_by_one_button(
    shop: world.Shop, enter: Enter
) -> None:
    """The first buyer's notification is lost; the query finds it. Who paid meanwhile and is still
    waiting is found by the button."""
    orders = []
    with clock.at(clock.now() - timedelta(seconds=45)):
        for _ in range(2):
            order = world.placed(shop)
            money.start(
                trade=order.trade,
                way=money.Way(shop.gateway.code),
                return_url="https://shop.example/back",
                notify_url="https://shop.example/notify",
                actor="guest",
            )
            orders.append(order)
    shop.gateway.outcome = Outcome.PAID
    with clock.at(clock.now() - timedelta(seconds=12)):
        run_due(limit=1)
    client = enter(Role.FINANCE)
    (found,) = client.get("/staff/alarms/list.json").json()["alarms"][:1]
    assert (found["stage"], found["system"], found["node"]) == (
        "payment",
        "testpay",
        "payment.succeed",
    )
    one = Alarm.objects.get(rank=0)
    client.post(f"/staff/alarms/{one.pk}/play/", {"play": "query", "about": "testpay"})
    for order in orders:
        order.refresh_from_db()
        assert order.state == OrderState.AWAITING_FULFILMENT


def test_a_policy_is_put_back_and_people_are_told_once(shop: world.Shop, enter: Enter) -> None:
    looked()
    policies.change(Policies.REVIEW_LIMIT, 0, user_id=None, why="试一试")
    one = alarm(plays=[["policy", "review.limit_fen"], ["escalate", ""]])
    client = enter(Role.OPERATIONS)
    press = f"/staff/alarms/{one.pk}/play/"
    client.post(press, {"play": "policy", "about": "review.limit_fen"})
    assert Policies.REVIEW_LIMIT.value == 500_000
    world.staff("caiwu", Role.FINANCE)
    for _ in range(2):
        client.post(press, {"play": "escalate", "about": ""})
    told = Message.objects.filter(template="alarm")
    assert [message.user.login for message in told if message.user] == ["caiwu"]


def test_the_first_who_takes_it_on_is_named(shop: world.Shop, enter: Enter) -> None:
    looked()
    one = alarm()
    enter(Role.FINANCE).post(f"/staff/alarms/{one.pk}/mine/")
    enter(Role.SERVICE).post(f"/staff/alarms/{one.pk}/mine/")
    assert Alarm.objects.get(pk=one.pk).acknowledged_by == "finance"


def test_a_quiet_shop_says_so(shop: world.Shop, enter: Enter) -> None:
    page = enter(Role.ADMIN).get("/staff/alarms/").content.decode()
    assert "一切正常" in page
