"""Somebody who buys: reads pages, fills in their forms, sends them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client

from shangliu.domain.notifications.models import Message

OURS = {"Origin": "http://testserver"}


class Walker:
    """A browser that checks tokens as strictly as the running shop does."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True, headers={"accept-language": "zh-hans"})
        self.page: Any = None

    @property
    def text(self) -> str:
        """What the last page says, without its marks."""
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", self.html)))

    @property
    def html(self) -> str:
        return str(self.page.content.decode())

    def get(self, address: str, **more: Any) -> Any:
        self.page = self.client.get(address, follow=True, **more)
        return self.page

    def hidden(self, name: str) -> str:
        found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', self.html)
        assert found, f"no hidden {name} on {self.page.request['PATH_INFO']}"
        return unescape(found.group(1))

    def send(self, where: str, /, **fields: Any) -> Any:
        """Post a form of the page that is open, and go where the answer leads."""
        self.page = self.post(where, **fields)
        if self.page.status_code == 302:
            self.get(self.page["Location"])
        return self.page

    def post(self, where: str, /, **fields: Any) -> Any:
        """Post a form of the page that is open; gives the answer itself."""
        token = self.hidden("csrfmiddlewaretoken")
        return self.client.post(where, {"csrfmiddlewaretoken": token, **fields})

    def put_in_cart(self, variant_id: int, quantity: int = 1, **more: Any) -> Any:
        """From a page that is the same for everybody: the browser vouches for it."""
        self.page = self.client.post(
            "/cart/add/",
            {"variant": variant_id, "quantity": quantity, **more},
            headers=OURS,
            follow=True,
        )
        return self.page

    def sign_in(self, phone: str = "13800138000", then: str = "/") -> Any:
        self.get(f"/sign-in/?next={then}")
        self.send("/sign-in/", phone=phone, next=then)
        return self.send("/sign-in/", code=code_of(phone), next=then)

    def checkout(self, **changes: Any) -> Any:
        """Submit the checkout form that is open, as a visitor in Hangzhou unless told otherwise."""
        return self.send("/checkout/", **(self.order_form() | changes))

    def order_form(self) -> dict[str, str]:
        return {
            "submit_key": self.hidden("submit_key"),
            "expected-standard": self.hidden("expected-standard"),
            "expected-express": self.hidden("expected-express"),
            "address": "new",
            "name": "李小满",
            "phone": "13912345678",
            "province": "浙江省",
            "city": "杭州市",
            "district": "西湖区",
            "street": "文三路 100 号 2 幢 301",
            "delivery": "standard",
            "remark": "",
        }


def code_of(phone: str) -> str:
    """The newest code that was texted to a number."""
    said = Message.objects.filter(phone=f"+86{phone}", template="sign_in_code").latest("id").text
    found = re.search(r"\d{6}", said)
    assert found
    return found.group(0)
