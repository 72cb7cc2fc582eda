"""Three answers: how they merge, and that a checker which crashes is unknown and never valid."""

from __future__ import annotations

import itertools

import pytest
from literal_ops import created, started

from footfall.evidence.check import Check, Safely, check_safely, merge
from footfall.evidence.ledger import LedgerDamaged


@pytest.mark.parametrize(
    ("validities", "merged"),
    [
        (("valid", "valid"), "valid"),
        (("valid", "unknown"), "unknown"),
        (("valid", "unknown", "invalid"), "invalid"),
        (("unknown", "unknown"), "unknown"),
        ((), "unknown"),  # nobody was asked
    ],
)
def test_the_worst_answer_counts_in_whatever_order(validities, merged):
    assert {merge(order) for order in itertools.permutations(validities)} == {merged}


def test_a_check_that_ends_is_taken_at_its_word():
    answer = Check("c", "valid", (), {"events": 1})
    assert check_safely("c", lambda: answer) is answer


def test_a_check_that_crashes_is_unknown_and_says_what_happened():
    def crash():
        raise KeyError("ecid")

    check = check_safely("c", crash)
    assert (check.name, check.validity) == ("c", "unknown")
    assert "KeyError: 'ecid' in crash, line " in check.findings[0].message


class Allergic:
    """Crashes at the first Created, and would say valid if it were asked."""

    name = "allergic"

    def __init__(self):
        self.fed = 0

    def feed(self, op):
        self.fed += 1
        if op == created("a"):
            raise RuntimeError("atchoo")

    def close(self):
        return Check(self.name, "valid", (), {})


def test_a_checker_that_crashed_is_fed_no_more_and_cannot_become_valid():
    checker = Allergic()
    safely = Safely(checker)
    for op in (started(), created("a"), started()):
        safely.feed(op)
    safely.step(lambda: pytest.fail("one more step after the crash"))
    assert checker.fed == 2
    assert safely.close().validity == "unknown"
    assert "atchoo" in safely.close().findings[0].message


def test_a_crash_in_a_later_step_counts_too():
    safely = Safely(Allergic())
    safely.step(lambda: [][0])
    assert safely.close().validity == "unknown"


def test_damaged_evidence_is_nobodys_crash():
    def damaged():
        raise LedgerDamaged("received.ndjson", 3, "what is this")

    with pytest.raises(LedgerDamaged):
        check_safely("c", damaged)
    with pytest.raises(LedgerDamaged):
        Safely(Allergic()).step(damaged)
