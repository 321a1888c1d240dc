"""Reconciliation: the gateways' statements day by day, and cash that carriers still hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from shangliu.domain.orders import queries as orders
from shangliu.domain.payments.provider import ProviderError
from shangliu.domain.reconciliation import queries
from shangliu.domain.reconciliation.matching import Kind
from shangliu.flow.reconciliation import services
from shangliu.platform import clock
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.money import Money
from shangliu.process.roles import Role
from shangliu.web.backoffice import words
from shangliu.web.backoffice.access import actor, page, person, staff
from shangliu.web.backoffice.acting import again
from shangliu.web.backoffice.offered import buttons
from shangliu.web.backoffice.veil import cell
from shangliu.web.paynames import name_of

DAYS = 14


@staff(Role.FINANCE)
@never_cache
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """The last two weeks, a row a statement, and what carriers have not remitted."""
    today = clock.local(clock.now()).date()
    found = {(one.provider, one.day): one for one in queries.bills(today - timedelta(days=DAYS))}
    days = [today - timedelta(days=back) for back in range(1, DAYS + 1)]
    codes = services.gateways()
    context: dict[str, object] = {
        "codes": [(code, name_of(code)) for code in codes],
        "columns": [{"label": _("日期")}, *({"label": name_of(code)} for code in codes)],
        "days": [(day, [(code, found.get((code, day))) for code in codes]) for day in days],
        "open": sum(one.open_differences for one in found.values()),  # type: ignore[attr-defined]
        "uncleared": Money(sum(one.net.fen for one in found.values() if one.cleared_at is None)),
        "fees": Money(sum(one.fee_fen for one in found.values())),
        "outstanding": [
            (one, orders.order_numbers([one.case_no]).get(one.case_no, one.case_no))
            for one in services.outstanding()
        ],
        "yesterday": days[0],
    }
    return page(request, "backoffice/reconciliation.html", context)


@staff(Role.FINANCE)
@never_cache
@require_GET
def report(request: HttpRequest, code: str, day: str) -> HttpResponse:
    bill = queries.bill(code, _day(day))
    found = queries.differences_of(bill)
    numbers = orders.order_numbers({one.case_no for one in found})
    acts = person(request).acts_as
    context: dict[str, object] = {
        "bill": bill,
        "name": name_of(code),
        "paid": Money(bill.paid_fen, bill.currency),
        "refunded": Money(bill.refunded_fen, bill.currency),
        "fee": Money(bill.fee_fen, bill.currency),
        "rows": bill.rows.count(),
        "fetched": words.moment(bill.fetched_at),
        "checked": words.moment(bill.checked_at),
        "cleared": words.moment(bill.cleared_at),
        "differences": [
            {
                "one": one,
                "kind": Kind(one.kind),
                "number": numbers.get(one.case_no, ""),
                "ours": _fen(one.ours_fen),
                "theirs": _fen(one.theirs_fen),
                "chip": words.chip("difference", one.state),
                "state": words.state_label("difference", one.state),
                "buttons": buttons("difference", one, actor=actor(request), roles=acts),
            }
            for one in found
        ],
    }
    return page(request, "backoffice/bill.html", context)


@staff(Role.FINANCE)
@require_POST
def run(request: HttpRequest) -> HttpResponse:
    """Fetch and match a day, now."""
    code, typed = request.POST.get("provider", ""), request.POST.get("day", "")
    if code not in services.gateways():
        raise NotFound
    try:
        bill = services.reconcile(code, _day(typed), actor=actor(request))
    except ProviderError as failed:
        messages.error(request, _("账单还不能下载：{why}").format(why=failed))
        return redirect("staff_reconciliation")
    messages.success(request, _("已对账：{n} 行一致").format(n=bill.matched))
    return redirect("staff_bill", code, typed)


@staff(Role.FINANCE)
@require_POST
def clear(request: HttpRequest, code: str, day: str) -> HttpResponse:
    bill = queries.bill(code, _day(day))
    try:
        services.clear(bill, voucher=request.POST.get("voucher", ""), actor=actor(request))
    except Refused as refused:
        return again(request, refused.reasons)
    messages.success(request, _("已登记到账"))
    return redirect("staff_bill", code, day)


@staff(Role.FINANCE)
@require_POST
def remit(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.getlist("number")
    try:
        count = services.remit(
            chosen, voucher=request.POST.get("voucher", ""), actor=actor(request)
        )
    except Refused as refused:
        return again(request, refused.reasons)
    messages.success(request, _("已登记 {n} 笔回款").format(n=count))
    return redirect("staff_reconciliation")


@staff(Role.FINANCE)
@require_GET
def take_away(request: HttpRequest, code: str, day: str, what: str) -> HttpResponse:
    """The statement as it came, its rows, or its differences, as a file."""
    bill = queries.bill(code, _day(day))
    if what == "raw":
        name = bill.file_name or f"{code}-{day}"
        return _file(bytes(bill.raw), name, "application/octet-stream")
    tables: dict[str, Callable[[], Iterable[Sequence[str]]]] = {
        "rows": lambda: [
            ["kind", "payment", "refund", "gateway_id", "amount", "fee", "at"],
            *(
                [
                    one.kind,
                    one.number,
                    one.refund_number,
                    one.provider_id,
                    Money(one.amount_fen).yuan,
                    Money(one.fee_fen).yuan,
                    one.at.isoformat(),
                ]
                for one in queries.rows_of(bill)
            ),
        ],
        "differences": lambda: [
            ["number", "kind", "payment", "refund", "ours", "theirs", "state", "cause", "note"],
            *(
                [
                    one.number,
                    str(Kind(one.kind).label),
                    one.payment_number,
                    one.refund_number,
                    _fen(one.ours_fen),
                    _fen(one.theirs_fen),
                    words.state_label("difference", one.state),
                    str(Kind(one.kind).cause),
                    one.note,
                ]
                for one in queries.differences_of(bill)
            ),
        ],
    }
    if what not in tables:
        raise NotFound
    out = io.StringIO()
    csv.writer(out).writerows([cell(one) for one in row] for row in tables[what]())
    return _file(out.getvalue().encode("utf-8-sig"), f"{code}-{day}-{what}.csv", "text/csv")


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    safe = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)
    return HttpResponse(
        content,
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{safe}"'},
    )


def _fen(fen: int | None) -> str:
    return "" if fen is None else Money(fen).yuan


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise NotFound from None
