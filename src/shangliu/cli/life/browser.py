"""A buyer's browser: pages, forms and the cookie of the visit, over HTTP as everybody's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

import requests

from shangliu.cli.demo.behaviour import DEVICES, SOURCES
from shangliu.cli.life.outside import TIMEOUT, AwayError

_FIELD = re.compile(r'name="([\w-]+)" value="([^"]*)"')
_AGENTS = {
    "mobile": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile",
    "tablet": "Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15",
    "desktop": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
}
_VISIT = "visit"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a visit comes from, and on what."""

    query: str
    referrer: str
    device: str


def origin(rng: Random) -> Origin:
    row = rng.choices(SOURCES, [one[0] for one in SOURCES])[0]
    _, source, medium, campaign, referrer = row
    names = (("utm_source", source), ("utm_medium", medium), ("utm_campaign", campaign))
    query = "&".join(f"{name}={value}" for name, value in names if value)
    device = rng.choices([name for name, _ in DEVICES], [share for _, share in DEVICES])[0]
    return Origin(query, f"https://{referrer}/" if referrer else "", device)


class Browser:
    """One visitor's. Pages that fail raise `AwayError`."""

    def __init__(self, shop: str, comes: Origin) -> None:
        self._shop, self._token = shop, ""
        self.device = comes.device
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update({"Origin": shop, "User-Agent": _AGENTS[comes.device]})

    @property
    def visit(self) -> str:
        """The code of the visit, as its cookie says; empty before the first page."""
        return str(self._session.cookies.get(_VISIT) or "").partition("|")[0]

    def arrive(self, comes: Origin) -> None:
        headers = {"Referer": comes.referrer} if comes.referrer else {}
        self._ask("GET", f"/?{comes.query}" if comes.query else "/", headers=headers)

    def look(self, path: str) -> dict[str, str]:
        """Open a page; gives the hidden fields of its forms."""
        page = self._ask("GET", path)
        fields = dict(_FIELD.findall(page.text))
        self._token = fields.get("csrfmiddlewaretoken", self._token)
        return fields

    def send(self, path: str, form: dict[str, str]) -> requests.Response:
        """Send a form. A refusal (409) is an answer; whoever sent it looks at the status."""
        token = {"csrfmiddlewaretoken": self._token} if self._token else {}
        return self._ask("POST", path, {**token, **form})

    def close(self) -> None:
        self._session.close()

    def _ask(
        self,
        method: str,
        path: str,
        form: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        try:
            answer = self._session.request(
                method,
                self._shop + path,
                data=form,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as failed:
            raise AwayError(f"{path.partition('?')[0]}: {type(failed).__name__}") from failed
        if answer.status_code >= 400 and answer.status_code != 409:
            raise AwayError(f"{path.partition('?')[0]}: {answer.status_code}")
        return answer
