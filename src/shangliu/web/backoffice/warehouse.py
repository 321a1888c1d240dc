"""The warehouse's pages: tasks by state, one task on a phone in one hand, waves, labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from shangliu.domain.fulfilment import queries as fulfilment
from shangliu.domain.fulfilment.states import TaskState
from shangliu.domain.logistics import queries as logistics
from shangliu.flow import steps
from shangliu.flow.fulfilment.effects import Scans, Wave
from shangliu.flow.parcel.collection import collection
from shangliu.insight.figures import allowed
from shangliu.insight.waiting import waiting
from shangliu.platform import clock
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.text import Text
from shangliu.process.roles import Role
from shangliu.web import documents
from shangliu.web.backoffice import offered, words
from shangliu.web.backoffice.access import actor, page, person, staff
from shangliu.web.backoffice.acting import again, typed
from shangliu.web.backoffice.case import carrier_label

MOST = 200
_STATES = (
    TaskState.CREATED,
    TaskState.IN_WAVE,
    TaskState.PICKING,
    TaskState.PICKED,
    TaskState.PACKED,
    TaskState.WEIGHED,
)
_BULK: Mapping[str, str] = {
    TaskState.PICKED: "fulfilment.pack",
    TaskState.WEIGHED: "fulfilment.hand_over",
}


@staff(Role.WAREHOUSE)
@never_cache
@require_GET
def tasks(request: HttpRequest) -> HttpResponse:
    """Tasks of one state, the oldest first, by wave or by carrier where that is how one works."""
    asked = request.GET.get("state", "")
    counts = waiting()
    now = {state: counts.get(("fulfilment", str(state))) for state in _STATES}
    state = next((one for one in _STATES if one == asked), None) or next(
        (one for one in _STATES if now[one]), TaskState.CREATED
    )
    found = fulfilment.tasks_in(state, limit=MOST)
    context: dict[str, object] = {
        "state": state,
        "tabs": [
            {
                "label": words.state_label("fulfilment", str(one)),
                "href": f"{reverse('staff_warehouse')}?state={one}",
                "current": one == state,
                "count": counted.count if (counted := now[one]) else 0,
            }
            for one in _STATES
        ],
        "groups": _groups(state, found),
        "count": len(found),
        "bulk": _BULK.get(state, ""),
        "bulk_label": words.step_label(_BULK[state]) if state in _BULK else "",
        "wave_name": next_wave() if state == TaskState.CREATED else "",
    }
    return page(request, "backoffice/warehouse.html", context)


def _groups(state: TaskState, found: list[Any]) -> list[dict[str, object]]:
    """By wave while picking, by carrier at the hand-over."""
    groups: dict[str, list[dict[str, object]]] = {}
    for task in found:
        if state in (TaskState.IN_WAVE, TaskState.PICKING):
            name = task.wave
        elif state == TaskState.WEIGHED and task.parcel is not None:
            name = carrier_label(task.parcel.carrier)
        else:
            name = ""
        groups.setdefault(name, []).append(_row(task))
    return [{"name": name, "rows": rows} for name, rows in groups.items()]


def _row(task: Any) -> dict[str, object]:
    within = allowed("fulfilment", task.state)
    return {
        "task": task,
        "href": reverse("staff_task", args=(task.number,)),
        "pieces": sum(line.quantity for line in task.lines.all()),
        "goods": words.together(
            f"{line.order_line.name} × {line.quantity}" for line in task.lines.all()
        ),
        "waybill": task.parcel.waybill_no if task.parcel is not None else "",
        "parcel_chip": words.chip("parcel", task.parcel.state) if task.parcel else "",
        "parcel_state": words.state_label("parcel", task.parcel.state) if task.parcel else "",
        "age": words.age(task.entered_at),
        "late": within is not None and clock.now() - task.entered_at > within,
    }


def next_wave() -> str:
    """`W1123-2`: the day and a running number."""
    prefix = f"W{clock.local(clock.now()):%m%d}-"
    last = fulfilment.last_wave(prefix).removeprefix(prefix)
    return f"{prefix}{int(last) + 1 if last.isdigit() else 1:02d}"


@staff(Role.WAREHOUSE)
@require_POST
def wave(request: HttpRequest) -> HttpResponse:
    """Put the ticked tasks into a new wave: all of them or none."""
    chosen = [int(pk) for pk in request.POST.getlist("pk") if pk.isdigit()]
    if not chosen:
        return again(
            request, [Text("请先勾选要编入波次的任务", "Tick the tasks for the wave first")]
        )
    name = next_wave()
    try:
        with transaction.atomic():
            for task in fulfilment.tasks_by_ids(chosen):
                steps.take(
                    "fulfilment.wave",
                    task,
                    actor=actor(request),
                    roles=person(request).acts_as,
                    data=Wave(wave=name),
                )
    except Refused as refused:
        return again(request, refused.reasons)
    messages.success(request, _("已生成波次 {name}，共 {n} 单").format(name=name, n=len(chosen)))
    return redirect(f"{reverse('staff_warehouse')}?state={TaskState.IN_WAVE}")


@staff(Role.WAREHOUSE)
@never_cache
@require_GET
def task(request: HttpRequest, number: str) -> HttpResponse:
    """One task, at hand: what to do now, large."""
    one = fulfilment.task_by_number(number)
    found = offered.buttons(
        "fulfilment",
        one,
        actor=actor(request),
        roles=person(request).acts_as,
        typed=typed(request),
    )
    tally = _tally(request, number)
    lines = _lines(one, tally)
    context: dict[str, object] = {
        "task": one,
        "state_label": words.state_label("fulfilment", one.state),
        "chip": words.chip("fulfilment", one.state),
        "picking": one.state == TaskState.PICKING,
        "lines": lines,
        "done": sum(line["scanned"] for line in lines) if one.state == TaskState.PICKING else 0,
        "total": sum(line["wanted"] for line in lines) if one.state == TaskState.PICKING else 0,
        "back": f"{reverse('staff_warehouse')}?state={one.state}",
        "scan_action": reverse("staff_task_scan", args=(number,)),
        "scan_label": _("扫描商品条码"),
        "buttons": [button for button in found if button.name != "fulfilment.pick"],
        "receiver": (
            words.masked_name(one.order.receiver_name),
            words.masked_phone(one.order.receiver_phone),
            one.order.city,
        ),
        "carrier": carrier_label(one.parcel.carrier) if one.parcel is not None else "",
        "next_number": _next_in_wave(one),
    }
    return page(request, "backoffice/task.html", context)


@staff(Role.WAREHOUSE)
@require_POST
def scan(request: HttpRequest, number: str) -> HttpResponse:
    """One scanned code. A wrong one is refused (409) and counts nothing; the last one finishes."""
    one = fulfilment.task_by_number(number)
    code = request.POST.get("code", "").strip()
    key = request.POST.get("idempotency_key", "")
    tally = _tally(request, number)
    if one.state != TaskState.PICKING:
        return _answer(request, one, tally, bad=_("这个任务不在拣货中，请返回列表"))
    heard = request.session.get("scans_heard", [])
    if key and key in heard:
        return _answer(request, one, tally, good=_("这一件已经记过"))
    refusal = _refusal(one, tally, code)
    if refusal:
        return _answer(request, one, tally, bad=refusal)
    sku = next(line.order_line.sku for line in one.lines.all() if _same(line.order_line.sku, code))
    tally[sku] = tally.get(sku, 0) + 1
    request.session["scans"] = {**request.session.get("scans", {}), number: tally}
    request.session["scans_heard"] = [*heard, key][-100:]
    if all(tally.get(line.order_line.sku, 0) == line.quantity for line in one.lines.all()):
        return _finish(request, one, tally)
    return _answer(request, one, tally, good=_("已记一件 {sku}").format(sku=sku))


def _finish(request: HttpRequest, one: Any, tally: dict[str, int]) -> HttpResponse:
    try:
        steps.take(
            "fulfilment.pick",
            one,
            actor=actor(request),
            roles=person(request).acts_as,
            data=Scans(counts=tally),
        )
    except Refused as refused:
        return _answer(request, one, tally, bad=str(refused.reasons[0]))
    scans = dict(request.session.get("scans", {}))
    scans.pop(one.number, None)
    request.session["scans"] = scans
    then = _next_in_wave(one)
    target = reverse("staff_task", args=(then or one.number,))
    return _answer(request, one, tally, good=_("拣齐了"), then=target)


def _refusal(one: Any, tally: Mapping[str, int], code: str) -> str:
    for line in one.lines.all():
        if _same(line.order_line.sku, code):
            if tally.get(line.order_line.sku, 0) < line.quantity:
                return ""
            return _("{sku} 已拣够 {n} 件，多的请放回").format(
                sku=line.order_line.sku, n=line.quantity
            )
    return _("{code} 不属于这个任务，请放回").format(code=code or _("空条码"))


def _same(sku: str, code: str) -> bool:
    return sku.casefold() == code.casefold()


def _answer(
    request: HttpRequest,
    one: Any,
    tally: Mapping[str, int],
    *,
    good: str = "",
    bad: str = "",
    then: str = "",
) -> HttpResponse:
    context: dict[str, object] = {
        "good": not bad,
        "text": bad or good,
        "then": then,
        "lines": _lines(one, tally),
    }
    return page(request, "backoffice/_scan.html", context, status=409 if bad else 200)


def _tally(request: HttpRequest, number: str) -> dict[str, int]:
    """What was scanned for this task in this sitting."""
    return dict(request.session.get("scans", {}).get(number, {}))


def _lines(one: Any, tally: Mapping[str, int]) -> list[dict[str, Any]]:
    picked = one.state != TaskState.PICKING
    return [
        {
            "sku": line.order_line.sku,
            "name": line.order_line.name,
            "options": line.order_line.options,
            "wanted": line.quantity,
            "scanned": line.picked if picked else tally.get(line.order_line.sku, 0),
        }
        for line in one.lines.all()
    ]


def _next_in_wave(one: Any) -> str:
    """The next task of the wave that is still to be picked."""
    if not one.wave:
        return ""
    left = (TaskState.PICKING, TaskState.IN_WAVE)
    return next(
        (
            task.number
            for state in left
            for task in fulfilment.tasks_of_wave(one.wave)
            if task.pk != one.pk and task.state == state
        ),
        "",
    )


@staff(Role.WAREHOUSE)
@require_GET
def label(request: HttpRequest, reference: str) -> HttpResponse:
    """One label, 100 × 150 mm."""
    return _labels([logistics.parcel_by_reference(reference)], reference)


@staff(Role.WAREHOUSE)
@require_GET
def labels(request: HttpRequest) -> HttpResponse:
    """The labels of the chosen parcels, one a page."""
    chosen = [int(pk) for pk in request.GET.getlist("parcel") if pk.isdigit()]
    return _labels(logistics.parcels_by_ids(chosen), "labels")


def _labels(parcels: list[Any], name: str) -> HttpResponse:
    ready = [parcel for parcel in parcels if logistics.can_be_labelled(parcel)]
    if not ready:
        raise NotFound
    pdf = documents.labels([_label(parcel) for parcel in ready])
    return _pdf(pdf, name)


def _label(parcel: Any) -> documents.Label:
    to, sender = parcel.receiver, parcel.sender
    return documents.Label(
        carrier=carrier_label(parcel.carrier),
        waybill_no=parcel.waybill_no,
        sort_code=parcel.sort_code,
        reference=parcel.reference,
        order_number=parcel.order_number,
        to_name=to.get("name", ""),
        to_phone=words.masked_phone(to.get("phone", "")),
        to_region=f"{to.get('province', '')}{to.get('city', '')}{to.get('district', '')}",
        to_street=to.get("street", ""),
        from_name=sender.get("name", ""),
        from_phone=words.masked_phone(sender.get("phone", "")),
        from_address="".join(
            sender.get(part, "") for part in ("province", "city", "district", "street")
        ),
        goods=parcel.goods,
        weight_g=parcel.weight_g,
        printed=words.moment(clock.now()),
        collection=str(collection(parcel) or ""),
    )


@staff(Role.WAREHOUSE)
@require_GET
def picking_list(request: HttpRequest, wave: str) -> HttpResponse:
    """What to fetch for a wave, by warehouse and place, as a PDF on A4."""
    found = fulfilment.tasks_of_wave(wave)
    if not found:
        raise NotFound
    pdf = documents.picking_list(
        wave, fulfilment.pick_rows(found), tasks=len(found), printed=words.moment(clock.now())
    )
    return _pdf(pdf, wave)


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response
