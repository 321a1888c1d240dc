"""The hand on the simulators: what buyers do at their gateways, what carriers do with parcels."""

from __future__ import annotations

import requests

from shangliu.platform.env import Env

TIMEOUT = (2.0, 8.0)


class AwayError(Exception):
    """A simulator or the shop does not answer, or not as it should."""


class Simulators:
    """Their control interfaces (`/_sim/`), by the codes of the gateways."""

    def __init__(self, env: Env) -> None:
        self._bases = {
            "alipay": f"http://127.0.0.1:{env.alipay_port}",
            "wechat": f"http://127.0.0.1:{env.wechat_port}",
            "stripe": f"http://127.0.0.1:{env.stripe_port}",
            "kuaidi100": f"http://127.0.0.1:{env.kuaidi100_port}",
        }
        self._session = requests.Session()
        self._session.trust_env = False

    def knows(self, gateway: str) -> bool:
        return gateway in self._bases

    def pay(self, gateway: str, number: str) -> None:
        self._do(gateway, "pay", out_trade_no=number)

    def refuse(self, gateway: str, number: str) -> None:
        self._do(gateway, "refuse", out_trade_no=number)

    def lose_next_notice(self, gateway: str, number: str) -> None:
        self._do(gateway, "faults", kind="lose", out_trade_no=number)

    def delay_next_notice(self, gateway: str, number: str, seconds: int) -> None:
        self._do(gateway, "faults", kind="delay", out_trade_no=number, value=str(seconds))

    def repeat_notice(self, gateway: str, number: str) -> None:
        self._do(gateway, "notify/duplicate", out_trade_no=number)

    def visit(self, address: str) -> None:
        """The buyer's browser follows a redirect to the cashier page of a gateway."""
        self._ask("GET", address, {})

    def is_at(self, gateway: str, address: str) -> bool:
        return address.startswith(self._bases[gateway] + "/")

    def move_parcel(self, waybill_no: str) -> None:
        """One event further on its road."""
        self._do("kuaidi100", "next", number=waybill_no)

    def carrier_pace(self, *, stands_still: bool) -> None:
        self._do("kuaidi100", "pace", still="1" if stands_still else "")

    def carrier_refuses(self, *, refuses: bool) -> None:
        self._do("kuaidi100", "fail-labels", times="1000000" if refuses else "0")

    def forget(self, system: str, number: str) -> None:
        """A gateway never heard of this payment, nor do its statements; a carrier of a waybill."""
        self._do(system, "forget", out_trade_no=number)

    def _do(self, system: str, action: str, **said: str) -> None:
        self._ask("POST", f"{self._bases[system]}/_sim/{action}", said)

    def _ask(self, method: str, address: str, said: dict[str, str]) -> None:
        try:
            answer = self._session.request(method, address, data=said, timeout=TIMEOUT)
        except requests.RequestException as failed:
            raise AwayError(f"{address}: {type(failed).__name__}") from failed
        if answer.status_code >= 400:
            raise AwayError(f"{address}: {answer.status_code} {answer.text[:80]}")
