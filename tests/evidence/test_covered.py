"""The checker `covered`: every state and place of the scenario was used."""

from __future__ import annotations

import msgspec
from literal_ops import ENTRY, created

from footfall.evidence.covered import covered
from footfall.evidence.manifest import Expectations
from footfall.evidence.ops import Inside

EXPECTATIONS = Expectations(states=("browse", "pay"), places=("cafe", "mall"), covered_from_phones=200)

BROWSED = created("a", type=ENTRY, place="cafe")
PAID = msgspec.structs.replace(created("b"), state="pay")


def test_all_was_used():
    check = covered([BROWSED, PAID, Inside(phone=0, place="mall", at_ms=0)], EXPECTATIONS, 200)
    assert (check.validity, check.findings) == ("valid", ())
    assert check.facts == {"states": 2, "states_used": 2, "places": 2, "places_used": 2}


def test_what_was_not_used_is_named():
    check = covered([BROWSED], EXPECTATIONS, 200)
    assert check.validity == "unknown"
    assert [finding.message for finding in check.findings] == [
        "no phone used 1 of the 2 states: pay",
        "no phone used 1 of the 2 places: mall",
    ]


def test_a_state_or_place_that_the_scenario_does_not_have_makes_up_for_nothing():
    elsewhere = msgspec.structs.replace(created("c"), state="dream", place="moon")
    check = covered([BROWSED, elsewhere], EXPECTATIONS, 200)
    assert (check.facts["states_used"], check.facts["places_used"]) == (1, 1)


def test_few_phones_are_not_asked():
    check = covered([], EXPECTATIONS, 5)
    assert check.validity == "valid"
    assert [finding.message for finding in check.findings] == [
        "whether phones used every state and every place is not asked: "
        "the scenario expects that of 200 phones or more, and this run has 5"
    ]
