"""Taking a step by its name: the one door for pages, API and commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.text import Text
from shangliu.process import engine
from shangliu.process.definition import Context, Process, Step
from shangliu.process.models import Stateful
from shangliu.process.roles import STAFF, Role
from shangliu.process.running import flow


@dataclass(frozen=True, slots=True)
class Offer:
    """A step that somebody may be shown. `reasons` empty: it can be taken now. `role`: as whom."""

    name: str
    step: Step[Any]
    role: Role
    reasons: tuple[Text, ...]

    @property
    def possible(self) -> bool:
        return not self.reasons


def subject(process: str, pk: int) -> Stateful:
    """The object; `NotFound` when there is none."""
    model = flow()[process].model
    found = model._default_manager.filter(pk=pk).first() if model is not None else None  # noqa: SLF001
    if found is None:
        raise NotFound
    one: Stateful = found
    return one


def offers(process: str, one: Stateful, *, actor: str, roles: frozenset[Role]) -> list[Offer]:
    """What these roles may do on the object now, in the order of the definition.

    Steps of the system are never offered; a step that is only ever set off by another one has no
    role here either.
    """
    machine = flow()[process]
    found: list[Offer] = []
    for step in machine.steps_from(one.state):
        if step.creates:
            continue
        role = acting(step, roles)
        if role is None:
            continue
        reasons = step.refusals(one, Context(actor=actor, role=role))
        found.append(Offer(f"{process}.{step.name}", step, role, reasons))
    return found


@transaction.atomic
def take(
    name: str,
    one: Stateful,
    *,
    actor: str,
    roles: frozenset[Role],
    data: object = None,
    key: str | None = None,
) -> None:
    """Take the step `order.approve` and the like, or raise `Refused` with reasons to show."""
    machine, step = _named(name)
    role = acting(step, roles)
    if role is None:
        wanted = "、".join(role.label.zh for role in sorted(step.by))
        raise Refused(
            Text(
                f"“{step.label.zh}”只能由{wanted}操作",
                f"“{step.label.en}” is not for your role",
            )
        )
    engine.fire(machine, step, one, Context(actor=actor, role=role, data=data), key=key)


def by_system(name: str, one: Stateful, *, actor: str = "system", data: object = None) -> None:
    """Take a step as the system itself."""
    take(name, one, actor=actor, roles=frozenset({Role.SYSTEM}), data=data)


def _named(name: str) -> tuple[Process[Any], Step[Any]]:
    try:
        return flow().step(name)
    except KeyError:
        raise NotFound from None


def acting(step: Step[Any], roles: frozenset[Role]) -> Role | None:
    """The role in which the step is taken; an administrator stands in for any staff role."""
    for role in sorted(step.by & roles):
        return role
    if Role.ADMIN in roles:
        for role in sorted(step.by & STAFF):
            return role
    return None
