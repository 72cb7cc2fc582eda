"""Checker `alternates`: a phone enters a place before it leaves it, and leaves it before it enters it again.

The Places extension has only entry and exit, and it does not filter: two entries in a row would be two events
(mobile-sdk.md section 4). So an entry of a place in which the phone already is can only come from a wrong model of
the phone, or from a deliberate fault.

Two lines of the ledger explain what otherwise looks wrong: `inside` (the region was registered while the phone was in
it: no entry, but later an exit) and `ignored` (the phone did cross, and the SDK made no event of it).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from footfall.evidence.check import Check, Findings, fold
from footfall.evidence.ops import Created, Ended, Forgotten, Ignored, Inside, Op

Side = Literal["entry", "exit"]

_SIDES: dict[str, Side] = {"location.entry": "entry", "location.exit": "exit"}


class Alternates:
    """Knows of each phone and place the last crossing; nothing yet is as good as an exit."""

    name = "alternates"

    def __init__(self) -> None:
        self._findings = Findings()
        self._last: dict[int, dict[str, Side]] = {}  # phone -> place -> the way it last crossed
        self._facts = {"entries": 0, "exits": 0, "recorded_inside": 0, "ignored": 0, "excused": 0}

    def feed(self, op: Op) -> None:
        """Follows one op. The lines of one phone must come in its own order, as they do within a ledger file."""
        if isinstance(op, Created):
            side = _SIDES.get(op.type)
            if side is not None and not op.extra:
                self._cross(op, side)
        elif isinstance(op, Inside):
            self._facts["recorded_inside"] += 1
            self._last.setdefault(op.phone, {})[op.place] = "entry"
        elif isinstance(op, Ignored):
            self._facts["ignored"] += 1
            self._last.setdefault(op.phone, {})[op.place] = op.kind
        elif isinstance(op, Ended) or (isinstance(op, Forgotten) and op.what == "regions"):
            self._last.pop(op.phone, None)

    def close(self) -> Check:
        """Unknown where no phone crossed anything: then nothing was exercised."""
        if not self._facts["entries"] + self._facts["exits"]:
            self._findings.add("unknown", "vacuous", "no phone entered or left a place, so nothing was checked")
        return self._findings.check(self.name, self._facts)

    def _cross(self, op: Created, side: Side) -> None:
        self._facts["entries" if side == "entry" else "exits"] += 1
        places = self._last.setdefault(op.phone, {})
        last = places.get(op.place)
        places[op.place] = side
        if not op.place:
            wrong = f"{op.type} without a place"
        elif side == "exit" and last is None:
            wrong = f"left {op.place} without ever having entered it"
        elif side == last:
            wrong = f"{'entered' if side == 'entry' else 'left'} {op.place} twice in a row"
        else:
            return
        if op.fault or op.bad:
            self._facts["excused"] += 1  # the plan meant it so
        else:
            self._findings.add("invalid", "order", f"phone {op.phone}: {wrong}", events=(op.id,), phone=op.phone)


def alternates(ops: Iterable[Op]) -> Check:
    """Whether entries and exits take turns, for each phone and each place, beginning with an entry."""
    return fold(Alternates(), ops)
