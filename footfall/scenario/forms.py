"""Forms: how one piece of a scenario is written, and how it is read with every problem at once.

A form reads a node and always returns a value. Where the node is wrong it notes a problem and returns a stand-in, so
that reading goes on and everything else that is wrong is found too; the log remembers which paths hold stand-ins, and
no scenario leaves `decode` with one in it. Forms are values put together into larger forms: `language` is a table of
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from footfall.scenario.yaml_nodes import Listing, Node, Scalar, core_type
from footfall.scenario.yaml_nodes import Mapping as MappingNode
from footfall.world.problems import Path, Problem, closest, did_you_mean

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

REQUIRED: Any = msgspec.UNSET


class Damage(msgspec.Struct, frozen=True):
    """The paths whose values are stand-ins."""

    paths: frozenset[Path] = frozenset()

    def hides(self, path: Path) -> bool:
        """Whether the kind of value at `path` is unknown: it is damaged itself, or what it lies in."""
        return any(path[:depth] in self.paths for depth in range(len(path) + 1))

    def touches(self, *paths: Path) -> bool:
        """Whether anything about the values at `paths` is unknown: one is hidden, or something in it is."""
        return any(self.hides(path) or any(bad[: len(path)] == path for bad in self.paths) for path in paths)


class Log:
    """Collects the problems of one file, and the paths of what could not be read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._damaged: set[Path] = set()

    def add(self, path: Path, node: Node, message: str) -> None:
        """The value at `path` cannot be used; the problem is at `node`."""
        self.problems.append(Problem(self.file, node.line, node.column, message))
        self._damaged.add(path)

    def damage(self) -> Damage:
        return Damage(frozenset(self._damaged))


class Spot(msgspec.Struct, frozen=True):
    """A node, where it is, and the log to complain to."""

    node: Node
    path: Path
    log: Log

    def under(self, step: str | int, node: Node) -> Spot:
        return Spot(node, (*self.path, step), self.log)

    def wrong(self, expected: str, hint: str = "") -> None:
        """Notes "dwell: expected ..., found ...: hint"."""
        self.say(f"expected {expected}, found {found(self.node)}" + (f": {hint}" if hint else ""))

    def say(self, message: str, at: Node | None = None) -> None:
        self.log.add(self.path, at or self.node, f"{label(self.path)}{message}")


class Form(Protocol[T_co]):
    """How one piece is written. `expected` completes "expected ..."."""

    @property
    def expected(self) -> str: ...

    def read(self, spot: Spot) -> T_co: ...

    def stand_in(self) -> T_co:
        """A harmless value of the right type."""
        ...


def label(path: Path) -> str:
    """How a problem names its place beside line and column: "dwell: ", "do[2]: "; "" for the whole file."""
    indices = ""
    for step in reversed(path):
        if isinstance(step, str):
            return f"{shown(step)}{indices}: "
        indices = f"[{step}]{indices}"
    return ""


def found(node: Node) -> str:
    """What is there instead, in few words."""
    if isinstance(node, Listing):
        return "a list" if node.items else "an empty list"
    if isinstance(node, MappingNode):
        return "a map" if node.entries else "an empty map"
    if core_type(node) == "nothing":
        return "nothing"
    return shown(node.text) if node.plain else f'"{shown(node.text)}"'


def shown(text: str) -> str:
    """`text`, shortened to be quoted in a problem."""
    return text if len(text) <= 40 else text[:37] + "..."


def _number_hint(node: Node) -> str:
    """The slips that come from YAML 1.1, where yes is true, 010 is eight and 1_000 a thousand."""
    if not isinstance(node, Scalar):
        return ""
    if not node.plain:
        return "without the quotes it is a number" if core_type(Scalar(0, 0, node.text)) == "a number" else ""
    if node.text.lower() in ("yes", "no", "on", "off"):
        return f"in YAML 1.2 {node.text} is a word"
    if re.fullmatch(r"[0-9.]+%", node.text):
        return "write 55% as 0.55"
    if re.fullmatch(r"[0-9]+(_[0-9]+)+", node.text):
        return "write it without _"
    if re.fullmatch(r"[-+]?0[0-9]+", node.text):
        return "a number does not begin with 0, which older YAML reads as octal"
    return ""


