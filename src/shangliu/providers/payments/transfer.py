"""Bank transfer: the buyer transfers by hand, finance finds it on the bank statement."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from shangliu.domain.payments.provider import Charge, Nature, PaymentProvider, Started
from shangliu.platform.text import Text
from shangliu.providers.payments.offline import Offline


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """`PAYMENTS_TRANSFER_HOLDER`, `_BANK` and `_ACCOUNT`: where buyers transfer to. The defaults
    are of no real bank account."""

    holder: str
    bank: str
    account: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        def said(name: str, otherwise: str) -> str:
            return environ.get(f"PAYMENTS_TRANSFER_{name}", otherwise)

        return cls(
            holder=said("HOLDER", "商流演示商贸有限公司"),
            bank=said("BANK", "演示银行杭州余杭支行"),
            account=said("ACCOUNT", "6200 0000 0000 0000 000"),
        )


@dataclass(frozen=True, kw_only=True)
class Transfer(Offline):
    code: str = "transfer"
    label: Text = field(default=Text("银行转账", "Bank transfer"))
    nature: Nature = Nature.TRANSFER
    settings: Settings = field(default_factory=lambda: Settings.read(os.environ))

    def start(self, charge: Charge) -> Started:
        return Started(
            details=(
                (Text("户名", "Account holder"), self.settings.holder),
                (Text("开户行", "Bank"), self.settings.bank),
                (Text("账号", "Account"), self.settings.account),
                (Text("转账金额", "Amount"), str(charge.amount)),
                (Text("附言", "Reference"), charge.number),
            )
        )


PROVIDER: PaymentProvider = Transfer()
