"""The forms of an app file's values that scenarios have no need of: truth values, ids, whole seconds, lists without
repetition. How forms work is told in `footfall.scenario.forms`."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import msgspec

from footfall.scenario.forms import ListOf, Spot, Text
from footfall.scenario.quantities import Quantity
from footfall.scenario.units import DURATION
from footfall.scenario.yaml_nodes import Listing, Scalar, core_type
from footfall.world.problems import closest

T = TypeVar("T")


class Matching(msgspec.Struct, frozen=True):
    """Text of a pattern. A plain number of the pattern is refused as `Text` does it: it lacks only its quotes."""

    expected: str
    pattern: str

    def read(self, spot: Spot) -> str:
        if isinstance(spot.node, Scalar) and re.fullmatch(self.pattern, spot.node.text):
            return Text(self.expected).read(spot)
        spot.wrong(self.expected)
        return self.stand_in()

    def stand_in(self) -> str:
        return ""


class Sound(msgspec.Struct, frozen=True):
    """Text of `form` that `fault` has nothing to say against."""

    form: Matching
    fault: Callable[[str], str]

    @property
    def expected(self) -> str:
        return self.form.expected

    def read(self, spot: Spot) -> str:
        text = self.form.read(spot)
        if not spot.log.damage().hides(spot.path) and (message := self.fault(text)):
            spot.say(message)
        return text

    def stand_in(self) -> str:
        return self.form.stand_in()


class Truth(msgspec.Struct, frozen=True):
    """`true` or `false`."""

    expected: str = "true or false"

    def read(self, spot: Spot) -> bool:
        node = spot.node
        if isinstance(node, Scalar) and core_type(node) == "a truth value":
            return node.text.lower() == "true"
        hint = ""
        if isinstance(node, Scalar) and node.plain and node.text.lower() in ("yes", "no", "on", "off", "y", "n"):
            hint = f"in YAML 1.2 {node.text} is a word"
        elif isinstance(node, Scalar) and not node.plain and node.text.lower() in ("true", "false"):
            hint = "write it without the quotes"
        spot.wrong(self.expected, hint)
        return False

    def stand_in(self) -> bool:
        return False


class Word(msgspec.Struct, frozen=True):
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def expected(self) -> str:
        return f"{', '.join(self.words[:-1])} or {self.words[-1]}"

    def read(self, spot: Spot) -> str:
        node = spot.node
        if isinstance(node, Scalar) and node.text in self.words:
            return node.text
        meant = closest(node.text, self.words) if isinstance(node, Scalar) else None
        spot.wrong(self.expected, f'did you mean "{meant}"?' if meant else "")
        return self.stand_in()

    def stand_in(self) -> str:
        return self.words[0]


class Seconds(msgspec.Struct, frozen=True):
    """A duration of whole seconds, one at least, handed over in seconds."""

    expected: str = "a duration such as 90s"

    def read(self, spot: Spot) -> int:
        exact_s = Quantity(DURATION, positive=True).exact(spot) / 1000
        if exact_s.denominator != 1:
            if not spot.log.damage().hides(spot.path):
                spot.wrong("a duration of whole seconds")
            return 1
        return int(exact_s)

    def stand_in(self) -> int:
        return 1


class OrNone(msgspec.Struct, frozen=True):
    """What `form` reads, or "" for none."""

    form: Matching

    @property
    def expected(self) -> str:
        return f'{self.form.expected}, or "" for none'

    def read(self, spot: Spot) -> str:
        if isinstance(spot.node, Scalar) and not spot.node.plain and not spot.node.text:
            return ""
        return msgspec.structs.replace(self.form, expected=self.expected).read(spot)

    def stand_in(self) -> str:
        return ""


class Limit(msgspec.Struct, frozen=True):
    """A whole number from 1 on, or `sdk` for the SDK's own (None)."""

    expected: str = "a whole number of at least 1, or sdk for the SDK's own"

    def read(self, spot: Spot) -> int | None:
        node = spot.node
        if isinstance(node, Scalar) and node.text == "sdk":
            return None
        if isinstance(node, Scalar) and node.plain and re.fullmatch(r"[1-9][0-9]{0,8}", node.text):
            return int(node.text)
        spot.wrong(self.expected)
        return None

    def stand_in(self) -> int | None:
        return None


class Distinct(msgspec.Struct, Generic[T], frozen=True):
    """A list in which no two items are the same by `key`, which is called `noun`. `fault` may object to the list as a
    whole, where all of it could be read."""

    items: ListOf[T]
    noun: str
    key: Callable[[T], Hashable]
    fault: Callable[[tuple[T, ...]], str] | None = None

    @property
    def expected(self) -> str:
        return self.items.expected

    def read(self, spot: Spot) -> tuple[T, ...]:
        values = self.items.read(spot)
        if not isinstance(spot.node, Listing):
            return values
        first: dict[Hashable, int] = {}
        for index, (value, node) in enumerate(zip(values, spot.node.items, strict=True)):
            inner = spot.under(index, node)
            if spot.log.damage().touches(inner.path):
                continue
            at = first.setdefault(self.key(value), index)
            if at != index:
                inner.say(f"{self.noun} {self.key(value)} is here twice; it was first used in line {_line(spot, at)}")
        if self.fault and not spot.log.damage().touches(spot.path) and (message := self.fault(values)):
            spot.say(message)
        return values

    def stand_in(self) -> tuple[T, ...]:
        return ()


def _line(spot: Spot, index: int) -> int:
    assert isinstance(spot.node, Listing)
    return spot.node.items[index].line
