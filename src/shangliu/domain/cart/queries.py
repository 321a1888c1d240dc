"""Questions about carts, each a fixed number of statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from shangliu.domain.cart.models import Cart
from shangliu.domain.cart.states import CartState
from shangliu.platform.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class CartRow:
    """One line as the buyer sees it now. `price` is today's, `price_seen` that of putting it in.

    `held` units are kept until `hold_until`; `available` could be had beyond them. `limit` and
    `product_limit`: how many one buyer may have of the variant and of the whole product.
    """

    line_id: int
    variant_id: int
    sku: str
    name: str
    slug: str
    options: str
    picture: str
    quantity: int
    selected: bool
    price: Money
    price_seen: Money
    weight_g: int
    on_sale: bool
    held: int
    hold_until: datetime | None
    available: int
    product_id: int
    limit: int | None
    product_limit: int | None

    @property
    def amount(self) -> Money:
        return self.price * self.quantity

    @property
    def enough(self) -> bool:
        return self.held + self.available >= self.quantity

    @property
    def can_be_bought(self) -> bool:
        return self.on_sale and self.enough


@dataclass(frozen=True, kw_only=True, slots=True)
class CartView:
    cart_id: int | None
    case_no: str
    rows: tuple[CartRow, ...]

    @property
    def pieces(self) -> int:
        return sum(row.quantity for row in self.rows)

    @property
    def chosen(self) -> tuple[CartRow, ...]:
        return tuple(row for row in self.rows if row.selected and row.can_be_bought)

    @property
    def invalid(self) -> tuple[CartRow, ...]:
        return tuple(row for row in self.rows if not row.can_be_bought)

    @property
    def goods(self) -> Money:
        return sum((row.amount for row in self.chosen), Money(0))

    @property
    def hold_until(self) -> datetime | None:
        """When the first of the holds ends."""
        return min((row.hold_until for row in self.rows if row.hold_until), default=None)


EMPTY = CartView(cart_id=None, case_no="", rows=())

_ROWS = """
SELECT l.id, v.id, v.sku, p.name, p.slug,
  coalesce((SELECT string_agg(pair->>1, ' / ') FROM jsonb_array_elements(v.values) pair), ''),
  p.picture, l.quantity, l.selected, v.price_fen, l.price_fen, v.weight_g,
  (p.on_shelf AND v.active), coalesce(r.held, 0), r.until,
  coalesce((SELECT sum(greatest(s.on_hand - s.held - s.committed - s.safety, 0))
    FROM inventory_stock s JOIN inventory_warehouse w ON w.id = s.warehouse_id AND w.active
    WHERE s.variant_id = v.id), 0)::int,
  p.id, v.limit_per_buyer, p.limit_per_buyer
FROM cart_cartline l
JOIN catalog_variant v ON v.id = l.variant_id
JOIN catalog_product p ON p.id = v.product_id
LEFT JOIN LATERAL (
  SELECT sum(quantity)::int AS held, min(hold_until) AS until FROM inventory_reservation
  WHERE cart_id = l.cart_id AND variant_id = l.variant_id AND state = 'held') r ON true
WHERE l.cart_id = %s ORDER BY l.id DESC"""


def cart_view(cart: Cart | None) -> CartView:
    """Everything that the cart page and the checkout show. One statement."""
    if cart is None:
        return EMPTY
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [cart.pk])
        rows = tuple(
            CartRow(
                line_id=row[0],
                variant_id=row[1],
                sku=row[2],
                name=row[3],
                slug=row[4],
                options=row[5],
                picture=row[6],
                quantity=row[7],
                selected=row[8],
                price=Money(row[9]),
                price_seen=Money(row[10]),
                weight_g=row[11],
                on_sale=row[12],
                held=row[13],
                hold_until=row[14],
                available=row[15],
                product_id=row[16],
                limit=row[17],
                product_limit=row[18],
            )
            for row in cursor.fetchall()
        )
    return CartView(cart_id=cart.pk, case_no=cart.case_no, rows=rows)


def open_cart(*, token: str, user_id: int | None) -> Cart | None:
    """The buyer's cart that can be filled: of the person if signed in, else of the visitor."""
    carts = Cart.objects.filter(state__in=(CartState.OPEN, CartState.ABANDONED))
    if user_id is not None:
        mine = carts.filter(user_id=user_id).order_by("-id").first()
        if mine is not None:
            return mine
    return carts.filter(token=token, user=None).first() if token else None


def pieces(*, token: str, user_id: int | None) -> int:
    """How many pieces the badge shows. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(l.quantity), 0)::int FROM cart_cart c"
            " JOIN cart_cartline l ON l.cart_id = c.id WHERE c.state IN ('open', 'abandoned')"
            " AND (c.user_id = %s OR (c.user_id IS NULL AND c.token = %s))",
            [user_id, token],
        )
        return int(cursor.fetchone()[0])
