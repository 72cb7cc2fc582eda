"""`footfall event define`: an event of Journey Optimizer as a person enters it, and whether a scenario's events match.

Which events: those of a journey file, one by a rule, or one by the id that Journey Optimizer has generated. The
scenario's phones live in this process against the local platform's core, as `footfall preview` has them; nothing is
sent.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from rich.console import Console

from footfall.engine.preview import preview
from footfall.evidence.ops import Created
from footfall.live import event_define_report as report
from footfall.live import inputs
from footfall.live.event_define_condition import entered
from footfall.live.event_define_matches import Seen, Wanted, findings
from footfall.live.event_define_payload import payload, ticked, uses
from footfall.live.event_define_report import Definition, Search
from footfall.live.inputs import AppInput, Inputs
from footfall.live.journey_fields import check_expressions
from footfall.live.journey_file import decode_journey
from footfall.live.journey_forms import JourneyLog, Written
from footfall.live.journey_semantics import EVENT_NAME
from footfall.live.preview import anchor_of_preview, app_of_preview, local_core, population_of_preview
from footfall.live.xdm_fields import event_type_slip
from footfall.phone.config import AppConfig
from footfall.platform.core import LOCAL_DATASTREAM
from footfall.platform.journeys.expressions import Expression, ExpressionProblem, parse
from footfall.platform.journeys.types import Journey
from footfall.platform.memory import MemoryStore
from footfall.scenario.yaml_nodes import Scalar
from footfall.world.problems import BadInput, Problem, did_you_mean

EXIT_NO_MATCH = 1
EXIT_BAD_USAGE = 2
_EVENT_ID = r"[A-Za-z0-9-]{1,100}"
_EVENT_TYPE = r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*"
_NAMESPACE = r"[A-Za-z0-9_-]{1,100}"
DEFAULT_NAMESPACE = "ECID"


class EventDefineOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be defined: exactly one of `journey`, `when` and `event_id` is given. `event` picks one event of the
    journey, `type` says which eventType is to carry an id. `name` and `namespace` are for a rule and an id; None: a
    name made of the eventType, ECID. `phones` are how many of the scenario's phones are searched."""

    journey: str | None = None
    event: str | None = None
    when: str | None = None
    event_id: str | None = None
    type: str | None = None
    name: str | None = None
    namespace: str | None = None
    scenario: str = "saturday"
    app: str = ""
    phones: int = 20
    json: bool = False


class _Console(Console):
    """A console that says so when its reader has gone, instead of leaving with 1, which is `no match` here."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class _Asked(msgspec.Struct, frozen=True):
    """An event to define. `journey` is None where it comes from no file."""

    name: str
    wanted: Wanted
    namespace: str
    journey: Journey | None = None


def run(options: EventDefineOptions, now_s: float | None = None) -> int:
    """Prints each definition with what it matches. 0: something matches each of them; 1: nothing of the scenario
    matches one; 2: bad input, with every problem on stderr. `now_s`: no event is stamped later, seconds since the
    epoch; None is the clock's now."""
    try:
        definitions = tuple(_definitions(options, time.time() if now_s is None else now_s))
    except BadInput as bad:
        print(bad, file=sys.stderr)
        return EXIT_BAD_USAGE
    try:
        if options.json:
            sys.stdout.buffer.write(msgspec.json.Encoder().encode_lines(map(report.as_json, definitions)))
        else:
            report.print_definitions(_Console(highlight=False, markup=False, emoji=False), definitions)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0 if all(one.found.matching for one in definitions) else EXIT_NO_MATCH


def _definitions(options: EventDefineOptions, now_s: float) -> Iterator[Definition]:
    """Raises BadInput with the problems of the options and of all files."""
    problems: list[Problem] = []
    asked = _tried(problems, lambda: _asked(options)) or ()
    if options.phones < 1:
        problems.append(_of("--phones", 1, f"expected a whole number from 1 on, found {options.phones}"))
    given = _tried(problems, lambda: inputs.load_all(options.scenario, options.app))
    if problems or given is None:
        raise BadInput(problems)
    read, app = given
    config = app_of_preview(read, app.config)
    search, events = _search(options, read, app, config, now_s)
    for one in asked:
        rule, event_id = one.wanted.rule, one.wanted.event_id
        fields = ticked(uses(rule, one.journey, one.name), one.namespace, event_id)
        yield Definition(
            name=one.name,
            wanted=one.wanted,
            namespace=one.namespace,
            condition=None if rule is None else entered(rule.tree, one.name),
            schema=config.inlet.schema,
            fields=fields,
            payload=payload(fields, config.inlet, event_id),
            found=findings(one.wanted, one.namespace, events, config),
            search=search,
        )


def _tried(problems: list[Problem], load: Callable[[], Any]) -> Any:
    """What is loaded; None where that has problems, which are noted."""
    try:
        return load()
    except BadInput as bad:
        problems += bad.problems
        return None


def _of(option: str, column: int, message: str) -> Problem:
    return Problem(option, 1, column, message)


# What is asked for


def _asked(options: EventDefineOptions) -> tuple[_Asked, ...]:
    problems = list(_misplaced(options))
    found: tuple[_Asked, ...] = ()
    if options.journey is not None:
        found = _tried(problems, lambda: _of_journey(options)) or ()
    else:
        rule: Expression | None = None
        if options.when is not None:
            rule = _tried(problems, lambda: _rule(options.when or ""))
        elif options.event_id is not None and not re.fullmatch(_EVENT_ID, options.event_id):
            problems.append(_of("--event-id", 1, "expected the id of an event, of letters, digits and -"))
        problems += _bad_words(options)
        if options.name is not None and (fault := _name_fault(options.name)):
            problems.append(_of("--name", 1, fault))
        wanted = Wanted(rule, options.event_id or "", options.type or "")
        namespace = DEFAULT_NAMESPACE if options.namespace is None else options.namespace
        found = (_Asked(options.name or _named(wanted), wanted, namespace),)
    if problems:
        raise BadInput(problems)
    return found


