"""Ids that lead home: `_id` and requestId are UUIDs derived from (run, seed, phone, counter); the ECID from (seed,
phone) alone, so that a second run meets the same profiles."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from footfall.world.phones import Platform
from footfall.world.streams import Stream


def run_key(run_id: str, seed: int) -> bytes:
    """What makes the ids of one run differ from those of another."""
    return blake2b(f"{run_id}\x1f{seed}".encode(), digest_size=32).digest()


def ecid_of(high: int, low: int) -> str:
    """38 digits from 128 random bits, as the SDK makes them from a random UUID (version 4): both halves as signed
    64-bit numbers, their absolute values zero-padded to 19 digits (aepsdk-edgeidentity-ios Sources/ECID.swift)."""
    high = (high & ~0xF000) | 0x4000
    low = (low & ~(0b11 << 62)) | (0b10 << 62)
    return f"{_absolute(high):019d}{_absolute(low):019d}"


def _absolute(bits: int) -> int:
    return abs(bits - (1 << 64) if bits >> 63 else bits)


@lru_cache(maxsize=8)
def _keyed(key: bytes) -> blake2b:
    """The hash that all phones of a run begin with."""
    return blake2b(digest_size=16, key=key)


_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# the first digit of a UUID's fourth group carries its variant in the upper two bits
_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


class Ids:
    """The ids of one phone in one run, in the spelling of its platform: iOS writes UUIDs in capitals."""

    __slots__ = ("_capitals", "_hash", "_phone", "_requests")

    def __init__(self, key: bytes, phone: int, platform: Platform) -> None:
        self._hash = _keyed(key)
        self._phone = phone
        self._capitals = platform == "ios"
        self._requests = 0

    def event(self, n: int) -> str:
        """`_id` of the phone's n-th event."""
        return self._uuid(b"e%d.%d" % (self._phone, n))

    def next_request(self) -> str:
        """A request id that this phone has not used before: every attempt has its own."""
        self._requests += 1
        return self._uuid(b"r%d.%d" % (self._phone, self._requests))

    def _uuid(self, what: bytes) -> str:
        hash = self._hash.copy()  # keying anew would cost as much again as the rest
        hash.update(what)
        h = hash.hexdigest()
        text = f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{_VARIANT[h[16]]}{h[17:20]}-{h[20:]}"
        return text.upper() if self._capitals else text


def push_token(platform: Platform, stream: Stream) -> str:
    """What APNs or FCM calls one app on one phone: 32 bytes in hexadecimal digits, or an instance id of 22 characters,
    a colon and "APA91b" with 134 more."""
    if platform == "ios":
        return "".join(f"{stream.bits():016x}" for _ in range(4))
    letters = "".join(_BASE64[stream.whole(0, 63)] for _ in range(156))
    return f"{letters[:22]}:APA91b{letters[22:]}"
