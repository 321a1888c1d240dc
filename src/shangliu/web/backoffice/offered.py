"""The buttons on an object, and taking the step behind one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shangliu.domain.payments.provider import Nature
from shangliu.flow import steps
from shangliu.flow.order import services as orders
from shangliu.flow.payment import services as payments
from shangliu.flow.reconciliation import services as reconciliation
from shangliu.insight.objects import Stateful
from shangliu.platform.errors import NotFound, Refused
from shangliu.process.definition import Step
from shangliu.process.roles import Role
from shangliu.process.running import flow
from shangliu.web.backoffice import asked
from shangliu.web.backoffice.asked import Field
from shangliu.web.paynames import nature_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """A step as a button: with its inputs, or with the reasons why it cannot be taken now."""

    name: str
    pk: int
    label: str
    kind: str
    possible: bool
    reasons: tuple[str, ...]
    fields: tuple[Field, ...]

    @property
    def mark(self) -> str:
        return f"{self.name.replace('.', '-')}-{self.pk}"


def buttons(
    process: str,
    one: Stateful,
    *,
    actor: str,
    roles: frozenset[Role],
    typed: Mapping[str, str] | None = None,
) -> list[Button]:
    """What these roles may do on the object now; the first possible one stands out."""
    again = typed or {}
    found: list[Button] = []
    for offer in steps.offers(process, one, actor=actor, roles=roles):
        if process == "payment" and not fits(offer.step.name, one):
            continue
        reasons = () if offer.name in ASKS_OUTSIDE else offer.reasons
        mine = again.get("step") == offer.name and again.get("pk") == str(one.pk)
        main = not reasons and not offer.step.problem and not any(b.kind == "main" for b in found)
        found.append(
            Button(
                name=offer.name,
                pk=one.pk or 0,
                label=str(offer.step.label),
                kind="main" if main else "danger" if offer.step.problem else "plain",
                possible=not reasons,
                reasons=tuple(str(reason) for reason in reasons),
                fields=tuple(asked.fields_of(offer.step, one, again if mine else {})),
            )
        )
    return found


def fits(step: str, payment: Any) -> bool:
    """Transfers are confirmed and gateways are asked; the other way round no button stands."""
    nature = nature_of(payment)
    if step in ("report", "confirm", "confirm_late"):
        return nature is Nature.TRANSFER
    return step != "query" or nature is Nature.GATEWAY


def take(
    name: str,
    pk: int,
    posted: Mapping[str, str],
    *,
    actor: str,
    roles: frozenset[Role],
) -> Step[Any]:
    """Take the step on the object; gives the step. The form's token makes it safe to send twice."""
    one = steps.subject(name.partition(".")[0], pk)
    step = named(name)
    data = asked.filled(step, posted)
    outside = ASKS_OUTSIDE.get(name)
    if outside is not None:
        _allow(name, step, roles)
        outside(one, data, actor)
    else:
        key = posted.get("idempotency_key", "")[:40]
        steps.take(
            name,
            one,
            actor=actor,
            roles=roles,
            data=data,
            key=f"{name}:{pk}:{key}"[:80] if key else None,
        )
    return step


def named(name: str) -> Step[Any]:
    try:
        return flow().step(name)[1]
    except KeyError:
        raise NotFound from None


def _allow(name: str, step: Step[Any], roles: frozenset[Role]) -> None:
    """These are not taken by the engine at once, so the role is checked here."""
    if not roles & {*step.by, Role.ADMIN}:
        raise Refused(step.label)


def _cancel(order: Any, data: Any, actor: str) -> None:
    orders.cancel(order=order, actor=actor, role=Role.SERVICE, reason=data.reason)


def _query(payment: Any, data: Any, actor: str) -> None:
    payments.query(payment, actor=actor)


def _ask(difference: Any, data: Any, actor: str) -> None:
    reconciliation.ask(difference, actor=actor)


# Steps that ask the gateway before they move anything.
ASKS_OUTSIDE: Mapping[str, Callable[[Any, Any, str], None]] = {
    "order.cancel": _cancel,
    "payment.query": _query,
    "difference.ask": _ask,
}
