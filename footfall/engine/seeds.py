"""Named random streams of one phone: one per concern, so that adding a concern never changes another.

`identity`: which phone and person. `route`: where to, how fast. `behaviour`: which state next, what is bought.
`timing`: how long. The simulated answer times are drawn by key and event number, not in order, so that a retry does not
move the ones after it.
"""

from __future__ import annotations

from math import exp
from statistics import NormalDist

from footfall.world.streams import Stream, bits_at, key_of

LATENCY_MEDIAN_MS = 80.0
LATENCY_SIGMA = 0.5
_ATTEMPTS = 64
# 1,024 quantiles of the lognormal: one look instead of a logarithm, a root and a cosine for every request
_LATENCIES_MS = tuple(
    1 + round(LATENCY_MEDIAN_MS * exp(LATENCY_SIGMA * NormalDist().inv_cdf((i + 0.5) / 1024))) for i in range(1024)
)


class Streams:
    """The streams of phone `k`."""

    __slots__ = ("behaviour", "identity", "latency_key", "route", "timing")

    def __init__(self, seed: int, k: int) -> None:
        self.identity = Stream(key_of(seed, k, "identity"))
        self.route = Stream(key_of(seed, k, "route"))
        self.behaviour = Stream(key_of(seed, k, "behaviour"))
        self.timing = Stream(key_of(seed, k, "timing"))
        self.latency_key = key_of(seed, k, "latency")


def latency_ms(key: int, number: int, attempt: int) -> int:
    """How long the answer to an attempt takes in virtual time, if it does not really take longer: lognormal, median
    80 ms. A function of (key, number, attempt) alone."""
    return _LATENCIES_MS[bits_at(key, number * _ATTEMPTS + min(attempt, _ATTEMPTS - 1)) >> 54]
