"""Finding a customer, and giving points or store credit."""

from __future__ import annotations

import re

import pytest

from shangliu.domain.ledger.queries import total, wallet
from shangliu.domain.ledger.services import Purse
from shangliu.domain.notifications.models import Message
from shangliu.platform.money import Money
from shangliu.process.roles import Role
from tests.insight import world
from tests.web.backoffice.conftest import Enter

KEY = "k" * 24


def _form(pk: int, **typed: str) -> dict[str, str]:
    here = f"/staff/customers/{pk}/"
    return {"next": here, "idempotency_key": KEY, "why": "包装破损补偿", **typed}


def test_a_customer_is_found_by_the_end_of_the_number(shop: world.Shop, enter: Enter) -> None:
    buyer = world.buyer()
    client = enter(Role.SERVICE)
    assert (
        f"/staff/customers/{buyer.pk}/" in client.get("/staff/customers/?q=8000").content.decode()
    )
    for query in ("800", "9999"):
        page = client.get(f"/staff/customers/?q={query}").content.decode()
        assert "没有找到客户" in page
    page = client.get(f"/staff/customers/{buyer.pk}/").content.decode()
    assert "138****8000" in page
    assert "13800138000" not in page


@pytest.mark.parametrize(
    ("purse", "typed", "fen", "said"),
    [("points", "500", 500, "收到 500 积分"), ("credit", "12.5", 1250, "收到 ¥12.50 账户余额")],
)
def test_what_is_given_is_in_the_wallet_and_in_a_message(
    shop: world.Shop, enter: Enter, purse: str, typed: str, fen: int, said: str
) -> None:
    buyer = world.buyer()
    client = enter(Role.SERVICE)
    for _ in range(2):
        client.post(
            f"/staff/customers/{buyer.pk}/give/", _form(buyer.pk, purse=purse, amount=typed)
        )
    assert wallet(Purse(purse), buyer.pk) == Money(fen)
    assert total() == 0
    message = Message.objects.get(user=buyer)
    assert message.text == f"{said}：包装破损补偿。结算时可用。"
    page = client.get(f"/staff/customers/{buyer.pk}/").content.decode()
    assert re.search(r"商家赠送<span class=\"muted\"> 包装破损补偿</span>", page)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"purse": "points", "amount": "1.5"}, "积分要填整数"),
        ({"purse": "credit", "amount": "1.005"}, "“数额”要填金额，最多两位小数"),
        ({"purse": "credit", "amount": "0"}, "金额必须大于零"),
        ({"purse": "credit", "amount": "2000.01"}, "一次最多赠送 ¥2000.00"),
        ({"purse": "", "amount": "1"}, "请选择积分或余额"),
        ({"purse": "points", "amount": "1", "why": " "}, "请写明原因，买家会看到"),
    ],
)
def test_a_refusal_gives_nothing_and_keeps_what_was_typed(
    shop: world.Shop, enter: Enter, typed: dict[str, str], said: str
) -> None:
    buyer = world.buyer()
    answer = enter(Role.FINANCE).post(
        f"/staff/customers/{buyer.pk}/give/", _form(buyer.pk, **typed)
    )
    assert answer.status_code == 409
    page = answer.content.decode()
    assert said in page
    assert f'value="{typed["amount"]}"' in page
    assert wallet(Purse.POINTS, buyer.pk) == wallet(Purse.CREDIT, buyer.pk) == Money(0)
    assert not Message.objects.exists()


def test_others_give_nothing(shop: world.Shop, enter: Enter) -> None:
    buyer = world.buyer()
    client = enter(Role.OPERATIONS)
    page = client.get(f"/staff/customers/{buyer.pk}/").content.decode()
    assert "确认赠送" not in page
    form = _form(buyer.pk, purse="points", amount="5")
    assert client.post(f"/staff/customers/{buyer.pk}/give/", form).status_code == 403
    assert wallet(Purse.POINTS, buyer.pk) == Money(0)


def test_staff_are_no_customers(shop: world.Shop, enter: Enter) -> None:
    client = enter(Role.SERVICE)
    colleague = world.staff("anybody", Role.WAREHOUSE)
    assert client.get(f"/staff/customers/{colleague.pk}/").status_code == 404
