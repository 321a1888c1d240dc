"""Waves, scanning, weighing, handing over, labels and picking lists."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.test import Client
from django.urls import reverse

from shangliu.domain.fulfilment.models import FulfilmentTask
from shangliu.domain.logistics import provider as carriers
from shangliu.domain.logistics.models import Parcel
from shangliu.flow.fulfilment.effects import Wave
from shangliu.flow.parcel.collection import collection
from shangliu.flow.payment import services as money
from shangliu.platform.money import Money
from shangliu.process.roles import Role
from shangliu.web import documents
from tests.insight import world
from tests.web.backoffice.conftest import Enter


@dataclass
class Asked(world.Carrier):
    """Remembers what it was to collect."""

    collections: list[Money | None] = field(default_factory=list)

    def order_label(self, request: carriers.LabelRequest) -> carriers.Label:
        self.collections.append(request.collection)
        return super().order_label(request)


def _scan(client: Client, task: FulfilmentTask, code: str, key: str = "") -> tuple[int, str]:
    answer = client.post(
        reverse("staff_task_scan", args=(task.number,)), {"code": code, "idempotency_key": key}
    )
    return answer.status_code, answer.content.decode()


def _picking(shop: world.Shop, quantity: int = 2) -> FulfilmentTask:
    task = world.task_of(world.paid(shop, quantity=quantity))
    world.step("fulfilment.wave", task, Wave(wave="W1"))
    world.step("fulfilment.start_pick", task)
    return task


def _take(client: Client, name: str, task: FulfilmentTask, **more: object) -> int:
    here = reverse("staff_task", args=(task.number,))
    return client.post(
        "/staff/steps/", {"step": name, "pk": task.pk, "next": here, **more}
    ).status_code


def test_ticked_tasks_go_into_one_wave_and_the_next_wave_has_another_name(
    shop: world.Shop, enter: Enter
) -> None:
    tasks = [world.task_of(world.paid(shop)) for _ in range(3)]
    client = enter(Role.WAREHOUSE)
    here = "/staff/warehouse/?state=created"
    client.post("/staff/warehouse/wave/", {"pk": [tasks[0].pk, tasks[1].pk], "next": here})
    client.post("/staff/warehouse/wave/", {"pk": [tasks[2].pk], "next": here})
    for task in tasks:
        task.refresh_from_db()
    assert tasks[0].wave == tasks[1].wave != tasks[2].wave
    assert {task.state for task in tasks} == {"in_wave"}


def test_a_wave_is_whole_or_not_at_all(shop: world.Shop, enter: Enter) -> None:
    free, taken = world.task_of(world.paid(shop)), _picking(shop)
    answer = enter(Role.WAREHOUSE).post(
        "/staff/warehouse/wave/",
        {"pk": [free.pk, taken.pk], "next": "/staff/warehouse/?state=created"},
    )
    assert answer.status_code == 409
    free.refresh_from_db()
    assert (free.state, free.wave) == ("created", "")


def test_a_wrong_code_is_refused_red_and_counts_nothing(shop: world.Shop, enter: Enter) -> None:
    task = _picking(shop)
    client = enter(Role.WAREHOUSE)
    status, page = _scan(client, task, "CUP-1")
    assert status == 409
    assert 'data-scan-result="bad"' in page
    assert "CUP-1 不属于这个任务，请放回" in page
    assert "0 / 2" in client.get(reverse("staff_task", args=(task.number,))).content.decode()
    task.refresh_from_db()
    assert task.state == "picking"


def test_scanning_every_piece_finishes_the_pick(shop: world.Shop, enter: Enter) -> None:
    task = _picking(shop)
    client = enter(Role.WAREHOUSE)
    assert _scan(client, task, "tea-1", "a")[0] == 200
    assert _scan(client, task, "TEA-1", "a")[0] == 200
    task.refresh_from_db()
    assert task.state == "picking"
    status, page = _scan(client, task, "TEA-1", "b")
    assert status == 200
    assert "data-next=" in page
    task.refresh_from_db()
    assert (task.state, task.lines.get().picked) == ("picked", 2)
    assert _scan(client, task, "TEA-1", "c")[0] == 409


def test_one_piece_too_many_is_refused(shop: world.Shop, enter: Enter) -> None:
    two = world.task_of(world.paid(shop, quantity=2))
    other = world.placed(shop)
    del other
    world.step("fulfilment.wave", two, Wave(wave="W1"))
    world.step("fulfilment.start_pick", two)
    client = enter(Role.WAREHOUSE)
    session = client.session
    session["scans"] = {two.number: {"TEA-1": 2}}
    session.save()
    status, page = _scan(client, two, "TEA-1")
    assert status == 409
    assert "TEA-1 已拣够 2 件，多的请放回" in page


def test_an_implausible_weight_is_refused_with_both_numbers(shop: world.Shop, enter: Enter) -> None:
    task = world.packed(world.paid(shop))
    client = enter(Role.WAREHOUSE)
    here = reverse("staff_task", args=(task.number,))
    answer = client.post(
        "/staff/steps/", {"step": "fulfilment.weigh", "pk": task.pk, "next": here, "grams": "2000"}
    )
    assert answer.status_code == 409
    page = answer.content.decode()
    assert f"实重 2000 克与预计 {task.expected_g} 克相差超过 10%，请拆包复核" in page
    assert 'value="2000"' in page
    task.refresh_from_db()
    assert (task.state, task.weight_g) == ("packed", None)
    assert _take(client, "fulfilment.weigh", task, grams="0x2") == 409
    assert _take(client, "fulfilment.weigh", task, grams=str(task.expected_g)) == 302
    task.refresh_from_db()
    assert task.state == "weighed"


def test_parcels_are_handed_over_by_carrier_in_one_go(shop: world.Shop, enter: Enter) -> None:
    tasks = [world.weighed(world.paid(shop)) for _ in range(2)]
    client = enter(Role.WAREHOUSE)
    page = client.get("/staff/warehouse/?state=weighed").content.decode()
    assert "圆通速递" in page
    for task in tasks:
        assert Parcel.objects.get(task=task).waybill_no in page
    client.post(
        "/staff/steps/many/",
        {
            "step": "fulfilment.hand_over",
            "pk": [task.pk for task in tasks],
            "next": "/staff/warehouse/?state=weighed",
        },
    )
    for task in tasks:
        task.refresh_from_db()
        assert (task.state, task.order.state) == ("handed_over", "shipped")


def test_a_short_pick_is_reported_with_its_reason(shop: world.Shop, enter: Enter) -> None:
    task = _picking(shop)
    client = enter(Role.WAREHOUSE)
    assert _take(client, "fulfilment.report_short", task, reason="") == 409
    assert _take(client, "fulfilment.report_short", task, reason="少一盒") == 302
    task.refresh_from_db()
    assert (task.state, task.note) == ("short_pick", "少一盒")


def test_the_label_is_100_by_150_mm_and_says_where_to_with_a_masked_phone(
    shop: world.Shop, enter: Enter
) -> None:
    task = world.packed(world.paid(shop))
    parcel = Parcel.objects.get(task=task)
    client = enter(Role.WAREHOUSE)
    answer = client.get(reverse("staff_label", args=(parcel.reference,)))
    assert answer["Content-Type"] == "application/pdf"
    pdf = answer.content
    assert pdf.startswith(b"%PDF-")
    box = re.search(rb"/MediaBox \[([\d. ]+)\]", pdf)
    assert box is not None
    points = [float(one) for one in box.group(1).split()]
    assert [round(one / 72 * 25.4) for one in points] == [0, 0, 100, 150]
    text = _text(pdf)
    for said in ("张三丰", "139****5678", "浙江省杭州市西湖区", parcel.waybill_no, "圆通速递"):
        assert said in text, said
    assert "13912345678" not in text


def test_many_labels_are_one_file_with_a_page_each(shop: world.Shop, enter: Enter) -> None:
    parcels = [Parcel.objects.get(task=world.packed(world.paid(shop))) for _ in range(3)]
    asked = {"parcel": [parcel.pk for parcel in parcels]}
    pdf = enter(Role.WAREHOUSE).get("/staff/warehouse/labels.pdf", asked).content
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 3


def test_a_parcel_without_a_waybill_has_no_label(shop: world.Shop, enter: Enter) -> None:
    task = world.picked(world.paid(shop))
    world.step("fulfilment.pack", task)
    parcel = Parcel.objects.get(task=task)
    client = enter(Role.WAREHOUSE)
    assert client.get(reverse("staff_label", args=(parcel.reference,))).status_code == 404


def test_the_picking_list_sums_the_wave_by_sku(shop: world.Shop, enter: Enter) -> None:
    for quantity in (1, 2):
        task = world.task_of(world.paid(shop, quantity=quantity))
        world.step("fulfilment.wave", task, Wave(wave="W7"))
    client = enter(Role.WAREHOUSE)
    text = _text(client.get(reverse("staff_picking_list", args=("W7",))).content)
    assert "拣货单 W7" in text
    assert "2 个任务，3 件" in text
    assert client.get(reverse("staff_picking_list", args=("W8",))).status_code == 404


def test_a_barcode_begins_and_ends_as_code_128_does() -> None:
    bars = documents.modules("YT1")
    assert bars.startswith("11010010000")
    assert bars.endswith("1100011101011")


def test_a_rare_name_is_printed(shop: world.Shop) -> None:
    said = dict.fromkeys(documents.Label.__dataclass_fields__, "x") | {
        "to_name": "王喆堃",
        "waybill_no": "YT1",
        "weight_g": 5,
    }
    text = _text(documents.labels([documents.Label(**said)]))  # type: ignore[arg-type]
    assert {"王", "喆", "堃"} <= set(text)


def _text(pdf: bytes) -> str:
    """The words of a PDF: the glyph numbers on its pages, through its font's table to Unicode."""
    streams = [
        zlib.decompress(one) if one[:1] == b"x" else one
        for one in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    ]
    tables = [dict(_mapped(one)) for one in streams if b"begincmap" in one]
    found = []
    for page in (one for one in streams if b"BT /F" in one):
        table = tables[0]
        for font, piece in re.findall(rb"/F(\d+) [\d.]+ Tf|\((.*?)(?<!\\)\) Tj", page, re.DOTALL):
            if font:
                table = tables[min(int(font), len(tables)) - 1]
            else:
                raw = re.sub(rb"\\([()\\])", rb"\1", piece.replace(b"\\r", b"\r"))
                found.append("".join(table.get(raw[i : i + 2], "?") for i in range(0, len(raw), 2)))
    return "\n".join(found)


