"""An event definition in words and as JSON: what to enter, the payload, what of the scenario matches."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from footfall.live.event_define_condition import Entered, Group, Row
from footfall.live.event_define_matches import Findings, Miss, Seen, Wanted
from footfall.live.event_define_payload import Ticked
from footfall.live.preview_report import counted, offset

_WIDTH = 80
_NAMES = 14  # width of the first column
_WORD = re.compile(r'(?:[^\s"]|"(?:[^"\\]|\\.)*"|")+')
_JOINED = {"and": "all of these (and)", "or": "one of these (or)"}
_SCHEMA = "mobile events"


class Search(msgspec.Struct, frozen=True):
    """Where it was looked for matches: the first `phones` of the scenario's `population`, with this app file ("" for
    the built-in one). `unsent` events were made and never sent, `refused` ones were sent and are bad. `office`: whether
    the app has a back office, whose events are among those searched."""

    scenario: str
    app: str
    phones: int
    population: int
    unsent: int
    refused: int
    office: bool


class Definition(msgspec.Struct, frozen=True):
    """One event: what a person enters (`condition` is None for a system-generated one, `namespace` "" for that of the
    primary identity, `schema` the `$id`), the fields to tick, the payload preview, and what of the scenario matches."""

    name: str
    wanted: Wanted
    namespace: str
    condition: Entered | None
    schema: str
    fields: tuple[Ticked, ...]
    payload: dict[str, Any]
    found: Findings
    search: Search

    @property
    def id_type(self) -> str:
        """What Adobe calls the way in which the event is known."""
        return "system generated" if self.condition is None else "rule based"

    @property
    def key(self) -> str:
        """The key field as an expression; the editor shows it as identityMap > id."""
        if not self.namespace:
            return "identityMap > id"
        return f"@{{{self.name}.identityMap.entry('{self.namespace}').first().id}}"


# For programs


def as_json(one: Definition) -> dict[str, Any]:
    """One definition as one JSON object."""
    found, condition = one.found, one.condition
    return {
        "name": one.name,
        "type": "unitary",
        "event_id_type": one.id_type,
        "event_id": one.wanted.event_id or None,
        "schema": {"name": _SCHEMA, "id": one.schema},
        "condition": None
        if condition is None or one.wanted.rule is None
        else {
            "text": str(one.wanted.rule),
            "editor": "advanced" if condition.simple is None else "simple",
            "simple": None if condition.simple is None else _nested(condition.simple),
            "beyond_simple": condition.beyond,
            "advanced": condition.advanced,
            "unsayable": condition.unsayable,
        },
        "namespace": one.namespace or None,
        "key": one.key,
        "fields": [
            {"field": each.written, "type": each.kind, "list": each.many, "used_by": each.used_by}
            for each in one.fields
        ],
        "payload": one.payload,
        "search": one.search,
        "types": [{"type": type, "events": events, "matching": good} for type, events, good in found.types],
        "events": found.events,
        "matching": found.matching,
        "matching_without_identity": found.nobody,
        "example": None if found.example is None else _event(found.example),
        "miss": None if found.miss is None else _missed(found.miss),
    }


def _nested(part: Row | Group) -> dict[str, Any]:
    if isinstance(part, Row):
        return {"field": part.field, "operator": part.operator, "value": part.value}
    return {part.joined: [_nested(each) for each in part.parts]}


def _event(event: Seen) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "phone": event.phone,
        "at_ms": event.at_ms,
        "source": event.source or None,
        "timestamp": event.xdm.get("timestamp"),
    }


def _missed(miss: Miss) -> dict[str, Any]:
    return {
        "nearest": None if miss.nearest is None else _event(miss.nearest),
        "obstacles": miss.obstacles,
        "advice": miss.advice,
    }


# For people


def print_definitions(console: Console, definitions: Sequence[Definition]) -> None:
    """Prints one after the other. No line is wider than 80 columns, but for expressions that cannot be folded."""
    for number, one in enumerate(definitions):
        if number:
            console.print()
        for line in _lines(one):
            console.print(line, soft_wrap=True)


def _lines(one: Definition) -> Iterator[Text | str]:
    yield Text(f"event {one.name}", style="bold")
    yield "Enter in Administration > Configurations > Events:"
    yield from _entry("name", one.name)
    yield from _entry("type", "Unitary")
    yield from _entry("event id type", one.id_type)
    yield from _entry("schema", _SCHEMA)
    yield from _entry("", one.schema)
    yield from _condition(one)
    yield from _entry("namespace", one.namespace or "that of the primary identity")
    yield from _entry("key", "identityMap > id")
    if one.namespace:
        yield from _entry("", one.key)
    yield ""
    yield Text(f"Payload fields to tick ({len(one.fields)})", style="bold")
    for field in one.fields:
        yield from _folded(f"{field.written}  ({'list of ' if field.many else ''}{field.kind})", "  ", "    ")
        yield from _folded(f"for {', '.join(field.used_by)}", "      ", "      ")
    yield ""
    yield Text("Payload preview", style="bold")
    for line in msgspec.json.format(msgspec.json.encode(one.payload), indent=2).decode().splitlines():
        yield f"  {line}"
    yield ""
    yield from _matching(one)


def _condition(one: Definition) -> Iterator[Text | str]:
    condition = one.condition
    if condition is None:
        yield from _entry("condition", "none: the id tells the event")
        yield from _entry("event id", f"{one.wanted.event_id}, generated by Journey Optimizer")
        yield from _entry("", "save the event and open it again to compare it")
        return
    if condition.simple is not None:
        yield from _entry("condition", "in the simple editor:")
        yield from _rows(condition.simple, "    ")
        return
    yield from _entry("condition", "the advanced editor is needed, which is of limited availability for it:")
    yield from _folded(condition.advanced, "    ", "    ")
    yield "  The documented operators of the simple editor (equal to, contains), on"
    yield "  fields outside of lists, do not say:"
    for part in condition.beyond:
        yield from _folded(part, "    ", "      ")
    if condition.unsayable:
        yield "  No documented form in the advanced editor either, written as in the rule:"
        for part in condition.unsayable:
            yield from _folded(part, "    ", "      ")


def _rows(part: Row | Group, indent: str) -> Iterator[str]:
    if isinstance(part, Group):
        yield f"{indent}{_JOINED[part.joined]}"
        for each in part.parts:
            yield from _rows(each, indent + "  ")
        return
    whole = f"{indent}{part.field}  {part.operator}  {part.value}"
    if len(whole) <= _WIDTH:
        yield whole
    else:
        yield f"{indent}{part.field}"
        yield f"{indent}    {part.operator}  {part.value}"


def _matching(one: Definition) -> Iterator[Text | str]:
    found, search = one.found, one.search
    yield Text(f"Does the scenario {search.scenario} match?", style="bold")
    which = f"the first {search.phones} of {search.population}" if search.phones < search.population else "all"
    yield f"  {which} phones, app {search.app or 'built in'}: {counted(found.events, 'event')}"
    width = max((len(type) for type, _, _ in found.types), default=0)
    for type, events, good in found.types:
        line = f"    {type or '(no eventType)':<{width}}  {events:>6}"
        yield Text(f"{line}  {good} match", style="green") if good else line
    if found.example is not None:
        event = found.example
        yield Text(f"  {counted(found.matching, 'event')} of {found.events} {_verb(found.matching)}", style="green")
        by = f"the {event.source} for phone" if event.source else "phone"
        yield f"  for example {event.id}"
        yield f"    {event.type}, {by} {event.phone}, {offset(event.at_ms)}, {event.xdm.get('timestamp', '')}"
    else:
        yield Text("  no event matches", style="red")
    if found.nobody:
        what = f"an identity of the namespace {one.namespace}" if one.namespace else "an identity"
        yield from _folded(f"without {what}, so that a journey discards them: {found.nobody} of these", "  ", "    ")
    if found.miss is not None:
        yield from _miss(found.miss, found.matching)
    if found.example is None and search.phones < search.population:
        yield f"  --phones {search.population} looks at all phones"
    if search.unsent:
        yield f"  {counted(search.unsent, 'event')} never sent, see footfall preview"
    if search.refused:
        yield f"  {counted(search.refused, 'event')} refused by validation, which no journey sees"
    if not search.office:
        yield "  The app has no back office, whose events would be among these."


def _verb(number: int) -> str:
    return "matches" if number == 1 else "match"


def _miss(miss: Miss, matching: int) -> Iterator[Text | str]:
    if miss.nearest is not None:
        others = "of the others" if matching else "of them"
        yield f"  the nearest {others}: {miss.nearest.id}"
        yield f"    phone {miss.nearest.phone}, {offset(miss.nearest.at_ms)}. What stands in the way:"
    for one in miss.obstacles:
        yield from _folded(one.part, "    ", "      ")
        yield f"      false for {one.fails} of {counted(one.of, 'event')}"
        for told in (*one.found, *one.advice):
            yield from _folded(told, "      ", "        ")
    for advice in miss.advice:
        said, *lines = advice.split("\n")
        yield from _folded(said, "  ", "    ")
        yield from (f"    {line}" for line in lines)


def _entry(name: str, value: str) -> Iterator[str]:
    first, *more = textwrap.wrap(value, _WIDTH - _NAMES - 2, break_long_words=False, break_on_hyphens=False) or [""]
    yield f"  {name:<{_NAMES}}{first}"
    yield from (" " * (_NAMES + 2) + line for line in more)


def _folded(text: str, indent: str, more: str) -> list[str]:
    """Lines of 80 columns at most where the words allow it. What is in quotes stays whole: it is there to be copied."""
    lines: list[str] = []
    line = indent
    for word in _WORD.findall(text):
        room = line if line.isspace() or not line else f"{line} "
        if len(room) + len(word) > _WIDTH and not (line.isspace() or not line):
            lines.append(line)
            room = more
        line = room + word
    return [*lines, line]
