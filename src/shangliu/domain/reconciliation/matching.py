"""The three-way match: the gateway's statement, our payments and orders, and the money ledger.

Pure: what is given is compared, nothing is read or written, so that every cause can be tested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shangliu.platform.text import Text


class Kind(StrEnum):
    """What differs. The words say the likely cause."""

    UNKNOWN_PAYMENT = "unknown_payment"
    NOT_BOOKED = "not_booked"
    MISSING_PAYMENT = "missing_payment"
    AMOUNT = "amount"
    UNKNOWN_REFUND = "unknown_refund"
    MISSING_REFUND = "missing_refund"
    REFUND_AMOUNT = "refund_amount"
    DUPLICATE = "duplicate"
    LEDGER = "ledger"
    ORDER = "order"

    @property
    def label(self) -> Text:
        return _LABELS[self]

    @property
    def cause(self) -> Text:
        return _CAUSES[self]


_LABELS = {
    Kind.UNKNOWN_PAYMENT: Text("渠道有、本店没有的收款", "Paid there, unknown here"),
    Kind.NOT_BOOKED: Text("渠道已收款，本店未入账", "Paid there, not booked here"),
    Kind.MISSING_PAYMENT: Text("本店已收款，账单没有", "Paid here, not in the statement"),
    Kind.AMOUNT: Text("收款金额不一致", "The amounts differ"),
    Kind.UNKNOWN_REFUND: Text("渠道有、本店没有的退款", "Refunded there, unknown here"),
    Kind.MISSING_REFUND: Text("本店已退款，账单没有", "Refunded here, not in the statement"),
    Kind.REFUND_AMOUNT: Text("退款金额不一致", "The refunded amounts differ"),
    Kind.DUPLICATE: Text("账单里出现两次", "Twice in the statement"),
    Kind.LEDGER: Text("总账与单据不一致", "The ledger differs from the document"),
    Kind.ORDER: Text("订单应收与实收不一致", "The order is not covered as it says"),
}
_CAUSES = {
    Kind.UNKNOWN_PAYMENT: Text(
        "可能是在渠道后台手工收款，或商户号被别的系统共用",
        "Collected by hand at the gateway, or another system uses the account",
    ),
    Kind.NOT_BOOKED: Text(
        "通知丢失且查询还没有问到；向渠道查询即可入账",
        "The notification was lost; ask the gateway and it is booked",
    ),
    Kind.MISSING_PAYMENT: Text(
        "跨零点的付款会出现在次日账单；次日仍没有就要找渠道",
        "Around midnight it stands in the next day's statement; else ask the gateway",
    ),
    Kind.AMOUNT: Text("渠道优惠或金额被改动", "A discount of the gateway, or a changed amount"),
    Kind.UNKNOWN_REFUND: Text("可能是在渠道后台手工退款", "Refunded by hand at the gateway"),
    Kind.MISSING_REFUND: Text(
        "渠道还没有处理完，或跨零点", "Still under way at the gateway, or around midnight"
    ),
    Kind.REFUND_AMOUNT: Text("退款金额被渠道改动", "The gateway changed the amount"),
    Kind.DUPLICATE: Text("渠道重复出账", "The gateway listed it twice"),
    Kind.LEDGER: Text("记账缺失或被绕过", "A posting is missing"),
    Kind.ORDER: Text("多付、少付或退款没有落到订单", "Paid too much, too little, or a lost refund"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A row of the statement, or a document of ours; `refund` empty for a payment."""

    number: str
    refund: str = ""
    fen: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Ours:
    """What we know of the day. `booked`: what has money in it; `known` every document that the
    statement names, with money or without; `posted` what the ledger has moved on the gateway's
    account for a document; `elsewhere` what stands in another day's statement; `owed` and
    `covered` the orders' side by payment number."""

    booked: tuple[Line, ...]
    known: frozenset[tuple[str, str]]
    posted: Mapping[str, int]
    elsewhere: frozenset[tuple[str, str]] = frozenset()
    owed: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    kind: Kind
    number: str
    refund: str = ""
    ours_fen: int | None = None
    theirs_fen: int | None = None


def match(theirs: Iterable[Line], ours: Ours) -> tuple[list[Finding], int]:
    """All differences, and how many rows of the statement agree to the fen."""
    rows = list(theirs)
    booked = {(one.number, one.refund): one for one in ours.booked}
    found: list[Finding] = []
    matched = 0
    seen: Counter[tuple[str, str]] = Counter()
    for row in rows:
        key = (row.number, row.refund)
        seen[key] += 1
        finding = _of_row(row, booked.get(key), ours, again=seen[key] > 1)
        if finding is None:
            matched += 1
        else:
            found.append(finding)
    for key, one in booked.items():
        if key not in seen and key not in ours.elsewhere:
            kind = Kind.MISSING_REFUND if one.refund else Kind.MISSING_PAYMENT
            found.append(Finding(kind=kind, number=key[0], refund=key[1], ours_fen=one.fen))
    found += _ledger(ours)
    found += _orders(ours)
    return found, matched


def _of_row(row: Line, one: Line | None, ours: Ours, *, again: bool) -> Finding | None:
    def differs(kind: Kind, fen: int | None = None) -> Finding:
        return Finding(
            kind=kind, number=row.number, refund=row.refund, ours_fen=fen, theirs_fen=row.fen
        )

    if again:
        return differs(Kind.DUPLICATE, one.fen if one is not None else None)
    if one is None and (row.number, row.refund) in ours.known:
        return differs(Kind.NOT_BOOKED)
    if one is None:
        return differs(Kind.UNKNOWN_REFUND if row.refund else Kind.UNKNOWN_PAYMENT)
    if one.fen != row.fen:
        return differs(Kind.REFUND_AMOUNT if row.refund else Kind.AMOUNT, one.fen)
    return None


def _ledger(ours: Ours) -> Iterator[Finding]:
    for one in ours.booked:
        expected = -one.fen if one.refund else one.fen
        posted = ours.posted.get(one.refund or one.number, 0)
        if posted != expected:
            yield Finding(
                kind=Kind.LEDGER,
                number=one.number,
                refund=one.refund,
                ours_fen=posted,
                theirs_fen=expected,
            )


def _orders(ours: Ours) -> Iterator[Finding]:
    for number, (owed, covered) in ours.owed.items():
        if owed != covered:
            yield Finding(kind=Kind.ORDER, number=number, ours_fen=covered, theirs_fen=owed)
