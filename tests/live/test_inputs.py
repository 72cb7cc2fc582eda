"""Scenario and geofences from disk: found by path or name, decoded together, every problem of both at once."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from small_inputs import PLACES, SCENARIO

from footfall.live import inputs
from footfall.world.problems import BadInput


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with one scenario, scenarios/small.yaml, and its places."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/small.yaml").write_text(SCENARIO)
    (tmp_path / "places.geojson").write_text(json.dumps(PLACES))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(name: str) -> list[str]:
    """The problems that loading ends with, a line each."""
    with pytest.raises(BadInput) as bad:
        inputs.load(name)
    return [str(problem) for problem in bad.value.problems]


@pytest.mark.parametrize("name", ["small", "small.yaml", "scenarios/small.yaml", "./scenarios/small.yaml"])
def test_a_scenario_is_found_by_path_or_by_name(here: Path, name: str) -> None:
    assert inputs.load(name).scenario.name == "small"


def test_what_was_read_is_kept_for_the_manifest_and_the_workers(here: Path) -> None:
    read = inputs.load("small")
    assert read.scenario_text == SCENARIO
    assert read.scenario_sha256 == hashlib.sha256(SCENARIO.encode()).hexdigest()
    assert read.geofences_file == "places.geojson"
    assert read.geofences_sha256 == hashlib.sha256((here / "places.geojson").read_bytes()).hexdigest()


def test_texts_alone_mean_the_same(here: Path) -> None:
    """A worker has no files of its own."""
    read = inputs.load("small")
    texts = (read.scenario_file, read.scenario_text, read.geofences_file, read.geofences_text)
    (here / "places.geojson").unlink()
    assert inputs.decode(*texts) == read


def test_only_the_libraries_that_the_scenario_names_take_part(here: Path) -> None:
    assert [poi.id for poi in inputs.load("small").pois] == ["p-0", "p-1"]


def test_a_slip_of_the_pen_gets_a_suggestion(here: Path) -> None:
    assert told("smal") == ['smal:1:1: no such scenario. Did you mean "small"?']
    assert told("scenarios/smal.yaml") == ['scenarios/smal.yaml:1:1: no such scenario. Did you mean "small"?']


def test_a_name_far_off_gets_the_list(here: Path) -> None:
    assert told("xyz") == ["xyz:1:1: no such scenario. Known: small."]


def test_missing_geofences_are_named_by_their_path(here: Path) -> None:
    (here / "places.geojson").unlink()
    assert told("small") == ["scenarios/../places.geojson:1:1: expected geofences, found no such file"]


def test_missing_geofences_do_not_hide_the_scenarios_own_mistakes(here: Path) -> None:
    (here / "places.geojson").unlink()
    (here / "scenarios/small.yaml").write_text(SCENARIO.replace("start: walk", "start: wlak"))
    missing, slip = sorted(told("small"))
    assert missing.endswith("found no such file")
    assert slip.startswith("scenarios/small.yaml:8:8: ")
    assert 'Did you mean "walk"?' in slip


def test_mistakes_of_both_files_are_told_together(here: Path) -> None:
    (here / "places.geojson").write_text(json.dumps(PLACES, indent=1).replace('"radius_m": 100', '"radius_m": 0'))
    (here / "scenarios/small.yaml").write_text(SCENARIO.replace("lasts: 10m", "lasts: long"))
    files = [problem.partition(":")[0] for problem in told("small")]
    assert files == ["places.geojson"] * 3 + ["scenarios/small.yaml"]


def test_a_scenario_without_places_says_so(here: Path) -> None:
    (here / "scenarios/small.yaml").write_text(
        SCENARIO.replace("places: {file: ../places.geojson, libraries: [one]}\n", "")
    )
    (problem,) = told("small")
    assert "places" in problem


def test_bytes_that_are_no_text_are_told_with_their_offset(here: Path) -> None:
    (here / "scenarios/small.yaml").write_bytes(b"scenario: caf\xe9\n")
    assert told("small") == [
        "scenarios/small.yaml:1:1: expected a scenario, found bytes that are not UTF-8 at offset 13"
    ]


def test_a_folder_for_geofences_is_a_problem_not_a_crash(here: Path) -> None:
    (here / "places.geojson").unlink()
    (here / "places.geojson").mkdir()
    (problem,) = told("small")
    assert problem.startswith("scenarios/../places.geojson:1:1: expected geofences, found: ")


def test_a_path_is_shown_as_short_as_it_can_be(here: Path) -> None:
    assert inputs.short(Path("scenarios/../places.geojson")) == "places.geojson"
    assert inputs.short(here.parent / "elsewhere.geojson") == str(here.parent / "elsewhere.geojson")
