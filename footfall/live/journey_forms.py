"""The forms of a journey file's values that no other file has need of: conditions, texts with what is filled in, nodes,
moments, latency. How forms work is told in `footfall.scenario.forms`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from footfall.live.form_schema import JsonSchema, SchemaOf
from footfall.platform.journeys.expression_tree import Field, Holds
from footfall.platform.journeys.expressions import Expression, ExpressionProblem, parse
from footfall.platform.journeys.types import Latency, Node, Text
from footfall.platform.loopback import is_loopback
from footfall.platform.validation import is_date_time
from footfall.scenario.forms import Log, OneOf, Record, Spot, found, label, shown
from footfall.scenario.forms import Text as TextForm
from footfall.scenario.yaml_nodes import Mapping as MappingNode
from footfall.scenario.yaml_nodes import Scalar
from footfall.world.problems import Path, closest, did_you_mean

Use = Literal["rule", "condition", "text"]
"""What an expression is for: to judge an event as it comes, to judge who is in the journey, to fill in a text."""

NO_EXPRESSION = parse("false")


class Written(msgspec.Struct, frozen=True):
    """An expression and where it stands: its path, its scalar, and how many characters of that lie before it."""

    expression: Expression
    use: Use
    path: Path
    scalar: Scalar
    offset: int = 0


_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # where YAML's reader counts a line


class JourneyLog(Log):
    """The problems of a journey file; knows its text, to point into conditions, and the expressions read so far."""

    def __init__(self, file: str, source: str) -> None:
        super().__init__(file)
        self.expressions: list[Written] = []
        self._lines = _BREAK.split(source)

    def point(self, scalar: Scalar, offset: int) -> Scalar:
        """The place `offset` characters into a scalar; its beginning where it is folded or has escapes in it."""
        line, start = self._lines[scalar.line - 1], scalar.column - 1
        for quote in (0, 1):
            if line.startswith(scalar.text, start + quote) and (not quote or line[start : start + 1] in ('"', "'")):
                return Scalar(scalar.line, scalar.column + quote + offset, scalar.text)
        return scalar

    def say(self, written: Written, column: int, message: str) -> None:
        """Notes a problem at a column (from 1) of an expression."""
        at = self.point(written.scalar, written.offset + column - 1)
        self.add(written.path, at, f"{label(written.path)}{message}")


def read_expression(spot: Spot, text: str, use: Use, offset: int = 0) -> Expression:
    """The expression in a scalar's text, kept in the log; `false` where it is none."""
    assert isinstance(spot.node, Scalar)
    assert isinstance(spot.log, JourneyLog)
    try:
        expression = parse(text)
    except ExpressionProblem as problem:
        written = Written(NO_EXPRESSION, use, spot.path, spot.node, offset)
        spot.log.say(written, problem.column, str(problem))
        return NO_EXPRESSION
    spot.log.expressions.append(Written(expression, use, spot.path, spot.node, offset))
    return expression


class Condition(msgspec.Struct, frozen=True):
    """A condition, such as `eventType == "location.entry"`."""

    use: Use
    example: str

    @property
    def expected(self) -> str:
        return f"a condition such as {self.example}"

    def read(self, spot: Spot) -> Expression:
        if isinstance(spot.node, Scalar) and spot.node.text.strip():
            return read_expression(spot, spot.node.text, self.use)
        spot.wrong(self.expected)
        return self.stand_in()

    def stand_in(self) -> Expression:
        return NO_EXPRESSION

    def json_schema(self, of: SchemaOf) -> JsonSchema:
        return {"type": ["string", "boolean"], "description": self.expected}


class FieldOfEvent(msgspec.Struct, frozen=True):
    """The path of one field of the entry event, handed over as it is written."""

    expected: str = "the path of a field of the entry event, such as commerce.order.purchaseID"

    def read(self, spot: Spot) -> str:
        if not isinstance(spot.node, Scalar) or not spot.node.text.strip():
            spot.wrong(self.expected)
            return self.stand_in()
        expression = read_expression(spot, spot.node.text, "text")
        if expression is not NO_EXPRESSION:
            assert isinstance(spot.log, JourneyLog)
            spot.log.expressions[-1] = msgspec.structs.replace(spot.log.expressions[-1], use="rule")
            if not (isinstance(expression.tree, Holds) and isinstance(expression.tree.operand, Field)):
                spot.wrong(self.expected)
        return spot.node.text

    def stand_in(self) -> str:
        return ""

    def json_schema(self, of: SchemaOf) -> JsonSchema:
        return {"type": "string", "description": self.expected}


_FILLED_IN = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


