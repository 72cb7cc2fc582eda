"""The Messaging extension: the push token, reactions to notifications, propositions."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from phone_words import a_phone, made, requests, told
from sdk_behaviour import behaviour
from sdk_words import ECID, IPHONE, PIXEL, framed, sent
from story_words import beside, messaging, opened, types, xdm

from footfall.phone.messaging import Messaging
from footfall.phone.phone import Phone
from footfall.phone.signals import (
    Authorized,
    Backgrounded,
    Due,
    Foregrounded,
    Killed,
    Offered,
    PushReacted,
    PushTokenSet,
    Reacted,
    RegionReported,
    Reinstalled,
    Replied,
    Reply,
    SurfacesAsked,
)
from footfall.xdm.messaging import PushMessage, proposition_event, proposition_request, push_reaction, push_token

REGISTERED = messaging(event_dataset="mockDataset")
CJM = {"_experience": {"customerJourneyManagement": {"messageExecution": {"messageID": "mockMessageId"}}}}
PUSH = PushMessage("messageId", json.dumps({"cjm": CJM}).encode())


# Push token


@behaviour(
    "6.2", "The push token is sent as an event without eventType, all of it in `data`, as Adobe asserts.", push_token
)
def test_the_token_is_the_goldens(golden: Path) -> None:
    expected = json.loads((golden / "events/ios_push_token_sync.json").read_text())
    expected["data"]["pushNotificationDetails"][0]["identity"]["id"] = ECID
    phone = opened(config=msgspec.structs.replace(REGISTERED, id="com.adobe.ajo.e2eTestApp"))
    (one,) = made(phone.feed(1_000, PushTokenSet("mockPushToken")))
    assert (one.event.type, xdm(one), beside(one)) == ("", {}, expected)
    (event,) = sent(phone.got[-1])["events"]
    assert event["xdm"] == {"_id": one.event_id, "timestamp": "2023-11-14T22:13:21.000Z"}  # Edge's two members
    assert event["data"] == expected["data"]


# phone, sandbox of APNs -> what the token's event calls the push service
PROVIDERS = [
    (IPHONE, False, "apns"),
    (IPHONE, True, "apnsSandbox"),
    (PIXEL, False, "fcm"),
    (PIXEL, True, "fcm"),  # the sandbox is Apple's
]


@behaviour(
    "6.1",
    "The push provider is apns, apnsSandbox with messaging.useSandbox, and fcm on Android.",
    Messaging,
    key="messaging.sandbox",
)
@pytest.mark.parametrize(("model", "sandbox", "provider"), PROVIDERS)
def test_the_provider(model, sandbox, provider) -> None:
    phone = opened(model, messaging(event_dataset="mockDataset", sandbox=sandbox))
    (token,) = made(phone.feed(1_000, PushTokenSet("t")))
    assert beside(token)["data"]["pushNotificationDetails"][0]["platform"] == provider
    (tap,) = made(phone.feed(2_000, PushReacted(PUSH)))
    assert xdm(tap)["pushNotificationTracking"]["pushProvider"] == provider


# tokens that the OS gives in turn -> those that are sent, as they are by default and with optimizePushSync false
TOKENS = [
    (["a"], ["a"], ["a"]),
    (["a", "a"], ["a"], ["a", "a"]),
    (["a", "b", "a"], ["a", "b", "a"], ["a", "b", "a"]),
    (["", "a"], ["a"], ["a"]),  # none yet
]


@behaviour(
    "6.2",
    "The push token is sent only when it is another one than last time, unless messaging.optimizePushSync is false.",
    Messaging,
    key="messaging.optimize-push-sync",
)
@pytest.mark.parametrize(("tokens", "changed", "always"), TOKENS)
def test_a_token_is_sent_when_it_changes(tokens, changed, always) -> None:
    for optimize, expected in ((True, changed), (False, always)):
        phone = opened(config=messaging(optimize_push_sync=optimize))
        events = [one for n, token in enumerate(tokens) for one in made(phone.feed(1_000 * n, PushTokenSet(token)))]
        assert [beside(one)["data"]["pushNotificationDetails"][0]["token"] for one in events] == expected


def test_the_token_of_last_time_survives_the_process_but_not_the_app() -> None:
    phone = opened(config=REGISTERED)
    phone.feed(1_000, PushTokenSet("a"))
    phone.feed(2_000, Killed())
    assert types(phone.feed(3_000, PushTokenSet("a"))) == ["personalization.request@3000"]  # the process asks, no more
    phone.feed(4_000, Reinstalled())
    again, _ = made(phone.feed(5_000, PushTokenSet("a")))
    identity = beside(again)["data"]["pushNotificationDetails"][0]["identity"]
    assert identity == {"namespace": {"code": "ECID"}, "id": phone.phone.ecid}
    assert phone.phone.ecid != ECID  # the new installation's own


# Notifications


@behaviour(
    "6.1",
    "A tap on a notification is pushTracking.applicationOpened with the journey's ids, as Adobe asserts.",
    push_reaction,
)
def test_a_tap_is_the_goldens(golden: Path) -> None:
    expected = json.loads((golden / "events/ios_push_application_opened.json").read_text())
    execution = expected["xdm"]["_experience"]["customerJourneyManagement"]["messageExecution"]
    cjm = {"_experience": {"customerJourneyManagement": {"messageExecution": execution}}}
    message = PushMessage("messageId", json.dumps({"cjm": cjm}).encode())
    (one,) = made(opened(config=REGISTERED).feed(1_000, PushReacted(message)))
    assert {"xdm": xdm(one), **beside(one)} == expected


# what is done -> eventType, launches.value, customAction
REACTIONS = [
    (PushReacted(PUSH), "pushTracking.applicationOpened", 1, None),
    (PushReacted(PUSH, "show"), "pushTracking.customAction", 1, {"actionID": "show"}),
    (PushReacted(PUSH, "later", opened=False), "pushTracking.customAction", 0, {"actionID": "later"}),
    (PushReacted(PUSH, "Dismiss", opened=False), "pushTracking.customAction", 0, {"actionID": "Dismiss"}),
    (PushReacted(PUSH, "Dismiss"), "pushTracking.customAction", 0, {"actionID": "Dismiss"}),  # whatever `opened` says
]


@behaviour(
    "6.1",
    "A button is pushTracking.customAction; application.launches counts 1 where the app opens and 0 where it does not.",
    push_reaction,
)
@pytest.mark.parametrize("model", [IPHONE, PIXEL])
@pytest.mark.parametrize(("signal", "type", "launches", "action"), REACTIONS)
def test_reactions(model, signal, type, launches, action) -> None:
    (one,) = made(opened(model, REGISTERED).feed(1_000, signal))
    told_xdm = xdm(one)
    assert one.event.type == told_xdm["eventType"] == type
    assert told_xdm["application"] == {"launches": {"value": launches}}
    assert told_xdm["pushNotificationTracking"].get("customAction") == action
    assert beside(one) == {"meta": {"collect": {"datasetId": "mockDataset"}}}


# the app's dataset, the notification -> nothing at all is sent
UNTOLD = [
    ("", PUSH),  # no messaging.eventDataset
    ("mockDataset", PushMessage("messageId")),  # no _xdm: not Journey Optimizer's
    ("mockDataset", PushMessage("messageId", b"{}")),
    ("mockDataset", PushMessage("", PUSH.xdm)),
]


@behaviour(
    "6.1",
    "Without messaging.eventDataset, or for a notification without `_xdm`, nothing is sent.",
    push_reaction,
    key="messaging.event-dataset",
)
@pytest.mark.parametrize(("event_dataset", "message"), UNTOLD)
def test_what_is_not_told(event_dataset, message) -> None:
    phone = opened(config=messaging(event_dataset=event_dataset))
    assert told(phone.feed(1_000, PushReacted(message))) == []


def test_a_tap_in_a_dead_app_goes_out_before_the_launch_it_causes() -> None:
    phone = opened(config=REGISTERED)
    phone.feed(5_000, Backgrounded())
    phone.feed(5_500, Due())
    phone.feed(6_000, Killed())
    assert types(phone.feed(60_000, PushReacted(PUSH))) == [
        "pushTracking.applicationOpened@60000",
        "personalization.request@60000",
    ]
    assert types(phone.feed(60_100, Foregrounded())) == ["application.launch@60100"]


# Propositions


@behaviour(
    "6.3",
    "personalization.request is sent once for each process, after what began it; first for the app's own surface"
    " alone, then for the configured ones.",
    Phone._fetch_propositions,
    key="messaging.registered, messaging.surfaces",
)
def test_propositions_are_asked_for_at_start() -> None:
    phone = a_phone(config=messaging(surfaces=("home", "/cart/")))
    launch, *asked = made(phone.feed(0, Foregrounded()))
    assert [one.event.type for one in (launch, *asked)] == ["application.launch", *["personalization.request"] * 2]
    own = "mobileapp://com.example.footfall.shop"
    surfaces = [beside(one)["query"]["personalization"]["surfaces"] for one in asked]
    assert surfaces == [[own], [f"{own}/home", f"{own}/cart"]]
    phone.feed(5_000, Backgrounded())
    phone.feed(5_500, Due())
    assert types(phone.feed(60_000, Foregrounded())) == ["application.launch@60000"]  # the same process
    phone.feed(70_000, Backgrounded())
    phone.feed(70_500, Due())
    phone.feed(80_000, Killed())
    assert types(phone.feed(90_000, Foregrounded())) == [
        "application.launch@90000",
        *["personalization.request@90000"] * 2,
    ]


# what begins the process of an app that was closed and killed -> the events of that
BEGINNINGS = [
    (RegionReported("entry", "cafe"), ["location.entry"]),
    (RegionReported("entry", "elsewhere"), []),  # ignored, but a process has begun
    (PushReacted(PUSH, "Dismiss"), ["pushTracking.customAction"]),
    (PushTokenSet("t"), [""]),
]


@behaviour(
    "6.3", "A process that the app's opening did not begin asks for propositions as well.", Phone._fetch_propositions
)
@pytest.mark.parametrize(("signal", "events"), BEGINNINGS)
def test_whatever_begins_a_process_makes_it_ask(signal, events) -> None:
    phone = opened(config=REGISTERED)
    phone.feed(5_000, Backgrounded())
    phone.feed(5_500, Due())
    phone.feed(6_000, Killed())
    begun = [*events, "personalization.request"]
    assert types(phone.feed(10_000, signal)) == [f"{type}@10000" for type in begun]
    assert types(phone.feed(60_000, Foregrounded())) == ["application.launch@60000"]  # still the same process


@pytest.mark.parametrize("signal", [Backgrounded(), Authorized("wheninuse")], ids=lambda signal: type(signal).__name__)
def test_what_begins_no_process_makes_nobody_ask(signal) -> None:
    phone = opened(config=REGISTERED)
    phone.feed(5_000, Backgrounded())
    phone.feed(5_500, Due())
    phone.feed(6_000, Killed())
    assert told(phone.feed(10_000, signal)) == []


@behaviour(
    "6.3", "updatePropositionsForSurfaces asks for these paths below the app's own surface.", proposition_request
)
def test_surfaces_are_asked_for() -> None:
    (one,) = made(opened(config=REGISTERED).feed(1_000, SurfacesAsked(("offers",))))
    own = "mobileapp://com.example.footfall.shop"
    kinds = ("html-content-item", "json-content-item", "ruleset-item")
    assert xdm(one) == {"eventType": "personalization.request"}
    assert beside(one) == {
        "query": {
            "personalization": {
                "schemas": [f"https://ns.adobe.com/personalization/{kind}" for kind in kinds],
                "surfaces": [f"{own}/offers"],
            }
        },
        "data": {"__adobe": {"ajo": {"in-app-response-format": 2}}},
    }


def test_no_path_is_the_apps_own_surface() -> None:
    (one,) = made(opened(config=REGISTERED).feed(1_000, SurfacesAsked()))
    assert beside(one)["query"]["personalization"]["surfaces"] == ["mobileapp://com.example.footfall.shop"]


SCOPE_DETAILS = {"decisionProvider": "AJO", "correlationID": "c-1", "characteristics": {"eventToken": "e/1"}}


def offer(id: str, scope: str = "mobileapp://com.example.footfall.shop") -> dict[str, object]:
    item = {"id": f"{id}-item", "schema": "https://ns.adobe.com/personalization/json-content-item", "data": {"a": 1}}
    return {"id": id, "scope": scope, "scopeDetails": SCOPE_DETAILS, "items": [item]}


def decisions(*offers: dict[str, object]) -> Reply:
    handle = {"type": "personalization:decisions", "eventIndex": 0, "payload": list(offers)}
    return Reply(200, framed({"requestId": "r", "handle": [handle]}))


def offered(phone: Phone, at_ms: int, reply: Reply) -> list[str]:
    """The phone asks for propositions and gets this answer; what reaches the app."""
    (request,) = requests(phone.feed(at_ms, SurfacesAsked()))
    return told(phone.feed(at_ms, Replied(request.id, reply)))


def with_offers(*offers: dict[str, object]) -> Phone:
    phone = opened(config=REGISTERED).phone
    offered(phone, 1_000, decisions(*offers))
    return phone


@behaviour("6.3", "The propositions of a personalization:decisions handle reach the app.", Phone._take_handle)
def test_decisions_reach_the_app() -> None:
    phone = opened(config=REGISTERED).phone
    assert offered(phone, 1_000, decisions(offer("p-1"), offer("p-2"))) == ["offered p-1, p-2"]
    assert offered(phone, 2_000, decisions()) == []
    assert offered(phone, 3_000, Reply(200)) == []


def test_the_golden_decisions_reach_the_app(golden: Path) -> None:
    phone = opened(config=REGISTERED).phone
    (request,) = requests(phone.feed(1_000, SurfacesAsked()))
    reply = Reply(200, (golden / "responses/personalization_decisions.txt").read_bytes())
    (effect,) = phone.feed(1_000, Replied(request.id, reply))
    assert isinstance(effect, Offered)
    (proposition,) = effect.propositions
    assert (proposition.id, proposition.scope) == (
        "AT:eyJhY3Rpdml0eUlkIjoiMTE3NTg4IiwiZXhwZXJpZW5jZUlkIjoiMSJ9",
        "buttonColor",
    )


# what the customer does -> eventType, propositionEventType, propositionAction
DONE = [
    (Reacted("display", ("p-1",)), "decisioning.propositionDisplay", {"display": 1}, None),
    (Reacted("interact", ("p-1",), ("b-1", "Buy")), "decisioning.propositionInteract", {"interact": 1},
     {"id": "b-1", "label": "Buy"}),
    (Reacted("dismiss", ("p-1",)), "decisioning.propositionDismiss", {"dismiss": 1}, None),
    (Reacted("trigger", ("p-1",)), "decisioning.propositionTrigger", {"trigger": 1}, None),
    (Reacted("disqualify", ("p-1",)), "decisioning.propositionDisqualify", {"disqualify": 1}, None),
    (Reacted("suppressDisplay", ("p-1",), reason="Conflict"), "decisioning.propositionSuppressDisplay",
     {"suppressDisplay": 1}, {"reason": "Conflict"}),
]  # fmt: skip


@behaviour(
    "6.3",
    "What becomes of a proposition is told with its id, scope and items, and its scopeDetails as they came.",
    proposition_event,
)
@pytest.mark.parametrize(("signal", "type", "counted", "action"), DONE)
def test_what_becomes_of_a_proposition(signal, type, counted, action) -> None:
    (one,) = made(with_offers(offer("p-1")).feed(2_000, signal))
    decisioning = {
        "propositionEventType": counted,
        "propositions": [
            {
                "id": "p-1",
                "scope": "mobileapp://com.example.footfall.shop",
                "scopeDetails": SCOPE_DETAILS,
                "items": [{"id": "p-1-item"}],
            }
        ],
    }
    if action is not None:
        decisioning["propositionAction"] = action
    assert one.event.type == type
    assert xdm(one) == {"eventType": type, "_experience": {"decisioning": decisioning}}


@behaviour("6.3", "One event may tell of several propositions.", proposition_event)
def test_several_at_once() -> None:
    phone = with_offers(offer("p-1"), offer("p-2"), offer("p-3"))
    (one,) = made(phone.feed(2_000, Reacted("display", ("p-3", "p-1", "unknown"))))
    assert [each["id"] for each in xdm(one)["_experience"]["decisioning"]["propositions"]] == ["p-3", "p-1"]


@behaviour("6.3", "The tokens of the parts that were meant stand with the item, joined by commas.", proposition_event)
@pytest.mark.parametrize(
    ("tokens", "item"),
    [
        (("t-1", "t-2"), {"id": "p-1-item", "characteristics": {"tokens": "t-1,t-2"}}),
        ((), {"id": "p-1-item"}),
    ],
)
def test_tokens(tokens, item) -> None:
    (one,) = made(with_offers(offer("p-1")).feed(2_000, Reacted("display", ("p-1",), tokens=tokens)))
    assert xdm(one)["_experience"]["decisioning"]["propositions"][0]["items"] == [item]


@behaviour("6.3", "Of a proposition that never reached the app nothing is told.", Messaging)
def test_an_unknown_proposition() -> None:
    assert told(with_offers(offer("p-1")).feed(2_000, Reacted("display", ("p-2",)))) == []
    assert told(opened(config=REGISTERED).feed(2_000, Reacted("display", ("p-1",)))) == []


@behaviour("6.3", "The propositions of a surface replace those of before; other surfaces keep theirs.", Messaging.take)
def test_a_decision_replaces_those_of_its_surface() -> None:
    phone = with_offers(offer("old"), offer("other", "mobileapp://com.example.footfall.shop/cart"))
    offered(phone, 3_000, decisions(offer("new")))
    for known, id in ((False, "old"), (True, "new"), (True, "other")):
        assert len(made(phone.feed(4_000, Reacted("display", (id,))))) == known


# Not registered


@behaviour(
    "6.1",
    "An app that does not register Messaging sends nothing of all this.",
    Phone._messaged,
    key="messaging.registered",
)
@pytest.mark.parametrize(
    "signal",
    [PushTokenSet("t"), PushReacted(PUSH), SurfacesAsked(), Reacted("display", ("p-1",))],
    ids=lambda signal: type(signal).__name__,
)
def test_not_registered(signal) -> None:
    phone = opened()
    assert told(phone.feed(1_000, signal)) == []
    assert [request.name for request in phone.got] == ["places nearby", "application.launch"]  # nor asked at start


def test_not_registered_decisions_reach_nobody() -> None:
    phone = a_phone()
    _, launch = requests(phone.feed(0, Foregrounded()))
    assert told(phone.feed(80, Replied(launch.id, decisions(offer("p-1"))))) == []
