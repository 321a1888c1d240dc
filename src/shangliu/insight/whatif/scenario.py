"""What is to be different: everything that a What-if may change, checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from shangliu.platform.errors import Refused
from shangliu.platform.text import Text
from shangliu.process.policies import Policy
from shangliu.process.roles import STAFF
from shangliu.process.running import flow

LONGEST_DAYS = 90
MOST_VOLUME = 2000  # percent
MOST_HEADS = 500
_NUMBER = Text(
    "“{what}”要填 {least} 到 {most} 之间的整数", "“{what}” is a whole number, {least} to {most}"
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


def policy(key: str) -> Policy:
    """The policy of that key; `KeyError` when there is none."""
    return {one.key: one for one in flow().policies}[key]


def from_query(said: Mapping[str, str]) -> Scenario:
    """The scenario that a page's address names. What is left empty is as today; `Refused` names
    everything that is wrong."""
    wrong: list[Text] = []

    def number(name: str, otherwise: int, what: Text) -> int:
        typed = said.get(name, "").strip()
        if not typed:
            return otherwise
        if not (typed.isascii() and typed.isdigit() and len(typed) < 14):
            wrong.append(Text("“{what}”要填整数", "“{what}” is a whole number").format(what=what))
            return otherwise
        return int(typed)

    def many(prefix: str) -> dict[str, int]:
        return {
            name.removeprefix(prefix): number(name, 0, _label(name.removeprefix(prefix)))
            for name in said
            if name.startswith(prefix) and said[name].strip()
        }

    found = {
        "days": number("days", 14, Text("最近天数", "Days")),
        "volume": number("volume", 100, Text("订单量", "Volume")),
        "sale_day": number("sale_day", 0, Text("大促日", "Sale day")),
        "wage_fen": 100 * number("wage", 40, Text("每小时人工成本", "Cost of an hour")),
        "refund_fen": 100 * number("refund", 8, Text("每笔退款成本", "Cost of a refund")),
    }
    people = {"policies": many("p."), "heads": many("heads."), "work": many("work.")}
    first, last = many("from."), many("to.")
    shifts = {
        pool: Shift(first.get(pool, 0), last.get(pool, 24), not said.get(f"weekdays.{pool}"))
        for pool in {*first, *last, *_on(said, "weekdays.")}
    }
    hours = said.get("pickups", "").replace("，", ",").replace("、", ",").split(",")
    pickups = tuple(
        sorted({_hour(hour.strip(), wrong) for hour in hours if hour.strip()} - {None})  # type: ignore[type-var]
    )
    if wrong:
        raise Refused(*wrong)
    return Scenario(**found, **people, shifts=shifts, pickups=pickups)  # type: ignore[arg-type]


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
    for prefix, given in (
        ("p.", scenario.policies),
        ("heads.", scenario.heads),
        ("work.", scenario.work),
    ):
        said |= {f"{prefix}{key}": value for key, value in sorted(given.items())}
    for pool, shift in sorted(scenario.shifts.items()):
        said |= {f"from.{pool}": shift.first, f"to.{pool}": shift.last}
        if not shift.weekends:
            said[f"weekdays.{pool}"] = 1
    if scenario.pickups:
        said["pickups"] = ",".join(map(str, scenario.pickups))
    return urlencode(said, safe=",.")


def _on(said: Mapping[str, str], prefix: str) -> set[str]:
    return {name.removeprefix(prefix) for name in said if name.startswith(prefix) and said[name]}


def _hour(typed: str, wrong: list[Text]) -> int | None:
    typed = typed.removesuffix(":00")
    if typed.isascii() and typed.isdigit() and len(typed) < 3:
        return int(typed)
    wrong.append(
        Text("“{typed}”不是揽收时刻，请写 0 到 23 的整点", "“{typed}” is no pick-up hour").format(
            typed=typed
        )
    )
    return None


def _label(key: str) -> Text:
    named = {one.key: one.label for one in flow().policies}
    named |= {role.value: role.label for role in STAFF}
    return named.get(key, Text(key, key))
