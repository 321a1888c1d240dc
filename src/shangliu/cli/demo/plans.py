"""What each buyer is going to do, and what is going to go wrong: decided by dice beforehand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from random import Random
from typing import TypeVar

from shangliu.platform import clock

T = TypeVar("T")


class Paying(Enum):
    AT_ONCE = auto()
    REFUSED_FIRST = auto()
    UNHEARD = auto()  # paid, but the notification is lost: an active query finds it
    CANCELS = auto()
    NEVER = auto()
    TOO_LATE = auto()  # the money arrives after the order was closed


class Road(Enum):
    SMOOTH = auto()
    PROBLEM = auto()
    LOCKER = auto()
    NEIGHBOUR = auto()
    SENT_BACK = auto()


class Receipt(Enum):
    CONFIRMS = auto()
    EXTENDS = auto()
    LEAVES = auto()


class Claim(Enum):
    NONE = auto()
    GOOD = auto()
    DAMAGED = auto()
    NOT_AS_SENT = auto()
    REJECTED = auto()
    UPHELD = auto()
    DISMISSED = auto()
    WITHDRAWN = auto()
    UNANSWERED = auto()
    NOT_SENT = auto()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`stop`: the step before which the story ends for ever; what waits for it goes on waiting.
    `hasty`: people do not wait for opening hours, and parcels travel fast."""

    start: datetime
    lines: int = 1
    bulk: bool = False
    paying: Paying = Paying.AT_ONCE
    way: str = "alipay"
    saves: bool = False
    leaves_cart: bool = False
    comes_back: bool = False
    second_thought: bool = False
    guest: bool = False
    remark: str = ""
    odd_street: str = ""
    express: bool = False
    doubt: str = ""
    regrets: bool = False
    short: bool = False
    off_weight: bool = False
    no_label: bool = False
    road: Road = Road.SMOOTH
    receipt: Receipt = Receipt.CONFIRMS
    claim: Claim = Claim.NONE
    refund_fails: bool = False
    finance_is_deaf: bool = False
    stop: str = ""
    hasty: bool = False


REMARKS = (
    "送人的，请不要放价格单，谢谢",
    "麻烦周末送货，工作日家里没人",
    "请用纸箱加固，上次收到有点压到",
    "能否附一张手写卡片：外婆生日快乐",
    "要开公司抬头的发票，抬头稍后发给客服",
    "放门口快递柜就行，不用打电话",
    "和前一单一起寄可以吗",
    "请尽量选日期新一点的",
)
ODD_STREETS = ("测试路", "随便 1 号", "xxx 小区 3 幢", "地址不详，到了打电话")
DOUBTS = (
    "收货地址不完整，已联系买家补充",
    "买家要求改收货时间，等确认",
    "同一买家短时间重复下单，核实是否误拍",
    "大额订单，与买家电话核对数量",
)
_HOURS = (3, 2, 1, 1, 1, 2, 5, 9, 16, 24, 29, 27, 25, 22, 22, 24, 25, 26, 27, 36, 46, 48, 36, 15)
_WAYS = {"alipay": 52, "wechat": 34, "cod": 9, "transfer": 5}
_WEEKDAYS = (0.94, 0.92, 0.95, 0.98, 1.04, 1.16, 1.12)


def moments(rng: Random, start: datetime, end: datetime, per_day: float) -> list[datetime]:
    """When people come: few at night, most in the evening, more at the weekend."""
    found = []
    day = clock.local(start).replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end:
        for _ in range(round(per_day * _WEEKDAYS[day.weekday()] * rng.uniform(0.9, 1.1))):
            hour = rng.choices(range(24), _HOURS)[0]
            found.append(day + timedelta(hours=hour, seconds=rng.uniform(0, 3600)))
        day += timedelta(days=1)
    return sorted(one for one in found if start <= one < end)


