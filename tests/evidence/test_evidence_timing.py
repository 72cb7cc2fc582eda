"""Times of requests that carry several events, and the lag of phones whose events wait for consent."""

from __future__ import annotations

import pytest
from literal_ops import created, good, lived, manifest, started, withheld

from footfall.evidence.ops import Done, Invoke
from footfall.evidence.timing import Lag, Stopwatch
from footfall.evidence.verdict import judge

BEGAN = 1_785_000_000_000


def sent(id, request, due, *, attempt=1, sent=None, phone=0):
    return Invoke(id, request, phone, attempt, due, due if sent is None else sent)


def answered(id, request, at, outcome="ok"):
    return Done(id, request, 0, at, outcome, "done" if outcome == "ok" else "retry", 200)


def test_a_request_counts_once_however_many_events_it_carries():
    watch = Stopwatch()
    for op in [
        *(sent("a", "r1", 100.0, sent=110.0), sent("b", "r1", 100.0, sent=110.0), sent("c", "r1", 100.0, sent=110.0)),
        *(answered("a", "r1", 130.0), answered("b", "r1", 130.0), answered("c", "r1", 130.0)),
        *(sent("d", "r2", 200.0), answered("d", "r2", 205.0)),
    ]:
        watch.feed(op)
    timing = watch.timing()
    assert (timing.lateness.count, timing.service.count, timing.latency.count) == (2, 2, 2)
    assert (timing.lateness.max_ms, timing.service.max_ms, timing.latency.max_ms) == (10.0, 20.0, 30.0)


def lag(ops, speed=1.0):
    its = Lag(BEGAN, speed)
    for op in ops:
        its.feed(op)
    return its.most_ms


@pytest.mark.parametrize(
    ("ops", "speed", "lag_ms"),
    [
        # on time
        ([created("a", 0), sent("a", "r", BEGAN)], 1.0, 0.0),
        # a phone that began 7 s late, and is late with all it does
        ([created("a", 0), sent("a", "r", BEGAN + 7000), created("b", 1), sent("b", "r2", BEGAN + 8000)], 1.0, 7000.0),
        # the receiver was slow later on: that is no late beginning
        ([created("a", 0), sent("a", "r", BEGAN + 10), created("b", 1), sent("b", "r2", BEGAN + 9000)], 1.0, 10.0),
        # an hour in the queue until consent was given, then the next event on time
        (
            [
                created("a", 0),
                sent("a", "r", BEGAN + 3_600_000),
                created("b", 3600),
                sent("b", "r2", BEGAN + 3_600_000),
            ],
            1.0,
            0.0,
        ),
        # the same, another event made in the meantime: the later one tells the time
        ([created("a", 0), created("b", 3600), sent("a", "r", BEGAN + 3_600_000)], 1.0, 0.0),
        # sixty times as fast as life
        ([created("a", 60), sent("a", "r", BEGAN + 3000)], 60.0, 2000.0),
        # a retry tells nothing
        ([created("a", 0), sent("a", "r", BEGAN + 5000, attempt=2)], 1.0, 0.0),
        # the latest of two phones, one of which has ended
        (
            [
                *(created("a", 0), sent("a", "r", BEGAN + 4000), lived()),
                *(created("b", 0, phone=1), sent("b", "r2", BEGAN + 2000, phone=1)),
            ],
            1.0,
            4000.0,
        ),
        # nothing sent at all
        ([created("a", 0), withheld("a"), lived()], 1.0, 0.0),
    ],
)
def test_the_lag_of_phones(ops, speed, lag_ms):
    assert lag(ops, speed) == lag_ms


def test_a_run_in_which_events_waited_for_consent_is_not_called_late():
    ops = [
        *(started(), created("a", 0), created("b", 600)),
        *(sent("a", "r1", BEGAN + 600_000), answered("a", "r1", BEGAN + 600_005)),
        *(sent("b", "r2", BEGAN + 600_050), answered("b", "r2", BEGAN + 600_055), lived()),
    ]
    verdict = judge(manifest(phones=1, speed=1.0), ops, [good("a"), good("b")])
    assert verdict.notes == ()
