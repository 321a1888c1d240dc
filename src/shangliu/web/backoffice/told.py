"""What was said about a purchase besides its steps and calls: notices, notifications, pushes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shangliu.web.backoffice import timeline
from shangliu.web.backoffice.case import Case
from shangliu.web.backoffice.veil import Veil


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """`party`: whom it went to or came from; `chip` and `status` are empty where it has none."""

    moment: datetime
    at: str
    party: str
    title: str
    text: str
    chip: str
    status: str


def told(case: Case, hidden: Veil) -> list[Told]:
    """The oldest first."""
    return sorted(_told(case, hidden), key=lambda one: one.moment)


def _told(case: Case, hidden: Veil) -> Iterator[Told]:
    for line in timeline.beside(case):
        yield Told(
            moment=line.when,
            at=line.at,
            party=hidden.text(line.who),
            title=hidden.text(line.title),
            text=hidden.text(line.text),
            chip=line.state,
            status=line.state_label,
        )
