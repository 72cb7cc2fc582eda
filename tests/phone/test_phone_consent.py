"""Consent: what leaves the phone, what waits on it and what is never made, in the SDK's order."""

from __future__ import annotations

import pytest
from phone_words import NO_CONSENT_EXTENSION, UNDECIDED, Desk, a_phone, body_of, calls, consent_of, made, told, wake
from sdk_behaviour import behaviour
from sdk_words import IPHONE, PIXEL, TIMEOUT, busy, framed, ok, preferences

from footfall.phone.config import AppConfig, ConsentConfig
from footfall.phone.consent import Consent, update_body
from footfall.phone.edge import Edge
from footfall.phone.phone import Phone
from footfall.phone.signals import AdvertisingIdSet, Consented, Due, IdentitiesReset, Killed

REFUSING = AppConfig(consent=ConsentConfig(default="n"))


@behaviour("7.3", "consent.default sets the local value and is never sent.", Consent, key="consent.default")
@pytest.mark.parametrize(
    ("config", "sent"),
    [
        (AppConfig(), ["commerce.productViews"]),  # the default default: y
        (UNDECIDED, []),
        (REFUSING, []),
        (NO_CONSENT_EXTENSION, ["commerce.productViews"]),
    ],
)
@pytest.mark.parametrize("model", [IPHONE, PIXEL], ids=["ios", "android"])
def test_the_first_event_under_each_default(model, config, sent) -> None:
    desk = Desk(a_phone(model, config=config))
    desk.feed(0, calls())
    assert desk.names == sent


@behaviour(
    "7.3",
    "Without the Consent extension everything is collected at once, and no decision is told.",
    Consent,
    key="consent.registered",
)
def test_without_the_extension() -> None:
    desk = Desk(a_phone(config=NO_CONSENT_EXTENSION))
    for n, choice in enumerate(("n", "p", "y")):
        desk.feed(n, Consented(choice))
        desk.feed(n, calls())
        desk.drain(n)
    assert desk.names == ["commerce.productViews"] * 3


def test_without_the_extension_edge_cannot_change_it_either() -> None:
    desk = Desk(a_phone(config=NO_CONSENT_EXTENSION))
    desk.feed(0, calls())
    desk.answer(10, ok(framed(preferences({"collect": {"val": "n"}}))))
    desk.feed(20, calls())
    assert len(desk.sent) == 2


@behaviour(
    "7.3",
    "Under p events are queued and nothing leaves; with y all go in order, timestamps unchanged.",
    Edge.next_request,
    key="consent.default",
)
def test_p_then_y_is_a_burst_in_order() -> None:
    desk = Desk(a_phone(config=UNDECIDED))
    ids = []
    for n, type in enumerate(("a.1", "a.2", "a.3")):
        effects = desk.feed(n * 60_000, calls(type))
        assert told(effects) == [f"made {type}"]
        ids.append(made(effects)[0].event_id)
    assert desk.phone.withheld == tuple(ids)
    assert not desk.phone.busy

    desk.feed(600_000, Consented("y"))
    desk.drain(600_100)

    assert desk.names == ["a.1", "a.2", "a.3", "set-consent"]
    stamps = [body_of(request)["events"][0]["xdm"]["timestamp"] for request in desk.sent[:3]]
    assert stamps == ["2023-11-14T22:13:20.000Z", "2023-11-14T22:14:20.000Z", "2023-11-14T22:15:20.000Z"]
    assert [request.event_ids[0] for request in desk.sent[:3]] == ids


@behaviour("7.3", "Under p the set-consent request waits in the queue like everything else.", Edge.next_request)
def test_set_consent_of_p_waits() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls("a.1"))
    desk.answer(10)
    desk.feed(20, Consented("p"))
    desk.feed(30, calls("a.2"))
    assert desk.names == ["a.1"]
    desk.feed(40, Consented("y"))
    desk.drain(50)
    assert desk.names == ["a.1", "set-consent", "a.2", "set-consent"]
    assert [consent_of(one) for one in (desk.sent[1], desk.sent[3])] == [
        {"collect": {"val": "p"}},
        {"collect": {"val": "y"}},
    ]


@behaviour("7.3", "n clears the queue, and after that the set-consent request is queued and sent.", Phone)
def test_p_then_n_clears_and_tells() -> None:
    desk = Desk(a_phone(config=UNDECIDED))
    ids = [made(desk.feed(n, calls()))[0].event_id for n in range(2)]

    effects = desk.feed(100, Consented("n"))

    assert told(effects) == [
        f"withheld {ids[0]}: collect consent became n",
        f"withheld {ids[1]}: collect consent became n",
        "send set-consent",
    ]
    assert consent_of(desk.last) == {"collect": {"val": "n"}}
    assert desk.phone.queued == ()


@behaviour("7.3", "Under n events are dropped at intake.", Phone, key="consent.default")
def test_events_under_n() -> None:
    desk = Desk(a_phone())
    desk.feed(0, Consented("n"))
    desk.drain(10)
    effects = desk.feed(20, calls("a.1"))
    assert told(effects) == ["made a.1", f"withheld {made(effects)[0].event_id}: collect consent is n"]
    desk.feed(30, Consented("y"))
    desk.feed(40, calls("a.2"))
    desk.drain(50)
    assert desk.names == ["set-consent", "set-consent", "a.2"]  # what was dropped does not come back


