"""What is to be different: everything that a What-if may change, checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from shangliu.platform.errors import Refused
from shangliu.platform.text import Text
from shangliu.process.roles import STAFF
from shangliu.process.running import flow

LONGEST_DAYS = 90
MOST_VOLUME = 2000  # percent
MOST_HEADS = 500
_NUMBER = Text(
    "“{what}”要填 {least} 到 {most} 之间的整数", "“{what}” is a whole number, {least} to {most}"
)

_NO_HOUR = Text(
    "“{typed}”不是揽收时刻，请写 0 到 23 的整点", "“{typed}” is no full hour from 0 to 23"
)


@dataclass(frozen=True, slots=True)
class Shift:
    """Hours of the day, from one up to the other; on weekdays only, or every day."""

    first: int
    last: int
    weekends: bool = True


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """`volume` and `work` are percent of today's; `heads` how many people a pool has at most at
    once; `sale_day` the one day of the period (1 is the first) whose volume changes, 0 all of them;
    `pickups` the hours at which the carrier comes, none for as it was. Money in fen."""

    days: int = 14
    volume: int = 100
    sale_day: int = 0
    policies: Mapping[str, int] = field(default_factory=dict)
    heads: Mapping[str, int] = field(default_factory=dict)
    shifts: Mapping[str, Shift] = field(default_factory=dict)
    work: Mapping[str, int] = field(default_factory=dict)
    pickups: tuple[int, ...] = ()
    wage_fen: int = 4000
    refund_fen: int = 800

    def __post_init__(self) -> None:
        if wrong := tuple(self._wrong()):
            raise Refused(*wrong)

    @property
    def unchanged(self) -> bool:
        """Whether it is the process as it is: period and prices change nothing."""
        return self == Scenario(days=self.days, wage_fen=self.wage_fen, refund_fen=self.refund_fen)

    def as_it_is(self) -> Scenario:
        return Scenario(days=self.days, wage_fen=self.wage_fen, refund_fen=self.refund_fen)

    def _wrong(self) -> Iterator[Text]:
        yield from _within(self.days, Text("最近天数", "Days"), 1, LONGEST_DAYS)
        yield from _within(self.volume, Text("订单量", "Volume"), 1, MOST_VOLUME)
        yield from _within(self.sale_day, Text("大促日", "Sale day"), 0, self.days)
        yield from _within(self.wage_fen, Text("每小时人工成本", "Cost of an hour"), 0, 10**7)
        yield from _within(self.refund_fen, Text("每笔退款成本", "Cost of a refund"), 0, 10**7)
        for hour in self.pickups:
            yield from _within(hour, Text("揽收时刻", "Pick-up hour"), 0, 23)
        yield from self._wrong_people()
        known = {policy.key: policy for policy in flow().policies}
        for key, value in self.policies.items():
            if key not in known:
                yield Text("没有策略“{key}”", "There is no policy “{key}”").format(key=key)
            else:
                policy = known[key]
                yield from _within(value, policy.label, policy.least, policy.most)

    def _wrong_people(self) -> Iterator[Text]:
        roles = {role.value: role.label for role in STAFF}
        for pool in {*self.heads, *self.shifts, *self.work} - set(roles):
            yield Text("没有岗位“{pool}”", "There is no role “{pool}”").format(pool=pool)
        for pool, heads in self.heads.items():
            yield from _within(heads, roles.get(pool, Text(pool, pool)), 0, MOST_HEADS)
        for pool, percent in self.work.items():
            yield from _within(percent, roles.get(pool, Text(pool, pool)), 1, 1000)
        for pool, shift in self.shifts.items():
            if not 0 <= shift.first < shift.last <= 24:
                yield Text(
                    "“{pool}”的班次要先开始后结束，在 0 到 24 点之间",
                    "The shift of “{pool}” begins before it ends, between 0 and 24",
                ).format(pool=roles.get(pool, Text(pool, pool)))


def _within(value: int, what: Text, least: int, most: int) -> Iterator[Text]:
    if not least <= value <= most:
        yield _NUMBER.format(what=what, least=least, most=most)


def from_query(said: Mapping[str, str]) -> Scenario:
    """The scenario that a page's address names. What is left empty is as today; `Refused` names
    everything that is wrong. Policies are `p.<key>`, those of money also in yuan as `y.<key>`."""
    read = _Reader(said)
    found: dict[str, Any] = {
        "days": read.number("days", 14, Text("最近天数", "Days")),
        "volume": read.number("volume", 100, Text("订单量", "Volume")),
        "sale_day": read.number("sale_day", 0, Text("大促日", "Sale day")),
        "wage_fen": 100 * read.number("wage", 40, Text("每小时人工成本", "Cost of an hour")),
        "refund_fen": 100 * read.number("refund", 8, Text("每笔退款成本", "Cost of a refund")),
        "policies": read.many("p.") | {key: 100 * yuan for key, yuan in read.many("y.").items()},
        "heads": read.many("heads."),
        "work": read.many("work."),
        "shifts": read.shifts(),
        "pickups": read.pickups(),
    }
    if read.wrong:
        raise Refused(*read.wrong)
    return Scenario(**found)


class _Reader:
    """Reads numbers and remembers what was none."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = said
        self.wrong: list[Text] = []

    def number(self, name: str, otherwise: int, what: Text) -> int:
        typed = self._said.get(name, "").strip()
        if not typed:
            return otherwise
        if not (typed.isascii() and typed.isdigit() and len(typed) < 14):
            self.wrong.append(
                Text("“{what}”要填整数", "“{what}” is a whole number").format(what=what)
            )
            return otherwise
        return int(typed)

    def many(self, prefix: str) -> dict[str, int]:
        found = {}
        for name, typed in self._said.items():
            if name.startswith(prefix) and typed.strip():
                key = name.removeprefix(prefix)
                found[key] = self.number(name, 0, _label(key))
        return found

    def shifts(self) -> dict[str, Shift]:
        first, last = self.many("from."), self.many("to.")
        free = {
            name.removeprefix("weekdays.")
            for name, typed in self._said.items()
            if name.startswith("weekdays.") and typed
        }
        return {
            pool: Shift(first.get(pool, 0), last.get(pool, 24), weekends=pool not in free)
            for pool in sorted({*first, *last, *free})
        }

    def pickups(self) -> tuple[int, ...]:
        typed = self._said.get("pickups", "").replace("，", ",").replace("、", ",")
        hours = set()
        for one in filter(None, (part.strip() for part in typed.split(","))):
            hour = one.removesuffix(":00")
            if hour.isascii() and hour.isdigit() and len(hour) < 3:
                hours.add(int(hour))
            else:
                self.wrong.append(_NO_HOUR.format(typed=one))
        return tuple(sorted(hours))


