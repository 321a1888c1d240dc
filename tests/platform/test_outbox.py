"""Letters: at least once, applied once, in order for each case, dead with a reason, alive again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from shangliu.platform import clock, outbox
from shangliu.platform.models import Outbox
from shangliu.platform.outbox import LEASE, MOST_ATTEMPTS, Handler, Letter, Undelivered

pytestmark = pytest.mark.django_db

START = clock.now() - timedelta(days=1)


@pytest.fixture
def noon() -> Iterator[datetime]:
    with clock.at(START):
        yield START


def letter(topic: str = "notice.order_paid", case: str = "T1", step: str = "order.pay") -> Outbox:
    process, _, name = step.partition(".")
    return Outbox.objects.create(
        topic=topic,
        ordering=case,
        body={"process": process, "id": 1, "step": name, "case": case},
        event_id=1,
        created_at=clock.now(),
        due_at=clock.now(),
    )


class Receiver:
    """Writes down what it is given; refuses while `broken`."""

    def __init__(self) -> None:
        self.got: list[int] = []
        self.broken: set[int] = set()

    def __call__(self, one: Letter) -> None:
        self.got.append(one.id)
        if one.id in self.broken:
            raise ConnectionError("nobody there")


def table(receiver: Handler) -> dict[str, Handler]:
    return {"notice.*": receiver, "finance.*": receiver, "refund.execute": receiver}


def test_a_batch_says_after_each_letter_that_it_goes_on(noon: datetime) -> None:
    receiver = Receiver()
    first, other = letter(), letter(case="T2")
    receiver.broken = {first.pk}
    seen: list[int] = []
    outbox.drain(table(receiver), after_each=lambda: seen.append(len(receiver.got)))
    assert receiver.got == [first.pk, other.pk]
    assert seen == [1, 2]


def test_letters_of_a_case_come_one_after_the_other_and_others_do_not_wait(noon: datetime) -> None:
    receiver = Receiver()
    first, second, other = letter(), letter(), letter(case="T2")
    receiver.broken = {first.pk}
    outbox.drain(table(receiver))
    assert receiver.got == [first.pk, other.pk]
    receiver.broken = set()
    with clock.ahead(timedelta(seconds=2)):
        outbox.drain_all(table(receiver))
    assert receiver.got == [first.pk, other.pk, first.pk, second.pk]
    assert outbox.counts() == {"dead": 0, "waiting": 0}


def test_one_channel_that_is_away_does_not_hold_up_another_of_the_same_case(
    noon: datetime,
) -> None:
    receiver = Receiver()
    away, told = letter("finance.order_paid"), letter("notice.order_paid")
    receiver.broken = {away.pk}
    outbox.drain(table(receiver))
    assert receiver.got == [away.pk, told.pk]
    assert Outbox.objects.get(pk=told.pk).done_at is not None


def test_who_dies_with_a_letter_in_hand_leaves_it_to_the_next_after_the_lease(
    noon: datetime,
) -> None:
    receiver = Receiver()
    one = letter()

    def dies(_: Letter) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outbox.drain(table(dies))
    assert outbox.drain(table(receiver)) == 0
    with clock.ahead(LEASE + timedelta(seconds=1)):
        assert outbox.drain(table(receiver)) == 1
    assert receiver.got == [one.pk]
    assert Outbox.objects.get().attempts == 2


def given_up(receiver: Receiver, *letters: Outbox) -> None:
    receiver.broken |= {one.pk for one in letters}
    for n in range(MOST_ATTEMPTS):
        with clock.ahead(timedelta(minutes=20 * n)):
            outbox.drain(table(receiver))


def test_a_letter_is_given_up_after_ten_tries_with_its_reason_and_those_behind_it_go_on(
    noon: datetime,
) -> None:
    receiver = Receiver()
    bad, behind = letter(), letter()
    given_up(receiver, bad)
    bad.refresh_from_db()
    assert (bad.attempts, bad.error) == (MOST_ATTEMPTS, "ConnectionError: nobody there")
    assert bad.dead_at is not None
    outbox.drain(table(receiver))
    assert receiver.got == [bad.pk] * MOST_ATTEMPTS + [behind.pk]
    assert outbox.dead_letters() == [bad]


def test_waits_grow_from_one_second_to_minutes(noon: datetime) -> None:
    receiver = Receiver()
    bad = letter()
    receiver.broken = {bad.pk}
    waits = []
    moment = noon
    for _ in range(MOST_ATTEMPTS - 1):
        with clock.at(moment):
            outbox.drain(table(receiver))
        bad.refresh_from_db()
        waits.append((bad.due_at - moment).total_seconds())
        moment = bad.due_at
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256]


def test_a_topic_that_nobody_takes_says_so(noon: datetime) -> None:
    one = letter("telegram.send")
    outbox.drain(table(Receiver()))
    one.refresh_from_db()
    assert one.error == "LookupError: nobody takes telegram.send"


def test_a_dead_letter_is_delivered_once_it_was_sent_again(noon: datetime) -> None:
    receiver = Receiver()
    bad = letter()
    given_up(receiver, bad)
    receiver.broken, receiver.got = set(), []
    assert outbox.redrive(bad.pk) == 1
    assert outbox.drain(table(receiver)) == 1
    bad.refresh_from_db()
    assert (bad.dead_at, bad.error, bad.attempts) == (None, "", 1)
    assert receiver.got == [bad.pk]
    assert outbox.redrive(bad.pk) == 0, "what was delivered is not sent again"
    assert outbox.drain(table(receiver)) == 0


def test_a_topic_or_a_channel_is_sent_again_at_once(noon: datetime) -> None:
    receiver = Receiver()
    paid = letter("finance.order_paid")
    settled = letter("finance.settled", case="T2")
    told = letter("notice.order_paid", case="T3")
    given_up(receiver, paid, settled, told)
    assert outbox.redrive_topic("finance.order_paid") == 1
    assert [one.pk for one in outbox.dead_letters()] == [told.pk, settled.pk]
    assert outbox.redrive_topic("finance") == 1
    assert [one.pk for one in outbox.dead_letters()] == [told.pk]
    assert outbox.redrive_topic("nothing") == 0


def test_what_waits_for_another_try_may_have_it_now(noon: datetime) -> None:
    receiver = Receiver()
    bad = letter()
    receiver.broken = {bad.pk}
    outbox.drain(table(receiver))
    receiver.broken = set()
    assert outbox.drain(table(receiver)) == 0
    assert outbox.redrive(bad.pk) == 1
    assert outbox.drain(table(receiver)) == 1
    assert outbox.counts() == {"dead": 0, "waiting": 0}


def test_what_is_undelivered_is_counted_by_topic_and_by_step(noon: datetime) -> None:
    receiver = Receiver()
    bad = letter("finance.order_paid")
    given_up(receiver, bad)
    letter("notice.refund_done", case="T2", step="refund.succeed")
    with clock.ahead(timedelta(seconds=3)):
        assert outbox.by_topic() == {
            "finance.order_paid": Undelivered(0, 1, timedelta()),
            "notice.refund_done": Undelivered(1, 0, timedelta(seconds=3)),
        }
        assert outbox.by_step() == {"order.pay": Undelivered(0, 1, timedelta())}
    with clock.ahead(timedelta(seconds=9)):
        assert outbox.by_step()["refund.succeed"] == Undelivered(1, 0, timedelta(seconds=9))
        assert outbox.lag() == timedelta(seconds=9)
    assert outbox.letters_of_step("order.pay") == [bad]
    assert outbox.redrive_step("order.pay") == 1
    assert outbox.by_topic()["finance.order_paid"].dead == 0
