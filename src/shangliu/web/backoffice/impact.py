"""Any thing of the definition, and everything that a change of it would touch."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shangliu.flow.drawing import graph
from shangliu.flow.notices import TEMPLATES
from shangliu.insight.impact import covering, running, web
from shangliu.platform.errors import NotFound
from shangliu.platform.text import Text
from shangliu.process.drawing.svg import css
from shangliu.process.impact import Impact, Thing, What
from shangliu.process.running import flow
from shangliu.web.backoffice import pictures, words
from shangliu.web.backoffice.access import page, staff

_SEARCHED = (What.STEP, What.STATE, What.POLICY, What.NOTICE, What.TOPIC, What.SYSTEM, What.ROLE)


@staff()
@never_cache
@require_GET
def impact(request: HttpRequest) -> HttpResponse:
    """`?of=policy:cart.hold_minutes`; without it, everything there is to choose from."""
    asked = request.GET.get("of", "").strip()
    context: dict[str, object] = {
        "asked": asked,
        "choices": _choices(),
        "map_css": css(),
        "found": None,
    }
    if asked:
        found = _found(asked)
        if found is None:
            context["unknown"] = True
        else:
            context |= _shown(found)
    return page(request, "backoffice/impact.html", context)


def _found(asked: str) -> Impact | None:
    """By its name, or by its label as the map shows it."""
    whole = web()
    by_label = next((one for one in whole.things() if asked in _spelled(one)), None)
    try:
        return whole.impact(by_label or Thing.parse(asked))
    except (KeyError, ValueError):
        return None


def _spelled(thing: Thing) -> tuple[str, ...]:
    label = web().labels[thing]
    return (label.zh, label.en, thing.name) if thing.what in _SEARCHED else (str(thing),)


def _shown(found: Impact) -> dict[str, object]:
    waits = running(found)
    return {
        "found": found,
        "what": found.thing.what.label,
        "joined": _groups(found.joined),
        "follows": _groups(found.follows),
        "waits": [
            {
                "thing": f"state:{process}:{state}",
                "process": flow()[process].label,
                "label": words.state_label(process, state),
                "count": count,
            }
            for (process, state), count in waits.items()
        ],
        "total": sum(waits.values()),
        "tests": covering(found),
        "sheets": _sheets(found),
        "on_map": _address(found.thing),
    }


def _groups(things: Iterable[Thing]) -> list[dict[str, object]]:
    whole = web()
    return [
        {
            "what": what.label,
            "things": [
                {
                    "code": str(one),
                    "name": "" if one.what is What.HANDLER else one.name,
                    "label": _label(one),
                    "place": next(iter(whole.places.get(one, ())), ""),
                }
                for one in members
            ],
        }
        for what, members in groupby(things, key=lambda one: one.what)
    ]


def _label(thing: Thing) -> Text:
    if thing.what is What.NOTICE and thing.name in TEMPLATES:
        return TEMPLATES[thing.name].title
    return web().labels[thing]


def _sheets(found: Impact) -> list[dict[str, object]]:
    """Each stage that is touched, with what is touched lit; the first one unfolded."""
    drawn = set(_drawn(found))
    stages = {node.stage for node in graph().nodes if node.key in drawn}
    return [
        {
            "stage": stage,
            "svg": pictures.draw(stage.code, None, path=tuple(sorted(drawn))),
        }
        for stage in graph().stages
        if stage.code in stages
    ]


def _drawn(found: Impact) -> tuple[str, ...]:
    names = set(found.steps)
    return tuple(
        node.key for node in graph().nodes if node.counts is not None and node.counts[0] in names
    )


def _address(thing: Thing) -> str:
    """Where the thing is looked at: its node on the map, or its settings."""
    if thing.what is What.STEP:
        process, _, name = thing.name.partition(".")
        try:
            stage = flow()[process][name].stage.code
        except KeyError:
            raise NotFound from None
        return f"{reverse('staff_map', args=(stage,))}?node={thing.name}"
    if thing.what is What.POLICY:
        return f"{reverse('staff_policies')}?open={thing.name}"
    return ""


def _choices() -> list[dict[str, object]]:
    return _groups(one for one in web().things() if one.what is not What.HANDLER)
