"""Did every phone that was handed out live exactly once, and to its end? Part of the checker `delivered`.

A phone is a number that the run leases to a worker; it starts, creates events numbered from 0, and ends. Another system
that makes events about the phone's customer numbers its own from 0, within the phone's life. What breaks this makes
every count of the run worthless, so it is looked at first.
"""

from __future__ import annotations

from itertools import pairwise

from footfall.evidence.check import Findings, ranges
from footfall.evidence.ops import Created, Ended, Head, Lease, Op, Started, Trouble


class Lives:
    """Follows the phones through a ledger. `run` is the run that the ledger is to be of; empty: any."""

    def __init__(self, findings: Findings, run: str = "") -> None:
        self._findings = findings
        self._run = run
        self._leases: list[Lease] = []
        self._started_ones: set[int] = set()
        self._next_n: dict[int, int] = {}  # of phones that started or created anything: the number of the next event
        self._next_elsewhere: dict[tuple[int, str], int] = {}  # (phone, source) -> the same of other systems
        self._how: dict[int, str] = {}  # of phones that have ended
        self._odd: set[int] = set()  # phones that acted out of life: told once each

    def feed(self, op: Op) -> None:
        """Follows one op."""
        if isinstance(op, Created):
            self._created(op)
        elif isinstance(op, Started):
            self._started(op)
        elif isinstance(op, Ended):
            self._ended(op)
        elif isinstance(op, Lease):
            self._leases.append(op)
        elif isinstance(op, Trouble):
            self._findings.add("unknown", op.kind, f"{op.kind}: {op.why}")
        elif isinstance(op, Head) and self._run and op.run != self._run:
            message = f"the ledger of {op.process} is of run {op.run}, not of {self._run}"
            self._findings.add("unknown", "other-run", message)

    def has_ended(self, phone: int) -> bool:
        """Whether the phone's life has come to its end, however it ended."""
        return phone in self._how

    def close(self) -> dict[str, int]:
        """Notes what can only be said at the end, and returns the numbers of phones."""
        leased = self._leased()
        begun_not_ended = self._next_n.keys() - self._how.keys()
        never_begun = leased - self._next_n.keys()
        if begun_not_ended:
            self._findings.add(
                "unknown",
                "abandoned",
                f"{_phones(begun_not_ended)} began and did not end: abandoned, and what was still to come is not known",
                phone=min(begun_not_ended),
            )
        if never_begun:
            self._findings.add(
                "unknown",
                "abandoned",
                f"{_phones(never_begun)} had been leased and never began: abandoned",
                phone=min(never_begun),
            )
        ended = list(self._how.values())
        return {
            "phones_leased": len(leased),
            "phones_started": len(self._started_ones),
            "phones_lived": ended.count("lived"),
            "phones_cut": ended.count("cut"),
            "phones_abandoned": len(begun_not_ended) + len(never_begun),
        }

    def _leased(self) -> set[int]:
        leases = sorted((lease for lease in self._leases if lease.count > 0), key=lambda lease: lease.first)
        leased: set[int] = set()
        reached = leases[0] if leases else None  # the lease that reaches farthest so far
        for _, lease in pairwise(leases):
            assert reached is not None
            end = reached.first + reached.count
            if lease.first < end:
                twice = range(lease.first, min(end, lease.first + lease.count))
                message = f"{_phones(set(twice))} leased twice: to {reached.worker} and to {lease.worker}"
                self._findings.add("invalid", "leased-twice", message, phone=lease.first)
            if lease.first + lease.count > end:
                reached = lease
        for lease in leases:
            leased.update(range(lease.first, lease.first + lease.count))
        return leased

    def _started(self, op: Started) -> None:
        if op.phone in self._started_ones:
            self._findings.add("invalid", "lived-twice", f"phone {op.phone} lived twice", phone=op.phone)
        self._started_ones.add(op.phone)
        self._next_n[op.phone] = 0

    def _created(self, op: Created) -> None:
        key = (op.phone, op.source)
        expected = self._next_elsewhere.get(key, 0) if op.source else self._next_n.get(op.phone, 0)
        if op.phone not in self._started_ones:
            self._tell_odd(op.phone, f"phone {op.phone} created events without having started")
        elif op.phone in self._how:
            self._tell_odd(op.phone, f"phone {op.phone} created events after its end")
        if op.n != expected:
            whose = f"its event number {expected} of the {op.source}" if op.source else f"its event number {expected}"
            message = f"phone {op.phone}: expected {whose} in the ledger, got number {op.n}"
            self._findings.add("invalid", "gap", message, events=(op.id,), phone=op.phone)
        if op.source:
            self._next_elsewhere[key] = op.n + 1
            self._next_n.setdefault(op.phone, 0)
        else:
            self._next_n[op.phone] = op.n + 1

    def _ended(self, op: Ended) -> None:
        if op.phone in self._how:
            self._tell_odd(op.phone, f"phone {op.phone} ended twice")
        elif op.phone not in self._started_ones:
            self._tell_odd(op.phone, f"phone {op.phone} ended without having started")
        self._how[op.phone] = op.how

    def _tell_odd(self, phone: int, message: str) -> None:
        if phone not in self._odd:
            self._odd.add(phone)
            self._findings.add("invalid", "out-of-life", message, phone=phone)


def _phones(indices: set[int]) -> str:
    return f"phone {ranges(indices)}" if len(indices) == 1 else f"{len(indices)} phones ({ranges(indices)})"
