"""The Messaging extension's events: against what Adobe's SDK tests assert, and case by case."""

from __future__ import annotations

import json

import pytest
from every_event import BANNER, CARDS, DECIDED_PUSH, EVERY, HOME, OFFER, PUSH, beside_of, reaction, xdm_of
from hypothesis import given
from hypothesis import strategies as st

from footfall.xdm.messaging import (
    DISMISS,
    Proposition,
    PropositionItem,
    PushMessage,
    decode_propositions,
    proposition_event,
    proposition_request,
    push_reaction,
    push_token,
)

# Push


def test_a_push_token_as_adobe_asserts_it(golden):
    event = push_token("com.adobe.ajo.e2eTestApp", "mockPushToken", "apns", "MOCK_ECID")
    assert (event.type, event.body) == ("", b"{}")
    assert beside_of(event) == golden("events/ios_push_token_sync.json")


def test_a_tap_on_a_notification_as_adobe_asserts_it(golden):
    asserted = golden("events/ios_push_application_opened.json")
    execution = asserted["xdm"]["_experience"]["customerJourneyManagement"]["messageExecution"]
    cjm = {"_experience": {"customerJourneyManagement": {"messageExecution": execution}}}
    message = PushMessage("messageId", json.dumps({"cjm": cjm}).encode())
    event = push_reaction(message, None, True, "apns", "mockDataset")
    assert event is not None
    assert event.type == "pushTracking.applicationOpened"
    assert {"xdm": json.loads(event.body), **beside_of(event)} == asserted


@pytest.mark.parametrize(
    ("action", "opened", "type", "launches", "custom"),
    [
        (None, True, "pushTracking.applicationOpened", 1, {}),
        ("show", True, "pushTracking.customAction", 1, {"customAction": {"actionID": "show"}}),
        ("later", False, "pushTracking.customAction", 0, {"customAction": {"actionID": "later"}}),  # in the background
        (DISMISS, False, "pushTracking.customAction", 0, {"customAction": {"actionID": "Dismiss"}}),
    ],
)
def test_what_was_done_with_a_push(action, opened, type, launches, custom):
    event = reaction(PUSH, action, opened)
    xdm = xdm_of(event)
    assert event.type == xdm["eventType"] == type
    assert xdm["application"] == {"launches": {"value": launches}}
    assert xdm["pushNotificationTracking"] == {
        "pushProviderMessageID": "delivery-1",
        "pushProvider": "apns",
        **custom,
    }


@pytest.mark.parametrize(
    ("platform", "context"),
    [
        ("apns", "apns"),
        ("apnsSandbox", "apns"),  # MESSAGE_PROFILE_JSON is a constant of the SDK
        ("fcm", "fcm"),
    ],
)
def test_the_provider_and_the_channels_platform(platform, context):
    xdm = xdm_of(reaction(PUSH, None, True, platform))
    assert xdm["pushNotificationTracking"]["pushProvider"] == platform
    assert xdm["_experience"]["customerJourneyManagement"]["pushChannelContext"] == {"platform": context}


@pytest.mark.parametrize(
    ("action", "done"),
    [(None, {"interact": 1}), ("show", {"interact": 1}), (DISMISS, {"dismiss": 1})],
)
def test_a_push_that_was_decided_on_tells_what_became_of_the_decision(action, done):
    decisioning = xdm_of(reaction(DECIDED_PUSH, action, action != DISMISS))["_experience"]["decisioning"]
    assert decisioning == {
        "exdRequestID": "request-1",
        "propositions": [{"id": "p", "scope": "s"}],
        "propositionEventType": done,
    }


