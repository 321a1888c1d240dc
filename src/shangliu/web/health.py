"""Is everything up? 200 with a word for each component, 503 when one is down."""

from __future__ import annotations

import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from shangliu.platform import clock, health

_PATIENCE = 1.0  # seconds that a component has to answer
_LATE = timedelta(seconds=30)


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Asks each component once, side by side; nothing is started or repaired."""
    env = settings.SHANGLIU
    outside = {"stream": f"http://{env.reached_at}:{env.stream_port}/healthz"}
    if env.simulators:
        outside |= {
            "alipay": f"http://127.0.0.1:{env.alipay_port}/healthz",
            "kuaidi100": f"http://127.0.0.1:{env.kuaidi100_port}/healthz",
            "finance": f"http://127.0.0.1:{env.finance_port}/healthz",
            "wechat": f"http://127.0.0.1:{env.wechat_port}/healthz",
            "stripe": f"http://127.0.0.1:{env.stripe_port}/healthz",
        }
    with ThreadPoolExecutor(len(outside)) as pool:
        asked = {name: pool.submit(_answers, url) for name, url in outside.items()}
        components = _inside()
        components |= {name: {"ok": answer.result()} for name, answer in asked.items()}
    ok = all(component["ok"] for component in components.values())
    return JsonResponse(
        {"ok": ok, "at": clock.now().isoformat(), "components": components},
        status=200 if ok else 503,
    )


def _inside() -> dict[str, dict[str, object]]:
    """The database, and what it knows of the loops that work in the background."""
    try:
        loops, lag, topics = health.loops(), health.outbox_lag(), health.undelivered()
    except DatabaseError as error:
        return {"database": {"ok": False, "error": type(error).__name__}}
    ages = {name: clock.now() - beat for name, beat in loops.items()}
    alive = bool(ages) and all(age < _LATE for age in ages.values())
    return {
        "database": {"ok": True},
        "jobs": {
            "ok": alive,
            "seconds_since": {name: round(age.total_seconds(), 1) for name, age in ages.items()},
        },
        "outbox": {
            "ok": lag < timedelta(minutes=5),
            "lag_seconds": round(lag.total_seconds(), 1),
            "dead": sum(one.dead for one in topics.values()),
            "topics": {
                topic: {
                    "waiting": one.waiting,
                    "lag_seconds": round(one.lag.total_seconds(), 1),
                    "dead": one.dead,
                }
                for topic, one in topics.items()
            },
        },
    }


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE) as answer:  # noqa: S310 - our own
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
