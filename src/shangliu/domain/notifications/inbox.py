"""What was told to one person, and the texts that the development inbox shows."""

from __future__ import annotations

import secrets
from datetime import timedelta

from shangliu.domain.notifications.models import Message
from shangliu.platform import clock

__all__ = ["Message", "mark_read", "messages_of", "newest_texts", "send_code", "unread"]


def send_code(*, phone: str, code: str) -> None:
    """Text a sign-in code. It carries nothing but the code: no advertising beside it."""
    Message.objects.create(
        unique_key=f"code:{secrets.token_hex(12)}",
        channel=Message.Channel.SMS,
        phone=phone,
        template="sign_in_code",
        title="登录验证码",
        text=f"验证码 {code}，5 分钟内有效。请勿告诉他人。",
        created_at=clock.now(),
    )


def newest_texts(*, limit: int = 30) -> list[Message]:
    """The newest texts to anybody, of the last day: only for the development inbox."""
    since = clock.now() - timedelta(days=1)
    texts = Message.objects.filter(channel=Message.Channel.SMS, created_at__gte=since)
    return list(texts.order_by("-pk")[:limit])


def messages_of(user_id: int, *, limit: int = 50) -> list[Message]:
    own = Message.objects.filter(user_id=user_id, channel=Message.Channel.SITE)
    return list(own.order_by("-pk")[:limit])


def unread(user_id: int) -> int:
    return Message.objects.filter(
        user_id=user_id, channel=Message.Channel.SITE, read_at=None
    ).count()


def mark_read(user_id: int) -> None:
    Message.objects.filter(user_id=user_id, channel=Message.Channel.SITE, read_at=None).update(
        read_at=clock.now()
    )
