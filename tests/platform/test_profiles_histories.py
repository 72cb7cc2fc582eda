"""Profiles of people with phones: literal histories, each line an event, the whole result told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from footfall.platform.journeys.messages import People, PushToken
from footfall.platform.profiles.identities import Descriptor, IdentityRules
from footfall.platform.profiles.person import Profile
from footfall.platform.profiles.profile import DUPLICATE, NO_IDENTITY, TOO_LARGE, Profiles, Taken
from footfall.platform.profiles.store import MemoryProfileStore

UNIQUE = IdentityRules(unique=("CRMID", "Email"))


def ecid(n: int) -> str:
    """The n-th phone's."""
    return f"{n:038d}"


PHONE = ecid(1)
AINO, BO = "aino@example.com", "bo@example.com"


def profiles(rules: IdentityRules | None = None) -> Profiles:
    """Of a sandbox where nothing has happened."""
    return Profiles(MemoryProfileStore(), rules)


def identity_map(*identities: tuple[str, str], logged_out: str = "") -> dict[str, Any]:
    """Of (namespace, id) pairs."""
    made: dict[str, list[dict[str, str]]] = {}
    for namespace, id in identities:
        state = {"authenticatedState": "loggedOut"} if id == logged_out else {}
        made.setdefault(namespace, []).append({"id": id, **state})
    return made


def happen(people: Profiles, id: str, *identities: tuple[str, str], at_ms: int = 1, logged_out: str = "") -> Taken:
    """An event that names these."""
    xdm = {"_id": id, "identityMap": identity_map(*identities, logged_out=logged_out)}
    return people.take_event(id, {"xdm": xdm}, at_ms, 500)


def who(people: Profiles, namespace: str, id: str) -> dict[str, tuple[str, ...]]:
    """The identities of the profile that this one belongs to."""
    profile = people.find(namespace, id)
    assert profile is not None, f"nobody is {namespace} {id}"
    return dict(profile.identities)


def test_profiles_are_people_to_journeys():
    people: People = profiles()
    assert people.find("ECID", PHONE) is None


# What is not taken


def test_what_the_profile_store_drops():
    people = profiles()
    content = {"xdm": {"identityMap": identity_map(("ECID", PHONE))}}
    # D12: one byte above 10 KB. It was never in the profile store, so a smaller one with its _id is no duplicate
    assert people.take_event("a", content, 1, 10_241) == Taken(dropped=TOO_LARGE)
    assert people.find("ECID", PHONE) is None
    assert people.take_event("a", content, 2, 10_240) == Taken(("ECID", PHONE), 1, changed=True)
    # D01: the lake has it twice, the profile once
    assert people.take_event("a", content, 3, 500) == Taken(dropped=DUPLICATE)
    # I01
    assert people.take_event("b", {"xdm": {}}, 4, 500) == Taken(dropped=NO_IDENTITY)
    assert people.take_event("c", {}, 5, 500) == Taken(dropped=NO_IDENTITY)
    told = people.explain("ECID", PHONE)
    assert told is not None
    assert (told.events, told.last_event_ms) == (1, 2)


def test_malformed_ecid():
    # I02, I03: the Identity Service skips the record; the event is kept under who is left, linked with nobody
    people = profiles()
    happen(people, "a", ("ECID", PHONE[:37]), ("Email", AINO), ("CRMID", "7"))
    assert who(people, "Email", AINO) == {"Email": (AINO,)}
    assert people.find("CRMID", "7") is None
    told = people.explain("Email", AINO)
    assert told is not None
    assert [(note.what, note.namespace, note.id) for note in told.notes] == [("skipped", "ECID", PHONE[:37])]


def test_placeholder_email():
    # I04: two phones of which both say "null" stay two
    people = profiles()
    happen(people, "a", ("ECID", ecid(1)), ("Email", "null"))
    happen(people, "b", ("ECID", ecid(2)), ("Email", "null"))
    assert who(people, "ECID", ecid(1)) == {"ECID": (ecid(1),)}
    assert people.find("Email", "null") is None
    assert not happen(people, "c", ("ECID", ecid(1)), ("Email", "null")).changed  # noted once


