"""What stands beside the map: a step with its definition and cases, or a way with its cases."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from shangliu.domain.orders import queries as orders
from shangliu.flow.drawing import graph
from shangliu.flow.notices import TEMPLATES
from shangliu.insight import cases
from shangliu.insight.figures import Period, allowed, ways_of
from shangliu.platform import clock
from shangliu.platform.outbox import letters_of_step
from shangliu.process.definition import Process, Step
from shangliu.process.drawing.graph import Node, Shape
from shangliu.process.roles import Role
from shangliu.process.running import flow
from shangliu.web.backoffice import funneling, living, words
from shangliu.web.backoffice.access import person
from shangliu.web.backoffice.outbox import MAY_REDRIVE

MOST_CASES = 100


def panel_of(request: HttpRequest, period: Period) -> dict[str, object] | None:
    key, edge = request.GET.get("node", ""), request.GET.get("edge", "")
    if not (key or edge):
        return None
    known = ways_of(graph())
    if key and key in known.nodes:
        return _node_panel(known.nodes[key], period, request)
    if edge and cases.known(graph(), edge):
        return _edge_panel(edge, period, request)
    beyond = _beyond(key)
    return _node_panel(beyond, period, request) if beyond is not None else None


def _beyond(key: str) -> Node | None:
    """The node that a link event on a sheet stands for (`link_out:order.pay:lane`)."""
    shape, _colon, rest = key.partition(":")
    if shape not in (Shape.LINK_IN.value, Shape.LINK_OUT.value):
        return None
    nodes = ways_of(graph()).nodes
    near = [nodes[name] for name in nodes if rest.startswith(f"{name}:")]
    return max(near, key=lambda node: len(node.key), default=None)


def _node_panel(node: Node, period: Period, request: HttpRequest) -> dict[str, object]:
    moved = living.traffic(period)
    figure = living.figures(period).nodes.get(node.key)
    waits = cases.waiting_at(graph(), node.key, limit=MOST_CASES, after=_place(request, "after"))
    events = cases.passed_node(graph(), node.key, period, limit=12)
    numbers = orders.order_numbers({one.case_no for one in waits} | {one.case_no for one in events})
    dwell = moved.nodes.get(node.key)
    hours = period.span.total_seconds() / 3600
    count = dwell.count if dwell else 0
    return {
        "kind": "node",
        "key": node.key,
        "title": node.label,
        "shape": node.shape.value,
        "lane": words.lane_label(node.lane),
        "family": words.family_of_lane(node.lane),
        "stage": next(stage for stage in flow().stages if stage.code == node.stage),
        "figure": figure,
        "oldest": words.lasted(figure.oldest_seconds * 1_000_000)
        if figure and figure.oldest_seconds is not None
        else "",
        "p50": words.lasted(dwell.p50_us) if dwell else "",
        "p95": words.lasted(dwell.p95_us) if dwell else "",
        "count": count,
        "rate": f"{count / hours:.1f}",
        "waits": [(words.state_label(*pair), allowed(*pair)) for pair in node.waits],
        "facts": _definition(node),
        "waiting": [_waiting_row(one, numbers) for one in waits],
        "more": waits[-1] if len(waits) == MOST_CASES else None,
        "events": [_event_row(one, numbers) for one in events],
        "ways": _ways(node, period),
        "ended": funneling.ended_at(node.counts[0], period) if node.counts else None,
        "step": node.counts[0] if node.counts else "",
        "letters": _letters(node) if figure and (figure.letters or figure.dead) else [],
        "may_redrive": bool(person(request).acts_as & {*MAY_REDRIVE, Role.ADMIN}),
    }


def _letters(node: Node) -> list[dict[str, object]]:
    """What the step sent and nobody got yet, each with the reason."""
    found = letters_of_step(node.counts[0]) if node.counts else []
    numbers = orders.order_numbers({one.ordering for one in found})
    return [
        {
            "number": numbers.get(one.ordering, ""),
            "case_no": one.ordering,
            "topic": one.topic,
            "error": one.error,
            "dead": one.dead_at is not None,
        }
        for one in found
    ]


def _edge_panel(key: str, period: Period, request: HttpRequest) -> dict[str, object]:
    source, _gt, target = key.partition(">")
    nodes = ways_of(graph()).nodes
    events = cases.passed_edge(
        graph(), key, period, limit=MOST_CASES, before=_place(request, "before")
    )
    numbers = orders.order_numbers({one.case_no for one in events})
    figure = living.figures(period).edges.get(key)
    return {
        "kind": "edge",
        "key": key,
        "title": f"{nodes[source].label} → {nodes[target].label}",
        "figure": figure,
        "share": f"{figure.share * 100:.1f}%" if figure and figure.share is not None else "",
        "events": [_event_row(one, numbers) for one in events],
        "more": events[-1] if len(events) == MOST_CASES else None,
    }


def _place(request: HttpRequest, name: str) -> tuple[datetime, int] | None:
    """Where the page before ended: a time and an id."""
    stamp, _comma, pk = request.GET.get(name, "").partition(",")
    try:
        return datetime.fromisoformat(stamp), int(pk)
    except ValueError:
        return None


def _waiting_row(one: Any, numbers: Mapping[str, str]) -> dict[str, object]:
    within = allowed(one.process, one.state)
    return {
        "number": numbers.get(one.case_no, ""),
        "case_no": one.case_no,
        "state": words.state_label(one.process, one.state),
        "chip": words.chip(one.process, one.state),
        "age": words.age(one.entered_at),
        "late": within is not None and clock.now() - one.entered_at > within,
        "entered_at": one.entered_at,
        "pk": one.pk,
    }


def _event_row(one: Any, numbers: Mapping[str, str]) -> dict[str, object]:
    return {
        "number": numbers.get(one.case_no, ""),
        "case_no": one.case_no,
        "at": words.exact(one.at),
        "who": one.actor,
        "dwell": words.lasted(one.dwell_us),
    }


def _ways(node: Node, period: Period) -> list[dict[str, object]]:
    """Where it goes on from here, with count and share."""
    edges = living.figures(period).edges
    nodes = ways_of(graph()).nodes
    return [
        {
            "key": edge.key,
            "label": nodes[edge.target].label,
            "exit": edge.label or "",
            "count": edges[edge.key].count if edge.key in edges else 0,
            "share": edges[edge.key].share if edge.key in edges else None,
        }
        for edge in graph().edges
        if edge.source == node.key
    ]


def _definition(node: Node) -> list[tuple[str, object]]:
    """What the definition says about a step, or about the state that a diamond asks in."""
    if node.counts is not None:
        process, step = flow().step(node.counts[0])
        return list(_about_step(node.counts[0], process, step))
    name, _colon, state = node.key.partition(":")
    if name not in {process.name for process in flow().processes}:
        return []
    for asked, decision in flow()[name].decisions.items():
        if state.startswith(str(asked)):
            return [(str(policy.label), words.policy_value(policy)) for policy in decision.policies]
    return []


def _about_step(name: str, process: Process[Any], step: Step[Any]) -> Iterator[tuple[str, object]]:
    yield _("对象"), process.label
    yield _("步骤代码"), name
    states = [words.state_label(process.name, str(state)) for state in step.source]
    target = words.state_label(process.name, str(step.target))
    yield _("状态变化"), f"{' / '.join(states) or _('新建')} → {target}"
    yield _("谁来做"), "、".join(str(role.label) for role in sorted(step.by))
    if step.within is not None:
        yield _("时限"), words.policy_value(step.within)
    if step.needs:
        yield _("条件"), "；".join(str(check.__name__) for check in step.needs)
    for policy in step.policies:
        yield str(policy.label), words.policy_value(policy)
    if step.tells:
        yield _("通知"), "、".join(str(TEMPLATES[name].title) for name in step.tells)
    if step.sends:
        yield _("发往外部"), "、".join(str(send.label) for send in step.sends)
    links = flow().links_after(name)
    if links:
        follow = [words.step_label(fired) for link in links for fired in link.fire]
        yield _("随后触发"), "、".join(dict.fromkeys(follow))
    yield _("代码"), _code_of(process, step)


def _code_of(process: Process[Any], step: Step[Any]) -> str:
    """Where the work is written: the module and line of the first effect or check."""
    for function in (*step.does, *step.needs):
        try:
            line = inspect.getsourcelines(function)[1]
        except (OSError, TypeError):
            continue
        return f"{function.__module__.replace('.', '/')}.py:{line}"
    return f"shangliu/flow/{process.name}/definition.py"
