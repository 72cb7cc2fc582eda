"""A journey as a Mermaid flowchart: every kind of node and arrow, and characters that mean something to Mermaid."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_journeys import FULL

from footfall.live.journey_file import decode_journey
from footfall.live.journey_graph import duration, mermaid

SHIPPED = sorted((Path(__file__).resolve().parents[2] / "journeys").glob("*.yaml"))


def test_every_kind_of_node():
    assert mermaid(decode_journey(FULL, "full.yaml")).splitlines() == [
        "flowchart TD",
        '    start(["everything"])',
        '    start -->|"bought: eventType == #quot;commerce.purchases#quot;"| n1',
        '    n1{{"pause<br>wait 90s"}}',
        "    n1 --> n2",
        '    n2{{"date<br>until 2026-11-28T10:00:00Z"}}',
        "    n2 --> n3",
        '    n3{"rich<br>condition"}',
        '    n3 -->|"profile.loyalty.tier == #quot;gold#quot;"| n5',
        '    n3 -->|"@bought is set"| n4',
        '    n3 -->|"otherwise"| n11',
        '    n3 -.->|"error"| finish',
        '    n4{"lot<br>by chance"}',
        '    n4 -->|"0.25"| n5',
        '    n4 -->|"0.75"| n8',
        '    n5["push<br>push: Thanks"]',
        "    n5 --> n6",
        '    n5 -.->|"error"| n9',
        '    n6[/"clicked<br>clicked?"/]',
        '    n6 -->|"clicked"| n7',
        '    n6 -->|"not after 40s"| n10',
        '    n7[/"hear<br>await vip or left"/]',
        '    n7 -->|"vip"| finish',
        '    n7 -->|"left"| n1',
        '    n7 -->|"after 1d"| finish',
        '    n8["app<br>in-app: offers/today"]',
        "    n8 --> finish",
        '    n8 -.->|"error"| n9',
        '    n9["mail<br>e-mail: Hello"]',
        "    n9 --> finish",
        '    n9 -.->|"error"| finish',
        '    n10["text<br>SMS: Hello"]',
        "    n10 --> finish",
        '    n10 -.->|"error"| finish',
        '    n11["hook<br>webhook: http://127.0.0.1:9/x"]',
        "    n11 --> finish",
        '    n11 -.->|"error"| finish',
        '    anywhere([anywhere]) -.->|"left: eventType == #quot;location.exit#quot;"| finish',
        "    finish([end])",
    ]


def test_what_means_something_to_mermaid_is_written_as_an_entity():
    text = FULL.replace("subject: Hello", "subject: '<a> \"b\" #1'")
    assert '    n9["mail<br>e-mail: #lt;a#gt; #quot;b#quot; #35;1"]' in mermaid(decode_journey(text, "x.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_journey_has_each_node_once(path):
    journey = decode_journey(path.read_text(encoding="utf-8"), path.name)
    drawn = mermaid(journey)
    assert [drawn.count(f'"{name}<br>') for name, _ in journey.nodes] == [1] * len(journey.nodes)


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0s"), (250, "250ms"), (90_000, "90s"), (5_400_000, "90m"), (7_200_000, "2h"), (86_400_000, "1d")],
)
def test_a_duration_is_written_in_its_largest_whole_unit(ms, text):
    assert duration(ms) == text
