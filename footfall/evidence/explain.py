"""From an event id in any log back to the phone that made it, and forward to what became of it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from footfall.evidence.ops import Created, Done, Ended, Invoke, Op, Started
from footfall.evidence.received import Received
from footfall.evidence.track import Standing, standing, track

SHORTEST_PREFIX = 8


class Attempt(msgspec.Struct, frozen=True):
    """One attempt to deliver the event; `done` is None where nobody saw how it ended."""

    invoke: Invoke
    done: Done | None


class Explanation(msgspec.Struct, frozen=True):
    """All that is known of one event. `created` is None where no phone of the run created it, and `standing` then
    too; `received` is None where the receiver could not be asked."""

    id: str
    created: Created | None
    started: Started | None
    ended: Ended | None
    attempts: tuple[Attempt, ...]
    received: tuple[Received, ...] | None
    standing: Standing | None


class Ambiguous(msgspec.Struct, frozen=True):
    """The prefix fits several events; `ids` are all of them, sorted."""

    prefix: str
    ids: tuple[str, ...]


def find(event_id: str, ops: Iterable[Op], received: Iterable[Received] | None) -> Explanation | Ambiguous | None:
    """The event with this id or with the one id that begins so (8 characters or more, upper or lower case). None where
    neither the ledger nor the receiver knows such an id. Both are read once."""
    prefix = event_id.strip().lower()
    if len(prefix) < SHORTEST_PREFIX:
        return None
    created: dict[str, Created] = {}
    invokes: dict[str, list[Invoke]] = {}
    dones: dict[str, list[Done]] = {}
    started: dict[int, Started] = {}
    ended: dict[int, Ended] = {}
    for op in ops:
        if isinstance(op, Started):
            started[op.phone] = op
        elif isinstance(op, Ended):
            ended[op.phone] = op
        elif isinstance(op, Created | Invoke | Done) and op.id.lower().startswith(prefix):
            if isinstance(op, Created):
                created[op.id] = op
            elif isinstance(op, Invoke):
                invokes.setdefault(op.id, []).append(op)
            else:
                dones.setdefault(op.id, []).append(op)
    stored: dict[str, list[Received]] = {}
    for one in received or ():
        if one.id.lower().startswith(prefix):
            stored.setdefault(one.id, []).append(one)
    ids = created.keys() | invokes.keys() | dones.keys() | stored.keys()
    exact = [id for id in ids if id.lower() == prefix]
    if not ids:
        return None
    if len(ids) > 1 and len(exact) != 1:
        return Ambiguous(prefix, tuple(sorted(ids)))
    (id,) = exact or ids
    made = created.get(id)
    end = ended.get(made.phone) if made is not None else None
    sent, answered = invokes.get(id, []), dones.get(id, [])
    seen = None if received is None else tuple(stored.get(id, ()))
    return Explanation(
        id=id,
        created=made,
        started=started.get(made.phone) if made is not None else None,
        ended=end,
        attempts=_attempts(sent, answered),
        received=seen,
        standing=_standing(made, sent, answered, end, seen) if made is not None else None,
    )


def _attempts(invokes: list[Invoke], dones: list[Done]) -> tuple[Attempt, ...]:
    outcomes = {done.request: done for done in dones}
    return tuple(Attempt(invoke, outcomes.get(invoke.request)) for invoke in invokes)


def _standing(
    created: Created, sent: list[Invoke], answered: list[Done], end: Ended | None, seen: tuple[Received, ...] | None
) -> Standing:
    way = track(created)
    way.invokes = len(sent)
    for done in answered:
        way.done(done)
    way.held = end is not None and created.id in end.held
    way.seen = len(seen or ())
    return standing(way, phone_ended=end is not None, read_back=seen is not None)
