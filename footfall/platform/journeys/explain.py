"""What people ask: where somebody is in a journey, and why an event did or would not do something."""

from __future__ import annotations

import msgspec

from footfall.platform.journeys.entry import Refusal
from footfall.platform.journeys.expression_tree import And, Field, Holds, written, written_operand
from footfall.platform.journeys.expressions import Expression, Scope
from footfall.platform.journeys.matching import event_id, reactions
from footfall.platform.journeys.messages import Happening, Instance
from footfall.platform.journeys.reception import Reception
from footfall.platform.journeys.types import END, MOST_STACKED, Await, JourneyEvent, React, Wait, Webhook
from footfall.platform.journeys.walking import Walker
from footfall.platform.journeys.wording import moment


class Whereabouts(msgspec.Struct, frozen=True, omit_defaults=True):
    """One instance of a person: at which `node` and since when, and what it waits for and until when, in words; when it
    is `over`, the node where and the moment when it ended, and how. `event` is the `_id` of its entry event."""

    journey: str
    instance: str
    node: str
    entered_ms: int
    since_ms: int
    words: str
    supplemental: str = ""
    event: str = ""
    over: bool = False


def whereabouts(walker: Walker, key: str) -> list[Whereabouts]:
    """The live instances of this key in a journey, else its last ends that are remembered."""
    found = walker.residents.inside(key) or walker.residents.left(key)
    return [
        Whereabouts(
            walker.journey.name,
            one.id,
            one.node,
            one.entered_ms,
            one.since_ms,
            f"{one.why}, on {moment(one.since_ms)}" if one.over else _waits(walker, one),
            one.supplemental,
            one.event,
            one.over,
        )
        for one in found
    ]


def _waits(walker: Walker, one: Instance) -> str:
    node = walker.nodes[one.node]
    deadline_ms = walker.times.deadline_ms(one, node)
    end = f"at most until {moment(walker.times.end_ms(one))}, the global time-out"
    until = f"until {moment(deadline_ms)}" if deadline_ms else end
    match node:
        case Wait():
            words = f"waits {until}"
        case Await(events, _, on_timeout):
            words = f"waits for {' or '.join(name for name, _ in events)} {until}"
            words += f", then {on_timeout or END}" if deadline_ms else ""
        case React(to=to, on_timeout=on_timeout):
            words = f"waits {until} for the message to be {to}, then {on_timeout or END}"
        case Webhook() if one.messages:
            words = f"waits for the answer of the webhook, {end}"
        case _:
            words = f"the first action comes later: {until}"
    if one.stack:
        words += f"; {len(one.stack)} of {MOST_STACKED} events on its stack"
    return f"{words}; the journey is paused" if walker.paused else words


def judged(reception: Reception, names: tuple[str, ...], happening: Happening, now_ms: int) -> str:
    """Why this journey would, or would not, react to an event that has these names in it, in a sentence."""
    walker, door = reception.walker, reception.door
    journey = walker.journey
    told = next((each for each in reactions(happening) if each.version == journey.version_id), None)
    if not names and told is not None:
        one = next((each for each in walker.residents if each.id == told.instance), None)
        if one is None:
            return f"{told.what}: recorded, the person is no longer inside"
        suits = walker.suits(one, told) and not one.busy and not walker.paused
        return f"{told.what}: {'moves the person on from' if suits else 'recorded; not waited for at'} {one.node}"
    if not names:
        return "; ".join(_unmatched(each, happening) for each in journey.events)
    what = f"matches {', '.join(names)}"
    if closed := door.closed():
        return f"{what}, but {closed.why} ({closed.code})"
    who = door.who(happening.xdm)
    if isinstance(who, Refusal):
        return f"{what}, but {who.why} ({who.code})"
    one = walker.residents.find(who.key, who.supplemental)
    if one is not None:
        return f"{what}: {_inside(reception, one, names)}"
    if journey.entry not in names:
        return f"{what}, which starts nothing, and {who.key} is not inside"
    if walker.paused:
        return f"{what}, but the journey is paused"
    refusal = door.refuses(who, now_ms)
    return f"{what}: {who.key} enters" if refusal is None else f"{what}, but {refusal.why} ({refusal.code})"


def _inside(reception: Reception, one: Instance, names: tuple[str, ...]) -> str:
    walker = reception.walker
    journey, node = walker.journey, walker.nodes[one.node]
    if walker.paused:
        return f"{one.key} is inside at {one.node}, and the journey is paused"
    if one.busy:
        room = "goes on the stack" if len(one.stack) < MOST_STACKED else "is discarded, the stack is full"
        return f"{one.key} is inside at {one.node}, where an action is under way: the event {room}"
    if taken := [name for name in journey.exits if name in names]:
        return f"{taken[0]} takes {one.key} out"
    if isinstance(node, Await) and (found := [each for each in node.events if each[0] in names]):
        return f"{one.key} waits for {found[0][0]} at {one.node} and goes to {found[0][1]}"
    if journey.entry in names:
        return f"{reception.door.already_inside().why}: {one.key} is at {one.node}"
    return f"{one.key} is inside at {one.node}, which does not listen for it"


def _unmatched(event: JourneyEvent, happening: Happening) -> str:
    """Which part of the event's rule does not hold, and what was found instead."""
    if event.when is None:
        id = event_id(happening.xdm)
        found = f"it is {_shown(id)}" if id else "there is none"
        return f"{event.name}: the eventID is not {event.event_id}, {found}"
    scope = Scope(happening.xdm)
    node = event.when.tree
    parts = node.parts if isinstance(node, And) else (node,)
    for part in parts:
        rule = Expression(written(part), part)
        if not rule.holds(scope):
            values = dict.fromkeys(f"{written_operand(field)} is {_found(field, scope)}" for field in rule.fields)
            return f"{event.name}: {rule.text} does not hold, {', '.join(values)}"
    return f"{event.name}: matches"


def _found(field: Field, scope: Scope) -> str:
    return _shown(Expression("", Holds(field)).value(scope))


def _shown(value: object) -> str:
    if value is None:
        return "not there"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else f"{text[:77]}..."
