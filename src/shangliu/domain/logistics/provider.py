"""The port to carriers. A gateway is one file in `shangliu.providers.carriers`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shangliu.platform.errors import NotFound
from shangliu.platform.money import Money
from shangliu.platform.outside import ProviderError
from shangliu.platform.text import Text

__all__ = [
    "CARRIERS",
    "Carrier",
    "CarrierGateway",
    "Label",
    "LabelRequest",
    "Person",
    "ProviderError",
    "Push",
    "TrackPoint",
    "TrackState",
    "carrier_gateway",
    "carrier_gateways",
    "register",
]


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier by our code, which is Kuaidi100's."""

    code: str
    label: Text


CARRIERS: Mapping[str, Carrier] = {
    one.code: one
    for one in (
        Carrier("shunfeng", Text("顺丰速运", "SF Express")),
        Carrier("zhongtong", Text("中通快递", "ZTO Express")),
        Carrier("yuantong", Text("圆通速递", "YTO Express")),
        Carrier("shentong", Text("申通快递", "STO Express")),
        Carrier("yunda", Text("韵达快递", "Yunda Express")),
        Carrier("jtexpress", Text("极兔速递", "J&T Express")),
        Carrier("jd", Text("京东物流", "JD Logistics")),
        Carrier("ems", Text("EMS", "EMS")),
        Carrier("debangkuaidi", Text("德邦快递", "Deppon Express")),
    )
}


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    phone: str
    province: str
    city: str
    district: str
    street: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelRequest:
    """`reference` is ours and makes the order idempotent; weight in grams. `collection`: what the
    carrier is to collect from the receiver for us."""

    reference: str
    carrier: str
    sender: Person
    receiver: Person
    weight_g: int
    goods: str
    count: int
    collection: Money | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    waybill_no: str
    carrier: str
    sort_code: str = ""
    destination_code: str = ""


class TrackState(StrEnum):
    """One model over all carriers."""

    LABEL_CREATED = "label_created"
    AWAITING_PICKUP = "awaiting_pickup"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    ARRIVED_CITY = "arrived_city"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AT_PICKUP_POINT = "at_pickup_point"
    DELIVERED = "delivered"
    CUSTOMS = "customs"
    EXCEPTION = "exception"
    REFUSED = "refused"
    RETURNING = "returning"
    RETURNED = "returned"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackPoint:
    """One line of a track. `state` None: the carrier's code is not known to us."""

    at: datetime
    text: str
    state: TrackState | None = None
    code: str = ""
    place: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """What a carrier reports of one waybill, whole. `aborted`: it has given up watching."""

    waybill_no: str
    carrier: str
    state: TrackState | None
    points: tuple[TrackPoint, ...]
    finished: bool = False
    aborted: bool = False


class CarrierGateway(Protocol):
    """What every carrier interface can do. All but the readers call the network."""

    @property
    def code(self) -> str: ...
    @property
    def label(self) -> Text: ...

    def order_label(self, request: LabelRequest) -> Label: ...
    def cancel_label(self, *, waybill_no: str, carrier: str, reference: str) -> None: ...
    def subscribe(
        self, *, waybill_no: str, carrier: str, phone: str, callback_url: str
    ) -> None: ...
    def query(self, *, waybill_no: str, carrier: str, phone: str) -> Push: ...
    def read_push(self, *, headers: Mapping[str, str], body: bytes) -> Push: ...
    def accepted(self) -> tuple[int, str, bytes]: ...
    def rejected(self) -> tuple[int, str, bytes]: ...


_gateways: dict[str, CarrierGateway] = {}


def register(one: CarrierGateway) -> None:
    _gateways[one.code] = one


def carrier_gateway(code: str) -> CarrierGateway:
    """The interface of that code; `NotFound` when there is none."""
    try:
        return _gateways[code]
    except KeyError:
        raise NotFound from None


def carrier_gateways() -> tuple[CarrierGateway, ...]:
    return tuple(_gateways.values())
