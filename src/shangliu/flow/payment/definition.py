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
_FINANCE = frozenset({Role.FINANCE})
_LOOK_AGAIN = timedelta(hours=1)
_GRACE = timedelta(minutes=1)
_BACK_OFF = (20, 30, 60, 120, 300, 600)  # seconds between active queries


def next_query(payment: Payment, moment: datetime) -> datetime | None:
    """A bank or a carrier cannot be asked: word of them comes by hand. Whether it is still waited
    for is looked at when its time is over."""
    if not checks.has_gateway(payment):
        return max(payment.expires_at, moment + _LOOK_AGAIN)
    wait = _BACK_OFF[min(payment.queries, len(_BACK_OFF) - 1)]
    return moment + timedelta(seconds=wait)


def after_the_deadline(payment: Payment, moment: datetime) -> datetime | None:
    """A gateway that does not know a payment yet cannot close it: until the deadline the buyer may
    still open and pay it, and the word of that may get lost."""
    deadline = payment.expires_at + _GRACE
    return deadline if checks.has_gateway(payment) and moment < deadline else None


PAYMENT = Process[Payment](
    name="payment",
    label=Text("支付单", "Payment"),
    model=Payment,
    states={
        S.CREATED: State(label=Text("已创建", "Created"), within=Policies.PAY_WITHIN),
        S.PENDING: State(label=Text("等待付款结果", "Pending"), within=Policies.PAY_WITHIN),
        S.TO_COLLECT: State(label=Text("待代收货款", "To be collected"), rests=True),
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
        S.CREATED: Decision(label=Text("先付款还是货到付款？", "Pay now or on delivery?")),
        S.TO_COLLECT: Decision(label=Text("签收了吗？", "Taken at the door?")),
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
            label=Text("等待付款", "Wait for the money"),
            source=(S.CREATED,),
            target=S.PENDING,
            lane=Lanes.PAYMENTS,
            stage=Stages.PAYMENT,
            by=_SYSTEM,
            needs=(checks.is_paid_beforehand,),
            outcome=Text("先付款", "first"),
            main=True,
        ),
        Step(
            name="promise",
            label=Text("约定货到付款", "Agree on cash on delivery"),
            source=(S.CREATED,),
            target=S.TO_COLLECT,
            lane=Lanes.PAYMENTS,
            stage=Stages.PAYMENT,
            by=_SYSTEM,
            policies=(Policies.ON_DELIVERY, Policies.ON_DELIVERY_LIMIT),
            outcome=Text("货到付款", "on delivery"),
        ),
        Step(
            name="report",
            label=Text("登记转账凭证", "Tell about the transfer"),
            source=(S.PENDING,),
            target=S.PENDING,
            lane=Lanes.BUYER,
            stage=Stages.PAYMENT,
            by=frozenset({Role.BUYER, Role.SERVICE}),
            kind=Kind.USER,
            asks=effects.Transferred,
            needs=(checks.is_transfer, checks.names_the_transfer),
            does=(effects.note_transfer,),
            outcome=Text("已转账", "sent"),
        ),
        Step(
            name="confirm",
            label=Text("确认转账到账", "Confirm the transfer"),
            source=(S.PENDING,),
            target=S.SUCCEEDED,
            lane=Lanes.FINANCE,
            stage=Stages.PAYMENT,
            by=_FINANCE,
            kind=Kind.USER,
            asks=effects.Arrived,
            needs=(checks.is_transfer, checks.transfer_is_whole),
            does=(effects.note_money,),
            outcome=Text("转账到账", "arrived"),
        ),
        Step(
            name="confirm_late",
            label=Text("确认迟到的转账", "Confirm a late transfer"),
            source=(S.CLOSED,),
            target=S.SUCCEEDED_LATE,
            lane=Lanes.FINANCE,
            stage=Stages.PAYMENT,
            by=_FINANCE,
            kind=Kind.USER,
            asks=effects.Arrived,
            needs=(checks.is_transfer, checks.transfer_is_whole),
            does=(effects.note_money,),
            outcome=Text("转账迟到", "too late"),
            problem=True,
        ),
        Step(
            name="collect",
            label=Text("承运商代收货款", "The carrier collects"),
            source=(S.TO_COLLECT,),
            target=S.SUCCEEDED,
            lane=Lanes.PAYMENTS,
            stage=Stages.RECEIPT,
            by=_SYSTEM,
            does=(effects.note_collected,),
            outcome=Text("签收付款", "paid at the door"),
        ),
        Step(
            name="lower",
            label=Text("减少代收金额", "Collect less"),
            source=(S.TO_COLLECT,),
            target=S.TO_COLLECT,
            lane=Lanes.PAYMENTS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            does=(effects.collect_less,),
            outcome=Text("还有要代收的", "less to collect"),
        ),
        Step(
            name="call_off",
            label=Text("取消代收", "Call off the collection"),
            source=(S.TO_COLLECT,),
            target=S.CLOSED,
            lane=Lanes.PAYMENTS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            outcome=Text("不用代收", "nothing to collect"),
            problem=True,
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
            needs=(checks.can_be_asked,),
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
            name="look_back",
            label=Text("截止后再查一次", "Ask once more after the deadline"),
            source=(S.CLOSED,),
            target=S.CLOSED,
            lane=Lanes.PAYMENTS,
            stage=Stages.PAYMENT,
            by=_SYSTEM,
            kind=Kind.TIMER,
            at=after_the_deadline,
            needs=(checks.can_be_asked,),
            outcome=Text("没有到账", "nothing came"),
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
