"""A large shop from a small one: the demo shop's purchases, copied in SQL until there are enough.

A copy has its own numbers and times and is whole: what belongs together is copied with the same
offset of ids, so that every path of the map, every open case and every trace exists many times.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.management import call_command
from django.db import connection, connections, models
from django.db.models import Max

from bench.stage import Stage
from bench.unindexed import unindexed
from shangliu.cli import seed
from shangliu.domain.aftersales.models import AfterSale, AfterSaleLine
from shangliu.domain.cart.models import Cart, CartLine
from shangliu.domain.fulfilment.models import FulfilmentTask, TaskLine
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.logistics.models import Parcel, TrackingEvent
from shangliu.domain.orders.models import Order, OrderLine, Trade
from shangliu.domain.payments.models import Payment, Refund
from shangliu.domain.settlement.models import SettlementEntry
from shangliu.insight.models import Behaviour
from shangliu.platform import clock
from shangliu.platform.env import database_of
from shangliu.platform.models import OutsideCall
from shangliu.process.models import Event

DAYS = 60  # over which the copies are spread
_WHOLE = 1_000_000  # orders; what goes beyond are purchases that were not paid, for want of disk
_SEED_DAYS, _SEED_ORDERS = 4, 30
_AT_ONCE = 400  # copies a statement; a hundred times as many of a single purchase
_COPIED: Sequence[type[models.Model]] = (
    Trade,
    Cart,
    CartLine,
    Order,
    OrderLine,
    Reservation,
    Payment,
    Refund,
    FulfilmentTask,
    TaskLine,
    Parcel,
    TrackingEvent,
    AfterSale,
    AfterSaleLine,
    SettlementEntry,
    Event,
    Behaviour,
    OutsideCall,
)
_OF_OBJECTS = ("object_id", "parcel_id", "after_sale_id", "order_id", "order_line_id", "task_id")
_SHIFT = "make_interval(days => mod(k * 37, {days}), hours => mod(k, 24), mins => mod(k * 7, 60))"


@dataclass(frozen=True)
class Grown:
    """How much there is; `numbers` are orders anywhere in it."""

    orders: int
    open_orders: int
    events: int
    numbers: tuple[str, ...]


@contextmanager
def large(stage: Stage, orders: int) -> Iterator[Grown]:
    """Django works on a database of its own inside the block, with about that many orders."""
    name = f"large_{orders}"
    settings = connections["default"].settings_dict
    before = dict(settings)
    connections["default"].close()
    stage.server.ensure_database(name)
    settings.update(database_of(stage.server.url(name)))
    try:
        call_command("migrate", verbosity=0)
        if not Order.objects.exists():
            seed.make(_silent, pictures=False, days=_SEED_DAYS, orders_per_day=_SEED_ORDERS)
            _grow(orders)
        yield _counted()
    finally:
        connections["default"].close()
        settings.clear()
        settings.update(before)


def _grow(wanted: int) -> None:
    there = Order.objects.count()
    copies = max(0, math.ceil(min(wanted, _WHOLE) / there) - 1)
    short = _unpaid()
    stride = 10 * max(int(_newest(one) or 0) for one in _COPIED)
    tables = [one._meta.db_table for one in _COPIED]  # noqa: SLF001
    with connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
        cursor.execute("SELECT pg_reload_conf()")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET synchronous_commit = off")
        cursor.execute(
            "SELECT process_event_months(now() - make_interval(days => %s), now())", [DAYS + 31]
        )
        with unindexed(tables, _tell):
            for model in _COPIED:
                _tell(f"{copies} copies of {model.__name__}")
                name = f'"{model._meta.db_table}"'  # noqa: SLF001
                cursor.execute(f"CREATE TEMP TABLE small AS SELECT * FROM {name}")  # noqa: S608
                _repeat(model, stride, Copies(1, copies, _AT_ONCE))
                if wanted > _WHOLE and model in short:
                    cursor.execute("DELETE FROM small WHERE id <> ALL(%s)", [short[model]])
                    last = copies + wanted - _WHOLE
                    _repeat(model, stride, Copies(copies + 1, last, _AT_ONCE * 100))
                cursor.execute("DROP TABLE small")
        cursor.execute("RESET session_replication_role")
        cursor.execute("RESET synchronous_commit")
        _tell("vacuum")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("ALTER SYSTEM RESET max_wal_size")
        cursor.execute("SELECT pg_reload_conf()")


@dataclass(frozen=True)
class Copies:
    """From which to which, and how many a statement."""

    first: int
    last: int
    at_once: int


def _repeat(model: type[models.Model], stride: int, wanted: Copies) -> None:
    statement = _copy(model, stride)
    with connection.cursor() as cursor:
        for first in range(wanted.first, wanted.last + 1, wanted.at_once):
            last = min(first + wanted.at_once - 1, wanted.last)
            cursor.execute(statement, {"first": first, "last": last})


def _unpaid() -> dict[type[models.Model], list[int]]:
    """What belongs to one purchase that was given up unpaid."""
    order = Order.objects.filter(state="cancelled", paid_at__isnull=True).earliest("pk")
    lines = OrderLine.objects.filter(order=order)
    cases = [order.case_no, order.trade.cart_case]
    found: dict[type[models.Model], models.QuerySet[Any]] = {
        Trade: Trade.objects.filter(pk=order.trade_id),
        Order: Order.objects.filter(pk=order.pk),
        OrderLine: lines,
        Cart: Cart.objects.filter(case_no=order.trade.cart_case),
        Reservation: Reservation.objects.filter(order_line_id__in=lines.values("pk")),
        Payment: Payment.objects.filter(case_no=order.case_no),
        Event: Event.objects.filter(case_no__in=cases),
        OutsideCall: OutsideCall.objects.filter(case_no__in=cases),
    }
    return {model: list(rows.values_list("pk", flat=True)) for model, rows in found.items()}


def _newest(model: type[models.Model]) -> int | None:
    newest: int | None = model._default_manager.aggregate(newest=Max("pk"))["newest"]  # noqa: SLF001
    return newest


def _copy(model: type[models.Model], stride: int) -> str:
    """The statement that makes the copies from `first` to `last`."""
    meta = model._meta  # noqa: SLF001
    fields = [one for one in meta.concrete_fields if not isinstance(one, models.GeneratedField)]
    columns = ", ".join(f'"{one.column}"' for one in fields)
    values = ", ".join(_value(one, stride) for one in fields)
    return (
        f'INSERT INTO "{meta.db_table}" ({columns}) OVERRIDING SYSTEM VALUE'  # noqa: S608
        f" SELECT {values} FROM small s"
        " CROSS JOIN generate_series(%(first)s::int, %(last)s::int) k"
    )


def _value(field: models.Field[Any, Any], stride: int) -> str:
    column = f's."{field.column}"'
    if _is_of_a_copy(field):
        return f"{column} + k * {stride}::bigint"
    if isinstance(field, models.DateTimeField):
        return f"{column} - {_SHIFT.format(days=DAYS)}"
    if isinstance(field, models.CharField) and (field.unique or field.name in _NUMBERS):
        other = f"overlay({column} placing 'x' || lpad(k::text, 7, '0') from 2 for 8)"
        return f"CASE WHEN length({column}) > 9 THEN {other} ELSE {column} END"
    return column


_NUMBERS = frozenset(
    (
        "case_no",
        "number",
        "visit",
        "session",
        "token",
        "submit_key",
        "reference",
        "waybill_no",
        "payment_number",
        "provider_id",
        "cart_case",
        "secret",
    )
)


def _is_of_a_copy(field: models.Field[Any, Any]) -> bool:
    if field.primary_key and field.remote_field is None:
        return True
    if field.remote_field is not None:
        return field.remote_field.model in _COPIED
    return field.name in _OF_OBJECTS


def _counted() -> Grown:
    step = max(1, Order.objects.count() // 200)
    numbers = Order.objects.order_by("pk").values_list("number", flat=True)[::step]
    return Grown(
        orders=Order.objects.count(),
        open_orders=Order.objects.exclude(state__in=("completed", "cancelled", "closed")).count(),
        events=Event.objects.count(),
        numbers=tuple(numbers),
    )


def _tell(what: str) -> None:
    print(f"{clock.now():%H:%M:%S} growing: {what}", file=sys.stderr, flush=True)


def _silent(_: str) -> None:
    """The seed's progress is not told."""
