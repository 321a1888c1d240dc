"""`shangliu check-health`: asks the running shop how it is; the status says it to scripts."""

from __future__ import annotations

import argparse
import json
import urllib.error
import urllib.request

from shangliu.platform.env import Env


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("check-health", help="检查运行状态 / is everything up?")
    parser.set_defaults(run=run, needs_database=False)


def run(env: Env, args: argparse.Namespace) -> int:
    """0 when every component is up, 1 when one is down or nothing answers."""
    url = f"http://{env.reached_at}:{env.port}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            said = json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise
        said = json.load(error)
    except OSError:
        print(f"{url} 没有回应 / does not answer")
        return 1
    for name, component in said["components"].items():
        print(f"{name:<10} {'ok' if component['ok'] else 'DOWN'}")
    return 0 if said["ok"] else 1
