"""The small process bar of an order or a case, drawn from the definition and the event log."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from shangliu.domain.orders.mine import Order, OrderState
from shangliu.flow.policies import Policies
from shangliu.flow.times import agreed, pay_until, receipt_until
from shangliu.insight.objects import Event
from shangliu.platform import clock
from shangliu.process.definition import Process
from shangliu.process.running import flow
from shangliu.web.templating import day, moment


def order_bar(order: Order, events: list[Event]) -> list[dict[str, Any]]:
    """Past with times, now, next with what is expected."""
    bar = bar_of(flow()["order"], order.state, events)
    expected = _expected(order)
    for one in bar:
        if one["state"] == "next" and one["label"] in expected:
            one["expected"] = expected.pop(one["label"])
            break
    if order.state == OrderState.SHIPPED and order.delivered_at is not None:
        here = next(one for one in bar if one["state"] == "now")
        here["note"] = _("{at} 签收").format(at=moment(order.delivered_at))
    return bar


def bar_of(process: Process[Any], state: str, events: list[Event]) -> list[dict[str, Any]]:
    """The states that were gone through and those that are next on the main way, each said in the
    buyer's words; neighbours with the same words are one."""
    gone = _gone(process, events)
    now = words(process, state)
    bar = [
        {"label": label, "state": "past", "time": moment(at)} for label, at in gone if label != now
    ]
    here = next((at for label, at in gone if label == now), None)
    ahead = _ahead(process, state)
    standing = "now" if ahead else ("past" if _ended_well(process, state) else "failed")
    bar.append({"label": now, "state": standing, "time": moment(here)})
    bar += [{"label": label, "state": "next"} for label in ahead if label != now]
    return bar


def words(process: Process[Any], state: str) -> str:
    """A state as the buyer reads it."""
    found = process.states[next(one for one in process.states if one == state)]
    return str(found.buyer or found.label)


def _gone(process: Process[Any], events: list[Event]) -> list[tuple[str, datetime]]:
    """Each state once, at the time when it was entered first."""
    found: dict[str, datetime] = {}
    for event in events:
        if event.target != event.source:
            found.setdefault(words(process, event.target), event.at)
    return list(found.items())


def _ahead(process: Process[Any], state: str) -> list[str]:
    """What follows along the main way."""
    found: list[str] = []
    seen: set[str] = {state}
    at: StrEnum | None = _next(process, state)
    while at is not None and at not in seen:
        seen.add(at)
        label = words(process, at)
        if label not in found:
            found.append(label)
        at = _next(process, at)
    return found


def _next(process: Process[Any], state: str) -> StrEnum | None:
    ways = [step for step in process.steps_from(state) if step.target != state]
    main = [step for step in ways if step.main]
    rejoining = [step for step in ways if not step.problem and step.at is None]
    if process.states[next(one for one in process.states if one == state)].rests:
        return None
    chosen = main or rejoining
    return chosen[0].target if chosen else None


def _ended_well(process: Process[Any], state: str) -> bool:
    """Is this where the main way ends?"""
    return any(step.main and step.target == state for step in process.steps)


def _expected(order: Order) -> dict[str, str]:
    """When the next state should come, by the label of that state."""
    now = clock.now()
    order_flow = flow()["order"]
    when: dict[str, tuple[OrderState, datetime]] = {
        OrderState.AWAITING_PAYMENT: (OrderState.AWAITING_FULFILMENT, pay_until(order, now)),
        OrderState.SHIPPED: (OrderState.COMPLETED, receipt_until(order, now)),
    }
    paid = order.paid_at or order.placed_at
    shipped = (
        OrderState.SHIPPED,
        paid + timedelta(hours=agreed(order, Policies.SHIP_WITHIN)),
    )
    for state in (
        OrderState.AWAITING_REVIEW,
        OrderState.ON_HOLD,
        OrderState.AWAITING_FULFILMENT,
        OrderState.PARTLY_SHIPPED,
    ):
        when[state] = shipped
    if order.state not in when:
        return {}
    target, at = when[order.state]
    said = moment(at) if target == OrderState.AWAITING_FULFILMENT else day(at)
    return {words(order_flow, target): said}
