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
            enough = several(expected.covered_from_phones, "phone")
            message = (
                "whether phones used every state and every place is not asked: the scenario expects that of "
                f"{enough} or more, and this run has {self._phones}"
            )
            findings.add("valid", "not-asked", message)
        else:
            _say_missing(findings, "state", expected.states, self._states)
            _say_missing(findings, "place", expected.places, self._places)
        facts = {
            "states": len(expected.states),
            "states_used": len(self._states.intersection(expected.states)),
            "places": len(expected.places),
            "places_used": len(self._places.intersection(expected.places)),
        }
        return findings.check(self.name, facts)


def _say_missing(findings: Findings, noun: str, all_of_them: tuple[str, ...], used: set[str]) -> None:
    missing = [name for name in all_of_them if name not in used]
    if missing:
        named = ", ".join(missing[:_NAMED_MOST])
        more = f" and {len(missing) - _NAMED_MOST} more" if len(missing) > _NAMED_MOST else ""
        message = f"no phone used {len(missing)} of the {several(len(all_of_them), noun)}: {named}{more}"
        findings.add("unknown", f"unused-{noun}", message)


def covered(ops: Iterable[Op], expectations: Expectations, phones: int) -> Check:
    """Whether every state and every place of the scenario was used by some phone. `phones` are how many were to
    live."""
    return fold(Covered(expectations, phones), ops)
