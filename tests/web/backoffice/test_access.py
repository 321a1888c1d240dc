"""Who may see which page: every role on every page, and those who do not belong here."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from shangliu.domain.crm.models import User
from shangliu.process.roles import Role
from tests.insight import world
from tests.web.backoffice.conftest import Enter

O, W, S, F, A = Role.OPERATIONS, Role.WAREHOUSE, Role.SERVICE, Role.FINANCE, Role.ADMIN  # noqa: E741
EVERYBODY = {O, W, S, F, A}
PAGES = {
    "/staff/": EVERYBODY,
    "/staff/map/payment/": EVERYBODY,
    "/staff/map/all/": EVERYBODY,
    "/staff/map/figures.json": EVERYBODY,
    "/staff/map/panel/?node=order.pay": EVERYBODY,
    "/staff/orders/": EVERYBODY,
    "/staff/search/?q=x": EVERYBODY,
    "/staff/definition/": EVERYBODY,
    "/staff/definition/export/svg": EVERYBODY,
    "/staff/queue/review/": {O, A},
    "/staff/queue/hold/": {O, S, A},
    "/staff/queue/appeals/": {O, A},
    "/staff/queue/aftersales/": {S, A},
    "/staff/queue/short/": {W, O, A},
    "/staff/queue/labels/": {W, O, A},
    "/staff/queue/returns/": {W, A},
    "/staff/queue/payments/": {F, A},
    "/staff/queue/refunds/": {F, A},
    "/staff/queue/settlement/": {F, A},
    "/staff/warehouse/": {W, A},
    "/staff/outbox/": {F, O, A},
    "/staff/stock/": {O, W, A},
    "/staff/policies/": {O, A},
    "/staff/people/": {A},
}


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_each_role_opens_its_pages_and_no_others(
    role: Role, shop: world.Shop, enter: Enter
) -> None:
    client = enter(role)
    for page, allowed in PAGES.items():
        expected = 200 if role in allowed else 403
        assert client.get(page).status_code == expected, (role, page)


def test_the_menu_offers_only_what_opens(shop: world.Shop, enter: Enter) -> None:
    client = enter(Role.WAREHOUSE)
    home = client.get("/staff/").content.decode()
    assert 'href="/staff/warehouse/"' in home
    assert 'href="/staff/people/"' not in home
    assert "仓储" in home


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_visitor_is_sent_to_sign_in_and_comes_back(page: str, shop: world.Shop) -> None:
    answer = Client().get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("staff_sign_in"))
    assert "next=%2Fstaff%2F" in answer["Location"]


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_buyer_gets_nothing(page: str, shop: world.Shop) -> None:
    client = Client()
    client.force_login(world.buyer(), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(page)
    assert answer.status_code == 403
    assert "S2" not in answer.content.decode()


def test_a_buyer_cannot_post_a_step(shop: world.Shop) -> None:
    order = world.paid(shop, remark="送礼")
    client = Client()
    client.force_login(world.buyer(), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(
        "/staff/steps/", {"step": "order.approve", "pk": order.pk, "next": "/staff/"}
    )
    assert answer.status_code == 403
    order.refresh_from_db()
    assert order.state == "awaiting_review"


def test_who_was_switched_off_is_out_at_the_next_page(shop: world.Shop, enter: Enter) -> None:
    client = enter(Role.FINANCE)
    assert client.get("/staff/").status_code == 200
    User.objects.filter(login="finance").update(is_active=False)
    assert client.get("/staff/").status_code == 302
