"""The life of a payment: one attempt to collect, through one gateway."""

from __future__ import annotations

from datetime import datetime, timedelta

from shangliu.domain.payments.models import Payment
from shangliu.domain.payments.states import PaymentState as S
from shangliu.flow.payment import checks, effects
from shangliu.flow.places import Lanes, Pools, Stages
from shangliu.flow.policies import Policies
from shangliu.platform.text import Text
from shangliu.process.definition import Decision, Kind, Process, State, Step
from shangliu.process.roles import Role

_SYSTEM = frozenset({Role.SYSTEM})
_BACK_OFF = (20, 30, 60, 120, 300, 600)  # seconds between active queries


def next_query(payment: Payment, moment: datetime) -> datetime:
    wait = _BACK_OFF[min(payment.queries, len(_BACK_OFF) - 1)]
    return moment + timedelta(seconds=wait)


PAYMENT = Process[Payment](
    name="payment",
    label=Text("支付单", "Payment"),
    model=Payment,
    states={
        S.CREATED: State(label=Text("已创建", "Created"), within=Policies.PAY_WITHIN),
        S.PENDING: State(label=Text("等待付款结果", "Pending"), within=Policies.PAY_WITHIN),
        S.SUCCEEDED: State(label=Text("支付成功", "Succeeded"), rests=True),
        S.FAILED: State(label=Text("支付失败", "Failed"), rests=True),
        S.CLOSED: State(label=Text("已关闭", "Closed"), rests=True),
        S.SUCCEEDED_LATE: State(label=Text("关闭后到账", "Paid after closing"), rests=True),
        S.PARTLY_REFUNDED: State(label=Text("部分退款", "Partly refunded"), rests=True),
        S.REFUNDED: State(label=Text("已全额退款", "Refunded")),
    },
    decisions={
        S.PENDING: Decision(
            label=Text("付款结果？", "What became of it?"), policies=(Policies.PAY_WITHIN,)
        ),
        S.FAILED: Decision(label=Text("再付一次？", "Try again?")),
        S.CLOSED: Decision(label=Text("关闭后又到账？", "Paid after all?")),
    },
    steps=(
        Step(
            name="start",
            label=Text("选择支付方式", "Choose how to pay"),
            source=(),
            target=S.CREATED,
            lane=Lanes.BUYER,
            stage=Stages.PAYMENT,
            by=frozenset({Role.BUYER}),
            kind=Kind.USER,
            main=True,
        ),
        Step(
            name="send",
            label=Text("跳转支付网关", "Hand over to the gateway"),
            source=(S.CREATED,),
            target=S.PENDING,
            lane=Lanes.PAYMENTS,
            stage=Stages.PAYMENT,
            by=_SYSTEM,
            main=True,
        ),
        Step(
            name="query",
            label=Text("主动查询", "Ask the gateway"),
            source=(S.PENDING,),
            target=S.PENDING,
            lane=Lanes.PAYMENTS,
            stage=Stages.PAYMENT,
            by=frozenset({Role.SYSTEM, Role.FINANCE}),
            kind=Kind.TIMER,
            at=next_query,
            does=(effects.count_query,),
            outcome=Text("没有消息", "no word"),
        ),
        Step(
            name="succeed",
            label=Text("收到支付成功", "Payment arrived"),
            source=(S.PENDING,),
            target=S.SUCCEEDED,
            lane=Lanes.PAYMENTS,
            stage=Stages.PAYMENT,
            by=_SYSTEM,
            kind=Kind.MESSAGE,
            hears=Pools.GATEWAY,
            asks=effects.Collected,
            needs=(checks.amount_is_right,),
            does=(effects.note_money,),
            outcome=Text("成功", "paid"),
            main=True,
        ),
        Step(
            name="fail",
            label=Text("买家放弃付款", "Payment refused"),
            source=(S.PENDING,),
            target=S.FAILED,
            lane=Lanes.PAYMENTS,
            stage=Stages.PAYMENT,
            by=_SYSTEM,
            kind=Kind.MESSAGE,
            hears=Pools.GATEWAY,
            outcome=Text("失败", "refused"),
            problem=True,
        ),
        Step(
            name="close",
            label=Text("查询后关闭交易", "Close at the gateway"),
            source=(S.PENDING,),
            target=S.CLOSED,
            lane=Lanes.PAYMENTS,
            stage=Stages.PAYMENT,
            by=_SYSTEM,
            outcome=Text("超时", "timed out"),
            problem=True,
        ),
        Step(
            name="succeed_late",
            label=Text("关闭后到账", "Paid after closing"),
            source=(S.CLOSED, S.FAILED),
            target=S.SUCCEEDED_LATE,
            lane=Lanes.PAYMENTS,
            stage=Stages.PAYMENT,
            by=_SYSTEM,
            kind=Kind.MESSAGE,
            hears=Pools.GATEWAY,
            asks=effects.Collected,
            needs=(checks.amount_is_right,),
            does=(effects.note_money,),
            outcome=Text("又到账", "paid late"),
            problem=True,
        ),
        Step(
            name="refund_part",
            label=Text("记录部分退款", "Note a part refund"),
            source=(S.SUCCEEDED, S.SUCCEEDED_LATE, S.PARTLY_REFUNDED),
            target=S.PARTLY_REFUNDED,
            lane=Lanes.PAYMENTS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            needs=(checks.something_stays,),
            outcome=Text("部分", "a part"),
        ),
        Step(
            name="refund_all",
            label=Text("记录全额退款", "Note the full refund"),
            source=(S.SUCCEEDED, S.SUCCEEDED_LATE, S.PARTLY_REFUNDED),
            target=S.REFUNDED,
            lane=Lanes.PAYMENTS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            needs=(checks.nothing_stays,),
            outcome=Text("全额", "all"),
        ),
    ),
)
