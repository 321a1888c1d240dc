"""How somebody looks at the map: in which span of time, compared or not, with which heat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _

from shangliu.insight.heat import Heat
from shangliu.insight.window import Period, Span, Window, end_of
from shangliu.platform import clock
from shangliu.web.backoffice import living

_LONGEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Look:
    """`wrong` is the sentence about an own period that cannot be; then the usual one is shown.
    `day` is played; the span is that day then."""

    span: Span
    compare: bool = False
    heat: Heat | None = None
    day: date | None = None
    wrong: str = ""

    @property
    def is_live(self) -> bool:
        """Does the span reach up to now, so that what waits is what waits now?"""
        return end_of(self.span) is None

    @property
    def is_own(self) -> bool:
        return isinstance(self.span, Window)

    def query(self, **more: object) -> str:
        """The address of the same look; `more` is added, an empty value takes something away."""
        said: dict[str, object] = {}
        if self.day is not None:
            said["play"] = self.day.isoformat()
        elif isinstance(self.span, Window):
            said["since"], said["until"] = self.span.value.split("~")
        else:
            said["period"] = self.span.value
        said["compare"] = "1" if self.compare else ""
        said["heat"] = self.heat.value if self.heat else ""
        said |= more
        return urlencode({name: value for name, value in said.items() if value != ""}, safe=":")

    def in_period(self, period: Period, **more: object) -> str:
        return self.query(period=period.value, since="", until="", play="", **more)


def look_of(request: HttpRequest) -> Look:
    day = day_of(request.GET.get("play", ""))
    if day is not None and hours_of(day).since > clock.now():
        day = None
    span, wrong = (hours_of(day), "") if day else _span(request)
    if day is None and request.GET.get("play"):
        wrong = _("没有这一天可以回放，请选过去的日期")
    heat = request.GET.get("heat", "")
    return Look(
        span,
        compare=request.GET.get("compare") == "1",
        heat=Heat(heat) if heat in set(Heat) else None,
        day=day,
        wrong=wrong,
    )


def hours_of(day: date) -> Window:
    """A day of the shop's zone."""
    since = datetime.combine(day, time(), clock.SHOP_ZONE)
    return Window(since, since + timedelta(days=1))


def _span(request: HttpRequest) -> tuple[Span, str]:
    since, until = request.GET.get("since", ""), request.GET.get("until", "")
    asked = request.GET.get("period", "")
    if "~" in asked:
        since, _tilde, until = asked.partition("~")
    if since or until:
        try:
            return window(since, until), ""
        except ValueError as error:
            return living.DEFAULT, str(error)
    return (Period(asked) if asked in set(Period) else living.DEFAULT), ""


def window(since: str, until: str) -> Window:
    """The window between two hours in the shop's zone; without an end, up to the present hour's."""
    now = clock.now()
    begins = _hour(since)
    ends = _hour(until) if until else _full(now) + timedelta(hours=1)
    if begins >= ends:
        raise ValueError(_("开始要早于结束，请改一下时间"))
    if begins >= now:
        raise ValueError(_("开始时间还没到，请选过去的时间"))
    if ends - begins > _LONGEST:
        raise ValueError(_("最长可看 400 天，请缩短时段"))
    return Window(begins, ends)


def _hour(said: str) -> datetime:
    try:
        moment = datetime.fromisoformat(said)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=clock.SHOP_ZONE)
        moment = clock.local(moment)
    except (ValueError, OverflowError):
        raise ValueError(_("看不懂这个时间，请按“2026-11-20 14:00”的样子填写")) from None
    if moment != _full(moment):
        raise ValueError(_("时段按整点统计，请选整点"))
    return moment


def _full(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def day_of(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None
