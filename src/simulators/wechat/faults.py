"""What can go wrong here."""

from __future__ import annotations

KINDS = {
    "lost": "请求丢失：什么也不做，断开连接",
    "drop": "做完后断开连接，不给应答",
    "unknown": "什么也不做，应答 500 SYSTEM_ERROR",
    "unknown_done": "做完后应答 500 SYSTEM_ERROR",
    "http_502": "什么也不做，应答 HTTP 502",
    "latency": "先等待 value 毫秒",
    "too_often": "什么也不做，应答 429 FREQUENCY_LIMITED",
    "probe_answer": "做完后，应答的签名是探测签名",
    "probe_notice": "通知第一次发出时是探测签名",
    "no_balance": "退款时商户余额不足",
    "refund_abnormal": "退款受理后变为 ABNORMAL",
    "refund_closed": "退款受理后变为 CLOSED",
    "refund_wait": "退款一直处理中，直到手动处理",
    "hold": "扣住通知，直到放行",
    "lose": "丢掉通知",
    "delay": "通知推迟 value 秒",
    "wrong_amount": "通知里的金额多一分",
    "reorder": "下一条通知等再下一条发出之后才发",
}
