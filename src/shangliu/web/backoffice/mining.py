"""Mining: what the log says by itself. Our own, or one that was brought along."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shangliu.domain.orders import queries as orders
from shangliu.insight.mining.discovery import ProcessMap
from shangliu.insight.mining.exports import WRITERS, export
from shangliu.insight.mining.log import CaseOf, EmptyLog
from shangliu.insight.mining.picture import as_graph, figures_of
from shangliu.insight.window import Period
from shangliu.platform import clock
from shangliu.platform.errors import NotFound
from shangliu.platform.text import Text
from shangliu.process.drawing.layout import lay_out
from shangliu.process.drawing.svg import css, to_svg
from shangliu.process.roles import Role
from shangliu.process.running import flow
from shangliu.web.backoffice import logfiles, words
from shangliu.web.backoffice.access import page, staff
from shangliu.web.backoffice.mine import OWN, Asked, Mined, known, mined, steps

MOST_DRAWN = 60  # activities: more than that nobody reads on one sheet


@staff()
@never_cache
@require_GET
def mining(request: HttpRequest) -> HttpResponse:
    asked = _asked(request)
    context: dict[str, object] = {
        "asked": asked,
        "periods": tuple(Period),
        "processes": [
            (process.name, str(process.label))
            for process in flow().processes
            if not process.recorded
        ],
        "logs": logfiles.kept(),
        "forms": tuple(WRITERS),
        "map_css": css(),
    }
    if "wait" not in request.GET and known(asked) is None:
        return page(request, "backoffice/mining.html", context | {"running": True})
    try:
        context |= _shown(asked, mined(asked))
    except EmptyLog:
        return page(request, "backoffice/mining.html", context)
    return page(request, "backoffice/mining.html", context)


@staff()
@never_cache
@require_GET
def run(request: HttpRequest) -> StreamingHttpResponse:
    """One line of JSON for each part, as it begins; the last one has the result as HTML."""
    return StreamingHttpResponse(
        _told(request, _asked(request)), content_type="application/x-ndjson"
    )


def _asked(request: HttpRequest) -> Asked:
    asked = Asked.of(request.GET.dict())
    if asked.log != OWN and logfiles.file_of(asked.log) is None:
        raise NotFound
    return asked


def _told(request: HttpRequest, asked: Asked) -> Iterator[str]:
    try:
        for one in steps(asked):
            said = {"done": one.done, "of": one.of, "doing": str(one.doing)}
            yield json.dumps(said, ensure_ascii=False) + "\n"
        context = _shown(asked, mined(asked)) | {"asked": asked}
    except EmptyLog:
        context = {"asked": asked}
    html = render(request, "backoffice/_mined.html", context, using="jinja2").content.decode()
    yield json.dumps({"html": html}, ensure_ascii=False) + "\n"


def _shown(asked: Asked, found: Mined) -> dict[str, object]:
    shown = found.drawn.shown(activities=asked.activities / 100, paths=asked.paths / 100)
    return {
        "found": found,
        "shown": shown,
        "svg": _drawing(shown),
        "step": words.step_label,
        "lasted": words.lasted,
        "share": lambda part: f"{part:.1%}",
        "numbers": _numbers(asked, found),
        "roles": _role_label,
        "moment": lambda us: words.moment(clock.from_us(us)),
    }


@staff(Role.OPERATIONS, Role.FINANCE)
@never_cache
@require_GET
def take_away(request: HttpRequest, form: str) -> HttpResponseBase:
    """The log of the chosen period as a file. It holds no names, addresses or phone numbers."""
    if form not in WRITERS:
        raise NotFound
    until = clock.now()
    span = Asked.of(request.GET.dict()).period.span
    file = tempfile.NamedTemporaryFile(suffix=f".{form}")  # noqa: SIM115 - the answer closes it
    export(form, Path(file.name), until - span, until)
    name = f"shangliu-{clock.local(until):%Y%m%d}.{form}"
    return FileResponse(Path(file.name).open("rb"), as_attachment=True, filename=name)


def _drawing(shown: ProcessMap) -> str:
    if len(shown.activities) > MOST_DRAWN:
        return ""
    drawn = as_graph(shown, flow(), Text(_("挖掘出的流程图"), _("挖掘出的流程图")))
    return to_svg(lay_out(drawn), drawn, figures=figures_of(shown), lang=words.lang())


def _numbers(asked: Asked, found: Mined) -> dict[str, str]:
    """Order numbers of our own cases, so that each leads to its trace."""
    if asked.log != OWN or asked.case_of is not CaseOf.PURCHASE:
        return {}
    named = {one.example for one in found.variants} | {one.case for one in found.first}
    named |= {one.example for one in found.conformance.deviations}
    return orders.order_numbers(named)


def _role_label(value: str) -> str:
    return logfiles.role_label(value)
