"""Cash on delivery: the carrier collects at the door and remits to us later."""

from __future__ import annotations

from shangliu.domain.payments.provider import Nature, PaymentProvider
from shangliu.platform.text import Text
from shangliu.providers.payments.offline import Offline

PROVIDER: PaymentProvider = Offline(
    code="cod", label=Text("货到付款", "Cash on delivery"), nature=Nature.ON_DELIVERY
)
