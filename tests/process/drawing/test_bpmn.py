"""Our BPMN is BPMN: by the OMG's schema, by bpmnlint's recommended rules, and back again."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from shangliu.platform.text import Text
from shangliu.process.drawing.bpmn import to_bpmn
from shangliu.process.drawing.bpmn_import import from_bpmn
from shangliu.process.drawing.bpmn_notes import BPMN
from shangliu.process.drawing.graph import Edge, Graph, MessageFlow, Node, Shape
from shangliu.process.drawing.layout import lay_out
from tests.process.drawing.sample import LANES, POOLS, STAGES
from tests.process.drawing.test_layout import LAID_OUT, MAP, PICTURES

TESTS = Path(__file__).parents[2]
SCHEMA = xmlschema.XMLSchema(TESTS / "data" / "bpmn-xsd" / "BPMN20.xsd")
NODE = TESTS / "node"


def _tiny(nodes: list[tuple[str, Shape]], edges: list[tuple[str, str]]) -> Graph:
    return Graph(
        name=Text("小图", "Small"),
        version="1",
        lanes=LANES[:1],
        stages=STAGES[:1],
        pools=POOLS,
        nodes=tuple(
            Node(key, Text(f"步骤 {key}", f"step {key}"), shape, LANES[0].code, STAGES[0].code)
            for key, shape in nodes
        ),
        edges=tuple(Edge(a, b) for a, b in edges),
    )


AWKWARD = {
    "circle": _tiny([("a", Shape.USER_TASK), ("b", Shape.SERVICE_TASK)], [("a", "b"), ("b", "a")]),
    "lonely": _tiny([("a", Shape.USER_TASK)], []),
    "waits_for_a_task": _tiny(
        [("w", Shape.EVENT_BASED), ("a", Shape.USER_TASK), ("t", Shape.TIMER_CATCH)],
        [("w", "a"), ("w", "t"), ("t", "a")],
    ),
    "gateway_without_choice": _tiny(
        [("s", Shape.START), ("x", Shape.EXCLUSIVE), ("e", Shape.END)], [("s", "x"), ("x", "e")]
    ),
    "joins_and_forks": _tiny(
        [("s", Shape.START), ("x", Shape.EXCLUSIVE), ("a", Shape.USER_TASK), ("e", Shape.END)],
        [("s", "x"), ("x", "a"), ("a", "x"), ("x", "e")],
    ),
}


@pytest.fixture(params=PICTURES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_an_export_is_valid_by_the_schema(name: str) -> None:
    SCHEMA.validate(to_bpmn(PICTURES[name], LAID_OUT[name]))


def test_an_export_comes_back_as_the_same_graph(name: str) -> None:
    for lang in ("zh", "en"):
        assert from_bpmn(to_bpmn(PICTURES[name], LAID_OUT[name], lang)) == PICTURES[name]


def test_everything_in_the_export_has_a_place_in_the_diagram(name: str) -> None:
    root = ET.fromstring(to_bpmn(PICTURES[name], LAID_OUT[name]))  # noqa: S314
    drawn = {e.get("bpmnElement") for e in root.iter() if e.get("bpmnElement")}
    process = root.find(f"{{{BPMN}}}process")

    assert process is not None
    assert {e.get("id") for e in process if e.get("id") not in {None, "lanes"}} <= drawn


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_graphs_are_valid_and_come_back(name: str) -> None:
    graph = AWKWARD[name]
    xml = to_bpmn(graph, lay_out(graph))

    SCHEMA.validate(xml)
    assert from_bpmn(xml) == graph


def lint_report(folder: Path) -> str:
    """What bpmnlint:recommended says of the files in a folder; empty for nothing at all."""
    node = shutil.which("node")
    lint = NODE / "node_modules" / "bpmnlint" / "bin" / "bpmnlint.js"
    assert node, "install Node.js 20 or later: bpmnlint gives the second opinion on our BPMN"
    assert lint.exists(), "run `npm ci` in tests/node: bpmnlint is not installed there"
    command = [node, str(lint), "--max-warnings", "0", *map(str, folder.glob("*.bpmn"))]
    answer = subprocess.run(command, cwd=NODE, capture_output=True, text=True, check=False)
    return "" if answer.returncode == 0 else answer.stdout + answer.stderr


def test_bpmnlint_finds_neither_errors_nor_warnings(tmp_path: Path) -> None:
    for name, graph in (PICTURES | AWKWARD).items():
        geometry = LAID_OUT[name] if name in LAID_OUT else lay_out(graph)
        (tmp_path / f"{name}.bpmn").write_text(to_bpmn(graph, geometry, "en"), "utf-8")

    assert lint_report(tmp_path) == ""


def test_a_message_flow_on_a_gateway_is_refused() -> None:
    gateway = next(node.key for node in MAP.nodes if node.shape is Shape.EXCLUSIVE)
    wrong = MessageFlow(gateway, "gateway", Text("请求", "request"), outgoing=True)
    graph = replace(MAP, messages=(wrong,))

    with pytest.raises(ValueError, match=f"may not end on a gateway: {gateway}~gateway"):
        to_bpmn(graph, LAID_OUT["whole"])


def test_a_flow_added_in_a_modeller_is_read() -> None:
    graph = _tiny([("s", Shape.START), ("a", Shape.USER_TASK), ("e", Shape.END)], [("s", "a")])
    xml = to_bpmn(graph, lay_out(graph)).replace(
        "</bpmn:process>",
        '<bpmn:sequenceFlow id="new" name="done" sourceRef="n_a" targetRef="n_e"/></bpmn:process>',
    )

    assert from_bpmn(xml).edges == (Edge("s", "a"), Edge("a", "e", Text("done", "done")))


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        ("<!DOCTYPE a><a/>", "document types"),
        ("<a/>", "holds no process"),
        (f'<d xmlns="{BPMN}"><process id="p"/></d>', "not one of our files"),
    ],
)
def test_files_of_others_are_refused(xml: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        from_bpmn(xml)
