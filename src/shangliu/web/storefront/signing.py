"""The pages of signing in and out, the development inbox, and the choice of language."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from shangliu.domain.crm.buyers import User
from shangliu.domain.notifications.inbox import newest_texts
from shangliu.flow.cart import services as carts
from shangliu.flow.checkout import normal_phone
from shangliu.flow.policies import Policies
from shangliu.platform import clock
from shangliu.platform.errors import Refused
from shangliu.web import accounts, visits
from shangliu.web.demo import inbox_is_open
from shangliu.web.roles import cart_token, user_of
from shangliu.web.storefront.cart import KEPT_FOR, MINE

BACKEND = "django.contrib.auth.backends.ModelBackend"
TYPED_PHONE = "typed_phone"


@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """One page: the number, then the code. A number that is new is welcome."""
    then = safe_next(request, "/")
    if user_of(request) is not None:
        return redirect(then)
    if request.method != "POST":
        if "other" in request.GET:
            accounts.forget(request)
        return visits.seen(_sign_in_page(request, then), "sign_in")
    try:
        if "code" in request.POST:
            return _confirm(request, then)
        phone = normal_phone(request.POST.get("phone", ""))
        accounts.request_code(request, phone)
        request.session[TYPED_PHONE] = phone
    except Refused as refused:
        reasons = [str(reason) for reason in refused.reasons]
        return _sign_in_page(request, then, reasons, status=409)
    more = f"?{urlencode({'next': then})}" if then != "/" else ""
    return redirect(reverse("sign_in") + more)


def _confirm(request: HttpRequest, then: str) -> HttpResponse:
    answer = accounts.confirm(request, request.POST["code"], then)
    user = user_of(request)
    if user is not None:
        if token := cart_token(request):
            carts.adopt(token=token, user_id=user.pk)
        answer.set_cookie(
            MINE, "1", KEPT_FOR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
    response: HttpResponse = answer
    return response


def _sign_in_page(
    request: HttpRequest, then: str, reasons: list[str] | None = None, *, status: int = 200
) -> HttpResponse:
    waiting = accounts.pending(request)
    guest_goes_on = then == reverse("checkout") and Policies.GUESTS.is_on
    context: dict[str, Any] = {
        "messages": messages.get_messages(request),
        "then": then,
        "reasons": reasons or [],
        "phone": request.POST.get("phone", ""),
        "sent_to": waiting.state["phone"] if waiting is not None else "",
        "guest": reverse("checkout") + "?guest=1" if guest_goes_on else "",
        "inbox": reverse("dev_inbox") if inbox_is_open() else "",
    }
    return render(request, "accounts/sign_in.html", context, status=status, using="jinja2")


@never_cache
@sensitive_post_parameters("password")
def staff_sign_in(request: HttpRequest) -> HttpResponse:
    """For people who work here. Guessing is slowed down by number and by address."""
    then = safe_next(request, "/staff/")
    reasons: list[str] = []
    if request.method == "POST":
        user, reasons = _staff(request)
        if user is not None:
            login(request, user, backend=BACKEND)
            return redirect(then)
    context = {
        "then": then,
        "reasons": reasons,
        "login": request.POST.get("login", ""),
        "demo": settings.SHANGLIU.demo,
    }
    status = 403 if reasons else 200
    return render(request, "accounts/staff_sign_in.html", context, status=status, using="jinja2")


def _staff(request: HttpRequest) -> tuple[User | None, list[str]]:
    """Who signs in, or why not. Only what fails counts towards the limit."""
    name = request.POST.get("login", "").strip()
    guess = {"action": "login_failed", "key": f"staff:{name}"}
    if not ratelimit.consume(request, **guess, dry_run=True):
        return None, [_("尝试次数过多，请五分钟后再试")]
    found = authenticate(request, username=name, password=request.POST.get("password", ""))
    if isinstance(found, User) and found.is_staff:
        ratelimit.clear(request, **guess)
        return found, []
    ratelimit.consume(request, **guess)
    return None, [_("登录名或密码不对，请重新输入")]


def user_is_staff(user: object) -> bool:
    return bool(getattr(user, "is_staff", False))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Out, and back to the page that fits: staff to their sign-in, buyers to the shop."""
    staff = user_is_staff(request.user)
    logout(request)
    messages.info(request, _("已退出登录"))
    response = redirect("staff_sign_in" if staff else "home")
    if not cart_token(request):
        response.delete_cookie(MINE)
    return response


@require_safe
@never_cache
def dev_inbox(request: HttpRequest) -> HttpResponse:
    """The texts that would have been sent. Only in the demo shop and while developing."""
    if not inbox_is_open():
        raise Http404
    context = {"texts": newest_texts(), "now": clock.now()}
    return render(request, "accounts/dev_inbox.html", context, using="jinja2")


@require_safe
def language(request: HttpRequest) -> HttpResponse:
    """Keep the reader's language in a cookie and go back."""
    response = HttpResponseRedirect(safe_next(request, "/"))
    code = request.GET.get("to", "")
    if code in dict(settings.LANGUAGES) and check_for_language(code):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            code,
            max_age=365 * 24 * 3600,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


def safe_next(request: HttpRequest, otherwise: str) -> str:
    """Where to go afterwards, if that is a page of ours."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    ours = asked.startswith("/") and url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}
    )
    return asked if ours else otherwise
