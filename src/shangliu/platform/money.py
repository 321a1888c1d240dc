"""Amounts of money: integer minor units (fen) and a currency, never a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """`fen` is the amount in minor units. Adding different currencies raises `ValueError`."""

    fen: int
    currency: str = "CNY"

    @classmethod
    def parse(cls, text: str, currency: str = "CNY") -> Money:
        """Read `"88"`, `"88.5"` or `"88.50"` yuan. `ValueError` for anything else, also `1.001`."""
        try:
            fen = Decimal(text.strip()) * 100
        except InvalidOperation:
            raise ValueError(f"not an amount: {text!r}") from None
        if not fen.is_finite() or fen != fen.to_integral_value():
            raise ValueError(f"not an amount in whole fen: {text!r}")
        return cls(int(fen), currency)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.fen + other.fen, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.fen - other.fen, self.currency)

    def __mul__(self, factor: int) -> Money:
        return Money(self.fen * factor, self.currency)

    def __bool__(self) -> bool:
        return self.fen != 0

    def __str__(self) -> str:
        if self.fen < 0:
            return f"-{Money(-self.fen, self.currency)}"
        return f"¥{self.yuan}" if self.currency == "CNY" else f"{self.currency} {self.yuan}"

    @property
    def yuan(self) -> str:
        """The amount with two decimals and no sign of currency, as gateways want it: `"88.00"`."""
        sign, fen = ("-", -self.fen) if self.fen < 0 else ("", self.fen)
        return f"{sign}{fen // 100}.{fen % 100:02d}"

    def shares(self, weights: list[int]) -> list[Money]:
        """Split by weight so that the parts add up to the fen.

        What rounding leaves goes to the largest remainders, the earlier part first on a tie; with
        no weight at all the first part takes everything.
        """
        total = sum(weights)
        if not weights:
            raise ValueError("nothing to share among")
        if total == 0:
            return [Money(self.fen if i == 0 else 0, self.currency) for i in range(len(weights))]
        floors = [self.fen * weight // total for weight in weights]
        by_remainder = sorted(
            range(len(weights)), key=lambda i: (-(self.fen * weights[i] % total), i)
        )
        for i in by_remainder[: self.fen - sum(floors)]:
            floors[i] += 1
        return [Money(fen, self.currency) for fen in floors]

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot combine {self.currency} and {other.currency}")
