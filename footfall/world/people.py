"""Synthetic customers: coherent, and nobody real.

Names come from pools that Faker fills once per process with a fixed seed of its own (3,700 profiles a second would be
too slow per phone, and its output changes between versions, which is why it is pinned). The e-mail address is made from
the name and the person's number, at example.com (RFC 2606): no two people share one, nobody real has one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import msgspec

from footfall.world.streams import Stream

_POOL_SEED = 20_260_101


class Person(msgspec.Struct, frozen=True):
    """One synthetic customer."""

    id: str
    name: str
    email: str
    city: str
    language: str  # BCP 47, also the phone's


class People:
    """The pools that persons are drawn from."""

    __slots__ = ("_city", "_first", "_language", "_last")

    def __init__(self, first: tuple[str, ...], last: tuple[str, ...], city: str, language: str) -> None:
        self._first = first
        self._last = last
        self._city = city
        self._language = language

    @classmethod
    def fill(cls, city: str = "Helsinki", locale: str = "fi_FI", size: int = 400) -> People:
        """Fills the pools (about 0.1 s, most of it importing Faker)."""
        from faker import Faker

        fake = Faker(locale, use_weighting=False)
        fake.seed_instance(_POOL_SEED)
        return cls(
            first=_different(fake.first_name, size),
            last=_different(fake.last_name, size),
            city=city,
            language=locale.replace("_", "-"),
        )

    def draw(self, number: int, stream: Stream) -> Person:
        """Person `number`: the same one for the same number and stream, whoever was drawn before."""
        first = self._first[stream.whole(0, len(self._first) - 1)]
        last = self._last[stream.whole(0, len(self._last) - 1)]
        return Person(
            id=f"person-{number:06d}",
            name=f"{first} {last}",
            # a name without Latin letters leaves no part; an address takes no empty one
            email=".".join(filter(None, (_ascii(first), _ascii(last), f"{number:06d}"))) + "@example.com",
            city=self._city,
            language=self._language,
        )


def _different(draw: Callable[[], str], size: int) -> tuple[str, ...]:
    """Up to `size` different values, in the order in which they first came."""
    return tuple(dict.fromkeys(draw() for _ in range(size * 2)))[:size]


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(c for c in plain.lower() if c.isalnum())
