"""What the actions send, with which ids and tracking, and what comes back from the person."""

from __future__ import annotations

import msgspec
import pytest
from journey_words import (
    DAY_MS,
    END,
    MINUTE_MS,
    PUSH,
    START_MS,
    Anna,
    Everybody,
    React,
    Wait,
    a_journey,
    clicked,
    engine,
    event,
    lived,
    messages,
    opened,
    steps,
    text,
    visit,
)

from footfall.platform.journeys.messages import Happening, PushToken
from footfall.platform.journeys.types import Button, Email, InApp, Sms
from footfall.xdm.messaging import PushMessage, push_reaction

PHONE, TABLET = PushToken("e1", "t1", "com.example.shop", "fcm"), PushToken("e2", "t2", "com.example.shop", "apns")
LONG = 40_000


def test_a_push_goes_to_every_device_with_tracking_of_its_own():
    push = msgspec.structs.replace(PUSH, link="shop://spa", buttons=(Button("yes", "Book"),))
    run = engine(a_journey(nodes={"push": push}), people=Everybody(anna=Anna(tokens=(PHONE, TABLET))))
    first, second = messages(lived(run, visit(0)))
    assert (first.to, first.provider, first.app, first.ecid) == ("t1", "fcm", "com.example.shop", "e1")
    assert (second.to, second.provider, second.ecid) == ("t2", "apns", "e2")
    assert msgspec.json.decode(first.content) == {
        "title": "Welcome",
        "body": "Hello Anna",
        "link": "shop://spa",
        "buttons": [{"id": "yes", "label": "Book"}],
    }
    executions = [
        msgspec.json.decode(each.tracking)["_experience"]["customerJourneyManagement"]["messageExecution"]
        for each in (first, second)
    ]
    for message, execution in zip((first, second), executions, strict=True):
        assert execution["messageID"] == message.id
        assert execution["messageType"] == "marketing"
        assert execution["journeyVersionID"] == "welcome.v1"
        assert execution["journeyVersionInstanceId"] == message.instance
    assert executions[0]["messageExecutionID"] == executions[1]["messageExecutionID"]
    assert first.id != second.id
    assert first.event == visit(0).id


def test_ids_are_derived_of_organisation_seed_and_history():
    again = [messages(lived(engine(a_journey()), visit(0)))[0].id for _ in range(2)]
    assert again[0] == again[1]
    assert messages(lived(engine(a_journey(version=2)), visit(0)))[0].id != again[0]
    assert messages(lived(engine(a_journey()), visit(1)))[0].id != again[0]


BARE = Anna({}, {}, ())
EMAIL = Email("wait", text("Hi ", "{profile.person.name.lastName}"), text("At ", "{@visit.placeContext.geo.city}"))
SMS = Sms("wait", text("Points: ", "{profile.points}"))
OFFER = InApp("wait", msgspec.Raw(b'{"content":"offer"}'), "home")


@pytest.mark.parametrize(
    ("action", "anna", "to", "content"),
    [
        (EMAIL, Anna(), "anna@example.com", b'{"subject":"Hi ","body":"At Oulu"}'),
        # without an address in the profile, the identity
        (EMAIL, Anna({}, {"Email": ("a@example.com",)}), "a@example.com", b'{"subject":"Hi ","body":"At Oulu"}'),
        (SMS, Anna(), "+358 50 555 0100", b'{"body":"Points: "}'),
        (SMS, Anna({"points": 12}, {"Phone": ("+358505550101",)}), "+358505550101", b'{"body":"Points: 12"}'),
        (OFFER, Anna(), "anna", b'{"content":"offer"}'),
        # a graph without a device: that of the entry event
        (OFFER, BARE, "anna", b'{"content":"offer"}'),
    ],
)
def test_the_other_channels(action, anna, to, content):
    run = engine(a_journey(nodes={"act": action, "wait": Wait(END)}), people=Everybody(anna=anna))
    [message] = messages(lived(run, visit(0, placeContext={"geo": {"city": "Oulu"}})))
    assert (message.to, bytes(message.content)) == (to, content)


@pytest.mark.parametrize("action", [PUSH, EMAIL, SMS])
def test_who_has_no_address_is_left_out_of_the_send_and_goes_on(action):
    action = msgspec.structs.replace(action, next="wait", on_error="push")
    run = engine(a_journey(nodes={"act": action, "wait": Wait(END), "push": PUSH}), people=Everybody(anna=BARE))
    assert steps(lived(run, visit(0)), "sent", "excluded", "failed", "ended") == ["excluded act", "ended wait"]
    counts = run.counts().journeys["welcome"]
    assert (counts.excluded, counts.failed) == (1, 0)


@pytest.mark.parametrize("on_error", ["", "wait"])
def test_who_has_no_profile_goes_where_errors_lead(on_error):
    action = msgspec.structs.replace(PUSH, on_error=on_error)
    run = engine(a_journey(nodes={"act": action, "wait": Wait(END)}), people=Everybody())
    last = "ended wait" if on_error else "exited act"
    assert steps(lived(run, visit(0)), "sent", "failed", "exited", "ended") == ["failed act", last]


