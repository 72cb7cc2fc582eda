"""What a scenario says that cannot be meant, as exact problem lines.

The states of each case begin in line 11; the phones start in state a.
"""

from __future__ import annotations

from textwrap import dedent
from typing import get_args

import pytest

from footfall.scenario.decode import lint_scenario
from footfall.scenario.language import ACTIONS
from footfall.scenario.situations import RULES
from footfall.scenario.types import Action
from footfall.world.pois import Poi

HEAD = """\
scenario: small
version: 1
seed: 1
lasts: 1h
population: {phones: 2, platforms: {ios: 1}, arrivals: 0s}
places: {file: town.geojson}
gap: 10s
start: a

states:
"""


def lint(states: str, head: str = HEAD, pois: list[Poi] | None = None) -> list[str]:
    body = "".join(f"  {line}\n" for line in dedent(states).strip().splitlines())
    return [str(problem).removeprefix("s.yaml:") for problem in lint_scenario(head + body, "s.yaml", pois)]


@pytest.mark.parametrize(
    ("states", "problems"),
    [
        # a whole visit, twice over, with the cart changed after the first checkout
        (
            """
            a:
              do: [launch, view, add, checkout, add, checkout, purchase, background]
              next: {a: 0.5, end: 0.5}
            """,
            [],
        ),
        # the cart outlives the app's going to the background
        (
            """
            a: {do: [launch, view, add, background], next: {b: 1}}
            b: {do: [launch, open-cart, checkout, login, purchase, background], next: {end: 1}}
            """,
            [],
        ),
        # an empty cart can be opened, and remove takes the last product never
        ("a: {do: [launch, open-cart, remove, view, add, remove, checkout, background], next: {end: 1}}", []),
        # walking needs nothing
        ("a: {do: [walk, launch, walk, background], next: {end: 1}}", []),
        # a share of 0 is no way: what lies behind it is never come to
        (
            """
            a: {do: [launch, view, background], next: {b: 0, end: 1}}
            b: {do: [view], next: {end: 1}}
            """,
            ["12:3: nothing leads from a to the state b"],
        ),
    ],
)
def test_what_can_be_meant_is_let_through(states: str, problems: list[str]) -> None:
    assert lint(states) == problems


@pytest.mark.parametrize(
    ("states", "problems"),
    [
        # every action in the app needs it in the foreground; one mistake is told once
        (
            "a: {do: [view, add, open-cart, checkout, purchase], next: {end: 1}}",
            ["11:12: view comes while the app is in the background: launch comes first, on the way a"],
        ),
        (
            "a: {do: [login], next: {end: 1}}",
            ["11:12: login comes while the app is in the background: launch comes first, on the way a"],
        ),
        (
            "a: {do: [launch, launch, background, background], next: {end: 1}}",
            [
                "11:20: launch comes while the app is in the foreground already, on the way a",
                "11:40: background comes while the app is in the background already, on the way a",
            ],
        ),
        (
            "a: {do: [launch, add, background], next: {end: 1}}",
            ["11:20: add comes before anything was viewed: view comes first, on the way a"],
        ),
        (
            "a: {do: [launch, view, checkout, purchase, background], next: {end: 1}}",
            ["11:26: checkout comes with an empty cart: add comes first, on the way a"],
        ),
        # a change after the checkout
        (
            "a: {do: [launch, view, add, checkout, add, purchase, background], next: {end: 1}}",
            ["11:46: purchase comes without a checkout since the cart last changed, on the way a"],
        ),
        (
            "a: {do: [launch, view, add, checkout, remove, purchase, background], next: {end: 1}}",
            ["11:49: purchase comes without a checkout since the cart last changed, on the way a"],
        ),
        # a purchase empties the cart
        (
            "a: {do: [launch, view, add, checkout, purchase, purchase, background], next: {end: 1}}",
            ["11:51: purchase comes with an empty cart: add comes first, on the way a"],
        ),
        (
            "a: {do: [launch, view], next: {end: 1}}",
            [
                "11:34: the phone's life ends with the app in the foreground: background comes first, on the way a",
            ],
        ),
        # wrong on one way of two, and it is the shortest such way that is named
        (
            """
            a: {do: [launch, view], next: {fill: 0.5, think: 0.5}}
            think: {dwell: 1m, next: {pay: 0.5, fill: 0.5}}
            fill: {do: [add], dwell: 1s, next: {fill: 0.1, pay: 0.9}}
            pay: {do: [checkout, purchase, background], next: {end: 1}}
            """,
            ["14:14: checkout comes with an empty cart: add comes first, on the way a > think > pay"],
        ),
        # the same state is fine the first time and wrong the second
        (
            "a: {do: [launch, view], dwell: 1m, next: {a: 0.5, b: 0.5}}\nb: {do: [background], next: {end: 1}}",
            ["11:12: launch comes while the app is in the foreground already, on the way a > a"],
        ),
    ],
)
def test_actions_come_in_situations_where_they_make_sense(states: str, problems: list[str]) -> None:
    assert lint(states) == problems


