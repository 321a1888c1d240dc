"""What a What-if may be asked: read from an address, checked, and written back."""

from __future__ import annotations

import pytest

from shangliu.insight.whatif.result import Band, Distribution, kolmogorov, wasserstein
from shangliu.insight.whatif.scenario import Scenario, Shift, from_query, to_query
from shangliu.platform.errors import Refused

pytestmark = pytest.mark.django_db


def refused(**said: str) -> list[str]:
    with pytest.raises(Refused) as found:
        from_query({name.replace("__", "."): value for name, value in said.items()})
    return [reason.zh for reason in found.value.reasons]


def test_an_empty_address_is_the_process_as_it_is() -> None:
    assert from_query({}) == Scenario()
    assert from_query({"days": "30", "wage": "50"}).unchanged
    assert not from_query({"volume": "110"}).unchanged


def test_a_scenario_comes_back_from_its_own_address() -> None:
    asked = Scenario(
        days=7,
        volume=1000,
        sale_day=3,
        policies={"payment.minutes": 15, "review.limit_fen": 100_000},
        heads={"warehouse": 6},
        shifts={"warehouse": Shift(8, 22, weekends=False)},
        work={"operations": 50},
        pickups=(11, 17),
        wage_fen=5000,
    )
    said = dict(pair.split("=") for pair in to_query(asked).split("&"))
    assert from_query(said) == asked


def test_money_of_a_policy_may_be_given_in_yuan() -> None:
    assert from_query({"y.review.limit_fen": "300"}).policies == {"review.limit_fen": 30_000}


def test_what_is_no_number_is_named() -> None:
    assert refused(volume="viel", days="x") == [
        "“最近天数”要填整数",
        "“订单量”要填整数",
    ]
    assert refused(pickups="11,abends") == ["“abends”不是揽收时刻，请写 0 到 23 的整点"]


def test_everything_out_of_bounds_is_named_at_once() -> None:
    assert refused(days="0", volume="9999", pickups="24") == [
        "“最近天数”要填 1 到 90 之间的整数",
        "“订单量”要填 1 到 2000 之间的整数",
        "“揽收时刻”要填 0 到 23 之间的整数",
    ]
    assert refused(sale_day="15") == ["“大促日”要填 0 到 14 之间的整数"]


def test_unknown_policies_and_roles_are_refused() -> None:
    assert refused(p__no__such="1", heads__buyer="2") == [
        "没有岗位“buyer”",
        "没有策略“no.such”",
    ]
    assert refused(p__payment__minutes="2") == ["“付款时限”要填 5 到 1440 之间的整数"]


def test_a_shift_ends_after_it_began() -> None:
    assert refused(from__warehouse="18", to__warehouse="9") == [
        "“仓储”的班次要先开始后结束，在 0 到 24 点之间"
    ]


def test_distances_of_distributions_are_those_of_the_books() -> None:
    one, other = Distribution.of([1, 2, 3, 4]), Distribution.of([3, 4, 5, 6])
    assert kolmogorov(one, other) == 0.5
    assert wasserstein(one, other) == 2.0
    assert kolmogorov(one, one) == wasserstein(one, one) == 0.0
    assert (one.part(0.5), one.mean, one.shares([0, 2, 4])) == (3, 2.5, [0.25, 0.75])
    assert Distribution.of([]).part(0.5) is None


def test_a_band_goes_from_the_least_to_the_most() -> None:
    assert Band.of([3, 1, 2]) == Band(1, 2, 3)
    assert Band.of([4, 1]) == Band(1, 2.5, 4)
