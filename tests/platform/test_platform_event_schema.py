"""What a good event is, row by row, with the judge's agreement; and the words in which a bad one is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdm_events import GONE, JUDGE, PURCHASE, SCHEMA, VISIT, changed, judge

from footfall.platform.package_data import event_schema

OURS = event_schema()

POI = ("placeContext", "POIinteraction", "poiDetail")
AT = ("placeContext", "geo", "_schema")
ITEM = ("productListItems", 0)

# what is done to a good event: which one, where, the value put there, and whether it is good still
TABLE: list[tuple[dict[str, Any], tuple[str | int, ...], object, bool]] = [
    # required
    (VISIT, ("_id",), GONE, False),  # P04
    (VISIT, ("timestamp",), GONE, False),  # P04
    (VISIT, ("eventType",), GONE, True),
    (VISIT, ("placeContext", "POIinteraction", "poiEntries", "value"), GONE, False),  # a measure has a value
    (PURCHASE, ("commerce", "purchases"), {}, False),
    (PURCHASE, (*ITEM, "SKU"), GONE, False),
    (PURCHASE, ("productListItems", 1, "selectedOptions", 0, "value"), GONE, False),
    (PURCHASE, ("channel", "_id"), GONE, False),
    (PURCHASE, ("consentStrings", 0, "gdprApplies"), GONE, False),
    # unknown keys, at every kind of level
    (VISIT, ("workEmail",), "x@example.com", False),  # P01
    (VISIT, ("xdm:timestamp",), "2026-03-07T11:15:30Z", False),  # P21: the repository's spelling
    (VISIT, ("placeContext", "latitude"), 60.0, False),
    (VISIT, (*AT, "lat"), 60.0, False),
    (VISIT, ("placeContext", "POIinteraction", "name"), "Coffee", False),  # a stale example's place for it
    (VISIT, (*POI, "radius"), 100, False),
    (VISIT, (*POI, "metadata", "list", 0, "extra"), "x", False),
    (VISIT, (*POI, "beaconInteractionDetails", "uuid"), "x", False),
    (VISIT, ("placeContext", "activePOIs", 1, "radius"), 1, False),
    (VISIT, ("identityMap", "ECID", 0, "namespace"), "x", False),
    (VISIT, ("identityMap", "lumaCRMId"), [{"id": "x", "primary": True}], True),  # a namespace is free
    (VISIT, ("_experience", "campaign", "orchestration", "journey"), "x", False),
    (VISIT, ("_experience", "other"), {}, False),
    (PURCHASE, ("commerce", "order", "payments", 0, "transactionId"), "x", False),  # stale: transactionID
    (PURCHASE, ("commerce", "order", "payments", 0, "transactionID"), "x", True),
    (PURCHASE, (*ITEM, "lineItemId"), "x", False),
    (PURCHASE, ("commerce", "purchases", "count"), 1, False),
    (PURCHASE, ("application", "appName"), "x", False),
    (PURCHASE, ("device", "colour"), "x", False),
    (PURCHASE, ("environment", "_dc"), {"lang": "en"}, False),
    # deprecated members are members (L16)
    (VISIT, ("placeContext", "POIinteraction", "POIDetail"), {"POIID": "p1"}, True),
    (VISIT, (*POI, "POIID"), "p1", True),
    # types
    (VISIT, ("_id",), 7, False),  # P02
    (VISIT, ("timestamp",), 1_772_882_130_123, False),  # D17: epoch milliseconds
    (VISIT, (*AT, "latitude"), "60.17", False),  # P02
    (VISIT, ("identityMap", "ECID", 0, "primary"), "true", False),
    (VISIT, ("identityMap", "ECID"), {"id": "x"}, False),
    (VISIT, ("identityMap",), [], False),
    (VISIT, ("placeContext", "localTimezoneOffset"), 120.5, False),
    (VISIT, ("placeContext", "localTimezoneOffset"), 120.0, True),  # a whole number all the same
    (VISIT, ("placeContext", "activePOIs"), {}, False),
    (PURCHASE, (*ITEM, "priceTotal"), "159", False),
    (PURCHASE, (*ITEM, "priceTotal"), 159, True),
    (PURCHASE, (*ITEM, "quantity"), 1.5, False),
    (PURCHASE, ("commerce", "purchases", "value"), True, False),
    (PURCHASE, ("application", "isLaunch"), "true", False),
    (PURCHASE, ("productListItems",), {"SKU": "a"}, False),
    # null is never a value (P03)
    (VISIT, ("placeContext", "geo", "city"), None, False),
    (VISIT, ("placeContext",), None, False),
    (PURCHASE, (*ITEM, "quantity"), None, False),
    (PURCHASE, ("environment", "connectionType"), None, False),
    # hard enums
    (VISIT, ("identityMap", "ECID", 0, "authenticatedState"), "loggedOut", True),
    (VISIT, ("identityMap", "ECID", 0, "authenticatedState"), "logged out", False),
    (VISIT, ("implementationDetails", "environment"), "mobile", False),
    (VISIT, (*POI, "beaconInteractionDetails", "proximity"), "close", False),
    (PURCHASE, ("application", "closeType"), "crash", False),  # P07
    (PURCHASE, ("application", "userPerspective"), "detached", True),
    (PURCHASE, ("device", "locationPermission"), "ALWAYS", False),
    (PURCHASE, ("device", "locationPermission"), "NOT_ALLOWED", True),  # L14
    (PURCHASE, ("device", "screenOrientation"), "upside-down", False),
    (PURCHASE, ("environment", "type"), "app", False),
    (PURCHASE, ("environment", "connectionType"), "mobile_5g", False),  # XDM knows no 5G
    (PURCHASE, ("commerce", "order", "orderType"), "gift", False),
    (PURCHASE, ("channel", "mode"), "sideways", False),
    # soft enums
    (VISIT, ("eventType",), "geofence.enter", True),  # P08
    (VISIT, (*POI, "locatingType"), "magic", True),
    (PURCHASE, ("device", "type"), "fridge", True),
    (PURCHASE, ("commerce", "order", "payments", 0, "paymentType"), "shells", True),
    # patterns
    (PURCHASE, ("commerce", "order", "currencyCode"), "eur", False),  # P11
    (PURCHASE, ("commerce", "order", "currencyCode"), "EURO", False),
    (PURCHASE, ("commerce", "order", "currencyCode"), "EUR\n", False),
    (PURCHASE, (*ITEM, "currencyCode"), "", False),
    (VISIT, ("placeContext", "geo", "countryCode"), "FIN", False),
    (VISIT, ("placeContext", "geo", "stateProvince"), "anything", True),  # one alternative is empty
    (PURCHASE, ("application", "_dc", "language"), "en-US", True),
    (PURCHASE, ("application", "_dc", "language"), "zh-Hant-TW", True),
    (PURCHASE, ("application", "_dc", "language"), "sl-rozaj-biske-1994", True),
    (PURCHASE, ("application", "_dc", "language"), "de-DE-u-co-phonebk-x-shop", True),
    (PURCHASE, ("application", "_dc", "language"), "i-klingon", True),
    (PURCHASE, ("application", "_dc", "language"), "en_US", False),  # Android's Locale.toString
    (PURCHASE, ("application", "_dc", "language"), "", False),
    (PURCHASE, ("application", "_dc", "language"), "e", False),
    # ranges
    (VISIT, (*AT, "latitude"), 90, True),
    (VISIT, (*AT, "latitude"), 90.0001, False),
    (VISIT, (*AT, "longitude"), -180, True),  # L11
    (VISIT, (*AT, "longitude"), 180, True),
    (VISIT, (*AT, "longitude"), 180.0001, False),
    (VISIT, (*AT,), {"latitude": 0, "longitude": 0}, True),  # L13
    (VISIT, ("placeContext", "localTimezoneOffset"), 2**31, False),
    (PURCHASE, ("application", "sessionLength"), -1, False),  # I17
    (PURCHASE, ("application", "sessionLength"), 2**31 - 1, True),
    (PURCHASE, ("application", "sessionLength"), 2**31, False),  # P14
    (PURCHASE, (*ITEM, "quantity"), -(2**31), True),
    (PURCHASE, (*ITEM, "quantity"), -(2**31) - 1, False),
    (PURCHASE, (*ITEM, "quantity"), 10**40, False),
    (PURCHASE, (*ITEM, "quantity"), 0, True),  # P13
    (PURCHASE, (*ITEM, "priceTotal"), -159.0, True),  # P13
    (PURCHASE, ("environment", "viewportWidth"), -1, False),
    (PURCHASE, ("device", "screenWidth"), -1, True),
    (PURCHASE, ("commerce", "shipping", "address", "postOfficeBox"), "1" * 21, False),
    (PURCHASE, ("productListItems",), [], True),
    (PURCHASE, ("productListItems",), [{"SKU": str(n)} for n in range(60)], True),  # P12
    # formats: _id
    (VISIT, ("_id",), "2024-05-04T09:05:00-ana", False),  # P05
    (VISIT, ("_id",), "urn:uuid:8b3c7f5a", True),
    (VISIT, ("_id",), "a b", False),
    (VISIT, ("_id",), "", True),
    # formats: the four shapes of a date-time, and nothing else
    (VISIT, ("timestamp",), "2026-03-07T11:15:30Z", True),
    (VISIT, ("timestamp",), "2026-03-07T11:15:30.123456789Z", True),
    (VISIT, ("timestamp",), "2026-03-07T11:15:30-05:00", True),
    (VISIT, ("timestamp",), "2026-03-07T11:15:30.1+05:30", True),
    (VISIT, ("timestamp",), "2026-03-07T11:15:30", False),  # D17: no offset
    (VISIT, ("timestamp",), "2026-03-07T11:15:30+0100", False),  # D17
    (VISIT, ("timestamp",), "2026-03-07T11:15Z", False),
    (VISIT, ("timestamp",), "2026-03-07t11:15:30z", False),
    (VISIT, ("timestamp",), "2026-03-07 11:15:30Z", False),
    (VISIT, ("timestamp",), "2026-03-07T11:15:30.1234567890Z", False),
    (VISIT, ("timestamp",), "2026-03-07T11:15:30.Z", False),
    (VISIT, ("timestamp",), "2026-12-31T23:59:60Z", False),  # D21: a leap second
    (VISIT, ("timestamp",), "2026-03-07T24:00:00Z", False),
    (VISIT, ("timestamp",), "2018-00-23T22:07:01Z", False),  # D16
    (VISIT, ("timestamp",), "2026-02-29T11:15:30Z", False),
    (VISIT, ("timestamp",), "2028-02-29T11:15:30Z", True),
    (VISIT, ("timestamp",), "1970-01-01T00:00:00Z", True),  # D15
    (VISIT, ("timestamp",), "2026-03-07T11:15:30Z ", False),
    (VISIT, ("timestamp",), "", False),
    # other formats
    (VISIT, ("implementationDetails", "name"), "not a uri", False),
    (PURCHASE, (*ITEM, "product"), "shoe", False),
    (PURCHASE, ("environment", "ipV4"), "192.0.2.256", False),
    (PURCHASE, ("environment", "ipV6"), "2001:db8::1", True),
    (PURCHASE, ("environment", "ipV6"), "192.0.2.1", False),
    (PURCHASE, ("commerce", "shipping", "address", "lastVerifiedDate"), "7.3.2026", False),
    # text of any kind (P09, P10)
    (VISIT, (*POI, "name"), "مقهى ☕ e\u0301", True),
    (VISIT, ("placeContext", "geo", "city"), "", True),
]


@pytest.mark.parametrize(("event", "where", "value", "good"), TABLE)
def test_a_mutation_gets_the_verdict_of_the_documents_and_of_the_judge(
    event: dict[str, Any], where: tuple[str | int, ...], value: object, good: bool, request: pytest.FixtureRequest
) -> None:
    mutated = changed(event, where, value)

    assert (OURS.reasons(mutated) == ()) is good
    if JUDGE.is_file():
        assert judge().is_valid(mutated) is good


@pytest.mark.parametrize("event", [VISIT, PURCHASE])
def test_the_events_that_are_mutated_are_good(event: dict[str, Any]) -> None:
    assert OURS.reasons(event) == ()


@pytest.mark.parametrize(
    ("event", "reasons"),
    [
        # P06: six faults, five reasons
        (
            {**VISIT, "a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1},
            [f"#: extraneous key [{key}] is not permitted" for key in "abcde"],
        ),
        ({"timestamp": "2026-03-07T11:15:30Z"}, ["#: required key [_id] not found"]),
        ({**VISIT, "_id": 7}, ["#/_id: expected type: String, found: Long"]),
        ({**VISIT, "eventType": None}, ["#/eventType: expected type: String, found: Null"]),
        ({**VISIT, "commerce": []}, ["#/commerce: expected type: JSONObject, found: JSONArray"]),
        # of the wrong type and therefore in no enum either: one reason is enough
        (
            {**VISIT, "application": {"closeType": True}},
            ["#/application/closeType: expected type: String, found: Boolean"],
        ),
        (
            {**VISIT, "application": {"closeType": "crash"}},
            ["#/application/closeType: crash is not a valid enum value"],
        ),
        (
            {**VISIT, "placeContext": {"geo": {"_schema": {"latitude": 91}}}},
            ["#/placeContext/geo/_schema/latitude: 91 is not less or equal to 90"],
        ),
        (
            {**VISIT, "application": {"sessionLength": -1}},
            ["#/application/sessionLength: -1 is not greater or equal to 0"],
        ),
        (
            {**VISIT, "productListItems": [{"SKU": "a", "currencyCode": "eur"}]},
            ["#/productListItems/0/currencyCode: string [eur] does not match pattern ^[A-Z]{3}$"],
        ),
        (
            {**VISIT, "timestamp": "2018-00-23T22:07:01Z"},
            [
                "#/timestamp: [2018-00-23T22:07:01Z] is not a valid date-time. Expected [yyyy-MM-dd'T'HH:mm:ssZ, "
                "yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}Z, yyyy-MM-dd'T'HH:mm:ss[+-]HH:mm, "
                "yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}[+-]HH:mm]"
            ],
        ),
        # a key that a JSON pointer must escape
        (
            {**VISIT, "identityMap": {"a/b~c": {}}},
            ["#/identityMap/a~1b~0c: expected type: JSONArray, found: JSONObject"],
        ),
        ("no object", ["#: expected type: JSONObject, found: String"]),
    ],
)
def test_reasons_are_in_the_words_of_adobes_validator(event: object, reasons: list[str]) -> None:
    assert list(OURS.reasons(event)) == reasons


def test_a_reason_does_not_repeat_a_whole_request() -> None:
    (reason,) = OURS.reasons({**VISIT, "application": {"closeType": "x" * 60_000}})
    assert len(reason) == 1_000


def test_nesting_beyond_any_field_is_a_reason_and_no_crash() -> None:
    deep: Any = 1
    for _ in range(400):
        deep = [deep]
    assert OURS.reasons({**VISIT, "commerce": deep}) != ()


GOLDEN_GOOD = [
    "ios_lifecycle_xdm_launch_install.json",
    "ios_lifecycle_xdm_close.json",
    "android_lifecycle_xdm_launch.json",
    "ios_places_location_entry.json",
    "ios_push_application_opened.json",  # with _experience.customerJourneyManagement, which the judge does not have
]


@pytest.mark.parametrize("name", GOLDEN_GOOD)
def test_what_adobes_sdk_tests_assert_is_good(name: str, shared: Path) -> None:
    event = json.loads((shared / "golden/events" / name).read_text())["xdm"]
    assert OURS.reasons({"_id": "A", "timestamp": "2026-03-07T11:15:30Z", **event}) == ()


def test_a_push_that_was_answered_with_a_proposition_is_good() -> None:
    decisioning = {
        "propositionEventType": {"display": 1},
        "propositions": [{"id": "p", "scope": "s", "scopeDetails": {"any": ["thing"]}, "items": [{"id": "i"}]}],
    }
    assert OURS.reasons({**VISIT, "_experience": {"decisioning": decisioning}}) == ()
    assert OURS.reasons({**VISIT, "_experience": {"decisioning": {"propositions": [{"id": 1}]}}}) != ()


SCENE = {"appStateDetails": {"screenType": "App", "screenName": "home", "screenView": {"value": 1}}}
TAP = {"appInteraction": {"name": "login", "appAction": {"value": 1}}}


# the company's own object, which the judge does not have: what stands in it, and whether the event is good
@pytest.mark.parametrize(
    ("tenant", "good"),
    [
        ({"appInformation": SCENE}, True),
        ({"appInformation": TAP}, True),
        ({"loyalty": {"pointsEarned": 120, "pointsBalance": 10_110, "pointsReached": 10_000}}, True),
        ({"loyalty": {"pointsEarned": -20, "pointsBalance": 0}}, True),  # points taken back
        ({}, True),
        # unknown keys, at every kind of level
        ({"appinformation": SCENE}, False),
        ({"appInformation": {**SCENE, "screenName": "home"}}, False),
        ({"appInformation": {"appStateDetails": {"screen": "home"}}}, False),
        ({"appInformation": {"appInteraction": {"value": 1}}}, False),
        ({"loyalty": {"points": 120}}, False),
        # types
        ({"appInformation": {"appStateDetails": {"screenView": {}}}}, False),  # a measure has a value
        ({"appInformation": {"appInteraction": {"name": None}}}, False),
        ({"loyalty": {"pointsEarned": "120"}}, False),
        ({"loyalty": {"pointsEarned": 0.5}}, False),
        ({"loyalty": {"pointsBalance": 2**31}}, False),
        ([], False),
    ],
)
def test_the_tenants_object(tenant: object, good: bool) -> None:
    assert (OURS.reasons({**VISIT, "_footfall": tenant}) == ()) is good


@pytest.mark.parametrize(
    ("key", "value", "reasons"),
    [
        # another organisation's: its fields are not known here
        ("_acme", {}, ()),
        ("_acme", {"loyalty": {"anything": [1, None]}}, ()),
        ("_idea", {"a": 1}, ()),  # begins like one of XDM's own names, and is none
        ("_acme", "no object", ("#/_acme: expected type: JSONObject, found: String",)),
        # no tenant has such a name
        ("_", {}, ("#: extraneous key [_] is not permitted",)),
        ("_ac-me", {}, ("#: extraneous key [_ac-me] is not permitted",)),
        ("acme", {}, ("#: extraneous key [acme] is not permitted",)),
        ("_repo", {}, ("#: extraneous key [_repo] is not permitted",)),  # XDM's own, no field of an event
    ],
)
def test_another_tenants_object(key: str, value: object, reasons: tuple[str, ...]) -> None:
    assert OURS.reasons({**VISIT, key: value}) == reasons


@pytest.mark.parametrize(
    ("decisioning", "good"),
    [
        ({"propositionAction": {"id": "buy", "label": "Buy now"}}, True),
        ({"propositionAction": {"reason": "Conflict"}}, True),
        ({"propositionAction": {"reason": 1}}, False),
        ({"propositionAction": "buy"}, False),
        ({"propositions": [{"items": [{"id": "i", "characteristics": {"tokens": "t1,t2"}}]}]}, True),
        ({"propositions": [{"items": [{"id": "i", "characteristics": {"tokens": ["t1"]}}]}]}, False),
    ],
)
def test_what_the_sdk_tells_of_a_proposition(decisioning: object, good: bool) -> None:
    assert (OURS.reasons({**VISIT, "_experience": {"decisioning": decisioning}}) == ()) is good


def test_only_what_is_meant_to_be_open_is_open() -> None:
    document = json.loads(SCHEMA.read_text())
    assert set(open_objects(document, "")) == {
        "/$defs/identityMap",
        "/$defs/experience/properties/customerJourneyManagement",
        "/$defs/experience/properties/decisioning",
        "/patternProperties/^_(?!(id|type|dc|schema|repo|experience|footfall)$)[A-Za-z0-9]+$",
    }


def open_objects(node: Any, path: str) -> Iterator[str]:
    """Objects of the schema that allow unknown keys; what lies below such an object is open with it."""
    if isinstance(node, dict):
        if node.get("type") == "object" and node.get("additionalProperties") is not False:
            yield path
            return
        for key, member in node.items():
            yield from open_objects(member, f"{path}/{key}")