def _mapped(table: bytes) -> Iterator[tuple[bytes, str]]:
    for glyph, letter in re.findall(rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]+)>\s", table):
        yield bytes.fromhex(glyph.decode()), bytes.fromhex(letter.decode()).decode("utf-16-be")


def test_what_is_paid_at_the_door_is_on_the_label_and_on_the_first_parcel_only(
    shop: world.Shop, enter: Enter
) -> None:
    carrier = Asked()
    carriers.register(carrier)
    order = world.placed(shop)
    way = money.Way("cod")
    money.start(trade=order.trade, way=way, return_url="", notify_url="", actor="guest")
    world.packed(order)
    assert carrier.collections == [Money(12800)]
    parcel = Parcel.objects.get()
    address = reverse("staff_label", args=(parcel.reference,))
    said = _text(enter(Role.WAREHOUSE).get(address).content)
    assert "代收货款" in said
    assert "¥128.00" in said
    second = Parcel.objects.get()
    second.pk = None
    second.reference, second.waybill_no = "second", "YT2"
    assert collection(parcel) == Money(12800)
    assert collection(second) is None


def test_a_paid_parcel_has_nothing_to_be_collected(shop: world.Shop, enter: Enter) -> None:
    world.packed(world.paid(shop))
    parcel = Parcel.objects.get()
    assert collection(parcel) is None
    address = reverse("staff_label", args=(parcel.reference,))
    assert "代收货款" not in _text(enter(Role.WAREHOUSE).get(address).content)
