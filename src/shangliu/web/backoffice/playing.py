"""What the player of a day asks for: one answer a day."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shangliu.flow.drawing import graph
from shangliu.insight.figures import ways_of
from shangliu.insight.playback import Played, play
from shangliu.platform import clock
from shangliu.web.backoffice import pictures
from shangliu.web.backoffice.access import staff
from shangliu.web.backoffice.looks import day_of, hours_of


@staff()
@never_cache
@require_GET
def playback_json(request: HttpRequest) -> HttpResponse:
    """`?day=2026-11-22`, a day of the shop's zone that has begun."""
    day = day_of(request.GET.get("day", ""))
    if day is None:
        return JsonResponse({"error": _("请选一个日期，例如 2026-11-22")}, status=400)
    window = hours_of(day)
    if window.since > clock.now():
        return JsonResponse({"error": _("这一天还没到，请选过去的日期")}, status=400)
    until = min(window.until, clock.now())
    return JsonResponse(_told(play(ways_of(graph()), window.since, until)))


def _told(played: Played) -> dict[str, object]:
    cases = len({one.case for one in played.moves})
    blocks = _blocks(played)
    return {
        "day": f"{clock.local(played.since):%Y-%m-%d}",
        "seconds": round((played.until - played.since).total_seconds()),
        "quarter": 900,
        "nodes": [*played.nodes, *(block for block, _members in blocks)],
        "waiting": [
            [*row, *(sum(row[i] for i in members) for _block, members in blocks)]
            for row in played.waiting
        ],
        "paths": played.paths,
        "passages": [[one.second, one.path, one.case] for one in played.moves],
        "cases": cases,
        "note": _note(played, cases),
    }


def _blocks(played: Played) -> list[tuple[str, list[int]]]:
    """The overview's blocks, each with the places of its members among the nodes."""
    blocks, _geometry = pictures.picture(pictures.OVERVIEW)
    place = {key: i for i, key in enumerate(played.nodes)}
    return [
        (block.key, [place[key] for key in block.members if key in place]) for block in blocks.nodes
    ]


def _note(played: Played, cases: int) -> str:
    if not played.moves:
        return _("这一天没有单据走动")
    if played.one_in == 1:
        return _("{n} 个案例，全部在走").format(n=cases)
    return _("单据太多：每 {k} 个案例只放 1 个，共 {n} 个在走；等待数仍按全部单据").format(
        k=played.one_in, n=cases
    )
