"""How the library of Stripe talks: over our transport, and in the errors of our port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import stripe

from shangliu.platform import http
from shangliu.platform.outside import ProviderError

_operation: ContextVar[str] = ContextVar("operation", default="stripe")


class Transport(stripe.HTTPClient):
    """Every call through `platform.http`, which records it and refuses it in a transaction."""

    name = "shangliu"

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        answer = http.call(
            system="stripe",
            operation=_operation.get(),
            method=method.upper(),
            url=url,
            data=post_data.encode() if isinstance(post_data, str) else post_data,
            headers=headers,
        )
        if answer.status >= 500:
            raise ProviderError(f"stripe answered HTTP {answer.status}", retry=True, unknown=True)
        return answer.text, answer.status, answer.headers

    def close(self) -> None:
        """The connections are the platform's."""


@contextmanager
def asking(operation: str, about: str, *, may_refuse: bool = False) -> Iterator[list[str]]:
    """Call Stripe inside the block. Where it may refuse, the reason is put into the list that is
    given and the block just ends; everything else that goes wrong is a `ProviderError`."""
    refused: list[str] = []
    token = _operation.set(operation)
    try:
        yield refused
    except stripe.InvalidRequestError as said:
        if not may_refuse or said.http_status not in (400, 404) or _is_ours(said):
            raise ProviderError(f"stripe refused {about}: {said.user_message}") from said
        refused.append(str(said.user_message or said))
    except stripe.RateLimitError as said:
        raise ProviderError("stripe is asked too often", retry=True) from said
    except stripe.StripeError as said:
        unknown = not isinstance(said, stripe.AuthenticationError | stripe.IdempotencyError)
        raise ProviderError(
            f"stripe's answer to {about} cannot be used: {said}", retry=unknown, unknown=unknown
        ) from said
    finally:
        _operation.reset(token)


def _is_ours(said: stripe.InvalidRequestError) -> bool:
    """A mistake in the request and not a no to what it asks for."""
    return str(said.code or "").startswith("parameter_")
