"""A journey file's text in, a `Journey` or every problem of it out.

    journey = decode_journey(text, file)         # or BadInput, each problem at its line and column
    journeys = decode_journeys([(file, text)])   # several, whose names must differ

Pure: reading the files is the caller's. A file is read as strictly as a scenario is, with the same forms; durations are
written "30m" and "2h". What is said between the nodes is checked by `journey_semantics`, what the conditions speak of
by `journey_fields`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import msgspec

from footfall.engine.app_forms import Distinct, Matching, Truth, Word
from footfall.live.form_schema import schema
from footfall.live.journey_fields import check_expressions
from footfall.live.journey_forms import (
    Condition,
    FieldOfEvent,
    JourneyLog,
    LatencyForm,
    NodeForm,
)
from footfall.live.journey_nodes import LASTING, NODES, TO
from footfall.live.journey_semantics import mistakes
from footfall.platform.journeys import types
from footfall.platform.journeys.types import END, LIMITS, Dialect, Journey, JourneyEvent, Latency, Mode
from footfall.scenario.forms import NAME, Key, ListOf, MapOf, Number, OneOf, Record, Spot, Text, Whole
from footfall.scenario.quantities import Quantity, WholeQuantity
from footfall.scenario.units import DURATION
from footfall.scenario.yaml_nodes import Node as YamlNode
from footfall.scenario.yaml_nodes import Scalar, child, compose
from footfall.world.problems import BadInput, Mistake, Problem

MARK = "journey"
"""The key that every journey file has and no other file has."""

_OTHERS = {"scenario": "a scenario", "app": "an app", "platform": "a platform"}


def decode_journey(text: str, file: str) -> Journey:
    """The journey in `text`; `file` is how problems call it.

    Raises BadInput with every problem of syntax, values and meaning, each at its line and column.
    """
    root, yaml_problems = compose(text, file)
    if root is None:
        raise BadInput(map(_hinted, yaml_problems))
    other = next((what for key, what in _OTHERS.items() if child(root, key) is not None), None)
    if other is not None and child(root, MARK) is None:
        raise BadInput([Problem(file, 1, 1, f'expected a journey, with its name under "{MARK}", found {other}')])
    log = JourneyLog(file, text)
    journey = JOURNEY.read(Spot(root, (), log))
    damage = log.damage()
    for mistake in mistakes(journey, damage):
        _tell(mistake, root, log)
    check_expressions(journey, log, damage)
    # what an alias repeats is read twice and told once
    problems = {*yaml_problems, *log.problems}
    if problems:
        raise BadInput(problems)
    return journey


def decode_journeys(files: Sequence[tuple[str, str]]) -> tuple[Journey, ...]:
    """The journeys of several files, each given as (how problems call it, its text), in the same order.

    Raises BadInput with the problems of all of them; two journeys of one name are one.
    """
    journeys: list[Journey] = []
    problems: list[Problem] = []
    first: dict[str, str] = {}
    for file, text in files:
        try:
            journey = decode_journey(text, file)
        except BadInput as bad:
            problems += bad.problems
            continue
        journeys.append(journey)
        if journey.name in first:
            entry = child(compose(text, file)[0] or Scalar(1, 1, ""), MARK)
            line, column = (entry[1].line, entry[1].column) if entry else (1, 1)
            problems.append(
                Problem(file, line, column, f"the journey {journey.name} is in {first[journey.name]} already")
            )
        first.setdefault(journey.name, file)
    if problems:
        raise BadInput(problems)
    return tuple(journeys)


def is_journey(text: str) -> bool:
    """Whether the text is that of a journey file, right or wrong: a map with the key `journey`, and none that marks
    another kind of file."""
    root, _ = compose(text, "")
    return root is not None and child(root, MARK) is not None and not any(child(root, key) for key in _OTHERS)


def _hinted(problem: Problem) -> Problem:
    """Conditions have signs in them that mean something to YAML."""
    for sign, hint in (
        ("character '@' that cannot start", "a condition that begins with @ goes in quotes"),
        ("but got '['", "inside { } a condition with a list goes in quotes"),
    ):
        if sign in problem.message:
            return msgspec.structs.replace(problem, message=f"{problem.message}: {hint}")
    return problem


def _tell(mistake: Mistake, root: YamlNode, log: JourneyLog) -> None:
    key: Scalar | None = None
    node = root
    for step in mistake.path:
        inner = child(node, step)
        if inner is None:
            break
        key, node = inner
    log.add(mistake.path, key if mistake.at_key and key is not None else node, mistake.message)


# The table: which keys there are, how each is written, and what it is by default.

_EVENT = Text("the name of an event of this journey", r"\w[\w-]*")
_TRUTH = Truth()

_DEFAULT = Journey("", "", "", (), ())


def _event(when: Any, event_id: str) -> JourneyEvent:
    return JourneyEvent("", when, event_id)


def _one_of_two(event: JourneyEvent) -> str:
    if event.when is not None and event.event_id:
        return "expected either when or event-id, found both"
    if event.when is None and not event.event_id:
        return "expected a rule under when, or the id of an event under event-id, found neither"
    return ""


EVENT: Record[JourneyEvent] = Record(
    "a map with when, a rule, or event-id, the id that Journey Optimizer generated",
    _event,
    {
        "when": Key(Condition("rule", 'eventType == "location.entry"'), None),
        "event-id": Key(
            Matching("the id of an event, of letters, digits and -", r"[A-Za-z0-9-]{1,100}"), "", "event_id"
        ),
    },
    _one_of_two,
)

LATENCY: OneOf[Latency] = OneOf(
    "a distribution like {lognormal: {median: 2s, sigma: 0.5}}",
    "a distribution of latencies",
    {
        "lognormal": Record(
            "a map with median, sigma and most",
            Latency,
            {
                "median": Key(LASTING, into="median_ms"),
                "sigma": Key(Number("a number from 0 to 10", high=10.0)),
                "most": Key(LASTING, Latency().most_ms, "most_ms"),
            },
        )
    },
    bare=False,
)


def _journey(
    events: tuple[tuple[str, JourneyEvent], ...],
    entry: tuple[str, str],
    dialect: Dialect,
    timeout_ms: int,
    **parts: Any,
) -> Journey:
    return Journey(
        events=tuple(JourneyEvent(name, event.when, event.event_id) for name, event in events),
        entry=entry[0],
        first=entry[1],
        dialect=dialect,
        timeout_ms=timeout_ms or LIMITS[dialect].global_timeout_ms,
        **parts,
    )


def _entry(on: str, next: str) -> tuple[str, str]:
    return on, next


JOURNEY: Record[Journey] = Record(
    "a journey: a map with journey, events, entry, nodes and so on",
    _journey,
    {
        MARK: Key(NAME, into="name"),
        "version": Key(Whole(1, 9999), 1),
        "remarks": Key(ListOf("a list of texts", Text()), ()),
        "dialect": Key(Word(get_args(Dialect)), _DEFAULT.dialect),
        "mode": Key(Word(get_args(Mode)), _DEFAULT.mode),
        "paused": Key(_TRUTH, False),
        "namespace": Key(Matching("the code of an identity namespace such as ECID", r"[A-Za-z0-9_-]{1,100}"), ""),
        "events": Key(MapOf("a map of events by name", EVENT)),
        "entry": Key(Record("a map like {on: cart_add, next: patience}", _entry, {"on": Key(_EVENT), "next": Key(TO)})),
        "re-entrance": Key(
            Record(
                "a map like {allowed: true, wait: 5m}",
                types.Reentrance,
                {
                    "allowed": Key(_TRUTH, True),
                    "wait": Key(WholeQuantity(Quantity(DURATION)), types.DEFAULT_REENTRANCE_WAIT_MS, "wait_ms"),
                },
            ),
            types.Reentrance(),
            "reentrance",
        ),
        "exit-on": Key(Distinct(ListOf("a list of events", _EVENT), "the event", str), (), "exits"),
        "timeout": Key(LASTING, 0, "timeout_ms"),
        "supplemental-id": Key(FieldOfEvent(), "", "supplemental"),
        "latency": Key(LatencyForm(LATENCY), Latency()),
        "nodes": Key(MapOf("a map of nodes by name", NodeForm(NODES), reserved=(END,))),
    },
)

JOURNEY_SCHEMA = schema(JOURNEY, "A journey of Footfall")
"""For editors, shipped as schemas/journey.schema.json."""
