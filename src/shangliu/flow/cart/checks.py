"""What must be true for a cart's steps."""

from __future__ import annotations

from shangliu.domain.cart.models import Cart
from shangliu.flow.cart.effects import AddToCart
from shangliu.platform.text import Text
from shangliu.process.definition import Context

MOST_OF_ONE = 999


def quantity_is_sane(cart: Cart, ctx: Context) -> Text | None:
    if isinstance(ctx.data, AddToCart) and 1 <= ctx.data.quantity <= MOST_OF_ONE:
        return None
    return Text(
        f"数量要在 1 到 {MOST_OF_ONE} 之间", f"The quantity must be between 1 and {MOST_OF_ONE}"
    )
