"""People who work here: accounts, roles, and who looked at buyers' personal data."""

from __future__ import annotations

import re
from collections.abc import Collection

from django.db import transaction

from shangliu.domain.crm.models import Reveal, User
from shangliu.platform import clock
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.text import Text
from shangliu.process.roles import STAFF, Role

__all__ = [
    "User",
    "create_staff",
    "names",
    "reveal",
    "reveals_of",
    "set_active",
    "set_roles",
    "staff_by_login",
    "staff_list",
]

LEAST_PASSWORD = 8
_LOGIN = re.compile(r"[a-z][a-z0-9._-]{2,39}")


def staff_list() -> list[User]:
    """Everybody who works or worked here; those who still do first."""
    return list(User.objects.filter(is_staff=True).order_by("-is_active", "login"))


def staff_by_login(login: str) -> User:
    found = User.objects.filter(is_staff=True, login=login).first()
    if found is None:
        raise NotFound
    return found


def names(actors: Collection[str]) -> dict[str, str]:
    """What to call the actors of events: staff by login, buyers by masked number."""
    ids = [int(one.partition(":")[2]) for one in actors if one.startswith("user:")]
    found = {f"user:{user.pk}": user.masked_phone for user in User.objects.filter(pk__in=ids)}
    staff = User.objects.filter(login__in=[one for one in actors if ":" not in one])
    return found | {user.login: user.name or user.login for user in staff if user.login}


def create_staff(*, login: str, name: str, password: str, roles: Collection[Role]) -> User:
    """A new account. `Refused` for a login that is taken or odd, a short password, no role."""
    if not _LOGIN.fullmatch(login):
        raise Refused(
            Text(
                "登录名用 3 到 40 个小写字母、数字或 . _ -，以字母开头",
                "A login is 3 to 40 lower-case letters, digits or . _ -, a letter first",
            )
        )
    if User.objects.filter(login=login).exists():
        raise Refused(
            Text(f"登录名 {login} 已被使用，请换一个", f"{login} is taken; choose another")
        )
    if len(password) < LEAST_PASSWORD:
        raise Refused(
            Text(
                f"密码至少 {LEAST_PASSWORD} 位，请重新填写",
                f"A password has at least {LEAST_PASSWORD} characters",
            )
        )
    person = User(login=login, name=name.strip()[:40] or login, is_staff=True)
    person.roles = _values(roles)
    person.set_password(password)
    person.save()
    return person


@transaction.atomic
def set_roles(*, login: str, roles: Collection[Role]) -> None:
    person = _locked(login)
    wanted = _values(roles)
    if Role.ADMIN.value in person.roles and Role.ADMIN.value not in wanted:
        _keep_an_administrator(person)
    person.roles = wanted
    person.save(update_fields=["roles"])


@transaction.atomic
def set_active(*, login: str, active: bool) -> None:
    """Let somebody in or not; who is inside is out at the next page."""
    person = _locked(login)
    if not active and Role.ADMIN.value in person.roles:
        _keep_an_administrator(person)
    person.is_active = active
    person.save(update_fields=["is_active"])


def reveal(*, user: User, case_no: str, why: str) -> None:
    """Write down that somebody looks at a buyer's data. `Refused` without a reason."""
    if not why.strip():
        raise Refused(Text("请写明查看原因", "Say why you need to see it"))
    Reveal.objects.create(user=user, case_no=case_no, why=why.strip()[:200], at=clock.now())


def reveals_of(case_no: str) -> list[Reveal]:
    return list(Reveal.objects.filter(case_no=case_no).select_related("user").order_by("-pk"))


def _locked(login: str) -> User:
    found = User.objects.select_for_update().filter(is_staff=True, login=login).first()
    if found is None:
        raise NotFound
    return found


def _keep_an_administrator(person: User) -> None:
    others = User.objects.select_for_update().filter(
        is_staff=True, is_active=True, roles__contains=[Role.ADMIN.value]
    )
    if not others.exclude(pk=person.pk).exists():
        raise Refused(
            Text(
                "这是最后一位管理员，请先指定另一位",
                "This is the last administrator; name another one first",
            )
        )


def _values(roles: Collection[Role]) -> list[str]:
    wanted = sorted(role.value for role in set(roles) & STAFF)
    if not wanted:
        raise Refused(Text("请至少选择一个角色", "Choose at least one role"))
    return wanted
