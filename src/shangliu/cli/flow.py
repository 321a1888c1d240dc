"""`shangliu flow`: read the definition, find what is wrong with it, take it elsewhere."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from shangliu.flow.drawing import graph
from shangliu.flow.export import FORMATS
from shangliu.flow.printing import FORMS, printed
from shangliu.insight.impact import covering, running, web
from shangliu.platform.env import Env
from shangliu.platform.errors import Refused
from shangliu.process.impact import Thing
from shangliu.process.lint import lint
from shangliu.process.running import flow


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("flow", help="业务流程 / the business flow")
    actions = parser.add_subparsers(required=True)
    linting = actions.add_parser("lint", help="检查流程定义 / check the definition")
    linting.set_defaults(run=_lint, needs_database=False)
    exporting = actions.add_parser("export", help="导出流程图 / export the diagram")
    exporting.add_argument("--format", choices=sorted(FORMS), default="bpmn")
    exporting.add_argument("--stage", help="只导出一个阶段 / one stage only")
    exporting.add_argument("--lang", choices=("zh", "en"), default="zh")
    exporting.add_argument("--width", type=int, help="PNG 的宽度（像素） / of a PNG, in pixels")
    exporting.add_argument("--output", type=Path, help="写入文件 / write to a file")
    exporting.set_defaults(run=_export, needs_database=False)
    touching = actions.add_parser("impact", help="谁会受影响 / what a change would touch")
    touching.add_argument(
        "thing", help="order.pay, policy:cart.hold_minutes, role:finance, topic:refund.execute …"
    )
    touching.add_argument("--json", action="store_true")
    touching.add_argument(
        "--cases",
        dest="needs_database",
        action="store_true",
        help="同时统计途中的单据，需要数据库 / count what is under way, in the database",
    )
    touching.set_defaults(run=_impact, needs_database=False)


def _impact(env: Env, args: argparse.Namespace) -> int:
    try:
        found = web().impact(Thing.parse(args.thing))
    except (KeyError, ValueError):
        raise SystemExit(f"定义里没有 {args.thing} / the definition has no {args.thing}") from None
    covered = covering(found)
    cases = running(found) if args.needs_database else {}
    if args.json:
        said = {
            "thing": str(found.thing),
            "places": [str(one) for one in found.places],
            "joined": [str(one) for one in found.joined],
            "follows": [str(one) for one in found.follows],
            "steps": found.steps,
            "waits": [":".join(one) for one in found.waits],
            "tests": {
                "naming": covered.naming,
                "through": covered.through,
                "every_step": covered.every,
            },
            "cases": {":".join(one): count for one, count in cases.items()},
        }
        print(json.dumps(said, ensure_ascii=False, indent=2))
        return 0
    print(f"{found.thing}  {found.label.zh} / {found.label.en}")
    for title, lines in (
        ("代码 / code", found.places),
        ("直接相关 / touches", found.joined),
        ("随后发生 / follows", found.follows),
        (
            "单据停在 / cases wait in",
            [f"{':'.join(one)}{f'  {cases[one]}' if cases else ''}" for one in found.waits],
        ),
        ("点名的测试 / tests that name it", covered.naming),
        ("经由其步骤的测试 / tests of its steps", covered.through),
        ("覆盖全部步骤的测试 / tests of every step", covered.every),
    ):
        print(f"\n{title} ({len(lines)})")
        for line in lines:
            print(f"  {line}")
    return 0


def _lint(env: Env, args: argparse.Namespace) -> int:
    findings = lint(flow())
    for finding in findings:
        print(f"{finding.where}: {finding.rule}: {finding.message.zh} / {finding.message.en}")
    steps = sum(1 for _ in flow().steps())
    nodes = len(graph().nodes)
    print(
        f"{len(findings)} 个问题，{steps} 个步骤，{nodes} 个节点"
        f" / {len(findings)} findings, {steps} steps, {nodes} nodes"
    )
    return 1 if findings else 0


def _export(env: Env, args: argparse.Namespace) -> int:
    if args.stage and args.stage not in {stage.code for stage in graph().stages}:
        known = "、".join(stage.code for stage in graph().stages)
        raise SystemExit(f"没有这个阶段，可选：{known} / no such stage; choose one of those")
    try:
        content = printed(args.format, stage=args.stage, lang=args.lang, width=args.width)
    except Refused as refused:
        raise SystemExit("\n".join(f"{one.zh} / {one.en}" for one in refused.reasons)) from None
    if args.output:
        args.output.write_bytes(content)
        print(json.dumps({"written": str(args.output), "bytes": len(content)}))
    elif args.format in FORMATS:
        print(content.decode())
    else:
        sys.stdout.buffer.write(content)
    return 0
