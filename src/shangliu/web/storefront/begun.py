"""What a browser needs to go on with a payment that it began: the code to scan, the parameters
for WeChat's bridge. Kept in the session only, so that it can be shown again and to nobody else."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import segno
from django.http import HttpRequest
from markupsafe import Markup

from shangliu.domain.orders.mine import Trade
from shangliu.domain.payments.provider import Started
from shangliu.platform import clock

KEY = "begun"
MOST = 12
SCANNABLE = timedelta(hours=2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """`until`: how long the code can be scanned."""

    qr: str
    until: datetime
    invoke: Mapping[str, str] = field(default_factory=dict)

    @property
    def expired(self) -> bool:
        return clock.now() >= self.until


def keep(request: HttpRequest, trade: Trade, provider: str, method: str, started: Started) -> None:
    name = _name(trade, provider, method)
    others = {one: said for one, said in request.session.get(KEY, {}).items() if one != name}
    kept = {
        "qr": started.qr,
        "invoke": dict(started.invoke),
        "until": (clock.now() + SCANNABLE).isoformat(),
    }
    request.session[KEY] = {**dict(list(others.items())[1 - MOST :]), name: kept}


def again(request: HttpRequest, trade: Trade, provider: str, method: str) -> Begun | None:
    """What was kept; None in another browser, or when the session is over."""
    kept = request.session.get(KEY, {}).get(_name(trade, provider, method))
    if kept is None:
        return None
    return Begun(qr=kept["qr"], invoke=kept["invoke"], until=datetime.fromisoformat(kept["until"]))


def code(text: str) -> Markup:
    """The QR code as a drawing."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2
    )
    return Markup(out.getvalue().decode())  # noqa: S704 - drawn here, the text is not in it


def _name(trade: Trade, provider: str, method: str) -> str:
    return f"{trade.number}/{provider}/{method}"