def test_wrong_namespace():
    # I12: spelled otherwise it is another namespace
    people = profiles()
    happen(people, "a", ("email", AINO))
    assert people.find("Email", AINO) is None
    assert who(people, "email", AINO) == {"email": (AINO,)}


# Who is linked with whom


def test_login_stitch():
    # I06: the phone alone is nobody's; at the login it is Aino's, and everything before goes along
    people = profiles()
    assert happen(people, "a", ("ECID", PHONE), at_ms=10) == Taken(("ECID", PHONE), 1, changed=True)
    assert happen(people, "b", ("ECID", PHONE), ("Email", AINO), at_ms=20) == Taken(("ECID", PHONE), 1, changed=True)
    assert happen(people, "c", ("ECID", PHONE), at_ms=30) == Taken(("ECID", PHONE), 1)
    told = people.explain("Email", AINO)
    assert msgspec.json.decode(msgspec.json.encode(told)) == {
        "profile": 1,
        "identities": [
            {"namespace": "ECID", "id": PHONE, "since_ms": 20, "linked_by": "b"},
            {"namespace": "Email", "id": AINO, "since_ms": 20, "linked_by": "b"},
        ],
        "notes": [],
        "attributes": {},
        "tokens": [],
        "is_test": False,
        "events": 3,
        "last_event_ms": 30,
    }


def test_logout():
    # I07: the link stays
    people = profiles()
    happen(people, "a", ("ECID", PHONE), ("Email", AINO))
    assert not happen(people, "b", ("ECID", PHONE), ("Email", AINO), logged_out=AINO).changed
    happen(people, "c", ("ECID", PHONE))
    assert who(people, "ECID", PHONE) == {"ECID": (PHONE,), "Email": (AINO,)}


def share_a_phone(people: Profiles) -> None:
    """I08: anonymous, Aino, anonymous, Bo, anonymous; both have a phone of their own besides."""
    happen(people, "a1", ("ECID", ecid(2)), ("Email", AINO), ("CRMID", "A"), at_ms=1)
    happen(people, "b1", ("ECID", ecid(3)), ("Email", BO), ("CRMID", "B"), at_ms=2)
    happen(people, "s1", ("ECID", PHONE), at_ms=3)
    happen(people, "s2", ("ECID", PHONE), ("Email", AINO), ("CRMID", "A"), at_ms=4)
    happen(people, "s3", ("ECID", PHONE), at_ms=5)
    happen(people, "s4", ("ECID", PHONE), ("Email", BO), ("CRMID", "B"), at_ms=6)
    happen(people, "s5", ("ECID", PHONE), at_ms=7)


def test_shared_phone():
    # without unique namespaces two people are one
    people = profiles()
    share_a_phone(people)
    everybody = {"ECID": (ecid(2), ecid(3), ecid(1)), "Email": (AINO, BO), "CRMID": ("A", "B")}
    assert {name: set(ids) for name, ids in who(people, "Email", AINO).items()} == {
        name: set(ids) for name, ids in everybody.items()
    }
    assert people.find("Email", AINO) is people.find("Email", BO)


