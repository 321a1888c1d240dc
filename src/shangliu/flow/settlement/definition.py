"""The life of a settlement entry: what the shop is owed for a completed order."""

from __future__ import annotations

from datetime import datetime

from shangliu.domain.settlement.models import SettlementEntry
from shangliu.domain.settlement.states import SettlementState as S
from shangliu.flow.places import Lanes, Pools, Stages
from shangliu.flow.policies import Policies
from shangliu.flow.settlement import checks, effects
from shangliu.platform.text import Text
from shangliu.process.definition import Kind, Process, Send, State, Step
from shangliu.process.roles import Role

_SYSTEM = frozenset({Role.SYSTEM})
_FINANCE = frozenset({Role.FINANCE})

DUE_TO_FINANCE = Send(
    "finance.settlement_due", Text("推送应结算", "Push what is due"), Pools.FINANCE, final=True
)


def _hold_is_over(entry: SettlementEntry, moment: datetime) -> datetime:
    return entry.created_at + Policies.SETTLE_AFTER.span


SETTLEMENT = Process[SettlementEntry](
    name="settlement",
    label=Text("结算单", "Settlement entry"),
    model=SettlementEntry,
    states={
        S.PENDING: State(label=Text("待结算", "Pending"), within=Policies.SETTLE_AFTER),
        S.DUE: State(label=Text("应结算", "Due"), within=Policies.PAY_OUT_WITHIN),
        S.IN_STATEMENT: State(
            label=Text("已入对账单", "In a statement"), within=Policies.PAY_OUT_WITHIN
        ),
        S.PAID_OUT: State(label=Text("已打款", "Paid out")),
    },
    steps=(
        Step(
            name="accrue",
            label=Text("生成结算", "Accrue"),
            source=(),
            target=S.PENDING,
            lane=Lanes.FINANCE,
            stage=Stages.RECEIPT,
            by=_SYSTEM,
            does=(effects.book_accrual,),
            main=True,
        ),
        Step(
            name="fall_due",
            label=Text("结算到期", "Fall due"),
            source=(S.PENDING,),
            target=S.DUE,
            lane=Lanes.FINANCE,
            stage=Stages.RECEIPT,
            by=_SYSTEM,
            kind=Kind.TIMER,
            at=_hold_is_over,
            needs=(checks.nothing_is_disputed,),
            does=(effects.grant_points,),
            sends=(DUE_TO_FINANCE,),
            policies=(Policies.SETTLE_AFTER, Policies.POINTS),
            outcome=Text("没有售后", "all is well"),
            main=True,
        ),
        Step(
            name="include",
            label=Text("编入对账单", "Put into a statement"),
            source=(S.DUE,),
            target=S.IN_STATEMENT,
            lane=Lanes.FINANCE,
            stage=Stages.RECEIPT,
            by=_FINANCE,
            kind=Kind.USER,
            main=True,
        ),
        Step(
            name="pay_out",
            label=Text("打款给商家", "Pay out"),
            source=(S.IN_STATEMENT,),
            target=S.PAID_OUT,
            lane=Lanes.FINANCE,
            stage=Stages.RECEIPT,
            by=_FINANCE,
            kind=Kind.USER,
            does=(effects.book_payout,),
            main=True,
        ),
        Step(
            name="reverse",
            label=Text("冲正结算", "Correct by reversal"),
            source=(),
            target=S.PENDING,
            lane=Lanes.FINANCE,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            does=(effects.book_accrual,),
        ),
    ),
)
