"""What goes wrong, said to people: refusals are 409 with the sentences, what is not there is 404.

Also the headers that every answer carries.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from shangliu.platform.errors import NotFound, Refused

log = logging.getLogger(__name__)

Answer = Callable[[HttpRequest], HttpResponse]


class Answers:
    """Middleware: turns what the business raises into pages, and says what a page may load."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.policy = content_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Refused):
            return refused(request, error)
        if isinstance(error, NotFound):
            return not_found(request, error)
        return None


def content_policy() -> str:
    """Only what we serve ourselves; a form may lead to a gateway's cashier. What WeChat's browser
    would bring along comes from its simulator."""
    env = settings.SHANGLIU
    ports = (env.alipay_port, env.wechat_port, env.stripe_port) if env.simulators else ()
    cashier = "".join(f" http://127.0.0.1:{port}" for port in ports)
    wechat = f" http://127.0.0.1:{env.wechat_port}" if env.simulators else ""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self'{wechat}",
            f"frame-src 'self'{wechat}",
            "img-src 'self' data:",
            "style-src 'self' 'unsafe-inline'",
            f"connect-src 'self' {settings.STREAM_URL}",
            f"form-action 'self' https:{cashier}",
            "base-uri 'self'",
            "object-src 'none'",
            "frame-ancestors 'none'",
        )
    )


def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    """409 with the reasons: a fragment and a toast for a part of a page, else a page."""
    reasons = [str(reason) for reason in error.reasons]
    if request.headers.get("HX-Request"):
        response = _page(request, "storefront/_refused.html", 409, reasons=reasons)
        said = {"toast": {"text": "；".join(reasons), "state": "attention"}}
        response["HX-Trigger"] = json.dumps(said)
        return response
    return _page(
        request,
        "storefront/refused.html",
        409,
        heading=_("这一步暂时不能进行"),
        reasons=reasons,
        back=_back(request),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request,
        "storefront/error.html",
        404,
        heading=_("没有找到这个页面"),
        text=_("它可能已被移走，或者不属于当前账号。可以回到首页，或搜索想要的商品。"),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request,
        "storefront/error.html",
        403,
        heading=_("这个页面不能这样打开"),
        text=_("当前账号没有权限。请换一个账号登录，或回到首页。"),
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    log.warning("form without a valid token: %s %s", request.path, reason)
    return _page(
        request,
        "storefront/error.html",
        403,
        heading=_("页面停留太久，请重新提交"),
        text=_("为了安全，表单只在一段时间内有效。请返回上一页刷新，再提交一次。"),
    )


def broken(request: HttpRequest) -> HttpResponse:
    return _page(
        request,
        "storefront/error.html",
        500,
        heading=_("出了点问题"),
        text=_("我们已经记录下来。请稍后再试，已提交的订单不受影响。"),
    )


def _page(request: HttpRequest, template: str, status: int, **context: object) -> HttpResponse:
    return render(request, template, context, status=status, using="jinja2")


def _back(request: HttpRequest) -> str:
    """The page that the form stood on, if the browser says and it is ours."""
    referrer = request.headers.get("Referer", "")
    home = f"{request.scheme}://{request.get_host()}/"
    return referrer[len(home) - 1 :] if referrer.startswith(home) else "/"
