"""The life of a parcel, from the waybill to the door."""

from __future__ import annotations

from datetime import datetime, timedelta

from shangliu.domain.logistics.models import Parcel
from shangliu.domain.logistics.states import ParcelState as S
from shangliu.flow.parcel import effects
from shangliu.flow.places import Lanes, Pools, Stages
from shangliu.flow.policies import Policies
from shangliu.platform.text import Text
from shangliu.process.definition import Decision, Kind, Process, Send, State, Step
from shangliu.process.roles import Role

_SYSTEM = frozenset({Role.SYSTEM})

ORDER_LABEL = Send(
    "carrier.order_label",
    Text("取运单号", "Ask for a waybill"),
    Pools.CARRIER,
    undo="carrier.cancel_label",
)
SUBSCRIBE = Send(
    "carrier.subscribe", Text("订阅轨迹", "Subscribe to the track"), Pools.CARRIER, final=True
)
CANCEL_LABEL = Send(
    "carrier.cancel_label", Text("作废运单", "Cancel the waybill"), Pools.CARRIER, final=True
)


def _again(parcel: Parcel, moment: datetime) -> datetime | None:
    """1, 2, 4 minutes and so on; after six attempts only a person tries again."""
    return moment + timedelta(minutes=2**parcel.attempts) if parcel.attempts < 6 else None


def _heard(name: str, zh: str, en: str, source: tuple[S, ...], target: S) -> Step[Parcel]:
    """A step that the carrier reports."""
    return Step(
        name=name,
        label=Text(zh, en),
        source=source,
        target=target,
        lane=Lanes.LOGISTICS,
        stage=Stages.RECEIPT if target is S.DELIVERED else Stages.DELIVERY,
        by=_SYSTEM,
        kind=Kind.MESSAGE,
        hears=Pools.CARRIER,
        does=(effects.note_delivery,) if target is S.DELIVERED else (),
        main=target in (S.COLLECTED, S.IN_TRANSIT, S.OUT_FOR_DELIVERY, S.DELIVERED),
        problem=target in (S.PROBLEM, S.REJECTED, S.RETURNED),
        outcome={
            S.PROBLEM: Text("异常", "problem"),
            S.REJECTED: Text("拒收", "refused"),
            S.RETURNED: Text("退回", "sent back"),
            S.IN_TRANSIT: Text("运输中", "on its way"),
            S.OUT_FOR_DELIVERY: Text("派送", "out for delivery"),
            S.DELIVERED: Text("签收", "delivered"),
        }.get(target),
    )


