"""Values computed by other implementations (INTEGRATIONS, appendix A.1 to A.3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from shangliu.domain.payments.provider import Charge, Outcome, ProviderError, Ref
from shangliu.platform import clock
from shangliu.platform.money import Money
from shangliu.providers.payments.alipay import Alipay
from shangliu.providers.payments.alipay_wire import Settings
from tests.providers.vectors import FOLDER, VECTORS
from tests.simulators.running import ear

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def _answering(body: str) -> Iterator[str]:
    """A gateway that always says the same."""
    with ear() as one:
        one.answer = (200, body.encode())
        yield one.url


def _with_vector_keys(**more: str) -> Alipay:
    return Alipay(
        settings=Settings.read(
            {
                "PAYMENTS_ALIPAY_PRIVATE_KEY_FILE": str(FOLDER / "merchant.pem"),
                "PAYMENTS_ALIPAY_PUBLIC_KEY_FILE": str(FOLDER / "platform.pub.pem"),
                **{f"PAYMENTS_ALIPAY_{name}": value for name, value in more.items()},
            }
        )
    )


class TestVectors:
    """Values computed by other implementations (INTEGRATIONS, appendix A)."""

    @pytest.fixture
    def adapter(self) -> Alipay:
        return _with_vector_keys()

    def test_a_request_is_signed_to_the_letter(self, adapter: Alipay) -> None:
        vector = VECTORS["alipay_request"]

        query = dict(parse_qsl(adapter.sdk.sign_data(dict(vector["params"]))))

        assert query["sign"] == vector["sign"]
        assert query == {**vector["params"], "sign": vector["sign"]}

    def test_a_notification_is_verified(self, adapter: Alipay) -> None:
        body = VECTORS["alipay_notify"]["http_body"].encode()

        said = adapter.read_notification(headers={}, body=body)

        assert (said.number, said.outcome) == ("T20261123000001", Outcome.PAID)
        assert said.amount == Money(8800)
        assert said.provider_id == "2026112322001416773000000001"
        assert said.notification_id == "2026112300222133021116773037000001"
        with pytest.raises(ProviderError):
            adapter.read_notification(headers={}, body=body.replace(b"88.00", b"88.01"))

    def test_an_answer_is_verified_and_read(self) -> None:
        body = VECTORS["alipay_response"]["body"]
        with _answering(body) as gateway:
            there = _with_vector_keys(GATEWAY=gateway)
            assert there.query(Ref(number="T20261123000001")).amount == Money(8800)

    @pytest.mark.parametrize(
        "change", [("88.00", "88.01"), ('"sign":"gY', '"sign":"gZ'), ("}", ""), ("{", "[")]
    )
    def test_an_answer_that_was_changed_leaves_the_result_unknown(
        self, change: tuple[str, str]
    ) -> None:
        with _answering(VECTORS["alipay_response"]["body"].replace(*change)) as gateway:
            there = _with_vector_keys(GATEWAY=gateway)
            with pytest.raises(ProviderError) as caught:
                there.query(Ref(number="T20261123000001"))
            assert caught.value.unknown

    def test_times_are_beijings(self, adapter: Alipay) -> None:
        with clock.at(datetime(2026, 11, 23, 5, 30, tzinfo=UTC)):
            started = adapter.start(
                Charge(
                    number="A1",
                    amount=Money(8800),
                    subject="茶",
                    expires_at=clock.now() + timedelta(minutes=30),
                    return_url="http://127.0.0.1/r",
                    notify_url="http://127.0.0.1/n",
                    method="page",
                )
            )
        query = dict(parse_qsl(urlsplit(started.redirect_to).query))
        assert query["timestamp"] == "2026-11-23 13:30:00"
        assert '"time_expire":"2026-11-23 14:00:00"' in query["biz_content"]
        assert '"total_amount":"88.00"' in query["biz_content"]