class Text(msgspec.Struct, frozen=True):
    """Any text but an empty one. Plain numbers and truth values are refused, since YAML does not read them as text."""

    expected: str = "text"
    pattern: str = r"(?s).*\S.*"

    def read(self, spot: Spot) -> str:
        node = spot.node
        if not isinstance(node, Scalar):
            spot.wrong(self.expected)
        elif (kind := core_type(node)) in ("a number", "a truth value"):
            spot.wrong(self.expected, f'YAML reads it as {kind}, write "{shown(node.text)}"')
        elif kind == "nothing" or not re.fullmatch(self.pattern, node.text):
            spot.wrong(self.expected)
        else:
            return node.text
        return self.stand_in()

    def stand_in(self) -> str:
        return ""


NAME = Text("a name of letters, digits, - and _", r"\w[\w-]*")


class Whole(msgspec.Struct, frozen=True):
    """A whole number from `low` to `high`."""

    low: int
    high: int = 2**63 - 1
    because: str = ""

    @property
    def expected(self) -> str:
        if self.low == self.high:
            return str(self.low)
        return f"a whole number of at least {self.low}" + ("" if self.high >= 2**63 - 1 else f", at most {self.high}")

    def read(self, spot: Spot) -> int:
        node = spot.node
        if isinstance(node, Scalar) and node.plain and re.fullmatch(r"[-+]?(0|[1-9][0-9]{0,18})", node.text):
            value = int(node.text)
            if self.low <= value <= self.high:
                return value
            spot.wrong(self.expected, self.because)
        else:
            spot.wrong(self.expected, _number_hint(node))
        return self.stand_in()

    def stand_in(self) -> int:
        return self.low


class Number(msgspec.Struct, frozen=True):
    """A number without a unit, from `low` to `high`."""

    expected: str
    low: float = 0.0
    high: float = 1e15

    def read(self, spot: Spot) -> float:
        node = spot.node
        if isinstance(node, Scalar) and node.plain and re.fullmatch(r"[-+]?[0-9.]+([eE][-+]?[0-9]+)?", node.text):
            hint = _number_hint(node)
            if not hint and core_type(node) == "a number" and self.low <= (value := float(node.text)) <= self.high:
                return value
            spot.wrong(self.expected, hint)
        else:
            spot.wrong(self.expected, _number_hint(node))
        return self.stand_in()

    def stand_in(self) -> float:
        return self.low


class ListOf(msgspec.Struct, Generic[T], frozen=True):
    """A list, each item in the same form."""

    expected: str
    item: Form[T]

    def read(self, spot: Spot) -> tuple[T, ...]:
        if not isinstance(spot.node, Listing):
            spot.wrong(self.expected)
            return ()
        return tuple(self.item.read(spot.under(index, node)) for index, node in enumerate(spot.node.items))

    def stand_in(self) -> tuple[T, ...]:
        return ()


class MapOf(msgspec.Struct, Generic[T], frozen=True):
    """A map of at least one entry from names (of `names`, where that is given) to values in the same form."""

    expected: str
    value: Form[T]
    names: tuple[str, ...] = ()
    reserved: tuple[str, ...] = ()

    def read(self, spot: Spot) -> tuple[tuple[str, T], ...]:
        if not isinstance(spot.node, MappingNode) or not spot.node.entries:
            spot.wrong(self.expected)
            return ()
        entries: list[tuple[str, T]] = []
        for key, node in spot.node.entries:
            inner = spot.under(key.text, node)
            if self.names and key.text not in self.names:
                inner.log.add(inner.path, key, _unknown(spot.path, key.text, self.names))
            elif key.text in self.reserved:
                inner.log.add(inner.path, key, f'{label(spot.path)}the name "{key.text}" is taken: choose another')
            elif NAME.read(Spot(key, inner.path, spot.log)):
                entries.append((key.text, self.value.read(inner)))
        return tuple(entries)

    def stand_in(self) -> tuple[tuple[str, T], ...]:
        return ()


