"""Store credit: money that the buyer has with us. It goes back there at once."""

from __future__ import annotations

from shangliu.domain.payments.provider import Nature, PaymentProvider, RefundOutcome
from shangliu.platform.text import Text
from shangliu.providers.payments.offline import Offline

PROVIDER: PaymentProvider = Offline(
    code="credit",
    label=Text("账户余额", "Store credit"),
    nature=Nature.WALLET,
    way_back=RefundOutcome.DONE,
)
