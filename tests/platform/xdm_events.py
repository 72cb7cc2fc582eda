"""Two good events, the judge from Adobe's own schemas, and how one thing at a time is changed."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from footfall.platform.xdm_repository import FIELD_GROUPS, MOBILE_FIELD_GROUPS, compose, is_schema_file

JUDGE = Path(__file__).resolve().parents[2] / "../shared/xdm/wire/experienceevent-mobile.wire.schema.json"
SCHEMA = Path(__file__).resolve().parents[2] / "footfall/platform/experienceevent.schema.json"
needs_judge = pytest.mark.skipif(not JUDGE.is_file(), reason="the judge (../shared/xdm/wire) is not here")

GONE = object()  # a mutation that takes the member away

VISIT: dict[str, Any] = {
    "_id": "8B3C7F5A-0000-4000-8000-000000000001",
    "timestamp": "2026-03-07T11:15:30.123Z",
    "eventType": "location.entry",
    "identityMap": {"ECID": [{"id": "1" * 38, "authenticatedState": "ambiguous", "primary": False}]},
    "implementationDetails": {
        "name": "https://ns.adobe.com/experience/mobilesdk/ios",
        "version": "5.11.0+5.0.3",
        "environment": "app",
    },
    "placeContext": {
        "localTime": "2026-03-07T13:15:30+02:00",
        "localTimezoneOffset": 120,
        "ianaTimezone": "Europe/Helsinki",
        "geo": {"countryCode": "FI", "city": "Helsinki", "_schema": {"latitude": 60.17, "longitude": 24.94}},
        "POIinteraction": {
            "poiDetail": {
                "poiID": "p1",
                "name": "Coffee",
                "category": "cafe",
                "locatingType": "gps",
                "distanceToPOICenter": 12.5,
                "geoInteractionDetails": {
                    "deviceGeoAccuracy": 8,
                    "geoShape": {
                        "_schema": {
                            "circle": {
                                "_schema": {"radius": 100, "coordinates": {"_schema": {"latitude": 60.17}}},
                            }
                        }
                    },
                },
                "beaconInteractionDetails": {"proximityUUID": "u", "beaconMajor": 1, "proximity": "near"},
                "metadata": {"list": [{"key": "city", "value": "Helsinki"}]},
            },
            "poiEntries": {"value": 1},
        },
        "activePOIs": [{"poiID": "p1"}, {"poiID": "p2"}],
    },
    "_experience": {"campaign": {"orchestration": {"eventID": "0123abcd"}}},
}
PURCHASE: dict[str, Any] = {
    "_id": "8b3c7f5a-0000-4000-8000-000000000002",
    "timestamp": "2026-03-07T11:15:30Z",
    "eventType": "commerce.purchases",
    "application": {"id": "com.example.shop", "sessionLength": 0, "closeType": "close", "_dc": {"language": "fi-FI"}},
    "device": {"type": "mobile", "screenWidth": 1179, "locationPermission": "ALWAYS_ALLOWED"},
    "environment": {"type": "application", "connectionType": "mobile_lte", "carrier": "", "ipV4": "192.0.2.1"},
    "commerce": {
        "purchases": {"value": 1},
        "order": {
            "purchaseID": "o1",
            "priceTotal": 159.0,
            "currencyCode": "EUR",
            "orderType": "checkout",
            "payments": [{"paymentAmount": 159.0, "paymentType": "credit_card", "currencyCode": "EUR"}],
        },
        "cart": {"cartID": "c1"},
        "shipping": {"address": {"postOfficeBox": "1", "lastVerifiedDate": "2026-03-07"}},
    },
    "productListItems": [
        {"SKU": "a", "quantity": 1, "priceTotal": 159.0, "currencyCode": "EUR", "product": "https://example.com/a"},
        {"SKU": "b", "selectedOptions": [{"attribute": "colour", "value": "red"}]},
    ],
    "pushNotificationTracking": {"pushProvider": "apns", "customAction": {"actionID": "Dismiss", "value": 0}},
    "channel": {"_id": "https://ns.adobe.com/xdm/channels/push", "mode": "push"},
    "consentStrings": [{"gdprApplies": True}],
}


@functools.cache
def judge() -> jsonschema_rs.Draft6Validator:
    """The judge, with the four date-time shapes of the documents: the library's own format takes more."""
    return jsonschema_rs.Draft6Validator(
        judge_document(), validate_formats=True, formats={"date-time": documented_date_time}
    )


def documented_date_time(text: str) -> bool:
    if not re.fullmatch(r"[0-9-]{10}T[0-9:]{8}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})", text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


@functools.cache
def judge_document() -> dict[str, Any]:
    """The wire schema of mobile events and, beside it, what the other field groups add, composed of Adobe's files (a
    test of xdm compares what is composed with the wire schema, where both have it)."""
    document = json.loads(JUDGE.read_bytes())
    assert isinstance(document, dict)
    checkout = JUDGE.parents[1]
    paths = {path.relative_to(checkout).as_posix(): path for path in checkout.rglob("*.json")}
    files = {name: path.read_bytes() for name, path in paths.items() if is_schema_file(name)}
    others = json.loads(compose(files, [group for group in FIELD_GROUPS if group not in MOBILE_FIELD_GROUPS]))
    for name in ("web", "endUserIDs", "dataSource", "receivedTimestamp"):
        document["properties"][name] = others["properties"][name]
    message = others["properties"]["_experience"]["properties"]["campaign"]["properties"]["message"]
    document["properties"]["_experience"]["properties"]["campaign"]["properties"]["message"] = message
    return document


def paths(value: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*above, key)
        yield from paths(member, (*above, key))


def at(value: Any, where: tuple[str | int, ...]) -> Any:
    for key in where:
        value = value[key]
    return value


def changed(event: dict[str, Any], where: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """A copy with `value` at `where`; what is not on the way is shared."""

    def rebuilt(node: Any, rest: tuple[str | int, ...]) -> Any:
        if not rest:
            return value
        copied = node.copy() if isinstance(node, dict | list) else {}
        if len(rest) == 1 and value is GONE:
            del copied[rest[0]]
        else:
            inner = copied[rest[0]] if isinstance(copied, list) else copied.get(rest[0])
            copied[rest[0]] = rebuilt(inner, rest[1:])
        return copied

    result = rebuilt(event, where)
    assert isinstance(result, dict)
    return result
