"""The exported diagram, opened by the standard BPMN viewer in a real browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from shangliu.flow.drawing import graph
from shangliu.flow.export import export

VIEWER = (
    Path(__file__).resolve().parents[1]
    / "node/node_modules/bpmn-js/dist/bpmn-viewer.production.min.js"
)
OPEN = """async (xml) => {
  const viewer = new BpmnJS({ container: document.body });
  const { warnings } = await viewer.importXML(xml);
  const shapes = viewer.get("elementRegistry").getAll();
  const count = (type) => shapes.filter((one) => one.type === type).length;
  return JSON.stringify({
    warnings: warnings.map(String),
    lanes: shapes.filter((one) => one.type === "bpmn:Lane").map((one) => one.businessObject.name),
    pools: count("bpmn:Participant"),
    flows: count("bpmn:SequenceFlow"),
    messages: count("bpmn:MessageFlow"),
    tasks: shapes.filter((one) => /Task$/.test(one.type)).length,
    drawn: document.querySelectorAll("svg .djs-shape").length,
  });
}"""


@pytest.mark.browser
@pytest.mark.parametrize("stage", [None, "payment", "delivery", "aftersales"])
def test_bpmn_js_opens_the_export_with_its_lanes(browser: Browser, stage: str | None) -> None:
    assert VIEWER.exists(), "run `make oracles`: it installs bpmn-js into tests/node"
    page = browser.new_page()
    page.set_content("<body style='height: 900px'></body>")
    page.add_script_tag(path=VIEWER)
    said = json.loads(page.evaluate(OPEN, export("bpmn", stage=stage)))
    assert said["warnings"] == []
    assert said["drawn"] > 10
    if stage is None:
        drawn = graph()
        assert said["lanes"] == [lane.label.zh for lane in drawn.lanes]
        assert said["pools"] == 1 + len(drawn.pools)
        assert said["messages"] == len(drawn.messages)
        assert said["flows"] >= len(drawn.edges)
    page.close()
