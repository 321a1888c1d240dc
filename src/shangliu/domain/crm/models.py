"""Who buys and who works here."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

from shangliu.platform import clock
from shangliu.process.roles import Role


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(login=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A buyer signs in by phone (E.164) and code, staff by `login` and password; one row each.

    `roles` are `Role` values; an administrator's list holds all that he acts as.
    """

    phone = models.CharField("手机号", max_length=20, unique=True, null=True, blank=True)
    phone_verified = models.BooleanField("手机号已验证", default=False)
    login = models.CharField("登录名", max_length=40, unique=True, null=True, blank=True)
    name = models.CharField("姓名", max_length=40, blank=True, default="")
    roles = models.JSONField("角色", default=list, blank=True)
    is_staff = models.BooleanField("员工", default=False)
    is_active = models.BooleanField("可用", default=True)
    is_demo = models.BooleanField("演示数据", default=False)
    joined_at = models.DateTimeField("注册时间", default=clock.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "用户"

    def __str__(self) -> str:
        return self.name or self.login or self.masked_phone

    @property
    def masked_phone(self) -> str:
        """`138****8000`: what may be shown to others."""
        digits = (self.phone or "").removeprefix("+86")
        return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 8 else "****"

    @property
    def acts_as(self) -> frozenset[Role]:
        return frozenset(Role(role) for role in self.roles)


class Address(models.Model):
    """Where a buyer wants things sent."""

    user = models.ForeignKey(User, models.CASCADE, related_name="addresses", verbose_name="用户")
    name = models.CharField("收货人", max_length=40)
    phone = models.CharField("手机号", max_length=20)
    province = models.CharField("省", max_length=20)
    city = models.CharField("市", max_length=30)
    district = models.CharField("区县", max_length=30, blank=True, default="")
    street = models.CharField("详细地址", max_length=120)
    is_default = models.BooleanField("默认", default=False)

    class Meta:
        verbose_name = "收货地址"

    def __str__(self) -> str:
        return f"{self.province}{self.city}{self.district}{self.street}"


class Reveal(models.Model):
    """Somebody of the staff looked at masked personal data. Written before it is shown."""

    user = models.ForeignKey(User, models.PROTECT, verbose_name="员工", related_name="+")
    case_no = models.CharField("案例", max_length=40, db_index=True)
    why = models.CharField("原因", max_length=200)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "查看个人信息"

    def __str__(self) -> str:
        return f"{self.user_id} {self.case_no}"


class Assignment(models.Model):
    """Who takes care of an object that waits, from the `entered_at` of that stay on: when the
    object moves on it is nobody's again. Rows are only added; the newest of an object counts, and
    an empty `login` gives it back."""

    process = models.CharField("流程", max_length=30)
    object_id = models.BigIntegerField("单据")
    case_no = models.CharField("案例", max_length=40, db_index=True)
    entered_at = models.DateTimeField("进入时间")
    login = models.CharField("负责人", max_length=40, blank=True)
    by = models.CharField("指派人", max_length=80)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "指派"
        indexes = [models.Index(fields=["process", "object_id", "-id"], name="assignment_newest")]

    def __str__(self) -> str:
        return f"{self.process} {self.object_id}: {self.login}"
