"""The pages of the control room: who uses them, and what the number beside each counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from shangliu.domain.payments.provider import Nature
from shangliu.process.roles import Role


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the side menu. `waits`: what the number beside it counts; `by`: of payments,
    those that come in one of these ways. `demo`: only in a demo shop."""

    name: str
    label: Any
    icon: str
    group: Any
    family: str
    roles: frozenset[Role]
    args: tuple[str, ...] = ()
    waits: tuple[tuple[str, str], ...] = ()
    by: frozenset[Nature] = frozenset()
    demo: bool = False


_FLOW, _OPERATIONS, _SERVICE = _("流程"), _("运营"), _("客服")
_WAREHOUSE, _FINANCE, _SETUP = _("仓储"), _("财务"), _("设置")


def _entry(name: str, label: Any, icon: str, group: Any, *roles: Role, **more: Any) -> Entry:
    family = more.pop("family", "management")
    return Entry(
        name=name,
        label=label,
        icon=icon,
        group=group,
        family=family,
        roles=frozenset(roles),
        **more,
    )


def _queue(code: str, label: Any, icon: str, group: Any, *roles: Role, **more: Any) -> Entry:
    more["waits"] = tuple(more["waits"])
    return _entry("staff_queue", label, icon, group, *roles, args=(code,), **more)


ENTRIES: tuple[Entry, ...] = (
    _entry("staff_home", _("流程地图"), "map", _FLOW, family="system"),
    _entry("staff_funnel", _("转化漏斗"), "filter", _FLOW, family="buyer"),
    _entry("staff_alarms", _("告警"), "alert", _FLOW, family="system"),
    _entry("staff_orders", _("订单"), "clipboard", _FLOW, family="system"),
    _entry("staff_mining", _("流程挖掘"), "search", _FLOW, family="system"),
    _entry("staff_impact", _("影响分析"), "flow", _FLOW, family="system"),
    _entry("staff_what_if", _("假设推演"), "split", _FLOW, family="system"),
    _queue(
        "review",
        _("待审核订单"),
        "shield",
        _OPERATIONS,
        Role.OPERATIONS,
        waits=[("order", "awaiting_review")],
    ),
    _queue(
        "hold",
        _("挂起订单"),
        "pause",
        _OPERATIONS,
        Role.OPERATIONS,
        Role.SERVICE,
        waits=[("order", "on_hold")],
    ),
    _queue(
        "appeals",
        _("申诉裁定"),
        "balance",
        _OPERATIONS,
        Role.OPERATIONS,
        waits=[("aftersale", "escalated")],
    ),
    _queue("holds", _("库存预占"), "warehouse", _OPERATIONS, Role.OPERATIONS, waits=[]),
    _queue(
        "aftersales",
        _("售后审核"),
        "headset",
        _SERVICE,
        Role.SERVICE,
        waits=[("aftersale", "applied")],
    ),
    _entry(
        "staff_customers",
        _("客户"),
        "user",
        _SERVICE,
        Role.SERVICE,
        Role.FINANCE,
        Role.OPERATIONS,
    ),
    _entry(
        "staff_warehouse",
        _("发货任务"),
        "box",
        _WAREHOUSE,
        Role.WAREHOUSE,
        waits=tuple(
            ("fulfilment", state)
            for state in ("created", "in_wave", "picking", "picked", "packed", "weighed")
        ),
    ),
    _queue(
        "short",
        _("缺货处理"),
        "alert",
        _WAREHOUSE,
        Role.WAREHOUSE,
        Role.OPERATIONS,
        waits=[("fulfilment", "short_pick")],
    ),
    _queue(
        "labels",
        _("取号失败"),
        "printer",
        _WAREHOUSE,
        Role.WAREHOUSE,
        Role.OPERATIONS,
        waits=[("parcel", "label_failed")],
    ),
    _queue(
        "astray",
        _("配送异常"),
        "truck",
        _OPERATIONS,
        Role.OPERATIONS,
        Role.SERVICE,
        waits=[("parcel", "problem"), ("parcel", "rejected")],
    ),
    _queue(
        "returns",
        _("退货处理"),
        "undo",
        _WAREHOUSE,
        Role.WAREHOUSE,
        waits=[("aftersale", state) for state in ("returning", "received", "rejected_goods")],
    ),
    _queue(
        "payments",
        _("等待付款结果"),
        "card",
        _FINANCE,
        Role.FINANCE,
        waits=[("payment", "created"), ("payment", "pending")],
        by=frozenset({Nature.GATEWAY}),
    ),
    _queue(
        "transfers",
        _("待确认转账"),
        "bank",
        _FINANCE,
        Role.FINANCE,
        waits=[("payment", "pending")],
        by=frozenset({Nature.TRANSFER}),
    ),
    _queue(
        "refunds",
        _("退款异常"),
        "wallet",
        _FINANCE,
        Role.FINANCE,
        waits=[("refund", state) for state in ("processing", "failed", "manual")],
    ),
    _queue(
        "settlement",
        _("结算打款"),
        "coins",
        _FINANCE,
        Role.FINANCE,
        waits=[("settlement", "due"), ("settlement", "in_statement")],
    ),
    _queue(
        "differences",
        _("对账差异"),
        "scale",
        _FINANCE,
        Role.FINANCE,
        waits=[("difference", "found")],
    ),
    _entry("staff_reconciliation", _("对账"), "check-circle", _FINANCE, Role.FINANCE),
    _entry("staff_books", _("总账"), "book", _FINANCE, Role.FINANCE),
    _entry("staff_outbox", _("未送达消息"), "send", _FINANCE, Role.FINANCE, Role.OPERATIONS),
    _entry(
        "staff_stock",
        _("商品与库存"),
        "warehouse",
        _SETUP,
        Role.OPERATIONS,
        Role.WAREHOUSE,
        family="system",
    ),
    _entry("staff_policies", _("业务策略"), "settings", _SETUP, Role.OPERATIONS, family="system"),
    _entry("staff_people", _("员工账号"), "users", _SETUP, Role.ADMIN, family="system"),
    _entry("staff_life", _("演示生意"), "play", _SETUP, Role.ADMIN, family="system", demo=True),
    _entry("staff_definition", _("流程定义"), "flow", _SETUP, family="system"),
)
