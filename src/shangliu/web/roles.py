"""Who asks: the actor of a step, the roles of a request, and what a buyer may see."""

from __future__ import annotations

from django.http import HttpRequest

from shangliu.domain.crm.buyers import User
from shangliu.domain.orders.mine import Owner
from shangliu.process.roles import Role

CART_COOKIE = "cart"
HELD_TRADES = "trades"
BUYER = frozenset({Role.BUYER})


def user_of(request: HttpRequest) -> User | None:
    """The person who is signed in, if anybody is."""
    return request.user if isinstance(request.user, User) else None


def user_id_of(request: HttpRequest) -> int | None:
    user = user_of(request)
    return user.pk if user is not None else None


def actor_of(request: HttpRequest) -> str:
    """`user:<id>` of a buyer, `guest` of anybody else, as the event log writes it."""
    user_id = user_id_of(request)
    return f"user:{user_id}" if user_id is not None else "guest"


def owner_of(request: HttpRequest) -> Owner:
    """Whose orders may be seen: the person's, and those that this browser holds as a guest."""
    return Owner(user_id=user_id_of(request), trades=tuple(request.session.get(HELD_TRADES, ())))


def hold_trade(request: HttpRequest, number: str) -> None:
    """Let this browser come back to a guest's trade."""
    held = [one for one in request.session.get(HELD_TRADES, ()) if one != number]
    request.session[HELD_TRADES] = [*held, number][-50:]


def cart_token(request: HttpRequest) -> str:
    """The visitor's cart; empty when there is none yet."""
    token = request.COOKIES.get(CART_COOKIE, "")
    return token if len(token) == 32 and token.isalnum() else ""
