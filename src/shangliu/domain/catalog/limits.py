"""How many pieces of a variant, or of a product's variants together, one buyer may have."""

from __future__ import annotations

from django.db import transaction

from shangliu.domain.catalog.models import Product, Variant
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.text import Text

MOST = 9_999


@transaction.atomic
def limit_purchases(*, variant_id: int, of_variant: int | None, of_product: int | None) -> None:
    """Set both limits; None for as many as anybody likes. What is ordered already stays."""
    variant = Variant.objects.filter(pk=variant_id).first()
    if variant is None:
        raise NotFound
    for limit in (of_variant, of_product):
        if limit is not None and not 1 <= limit <= MOST:
            raise Refused(
                Text(
                    f"限购件数要在 1 到 {MOST} 之间，不限购请留空",
                    f"A limit is between 1 and {MOST}; leave it empty for none",
                )
            )
    Variant.objects.filter(pk=variant_id).update(limit_per_buyer=of_variant)
    Product.objects.filter(pk=variant.product_id).update(limit_per_buyer=of_product)
