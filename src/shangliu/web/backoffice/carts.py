"""Carts that were left alone: what they would have come to, whose they are, what can be done."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shangliu.domain.cart import left as carts
from shangliu.domain.cart.left import LeftCart, LeftWeek
from shangliu.flow.funnel import FUNNEL
from shangliu.flow.policies import Policies
from shangliu.insight.funnel.by import By
from shangliu.insight.funnel.sessions import Session, of_visits
from shangliu.insight.window import Period
from shangliu.platform import clock
from shangliu.platform.money import Money
from shangliu.process.roles import Role
from shangliu.web.backoffice import funneling, words
from shangliu.web.backoffice.access import page, person, staff
from shangliu.web.backoffice.funneling import Asked, Values

PAGE = 50
MOST_IN_FILE = 10_000
WEEKS = 8
MAY_TAKE = (Role.OPERATIONS, Role.SERVICE)
_HIGH = 120
_STEP = 84


@staff()
@never_cache
@require_GET
def left(request: HttpRequest) -> HttpResponse:
    """Those of the period, the latest first; `?after=` goes on."""
    asked = _asked(request)
    span = asked.span
    found = carts.left_carts(
        span.since, span.until, limit=PAGE + 1, after=_after(request.GET.get("after", ""))
    )
    shown = found[:PAGE]
    count, value = carts.left_sum(span.since, span.until)
    before, value_before = carts.left_sum(span.before.since, span.before.until)
    context: dict[str, object] = {
        "asked": asked,
        "periods": tuple(Period),
        "rows": _rows(shown),
        "next": _next(asked, shown[-1]) if len(found) > PAGE else None,
        "count": count,
        "value": value,
        "before": before,
        "value_before": value_before,
        "after_hours": words.policy_value(Policies.ABANDONED),
        "weeks": _weeks(),
        "may_take": bool(person(request).acts_as & {*MAY_TAKE, Role.ADMIN}),
    }
    return page(request, "backoffice/carts.html", context)


@staff(*MAY_TAKE)
@never_cache
@require_GET
def take_away(request: HttpRequest) -> HttpResponse:
    """The period's carts as a file; of persons only what the page shows."""
    span = _asked(request).span
    found = carts.left_carts(span.since, span.until, limit=MOST_IN_FILE)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        [
            _("购物车"),
            _("放弃时间"),
            _("金额"),
            _("件数"),
            _("商品"),
            _("买家"),
            _("来源"),
            _("设备"),
            _("走到"),
            _("库存"),
        ]
    )
    for row in _rows(found):
        names = ("case_no", "left_at", "plain", "pieces", "goods", "buyer", "source", "device")
        writer.writerow([_safe(str(row[name])) for name in (*names, "step", "stock")])
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"carts-{clock.local(clock.now()):%Y%m%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _safe(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula is kept as text."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _asked(request: HttpRequest) -> Asked:
    said = request.GET.dict()
    said.setdefault("period", Period.MONTH.value)
    return Asked.of(said)


def _after(said: str) -> tuple[datetime, int] | None:
    stamp, _comma, pk = said.partition(",")
    try:
        return datetime.fromisoformat(stamp), int(pk)
    except ValueError:
        return None


def _next(asked: Asked, last: LeftCart) -> str:
    return "?" + asked.query(by=None, after=f"{last.left_at.isoformat()},{last.pk}")


def _rows(found: Sequence[LeftCart]) -> list[dict[str, object]]:
    values = Values()
    visits = of_visits(FUNNEL, [one.visit for one in found if one.visit])
    return [_row(one, visits.get(one.visit), values) for one in found]


def _row(one: LeftCart, visit: Session | None, values: Values) -> dict[str, object]:
    return {
        "case_no": one.case_no,
        "visit": one.visit if visit else "",
        "left_at": words.moment(one.left_at),
        "age": words.age(one.left_at),
        "value": one.value,
        "plain": one.value.yuan,
        "pieces": one.pieces,
        "goods": one.goods,
        "user_id": one.user_id,
        "buyer": _buyer(one),
        "source": values.label(By.SOURCE, visit.source) if visit else _("未记录"),
        "device": values.label(By.DEVICE, visit.device) if visit else _("未记录"),
        "step": words.step_label(FUNNEL.steps[visit.reached]) if visit else "",
        "stock": _stock(one),
        "held": one.held,
    }


def _buyer(one: LeftCart) -> str:
    if one.user_id is None:
        return _("访客")
    return f"{words.masked_name(one.name)} {words.masked_phone(one.phone)}".strip()


def _stock(one: LeftCart) -> str:
    if one.held:
        return _("仍占用 {n} 件").format(n=one.held)
    return _("已释放") if one.had_hold else _("没有占用")


def _weeks() -> dict[str, object]:
    """The last weeks as columns, each week there even when nothing was left in it."""
    today = clock.local(clock.now()).date()
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    mondays = [first + timedelta(weeks=n) for n in range(WEEKS)]
    counted = carts.left_by_week(
        funneling.midnight(first), clock.now(), zone=str(clock.SHOP_ZONE.key)
    )
    by_monday = {one.monday: one for one in counted}
    weeks = [by_monday.get(monday, LeftWeek(monday, 0, Money(0))) for monday in mondays]
    most = max((one.value.fen for one in weeks), default=0) or 1
    return {
        "width": WEEKS * _STEP,
        "height": _HIGH + 44,
        "bars": [
            {
                "x": number * _STEP + 14,
                "y": 20 + _HIGH - round(_HIGH * one.value.fen / most),
                "height": round(_HIGH * one.value.fen / most),
                "middle": number * _STEP + _STEP // 2,
                "label": f"{one.monday:%m-%d}",
                "value": one.value,
                "is_now": number == WEEKS - 1,
            }
            for number, one in enumerate(weeks)
        ],
        "rows": [(f"{one.monday:%m-%d}", one.carts, str(one.value)) for one in weeks],
    }
