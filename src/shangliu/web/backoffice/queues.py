"""Work queues: the list on the left, the case on the right, the same for everybody."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shangliu.domain.aftersales import queries as aftersales
from shangliu.domain.fulfilment import queries as fulfilment
from shangliu.domain.inventory import queries as inventory
from shangliu.domain.logistics import queries as logistics
from shangliu.domain.orders import queries as orders
from shangliu.domain.payments import queries as payments
from shangliu.domain.payments.provider import Nature
from shangliu.domain.payments.states import PaymentState
from shangliu.domain.reconciliation import queries as reconciliation
from shangliu.domain.settlement import queries as settlement
from shangliu.insight.figures import allowed
from shangliu.insight.waiting import Waiting, WaitingCase, waiting, waiting_cases
from shangliu.platform import clock
from shangliu.platform.errors import NotFound
from shangliu.platform.summary import Summary
from shangliu.process.roles import Role
from shangliu.web.backoffice import words
from shangliu.web.backoffice.access import actor, forbidden, page, person, staff
from shangliu.web.backoffice.acting import typed
from shangliu.web.backoffice.case import Case, lone_part, look_up, order_number_of
from shangliu.web.backoffice.orders import case_context
from shangliu.web.paynames import name_of

MOST = 100


@dataclass(frozen=True, kw_only=True)
class Queue:
    """`bulk`: the steps that may be taken on several at once, those that ask for nothing. `by`:
    payments only, those that come in one of these ways. `home`: the state that is shown first,
    where it is not all of them."""

    code: str
    title: Any
    text: Any
    roles: tuple[Role, ...]
    waits: tuple[tuple[str, str], ...]
    bulk: tuple[str, ...] = ()
    by: frozenset[Nature] = frozenset()
    home: str = ""


QUEUES: Mapping[str, Queue] = {
    queue.code: queue
    for queue in (
        Queue(
            code="review",
            title=_("待审核订单"),
            text=_("规则没有放行的订单：核对金额、地址和买家留言，再决定放行或挂起。"),
            roles=(Role.OPERATIONS,),
            waits=(("order", "awaiting_review"),),
            bulk=("order.approve",),
        ),
        Queue(
            code="hold",
            title=_("挂起订单"),
            text=_("等待解决的问题：解决后解除挂起，回到审核。"),
            roles=(Role.OPERATIONS, Role.SERVICE),
            waits=(("order", "on_hold"),),
        ),
        Queue(
            code="appeals",
            title=_("申诉裁定"),
            text=_("客服拒绝后买家申诉的售后，由运营裁定。"),
            roles=(Role.OPERATIONS,),
            waits=(("aftersale", "escalated"),),
        ),
        Queue(
            code="aftersales",
            title=_("售后审核"),
            text=_("买家的售后申请，逾期未处理会自动同意。"),
            roles=(Role.SERVICE,),
            waits=(("aftersale", "applied"),),
            bulk=("aftersale.approve",),
        ),
        Queue(
            code="holds",
            title=_("库存预占"),
            text=_("购物车和待付款订单占着的库存。购物车的预占可以写明原因后人工释放。"),
            roles=(Role.OPERATIONS,),
            waits=(("reservation", "held"),),
        ),
        Queue(
            code="short",
            title=_("缺货处理"),
            text=_("拣货时发现缺货：别仓有货就改派，没有就挂起订单联系买家。"),
            roles=(Role.WAREHOUSE, Role.OPERATIONS),
            waits=(("fulfilment", "short_pick"),),
        ),
        Queue(
            code="labels",
            title=_("取号失败"),
            text=_("承运商没有给出运单号的包裹，系统会自动重试，也可以马上重试。"),
            roles=(Role.WAREHOUSE, Role.OPERATIONS),
            waits=(("parcel", "label_failed"),),
            bulk=("parcel.retry_label",),
        ),
        Queue(
            code="astray",
            title=_("配送异常"),
            text=_(
                "派送异常和被拒收的包裹：跟进承运商；承运商确认丢失的，认定丢失后自动退款。"
                "退回的包裹到“退货处理”验收。"
            ),
            roles=(Role.OPERATIONS, Role.SERVICE),
            waits=(("parcel", "problem"), ("parcel", "rejected")),
        ),
        Queue(
            code="returns",
            title=_("退货处理"),
            text=_("退回的商品：收货、验货；验货不符的寄还买家。"),
            roles=(Role.WAREHOUSE,),
            waits=tuple(("aftersale", one) for one in ("returning", "received", "rejected_goods")),
            bulk=("aftersale.receive",),
        ),
        Queue(
            code="payments",
            title=_("等待付款结果"),
            text=_("已跳转支付、还没有结果的支付单。可以主动向支付网关查询。"),
            roles=(Role.FINANCE,),
            waits=(("payment", "created"), ("payment", "pending")),
            bulk=("payment.query",),
            by=frozenset({Nature.GATEWAY}),
        ),
        Queue(
            code="transfers",
            title=_("待确认转账"),
            text=_("对照银行流水：金额和附言一致就确认到账。订单关闭后才到的，在“已关闭”里确认。"),
            roles=(Role.FINANCE,),
            waits=(("payment", "pending"), ("payment", "closed")),
            by=frozenset({Nature.TRANSFER}),
            home="pending",
        ),
        Queue(
            code="refunds",
            title=_("退款异常"),
            text=_("没有顺利退回的款项：同号重试，或线下退款后登记凭证。"),
            roles=(Role.FINANCE,),
            waits=tuple(("refund", one) for one in ("processing", "failed", "manual")),
            bulk=("refund.check", "refund.retry"),
        ),
        Queue(
            code="differences",
            title=_("对账差异"),
            text=_(
                "渠道账单、订单和总账不一致的地方，金额是渠道比本店多的数。先查询渠道，查不清再写明原因核销。"
            ),
            roles=(Role.FINANCE,),
            waits=(("difference", "found"),),
        ),
        Queue(
            code="settlement",
            title=_("结算打款"),
            text=_("到期的应结款编入对账单，核对后打款；未到期的在等待期内。负数是售后冲正。"),
            roles=(Role.FINANCE,),
            waits=tuple(("settlement", one) for one in ("due", "in_statement", "pending")),
            bulk=("settlement.include", "settlement.pay_out"),
        ),
    )
}

_SUMMARIES: Mapping[str, Callable[[Collection[int]], dict[int, Summary]]] = {
    "order": orders.summaries,
    "reservation": inventory.summaries,
    "payment": payments.payment_summaries,
    "refund": payments.refund_summaries,
    "fulfilment": fulfilment.summaries,
    "parcel": logistics.summaries,
    "aftersale": aftersales.summaries,
    "settlement": settlement.summaries,
    "difference": reconciliation.summaries,
}


@staff()
@never_cache
@require_GET
def queue(request: HttpRequest, code: str) -> HttpResponse:
    """The oldest first; `?state=` narrows it, `?at=` chooses the case on the right."""
    chosen = QUEUES.get(code)
    if chosen is None:
        raise NotFound
    if not person(request).acts_as & {*chosen.roles, Role.ADMIN}:
        return forbidden(request, chosen.roles)
    state = request.GET.get("state", chosen.home)
    waits = tuple(pair for pair in chosen.waits if not state or pair[1] == state)
    found = _found(chosen, waits)
    items = _items(chosen, found, request.GET.get("at", ""), state)
    current = next((item for item in items if item["current"]), None)
    context: dict[str, object] = {
        "queue": chosen,
        "tabs": _tabs(chosen, state),
        "items": items,
        "most": MOST,
        "state": state,
        "bulk": [(name, words.step_label(name)) for name in chosen.bulk],
        "chosen": bool(request.GET.get("at")),
        "current": current,
    }
    if current is not None:
        context |= _case(request, chosen, current)
    return page(request, "backoffice/queue.html", context)


def _found(chosen: Queue, waits: Sequence[tuple[str, str]]) -> list[WaitingCase]:
    if not chosen.by:
        return waiting_cases(waits, limit=MOST)
    states = [PaymentState(state) for _process, state in waits]
    return [
        WaitingCase("payment", one.pk, one.case_no, one.state, one.entered_at, one.last_step)
        for one in payments.waiting(chosen.by, states, limit=MOST)
    ]


def _count(chosen: Queue, pair: tuple[str, str], counts: Mapping[tuple[str, str], Waiting]) -> int:
    if chosen.by:
        return payments.waiting_count(chosen.by, [PaymentState(pair[1])])[0]
    return counts[pair].count if pair in counts else 0


def _case(request: HttpRequest, chosen: Queue, current: Mapping[str, object]) -> dict[str, object]:
    process, pk = str(current["process"]), int(str(current["pk"]))
    if process == "reservation":
        return {
            "lone": lone_part(
                process,
                pk,
                actor=actor(request),
                roles=person(request).acts_as,
                typed=typed(request),
            )
        }
    try:
        number = order_number_of(process, pk)
    except NotFound:
        return {}
    case: Case = look_up(
        number, actor=actor(request), roles=person(request).acts_as, typed=typed(request)
    )
    mine = [part for part in case.parts if part.process == process and part.one.pk == pk]
    return {**case_context(request, case), "mine": mine}


def _items(
    chosen: Queue, found: Collection[WaitingCase], at: str, state: str
) -> list[dict[str, object]]:
    summaries = {
        process: _SUMMARIES[process]([one.pk for one in found if one.process == process])
        for process in {one.process for one in found}
    }
    keys = [f"{one.process}-{one.pk}" for one in found]
    open_at = at if at in keys else next(iter(keys), "")
    return [
        _item(
            chosen,
            one,
            summaries[one.process].get(one.pk),
            current=key == open_at,
            state=state,
        )
        for one, key in zip(found, keys, strict=True)
    ]


def _item(
    chosen: Queue,
    one: WaitingCase,
    summary: Summary | None,
    *,
    current: bool,
    state: str,
) -> dict[str, object]:
    within = allowed(one.process, one.state)
    keep = {"state": state} if state else {}
    asked = urlencode({**keep, "at": f"{one.process}-{one.pk}"})
    return {
        "process": one.process,
        "pk": one.pk,
        "href": f"{reverse('staff_queue', args=(chosen.code,))}?{asked}",
        "title": summary.number if summary else f"#{one.pk}",
        "text": summary.text if summary else "",
        "amount": summary.amount if summary else None,
        "by": _by(one.process, summary.by) if summary else "",
        "state_label": words.state_label(one.process, one.state),
        "chip": words.chip(one.process, one.state),
        "age": words.age(one.entered_at),
        "late": within is not None and clock.now() - one.entered_at > within,
        "current": current,
    }


def _by(process: str, who: str) -> str:
    """Money comes and goes through a provider, known by its name."""
    return name_of(who) if process in ("payment", "refund") and who else who


def _tabs(chosen: Queue, state: str) -> list[dict[str, object]]:
    here = reverse("staff_queue", args=(chosen.code,))
    counts = waiting()
    each = [(pair, _count(chosen, pair, counts)) for pair in chosen.waits]
    if len(each) == 1:
        return []
    tabs: list[dict[str, object]] = (
        []
        if chosen.home
        else [
            {
                "label": str(_("全部")),
                "href": here,
                "current": not state,
                "count": sum(count for _pair, count in each),
            }
        ]
    )
    tabs += [
        {
            "label": words.state_label(*pair),
            "href": f"{here}?state={pair[1]}",
            "current": state == pair[1],
            "count": count,
        }
        for pair, count in each
    ]
    return tabs
