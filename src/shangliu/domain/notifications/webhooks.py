"""Signed pushes to outside systems: HMAC-SHA256 over `timestamp.body`, one delivery an event."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

from shangliu.domain.notifications.models import WebhookDelivery
from shangliu.platform import clock, http


@dataclass(frozen=True, slots=True)
class Endpoint:
    url: str
    secret: str


class NotTaken(Exception):
    """The other side did not answer with 2xx; the outbox tries again."""


def push(
    endpoint: Endpoint, *, event_id: int, topic: str, case_no: str, payload: Mapping[str, object]
) -> None:
    """Send once more than zero times: a delivered event is not sent again. Raises `NotTaken`."""
    known = WebhookDelivery.objects.filter(event_id=event_id, topic=topic, url=endpoint.url)
    if known.exists():
        return
    body = json.dumps(
        {"id": event_id, "topic": topic, "case": case_no, "data": payload},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    stamp = str(int(clock.now().timestamp()))
    with http.about(case_no=case_no, process="", object_id=None):
        answer = http.call(
            system="finance",
            operation=topic,
            method="POST",
            url=endpoint.url,
            data=body,
            headers={
                "Content-Type": "application/json",
                "Shangliu-Event-Id": str(event_id),
                "Shangliu-Timestamp": stamp,
                "Shangliu-Signature": sign(endpoint.secret, stamp, body),
            },
        )
    if not 200 <= answer.status < 300:
        raise NotTaken(f"{endpoint.url} answered {answer.status}")
    WebhookDelivery.objects.create(
        event_id=event_id,
        topic=topic,
        url=endpoint.url,
        payload=dict(payload),
        case_no=case_no,
        status=answer.status,
        delivered_at=clock.now(),
    )


def sign(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
