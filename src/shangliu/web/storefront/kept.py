"""How a page says that it may be kept, and which products must not change while it is."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpResponse

from shangliu.domain.catalog.rows import ProductCard

PRODUCTS = "X-Products"


def shows(response: HttpResponse, cards: Iterable[ProductCard]) -> HttpResponse:
    """Mark a page as the same for everybody, with the products that it shows."""
    response[PRODUCTS] = " ".join(str(pk) for pk in dict.fromkeys(card.id for card in cards))
    return response