@pytest.mark.parametrize(
    ("carried", "added"),
    [
        # mixins go before cjm, as in Messaging+EdgeEvents.swift
        ({"mixins": {"_experience": {"a": 1}}, "cjm": {"_experience": {"b": 1}}}, {"_experience": {"a": 1}}),
        ({"mixins": "no object", "cjm": {"_experience": {"b": 1}}}, {"_experience": {"b": 1}}),
        # all its members join the xdm, not only _experience
        ({"cjm": {"channel": {"_id": "x"}}}, {"channel": {"_id": "x"}}),
        ({"cjm": {}}, {}),
        # nothing is added to objects that are not there, or are none
        ({"cjm": {"_experience": {}}}, {"_experience": {}}),
        ({"cjm": {"_experience": {"decisioning": {}}}}, {"_experience": {"decisioning": {}}}),
        (
            {"cjm": {"_experience": {"customerJourneyManagement": 1, "decisioning": [1]}}},
            {"_experience": {"customerJourneyManagement": 1, "decisioning": [1]}},
        ),
        ({"cjm": {"_experience": 1}}, {"_experience": 1}),
    ],
)
def test_what_a_notification_carries_joins_the_event(carried, added):
    xdm = xdm_of(reaction(PushMessage("m", json.dumps(carried).encode()), None, True))
    assert xdm == {
        "eventType": "pushTracking.applicationOpened",
        "application": {"launches": {"value": 1}},
        "pushNotificationTracking": {"pushProviderMessageID": "m", "pushProvider": "apns"},
        **added,
    }


@pytest.mark.parametrize(
    ("message", "dataset_id"),
    [
        (PUSH, ""),  # messaging.eventDataset is not configured
        (PushMessage("m"), "d"),  # not Journey Optimizer's
        (PushMessage("m", b"{"), "d"),  # no JSON
        (PushMessage("m", b"\xff"), "d"),  # no text
        (PushMessage("m", b"[" * 100_000), "d"),  # nested beyond reading
        (PushMessage("m", b"[]"), "d"),
        (PushMessage("m", b"{}"), "d"),  # neither mixins nor cjm
        (PushMessage("m", b'{"cjm":[],"mixins":1}'), "d"),
        (PushMessage("", PUSH.xdm), "d"),  # without the provider's id
    ],
)
def test_nothing_is_sent(message, dataset_id):
    assert push_reaction(message, None, True, "apns", dataset_id) is None


# Propositions


def test_a_request_for_propositions():
    event = proposition_request(("mobileapp://com.example.shop", "mobileapp://com.example.shop/home"))
    assert (event.type, event.body) == ("personalization.request", b'{"eventType":"personalization.request"}')
    assert beside_of(event) == {
        "query": {
            "personalization": {
                "schemas": [
                    "https://ns.adobe.com/personalization/html-content-item",
                    "https://ns.adobe.com/personalization/json-content-item",
                    "https://ns.adobe.com/personalization/ruleset-item",
                ],
                "surfaces": ["mobileapp://com.example.shop", "mobileapp://com.example.shop/home"],
            }
        },
        "data": {"__adobe": {"ajo": {"in-app-response-format": 2}}},
    }


def test_the_propositions_of_an_answer_that_adobe_asserts(golden_text):
    record = json.loads(golden_text("responses/personalization_decisions.txt").strip("\0\n "))
    (handle,) = record["handle"]
    # it has no scopeDetails, and its only item no id, without which no event could tell of it
    assert decode_propositions(json.dumps(handle["payload"]).encode()) == (
        Proposition("AT:eyJhY3Rpdml0eUlkIjoiMTE3NTg4IiwiZXhwZXJpZW5jZUlkIjoiMSJ9", "buttonColor", b"{}", ()),
    )


GOOD = {"id": "i", "schema": "s", "data": {"content": "a/b"}}


@pytest.mark.parametrize(
    ("payload", "read"),
    [
        ([], ()),
        ([{"id": "p", "scope": "s"}], (Proposition("p", "s", b"{}", ()),)),
        (
            [{"id": "p", "scope": "s", "scopeDetails": {"rank": 1}, "items": [GOOD], "more": 1}],
            (Proposition("p", "s", b'{"rank":1}', (PropositionItem("i", "s", b'{"content":"a/b"}'),)),),
        ),
        # items that cannot be read are left out, and the others stay
        (
            [{"id": "p", "scope": "s", "items": [7, {"id": "i"}, {**GOOD, "data": "x"}, {**GOOD, "id": 1}, GOOD]}],
            (Proposition("p", "s", b"{}", (PropositionItem("i", "s", b'{"content":"a/b"}'),)),),
        ),
        (
            [{"id": "p", "scope": "s", "items": [{"id": "i", "schema": "s"}]}],
            (Proposition("p", "s", b"{}", (PropositionItem("i", "s", b"{}"),)),),
        ),
        # so are propositions
        ([None, "p", {"id": "p"}, {"scope": "s"}, {"id": "p", "scope": "s", "scopeDetails": []}], ()),
        ([{"id": "p", "scope": "s", "items": {}}, {"id": "q", "scope": "s"}], (Proposition("q", "s", b"{}", ()),)),
        # and a whole that is no array
        ({"id": "p", "scope": "s"}, ()),
    ],
)
def test_propositions_of_an_answer(payload, read):
    assert decode_propositions(json.dumps(payload).encode()) == read


