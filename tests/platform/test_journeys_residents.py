"""Whom a journey remembers: found by key and supplemental identifier, however many there are of one key."""

from __future__ import annotations

from journey_words import MINUTE_MS, START_MS, Reentrance, a_journey

from footfall.platform.journeys.messages import Instance
from footfall.platform.journeys.residents import Residents

MANY = 2_000


class Compared(str):
    """A supplemental identifier that counts how often it is compared."""

    times = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Compared.times += 1
        return super().__eq__(other)


def over(supplemental: str, n: int = 0) -> Instance:
    at_ms = START_MS + n
    return Instance(f"i{supplemental}", "welcome", "ECID", "anna", supplemental, "e", "wait", at_ms, at_ms, over=True)


def test_one_key_with_many_supplemental_identifiers_is_not_walked_through():
    journey = a_journey(supplemental="cart", reentrance=Reentrance(allowed=False))
    residents = Residents(journey, lambda one: None)
    for n in range(MANY):
        residents.remember(over(Compared(n), n), START_MS + n)
    Compared.times = 0
    for n in range(MANY):
        found = residents.last("anna", str(n))
        assert found is not None
        assert found.id == f"i{n}"
    assert Compared.times < 3 * MANY
    assert [one.id for one in residents.left("anna")] == [f"i{n}" for n in range(MANY)]


def test_each_is_forgotten_at_its_own_time():
    gone: list[str] = []
    residents = Residents(a_journey(supplemental="cart"), lambda one: gone.append(one.supplemental))
    for n in range(3):
        residents.remember(over(str(n), n), START_MS + n)
    residents.forget(START_MS + 5 * MINUTE_MS + 1)
    assert (gone, [one.supplemental for one in residents.left("anna")]) == (["0", "1"], ["2"])
    residents.forget(START_MS + 6 * MINUTE_MS)
    assert (gone, list(residents.left("anna")), residents.keys()) == (["0", "1", "2"], [], 0)
