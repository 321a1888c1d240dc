"""What gateways and carriers send us. Signatures are checked by the adapters, never here."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from shangliu.flow.parcel.services import take_push
from shangliu.flow.payment.services import take_notification

LARGEST = 64 * 1024


@csrf_exempt
@require_POST
def payment(request: HttpRequest, provider: str) -> HttpResponse:
    """A gateway's notification; the answer tells it whether to send it again."""
    body = _body(request)
    if body is None:
        return HttpResponse(status=413)
    return _answer(take_notification(provider_code=provider, headers=_headers(request), body=body))


@csrf_exempt
@require_POST
def carrier(request: HttpRequest, gateway: str) -> HttpResponse:
    """A carrier's push of tracking news."""
    body = _body(request)
    if body is None:
        return HttpResponse(status=413)
    return _answer(take_push(gateway_code=gateway, headers=_headers(request), body=body))


def _body(request: HttpRequest) -> bytes | None:
    """The raw body; None when it is larger than any true one."""
    typed = request.META.get("CONTENT_LENGTH") or "0"
    if not typed.isdigit() or int(typed) > LARGEST:
        return None
    body = request.read(LARGEST + 1)
    return body if len(body) <= LARGEST else None


def _headers(request: HttpRequest) -> Mapping[str, str]:
    return request.headers


def _answer(said: tuple[int, str, bytes]) -> HttpResponse:
    status, kind, body = said
    return HttpResponse(body, status=status, content_type=kind)
