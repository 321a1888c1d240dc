"""What a request says, checked as the documentation says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from simulators.wechat.account import Account, RefusalError, wrong
from simulators.wechat.refunds import AskedBack
from simulators.wechat.trades import TYPES, Asked

Body = Mapping[str, Any]
WEEK = 7 * 86400
_NUMBER = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
_REFUND_NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")


def order(body: Body, *, kind: str, account: Account, now: float) -> Asked:
    if _text(body, "appid", 32) != account.app_id:
        raise RefusalError(400, "APPID_MCHID_NOT_MATCH", "appid和mchid不匹配", field="/appid")
    its_own(account, body.get("mchid"))
    number = _text(body, "out_trade_no", 32)
    if not _NUMBER.fullmatch(number):
        raise wrong("商户订单号只能是数字、大小写字母_-|*，6到32个字符", "/out_trade_no")
    if kind == "h5":
        _check_scene(_part(body, "scene_info"))
    amount = _part(body, "amount")
    return Asked(
        out_trade_no=number,
        trade_type=TYPES[kind],
        amount=_fen(amount, "total", "/amount/total"),
        description=_text(body, "description", 127),
        attach=_text(body, "attach", 128, needed=False),
        notify_url=_notify_url(_text(body, "notify_url", 255)),
        openid=_text(_part(body, "payer"), "openid", 128) if kind == "jsapi" else "",
        expires=_moment(body.get("time_expire"), now),
    )


def refund(body: Body) -> AskedBack:
    number = _text(body, "out_refund_no", 64)
    if not _REFUND_NUMBER.fullmatch(number):
        raise wrong("商户退款单号只能是数字、大小写字母_-|*@", "/out_refund_no")
    amount = _part(body, "amount")
    _text(amount, "currency", 16)
    return AskedBack(
        out_refund_no=number,
        amount=_fen(amount, "refund", "/amount/refund"),
        total=_fen(amount, "total", "/amount/total"),
        reason=_text(body, "reason", 80, needed=False),
        notify_url=_notify_url(_text(body, "notify_url", 256, needed=False)),
    )


def its_own(account: Account, mch_id: object) -> None:
    if mch_id != account.mch_id:
        raise wrong("商户号与签名的商户号不一致", "/mchid")


def _part(body: Body, name: str) -> Body:
    found = body.get(name)
    if not isinstance(found, dict):
        raise wrong(f"输入源“/body/{name}”缺少必填字段", f"/{name}")
    return found


def _text(body: Body, name: str, longest: int, *, needed: bool = True) -> str:
    found = body.get(name, "")
    if not isinstance(found, str) or len(found) > longest or (needed and not found):
        raise wrong(f"输入源“/body/{name}”缺少必填字段或长度不符合规则", f"/{name}")
    return found


def _fen(amount: Body, name: str, field: str) -> int:
    found = amount.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= 10_000_000_000:
        raise wrong(f"输入源“/body{field}”应为不小于1的整数，单位为分", field)
    if amount.get("currency", "CNY") != "CNY":
        raise wrong("只支持人民币", "/amount/currency")
    return found


def _notify_url(url: str) -> str:
    """The real service wants https; here plain http is taken, for there is no network between."""
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or parts.query or parts.fragment):
        raise wrong("通知地址必须为可访问的地址，不能携带参数", "/notify_url")
    return url


def _check_scene(scene: Body) -> None:
    _text(scene, "payer_client_ip", 45)
    if _part(scene, "h5_info").get("type") not in ("Wap", "iOS", "Android"):
        raise wrong("场景类型有误", "/scene_info/h5_info/type")


def _moment(said: object, now: float) -> float:
    """Without `time_expire` an order can be paid for a week."""
    if said is None:
        return now + WEEK
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        raise wrong("订单失效时间应为rfc3339格式", "/time_expire") from None
    if found.tzinfo is None:
        raise wrong("订单失效时间应带时区", "/time_expire")
    return found.timestamp()
