"""Goods and where they lie: counters by warehouse, and the ledger behind each row."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shangliu.domain.fulfilment import queries as fulfilment
from shangliu.domain.inventory import queries as inventory
from shangliu.process.roles import Role
from shangliu.web.backoffice import words
from shangliu.web.backoffice.access import page, person, staff
from shangliu.web.backoffice.acting import typed
from shangliu.web.backoffice.stock_acts import acts_for

PAGE = 50


@staff(Role.OPERATIONS, Role.WAREHOUSE)
@never_cache
@require_GET
def stock(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()
    house = request.GET.get("warehouse", "")
    low = request.GET.get("low") == "1"
    after = request.GET.get("after", "")
    rows = inventory.stock_list(
        query=query,
        warehouse=house,
        low=low,
        after=int(after) if after.isdigit() else 0,
        limit=PAGE + 1,
    )
    keep = {"q": query, "warehouse": house, "low": "1" if low else ""}
    more = rows[PAGE - 1].pk if len(rows) > PAGE else None
    context: dict[str, object] = {
        "rows": rows[:PAGE],
        "query": query,
        "warehouse": house,
        "low": low,
        "warehouses": [(one.code, one.name) for one in fulfilment.warehouses()],
        "next": _address({**keep, "after": str(more)}) if more else None,
        "first": _address(keep) if after else None,
    }
    return page(request, "backoffice/stock.html", context)


@staff(Role.OPERATIONS, Role.WAREHOUSE)
@never_cache
@require_GET
def ledger(request: HttpRequest, pk: int) -> HttpResponse:
    """Every number of a row and how it came about; `?do=` opens the form of one act."""
    before = request.GET.get("before", "")
    lines = inventory.ledger(pk, before=int(before) if before.isdigit() else None, limit=PAGE + 1)
    row = inventory.stock_row(pk)
    acts = acts_for(person(request).acts_as)
    chosen = request.GET.get("do", "")
    context: dict[str, object] = {
        "row": row,
        "counters": counter_labels(),
        "columns": [{"label": label, "align": "end"} for _name, label in counter_labels()],
        "acts": [(code, act.label) for code, act in acts.items()],
        "act": acts.get(chosen),
        "code": chosen,
        "form": typed(request),
        "houses": [
            (one.code, one.name)
            for one in fulfilment.warehouses()
            if one.code != row.warehouse_code
        ],
        "coming": inventory.inbound(stock_id=pk, limit=5),
        "lines": [
            {
                "line": line,
                "at": words.exact(line.at),
                "label": _kind(line.kind),
                "changes": [(label, getattr(line, name)) for name, label in counter_labels()],
            }
            for line in lines[:PAGE]
        ],
        "next": f"?before={lines[PAGE - 1].pk}" if len(lines) > PAGE else None,
    }
    return page(request, "backoffice/ledger.html", context)


def counter_labels() -> list[tuple[str, str]]:
    return [
        ("on_hand", _("在库")),
        ("held", _("预占")),
        ("committed", _("已售待发")),
        ("damaged", _("残次")),
        ("in_transit", _("在途")),
        ("safety", _("安全库存")),
    ]


def _kind(code: str) -> str:
    return {
        "receive": _("入库"),
        "hold": _("预占"),
        "release": _("释放"),
        "commit": _("售出"),
        "uncommit": _("取消售出"),
        "ship": _("发出"),
        "restock": _("退货入库"),
        "scrap": _("报残"),
        "adjust": _("盘点"),
        "send": _("调出"),
        "announce": _("在途登记"),
        "arrive": _("到货"),
        "arrive_damaged": _("到货残次"),
        "lose": _("途中短少"),
        "write_off": _("报损"),
        "discard": _("残次处置"),
        "safety": _("安全库存"),
    }.get(code, code)


def _address(values: dict[str, str]) -> str:
    kept = {name: value for name, value in values.items() if value}
    return f"{reverse('staff_stock')}?{urlencode(kept)}" if kept else reverse("staff_stock")
