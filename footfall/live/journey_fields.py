"""What a journey's conditions speak of: fields that no event and no profile has, values that a field can never have,
and a journey that nothing can enter."""

from __future__ import annotations

from footfall.live.journey_forms import JourneyLog, Written
from footfall.live.xdm_fields import Found, event_fields, event_type_slip, profile_fields
from footfall.platform.journeys import expression_tree as tree
from footfall.platform.journeys.expression_tree import PROFILE, Constant, Field, Holds, Operand, Total
from footfall.platform.journeys.types import Await, Journey
from footfall.scenario.forms import Damage
from footfall.world.problems import did_you_mean

_OF_TEXTS = ("contains", "starts with", "ends with", "equals ignoring case")


def check_expressions(journey: Journey, log: JourneyLog, damage: Damage) -> None:
    """Notes every problem of every expression that was read, at its column."""
    events = {event.name for event in journey.events}
    if damage.hides(("events",)):  # no name can be called unknown
        events = {field.root for written in log.expressions for field in written.expression.fields}
    heard = {journey.entry, *(name for _, node in journey.nodes if isinstance(node, Await) for name, _ in node.events)}
    sure = not damage.touches(("events",), ("entry",)) and not any(path[:1] == ("nodes",) for path in damage.paths)
    for written in log.expressions:
        kinds = {
            field: _known(written, field, log, events, heard if sure else events) for field in written.expression.fields
        }
        _types(written, kinds, log)
        if written.use == "rule":
            _slips(written, log)
            match written.expression.tree:
                case Holds(Constant(False)):
                    log.say(written, 1, "no event can match: this is always false")
            if (field := tree.contradiction(written.expression.tree, single)) is not None:
                name = tree.written_operand(field)
                log.say(written, field.column, f"no event can match: {name} would have to be two things at once")


def single(field: Field) -> bool:
    """Whether an event has one value of this field at most."""
    found = event_fields().find(field.path)
    return isinstance(found, Found) and not found.many


def _known(written: Written, field: Field, log: JourneyLog, events: set[str], heard: set[str]) -> Found | None:
    """What the field is; None where it is unknown or that was a problem."""
    shown = tree.written_operand(field)
    if written.use == "rule" and field.root:
        log.say(written, field.column, f"a rule speaks of the event that it judges, and of nothing else; found {shown}")
        return None
    if written.use != "rule" and not field.root:
        event = next((f"@{name}" for name in sorted(events)), "@event")
        of_profile = isinstance(profile_fields().find(field.path), Found)
        meant = f"profile.{shown}" if of_profile else f"{event}.{shown}"
        log.say(written, field.column, f"whose field is {shown}? Write {meant}")
        return None
    if field.root not in ("", PROFILE):
        if field.root not in events:
            log.say(
                written, field.column, f'"{field.root}" is no event of this journey.{did_you_mean(field.root, events)}'
            )
            return None
        if field.root not in heard:
            log.say(written, field.column, f"the journey never waits for {field.root}, so that it has no fields")
            return None
    fields, whose = (profile_fields(), "a profile") if field.root == PROFILE else (event_fields(), "an event")
    found = fields.find(field.path)
    if isinstance(found, Found):
        return found
    step = field.path[found.step]
    upto = tree.written_operand(Field(field.root, field.path[: found.step + 1]))
    meant = did_you_mean(step, found.known) if isinstance(step, str) else ""
    log.say(written, field.column, f"{whose} has no field {upto}.{meant}")
    return None


def _types(written: Written, kinds: dict[Field, Found | None], log: JourneyLog) -> None:
    node = written.expression.tree
    for left, operator, right in tree.comparisons(node):
        for operand, other in ((left, right), (right, left)):
            kind = _kind(operand, kinds)
            if kind in ("", "anything"):
                continue
            column = operand.field.column if isinstance(operand, Total) else operand.column
            name = tree.written_operand(operand)
            if kind == "object":
                log.say(written, column, f"{name} is an object: compare one of its fields")
            elif operator in _OF_TEXTS and kind != "text":
                log.say(written, column, f"{name} is a {kind}, and {operator} is for texts")
            elif isinstance(other, Constant) and (literal := _kind_of(other)) != kind:
                log.say(written, other.column, f"{name} is a {kind}, {tree.written_operand(other)} is a {literal}")
    if written.use != "text":
        _alone(written, node, kinds, log)


def _alone(written: Written, node: tree.Node, kinds: dict[Field, Found | None], log: JourneyLog) -> None:
    """Fields without an operator: as a condition only a truth value holds."""
    match node:
        case tree.And(parts) | tree.Or(parts):
            for part in parts:
                _alone(written, part, kinds, log)
        case tree.Not(part):
            _alone(written, part, kinds, log)
        case Holds(Field() as operand) if written.path == ("supplemental-id",):
            found = kinds.get(operand)
            if found is not None and (found.kind == "object" or found.many):
                what = "an object" if found.kind == "object" else "a list"
                log.say(written, operand.column, f"expected a field with one value, found {what}")
        case Holds(Field() | Total() as operand):
            kind = _kind(operand, kinds)
            if kind not in ("", "anything", "truth value"):
                column = operand.field.column if isinstance(operand, Total) else operand.column
                what = "an object" if kind == "object" else f"a {kind}"
                name = tree.written_operand(operand)
                instead = f", or write {name} is set" if isinstance(operand, Field) else ""
                log.say(written, column, f"{name} is {what}: compare it with something{instead}")
        case _:
            pass


def _kind(operand: Operand, kinds: dict[Field, Found | None]) -> str:
    """Of a field or total; "" for literals and where it is not known."""
    match operand:
        case Field():
            found = kinds.get(operand)
            return found.kind if found is not None else ""
        case Total():
            return "number"
        case _:
            return ""


def _kind_of(literal: Constant) -> str:
    if isinstance(literal.value, bool):
        return "truth value"
    return "text" if isinstance(literal.value, str) else "number"


def _slips(written: Written, log: JourneyLog) -> None:
    for left, operator, right in tree.comparisons(written.expression.tree):
        for operand, other in ((left, right), (right, left)):
            if not (isinstance(operand, Field) and operand.place == ("", ("eventType",))):
                continue
            if operator == "==" and isinstance(other, Constant) and isinstance(other.value, str):
                meant = event_type_slip(other.value)
                if meant:
                    log.say(written, other.column, f'no event has the eventType {other.value}. Did you mean "{meant}"?')
