"""Policies, staff accounts, the definition and the stock ledger."""

from __future__ import annotations

import re

from django.test import Client

from shangliu.domain.crm.models import User
from shangliu.domain.inventory.models import Stock
from shangliu.flow.policies import Policies
from shangliu.process.models import PolicyValue
from shangliu.process.roles import Role
from shangliu.process.running import flow
from tests.insight import world
from tests.web.backoffice.conftest import Enter


def test_a_policy_is_changed_with_a_reason_and_works_at_once(
    shop: world.Shop, enter: Enter
) -> None:
    client = enter(Role.OPERATIONS)
    answer = client.post(
        "/staff/policies/review.limit_fen/",
        {"value": "100", "why": "大促期间加强审核", "next": "/staff/policies/"},
    )
    assert answer.status_code == 302
    assert Policies.REVIEW_LIMIT.value == 10_000
    assert world.paid(shop).last_step == "refer"
    page = client.get("/staff/policies/?open=review.limit_fen").content.decode()
    for said in ("大促期间加强审核", "¥100.00", "默认 ¥5000.00", "Operations"):
        assert said in page, said


def test_a_policy_out_of_bounds_or_without_a_reason_is_refused(
    shop: world.Shop, enter: Enter
) -> None:
    client = enter(Role.OPERATIONS)
    here = "/staff/policies/?open=cart.hold_minutes"
    for value, why, said in (
        ("9999", "x", "要在 1 到 1440 之间"),
        ("abc", "x", "看不懂，请填数字"),
        ("20", " ", "请写明修改原因"),
    ):
        answer = client.post(
            "/staff/policies/cart.hold_minutes/", {"value": value, "why": why, "next": here}
        )
        assert answer.status_code == 409
        page = answer.content.decode()
        assert said in page
        assert f'value="{value}"' in page
    assert Policies.HOLD.value == 15
    assert not PolicyValue.objects.exists()


def test_an_administrator_makes_an_account_that_can_sign_in(shop: world.Shop, enter: Enter) -> None:
    client = enter(Role.ADMIN)
    data = {
        "login": "xiaowang",
        "name": "小王",
        "password": "long enough",
        "roles": ["warehouse"],
        "next": "/staff/people/",
    }
    assert client.post("/staff/people/new/", data).status_code == 302
    person = User.objects.get(login="xiaowang")
    assert (person.is_staff, person.roles, person.check_password("long enough")) == (
        True,
        ["warehouse"],
        True,
    )
    assert "小王" in client.get("/staff/people/").content.decode()


def test_an_odd_account_is_refused_and_not_made(shop: world.Shop, enter: Enter) -> None:
    client = enter(Role.ADMIN)
    good = {
        "login": "xiaowang",
        "name": "小王",
        "password": "long enough",
        "roles": ["warehouse"],
        "next": "/staff/people/",
    }
    mistakes: tuple[dict[str, object], ...] = (
        {"login": "X!"},
        {"login": "admin"},
        {"password": "short"},
        {"roles": []},
        {"roles": ["buyer"]},
    )
    for wrong in mistakes:
        assert client.post("/staff/people/new/", good | wrong).status_code == 409, wrong
    assert User.objects.filter(is_staff=True).count() == 1


def test_the_last_administrator_stays(shop: world.Shop, enter: Enter) -> None:
    client = enter(Role.ADMIN)
    for data in ({"active": "0"}, {"roles": ["finance"]}):
        answer = client.post("/staff/people/admin/", {**data, "next": "/staff/people/"})
        assert answer.status_code == 409
        assert "这是最后一位管理员" in answer.content.decode()
    person = User.objects.get(login="admin")
    assert (person.is_active, person.roles) == (True, ["admin"])


def test_roles_and_access_are_changed(shop: world.Shop, enter: Enter) -> None:
    client = enter(Role.ADMIN)
    world.staff("finance", Role.FINANCE)
    client.post("/staff/people/finance/", {"roles": ["finance", "service"]})
    client.post("/staff/people/finance/", {"active": "0"})
    person = User.objects.get(login="finance")
    assert (person.roles, person.is_active) == (["finance", "service"], False)


def test_the_definition_page_names_every_step(shop: world.Shop, enter: Enter) -> None:
    page = enter(Role.SERVICE).get("/staff/definition/").content.decode()
    for name, _process, _step in flow().steps():
        assert f"<code>{name}</code>" in page, name


def test_the_exports_are_files_of_their_kind(shop: world.Shop, enter: Enter) -> None:
    client = enter(Role.SERVICE)
    for form, begin in (
        ("svg", b"<?xml"),
        ("bpmn", b"<?xml"),
        ("mermaid", b"flowchart"),
        ("json", b"{"),
        ("png", b"\x89PNG"),
        ("pdf", b"%PDF-"),
    ):
        answer = client.get(f"/staff/definition/export/{form}?stage=payment")
        assert answer.status_code == 200
        assert answer.content.lstrip().startswith(begin), form
        assert "attachment" in answer["Content-Disposition"]
    assert client.get("/staff/definition/export/exe").status_code == 404
    assert client.get("/staff/definition/export/svg?stage=none").status_code == 404


def test_the_ledger_explains_the_counters(shop: world.Shop, enter: Enter) -> None:
    world.paid(shop, quantity=3)
    stock = Stock.objects.get(variant=shop.tea, warehouse=shop.near)
    client = enter(Role.WAREHOUSE)
    page = client.get("/staff/stock/?q=TEA").content.decode()
    assert "TEA-1" in page
    assert "CUP-1" not in page
    ledger = client.get(f"/staff/stock/{stock.pk}/").content.decode()
    for said in ("入库", "预占", "售出", "+500", "−3"):
        assert said in ledger, said


def test_a_page_is_not_kept_by_anybody_on_the_way(shop: world.Shop, enter: Enter) -> None:
    client: Client = enter(Role.ADMIN)
    for page in ("/staff/", "/staff/orders/", "/staff/people/"):
        assert "no-store" in client.get(page)["Cache-Control"]


def test_every_subject_of_policies_has_a_name(shop: world.Shop, enter: Enter) -> None:
    page = enter(Role.OPERATIONS).get("/staff/policies/").content.decode()
    headings = re.findall(r"<h2>([^<]+)</h2>", page)
    assert headings
    assert [one for one in headings if one.isascii()] == []
