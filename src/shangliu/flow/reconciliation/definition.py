"""The life of a difference between the gateway's statement and our books."""

from __future__ import annotations

from shangliu.domain.reconciliation.models import Difference
from shangliu.domain.reconciliation.states import DifferenceState as S
from shangliu.flow.places import Lanes, Stages
from shangliu.flow.policies import Policies
from shangliu.flow.reconciliation import checks, effects
from shangliu.platform.text import Text
from shangliu.process.definition import Decision, Kind, Process, State, Step
from shangliu.process.roles import Role

_SYSTEM = frozenset({Role.SYSTEM})
_FINANCE = frozenset({Role.FINANCE})

DIFFERENCE = Process[Difference](
    name="difference",
    label=Text("对账差异", "Difference"),
    model=Difference,
    states={
        S.FOUND: State(label=Text("待处理差异", "Found"), within=Policies.RECONCILE_WITHIN),
        S.SETTLED: State(label=Text("差异已核销", "Settled")),
        S.CLEARED: State(label=Text("差异已消除", "Cleared")),
    },
    decisions={
        S.FOUND: Decision(
            label=Text("差异从哪来？", "Where from?"), policies=(Policies.RECONCILE_WITHIN,)
        ),
    },
    steps=(
        Step(
            name="find",
            label=Text("三方对账发现差异", "The match finds a difference"),
            source=(),
            target=S.FOUND,
            lane=Lanes.FINANCE,
            stage=Stages.RECEIPT,
            by=_SYSTEM,
            outcome=Text("对账不符", "does not match"),
            problem=True,
        ),
        Step(
            name="ask",
            label=Text("向渠道查询", "Ask the gateway"),
            source=(S.FOUND,),
            target=S.FOUND,
            lane=Lanes.FINANCE,
            stage=Stages.RECEIPT,
            by=_FINANCE,
            kind=Kind.USER,
            does=(effects.note_answer,),
            outcome=Text("再查一次", "ask again"),
        ),
        Step(
            name="clear",
            label=Text("复核一致，消除差异", "It agrees by now"),
            source=(S.FOUND,),
            target=S.CLEARED,
            lane=Lanes.FINANCE,
            stage=Stages.RECEIPT,
            by=_SYSTEM,
            outcome=Text("复核一致", "agrees now"),
        ),
        Step(
            name="write_off",
            label=Text("核销差异", "Write it off"),
            source=(S.FOUND,),
            target=S.SETTLED,
            lane=Lanes.FINANCE,
            stage=Stages.RECEIPT,
            by=_FINANCE,
            kind=Kind.USER,
            asks=effects.WriteOff,
            needs=(checks.has_a_reason,),
            does=(effects.write_off,),
            within=Policies.RECONCILE_WITHIN,
            outcome=Text("核销", "written off"),
        ),
    ),
)
