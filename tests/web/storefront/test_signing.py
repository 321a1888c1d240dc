"""Signing in by phone and code, and as staff by password."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_django import Settings

from shangliu.domain.crm.models import User
from shangliu.domain.notifications.models import Message
from shangliu.process.roles import Role
from tests.insight import world
from tests.web.storefront.walker import Walker, code_of

pytestmark = pytest.mark.django_db

PHONE = "13800138000"


def test_a_new_number_is_registered_by_its_code(walker: Walker) -> None:
    walker.get("/sign-in/")
    walker.send("/sign-in/", phone=PHONE)
    assert not User.objects.exists()
    walker.send("/sign-in/", code=code_of(PHONE))
    person = User.objects.get()
    assert (person.phone, person.phone_verified) == (f"+86{PHONE}", True)
    assert walker.client.session["_auth_user_id"] == str(person.pk)


def test_a_known_number_signs_the_same_person_in(walker: Walker) -> None:
    person = world.buyer(f"+86{PHONE}")
    walker.sign_in(PHONE)
    assert walker.client.session["_auth_user_id"] == str(person.pk)


def test_a_wrong_code_is_refused_and_five_end_it(walker: Walker) -> None:
    walker.get("/sign-in/")
    walker.send("/sign-in/", phone=PHONE)
    right = code_of(PHONE)
    wrong = f"{(int(right) + 1) % 1000000:06d}"
    for _ in range(4):
        assert walker.send("/sign-in/", code=wrong).status_code == 409
        assert "验证码不对" in walker.text
    walker.send("/sign-in/", code=wrong)
    assert "错误次数过多" in walker.text
    assert walker.send("/sign-in/", code=right).status_code == 409
    assert not User.objects.exists()


def test_a_second_code_within_a_minute_is_refused(walker: Walker, other: Walker) -> None:
    walker.get("/sign-in/")
    walker.send("/sign-in/", phone=PHONE)
    other.get("/sign-in/")
    answer = other.send("/sign-in/", phone=f"+86 {PHONE}")
    assert answer.status_code == 409
    assert "发送太频繁" in other.text
    assert PHONE in other.html
    assert Message.objects.count() == 1


def test_the_code_is_of_this_browser_alone(walker: Walker, other: Walker) -> None:
    walker.get("/sign-in/")
    walker.send("/sign-in/", phone=PHONE)
    other.get("/sign-in/")
    assert other.send("/sign-in/", code=code_of(PHONE)).status_code == 409
    assert "_auth_user_id" not in other.client.session


@pytest.mark.parametrize("typed", ["", "123", "abc", "1380013800", "+1 555"])
def test_what_is_no_number_gets_no_code(typed: str, walker: Walker) -> None:
    walker.get("/sign-in/")
    assert walker.send("/sign-in/", phone=typed).status_code == 409
    assert "手机号不正确" in walker.text
    assert not Message.objects.exists()


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(there: str, walker: Walker) -> None:
    walker.get("/sign-in/")
    walker.send("/sign-in/", phone=PHONE)
    answer = walker.post("/sign-in/", code=code_of(PHONE), next=there)
    assert answer["Location"] == "/"


def test_somebody_who_was_shut_out_gets_no_code(walker: Walker) -> None:
    person = world.buyer(f"+86{PHONE}")
    person.is_active = False
    person.save()
    walker.get("/sign-in/")
    assert walker.send("/sign-in/", phone=PHONE).status_code == 409
    assert not Message.objects.exists()


def test_signing_out_needs_a_form_of_ours(walker: Walker) -> None:
    walker.sign_in(PHONE)
    assert walker.client.get("/sign-out/").status_code == 405
    assert walker.client.post("/sign-out/").status_code == 403
    walker.get("/account/")
    walker.send("/sign-out/")
    assert "_auth_user_id" not in walker.client.session


def test_the_inbox_is_only_for_the_demo(walker: Walker, settings: Settings) -> None:
    walker.get("/sign-in/")
    walker.send("/sign-in/", phone=PHONE)
    assert code_of(PHONE) in walker.get("/dev/inbox/").content.decode()
    settings.SHANGLIU = replace(settings.SHANGLIU, demo=False)
    assert walker.get("/dev/inbox/").status_code == 404


def test_staff_sign_in_by_password(walker: Walker) -> None:
    world.staff("cangku", Role.WAREHOUSE)
    walker.get("/staff/sign-in/?next=/staff/orders/")
    assert walker.send("/staff/sign-in/", login="cangku", password="wrong").status_code == 403
    assert "登录名或密码不对" in walker.text
    answer = walker.post(
        "/staff/sign-in/", login="cangku", password="correct horse", next="/staff/x/"
    )
    assert answer["Location"] == "/staff/x/"


def test_a_buyer_has_no_password_to_enter_with(walker: Walker) -> None:
    world.buyer(f"+86{PHONE}")
    walker.get("/staff/sign-in/")
    assert walker.send("/staff/sign-in/", login="", password="").status_code == 403


def test_guessing_a_password_is_slowed_down(walker: Walker) -> None:
    world.staff("cangku", Role.WAREHOUSE)
    walker.get("/staff/sign-in/")
    for _ in range(5):
        walker.send("/staff/sign-in/", login="cangku", password="wrong")
    assert (
        walker.send("/staff/sign-in/", login="cangku", password="correct horse").status_code == 403
    )
    assert "尝试次数过多" in walker.text


def test_messages_are_read_once(walker: Walker) -> None:
    walker.sign_in(PHONE)
    person = User.objects.get()
    Message.objects.create(
        unique_key="x",
        channel="site",
        user=person,
        template="order_paid",
        title="付款成功",
        text="已收到",
        created_at=person.joined_at + timedelta(seconds=1),
    )
    walker.get("/messages/")
    assert "新 付款成功" in walker.text
    walker.get("/messages/")
    assert "新 付款成功" not in walker.text


def test_many_may_sign_in_from_one_office(walker: Walker) -> None:
    world.staff("cangku", Role.WAREHOUSE)
    for _ in range(15):
        walker.get("/staff/sign-in/")
        answer = walker.post("/staff/sign-in/", login="cangku", password="correct horse")
        assert answer.status_code == 302
