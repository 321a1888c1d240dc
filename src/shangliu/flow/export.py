"""The running flow for other programs: BPMN, SVG, Mermaid, JSON. One geometry for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict

from shangliu.flow.layouts import sheet
from shangliu.process.drawing.bpmn import to_bpmn
from shangliu.process.drawing.mermaid import to_mermaid
from shangliu.process.drawing.svg import standalone, to_svg
from shangliu.process.running import flow


def export(form: str, *, stage: str | None = None, lang: str = "zh") -> str:
    """The flow, or one stage of it, in one of `FORMATS`. `KeyError` for an unknown format."""
    return FORMATS[form](stage or "all", lang)


def _bpmn(name: str, lang: str) -> str:
    drawn, geometry = sheet(name)
    return to_bpmn(drawn, geometry, lang)


def _svg(name: str, lang: str) -> str:
    drawn, geometry = sheet(name)
    title = drawn.name.en if lang == "en" else drawn.name.zh
    return standalone(to_svg(geometry, drawn, lang=lang, title=title))


def _mermaid(name: str, lang: str) -> str:
    drawn, _ = sheet(name)
    return to_mermaid(drawn, lang)


def _json(name: str, _lang: str) -> str:
    """The definition itself with the picture, always in both languages."""
    drawn, geometry = sheet(name)
    running = flow()
    content = {
        "version": drawn.version,
        "processes": [
            {
                "name": process.name,
                "label": asdict(process.label),
                "states": {
                    state.value: {
                        "label": asdict(words.label),
                        "buyer": asdict(words.buyer) if words.buyer else None,
                        "initial": state in process.initial,
                        "terminal": state in process.terminal,
                    }
                    for state, words in process.states.items()
                },
                "steps": [
                    {
                        "name": step.name,
                        "label": asdict(step.label),
                        "source": [state.value for state in step.source],
                        "target": step.target.value,
                        "lane": step.lane.code,
                        "stage": step.stage.code,
                        "by": sorted(role.value for role in step.by),
                        "kind": step.kind.value,
                        "needs": [f"{check.__module__}.{check.__name__}" for check in step.needs],
                        "does": [f"{done.__module__}.{done.__name__}" for done in step.does],
                        "sends": [send.topic for send in step.sends],
                        "tells": list(step.tells),
                        "policies": [policy.key for policy in step.policies],
                    }
                    for step in process.steps
                ],
            }
            for process in running.processes
        ],
        "links": [{"after": link.after, "fire": list(link.fire)} for link in running.links],
        "policies": [
            {
                "key": policy.key,
                "label": asdict(policy.label),
                "unit": policy.unit.value,
                "default": policy.default,
            }
            for policy in running.policies
        ],
        "graph": asdict(drawn),
        "geometry": json.loads(geometry.to_json()),
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


FORMATS: Mapping[str, Callable[[str, str], str]] = {
    "bpmn": _bpmn,
    "svg": _svg,
    "mermaid": _mermaid,
    "json": _json,
}
