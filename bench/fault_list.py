"""Twenty-odd things that go wrong in a shop, how each is done and undone, and what names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bench.fault_world import World
from shangliu.domain.inventory.handling import keep_back
from shangliu.domain.inventory.models import Stock
from shangliu.flow.policies import Policies
from shangliu.platform import clock
from shangliu.process import policies

Act = Callable[[World], object]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """`stage` empty: it concerns all of them. `about`: the processes whose decision may be named."""

    name: str
    group: str
    inject: Act
    heal: Act
    system: str
    stage: str = ""
    about: tuple[str, ...] = ()


def _alipay(*kinds: str, **more: object) -> Act:
    def act(world: World) -> None:
        for kind in kinds:
            world.alipay("faults", kind=kind, times=-1, **more)

    return act


def _well(world: World) -> None:
    world.alipay("faults/clear")


def _forged(world: World) -> None:
    rows = world.sql("SELECT number FROM payments_payment WHERE provider = 'alipay' ORDER BY id DESC LIMIT 3")
    for (number,) in rows:
        world.alipay("notify/probe", out_trade_no=number)


def _kill(name: str) -> Act:
    return lambda world: world.kill(name)


def _start(name: str) -> Act:
    return lambda world: world.start(name)


def _trigger(table: str) -> Act:
    def act(world: World) -> None:
        world.sql(
            "CREATE OR REPLACE FUNCTION out_of_order() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'smtp: 554 rejected'; END $$"
        )
        world.sql(
            f"CREATE TRIGGER out_of_order BEFORE INSERT ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION out_of_order()"
        )

    return act


def _untrigger(table: str) -> Act:
    def act(world: World) -> None:
        world.sql(f"DROP TRIGGER IF EXISTS out_of_order ON {table}")
        world.sql("UPDATE platform_outbox SET due_at = now() WHERE done_at IS NULL AND dead_at IS NULL")

    return act


def _set(policy: policies.Policy, value: int) -> Act:
    return lambda world: policies.change(policy, value, user_id=None, why="fault suite")


def _silent(world: World) -> None:
    """The carrier takes parcels and reports nothing."""
    child = world.children["kuaidi100"]
    world.kill("kuaidi100")
    words = child.spec.command
    at = words.index("--auto")
    silent = (*words[:at], "--auto", "0")
    child.spec = type(child.spec)(child.spec.name, silent, child.spec.health)
    child.start()
    child.wait_ready(30)


def _reports(world: World) -> None:
    child = world.children["kuaidi100"]
    world.kill("kuaidi100")
    words = child.spec.command
    at = words.index("--auto")
    loud = (*words[:at], "--auto", "1.5", "--pickup", "1.5")
    child.spec = type(child.spec)(child.spec.name, loud, child.spec.health)
    child.start()
    child.wait_ready(30)


def _tamper(column: str, by: int) -> Act:
    return lambda world: world.sql(
        f"UPDATE inventory_stock SET {column} = {column} + {by}"
        " WHERE id = (SELECT min(id) FROM inventory_stock WHERE on_hand > 100)"
    )


def _keep_all(world: World) -> None:
    for stock in Stock.objects.filter(on_hand__gt=100).order_by("id")[:200]:
        keep_back(stock_id=stock.pk, quantity=stock.on_hand, actor="yunying", why="盘点")


def _keep_none(world: World) -> None:
    for stock in Stock.objects.filter(safety__gt=0):
        keep_back(stock_id=stock.pk, quantity=0, actor="yunying", why="盘点完成")


def _no_bill(world: World) -> None:
    world.alipay("faults", kind="http_502", times=-1, method=_BILL)
    yesterday = clock.local(clock.now()).date() - timedelta(days=2)
    world.sql("DELETE FROM reconciliation_dailybill WHERE day <= %s AND provider = 'alipay'", yesterday)


_BILL = "alipay.data.dataservice.bill.downloadurl.query"
_QUERY = "alipay.trade.query"
_PAY = {"stage": "payment", "about": ("payment",)}
_SHIP = {"stage": "delivery", "about": ("parcel",)}


FAULTS: tuple[Fault, ...] = (
    Fault(name="notification lost", group="notification path", inject=_alipay("lose"),
          heal=_well, system="alipay", **_PAY),  # type: ignore[arg-type]
    Fault(name="notification forged", group="notification path", inject=_forged,
          heal=lambda _: None, system="alipay", **_PAY),  # type: ignore[arg-type]
    Fault(name="notification with a wrong amount", group="notification path",
          inject=_alipay("wrong_amount"), heal=_well, system="alipay", **_PAY),  # type: ignore[arg-type]
    Fault(name="notification late", group="notification path",
          inject=_alipay("delay", value=32), heal=_well, system="alipay", **_PAY),  # type: ignore[arg-type]
    Fault(name="gateway down", group="gateway", inject=_kill("alipay"), heal=_start("alipay"),
          system="alipay", **_PAY),  # type: ignore[arg-type]
    Fault(name="gateway answers 502", group="gateway", inject=_alipay("lose", "http_502"),
          heal=_well, system="alipay", **_PAY),  # type: ignore[arg-type]
    Fault(name="gateway slow", group="gateway", inject=_alipay("lose", "latency", value=4000),
          heal=_well, system="alipay", **_PAY),  # type: ignore[arg-type]
    Fault(name="gateway signs wrongly", group="gateway", inject=_alipay("lose", "probe_answer"),
          heal=_well, system="alipay", **_PAY),  # type: ignore[arg-type]
    Fault(name="gateway does not know (20000)", group="gateway", inject=_alipay("lose", "unknown"),
          heal=_well, system="alipay", **_PAY),  # type: ignore[arg-type]
    Fault(name="statement cannot be fetched", group="gateway", inject=_no_bill, heal=_well,
          system="alipay", stage="receipt", about=("difference",)),
    Fault(name="carrier down", group="carrier", inject=_kill("kuaidi100"),
          heal=_start("kuaidi100"), system="kuaidi100", **_SHIP),  # type: ignore[arg-type]
    Fault(name="carrier refuses waybills", group="carrier",
          inject=lambda world: world.sim(world.stage.env.kuaidi100_port, "fail-labels", times=10_000),
          heal=lambda world: world.sim(world.stage.env.kuaidi100_port, "fail-labels", times=0),
          system="kuaidi100", **_SHIP),  # type: ignore[arg-type]
    Fault(name="tracking silent", group="carrier", inject=_silent, heal=_reports,
          system="kuaidi100", **_SHIP),  # type: ignore[arg-type]
    Fault(name="finance answers 503", group="finance",
          inject=lambda world: world.sim(world.stage.env.finance_port, "fail", times=10_000),
          heal=lambda world: world.sim(world.stage.env.finance_port, "fail", times=0),
          system="finance", stage="payment", about=("order",)),
    Fault(name="finance down", group="finance", inject=_kill("finance"), heal=_start("finance"),
          system="finance", stage="payment", about=("order",)),
    Fault(name="messages cannot be sent", group="mail", inject=_trigger("notifications_message"),
          heal=_untrigger("notifications_message"), system="notices", about=("order",)),
    Fault(name="a handler of letters raises", group="worker",
          inject=_trigger("notifications_webhookdelivery"),
          heal=_untrigger("notifications_webhookdelivery"), system="finance", stage="payment",
          about=("order",)),
    Fault(name="worker killed", group="worker", inject=_kill("worker"), heal=_start("worker"),
          system="worker"),
    Fault(name="worker stuck", group="worker", inject=lambda world: world.freeze("worker"),
          heal=lambda world: world.thaw("worker"), system="worker"),
    Fault(name="stream dead", group="programs", inject=_kill("stream"), heal=_start("stream"),
          system="stream"),
    Fault(name="web program hangs", group="programs", inject=lambda world: world.freeze("web"),
          heal=lambda world: world.thaw("web"), system="web"),
    Fault(name="orders locked by a session", group="database",
          inject=lambda world: world.hold("LOCK TABLE orders_order IN ACCESS EXCLUSIVE MODE"),
          heal=lambda world: world.let_go(), system="database"),
    Fault(name="log of events locked by a session", group="database",
          inject=lambda world: world.hold("LOCK TABLE process_event IN EXCLUSIVE MODE"),
          heal=lambda world: world.let_go(), system="database"),
    Fault(name="stock counter tampered (held)", group="stock", inject=_tamper("held", 3),
          heal=_tamper("held", -3), system="stock", stage="cart", about=("reservation",)),
    Fault(name="stock counter tampered (committed)", group="stock", inject=_tamper("committed", 2),
          heal=_tamper("committed", -2), system="stock", stage="processing", about=("reservation",)),
    Fault(name="everything sold out by safety stock", group="stock", inject=_keep_all,
          heal=_keep_none, system="stock", stage="cart", about=("reservation",)),
    Fault(name="review limit set to nothing", group="rules", inject=_set(Policies.REVIEW_LIMIT, 0),
          heal=_set(Policies.REVIEW_LIMIT, 500_000), system="rules", stage="processing",
          about=("order",)),
    Fault(name="review by rule switched off", group="rules", inject=_set(Policies.AUTO_REVIEW, 0),
          heal=_set(Policies.AUTO_REVIEW, 1), system="rules", stage="processing", about=("order",)),
    Fault(name="warehouse does not pick", group="WMS", inject=lambda world: world.working.clear(),
          heal=lambda world: world.working.set(), system="warehouse", stage="delivery",
          about=("fulfilment",)),
)
