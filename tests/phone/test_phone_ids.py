"""Ids that lead home: the SDK's ECID, UUIDs of version 4 in the platform's spelling, another run's other ids."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sdk_behaviour import behaviour

from footfall.phone.ids import Ids, ecid_of, run_key

BITS = st.integers(0, 2**64 - 1)


def reference_ecid(u: uuid.UUID) -> str:
    """The SDK's algorithm as the reference (mobile-sdk.md 7.1) writes it down."""

    def signed(v: int) -> int:
        return abs(v - (1 << 64) if v >> 63 else v)

    return f"{signed(u.int >> 64):019d}{signed(u.int & (2**64 - 1)):019d}"


@behaviour(
    "7.1",
    "An ECID is both halves of a version 4 UUID as signed 64-bit numbers, their absolute values padded to 19 digits.",
    ecid_of,
)
@settings(deadline=None)
@given(BITS, BITS)
@example(0, 0)
@example(2**64 - 1, 2**64 - 1)
@example(1 << 63, 0)  # the smallest signed number, whose absolute value has no sign bit to lose
def test_the_ecid_is_what_the_sdk_makes_of_the_uuid_with_these_bits(high: int, low: int) -> None:
    ecid = ecid_of(high, low)

    # uuid.UUID(version=4) sets version and variant by itself
    assert ecid == reference_ecid(uuid.UUID(int=(high << 64) | low, version=4))
    assert len(ecid) == 38
    assert ecid.isdigit()
    assert 4611686018427387905 <= int(ecid[19:]) <= 9223372036854775808


def test_ecids_of_different_bits_differ() -> None:
    assert len({ecid_of(n * 0x9E3779B97F4A7C15 % 2**64, n) for n in range(2_000)}) == 2_000


@behaviour("1.1", "iOS writes UUIDs in capitals, Android in small letters.", Ids)
@pytest.mark.parametrize(
    ("platform", "in_its_spelling"),
    [
        ("ios", str.upper),  # UUID().uuidString
        ("android", str.lower),  # UUID.randomUUID().toString()
    ],
)
def test_ids_are_uuids_of_version_4_in_the_platforms_spelling(platform, in_its_spelling) -> None:
    ids = Ids(run_key("run-1", 7), 3, platform)
    for text in [*(ids.event(n) for n in range(500)), *(ids.next_request() for _ in range(500))]:
        parsed = uuid.UUID(text)
        assert (parsed.version, parsed.variant) == (4, uuid.RFC_4122)
        assert text == in_its_spelling(str(parsed))


def test_an_event_id_is_a_function_of_run_seed_phone_and_number() -> None:
    one = Ids(run_key("run-1", 7), 3, "ios")
    same = Ids(run_key("run-1", 7), 3, "ios")
    assert [same.event(n) for n in (5, 0, 3)] == [one.event(n) for n in (5, 0, 3)]

    others = [
        Ids(run_key("run-2", 7), 3, "ios"),  # another run
        Ids(run_key("run-1", 8), 3, "ios"),  # another seed
        Ids(run_key("run-1", 7), 4, "ios"),  # another phone
    ]
    assert all(other.event(5) != one.event(5) for other in others)


def test_run_id_and_seed_are_not_run_together() -> None:
    # "1" with seed 12 is not "11" with seed 2
    assert run_key("1", 12) != run_key("11", 2)


def test_no_two_ids_of_a_run_are_alike() -> None:
    key = run_key("run-1", 7)
    every = []
    for phone in range(20):
        ids = Ids(key, phone, "android")
        every += [ids.event(n) for n in range(120)]
        every += [ids.next_request() for _ in range(120)]
    assert len(set(every)) == len(every) == 20 * 240
