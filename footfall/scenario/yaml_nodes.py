"""YAML text as a tree whose every node knows its line and column.

YAML 1.2 core: ruamel's parser gives the events, and we put the tree together here rather than take ruamel's own nodes,
since theirs no longer tell a written tag from a resolved one, keep duplicate keys and allow aliases that hold
themselves. Scalars stay text; what a scalar means is decided by whoever expects something of it (`forms`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from ruamel.yaml.reader import ReaderError

from footfall.world.problems import Problem

DEEPEST = 40
"""How many maps and lists may lie within one another; a scenario needs eight."""

LARGEST = 200_000
"""How many values a file may hold after its aliases are followed: a few lines of aliases of aliases hold billions."""


class Scalar(msgspec.Struct, frozen=True):
    """A single value as it is written. `plain`: without quotes and not a block, so that YAML gives it a type."""

    line: int
    column: int
    text: str
    plain: bool = True
    size: int = 1


class Listing(msgspec.Struct, frozen=True):
    """A YAML sequence."""

    line: int
    column: int
    items: tuple[Node, ...]
    size: int = 1


class Mapping(msgspec.Struct, frozen=True):
    """A YAML mapping; keys are scalars and unique."""

    line: int
    column: int
    entries: tuple[tuple[Scalar, Node], ...]
    size: int = 1


Node = Scalar | Listing | Mapping

_CORE_TYPES = (
    ("nothing", re.compile(r"~|null|Null|NULL|")),
    ("a truth value", re.compile(r"true|True|TRUE|false|False|FALSE")),
    ("a number", re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")),
    (
        "a number",
        re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
    ),
)


def core_type(node: Scalar) -> str:
    """What the YAML 1.2 core schema makes of a scalar: "text", "nothing", "a truth value" or "a number"."""
    if node.plain:
        for name, pattern in _CORE_TYPES:
            if pattern.fullmatch(node.text):
                return name
    return "text"


def child(node: Node, step: str | int) -> tuple[Scalar | None, Node] | None:
    """The key (of a mapping) and the value under `step`; None where there is no such thing."""
    if isinstance(node, Mapping):
        return next(((key, value) for key, value in node.entries if key.text == step), None)
    if isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
        return None, node.items[step]
    return None


def compose(text: str, file: str) -> tuple[Node | None, tuple[Problem, ...]]:
    """The one document in `text`, and what is wrong with it as YAML.

    A syntax error, a second document, too deep or too large a tree, and an empty file end in (None, one problem).
    Duplicate keys (the first one counts), keys that are not words, and tags are noted, and the tree is there.
    """
    composer = _Composer(file)
    try:
        return composer.document(_events(text)), tuple(composer.problems)
    except _Unreadable as stop:
        return None, (Problem(file, stop.line, stop.column, stop.message),)


class _Unreadable(Exception):
    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line, self.column, self.message = line, column, message


def _events(text: str) -> Iterator[Event]:
    line, column = 1, 1
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            line, column = _place(event.start_mark)
            yield event
    except ReaderError as error:
        before = text[: error.position]
        position = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        raise _Unreadable(*position, f"the character U+{_code_point(error):04X} cannot stand in YAML") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark is not None:
            line, column = _place(mark)
        raise _Unreadable(line, column, _syntax_message(error)) from None
    except (YAMLError, ArithmeticError, LookupError, TypeError, ValueError, AssertionError) as error:
        # ruamel lets some of its own slips out, such as chr() of a number that is no character
        raise _Unreadable(line, column, f"this cannot be read as YAML from here on: {error}") from None


def _code_point(error: ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character)


def _syntax_message(error: MarkedYAMLError) -> str:
    problem = str(error.problem or "the syntax is wrong")
    if "'\\t'" in problem:
        return "a tab cannot indent in YAML: use spaces"
    context = f" {error.context}" if error.context else ""
    return f"this is not YAML: {problem}{context}"


def _place(mark: StringMark) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


class _Composer:
    """Folds events into one tree; `problems` collects what can be passed over."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._anchors: dict[str, Node | None] = {}  # None while the node is still being read

    def document(self, events: Iterator[Event]) -> Node:
        root: Node | None = None
        for event in events:
            if isinstance(event, StreamStartEvent | DocumentEndEvent | StreamEndEvent):
                continue
            if root is not None:
                raise self._stop(event, "a file holds one document; a second one begins here")
            if isinstance(event, DocumentStartEvent):
                if event.version is not None and tuple(event.version) != (1, 2):
                    self._note(event, "this file is read as YAML 1.2; take the %YAML line out")
                continue
            root = self._node(event, events, 0)
        if root is None:
            raise _Unreadable(1, 1, "the file is empty")
        return root

    def _node(self, event: Event, events: Iterator[Event], depth: int) -> Node:
        if depth > DEEPEST:
            raise self._stop(event, f"nested more than {DEEPEST} deep")
        assert isinstance(event, NodeEvent)
        if isinstance(event, AliasEvent):
            node = self._anchors.get(event.anchor)
            if node is None:
                why = "is inside itself" if event.anchor in self._anchors else "is not defined before this"
                raise self._stop(event, f"the alias *{event.anchor} {why}")
            return node
        if (tag := getattr(event, "tag", None)) is not None:
            self._note(event, f"tags such as {tag} are not read: write the plain value")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node = self._read(event, events, depth)
        if node.size > LARGEST:
            raise self._stop(event, f"holds more than {LARGEST:,} values once its aliases are followed")
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _read(self, event: Event, events: Iterator[Event], depth: int) -> Node:
        line, column = _place(event.start_mark)
        if isinstance(event, ScalarEvent):
            return Scalar(line, column, event.value, plain=event.style is None)
        if isinstance(event, SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(inner := next(events), SequenceEndEvent):
                items.append(self._node(inner, events, depth + 1))
            return Listing(line, column, tuple(items), 1 + sum(item.size for item in items))
        assert isinstance(event, MappingStartEvent)
        entries: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(inner := next(events), MappingEndEvent):
            key = self._node(inner, events, depth + 1)
            at_line, at_column = _place(inner.start_mark)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, Scalar):
                self.problems.append(Problem(self.file, at_line, at_column, "a key must be a single word"))
                continue
            if key.text in entries:
                first = entries[key.text][0].line
                message = f'the key "{key.text}" is here twice; it was first used in line {first}'
                self.problems.append(Problem(self.file, at_line, at_column, message))
                continue
            if isinstance(value, Scalar) and value.plain and not value.text:
                # ruamel marks a value that is not there by what comes after it, often lines below
                value = Scalar(at_line, at_column, "")
            entries[key.text] = (Scalar(at_line, at_column, key.text, key.plain), value)
        return Mapping(line, column, tuple(entries.values()), 1 + sum(value.size for _, value in entries.values()))

    def _note(self, event: Event, message: str) -> None:
        self.problems.append(Problem(self.file, *_place(event.start_mark), message))

    @staticmethod
    def _stop(event: Event, message: str) -> _Unreadable:
        return _Unreadable(*_place(event.start_mark), message)
