"""Footfall's options: on the command line, in the environment, in the web form; what is wrong with them is told at
once."""

from __future__ import annotations

import argparse
from typing import Any

import configargparse
import pytest

from footfall.live.locust.options import DEFAULT_SCENARIO, BadUsage, RunOptions, add_options, read_options


def parser() -> Any:
    """Of the kind that Locust has."""
    made = configargparse.ArgumentParser()
    add_options(made)
    return made


def parsed(*arguments: str, env: dict[str, str] | None = None) -> argparse.Namespace:
    found: argparse.Namespace = parser().parse_args(list(arguments), env_vars=env or {})
    return found


def actions() -> dict[str, Any]:
    return {action.dest: action for action in parser()._actions if action.dest != "help"}


def test_without_options_everything_has_a_default() -> None:
    assert read_options(parsed()) == RunOptions(
        scenario=DEFAULT_SCENARIO,
        app="",
        seed=-1,
        speed=120.0,
        run_id="",
        phones=0,
        only=-1,
        confirm_host=False,
        datastream="",
        places_host="",
        transport="edge",
        inlet_host="",
        drain_s=10.0,
        give_up_s=30.0,
        fsync=False,
        platform_config="",
        runs="runs",
    )


def test_every_option_can_be_given() -> None:
    given = parsed(
        *(
            "--scenario",
            "a.yaml",
            "--app",
            "shop",
            "--seed",
            "7",
            "--speed",
            "2.5",
            "--run-id",
            "r-1",
            "--phones",
            "9",
            "--only",
            "3",
        ),
        *("--confirm-host", "--datastream", "d", "--places-host", "http://127.0.0.1:1", "--drain", "1"),
        *("--transport", "inlet-batch", "--inlet-host", "http://127.0.0.1:2"),
        *("--give-up", "0", "--fsync", "--platform-config", "local", "--runs", "elsewhere"),
    )
    assert read_options(given) == RunOptions(
        "a.yaml",
        "shop",
        7,
        2.5,
        "r-1",
        9,
        3,
        True,
        "d",
        "http://127.0.0.1:1",
        "inlet-batch",
        "http://127.0.0.1:2",
        1.0,
        0.0,
        True,
        "local",
        "elsewhere",
    )


def test_locust_may_make_as_many_parsers_as_it_likes() -> None:
    assert vars(parser().parse_args([], env_vars={})) == vars(parser().parse_args([], env_vars={}))


# option, its name in the environment
ENVIRONMENT = [
    ("scenario", "FOOTFALL_SCENARIO", "b.yaml", "b.yaml"),
    ("app", "FOOTFALL_APP", "shop", "shop"),
    ("seed", "FOOTFALL_SEED", "7", 7),
    ("speed", "FOOTFALL_SPEED", "60", 60.0),
    ("run_id", "FOOTFALL_RUN_ID", "r", "r"),
    ("phones", "FOOTFALL_PHONES", "3", 3),
    ("only", "FOOTFALL_ONLY", "1", 1),
    ("confirm_host", "FOOTFALL_CONFIRM_HOST", "true", True),
    ("datastream", "FOOTFALL_DATASTREAM", "d", "d"),
    ("places_host", "FOOTFALL_PLACES_HOST", "http://127.0.0.1", "http://127.0.0.1"),
    ("transport", "FOOTFALL_TRANSPORT", "inlet", "inlet"),
    ("inlet_host", "FOOTFALL_INLET_HOST", "http://127.0.0.1", "http://127.0.0.1"),
    ("drain", "FOOTFALL_DRAIN", "1.5", 1.5),
    ("give_up", "FOOTFALL_GIVE_UP", "2", 2.0),
    ("fsync", "FOOTFALL_FSYNC", "true", True),
    ("platform_config", "FOOTFALL_PLATFORM_CONFIG", "local", "local"),
    ("runs", "FOOTFALL_RUNS", "elsewhere", "elsewhere"),
]


@pytest.mark.parametrize(("dest", "variable", "text", "value"), ENVIRONMENT, ids=[row[1] for row in ENVIRONMENT])
def test_every_option_has_its_name_in_the_environment(dest: str, variable: str, text: str, value: object) -> None:
    assert vars(parsed(env={variable: text}))[dest] == value


def test_the_table_above_has_every_option() -> None:
    assert {row[0] for row in ENVIRONMENT} == actions().keys()


def test_every_option_has_the_marks_of_the_web_form() -> None:
    """Without them Locust leaves an option of a group out of the form, or fails when it makes the page."""
    for action in actions().values():
        assert isinstance(action.include_in_web_ui, bool), action.dest
        assert (action.is_secret, action.is_required, action.is_multiple) == (False, False, False), action.dest