def _misplaced(options: EventDefineOptions) -> Iterator[Problem]:
    """Options that say something about what was not given."""
    given = [
        name
        for name, value in (("--journey", options.journey), ("--when", options.when), ("--event-id", options.event_id))
        if value is not None
    ]
    if len(given) != 1:
        found = " and ".join(given) or "none of them"
        yield _of("event define", 1, f"expected one of --journey, --when and --event-id, found {found}")
        return
    for name, value, homes, why in (
        ("--event", options.event, ("--journey",), "it picks an event of a journey"),
        ("--type", options.type, ("--journey", "--event-id"), "a rule names its eventType itself"),
        ("--name", options.name, ("--when", "--event-id"), "a journey's file names its events"),
        ("--namespace", options.namespace, ("--when", "--event-id"), "a journey's file has it under namespace"),
    ):
        if value is not None and given[0] not in homes:
            yield _of(name, 1, f"{name} goes with {' or '.join(homes)}: {why}")


def _bad_words(options: EventDefineOptions) -> Iterator[Problem]:
    if options.namespace is not None and not re.fullmatch(_NAMESPACE, options.namespace):
        yield _of(
            "--namespace", 1, f"expected the code of an identity namespace such as ECID, found {options.namespace!r}"
        )
    if options.type is None:
        return
    if not re.fullmatch(_EVENT_TYPE, options.type):
        yield _of("--type", 1, f"expected an eventType such as commerce.purchases, found {options.type!r}")
    elif meant := event_type_slip(options.type):
        yield _of("--type", 1, f'no event has the eventType {options.type}. Did you mean "{meant}"?')


def _name_fault(name: str) -> str:
    """Adobe's names of events are those of journey files (experience-platform.md 5.1)."""
    if EVENT_NAME.fullmatch(name):
        return ""
    return f"the name of an event has letters, digits and _, 30 at most, found {name[:60]!r}"


def _named(wanted: Wanted) -> str:
    """A name for an event that has none: of its eventType, where there is one."""
    types = sorted((wanted.rule.event_types if wanted.rule is not None else None) or ())
    type = wanted.type or (types[0] if len(types) == 1 else "")
    return re.sub(r"[^A-Za-z0-9_]", "_", type)[:30] or "event"


def _rule(text: str) -> Expression:
    """The rule, checked as one of a journey file is. Raises BadInput, each problem at its column."""
    log = JourneyLog("--when", line := re.sub(r"[\r\n\x85\u2028\u2029]", " ", text))  # a column each, on one line
    try:
        rule = parse(text)
    except ExpressionProblem as problem:
        raise BadInput([_of("--when", problem.column, str(problem))]) from None
    log.expressions.append(Written(rule, "rule", (), Scalar(1, 1, line)))
    check_expressions(Journey("", "", "", (), ()), log, log.damage())
    if log.problems:
        raise BadInput(set(log.problems))
    return rule


def _of_journey(options: EventDefineOptions) -> tuple[_Asked, ...]:
    path = inputs.find_journey(options.journey or "")
    journey = decode_journey(inputs.read_text(path, "a journey"), str(path))  # which judges the names of its events
    names = [event.name for event in journey.events]
    problems: list[Problem] = list(_bad_words(options))
    if options.event is not None and options.event not in names:
        known = did_you_mean(options.event, names)
        problems.append(_of("--event", 1, f"the journey {journey.name} has no event {options.event}.{known}"))
    chosen = [event for event in journey.events if options.event in (None, event.name)]
    if options.type is not None and not any(event.event_id for event in chosen) and chosen:
        problems.append(_of("--type", 1, "--type goes with an event-id: these events have a rule"))
    if problems:
        raise BadInput(problems)
    return tuple(
        _Asked(
            event.name,
            Wanted(event.when, event.event_id, (options.type or "") if event.event_id else ""),
            journey.namespace,
            journey,
        )
        for event in chosen
    )


# What the scenario's phones send


def _search(
    options: EventDefineOptions, read: Inputs, app: AppInput, config: AppConfig, now_s: float
) -> tuple[Search, list[Seen]]:
    """Lives the first phones; the good events that the local platform has of them, phone by phone in order of time."""
    population = read.scenario.population.phones
    anchor = anchor_of_preview(read, now_s)
    everyone = population_of_preview(read, config, read.scenario.seed, population, anchor)
    events: list[Seen] = []
    refused = unsent = 0
    phones = min(options.phones, population)
    for k in range(phones):
        store = MemoryStore()
        seen = preview(everyone.life(k), local_core(read, anchor, store))
        made: dict[str, Created] = {event.id: event for exchange in seen.exchanges for event in exchange.events}
        unsent += len(seen.unsent)
        for _, stored in store.received(LOCAL_DATASTREAM.run):
            if not stored.good:
                refused += 1
            elif (event := made.get(stored.id)) is not None:
                xdm = msgspec.json.decode(stored.body)["xdm"]
                events.append(Seen(stored.id, stored.type, k, event.due_ms, event.source, xdm))
    office = config.back_office.open
    return Search(read.scenario.name, app.file, phones, population, unsent, refused, office), events