def test_every_action_of_the_types_is_in_the_language_and_has_a_rule() -> None:
    assert {record.make for record in ACTIONS.values()} == set(get_args(Action)) == set(RULES)


@pytest.mark.parametrize(
    ("states", "problems"),
    [
        # names
        (
            "a: {do: [walk], next: {bb: 1}}\nbbb: {next: {end: 1}}",
            ['11:26: next: there is no state "bb". Did you mean "bbb"?'],
        ),
        (
            "a: {next: {edn: 1}}",
            ['11:14: next: there is no state "edn". Did you mean "end"?'],
        ),
        # no guess is near, so nothing is said about c, to which the way may have led
        (
            "a: {next: {xyz: 0.5, end: 0.5}}\nc: {next: {end: 1}}",
            ['11:14: next: there is no state "xyz". Known: a, c, end.'],
        ),
        ("end: {next: {end: 1}}\na: {next: {end: 1}}", ['11:3: states: the name "end" is taken: choose another']),
        # shares
        (
            "a: {next: {b: 0.25, end: 0.7}}\nb: {next: {end: 1}}",
            ["11:7: next of a: the shares sum to 0.95, expected 1"],
        ),
        # rounded thirds are near enough to 1, by a millionth
        ("a: {dwell: 1m, next: {a: 0.3333333, b: 0.3333333, end: 0.3333333}}\nb: {next: {end: 1}}", []),
        (
            "a: {dwell: 1m, next: {a: 0.33333, b: 0.33333, end: 0.33333}}\nb: {next: {end: 1}}",
            ["11:18: next of a: the shares sum to 0.99999, expected 1"],
        ),
        # out of reach: c and d hang on b, and b is the one to mend
        (
            """
            a: {next: {end: 1}}
            c: {next: {d: 1}}
            d: {next: {end: 1}}
            b: {next: {c: 1}}
            """,
            ["14:3: nothing leads from a to the state b"],
        ),
        # a ring out of reach: the first of it; that it also has no end and takes no time is the same cause or waits
        ("a: {next: {end: 1}}\nb: {next: {c: 1}}\nc: {next: {b: 1}}", ["12:3: nothing leads from a to the state b"]),
        # no end: b leads into the trap, the trap is c and d
        (
            """
            a: {next: {b: 0.5, end: 0.5}}
            b: {next: {c: 1}}
            c: {do: [walk], next: {d: 1}}
            d: {next: {c: 1}}
            """,
            ["13:19: no way leads from c to end: it leads only to d"],
        ),
        ("a: {dwell: 1m, next: {a: 1}}", ["11:18: no way leads from a to end: it leads only to itself"]),
        # no time: no dwell, and nothing to do
        (
            "a: {next: {b: 0.9, end: 0.1}}\nb: {next: {a: 1}}",
            ["11:3: no time passes in the cycle a > b > a: give one of them a dwell"],
        ),
        # a gap lies between two actions, so one alone takes no time, and two products do
        (
            "a: {do: [launch, background], next: {b: 1}}\nb: {next: {b: 0.9, end: 0.1}}",
            ["12:3: no time passes in the cycle b > b: give one of them a dwell"],
        ),
        ("a: {do: [launch, background], next: {a: 0.9, end: 0.1}}", []),
        ("a: {do: [walk], next: {a: 0.9, end: 0.1}}", []),
        ("a: {dwell: 0s..1s, next: {a: 0.9, end: 0.1}}", []),
    ],
)
def test_states_hang_together(states: str, problems: list[str]) -> None:
    assert lint(states) == problems


def test_without_a_gap_actions_take_no_time_either() -> None:
    assert lint("a: {do: [launch, background], next: {a: 0.9, end: 0.1}}", HEAD.replace("gap: 10s", "gap: 0s")) == [
        "11:3: no time passes in the cycle a > a: give one of them a dwell"
    ]


