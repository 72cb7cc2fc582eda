"""What the app may know of the phone's place: when it asks what is nearby, and when the OS tells it of crossings.

The cafe is 300 m north of home and 100 m around; the customer walks from home past it, 1 m/s.
"""

from __future__ import annotations

import pytest
from phone_words import HOME, VERSION, Server, a_phone, places_answer, requests, told, wake, walk_north
from sdk_behaviour import behaviour
from sdk_words import ANCHOR_MS, ECID, IPHONE, KEY, PIXEL
from story_words import CAFE, CAFE_NEARBY, configured, opened, types

from footfall.phone.app import App
from footfall.phone.config import EdgeConfig, PlacesConfig
from footfall.phone.ids import Ids
from footfall.phone.phone import Owner, Phone
from footfall.phone.places import CONFIGURATION_ERROR, Places
from footfall.phone.signals import (
    Authorized,
    Backgrounded,
    Due,
    Foregrounded,
    Forgotten,
    Killed,
    Rebooted,
    RegionReported,
    Reinstalled,
    Replied,
    Reply,
    Upgraded,
)
from footfall.phone.whereabouts import Whereabouts
from footfall.world.regions import IOS, RegionMonitor

LAUNCH = ["made application.launch", "send application.launch"]
LAUNCH_AND_QUERY = ["made application.launch", "send places nearby", "send application.launch"]


def the_walk(phone: Server, from_ms: int = 10_000, metres: int = 390) -> list[str]:
    """All that is told while the customer walks from home into the cafe: not out of it again, nor the 500 m at which
    the app asks anew."""
    words: list[str] = []
    effects = phone.feed(from_ms, walk_north(0, metres, from_ms))
    while (at_ms := wake(effects)) is not None:
        effects = phone.feed(at_ms, Due())
        words += told(effects)
    return words


ENTRY = ["made location.entry", "send location.entry"]

# what the customer allows -> what the first launch does, what the walk into the cafe tells
ALLOWED = [
    (Authorized("always"), LAUNCH_AND_QUERY, ENTRY),
    (Authorized("wheninuse"), LAUNCH_AND_QUERY, []),  # a position in the foreground, no regions
    (Authorized("denied"), LAUNCH, []),
    (Authorized("restricted"), LAUNCH, []),
    (Authorized("unknown"), LAUNCH, []),  # not asked yet
    (Authorized("always", "reduced"), LAUNCH_AND_QUERY, []),  # a position, kilometres off
    (Authorized("wheninuse", "reduced"), LAUNCH_AND_QUERY, []),
]


@behaviour("4.3", "Only with `always` and full accuracy does the OS report crossings.", Places.may_monitor.fget)
@behaviour("4.3", "Denied, restricted or not asked, the app has no position to ask with.", Places.may_ask.fget)
@pytest.mark.parametrize("model", [IPHONE, PIXEL])
@pytest.mark.parametrize(("allowed", "launch", "walk"), ALLOWED)
def test_what_the_customer_allows(model, allowed, launch, walk) -> None:
    phone = Server(a_phone(model), CAFE_NEARBY)
    phone.feed(0, Authorized("unknown"))
    phone.places = CAFE_NEARBY
    # decided before the app is opened for the first time; granting `always` asks at once
    asked = phone.feed(500, allowed)
    effects = phone.feed(1_000, Foregrounded())
    assert sorted([*told(asked), *told(effects)]) == sorted(launch)
    assert the_walk(phone) == walk


@pytest.mark.parametrize("status", ["always", "wheninuse", "denied", "restricted", "unknown"])
@pytest.mark.parametrize("accuracy", ["full", "reduced"])
@behaviour("4.3", "The shared state names the authorization status and the accuracy.", Places.state)
def test_the_shared_state_has_both(status, accuracy) -> None:
    phone = opened()
    phone.feed(1_000, Authorized(status, accuracy))
    membership = phone.phone.membership(1_000)
    assert (membership.authorized, membership.accuracy) == (status, accuracy)


@behaviour(
    "4.3", "Granting `always` later makes the app ask what is nearby, and the OS monitor it.", Whereabouts.authorize
)
@pytest.mark.parametrize("before", [Authorized("wheninuse"), Authorized("denied"), Authorized("always", "reduced")])
def test_granting_always_later(before) -> None:
    phone = opened()
    phone.feed(1_000, before)
    assert told(phone.feed(2_000, Authorized("always"))) == ["send places nearby"]
    assert the_walk(phone) == ENTRY


def test_granting_it_again_asks_nothing() -> None:
    assert told(opened().feed(1_000, Authorized("always"))) == []


