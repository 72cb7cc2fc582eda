"""Random numbers as counter-based streams: the n-th number of a stream is a function of (key, n) and nothing else.

A `random.Random` is 2.5 kB and its n-th number needs the n-1 before it; a phone has several streams and a budget of
6 KB. Here a stream is a 64-bit key and a counter: splitmix64's finaliser over key + n * golden gamma (Steele, Lea,
Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014). Streams with different keys are independent, so
adding a concern never changes what another one draws.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from hashlib import blake2b
from math import cos, exp, log, pi, sqrt

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15


def key_of(*parts: str | int) -> int:
    """The 64-bit key of the stream that these parts name, alike on every machine and for every hash seed."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def bits_at(key: int, n: int) -> int:
    """The n-th 64 random bits of stream `key`, without drawing those before it."""
    z = (key + n * _GAMMA) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


class Stream:
    """Draws in order from one key. Cheap to make; 48 bytes to keep, and as much again for its two numbers."""

    __slots__ = ("_key", "_n")

    def __init__(self, key: int) -> None:
        self._key = key
        self._n = 0

    def bits(self) -> int:
        """64 random bits."""
        self._n += 1
        return bits_at(self._key, self._n)

    def unit(self) -> float:
        """Alike in [0, 1)."""
        self._n = n = self._n + 1
        z = (self._key + n * _GAMMA) & _MASK  # bits_at, written out: half of all draws' time would be calls
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((z ^ (z >> 31)) >> 11) * 2.0**-53

    def between(self, low: float, high: float) -> float:
        """Alike from low to high; high itself only by rounding, as with `random.uniform`."""
        return low + (high - low) * self.unit()

    def whole(self, low: int, high: int) -> int:
        """A whole number, alike in low..high, both included."""
        return low + int((high - low + 1) * self.unit())

    def normal(self) -> float:
        """Standard normal (Box-Muller; the sine half is thrown away so that every draw costs two numbers)."""
        u = 1.0 - self.unit()
        return sqrt(-2.0 * log(u)) * cos(2.0 * pi * self.unit())

    def lognormal(self, median: float, sigma: float) -> float:
        """exp(N(ln median, sigma))."""
        return median * exp(sigma * self.normal())

    def index(self, cumulative: Sequence[float]) -> int:
        """An index drawn by shares, given as running sums (the last one is the total)."""
        return min(bisect(cumulative, self.unit() * cumulative[-1]), len(cumulative) - 1)

    def sample(self, count: int, n: int) -> list[int]:
        """`n` different whole numbers out of 0..count-1, in drawn order (all of them when n >= count)."""
        picked: dict[int, int] = {}
        out = []
        for i in range(min(n, count)):
            j = self.whole(i, count - 1)
            out.append(picked.get(j, j))
            picked[j] = picked.get(i, i)
        return out
