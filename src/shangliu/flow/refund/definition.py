"""The life of a refund: money on its way back through the gateway."""

from __future__ import annotations

from datetime import datetime, timedelta

from shangliu.domain.payments.models import Refund
from shangliu.domain.payments.states import RefundState as S
from shangliu.flow.places import Lanes, Pools, Stages
from shangliu.flow.policies import Policies
from shangliu.flow.refund import checks, effects
from shangliu.platform.text import Text
from shangliu.process.definition import Decision, Kind, Process, Send, State, Step
from shangliu.process.roles import Role

_SYSTEM = frozenset({Role.SYSTEM})
_FINANCE = frozenset({Role.FINANCE})
MOST_ATTEMPTS = 5


def _again(refund: Refund, moment: datetime) -> datetime | None:
    """60 s, 2, 4, 8 minutes; then a person takes over, and only a person tries again."""
    if refund.attempts >= MOST_ATTEMPTS or refund.state != S.FAILED:
        return None
    return moment + timedelta(seconds=30 * 2**refund.attempts)


def _give_up(refund: Refund, moment: datetime) -> datetime | None:
    return moment if refund.attempts >= MOST_ATTEMPTS else None


def _ask(refund: Refund, moment: datetime) -> datetime:
    """After 2 minutes, then ever more seldom: at half of the time that it has taken, 6 h at most.
    A bank may need days."""
    waited = moment - refund.entered_at
    return moment + min(max(waited / 2, timedelta(minutes=2)), timedelta(hours=6))


EXECUTE = Send("refund.execute", Text("退款请求", "Refund request"), Pools.GATEWAY, final=True)

REFUND = Process[Refund](
    name="refund",
    label=Text("退款单", "Refund"),
    model=Refund,
    states={
        S.REQUESTED: State(label=Text("待退款", "Requested")),
        S.PROCESSING: State(label=Text("退款中", "Processing")),
        S.SUCCEEDED: State(label=Text("已退款", "Refunded")),
        S.FAILED: State(label=Text("退款失败", "Failed")),
        S.MANUAL: State(label=Text("转人工处理", "With a person"), within=Policies.REVIEW_WITHIN),
    },
    decisions={
        S.PROCESSING: Decision(label=Text("退款结果？", "Did it go back?")),
        S.FAILED: Decision(label=Text("还能重试？", "Try again?")),
        S.MANUAL: Decision(label=Text("财务怎么处理？", "What does finance do?")),
    },
    steps=(
        Step(
            name="request",
            label=Text("生成退款单", "Make the refund"),
            source=(),
            target=S.REQUESTED,
            lane=Lanes.PAYMENTS,
            stage=Stages.AFTERSALES,
            by=frozenset({Role.SYSTEM, Role.FINANCE}),
            does=(effects.set_aside,),
            sends=(EXECUTE,),
            outcome=Text("多付或太迟", "too much or too late"),
            main=True,
        ),
        Step(
            name="send",
            label=Text("原路退款", "Refund through the gateway"),
            source=(S.REQUESTED,),
            target=S.PROCESSING,
            lane=Lanes.PAYMENTS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            does=(effects.count_attempt,),
            main=True,
        ),
        Step(
            name="check",
            label=Text("查询退款", "Ask about the refund"),
            source=(S.PROCESSING,),
            target=S.PROCESSING,
            lane=Lanes.PAYMENTS,
            stage=Stages.AFTERSALES,
            by=frozenset({Role.SYSTEM, Role.FINANCE}),
            kind=Kind.TIMER,
            at=_ask,
            sends=(EXECUTE,),
            outcome=Text("没有结果", "no answer"),
        ),
        Step(
            name="succeed",
            label=Text("退款到账", "Money went back"),
            source=(S.PROCESSING,),
            target=S.SUCCEEDED,
            lane=Lanes.PAYMENTS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            kind=Kind.MESSAGE,
            hears=Pools.GATEWAY,
            does=(effects.book,),
            tells=("refund_done",),
            outcome=Text("成功", "done"),
            main=True,
        ),
        Step(
            name="fail",
            label=Text("退款被拒", "Refund refused"),
            source=(S.PROCESSING,),
            target=S.FAILED,
            lane=Lanes.PAYMENTS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            kind=Kind.MESSAGE,
            hears=Pools.GATEWAY,
            asks=effects.Failure,
            does=(effects.note_failure,),
            outcome=Text("失败", "refused"),
            problem=True,
        ),
        Step(
            name="hand_over",
            label=Text("无法原路退回", "No way back through the channel"),
            source=(S.PROCESSING,),
            target=S.MANUAL,
            lane=Lanes.PAYMENTS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            does=(effects.note_no_way_back,),
            outcome=Text("线下渠道", "paid by hand"),
        ),
        Step(
            name="retry",
            label=Text("同号重试", "Try again, same number"),
            source=(S.FAILED, S.MANUAL),
            target=S.PROCESSING,
            lane=Lanes.PAYMENTS,
            stage=Stages.AFTERSALES,
            by=frozenset({Role.SYSTEM, Role.FINANCE}),
            kind=Kind.TIMER,
            at=_again,
            needs=(checks.has_a_way_back,),
            does=(effects.count_attempt,),
            sends=(EXECUTE,),
            outcome=Text("重试", "again"),
        ),
        Step(
            name="ask",
            label=Text("向网关查询", "Ask the gateway"),
            source=(S.FAILED, S.MANUAL),
            target=S.PROCESSING,
            lane=Lanes.FINANCE,
            stage=Stages.AFTERSALES,
            by=_FINANCE,
            kind=Kind.USER,
            needs=(checks.has_a_way_back,),
            sends=(EXECUTE,),
            outcome=Text("查询", "ask"),
        ),
        Step(
            name="give_up",
            label=Text("转人工退款", "Hand to finance"),
            source=(S.FAILED,),
            target=S.MANUAL,
            lane=Lanes.FINANCE,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            kind=Kind.TIMER,
            at=_give_up,
            outcome=Text("多次失败", "failed too often"),
            problem=True,
        ),
        Step(
            name="settle_by_hand",
            label=Text("登记线下退款", "Note a refund by hand"),
            source=(S.FAILED, S.MANUAL),
            target=S.SUCCEEDED,
            lane=Lanes.FINANCE,
            stage=Stages.AFTERSALES,
            by=_FINANCE,
            kind=Kind.USER,
            asks=effects.ByHand,
            needs=(checks.has_proof,),
            does=(effects.book,),
            tells=("refund_by_hand",),
            outcome=Text("线下退款", "paid by hand"),
        ),
    ),
)
