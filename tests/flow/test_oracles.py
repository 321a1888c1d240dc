"""Programs that others wrote read the exported BPMN, whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pm4py
import pytest
from SpiffWorkflow.bpmn.parser import BpmnParser, TaskParser
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.specs.defaults import NoneTask

from shangliu.flow.definition import FLOW
from shangliu.flow.export import export
from shangliu.flow.layouts import sheet

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")

SHEETS = ["all", *(stage.code for stage in FLOW.stages)]


class _Descriptive(ProcessParser):  # type: ignore[misc]
    """Ours says of itself that it is not for executing; it is read all the same."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.process_executable = True


class _Reader(BpmnParser):  # type: ignore[misc]
    """The plain reader; of a business rule it wants to be told what it is without a DMN table."""

    PROCESS_PARSER_CLASS = _Descriptive
    OVERRIDE_PARSER_CLASSES = {full_tag("businessRuleTask"): (TaskParser, NoneTask)}


def _written(name: str, folder: Path) -> Path:
    file = folder / f"{name}.bpmn"
    file.write_text(export("bpmn", stage=name), "utf-8")
    return file


@pytest.mark.parametrize("name", SHEETS)
def test_spiffworkflow_finds_every_step_and_the_way_to_the_next(name: str, tmp_path: Path) -> None:
    reader = _Reader()
    reader.add_bpmn_file(str(_written(name, tmp_path)))
    specs = [one for one in reader.get_spec("process").task_specs.values() if one.bpmn_id]
    drawn, _ = sheet(name)
    named = [one.bpmn_name for one in specs if one.bpmn_id.startswith("n_")]
    assert sorted(one for one in named if one) == sorted(
        node.label.zh for node in drawn.nodes if node.label.zh
    )
    assert len(named) == len(drawn.nodes)
    ends = [one for one in specs if not [out for out in one.outputs if out.bpmn_id]]
    assert {type(one).__name__ for one in ends} == {"EndEvent"}


@pytest.mark.parametrize("name", SHEETS)
def test_pm4py_finds_every_step_and_flow(name: str, tmp_path: Path) -> None:
    theirs = pm4py.read_bpmn(str(_written(name, tmp_path)))
    drawn, _ = sheet(name)
    said = [one.get_name() for one in theirs.get_nodes()]
    for node in drawn.nodes:
        assert node.label.zh in said or not node.label.zh, node.key
    assert len(theirs.get_nodes()) >= len(drawn.nodes)
    assert len(theirs.get_flows()) >= len(drawn.edges)
