"""Each kind of evidence is named first, with its stage, system, decision and owner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shangliu.domain.inventory.handling import keep_back
from shangliu.domain.inventory.models import Stock
from shangliu.domain.payments.models import GatewayNotification, Payment
from shangliu.domain.payments.provider import Outcome
from shangliu.flow import alarms
from shangliu.flow.cart import services as carts
from shangliu.flow.order.effects import Reason
from shangliu.flow.payment import services as money
from shangliu.flow.policies import Policies
from shangliu.flow.timers import run_due
from shangliu.insight.alarms import house, likely, watch
from shangliu.insight.alarms.locate import Located, locate
from shangliu.insight.alarms.signals import Depth
from shangliu.insight.models import Alarm, Behaviour
from shangliu.platform import clock
from shangliu.platform.health import LOOPS
from shangliu.platform.models import Heartbeat, Outbox, OutsideCall
from shangliu.process import policies
from shangliu.process.roles import Role
from shangliu.process.running import flow
from tests.insight import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    """A watch that has seen nothing, beside a worker that is well."""
    alarms.forget()
    beat()
    yield
    alarms.forget()


def beat(seconds_ago: float = 0, *names: str) -> None:
    at = clock.now() - timedelta(seconds=seconds_ago)
    for name in names or LOOPS:
        Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": at})


def located() -> list[Located]:
    signals = [one for source in alarms.sources(programs=False) for one in source()]
    return locate(flow(), signals)


def first() -> tuple[str, str, str, Role]:
    """Stage, system, decision and owner of the alarm on top."""
    top = located()[0]
    return top.stage, top.system, top.decision.zh if top.decision else "", top.owner


def called(system: str, operation: str, process: str, *, times: int = 3, **more: Any) -> None:
    given = {"status": 200, "ok": True, "error": "", "duration_us": 40_000, **more}
    for n in range(times):
        OutsideCall.objects.create(
            system=system,
            operation=operation,
            process=process,
            case_no=f"T{n}",
            request={},
            started_at=clock.now() - timedelta(seconds=n),
            **given,
        )


def wrote(topic: str, process: str, step: str, *, seconds_ago: float = 5, **more: Any) -> None:
    at = clock.now() - timedelta(seconds=seconds_ago)
    Outbox.objects.create(
        topic=topic,
        ordering="T1",
        body={"process": process, "step": step, "id": 1},
        created_at=at,
        due_at=at,
        **more,
    )


def test_a_shop_that_is_well_has_no_alarm() -> None:
    shop = world.open_shop()
    world.paid(shop)
    world.send_all()

    assert located() == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"status": None, "error": "no answer: ReadTimeout"}, "超时没有应答"),
        ({"status": None, "error": "no answer: ConnectionError", "duration_us": 900}, "连接被拒绝"),
        ({"status": 502}, "应答 HTTP 502"),
        ({"error": "alipay refused the request: sign check fail"}, "应答的签名不对"),
        ({"error": "（20000）Service Currently Unavailable"}, "拒绝了请求或应答无法识别"),
        ({"duration_us": 4_000_000}, "应答很慢"),
    ],
)
def test_a_gateway_that_fails_is_named_with_the_class_of_its_failure(
    given: dict[str, Any], words: str
) -> None:
    called("alipay", "alipay.trade.query", "payment", **given)

    assert first() == ("payment", "alipay", "付款结果？", Role.FINANCE)
    assert words in located()[0].signal.cause.zh


def test_answers_that_were_usual_before_are_no_failure() -> None:
    with clock.at(clock.now() - timedelta(minutes=10)):
        called("wechat", "transactions.query", "payment", times=10, status=404, ok=False)
    called("wechat", "transactions.query", "payment", times=4, status=404, ok=False)

    assert located() == []


def test_calls_that_go_well_again_end_the_alarm() -> None:
    with clock.at(clock.now() - timedelta(seconds=30)):
        called("alipay", "alipay.trade.query", "payment", status=502)
    called("alipay", "alipay.trade.query", "payment", times=6)

    assert located() == []


def test_a_carrier_that_gives_no_waybills_is_named_at_the_question_that_is_asked_there() -> None:
    called("kuaidi100", "label.order", "parcel", error="电子面单余额不足（30005）")
    wrote("carrier.order_label", "parcel", "request", error="x", attempts=3)

    assert first() == ("delivery", "kuaidi100", "取号成功？", Role.WAREHOUSE)
    assert [one.by != "" for one in located()] == [False, True], "the letters are a consequence"


def test_letters_that_a_receiver_refuses_name_the_receiver() -> None:
    for _ in range(2):
        wrote("finance.order_paid", "order", "pay", error="NotTaken: answered 401", attempts=2)

    assert first() == ("payment", "finance", "按时付款？", Role.OPERATIONS)
    assert located()[0].signal.plays[0].about == "finance.order_paid"


def test_messages_that_cannot_be_sent_name_the_sender_not_the_business() -> None:
    wrote("notice.order_paid", "order", "pay", error="InternalError: smtp 554", attempts=4)

    assert first()[:2] == ("payment", "notices")


def test_a_worker_that_stopped_explains_timers_and_letters() -> None:
    shop = world.open_shop()
    with clock.at(clock.now() - timedelta(minutes=2)):
        world.placed(shop)
        world.pay(shop, world.placed(shop))
    Payment.objects.update(due_at=clock.now() - timedelta(minutes=1))
    beat(seconds_ago=40)

    found = located()
    assert (found[0].system, found[0].owner) == ("worker", Role.ADMIN)
    assert {one.depth for one in found[1:]} >= {Depth.TIMER}
    assert all(one.by == found[0].key for one in found[1:])


def test_one_stuck_loop_is_named() -> None:
    beat(30, "timers")

    assert "timers" in located()[0].signal.cause.zh


def bad_notification(verdict: str) -> None:
    GatewayNotification.objects.create(
        provider="testpay", received_at=clock.now(), headers={}, body="", verdict=verdict
    )


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("refused: the signature is not alipay's", "伪造"),
        ("wrong amount", "金额"),
        ("unknown number", "单号"),
    ],
)
def test_a_notification_that_is_turned_away_is_named(verdict: str, words: str) -> None:
    bad_notification(verdict)

    assert first() == ("payment", "testpay", "付款结果？", Role.FINANCE)
    assert words in located()[0].signal.cause.zh


def test_a_lost_notification_is_named_once_the_query_has_found_the_money() -> None:
    shop = world.open_shop()
    with clock.at(clock.now() - timedelta(seconds=40)):
        order = world.placed(shop)
        money.start(
            trade=order.trade,
            way=money.Way(shop.gateway.code),
            return_url="https://shop.example/back",
            notify_url="https://shop.example/notify",
            actor="guest",
        )
    shop.gateway.outcome = Outcome.PAID
    with clock.at(clock.now() - timedelta(seconds=15)):
        run_due()

    assert first() == ("payment", "testpay", "付款结果？", Role.FINANCE)
    assert "没有到" in located()[0].signal.cause.zh


@pytest.mark.parametrize(("column", "stage"), [("held", "cart"), ("committed", "processing")])
def test_a_counter_that_somebody_changed_is_named_though_it_was_right_before(
    column: str, stage: str
) -> None:
    world.open_shop()
    assert alarms.stock() == []
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE inventory_stock SET {column} = {column} + 2 WHERE on_hand > 10")

    assert first()[:2] == (stage, "stock")
    assert located()[0].signal.plays[0].code == "repair"


def test_goods_kept_back_by_hand_are_named() -> None:
    world.open_shop()
    one = Stock.objects.order_by("id")[0]
    keep_back(stock_id=one.pk, quantity=one.on_hand, actor="yunying", why="盘点")

    assert first() == ("cart", "stock", "预占去向？", Role.OPERATIONS)
    assert "yunying" in located()[0].signal.evidence[0].zh


def test_a_rule_that_goes_another_way_names_the_policy_that_was_changed() -> None:
    shop = world.open_shop()
    for n in range(8):
        with clock.at(clock.now() - timedelta(minutes=40 - n)):
            world.paid(shop)
            world.send_all()
    policies.change(Policies.REVIEW_LIMIT, 0, user_id=None, why="试一试")
    for _ in range(4):
        world.paid(shop)
    world.send_all()

    stage, system, decision, owner = first()
    assert (stage, system, decision) == ("processing", "rules", "需要人工审核？")
    assert owner is Role.OPERATIONS
    evidence = " ".join(line.zh for line in located()[0].signal.evidence)
    assert "自动审核金额上限" in evidence
    assert "试一试" in evidence
    assert located()[0].fresh
    assert "需要人工审核" in evidence


def test_a_rule_that_goes_its_usual_way_again_is_no_longer_urgent() -> None:
    shop = world.open_shop()
    for n in range(8):
        with clock.at(clock.now() - timedelta(minutes=40 - n)):
            world.paid(shop)
            world.send_all()
    for _ in range(4):
        world.paid(shop, remark="送礼")
    world.send_all()
    assert [(one.system, one.fresh) for one in located()][:1] == [("rules", True)]

    with clock.at(clock.now() + timedelta(seconds=60)):
        for _ in range(2):
            world.paid(shop)
        world.send_all()
        assert [one.fresh for one in located() if one.system == "rules"] == [False]


def test_a_warehouse_that_rests_is_named_and_the_steps_behind_it_are_its_consequence() -> None:
    shop = world.open_shop()
    for n in range(8):
        with clock.at(clock.now() - timedelta(minutes=60 - n)):
            world.shipped(world.paid(shop))
    with clock.at(clock.now() - timedelta(minutes=5)):
        world.paid(shop)
        world.paid(shop)
        world.send_all()

    stage, system, _, owner = first()
    assert (stage, system, owner) == ("delivery", "warehouse", Role.WAREHOUSE)
    assert all(one.by for one in located()[1:])


def test_carts_that_nobody_goes_on_with_are_an_alarm_only_while_buyers_come() -> None:
    shop = world.open_shop()
    for n in range(8):
        with clock.at(clock.now() - timedelta(minutes=60 - n)):
            world.paid(shop)
    with clock.at(clock.now() - timedelta(minutes=8)):
        carts.add(
            token=carts.new_token(), user_id=None, visit="", variant_id=shop.tea.pk, quantity=1
        )
    world.send_all()
    assert "cart.check_out" not in {one.step for one in located()}

    Behaviour.objects.create(at=clock.now() - timedelta(minutes=2), visit="v", step="browse")
    assert "cart.check_out" in {one.step for one in located()}


def test_what_goes_wrong_is_an_alarm_when_its_part_grows_not_when_trade_grows() -> None:
    shop = world.open_shop()

    def trade(paid: int, cancelled: int, *, ago: timedelta) -> None:
        with clock.at(clock.now() - ago):
            for n in range(paid + cancelled):
                order = world.placed(shop)
                if n < paid:
                    world.pay(shop, order)
                else:
                    world.step("order.cancel", order, Reason(reason="不要了"))

    trade(8, 1, ago=timedelta(minutes=90))
    trade(16, 4, ago=timedelta(seconds=20))
    world.send_all()
    assert "order.cancel" not in {one.step for one in located()}

    trade(0, 8, ago=timedelta(seconds=10))
    world.send_all()
    (alarm,) = [one for one in located() if one.step == "order.cancel"]
    assert alarm.signal.cause.zh == "“取消订单”突然增多"
    assert alarm.signal.count == 12


def test_without_a_history_only_the_service_level_time_speaks() -> None:
    shop = world.open_shop()
    with clock.at(clock.now() - timedelta(hours=5)):
        order = world.paid(shop, remark="请尽快")
        world.send_all()

    found = [one for one in located() if one.step == "order.approve"]
    assert [(one.depth, one.signal.cases) for one in found] == [(Depth.STALL, (order.case_no,))]
    assert "时限" in found[0].signal.evidence[0].zh


def test_a_session_that_holds_a_lock_is_nearer_to_the_root_than_all_else() -> None:
    called("alipay", "alipay.trade.query", "payment", status=502)
    signals = [one for source in alarms.sources(programs=False) for one in source()]

    found = locate(flow(), [*signals, house.unreachable("canceling statement")])

    assert [one.system for one in found] == ["database", "alipay"]
    assert found[1].by == found[0].key


def test_what_is_likely_is_told_from_what_is_not() -> None:
    assert likely.poisson_at_most(0, 8) == pytest.approx(0.000335, rel=0.01)
    assert likely.poisson_at_least(3, 0.1) == pytest.approx(0.000155, rel=0.01)
    assert likely.poisson_at_most(900, 1000) < 0.002
    assert likely.poisson_at_least(0, 5) == 1.0
    assert likely.binomial_at_most(2, 10, 0.5) == pytest.approx(0.0546875)
    assert likely.binomial_at_most(0, 400, 0.99) == pytest.approx(0.01**400)
    assert (
        likely.binomial_at_most(2400, 2500, 0.99)
        < 0.002
        < likely.binomial_at_most(2470, 2500, 0.99)
    )
    assert likely.binomial_at_most(9, 10, 0.5) == 1.0


def test_a_look_costs_few_statements() -> None:
    shop = world.open_shop()
    world.paid(shop)
    alarms.look(programs=False)
    with CaptureQueriesContext(
        connection,
    ) as done:
        alarms.look(programs=False, every=timedelta())
    asked = [one for one in done.captured_queries if "SAVEPOINT" not in one["sql"]]
    assert len(asked) <= 32


def test_an_alarm_is_opened_once_kept_and_cleared_when_its_evidence_is_gone() -> None:
    bad_notification("wrong amount")
    assert alarms.look(programs=False) is not None
    assert alarms.look(programs=False) is None, "somebody has just looked"
    opened = Alarm.objects.get()
    with clock.at(clock.now() + timedelta(seconds=20)):
        beat()
        alarms.look(programs=False)
    assert Alarm.objects.get().pk == opened.pk
    with clock.at(clock.now() + timedelta(minutes=10)):
        beat()
        alarms.look(programs=False)
    assert watch.open_alarms() == []
    assert [one.pk for one in watch.cleared()] == [opened.pk]
