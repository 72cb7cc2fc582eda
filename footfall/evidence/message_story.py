"""From the id of a message back to the event, the phone and the reason, and forward to what its reader did."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from footfall.evidence.explain import SHORTEST_PREFIX
from footfall.evidence.journeys import Told
from footfall.evidence.manifest import Manifest
from footfall.evidence.ops import Created, Notified, Op
from footfall.evidence.report import shell_lines, utc

_SHOWN = 20
_DECIDED = {
    "open": "taps it",
    "button": "taps one of its buttons",
    "dismiss": "wipes it away",
    "ignore": "does nothing about it",
}


class MessageStory(msgspec.Struct, frozen=True):
    """All that is known of one message. `steps` are those of the instance that sent it, in order; `cause` is the event
    that the person entered with; `reactions` are the events that its reader's phone made of it."""

    message: Told
    steps: tuple[Told, ...]
    cause: Created | None
    notified: Notified | None
    reactions: tuple[Created, ...]


def find_message(id: str, told: Iterable[Told], ops: Iterable[Op]) -> MessageStory | tuple[str, ...] | None:
    """The story of the message with this id, or whose id begins so (8 characters or more); the ids where it fits
    several, None where it fits none. Both are read once."""
    prefix = id.strip().lower()
    if len(prefix) < SHORTEST_PREFIX:
        return None
    steps: dict[str, list[Told]] = {}
    found: dict[str, Told] = {}
    for one in told:
        if not one.channel:
            steps.setdefault(one.instance, []).append(one)
        elif one.id.lower().startswith(prefix):
            found[one.id] = one
    if not found:
        return None
    if len(found) > 1:
        return tuple(sorted(found))
    (message,) = found.values()
    cause: Created | None = None
    notified: Notified | None = None
    reactions: list[Created] = []
    for op in ops:
        if isinstance(op, Created):
            if op.id == message.event:
                cause = op
            if op.message == message.id:
                reactions.append(op)
        elif isinstance(op, Notified) and op.message == message.id:
            notified = op
    return MessageStory(message, tuple(steps.get(message.instance, ())), cause, notified, tuple(reactions))


def tell(found: MessageStory | tuple[str, ...], manifest: Manifest) -> RenderableType:
    """The story as people read it."""
    if isinstance(found, tuple):
        return Text(f"{len(found)} messages begin so; give more of the id:\n" + "\n".join(found[:_SHOWN]))
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    message, cause = found.message, found.cause

    def say(name: str, value: str) -> None:
        if value:
            grid.add_row(name, Text(value))

    say("message", message.id)
    say("what", f"{message.channel} by the journey {message.journey}, node {message.node}, {utc(message.at_ms)}")
    say("to", f"person {message.key}" + (f", device {message.ecid}" if message.ecid not in ("", message.key) else ""))
    say("because of", _cause(message.event, cause))
    if cause is not None:
        state = f", in the state {cause.state}" if cause.state else ""
        say("made by", f"{_maker(cause)} of {cause.person}{state}")
    for step in found.steps:
        mark = "  (this message)" if step.message == message.id else ""
        say(f"{step.kind} {step.node}".strip(), f"{utc(step.at_ms)}  {step.why}{mark}")
    notified = found.notified
    if notified is None:
        say("reached", "no phone of this run" if message.channel == "push" else "")
    else:
        decided = _DECIDED[notified.decided]
        say("reached", f"phone {notified.phone}, {utc(manifest.anchor_ms + notified.at_ms)}; its owner {decided}")
    for reaction in found.reactions:
        say("then", f"{reaction.type or 'an event'} {reaction.id}, {utc(manifest.anchor_ms + reaction.due_ms)}")
    if cause is not None:
        say("repeat", shell_lines(manifest, cause.phone))
    return grid


def _maker(cause: Created) -> str:
    return f"{cause.source}, about phone {cause.phone}" if cause.source else f"phone {cause.phone}"


def consequences(event_id: str, told: Iterable[Told]) -> RenderableType | None:
    """What journeys made of the event with this id, or whose id begins so: every step that it caused, and what was sent
    to whom because of it, in order; None where no journey took notice."""
    prefix = event_id.strip().lower()
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for one in told:
        if not one.event.lower().startswith(prefix):
            continue
        if one.channel:
            what = f"{one.channel} {one.id} from the node {one.node}"
        else:
            code = f" {one.code}" if one.code else ""
            what = f"{one.kind}{code}{f': {one.why}' if one.why else ''}"
        grid.add_row(f"journey {one.journey}" if one.journey else "journeys", f"{utc(one.at_ms)}  {what}")
    return grid if grid.row_count else None


def _cause(event: str, cause: Created | None) -> str:
    if cause is None:
        return f"the event {event}, which is in no ledger of this run" if event else ""
    what = cause.place or ", ".join(f"{quantity} of {sku}" for sku, quantity in cause.skus)
    return f"{cause.type or 'the event'} {event}" + (f": {what}" if what else "")
