"""Signing in: buyers by phone and code in one form, staff by login and password."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from allauth.account.stages import LoginByCodeStage, LoginStageController
from allauth.core import ratelimit
from django.http import HttpRequest

from shangliu.domain.crm import buyers
from shangliu.domain.crm.buyers import User
from shangliu.domain.notifications.inbox import send_code
from shangliu.platform.errors import Refused
from shangliu.platform.text import Text

DIGITS = 6


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """What allauth asks us: where a phone number is kept, and how a code travels."""

    def get_user_by_phone(self, phone: str) -> User | None:
        return buyers.buyer_by_phone(phone)

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        return (user.phone, user.phone_verified) if user.phone else None

    def set_phone(self, user: User, phone: str, verified: bool) -> None:  # noqa: FBT001
        user.phone, user.phone_verified = phone, verified
        user.save(update_fields=["phone", "phone_verified"])

    def set_phone_verified(self, user: User, phone: str) -> None:  # noqa: ARG002
        buyers.mark_verified(user)

    def send_verification_code_sms(self, *, phone: str, code: str, **_: Any) -> None:
        send_code(phone=phone, code=code)

    def generate_phone_verification_code(self, **_: Any) -> str:
        return new_code()

    def add_message(self, *_: Any, **__: Any) -> None:
        """allauth's own sentences are not ours; pages say what happened themselves."""


def new_code() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


class SignIn(LoginCodeVerificationProcess):  # type: ignore[misc]
    """allauth's sign-in by code, open to numbers that are new: the person is made when the code
    was right, so that typing a number makes nothing."""

    def generate_code(self) -> str:
        code = new_code()
        self.state["code"] = code
        return code

    def send_by_phone(self, phone: str, skip_enumeration_mails: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002
        send_code(phone=phone, code=self.generate_code())

    def finish(self, redirect_url: str | None) -> Any:
        if self.user is None:
            self._user = buyers.register(self.state["phone"])
            self.stage.login.user = self._user
        return super().finish(redirect_url)


def request_code(request: HttpRequest, phone: str) -> None:
    """Text a code to the number (E.164). `Refused` when that is asked for too often."""
    if not ratelimit.consume(request, action="request_login_code", key=phone):
        raise Refused(
            Text(
                "验证码发送太频繁，请一分钟后再试；每小时最多 5 次",
                "Too many codes were sent; wait a minute. At most 5 an hour",
            )
        )
    user = buyers.buyer_by_phone(phone)
    if user is not None and not user.is_active:
        raise Refused(Text("这个账号已停用，请联系客服", "This account is closed; contact us"))
    login = Login(user=user)
    login.state["stages"] = {"current": "login_by_code"}
    stage = LoginByCodeStage(LoginStageController(request, login), request, login)
    stage.state.update(SignIn.initial_state(user=user, phone=phone))
    stage.state["initiated_by_user"] = True
    process = SignIn(stage=stage)
    process.send()
    process.persist()


def pending(request: HttpRequest) -> SignIn | None:
    """The sign-in that waits for its code in this session, unless its time is over."""
    stage = LoginStageController.enter(request, "login_by_code")
    if stage is None:
        return None
    process = SignIn(stage=stage)
    found: SignIn | None = process.abort_if_invalid()
    return found


def confirm(request: HttpRequest, code: str, redirect_to: str) -> Any:
    """Sign in with the code; gives allauth's answer (a redirect). `Refused` for a wrong one."""
    process = pending(request)
    if process is None:
        raise Refused(
            Text("验证码已过期，请重新获取", "The code is no longer valid; get a new one")
        )
    typed = "".join(code.split())
    if not secrets.compare_digest(typed.encode(), process.code.encode()):
        if process.record_invalid_attempt():
            raise Refused(Text("验证码不对，请核对后重新输入", "That is not the code; check it"))
        raise Refused(Text("验证码错误次数过多，请重新获取", "Too many wrong codes; get a new one"))
    return process.finish(redirect_to)


def forget(request: HttpRequest) -> None:
    """Give up the pending sign-in, to type another number."""
    clear_login(request)
