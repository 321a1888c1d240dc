"""The Kuaidi100 adapter and the simulator, over the wire."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from shangliu.domain.logistics.provider import (
    CARRIERS,
    LabelRequest,
    Person,
    ProviderError,
    TrackState,
)
from shangliu.platform.models import OutsideCall
from shangliu.platform.money import Money
from shangliu.providers.carriers.kuaidi100 import Kuaidi100, Settings, digest
from tests.providers.vectors import VECTORS
from tests.simulators.running import Ear, Simulator

pytestmark = pytest.mark.django_db(transaction=True)


def _request(reference: str, carrier: str = "yuantong") -> LabelRequest:
    return LabelRequest(
        reference=reference,
        carrier=carrier,
        sender=Person("杭州仓", "13900139000", "浙江省", "杭州市", "余杭区", "仓前街道 1 号"),
        receiver=Person("李四", "13800138000", "广东省", "广州市", "天河区", "体育西路 2 号"),
        weight_g=1250,
        goods="龙井茶叶",
        count=1,
    )


def _push(kuaidi100: Kuaidi100, *, salt: str | None = None, **said: Any) -> bytes:
    param = json.dumps({"status": "polling", "message": "", **said}, ensure_ascii=False)
    sign = digest(param, kuaidi100.settings.salt if salt is None else salt)
    return urlencode({"param": param, "sign": sign}).encode()


def _last(state: str, *codes: str) -> dict[str, Any]:
    return {
        "nu": "YT1",
        "com": "yuantong",
        "state": state,
        "data": [
            {
                "time": f"2026-11-23 1{9 - row}:00:00",
                "context": f"第 {row} 条",
                "statusCode": code,
                "areaName": "广州市",
            }
            for row, code in enumerate(codes)
        ],
    }


@pytest.mark.parametrize("carrier", sorted(CARRIERS))
def test_a_label_asked_for_twice_is_one_waybill(
    kuaidi100: Kuaidi100, number: str, carrier: str
) -> None:
    first, second = (kuaidi100.order_label(_request(number, carrier)) for _ in range(2))

    assert first == second
    assert first.carrier == carrier
    assert first.waybill_no
    assert first.sort_code


def test_what_is_to_be_collected_at_the_door_is_on_the_waybill(
    kuaidi100: Kuaidi100, kuaidi100_simulator: Simulator, number: str
) -> None:
    asked = replace(_request(number), collection=Money(12805))
    waybill = kuaidi100.order_label(asked).waybill_no
    kept = requests.get(
        f"{kuaidi100_simulator.url}/_sim/parcels", params={"number": waybill}, timeout=10
    ).json()
    assert kept["collection"] == "128.05"


def test_a_refused_label_says_why(
    kuaidi100: Kuaidi100, kuaidi100_simulator: Simulator, number: str
) -> None:
    kuaidi100_simulator.sim("fail-labels", times=1)

    with pytest.raises(ProviderError, match="余额不足") as caught:
        kuaidi100.order_label(_request(number))

    assert not caught.value.unknown
    assert kuaidi100.order_label(_request(number)).waybill_no


def test_a_wrong_secret_is_refused_and_nothing_is_made(
    kuaidi100: Kuaidi100, kuaidi100_simulator: Simulator, number: str
) -> None:
    url = kuaidi100_simulator.url
    wrong = Kuaidi100(
        settings=Settings.read(
            {
                "CARRIERS_KUAIDI100_API_URL": url,
                "CARRIERS_KUAIDI100_POLL_URL": url,
                "CARRIERS_KUAIDI100_SECRET": "WRONG",
                "CARRIERS_KUAIDI100_CUSTOMER": "WRONG",
            }
        )
    )

    with pytest.raises(ProviderError, match="30002"):
        wrong.order_label(_request(number))
    with pytest.raises(ProviderError, match="503"):
        wrong.query(waybill_no="YT1", carrier="yuantong", phone="")
    assert number not in [one["order_id"] for one in kuaidi100_simulator.look("parcels")]


def test_a_second_subscription_is_as_good_as_the_first(
    kuaidi100: Kuaidi100, shop: Ear, number: str
) -> None:
    label = kuaidi100.order_label(_request(number))
    shop.answer = (200, kuaidi100.accepted()[2])

    for _ in range(2):
        kuaidi100.subscribe(
            waybill_no=label.waybill_no,
            carrier="yuantong",
            phone="13800138000",
            callback_url=shop.url,
        )

    assert OutsideCall.objects.filter(operation="subscribe", ok=True).count() == 2
    last = OutsideCall.objects.order_by("pk").last()
    assert last is not None
    assert last.answer is not None
    assert last.answer["returnCode"] == "501"


def test_pushes_of_a_whole_journey_are_verified_and_read(
    kuaidi100: Kuaidi100, kuaidi100_simulator: Simulator, shop: Ear, number: str
) -> None:
    label = kuaidi100.order_label(_request(number))
    shop.answer = (200, kuaidi100.accepted()[2])
    kuaidi100.subscribe(
        waybill_no=label.waybill_no, carrier="yuantong", phone="", callback_url=shop.url
    )
    for sent in range(7):
        shop.wait(sent + 1)
        kuaidi100_simulator.sim("next", number=number)
    shop.wait(8)

    pushes = [kuaidi100.read_push(headers={}, body=body) for body in shop.heard]

    assert [one.state for one in pushes] == [
        TrackState.LABEL_CREATED,
        TrackState.PICKED_UP,
        TrackState.IN_TRANSIT,
        TrackState.IN_TRANSIT,
        TrackState.ARRIVED_CITY,
        TrackState.IN_TRANSIT,
        TrackState.OUT_FOR_DELIVERY,
        TrackState.DELIVERED,
    ]
    assert [len(one.points) for one in pushes] == list(range(1, 9))
    assert [one.finished for one in pushes] == [False] * 7 + [True]
    assert [one.state for one in pushes[-1].points] == [one.state for one in pushes]
    assert {one.waybill_no for one in pushes} == {label.waybill_no}


def test_a_query_tells_the_same_and_needs_the_phone_where_the_carrier_does(
    kuaidi100: Kuaidi100, kuaidi100_simulator: Simulator, number: str
) -> None:
    label = kuaidi100.order_label(_request(number, "shunfeng"))
    kuaidi100_simulator.sim("next", number=number)

    said = kuaidi100.query(waybill_no=label.waybill_no, carrier="shunfeng", phone="8000")

    assert said.state is TrackState.PICKED_UP
    assert "杭州市" in said.points[-1].text
    with pytest.raises(ProviderError, match="408"):
        kuaidi100.query(waybill_no=label.waybill_no, carrier="shunfeng", phone="")


def test_a_forged_push_is_refused(kuaidi100: Kuaidi100) -> None:
    with pytest.raises(ProviderError, match="digest"):
        kuaidi100.read_push(
            headers={}, body=_push(kuaidi100, salt="GUESS", lastResult=_last("3", "301"))
        )


def test_a_push_that_gives_up_says_so(
    kuaidi100: Kuaidi100, kuaidi100_simulator: Simulator, shop: Ear, number: str
) -> None:
    label = kuaidi100.order_label(_request(number))
    shop.answer = (200, kuaidi100.accepted()[2])
    kuaidi100.subscribe(
        waybill_no=label.waybill_no, carrier="yuantong", phone="", callback_url=shop.url
    )
    shop.wait(1)
    kuaidi100_simulator.sim("abort", number=number)
    shop.wait(2)

    said = kuaidi100.read_push(headers={}, body=shop.heard[1])

    assert (said.aborted, said.finished) == (True, False)


def test_points_come_oldest_first_in_utc_and_an_unknown_code_is_kept_without_a_state(
    kuaidi100: Kuaidi100,
) -> None:
    said = kuaidi100.read_push(
        headers={}, body=_push(kuaidi100, lastResult=_last("0", "9999", "5", "103"))
    )

    assert [one.code for one in said.points] == ["103", "5", "9999"]
    assert said.points[0].at == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert said.points[-1].state is None
    assert said.state is TrackState.IN_TRANSIT


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("101", TrackState.LABEL_CREATED),
        ("1", TrackState.PICKED_UP),
        ("501", TrackState.AT_PICKUP_POINT),
        ("304", TrackState.DELIVERED),
        ("205", TrackState.EXCEPTION),
        ("14", TrackState.REFUSED),
        ("6", TrackState.RETURNING),
        ("4", TrackState.RETURNED),
        ("401", TrackState.CANCELLED),
        ("12", TrackState.CUSTOMS),
    ],
)
def test_codes_become_our_states(kuaidi100: Kuaidi100, code: str, state: TrackState) -> None:
    said = kuaidi100.read_push(headers={}, body=_push(kuaidi100, lastResult=_last("0", code)))

    assert said.state is state


@pytest.mark.parametrize(
    "last", [{}, {"nu": ""}, {"nu": "YT1", "data": [{"time": "gestern", "context": "x"}]}]
)
def test_a_report_that_cannot_be_read_is_refused(
    kuaidi100: Kuaidi100, last: dict[str, Any]
) -> None:
    with pytest.raises(ProviderError):
        kuaidi100.read_push(headers={}, body=_push(kuaidi100, lastResult=last))


def test_a_cancelled_label_is_cancelled_once_and_for_all(
    kuaidi100: Kuaidi100, kuaidi100_simulator: Simulator, number: str
) -> None:
    label = kuaidi100.order_label(_request(number))

    for _ in range(2):
        kuaidi100.cancel_label(waybill_no=label.waybill_no, carrier="yuantong", reference=number)

    assert kuaidi100_simulator.look("parcels", number=number)["last"] == "cancelled"


def test_persons_and_secrets_are_masked_in_the_record(kuaidi100: Kuaidi100, number: str) -> None:
    kuaidi100.order_label(_request(number))

    call = OutsideCall.objects.get()
    assert call.request["param"]["recMan"] == {"name": "李**", "mobile": "1**", "printAddr": "广**"}
    assert (call.request["key"], call.request["sign"]) == ("***", "***")
    assert "13800138000" not in json.dumps(call.request)


@pytest.mark.parametrize(
    ("vector", "parts"),
    [
        ("kd100_query", ("param", "key", "customer")),
        ("kd100_label", ("param", "t", "key", "secret")),
        ("kd100_push", ("param", "salt")),
    ],
)
def test_digests_are_those_of_the_vectors(vector: str, parts: tuple[str, ...]) -> None:
    known = VECTORS[vector]

    assert digest(*(known[part] for part in parts)) == known["sign"]