def plan(rng: Random, start: datetime) -> Plan:
    """An ordinary buyer's plan."""
    bulk = rng.random() < 0.015
    leaves, returns = rng.random() < 0.42, rng.random() < 0.3
    return Plan(
        start=start,
        lines=_one(rng, {1: 56, 2: 30, 3: 14}),
        bulk=bulk,
        paying=_one(
            rng,
            {
                Paying.AT_ONCE: 840,
                Paying.REFUSED_FIRST: 45,
                Paying.UNHEARD: 25,
                Paying.CANCELS: 30,
                Paying.NEVER: 56,
                Paying.TOO_LATE: 4,
            },
        ),
        way=_one(rng, _WAYS),
        saves=rng.random() < 0.3,
        leaves_cart=leaves,
        comes_back=returns,
        second_thought=rng.random() < 0.16,
        guest=rng.random() < 0.12 or (leaves and not returns),
        remark=rng.choice(REMARKS) if rng.random() < 0.11 else "",
        odd_street=rng.choice(ODD_STREETS) if rng.random() < 0.012 else "",
        express=rng.random() < 0.17,
        doubt=rng.choice(DOUBTS) if rng.random() < (0.5 if bulk else 0.02) else "",
        regrets=rng.random() < 0.03,
        short=rng.random() < 0.025,
        off_weight=rng.random() < 0.03,
        no_label=rng.random() < 0.012,
        road=_one(
            rng,
            {Road.SMOOTH: 830, Road.PROBLEM: 45, Road.LOCKER: 85, Road.NEIGHBOUR: 40},
        ),
        receipt=_one(rng, {Receipt.CONFIRMS: 62, Receipt.EXTENDS: 3, Receipt.LEAVES: 35}),
        claim=_claim(rng) if rng.random() < 0.13 else Claim.NONE,
        refund_fails=rng.random() < 0.004,
    )


def _claim(rng: Random) -> Claim:
    return _one(
        rng,
        {
            Claim.GOOD: 46,
            Claim.DAMAGED: 16,
            Claim.NOT_AS_SENT: 5,
            Claim.REJECTED: 6,
            Claim.UPHELD: 6,
            Claim.DISMISSED: 5,
            Claim.WITHDRAWN: 7,
            Claim.UNANSWERED: 4,
            Claim.NOT_SENT: 5,
        },
    )


def _one(rng: Random, weights: dict[T, int]) -> T:
    return rng.choices(list(weights), list(weights.values()))[0]


def showcases(end: datetime) -> list[Plan]:
    """Purchases that stand still at the end, so that something waits at nearly every step."""
    return [
        replace(some, start=end - timedelta(hours=hours), stop=stop, hasty=True)
        for stop, hours, some in _STANDING
    ]


