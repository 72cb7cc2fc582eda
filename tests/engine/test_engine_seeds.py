"""Streams per concern, and simulated answer times that depend on what is answered and on nothing else."""

from __future__ import annotations

from itertools import pairwise
from statistics import median

from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.engine.seeds import Streams, latency_ms

KEYS = st.integers(0, 2**64 - 1)


@settings(deadline=None)
@given(KEYS, st.integers(-500, 500), st.integers(1, 200))
def test_a_latency_is_a_function_of_key_number_and_attempt(key, number, attempt) -> None:
    before = latency_ms(key, number, attempt)
    latency_ms(key, number + 1, attempt)  # whatever is asked in between
    latency_ms(key ^ 1, number, attempt)
    assert latency_ms(key, number, attempt) == before
    assert isinstance(before, int)
    assert before >= 1


def test_a_retry_moves_no_other_latency() -> None:
    calm = [latency_ms(7, n, 1) for n in range(50)]
    troubled = []
    for n in range(50):
        troubled.append(latency_ms(7, n, 1))
        [latency_ms(7, n, attempt) for attempt in range(2, 2 + n % 5)]
    assert troubled == calm


def test_events_queries_and_attempts_have_latencies_of_their_own() -> None:
    # queries are numbered -1, -2, ...; many alike by chance, but no row like another
    rows = [tuple(latency_ms(7, n, attempt) for attempt in range(1, 9)) for n in range(-25, 50)]
    assert len(set(rows)) == len(rows)
    # nor is a retry's the next event's
    assert all(one[1:] != other[:-1] for one, other in pairwise(rows))


def test_latencies_are_lognormal_around_80_ms() -> None:
    drawn = sorted(latency_ms(key, n, 1) for key in range(40) for n in range(500))
    assert 78 <= median(drawn) <= 83
    # sigma 0.5: 16 % are below exp(-0.5) times the median, 16 % above exp(0.5) times
    assert 47 <= drawn[int(0.16 * len(drawn))] <= 52
    assert 129 <= drawn[int(0.84 * len(drawn))] <= 138


def test_a_concern_draws_from_a_stream_of_its_own() -> None:
    one, other = Streams(1, 5), Streams(1, 5)
    for _ in range(100):
        other.behaviour.bits()  # a customer who does a lot
    for name in ("identity", "route", "timing"):
        assert getattr(one, name).bits() == getattr(other, name).bits()
    assert one.latency_key == other.latency_key


def test_streams_differ_by_seed_phone_and_concern() -> None:
    firsts = [
        getattr(Streams(seed, k), name).bits()
        for seed in (1, 2)
        for k in range(5)
        for name in ("identity", "route", "behaviour", "timing")
    ]
    assert len(set(firsts)) == len(firsts)
    # "1" and "23" is not "12" and "3"
    assert Streams(1, 23).latency_key != Streams(12, 3).latency_key
