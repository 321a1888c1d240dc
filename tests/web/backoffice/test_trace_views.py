"""The trace of a purchase: graph, timeline, table, what can come next, and what is never shown."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shangliu.domain.notifications.models import Message
from shangliu.domain.orders.models import Order
from shangliu.flow.fulfilment.effects import Weight
from shangliu.flow.order.effects import Reason
from shangliu.platform.models import OutsideCall
from shangliu.process.definition import Context
from shangliu.process.models import Event
from shangliu.process.roles import Role
from shangliu.process.running import flow
from shangliu.web.backoffice import timeline, words
from shangliu.web.backoffice.case import look_up
from shangliu.web.backoffice.veil import cell, veil
from tests.insight import world
from tests.web.backoffice.conftest import Enter

STATEMENTS = 30
PHONE, NAME, KEY = "13912345678", "张三丰", "k-3f9a77c1e0"


def _page(client: Client, order: Order, **query: str) -> str:
    answer = client.get(reverse("staff_trace", args=(order.number,)), query)
    assert answer.status_code == 200
    return answer.content.decode()


def _event(order: Order, process: str, step: str) -> Event:
    return Event.objects.filter(case_no=order.case_no, process=process, step=step).latest("id")


def _call(order: Order, event: Event, *, after_s: float, ok: bool = True) -> OutsideCall:
    return OutsideCall.objects.create(
        system="testpay",
        operation="trade.query",
        case_no=order.case_no,
        process=event.process,
        object_id=event.object_id,
        request={
            "receiver": f"{NAME} +86{PHONE}",
            "phone": PHONE,
            "app_key": KEY,
            "xml": f"<sign>{KEY}</sign><tel>{PHONE}</tel>",
        },
        answer={"street": order.street, "text": f"{order.address} {NAME}"} if ok else None,
        status=200 if ok else None,
        ok=ok,
        error="" if ok else "no answer: ReadTimeout",
        started_at=event.at + timedelta(seconds=after_s),
        duration_us=42_000,
        attempt=3,
    )


def test_the_graph_lights_the_way_and_lists_the_steps_in_order(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.paid(shop, variant=shop.cup)
    client = enter(Role.SERVICE)
    page = _page(client, order)
    assert "flow-map traced" in page
    assert len(re.findall(r'class="node [^"]*visited current"', page)) == 1
    listed = re.findall(r'history__title" href="[^"]*at=(\d+)#step"', page)
    events = Event.objects.filter(case_no__in=[order.case_no, order.trade.cart_case])
    assert listed == [str(one.pk) for one in events.order_by("at", "id")]
    stages = re.findall(r'href="\?view=graph&amp;sheet=(\w+)"', page)
    assert stages[0] == "all"
    sheet = _page(client, order, sheet=stages[-1])
    assert f'sheet={stages[-1]}" aria-current="true"' in sheet
    assert "flow-map traced" in sheet


def test_a_step_opens_with_its_rule_inputs_and_the_calls_of_its_time(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.paid(shop, variant=shop.cup)
    client = enter(Role.FINANCE)
    refer = _event(order, "order", "refer")
    page = _page(client, order, at=str(refer.pk))
    opened = page[page.index('id="step"') :]
    for said in ("转人工审核", "金额达到 ¥5000.00，需要人工审核", "上限 ¥5000.00"):
        assert said in opened, said
    assert "这一步前后没有外部调用" in opened

    success = _event(order, "payment", "succeed")
    _call(order, success, after_s=0.5)
    opened = _page(client, order, at=str(success.pk))
    assert "这一步之后的外部调用" in opened
    assert "trade.query" in opened
    assert "×3" in opened
    on_map = _page(client, order, node="payment.succeed")
    assert "这一步之后的外部调用" in on_map


def test_the_timeline_has_a_line_for_each_object_and_says_how_long_it_was_idle(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.paid(shop, remark="送礼")
    client = enter(Role.OPERATIONS)
    start = _event(order, "payment", "succeed")
    _call(order, start, after_s=-3 * 3600, ok=False)
    page = _page(client, order, view="timeline")
    names = re.findall(r'class="life__name"[^>]*>([^<]+)<', page)
    assert [name.split(" ")[0] for name in names] == [
        *("订单", "支付单", "库存预占", "购物车", "通知与记录"),
    ]
    assert len(re.findall(r'<g class="idle">', page)) == 1
    assert 'class="idle__for"' in page
    assert "3小时" in page
    assert 'class="tick tick--failed"' in page
    real = _page(client, order, view="timeline", scale="real")
    assert '<g class="idle">' not in real
    assert "按真实比例" in real


def test_the_table_has_every_step_and_call_in_order_of_time(shop: world.Shop, enter: Enter) -> None:
    order = world.paid(shop, remark="送礼")
    success = _event(order, "payment", "succeed")
    _call(order, success, after_s=60)
    page = _page(enter(Role.FINANCE), order, view="table")
    events = Event.objects.filter(case_no__in=[order.case_no, order.trade.cart_case])
    assert len(re.findall(r'<tr id="e\d+">', page)) == events.count()
    assert page.index(f'id="e{success.pk}"') < page.index('class="trace__call"')
    assert "第 3 次" in page
    assert "待审核 → 待审核" in page


def test_the_file_holds_the_same_rows_and_no_formula(shop: world.Shop, enter: Enter) -> None:
    order = world.paid(shop, remark="送礼")
    success = _event(order, "payment", "succeed")
    call = _call(order, success, after_s=60)
    OutsideCall.objects.filter(pk=call.pk).update(operation="=HYPERLINK(0)")
    answer = enter(Role.FINANCE).get(
        reverse("staff_trace", args=(order.number,)), {"format": "csv"}
    )
    assert answer["Content-Type"] == "text/csv"
    text = answer.content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    events = Event.objects.filter(case_no__in=[order.case_no, order.trade.cart_case])
    kinds = [row["类别"] for row in rows]
    assert kinds.count("步骤") == events.count()
    assert kinds.count("外部调用") == 1
    assert kinds.count("通知与记录") == 1
    assert len(rows) == events.count() + 2
    assert [row["时间"] for row in rows] == sorted(row["时间"] for row in rows)
    assert rows[-1]["操作"] == "'=HYPERLINK(0)"
    assert PHONE not in text
    assert KEY not in text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_take_for_a_formula_is_quoted(start: str) -> None:
    assert cell(f"{start}1+1") == f"'{start}1+1"
    assert cell("1+1=2") == "1+1=2"


@pytest.mark.parametrize("view", ["graph", "timeline", "table"])
def test_no_view_shows_a_person_or_a_key(shop: world.Shop, enter: Enter, view: str) -> None:
    order = world.paid(shop)
    success = _event(order, "payment", "succeed")
    _call(order, success, after_s=1)
    page = _page(enter(Role.SERVICE), order, view=view, at=str(success.pk))
    for secret in (PHONE, NAME, order.street, KEY):
        assert secret not in page, secret
    assert "139****5678" in page


def test_the_page_of_the_order_hides_the_same_in_its_calls(shop: world.Shop, enter: Enter) -> None:
    order = world.paid(shop)
    _call(order, _event(order, "payment", "succeed"), after_s=1)
    client = enter(Role.SERVICE)
    page = client.get(reverse("staff_order", args=(order.number,))).text
    for secret in (PHONE, NAME, order.street, KEY):
        assert secret not in page, secret
    assert "trade.query" in page


@pytest.mark.parametrize(
    "said",
    [
        f"<sign><![CDATA[{KEY}]]></sign><nonce>n1</nonce>",
        f'<app_key type="md5">{KEY}</app_key><nonce>n1</nonce>',
        f"<xml><token>\n<![CDATA[{KEY}<&]]>\n</token><nonce>n1</nonce></xml>",
    ],
)
def test_a_secret_is_hidden_however_its_element_is_written(said: str) -> None:
    shown = veil([], lifted=True).text(said)
    assert KEY not in shown
    assert "***" in shown
    assert "<nonce>n1</nonce>" in shown


def test_a_node_says_when_by_whom_and_which_calls_were_made_from_it(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.paid(shop)
    success = _event(order, "payment", "succeed")
    _call(order, success, after_s=0.2)
    _call(order, success, after_s=0.3)
    _call(order, success, after_s=0.4, ok=False)
    page = _page(enter(Role.SERVICE), order)
    moment = words.moment(success.at)
    node = re.search(r'<a [^>]*data-node="payment.succeed".*?</a>', page)
    assert node is not None
    assert f"{moment} 系统" in node[0]
    assert "外部调用成功 2 次，外部调用失败 1 次" in node[0]
    assert re.findall(r'data-calls="(\w+)".*?>([✓×]\d?)<', node[0]) == [
        ("failed", "×"),
        ("ok", "✓2"),
    ]
    other = re.search(r'<a [^>]*data-node="order.pay".*?</a>', page)
    assert other is not None
    assert "data-calls" not in other[0]


def test_a_diamond_opens_the_step_that_it_led_to_with_what_the_rule_saw(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.paid(shop, remark="送礼")
    case = look_up(order.number, actor="", roles=frozenset())
    place = [event.step for event in case.trace.events].index("refer")
    leg = case.trace.legs[place]
    diamond = next(one for one in leg[:-1] if ">" not in one)
    page = _page(enter(Role.SERVICE), order, node=diamond)
    opened = page[page.index('id="step"') :]
    assert "转人工审核" in opened
    assert "买家有留言，需要人工查看" in opened


def test_a_node_that_was_taken_twice_lists_both_times(shop: world.Shop, enter: Enter) -> None:
    order = world.paid(shop)
    world.step("order.hold", order, Reason(reason="核对地址"))
    world.step("order.resume", order, Reason(reason="已核对"))
    world.step("order.hold", order, Reason(reason="再核对"))
    events = Event.objects.filter(case_no=order.case_no, step="hold").order_by("id")
    client = enter(Role.SERVICE)
    page = _page(client, order, node="order.hold")
    first = events[0]
    assert "经过 2 次" in page
    assert f"at={first.pk}#step" in page
    opened = page[page.index('id="step"') :]
    assert "再核对" in opened[: opened.index("trace__map")]
    earlier = _page(client, order, node="order.hold", at=str(first.pk))
    opened = earlier[earlier.index('id="step"') :]
    assert "核对地址" in opened[: opened.index("trace__map")]


def test_a_node_that_was_not_passed_says_so_and_what_stands_against_it(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.placed(shop)
    client = enter(Role.SERVICE)
    page = _page(client, order, node="order.time_out")
    opened = page[page.index('id="step"') : page.index("trace__map")]
    assert "还没有走到这里。" in opened
    assert re.search(r"等到 \d\d-\d\d \d\d:\d\d，系统自动执行", opened)
    diamond = _page(client, order, node="order:awaiting_payment")
    opened = diamond[diamond.index('id="step"') : diamond.index("trace__map")]
    assert re.search(r"等到 \d\d-\d\d \d\d:\d\d，系统自动执行", opened)
    never = _page(client, order, node="fulfilment.pack")
    assert "这笔订单没有经过这里。" in never
    nowhere = _page(client, order, node="order.fly")
    assert 'id="step"' not in nowhere


def test_notices_and_notifications_stand_on_the_timeline_and_in_the_table(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.paid(shop)
    Message.objects.create(
        unique_key="told-1",
        channel=Message.Channel.SMS,
        phone=PHONE,
        template="order_paid",
        title="付款成功",
        text=f"{NAME}，送往{order.address}",
        case_no=order.case_no,
        created_at=_event(order, "payment", "succeed").at + timedelta(seconds=2),
    )
    client = enter(Role.SERVICE)
    line = _page(client, order, view="timeline")
    assert len(re.findall(r'class="tick tick--told"', line)) == 2
    assert "通知买家 · 付款成功" in line
    table = _page(client, order, view="table")
    assert len(re.findall(r'<tr class="trace__told">', table)) == 2
    assert "收到支付通知" in table
    for page in (line, table):
        assert PHONE not in page
        assert NAME not in page
        assert order.street not in page


def test_the_stock_that_is_held_is_said_with_what_may_become_of_it(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.placed(shop)
    page = _page(enter(Role.SERVICE), order)
    nexts = page[page.index("接下来可以发生什么") :]
    held = nexts[nexts.index("<strong>库存预占</strong>") :].partition("</details>")[0]
    assert "预占到期" in held
    assert "没有设定时间，系统不会自动执行" in held
    assert "这份预占属于待付款订单，请改为取消订单" in held


def test_what_can_come_next_is_said_with_by_whom_and_why_not(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.paid(shop)
    task = world.packed(order)
    page = _page(enter(Role.SERVICE), order)
    nexts = page[page.index("接下来可以发生什么") :]
    ways = {
        name: (by, verdict, why)
        for name, by, verdict, why in re.findall(
            r'trace__way-name">(?:<a[^>]*>)?([^<]+?)(?:</a>)?</span><span class="muted">([^<]*)'
            r'</span>.*?(现在可以|现在不行|等待).*?</span>(?:<span class="trace__why">([^<]*))?',
            nexts,
        )
    }
    assert task.state == "packed"
    assert ways["称重"] == ("仓储", "现在可以", "")
    assert ways["挂起"] == ("运营、客服、系统", "现在可以", "")
    assert ways["揽收"] == ("系统", "等待", "等承运商的消息")
    assert ways["部分发货"] == ("系统", "等待", "在“交接承运商”之后由系统执行")


def test_a_step_that_cannot_be_taken_says_the_same_reason_to_every_role(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.paid(shop)
    task = world.picked(order)
    world.step("fulfilment.pack", task)
    world.step("fulfilment.weigh", task, Weight(grams=task.expected_g))
    for role in (Role.WAREHOUSE, Role.FINANCE):
        page = _page(enter(role), order)
        nexts = page[page.index("接下来可以发生什么") :]
        assert "面单还没有取到，请稍候或重试取号" in nexts
        assert "现在不行" in nexts


def test_an_unpaid_order_waits_until_its_hour(shop: world.Shop, enter: Enter) -> None:
    order = world.placed(shop)
    page = _page(enter(Role.SERVICE), order)
    assert re.search(r"等到 \d\d-\d\d \d\d:\d\d，系统自动执行", page)
    assert "在“收到支付成功”" in page


def test_the_trace_is_reached_from_the_order_and_from_the_map(
    shop: world.Shop, enter: Enter
) -> None:
    order = world.paid(shop)
    client = enter(Role.SERVICE)
    address = reverse("staff_trace", args=(order.number,))
    assert (
        f'href="{address}"'
        in client.get(reverse("staff_order", args=(order.number,))).content.decode()
    )
    on_map = client.get(reverse("staff_map", args=("all",)), {"order": order.number})
    assert f'href="{address}"' in on_map.content.decode()
    by_trade = client.get(reverse("staff_trace", args=(order.case_no,)))
    assert by_trade["Location"] == address
    assert client.get(reverse("staff_trace", args=("NOBODY",))).status_code == 404
    assert Client().get(address).status_code == 302


@pytest.mark.parametrize("view", ["graph", "timeline", "table"])
def test_a_whole_purchase_is_read_with_few_statements(
    shop: world.Shop, enter: Enter, view: str
) -> None:
    order = world.completed(shop, world.paid(shop))
    world.applied(order)
    client = enter(Role.SERVICE)
    _page(client, order, view=view)
    with CaptureQueriesContext(connection) as seen:
        _page(client, order, view=view)
    asked = [one["sql"] for one in seen.captured_queries]
    assert len(asked) <= STATEMENTS, [sql[:90] for sql in asked]


def test_a_rule_that_went_the_other_way_says_why(shop: world.Shop, enter: Enter) -> None:
    order = world.paid(shop, remark="送礼")
    client = enter(Role.SERVICE)
    page = _page(client, order)
    nexts = page[page.index("接下来可以发生什么") :]
    assert "规则没有选这一步：买家有留言，需要人工查看" in nexts

    case = world.applied(world.completed(shop, world.paid(shop)))
    rule = flow()["aftersale"]["auto_approve"]
    (reason, *_) = rule.refusals(case, Context(actor="system", role=Role.SYSTEM))
    assert f"规则没有选这一步：{reason}" in _page(client, case.order)


def test_what_a_rule_said_is_read_in_either_language(shop: world.Shop, enter: Enter) -> None:
    order = world.paid(shop, remark="送礼")
    client = enter(Role.SERVICE)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    page = _page(client, order)
    nexts = page[page.index("What can happen next") :]
    assert "The rule did not choose it: The buyer left a remark" in nexts
    assert "买家有留言" not in page
    assert "The buyer left a remark" in _page(client, order, view="table")
    colleague = enter(Role.OPERATIONS)
    queue = colleague.get("/staff/queue/review/", headers={"accept-language": "en"})
    assert "The buyer left a remark" in queue.content.decode()


def test_a_reason_that_was_logged_in_one_language_is_read_as_it_is() -> None:
    before = timeline.explained({"order.auto_approve": ["旧的原因"], "why": "就近"})
    assert "旧的原因" in before
    assert before.endswith("就近")