def test_the_form_asks_for_what_makes_a_run() -> None:
    in_form = {dest for dest, action in actions().items() if action.include_in_web_ui}
    assert {"scenario", "app", "seed", "speed", "run_id", "phones", "transport"} <= in_form
    assert "runs" not in in_form, "a page must not choose where this machine's files are written"


# what is given -> what is told
WRONG = [
    ({"seed": -2}, "--seed: expected a whole number from 0 on, found -2"),
    ({"seed": "seven"}, "--seed: expected a whole number from 0 on, found 'seven'"),
    ({"seed": 1e300}, "--seed: expected a whole number from 0 on, found 1e+300"),
    ({"speed": 0.0}, "--speed: expected virtual seconds per real second, 0.01 or more, found 0.0"),
    ({"speed": -1.0}, "--speed: expected virtual seconds per real second, 0.01 or more, found -1.0"),
    ({"speed": float("nan")}, "--speed: expected virtual seconds per real second, 0.01 or more, found nan"),
    ({"speed": float("inf")}, "--speed: expected virtual seconds per real second, 0.01 or more, found inf"),
    ({"speed": None}, "--speed: expected virtual seconds per real second, 0.01 or more, found None"),
    ({"phones": -1}, "--phones: expected a whole number from 1 on, found -1"),
    ({"only": -2}, "--only: expected the number of a phone, from 0 on, found -2"),
    ({"transport": "inlets"}, "--transport: expected edge, inlet or inlet-batch, found 'inlets'"),
    ({"drain": -0.1}, "--drain: expected seconds, 0 or more, found -0.1"),
    ({"give_up": float("nan")}, "--give-up: expected seconds, 0 or more, found nan"),
    # a run's id is a folder's name and a part of the path of the platform's API
    ({"run_id": "../up"}, "--run-id: expected up to 64 letters, digits, dots, dashes or underscores, found '../up'"),
    ({"run_id": "a/b"}, "--run-id: expected up to 64 letters, digits, dots, dashes or underscores, found 'a/b'"),
    (
        {"run_id": ".hidden"},
        "--run-id: expected up to 64 letters, digits, dots, dashes or underscores, found '.hidden'",
    ),
    ({"run_id": "é"}, "--run-id: expected up to 64 letters, digits, dots, dashes or underscores, found 'é'"),
    # the id of a datastream is a part of every URL
    ({"datastream": "a b"}, "--datastream: expected the id of a datastream, as in its URL, found 'a b'"),
    ({"datastream": "a&b"}, "--datastream: expected the id of a datastream, as in its URL, found 'a&b'"),
    ({"run_id": "a\nb"}, "--run-id: expected up to 64 letters, digits, dots, dashes or underscores, found 'a\\nb'"),
    (
        {"run_id": "x" * 65},
        f"--run-id: expected up to 64 letters, digits, dots, dashes or underscores, found '{'x' * 65}'",
    ),
]


@pytest.mark.parametrize(
    ("given", "told"), WRONG, ids=[f"{dest}={value!r:.20}" for row in WRONG for dest, value in row[0].items()]
)
def test_a_value_that_cannot_be_is_told(given: dict[str, object], told: str) -> None:
    options = parsed()
    vars(options).update(given)
    with pytest.raises(BadUsage) as refused:
        read_options(options)
    assert str(refused.value) == told


def test_all_that_is_wrong_is_told_at_once() -> None:
    options = parsed("--speed", "0", "--seed", "-5", "--phones", "-3", "--run-id", "a b", "--drain", "-1")
    with pytest.raises(BadUsage) as refused:
        read_options(options)
    told = [line.partition(":")[0] for line in str(refused.value).splitlines()]
    assert sorted(told) == ["--drain", "--phones", "--run-id", "--seed", "--speed"]


# what the web form may post for a checkbox
@pytest.mark.parametrize(
    ("posted", "confirmed"), [(True, True), ("true", True), ("on", True), (False, False), ("", False), ("false", False)]
)
def test_a_host_is_confirmed_only_by_a_yes(posted: object, confirmed: bool) -> None:
    options = parsed()
    options.confirm_host = posted
    assert read_options(options).confirm_host is confirmed


def test_blanks_around_what_was_typed_do_not_count() -> None:
    options = parsed("--run-id", " r-1 ", "--datastream", " d ", "--app", " shop ")
    read = read_options(options)
    assert (read.run_id, read.datastream, read.app) == ("r-1", "d", "shop")
