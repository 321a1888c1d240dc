"""What the outside world was asked while history is made. It stands for minutes, so the calls are
written together at the end; an order's trace shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from shangliu.domain.logistics.models import Parcel
from shangliu.domain.payments.models import Payment
from shangliu.platform import clock
from shangliu.platform.models import OutsideCall


@dataclass
class Calls:
    """What was asked and answered, until it is written; `about` is a number of ours."""

    rng: Random
    kept: list[tuple[str, OutsideCall]] = field(default_factory=list)

    def note(
        self,
        system: str,
        operation: str,
        *,
        about: str,
        request: Mapping[str, object],
        answer: Mapping[str, object],
        ok: bool = True,
    ) -> None:
        call = OutsideCall(
            system=system,
            operation=operation,
            request=dict(request),
            answer=dict(answer),
            status=200 if ok or system != "finance" else 503,
            ok=ok or system != "finance",
            started_at=clock.now(),
            duration_us=int(self.rng.lognormvariate(11.6, 0.5)),
        )
        self.kept.append((about, call))

    def write(self) -> int:
        """Write the calls, each under the purchase that it belongs to."""
        numbers = {about for about, _ in self.kept}
        owners = {
            number: (case_no, "payment", pk)
            for pk, number, case_no in Payment.objects.filter(number__in=numbers).values_list(
                "pk", "number", "case_no"
            )
        } | {
            reference: (case_no, "parcel", pk)
            for pk, reference, case_no in Parcel.objects.filter(reference__in=numbers).values_list(
                "pk", "reference", "case_no"
            )
        }
        for about, call in self.kept:
            call.case_no, call.process, call.object_id = owners.get(about, (about, "", None))
        OutsideCall.objects.bulk_create([call for _, call in self.kept], batch_size=500)
        written, self.kept = len(self.kept), []
        return written
