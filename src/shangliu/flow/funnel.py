"""The funnel from the visit to the paid order: which steps of the flow it is made of."""

from __future__ import annotations

from shangliu.insight.funnel.journeys import Funnel

# The steps by which a buyer comes nearer to a paid order. Signing in is not one: a buyer who is
# signed in already does not pass it.
FUNNEL = Funnel(
    steps=(
        "visit.arrive",
        "visit.view_product",
        "cart.add",
        "visit.preview",
        "order.place",
        "order.pay",
    ),
    cases="SELECT visit, case_no FROM cart_cart WHERE visit <> ''"
    " UNION ALL SELECT visit, number AS case_no FROM orders_trade WHERE visit <> ''",
    products="SELECT p.code, coalesce(a.slug, c.slug) AS category FROM catalog_product p"
    " JOIN catalog_category c ON c.id = p.category_id"
    " LEFT JOIN catalog_category a ON a.id = c.parent_id",
)