def test_shared_phone_with_unique_namespaces():
    people = profiles(UNIQUE)
    share_a_phone(people)
    assert who(people, "Email", AINO) == {"ECID": (ecid(2),), "Email": (AINO,), "CRMID": ("A",)}
    assert who(people, "Email", BO) == {"ECID": (ecid(3), PHONE), "Email": (BO,), "CRMID": ("B",)}
    aino, bo = people.explain("CRMID", "A"), people.explain("CRMID", "B")
    assert aino is not None
    assert bo is not None
    assert (aino.profile, bo.profile) == (1, 2)
    # what was done anonymously on the phone is Bo's, before Aino's login too; what Aino did logged in is Aino's
    assert (aino.events, aino.last_event_ms) == (2, 4)
    assert (bo.events, bo.last_event_ms) == (5, 7)
    why = "its link with CRMID A would have put a second CRMID into one graph"
    assert [(note.at_ms, note.event, note.what, note.id, note.why) for note in aino.notes] == [
        (6, "s4", "unlinked", PHONE, why)
    ]
    assert aino.notes == bo.notes
    # and it is Aino's again with the next login
    happen(people, "s6", ("ECID", PHONE), ("Email", AINO), ("CRMID", "A"), at_ms=8)
    assert who(people, "ECID", PHONE)["CRMID"] == ("A",)


def test_a_logged_out_person_claims_nothing():
    # Bo is who authenticated last; an event that still names Aino, as logged out, does not take the phone back
    people = profiles(UNIQUE)
    happen(people, "a", ("ECID", PHONE), ("Email", AINO), at_ms=1)
    happen(people, "b", ("ECID", PHONE), ("Email", BO), at_ms=2)
    happen(people, "c", ("ECID", PHONE), ("Email", AINO), at_ms=3, logged_out=AINO)
    assert who(people, "ECID", PHONE) == {"ECID": (PHONE,), "Email": (BO,)}
    assert who(people, "Email", AINO) == {"Email": (AINO,)}


def test_bad_email():
    # Adobe's example: both people have entered the same bogus address; the older link goes
    people = profiles(UNIQUE)
    happen(people, "a", ("CRMID", "jane"), ("ECID", ecid(1)), at_ms=1)
    happen(people, "b", ("CRMID", "john"), ("ECID", ecid(2)), at_ms=2)
    happen(people, "c", ("CRMID", "jane"), ("Email", "test@example.com"), at_ms=3)
    happen(people, "d", ("CRMID", "john"), ("Email", "test@example.com"), at_ms=4)
    assert who(people, "CRMID", "jane") == {"CRMID": ("jane",), "ECID": (ecid(1),)}
    assert who(people, "CRMID", "john") == {"CRMID": ("john",), "ECID": (ecid(2),), "Email": ("test@example.com",)}


def test_two_of_a_unique_namespace_in_one_event():
    people = profiles(UNIQUE)
    happen(people, "a", ("Email", AINO), ("Email", BO), ("ECID", PHONE))
    assert who(people, "ECID", PHONE) == {"Email": (AINO,), "ECID": (PHONE,)}
    assert people.find("Email", BO) is None  # linked with nobody and nobody's key


def test_what_is_named_again_counts_as_new():
    # the link between b and the device is the oldest of all, but the last event names both
    people = profiles(UNIQUE)
    happen(people, "a", ("CRMID", "b"), ("IDFA", "d"), at_ms=1)
    happen(people, "b", ("IDFA", "d"), ("Email", BO), at_ms=2)
    happen(people, "c", ("CRMID", "a"), ("Email", AINO), at_ms=3)
    happen(people, "d", ("CRMID", "b"), ("Email", AINO), ("IDFA", "d"), at_ms=4)
    assert who(people, "CRMID", "b") == {"CRMID": ("b",), "IDFA": ("d",), "Email": (AINO,)}
    assert who(people, "CRMID", "a") == {"CRMID": ("a",)}
    assert who(people, "Email", BO) == {"Email": (BO,)}


def test_reinstall():
    # I09: the second ECID is the same person's
    people = profiles(UNIQUE)
    happen(people, "a", ("ECID", ecid(1)), ("Email", AINO), at_ms=1)
    happen(people, "b", ("ECID", ecid(2)), at_ms=2)
    assert who(people, "ECID", ecid(2)) == {"ECID": (ecid(2),)}
    happen(people, "c", ("ECID", ecid(2)), ("Email", AINO), at_ms=3)
    assert who(people, "Email", AINO) == {"ECID": (ecid(1), ecid(2)), "Email": (AINO,)}
    assert people.explain("ECID", ecid(1)) == people.explain("ECID", ecid(2))


