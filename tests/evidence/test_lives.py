"""Phones live once: what the checker `delivered` finds in leases, starts and ends. All events are delivered."""

from __future__ import annotations

import pytest
from literal_ops import created, cut, good, invoke, lived, ok, started

from footfall.evidence.check import ranges
from footfall.evidence.delivered import delivered
from footfall.evidence.ops import Lease


def sent(id, n, phone=0):
    return [created(id, n, phone=phone), invoke(id, phone=phone), ok(id, phone=phone)]


CONVICTED = [
    # phone 0 lived twice, one life after the other
    ([started(), *sent("a", 0), lived(), started(), *sent("b", 0), lived()], {"lived-twice", "out-of-life"}),
    # phone 0 lived twice at the same time, in two processes
    ([started(), started(), *sent("a", 0), lived(), lived()], {"lived-twice", "out-of-life"}),
    # the same index leased to two workers, alone or as part of a range
    ([Lease(0, 1, "w0"), Lease(0, 1, "w1"), started(), *sent("a", 0), lived()], {"leased-twice"}),
    ([Lease(0, 3, "w0"), Lease(1, 1, "w1"), started(), *sent("a", 0), lived()], {"leased-twice", "abandoned"}),
    # an event of the middle is not in the ledger: planned would be too small
    ([started(), *sent("a", 0), *sent("b", 2), lived()], {"gap"}),
    # the first one is not
    ([started(), *sent("a", 1), lived()], {"gap"}),
    # the same number twice
    ([started(), *sent("a", 0), *sent("b", 0), lived()], {"gap"}),
    # events before the beginning and after the end
    ([*sent("a", 0), started(), lived()], {"out-of-life"}),
    ([started(), lived(), *sent("a", 0)], {"out-of-life"}),
    # an end without a beginning
    ([started(), *sent("a", 0), lived(), lived(5)], {"out-of-life"}),
]


@pytest.mark.parametrize(("ops", "found"), CONVICTED)
def test_phones_that_do_not_live_exactly_once(ops, found):
    received = [good(op.id) for op in ops if type(op).__name__ == "Created"]
    check = delivered(ops, received)
    assert check.validity == "invalid"
    assert {finding.kind for finding in check.findings} == found


def test_leases_side_by_side_are_fine():
    ops = [Lease(0, 1, "w0"), Lease(1, 1, "w1"), started(1), *sent("a", 0, 1), lived(1), started(0), cut(phone=0)]
    check = delivered(ops, [good("a")])
    assert check.validity == "valid"
    assert [check.facts[f"phones_{name}"] for name in ("leased", "started", "lived", "cut", "abandoned")] == [
        2,
        2,
        1,
        1,
        0,
    ]


def test_phones_of_a_lost_worker_are_named():
    ops = [Lease(10, 5, "w0"), started(10), *sent("a", 0, 10), lived(10), started(11), started(12)]
    check = delivered(ops, [good("a")])
    assert check.validity == "unknown"
    assert [finding.message for finding in check.findings] == [
        "2 phones (11-12) began and did not end: abandoned, and what was still to come is not known",
        "2 phones (13-14) had been leased and never began: abandoned",
    ]
    assert check.facts["phones_abandoned"] == 4


@pytest.mark.parametrize(
    ("indices", "text"),
    [
        ([17], "17"),
        ([52, 40, 41, 42, 17], "17, 40-42, 52"),
        ([3, 3, 4], "3-4"),  # said once
        (range(0, 50, 2), "0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38 and 5 more"),
    ],
)
def test_ranges(indices, text):
    assert ranges(indices) == text
