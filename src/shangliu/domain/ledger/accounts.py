"""The chart of accounts. A code is `head` or `head:whose`, as `gateway:alipay` or `credit:12`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shangliu.platform.text import Text


class Side(StrEnum):
    """Which side of an account makes it grow."""

    DEBIT = "debit"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class Account:
    """`meaning` is what its balance says to a reader."""

    code: str
    label: Text
    side: Side
    meaning: Text

    def of(self, whose: str | int) -> str:
        return f"{self.code}:{whose}"


class Accounts:
    BANK = Account(
        "bank",
        Text("银行存款", "Bank"),
        Side.DEBIT,
        Text("已到公司账户的钱", "What is in the company's bank account"),
    )
    GATEWAY = Account(
        "gateway",
        Text("支付渠道待清算", "Gateway clearing"),
        Side.DEBIT,
        Text("渠道代收、尚未划到银行的钱", "What a gateway holds for us"),
    )
    CARRIER = Account(
        "carrier",
        Text("代收货款在途", "Cash with carriers"),
        Side.DEBIT,
        Text("承运商代收、尚未回款的钱", "What carriers collected for us"),
    )
    FEES = Account(
        "fees",
        Text("渠道手续费", "Gateway fees"),
        Side.DEBIT,
        Text("渠道收取的手续费", "What gateways kept"),
    )
    MARKETING = Account(
        "marketing",
        Text("积分与补偿费用", "Points and goodwill"),
        Side.DEBIT,
        Text("送出的积分和余额", "Points and credit given away"),
    )
    ADJUSTMENT = Account(
        "adjustment",
        Text("差异调整", "Adjustments"),
        Side.DEBIT,
        Text("对账差异的处理结果", "How differences were settled"),
    )
    BUYER = Account(
        "buyer",
        Text("买家预付款", "Buyers' deposits"),
        Side.CREDIT,
        Text("已收、订单尚未完成的钱", "Received for orders that are not over"),
    )
    MERCHANT = Account(
        "merchant",
        Text("应付商家", "Payable to merchants"),
        Side.CREDIT,
        Text("订单完成后欠商家的钱", "Owed for completed orders"),
    )
    CREDIT = Account(
        "credit",
        Text("买家余额", "Store credit"),
        Side.CREDIT,
        Text("买家可用的余额", "What buyers may spend"),
    )
    POINTS = Account(
        "points",
        Text("买家积分", "Points"),
        Side.CREDIT,
        Text("买家可用的积分（1 积分 = 1 分）", "Points of buyers (1 point = 1 fen)"),
    )


CHART: dict[str, Account] = {
    account.code: account for account in vars(Accounts).values() if isinstance(account, Account)
}


def account(code: str) -> Account:
    """The account that a posting's code belongs to; `KeyError` for one outside the chart."""
    return CHART[code.partition(":")[0]]
