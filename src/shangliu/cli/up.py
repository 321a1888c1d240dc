"""`shangliu up`: everything that the shop needs, started and stopped together."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from shangliu.cli import database, seed
from shangliu.cli.children import Child, Spec, end_leftovers, port_is_free
from shangliu.cli.postgres import Server, serve
from shangliu.platform.env import Env

_PYTHON = sys.executable


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("up", help="启动全部 / start everything")
    parser.add_argument("--empty", action="store_true", help="不建演示店铺 / without the demo shop")
    parser.set_defaults(run=run, needs_database=False)


def run(env: Env, args: argparse.Namespace) -> int:
    """Start in order, keep what dies alive, stop in reverse order on Ctrl-C."""
    began = time.monotonic()
    run_dir = env.data_dir / "run"
    end_leftovers(run_dir)
    _refuse_taken_ports(env)
    stopping = threading.Event()
    server: Server | None = None
    children = [Child(spec, run_dir) for spec in specs(env)]
    try:
        _tell("启动数据库 / starting the database")
        server = serve(env, _tell)
        _prepare(env, demo=env.demo and not args.empty)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: stopping.set())
        _start(children, stopping)
        if not stopping.is_set():
            _tell_ready(env, time.monotonic() - began)
        while not stopping.wait(0.3):
            _keep_alive(server, children)
    finally:
        _stop(server, children)
    return 0


def _prepare(env: Env, *, demo: bool) -> None:
    database.migrate(verbosity=0)
    database.collect_static()
    if demo:
        seed.run_if_empty(env, _tell)


def _keep_alive(server: Server | None, children: Sequence[Child]) -> None:
    for child in children:
        child.keep_alive()
    if server is not None and not server.alive():
        _tell("数据库停了，重新启动 / the database stopped, starting it again")
        server.start(_tell)


def _stop(server: Server | None, children: Sequence[Child]) -> None:
    _tell("正在停止 / stopping")
    for child in reversed(children):
        child.ask_to_stop()
    for child in reversed(children):
        child.wait(8)
    if server is not None:
        server.stop()
    _tell("已停止 / stopped")


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
            f"http://127.0.0.1:{env.port}/healthz",
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
            f"http://127.0.0.1:{env.stream_port}/healthz",
        )
    )
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
        )
    ]


def _refuse_taken_ports(env: Env) -> None:
    ports = {"PORT": env.port, "PORT+1": env.stream_port}
    if env.simulators:
        ports |= {
            "PORT+11": env.alipay_port,
            "PORT+12": env.kuaidi100_port,
            "PORT+13": env.finance_port,
        }
    for name, port in ports.items():
        if not port_is_free(env.host, port):
            raise SystemExit(
                f"端口 {port}（{name}）已被占用，请换一个再启动，例如：PORT={env.port + 100} make run\n"
                f"port {port} ({name}) is taken; choose another: PORT={env.port + 100} make run"
            )


def _start(children: Sequence[Child], stopping: threading.Event) -> None:
    for child in children:
        child.start()
    for child in children:
        if not child.wait_ready(60, stopping) and not stopping.is_set():
            raise SystemExit(
                f"{child.spec.name} 没有启动，请看上面的输出 / did not start; see its lines above"
            )


@dataclass(frozen=True, slots=True)
class _Line:
    zh: str
    en: str
    what: str


def _tell_ready(env: Env, seconds: float) -> None:
    base = env.public_url
    lines = [
        _Line("商城", "Shop", base + "/"),
        _Line("后台与流程图", "Back office and map", base + "/staff/"),
    ]
    if env.demo:
        lines += [
            _Line("验证码收件箱", "Inbox of codes", base + "/dev/inbox/"),
            _Line("后台账号", "Staff accounts", seed.ACCOUNTS_LINE),
        ]
    if env.simulators:
        lines += [
            _Line("支付宝模拟器", "Alipay simulator", f"http://127.0.0.1:{env.alipay_port}/_sim/"),
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
    print(f"shangliu  | {text}", flush=True)
