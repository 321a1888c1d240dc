"""What can go wrong here."""

from __future__ import annotations

KINDS = {
    "lost": "请求丢失：什么也不做，断开连接",
    "drop": "做完后断开连接，不给应答",
    "unknown": "什么也不做，应答 500 api_error",
    "unknown_done": "做完后应答 500 api_error",
    "http_502": "什么也不做，应答 HTTP 502",
    "latency": "先等待 value 毫秒",
    "too_often": "什么也不做，应答 429 rate_limit",
    "probe_answer": "做完后，应答不是 Stripe 的样子",
    "probe_notice": "通知第一次发出时签名不对",
    "no_balance": "退款时余额不足",
    "refund_failed": "退款受理后失败",
    "refund_wait": "退款一直处理中，直到手动处理",
    "hold": "扣住通知，直到放行",
    "lose": "丢掉通知",
    "delay": "通知推迟 value 秒",
    "wrong_amount": "通知里的金额多一分",
    "reorder": "下一条通知等再下一条发出之后才发",
}
