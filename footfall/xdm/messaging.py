"""The events of the Messaging extension: the push token, reactions to pushes, and propositions of Journey Optimizer.

Sources: aepsdk-messaging-ios (Messaging+EdgeEvents.swift, PropositionInteraction.swift and the bodies that its
functional tests assert) and aepsdk-messaging-android, gathered in mobile-sdk.md 6.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import msgspec

from footfall.xdm.events import ExperienceEvent, dataset, encoded

PushPlatform = Literal["apns", "apnsSandbox", "fcm"]
PropositionEvent = Literal["display", "interact", "dismiss", "trigger", "suppressDisplay", "disqualify"]

DISMISS = "Dismiss"  # the action of a notification that was wiped away

_SCHEMAS = tuple(
    f"https://ns.adobe.com/personalization/{kind}"
    for kind in ("html-content-item", "json-content-item", "ruleset-item")
)
_ENCODER = msgspec.json.Encoder()


class PushMessage(msgspec.Struct, frozen=True):
    """A notification: the id under which the provider delivered it, and the JSON object of its `_xdm`, in which the
    sender's journey travels as `mixins` or `cjm`; empty where a notification is not Journey Optimizer's."""

    id: str
    xdm: bytes = b""


class PropositionItem(msgspec.Struct, frozen=True):
    """One offer, message or rule set of a proposition. `data` is a JSON object, b"{}" where there was none."""

    id: str
    schema: str
    data: bytes


class Proposition(msgspec.Struct, frozen=True):
    """What Edge decided to show on one surface (`scope`). `scope_details` is a JSON object, b"{}" where there was none;
    an event about the proposition gives it back as it came."""

    id: str
    scope: str
    scope_details: bytes
    items: tuple[PropositionItem, ...]


def push_token(app_id: str, token: str, platform: PushPlatform, ecid: str) -> ExperienceEvent:
    """The push token for the profile: an event without an eventType, all of whose content stands in `data`."""
    details = {
        "appID": app_id,
        "token": token,
        "platform": platform,
        "denylisted": False,
        "identity": {"namespace": {"code": "ECID"}, "id": ecid},
    }
    return encoded("", {}, {"data": {"pushNotificationDetails": [details]}})


def push_reaction(
    message: PushMessage, action: str | None, opened: bool, platform: PushPlatform, dataset_id: str
) -> ExperienceEvent | None:
    """pushTracking.applicationOpened for a tap on the notification (`action` None), else pushTracking.customAction;
    `opened` is whether it brought the app to the front, which "Dismiss" never does, whatever is said here.

    The members of the notification's mixins, or else of its cjm, join the event's xdm. None, and nothing is sent, where
    the notification has neither (or no id, or an `_xdm` that is no JSON), and where `messaging.eventDataset` is not
    configured.
    """
    journey = _journey(message.xdm)
    if journey is None or not message.id or not dataset_id:
        return None
    tracking: dict[str, object] = {"pushProviderMessageID": message.id, "pushProvider": platform}
    if action is not None:
        tracking["customAction"] = {"actionID": action}
    type = "pushTracking.applicationOpened" if action is None else "pushTracking.customAction"
    xdm: dict[str, Any] = {
        "eventType": type,
        "application": {"launches": {"value": 1 if opened and action != DISMISS else 0}},
        "pushNotificationTracking": tracking,
        **journey,
    }
    experience = xdm.get("_experience")
    if isinstance(experience, dict):
        xdm["_experience"] = _reacted(experience, action, platform)
    return encoded(type, xdm, dataset(dataset_id))


def _journey(xdm: bytes) -> dict[str, Any] | None:
    """A fresh copy of the mixins of a notification's `_xdm`, which go before its cjm; None if it has neither."""
    carried = _object(xdm)
    found = (carried.get(key) for key in ("mixins", "cjm"))
    return next((each for each in found if isinstance(each, dict)), None)