def test_51_reinstalls():
    # I10: with the e-mail address a graph has room for 49 ECIDs
    people = profiles()
    for n in range(1, 52):
        happen(people, f"e{n}", ("ECID", ecid(n)), ("Email", AINO), at_ms=n)
    assert who(people, "Email", AINO) == {"Email": (AINO,), "ECID": tuple(ecid(n) for n in range(3, 52))}
    told = people.explain("Email", AINO)
    assert told is not None
    assert [(note.event, note.what, note.id) for note in told.notes] == [
        ("e50", "evicted", ecid(1)),
        ("e51", "evicted", ecid(2)),
    ]
    # who was evicted is a profile of its own, and comes in again as the newest
    assert who(people, "ECID", ecid(1)) == {"ECID": (ecid(1),)}
    happen(people, "again", ("ECID", ecid(1)), ("Email", AINO), at_ms=60)
    assert who(people, "ECID", ecid(1))["ECID"] == (*(ecid(n) for n in range(4, 52)), ecid(1))


@pytest.mark.parametrize(
    ("first", "evicted"),
    [
        # the oldest of all is a person and stays; of the cookies the oldest goes
        ((("Email", AINO), ("ECID", ecid(90)), ("ECID", ecid(91))), ("ECID", ecid(90))),
        # no cookie: the device goes
        ((("Email", AINO), ("IDFA", "d"), ("Phone", "0")), ("IDFA", "d")),
        # nobody but people: the oldest
        ((("Email", AINO), ("CRMID", "7")), ("Email", AINO)),
    ],
)
def test_who_goes_first(first: tuple[tuple[str, str], ...], evicted: tuple[str, str]):
    people = profiles()
    for n, identity in enumerate(first):
        happen(people, f"f{n}", first[0], identity, at_ms=n)
    for n in range(50 - len(first)):
        happen(people, f"p{n}", first[0], ("Phone", f"+{n}"), at_ms=10 + n)
    happen(people, "hub", ("Phone", "+0"), ("Phone", "+1"), at_ms=99)  # or all would hang on the first alone
    taken = happen(people, "last", ("Phone", "+0"), ("Phone", "last"), at_ms=100)
    told = people.explain("Phone", "last")
    assert taken.changed
    assert told is not None
    assert [(note.namespace, note.id) for note in told.notes if note.what == "evicted"] == [evicted]


# Attributes, tokens, test profiles


def push_token(people: Profiles, id: str, token: str, phone: str = PHONE, *, denied: bool = False) -> Taken:
    """What a phone tells of its token (footfall.xdm.messaging.push_token)."""
    details = {
        "appID": "com.example.shop",
        "token": token,
        "platform": "apns",
        "denylisted": denied,
        "identity": {"namespace": {"code": "ECID"}, "id": phone},
    }
    xdm = {"_id": id, "identityMap": identity_map(("ECID", phone))}
    return people.take_event(id, {"xdm": xdm, "data": {"pushNotificationDetails": [details]}}, 1, 500)


def token(value: str, phone: str = PHONE) -> PushToken:
    """As journeys see it."""
    return PushToken(phone, value, "com.example.shop", "apns")


def found(people: Profiles, namespace: str, id: str) -> Profile:
    """The profile, which is there."""
    profile = people.find(namespace, id)
    assert profile is not None
    return profile


def test_push_tokens():
    people = profiles()
    assert push_token(people, "a", "t1").changed
    assert not push_token(people, "b", "t1").changed
    push_token(people, "c", "t2")  # a new one takes the place of the old
    assert found(people, "ECID", PHONE).tokens == (token("t2"),)
    happen(people, "d", ("ECID", PHONE), ("Email", AINO))
    push_token(people, "e", "t3", ecid(2))
    happen(people, "f", ("ECID", ecid(2)), ("Email", AINO))
    assert found(people, "Email", AINO).tokens == (token("t2"), token("t3", ecid(2)))
    push_token(people, "g", "t2", denied=True)
    assert found(people, "Email", AINO).tokens == (token("t3", ecid(2)),)


