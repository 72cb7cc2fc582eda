"""Every command with curl in docs/platform.md and the README is run, as it is written there, against a platform that
was started as it is written there, and its answer is the one shown.

A block of commands is followed by the block of its answer: `json` (one value after the other) or `text`. In both `...`
stands for anything; in JSON that is a value, a part of a text, the further items of a list (at its end) or the further
members of an object.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from footfall import cli

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/platform.md"
README = ROOT / "README.md"
PLATFORM = ".venv/bin/footfall platform"
ANYTHING = "..."
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


def blocks(page: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


# what is shown, compared


def read(shown: str) -> list[Any]:
    """The JSON values of a block, one after the other, in which a bare ... became a text."""
    text, inside = "", False
    open_: list[str] = []
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|\.\.\.|.', shown, re.DOTALL):
        if token in "{[":
            open_.append(token)
        elif token in "}]":
            open_.pop()
        if token == ANYTHING:
            inside = open_[-1:] == ["{"] and text.rstrip()[-1] in "{,"  # where a member's name would be
            token = '"...": null' if inside else '"..."'
        text += token
    decoder, values, at = json.JSONDecoder(), [], 0
    while at < len(text.rstrip()):
        value, end = decoder.raw_decode(text, at + len(text[at:]) - len(text[at:].lstrip()))
        values.append(value)
        at = end
    return values


def as_shown(shown: Any, answer: Any) -> bool:
    if shown == ANYTHING:
        return True
    if isinstance(shown, dict):
        if not isinstance(answer, dict) or not shown.keys() - {ANYTHING} <= answer.keys():
            return False
        whole = ANYTHING in shown or shown.keys() == answer.keys()
        return whole and all(as_shown(shown[name], answer[name]) for name in shown.keys() & answer.keys())
    if isinstance(shown, list):
        if not isinstance(answer, list):
            return False
        if shown[-1:] == [ANYTHING] and len(answer) >= len(shown) - 1:
            shown, answer = shown[:-1], answer[: len(shown) - 1]
        return len(shown) == len(answer) and all(map(as_shown, shown, answer))
    if isinstance(shown, str) and isinstance(answer, str):
        return like(shown, answer)
    return type(shown) is type(answer) and bool(shown == answer)


def like(shown: str, answer: str) -> bool:
    return re.fullmatch(re.escape(shown).replace(re.escape(ANYTHING), "[^\n]*"), answer) is not None


@pytest.mark.parametrize(
    ("shown", "answer", "same"),
    [
        ('{"a": 1}', '{"a":1}', True),
        ('{"a": 1}', '{"a":2}', False),
        ('{"a": 1}', '{"a":1,"b":2}', False),  # a member more
        ('{"a": 1, ...}', '{"a":1,"b":2}', True),
        ('{..., "b": 2}', '{"a":1,"b":3}', False),
        ('{"a": ...}', '{"a":[1]}', True),
        ('{"a": ...}', "{}", False),
        ("[1, ...]", "[1,2,3]", True),
        ("[1, ...]", "[2]", False),
        ("[..., 2]", "[1,2]", True),  # but at the end of a list it is one item
        ("[..., 2]", "[1,1,2]", False),
        ('{"a": "x...z"}', '{"a":"xyz"}', True),
        ('{"a": "x...z"}', '{"a":"xy"}', False),
        ("true", "1", False),
    ],
)
def test_the_comparison_tells_an_answer_from_another(shown: str, answer: str, same: bool) -> None:
    assert as_shown(read(shown), read(answer)) is same


# what is typed, run


class Terminals:
    """One for every platform that a page starts, and one for everything else; all in one folder."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self._folder = folder
        self._opened = opened
        self._scripts: dict[str, tuple[str, str]] = {}  # by the port of the page: what starts one there, its greeting
        self._ports: dict[str, str] = {}  # by the port of the page: the one that it really got
        for name in ("platforms", "geofences", "journeys"):
            (folder / name).symlink_to(ROOT / name)

    def will_start(self, script: str, greeting: str) -> None:
        """A platform is started when it is asked something for the first time. `greeting` "" is not compared."""
        port = re.search(r"--port (\d+)", script)
        self._scripts.setdefault(port[1] if port else "8090", (script, greeting))

    def run(self, script: str) -> str:
        done = subprocess.run(
            ["sh", "-c", ADDRESS.sub(lambda match: f"http://127.0.0.1:{self._port(match[1])}", script)],
            cwd=self._folder, env=_environment(), capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout

    def _port(self, shown: str) -> str:
        if shown not in self._ports:
            script, greeting = self._scripts[shown]
            script = re.sub(r"--port \d+", "", script)
            command = f"exec {sys.executable} -m footfall.cli platform --port 0"
            line = self._opened.enter_context(self._running(script.replace(PLATFORM, command)))
            self._ports[shown] = line.partition("http://127.0.0.1:")[2].split()[0]
            said = line.replace(f":{self._ports[shown]} ", f":{shown} ")
            assert greeting in ("", said), f"{script} is greeted with {said}"
        return self._ports[shown]

    @contextmanager
    def _running(self, script: str) -> Iterator[str]:
        with subprocess.Popen(
            ["sh", "-c", script], cwd=self._folder, env=_environment(), stdout=subprocess.PIPE, text=True
        ) as platform:
            assert platform.stdout is not None
            try:
                line = platform.stdout.readline()
                assert line, "it did not start"
                yield line
            finally:
                platform.terminate()


def _environment() -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**found, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


def type_all(page: Path, folder: Path) -> int:
    """Compares every answer of the page; how many there were."""
    compared = 0
    with ExitStack() as opened:
        terminals = Terminals(folder, opened)
        found = blocks(page)
        for (kind, script), (answer_kind, shown) in zip(found, [*found[1:], ("", "")], strict=True):
            if kind != "sh":
                continue
            if PLATFORM in script:
                greeting = shown if answer_kind == "text" else ""
                terminals.will_start(script[: script.index("\n", script.index(PLATFORM))], greeting)
            elif "curl " in script:
                assert answer_kind in ("json", "text"), f"no answer is shown for {script}"
                answer = terminals.run(script)
                if answer_kind == "json":
                    same = as_shown(read(shown), read(answer))
                else:
                    same = like(shown.strip(), answer.strip())
                assert same, f"{script}\nis answered\n{answer}"
                compared += 1
    return compared


def test_what_is_typed_is_answered_as_the_guide_shows(tmp_path: Path) -> None:
    assert type_all(GUIDE, tmp_path) >= 15


def test_what_is_typed_is_answered_as_the_readme_shows(tmp_path: Path) -> None:
    assert type_all(README, tmp_path) >= 1


@pytest.mark.parametrize(
    ("right", "wrong", "convicted"),
    [
        ('"status": "ok"', '"status": "fine"', "is answered"),
        ("#: extraneous key [speed]", "#: extraneous key [weight]", "is answered"),
        ("```text\n204", "```text\n202", "is answered"),
        ("listening on http", "listens on http", "is greeted"),
    ],
)
def test_a_guide_that_shows_another_answer_is_convicted(right: str, wrong: str, convicted: str, tmp_path: Path) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    page = tmp_path / "page.md"
    assert right in text
    page.write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(AssertionError, match=convicted):
        type_all(page, tmp_path)


def test_every_option_and_link_of_the_guide_exists() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    known = cli.parser().parse_args(["platform"])
    for option in re.findall(r"^\| `--([a-z-]+)", text, re.MULTILINE):
        assert hasattr(known, option.replace("-", "_")), option
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (GUIDE.parent / target).is_file(), target
