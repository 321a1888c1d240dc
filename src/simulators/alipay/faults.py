"""What can go wrong here."""

from __future__ import annotations

KINDS = {
    "lost": "请求丢失：什么也不做，断开连接",
    "drop": "做完后断开连接，不给应答",
    "unknown": "什么也不做，应答 20000",
    "unknown_done": "做完后应答 20000",
    "probe_answer": "做完后，应答的签名是错的",
    "http_502": "什么也不做，应答 HTTP 502",
    "latency": "先等待 value 毫秒",
    "no_balance": "退款时商户余额不足",
    "slow_refund": "退款受理后过 value 秒才到账",
    "pay_before_close": "关闭请求到达前一刻买家付了款",
    "hold": "扣住通知，直到放行",
    "lose": "丢掉通知",
    "delay": "通知推迟 value 秒",
    "wrong_amount": "通知里的金额多一分",
    "reorder": "下一条通知等再下一条发出之后才发",
}
