"""What the commands `check`, `lint`, `graph`, `schema` and `explain` do. Each prints and returns an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console, RenderableType

from footfall.engine.app_file import decode_app, is_app
from footfall.evidence import manifest as manifests
from footfall.evidence import report
from footfall.evidence.explain import SHORTEST_PREFIX
from footfall.evidence.journeys import NAME as JOURNEYS
from footfall.evidence.ledger import LedgerDamaged
from footfall.evidence.manifest import Manifest
from footfall.evidence.message_story import consequences, find_message, tell
from footfall.live import inputs, rundir
from footfall.live.control import Control
from footfall.live.form_schema import shipped
from footfall.live.journey_file import JOURNEY_SCHEMA, decode_journey, decode_journeys, is_journey
from footfall.live.journey_graph import mermaid
from footfall.live.platform_file import decode_platform, is_platform
from footfall.platform.loopback import is_loopback
from footfall.platform.package_data import event_schema
from footfall.platform.schema_files import read_schemas
from footfall.scenario.decode import lint_scenario, places_file
from footfall.world.geofences import decode_geofences, warnings
from footfall.world.pois import Poi
from footfall.world.problems import BadInput, Problem, did_you_mean

EXIT_BAD_USAGE = 2
RUNS = Path("runs")


def check(run: str, ask: str | None) -> int:
    """Judges a run from its folder: valid 0, invalid 1, unknown 3."""
    directory = Path(run) if Path(run).is_dir() else RUNS / run
    if not (directory / "manifest.json").is_file():
        known = [path.parent.name for path in RUNS.glob("*/manifest.json")]
        return _bad(f"{run}: no such run.{did_you_mean(run, known)}")
    if ask and not is_loopback(urlsplit(ask if "://" in ask else f"http://{ask}").hostname or ""):
        return _bad(f"--ask {ask}: only a platform on this machine can be asked")
    try:
        manifest = _manifest(directory)
        told = JOURNEYS in manifest.expectations.checkers
        received_as = manifest.received_as or manifest.run
        trouble = rundir.ask_receiver(Control(ask), received_as, directory, told) if ask else None
        verdict = rundir.conclude(directory, manifest, [] if trouble is None else [trouble])
    except LedgerDamaged as damaged:
        return _bad(str(damaged))
    Console(highlight=False).print(report.report(verdict, manifest, str(directory)))
    return verdict.exit_code


def lint(files: Sequence[str]) -> int:
    """Prints every problem of every file; 0 if there is none, else 2."""
    problems: list[Problem] = []
    journeys: dict[str, str] = {}
    files = [name for given in files for name in _all_in(given)]
    for name in files:
        try:
            problems += _lint_geofences(name) if name.endswith(("json", "geojson")) else _lint_yaml(name, journeys)
        except BadInput as bad:
            problems += bad.problems
    try:
        decode_journeys(tuple(journeys.items()))
    except BadInput as bad:
        problems += bad.problems
    for problem in sorted(set(problems)):
        print(problem, file=sys.stderr)
    if problems:
        return EXIT_BAD_USAGE
    print(f"{len(files)} {'file' if len(files) == 1 else 'files'}, no problems")
    return 0


def _all_in(name: str) -> list[str]:
    """The YAML files of a folder, or the name itself."""
    folder = Path(name)
    return [str(path) for path in sorted(folder.rglob("*.yaml"))] if folder.is_dir() else [name]


def _lint_yaml(name: str, journeys: dict[str, str]) -> list[Problem]:
    """The problems of one file; a journey is put beside the others, as no two may have one name."""
    path = _find(name)
    text = inputs.read_text(path, "a scenario, an app, a platform or a journey")
    if is_journey(text):
        journeys[str(path)] = text
        return []
    if is_platform(text):
        read_schemas(decode_platform(text, str(path)), event_schema())
        return []
    if is_app(text, path.resolve().is_relative_to(inputs.APPS.resolve())):
        decode_app(text, str(path))
        return []
    return _lint_scenario(path, text)


def _find(name: str) -> Path:
    """The file of a scenario, an app or a journey, by its path or by its name below scenarios/, apps/ or journeys/."""
    wanted, known = name.removesuffix(".yaml"), []
    for find, folder in (
        (inputs.find_scenario, inputs.SCENARIOS),
        (inputs.find_app, inputs.APPS),
        (inputs.find_journey, inputs.JOURNEYS),
    ):
        wanted = wanted.removeprefix(f"{folder}/")
        try:
            return find(name)
        except BadInput:
            names = [file.relative_to(folder).with_suffix("").as_posix() for file in folder.rglob("*.yaml")]
            if any(one.rpartition("/")[2] == wanted for one in names):
                raise  # several have this name
            known += names
    raise BadInput([Problem(name, 1, 1, f"no such scenario, app or journey.{did_you_mean(wanted, known)}")])


def _lint_scenario(path: Path, text: str) -> list[Problem]:
    pois: tuple[Poi, ...] | None = None
    problems: list[Problem] = []
    named = places_file(text)
    if named is not None:
        geofences = path.parent / named
        try:
            pois = decode_geofences(inputs.read_text(geofences, "geofences"), inputs.short(geofences)).pois
        except BadInput as bad:
            problems += bad.problems
    return problems + lint_scenario(text, str(path), pois, inputs.known_names())


def _lint_geofences(name: str) -> list[Problem]:
    text = inputs.read_text(Path(name), "geofences")
    decode_geofences(text, name)
    for warning in warnings(text, name):
        print(f"{warning} (warning)", file=sys.stderr)
    return []


def graph(name: str) -> int:
    """Prints a journey as a Mermaid flowchart; 2 if it has problems, which it prints instead."""
    try:
        path = inputs.find_journey(name)
        print(mermaid(decode_journey(inputs.read_text(path, "a journey"), str(path))), end="")
    except BadInput as bad:
        for problem in bad.problems:
            print(problem, file=sys.stderr)
        return EXIT_BAD_USAGE
    return 0


def schema(kind: str) -> int:
    """Prints the JSON Schema of a kind of file: `journey`."""
    print(shipped({"journey": JOURNEY_SCHEMA}[kind]), end="")
    return 0


def explain(event_id: str, runs: Path) -> int:
    """Tells an event's or a message's story from the ledgers of all runs, the newest first; 2 if no run knows it."""
    if len(event_id.strip()) < SHORTEST_PREFIX:
        return _bad(f"{event_id}: expected an event's id, or its first {SHORTEST_PREFIX} characters or more")
    try:
        for path in sorted(runs.glob("*/manifest.json"), key=lambda p: p.stat().st_mtime, reverse=True):
            directory = path.parent
            story = report.explain(
                event_id,
                rundir.read_ledgers(directory),
                _manifest(directory),
                rundir.read_received(directory),
            )
            if story is None:
                found = find_message(event_id, rundir.read_journeys(directory) or (), rundir.read_ledgers(directory))
                story = None if found is None else tell(found, _manifest(directory))
                came: RenderableType | None = None
            else:
                came = consequences(event_id, rundir.read_journeys(directory) or ())
            if story is not None:
                console = Console(highlight=False)
                console.print(story)
                if came is not None:
                    console.print(came)
                console.print(f"the run is in {directory}", style="dim")
                return 0
    except LedgerDamaged as damaged:
        return _bad(str(damaged))
    going_on = [path.parent for path in runs.glob("*/manifest.json") if not (path.parent / "summary.json").exists()]
    hint = f"; {going_on[0]} is not over, and what journeys did is known here when it is" if going_on else ""
    return _bad(f"{event_id}: no run in {runs}/ has an event or a message whose id is or begins so{hint}")


def _manifest(directory: Path) -> Manifest:
    path = directory / "manifest.json"
    return manifests.decode(path.read_bytes(), str(path))


def _bad(why: str) -> int:
    print(f"footfall: {why}", file=sys.stderr)
    return EXIT_BAD_USAGE
