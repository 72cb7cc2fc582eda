"""The app that a scenario is made for, and the journeys that its platform runs: named by name, checked by what there
is."""

from __future__ import annotations

import pytest

from footfall.scenario.decode import decode_scenario, lint_scenario
from footfall.scenario.types import Names

NAMES = Names(apps=("demo", "shop"), journeys=("abandoned_cart", "bought_thanks", "tutorial/welcome"))


def text(*lines: str) -> str:
    """A scenario with these lines in it, from line 6 on."""
    return "\n".join([
        "scenario: small", "version: 1", "seed: 1", "lasts: 1h",
        "population: {phones: 2, platforms: {ios: 1}, arrivals: 0s}",
        *lines,
        "places: {file: town.geojson}", "gap: 10s", "start: a", "states:", "  a: {do: [walk], next: {end: 1}}", "",
    ])  # fmt: skip


def lint(*lines: str, names: Names | None = NAMES) -> list[str]:
    return [str(problem).removeprefix("s.yaml:") for problem in lint_scenario(text(*lines), "s.yaml", None, names)]


# what is written, and what the scenario then says
GOOD = [
    ([], "", ()),
    (["app: demo"], "demo", ()),
    (["journeys: [bought_thanks]"], "", ("bought_thanks",)),
    # below a folder, and in the order of the file
    (["app: shop", "journeys: [tutorial/welcome, abandoned_cart]"], "shop", ("tutorial/welcome", "abandoned_cart")),
    (["journeys: []"], "", ()),
]


@pytest.mark.parametrize(("lines", "app", "journeys"), GOOD)
def test_what_a_scenario_may_name(lines: list[str], app: str, journeys: tuple[str, ...]) -> None:
    assert lint(*lines) == []
    scenario = decode_scenario(text(*lines), "s.yaml", None, NAMES)
    assert (scenario.app, scenario.journeys) == (app, journeys)


BAD = [
    # a slip of the pen, at its place
    (["app: dmeo"], ['6:6: app: there is no app "dmeo". Did you mean "demo"?']),
    (
        ["app: demo", "journeys: [abandoned_cart, bought_thank]"],
        ['7:28: journeys: there is no journey "bought_thank". Did you mean "bought_thanks"?'],
    ),
    # far off: what there is
    (["app: xyz"], ['6:6: app: there is no app "xyz". Known: demo, shop.']),
    # a path is no name
    (["app: apps/demo.yaml"], ['6:6: app: there is no app "apps/demo.yaml". Known: demo, shop.']),
    # one named twice would be run once: told at the second
    (
        ["journeys: [bought_thanks, abandoned_cart, bought_thanks]"],
        ['6:43: journeys: "bought_thanks" is named twice'],
    ),
    # over several lines, and all of them at once
    (
        ["app: dmeo", "journeys:", "  - bought_thanks", "  - abandoned_crat", "  - bought_thanks"],
        [
            '6:6: app: there is no app "dmeo". Did you mean "demo"?',
            '9:5: journeys: there is no journey "abandoned_crat". Did you mean "abandoned_cart"?',
            '10:5: journeys: "bought_thanks" is named twice',
        ],
    ),
]


@pytest.mark.parametrize(("lines", "problems"), BAD)
def test_what_it_may_not_name(lines: list[str], problems: list[str]) -> None:
    assert lint(*lines) == problems


# neither text nor a list of texts: told as such, once, and not as an unknown name as well
NO_NAMES = [
    (["app: 7"], "6:6: app: "),
    (["app: [demo]"], "6:6: app: "),
    (["journeys: bought_thanks"], "6:11: journeys: "),
    (["journeys: [bought_thanks, 7]"], "6:27: journeys"),
]


@pytest.mark.parametrize(("lines", "begins"), NO_NAMES)
def test_what_is_no_name(lines: list[str], begins: str) -> None:
    (problem,) = lint(*lines)
    assert problem.startswith(begins)
    assert "there is no" not in problem


@pytest.mark.parametrize("lines", [["app: dmeo"], ["journeys: [nowhere]"]])
def test_a_worker_that_has_no_files_asks_for_none(lines: list[str]) -> None:
    assert lint(*lines, names=None) == []


def test_a_name_stands_twice_whether_or_not_it_is_known() -> None:
    """Where nobody knows what there is, nothing is said of names at all."""
    assert lint("journeys: [nowhere, nowhere]", names=None) == []
    assert len(lint("journeys: [nowhere, nowhere]")) == 2
