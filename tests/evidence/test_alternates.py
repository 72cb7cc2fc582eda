"""The checker `alternates`: entry and exit take turns, for each phone and place."""

from __future__ import annotations

import pytest
from literal_ops import ENTRY, EXIT, VIEW, created, started

from footfall.evidence.alternates import alternates
from footfall.evidence.ops import Forgotten, Ignored, Inside


def entry(place="cafe", phone=0, **changes):
    return created("in", 0, ENTRY, place=place, phone=phone, **changes)


def exit(place="cafe", phone=0, **changes):
    return created("out", 0, EXIT, place=place, phone=phone, **changes)


def inside(place="cafe", phone=0):
    return Inside(phone=phone, place=place, at_ms=0)


def ignored(kind, place="cafe", phone=0):
    return Ignored(phone=phone, place=place, kind=kind, why="not in the nearby list", at_ms=0)


def forgotten(what="regions", phone=0):
    return Forgotten(phone=phone, what=what, at_ms=0)


@pytest.mark.parametrize(
    "ops",
    [
        [entry()],  # still there at the end
        [entry(), exit(), entry(), exit()],
        [inside(), exit(), entry()],  # was there when the region was registered: iOS reports no entry
        [entry(), inside(), exit()],  # registered anew while there
        [ignored("entry"), exit()],  # did enter, the SDK made no event of it
        [entry(), ignored("exit"), entry()],  # did leave, the SDK made no event of it
        [entry("mall"), entry("cafe"), exit("mall"), exit("cafe")],  # one place in another
        [entry(phone=1), entry(phone=2), exit(phone=1)],  # two phones
        [entry(), entry(extra="rule"), exit(), exit(extra="rule")],  # the tutorial's rule tells each crossing again
        [entry(), forgotten(), entry(), exit()],  # entered, the OS forgot it, monitored anew from the outside
        [entry(), forgotten(), inside(), exit()],
        [entry("mall"), entry("cafe"), forgotten(), entry("cafe"), entry("mall")],  # all of the phone's places
        [created("v", type=VIEW, place="cafe"), entry(), created("v", type=VIEW, place="cafe")],  # no crossing
    ],
)
def test_honest_orders(ops):
    check = alternates([started(), *ops])
    assert (check.validity, check.findings) == ("valid", ())


@pytest.mark.parametrize(
    ("ops", "message"),
    [
        ([exit()], "phone 0: left cafe without ever having entered it"),
        ([entry(), entry()], "phone 0: entered cafe twice in a row"),
        ([entry(), exit(), exit()], "phone 0: left cafe twice in a row"),
        ([inside(), entry()], "phone 0: entered cafe twice in a row"),
        ([ignored("entry"), entry()], "phone 0: entered cafe twice in a row"),
        ([entry(), ignored("exit"), exit()], "phone 0: left cafe twice in a row"),
        # being in one place, or another phone's being there, is no excuse
        ([inside("mall"), exit("cafe")], "phone 0: left cafe without ever having entered it"),
        ([inside(phone=1), exit(phone=0)], "phone 0: left cafe without ever having entered it"),
        # what is forgotten is no excuse for an exit, nor is another phone's forgetting, or the app's
        ([entry(), forgotten(), exit()], "phone 0: left cafe without ever having entered it"),
        ([entry(), forgotten(phone=1), entry()], "phone 0: entered cafe twice in a row"),
        ([entry(), forgotten("app"), entry()], "phone 0: entered cafe twice in a row"),
        ([entry("")], "phone 0: location.entry without a place"),
    ],
)
def test_planted_disorder_is_convicted(ops, message):
    check = alternates([started(), *ops])
    assert check.validity == "invalid"
    assert [finding.message for finding in check.findings] == [message]
    assert check.findings[0].phone == 0


def test_one_disorder_is_told_once_and_not_for_all_that_follows():
    check = alternates([entry(), entry(), exit(), entry(), exit()])
    assert len(check.findings) == 1


@pytest.mark.parametrize("excuse", [{"fault": "double-entry"}, {"bad": True}])
def test_a_deliberate_disorder_is_excused_and_counted(excuse):
    check = alternates([entry(), entry(**excuse), exit()])
    assert (check.validity, check.facts["excused"]) == ("valid", 1)


def test_without_a_crossing_nothing_was_checked():
    assert alternates([started(), inside(), created("v", type=VIEW)]).validity == "unknown"
