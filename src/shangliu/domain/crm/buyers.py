"""Buyers: who they are by phone, and where they want things sent."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from shangliu.domain.crm.models import Address, User
from shangliu.platform.errors import NotFound

__all__ = [
    "Address",
    "User",
    "addresses",
    "buyer_by_phone",
    "forget_address",
    "keep_address",
    "mark_verified",
    "register",
]

MOST_ADDRESSES = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """An address as it was typed and checked."""

    name: str
    phone: str
    province: str
    city: str
    district: str
    street: str


def buyer_by_phone(phone: str) -> User | None:
    """The person with that number (E.164), if any."""
    return User.objects.filter(phone=phone).first()


def register(phone: str) -> User:
    """The person with that number, made now if it is new. The number was proved by a code."""
    found, _ = User.objects.get_or_create(phone=phone, defaults={"phone_verified": True})
    return found


def mark_verified(user: User) -> None:
    if not user.phone_verified:
        User.objects.filter(pk=user.pk).update(phone_verified=True)


def addresses(user_id: int) -> list[Address]:
    """The default one first, then the newest."""
    return list(Address.objects.filter(user_id=user_id).order_by("-is_default", "-pk"))


@transaction.atomic
def keep_address(*, user_id: int, place: Place) -> Address:
    """Keep an address in the book; the same one again is not kept twice. It becomes the default."""
    User.objects.select_for_update().get(pk=user_id)
    own = Address.objects.filter(user_id=user_id)
    same = own.filter(
        name=place.name,
        phone=place.phone,
        province=place.province,
        city=place.city,
        district=place.district,
        street=place.street,
    ).first()
    own.update(is_default=False)
    if same is not None:
        own.filter(pk=same.pk).update(is_default=True)
        return same
    if own.count() >= MOST_ADDRESSES:
        own.order_by("pk")[0].delete()
    return Address.objects.create(
        user_id=user_id,
        is_default=True,
        name=place.name,
        phone=place.phone,
        province=place.province,
        city=place.city,
        district=place.district,
        street=place.street,
    )


def forget_address(*, user_id: int, pk: int) -> None:
    if not Address.objects.filter(user_id=user_id, pk=pk).delete()[0]:
        raise NotFound
