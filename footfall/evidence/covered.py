"""Checker `covered`: did the run exercise all that the scenario consists of?

A run in which no phone ever reached the checkout proves nothing about the checkout. Few phones cannot be expected to
have been everywhere, so below a number of phones that the scenario gives the question is not asked.
"""

from __future__ import annotations

from collections.abc import Iterable

from footfall.evidence.check import Check, Findings, fold, several
from footfall.evidence.manifest import Expectations
from footfall.evidence.ops import Created, Inside, Op

_NAMED_MOST = 12


class Covered:
    """Collects the states and places that were used. `phones` are how many were to live."""

    name = "covered"

    def __init__(self, expectations: Expectations, phones: int) -> None:
        self._expectations = expectations
        self._phones = phones
        self._states: set[str] = set()
        self._places: set[str] = set()

    def feed(self, op: Op) -> None:
        """Follows one op."""
        if isinstance(op, Created):
            self._states.add(op.state)
            if op.place:
                self._places.add(op.place)
        elif isinstance(op, Inside):
            self._places.add(op.place)

    def close(self) -> Check:
        """Unknown where a state or a place was never used: of it nothing is known."""
        findings = Findings()
        expected = self._expectations
        if self._phones < expected.covered_from_phones:
            message = f"not asked: {self._phones} of the {expected.covered_from_phones} phones it takes"
            findings.add("valid", "not-asked", message)
        else:
            _say_missing(findings, "state", [name for name in expected.states if name not in self._states])
            _say_missing(findings, "place", [id for id in expected.places if id not in self._places])
        facts = {
            "states": len(expected.states),
            "states_used": len(self._states.intersection(expected.states)),
            "places": len(expected.places),
            "places_used": len(self._places.intersection(expected.places)),
        }
        return findings.check(self.name, facts)


def _say_missing(findings: Findings, noun: str, missing: list[str]) -> None:
    if missing:
        named = ", ".join(missing[:_NAMED_MOST])
        more = f" and {len(missing) - _NAMED_MOST} more" if len(missing) > _NAMED_MOST else ""
        findings.add("unknown", f"unused-{noun}", f"{several(len(missing), noun)} never used: {named}{more}")


def covered(ops: Iterable[Op], expectations: Expectations, phones: int) -> Check:
    """Whether every state and every place of the scenario was used by some phone. `phones` are how many were to
    live."""
    return fold(Covered(expectations, phones), ops)
