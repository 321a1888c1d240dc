"""The only way out: every call to an outside system, timed, masked and written down."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import requests
from django.db import connection
from urllib3.exceptions import NewConnectionError

from shangliu.platform import clock
from shangliu.platform.models import OutsideCall
from shangliu.platform.outside import ProviderError

TIMEOUT = (3.0, 15.0)
# A proxy in the environment is not for what runs on this machine.
_BESIDE = {"no_proxy": "127.0.0.1,localhost"}
_MOST_KEPT = 4096
_SECRET = re.compile(
    r"sign|secret|key|token|password|authorization|cert|salt|digest", re.IGNORECASE
)
_PERSONAL = re.compile(r"name|phone|mobile|tel|mail|addr|street|buyer|logon|openid", re.IGNORECASE)
_SECRET_IN_ADDRESS = re.compile(
    r"([?&][^=&\s]*(?:sign|secret|key|token)[^=&\s]*=)[^&\s\"]+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class _About:
    case_no: str = ""
    process: str = ""
    object_id: int | None = None
    attempt: int = 1


_NOTHING = _About()
_about: ContextVar[_About] = ContextVar("about", default=_NOTHING)
_last: ContextVar[int | None] = ContextVar("last", default=None)
_session = requests.Session()


@contextmanager
def about(*, case_no: str, process: str, object_id: int | None, attempt: int = 1) -> Iterator[None]:
    """Calls inside the block are written down as belonging to this case and object. A failure that
    leaves the block is noted beside the last of them."""
    token = _about.set(_About(case_no, process, object_id, attempt))
    before = _last.set(None)
    try:
        yield
    except ProviderError as failed:
        note(failed)
        raise
    finally:
        _about.reset(token)
        _last.reset(before)


def note(failed: ProviderError) -> None:
    """Write beside the last call why its answer is of no use, unless no answer came at all."""
    last = _last.get()
    if last is not None and not connection.in_atomic_block:
        OutsideCall.objects.filter(pk=last, error="").update(error=str(failed)[:500])


def call(
    *,
    system: str,
    operation: str,
    method: str,
    url: str,
    data: Mapping[str, str] | bytes | None = None,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Make one call and record it. Raises `ProviderError` when no answer came: `unknown` if the
    request may have arrived. An HTTP status is an answer, whatever it is.

    Raises `RuntimeError` inside a database transaction: nothing that waits may hold locks.
    """
    if connection.in_atomic_block:
        raise RuntimeError(f"{system}.{operation} would talk to the network inside a transaction")
    started, clocked = clock.now(), time.perf_counter()
    answer: Answer | None = None
    error = ""
    try:
        got = _session.request(
            method,
            url,
            data=data,
            params=params,
            headers=dict(headers or {}),
            timeout=TIMEOUT,
            allow_redirects=False,
            proxies=_BESIDE if urlsplit(url).hostname in ("127.0.0.1", "localhost") else None,
        )
        answer = Answer(got.status_code, got.content, got.headers)
    except requests.ConnectTimeout as failed:
        error = f"no connection: {failed.__class__.__name__}"
        raise ProviderError(f"{system} cannot be reached", retry=True) from failed
    except requests.ConnectionError as failed:
        error = f"no answer: {failed.__class__.__name__}"
        sent = not _was_refused(failed)
        raise ProviderError(f"{system} did not answer", retry=True, unknown=sent) from failed
    except requests.RequestException as failed:
        error = f"no answer: {failed.__class__.__name__}"
        raise ProviderError(f"{system} did not answer", retry=True, unknown=True) from failed
    finally:
        known = _about.get()
        kept = OutsideCall.objects.create(
            system=system,
            operation=operation[:64],
            case_no=known.case_no,
            process=known.process,
            object_id=known.object_id,
            attempt=known.attempt,
            request=masked(data if data is not None else dict(params or {})),
            answer=masked(answer.body) if answer is not None else None,
            status=answer.status if answer is not None else None,
            ok=answer is not None and answer.status < 400,
            error=error,
            started_at=started,
            duration_us=int((time.perf_counter() - clocked) * 1_000_000),
        )
        _last.set(kept.pk)
    return answer


def _was_refused(failed: requests.ConnectionError) -> bool:
    """No connection came about, so nothing was sent."""
    cause = failed.args[0] if failed.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def masked(content: object) -> object:
    """The content as it may be kept: secrets gone, persons shortened, 4 kB at most of each text."""
    if isinstance(content, bytes):
        if _is_file(content):
            return f"a file of {len(content)} bytes"
        return masked(_parsed(content.decode("utf-8", "replace")))
    if isinstance(content, Mapping):
        return {str(name): _masked_field(str(name), value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [masked(one) for one in content[:50]]
    if isinstance(content, str):
        return _without_phones(_SECRET_IN_ADDRESS.sub(r"\1***", content[:_MOST_KEPT]))
    return content


def _masked_field(name: str, value: object) -> object:
    if isinstance(value, str) and value[:1] in ("{", "["):
        return masked(_parsed(value))
    if not isinstance(value, str) or not value:
        return masked(value)
    if _SECRET.search(name):
        return "***"
    if _PERSONAL.search(name):
        return f"{value[0]}**"
    return masked(value)


def _is_file(content: bytes) -> bool:
    """An archive or a table: they are kept by whom they were fetched for, not here."""
    first = content.partition(b"\n")[0]
    return b"\0" in content or (first.count(b",") > 4 and not re.search(rb"[={<\[]", first))


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        pairs = parse_qsl(text) if "=" in text and "<" not in text else []
        return dict(pairs) if pairs else text


def _without_phones(text: str) -> str:
    return re.sub(r"(?<!\d)(1\d{2})\d{4}(\d{4})(?!\d)", r"\1****\2", text)