def _reacted(experience: dict[str, Any], action: str | None, platform: PushPlatform) -> dict[str, Any]:
    """A notification's `_experience` with what the SDK adds: the channel, and what was done about the decision."""
    added = dict(experience)
    management = added.get("customerJourneyManagement")
    if isinstance(management, dict):
        added["customerJourneyManagement"] = {
            **management,
            "messageProfile": {"channel": {"_id": "https://ns.adobe.com/xdm/channels/push"}},
            # a constant of the SDK, one for each system: the sandbox of APNs is told by pushProvider alone
            "pushChannelContext": {"platform": "fcm" if platform == "fcm" else "apns"},
        }
    decisioning = added.get("decisioning")
    if isinstance(decisioning, dict) and "exdRequestID" in decisioning:
        done = "dismiss" if action == DISMISS else "interact"
        added["decisioning"] = {**decisioning, "propositionEventType": {done: 1}}
    return added


@lru_cache(maxsize=256)
def proposition_request(surfaces: tuple[str, ...]) -> ExperienceEvent:
    """personalization.request for what is to be shown on these surfaces (`mobileapp://com.example.shop/home`)."""
    return encoded(
        "personalization.request",
        {"eventType": "personalization.request"},
        {
            "query": {"personalization": {"schemas": _SCHEMAS, "surfaces": surfaces}},
            "data": {"__adobe": {"ajo": {"in-app-response-format": 2}}},
        },
    )


class _Received(msgspec.Struct, rename="camel"):
    id: str
    scope: str
    scope_details: dict[str, Any] = {}
    items: list[Any] = []


class _ReceivedItem(msgspec.Struct):
    id: str
    schema: str
    data: dict[str, Any] = {}


def decode_propositions(payload: bytes) -> tuple[Proposition, ...]:
    """The propositions of a `personalization:decisions` handle, of which `payload` is the JSON array.

    What cannot be read is left out: an item without id and schema, a proposition without id and scope, the whole where
    it is no array. Never raises.
    """
    try:
        received = msgspec.json.decode(payload, type=list[object])
    except (ValueError, RecursionError):
        return ()
    return tuple(filter(None, map(_proposition, received)))


def _proposition(received: object) -> Proposition | None:
    try:
        read = msgspec.convert(received, _Received)
        return Proposition(
            read.id, read.scope, _ENCODER.encode(read.scope_details), tuple(filter(None, map(_item, read.items)))
        )
    except (ValueError, RecursionError):
        return None


def _item(received: object) -> PropositionItem | None:
    try:
        read = msgspec.convert(received, _ReceivedItem)
    except ValueError:
        return None
    return PropositionItem(read.id, read.schema, _ENCODER.encode(read.data))


def proposition_event(
    what: PropositionEvent,
    propositions: tuple[tuple[Proposition, tuple[PropositionItem, ...]], ...],
    action: tuple[str, str] | None = None,
    reason: str = "",
    *,
    tokens: tuple[str, ...] = (),
) -> ExperienceEvent:
    """decisioning.proposition<What>: what happened to these propositions, and to which of their items (none: to the
    proposition as a whole). One event may tell of several.

    `action` is the id and label of what an interact was about, `reason` why a display was suppressed; of both the
    action wins. `tokens` name the parts of an item that were meant, and stand on every item.
    """
    decisioning: dict[str, object] = {
        "propositionEventType": {what: 1},
        "propositions": [_told(proposition, items, tokens) for proposition, items in propositions],
    }
    if action is not None:
        decisioning["propositionAction"] = {"id": action[0], "label": action[1]}
    elif reason:
        decisioning["propositionAction"] = {"reason": reason}
    type = f"decisioning.proposition{what[0].upper()}{what[1:]}"
    return encoded(type, {"eventType": type, "_experience": {"decisioning": decisioning}})


def _told(proposition: Proposition, items: tuple[PropositionItem, ...], tokens: tuple[str, ...]) -> dict[str, object]:
    characteristics = {"characteristics": {"tokens": ",".join(tokens)}} if tokens else {}
    told: dict[str, object] = {
        "id": proposition.id,
        "scope": proposition.scope,
        # decoded, not spliced in: wire escapes every slash, and a foreign text may hold escaped ones already
        "scopeDetails": _object(proposition.scope_details),
    }
    if items:
        told["items"] = [{"id": item.id, **characteristics} for item in items]
    return told


def _object(text: bytes) -> dict[str, Any]:
    """The JSON object of a text, an empty one where it is none."""
    try:
        decoded = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return {}
    return decoded if isinstance(decoded, dict) else {}
