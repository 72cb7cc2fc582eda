"""Random numbers: the same everywhere, independent of each other, and of the promised distribution.

Every statistic here is of a fixed key, so a test that passes once passes always.
"""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from math import log, sqrt
from statistics import NormalDist, fmean, median, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.world.streams import Stream, bits_at, key_of

keys = st.integers(0, 2**64 - 1)


def stream_beginning(bits: int) -> Stream:
    """The stream whose first number is `bits`: splitmix64's finaliser, undone. So the ends can be drawn too."""
    mask = 2**64 - 1

    def unshifted(z: int, by: int) -> int:  # undoes z ^ (z >> by)
        out = z
        for _ in range(64 // by):
            out = z ^ (out >> by)
        return out

    z = unshifted(bits, 31) * pow(0x94D049BB133111EB, -1, 2**64) & mask
    z = unshifted(z, 27) * pow(0xBF58476D1CE4E5B9, -1, 2**64) & mask
    return Stream(unshifted(z, 30) - 0x9E3779B97F4A7C15 & mask)


def lowest() -> Stream:
    """A stream whose first number has no bit set."""
    return stream_beginning(0)


def highest() -> Stream:
    """A stream whose first number has every bit set."""
    return stream_beginning(2**64 - 1)


# The same numbers on every machine


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        (("route", 7, 1), 0x522F3B6C40CB006F),
        (("gps", 7, 1), 0x5E0A103665BD9B90),
        (("ü", 0), 0xADADBD352A3709E3),
        ((), 0xE4A6A0577479B2B4),
    ],
)
def test_frozen_keys(parts, key):
    assert key_of(*parts) == key


@pytest.mark.parametrize(
    ("key", "first"),
    [
        # splitmix64's published outputs for the seeds 0 and 1234567
        (0, [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]),
        (1234567, [6457827717110365317, 3203168211198807973, 9817491932198370423]),
        # and ours
        (0x522F3B6C40CB006F, [0x78A232EEE4192F01, 0xE0568EC4F7BEB9B8]),
        (2**64 - 1, [0xE4D971771B652C20, 0xE99FF867DBF682C9]),
    ],
)
def test_frozen_bits(key, first):
    stream = Stream(key)
    assert [stream.bits() for _ in first] == first


def test_frozen_draws():
    key = key_of("route", 7, 1)
    stream = Stream(key)
    assert [stream.unit() for _ in range(3)] == [0.4712249596815111, 0.876320765579062, 0.9588022934101811]
    assert [stream.whole(1, 6) for _ in range(6)] == [6, 2, 3, 2, 2, 1]
    assert Stream(key).sample(10, 4) == [4, 8, 9, 2]
    # log and cos come from the machine's libm: alike to the last bit or two
    assert Stream(key).normal() == pytest.approx(0.8048399417571399, rel=1e-14)
    assert Stream(key).lognormal(60, 0.5) == pytest.approx(89.72635450483537, rel=1e-14)


def test_the_hash_seed_makes_no_difference():
    program = "from footfall.world.streams import Stream, key_of; print(Stream(key_of('identity', 1, 'x')).bits())"
    told = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("0", "1")
    }
    assert told == {f"{Stream(key_of('identity', 1, 'x')).bits()}\n"}


# Counter-based: the n-th number needs none of those before it


@given(key=keys, n=st.integers(1, 50))
def test_the_nth_number_is_a_function_of_key_and_n(key, n):
    stream = Stream(key)
    for _ in range(n - 1):
        stream.bits()
    assert stream.bits() == bits_at(key, n)


@given(key=keys)
def test_unit_is_the_upper_53_bits(key):
    bits, unit = Stream(key), Stream(key)
    assert [unit.unit() for _ in range(5)] == [(bits.bits() >> 11) / 2**53 for _ in range(5)]


@given(bits=keys)
def test_there_is_a_stream_for_every_beginning(bits):
    assert stream_beginning(bits).bits() == bits


@given(key=keys)
def test_drawing_from_one_stream_changes_no_other(key):
    route, fault = Stream(key), Stream(key ^ 1)
    expected = [bits_at(key, n) for n in (1, 2, 3)]
    drawn = []
    for _ in range(3):
        fault.normal()
        drawn.append(route.bits())
        fault.sample(10, 5)
    assert drawn == expected


def test_a_stream_is_small():
    assert sys.getsizeof(Stream(key_of("size"))) < 80
    streams: list[Stream | None] = [None] * 100
    tracemalloc.start()
    try:
        for i in range(100):
            streams[i] = stream = Stream(bits_at(1, i))
            for _ in range(300):  # past the small numbers that Python shares
                stream.bits()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / 100 < 130  # with its key and its counter


# Bounds


@given(key=keys)
def test_unit_is_in_0_to_1(key):
    stream = Stream(key)
    assert all(0.0 <= stream.unit() < 1.0 for _ in range(20))


def test_unit_at_its_extremes():
    assert lowest().unit() == 0.0
    assert highest().unit() == 1.0 - 2.0**-53


@given(key=keys, low=st.integers(-(10**9), 10**9), span=st.integers(0, 10**9))
def test_whole_keeps_to_its_bounds(key, low, span):
    high = low + span
    assert low <= Stream(key).whole(low, high) <= high
    assert lowest().whole(low, high) == low
    assert highest().whole(low, high) == high


def test_whole_hits_both_ends_and_all_between():
    stream = Stream(key_of("dice"))
    assert {stream.whole(1, 6) for _ in range(200)} == {1, 2, 3, 4, 5, 6}


@given(key=keys, low=st.floats(-1e6, 1e6), span=st.floats(0, 1e6))
def test_between_keeps_to_its_bounds(key, low, span):
    assert low <= Stream(key).between(low, low + span) <= low + span


