"""Scenario and geofence files from disk, decoded and checked together."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from footfall.scenario.decode import decode_scenario, places_file
from footfall.scenario.types import Scenario
from footfall.world.geofences import decode_geofences, in_libraries
from footfall.world.pois import Poi
from footfall.world.problems import BadInput, Problem, did_you_mean

SCENARIOS = Path("scenarios")


class Inputs(msgspec.Struct, frozen=True):
    """The texts of a run and what they mean. The texts travel to workers, which need no files of their own."""

    scenario_file: str
    scenario_text: str
    geofences_file: str
    geofences_text: str
    scenario: Scenario
    pois: tuple[Poi, ...]

    @property
    def scenario_sha256(self) -> str:
        """Hash of the scenario's text."""
        return hashlib.sha256(self.scenario_text.encode()).hexdigest()

    @property
    def geofences_sha256(self) -> str:
        """Hash of the geofences' text."""
        return hashlib.sha256(self.geofences_text.encode()).hexdigest()


def decode(scenario_file: str, scenario_text: str, geofences_file: str, geofences_text: str) -> Inputs:
    """Both texts, decoded. Raises BadInput with the problems of both."""
    problems: list[Problem] = []
    pois: tuple[Poi, ...] | None = None
    scenario = None
    try:
        pois = decode_geofences(geofences_text, geofences_file).pois
    except BadInput as bad:
        problems.extend(bad.problems)
    try:
        scenario = decode_scenario(scenario_text, scenario_file, pois)
    except BadInput as bad:
        problems.extend(bad.problems)
    if problems or scenario is None or pois is None:
        raise BadInput(problems)
    return Inputs(
        scenario_file=scenario_file,
        scenario_text=scenario_text,
        geofences_file=geofences_file,
        geofences_text=geofences_text,
        scenario=scenario,
        pois=in_libraries(pois, scenario.places.libraries),
    )


def load(name: str) -> Inputs:
    """A scenario by its path, or by its name below scenarios/ (`shopping/saturday`), and the geofences it names."""
    path = find_scenario(name)
    text = read_text(path, "a scenario")
    named = places_file(text)
    if named is None:
        decode_scenario(text, str(path))  # says what is wrong with it
        raise BadInput([Problem(str(path), 1, 1, 'expected "places: {file: ...}"')])
    geofences = path.parent / named
    try:
        geofences_text = read_text(geofences, "geofences")
    except BadInput as bad:
        try:
            decode_scenario(text, str(path))
        except BadInput as more:
            raise BadInput((*bad.problems, *more.problems)) from more
        raise
    return decode(str(path), text, short(geofences), geofences_text)


def find_scenario(name: str) -> Path:
    """The file of a scenario given by path or by name. Raises BadInput with a "did you mean"."""
    for path in (Path(name), SCENARIOS / name, SCENARIOS / f"{name}.yaml"):
        if path.is_file():
            return path
    known = sorted(p.relative_to(SCENARIOS).with_suffix("").as_posix() for p in SCENARIOS.rglob("*.yaml"))
    wanted = name.removeprefix(f"{SCENARIOS}/").removesuffix(".yaml")
    raise BadInput([Problem(name, 1, 1, f"no such scenario.{did_you_mean(wanted, known)}")])


def read_text(path: Path, what: str) -> str:
    """The text of a file that a person named. Raises BadInput when it cannot be had."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        why = "found no such file"
    except UnicodeDecodeError as error:
        why = f"found bytes that are not UTF-8 at offset {error.start}"
    except OSError as error:
        why = f"found: {error.strerror}"
    raise BadInput([Problem(str(path), 1, 1, f"expected {what}, {why}")])


def short(path: Path) -> str:
    """The path without `a/../`, relative to the working directory where it lies below it."""
    full = path.resolve()
    here = Path.cwd()
    return str(full.relative_to(here)) if full.is_relative_to(here) else str(full)
