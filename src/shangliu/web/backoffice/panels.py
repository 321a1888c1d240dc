"""What stands beside the map: a step with its definition and cases, or a way with its cases."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from shangliu.domain.crm import staff as accounts
from shangliu.domain.orders import queries as orders
from shangliu.flow.drawing import graph
from shangliu.flow.notices import TEMPLATES
from shangliu.insight import cases
from shangliu.insight.figures import allowed, ways_of
from shangliu.insight.window import Span
from shangliu.platform import clock
from shangliu.platform.errors import NotFound
from shangliu.platform.outbox import letters_of_step
from shangliu.process.definition import Kind, Process, Step
from shangliu.process.drawing.figures import EdgeFigure, NodeFigure
from shangliu.process.drawing.graph import Node, Shape
from shangliu.process.roles import STAFF, Role
from shangliu.process.running import flow
from shangliu.web.backoffice import funneling, living, map_rows, pictures, words
from shangliu.web.backoffice.access import person
from shangliu.web.backoffice.conditions import condition
from shangliu.web.backoffice.looks import Look
from shangliu.web.backoffice.outbox import MAY_REDRIVE

MOST_CASES = 100


def panel_of(request: HttpRequest, look: Look) -> dict[str, object] | None:
    key, edge = request.GET.get("node", ""), request.GET.get("edge", "")
    if login := request.GET.get("person", ""):
        return _person_panel(login, look)
    if not (key or edge):
        return None
    known = ways_of(graph())
    if key and key in known.nodes:
        return _node_panel(known.nodes[key], look, request)
    if way := pictures.way(edge):
        return _edge_panel(way, look, request)
    beyond = _beyond(key)
    return _node_panel(beyond, look, request) if beyond is not None else None


def _beyond(key: str) -> Node | None:
    """The node that a link event on a sheet stands for (`link_out:order.pay:lane`)."""
    shape, _colon, rest = key.partition(":")
    if shape not in (Shape.LINK_IN.value, Shape.LINK_OUT.value):
        return None
    nodes = ways_of(graph()).nodes
    near = [nodes[name] for name in nodes if rest.startswith(f"{name}:")]
    return max(near, key=lambda node: len(node.key), default=None)


def _node_panel(node: Node, look: Look, request: HttpRequest) -> dict[str, object]:
    figure = living.figures(look.span, compare=look.compare).nodes.get(node.key) or NodeFigure()
    return {
        "kind": "node",
        "key": node.key,
        "title": node.label,
        "shape": node.shape.value,
        "lane": words.lane_label(node.lane),
        "family": words.family_of_lane(node.lane),
        "stage": next(stage for stage in flow().stages if stage.code == node.stage),
        "figure": figure,
        "stats": _stats(figure, look),
        "waits": [(words.state_label(*pair), allowed(*pair)) for pair in node.waits],
        "facts": _definition(node),
        "ways": _ways(node, look),
        "ended": _ended(node, look),
        "step": node.counts[0] if node.counts else "",
        "letters": _letters(node) if figure.letters or figure.dead else [],
        "may_redrive": bool(person(request).acts_as & {*MAY_REDRIVE, Role.ADMIN}),
        **_cases(node, look, request),
    }


def _ended(node: Node, look: Look) -> dict[str, object] | None:
    """The visits that came no farther."""
    if node.counts is None:
        return None
    return funneling.ended_at(node.counts[0], look.span)


def _cases(node: Node, look: Look, request: HttpRequest) -> dict[str, object]:
    """Who waits at the node now, and who passed it in the span."""
    waits = []
    if look.is_live:
        waits = cases.waiting_at(
            graph(), node.key, limit=MOST_CASES, after=_place(request, "after")
        )
    events = cases.passed_node(graph(), node.key, look.span, limit=12)
    numbers = orders.order_numbers({one.case_no for one in waits} | {one.case_no for one in events})
    named = accounts.names({one.actor for one in events})
    return {
        "waiting": [_waiting_row(one, numbers) for one in waits],
        "more": waits[-1] if len(waits) == MOST_CASES else None,
        "events": [_event_row(one, numbers, named) for one in events],
    }


def _stats(figure: NodeFigure, look: Look) -> list[dict[str, object]]:
    """The tiles on top of the panel: each number with its definition, and what it was before."""
    hours = _hours(look.span)
    before = figure.before

    def tile(key: str, label: str, now: object, was: object, change: str) -> dict[str, object]:
        shown = {"before": was, "change": change} if before is not None else {}
        return {"key": key, "label": label, "value": now, **shown}

    was = before or NodeFigure()
    waiting = _("现在等待") if look.is_live else _("期末等待")
    return [
        tile(
            "waiting",
            waiting,
            figure.waiting,
            was.waiting,
            map_rows.change(was.waiting, figure.waiting),
        ),
        {"key": "oldest", "label": _("最久"), "value": map_rows.oldest(figure) or "—"},
        tile("count", _("次数"), figure.count, was.count, map_rows.change(was.count, figure.count)),
        {"key": "rate", "label": _("每小时"), "value": f"{figure.count / hours:.1f}"},
        tile(
            "p50",
            _("中位停留"),
            words.lasted(figure.p50_us) or "—",
            words.lasted(was.p50_us) or "—",
            map_rows.change(was.p50_us, figure.p50_us) if was.p50_us and figure.p50_us else "",
        ),
        tile(
            "p95",
            "p95",
            words.lasted(figure.p95_us) or "—",
            words.lasted(was.p95_us) or "—",
            map_rows.change(was.p95_us, figure.p95_us) if was.p95_us and figure.p95_us else "",
        ),
    ]


def _hours(span: Span) -> float:
    until = min(span.stretch.until, clock.now())
    return max((until - span.stretch.since).total_seconds() / 3600, 1 / 60)


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


def _edge_panel(way: pictures.Way, look: Look, request: HttpRequest) -> dict[str, object]:
    events = cases.passed_edges(
        graph(), way.origins, look.span, limit=MOST_CASES, before=_place(request, "before")
    )
    numbers = orders.order_numbers({one.case_no for one in events})
    named = accounts.names({one.actor for one in events})
    figure = living.figures(look.span, compare=look.compare).of_edge(way.edge) or EdgeFigure(0)
    was = figure.before
    count: dict[str, object] = {"key": "edge", "label": _("次数"), "value": figure.count}
    if was is not None:
        count |= {"before": was.count, "change": map_rows.change(was.count, figure.count)}
    stats = [count]
    if figure.share is not None:
        stats.append({"key": "share", "label": _("占比"), "value": f"{figure.share:.1%}"})
    return {
        "kind": "edge",
        "key": way.key,
        "title": way.title,
        "stats": stats,
        "events": [_event_row(one, numbers, named) for one in events],
        "more": events[-1] if len(events) == MOST_CASES else None,
    }


def _person_panel(login: str, look: Look) -> dict[str, object] | None:
    """What waits for somebody's roles, and what they have done in the span."""
    try:
        one = accounts.staff_by_login(login)
    except NotFound:
        return None
    events = cases.done_by(login, look.span, limit=MOST_CASES)
    numbers = orders.order_numbers({event.case_no for event in events})
    counts = cases.counts_of(login, look.span)
    return {
        "kind": "person",
        "key": login,
        "title": one.name or login,
        "roles": [str(role.label) for role in sorted(one.acts_as & STAFF)],
        "done": [{"label": words.step_label(name), "count": count} for name, count in counts],
        "total": sum(count for _name, count in counts),
        "tasks": _tasks(one.acts_as),
        "events": [
            {**_event_row(event, numbers, {}), "who": words.step_label(event.step)}
            for event in events
        ],
        "more": None,
    }


