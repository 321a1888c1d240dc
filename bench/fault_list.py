"""Twenty-odd things that go wrong in a shop, how each is done and undone, and what names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.fault_world import World
from shangliu.domain.inventory.handling import keep_back
from shangliu.domain.inventory.models import Stock
from shangliu.flow.policies import Policies
from shangliu.process import policies

Act = Callable[[World], object]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """`stage` empty: it concerns all of them. `about`: the processes whose decision is meant."""

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
    """The gateway is as it was, does not send again what was turned away, and is asked about all
    that is open now and not when it is due: what comes of that belongs to this fault and not to
    the next."""
    world.alipay("faults/clear")
    world.alipay("notify/give-up")
    world.sql(
        "UPDATE payments_payment SET due_at = now()"
        " WHERE provider = 'alipay' AND state IN ('created', 'pending') AND due_at > now()"
    )


def _forged(world: World) -> None:
    rows = world.sql(
        "SELECT number FROM payments_payment WHERE provider = 'alipay' ORDER BY id DESC LIMIT 3"
    )
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
        world.sql(
            "UPDATE platform_outbox SET due_at = now() WHERE done_at IS NULL AND dead_at IS NULL"
        )

    return act


def _set(policy: policies.Policy, value: int) -> Act:
    return lambda _: policies.change(policy, value, user_id=None, why="fault suite")


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
    loud = (*words[:at], "--auto", "1.5", "--pickup", "8")
    child.spec = type(child.spec)(child.spec.name, loud, child.spec.health)
    child.start()
    child.wait_ready(30)


def _tamper(column: str, by: int) -> Act:
    return lambda world: world.sql(
        f"UPDATE inventory_stock SET {column} = {column} + {by}"  # noqa: S608 - both are written in this file
        " WHERE id = (SELECT min(id) FROM inventory_stock WHERE on_hand > 100)"
    )


def _keep_all(_: World) -> None:
    for stock in Stock.objects.filter(on_hand__gt=100).order_by("id")[:200]:
        keep_back(stock_id=stock.pk, quantity=stock.on_hand, actor="yunying", why="盘点")


def _keep_none(_: World) -> None:
    for stock in Stock.objects.filter(safety__gt=0):
        keep_back(stock_id=stock.pk, quantity=0, actor="yunying", why="盘点完成")


def _no_bill(world: World) -> None:
    """The statement of the day before yesterday, on which the first payment was made."""
    world.alipay("faults", kind="http_502", times=-1, method=_BILL)
    _move_first_payment(world, -2)


def _bill_again(world: World) -> None:
    _move_first_payment(world, 2)
    _well(world)


def _move_first_payment(world: World, days: int) -> None:
    world.sql(
        "UPDATE payments_payment SET paid_at = paid_at + make_interval(days => %s) WHERE id ="
        " (SELECT min(id) FROM payments_payment WHERE provider = 'alipay' AND paid_at IS NOT NULL)",
        days,
    )


_BILL = "alipay.data.dataservice.bill.downloadurl.query"


def _of_payment(name: str, group: str, inject: Act, heal: Act = _well) -> Fault:
    return Fault(
        name=name,
        group=group,
        inject=inject,
        heal=heal,
        system="alipay",
        stage="payment",
        about=("payment",),
    )


def _of_carrier(name: str, inject: Act, heal: Act) -> Fault:
    return Fault(
        name=name,
        group="carrier",
        inject=inject,
        heal=heal,
        system="kuaidi100",
        stage="delivery",
        about=("parcel",),
    )


def _of_finance(name: str, inject: Act, heal: Act, group: str = "finance") -> Fault:
    return Fault(
        name=name,
        group=group,
        inject=inject,
        heal=heal,
        system="finance",
        stage="payment",
        about=("order",),
    )


def _of_stock(name: str, inject: Act, heal: Act, stage: str = "cart") -> Fault:
    return Fault(
        name=name,
        group="stock",
        inject=inject,
        heal=heal,
        system="stock",
        stage=stage,
        about=("reservation",),
    )


def _of_rules(name: str, inject: Act, heal: Act) -> Fault:
    return Fault(
        name=name,
        group="rules",
        inject=inject,
        heal=heal,
        system="rules",
        stage="processing",
        about=("order",),
    )


def _of_house(name: str, system: str, inject: Act, heal: Act) -> Fault:
    return Fault(name=name, group=system, inject=inject, heal=heal, system=system)


def _locked(table: str) -> Act:
    return lambda world: world.hold(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")


def _let_go(world: World) -> None:
    world.let_go()


def _labels(times: int) -> Act:
    return lambda world: world.sim(world.stage.env.kuaidi100_port, "fail-labels", times=times)


def _labels_again(world: World) -> None:
    _labels(0)(world)
    world.sql("UPDATE logistics_parcel SET due_at = now() WHERE state = 'label_failed'")


def _carrier_again(world: World) -> None:
    world.start("kuaidi100")
    _labels_again(world)


def _finance(times: int) -> Act:
    return lambda world: world.sim(world.stage.env.finance_port, "fail", times=times)


# What is known by its silence alone comes while two hours of the log are not yet half faults.
FAULTS: tuple[Fault, ...] = (
    _of_payment("notification lost", "notification path", _alipay("lose")),
    _of_house("stream dead", "stream", _kill("stream"), _start("stream")),
    _of_payment("notification forged", "notification path", _forged),
    _of_carrier("tracking silent", _silent, _reports),
    _of_carrier("carrier refuses waybills", _labels(10_000), _labels_again),
    _of_finance("finance answers 503", _finance(10_000), _finance(0)),
    _of_rules(
        "review limit set to nothing",
        _set(Policies.REVIEW_LIMIT, 0),
        _set(Policies.REVIEW_LIMIT, 500_000),
    ),
    _of_payment("notification with a wrong amount", "notification path", _alipay("wrong_amount")),
    _of_stock("stock counter tampered (held)", _tamper("held", 3), _tamper("held", -3)),
    _of_house("worker killed", "worker", _kill("worker"), _start("worker")),
    _of_payment("notification late", "notification path", _alipay("delay", value=32)),
    _of_house("orders locked by a session", "database", _locked("orders_order"), _let_go),
    _of_carrier("carrier down", _kill("kuaidi100"), _carrier_again),
    _of_payment("gateway down", "gateway", _kill("alipay"), _start("alipay")),
    Fault(
        name="messages cannot be sent",
        group="mail",
        inject=_trigger("notifications_message"),
        heal=_untrigger("notifications_message"),
        system="notices",
        about=("order",),
    ),
    Fault(
        name="warehouse does not pick",
        group="WMS",
        inject=lambda world: world.working.clear(),
        heal=lambda world: world.working.set(),
        system="warehouse",
        stage="delivery",
        about=("fulfilment",),
    ),
    _of_payment("gateway answers 502", "gateway", _alipay("lose", "http_502")),
    _of_stock(
        "stock counter tampered (committed)",
        _tamper("committed", 2),
        _tamper("committed", -2),
        stage="processing",
    ),
    _of_house("worker stuck", "worker", lambda w: w.freeze("worker"), lambda w: w.thaw("worker")),
    _of_finance("finance down", _kill("finance"), _start("finance")),
    _of_payment("gateway slow", "gateway", _alipay("lose", "latency", value=4000)),
    _of_house("log of events locked", "database", _locked("process_event"), _let_go),
    _of_payment("gateway signs wrongly", "gateway", _alipay("lose", "probe_answer")),
    _of_rules(
        "review by rule switched off", _set(Policies.AUTO_REVIEW, 0), _set(Policies.AUTO_REVIEW, 1)
    ),
    _of_finance(
        "a handler of letters raises",
        _trigger("notifications_webhookdelivery"),
        _untrigger("notifications_webhookdelivery"),
        group="worker",
    ),
    _of_payment("gateway knows nothing (20000)", "gateway", _alipay("lose", "unknown")),
    _of_house("web program hangs", "web", lambda w: w.freeze("web"), lambda w: w.thaw("web")),
    Fault(
        name="statement cannot be fetched",
        group="gateway",
        inject=_no_bill,
        heal=_bill_again,
        system="alipay",
        stage="receipt",
        about=("difference",),
    ),
    _of_stock("everything kept back as safety stock", _keep_all, _keep_none),
)
