"""Policies: what they are worth now, who changed them and why, and changing them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from shangliu.insight.objects import policy_history, policy_values
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.money import Money
from shangliu.platform.text import Text
from shangliu.process import policies as values
from shangliu.process.policies import Policy, Unit
from shangliu.process.roles import Role
from shangliu.process.running import flow
from shangliu.web.backoffice import words
from shangliu.web.backoffice.access import page, person, staff
from shangliu.web.backoffice.acting import again, typed


@staff(Role.OPERATIONS)
@never_cache
@require_GET
def policies(request: HttpRequest) -> HttpResponse:
    """All of them by subject; `?open=` shows one with its history."""
    newest = policy_values()
    groups: dict[str, list[dict[str, object]]] = {}
    for policy in flow().policies:
        changed = newest.get(policy.key)
        groups.setdefault(policy.key.partition(".")[0], []).append(
            {
                "policy": policy,
                "value": words.policy_value(policy),
                "default": words.policy_value(policy, policy.default),
                "differs": policy.value != policy.default,
                "changed_by": str(changed.changed_by or "") if changed else "",
                "at": words.moment(changed.at) if changed else "",
                "steps": _used_by(policy),
            }
        )
    opened = _named(request.GET["open"]) if request.GET.get("open") else None
    context: dict[str, object] = {
        "groups": [(_subject(name), rows) for name, rows in groups.items()],
        "opened": opened,
        "form": _form(opened, typed(request)) if opened else None,
        "history": [
            (
                words.moment(one.at),
                str(one.changed_by or _("系统")),
                words.policy_value(opened, one.value),
                one.why,
            )
            for one in policy_history(opened.key)
        ]
        if opened
        else [],
    }
    return page(request, "backoffice/policies.html", context)


@staff(Role.OPERATIONS)
@require_POST
def change(request: HttpRequest, key: str) -> HttpResponse:
    policy = _named(key)
    try:
        value = _read(policy, request.POST.get("value", ""))
        values.change(policy, value, user_id=person(request).pk, why=request.POST.get("why", ""))
    except Refused as refused:
        return again(request, refused.reasons)
    messages.success(
        request,
        _("“{policy}”已改为 {value}").format(
            policy=policy.label, value=words.policy_value(policy, value)
        ),
    )
    return redirect("staff_policies")


def _named(key: str) -> Policy:
    found = next((policy for policy in flow().policies if policy.key == key), None)
    if found is None:
        raise NotFound
    return found


def _form(policy: Policy, again_with: dict[str, str]) -> dict[str, object]:
    """How the value is typed: yuan for amounts, on or off for switches, else the number."""
    fen = policy.unit is Unit.FEN
    now = Money(policy.value).yuan if fen else str(policy.value)
    least = Money(policy.least).yuan if fen else str(policy.least)
    most = Money(policy.most).yuan if fen else str(policy.most)
    units = {
        Unit.MINUTES: _("分钟"),
        Unit.HOURS: _("小时"),
        Unit.DAYS: _("天"),
        Unit.FEN: _("元"),
        Unit.PERCENT: "%",
    }
    return {
        "switch": policy.unit is Unit.SWITCH,
        "value": again_with.get("value", now),
        "why": again_with.get("why", ""),
        "unit": units.get(policy.unit, ""),
        "bounds": _("{least} 到 {most}").format(least=least, most=most)
        if policy.most < 10**12
        else _("不低于 {least}").format(least=least),
    }


def _read(policy: Policy, text: str) -> int:
    wrong = Text(
        f"“{policy.label.zh}”的值看不懂，请填数字", f"“{policy.label.en}” must be a number"
    )
    if policy.unit is Unit.FEN:
        try:
            return Money.parse(text).fen
        except ValueError:
            raise Refused(wrong) from None
    if not text.strip().isdigit():
        raise Refused(wrong)
    return int(text)


def _used_by(policy: Policy) -> str:
    names = [
        str(step.label)
        for _name, _process, step in flow().steps()
        if policy in step.policies or step.within is policy
    ]
    return words.together(dict.fromkeys(names))


def _subject(name: str) -> str:
    return {
        "cart": _("购物车"),
        "stock": _("库存"),
        "checkout": _("结算"),
        "payment": _("支付"),
        "wallet": _("积分与余额"),
        "review": _("审核"),
        "warehouse": _("仓储"),
        "delivery": _("配送"),
        "receipt": _("收货"),
        "settlement": _("结算周期"),
        "reconciliation": _("对账"),
        "aftersales": _("售后"),
    }.get(name, name)