class Filled(msgspec.Struct, frozen=True):
    """A text in which `{{profile.person.name.firstName}}` and the like are filled in."""

    expected: str

    def read(self, spot: Spot) -> Text:
        text = TextForm(self.expected).read(spot)
        parts: list[str | Expression] = []
        at = 0
        for match in _FILLED_IN.finditer(text):
            parts += [text[at : match.start()], read_expression(spot, match[1], "text", match.start(1))]
            at = match.end()
        if "{{" in text[at:] and isinstance(spot.node, Scalar):
            assert isinstance(spot.log, JourneyLog)
            spot.say("the {{ has no }}", spot.log.point(spot.node, text.index("{{", at)))
        return Text(tuple(part for part in (*parts, text[at:]) if part != ""))

    def stand_in(self) -> Text:
        return Text(())

    def json_schema(self, of: SchemaOf) -> JsonSchema:
        return {"type": "string", "minLength": 1, "description": self.expected}


class Moment(msgspec.Struct, frozen=True):
    """A moment, handed over in milliseconds of the epoch."""

    expected: str = "a moment such as 2026-11-28T10:00:00Z"

    def read(self, spot: Spot) -> int:
        if isinstance(spot.node, Scalar) and is_date_time(spot.node.text):
            return round(datetime.fromisoformat(spot.node.text).timestamp() * 1000)
        spot.wrong(self.expected)
        return self.stand_in()

    def stand_in(self) -> int:
        return 1

    def json_schema(self, of: SchemaOf) -> JsonSchema:
        return {"type": "string", "format": "date-time", "description": self.expected}


class Loopback(msgspec.Struct, frozen=True):
    """A URL on this machine: nothing leaves it by accident."""

    expected: str = "a URL on this machine, such as http://127.0.0.1:9000/offers"

    def read(self, spot: Spot) -> str:
        if isinstance(spot.node, Scalar) and (fault := self._fault(spot.node.text)) is not None:
            if fault:
                spot.wrong(self.expected, fault)
            return spot.node.text
        spot.wrong(self.expected)
        return self.stand_in()

    @staticmethod
    def _fault(url: str) -> str | None:
        """Why not, "" for a good one, None for what is no URL."""
        try:
            parts = urlsplit(url)
            parts.port  # noqa: B018 (raises where it is no port)
        except ValueError:
            return None
        if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[^!-~]", url):
            return None
        return "" if is_loopback(parts.hostname) else f"nothing is sent to {shown(parts.hostname)}"

    def stand_in(self) -> str:
        return ""

    def json_schema(self, of: SchemaOf) -> JsonSchema:
        return {"type": "string", "pattern": "^https?://", "description": self.expected}


class LatencyForm(msgspec.Struct, frozen=True):
    """`none`, or a distribution."""

    kinds: OneOf[Latency]

    @property
    def expected(self) -> str:
        return f"none, or {self.kinds.expected}"

    def read(self, spot: Spot) -> Latency:
        if isinstance(spot.node, Scalar):
            if spot.node.text != "none":
                spot.wrong(self.expected)
            return Latency()
        return self.kinds.read(spot)

    def stand_in(self) -> Latency:
        return Latency()

    def json_schema(self, of: SchemaOf) -> JsonSchema:
        return {"anyOf": [{"const": "none"}, of(self.kinds)], "description": self.expected}


class NodeForm(msgspec.Struct, frozen=True):
    """A node: a map in which one key names the kind, and the others belong to that kind."""

    kinds: Mapping[str, Record[Any]]
    expected: str = "a node: a map like {wait: 30m, next: remind}"

    def read(self, spot: Spot) -> Node:
        if not isinstance(spot.node, MappingNode):
            spot.wrong(self.expected)
            return self.stand_in()
        named = [key for key, _ in spot.node.entries if key.text in self.kinds]
        if len(named) == 1:
            return self._kind(named[0].text).read(spot)
        if named:
            both = " and ".join(key.text for key in named)
            spot.say(f"a node is of one kind, found {both} together", named[1])
            return self.stand_in()
        others = {name for record in self.kinds.values() for name in record.keys} - self.kinds.keys()
        for key, _ in spot.node.entries:
            if key.text not in others and closest(key.text, self.kinds):
                spot.say(f'unknown key "{shown(key.text)}".{did_you_mean(key.text, self.kinds)}', key)
                return self.stand_in()
        spot.say(f"nothing says what kind of node this is: expected one of {', '.join(self.kinds)}, "
                 f"found {', '.join(shown(key.text) for key, _ in spot.node.entries) or found(spot.node)}")  # fmt: skip
        return self.stand_in()

    def stand_in(self) -> Node:
        return self._kind("wait").stand_in()

    def _kind(self, name: str) -> Record[Node]:
        return self.kinds[name]

    def json_schema(self, of: SchemaOf) -> JsonSchema:
        return {"oneOf": [of(record) for record in self.kinds.values()], "description": self.expected}
