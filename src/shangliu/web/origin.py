"""Forms on pages that are kept for everybody carry no token; the browser vouches for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

View = Callable[..., HttpResponse]


def from_our_pages(view: View) -> View:
    """Let a request in that the browser says comes from our own pages; ask any other for a token.

    No script can set `Sec-Fetch-Site` or `Origin`, so another site cannot say either of them.
    """
    protected = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def seen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = view if is_ours(request) else protected
        return answer(request, *args, **kwargs)

    return seen


def is_ours(request: HttpRequest) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin == f"{request.scheme}://{request.get_host()}"
    return site == "same-origin"
