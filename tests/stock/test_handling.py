"""What staff do with goods, and whether the books find what is wrong."""

from __future__ import annotations

import argparse
from typing import cast

import pytest
from django.db import IntegrityError, connection, transaction

from shangliu.cli import stock as command
from shangliu.domain.inventory import handling
from shangliu.domain.inventory.books import differences, repair
from shangliu.domain.inventory.models import Inbound, Stock, StockMovement
from shangliu.domain.inventory.services import Move, OutOfStock, Units, claim, move
from shangliu.platform.env import Env
from shangliu.platform.errors import Refused
from tests.insight.world import Shop, open_shop, paid

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return open_shop()


def near(shop: Shop) -> Stock:
    return Stock.objects.get(variant=shop.tea, warehouse=shop.near)


def far(shop: Shop) -> Stock:
    return Stock.objects.get(variant=shop.tea, warehouse=shop.far)


def counters(stock: Stock) -> dict[str, int]:
    names = ("on_hand", "held", "committed", "damaged", "in_transit", "safety")
    stock.refresh_from_db()
    return {name: getattr(stock, name) for name in names if getattr(stock, name)}


def take(shop: Shop, quantity: int) -> None:
    claim(variant_id=shop.tea.pk, quantity=quantity, document="C1", actor="guest")


def test_a_count_becomes_a_line_with_who_and_why(shop: Shop) -> None:
    row = near(shop)
    assert handling.adjust(stock_id=row.pk, counted=497, actor="cangku", why="盘亏") == -3
    line = StockMovement.objects.latest("id")
    assert (line.kind, line.on_hand, line.actor, line.why) == ("adjust", -3, "cangku", "盘亏")
    assert line.document.startswith("J")
    assert counters(row) == {"on_hand": 497}
    assert differences() == []


def test_nothing_is_counted_away_that_buyers_have_a_claim_on(shop: Shop) -> None:
    take(shop, 10)
    with pytest.raises(Refused, match="已有 10 件被预占或售出"):
        handling.adjust(stock_id=near(shop).pk, counted=9, actor="cangku", why="盘亏")
    with pytest.raises(Refused, match="请写明原因"):
        handling.adjust(stock_id=near(shop).pk, counted=90, actor="cangku", why=" ")
    assert counters(near(shop)) == {"on_hand": 500, "held": 10}


def test_a_transfer_is_in_transit_until_it_is_received_and_what_is_lost_has_a_reason(
    shop: Shop,
) -> None:
    sent = handling.send(stock_id=near(shop).pk, to="NB1", quantity=20, actor="cangku", why="调拨")
    assert (counters(near(shop)), counters(far(shop))) == (
        {"on_hand": 480},
        {"on_hand": 500, "in_transit": 20},
    )
    handling.arrive(number=sent.number, good=15, damaged=0, lost=0, actor="nb", why="")
    with pytest.raises(Refused, match="请写明原因"):
        handling.arrive(number=sent.number, good=0, damaged=2, lost=3, actor="nb", why="")
    handling.arrive(number=sent.number, good=0, damaged=2, lost=3, actor="nb", why="途中破损")
    assert counters(far(shop)) == {"on_hand": 515, "damaged": 2}
    with pytest.raises(Refused, match="在途只剩 0 件"):
        handling.arrive(number=sent.number, good=1, damaged=0, lost=0, actor="nb", why="")
    lines = StockMovement.objects.filter(document=sent.number).order_by("id")
    assert [(one.kind, one.on_hand, one.in_transit, one.damaged) for one in lines] == [
        ("send", -20, 0, 0),
        ("announce", 0, 20, 0),
        ("arrive", 15, -15, 0),
        ("arrive_damaged", 0, -2, 2),
        ("lose", 0, -3, 0),
    ]
    assert differences() == []


def test_only_what_is_free_can_be_sent_or_written_off(shop: Shop) -> None:
    take(shop, 490)
    for act in (
        lambda: handling.send(
            stock_id=near(shop).pk, to="NB1", quantity=11, actor="cangku", why="调拨"
        ),
        lambda: handling.write_off(stock_id=near(shop).pk, quantity=11, actor="cangku", why="破损"),
    ):
        with pytest.raises(Refused, match="没有被预占或售出的只有 10 件"):
            act()
    assert not Inbound.objects.exists()
    assert counters(near(shop)) == {"on_hand": 500, "held": 490}
    assert "in_transit" not in counters(far(shop))


