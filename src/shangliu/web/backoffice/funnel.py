"""The funnel's page: how far visits come, by what, against before; and who ended where."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shangliu.domain.cart import left as carts
from shangliu.domain.catalog.queries import category_tree, names_by_code
from shangliu.flow.funnel import FUNNEL
from shangliu.insight.funnel.by import By
from shangliu.insight.funnel.sessions import Place, Session, ended_at_step
from shangliu.insight.window import Period
from shangliu.platform import clock
from shangliu.platform.errors import NotFound
from shangliu.web.backoffice import funneling, words
from shangliu.web.backoffice.access import page, staff
from shangliu.web.backoffice.funneling import Asked, Values

MOST_GROUPS = 15
PAGE = 50
MAY_GO_ON = timedelta(minutes=30)


@staff()
@never_cache
@require_GET
def funnel(request: HttpRequest) -> HttpResponse:
    asked = Asked.of(request.GET.dict())
    found = funneling.count(asked)
    values = Values()
    span = asked.span
    context: dict[str, object] = {
        "asked": asked,
        "periods": tuple(Period),
        "bys": tuple(By),
        "chosen": _chosen(asked, values),
        "levels": [funneling.level_row(place, one) for place, one in enumerate(found.levels)],
        "groups": [
            funneling.group_row(one, asked.by, values) for one in found.groups[:MOST_GROUPS]
        ],
        "left_out": max(0, len(found.groups) - MOST_GROUPS),
        "now_span": _days(span.since, span.until),
        "before_span": _days(span.before.since, span.before.until),
        "carts": carts.left_sum(span.since, span.until),
        "carts_before": carts.left_sum(span.before.since, span.before.until),
    }
    return page(request, "backoffice/funnel.html", context)


@staff()
@never_cache
@require_GET
def ended(request: HttpRequest) -> HttpResponse:
    """The visits that came to one step and no farther; `?after=` goes on."""
    asked = Asked.of(request.GET.dict())
    place = _place(request.GET.get("step", ""))
    values = Values()
    found = ended_at_step(
        FUNNEL,
        asked.span,
        place,
        choice=asked.choice,
        limit=PAGE + 1,
        after=_after(request.GET.get("after", "")),
    )
    shown = found[:PAGE]
    context: dict[str, object] = {
        "asked": asked,
        "chosen": _chosen(asked, values, step=FUNNEL.steps[place]),
        "step": FUNNEL.steps[place],
        "label": words.step_label(FUNNEL.steps[place]),
        "steps": [(step, words.step_label(step)) for step in FUNNEL.steps],
        "is_last": place == len(FUNNEL.steps) - 1,
        "rows": _rows(shown, values),
        "next": _next(asked, FUNNEL.steps[place], shown[-1]) if len(found) > PAGE else None,
        "now_span": _days(asked.span.since, asked.span.until),
    }
    return page(request, "backoffice/funnel_sessions.html", context)


def _chosen(asked: Asked, values: Values, **more: object) -> list[dict[str, object]]:
    """What the funnel is narrowed down to, each with the address without it."""
    return [
        {
            "label": str(by.label),
            "value": values.label(by, value),
            "without": f"?{asked.query(**{by.value: None}, **more)}",
        }
        for by, value in asked.choice.of.items()
    ]


def _days(since: datetime, until: datetime) -> str:
    return f"{words.moment(since)} – {words.moment(until)}"


def _place(step: str) -> int:
    if step not in FUNNEL.steps:
        raise NotFound
    return FUNNEL.steps.index(step)


def _after(said: str) -> Place | None:
    stamp, _comma, visit = said.partition(",")
    try:
        return Place(datetime.fromisoformat(stamp), visit)
    except ValueError:
        return None


def _next(asked: Asked, step: str, last: Session) -> str:
    return "?" + asked.query(step=step, after=f"{last.began_at.isoformat()},{last.visit}")


def _rows(found: Collection[Session], values: Values) -> list[dict[str, object]]:
    products = names_by_code(one.last_about for one in found if one.last_step == "view_product")
    categories = {slug: node.name for slug, node in category_tree().by_slug.items()}
    in_carts = carts.of_visits([one.visit for one in found])
    rows: list[dict[str, object]] = []
    for one in found:
        about = products.get(one.last_about) or categories.get(one.last_about) or one.last_about
        cart = in_carts.get(one.visit)
        rows.append(
            {
                "visit": one.visit,
                "short": one.visit[:8],
                "began": words.moment(one.began_at),
                "lasted": words.spell(one.ended_at - one.began_at),
                "last": words.step_label(f"visit.{one.last_step}"),
                "about": about,
                "seen": one.views,
                "source": values.label(By.SOURCE, one.source),
                "device": values.label(By.DEVICE, one.device),
                "category": values.label(By.CATEGORY, one.category),
                "visitor": values.label(By.VISITOR, _visitor(one)),
                "buyer": one.user_id,
                "cart": cart,
                "goes_on": clock.now() - one.ended_at < MAY_GO_ON,
                "map": f"{reverse('staff_map', args=('all',))}?{urlencode({'visit': one.visit})}",
            }
        )
    return rows


def _visitor(one: Session) -> str:
    return {True: "returning", False: "new", None: ""}[one.known]
