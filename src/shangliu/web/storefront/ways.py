"""The ways of paying that fit a buyer's device, and how they are called."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from shangliu.domain.orders.mine import Order
from shangliu.domain.payments.provider import (
    Device,
    Method,
    Nature,
    PaymentProvider,
    provider,
    providers,
)
from shangliu.flow import steps
from shangliu.platform.errors import NotFound
from shangliu.process.roles import Role

_PHONE = re.compile(r"Mobi|Android|iPhone|iPod|iPad|HarmonyOS|Windows Phone", re.IGNORECASE)
_RANK = {Nature.GATEWAY: 0, Nature.TRANSFER: 1, Nature.ON_DELIVERY: 2}
_ICONS = {
    "alipay": "yuan",
    "wechat": "bubble",
    "stripe": "card",
    "transfer": "bank",
    "cod": "doorstep",
    "credit": "wallet",
    "points": "coins",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One way. `reason`: why it cannot be chosen for this order."""

    value: str
    label: str
    text: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """The ways through one provider."""

    code: str
    label: str
    icon: str
    choices: tuple[Choice, ...]


def device_of(request: HttpRequest) -> Device:
    agent = request.headers.get("User-Agent", "")
    if "MicroMessenger" in agent:
        return Device.WECHAT
    return Device.PHONE if _PHONE.search(agent) else Device.DESKTOP


def groups(order: Order, device: Device) -> list[Group]:
    """What is offered on this device; what is made for it comes first, waiting for money last."""
    found: list[tuple[tuple[int, int, str], Group]] = []
    for one in providers():
        fitting = [method for method in one.methods if device in method.devices]
        if one.nature is Nature.WALLET or not fitting:
            continue
        reason = _why_not(one, order)
        choices = tuple(
            Choice(
                value=f"{one.code}:{method.code}",
                label=str(method.label),
                text=_text(one, method),
                reason=reason,
            )
            for method in fitting
        )
        made_for = min(len(method.devices) for method in fitting)
        group = Group(code=one.code, label=str(one.label), icon=icon_of(one.code), choices=choices)
        found.append(((_RANK[one.nature], made_for, one.code), group))
    return [group for _key, group in sorted(found, key=lambda pair: pair[0])]


def read(value: str) -> tuple[PaymentProvider, Method]:
    """The provider and the method of a `Choice.value`; `NotFound` for anything else."""
    code, _colon, wanted = value.partition(":")
    one = provider(code)
    return one, method_of(one, wanted)


def method_of(one: PaymentProvider, code: str) -> Method:
    for method in one.methods:
        if method.code == code and one.nature is not Nature.WALLET:
            return method
    raise NotFound


def icon_of(code: str) -> str:
    return _ICONS.get(code, "card")


def scanner_of(one: PaymentProvider) -> str:
    """The app that reads the provider's codes."""
    return _("微信") if one.code == "wechat" else str(one.label)


def _text(one: PaymentProvider, method: Method) -> str:
    if one.nature is Nature.TRANSFER:
        return _("转到公司账户，到账后发货")
    if one.nature is Nature.ON_DELIVERY:
        return _("先发货，签收时付给快递员")
    known = {
        "qr": _("用手机扫描二维码付款"),
        "native": _("用手机扫描二维码付款"),
        "jsapi": _("在微信里直接付款"),
        "h5": _("去微信付款，付完自动返回"),
        "checkout": _("在 Stripe 的页面付款，付完自动返回"),
        "wap": _("去支付宝付款，付完自动返回"),
    }
    return known.get(method.code) or _("去{name}付款，付完自动返回").format(name=one.label)


def _why_not(one: PaymentProvider, order: Order) -> str:
    """Whether the order may be paid at the door is the definition's to say."""
    if one.nature is not Nature.ON_DELIVERY:
        return ""
    offered = steps.offers("order", order, actor="system", roles=frozenset({Role.SYSTEM}))
    accept = next((offer for offer in offered if offer.name == "order.accept"), None)
    return "；".join(str(reason) for reason in accept.reasons) if accept is not None else ""
