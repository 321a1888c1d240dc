"""Taking everything away again that the demo trade has made, the oldest first."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from shangliu.cli.life.outside import AwayError, Simulators
from shangliu.domain.life import services as life
from shangliu.flow import removal
from shangliu.platform.errors import Refused

_BATCH = 50
_ACTOR = "shangliu life"


@dataclass
class Removal:
    """One going-through of what is marked. `kept`: what could not be removed, and why."""

    outside: Simulators
    visits: int = 0
    cases: int = 0
    kept: list[tuple[str, str]] = field(default_factory=list)
    trouble: str = ""
    _after: int = 0

    def go_on(self, *, until: float) -> bool:
        """Remove until that moment of the monotonic clock; gives whether everything was tried."""
        while found := life.visits(after=self._after, limit=_BATCH):
            for number, visit in found:
                if time.monotonic() >= until:
                    return False
                self._remove(visit)
                self._after = number
        return True

    def _remove(self, visit: str) -> None:
        found = removal.purchase(visit)
        try:
            self._forget_outside(found)
            removal.remove(found, actor=_ACTOR)
        except (AwayError, Refused) as why:
            self.trouble = str(why)
            self.kept += [(case_no, str(why)) for case_no in found.cases or (visit,)]
            return
        self.visits += 1
        self.cases += len(found.cases)

    def _forget_outside(self, found: removal.Purchase) -> None:
        """First, so that no statement tells of a payment that nobody here knows."""
        for gateway, number in found.payments:
            if self.outside.knows(gateway):
                self.outside.forget(gateway, number)
        for waybill in found.waybills:
            self.outside.forget("kuaidi100", waybill)
