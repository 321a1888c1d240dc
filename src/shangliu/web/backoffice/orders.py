"""The list of orders, and one purchase with everything that belongs to it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shangliu.domain.life.services import is_demo
from shangliu.domain.logistics import queries as logistics
from shangliu.domain.orders import queries as orders
from shangliu.flow.drawing import graph
from shangliu.platform.errors import NotFound
from shangliu.platform.money import Money
from shangliu.process.drawing.svg import css
from shangliu.process.running import flow
from shangliu.web.backoffice import pictures, timeline, words
from shangliu.web.backoffice.access import actor, page, person, staff
from shangliu.web.backoffice.acting import may_see, typed
from shangliu.web.backoffice.case import Case, look_up
from shangliu.web.backoffice.veil import veil

PAGE = 50


@staff()
@never_cache
@require_GET
def order_list(request: HttpRequest) -> HttpResponse:
    """The newest first; by state, by number, by the end of a phone number, by the whole name."""
    query = request.GET.get("q", "").strip()
    state = request.GET.get("state", "")
    before = request.GET.get("before", "")
    if not orders.is_known_state(state):
        state = ""
    rows = orders.order_list(
        state=state,
        query=query,
        before=int(before) if before.isdigit() else None,
        limit=PAGE + 1,
    )
    more = rows[PAGE - 1].pk if len(rows) > PAGE else None
    keep = {"q": query, "state": state}
    counts = orders.counts_by_state()
    tabs = [
        {
            "label": _("全部"),
            "href": _address({"q": query}),
            "current": not state,
            "count": sum(counts.values()),
        }
    ] + [
        {
            "label": str(words_.label),
            "href": _address({"q": query, "state": str(one)}),
            "current": state == one,
            "count": counts.get(str(one), 0),
        }
        for one, words_ in flow()["order"].states.items()
    ]
    context: dict[str, object] = {
        "rows": rows[:PAGE],
        "tabs": tabs,
        "query": query,
        "state": state,
        "next": _address({**keep, "before": str(more)}) if more else None,
        "first": _address(keep) if before else None,
    }
    return page(request, "backoffice/orders.html", context)


@staff()
@never_cache
@require_GET
def order(request: HttpRequest, number: str) -> HttpResponse:
    """Facts, money, goods, every object with its next steps, the way on the map, the history."""
    case = look_up(
        number, actor=actor(request), roles=person(request).acts_as, typed=typed(request)
    )
    if case.order.number != number:
        return redirect("staff_order", number=case.order.number)
    return page(request, "backoffice/order.html", case_context(request, case) | _path(case))


@staff()
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """One box for everything: an order or waybill opens at once, a step opens on the map."""
    query = request.GET.get("q", "").strip()
    if query:
        number = logistics.case_of_waybill(query) or query.upper()
        try:
            return redirect("staff_order", number=orders.order_by_number(number).number)
        except NotFound:
            pass
    steps = [
        {
            "label": node.label,
            "lane": words.lane_label(node.lane),
            "href": f"{reverse('staff_map', args=(node.stage,))}?node={pictures.quoted(node.key)}",
        }
        for node in graph().nodes
        if query
        and node.counts
        and (query in node.label.zh or query.lower() in node.label.en.lower())
    ]
    rows = orders.order_list(query=query, limit=20) if query else []
    return page(
        request, "backoffice/search.html", {"query": query, "steps": steps[:20], "rows": rows}
    )


def case_context(request: HttpRequest, case: Case) -> dict[str, object]:
    """What the case's panel shows, on its own page and beside a queue."""
    one = case.order
    seen = may_see(request, case.case_no)
    hidden = veil([part.one for part in case.of("order")], lifted=seen)
    phone = one.receiver_phone.removeprefix("+86")
    receiver = (
        (one.receiver_name, phone, one.address)
        if seen
        else (
            words.masked_name(one.receiver_name),
            words.masked_phone(one.receiver_phone),
            f"{one.province}{one.city}{one.district} ****",
        )
    )
    return {
        "case": case,
        "order": one,
        "state_label": words.state_label("order", one.state),
        "demo": is_demo(case.case_no),
        "chip": words.chip("order", one.state),
        "receiver": receiver,
        "revealed": seen,
        "money": [
            (_("商品"), Money(one.goods_fen, one.currency)),
            (_("运费"), Money(one.freight_fen, one.currency)),
            (_("优惠"), Money(-one.discount_fen, one.currency)),
            (_("应付"), one.total),
            (_("已退"), Money(one.refunded_fen, one.currency)),
        ],
        "lines": [
            (line, Money(line.price_fen, one.currency), Money(line.amount_fen, one.currency))
            for line in case.lines
        ],
        "claims": [
            (
                claim,
                words.state_label("reservation", claim.state),
                words.chip("reservation", claim.state),
            )
            for claim in case.claims
        ],
        "history": timeline.history(case, hidden),
        "calls": timeline.calls(case, hidden),
    }


def _path(case: Case) -> dict[str, object]:
    """The stage where it stands, drawn with the way it came."""
    path = case.trace.path
    code = pictures.stage_of(path)
    return {
        "map_css": css(),
        "stage_code": code,
        "stage_svg": pictures.draw(
            code, None, path=path, link=f"{reverse('staff_map', args=(code,))}?node={{key}}"
        )
        if code
        else "",
        "stages": [
            (stage, stage.code in pictures.stages_of(path), stage.code == code)
            for stage in flow().stages
        ],
    }


def _address(values: dict[str, str]) -> str:
    kept = {name: value for name, value in values.items() if value}
    return f"{reverse('staff_orders')}?{urlencode(kept)}" if kept else reverse("staff_orders")
