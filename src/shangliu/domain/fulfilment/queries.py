"""Questions of the warehouse, each a fixed number of statements."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Max, Min, Prefetch, QuerySet, Sum

from shangliu.domain.fulfilment.models import FulfilmentTask, TaskLine
from shangliu.domain.fulfilment.states import TaskState
from shangliu.domain.inventory.models import Warehouse
from shangliu.platform.errors import NotFound
from shangliu.platform.summary import Summary

PAGE = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class PickRow:
    """What a wave wants of one SKU in one warehouse."""

    warehouse: str
    sku: str
    name: str
    options: str
    quantity: int
    tasks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class WaveRow:
    name: str
    tasks: int
    pieces: int
    picked: int


def task_by_number(number: str) -> FulfilmentTask:
    found = _whole().filter(number=number).first()
    if found is None:
        raise NotFound
    return found


def tasks_of_case(case_no: str) -> list[FulfilmentTask]:
    return list(_whole().filter(case_no=case_no).order_by("pk"))


def tasks_in(
    *states: TaskState, warehouse: int | None = None, limit: int = PAGE
) -> list[FulfilmentTask]:
    """The oldest first."""
    found = _whole().filter(state__in=states)
    if warehouse is not None:
        found = found.filter(warehouse_id=warehouse)
    return list(found.order_by("entered_at", "pk")[:limit])


def tasks_by_ids(pks: Collection[int]) -> list[FulfilmentTask]:
    return list(_whole().filter(pk__in=pks).order_by("pk"))


def tasks_of_wave(wave: str) -> list[FulfilmentTask]:
    return list(_whole().filter(wave=wave).exclude(state=TaskState.CANCELLED).order_by("pk"))


def open_waves() -> list[WaveRow]:
    """Waves with something left to pick, the oldest first."""
    rows = (
        FulfilmentTask.objects.filter(state__in=(TaskState.IN_WAVE, TaskState.PICKING))
        .exclude(wave="")
        .values("wave")
        .annotate(
            tasks=Count("pk", distinct=True),
            pieces=Sum("lines__quantity"),
            picked=Sum("lines__picked"),
            since=Min("entered_at"),
        )
        .order_by("since")
    )
    return [
        WaveRow(name=r["wave"], tasks=r["tasks"], pieces=r["pieces"] or 0, picked=r["picked"] or 0)
        for r in rows
    ]


def last_wave(prefix: str) -> str:
    """The last name given with this prefix, empty if none was."""
    found = FulfilmentTask.objects.filter(wave__startswith=prefix).aggregate(last=Max("wave"))
    return found["last"] or ""


def pick_rows(tasks: Collection[FulfilmentTask]) -> list[PickRow]:
    """The pieces that these tasks want, summed by warehouse and SKU, in walking order."""
    wanted: dict[tuple[str, str], PickRow] = {}
    for task in tasks:
        for line in task.lines.all():
            key = task.warehouse.name, line.order_line.sku
            known = wanted.get(key)
            wanted[key] = PickRow(
                warehouse=task.warehouse.name,
                sku=line.order_line.sku,
                name=line.order_line.name,
                options=line.order_line.options,
                quantity=line.quantity + (known.quantity if known else 0),
                tasks=(*(known.tasks if known else ()), task.number),
            )
    return [wanted[key] for key in sorted(wanted)]


def warehouses() -> list[Warehouse]:
    return list(Warehouse.objects.filter(active=True))


def summaries(pks: Collection[int]) -> dict[int, Summary]:
    return {
        task.pk: Summary(
            number=task.number,
            order=task.order.number,
            text=task.note or f"{task.warehouse.name} {task.wave}".strip(),
            by=task.claimed_by,
        )
        for task in FulfilmentTask.objects.filter(pk__in=pks).select_related("order", "warehouse")
    }


def _whole() -> QuerySet[FulfilmentTask]:
    lines = TaskLine.objects.select_related("order_line").order_by("order_line__sku", "pk")
    return FulfilmentTask.objects.select_related("order", "warehouse", "parcel").prefetch_related(
        Prefetch("lines", queryset=lines)
    )