@pytest.mark.parametrize(
    ("reply", "lost"),
    [
        (ok(), False),  # it had arrived
        (busy(), True),  # it would have been tried again, had the queue not been cleared
        (TIMEOUT, True),
    ],
)
def test_the_event_in_flight_when_consent_becomes_n(reply, lost) -> None:
    desk = Desk(a_phone())
    event_id = made(desk.feed(0, calls()))[0].event_id
    assert told(desk.feed(10, Consented("n"))) == []  # one in flight: the set-consent waits for its answer
    effects = told(desk.answer(20, reply))
    expected = [f"withheld {event_id}: collect consent became n while it was sent"] if lost else []
    assert effects == [*expected, "send set-consent"]


@behaviour("1.5", "A set-consent request tells only what changed, and the time of the change.", update_body)
def test_only_what_changed_is_told() -> None:
    desk = Desk(a_phone())
    desk.feed(0, Consented("y"))
    desk.feed(1_000, AdvertisingIdSet("an-id"))
    desk.feed(2_000, Consented("n"))
    desk.drain(3_000)
    # n cleared the queue, and with it what the advertising id had to tell
    assert [body_of(one)["consent"][0]["value"] for one in desk.sent] == [
        {"collect": {"val": "y"}, "metadata": {"time": "2023-11-14T22:13:20.000Z"}},
        {"collect": {"val": "n"}, "metadata": {"time": "2023-11-14T22:13:22.000Z"}},
    ]


def test_the_advertising_ids_consent_does_not_touch_collect() -> None:
    desk = Desk(a_phone(config=UNDECIDED))
    desk.feed(0, AdvertisingIdSet("an-id"))
    desk.feed(10, calls())
    assert desk.sent == []
    desk.feed(20, Consented("y"))
    desk.drain(30)
    assert desk.names == ["set-consent", "commerce.productViews", "set-consent"]


# the payload of consent:preferences -> whether the next event is sent, held or dropped
PREFERENCES = [
    ({"collect": {"val": "y"}}, "sent"),
    ({"collect": {"val": "p"}}, "held"),
    ({"collect": {"val": "n"}}, "dropped"),
    ({"collect": {"val": "u"}}, "held"),  # another word is taken for p
    ({"adID": {"val": "n"}}, "sent"),  # says nothing of collect
    ({}, "sent"),
    ("none", "sent"),  # unreadable
]


@behaviour("7.3", "consent:preferences from Edge is merged and heeded, and nothing is sent for it.", Phone)
@pytest.mark.parametrize(("value", "fate"), PREFERENCES)
def test_what_edge_says_of_consent(value, fate) -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls("a.1"))
    desk.answer(10, ok(framed(preferences(value))))
    effects = desk.feed(20, calls("a.2"))
    assert desk.names == (["a.1", "a.2"] if fate == "sent" else ["a.1"])
    assert bool(desk.phone.withheld) == (fate == "held")
    assert any("collect consent is n" in word for word in told(effects)) == (fate == "dropped")


def test_edge_says_n_and_the_queue_is_cleared() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls("a.1"))
    later = made(desk.feed(1, calls("a.2")))[0].event_id
    effects = desk.answer(10, ok(framed(preferences({"collect": {"val": "n"}}))))
    assert told(effects) == [f"withheld {later}: collect consent became n"]


def test_the_set_consents_own_answer_changes_nothing_that_was_said() -> None:
    desk = Desk(a_phone(config=UNDECIDED))
    desk.feed(0, calls("a.1"))
    desk.feed(10, Consented("y"))
    desk.answer(20)
    desk.answer(
        30, ok(framed(preferences({"collect": {"val": "y"}, "metadata": {"time": "2026-01-01T00:00:00.000Z"}})))
    )
    assert desk.names == ["a.1", "set-consent"]
    assert not desk.phone.busy


@behaviour("1.5", "A set-consent request is tried again like any other, with the same body.", Edge.answered)
def test_a_set_consent_is_tried_again() -> None:
    desk = Desk(a_phone())
    desk.feed(0, Consented("y"))
    first = desk.last
    assert wake(desk.answer(10, busy("7"))) == 7_010
    desk.feed(7_010, Due())
    assert (desk.last.body, desk.last.attempt) == (first.body, 2)
    assert desk.last.id != first.id


def test_a_wait_that_ends_under_p_does_not_wake_the_phone_for_ever() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls())
    desk.answer(10, busy())
    desk.feed(20, Consented("p"))
    assert wake(desk.feed(5_010, Due())) is None
    desk.feed(6_000, Consented("y"))
    assert desk.last.attempt == 2


@behaviour("7.3", "The customer's decision survives the app's process.", Consent)
def test_the_decision_is_persisted() -> None:
    desk = Desk(a_phone(config=UNDECIDED))
    desk.feed(0, Consented("y"))
    desk.drain(10)
    desk.dies(20, Killed())
    desk.feed(30, calls())
    assert desk.names == ["set-consent", "commerce.productViews"]


def test_a_reset_of_identities_leaves_consent_alone() -> None:
    desk = Desk(a_phone())
    desk.feed(0, Consented("n"))
    desk.drain(10)
    desk.feed(20, IdentitiesReset())
    desk.feed(30, calls())
    assert desk.names == ["set-consent"]