@pytest.mark.parametrize(
    "details",
    [
        "",
        {},
        [None],
        [{}],
        [{"appID": "a", "token": 1, "platform": "fcm", "identity": {"id": PHONE}}],
        [{"appID": "a"}],
    ],
)
def test_what_is_no_token_is_left_aside(details: object):
    people = profiles()
    content = {"xdm": {"identityMap": identity_map(("ECID", PHONE))}, "data": {"pushNotificationDetails": details}}
    people.take_event("a", content, 1, 500)
    assert found(people, "ECID", PHONE).tokens == ()


def test_the_token_goes_with_the_phone():
    people = profiles(UNIQUE)
    happen(people, "a", ("ECID", PHONE), ("Email", AINO), at_ms=1)
    push_token(people, "b", "t1")
    happen(people, "c", ("ECID", PHONE), ("Email", BO), at_ms=2)
    assert found(people, "Email", AINO).tokens == ()
    assert found(people, "Email", BO).tokens == (token("t1"),)


def record(people: Profiles, at_ms: int, identity: tuple[str, str], attributes: dict[str, Any]) -> Taken:
    """A profile record."""
    return people.take_record({"_id": "r", "identityMap": identity_map(identity), **attributes}, at_ms)


def test_attributes_are_merged_deep_and_the_newest_wins():
    people = profiles()
    aino = ("Email", AINO)
    assert record(people, 1, aino, {"person": {"name": {"firstName": "Aino"}}, "loyalty": {"points": 1}}).changed
    assert not record(people, 2, aino, {"person": {"name": {"firstName": "Aino"}}}).changed
    record(people, 3, aino, {"person": {"name": {"lastName": "Virtanen"}}, "loyalty": {"points": 2}})
    record(people, 4, ("CRMID", "7"), {"loyalty": {"points": 3}, "tags": ["a"]})
    happen(people, "a", aino, ("CRMID", "7"))
    name = {"firstName": "Aino", "lastName": "Virtanen"}
    assert found(people, *aino).attributes == {"person": {"name": name}, "loyalty": {"points": 3}, "tags": ["a"]}
    # the same again, as it is said now, is the newest
    record(people, 5, aino, {"loyalty": {"points": 2}})
    assert found(people, *aino).attributes["loyalty"] == {"points": 2}


def test_events_write_no_attributes():
    people = profiles()
    xdm = {"identityMap": identity_map(("Email", AINO)), "loyalty": {"points": 9}}
    people.take_event("a", {"xdm": xdm}, 1, 500)
    assert found(people, "Email", AINO).attributes == {}


def test_a_record_that_names_nobody():
    assert profiles().take_record({"testProfile": True}, 1) == Taken(dropped=NO_IDENTITY)


def test_test_profiles(shared: Path):
    # the message of Adobe's documentation, with an ECID for its xxxxx
    text = (shared / "samples/journeys/test-profile-request.json").read_text()
    entity = msgspec.json.decode(text)["body"]["xdmEntity"]
    entity["_mobile"]["ECID"] = PHONE
    people = profiles(IdentityRules(descriptors=(Descriptor("_mobile.ECID", "ECID", primary=True),)))
    happen(people, "a", ("ECID", PHONE))
    assert not found(people, "ECID", PHONE).is_test
    assert people.take_record(entity, 2) == Taken(("ECID", PHONE), 1, changed=True)
    assert found(people, "ECID", PHONE).is_test
    happen(people, "b", ("ECID", PHONE), ("Email", AINO), at_ms=3)
    assert found(people, "Email", AINO).is_test
