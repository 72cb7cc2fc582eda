"""Files from disk: a scenario with its geofences, decoded and checked together, the configurations of an app and of a
local platform, and journeys."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from footfall.engine.app_file import decode_app
from footfall.live.journey_file import decode_journeys
from footfall.live.platform_file import decode_platform
from footfall.phone.config import AppConfig
from footfall.platform.config import PlatformConfig
from footfall.platform.journeys.types import Journey
from footfall.scenario.decode import decode_scenario, places_file
from footfall.scenario.types import Names, Scenario
from footfall.world.geofences import decode_geofences, in_libraries
from footfall.world.pois import Poi
from footfall.world.problems import BadInput, Problem, did_you_mean

SCENARIOS = Path("scenarios")
APPS = Path("apps")
PLATFORMS = Path("platforms")
JOURNEYS = Path("journeys")


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

    def libraries(self, app: AppConfig) -> tuple[str, ...]:
        """What the app asks Places for: the scenario's libraries, else the app's, else all of the geofences."""
        named = self.scenario.places.libraries or app.places.libraries
        return named or tuple(dict.fromkeys(poi.library for poi in self.pois))

    @property
    def geofences_sha256(self) -> str:
        """Hash of the geofences' text."""
        return hashlib.sha256(self.geofences_text.encode()).hexdigest()


class AppInput(msgspec.Struct, frozen=True):
    """The text of an app file and what it means. Both `file` and `text` are empty for the built-in default."""

    file: str = ""
    text: str = ""
    config: AppConfig = AppConfig()

    @property
    def sha256(self) -> str:
        """Hash of the app's text; empty for the built-in default."""
        return hashlib.sha256(self.text.encode()).hexdigest() if self.file else ""


def decode(
    scenario_file: str, scenario_text: str, geofences_file: str, geofences_text: str, names: Names | None = None
) -> Inputs:
    """Both texts, decoded; `names` are the apps and journeys that the scenario may name, None for any. Raises BadInput
    with the problems of both."""
    problems: list[Problem] = []
    pois: tuple[Poi, ...] | None = None
    scenario = None
    try:
        pois = decode_geofences(geofences_text, geofences_file).pois
    except BadInput as bad:
        problems.extend(bad.problems)
    try:
        scenario = decode_scenario(scenario_text, scenario_file, pois, names)
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


def load_all(scenario_name: str, app_name: str) -> tuple[Inputs, AppInput]:
    """What `load` and `read_app` read; without a name the app is the one that the scenario names. Raises BadInput with
    the problems of all three files, and where the app asks for libraries that no place is in."""
    problems: list[Problem] = []
    read, app = None, None
    try:
        read = load(scenario_name)
    except BadInput as bad:
        problems.extend(bad.problems)
    try:
        app = read_app(app_name or ("" if read is None else read.scenario.app))
    except BadInput as bad:
        problems.extend(bad.problems)
    if read is not None and app is not None:
        problems.extend(_unknown_libraries(read, app))
    if problems or read is None or app is None:
        raise BadInput(problems)
    return read, app


def _unknown_libraries(read: Inputs, app: AppInput) -> Iterator[Problem]:
    known = {poi.library for poi in read.pois}
    for library in read.libraries(app.config):
        if library not in known:
            message = f'libraries: no place of {read.geofences_file} is in the library "{library}".'
            yield Problem(app.file, 1, 1, message + did_you_mean(library, known))


def load(name: str) -> Inputs:
    """A scenario by its path, or by its name below scenarios/ (`shopping/saturday`), and the geofences it names."""
    path = find_scenario(name)
    text = read_text(path, "a scenario")
    named = places_file(text)
    if named is None:
        decode_scenario(text, str(path), names=known_names())  # says what is wrong with it
        raise BadInput([Problem(str(path), 1, 1, 'expected "places: {file: ...}"')])
    geofences = path.parent / named
    try:
        geofences_text = read_text(geofences, "geofences")
    except BadInput as bad:
        try:
            decode_scenario(text, str(path), names=known_names())
        except BadInput as more:
            raise BadInput((*bad.problems, *more.problems)) from more
        raise
    return decode(str(path), text, short(geofences), geofences_text, known_names())


def known_names() -> Names:
    """The apps and journeys that there are here."""
    return Names(_below(APPS), _below(JOURNEYS))


def _below(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml")))


def read_app(name: str) -> AppInput:
    """An app by its path, or by its name below apps/ (`shop`), with its text; "" is the built-in default. Raises
    BadInput with every problem."""
    if not name:
        return AppInput()
    path = find_app(name)
    text = read_text(path, "an app")
    return AppInput(str(path), text, decode_app(text, str(path)))


def app_of(file: str, text: str) -> AppConfig:
    """The app whose text came from a master; a worker needs no files of its own. Raises BadInput."""
    return decode_app(text, file) if file else AppConfig()


def find_scenario(name: str) -> Path:
    """The file of a scenario given by path, by its name below scenarios/ or, where no other has it, by its last part
    (`saturday`). Raises BadInput with a "did you mean"."""
    return _find(name, SCENARIOS, "scenario")


def find_app(name: str) -> Path:
    """The file of an app given by path or by name. Raises BadInput with a "did you mean"."""
    return _find(name, APPS, "app")


def find_platform(name: str) -> Path:
    """The file of a platform given by path or by name. Raises BadInput with a "did you mean"."""
    return _find(name, PLATFORMS, "platform")


def read_platform(name: str) -> PlatformConfig:
    """What the platform file of this path or name says. Raises BadInput with all its problems."""
    path = find_platform(name)
    return decode_platform(read_text(path, "a platform"), str(path))


def find_journey(name: str) -> Path:
    """The file of a journey given by path or by name. Raises BadInput with a "did you mean"."""
    return _find(name, JOURNEYS, "journey")


def read_journeys(names: Sequence[str]) -> tuple[Journey, ...]:
    """The journeys of these paths or names; of a folder, all in it. Raises BadInput with all their problems."""
    paths: dict[Path, None] = {}  # one that is named twice counts once
    for name in names:
        folder = Path(name)
        found = sorted(folder.glob("*.yaml")) if folder.is_dir() else [find_journey(name)]
        if not found:
            raise BadInput([Problem(name, 1, 1, "expected journeys, found no *.yaml in this folder")])
        paths |= dict.fromkeys(found)
    return decode_journeys([(str(path), read_text(path, "a journey")) for path in paths])


def _find(name: str, folder: Path, what: str) -> Path:
    for path in (Path(name), folder / name, folder / f"{name}.yaml"):
        if path.is_file():
            return path
    known = list(_below(folder))
    alike = [one for one in known if one.rpartition("/")[2] == name.removesuffix(".yaml")]  # in whichever folder below
    if len(alike) == 1:
        return folder / f"{alike[0]}.yaml"
    if alike:
        raise BadInput([Problem(name, 1, 1, f"several {what}s have this name: {', '.join(alike)}")])
    wanted = name.removeprefix(f"{folder}/").removesuffix(".yaml")
    raise BadInput([Problem(name, 1, 1, f"no such {what}.{did_you_mean(wanted, known)}")])


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
