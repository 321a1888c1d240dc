"""What happens to a parcel on its way, in the words that Chinese carriers use."""

from __future__ import annotations

from dataclasses import dataclass

NAMES = {
    "shunfeng": "顺丰速运",
    "zhongtong": "中通快递",
    "yuantong": "圆通速递",
    "shentong": "申通快递",
    "yunda": "韵达快递",
    "jtexpress": "极兔速递",
    "jd": "京东物流",
    "ems": "EMS",
    "debangkuaidi": "德邦快递",
}
NUMBERS = {
    "shunfeng": ("SF", 13),
    "zhongtong": ("73", 12),
    "yuantong": ("YT", 13),
    "shentong": ("77", 13),
    "yunda": ("43", 13),
    "jtexpress": ("JT", 13),
    "jd": ("JDVB", 11),
    "ems": ("11", 11),
    "debangkuaidi": ("DPK", 12),
}
COURIERS = (("王师傅", "6021"), ("李师傅", "3387"), ("赵师傅", "9145"), ("陈师傅", "2708"))


@dataclass(frozen=True, slots=True)
class Stop:
    """One line of a track: Kuaidi100's main state, its advanced code, the words, the place."""

    name: str
    state: str
    code: str
    text: str
    place: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Journey:
    """`origin` and `target` are cities, `street` the district of the receiver."""

    carrier: str
    origin: str
    target: str
    district: str
    courier: int


def main_road(journey: Journey) -> tuple[Stop, ...]:
    """From the label to the door when all goes well."""
    name = NAMES.get(journey.carrier, "快递")
    person, tail = COURIERS[journey.courier % len(COURIERS)]
    origin, target = journey.origin or "始发城市", journey.target or "目的城市"
    near = journey.district or target
    far = (
        ()
        if origin == target
        else (
            Stop(
                "leave_origin",
                "0",
                "1002",
                f"【{origin}】快件离开【{origin}转运中心】，已发往【{target}转运中心】",
                origin,
            ),
            Stop("arrive_city", "0", "1001", f"【{target}】快件到达【{target}转运中心】", target),
        )
    )
    return (
        Stop("ordered", "1", "101", f"{name}已收到寄件信息，等待揽收", origin),
        Stop(
            "picked_up",
            "1",
            "103",
            f"【{origin}】{name}已揽收，揽投员{person}，电话 130****{tail}",
            origin,
        ),
        Stop("sorted", "0", "0", f"【{origin}】快件到达【{origin}转运中心】，正在分拣", origin),
        *far,
        Stop("arrive_branch", "0", "0", f"【{target}】快件到达【{near}营业部】", target),
        Stop(
            "out_for_delivery",
            "5",
            "5",
            f"【{target}】{near}营业部{person}正在派件，电话 130****{tail}，请保持电话畅通",
            target,
        ),
        Stop("delivered", "3", "301", f"【{target}】快件已签收，签收人：本人", target),
    )


def side_road(name: str, journey: Journey) -> Stop:
    """What a person decides: a problem, a locker, a refusal, the way back. `KeyError` otherwise."""
    target, origin = journey.target or "目的城市", journey.origin or "始发城市"
    stops = (
        Stop(
            "problem", "2", "205", f"【{target}】收件人电话无人接听，快件暂存网点，次日再派", target
        ),
        Stop("pickup_point", "5", "501", f"【{target}】快件已放入驿站，凭取件码领取", target),
        Stop("taken_from_point", "3", "304", f"【{target}】快件已从驿站取走，已签收", target),
        Stop("neighbour", "3", "303", f"【{target}】快件已签收，签收人：邻居代收", target),
        Stop("rejected", "14", "14", f"【{target}】收件人拒收，快件将退回寄件人", target),
        Stop("returning", "6", "6", f"【{target}】快件正在退回【{origin}】", target),
        Stop("returned", "4", "4", f"【{origin}】退件已由寄件人签收", origin),
    )
    return {stop.name: stop for stop in stops}[name]


SIDE_ROADS = {
    "problem": "疑难",
    "pickup_point": "放驿站",
    "taken_from_point": "驿站取走",
    "neighbour": "代签",
    "rejected": "拒收",
    "returning": "退回中",
    "returned": "已退回",
}
# What may follow on its own after a decision, so that a parcel does not stand for ever.
AFTER = {
    "problem": "out_for_delivery",
    "pickup_point": "taken_from_point",
    "rejected": "returning",
    "returning": "returned",
}
ENDS = ("delivered", "taken_from_point", "neighbour", "returned", "cancelled")


def recognised(number: str) -> list[str]:
    """Carriers whose numbers look like this one."""
    return [
        carrier
        for carrier, (prefix, digits) in NUMBERS.items()
        if number.startswith(prefix)
        and len(number) == len(prefix) + digits
        and number[len(prefix) :].isdigit()
    ]
