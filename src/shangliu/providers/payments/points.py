"""Points of one fen each. They go back to the buyer at once."""

from __future__ import annotations

from shangliu.domain.payments.provider import Nature, PaymentProvider, RefundOutcome
from shangliu.platform.text import Text
from shangliu.providers.payments.offline import Offline

PROVIDER: PaymentProvider = Offline(
    code="points",
    label=Text("积分", "Points"),
    nature=Nature.WALLET,
    way_back=RefundOutcome.DONE,
)
