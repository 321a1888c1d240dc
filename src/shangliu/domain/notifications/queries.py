"""What was told to whom."""

from __future__ import annotations

from collections.abc import Collection

from shangliu.domain.notifications.models import Message, WebhookDelivery


def messages_of_case(case_no: str) -> list[Message]:
    return list(Message.objects.filter(case_no=case_no).order_by("created_at", "pk"))


def deliveries_of_events(events: Collection[int]) -> list[WebhookDelivery]:
    """By the events that caused them, as they are indexed."""
    return list(WebhookDelivery.objects.filter(event_id__in=events).order_by("delivered_at", "pk"))
