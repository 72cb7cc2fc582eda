"""The judge of every event: the closed wire schema composed from Adobe's own XDM files, and for what those files lack
closed fragments of our own, each with its source.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema_rs

from footfall.xdm.events import ExperienceEvent

WIRE = Path(__file__).resolve().parents[2] / "../shared/xdm/wire"

_TEXT = {"type": "string"}
_WHOLE = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}  # XDM's integer


def _closed(properties: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_ONCE = _closed({"value": {"type": "number"}}, required=("value",))

# where in the schema, its source, and what may stand there
FRAGMENTS: list[tuple[tuple[str, ...], str, dict[str, Any]]] = [
    (
        ("_experience", "customerJourneyManagement"),
        # cjm: the journey that sent a push, and the channel that the SDK adds
        "aepsdk-messaging-ios MessagingNotificationTrackingTests.swift, mobile-sdk.md 6.1",
        _closed(
            {
                "messageExecution": _closed(
                    {
                        "messageExecutionID": _TEXT,
                        "messageID": _TEXT,
                        "journeyVersionID": _TEXT,
                        "journeyVersionInstanceId": _TEXT,
                    }
                ),
                "messageProfile": _closed(
                    {"channel": _closed({"_id": {"enum": ["https://ns.adobe.com/xdm/channels/push"]}}, ("_id",))}
                ),
                "pushChannelContext": _closed({"platform": {"enum": ["apns", "fcm"]}}, ("platform",)),
            }
        ),
    ),
    (
        ("_experience", "decisioning"),
        # what happened to a proposition; scopeDetails is the server's own and comes back as it was
        "aepsdk-messaging-ios PropositionInteractionTests.swift, mobile-sdk.md 6.1 and 6.3",
        _closed(
            {
                "exdRequestID": _TEXT,
                "propositionEventType": {
                    **_closed(
                        {
                            what: {"const": 1}
                            for what in ("display", "interact", "dismiss", "trigger", "suppressDisplay", "disqualify")
                        }
                    ),
                    "minProperties": 1,
                    "maxProperties": 1,
                },
                "propositionAction": {
                    "oneOf": [
                        _closed({"id": _TEXT, "label": _TEXT}, ("id", "label")),
                        _closed({"reason": _TEXT}, ("reason",)),
                    ]
                },
                "propositions": {
                    "type": "array",
                    "minItems": 1,
                    "items": _closed(
                        {
                            "id": _TEXT,
                            "scope": _TEXT,
                            "scopeDetails": {"type": "object"},
                            "items": {
                                "type": "array",
                                "minItems": 1,
                                "items": _closed(
                                    {"id": _TEXT, "characteristics": _closed({"tokens": _TEXT}, ("tokens",))}, ("id",)
                                ),
                            },
                        },
                        ("id", "scope"),
                    ),
                },
            },
            ("propositionEventType",),
        ),
    ),
    (
        ("_footfall", "appInformation"),
        "Luma-iOS-Mobile-App Finish/Luma/Utils/MobileSDK.swift, mobile-sdk.md 5",
        _closed(
            {
                "appStateDetails": _closed(
                    {"screenType": {"const": "App"}, "screenName": _TEXT, "screenView": _ONCE},
                    ("screenType", "screenName", "screenView"),
                ),
                "appInteraction": _closed({"name": _TEXT, "appAction": _ONCE}, ("name", "appAction")),
            }
        ),
    ),
    (
        ("_footfall", "loyalty"),
        # no schema of Adobe's has it: the docs' use case 12, "10 000 loyalty points", names no fields
        "our own tenant's field group, experience-platform.md 5.5",
        _closed(
            {"pointsEarned": _WHOLE, "pointsBalance": _WHOLE, "pointsReached": _WHOLE},
            ("pointsEarned", "pointsBalance"),
        ),
    ),
]

# bags of any members: a further one is no fault there
OPEN = ("identityMap", "scopeDetails")


@functools.cache
def judge() -> jsonschema_rs.Draft6Validator:
    """The shared schema with the fragments put in their places, nothing else of it changed."""
    document = json.loads((WIRE / "experienceevent-mobile.wire.schema.json").read_text())
    for (above, member), _source, fragment in FRAGMENTS:
        properties = document["properties"].setdefault(above, _closed({}))["properties"]
        assert member not in properties, f"the shared schema has {above}.{member} itself"
        properties[member] = fragment
    return jsonschema_rs.Draft6Validator(document, validate_formats=True)


@functools.cache
def standard_types() -> frozenset[str]:
    """Adobe's standard values of eventType."""
    return frozenset(json.loads((WIRE / "eventType-values.json").read_text()))


def as_stored(event: ExperienceEvent) -> dict[str, Any]:
    """What Edge makes of a request: the event's own xdm with `_id`, `timestamp` and the members that a request shares.
    Written by hand, so that the events are judged and not wire."""
    return {
        "identityMap": {"ECID": [{"id": "1" * 38, "authenticatedState": "ambiguous", "primary": False}]},
        "implementationDetails": {
            "name": "https://ns.adobe.com/experience/mobilesdk/ios",
            "version": "5.11.0+5.0.3",
            "environment": "app",
        },
        "_id": "8B3C7F5A-0000-4000-8000-000000000001",
        "timestamp": "2026-03-07T11:15:30.123Z",
        **json.loads(event.body),
    }


def faults(stored: dict[str, Any]) -> list[str]:
    """What the judge finds."""
    return [f"{error.instance_path}: {error.message}" for error in judge().iter_errors(stored)]