def to_query(scenario: Scenario) -> str:
    """The address that names it: only what differs from today."""
    plain = Scenario()
    said: dict[str, object] = {"days": scenario.days}
    for name in ("volume", "sale_day"):
        if getattr(scenario, name) != getattr(plain, name):
            said[name] = getattr(scenario, name)
    for name, fen in (("wage", scenario.wage_fen), ("refund", scenario.refund_fen)):
        if fen != getattr(plain, f"{name}_fen"):
            said[name] = fen // 100
    return urlencode(said | dict(_of_parts(scenario)), safe=",.")


def _of_parts(scenario: Scenario) -> Iterator[tuple[str, object]]:
    for prefix, given in (
        ("p.", scenario.policies),
        ("heads.", scenario.heads),
        ("work.", scenario.work),
    ):
        for key, value in sorted(given.items()):
            yield f"{prefix}{key}", value
    for pool, shift in sorted(scenario.shifts.items()):
        yield f"from.{pool}", shift.first
        yield f"to.{pool}", shift.last
        if not shift.weekends:
            yield f"weekdays.{pool}", 1
    if scenario.pickups:
        yield "pickups", ",".join(map(str, scenario.pickups))


def _label(key: str) -> Text:
    named = {one.key: one.label for one in flow().policies}
    named |= {role.value: role.label for role in STAFF}
    return named.get(key, Text(key, key))
