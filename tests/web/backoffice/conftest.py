"""A shop, its staff, and a browser for each of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from shangliu.process.roles import Role
from shangliu.web.backoffice import living
from tests.insight import world

Enter = Callable[..., Client]


@pytest.fixture
def shop(db: None) -> world.Shop:
    living.forget()
    return world.open_shop()


@pytest.fixture
def enter(db: None) -> Enter:
    """Sign in as somebody with these roles; the login is the first role's name."""

    def go(*roles: Role) -> Client:
        client = Client(headers={"accept-language": "zh-hans"})
        client.force_login(
            world.staff(roles[0].value, *roles),
            backend="django.contrib.auth.backends.ModelBackend",
        )
        return client

    return go
