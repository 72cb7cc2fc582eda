"""The README promises nothing that is not there: every command in it parses, every option, file, link and make target
exists, and its picture of a verdict is what a verdict looks like.

What the commands do when they run is proved in tests/e2e and tests/test_cli.py; here each line of the README is tied to
the thing it names, and the four stories are run as they are written there.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from footfall import cli
from footfall.evidence.delivered import Row
from footfall.evidence.journeys import Journeys, Told
from footfall.evidence.ops import Created
from footfall.evidence.verdict import heart_line
from footfall.live import inputs
from footfall.live.locust.options import FLAGS
from footfall.live.rehearsal import Rehearsal

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]


@pytest.fixture(scope="module")
def locust_options() -> set[str]:
    """All options that `locust` knows in this checkout, Footfall's with them."""
    said = subprocess.run(
        [sys.executable, "-m", "locust", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", said.stdout)) | {flag for flag, *_ in FLAGS}


def test_the_table_of_options_is_complete():
    # `locust --help` does not show a locustfile's options, so this table is all there is
    table = re.findall(r"^\| `(--[\w-]+)` \| (?:`([^`]*)`)? *\| (.*) \|$", README, re.MULTILINE)
    assert table == [
        (flag, "" if isinstance(default, bool) else str(default), text) for flag, default, _, text in FLAGS
    ]


def options_of(command: str) -> list[str]:
    words = shlex.split(command)
    arguments = [word for word in words if word.startswith("ARGS=")]
    words += shlex.split(arguments[0].removeprefix("ARGS=")) if arguments else []
    return [word.split("=")[0] for word in words if word.startswith("-")]


def test_there_are_commands_to_check():
    assert len(COMMANDS) >= 10


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ")])
def test_make_targets_exist(command):
    target = shlex.split(command)[1]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", [c for c in COMMANDS if "locust" in c or c.startswith("make run")])
def test_locust_knows_every_option(command, locust_options):
    assert not set(options_of(command)) - locust_options


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith(".venv/bin/footfall")])
def test_footfall_commands_parse(command):
    words = shlex.split(command)[1:]
    assert cli.parser().parse_args(words).command == words[0]


def test_links_and_pictures_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).is_file(), target


def test_the_heart_line_looks_as_shown():
    shown = re.search(r"^planned .*$", README, re.MULTILINE)
    assert shown is not None
    numbers = {int(n) for n in re.findall(r"\d+", shown[0])} - {0}
    (n,) = numbers
    row = Row(type="total", planned=n, sent=n, acknowledged=n, stored=n, good=n, bad=0)
    assert heart_line(row) == shown[0]


def test_environment_and_files_named_in_the_text_exist():
    # the scenario and the geofences are named as links; these are named in the running text
    for name in ("locust.conf", "CHANGELOG.md", "docs/architecture.md"):
        assert name in README
        assert (ROOT / name).is_file()
    assert "FOOTFALL_SPEED" in README


STORIES = [c for c in COMMANDS if re.search(r"--scenario (bought|visited|abandoned|points)\b", c)]


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict[str, tuple[int, str]]:
    """Of each story's command, all run at the same time: its exit code and what it said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "FOOTFALL_"))}
    under_way = {}
    for command in STORIES:
        words = [*shlex.split(command), "--runs", str(tmp_path_factory.mktemp("runs"))]
        assert words.pop(0) == ".venv/bin/locust"
        under_way[command] = subprocess.Popen(
            [sys.executable, "-m", "locust", *words],
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    try:
        said = {command: process.communicate(timeout=60)[0] for command, process in under_way.items()}
        return {command: (under_way[command].returncode, text) for command, text in said.items()}
    finally:
        for process in under_way.values():
            process.kill()
            process.wait()


@pytest.mark.e2e
@pytest.mark.parametrize("command", STORIES)
def test_a_story_runs_as_it_is_written_and_its_table_is_confirmed(command, told):
    exit_code, said = told[command]
    assert exit_code == 0, said
    assert re.search(r"^(bought_thanks|store_welcome|abandoned_cart|points_10000) +\d", said, re.MULTILINE)
    assert re.search(r"^✓ journeys", said, re.MULTILINE)


def test_all_four_stories_are_there():
    assert len(STORIES) == 4


class Ledger:
    """The journal of a rehearsal."""

    def __init__(self) -> None:
        self.ops = []

    def add(self, op):
        self.ops.append(op)

    def flush(self):
        pass


def test_the_numbers_of_make_run_are_those_of_its_scenario(told):
    header, rows = re.search(r"^( +comp-.*\njourney .*)\n((?:\w+ .*\n)+)", README, re.MULTILINE).groups()
    table = {row[0]: list(map(int, row[1:])) for line in rows.splitlines() if (row := line.split())[0] != "discarded"}
    # the columns are those of a verdict
    said = next(iter(told.values()))[1].splitlines()
    first = next(index for index, line in enumerate(said) if line.startswith("journey "))
    assert header.split() == " ".join(said[first - 1 : first + 1]).split()

    read, app = inputs.load_all("shopping/saturday", "")
    ledger = Ledger()
    journeys = inputs.read_journeys(read.scenario.journeys)
    came = Rehearsal(read, app.config, journeys, ledger, 1_772_884_800_000).play()
    assert f"planned {sum(isinstance(op, Created) for op in ledger.ops)} = sent" in README
    checker = Journeys(
        [msgspec.json.decode(msgspec.json.encode(one), type=Told) for one in (*came.steps, *came.messages)]
    )
    for op in ledger.ops:
        checker.feed(op)
    assert [row.journey for row in checker.rows] == list(table)
    for row in checker.rows:
        entered, waiting, completed, exited, discarded, sent, delivered, opened = table[row.journey]
        assert (entered, exited, discarded) == (row.entered, row.exited, sum(row.discarded.values()))
        assert (delivered, opened) == (row.delivered, row.opened)
        # the live run ends when its phones do, the rehearsal when nobody waits any more
        assert entered == waiting + completed + exited
        assert delivered <= sent <= sum(row.sent.values())
