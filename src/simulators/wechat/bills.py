"""Bills of a day: every field behind a backtick, a line of sums at the end, ready at ten."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from simulators.common.clock import BEIJING, Clock
from simulators.common.store import Store
from simulators.wechat.account import Account, RefusalError, wrong

READY_AFTER = timedelta(days=1, hours=10)
OLDEST = timedelta(days=92)
RATE = "0.60%"
_TRADE_HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
_TRADE_SUMS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
_FLOW_HEADER = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
_FLOW_SUMS = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"
_STATUSES = {"ABNORMAL": "CHANGE", "CLOSED": "FAIL"}


def fee_of(fen: int) -> int:
    """0.60 %, rounded to the fen."""
    return (fen * 60 + 5000) // 10000


class Bills:
    def __init__(self, *, store: Store, clock: Clock, account: Account) -> None:
        self._store, self._clock, self._account = store, clock, account

    def trades(self, day: str, kind: str) -> str:
        """Refunds are of the day on which they were asked for."""
        start, end = self._bounds(day)
        paid = self._paid(start, end) if kind != "REFUND" else []
        back = self._back(start, end) if kind != "SUCCESS" else []
        self._refuse_empty(paid, back)
        lines = [*(self._trade_line(one) for one in paid), *(self._back_line(one) for one in back)]
        total, returned = sum(one["amount"] for one in paid), sum(one["back"] for one in back)
        fees = sum(fee_of(one["amount"]) for one in paid) - sum(one["fee"] for one in back)
        sums = (
            str(len(lines)),
            yuan(total),
            yuan(returned),
            "0.00",
            f"{yuan(fees)}000",
            yuan(total),
            yuan(returned),
        )
        return _written(_TRADE_HEADER, sorted(lines, key=lambda one: one[0]), _TRADE_SUMS, sums)

    def flow(self, day: str) -> str:
        """Money in and out of the merchant's account, with the balance after each movement."""
        start, end = self._bounds(day)
        moves = [one for one in self._moves() if one[0] < end]
        today = [one for one in moves if one[0] >= start]
        self._refuse_empty(today)
        balance = sum(fen for at, _, _, fen, _ in moves if at < start)
        lines = []
        for number, (at, transaction, name, fen, voucher) in enumerate(today, start=1):
            balance += fen
            lines.append(
                (
                    self._clock.text(at),
                    transaction,
                    f"{self._account.mch_id}{day.replace('-', '')}{number:08d}",
                    "退款" if name == "退款" else "交易",
                    name,
                    "收入" if fen > 0 else "支出",
                    yuan(abs(fen)),
                    yuan(balance),
                    "system",
                    "",
                    voucher,
                )
            )
        income = [fen for _, _, _, fen, _ in today if fen > 0]
        spent = [-fen for _, _, _, fen, _ in today if fen < 0]
        sums = (
            str(len(today)),
            str(len(income)),
            yuan(sum(income)),
            str(len(spent)),
            yuan(sum(spent)),
        )
        return _written(_FLOW_HEADER, lines, _FLOW_SUMS, sums)

    def ledger(self) -> list[sqlite3.Row]:
        """Money in and out, oldest first."""
        return self._store.rows(
            "SELECT 'pay' AS kind, out_trade_no, transaction_id, '' AS out_refund_no,"
            " amount AS fen, paid AS at FROM trades WHERE paid IS NOT NULL"
            " UNION ALL SELECT 'refund', r.out_trade_no, t.transaction_id, r.out_refund_no,"
            " -r.amount, r.done FROM refunds r JOIN trades t USING (out_trade_no)"
            " WHERE r.status = 'SUCCESS' ORDER BY at"
        )

    def _bounds(self, day: str) -> tuple[float, float]:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
            raise wrong("账单日期格式错误，应为yyyy-MM-dd")
        try:
            wanted = date.fromisoformat(day)
        except ValueError:
            raise wrong("账单日期不存在") from None
        start = datetime(wanted.year, wanted.month, wanted.day, tzinfo=BEIJING)
        now = datetime.fromtimestamp(self._clock.now(), BEIJING)
        if start.date() >= now.date():
            raise wrong("账单日期必须早于今天")
        if now - start > OLDEST:
            raise wrong("只能下载三个月以内的账单")
        if now < start + READY_AFTER:
            raise RefusalError(400, "STATEMENT_CREATING", "账单生成中，请在次日上午10点后再下载")
        return start.timestamp(), (start + timedelta(days=1)).timestamp()

    def _refuse_empty(self, *found: Sequence[object]) -> None:
        if not any(found):
            raise RefusalError(400, "NO_STATEMENT_EXIST", "账单文件不存在")

    def _paid(self, start: float, end: float) -> list[sqlite3.Row]:
        return self._store.rows("SELECT * FROM trades WHERE paid >= ? AND paid < ?", start, end)

    def _back(self, start: float, end: float) -> list[sqlite3.Row]:
        return self._store.rows(
            "SELECT t.*, r.refund_id, r.out_refund_no, r.amount AS back, r.fee, r.status,"
            " r.created AS asked FROM refunds r JOIN trades t USING (out_trade_no)"
            " WHERE r.created >= ? AND r.created < ?",
            start,
            end,
        )

    def _moves(self) -> list[tuple[float, str, str, int, str]]:
        moves = []
        for one in self._store.rows("SELECT * FROM trades WHERE paid IS NOT NULL"):
            fact = (one["paid"], one["transaction_id"])
            moves.append((*fact, "交易", one["amount"], one["out_trade_no"]))
            if fee := fee_of(one["amount"]):
                moves.append((*fact, "扣除交易手续费", -fee, one["out_trade_no"]))
        for one in self._store.rows("SELECT * FROM refunds WHERE status <> 'CLOSED'"):
            fen = one["fee"] - one["amount"]
            moves.append((one["created"], one["refund_id"], "退款", fen, one["out_refund_no"]))
        return sorted(moves, key=lambda one: one[0])

    def _trade_line(self, trade: sqlite3.Row) -> tuple[str, ...]:
        total = yuan(trade["amount"])
        return (
            *self._common(trade, trade["paid"], "SUCCESS"),
            *(total, "0.00", "0", "0", "0.00", "0.00", "", ""),
            *(trade["description"], trade["attach"], f"{yuan(fee_of(trade['amount']))}000"),
            *(RATE, total, "0.00", ""),
        )

    def _back_line(self, back: sqlite3.Row) -> tuple[str, ...]:
        amount = yuan(back["back"])
        status = _STATUSES.get(back["status"], back["status"])
        return (
            *self._common(back, back["asked"], "REFUND"),
            *("0.00", "0.00", back["refund_id"], back["out_refund_no"], amount, "0.00"),
            *("ORIGINAL", status, back["description"], back["attach"]),
            *(f"{yuan(-back['fee'])}000", RATE, "0.00", amount, ""),
        )

    def _common(self, trade: sqlite3.Row, at: float, state: str) -> tuple[str, ...]:
        return (
            *(self._clock.text(at), self._account.app_id, self._account.mch_id, "0", ""),
            *(trade["transaction_id"], trade["out_trade_no"], trade["openid"]),
            *(trade["trade_type"], state, "OTHERS", "CNY"),
        )


def _written(
    header: str, lines: Iterable[Sequence[str]], sums_header: str, sums: Sequence[str]
) -> str:
    rows = [header, *(_row(one) for one in lines), sums_header, _row(sums), ""]
    return "\ufeff" + "\r\n".join(rows)


def _row(fields: Sequence[str]) -> str:
    """Fields cannot be quoted, so what would divide them is taken out."""
    return ",".join("`" + re.sub(r"[,`\r\n]", " ", one) for one in fields)


def yuan(value: int) -> str:
    sign, value = ("-", -value) if value < 0 else ("", value)
    return f"{sign}{value // 100}.{value % 100:02d}"
