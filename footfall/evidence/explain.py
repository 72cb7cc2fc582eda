"""From an event id in any log back to the phone that made it, and forward to what became of it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from footfall.evidence.ops import Created, Done, Ended, Invoke, Op, Started, Unread, Withheld
from footfall.evidence.received import Received
from footfall.evidence.track import Standing, standing, track

SHORTEST_PREFIX = 8

_OfEvent = Created | Invoke | Done | Withheld | Unread


class Attempt(msgspec.Struct, frozen=True):
    """One attempt to deliver the event; `done` is None where nobody saw how it ended. `unread`: the app's process died
    before it read the answer."""

    invoke: Invoke
    done: Done | None
    unread: bool = False


class Explanation(msgspec.Struct, frozen=True):
    """All that is known of one event. `created` is None where no phone of the run created it, and `standing` then
    too; `received` is None where the receiver could not be asked; `withheld` is why the SDK kept it from being sent."""

    id: str
    created: Created | None
    started: Started | None
    ended: Ended | None
    attempts: tuple[Attempt, ...]
    received: tuple[Received, ...] | None
    standing: Standing | None
    withheld: tuple[Withheld, ...] = ()


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
    known: dict[str, list[_OfEvent]] = {}
    started: dict[int, Started] = {}
    ended: dict[int, Ended] = {}
    for op in ops:
        if isinstance(op, Started):
            started[op.phone] = op
        elif isinstance(op, Ended):
            ended[op.phone] = op
        elif isinstance(op, _OfEvent) and op.id.lower().startswith(prefix):
            known.setdefault(op.id, []).append(op)
    stored: dict[str, list[Received]] = {}
    for one in received or ():
        if one.id.lower().startswith(prefix):
            stored.setdefault(one.id, []).append(one)
    ids = known.keys() | stored.keys()
    exact = [id for id in ids if id.lower() == prefix]
    if not ids:
        return None
    if len(ids) > 1 and len(exact) != 1:
        return Ambiguous(prefix, tuple(sorted(ids)))
    (id,) = exact or ids
    its = known.get(id, [])
    made = next((op for op in its if isinstance(op, Created)), None)
    end = ended.get(made.phone) if made is not None else None
    seen = None if received is None else tuple(stored.get(id, ()))
    return Explanation(
        id=id,
        created=made,
        started=started.get(made.phone) if made is not None else None,
        ended=end,
        attempts=_attempts(its),
        received=seen,
        standing=_standing(made, its, end, seen) if made is not None else None,
        withheld=tuple(op for op in its if isinstance(op, Withheld)),
    )


def _attempts(ops: list[_OfEvent]) -> tuple[Attempt, ...]:
    outcomes = {op.request: op for op in ops if isinstance(op, Done)}
    unread = {op.request for op in ops if isinstance(op, Unread)}
    return tuple(Attempt(op, outcomes.get(op.request), op.request in unread) for op in ops if isinstance(op, Invoke))


def _standing(created: Created, ops: list[_OfEvent], end: Ended | None, seen: tuple[Received, ...] | None) -> Standing:
    way = track(created)
    latest = ""
    for op in ops:
        if isinstance(op, Invoke):
            latest = op.request
            way.invoked()
        elif isinstance(op, Done):
            way.done(op)
        elif isinstance(op, Unread):
            if op.request == latest:  # any other is a lie, of which the verdict says more
                way.left_unread()
        elif isinstance(op, Withheld):
            way.withhold(op)
    way.held = end is not None and created.id in end.held
    way.seen = len(seen or ())
    return standing(way, phone_ended=end is not None, read_back=seen is not None)
