"""The money ledger: what every account holds, and how it came to that."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Mapping

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from shangliu.domain.ledger import queries, services
from shangliu.domain.ledger.accounts import CHART, Side, account
from shangliu.domain.orders import queries as orders
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.process.roles import Role
from shangliu.web.backoffice import words
from shangliu.web.backoffice.access import actor, page, staff
from shangliu.web.backoffice.acting import again
from shangliu.web.backoffice.veil import cell
from shangliu.web.paynames import name_of

PAGE = 50
_OF_BUYERS = ("credit", "points")
ADJUSTABLE = ("bank", "fees", "adjustment", "marketing", "merchant")


@staff(Role.FINANCE)
@never_cache
@require_GET
def balances(request: HttpRequest) -> HttpResponse:
    """The trial balance; the accounts of single buyers are shown together."""
    rows: dict[str, dict[str, object]] = {}
    debit = credit = 0
    for one in queries.balances():
        key = one.account.code if one.account.code in _OF_BUYERS else one.code
        row = rows.setdefault(
            key, {"code": key, "label": _label(key), "one": one.account, "fen": 0, "postings": 0}
        )
        row["fen"] = int(str(row["fen"])) + one.fen
        row["postings"] = int(str(row["postings"])) + one.postings
    for row in rows.values():
        fen = int(str(row["fen"]))
        is_debit = (account(str(row["code"])).side is Side.DEBIT) == (fen >= 0)
        shown = abs(fen)
        row["debit"], row["credit"] = (Money(shown), None) if is_debit else (None, Money(shown))
        debit, credit = debit + shown * is_debit, credit + shown * (not is_debit)
    context: dict[str, object] = {
        "rows": list(rows.values()),
        "debit": Money(debit),
        "credit": Money(credit),
        "balanced": queries.total() == 0 and not queries.unbalanced_wallets(),
        "adjustable": [(code, str(CHART[code].label)) for code in ADJUSTABLE],
        "of_buyers": _OF_BUYERS,
    }
    return page(request, "backoffice/books.html", context)


@staff(Role.FINANCE)
@never_cache
@require_GET
def journal(request: HttpRequest, code: str) -> HttpResponse:
    """An account's entries, the latest first; `?before=` goes on."""
    if code.partition(":")[0] not in CHART:
        raise NotFound
    typed = request.GET.get("before", "")
    before = int(typed) if typed.isascii() and typed.isdigit() else None
    entries = queries.entries_of_account(code, before=before, limit=PAGE + 1)
    numbers = orders.order_numbers({one.case_no for one in entries if one.case_no})
    context: dict[str, object] = {
        "code": code,
        "label": _label(code),
        "balance": Money(queries.balance(code)),
        "meaning": str(account(code).meaning),
        "rows": [
            {
                "at": words.moment(one.at),
                "kind": _kinds().get(one.kind, one.kind),
                "document": one.document,
                "number": numbers.get(one.case_no, ""),
                "actor": one.actor,
                "why": one.why,
                "fen": sum(p.amount_fen for p in one.postings.all() if p.account == code),
                "against": words.together(
                    _label(p.account) for p in one.postings.all() if p.account != code
                ),
            }
            for one in entries[:PAGE]
        ],
        "next": entries[PAGE - 1].pk if len(entries) > PAGE else None,
        "money": Money,
    }
    if request.GET.get("as") == "csv":
        return _csv(code)
    return page(request, "backoffice/journal.html", context)


@staff(Role.FINANCE)
@require_POST
def adjust(request: HttpRequest) -> HttpResponse:
    """An entry by hand between two accounts, with its reason. Nothing is ever edited."""
    try:
        _adjust(request.POST, actor(request))
    except Refused as refused:
        return again(request, refused.reasons)
    messages.success(request, _("已记账"))
    return redirect("staff_books")


@transaction.atomic
def _adjust(said: Mapping[str, str], who: str) -> None:
    debit, credit = said.get("debit", ""), said.get("credit", "")
    why = said.get("why", "").strip()
    if debit not in ADJUSTABLE or credit not in ADJUSTABLE or debit == credit:
        raise Refused(Text("请选择两个不同的科目", "Choose two different accounts"))
    if not why:
        raise Refused(Text("请写明调整的原因", "Say why"))
    fen = _amount(said.get("amount", "")).fen
    services.post(
        services.Kind.ADJUSTED,
        {debit: fen, credit: -fen},
        document=f"M{secrets.token_hex(6)}",
        actor=who,
        why=why,
    )


def _amount(typed: str) -> Money:
    try:
        amount = Money.parse(typed)
    except ValueError:
        amount = Money(0)
    if not 0 < amount.fen <= 10**12:
        raise Refused(Text("请填写金额，例如 12.50", "Enter an amount such as 12.50"))
    return amount


def _csv(code: str) -> HttpResponse:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["at", "kind", "document", "case", "actor", "why", "amount"])
    before: int | None = None
    while entries := queries.entries_of_account(code, before=before, limit=1000):
        for one in entries:
            fen = sum(p.amount_fen for p in one.postings.all() if p.account == code)
            writer.writerow(
                [
                    *(one.at.isoformat(), one.kind, cell(one.document), one.case_no),
                    *(cell(one.actor), cell(one.why), Money(fen).yuan),
                ]
            )
        before = entries[-1].pk
    name = code.replace(":", "-")
    return HttpResponse(
        out.getvalue().encode("utf-8-sig"),
        content_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _label(code: str) -> str:
    head, _colon, whose = code.partition(":")
    label = str(CHART[head].label)
    if not whose:
        return label
    return f"{label} · {whose if head in _OF_BUYERS else name_of(whose)}"


def _kinds() -> dict[str, str]:
    return {
        "collected": _("收款"),
        "refunded": _("退款"),
        "accrued": _("订单完成"),
        "paid_out": _("打款给商家"),
        "granted": _("发放"),
        "earned": _("购物返积分"),
        "fee": _("手续费"),
        "cleared": _("到账"),
        "adjusted": _("调整"),
    }
