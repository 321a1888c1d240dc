"""Questions of staff about buyers."""

from __future__ import annotations

from shangliu.domain.crm.models import User
from shangliu.platform.errors import NotFound

__all__ = ["User", "customer", "newest", "with_phone_ending"]


def customer(pk: int) -> User:
    found = User.objects.filter(pk=pk, is_staff=False).first()
    if found is None:
        raise NotFound
    return found


def with_phone_ending(digits: str, *, limit: int = 20) -> list[User]:
    """By a whole number or its last four digits at least."""
    typed = "".join(one for one in digits if one.isdigit())
    if len(typed) < 4:
        return []
    rows = User.objects.filter(is_staff=False, phone__endswith=typed)
    return list(rows.order_by("-pk")[:limit])


def newest(*, limit: int = 20) -> list[User]:
    return list(User.objects.filter(is_staff=False, phone__isnull=False).order_by("-pk")[:limit])
