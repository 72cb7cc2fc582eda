"""Synthetic customers: everyone different, nobody real, the same ones again for the same seed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.world.people import People, Person
from footfall.world.streams import Stream, key_of


@pytest.fixture(scope="module")
def people() -> People:
    return People.fill()


def stream(k: int) -> Stream:
    return Stream(key_of("identity", 7, k))


def test_a_literal_person():
    pool = People(("Aino-Maija",), ("Hämäläinen",), "Helsinki", "fi-FI")
    assert pool.draw(4711, stream(4711)) == Person(
        id="person-004711",
        name="Aino-Maija Hämäläinen",
        email="ainomaija.hamalainen.004711@example.com",
        city="Helsinki",
        language="fi-FI",
    )


@pytest.mark.parametrize(
    ("first", "last", "email"),
    [
        ("Åsa", "Öberg", "asa.oberg.000012@example.com"),  # accents are dropped
        ("Seán", "O'Neill", "sean.oneill.000012@example.com"),  # and apostrophes
        ("Mary Ann", "van Dyke", "maryann.vandyke.000012@example.com"),  # and spaces
        ("太郎", "Suzuki", "suzuki.000012@example.com"),  # a part without Latin letters leaves no empty part
        ("太郎", "鈴木", "000012@example.com"),
    ],
)
def test_the_address_is_made_of_the_name_and_the_number(first, last, email):
    assert People((first,), (last,), "Espoo", "fi-FI").draw(12, stream(12)).email == email


def test_no_two_of_20_000_people_share_an_address(people):
    drawn = [people.draw(k, stream(k)) for k in range(20_000)]
    assert len({person.email for person in drawn}) == 20_000
    assert len({person.id for person in drawn}) == 20_000
    # RFC 2606: nobody has an address there. The local part is the name, in ASCII, and the number
    address = re.compile(r"[a-z]+\.[a-z]+\.\d{6}@example\.com")
    assert [person.email for person in drawn if not address.fullmatch(person.email)] == []
    # and the names are various: no first name is had by more than one in fifty
    firsts = [person.name.split()[0] for person in drawn]
    assert max(map(firsts.count, set(firsts))) < 20_000 / 50


def test_past_a_million_people_numbers_grow_longer_and_addresses_stay_different():
    pool = People(("Aino",), ("Virtanen",), "Helsinki", "fi-FI")
    numbers = (1, 11, 1_000_001, 11_000_001)
    assert len({pool.draw(k, stream(k)).email for k in numbers}) == len(numbers)


@given(k=st.integers(0, 10**6), before=st.lists(st.integers(0, 10**6), max_size=5))
def test_the_same_person_whoever_was_drawn_before(k, before):
    pool = People(tuple("ABCDEFGH"), tuple("STUVWXYZ"), "Helsinki", "fi-FI")
    alone = pool.draw(k, stream(k))
    for other in before:
        pool.draw(other, stream(other))
    assert pool.draw(k, stream(k)) == alone
    first, last = alone.name.split()
    assert first in "ABCDEFGH"
    assert last in "STUVWXYZ"


def test_names_come_from_the_pool(people):
    drawn = [people.draw(k, stream(k)) for k in range(2_000)]
    firsts, lasts = ({person.name.split()[part] for person in drawn} for part in (0, 1))
    assert 200 < len(firsts) <= 400
    assert 200 < len(lasts) <= 400
    assert {(person.city, person.language) for person in drawn} == {("Helsinki", "fi-FI")}


def test_filling_twice_gives_the_same_people(people):
    again = People.fill()
    assert [again.draw(k, stream(k)) for k in range(100)] == [people.draw(k, stream(k)) for k in range(100)]


def test_the_locale_is_also_the_phones_language():
    swede = People.fill(city="Stockholm", locale="sv_SE", size=20).draw(1, stream(1))
    assert (swede.city, swede.language) == ("Stockholm", "sv-SE")
