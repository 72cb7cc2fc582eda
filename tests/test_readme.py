"""The README promises nothing that is not there: every command in it parses, every option, file, link and make target
exists, and its picture of a verdict is what a verdict looks like.

What the commands do when they run is proved in tests/e2e and tests/test_cli.py; here each line of the README is tied to
the thing it names.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from footfall import cli
from footfall.evidence.delivered import Row
from footfall.evidence.verdict import heart_line
from footfall.live.locust.options import FLAGS

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
