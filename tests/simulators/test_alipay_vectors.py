"""The vectors of other implementations, held against the simulator's side of the signatures."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from simulators.alipay.signing import Keys, joined
from tests.providers.vectors import FOLDER, VECTORS


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    for mine, theirs in (
        ("merchant_public.pem", "merchant.pub.pem"),
        ("platform_private.pem", "platform.pem"),
        ("alipay_public.pem", "platform.pub.pem"),
    ):
        shutil.copy(FOLDER / theirs, tmp_path / mine)
    return Keys(tmp_path)


def test_the_merchants_request_is_known_as_his(keys: Keys) -> None:
    vector = VECTORS["alipay_request"]
    params = {**vector["params"], "sign": vector["sign"]}

    assert joined(vector["params"]) == vector["string_to_sign"]
    assert sha256(vector["string_to_sign"].encode()).hexdigest() == vector["sha256"]
    assert keys.is_merchants(params)
    assert keys.is_merchants({**params, "app_auth_token": ""})
    for name in vector["params"]:
        assert not keys.is_merchants({**params, name: f"{params[name]}x"})


def test_a_notification_is_signed_to_the_letter(keys: Keys) -> None:
    vector = VECTORS["alipay_notify"]
    form = dict(parse_qsl(vector["http_body"]))
    said = {name: value for name, value in form.items() if name not in ("sign", "sign_type")}

    assert joined(said) == vector["string_to_sign"]
    assert keys.signed(said) == {**form, "sign": vector["sign"]}


def test_an_answer_is_signed_to_the_letter(keys: Keys) -> None:
    vector = VECTORS["alipay_response"]

    assert keys.sign(vector["signed_substring"]) == vector["sign"]
    assert vector["sign"] in vector["body"]
