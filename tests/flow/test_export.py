"""The running flow as other programs get it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import xmlschema

from shangliu.config.command import main
from shangliu.flow.definition import FLOW
from shangliu.flow.drawing import graph
from shangliu.flow.export import FORMATS, export
from shangliu.flow.layouts import sheet
from shangliu.process.drawing.bpmn_import import from_bpmn
from tests.process.drawing import checks
from tests.process.drawing.test_bpmn import lint_report

SCHEMA = xmlschema.XMLSchema(
    Path(__file__).resolve().parents[1] / "data" / "bpmn-xsd" / "BPMN20.xsd"
)
SHEETS = ["all", "overview", *(stage.code for stage in FLOW.stages)]


@pytest.mark.parametrize("name", SHEETS)
def test_every_sheet_is_readable(name: str) -> None:
    drawn, geometry = sheet(name)
    assert checks.overlapping_nodes(geometry) == []
    assert name == "overview" or checks.outside_their_lane(drawn, geometry) == []
    assert checks.through_nodes(geometry) == []
    assert checks.through_labels(drawn, geometry) == []
    assert checks.overlapping_labels(drawn, geometry) == []
    assert checks.covered_by_pills(drawn, geometry) == []


@pytest.mark.parametrize("name", [name for name in SHEETS if name != "overview"])
def test_the_bpmn_is_valid_and_comes_back(name: str) -> None:
    drawn, _ = sheet(name)
    xml = export("bpmn", stage=name)
    SCHEMA.validate(xml)
    assert from_bpmn(xml) == drawn


def test_bpmnlint_has_nothing_to_say(tmp_path: Path) -> None:
    for name in SHEETS:
        if name != "overview":
            (tmp_path / f"{name}.bpmn").write_text(export("bpmn", stage=name), "utf-8")
    assert lint_report(tmp_path) == ""


def test_the_json_holds_every_step_state_and_policy() -> None:
    said = json.loads(export("json"))
    assert said["version"] == graph().version
    steps = {f"{one['name']}.{step['name']}" for one in said["processes"] for step in one["steps"]}
    assert steps == {name for name, _, _ in FLOW.steps()}
    assert {one["key"] for one in said["policies"]} == {policy.key for policy in FLOW.policies}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_format_speaks_both_languages(form: str, lang: str) -> None:
    text = export(form, stage="payment", lang=lang)
    assert ("选择支付方式" if lang == "zh" or form == "json" else "Choose how to pay") in text


def test_the_command_exports_and_lints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["shangliu", "flow", "lint"])
    assert main() == 0
    assert capsys.readouterr().out.startswith("0 个问题")
    monkeypatch.setattr("sys.argv", ["shangliu", "flow", "export", "--format", "mermaid"])
    assert main() == 0
    assert capsys.readouterr().out.startswith("flowchart")
