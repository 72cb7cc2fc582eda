"""docs/journeys.md says all that there is to say of a journey file, and nothing that is not so: keys, defaults, limits,
operators and codes are held against the code, the example is read, the graphs are those of the shipped journeys."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from footfall import cli
from footfall.live.inputs import read_journeys
from footfall.live.journey_file import EVENT, JOURNEY, LATENCY, decode_journey
from footfall.live.journey_graph import duration, mermaid
from footfall.live.journey_nodes import BUTTON, EMAIL, IN_APP, LASTING, NODES, PATH, PUSH, SMS, WEBHOOK
from footfall.platform.journeys import entry
from footfall.platform.journeys.expression_parser import parse_tree
from footfall.platform.journeys.types import EVENTS_PER_S, LEAST_REACTION_MS, LIMITS, MOST_STACKED, QUEUE_MS
from footfall.scenario.forms import REQUIRED, Key, Record
from footfall.scenario.quantities import WholeQuantity
from tools.story_picture import picture

ROOT = Path(__file__).resolve().parents[2]
DOC = (ROOT / "docs/journeys.md").read_text(encoding="utf-8")
SHIPPED = {journey.name: journey for journey in read_journeys([str(ROOT / "journeys")])}


def table(header: str, text: str = DOC) -> list[list[str]]:
    """The rows of all tables whose header begins so, cell by cell."""
    rows: list[list[str]] = []
    for body in re.findall(rf"^\| {re.escape(header)} .*\|\n\|[-|]+\|\n((?:\|.*\|\n)+)", text, re.MULTILINE):
        rows += [[cell.strip() for cell in line.strip("|").split(" | ")] for line in body.splitlines()]
    assert rows, header
    return rows


def codes(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def keys(record: Record[Any], prefix: str = "") -> Iterator[tuple[str, Key]]:
    """All keys of a map, and of the maps in it, by their dotted names."""
    for name, key in record.keys.items():
        yield prefix + name, key
        if isinstance(key.form, Record):
            yield from keys(key.form, f"{prefix}{name}.")


def every_key() -> dict[str, Key]:
    """Of a journey file and of what stands in its lists and maps, but for the nodes themselves."""
    parts = [
        ("", JOURNEY), ("events.", EVENT), ("latency.lognormal.", LATENCY.kinds["lognormal"]), ("condition.", PATH),
        ("push.", PUSH), ("push.buttons.", BUTTON), ("in-app.", IN_APP), ("email.", EMAIL), ("sms.", SMS),
        ("webhook.", WEBHOOK),
    ]  # fmt: skip
    return {name: key for prefix, record in parts for name, key in keys(record, prefix)}


def shown(key: Key) -> str:
    """How the table says a default; "" where any words will do."""
    if key.default is REQUIRED:
        return "required"
    if isinstance(key.default, bool):
        return f"`{str(key.default).lower()}`"
    if isinstance(key.default, int) and isinstance(key.form, WholeQuantity):
        return duration(key.default) if key.default or key.form is not LASTING else ""
    if isinstance(key.default, int):
        return str(key.default)
    if isinstance(key.default, str) and key.default:
        return f"`{key.default}`"
    return ""


def test_every_key_is_told_with_its_default() -> None:
    told = {codes(name)[0]: default for name, _, default in table("key")}
    assert told.keys() == every_key().keys()
    wrong = {
        name: (told[name], shown(key))
        for name, key in every_key().items()
        if (shown(key) and told[name] != shown(key)) or (not shown(key) and told[name] in ("", "required"))
    }
    assert wrong == {}


def test_every_kind_of_node_is_told_with_its_keys() -> None:
    assert {codes(kind)[0]: codes(its) for kind, its, _ in table("kind")} == {
        kind: list(record.keys) for kind, record in NODES.items()
    }


def test_the_limits_are_those_of_the_dialects() -> None:
    ajo, legacy = LIMITS["ajo"], LIMITS["legacy"]
    assert [row[1:] for row in table("limit")] == [
        *([duration(a), duration(b)] for a, b in (
            (ajo.global_timeout_ms, legacy.global_timeout_ms),
            (ajo.most_wait_ms, legacy.most_wait_ms),
            (ajo.most_await_ms, legacy.most_await_ms),
            (ajo.most_reentrance_wait_ms, legacy.most_reentrance_wait_ms),
        )),
        [{True: "yes", False: "no"}[each.test_takes_external_events] for each in (ajo, legacy)],
    ]  # fmt: skip
    others = " ".join(re.findall(r"^Of both: (.*?)\n\n", DOC, re.MULTILINE | re.DOTALL)[0].split())
    assert others == (
        f"a reaction is waited for {duration(LEAST_REACTION_MS)} at least; {MOST_STACKED} events may stack up while an "
        f"action is under way; {EVENTS_PER_S} journey events a second, those above queue for "
        f"{duration(QUEUE_MS)} at most."
    )


def test_every_discard_code_is_told() -> None:
    there = {
        value
        for value in vars(entry).values()
        if isinstance(value, str) and re.fullmatch(r"[A-Z]+_[A-Z_]+|maxInstance\w+", value)
    }
    assert len(there) == 11
    assert {codes(row[0])[0] for row in table("code")} == there


@pytest.mark.parametrize(
    "condition",
    [
        *(f"a {operator} 1" for operator in ("==", "!=", "<", "<=", ">", ">=")),
        *(f'a {operator} "x"' for operator in ("contains", "starts with", "ends with", "equals ignoring case")),
        'a in ["gold", "platinum"]', "a is set", "a is not set", "(a and b) or not c", "a == true", "a == false",
        "count(path) > 1", "sum(path) > 1",
    ],
)  # fmt: skip
def test_what_is_told_of_conditions_can_be_read(condition: str) -> None:
    parse_tree(condition)
    told = {word for row in table("written") for code in codes(row[0]) for word in re.findall(r"[a-z]+|[<=>!]+", code)}
    assert set(re.findall(r"[a-z]{2,}|[<=>!]+", condition.replace("path", "").replace('"x"', ""))) <= told


def test_the_example_is_a_journey() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", DOC, re.DOTALL)
    assert decode_journey(example, "docs/journeys.md").name == "abandoned_cart"


def test_the_graphs_are_those_of_the_shipped_journeys() -> None:
    drawn = dict(re.findall(r"^### (\w+)\n\n```mermaid\n(.*?)```", DOC, re.MULTILINE | re.DOTALL))
    assert drawn == {name: mermaid(journey) for name, journey in SHIPPED.items()}


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", DOC):
        assert (ROOT / "docs" / target).exists(), target


def test_the_commands_can_be_given() -> None:
    commands = [line for block in re.findall(r"```sh\n(.*?)```", DOC, re.DOTALL) for line in block.splitlines()]
    assert len(commands) == 3
    for command in commands:
        program, *words = shlex.split(command, comments=True)
        assert program == ".venv/bin/footfall"
        assert cli.parser().parse_args(words).command == words[0]


def test_the_picture_of_the_story_is_the_story() -> None:
    # python tools/story_picture.py -o docs/journeys.svg
    assert (ROOT / "docs/journeys.svg").read_text(encoding="utf-8") == picture()