@given(key=keys, count=st.integers(0, 60), n=st.integers(0, 70))
def test_a_sample_has_no_repeats(key, count, n):
    drawn = Stream(key).sample(count, n)
    assert len(drawn) == len(set(drawn)) == min(count, n)
    assert set(drawn) <= set(range(count))


def test_every_order_of_a_sample_is_alike_likely():
    orders = Counter(tuple(Stream(key_of("order", i)).sample(4, 3)) for i in range(12_000))
    assert len(orders) == 24
    assert chi_square(orders.values(), 12_000 / 24) < LIMIT[24]


@pytest.mark.parametrize(
    ("cumulative", "possible"),
    [
        ((1.0,), {0}),
        ((0.25, 1.0), {0, 1}),
        ((3.0, 10.0), {0, 1}),  # sums need not end at 1
        ((0.0, 1.0), {1}),  # a share of nothing is never drawn, first
        ((0.5, 0.5, 1.0), {0, 2}),  # in the middle
        ((1.0, 1.0), {0}),  # or last
    ],
)
def test_index_draws_by_shares(cumulative, possible):
    stream = Stream(key_of("index"))
    drawn = Counter(stream.index(cumulative) for _ in range(2_000))
    assert set(drawn) == possible
    assert lowest().index(cumulative) in possible
    assert highest().index(cumulative) in possible
    before = 0.0
    for i, running in enumerate(cumulative):
        assert drawn[i] / 2_000 == pytest.approx((running - before) / cumulative[-1], abs=0.04)
        before = running


# Distributions. The limits are the 99.9th percentiles of chi-square (by Wilson and Hilferty's approximation).


def chi_square(observed: Iterable[int], expected: float) -> float:
    """The statistic against cells that are all alike likely."""
    return sum((count - expected) ** 2 / expected for count in observed)


def _percentile(cells: int) -> float:
    free = cells - 1
    return free * (1 - 2 / (9 * free) + NormalDist().inv_cdf(0.999) * sqrt(2 / (9 * free))) ** 3


LIMIT = {cells: _percentile(cells) for cells in (24, 64, 256)}


def _cells(numbers: Iterable[float], cells: int) -> list[int]:
    counts = Counter(int(number * cells) for number in numbers)
    return [counts[i] for i in range(cells)]


@pytest.mark.parametrize("name", ["identity", "route", "gps", "behaviour", "timing", "fault"])
def test_the_numbers_of_one_stream_are_alike_likely(name):
    stream = Stream(key_of(name, 7, 0))
    assert chi_square(_cells((stream.unit() for _ in range(16_000)), 64), 250) < LIMIT[64]


@pytest.mark.parametrize("nth", [1, 2, 9])
def test_the_nth_numbers_of_all_phones_are_alike_likely(nth):
    # what a population draws is mostly the first few numbers of many streams
    drawn = (bits_at(key_of("route", 7, k), nth) / 2**64 for k in range(16_000))
    assert chi_square(_cells(drawn, 64), 250) < LIMIT[64]


def test_a_number_does_not_tell_the_next():
    stream = Stream(key_of("pairs"))
    numbers = [stream.whole(0, 15) for _ in range(25_601)]
    pairs = Counter(pairwise(numbers))
    assert chi_square((pairs[a, b] for a in range(16) for b in range(16)), 100) < LIMIT[256]


@pytest.mark.parametrize(
    "biased",
    [
        lambda unit: unit**1.1,  # leans to the low end
        lambda unit: unit * 0.99,  # never reaches the high end
        lambda unit: round(unit * 100) / 101,  # has steps
    ],
)
def test_chi_square_convicts_a_biased_stream(biased):
    stream = Stream(key_of("route", 7, 0))
    assert chi_square(_cells((biased(stream.unit()) for _ in range(16_000)), 64), 250) > LIMIT[64]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("route", 7, 1), ("route", 7, 2)),  # two phones
        (("route", 7, 1), ("gps", 7, 1)),  # two concerns of one phone
        (("route", 7, 1), ("route", 8, 1)),  # two seeds
        (("route", 7, 11), ("route", 71, 1)),  # the same characters, parted elsewhere
    ],
)
def test_streams_of_different_names_do_not_correlate(one, other):
    assert key_of(*one) != key_of(*other)
    a, b = Stream(key_of(*one)), Stream(key_of(*other))
    product = fmean((a.unit() - 0.5) * (b.unit() - 0.5) * 12 for _ in range(10_000))
    assert abs(product) < 0.033  # 3.3 standard errors


def test_normal():
    stream = Stream(key_of("normal"))
    numbers = [stream.normal() for _ in range(20_000)]
    assert fmean(numbers) == pytest.approx(0.0, abs=0.025)
    assert stdev(numbers) == pytest.approx(1.0, abs=0.02)
    cells = _cells((NormalDist().cdf(x) for x in numbers), 64)
    assert chi_square(cells, 20_000 / 64) < LIMIT[64]


def test_normal_is_finite_at_the_extremes():
    assert lowest().normal() == 0.0
    assert abs(highest().normal()) < 9.0  # the farthest that 53 bits reach


@pytest.mark.parametrize(("median_s", "sigma"), [(60.0, 0.5), (28.0, 1.05), (1.0, 0.0)])
def test_lognormal_has_its_median_and_sigma(median_s, sigma):
    stream = Stream(key_of("lognormal"))
    numbers = [stream.lognormal(median_s, sigma) for _ in range(20_000)]
    assert median(numbers) == pytest.approx(median_s, rel=0.03)
    assert stdev(map(log, numbers)) == pytest.approx(sigma, abs=0.02)
