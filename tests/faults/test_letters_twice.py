"""A letter that is delivered twice, by a relay that died before it could say so, counts once."""

from __future__ import annotations

import pytest

from shangliu.domain.logistics.models import Parcel
from shangliu.domain.notifications.models import Message, WebhookDelivery
from shangliu.domain.notifications.webhooks import Endpoint
from shangliu.domain.payments.models import Refund
from shangliu.flow.outbox import Addresses, handlers
from shangliu.platform import clock
from shangliu.platform.models import Outbox
from shangliu.platform.outbox import drain_all
from shangliu.process.models import Event
from tests.faults import checker
from tests.faults.asking import rows
from tests.faults.test_worker_killed import SECRET, Receiver
from tests.insight.world import applied, buyer, open_shop, paid, shipped

pytestmark = pytest.mark.django_db(transaction=True)


def deliver(receiver: Receiver) -> None:
    endpoint = Endpoint(receiver.url, SECRET)
    drain_all(handlers(Addresses(carrier_callback="https://shop.example/p", finance=endpoint)))


def counted() -> dict[str, int]:
    return {
        "events": Event.objects.count(),
        "messages": Message.objects.count(),
        "told to finance": WebhookDelivery.objects.count(),
        "refunds": Refund.objects.filter(state="succeeded").count(),
        "waybills": Parcel.objects.exclude(waybill_no="").count(),
    }


def test_every_letter_of_a_purchase_delivered_again_changes_nothing() -> None:
    receiver = Receiver()
    receiver.answering.set()
    shop, person = open_shop(), buyer()
    order = paid(shop, user=person)
    deliver(receiver)
    shipped(order)
    applied(paid(shop, user=person))
    deliver(receiver)
    topics = set(Outbox.objects.values_list("topic", flat=True))
    assert {"finance.order_paid", "carrier.order_label", "refund.execute"} < topics
    assert not Outbox.objects.filter(done_at__isnull=True).exists()
    once = counted()
    assert all(once.values())

    for _ in range(2):
        Outbox.objects.update(done_at=None, due_at=clock.now())
        deliver(receiver)
        assert not Outbox.objects.filter(done_at__isnull=True).exists()
        assert counted() == once
    assert checker.everything(rows) == []
    receiver.shutdown()
    receiver.server_close()
