"""The life of a reservation: a claim on units, from the cart to the parcel."""

from __future__ import annotations

from datetime import datetime

from shangliu.domain.inventory.models import Reservation
from shangliu.domain.inventory.states import ReservationState as S
from shangliu.flow.places import Lanes, Stages
from shangliu.flow.policies import Policies
from shangliu.flow.stock import checks, effects
from shangliu.platform.text import Text
from shangliu.process.definition import Decision, Kind, Process, State, Step
from shangliu.process.roles import Role

_SYSTEM = frozenset({Role.SYSTEM})


def _hold_is_over(reservation: Reservation, moment: datetime) -> datetime | None:
    """A cart's hold has an end; an order's lasts until the order is paid or given up."""
    return None if reservation.order_line_id else reservation.hold_until


RESERVATION = Process[Reservation](
    name="reservation",
    label=Text("库存预占", "Reservation"),
    model=Reservation,
    states={
        S.HELD: State(label=Text("预占中", "Held"), holds_stock=True),
        S.COMMITTED: State(label=Text("已扣减待发", "Committed"), holds_stock=True),
        S.SHIPPED: State(label=Text("已出库", "Shipped")),
        S.RELEASED: State(label=Text("已释放", "Released")),
        S.EXPIRED: State(label=Text("已过期", "Expired"), rests=True),
    },
    decisions={
        S.HELD: Decision(
            label=Text("预占去向？", "What becomes of the hold?"), policies=(Policies.HOLD,)
        )
    },
    steps=(
        Step(
            name="hold",
            label=Text("预占库存", "Hold stock"),
            source=(),
            target=S.HELD,
            lane=Lanes.INVENTORY,
            stage=Stages.CART,
            by=_SYSTEM,
            policies=(
                Policies.RESERVE_AT_CART,
                Policies.HOLD,
                Policies.HOLD_LONGEST,
                Policies.HOT_CLAIMS,
            ),
            main=True,
        ),
        Step(
            name="expire",
            label=Text("预占到期释放", "Hold ends"),
            source=(S.HELD,),
            target=S.EXPIRED,
            lane=Lanes.INVENTORY,
            stage=Stages.CART,
            by=_SYSTEM,
            kind=Kind.TIMER,
            at=_hold_is_over,
            does=(effects.release,),
            tells=("hold_expired",),
            outcome=Text("超时", "time is up"),
            policies=(Policies.HOLD,),
            problem=True,
        ),
        Step(
            name="rehold",
            label=Text("结算时重新预占", "Hold again at checkout"),
            source=(S.EXPIRED,),
            target=S.HELD,
            lane=Lanes.INVENTORY,
            stage=Stages.CHECKOUT,
            by=_SYSTEM,
            does=(effects.hold_again,),
        ),
        Step(
            name="renew",
            label=Text("续占至付款截止", "Hold until payment"),
            source=(S.HELD,),
            target=S.HELD,
            lane=Lanes.INVENTORY,
            stage=Stages.CHECKOUT,
            by=_SYSTEM,
            outcome=Text("提交订单", "order placed"),
            main=True,
        ),
        Step(
            name="commit",
            label=Text("扣减库存", "Commit stock"),
            source=(S.HELD,),
            target=S.COMMITTED,
            lane=Lanes.INVENTORY,
            stage=Stages.PROCESSING,
            by=_SYSTEM,
            does=(effects.commit,),
            outcome=Text("已付款", "paid"),
            main=True,
        ),
        Step(
            name="release",
            label=Text("释放预占", "Release the hold"),
            source=(S.HELD,),
            target=S.RELEASED,
            lane=Lanes.INVENTORY,
            stage=Stages.PAYMENT,
            by=_SYSTEM,
            does=(effects.release,),
            outcome=Text("取消", "given up"),
        ),
        Step(
            name="release_by_staff",
            label=Text("人工释放预占", "Release by staff"),
            source=(S.HELD,),
            target=S.RELEASED,
            lane=Lanes.OPERATIONS,
            stage=Stages.CART,
            by=frozenset({Role.OPERATIONS}),
            kind=Kind.USER,
            asks=effects.Reason,
            needs=(checks.is_of_a_cart, checks.reason_is_given),
            does=(effects.note_reason, effects.release),
            tells=("hold_released",),
            outcome=Text("人工释放", "by staff"),
            problem=True,
        ),
        Step(
            name="ship",
            label=Text("库存出库", "Stock leaves"),
            source=(S.COMMITTED,),
            target=S.SHIPPED,
            lane=Lanes.INVENTORY,
            stage=Stages.DELIVERY,
            by=_SYSTEM,
            does=(effects.ship,),
            outcome=Text("发货", "shipped"),
            main=True,
        ),
        Step(
            name="lessen",
            label=Text("返还一部分库存", "Give a part of the stock back"),
            source=(S.COMMITTED,),
            target=S.COMMITTED,
            lane=Lanes.INVENTORY,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            does=(effects.give_part_back,),
            outcome=Text("撤下几件", "some pieces"),
        ),
        Step(
            name="unwind",
            label=Text("返还库存", "Give stock back"),
            source=(S.COMMITTED,),
            target=S.RELEASED,
            lane=Lanes.INVENTORY,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            does=(effects.uncommit,),
            outcome=Text("未发货关闭", "closed before shipment"),
        ),
    ),
)
