"""What a phone does, told as stories: signals in, effects out."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest
from phone_words import Server, a_phone, made, places_answer, requests, told, wake, walk_north
from sdk_words import ECID, IPHONE, PIXEL, busy, ok, sent

from footfall.phone.signals import Backgrounded, Did, Due, Foregrounded, LoggedIn, Replied, Reply
from footfall.world.catalogue import CATALOGUE
from footfall.xdm.commerce import CartLine

VIEW = Did("productViews", (CartLine(CATALOGUE[0], 1),))


def about(ms: int):
    return pytest.approx(ms, abs=1_500)


def test_the_install() -> None:
    phone = a_phone()

    effects = phone.feed(1_000, Foregrounded())

    assert told(effects) == ["made application.launch", "send places nearby", "send application.launch"]
    assert wake(effects) is None  # it waits for answers, not for a time
    query, launch = requests(effects)
    assert (query.channel, query.method, query.body, query.event_ids) == ("places", "GET", b"", ())
    assert query.target == ("/placesedgequery/?library=lib&latitude=60.17&longitude=24.94&limit=20")
    assert (launch.channel, launch.method, launch.attempt) == ("edge", "POST", 1)
    (event,) = sent(launch)["events"]
    assert event["xdm"]["timestamp"] == "2023-11-14T22:13:21.000Z"  # the anchor and a second
    assert event["xdm"]["application"]["isInstall"] is True
    assert (made(effects)[0].event_id,) == launch.event_ids == (event["xdm"]["_id"],)
    assert phone.queued == launch.event_ids
    assert phone.busy


def test_opening_the_app_again_asks_nothing() -> None:
    phone = Server(a_phone(), places_answer())
    phone.feed(0, Foregrounded())
    phone.feed(10_000, Backgrounded())
    phone.feed(10_500, Due())
    effects = phone.feed(60_000, Foregrounded())
    assert told(effects) == ["made application.launch", "send application.launch"]


def test_an_entry_and_an_exit_on_ios() -> None:
    # a cafe 300 m north, 100 m around; the phone walks past it at 1 m/s, the app in the pocket
    phone = Server(a_phone(IPHONE), places_answer(("cafe", 300.0, 100)))
    phone.feed(0, Foregrounded())
    phone.feed(5_000, Backgrounded())
    phone.feed(5_500, Due())

    # in when 25 m inside the circle (at 225 m) for 20 s
    effects = phone.feed(10_000, walk_north(0, 1_000, 10_000))
    assert told(effects) == []
    entry_ms = wake(effects)
    assert entry_ms == about(10_000 + 225_000 + 20_000)

    effects = phone.feed(entry_ms, Due())
    assert told(effects) == ["made location.entry", "send location.entry"]
    (event,) = sent(phone.got[-1])["events"]
    assert event["xdm"] == {
        "_id": phone.got[-1].event_ids[0],
        "timestamp": event["xdm"]["timestamp"],
        "eventType": "location.entry",
        "placeContext": {
            "POIinteraction": {
                "poiDetail": {
                    "poiID": "cafe",
                    "name": "cafe place",
                    "metadata": {"list": [{"key": "category", "value": "cafe"}]},
                }
            }
        },
    }
    assert made(effects)[0].at_ms == entry_ms  # the OS's callback, not the crossing
    # next: out when 100 m outside (at 500 m) for 20 s; just before, 500 m from home, it asks what is nearby
    assert wake(effects) == about(10_000 + 500_000)
    effects = phone.feed(wake(effects), Due())
    assert told(effects) == ["send places nearby"]
    assert wake(effects) == about(10_000 + 500_000 + 20_000)
    effects = phone.feed(wake(effects), Due())
    assert told(effects) == ["made location.exit", "send location.exit"]
    # 500 m from where it asked last is the end of the walk
    assert wake(effects) in (None, about(1_010_000))


def test_android_looks_every_two_minutes_and_reports_where_it_finds_itself() -> None:
    phone = Server(a_phone(PIXEL, phase_ms=7_000), places_answer(("home", 0.0, 100), ("cafe", 300.0, 100)))
    effects = phone.feed(10_000, Foregrounded())
    assert "inside home" not in told(effects)
    assert wake(effects) == 127_000  # the next look: 7 s and a multiple of 120 s
    assert told(phone.feed(127_000, Due())) == ["made location.entry", "send location.entry"]

    # at 1 m/s: out of "home" 116 m on, in the cafe 216 m on, each told at the next look
    effects = phone.feed(130_000, walk_north(0, 300, 130_000))
    assert wake(effects) == 247_000
    effects = phone.feed(247_000, Due())
    assert told(effects) == ["made location.exit", "send location.exit"]
    assert wake(effects) == 367_000
    assert told(phone.feed(367_000, Due())) == ["made location.entry", "send location.entry"]


def test_ios_says_nothing_of_a_region_in_which_it_starts() -> None:
    phone = Server(a_phone(IPHONE), places_answer(("home", 0.0, 100), ("cafe", 300.0, 100)))
    effects = phone.feed(0, Foregrounded())
    assert told(effects)[-1] == "inside home"
    assert wake(effects) is None  # and no entry to come
    # but of leaving it, 100 m outside for 20 s; on the way the cafe comes first: 225 m and 20 s
    effects = phone.feed(10_000, walk_north(0, 250, 10_000))
    assert wake(effects) == about(10_000 + 200_000 + 20_000)
    assert told(phone.feed(wake(effects), Due())) == ["made location.exit", "send location.exit"]


def test_every_500_m_it_asks_what_is_nearby() -> None:
    phone = Server(a_phone(), places_answer())
    phone.feed(0, Foregrounded())
    effects = phone.feed(10_000, walk_north(0, 1_600, 10_000))
    asked_m = []
    while (at_ms := wake(effects)) is not None:
        effects = phone.feed(at_ms, Due())
        assert told(effects) == ["send places nearby"]
        query = parse_qs(phone.got[-1].target.partition("?")[2])
        asked_m.append((float(query["latitude"][0]) - 60.17) * 111_195)
    assert asked_m == [pytest.approx(m, abs=2) for m in (500, 1_000, 1_500)]


def test_a_nearby_query_is_not_tried_again_before_the_next_500_m() -> None:
    phone = a_phone()
    query, launch = requests(phone.feed(0, Foregrounded()))
    phone.feed(80, Replied(launch.id, ok()))
    effects = phone.feed(90, Replied(query.id, busy("1")))
    assert told(effects) == []
    assert wake(effects) is None
    assert wake(phone.feed(10_000, walk_north(0, 600, 10_000))) == about(510_000)


def test_while_a_query_is_under_way_no_other_is_made() -> None:
    phone = a_phone()
    query, launch = requests(phone.feed(0, Foregrounded()))
    phone.feed(80, Replied(launch.id, ok()))
    assert wake(phone.feed(1_000, walk_north(0, 2_000, 1_000))) is None
    # the answer comes when it is 700 m away already: time to ask again
    effects = phone.feed(701_000, Replied(query.id, places_answer()))
    assert told(effects) == ["send places nearby"]


def test_a_crossing_of_a_place_that_the_last_answer_did_not_name_is_ignored() -> None:
    phone = Server(a_phone(), places_answer(("cafe", 300.0, 100)))
    phone.feed(0, Foregrounded())
    effects = phone.feed(10_000, walk_north(0, 1_000, 10_000))
    effects = phone.feed(wake(effects), Due())
    assert told(effects) == ["made location.entry", "send location.entry"]

    phone.places = places_answer(("elsewhere", 5_000.0, 100))  # what is nearby 500 m on
    effects = phone.feed(wake(effects), Due())
    assert told(effects) == ["send places nearby"]
    # the OS still watches the region that it believes the phone to be in
    effects = phone.feed(wake(effects), Due())
    assert told(effects) == ["ignored exit cafe: not in the last nearby list"]


def test_login_adds_the_email_identity_after_the_ecid() -> None:
    phone = Server(a_phone(), places_answer())
    phone.feed(0, Foregrounded())
    assert told(phone.feed(5_000, LoggedIn("aino@example.com"))) == []  # nothing is sent for it
    phone.feed(6_000, VIEW)

    before, after = (sent(request)["xdm"]["identityMap"] for request in phone.got if request.channel == "edge")
    ecid = {"id": ECID, "authenticatedState": "ambiguous", "primary": False}
    assert before == {"ECID": [ecid]}
    assert after == {
        "ECID": [ecid],
        "Email": [{"id": "aino@example.com", "authenticatedState": "authenticated", "primary": False}],
    }
    assert list(after) == ["ECID", "Email"]


def test_an_event_queued_before_login_carries_the_old_identities_though_sent_later() -> None:
    phone = a_phone()
    query, launch = requests(phone.feed(0, Foregrounded()))
    phone.feed(10, Replied(query.id, places_answer()))
    phone.feed(20, VIEW)  # queued behind the launch
    phone.feed(30, LoggedIn("aino@example.com"))
    phone.feed(40, VIEW)

    (first_view,) = requests(phone.feed(50, Replied(launch.id, ok())))
    (second_view,) = requests(phone.feed(60, Replied(first_view.id, ok())))

    assert list(sent(first_view)["xdm"]["identityMap"]) == ["ECID"]
    assert list(sent(second_view)["xdm"]["identityMap"]) == ["ECID", "Email"]


def test_offline_the_queue_grows_and_leaves_in_order() -> None:
    phone = a_phone()
    query, request = requests(phone.feed(0, Foregrounded()))
    phone.feed(10, Replied(query.id, places_answer()))
    for at_ms in (1_000, 2_000, 3_000):
        assert told(phone.feed(at_ms, VIEW)) == ["made commerce.productViews"]  # one in flight: nothing is sent
    effects = phone.feed(5_000, Replied(request.id, Reply(0, failure="timeout")))
    assert told(effects) == []
    assert wake(effects) == 10_000
    assert told(phone.feed(7_000, VIEW)) == ["made commerce.productViews"]  # nor does a new one overtake

    effects = phone.feed(10_000, Due())
    arrived = []
    while sending := requests(effects):
        arrived.append((sending[0].name, sending[0].attempt, sent(sending[0])["events"][0]["xdm"]["timestamp"]))
        effects = phone.feed(10_000, Replied(sending[0].id, ok()))
    assert arrived == [
        ("application.launch", 2, "2023-11-14T22:13:20.000Z"),  # with the times of what happened
        ("commerce.productViews", 1, "2023-11-14T22:13:21.000Z"),
        ("commerce.productViews", 1, "2023-11-14T22:13:22.000Z"),
        ("commerce.productViews", 1, "2023-11-14T22:13:23.000Z"),
        ("commerce.productViews", 1, "2023-11-14T22:13:27.000Z"),
    ]
    assert not phone.busy


def test_the_close_comes_half_a_second_later_with_the_time_of_the_pause() -> None:
    phone = Server(a_phone(), places_answer())
    phone.feed(0, Foregrounded())
    effects = phone.feed(8_250, Backgrounded())
    assert told(effects) == []
    assert wake(effects) == 8_750
    assert phone.phone.busy  # a close is about to become an event
    effects = phone.feed(8_750, Due())
    assert told(effects) == ["made application.close", "send application.close"]
    assert made(effects)[0].at_ms == 8_250
    (event,) = sent(phone.got[-1])["events"]
    assert event["xdm"]["timestamp"] == "2023-11-14T22:13:28.250Z"
    assert event["xdm"]["application"] == {"isClose": True, "closeType": "close", "sessionLength": 8}
    assert not phone.phone.busy


def test_a_blink_is_neither_close_nor_launch() -> None:
    phone = Server(a_phone(), places_answer())
    phone.feed(0, Foregrounded())
    phone.feed(8_000, Backgrounded())
    effects = phone.feed(8_499, Foregrounded())
    assert told(effects) == []
    assert wake(effects) is None


# what arrives once the close is due, though nobody woke the phone for it -> what comes after the close
LATE = [
    (Foregrounded(), ["made application.launch"]),  # no blink: the app had been away
    (Backgrounded(), []),  # no second pause that would move the close
    (VIEW, ["made commerce.productViews"]),
]


@pytest.mark.parametrize(("signal", "after"), LATE)
def test_a_close_that_is_due_goes_before_whatever_comes(signal, after) -> None:
    phone = a_phone()
    phone.feed(0, Foregrounded())
    phone.feed(8_000, Backgrounded())
    effects = phone.feed(9_000, signal)
    assert told(effects) == ["made application.close", *after]
    assert made(effects)[0].at_ms == 8_000
    assert wake(effects) is None


def test_wake_at_is_always_the_earliest() -> None:
    phone = a_phone()
    query, launch = requests(phone.feed(0, Foregrounded()))
    phone.feed(10, Replied(query.id, places_answer(("cafe", 300.0, 100))))
    # only a retry
    assert wake(phone.feed(1_000, Replied(launch.id, busy("600")))) == 601_000
    # and an entry to come: 225 s of walking, 20 s
    effects = phone.feed(10_000, walk_north(0, 600, 10_000))
    entry_ms = wake(effects)
    assert entry_ms == about(255_000)
    # and a close
    assert wake(phone.feed(20_000, Backgrounded())) == 20_500
    # the close is done: the entry is the earliest again
    assert wake(phone.feed(20_500, Due())) == entry_ms
    # then the 500 m, then the exit, then the retry
    effects = phone.feed(entry_ms, Due())
    assert wake(effects) == about(510_000)
    effects = phone.feed(wake(effects), Due())
    (query,) = requests(effects)
    effects = phone.feed(wake(effects) - 100, Replied(query.id, places_answer(("cafe", 300.0, 100))))
    assert wake(effects) == about(530_000)
    effects = phone.feed(wake(effects), Due())
    assert told(effects) == ["made location.exit"]
    assert wake(effects) == 601_000
    assert told(phone.feed(601_000, Due())) == ["send application.launch"]


def test_stop_watching() -> None:
    # everything at once to come: a close, a retry, an entry, 500 m
    phone = a_phone()
    query, launch = requests(phone.feed(0, Foregrounded()))
    phone.feed(10, Replied(query.id, places_answer(("cafe", 300.0, 100))))
    phone.feed(1_000, Replied(launch.id, busy("5000")))
    phone.feed(10_000, walk_north(0, 600, 10_000))
    phone.feed(20_000, Backgrounded())

    phone.stop_watching()

    # what is still to be delivered is waited for; crossings and queries are not
    assert wake(phone.feed(20_001, Due())) == 20_500
    effects = phone.feed(20_500, Due())
    assert told(effects) == ["made application.close"]
    assert wake(effects) == 5_001_000
    assert told(phone.feed(600_000, Due())) == []
    (again,) = requests(phone.feed(5_001_000, Due()))
    (close,) = requests(phone.feed(5_001_080, Replied(again.id, ok())))
    effects = phone.feed(5_001_160, Replied(close.id, ok()))
    assert (told(effects), wake(effects), phone.busy) == ([], None, False)


def test_the_same_phone_says_the_same_again() -> None:
    bodies = []
    for _ in range(2):
        phone = Server(a_phone(), places_answer())
        phone.feed(0, Foregrounded())
        phone.feed(5_000, VIEW)
        bodies.append([json.loads(request.body) for request in phone.got if request.channel == "edge"])
    assert bodies[0] == bodies[1]
