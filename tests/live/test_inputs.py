"""Scenario, geofences and app from disk: found by path or name, decoded together, every problem of all at once."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from small_inputs import PLACES, SCENARIO

from footfall.live import inputs
from footfall.phone.config import AppConfig
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


# --- the app


@pytest.fixture
def app(here: Path) -> Path:
    """An app of its own, apps/other.yaml."""
    (here / "apps").mkdir()
    path = here / "apps/other.yaml"
    path.write_text("app: Other\ntenant: _other\n")
    return path


@pytest.mark.parametrize("name", ["other", "other.yaml", "apps/other.yaml", "./apps/other.yaml"])
def test_an_app_is_found_by_path_or_by_name(app: Path, name: str) -> None:
    assert inputs.read_app(name).config == AppConfig(name="Other", tenant="_other")


def test_no_name_is_the_built_in_default(here: Path) -> None:
    assert inputs.read_app("").config == AppConfig()
    read = inputs.read_app("")
    assert (read.file, read.text, read.sha256) == ("", "", "")


def test_the_text_of_an_app_is_kept_for_the_manifest_and_the_workers(app: Path) -> None:
    read = inputs.read_app("other")
    assert read.file == "apps/other.yaml"
    assert read.sha256 == hashlib.sha256(app.read_bytes()).hexdigest()
    app.unlink()
    assert inputs.app_of(read.file, read.text) == read.config
    assert inputs.app_of("", "") == AppConfig()


# the name, and what is told
NO_APPS = [
    ("othr", 'othr:1:1: no such app. Did you mean "other"?'),
    ("apps/othr.yaml", 'apps/othr.yaml:1:1: no such app. Did you mean "other"?'),
    ("xyz", "xyz:1:1: no such app. Known: other."),
    # a scenario is none
    ("scenarios/small.yaml", 'scenarios/small.yaml:1:1: expected an app, with its name under "app", found a scenario'),
]


@pytest.mark.parametrize(("name", "problem"), NO_APPS)
def test_what_is_no_app_is_told(app: Path, name: str, problem: str) -> None:
    with pytest.raises(BadInput) as bad:
        inputs.read_app(name)
    assert str(bad.value) == problem


def test_mistakes_of_scenario_and_app_are_told_together(app: Path, here: Path) -> None:
    (here / "scenarios/small.yaml").write_text(SCENARIO.replace("start: walk", "start: wlak"))
    app.write_text("app: Other\ntenant: other\n")
    with pytest.raises(BadInput) as bad:
        inputs.load_all("small", "other")
    files = [problem.file for problem in bad.value.problems]
    assert files == ["apps/other.yaml", "scenarios/small.yaml"]


ALL_LIBRARIES = SCENARIO.replace(", libraries: [one]", "")


@pytest.mark.parametrize(
    ("scenario", "app_text", "libraries"),
    [
        # the scenario goes before the app
        (SCENARIO, "app: A\nplaces: {libraries: [two]}", ("one",)),
        (ALL_LIBRARIES, "app: A\nplaces: {libraries: [two]}", ("two",)),
        # neither names any: all of the geofences, in their order
        (ALL_LIBRARIES, "app: A", ("one", "two")),
        (SCENARIO, "app: A", ("one",)),
    ],
)
def test_which_libraries_the_app_asks_for(
    app: Path, here: Path, scenario: str, app_text: str, libraries: tuple[str, ...]
) -> None:
    (here / "scenarios/small.yaml").write_text(scenario)
    app.write_text(app_text)
    read, read_for = inputs.load_all("small", "other")
    assert read.libraries(read_for.config) == libraries


def test_a_library_that_no_place_is_in_would_make_a_run_without_crossings(app: Path, here: Path) -> None:
    (here / "scenarios/small.yaml").write_text(ALL_LIBRARIES)
    app.write_text("app: A\nplaces: {libraries: [one, twoo]}")
    with pytest.raises(BadInput) as bad:
        inputs.load_all("small", "other")
    assert str(bad.value) == (
        'apps/other.yaml:1:1: libraries: no place of places.geojson is in the library "twoo". Did you mean "two"?'
    )


# --- the app and the journeys that a scenario names


def naming(*lines: str) -> str:
    return SCENARIO.replace("start: walk", "\n".join([*lines, "start: walk"]))


# what the scenario names, what --app names, and whose app it is
WHOSE = [
    ("", "", ""),  # the built-in default
    ("other", "", "apps/other.yaml"),
    ("", "third", "apps/third.yaml"),
    ("other", "third", "apps/third.yaml"),  # --app wins
    ("other", "apps/third.yaml", "apps/third.yaml"),
]


@pytest.mark.parametrize(("named", "option", "file"), WHOSE)
def test_the_scenarios_app_is_used_unless_another_is_asked_for(
    app: Path, here: Path, named: str, option: str, file: str
) -> None:
    (here / "apps/third.yaml").write_text("app: Third\n")
    (here / "scenarios/small.yaml").write_text(naming(f"app: {named}") if named else SCENARIO)
    read, its = inputs.load_all("small", option)
    assert its.file == file
    assert read.scenario.app == named


def test_the_scenarios_app_is_as_bad_as_one_that_was_asked_for(app: Path, here: Path) -> None:
    app.write_text("app: Other\ntenant: other\n")
    (here / "scenarios/small.yaml").write_text(naming("app: other"))
    with pytest.raises(BadInput) as bad:
        inputs.load_all("small", "")
    assert [problem.file for problem in bad.value.problems] == ["apps/other.yaml"]


def test_names_that_nobody_has_are_told_at_their_place(app: Path, here: Path) -> None:
    (here / "journeys/below").mkdir(parents=True)
    (here / "journeys/below/welcome.yaml").touch()
    (here / "scenarios/small.yaml").write_text(naming("app: othr", "journeys: [below/welcme]"))
    line = 8  # of `app`
    assert told("small") == [
        f'scenarios/small.yaml:{line}:6: app: there is no app "othr". Did you mean "other"?',
        f'scenarios/small.yaml:{line + 1}:12: journeys: there is no journey "below/welcme". '
        'Did you mean "below/welcome"?',
    ]
    (here / "scenarios/small.yaml").write_text(naming("app: other", "journeys: [below/welcome]"))
    assert inputs.load("small").scenario.journeys == ("below/welcome",)


def test_a_worker_reads_a_scenario_whose_names_it_has_no_files_of(here: Path) -> None:
    texts = ("scenarios/small.yaml", naming("app: other", "journeys: [welcome]"), "places.geojson", json.dumps(PLACES))
    assert inputs.decode(*texts).scenario.app == "other"
    with pytest.raises(BadInput):
        inputs.decode(*texts, inputs.known_names())


def test_missing_geofences_do_not_hide_a_wrong_name(here: Path) -> None:
    (here / "places.geojson").unlink()
    (here / "scenarios/small.yaml").write_text(naming("app: other"))
    missing, slip = sorted(told("small"))
    assert missing.endswith("found no such file")
    assert 'there is no app "other"' in slip
