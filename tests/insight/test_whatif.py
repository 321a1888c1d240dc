"""A What-if as a whole: unchanged it gives what was observed, changed it goes the expected way."""

from __future__ import annotations

import pytest

from shangliu.insight.whatif import simulate
from shangliu.insight.whatif.model import DAY, HOUR, Model
from shangliu.insight.whatif.result import (
    Band,
    bands,
    figures,
    real_figures,
    validate,
)
from shangliu.insight.whatif.scenario import Scenario, Shift
from shangliu.insight.whatif.simulate import Ground, Prepared
from shangliu.platform.errors import Refused
from tests.insight.synthetic import purchases

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def model(django_db_setup: None, django_db_blocker: object) -> Model:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        return purchases()


def after(model: Model, seeds: int = 3, **changes: object) -> dict[str, Band]:
    prepared = Prepared(Ground(model), Scenario(**changes))  # type: ignore[arg-type]
    return bands([figures(prepared, prepared.seed(seed)) for seed in range(seeds)])


def test_the_unchanged_process_gives_the_observed_lead_time(model: Model) -> None:
    prepared = Prepared(Ground(model), Scenario())
    found = validate(model, [prepared.seed(seed) for seed in range(5)])
    assert found.reproduces
    assert abs(found.median or 1) < 0.05
    assert abs(found.mean or 1) < 0.05
    assert found.ks < 0.06
    assert found.ks < found.drift_ks
    assert "5% 以内" in found.sentence.zh


def test_the_unchanged_process_sells_as_much_as_before(model: Model) -> None:
    real = real_figures(model)
    now = after(model)
    assert real["orders"] == now["orders"].mid == 400
    assert now["conversion"].low - 0.03 < real["conversion"] < now["conversion"].high + 0.03


def test_the_same_seed_gives_the_same_figures(model: Model) -> None:
    one = Prepared(Ground(model), Scenario(volume=150, policies={"payment.minutes": 10}))
    two = Prepared(Ground(model), Scenario(volume=150, policies={"payment.minutes": 10}))
    assert figures(one, one.seed(3)) == figures(two, two.seed(3))
    assert figures(one, one.seed(3)) != figures(two, two.seed(4))


def test_ten_times_the_orders_make_the_queue_longer(model: Model) -> None:
    now, then = after(model), after(model, volume=1000)
    assert then["orders"].mid == 4000
    assert then["queue_mean.warehouse"].low > 10 * now["queue_mean.warehouse"].high
    assert then["lead_p50"].low > 1.5 * now["lead_p50"].high
    assert then["busy.warehouse"].mid > now["busy.warehouse"].mid


def test_work_beyond_the_shifts_is_paid_too(model: Model) -> None:
    now, then = after(model), after(model, volume=2000)
    assert now["busy.warehouse"].high < 1 < then["busy.warehouse"].low
    paid = now["staff_hours"].mid
    assert then["staff_hours"].mid == pytest.approx(paid * then["busy.warehouse"].mid, rel=0.02)
    assert then["cost_fen"].mid > now["cost_fen"].mid


def test_a_sale_day_brings_more_orders_on_that_day_only(model: Model) -> None:
    day = sum(0 <= case.begun_us - model.since_us - 2 * DAY < DAY for case in model.cases)
    assert after(model, volume=1000, sale_day=3)["orders"].mid == 400 + 9 * day


def test_more_people_shorten_the_queue_of_a_sale(model: Model) -> None:
    few, many = after(model, volume=500), after(model, volume=500, heads={"warehouse": 12})
    assert many["queue_mean.warehouse"].high < few["queue_mean.warehouse"].low
    assert many["lead_p50"].high < few["lead_p50"].low
    shifts = after(model)["staff_hours"].mid
    assert many["staff_hours"].mid == pytest.approx(4 * shifts, rel=0.05)
    assert few["staff_hours"].mid > 1.1 * shifts
    assert many["cost_fen"].mid > few["cost_fen"].mid


def test_slower_hands_and_shorter_shifts_make_goods_late(model: Model) -> None:
    now = after(model)
    assert after(model, work={"warehouse": 300})["lead_p50"].low > now["lead_p50"].high
    short = after(model, shifts={"warehouse": Shift(9, 11, weekends=False)})
    assert short["lead_p50"].low > now["lead_p50"].high


def test_nobody_in_the_warehouse_sends_nothing(model: Model) -> None:
    found = after(model, heads={"warehouse": 0})
    assert found["undone"].low > 300
    assert "lead_p50" not in found


def test_less_time_to_pay_sells_exactly_to_those_who_were_quick_enough(model: Model) -> None:
    quick = sum(
        event.step == "order.pay" and event.at <= 10 * HOUR // 60
        for case in model.cases
        for event in case.events
    )
    found = after(model, seeds=5, policies={"payment.minutes": 10})
    assert found["conversion"].low - 0.02 < quick / 400 < found["conversion"].high + 0.02
    assert found["conversion"].high < after(model, seeds=5)["conversion"].low


def test_more_time_to_pay_sells_a_little_more(model: Model) -> None:
    now = after(model, seeds=5)
    found = after(model, seeds=5, policies={"payment.minutes": 120})
    assert now["conversion"].mid < found["conversion"].mid < now["conversion"].mid + 0.06


def test_a_carrier_that_comes_once_a_day_makes_parcels_wait(model: Model) -> None:
    now, then = after(model), after(model, pickups=(18,))
    more = then["lead_mean"].mid - now["lead_mean"].mid
    assert 2 * HOUR < more < 24 * HOUR


def test_an_earlier_end_of_the_receipt_does_not_touch_what_was_delivered(model: Model) -> None:
    now = after(model, policies={"receipt.days_after_delivery": 3})
    assert now["lead_p50"].mid == after(model)["lead_p50"].mid


def test_more_than_can_be_watched_is_refused_with_what_to_do(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulate, "MOST_ORDERS", len(model.ended))
    Prepared(Ground(model), Scenario())
    with pytest.raises(Refused, match="请缩短天数或降低订单量"):
        Prepared(Ground(model), Scenario(volume=200))
