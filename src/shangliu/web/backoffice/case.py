"""One purchase with everything that belongs to it, as staff look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from shangliu.domain.aftersales import queries as aftersales
from shangliu.domain.crm import staff as people
from shangliu.domain.fulfilment import queries as fulfilment
from shangliu.domain.inventory import queries as inventory
from shangliu.domain.logistics import queries as logistics
from shangliu.domain.orders import queries as orders
from shangliu.domain.payments import queries as payments
from shangliu.domain.payments.provider import Nature
from shangliu.domain.reconciliation import queries as reconciliation
from shangliu.domain.reconciliation.matching import Kind
from shangliu.domain.settlement import queries as settlement
from shangliu.flow.drawing import graph
from shangliu.flow.steps import subject
from shangliu.insight.objects import Stateful
from shangliu.insight.trace import Trace, trace
from shangliu.platform.errors import NotFound
from shangliu.platform.money import Money
from shangliu.process.roles import Role
from shangliu.process.running import flow
from shangliu.web.backoffice import words
from shangliu.web.backoffice.offered import Button, buttons
from shangliu.web.paynames import name_of, nature_of, reported


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One object of the purchase: what it is, where it stands, what may be done with it."""

    process: str
    one: Any
    title: str
    number: str
    state: str
    state_label: str
    chip: str
    since: str
    facts: tuple[tuple[str, object], ...]
    buttons: tuple[Button, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """`order` is the first order; `lines` are its lines; `parts` stand in the flow's order."""

    order: Any
    case_no: str
    parts: tuple[Part, ...]
    trace: Trace
    names: Mapping[str, str]
    lines: Sequence[Any]
    claims: Sequence[Any]

    def of(self, *processes: str) -> list[Part]:
        return [part for part in self.parts if part.process in processes]

    @property
    def doable(self) -> list[Part]:
        return [part for part in self.parts if part.buttons]


def look_up(
    number: str,
    *,
    actor: str,
    roles: frozenset[Role],
    typed: Mapping[str, str] | None = None,
) -> Case:
    """The purchase of this order or trade number; `NotFound`."""
    order = orders.order_by_number(number)
    case_no = order.case_no
    parts = [
        _part(process, one, actor=actor, roles=roles, typed=typed)
        for process, one in _objects(case_no)
    ]
    cases = [case_no, *filter(None, [order.trade.cart_case])]
    seen = trace(graph(), cases=cases, visit=order.trade.visit)
    lines = orders.lines_of([order.pk]).get(order.pk, [])
    return Case(
        order=order,
        case_no=case_no,
        parts=tuple(parts),
        trace=seen,
        names=people.names({event.actor for event in seen.events}),
        lines=lines,
        claims=inventory.claims_of_lines([line.pk for line in lines]),
    )


def lone_part(
    process: str,
    pk: int,
    *,
    actor: str,
    roles: frozenset[Role],
    typed: Mapping[str, str] | None = None,
) -> Part:
    """An object that stands for itself: a hold may belong to a cart that never becomes an order."""
    return _part(process, subject(process, pk), actor=actor, roles=roles, typed=typed)


def claim_parts(case: Case, *, actor: str, roles: frozenset[Role]) -> list[Part]:
    """The claims on stock as parts: one for those that wait alike, with how many they are."""
    alike: dict[tuple[str, object], list[Any]] = {}
    for claim in case.claims:
        alike.setdefault((claim.state, claim.due_at), []).append(claim)
    return [
        replace(
            _part("reservation", claims[0], actor=actor, roles=roles, typed=None),
            number=f"× {len(claims)}" if len(claims) > 1 else f"#{claims[0].pk}",
        )
        for claims in alike.values()
    ]


def order_number_of(process: str, pk: int) -> str:
    """The order that an object belongs to; `NotFound` where it belongs to none."""
    model = flow()[process].model
    if model is None:
        raise NotFound
    found = model._default_manager.filter(pk=pk).values_list("case_no", flat=True).first()  # noqa: SLF001
    number = orders.order_numbers([found]).get(found) if found else None
    if number is None:
        raise NotFound
    return number


def _objects(case_no: str) -> Iterable[tuple[str, Stateful]]:
    many: tuple[tuple[str, Callable[[str], Sequence[Stateful]]], ...] = (
        ("order", orders.orders_of_case),
        ("payment", payments.payments_of_case),
        ("fulfilment", fulfilment.tasks_of_case),
        ("parcel", logistics.parcels_of_case),
        ("aftersale", aftersales.cases_of),
        ("refund", payments.refunds_of_case),
        ("settlement", settlement.entries_of_case),
        ("difference", reconciliation.differences_of_case),
    )
    for process, questions in many:
        for one in questions(case_no):
            yield process, one


def _part(
    process: str,
    one: Any,
    *,
    actor: str,
    roles: frozenset[Role],
    typed: Mapping[str, str] | None,
) -> Part:
    state = str(one.state)
    return Part(
        process=process,
        one=one,
        title=str(flow()[process].label),
        number=_number(one),
        state=state,
        state_label=words.state_label(process, state),
        chip=words.chip(process, state),
        since=words.moment(one.entered_at),
        facts=tuple(_FACTS[process](one)),
        buttons=tuple(buttons(process, one, actor=actor, roles=roles, typed=typed)),
    )


def _number(one: Any) -> str:
    for name in ("number", "reference"):
        if found := getattr(one, name, ""):
            return str(found)
    return f"#{one.pk}"


def _order(one: Any) -> Iterable[tuple[str, object]]:
    yield _("下单"), words.moment(one.placed_at)
    yield _("付款"), words.moment(one.paid_at)
    yield _("发货"), words.moment(one.shipped_at)
    yield _("签收"), words.moment(one.delivered_at)
    yield _("完成"), words.moment(one.completed_at)
    if one.hold_reason:
        yield _("需要处理"), one.held_for


def _payment(one: Any) -> Iterable[tuple[str, object]]:
    yield _("方式"), name_of(one.provider, one.method)
    yield _("金额"), one.amount
    if nature_of(one) is Nature.TRANSFER:
        yield from _transfer(one)
    else:
        yield _("渠道交易号"), one.provider_id
        yield _("付款账号"), one.buyer
    yield _("到账"), words.moment(one.paid_at)
    if one.refunded_fen or one.refunding_fen:
        yield _("已退"), Money(one.refunded_fen, one.currency)
        yield _("退款中"), Money(one.refunding_fen, one.currency)


def _transfer(one: Any) -> Iterable[tuple[str, object]]:
    said = reported(one)
    if said is not None:
        yield _("买家登记"), words.moment(said.at)
        yield _("付款户名"), said.payer
        yield _("登记流水号"), said.voucher
    elif one.paid_at is None:
        yield _("买家登记"), _("还没有登记")
    yield _("附言"), one.number
    yield _("银行流水号"), one.provider_id


def _task(one: Any) -> Iterable[tuple[str, object]]:
    yield _("仓库"), one.warehouse.name
    yield _("波次"), one.wave
    yield _("领取人"), one.claimed_by
    weight = f"{one.weight_g or '—'} / {one.expected_g} g"
    yield _("实重 / 预计"), weight
    if one.note:
        yield _("备注"), one.note


def _parcel(one: Any) -> Iterable[tuple[str, object]]:
    yield _("承运商"), carrier_label(one.carrier)
    yield _("运单号"), one.waybill_no
    yield _("签收"), words.moment(one.delivered_at)
    if one.error:
        yield _("失败原因"), one.error


def _aftersale(one: Any) -> Iterable[tuple[str, object]]:
    yield _("类型"), one.kind_label
    yield _("原因"), one.reason
    yield _("说明"), one.note
    yield _("退款金额"), one.amount
    if one.freight_fen:
        yield _("其中运费"), Money(one.freight_fen, one.order.currency)
    if one.waived_fen:
        yield _("未收取，无需退款"), Money(one.waived_fen, one.order.currency)
    for line in one.lines.all():
        checked = f"（{_('完好')} {line.good}，{_('残次')} {line.damaged}）"
        seen = checked if line.good or line.damaged else ""
        yield line.order_line.name, f"× {line.quantity}{seen}"
    if one.return_waybill:
        yield _("退货运单号"), one.return_waybill
    if one.decision_note:
        yield _("处理说明"), one.decision_note


def _refund(one: Any) -> Iterable[tuple[str, object]]:
    yield _("方式"), name_of(one.payment.provider, one.payment.method)
    yield _("金额"), Money(one.amount_fen, one.payment.currency)
    yield _("原因"), one.reason
    yield _("已尝试"), one.attempts
    if one.error:
        yield _("失败原因"), one.error
    yield _("到账"), words.moment(one.done_at)


def _reservation(one: Any) -> Iterable[tuple[str, object]]:
    yield _("商品"), f"{one.variant.product.name} {one.variant.sku}"
    yield _("数量"), one.quantity
    yield _("仓库"), one.stock.warehouse.name
    yield _("起占"), words.moment(one.held_since or one.entered_at)
    yield _("保留到"), words.moment(one.hold_until)
    yield _("属于"), _("待付款订单") if one.order_line_id else _("购物车")
    yield _("案例"), one.case_no


def _settlement(one: Any) -> Iterable[tuple[str, object]]:
    yield _("金额"), Money(one.amount_fen, one.currency)
    yield _("说明"), one.reason
    yield _("生成"), words.moment(one.created_at)


def _difference(one: Any) -> Iterable[tuple[str, object]]:
    kind = Kind(one.kind)
    yield _("差异"), str(kind.label)
    yield _("可能的原因"), str(kind.cause)
    yield _("支付单"), one.payment_number
    if one.refund_number:
        yield _("退款单"), one.refund_number
    for label, fen in ((_("本店金额"), one.ours_fen), (_("对方金额"), one.theirs_fen)):
        yield label, Money(fen, one.bill.currency) if fen is not None else _("没有")
    yield _("账单"), f"{name_of(one.bill.provider)} {one.bill.day}"
    if one.note:
        yield _("处理说明"), one.note


def carrier_label(code: str) -> str:
    return {
        "yuantong": _("圆通速递"),
        "shunfeng": _("顺丰速运"),
        "zhongtong": _("中通快递"),
        "yunda": _("韵达快递"),
        "shentong": _("申通快递"),
        "jd": _("京东物流"),
        "ems": "EMS",
    }.get(code, code)


_FACTS: Mapping[str, Callable[[Any], Iterable[tuple[str, object]]]] = {
    "order": _order,
    "payment": _payment,
    "fulfilment": _task,
    "parcel": _parcel,
    "aftersale": _aftersale,
    "refund": _refund,
    "reservation": _reservation,
    "settlement": _settlement,
    "difference": _difference,
}
