"""What the map says is said in words for people, and of the time that one looks at."""

from __future__ import annotations

from shangliu.process.roles import Role
from shangliu.process.running import flow
from shangliu.web.backoffice.conditions import CONDITIONS
from tests.insight import world
from tests.web.backoffice.conftest import Enter


def test_each_condition_of_a_step_has_a_name() -> None:
    checks = {check.__name__ for _name, _process, step in flow().steps() for check in step.needs}
    assert checks == set(CONDITIONS)


def test_a_panel_names_conditions_and_people(shop: world.Shop, enter: Enter) -> None:
    client = enter(Role.WAREHOUSE)
    world.picked(world.paid(shop))
    panel = client.get("/staff/map/panel/?node=fulfilment.pick").content.decode()
    assert "每件都已扫码" in panel
    assert "everything_is_scanned" not in panel


def test_part_of_a_name_finds_a_colleague_unless_there_are_two(
    shop: world.Shop, enter: Enter
) -> None:
    client = enter(Role.OPERATIONS)
    world.staff("zhou", Role.WAREHOUSE)
    assert client.get("/staff/?find=zho")["Location"] == "/staff/map/?person=zhou"
    world.staff("zhoubo", Role.WAREHOUSE)
    assert client.get("/staff/?find=zho")["Location"] == "/staff/search/?q=zho"
    assert '<option value="Zhoubo">' in client.get("/staff/").content.decode()


def test_what_is_late_now_is_not_shown_beside_the_past(shop: world.Shop, enter: Enter) -> None:
    client = enter(Role.OPERATIONS)
    assert "需要关注" in client.get("/staff/?period=7d").content.decode()
    past = client.get("/staff/?since=2026-01-02T00:00&until=2026-01-03T00:00").content.decode()
    assert "这段时间已经过去" in past
    assert "需要关注" not in past


def test_a_period_that_cannot_be_stays_to_be_put_right(shop: world.Shop, enter: Enter) -> None:
    asked = "since=2026-01-05T00:00&until=2026-01-03T00:00"
    page = enter(Role.OPERATIONS).get(f"/staff/?{asked}").content.decode()
    assert "开始要早于结束" in page
    assert 'value="2026-01-05T00:00"' in page
    assert 'value="2026-01-03T00:00"' in page