def test_granting_always_while_a_query_is_under_way_monitors_its_answer() -> None:
    phone = a_phone()
    phone.feed(0, Authorized("wheninuse"))
    query, launch = requests(phone.feed(1_000, Foregrounded()))
    assert told(phone.feed(1_010, Authorized("always"))) == []  # the answer is to come
    phone.feed(1_020, Replied(launch.id, Reply(200)))
    phone.feed(1_030, Replied(query.id, CAFE_NEARBY))
    assert the_walk(Server(phone, CAFE_NEARBY)) == ENTRY


@behaviour("4.3", "Granting `always` while no process runs begins none: the next launch asks.", Phone._authorized)
@pytest.mark.parametrize("before", [Authorized("wheninuse"), Authorized("denied"), Authorized("always", "reduced")])
def test_granting_always_to_an_app_that_does_not_run(before) -> None:
    phone = opened()
    phone.feed(1_000, before)
    phone.feed(2_000, Backgrounded())
    phone.feed(2_500, Due())
    phone.feed(3_000, Killed())
    assert told(phone.feed(4_000, Authorized("always"))) == []
    assert told(phone.feed(5_000, Foregrounded())) == LAUNCH_AND_QUERY
    assert the_walk(phone) == ENTRY


@behaviour(
    "4.7",
    "A permission that is taken and given back while a query is under way changes nothing of when the next one is due.",
    Whereabouts.take_nearby,
)
def test_denied_and_granted_again_while_a_query_is_under_way() -> None:
    phone = a_phone()
    query, launch = requests(phone.feed(0, Foregrounded()))
    phone.feed(10, Authorized("denied"))
    assert told(phone.feed(20, Authorized("always"))) == []  # the answer is to come
    phone.feed(30, Replied(launch.id, Reply(200)))
    phone.feed(40, Replied(query.id, places_answer()))
    effects = phone.feed(10_000, walk_north(0, 600, 10_000))
    at_ms = wake(effects)
    assert at_ms is not None
    assert 500_000 <= at_ms - 10_000 <= 520_000  # 500 m on, at 1 m/s
    assert told(phone.feed(at_ms, Due())) == ["send places nearby"]


def test_denied_while_a_query_is_under_way_its_answer_is_the_last() -> None:
    phone = a_phone()
    query, launch = requests(phone.feed(0, Foregrounded()))
    phone.feed(10, Authorized("denied"))
    phone.feed(30, Replied(launch.id, Reply(200)))
    phone.feed(40, Replied(query.id, CAFE_NEARBY))
    assert wake(phone.feed(10_000, walk_north(0, 600, 10_000))) is None


# what happens to a phone that monitors -> what is forgotten by it, on iOS and on Android
FORGETTING = [
    (Authorized("denied"), ["regions"], ["regions"]),
    (Authorized("wheninuse"), ["regions"], ["regions"]),
    (Authorized("always"), [], []),
    (Killed(), [], []),  # the OS goes on
    (Upgraded("1.5.0 (220)"), [], []),
    (Rebooted(), [], ["regions"]),
    (Reinstalled(), ["regions", "app"], ["regions", "app"]),
]


@behaviour(
    "4.7",
    "The OS forgets the regions when the permission is gone or the app removed, Android also when it is switched off.",
    Whereabouts.forget_regions,
)
@pytest.mark.parametrize(("signal", "on_ios", "on_android"), FORGETTING)
def test_what_is_forgotten(signal, on_ios, on_android) -> None:
    for model, expected in ((IPHONE, on_ios), (PIXEL, on_android)):
        effects = opened(model).feed(10_000, signal)
        assert [effect.what for effect in effects if isinstance(effect, Forgotten)] == expected


def test_a_permission_that_is_lost_twice_is_forgotten_once() -> None:
    phone = opened()
    phone.feed(1_000, Authorized("denied"))
    assert phone.feed(2_000, Authorized("wheninuse")) == []


@behaviour("4.3", "Taking the permission back ends the monitoring.", Whereabouts.authorize)
@pytest.mark.parametrize("after", [Authorized("denied"), Authorized("wheninuse"), Authorized("always", "reduced")])
def test_taking_it_back(after) -> None:
    phone = opened()
    effects = phone.feed(10_000, walk_north(0, 490, 10_000))
    entry_ms = wake(effects)
    assert entry_ms is not None
    assert wake(phone.feed(20_000, after)) is None
    assert told(phone.feed(entry_ms, Due())) == []


def test_after_a_denial_nothing_is_asked_on_the_way_and_the_next_launch_with_a_permission_asks() -> None:
    phone = opened()
    phone.feed(1_000, Authorized("denied"))
    assert the_walk(phone, metres=1_600) == []
    phone.feed(2_000_000, Backgrounded())
    phone.feed(2_000_500, Due())
    phone.feed(2_100_000, Authorized("wheninuse"))
    assert told(phone.feed(2_200_000, Foregrounded())) == LAUNCH_AND_QUERY