def test_a_start_that_is_no_state_is_one_problem() -> None:
    states = "install: {do: [view], next: {b: 1}}\nb: {next: {b: 1}}"
    assert lint(states, HEAD.replace("start: a", "start: instal")) == [
        '8:8: start: there is no state "instal". Did you mean "install"?'
    ]


@pytest.mark.parametrize(
    ("states", "problem"),
    [
        # an unknown action may have been the launch, the view, anything: nothing is said about what follows it
        (
            "a: {do: [lunch, view], next: {b: 1}}\nb: {do: [checkout, background], next: {end: 1}}",
            '11:12: do[0]: "lunch" is not an action. Did you mean "launch"?',
        ),
        # while a known action with a wrong setting is known well enough
        (
            "a: {do: [launch, view: {products: 0}, add, background], next: {end: 1}}",
            "11:37: products: expected a count such as 3 or 2..6, at least 1, found 0",
        ),
        # a next that cannot be read may lead anywhere
        (
            "a: {next: b}\nb: {next: {end: 1}}",
            "11:13: next: expected a map of state to share like {browse: 0.4, end: 0.6}, found b",
        ),
        (
            "a: {nxt: {b: 1}}\nb: {next: {end: 1}}",
            '11:7: a: unknown key "nxt". Did you mean "next"?',
        ),
        # a share that cannot be read may be the rest
        (
            "a: {next: {b: 1/2, end: 0.5}}\nb: {next: {end: 1}}",
            "11:17: b: expected a share from 0 to 1, found 1/2",
        ),
        # a dwell that cannot be read may take time
        (
            "a: {dwell: 5, next: {a: 0.5, end: 0.5}}",
            "11:14: dwell: a duration is written 90s, 20m, 2h; found 5: the unit is missing",
        ),
        # a state that is there but cannot be read is there
        (
            "a: {next: {b: 1}}\nb:",
            "12:3: b: expected a map with do, dwell and next, found nothing",
        ),
    ],
)
def test_nothing_is_said_about_what_rests_on_a_mistake(states: str, problem: str) -> None:
    assert lint(states) == [problem]


def poi(id: str, category: str, library: str) -> Poi:
    return Poi(id, id, lon=24.94, lat=60.17, radius_m=100.0, library=library, weight=0, category=category)


TOWN = [poi("p1", "shop", "inner"), poi("p2", "museum", "inner"), poi("p3", "station", "outer")]
WALK = "a: {do: [walk: {to: [shop, %s]}], next: {end: 1}}"


@pytest.mark.parametrize(
    ("places", "category", "problems"),
    [
        # all libraries
        ("{file: f}", "station", []),
        ("{file: f, libraries: [inner]}", "museum", []),
        (
            "{file: f}",
            "musuem",
            ['11:30: to: there is no place of the category "musuem". Did you mean "museum"?'],
        ),
        # in the file, but not in what is used of it
        (
            "{file: f, libraries: [inner]}",
            "station",
            ['11:30: to: there is no place of the category "station". It is in the file, but not in inner.'],
        ),
        # an unknown library, in which every category may be
        (
            "{file: f, libraries: [iner]}",
            "station",
            ['6:31: libraries: no place is in the library "iner". Did you mean "inner"?'],
        ),
    ],
)
def test_categories_and_libraries_are_those_of_the_places(places: str, category: str, problems: list[str]) -> None:
    head = HEAD.replace("{file: town.geojson}", places)
    assert lint(WALK % category, head, TOWN) == problems
    # without the places nothing is said about them
    assert lint(WALK % category, head) == []


def test_mistakes_of_syntax_values_meaning_and_places_come_out_together() -> None:
    states = WALK % "musuem" + "\nb: {do: [view], dwell: 5 min, next: {end: 1}}"
    assert lint(states.replace("end: 1", "b: 1, b: 0", 1), pois=TOWN) == [
        '11:30: to: there is no place of the category "musuem". Did you mean "museum"?',
        '11:54: the key "b" is here twice; it was first used in line 11',
        "12:12: view comes while the app is in the background: launch comes first, on the way a > b",
        "12:26: dwell: a duration is written 90s, 20m, 2h; found 5 min: write 5m",
    ]


def test_home_and_anywhere_are_no_categories() -> None:
    assert lint("a: {do: [walk: {to: home}, walk: {to: anywhere}], next: {end: 1}}", pois=TOWN) == []
