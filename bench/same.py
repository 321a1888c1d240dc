"""pgbench scripts of our own statements, written down from one call, and rows to work on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from django.db import connection

from bench import acts, statements
from bench.neutral import Shop
from bench.statements import FIRST_IDS
from shangliu.domain.cart.queries import cart_view
from shangliu.domain.inventory.models import Reservation
from shangliu.domain.orders.models import Order
from shangliu.flow import checkout

PER_CLIENT = 1_000_000  # numbers that one client of pgbench may use
_BATCH = 10_000_000
_TURN = r"\set i :i + 1"
_OWN = rf"\set n :batch + :client_id * {PER_CLIENT} + :i"
_VARIANT = rf"\set variant {FIRST_IDS['catalog_variant'] + 1} + mod(:n, 1000) * 2"
_STOCK = rf"\set stock :variant + {FIRST_IDS['inventory_stock'] - FIRST_IDS['catalog_variant']}"
_warm = 4  # calls after which a connection has prepared its statements and knows its policies


def of_add(path: Path, shop: Shop) -> int:
    """The script of putting one thing into a new cart; gives the number of its statements."""
    for variant in shop.variants[:_warm]:
        acts.put(variant)
    with statements.written_down() as written:
        cart = acts.put(shop.variants[0])
    held = Reservation.objects.get(cart_id=cart.pk)
    known = {
        cart.token: "('K' || :n)",
        cart.case_no: "('KC' || :n)",
        str(held.variant_id): ":variant",
        str(held.stock_id): ":stock",
    }
    path.write_text(statements.script(written, known, [_TURN, _OWN, _VARIANT, _STOCK]))
    return len(written)


def of_place(path: Path, shop: Shop) -> int:
    """The script of submitting a cart; its carts are made by `carts`."""
    for variant in shop.variants[:_warm]:
        cart = acts.put(variant)
        acts.submit(cart, checkout.preview(cart_view(cart)).total)
    cart = acts.put(shop.variants[0])
    held = Reservation.objects.get(cart_id=cart.pk)
    total = checkout.preview(cart_view(cart)).total
    with statements.written_down() as written:
        acts.submit(cart, total)
    order = Order.objects.select_related("trade").latest("id")
    known = {
        order.trade.number: "('TB' || :n)",
        order.trade.submit_key: "('KB' || :n)",
        order.number: "('SB' || :n)",
        cart.case_no: "('CB' || :n)",
        str(held.variant_id): ":variant",
        str(held.stock_id): ":stock",
        str(held.pk): ":reservation",
        str(cart.pk): ":cart",
    }
    own = [
        rf"\set cart {FIRST_IDS['cart_cart'] + _BATCH} + :n",
        rf"\set reservation {FIRST_IDS['inventory_reservation'] + _BATCH} + :n",
    ]
    path.write_text(statements.script(written, known, [_TURN, _OWN, _VARIANT, _STOCK, *own]))
    return len(written)


def of_step(path: Path) -> tuple[int, int]:
    """The script of one step; gives the number of its statements and the first payment's id."""
    payments = [acts.waiting_payment(f"BQ{n}") for n in range(8)]
    for _ in range(_warm):
        acts.take(payments[0])
    with statements.written_down() as written:
        acts.take(payments[0])
    known = {str(payments[0].pk): ":payment", "BQ0": "('BQ' || :client_id)"}
    path.write_text(statements.script(written, known, [r"\set payment :first + :client_id"]))
    return len(written), payments[0].pk


def carts(shop: Shop, *, batch: int, each: int) -> None:
    """Open carts with one held line each for 8 clients of pgbench, copied from a real one."""
    cart = acts.put(shop.variants[0])
    number = f"({batch} + client * {PER_CLIENT} + turn)"
    variant = f"{FIRST_IDS['catalog_variant'] + 1} + mod({number}, 1000) * 2"
    apart = FIRST_IDS["inventory_stock"] - FIRST_IDS["catalog_variant"]
    cart_id = f"{FIRST_IDS['cart_cart'] + _BATCH} + {number}"
    case = f"'CB' || {number}"
    held = {
        "id": f"{FIRST_IDS['inventory_reservation'] + _BATCH} + {number}",
        "cart_id": cart_id,
        "case_no": case,
        "variant_id": variant,
        "stock_id": f"{variant} + {apart}",
    }
    line = {
        "id": f"{FIRST_IDS['cart_cartline'] + _BATCH} + {number}",
        "cart_id": cart_id,
        "variant_id": variant,
    }
    _copy(
        "cart_cart",
        f"id = {cart.pk}",
        each,
        {"id": cart_id, "case_no": case, "token": f"md5({case})"},
    )
    _copy("cart_cartline", f"cart_id = {cart.pk}", each, line)
    _copy("inventory_reservation", f"cart_id = {cart.pk}", each, held)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cart_cart, cart_cartline, inventory_reservation")


def _copy(table: str, where: str, each: int, values: Mapping[str, str]) -> None:
    """Copies of one row; all of it is text of this file."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
        )
        columns = [row[0] for row in cursor.fetchall()]
        chosen = ", ".join(f"({values.get(name, f't.{name}')})" for name in columns)
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} t,"  # noqa: S608
            f" generate_series(0, 7) client, generate_series(1, {each}) turn WHERE t.{where}"
        )
