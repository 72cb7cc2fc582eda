"""A scenario file's text in, a `Scenario` or every problem of it out.

    places = places_file(text)                     # where the places are, so that they can be read first
    problems = lint_scenario(text, file, pois)     # all that is wrong, in reading order
    scenario = decode_scenario(text, file, pois)   # or BadInput with the same problems

Pure: reading the two files is the caller's. Without `pois` (None) everything is checked but the names of categories and
libraries, without `names` all but those of the app and the journeys. A file that is no YAML has one problem, since
nothing in it can be relied on."""

from __future__ import annotations

from collections.abc import Sequence

from footfall.scenario.forms import Log, Spot
from footfall.scenario.language import SCENARIO
from footfall.scenario.semantics import mistakes
from footfall.scenario.types import Names, Scenario
from footfall.scenario.yaml_nodes import Node, Scalar, child, compose, core_type
from footfall.world.pois import Poi
from footfall.world.problems import BadInput, Mistake, Path, Problem


def decode_scenario(text: str, file: str, pois: Sequence[Poi] | None = None, names: Names | None = None) -> Scenario:
    """The scenario in `text`. `file` is how problems call it; `pois` are all places of its places file, `names` the
    apps and journeys that it may name.

    Raises BadInput with every problem of syntax, values and meaning, each at its line and column.
    """
    scenario, problems = _decode(text, file, pois, names)
    if scenario is None or problems:
        raise BadInput(problems)
    return scenario


def lint_scenario(text: str, file: str, pois: Sequence[Poi] | None = None, names: Names | None = None) -> list[Problem]:
    """The problems with which `decode_scenario` would refuse the file, in reading order; empty for a good one."""
    return _decode(text, file, pois, names)[1]


def places_file(text: str) -> str | None:
    """The value of places.file as written, relative to the scenario file; None where it cannot be made out, however
    wrong the rest of the file is."""
    root, _ = compose(text, "")
    places = child(root, "places") if root is not None else None
    entry = child(places[1], "file") if places is not None else None
    value = entry[1] if entry is not None else None
    return value.text if isinstance(value, Scalar) and core_type(value) == "text" and value.text else None


def _decode(
    text: str, file: str, pois: Sequence[Poi] | None, names: Names | None
) -> tuple[Scenario | None, list[Problem]]:
    root, yaml_problems = compose(text, file)
    if root is None:
        return None, list(yaml_problems)
    log = Log(file)
    scenario = SCENARIO.read(Spot(root, (), log))
    meaning = [_problem(mistake, root, file) for mistake in mistakes(scenario, pois, log.damage(), names)]
    # what an alias repeats is read twice and told once
    return scenario, sorted({*yaml_problems, *log.problems, *meaning})


def _problem(mistake: Mistake, root: Node, file: str) -> Problem:
    key, value = _find(root, mistake.path)
    at = key if mistake.at_key and key is not None else value
    return Problem(file, at.line, at.column, mistake.message)


def _find(root: Node, path: Path) -> tuple[Scalar | None, Node]:
    """The key and the value at `path`, or of as much of it as is written: what is left to its default is not."""
    key: Scalar | None = None
    node = root
    for step in path:
        inner = child(node, step)
        if inner is None:
            break
        key, node = inner
    return key, node
