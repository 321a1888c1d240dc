"""The flow's definition as staff read it: processes, steps, links, findings, exports."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from shangliu.flow.drawing import graph
from shangliu.flow.printing import printed
from shangliu.platform.errors import NotFound
from shangliu.process.lint import lint
from shangliu.process.running import flow
from shangliu.web.backoffice import words
from shangliu.web.backoffice.access import page, staff

_KINDS = {
    "svg": "image/svg+xml",
    "bpmn": "application/xml",
    "mermaid": "text/plain; charset=utf-8",
    "json": "application/json",
    "png": "image/png",
    "pdf": "application/pdf",
}


@staff()
@never_cache
@require_GET
def definition(request: HttpRequest) -> HttpResponse:
    running = flow()
    context: dict[str, object] = {
        "flow": running,
        "version": graph().version,
        "findings": lint(running),
        "processes": [
            {
                "process": process,
                "states": [
                    (str(words_.label), words.policy_value(words_.within) if words_.within else "")
                    for words_ in process.states.values()
                ],
                "steps": [
                    {
                        "name": f"{process.name}.{step.name}",
                        "label": step.label,
                        "family": step.lane.view.value,
                        "lane": step.lane.label,
                        "roles": words.together(str(role.label) for role in sorted(step.by)),
                        "move": _move(process.name, step),
                        "follows": words.together(
                            words.step_label(name)
                            for link in running.links_after(f"{process.name}.{step.name}")
                            for name in link.fire
                        ),
                        "stage": step.stage.code,
                    }
                    for step in process.steps
                ],
            }
            for process in running.processes
        ],
    }
    return page(request, "backoffice/definition.html", context)


@staff()
@require_GET
def export(request: HttpRequest, form: str) -> HttpResponse:
    """The whole map as a file, or the stage that `?stage=` names."""
    kind = _KINDS.get(form)
    if kind is None:
        raise NotFound
    stage = request.GET.get("stage") or None
    if stage is not None and stage not in {one.code for one in graph().stages}:
        raise NotFound
    body = printed(form, stage=stage, lang=words.lang())
    ending = "mmd" if form == "mermaid" else form
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="shangliu-{stage or "flow"}.{ending}"'
    return response


def _move(process: str, step: object) -> str:
    source = [words.state_label(process, str(one)) for one in step.source]  # type: ignore[attr-defined]
    target = words.state_label(process, str(step.target))  # type: ignore[attr-defined]
    return f"{' / '.join(source) or '—'} → {target}"
