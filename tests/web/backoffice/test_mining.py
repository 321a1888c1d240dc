"""The mining page: our own log and those that were brought along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from shangliu.platform import clock
from shangliu.process.roles import Role
from shangliu.web.backoffice import logfiles, mine
from tests.insight import world

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

CSV = "订单,动作,时间\nA1,下单,2026-11-01T08:00:00Z\nA1,付款,2026-11-01T08:05:00Z\n"


@pytest.fixture(autouse=True)
def _folders(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MINED_LOG = tmp_path / "log"
    mine.forget()
    yield
    logfiles.clear()


def of(*roles: Role) -> Client:
    client = Client()
    client.force_login(world.staff(roles[0].value, *roles))
    return client


def test_the_own_log_is_mined_and_fits_the_definition() -> None:
    shop = world.open_shop()
    with clock.at(clock.now() - timedelta(hours=1)):
        orders = [world.completed(shop, world.paid(shop)) for _ in range(3)]
    client = of(Role.OPERATIONS)
    said = client.get("/staff/mining/?activities=100&paths=100&wait=1").content.decode()
    assert any(one.number in said for one in orders)
    assert "100.0%" in said
    assert "没有偏离" in said
    assert "flow-map" in said


def test_a_log_that_is_not_mined_yet_says_how_far_it_is() -> None:
    shop = world.open_shop()
    with clock.at(clock.now() - timedelta(hours=1)):
        world.paid(shop)
    client = of(Role.OPERATIONS)
    page = client.get("/staff/mining/?period=7d").content.decode()
    address = page.split('data-mining-run="')[1].split('"')[0].replace("&amp;", "&")
    lines = [json.loads(line) for line in client.get(address).getvalue().decode().splitlines()]
    assert [line.get("done") for line in lines] == [0, 1, 2, 3, 4, 5, 6, None]
    assert {line.get("of") for line in lines[:-1]} == {7}
    assert "flow-map" in lines[-1]["html"]
    assert "flow-map" in client.get("/staff/mining/?period=7d").content.decode()


def test_an_empty_log_is_said_at_the_end_of_the_progress() -> None:
    lines = of(Role.FINANCE).get("/staff/mining/run/?period=24h").getvalue().decode().splitlines()
    assert "这段时间没有事件" in json.loads(lines[-1])["html"]


@pytest.mark.parametrize("form", ["csv", "parquet", "xes", "ocel.json", "ocel.sqlite"])
def test_the_log_is_taken_away_in_every_form(form: str) -> None:
    world.paid(world.open_shop())
    answer = of(Role.FINANCE).get(f"/staff/mining/export/{form}")
    assert answer.status_code == 200
    assert answer["Content-Disposition"].endswith(f'.{form}"')
    assert len(answer.getvalue()) > 1000


def test_the_log_goes_to_operations_and_finance_only() -> None:
    assert of(Role.WAREHOUSE).get("/staff/mining/export/csv").status_code == 403
    assert of(Role.FINANCE).get("/staff/mining/export/docx").status_code == 404


def test_nothing_happened_and_the_page_says_so() -> None:
    answer = of(Role.FINANCE).get("/staff/mining/?period=24h&wait=1")
    assert answer.status_code == 200
    assert "这段时间没有事件" in answer.content.decode()


def test_a_csv_log_is_brought_along_mined_and_thrown_away() -> None:
    client = of(Role.OPERATIONS)
    first = client.get("/staff/mining/bring/").content.decode()
    assert 'type="file" name="file"' in first
    assert 'enctype="multipart/form-data"' in first
    file = SimpleUploadedFile("别家.csv", CSV.encode(), "text/csv")
    asked = client.post("/staff/mining/bring/", {"file": file})
    said = asked.content.decode()
    assert "<option selected>订单</option>" in said
    incoming = said.split('name="incoming" value="')[1].split('"')[0]
    given = {"incoming": incoming, "name": "own", "case": "订单", "activity": "动作", "at": "时间"}
    taken = client.post("/staff/mining/bring/", given)
    assert taken.status_code == 409
    assert f'name="incoming" value="{incoming}"' in taken.content.decode()
    given["name"] = "别家"
    done = client.post("/staff/mining/bring/", given)
    assert (done.status_code, unquote(done["Location"])) == (302, "/staff/mining/?log=别家")
    page = client.get("/staff/mining/?log=别家&activities=100&paths=100&period=30d&wait=1")
    assert "付款" in page.content.decode()
    assert [one.name for one in logfiles.kept()] == ["别家"]
    client.post("/staff/mining/logs/别家/forget/")
    assert logfiles.kept() == []
    assert client.get("/staff/mining/?log=别家").status_code == 404


@pytest.mark.parametrize("name", ["x.exe", "x.json", "x.csv"])
def test_what_is_no_log_is_refused_with_a_sentence(name: str) -> None:
    client = of(Role.OPERATIONS)
    file = SimpleUploadedFile(name, b"\xff\xfe\x00not a log")
    answer = client.post("/staff/mining/bring/", {"file": file})
    assert answer.status_code == 409
    assert 'role="alert"' in answer.content.decode()
    assert logfiles.kept() == []


def test_a_file_that_was_not_uploaded_here_is_not_read() -> None:
    client = of(Role.OPERATIONS)
    answer = client.post("/staff/mining/bring/", {"incoming": "../../../etc/passwd", "name": "x"})
    assert answer.status_code == 409
    assert "文件已过期" in answer.content.decode()


def test_only_operations_bring_logs_along() -> None:
    assert of(Role.FINANCE).get("/staff/mining/bring/").status_code == 403