_B = Plan(start=datetime.min.replace(tzinfo=UTC))
_REMARK = replace(_B, remark=REMARKS[0])
_LARGE = replace(_B, bulk=True)
_STANDING: tuple[tuple[str, float, Plan], ...] = (
    ("order.place", 0.12, replace(_B, lines=2)),
    ("order.place", 0.2, _B),
    ("payment.start", 0.3, _B),
    ("payment.start", 0.22, replace(_B, lines=2)),
    ("payment.succeed", 0.25, _B),
    ("payment.succeed", 0.35, replace(_B, guest=True)),
    ("order.approve", 1.1, _REMARK),
    ("order.approve", 2.6, replace(_REMARK, remark=REMARKS[2])),
    ("order.approve", 3.4, _LARGE),
    ("order.approve", 6.2, replace(_B, odd_street=ODD_STREETS[3])),
    ("order.resume", 3.0, replace(_REMARK, remark=REMARKS[4], doubt=DOUBTS[1])),
    ("order.resume", 9.0, replace(_LARGE, doubt=DOUBTS[3])),
    ("fulfilment.wave", 0.6, _B),
    ("fulfilment.wave", 1.4, _B),
    ("fulfilment.wave", 2.2, replace(_B, lines=2)),
    ("fulfilment.wave", 4.1, replace(_B, express=True)),
    ("fulfilment.wave", 14.5, _B),
    ("fulfilment.start_pick", 2.4, _B),
    ("fulfilment.start_pick", 3.1, replace(_B, lines=3)),
    ("fulfilment.start_pick", 5.0, _B),
    ("fulfilment.pick", 2.2, replace(_B, lines=2)),
    ("fulfilment.pick", 3.3, _B),
    ("fulfilment.pick", 18.0, replace(_B, lines=3)),
    ("fulfilment.reallocate", 3.6, replace(_B, short=True)),
    ("fulfilment.pack", 3.5, _B),
    ("fulfilment.pack", 4.2, replace(_B, lines=2)),
    ("fulfilment.weigh", 4.0, _B),
    ("fulfilment.weigh", 4.6, _B),
    ("fulfilment.weigh", 8.0, replace(_B, no_label=True)),
    ("fulfilment.hand_over", 4.5, _B),
    ("fulfilment.hand_over", 5.2, replace(_B, lines=2)),
    ("fulfilment.hand_over", 6.1, replace(_B, express=True)),
    ("fulfilment.hand_over", 54.0, _B),
    ("parcel.collect", 7.0, _B),
    ("parcel.collect", 9.0, _B),
    ("parcel.travel", 8.0, _B),
    ("parcel.travel", 11.0, _B),
    ("parcel.deliver", 30.0, _B),
    ("parcel.deliver", 34.0, replace(_B, lines=2)),
    ("parcel.go_on", 52.0, replace(_B, road=Road.PROBLEM)),
    ("parcel.go_on", 160.0, replace(_B, road=Road.PROBLEM)),
    ("parcel.return", 62.0, replace(_B, road=Road.SENT_BACK)),
    ("", 75.0, replace(_B, road=Road.SENT_BACK)),
    ("aftersale.approve", 44.0, replace(_B, claim=Claim.GOOD)),
    ("aftersale.approve", 52.0, replace(_B, claim=Claim.GOOD, lines=2)),
    ("aftersale.approve", 66.0, replace(_B, claim=Claim.DAMAGED)),
    ("aftersale.appeal", 80.0, replace(_B, claim=Claim.UPHELD)),
    ("aftersale.uphold", 90.0, replace(_B, claim=Claim.UPHELD)),
    ("aftersale.send_back", 85.0, replace(_B, claim=Claim.GOOD)),
    ("aftersale.send_back", 100.0, replace(_B, claim=Claim.DAMAGED, lines=2)),
    ("aftersale.receive", 110.0, replace(_B, claim=Claim.GOOD)),
    ("aftersale.receive", 120.0, replace(_B, claim=Claim.GOOD)),
    ("aftersale.inspect", 135.0, replace(_B, claim=Claim.GOOD)),
    ("aftersale.inspect", 150.0, replace(_B, claim=Claim.DAMAGED, lines=2)),
    ("aftersale.return_to_buyer", 150.0, replace(_B, claim=Claim.NOT_AS_SENT)),
    ("refund.settle_by_hand", 20.0, replace(_B, regrets=True, refund_fails=True)),
    ("refund.settle_by_hand", 6.0, replace(_B, regrets=True, refund_fails=True)),
    ("refund.retry", 0.25, replace(_B, regrets=True, refund_fails=True)),
    ("", 50.0, replace(_B, finance_is_deaf=True)),
    ("", 31.0, _REMARK),
    ("", 58.0, replace(_REMARK, remark=REMARKS[5], doubt=DOUBTS[0])),
    ("", 92.0, replace(_B, paying=Paying.TOO_LATE)),
    ("", 205.0, replace(_B, paying=Paying.TOO_LATE)),
    ("", 118.0, replace(_B, regrets=True, refund_fails=True)),
    ("", 212.0, replace(_B, claim=Claim.UPHELD)),
    ("", 236.0, replace(_B, claim=Claim.DISMISSED)),
    ("", 228.0, replace(_B, claim=Claim.NOT_AS_SENT)),
    ("", 190.0, replace(_B, claim=Claim.WITHDRAWN)),
    ("", 244.0, replace(_B, claim=Claim.DAMAGED, lines=2)),
    ("", 322.0, replace(_B, claim=Claim.NOT_SENT)),
    ("", 326.0, replace(_B, claim=Claim.REJECTED)),
    ("", 262.0, replace(_B, receipt=Receipt.EXTENDS)),
    ("", 288.0, replace(_B, receipt=Receipt.EXTENDS)),
)
