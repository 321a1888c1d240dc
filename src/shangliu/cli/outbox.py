"""`shangliu outbox list|redrive`: what could not be delivered yet, and sending it again."""

from __future__ import annotations

import argparse

from shangliu.platform import clock, outbox
from shangliu.platform.env import Env
from shangliu.platform.models import Outbox

MOST = 1000


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("outbox", help="发件箱 / the outbox")
    actions = parser.add_subparsers(required=True)
    listing = actions.add_parser("list", help="未送达的信件 / what is not delivered")
    listing.add_argument("--topic", default="", help="只看一个主题 / one topic only")
    listing.set_defaults(run=_list)
    again = actions.add_parser("redrive", help="重新投递 / send again")
    again.add_argument("ids", nargs="*", type=int, metavar="ID")
    again.add_argument("--topic", default="", help="主题，或它的前缀 / a topic, or a channel")
    again.set_defaults(run=_redrive)


def _list(env: Env, args: argparse.Namespace) -> int:
    """Dead letters with their reason first, then what waits. 1 when there is a dead one."""
    dead = outbox.dead_letters(MOST, topic=args.topic)
    for letter in (*dead, *outbox.waiting_letters(MOST, topic=args.topic)):
        print(_line(letter))
    for topic, one in outbox.by_topic().items():
        if args.topic in ("", topic):
            print(
                f"{topic}: 等待 waiting {one.waiting}, 已放弃 dead {one.dead},"
                f" 延迟 lag {one.lag.total_seconds():.0f} s"
            )
    if not dead:
        print("没有放弃的信件 / no dead letters")
    return 1 if dead else 0


def _line(letter: Outbox) -> str:
    stands = "已放弃 dead" if letter.dead_at else f"下次 next {clock.local(letter.due_at):%H:%M:%S}"
    return (
        f"{letter.pk}  {letter.topic}  {letter.ordering}  {stands}"
        f"  尝试 tries {letter.attempts}  {letter.error}"
    )


def _redrive(env: Env, args: argparse.Namespace) -> int:
    """By number or by topic. 1 when nothing was found to send again."""
    if bool(args.ids) == bool(args.topic):
        raise SystemExit(
            "请给出信件编号，或 --topic 主题，二者选一\ngive numbers of letters, or --topic T"
        )
    found = outbox.redrive_topic(args.topic) if args.topic else outbox.redrive(*args.ids)
    print(f"重新投递 {found} 封 / {found} letters will be sent again")
    return 0 if found else 1
