"""Start-up and shut-down of a simulator's process."""

from __future__ import annotations

import signal
import sys
import threading
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType

from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer, WSGIRequestHandler

from simulators.common.web import App


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: every call is in the store and on the control page."""


class _Server(ThreadedWSGIServer):
    request_queue_size = 256
    block_on_close = False


def arguments(name: str, port: int) -> ArgumentParser:
    parser = ArgumentParser(prog=f"python -m simulators.{name}")
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--data", type=Path, default=Path("var/sim") / name)
    parser.add_argument(
        "--speed", type=float, default=1.0, help="seconds of the simulated clock a real second"
    )
    return parser


def serve(app: App, *, name: str, port: int) -> None:
    """Answer on 127.0.0.1 until SIGTERM or Ctrl-C."""
    server: BaseWSGIServer = _Server("127.0.0.1", port, app, handler=_Handler)

    def stop(_signum: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"{name}: http://127.0.0.1:{server.port}", flush=True)
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        server.server_close()
        sys.stdout.flush()
