"""All that the environment may say, read once; a value that makes no sense stops the program."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

_TRUE = {"1", "true", "yes", "on"}
MOST_A_MINUTE = 60  # orders of the demo trade
_FALSE = {"", "0", "false", "no", "off"}


class BadEnvironment(SystemExit):
    """Says in Chinese and English which variable is wrong and what it should be."""

    def __init__(self, name: str, zh: str, en: str) -> None:
        super().__init__(f"环境变量 {name}：{zh}\nenvironment variable {name}: {en}")


@dataclass(frozen=True, kw_only=True)
class Env:
    """`database_url` empty: the embedded PostgreSQL in `data_dir` is used. `life`: orders a minute
    of the demo trade that opens with the shop, 0 for none. Ports count up from `port`: stream +1,
    simulators +11 (Alipay), +12 (Kuaidi100), +13 (finance), +14 (WeChat Pay), +15 (Stripe)."""

    data_dir: Path
    host: str
    port: int
    public_url: str
    database_url: str
    redis_url: str
    secret_key: str
    debug: bool
    demo: bool
    simulators: bool
    life: int
    workers: int
    finance_url: str
    finance_secret: str

    @property
    def stream_port(self) -> int:
        return self.port + 1

    @property
    def alipay_port(self) -> int:
        return self.port + 11

    @property
    def kuaidi100_port(self) -> int:
        return self.port + 12

    @property
    def finance_port(self) -> int:
        return self.port + 13

    @property
    def wechat_port(self) -> int:
        return self.port + 14

    @property
    def stripe_port(self) -> int:
        return self.port + 15

    @property
    def reached_at(self) -> str:
        """The address at which programs of this machine find what listens on `host`."""
        return _reached(self.host)

    @property
    def stream_url(self) -> str:
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.hostname}:{self.stream_port}"

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        public = urlsplit(self.public_url).hostname or "localhost"
        return (public, self.reached_at, "127.0.0.1", "localhost")

    @property
    def database(self) -> dict[str, Any]:
        """Django's settings of the database."""
        url = self.database_url or embedded_url(self.data_dir)
        return database_of(url)

    @property
    def cache(self) -> dict[str, Any]:
        if self.redis_url:
            return {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": self.redis_url,
            }
        return {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "django_cache",
        }


def embedded_url(data_dir: Path, name: str = "shangliu") -> str:
    """Where the embedded server of this data directory listens (its own file says so)."""
    port, password = data_dir / "postgres.port", data_dir / "postgres.password"
    known = port.read_text().strip() if port.exists() else "54329"
    secret = f":{password.read_text().strip()}" if password.exists() else ""
    return f"postgresql://postgres{secret}@127.0.0.1:{known}/{name}"


def database_of(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if port == -1 or parts.scheme not in ("postgres", "postgresql") or len(parts.path) < 2:
        raise BadEnvironment(
            "DATABASE_URL",
            "要写成 postgresql://用户:密码@主机:端口/库名",
            "write postgresql://user:password@host:port/name",
        )
    return {
        "ENGINE": "shangliu.platform.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "prepare_threshold": 3,
            "server_side_binding": True,
            **dict(parse_qsl(parts.query)),
        },
    }


def read(environ: Mapping[str, str]) -> Env:
    """The environment, checked. Raises `BadEnvironment`."""
    data_dir = Path(environ.get("DATA_DIR") or "var").expanduser().resolve()
    port = _number(environ, "PORT", 8000)
    host = environ.get("HOST") or "127.0.0.1"
    return Env(
        data_dir=data_dir,
        host=host,
        port=port,
        public_url=(environ.get("PUBLIC_URL") or f"http://{_reached(host)}:{port}").rstrip("/"),
        database_url=environ.get("DATABASE_URL", ""),
        redis_url=_redis(environ.get("REDIS_URL", "")),
        secret_key=environ.get("SECRET_KEY") or _kept_secret(data_dir / "secret_key"),
        debug=_switch(environ, "DEBUG", default=False),
        demo=_switch(environ, "DEMO", default=True),
        simulators=_switch(environ, "SIMULATORS", default=True),
        life=_rate(environ.get("LIFE", "")),
        workers=_number(environ, "WEB_WORKERS", 2),
        finance_url=environ.get("FINANCE_WEBHOOK_URL") or f"http://127.0.0.1:{port + 13}/hook",
        finance_secret=environ.get("FINANCE_WEBHOOK_SECRET")
        or _kept_secret(data_dir / "finance_secret"),
    )


def _reached(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else host  # noqa: S104


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    said = environ.get(name, "")
    if not said:
        return default
    if not said.isdigit() or not 0 < int(said) < 65_500:
        raise BadEnvironment(name, f"“{said}”不是可用的数字", f"“{said}” is not a usable number")
    return int(said)


def _rate(said: str) -> int:
    if said and not (said.isdigit() and int(said) <= MOST_A_MINUTE):
        raise BadEnvironment(
            "LIFE",
            f"填每分钟下单数，0 到 {MOST_A_MINUTE}",
            f"give orders a minute, 0 to {MOST_A_MINUTE}",
        )
    return int(said or 0)


def _redis(url: str) -> str:
    if url and urlsplit(url).scheme not in ("redis", "rediss", "unix"):
        raise BadEnvironment("REDIS_URL", "要写成 redis://主机:端口/0", "write redis://host:port/0")
    return url


def _switch(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    said = environ.get(name)
    if said is None:
        return default
    if said.lower() in _TRUE:
        return True
    if said.lower() in _FALSE:
        return False
    raise BadEnvironment(name, "只能是 1 或 0", "must be 1 or 0")


def _kept_secret(path: Path) -> str:
    """A secret made once and kept beside the data."""
    if not path.exists():
        keep_private(path, secrets.token_urlsafe(48))
    return path.read_text().strip()


def keep_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, all at once; one that is there already stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    with suppress(FileExistsError):
        os.link(draft, path)
    Path(draft).unlink()
