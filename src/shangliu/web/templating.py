"""What every Jinja2 template may use: words in the reader's language, addresses, money, times."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from jinja2 import Environment
from markupsafe import Markup

from shangliu.domain.catalog.queries import picture_url
from shangliu.platform import clock
from shangliu.platform.money import Money

PICTURE_SIZES = (300, 600, 1200)
_WHERE_IN_JSON = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def environment(**options: Any) -> Environment:
    """The environment of all templates; compiled templates are kept and not looked at again."""
    if not settings.DEBUG:
        options |= {"auto_reload": False, "cache_size": -1}
    env = Environment(  # noqa: S701 - Django's options switch escaping on
        **{**options, "extensions": ["jinja2.ext.i18n", "jinja2.ext.do"]},
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.install_gettext_translations(translation, newstyle=True)  # type: ignore[attr-defined]
    env.globals |= {
        "static": static,
        "url": url,
        "picture_url": picture_url,
        "picture_set": picture_set,
        "Money": Money,
    }
    env.filters |= {"moment": moment, "day": day, "ld_json": ld_json}
    return env


def common(request: HttpRequest) -> dict[str, Any]:
    """Added to every template's context. Names that a page gives itself are not used here."""
    lang = translation.get_language() or settings.LANGUAGE_CODE
    return {
        "lang": lang,
        "site": site(lang),
        "csrf_field": _csrf_field(request),
        "other_language": _other_language(request, lang),
    }


@lru_cache(maxsize=1024)
def _static(path: str) -> str:
    return str(staticfiles_storage.url(path))


def static(path: str) -> str:
    """The address of a static file, with its fingerprint in production."""
    return str(staticfiles_storage.url(path)) if settings.DEBUG else _static(path)


@lru_cache(maxsize=4096)
def _address(name: str, args: tuple[object, ...]) -> str:
    return reverse(name, args=args)


def url(name: str, *args: object) -> str:
    return _address(name, args)


def picture_set(key: str) -> str:
    """All sizes of a picture, for `srcset`."""
    return ", ".join(f"{picture_url(key, size)} {size}w" for size in PICTURE_SIZES)


def moment(at: datetime | None) -> str:
    """`11-23 09:30`, with the year when it is another one than this."""
    if at is None:
        return ""
    here = clock.local(at)
    shape = "%m-%d %H:%M" if here.year == clock.local(clock.now()).year else "%Y-%m-%d %H:%M"
    return here.strftime(shape)


def day(at: datetime | None) -> str:
    if at is None:
        return ""
    here = clock.local(at)
    return _("{month} 月 {day} 日").format(month=here.month, day=here.day)


def ld_json(value: object) -> Markup:
    """JSON that may stand inside a script element."""
    text = json.dumps(value, ensure_ascii=False).translate(_WHERE_IN_JSON)
    return Markup(text)  # noqa: S704 - what could end the element is escaped


@lru_cache(maxsize=8)
def site(lang: str) -> dict[str, Any]:
    """What stands in the head and foot of every page. `lang` only tells the answers apart."""
    return {
        "name": "山川集" if not lang.startswith("en") else "Shanchuan",
        "icp": _("演示商城，仅供体验") if settings.SHANGLIU.demo else "",
        "icp_href": reverse("about"),
        "licence": _("营业执照"),
        "licence_href": reverse("about") + "#licence",
        "footer": [
            {
                "label": _("购物"),
                "links": [
                    {"label": _("首页"), "href": reverse("home")},
                    {"label": _("购物车"), "href": reverse("cart")},
                    {"label": _("我的订单"), "href": reverse("orders")},
                ],
            },
            {
                "label": _("服务"),
                "links": [
                    {"label": _("配送与运费"), "href": reverse("about") + "#delivery"},
                    {"label": _("退货与退款"), "href": reverse("about") + "#returns"},
                    {"label": _("隐私说明"), "href": reverse("about") + "#privacy"},
                ],
            },
        ],
    }


def _csrf_field(request: HttpRequest) -> Callable[[], SafeString]:
    def field() -> SafeString:
        return format_html(
            '<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request)
        )

    return field


def _other_language(request: HttpRequest, lang: str) -> dict[str, str]:
    code, label = ("zh-hans", "简体中文") if lang.startswith("en") else ("en", "English")
    asked = urlencode({"to": code, "next": request.get_full_path()})
    return {"label": label, "href": f"{reverse('language')}?{asked}"}
