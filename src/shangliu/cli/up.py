"""`shangliu up`: everything that the shop needs, started and stopped together."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shangliu.cli import database, guard, seed
from shangliu.cli.children import Child, Spec, port_is_free, say
from shangliu.cli.life.command import turn_on
from shangliu.cli.postgres import Server, serve
from shangliu.cli.processes import MARK, alone, end_marked
from shangliu.platform.env import MOST_A_MINUTE, Env

LONGEST_STOP = 7.0  # seconds for all together, before who still runs is killed
_PYTHON = sys.executable


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("up", help="启动全部 / start everything")
    parser.add_argument("--empty", action="store_true", help="不建演示店铺 / without the demo shop")
    parser.add_argument(
        "--life",
        type=int,
        choices=range(1, MOST_A_MINUTE + 1),
        metavar="RATE",
        help="开启演示生意，每分钟下单 / with demo trade, orders a minute",
    )
    parser.set_defaults(run=run, needs_database=False)


def run(env: Env, args: argparse.Namespace) -> int:
    """Start in order, keep what dies alive, stop in reverse order on Ctrl-C."""
    run_dir = env.data_dir / "run"
    with alone(run_dir / "supervisor.lock", wait=False) as mine:
        if not mine:
            raise SystemExit(
                f"{env.data_dir} 的商城已在运行；另开一个请换 DATA_DIR 和 PORT\n"
                f"the shop of {env.data_dir} runs already; "
                "for another one choose another DATA_DIR and PORT"
            )
        with alone(run_dir / guard.LOCK, wait=True):
            end_marked(run_dir, patience=2)
        _refuse_taken_ports(env)
        os.environ[MARK] = str(run_dir)
        return _supervise(
            env, run_dir, demo=env.demo and not args.empty, rate=args.life or env.life
        )


def _supervise(env: Env, run_dir: Path, *, demo: bool, rate: int) -> int:
    began = time.monotonic()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    server = None if env.database_url else Server(env.data_dir)
    watch = Child(_guard(env), run_dir)
    children = [watch, *(Child(spec, run_dir) for spec in specs(env))]
    try:
        watch.start()
        _prepare(env, demo=demo)
        if rate and env.simulators:
            turn_on(rate)
        _start(children[1:])
        _tell_ready(env, time.monotonic() - began, demo=demo)
        while True:
            _keep_alive(server, children)
            time.sleep(0.3)
    except KeyboardInterrupt:
        return 0
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        _stop(server, children)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _prepare(env: Env, *, demo: bool) -> None:
    _tell("启动数据库 / starting the database")
    serve(env, _tell)
    database.migrate(verbosity=0)
    database.collect_static()
    if demo:
        seed.run_if_empty(env, _tell)


def _keep_alive(server: Server | None, children: Sequence[Child]) -> None:
    for child in children:
        child.keep_alive()
    if server is not None and not server.alive():
        _tell("数据库停了，重新启动 / the database stopped, starting it again")
        before = server.url()
        server.start(_tell)
        if server.url() != before:
            for child in children:
                child.ask_to_stop()


def _stop(server: Server | None, children: Sequence[Child]) -> None:
    _tell("正在停止 / stopping")
    end = time.monotonic() + LONGEST_STOP
    watch, *others = children
    for child in reversed(others):
        child.ask_to_stop()
    for child in reversed(others):
        child.wait(end)
    if server is not None:
        server.stop()
    watch.ask_to_stop()
    watch.wait(time.monotonic() + 1)
    _tell("已停止 / stopped")


def _guard(env: Env) -> Spec:
    kind = "other" if env.database_url else "embedded"
    return Spec("guard", (_PYTHON, "-m", "shangliu.cli.guard", str(env.data_dir), kind), None)


def specs(env: Env) -> Sequence[Spec]:
    """What runs beside the database, in the order of starting."""
    found = list(simulators(env)) if env.simulators else []
    found.append(Spec("worker", (_PYTHON, "-m", "shangliu.config.command", "worker"), None))
    found.append(
        Spec(
            "web",
            (
                *(_PYTHON, "-m", "granian", "--interface", "wsgi"),
                *("--host", env.host, "--port", str(env.port)),
                *("--workers", str(env.workers), "--blocking-threads", "4", "--backlog", "1024"),
                *("--no-ws", "--log-level", "warning", "--respawn-failed-workers"),
                "shangliu.config.wsgi:application",
            ),
            f"http://{env.reached_at}:{env.port}/healthz",
        )
    )
    found.append(
        Spec(
            "stream",
            (
                *(_PYTHON, "-m", "granian", "--interface", "asginl"),
                *("--host", env.host, "--port", str(env.stream_port), "--workers", "1"),
                *("--log-level", "warning"),
                "shangliu.config.asgi:application",
            ),
            f"http://{env.reached_at}:{env.stream_port}/healthz",
        )
    )
    if env.simulators:
        life = (_PYTHON, "-m", "shangliu.config.command", "life", "run")
        found.append(Spec("life", life, None))
    return found


def simulators(env: Env) -> Sequence[Spec]:
    """Stand-ins for the outside world, each a program of its own."""
    data = env.data_dir / "sim"
    os.environ.setdefault("FINANCE_WEBHOOK_SECRET", env.finance_secret)
    return [
        Spec(
            name,
            (
                *(_PYTHON, "-m", f"simulators.{name}", "--port", str(port)),
                *("--data", str(data / name), *more),
            ),
            f"http://127.0.0.1:{port}/healthz",
        )
        for name, port, more in (
            ("alipay", env.alipay_port, ()),
            ("kuaidi100", env.kuaidi100_port, ("--auto", "30", "--pickup", "240")),
            ("finance", env.finance_port, ()),
            ("wechat", env.wechat_port, ()),
            ("stripe", env.stripe_port, ("--webhook", f"{env.public_url}/pay/notify/stripe/")),
        )
    ]


def _refuse_taken_ports(env: Env) -> None:
    ports = {"PORT": env.port, "PORT+1": env.stream_port}
    if env.simulators:
        ports |= {
            "PORT+11": env.alipay_port,
            "PORT+12": env.kuaidi100_port,
            "PORT+13": env.finance_port,
            "PORT+14": env.wechat_port,
            "PORT+15": env.stripe_port,
        }
    for name, port in ports.items():
        if not port_is_free(env.host, port):
            raise SystemExit(
                f"端口 {port}（{name}）已被占用，请换一个，例如：PORT={env.port + 100} make run\n"
                f"port {port} ({name}) is taken; choose another: PORT={env.port + 100} make run"
            )


def _start(children: Sequence[Child]) -> None:
    for child in children:
        child.start()
    for child in children:
        if not child.wait_ready(60):
            raise SystemExit(
                f"{child.spec.name} 没有启动，请看上面的输出 / did not start; see its lines above"
            )


@dataclass(frozen=True, slots=True)
class _Line:
    zh: str
    en: str
    what: str


def _tell_ready(env: Env, seconds: float, *, demo: bool) -> None:
    base = env.public_url
    lines = [
        _Line("商城", "Shop", base + "/"),
        _Line("后台与流程图", "Back office and map", base + "/staff/"),
    ]
    if env.demo:
        lines.append(_Line("验证码收件箱", "Inbox of codes", base + "/dev/inbox/"))
    if demo:
        lines.append(_Line("后台账号", "Staff accounts", seed.ACCOUNTS_LINE))
    if env.simulators:
        lines += [
            _Line("支付宝模拟器", "Alipay simulator", f"http://127.0.0.1:{env.alipay_port}/_sim/"),
            _Line(
                "微信支付模拟器", "WeChat simulator", f"http://127.0.0.1:{env.wechat_port}/_sim/"
            ),
            _Line("Stripe 模拟器", "Stripe simulator", f"http://127.0.0.1:{env.stripe_port}/_sim/"),
            _Line(
                "快递模拟器", "Carrier simulator", f"http://127.0.0.1:{env.kuaidi100_port}/_sim/"
            ),
            _Line("财务系统", "Finance system", f"http://127.0.0.1:{env.finance_port}/"),
        ]
    _tell(f"就绪，用时 {seconds:.0f} 秒 / ready after {seconds:.0f} s")
    for line in lines:
        _tell(f"  {line.zh} / {line.en}: {line.what}")
    _tell("按 Ctrl-C 停止 / Ctrl-C stops everything")


def _tell(text: str) -> None:
    say("shangliu", text)
