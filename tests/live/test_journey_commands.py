"""`footfall lint`, `footfall graph` and `footfall schema` on journeys, and finding them by path, name or folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_journeys import FULL, SMALL

from footfall.cli import main
from footfall.live import inputs
from footfall.world.problems import BadInput


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with two journeys below journeys/."""
    (tmp_path / "journeys").mkdir()
    (tmp_path / "journeys/small.yaml").write_text(SMALL)
    (tmp_path / "journeys/full.yaml").write_text(FULL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_lint_takes_journeys_by_path_and_by_name(here, capsys):
    assert main(["lint", "journeys/small.yaml", "full"]) == 0
    assert capsys.readouterr().out == "2 files, no problems\n"


def test_lint_tells_the_problems_of_a_journey(here, capsys):
    (here / "journeys/small.yaml").write_text(SMALL.replace("1m", "1"))
    assert main(["lint", "small"]) == 2
    assert capsys.readouterr().err == (
        "journeys/small.yaml:6:17: wait: a duration is written 90s, 20m, 2h; found 1: the unit is missing\n"
    )


def test_lint_tells_two_journeys_with_one_name(here, capsys):
    (here / "twin.yaml").write_text(SMALL)
    assert main(["lint", "small", "twin.yaml", "small"]) == 2  # one that is named twice is one
    assert capsys.readouterr().err == "twin.yaml:1:10: the journey small is in journeys/small.yaml already\n"


def test_graph_prints_a_flowchart(here, capsys):
    assert main(["graph", "small"]) == 0
    assert capsys.readouterr().out == (
        'flowchart TD\n    start(["small"])\n'
        '    start -->|"bought: eventType == #quot;commerce.purchases#quot;"| n1\n'
        '    n1{{"pause<br>wait 1m"}}\n    n1 --> finish\n    finish([end])\n'
    )


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("smal", 'smal:1:1: no such journey. Did you mean "small"?'),
        ("broken.yaml", 'broken.yaml:1:1: the key "events" is missing: expected a map of events by name'),
    ],
)
def test_graph_of_what_is_no_journey(here, capsys, name, problem):
    (here / "broken.yaml").write_text("journey: x\n")
    assert main(["graph", name]) == 2
    assert problem in capsys.readouterr().err.splitlines()


def test_schema_prints_the_json_schema(capsys):
    assert main(["schema", "journey"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "A journey of Footfall"


def test_journeys_are_read_by_name_path_and_folder(here):
    assert [one.name for one in inputs.read_journeys(["small"])] == ["small"]
    assert [one.name for one in inputs.read_journeys(["journeys", "small"])] == ["everything", "small"]
    (here / "empty").mkdir()
    with pytest.raises(BadInput, match=r"empty:1:1: expected journeys, found no \*\.yaml in this folder"):
        inputs.read_journeys(["empty"])
