"""What the states of an after-sale case are called, and what is decided in them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from shangliu.domain.aftersales.states import AfterSaleState as S
from shangliu.flow.policies import Policies
from shangliu.platform.text import Text
from shangliu.process.definition import Decision, State

STATES: Mapping[StrEnum, State] = {
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
    S.RETURNING: State(label=Text("退货途中", "On the way back"), within=Policies.REFUND_WITHIN),
    S.RECEIVED: State(label=Text("待验货", "Received"), within=Policies.REFUND_WITHIN),
    S.INSPECTED: State(label=Text("已验货", "Inspected")),
    S.REJECTED_GOODS: State(
        label=Text("验货不符", "Goods not accepted"), within=Policies.REFUND_WITHIN
    ),
    S.RETURNED_TO_BUYER: State(label=Text("已寄回买家", "Sent back to the buyer")),
    S.REFUNDING: State(label=Text("退款中", "Refunding"), within=Policies.REFUND_WITHIN),
    S.COMPLETED: State(label=Text("已完成", "Completed")),
}

DECISIONS: Mapping[StrEnum, Decision] = {
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
}