PARCEL = Process[Parcel](
    name="parcel",
    label=Text("包裹", "Parcel"),
    model=Parcel,
    states={
        S.REQUESTED: State(label=Text("取号中", "Waybill asked for")),
        S.LABEL_FAILED: State(label=Text("取号失败", "No waybill")),
        S.LABELLED: State(label=Text("待揽收", "Labelled"), within=Policies.SHIP_WITHIN),
        S.COLLECTED: State(label=Text("已揽收", "Collected"), within=Policies.DELIVER_WITHIN),
        S.IN_TRANSIT: State(label=Text("运输中", "In transit"), within=Policies.DELIVER_WITHIN),
        S.OUT_FOR_DELIVERY: State(
            label=Text("派送中", "Out for delivery"), within=Policies.DELIVER_WITHIN
        ),
        S.DELIVERED: State(label=Text("已签收", "Delivered")),
        S.PROBLEM: State(label=Text("运输异常", "Problem"), within=Policies.DELIVER_WITHIN),
        S.REJECTED: State(label=Text("买家拒收", "Refused"), within=Policies.DELIVER_WITHIN),
        S.RETURNED: State(label=Text("已退回", "Returned")),
        S.LOST: State(label=Text("已丢失", "Lost")),
        S.VOIDED: State(label=Text("面单作废", "Waybill cancelled")),
    },
    decisions={
        S.REQUESTED: Decision(label=Text("取号成功？", "Got a waybill?")),
        S.OUT_FOR_DELIVERY: Decision(
            label=Text("送到了？", "Delivered?"), policies=(Policies.DELIVER_WITHIN,)
        ),
        S.COLLECTED: Decision(label=Text("运输顺利？", "Going well?")),
        S.IN_TRANSIT: Decision(label=Text("运输顺利？", "Going well?")),
        S.PROBLEM: Decision(label=Text("能继续派送？", "Can it go on?")),
    },
    steps=(
        Step(
            name="request",
            label=Text("申请面单", "Ask for a waybill"),
            source=(),
            target=S.REQUESTED,
            lane=Lanes.LOGISTICS,
            stage=Stages.DELIVERY,
            by=_SYSTEM,
            does=(effects.join_task,),
            sends=(ORDER_LABEL,),
            main=True,
        ),
        Step(
            name="label",
            label=Text("打印面单", "Print the label"),
            source=(S.REQUESTED,),
            target=S.LABELLED,
            lane=Lanes.LOGISTICS,
            stage=Stages.DELIVERY,
            by=_SYSTEM,
            asks=effects.Waybill,
            does=(effects.note_waybill,),
            sends=(SUBSCRIBE,),
            outcome=Text("成功", "yes"),
            main=True,
        ),
        Step(
            name="fail_label",
            label=Text("取号失败", "No waybill"),
            source=(S.REQUESTED,),
            target=S.LABEL_FAILED,
            lane=Lanes.LOGISTICS,
            stage=Stages.DELIVERY,
            by=_SYSTEM,
            asks=effects.LabelFailure,
            does=(effects.note_failure,),
            outcome=Text("失败", "no"),
            problem=True,
        ),
        Step(
            name="retry_label",
            label=Text("重试取号", "Ask again"),
            source=(S.LABEL_FAILED,),
            target=S.REQUESTED,
            lane=Lanes.LOGISTICS,
            stage=Stages.DELIVERY,
            by=frozenset({Role.SYSTEM, Role.WAREHOUSE, Role.OPERATIONS}),
            kind=Kind.TIMER,
            at=_again,
            sends=(ORDER_LABEL,),
        ),
        _heard("collect", "揽收", "Collected", (S.LABELLED,), S.COLLECTED),
        _heard("travel", "运输", "In transit", (S.COLLECTED, S.PROBLEM), S.IN_TRANSIT),
        _heard("go_out", "派送", "Out for delivery", (S.IN_TRANSIT,), S.OUT_FOR_DELIVERY),
        _heard("deliver", "签收", "Delivered", (S.OUT_FOR_DELIVERY,), S.DELIVERED),
        _heard(
            "hit_problem",
            "运输异常",
            "Problem on the way",
            (S.COLLECTED, S.IN_TRANSIT, S.OUT_FOR_DELIVERY),
            S.PROBLEM,
        ),
        _heard("reject", "买家拒收", "Refused at the door", (S.OUT_FOR_DELIVERY,), S.REJECTED),
        _heard("give_back", "退回仓库", "Sent back", (S.REJECTED, S.PROBLEM), S.RETURNED),
        Step(
            name="lose",
            label=Text("认定包裹丢失", "Declare it lost"),
            source=(S.COLLECTED, S.IN_TRANSIT, S.OUT_FOR_DELIVERY, S.PROBLEM),
            target=S.LOST,
            lane=Lanes.OPERATIONS,
            stage=Stages.AFTERSALES,
            by=frozenset({Role.OPERATIONS, Role.SERVICE}),
            kind=Kind.USER,
            asks=effects.Loss,
            does=(effects.note_loss,),
            outcome=Text("丢失", "lost"),
            problem=True,
        ),
        Step(
            name="void",
            label=Text("作废面单", "Cancel the waybill"),
            source=(S.REQUESTED, S.LABEL_FAILED, S.LABELLED),
            target=S.VOIDED,
            lane=Lanes.LOGISTICS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            sends=(CANCEL_LABEL,),
            problem=True,
        ),
    ),
)
