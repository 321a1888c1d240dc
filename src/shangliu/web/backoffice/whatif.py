"""What if: the last days once more with something changed, beside what they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shangliu.flow.drawing import graph
from shangliu.insight.whatif.calibrate import TooLittle
from shangliu.insight.whatif.deadlines import SPANS
from shangliu.insight.whatif.result import Band, real_figures, real_leads
from shangliu.insight.whatif.scenario import Scenario, Shift, from_query, to_query
from shangliu.platform.errors import Refused
from shangliu.platform.money import Money
from shangliu.process.drawing.svg import css
from shangliu.process.policies import Policy, Unit
from shangliu.process.roles import Role
from shangliu.process.running import flow
from shangliu.web.backoffice import pictures, words
from shangliu.web.backoffice.access import page, staff
from shangliu.web.backoffice.whatif_charts import Chart, chart
from shangliu.web.backoffice.whatif_runs import MOST_SEEDS, Known, Outcome, known, takes_long

_HOUR_US = 3_600_000_000
_FEN = ("value_fen", "cost_fen", "cost_per_sold_fen")


@dataclass(frozen=True, slots=True)
class PoolField:
    """A pool with what it is now and what was asked for."""

    code: str
    label: str
    heads: int
    span: tuple[int, int]
    hours: int
    asked_heads: int | None
    asked_work: int | None
    shift: Shift | None


@dataclass(frozen=True, slots=True)
class PolicyField:
    key: str
    label: str
    unit: Unit
    name: str
    now: str
    value: int
    asked: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """A key figure: as observed, unchanged in the simulation, and under the scenario."""

    label: str
    about: str
    real: str
    before: str
    after: str
    band: str
    change: str
    worse: bool | None


@staff()
@never_cache
@require_GET
def what_if(request: HttpRequest) -> HttpResponse:
    said = request.GET.dict()
    context: dict[str, object] = {"said": said, "map_css": css(), "sheets": _sheets()}
    try:
        scenario = from_query(said)
    except Refused as refused:
        context |= {"refused_here": [str(one) for one in refused.reasons], "scenario": Scenario()}
        return page(request, "backoffice/whatif.html", context, status=422)
    context |= {"scenario": scenario, "asked": to_query(scenario)}
    if "wait" not in said and takes_long(scenario.days):
        return page(request, "backoffice/whatif.html", context | {"learning": True})
    try:
        learned = known(scenario.days)
    except TooLittle:
        return page(request, "backoffice/whatif.html", context)
    context |= {"pools": _pools(learned, scenario), "policies": _policies(learned, scenario)}
    try:
        context |= {"learned": learned, **_shown(request, learned, scenario, 1)}
    except Refused as refused:
        context |= {"learned": None, "refused_here": [str(one) for one in refused.reasons]}
        return page(request, "backoffice/whatif.html", context, status=422)
    return page(request, "backoffice/whatif.html", context)


@staff()
@never_cache
@require_GET
def runs(request: HttpRequest) -> HttpResponse:
    """The result with so many seeds: each request runs one more, and the bands widen."""
    try:
        scenario = from_query(request.GET.dict())
        learned = known(scenario.days)
    except (Refused, TooLittle):
        return HttpResponse(status=422)
    typed = request.GET.get("seeds", "1")
    seeds = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 3 else 1
    try:
        context = _shown(request, learned, scenario, max(1, min(seeds, MOST_SEEDS)))
    except Refused:
        return HttpResponse(status=422)
    context |= {"learned": learned, "words": words, "scenario": scenario, "sheets": _sheets()}
    return render(request, "backoffice/_whatif_result.html", context, using="jinja2")


def _shown(
    request: HttpRequest, learned: Known, scenario: Scenario, seeds: int
) -> dict[str, object]:
    """Everything that depends on the runs."""
    before = learned.outcome(scenario.as_it_is())
    after = learned.outcome(scenario)
    before.run(seeds)
    after.run(seeds)
    sheet = request.GET.get("sheet", "")
    sheet = sheet if sheet in {code for code, _label in _sheets()} else pictures.OVERVIEW
    return {
        "checked": learned.validated(before),
        "before": before,
        "after": after,
        "lines": list(_lines(learned, before, after)),
        "queues": list(_queues(before, after)),
        "charts": _charts(learned, before, after),
        "seeds": seeds,
        "more": seeds + 1 if seeds < MOST_SEEDS else None,
        "most_seeds": MOST_SEEDS,
        "asked": to_query(scenario),
        "sheet": sheet,
        "map_before": pictures.draw(sheet, before.drawn),
        "map_after": pictures.draw(sheet, after.drawn),
        "silent": _silent(before),
        "percent": lambda part: f"{part:+.1%}" if part is not None else "—",
        "lasted": words.lasted,
    }


def _sheets() -> list[tuple[str, str]]:
    stages = [(stage.code, str(stage.label)) for stage in graph().stages]
    return [(pictures.OVERVIEW, _("总览")), *stages]


def _silent(before: Outcome) -> str:
    """The names of the stages that no figure is known of."""
    silent = before.drawn.silent if before.drawn else frozenset()
    return words.together(str(stage.label) for stage in graph().stages if stage.code in silent)


def _pools(learned: Known, scenario: Scenario) -> list[PoolField]:
    return [
        PoolField(
            pool,
            str(Role(pool).label),
            calendar.peak,
            calendar.span,
            calendar.hours,
            scenario.heads.get(pool),
            scenario.work.get(pool),
            scenario.shifts.get(pool),
        )
        for pool, calendar in learned.ground.model.calendars.items()
    ]


def _policies(learned: Known, scenario: Scenario) -> list[PolicyField]:
    """The policies that the model can answer for: lengths of clocks that it knows, switches and
    limits of steps that were taken."""
    model = learned.ground.model
    seen = {step for template in learned.ground.templates for step in template.steps}
    timed = {one.policy for one in model.deadlines}
    return [
        _policy(policy, model.values[policy.key], scenario.policies.get(policy.key))
        for policy in flow().policies
        if policy.key in timed
        or (policy.unit in (Unit.SWITCH, Unit.FEN) and _decides(policy, seen))
    ]


def _policy(policy: Policy, now: int, asked: int | None) -> PolicyField:
    """Money is typed in yuan."""
    fen = 100 if policy.unit is Unit.FEN else 1
    return PolicyField(
        policy.key,
        str(policy.label),
        policy.unit,
        f"{'y' if fen == 100 else 'p'}.{policy.key}",
        words.policy_value(policy, now),
        now // fen,
        None if asked is None else asked // fen,
    )


def _decides(policy: Policy, seen: set[str]) -> bool:
    return policy.unit not in SPANS and any(
        policy in step.policies and not step.creates and name in seen
        for name, _process, step in flow().steps()
        if policy.unit is Unit.SWITCH or step.kind.value == "rule"
    )


def _lines(learned: Known, before: Outcome, after: Outcome) -> Iterator[Line]:
    real = real_figures(learned.ground.model)
    one, other = before.bands, after.bands
    for name, label, about, more_is_worse in _named():
        if name in one or name in other:
            yield _line(name, (label, about), real, (one.get(name), other.get(name)), more_is_worse)


def _line(
    name: str,
    said: tuple[str, str],
    real: Mapping[str, float],
    both: tuple[Band | None, Band | None],
    more_is_worse: bool | None,  # noqa: FBT001
) -> Line:
    before, after = both
    change, worse = "", None
    if before is not None and after is not None:
        moved = after.mid - before.mid
        if before.mid:
            change = f"{moved / before.mid:+.1%}"
        elif moved:
            change = "+" + written(name, moved)
        apart = after.low > before.high or after.high < before.low
        if more_is_worse is not None and apart:
            worse = (moved > 0) is more_is_worse
    return Line(
        said[0],
        said[1],
        written(name, real[name]) if name in real else "—",
        written(name, before.mid) if before else "—",
        written(name, after.mid) if after else "—",
        f"{written(name, after.low)} – {written(name, after.high)}" if after else "—",
        change,
        worse,
    )


def written(name: str, value: float) -> str:
    """A figure as people read it."""
    kind = name.partition(".")[0]
    if kind in _FEN:
        return str(Money(round(value)))
    if kind in ("conversion", "sold_out", "busy"):
        return f"{value:.1%}"
    if kind in ("lead_p50", "lead_p95", "lead_mean", "wait_p50", "wait_p95"):
        return words.lasted(round(value))
    if kind == "queue_mean":
        return f"{value:.1f}"
    return f"{value:,.0f}"


def _named() -> list[tuple[str, str, str, bool | None]]:
    """The key figures: name, label, definition, and whether more of it is worse."""
    return [
        ("orders", _("订单"), _("时段内提交的订单数"), None),
        ("conversion", _("转化率"), _("提交的订单里付了款或约定货到付款的占比"), False),
        ("value_fen", _("成交金额"), _("成交订单的应付金额合计"), False),
        ("lead_p50", _("到货时长 中位"), _("从提交订单到签收，一半订单不超过它"), True),
        ("lead_p95", _("到货时长 p95"), _("从提交订单到签收，95% 的订单不超过它"), True),
        ("lead_mean", _("到货时长 平均"), _("从提交订单到签收的平均时长"), True),
        (
            "sold_out",
            _("缺货风险"),
            _("轮到时货已卖完的订单占比。货量按现在可售加这段时间卖掉的算，不另补货"),
            True,
        ),
        ("undone", _("没人做的步骤"), _("岗位没有排人，因此做不了的步骤数"), True),
        ("refunds", _("退款"), _("发起的退款笔数"), True),
        (
            "staff_hours",
            _("人工小时"),
            _("按班次排的小时数；做不完的活在时段后补做，也算在内"),
            True,
        ),
        ("cost_fen", _("成本"), _("人工小时和退款的成本合计"), True),
        ("cost_per_sold_fen", _("每笔成交成本"), _("成本除以成交订单数"), True),
    ]


@dataclass(frozen=True, slots=True)
class Queue:
    """A pool's line in the table of queues, each pair as today and under the scenario."""

    label: str
    mean: tuple[str, str]
    most: tuple[str, str]
    wait: tuple[str, str]
    busy: tuple[str, str]


def _queues(before: Outcome, after: Outcome) -> Iterator[Queue]:
    one, other = before.bands, after.bands

    def pair(name: str) -> tuple[str, str]:
        return (
            written(name, one[name].mid) if name in one else "—",
            written(name, other[name].mid) if name in other else "—",
        )

    for pool in after.prepared.setting.calendars:
        yield Queue(
            str(Role(pool).label),
            pair(f"queue_mean.{pool}"),
            pair(f"queue_most.{pool}"),
            pair(f"wait_p95.{pool}"),
            pair(f"busy.{pool}"),
        )


def _charts(learned: Known, before: Outcome, after: Outcome) -> list[Chart]:
    real = real_leads(learned.ground.model.cases)
    found = [
        chart(
            _("到货时长"),
            [(_("实际"), real), (_("不变"), before.lead), (_("改变后"), after.lead)],
        )
    ]
    waits = [
        (pool, before.wait(pool), after.wait(pool)) for pool in after.prepared.setting.calendars
    ]
    return found + [
        chart(
            _("{pool}排队时间").format(pool=Role(pool).label),
            [(_("不变"), one), (_("改变后"), other)],
        )
        for pool, one, other in waits
        if len(other) and (other.part(0.95) or one.part(0.95))
    ]