@behaviour(
    "4.7",
    "Without `always` an app in the pocket is told of no significant change: it asks again when opened.",
    Phone._do_what_is_due,
)
@pytest.mark.parametrize("end", [Backgrounded(), Killed()])
def test_when_in_use_the_app_asks_only_while_it_is_used(end) -> None:
    phone = Server(a_phone(), CAFE_NEARBY)
    phone.feed(0, Authorized("wheninuse"))
    phone.feed(1_000, Foregrounded())
    effects = phone.feed(10_000, walk_north(0, 600, 10_000))
    assert told(phone.feed(wake(effects), Due())) == ["send places nearby"]  # 500 m on, in the foreground

    phone.feed(700_000, end)
    effects = phone.feed(800_000, walk_north(600, 2_000, 800_000))
    words: list[str] = []
    while (at_ms := wake(effects)) is not None:
        effects = phone.feed(at_ms, Due())
        words += told(effects)
    assert "send places nearby" not in words
    assert "send places nearby" in told(phone.feed(3_000_000, Foregrounded()))


@behaviour(
    "4.2",
    "Without libraries Places is not configured: a configuration error, and no query.",
    Whereabouts.query,
    key="places.libraries, scenario: places",
)
def test_no_libraries() -> None:
    app = App(configured(edge=EdgeConfig(datastream="stream-1"), places=PlacesConfig(libraries=())))
    monitor = RegionMonitor(IOS, HOME, 0)
    phone = Phone(IPHONE, Owner(ECID, "en-US", None, VERSION), app, Ids(KEY, 0, "ios"), monitor, ANCHOR_MS)
    assert told(phone.feed(0, Foregrounded())) == LAUNCH
    assert phone.nearby_result == CONFIGURATION_ERROR
    # and a region event is of no place that it knows
    effects = phone.feed(1_000, RegionReported("entry", "cafe"))
    assert told(effects) == ["ignored entry cafe: not in the last nearby list"]


@behaviour(
    "4.7", "A region event wakes the app though its process is dead, and its event goes out.", Phone._process_region
)
@pytest.mark.parametrize(("model", "entry_ms"), [(IPHONE, 255_000), (PIXEL, 240_000)])
def test_a_region_event_wakes_a_dead_app(model, entry_ms) -> None:
    phone = opened(model)
    phone.feed(5_000, Backgrounded())
    phone.feed(5_500, Due())
    phone.feed(6_000, Killed())
    effects = phone.feed(10_000, walk_north(0, 490, 10_000))
    assert wake(effects) == pytest.approx(entry_ms, abs=1_500)
    effects = phone.feed(wake(effects), Due())
    assert told(effects) == ENTRY  # no launch: nobody opened the app
    assert phone.phone.queued == ()


@behaviour(
    "4.7",
    "Android forgets the monitored regions when the phone is switched off; the next launch asks anew. iOS keeps them.",
    Phone._rebooted,
)
def test_a_reboot() -> None:
    android, ios = opened(PIXEL), opened(IPHONE)
    for phone in (android, ios):
        phone.feed(5_000, Backgrounded())
        phone.feed(5_500, Due())
        phone.feed(6_000, Rebooted())
    assert the_walk(ios, metres=490) == ENTRY
    assert the_walk(android, metres=490) == []
    assert told(ios.feed(600_000, Foregrounded())) == LAUNCH
    # the phone is in the cafe's circle no more (490 m on); Android asks, and monitors again
    assert told(android.feed(600_000, Foregrounded())) == LAUNCH_AND_QUERY
    effects = android.feed(700_000, walk_north(490, 300, 700_000))
    assert told(android.feed(wake(effects), Due())) == ENTRY


@behaviour("4.3", "A new installation knows of no place and has no region monitored.", Phone._reinstalled)
def test_reinstalled() -> None:
    phone = opened()
    phone.feed(6_000, Reinstalled())
    assert phone.phone.membership(6_000).nearby == ()
    assert the_walk(phone) == []
    # opened at last, in the cafe, of which iOS then says nothing
    assert told(phone.feed(600_000, Foregrounded())) == [*LAUNCH_AND_QUERY, "inside cafe"]


@behaviour("4.3", "The nearby list survives the process: the next launch need not ask again.", Phone._die)
def test_the_next_launch_asks_nothing() -> None:
    phone = opened(nearby=places_answer(CAFE))
    phone.feed(6_000, Killed())
    assert types(phone.feed(60_000, Foregrounded())) == ["application.close@2000", "application.launch@60000"]
    assert [request.channel for request in phone.got].count("places") == 1
    assert types(phone.feed(61_000, RegionReported("entry", "cafe"))) == ["location.entry@61000"]


def test_killed_before_the_answer_the_next_launch_asks_again() -> None:
    phone = a_phone()
    query, _ = requests(phone.feed(0, Foregrounded()))
    phone.feed(10, Killed())
    assert told(phone.feed(80, Replied(query.id, CAFE_NEARBY))) == []  # nobody reads it
    assert "send places nearby" in told(phone.feed(60_000, Foregrounded()))