class Key(msgspec.Struct, frozen=True):
    """A key of a `Record`: the form of its value, the value where it is absent, and the parameter it is passed as
    (the key itself, where `into` is empty)."""

    form: Form[Any]
    default: Any = REQUIRED
    into: str = ""


class Record(msgspec.Struct, Generic[T], frozen=True):
    """A map with known keys, from which `make` builds the value. `fault` may object to the value as a whole."""

    expected: str
    make: Callable[..., T]
    keys: Mapping[str, Key] = {}
    fault: Callable[[T], str] | None = None

    def read(self, spot: Spot) -> T:
        if not isinstance(spot.node, MappingNode):
            spot.wrong(self.expected)
            return self.stand_in()
        given: dict[str, Any] = {}
        guessed: set[str] = set()
        for key, node in spot.node.entries:
            if key.text in self.keys:
                given[key.text] = self.keys[key.text].form.read(spot.under(key.text, node))
                continue
            meant = closest(key.text, self.keys) or key.text
            guessed.add(meant)  # a misspelt key is not missing as well, and what it says is not known
            spot.log.add((*spot.path, meant), key, _unknown(spot.path, key.text, self.keys))
        for name, form in self.keys.items():
            if name not in given and form.default is REQUIRED and name not in guessed:
                lacks = f'{label(spot.path)}the key "{name}" is missing: expected {form.form.expected}'
                spot.log.add((*spot.path, name), spot.node, lacks)
        value = self._made(given)
        if self.fault and not spot.log.damage().touches(spot.path) and (message := self.fault(value)):
            spot.say(message)
        return value

    def stand_in(self) -> T:
        return self._made({})

    def _made(self, given: Mapping[str, Any]) -> T:
        parts: dict[str, Any] = {}
        for name, key in self.keys.items():
            value = given.get(name, key.default)
            parts[key.into or name] = key.form.stand_in() if value is REQUIRED else value
        return self.make(**parts)


class OneOf(msgspec.Struct, Generic[T], frozen=True):
    """One of several kinds, by name: a map of one key, `view: {products: 3}`, or, with `bare`, the name alone, where
    every key of that kind has a default."""

    expected: str
    noun: str
    kinds: Mapping[str, Record[Any]]
    bare: bool = True

    def read(self, spot: Spot) -> T:
        node = spot.node
        if isinstance(node, Scalar) and self.bare and core_type(node) == "text":
            if node.text in self.kinds:
                return self._kind(node.text).read(spot.under(node.text, MappingNode(node.line, node.column, ())))
            self._unknown(spot, node)
        elif isinstance(node, MappingNode) and len(node.entries) == 1:
            key, value = node.entries[0]
            if key.text in self.kinds:
                return self._kind(key.text).read(spot.under(key.text, value))
            self._unknown(spot, key)
        elif isinstance(node, MappingNode) and node.entries:
            spot.say(self._crowded(node))
        else:
            spot.wrong(self.expected)
        return self.stand_in()

    def stand_in(self) -> T:
        return self._kind(next(iter(self.kinds))).stand_in()

    def _kind(self, name: str) -> Record[T]:
        return self.kinds[name]

    def _unknown(self, spot: Spot, key: Scalar) -> None:
        spot.say(f'"{shown(key.text)}" is not {self.noun}.{did_you_mean(key.text, self.kinds)}', key)

    def _crowded(self, node: MappingNode) -> str:
        names = [key.text for key, _ in node.entries]
        kind = self.kinds.get(names[0])
        message = f"expected {self.expected}, found the keys " + ", ".join(map(shown, names)) + " together"
        if kind and all(name in kind.keys for name in names[1:]):
            return f"{message}: what belongs to {names[0]} is indented further than it"
        return f"{message}: begin each with its own -" if all(name in self.kinds for name in names) else message


def by_tag(*records: Record[Any]) -> Mapping[str, Record[Any]]:
    """Records of tagged structs by their tags: what a kind is called in the file is the tag of its type."""
    return {str(record.make.__struct_config__.tag): record for record in records}  # type: ignore[attr-defined]


def _unknown(path: Path, word: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    return f'{label(path)}unknown key "{shown(word)}".{did_you_mean(word, known)}'
