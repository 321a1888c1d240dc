"""The life of an after-sale case: refund only before shipment, return with refund after receipt."""

from __future__ import annotations

from datetime import datetime, timedelta

from shangliu.domain.aftersales.models import AfterSale
from shangliu.domain.aftersales.states import AfterSaleState as S
from shangliu.flow.aftersale import checks, effects
from shangliu.flow.places import Lanes, Stages
from shangliu.flow.policies import Policies
from shangliu.platform.text import Text
from shangliu.process.definition import Decision, Kind, Process, State, Step
from shangliu.process.roles import Role

_SYSTEM = frozenset({Role.SYSTEM})
_BUYER = frozenset({Role.BUYER})
_SERVICE = frozenset({Role.SERVICE})
_WAREHOUSE = frozenset({Role.WAREHOUSE})


def _unanswered(case: AfterSale, moment: datetime) -> datetime:
    return case.applied_at + Policies.AFTERSALE_WITHIN.span


def _not_sent(case: AfterSale, moment: datetime) -> datetime:
    return moment + Policies.SEND_BACK_WITHIN.span


def _refund_is_overdue(case: AfterSale, moment: datetime) -> datetime:
    return moment + timedelta(days=Policies.REFUND_WITHIN.value)


AFTERSALE = Process[AfterSale](
    name="aftersale",
    label=Text("售后单", "After-sale case"),
    model=AfterSale,
    states={
        S.APPLIED: State(
            label=Text("待审核", "Applied"),
            buyer=Text("等待商家处理", "Waiting for the shop"),
            within=Policies.AFTERSALE_WITHIN,
        ),
        S.APPROVED: State(label=Text("已同意", "Approved")),
        S.REJECTED: State(label=Text("已拒绝", "Rejected"), within=Policies.SEND_BACK_WITHIN),
        S.ESCALATED: State(label=Text("平台介入", "Appealed"), within=Policies.AFTERSALE_WITHIN),
        S.REJECTED_FINAL: State(label=Text("维持拒绝", "Rejected finally")),
        S.CANCELLED: State(label=Text("已撤销", "Cancelled")),
        S.AWAITING_RETURN: State(
            label=Text("待买家寄回", "Awaiting the return"),
            buyer=Text("请寄回商品", "Send the goods back"),
            within=Policies.SEND_BACK_WITHIN,
        ),
        S.RETURNING: State(
            label=Text("退货途中", "On the way back"), within=Policies.REFUND_WITHIN
        ),
        S.RECEIVED: State(label=Text("待验货", "Received"), within=Policies.REFUND_WITHIN),
        S.INSPECTED: State(label=Text("已验货", "Inspected")),
        S.REJECTED_GOODS: State(
            label=Text("验货不符", "Goods not accepted"), within=Policies.REFUND_WITHIN
        ),
        S.RETURNED_TO_BUYER: State(label=Text("已寄回买家", "Sent back to the buyer")),
        S.REFUNDING: State(label=Text("退款中", "Refunding"), within=Policies.REFUND_WITHIN),
        S.COMPLETED: State(label=Text("已完成", "Completed")),
    },
    decisions={
        S.APPLIED: Decision(
            label=Text("同意售后？", "Approve?"),
            policies=(Policies.AUTO_REFUND, Policies.AFTERSALE_WITHIN),
        ),
        S.APPROVED: Decision(label=Text("要退货吗？", "Goods to come back?")),
        S.REJECTED: Decision(label=Text("买家申诉？", "Appeal?")),
        S.ESCALATED: Decision(label=Text("平台裁定", "Ruling")),
        S.AWAITING_RETURN: Decision(
            label=Text("寄回了吗？", "Sent back?"), policies=(Policies.SEND_BACK_WITHIN,)
        ),
        S.RECEIVED: Decision(
            label=Text("按时验货？", "Inspected in time?"), policies=(Policies.REFUND_WITHIN,)
        ),
        S.INSPECTED: Decision(label=Text("货品相符？", "Goods as sent?")),
    },
    steps=(
        Step(
            name="apply",
            label=Text("申请售后", "Apply"),
            source=(),
            target=S.APPLIED,
            lane=Lanes.BUYER,
            stage=Stages.AFTERSALES,
            by=_BUYER,
            kind=Kind.USER,
            does=(effects.write_lines,),
            tells=("aftersale_applied",),
            main=True,
        ),
        Step(
            name="auto_approve",
            label=Text("未发货自动同意", "Approved by rule"),
            source=(S.APPLIED,),
            target=S.APPROVED,
            lane=Lanes.ORDERS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            kind=Kind.RULE,
            needs=(checks.rule_allows, checks.nothing_is_shipped),
            tells=("aftersale_approved",),
            policies=(Policies.AUTO_REFUND,),
            outcome=Text("自动", "by rule"),
        ),
        Step(
            name="approve",
            label=Text("同意售后", "Approve"),
            source=(S.APPLIED,),
            target=S.APPROVED,
            lane=Lanes.SERVICE,
            stage=Stages.AFTERSALES,
            by=_SERVICE,
            kind=Kind.USER,
            needs=(checks.nothing_is_shipped,),
            tells=("aftersale_approved",),
            within=Policies.AFTERSALE_WITHIN,
            outcome=Text("同意", "yes"),
            main=True,
        ),
        Step(
            name="approve_by_time",
            label=Text("逾期自动同意", "Approved by time"),
            source=(S.APPLIED,),
            target=S.APPROVED,
            lane=Lanes.ORDERS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            kind=Kind.TIMER,
            at=_unanswered,
            needs=(checks.nothing_is_shipped,),
            tells=("aftersale_approved",),
            policies=(Policies.AFTERSALE_WITHIN,),
            outcome=Text("逾期", "no answer"),
        ),
        Step(
            name="reject",
            label=Text("拒绝售后", "Reject"),
            source=(S.APPLIED,),
            target=S.REJECTED,
            lane=Lanes.SERVICE,
            stage=Stages.AFTERSALES,
            by=_SERVICE,
            kind=Kind.USER,
            asks=effects.Answer,
            does=(effects.note_answer,),
            tells=("aftersale_rejected",),
            outcome=Text("拒绝", "no"),
            problem=True,
        ),
        Step(
            name="cancel",
            label=Text("撤销申请", "Withdraw"),
            source=(S.APPLIED, S.REJECTED, S.AWAITING_RETURN),
            target=S.CANCELLED,
            lane=Lanes.BUYER,
            stage=Stages.AFTERSALES,
            by=_BUYER,
            kind=Kind.USER,
            outcome=Text("撤销", "withdrawn"),
        ),
        Step(
            name="appeal",
            label=Text("申请平台介入", "Appeal"),
            source=(S.REJECTED,),
            target=S.ESCALATED,
            lane=Lanes.BUYER,
            stage=Stages.AFTERSALES,
            by=_BUYER,
            kind=Kind.USER,
            asks=effects.Answer,
            does=(effects.note_answer,),
            outcome=Text("申诉", "appeal"),
        ),
        Step(
            name="uphold",
            label=Text("支持买家", "Decide for the buyer"),
            source=(S.ESCALATED,),
            target=S.APPROVED,
            lane=Lanes.OPERATIONS,
            stage=Stages.AFTERSALES,
            by=frozenset({Role.OPERATIONS}),
            kind=Kind.USER,
            needs=(checks.nothing_is_shipped,),
            tells=("aftersale_approved",),
            outcome=Text("支持", "for the buyer"),
        ),
        Step(
            name="dismiss",
            label=Text("维持拒绝", "Decide for the shop"),
            source=(S.ESCALATED,),
            target=S.REJECTED_FINAL,
            lane=Lanes.OPERATIONS,
            stage=Stages.AFTERSALES,
            by=frozenset({Role.OPERATIONS}),
            kind=Kind.USER,
            asks=effects.Answer,
            does=(effects.note_answer,),
            tells=("aftersale_rejected",),
            outcome=Text("不支持", "for the shop"),
        ),
        Step(
            name="let_lapse",
            label=Text("不再申诉", "No appeal"),
            source=(S.REJECTED,),
            target=S.REJECTED_FINAL,
            lane=Lanes.ORDERS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            kind=Kind.TIMER,
            at=_not_sent,
            outcome=Text("到期", "time is up"),
        ),
        Step(
            name="start_refund",
            label=Text("进入退款", "Go on to the refund"),
            source=(S.APPROVED, S.INSPECTED),
            target=S.REFUNDING,
            lane=Lanes.ORDERS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            needs=(checks.refund_may_start,),
            outcome=Text("仅退款或相符", "refund"),
            main=True,
        ),
        Step(
            name="ask_return",
            label=Text("提供退货地址", "Give the return address"),
            source=(S.APPROVED,),
            target=S.AWAITING_RETURN,
            lane=Lanes.ORDERS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            needs=(checks.goods_must_come_back,),
            tells=("aftersale_send_back",),
            outcome=Text("要退货", "goods back"),
        ),
        Step(
            name="send_back",
            label=Text("寄回商品", "Send the goods back"),
            source=(S.AWAITING_RETURN,),
            target=S.RETURNING,
            lane=Lanes.BUYER,
            stage=Stages.AFTERSALES,
            by=_BUYER,
            kind=Kind.USER,
            asks=effects.ReturnWaybill,
            does=(effects.note_waybill,),
            outcome=Text("已寄", "sent"),
        ),
        Step(
            name="lapse",
            label=Text("逾期未寄", "Not sent in time"),
            source=(S.AWAITING_RETURN,),
            target=S.CANCELLED,
            lane=Lanes.ORDERS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            kind=Kind.TIMER,
            at=_not_sent,
            tells=("aftersale_lapsed",),
            policies=(Policies.SEND_BACK_WITHIN,),
            outcome=Text("逾期", "time is up"),
            problem=True,
        ),
        Step(
            name="receive",
            label=Text("收到退货", "Receive the goods"),
            source=(S.RETURNING,),
            target=S.RECEIVED,
            lane=Lanes.WAREHOUSE,
            stage=Stages.AFTERSALES,
            by=_WAREHOUSE,
            kind=Kind.MANUAL,
            does=(effects.note_arrival,),
        ),
        Step(
            name="inspect",
            label=Text("验货", "Inspect"),
            source=(S.RECEIVED,),
            target=S.INSPECTED,
            lane=Lanes.WAREHOUSE,
            stage=Stages.AFTERSALES,
            by=_WAREHOUSE,
            kind=Kind.MANUAL,
            asks=effects.Inspection,
            needs=(checks.inspection_is_whole,),
            does=(effects.note_inspection,),
            within=Policies.REFUND_WITHIN,
            outcome=Text("验货", "inspected"),
        ),
        Step(
            name="refund_by_law",
            label=Text("到期先行退款", "Refund by time"),
            source=(S.RECEIVED,),
            target=S.REFUNDING,
            lane=Lanes.ORDERS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            kind=Kind.TIMER,
            at=_refund_is_overdue,
            policies=(Policies.REFUND_WITHIN,),
            outcome=Text("到期", "time is up"),
        ),
        Step(
            name="reject_goods",
            label=Text("验货不符", "Refuse the goods"),
            source=(S.INSPECTED,),
            target=S.REJECTED_GOODS,
            lane=Lanes.ORDERS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            needs=(checks.goods_were_not_accepted,),
            tells=("aftersale_goods_refused",),
            outcome=Text("不符", "not as sent"),
            problem=True,
        ),
        Step(
            name="return_to_buyer",
            label=Text("寄还买家", "Send back to the buyer"),
            source=(S.REJECTED_GOODS,),
            target=S.RETURNED_TO_BUYER,
            lane=Lanes.WAREHOUSE,
            stage=Stages.AFTERSALES,
            by=_WAREHOUSE,
            kind=Kind.MANUAL,
            asks=effects.ReturnWaybill,
            does=(effects.note_waybill,),
        ),
        Step(
            name="complete",
            label=Text("售后完成", "Complete"),
            source=(S.REFUNDING,),
            target=S.COMPLETED,
            lane=Lanes.ORDERS,
            stage=Stages.AFTERSALES,
            by=_SYSTEM,
            does=(effects.settle_lines, effects.restock),
            tells=("aftersale_completed",),
            main=True,
        ),
    ),
)