@given(
    payload=st.binary() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps).map(str.encode)
)
def test_no_answer_is_too_strange_to_be_read(payload: bytes):
    assert isinstance(decode_propositions(payload), tuple)


@pytest.mark.parametrize("depth", [900, 950, 980, 1_000, 100_000])
def test_nor_nested_too_deep(depth: int):
    nested = b'[{"id":"p","scope":"s","scopeDetails":{"a":' + b"[" * depth + b"]" * depth + b"}}]"
    assert isinstance(decode_propositions(nested), tuple)


TOLD = {"id": "proposition-1", "scope": "mobileapp://com.example.shop/home"}
DETAILS = {"scopeDetails": {"decisionProvider": "AJO", "rank": 1}}


@pytest.mark.parametrize(
    ("what", "type"),
    [
        ("display", "decisioning.propositionDisplay"),
        ("interact", "decisioning.propositionInteract"),
        ("dismiss", "decisioning.propositionDismiss"),
        ("trigger", "decisioning.propositionTrigger"),
        ("suppressDisplay", "decisioning.propositionSuppressDisplay"),
        ("disqualify", "decisioning.propositionDisqualify"),
    ],
)
def test_what_happened_to_a_proposition(what, type):
    event = proposition_event(what, ((HOME, (BANNER,)),))
    assert event.type == type
    assert event.beside == b""
    assert xdm_of(event) == {
        "eventType": type,
        "_experience": {
            "decisioning": {
                "propositionEventType": {what: 1},
                "propositions": [{**TOLD, **DETAILS, "items": [{"id": "item-1"}]}],
            }
        },
    }


@pytest.mark.parametrize(
    ("action", "reason", "told"),
    [
        (None, "", {}),
        (("buy", "Buy now"), "", {"propositionAction": {"id": "buy", "label": "Buy now"}}),
        (None, "Conflict", {"propositionAction": {"reason": "Conflict"}}),
        (("buy", "Buy now"), "Conflict", {"propositionAction": {"id": "buy", "label": "Buy now"}}),  # never both
    ],
)
def test_the_action_or_the_reason(action, reason, told):
    decisioning = xdm_of(proposition_event("interact", ((CARDS, ()),), action, reason))["_experience"]["decisioning"]
    del decisioning["propositionEventType"], decisioning["propositions"]
    assert decisioning == told


def test_one_event_may_tell_of_several_propositions_and_of_one_as_a_whole():
    event = EVERY["two propositions"]
    assert xdm_of(event)["_experience"]["decisioning"]["propositions"] == [
        {**TOLD, **DETAILS, "items": [{"id": "item-1"}, {"id": "item-2"}]},
        {"id": "proposition-2", "scope": "mobileapp://com.example.shop/cards", "scopeDetails": {}},
    ]


def test_tokens_stand_on_every_item():
    event = proposition_event("display", ((HOME, (BANNER, OFFER)),), tokens=("t1", "t2"))
    (told,) = xdm_of(event)["_experience"]["decisioning"]["propositions"]
    assert told["items"] == [
        {"id": "item-1", "characteristics": {"tokens": "t1,t2"}},
        {"id": "item-2", "characteristics": {"tokens": "t1,t2"}},
    ]


def test_scope_details_come_back_as_they_were_whatever_their_spelling():
    # an escaped slash is written plain, because wire escapes all of them
    proposition = Proposition("p", "s", b'{ "token" : "a\\/b\\u0041" }', ())
    event = proposition_event("display", ((proposition, ()),))
    assert b'"scopeDetails":{"token":"a/bA"}' in event.body