def test_a_delivery_is_announced_then_received(shop: Shop) -> None:
    coming = handling.announce(sku="TEA-1", to="HZ1", quantity=60, actor="yunying", why="采购 P7")
    assert counters(near(shop)) == {"on_hand": 500, "in_transit": 60}
    with pytest.raises(OutOfStock):
        take(shop, 1001)
    handling.arrive(number=coming.number, good=60, damaged=0, lost=0, actor="cangku", why="")
    assert counters(near(shop)) == {"on_hand": 560}
    with pytest.raises(Refused, match="没有这个 SKU 或仓库"):
        handling.announce(sku="NONE", to="HZ1", quantity=1, actor="yunying", why="采购")


def test_broken_goods_leave_the_shelf_and_then_the_house(shop: Shop) -> None:
    row = near(shop)
    handling.write_off(stock_id=row.pk, quantity=4, actor="cangku", why="受潮")
    assert counters(row) == {"on_hand": 496, "damaged": 4}
    handling.discard(stock_id=row.pk, quantity=3, actor="cangku", why="销毁")
    assert counters(row) == {"on_hand": 496, "damaged": 1}
    with pytest.raises(Refused, match="残次品只有 1 件"):
        handling.discard(stock_id=row.pk, quantity=2, actor="cangku", why="销毁")
    assert differences() == []


def test_safety_stock_is_not_for_sale_and_may_be_raised_over_what_is_left(shop: Shop) -> None:
    take(shop, 450)
    handling.keep_back(stock_id=near(shop).pk, quantity=80, actor="yunying", why="大促备货")
    assert near(shop).available == -30
    handling.keep_back(stock_id=far(shop).pk, quantity=495, actor="yunying", why="大促备货")
    with pytest.raises(OutOfStock) as refused:
        take(shop, 6)
    assert refused.value.left == 5
    take(shop, 5)
    assert counters(far(shop)) == {"on_hand": 500, "held": 5, "safety": 495}


def test_the_database_refuses_a_claim_on_the_safety_stock_whoever_writes_it(shop: Shop) -> None:
    row = near(shop)
    handling.keep_back(stock_id=row.pk, quantity=499, actor="yunying", why="备货")
    for counter in ("held", "committed"):
        with pytest.raises(IntegrityError, match="exceed what is available"), transaction.atomic():
            Stock.objects.filter(pk=row.pk).update(**{counter: 2})
    with pytest.raises(IntegrityError), transaction.atomic():
        Stock.objects.filter(pk=row.pk).update(on_hand=-1)
    assert counters(row) == {"on_hand": 500, "safety": 499}


def test_verify_finds_each_counter_that_is_wrong_and_repairs_nothing_by_itself(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    paid(shop)
    row = near(shop)
    Stock.objects.filter(pk=row.pk).update(
        on_hand=510, held=3, committed=0, damaged=1, in_transit=2, safety=5
    )
    before = StockMovement.objects.count()
    found = {one.counter: (one.counted, one.ledger, one.proof) for one in differences()}
    assert found == {
        "on_hand": (510, 500, None),
        "held": (3, 0, 0),
        "committed": (0, 1, 1),
        "damaged": (1, 0, None),
        "in_transit": (2, 0, 0),
        "safety": (5, 0, None),
    }
    assert run(None) == 1
    said = capsys.readouterr().out
    assert "6 处不一致，未作修改" in said
    assert "TEA-1 @ HZ1: 已售待发 committed 计数 counter 0, 流水 ledger 1" in said
    assert StockMovement.objects.count() == before
    assert len(differences()) == 6


def test_repair_is_asked_for_by_name_and_leaves_lines_that_say_why(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    paid(shop)
    row = near(shop)
    Stock.objects.filter(pk=row.pk).update(on_hand=510, held=3, committed=0, in_transit=2)
    assert run("夜间宕机后核对") == 0
    assert counters(row) == {"on_hand": 510, "committed": 1}
    line = StockMovement.objects.latest("id")
    assert (line.kind, line.on_hand, line.held, line.document) == ("adjust", 10, 0, "repair")
    assert line.why == "夜间宕机后核对"
    assert "已修复 4 处" in capsys.readouterr().out
    assert run(None) == 0


def test_repair_without_a_reason_or_below_the_claims_changes_nothing(shop: Shop) -> None:
    paid(shop)
    row = near(shop)
    with pytest.raises(Refused, match="请写明修复原因"):
        repair(actor="x", why=" ")
    Stock.objects.filter(pk=row.pk).update(on_hand=0, committed=0)
    assert run("核对") == 1
    assert counters(row) == {}


def test_an_untouched_book_cannot_be_rewritten(shop: Shop) -> None:
    with (
        pytest.raises(Exception, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE inventory_stockmovement SET on_hand = 0")
    move(Move.RECEIVE, [Units(near(shop).pk, 1)], document="D", actor="cangku")
    assert counters(near(shop)) == {"on_hand": 501}


def run(reason: str | None) -> int:
    given = argparse.Namespace(action="verify", repair=reason)
    return command.run(cast(Env, None), given)
