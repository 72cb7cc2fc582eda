"""Bad input is told in plain lines, all of it at once, before anything is started or sent; the exit code is 2."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest
from locust_process import Commands, Finished, own_port, platforms

pytestmark = pytest.mark.e2e

FIVE_MISTAKES = """\
scenario: five
version: 1
seed: 3
lasts: 30 minutes
population: {phones: 12, platforms: {ios: 0.5, android: 0.6}, arrivals: 2m}
places: {file: few.geojson}
gap: 5s
start: instal
states:
  install:
    do: [lunch]
    dwell: 10s
    next: {install: 0.5, ende: 0.5}
"""


def refused(commands: Commands, *options: str) -> Finished:
    """The run is refused: exit code 2, no platform was left, no run was begun."""
    finished = commands.run(*options)
    assert finished.exit_code == 2, finished.out + finished.err
    assert platforms(commands.directory) == []
    assert not list(commands.runs.glob("*/manifest.json"))
    return finished


# what is asked for, what the answer says
REFUSED = [
    # a slip of the pen gets a suggestion
    (("--scenario", "shopping/saturdey"), 'no such scenario. Did you mean "shopping/saturday"?'),
    # an option's value
    (("--run-id", "../../etc"), "--run-id: expected up to 64 letters, digits, dots, dashes or underscores"),
    (("--speed", "0"), "--speed: expected virtual seconds per real second, 0.01 or more, found 0.0"),
    # a phone that the population does not have
    (("--only", "12"), "--only: expected a phone from 0 to 11, found 12"),
    # a platform file that is not there, and one for a platform that is not ours to start
    (("--platform-config", "locl"), 'no such platform. Did you mean "local"?'),
    (
        ("--platform-config", "local", "--host", "http://127.0.0.1:1"),
        "--platform-config is for the local platform of a run, but there is a --host",
    ),
    # another machine: 192.0.2.1 is an address of documentation, nothing is ever there
    (("--host", "http://192.0.2.1"), "--host http://192.0.2.1 is not this machine: every request would leave it."),
    (("--places-host", "http://192.0.2.1"), "http://192.0.2.1 is not this machine"),
]


@pytest.mark.parametrize(("options", "said"), REFUSED, ids=[" ".join(options) for options, _ in REFUSED])
def test_what_cannot_be_is_refused_in_plain_words(commands: Commands, options: tuple[str, ...], said: str) -> None:
    assert said in refused(commands, *options).err


def test_all_bad_options_are_told_at_once(commands: Commands) -> None:
    said = refused(commands, "--run-id", "a b", "--speed", "0", "--seed", "-2", "--drain", "-1").err
    assert [name for name in ("--run-id:", "--speed:", "--seed:", "--drain:") if name not in said] == []


def test_five_mistakes_are_five_lines_with_their_places(commands: Commands, scenario: Path) -> None:
    wrong = scenario.with_name("five.yaml")
    wrong.write_text(FIVE_MISTAKES)
    said = refused(commands, "--scenario", str(wrong)).err
    places = [re.sub(rf"^{re.escape(str(wrong))}:(\d+):(\d+): .*", r"\1:\2", line) for line in said.splitlines()]
    assert [place for place in places if re.fullmatch(r"\d+:\d+", place)] == ["4:8", "5:26", "8:8", "11:10", "13:26"]
    assert 'Did you mean "launch"?' in said
    assert 'Did you mean "install"?' in said


def test_swapped_coordinates_are_named(commands: Commands, scenario: Path) -> None:
    places = json.loads(scenario.with_name("few.geojson").read_text())
    for feature in places["features"]:
        feature["geometry"]["coordinates"].reverse()
    scenario.with_name("swapped.geojson").write_text(json.dumps(places, indent=1))
    wrong = scenario.with_name("swapped.yaml")
    wrong.write_text(scenario.read_text().replace("few.geojson", "swapped.geojson"))
    said = refused(commands, "--scenario", str(wrong)).err
    assert re.search(r"swapped\.geojson:\d+:\d+: ", said)
    assert "longitude" in said


def test_workers_of_a_refused_run_go_home(commands: Commands) -> None:
    assert "--speed" in refused(commands, "--speed", "0", "--processes", "2", *own_port()).err


def test_a_platform_that_is_not_there_is_a_plain_line(commands: Commands) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and nobody listens
        finished = commands.run("--host", f"http://127.0.0.1:{nobody.getsockname()[1]}")
    assert finished.exit_code == 3
    assert "does not answer" in finished.err
