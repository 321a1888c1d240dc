from __future__ import annotations

from shangliu.process.drawing.mermaid import to_mermaid
from shangliu.process.drawing.sheets import stage_sheet
from tests.process.drawing.sample import whole_map


def test_a_sheet_as_a_flowchart_with_a_box_a_lane() -> None:
    lines = to_mermaid(stage_sheet(whole_map(), "receipt"), "en").splitlines()

    assert lines[0] == "flowchart LR"
    assert '  subgraph l0["Buyer"]' in lines
    assert '    n2{"Who confirms?"}' in lines
    assert '    n9((("Settled")))' in lines
    assert "  n1 ==> n2" in lines
    assert '  n8 -. "statement" .-> p0' in lines
    assert lines.count("  end") == 5


def test_chinese_is_the_language_unless_said_otherwise() -> None:
    assert '["用户"]' in to_mermaid(whole_map())
