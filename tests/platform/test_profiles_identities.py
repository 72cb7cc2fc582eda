"""Whom a record names: the rules of the Identity Service, a row per rule. I01 to I12 are of the catalogue of QA."""

from __future__ import annotations

from typing import Any

import pytest

from footfall.platform.profiles.identities import (
    BAD_ECID,
    BLOCKED,
    ECID_OVERFLOW,
    NO_TEXT,
    TOO_LONG,
    TOO_MANY,
    Descriptor,
    Identity,
    IdentityRules,
    named,
    named_in_record,
    why_not,
)

RULES = IdentityRules()
UNIQUE = IdentityRules(unique=("CRMID", "Email"))
ECID = "12345678901234567890123456789012345678"
AINO = "aino@example.com"


@pytest.mark.parametrize(
    ("namespace", "id", "reason"),
    [
        ("ECID", ECID, ""),
        ("ECID", ECID[:37], BAD_ECID),  # I02
        ("ECID", ECID + "0", BAD_ECID),
        ("ECID", "x" + ECID[1:], BAD_ECID),  # I02: letters
        ("ECID", "²" * 38, BAD_ECID),  # digits to Unicode, none to a parser of numbers
        ("ECID", "", BAD_ECID),
        ("ECID", "9223372036854775807" * 2, ""),  # the largest half
        ("ECID", "9223372036854775808" + "0" * 19, ECID_OVERFLOW),  # I03: the first half
        ("ECID", "0" * 19 + "9223372036854775808", ECID_OVERFLOW),  # I03: the second
        ("Email", AINO, ""),
        ("Email", "null", BLOCKED),  # I04
        ("Email", "anonymous", BLOCKED),
        ("Email", "invalid", BLOCKED),
        ("Email", "", BLOCKED),
        ("Email", "   ", BLOCKED),
        ("Email", " " * 40, BLOCKED),
        ("Email", "NULL", BLOCKED),  # a choice: the documents show lower case only
        ("Email", " null ", BLOCKED),
        ("Email", "nullah@example.com", ""),  # merely begins so
        ("CRMID", "x" * 1024, ""),
        ("CRMID", "x" * 1025, TOO_LONG),
        ("CRMID", 7, NO_TEXT),
        ("CRMID", None, NO_TEXT),
    ],
)
def test_which_identities_are_taken(namespace: str, id: object, reason: str):
    assert why_not(namespace, id) == reason


@pytest.mark.parametrize(
    ("identity_map", "rules", "primary"),
    [
        (None, RULES, None),  # I01
        ({}, RULES, None),
        ("ECID", RULES, None),
        ({"ECID": []}, RULES, None),
        ({"ECID": [{}], "Email": [None]}, RULES, None),
        ({"ECID": [{"id": ECID}]}, RULES, ("ECID", ECID)),
        # I05: none is marked, it falls back to the ECID; two are, the first is taken
        ({"Email": [{"id": AINO}], "ECID": [{"id": ECID}]}, RULES, ("ECID", ECID)),
        ({"Email": [{"id": AINO}], "CRMID": [{"id": "7"}]}, RULES, ("Email", AINO)),
        ({"Email": [{"id": AINO, "primary": True}], "ECID": [{"id": ECID, "primary": True}]}, RULES, ("Email", AINO)),
        ({"ECID": [{"id": ECID}], "Email": [{"id": AINO, "primary": "true"}]}, RULES, ("Email", AINO)),
        ({"ECID": [{"id": ECID}], "Email": [{"id": "null", "primary": True}]}, RULES, ("ECID", ECID)),
        # with unique namespaces it is the most important one, whatever is marked
        ({"ECID": [{"id": ECID, "primary": True}], "Email": [{"id": AINO}]}, UNIQUE, ("Email", AINO)),
        ({"Email": [{"id": AINO, "primary": True}], "CRMID": [{"id": "7"}]}, UNIQUE, ("CRMID", "7")),
        ({"ECID": [{"id": ECID, "primary": True}], "IDFA": [{"id": "d"}]}, UNIQUE, ("IDFA", "d")),
        ({"ECID": [{"id": ECID, "primary": True}], "Phone": [{"id": "1"}]}, UNIQUE, ("Phone", "1")),
    ],
)
def test_the_key_of_an_event(identity_map: object, rules: IdentityRules, primary: tuple[str, str] | None):
    assert named(identity_map, rules, by_priority=True).primary == primary


@pytest.mark.parametrize(
    ("email", "ecid", "linkable"),
    [
        (AINO, ECID, True),
        ("null", ECID, True),  # the identity is blocked
        (AINO, ECID[:37], False),  # the record is skipped
        ("x" * 1025, ECID, False),
    ],
)
def test_what_is_wrong_with_an_identity_may_cost_the_record_its_links(email: str, ecid: str, linkable: bool):
    assert named({"ECID": [{"id": ecid}], "Email": [{"id": email}]}, RULES).linkable is linkable


def test_21_identities():
    # I11: the documents give the limit and not what becomes of the record
    phones = [{"id": f"+{n}"} for n in range(21)]
    who = named({"Phone": [*phones, phones[0]]}, RULES)
    assert who.all == tuple(Identity("Phone", f"+{n}") for n in range(20))
    assert [(one.id, one.reason) for one in who.skipped] == [("+20", TOO_MANY)]
    assert who.linkable


def test_what_is_skipped_is_shown_in_part():
    (skipped,) = named({"CRMID": [{"id": "x" * 2000}]}, RULES).skipped
    assert skipped.id == "x" * 64


def test_who_is_logged_out():
    who = named({"ECID": [{"id": ECID}], "Email": [{"id": AINO, "authenticatedState": "loggedOut"}]}, RULES)
    assert who.logged_out == (Identity("Email", AINO),)


@pytest.mark.parametrize(
    ("xdm", "primary"),
    [
        ({"_mobile": {"ECID": ECID}}, ("ECID", ECID)),
        ({"_mobile": {"ECID": 7}}, None),
        ({"_mobile": "ECID"}, None),
        # a marked field goes before what its namespace has in the map
        ({"_mobile": {"ECID": ECID}, "identityMap": {"ECID": [{"id": "0" * 38}]}}, ("ECID", ECID)),
        ({"_mobile": {"ECID": ECID}, "identityMap": {"Email": [{"id": AINO}]}}, ("ECID", ECID)),
        ({"identityMap": {"Email": [{"id": AINO}]}}, ("Email", AINO)),
    ],
)
def test_the_identity_fields_of_a_profile_record(xdm: dict[str, Any], primary: tuple[str, str] | None):
    rules = IdentityRules(unique=("Email",), descriptors=(Descriptor("_mobile.ECID", "ECID", primary=True),))
    assert named_in_record(xdm, rules).primary == primary


@pytest.mark.parametrize(
    ("namespace", "rank"), [("CRMID", 0), ("Email", 1), ("Phone", 2), ("GAID", 3), ("ECID", 4), ("ecid", 2)]
)
def test_people_before_devices_before_cookies(namespace: str, rank: int):
    assert UNIQUE.rank(namespace) == rank
