"""What was told to whom."""

from __future__ import annotations

from shangliu.domain.notifications.models import Message, WebhookDelivery


def messages_of_case(case_no: str) -> list[Message]:
    return list(Message.objects.filter(case_no=case_no).order_by("created_at", "pk"))


def deliveries_of_case(case_no: str) -> list[WebhookDelivery]:
    return list(WebhookDelivery.objects.filter(case_no=case_no).order_by("delivered_at", "pk"))
