"""What a page asks of the funnel, and the funnel in the page's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from shangliu.domain.catalog.queries import category_tree
from shangliu.flow.funnel import FUNNEL
from shangliu.insight.funnel.by import UNKNOWN, By, Choice, Span
from shangliu.insight.funnel.compare import Change
from shangliu.insight.funnel.figures import Figures, Group, Level, figures
from shangliu.insight.window import Period, Window
from shangliu.insight.window import Span as MapSpan
from shangliu.platform import clock
from shangliu.web.backoffice import words
from shangliu.web.backoffice.looks import window

DEFAULT = Period.WEEK
LONGEST = timedelta(days=366)
_NARROWEST = 2  # percent that a bar is drawn with at least, so that it can be seen


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """`period`, or else days from `first` to `last`, both included, or the `hours` that somebody
    looks at the map in."""

    period: Period
    first: date | None
    last: date | None
    by: By
    choice: Choice
    hours: Window | None = None

    @classmethod
    def of(cls, said: Mapping[str, str]) -> Asked:
        first, last = _day(said.get("from", "")), _day(said.get("to", ""))
        if first is None or last is None or not timedelta() <= last - first <= LONGEST:
            first = last = None
        return cls(
            period=_period(said.get("period", "")),
            first=first,
            last=last,
            by=by_of(said.get("by", "")),
            choice=Choice({by: value[:120] for by in By if (value := said.get(by.value, ""))}),
            hours=_hours(said) if first is None else None,
        )

    @property
    def span(self) -> Span:
        if self.first is not None and self.last is not None:
            return Span(midnight(self.first), midnight(self.last + timedelta(days=1)))
        if self.hours is not None:
            return Span(self.hours.since, min(self.hours.until, clock.now()))
        return Span(self.period.stretch.since, clock.now())

    @property
    def is_own(self) -> bool:
        return self.first is not None or self.hours is not None

    def query(self, **other: object) -> str:
        """The address of the same question, with something else in it; None leaves a part out."""
        said: dict[str, object] = {"by": self.by.value}
        if self.first is not None and self.last is not None:
            said |= {"from": self.first.isoformat(), "to": self.last.isoformat()}
        elif self.hours is not None:
            said["since"], said["until"] = self.hours.value.split("~")
        else:
            said["period"] = self.period.value
        said |= {by.value: value for by, value in self.choice.of.items()}
        said |= other
        return urlencode({name: value for name, value in said.items() if value is not None})


def by_of(said: str) -> By:
    try:
        return By(said)
    except ValueError:
        return By.SOURCE


def _period(said: str) -> Period:
    try:
        return Period(said)
    except ValueError:
        return DEFAULT


def _hours(said: Mapping[str, str]) -> Window | None:
    try:
        return window(said["since"], said.get("until", ""))
    except (KeyError, ValueError):
        return None


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


def midnight(day: date) -> datetime:
    here = clock.local(clock.now())
    return here.replace(
        year=day.year, month=day.month, day=day.day, hour=0, minute=0, second=0, microsecond=0
    )


class Values:
    """The values that visits are told apart by, in words."""

    def __init__(self) -> None:
        self._categories = {slug: node.name for slug, node in category_tree().by_slug.items()}

    def label(self, by: By, value: str) -> str:
        if value in ("", UNKNOWN):
            return {
                By.SOURCE: _("直接访问"),
                By.DEVICE: _("未记录"),
                By.CATEGORY: _("没看商品"),
                By.VISITOR: _("未记录"),
            }[by]
        known = {
            By.SOURCE: _SOURCES(),
            By.DEVICE: _DEVICES(),
            By.CATEGORY: self._categories,
            By.VISITOR: {"new": _("新访客"), "returning": _("回访")},
        }[by]
        return known.get(value, value)


def _DEVICES() -> dict[str, str]:  # noqa: N802
    return {
        "mobile": _("手机"),
        "tablet": _("平板"),
        "desktop": _("电脑"),
        "wechat": _("微信内"),
    }


def _SOURCES() -> dict[str, str]:  # noqa: N802
    return {
        "baidu": _("百度"),
        "xiaohongshu": _("小红书"),
        "weixin": _("微信"),
        "douyin": _("抖音"),
        "weibo": _("微博"),
        "zhihu": _("知乎"),
        "sms": _("短信"),
    }


def share(part: float | None) -> str:
    return "—" if part is None else f"{part:.1%}"


def change_words(one: Change) -> dict[str, object]:
    """A change in points with its shape, and whether it says anything."""
    if one.points is None:
        return {"text": "—", "level": "none", "why": _("前一时段没有访问，无从比较")}
    shown = round(one.points, 1)
    text = _("{n} 个点").format(n=f"{shown:+.1f}".replace("-", "−"))
    if not one.enough:
        return {"text": text, "level": "few", "why": _("数量太少，说明不了什么")}
    level = ("up" if shown > 0 else "down") if one.is_clear and shown else "same"
    why = _("变化显著") if level != "same" else _("在正常波动范围内")
    return {"text": text, "level": level, "why": f"{why}，p = {one.p:.3f}"}


def level_row(place: int, one: Level) -> dict[str, object]:
    return {
        "place": place,
        "step": one.step,
        "label": words.step_label(one.step),
        "count": one.count,
        "before": one.before,
        "share": share(one.share),
        "width": max(_NARROWEST, round(100 * one.share)) if one.share else 0,
        "change": change_words(one.of_first),
        "lost": one.lost,
        "lost_share": share(one.lost_share),
        "on": change_words(one.on),
        "next": words.lasted(one.next_ms * 1000) if one.next_ms is not None else "",
        "is_last": place == len(FUNNEL.steps) - 1,
    }


def group_row(one: Group, by: By, values: Values) -> dict[str, object]:
    return {
        "value": one.value or UNKNOWN,
        "label": values.label(by, one.value),
        "cells": [level_row(place, level) for place, level in enumerate(one.levels)],
    }


def count(asked: Asked) -> Figures:
    return figures(FUNNEL, asked.span, by=asked.by, choice=asked.choice)


def _asked(span: MapSpan, by: By) -> Asked:
    return Asked(
        period=DEFAULT if isinstance(span, Window) else span,
        first=None,
        last=None,
        by=by,
        choice=Choice(),
        hours=span if isinstance(span, Window) else None,
    )


def box(span: MapSpan, by: str) -> dict[str, object]:
    """The funnel beside the map: its steps and the first few rows of a break-down."""
    asked = _asked(span, by_of(by))
    found = count(asked)
    values = Values()
    return {
        "asked": asked,
        "bys": tuple(By),
        "levels": [level_row(place, one) for place, one in enumerate(found.levels)],
        "groups": [group_row(one, asked.by, values) for one in found.groups[:5]],
    }


def ended_at(step: str, span: MapSpan) -> dict[str, object] | None:
    """How many visits of the span came to this step of the funnel and no farther."""
    if step not in FUNNEL.steps[:-1]:
        return None
    asked = _asked(span, By.SOURCE)
    level = count(asked).levels[FUNNEL.steps.index(step)]
    return {
        "lost": level.lost,
        "share": share(level.lost_share),
        "href": f"{reverse('staff_funnel_sessions')}?{asked.query(step=step)}",
    }