# Reactions


def reacting(to: str) -> dict:
    return {
        "push": msgspec.structs.replace(PUSH, next="react"),
        "react": React(to, "thanks", LONG, "pity"),
        "thanks": Wait(END),
        "pity": Wait(END, for_ms=DAY_MS),
    }


@pytest.mark.parametrize(
    ("to", "action", "at_ms", "told"),
    [
        ("opened", None, LONG - 1, ["reacted react", "ended thanks"]),
        # at the very end the time-out comes first; the reaction is recorded and moves nothing
        ("opened", None, LONG, ["timeout react", "reacted pity"]),
        ("opened", None, LONG + 1, ["timeout react", "reacted pity"]),
        ("clicked", "yes", LONG - 1, ["reacted react", "ended thanks"]),
        # who pressed a button has opened it, too; who opened it has not pressed one
        ("opened", "yes", 1, ["reacted react", "ended thanks"]),
        ("clicked", None, 1, ["reacted react"]),
        # wiped away
        ("opened", "Dismiss", 1, []),
        ("clicked", "Dismiss", 1, []),
    ],
)
def test_a_reaction(to, action, at_ms, told):
    run = engine(a_journey(nodes=reacting(to)))
    [message] = messages(lived(run, visit(0)))
    reaction = opened(message, at_ms) if action is None else clicked(message, action, at_ms)
    assert steps(lived(run, reaction), "reacted", "timeout", "ended") == told
    counts = run.counts().journeys["welcome"]
    assert (counts.opened, counts.clicked) == (
        int(action is None),
        int(action == "yes"),
    )


def test_a_reaction_to_another_message_moves_nothing():
    nodes = reacting("opened")
    nodes["push"] = msgspec.structs.replace(PUSH, next="second")
    nodes["second"] = msgspec.structs.replace(PUSH, next="react")
    run = engine(a_journey(nodes=nodes))
    first, second = messages(lived(run, visit(0)))
    assert steps(lived(run, opened(first, 1)), "reacted", "ended") == ["reacted react"]
    assert steps(lived(run, opened(second, 2)), "reacted", "ended") == ["reacted react", "ended thanks"]


def test_a_reaction_after_the_end_is_recorded():
    run = engine(a_journey())
    [message] = messages(lived(run, visit(0)))
    assert steps(lived(run, opened(message, 10 * MINUTE_MS))) == ["reacted"]
    assert run.counts().journeys["welcome"].opened == 1


def test_the_tracking_comes_back_through_the_mobile_sdk():
    # what the phone makes of a notification's `_xdm`, with the mixins in it
    run = engine(a_journey(nodes=reacting("opened")))
    [message] = messages(lived(run, visit(0)))
    xdm = b'{"mixins":%s}' % bytes(message.tracking)
    told = push_reaction(PushMessage("the provider's id", xdm), None, True, "apns", "dataset")
    assert told is not None
    reaction = Happening("back", told.type, START_MS + 1, msgspec.json.decode(told.body))
    # it needs no identity: the instance stands in the tracking data
    assert steps(lived(run, reaction), "reacted", "ended") == ["reacted react", "ended thanks"]


@pytest.mark.parametrize(("what", "to"), [("Display", "opened"), ("Interact", "clicked")])
def test_a_proposition_is_seen_and_touched(what, to):
    nodes = reacting(to) | {"push": InApp("react", msgspec.Raw(b'{"content":"offer"}'), "home")}
    run = engine(a_journey(nodes=nodes))
    [message] = messages(lived(run, visit(0)))
    details = msgspec.json.decode(message.tracking)
    assert (details["correlationID"], message.surface, message.ecid) == (message.id, "home", "anna")
    other = {"id": "x", "scope": "s", "scopeDetails": {}}
    told = {"propositions": [other, {"id": message.id, "scope": "s", "scopeDetails": details}]}
    reaction = event(f"decisioning.proposition{what}", 1, _experience={"decisioning": told})
    assert steps(lived(run, reaction), "reacted", "ended") == ["reacted react", "ended thanks"]


def test_a_dismissed_proposition_is_no_reaction():
    run = engine(a_journey(nodes=reacting("opened")))
    [message] = messages(lived(run, visit(0)))
    told = msgspec.structs.replace(opened(message, 1), type="decisioning.propositionDismiss")
    assert lived(run, told) == []


def test_in_test_mode_a_reaction_is_listened_for_40_seconds():
    nodes = reacting("opened") | {"react": React("opened", "thanks", DAY_MS, "pity")}
    run = engine(a_journey(nodes=nodes, dialect="legacy", mode="test"), people=Everybody(anna=Anna(is_test=True)))
    lived(run, visit(0))
    assert steps(lived(run, 39_999)) == []
    assert steps(lived(run, 40_000), "timeout") == ["timeout react"]