def _tasks(roles: frozenset[Role]) -> list[dict[str, object]]:
    """The nodes where something waits that people of these roles work off, the oldest first."""
    shown = living.figures(living.DEFAULT).nodes
    found = []
    for node in graph().nodes:
        figure = shown.get(node.key)
        if node.counts is None or figure is None or not figure.waiting:
            continue
        step = flow().step(node.counts[0])[1]
        if step.kind in (Kind.USER, Kind.MANUAL) and step.by & roles & STAFF:
            found.append((figure.oldest_seconds or 0, node, figure))
    found.sort(key=lambda one: -one[0])
    return [
        {
            "key": node.key,
            "stage": node.stage,
            "label": node.label,
            "waiting": figure.waiting,
            "oldest": map_rows.oldest(figure),
            "level": figure.level.value,
        }
        for _age, node, figure in found
    ]


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


def _event_row(one: Any, numbers: Mapping[str, str], named: Mapping[str, str]) -> dict[str, object]:
    return {
        "number": numbers.get(one.case_no, ""),
        "case_no": one.case_no,
        "at": words.exact(one.at),
        "who": named.get(one.actor, one.actor),
        "dwell": words.lasted(one.dwell_us),
    }


def _ways(node: Node, look: Look) -> list[dict[str, object]]:
    """Where it goes on from here, with count and share."""
    edges = living.figures(look.span, compare=look.compare).edges
    nodes = ways_of(graph()).nodes
    found: list[dict[str, object]] = []
    for edge in graph().edges:
        if edge.source != node.key:
            continue
        figure = edges.get(edge.key) or EdgeFigure(0)
        found.append(
            {
                "key": edge.key,
                "label": nodes[edge.target].label,
                "exit": edge.label or "",
                "count": figure.count,
                "share": figure.share,
                "change": map_rows.change(figure.before.count, figure.count)
                if figure.before
                else "",
            }
        )
    return found


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
    yield _("谁来做"), words.together(str(role.label) for role in sorted(step.by))
    if step.within is not None:
        yield _("时限"), words.policy_value(step.within)
    if step.needs:
        yield _("条件"), words.clauses(condition(check) for check in step.needs)
    for policy in step.policies:
        yield str(policy.label), words.policy_value(policy)
    if step.tells:
        yield _("通知"), words.together(str(TEMPLATES[name].title) for name in step.tells)
    if step.sends:
        yield _("发往外部"), words.together(str(send.label) for send in step.sends)
    links = flow().links_after(name)
    if links:
        follow = [words.step_label(fired) for link in links for fired in link.fire]
        yield _("随后触发"), words.together(dict.fromkeys(follow))
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
