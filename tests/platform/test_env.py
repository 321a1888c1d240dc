"""What the environment may say, and that nonsense stops the program with a sentence."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from shangliu.platform.env import BadEnvironment, database_of, embedded_url, keep_private, read


def test_an_empty_environment_is_a_shop_on_port_8000_with_its_own_database(tmp_path: Path) -> None:
    env = read({"DATA_DIR": str(tmp_path)})
    assert (env.host, env.port, env.stream_port) == ("127.0.0.1", 8000, 8001)
    assert (env.alipay_port, env.kuaidi100_port, env.finance_port) == (8011, 8012, 8013)
    assert env.wechat_port == 8014
    assert env.stripe_port == 8015
    assert env.public_url == "http://127.0.0.1:8000"
    assert env.database_url == ""
    assert env.database["HOST"] == "127.0.0.1"
    assert env.cache["BACKEND"].endswith(".DatabaseCache")
    assert (env.debug, env.demo, env.simulators, env.life) == (False, True, True, 0)


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = read({"DATA_DIR": str(tmp_path)}).secret_key
    assert len(first) >= 50
    assert read({"DATA_DIR": str(tmp_path)}).secret_key == first
    assert read({"DATA_DIR": str(tmp_path), "SECRET_KEY": "given"}).secret_key == "given"
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["finance_secret", "secret_key"]


def test_a_secret_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    keep_private(tmp_path / "secret", "first")
    keep_private(tmp_path / "secret", "second")
    assert (tmp_path / "secret").read_text() == "first"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eighty", "环境变量 PORT：“eighty”不是可用的数字"),
        ("PORT", "0", "环境变量 PORT：“0”不是可用的数字"),
        ("PORT", "70000", "environment variable PORT: “70000” is not a usable number"),
        ("SIMULATORS", "maybe", "环境变量 SIMULATORS：只能是 1 或 0"),
        ("LIFE", "61", "环境变量 LIFE：填每分钟下单数，0 到 60"),
        ("LIFE", "some", "environment variable LIFE: give orders a minute, 0 to 60"),
        ("DEBUG", "2", "environment variable DEBUG: must be 1 or 0"),
        ("REDIS_URL", "localhost:6379", "环境变量 REDIS_URL：要写成 redis://主机:端口/0"),
    ],
)
def test_nonsense_is_named_with_what_is_wanted(
    tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    with pytest.raises(BadEnvironment) as refused:
        read({"DATA_DIR": str(tmp_path), name: value})
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "url", ["mysql://a@b/c", "postgresql://localhost", "postgresql://a@b:port/c", "shop"]
)
def test_a_database_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadEnvironment, match="DATABASE_URL"):
        database_of(url)


def test_a_database_url_becomes_djangos_settings() -> None:
    found = database_of("postgresql://shop:p%40ss@db.example:6432/wares?sslmode=require")
    assert (found["USER"], found["PASSWORD"]) == ("shop", "p@ss")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example", "6432", "wares")
    assert found["OPTIONS"]["sslmode"] == "require"
    assert found["OPTIONS"]["connect_timeout"] == 5


def test_redis_is_used_when_it_is_named(tmp_path: Path) -> None:
    env = read({"DATA_DIR": str(tmp_path), "REDIS_URL": "redis://cache:6379/1"})
    assert env.cache == {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://cache:6379/1",
    }


@pytest.mark.parametrize(
    ("host", "reached"), [("0.0.0.0", "127.0.0.1"), ("10.1.2.3", "10.1.2.3"), ("", "127.0.0.1")]
)
def test_the_shop_answers_under_the_address_that_it_listens_on(
    tmp_path: Path, host: str, reached: str
) -> None:
    env = read({"DATA_DIR": str(tmp_path), "HOST": host})
    assert env.reached_at == reached
    assert env.public_url == f"http://{reached}:8000"
    assert reached in env.allowed_hosts


def test_the_embedded_database_is_found_by_the_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "postgres.port").write_text("15999\n")
    (tmp_path / "postgres.password").write_text("geheim")
    assert embedded_url(tmp_path, "x") == "postgresql://postgres:geheim@127.0.0.1:15999/x"
