"""The Places extension's shared state: where it believes the phone to be, as literal histories."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phone_words import Server, a_phone, made, places_answer, told
from sdk_behaviour import behaviour
from sdk_words import IPHONE, PIXEL
from story_words import opened, places, types

from footfall.phone.config import PlacesConfig
from footfall.phone.phone import Phone
from footfall.phone.places import OK, PRIVACY_OPTED_OUT, Membership, Places
from footfall.phone.signals import Foregrounded, Killed, PlacesCleared, PrivacySet, RegionReported, Reply

HOUR_MS = 3_600_000


def answer(within: tuple[str, ...] = (), pois: tuple[str, ...] = ()) -> Reply:
    """Each place as `id`, `id/weight` or `id/weight/radius`; weight 1 and 100 m where untold."""

    def row(words: str) -> dict[str, object]:
        id, weight, radius_m = (*words.split("/"), *("1", "100")[words.count("/") :])
        return {"p": [id, f"{id} place", "60.17", "24.94", int(radius_m), "lib", int(weight)], "x": {}}

    lists = {"userWithin": [row(one) for one in within], "pois": [row(one) for one in pois]}
    return Reply(200, json.dumps({"places": lists, "input": None}).encode())


def ids(membership: Membership) -> dict[str, object]:
    """The state by ids, what is empty left out."""
    state: dict[str, object] = {
        "nearby": " ".join(poi.id for poi in membership.nearby),
        "within": " ".join(poi.id for poi in membership.within),
        "current": membership.current and membership.current.id,
        "entered": membership.last_entered and membership.last_entered.id,
        "exited": membership.last_exited and membership.last_exited.id,
    }
    return {name: value for name, value in state.items() if value}


def after(*history: Reply | str) -> Places:
    """The extension after answers, and region events as `entry a` or `exit a`."""
    extension = Places(PlacesConfig())
    for step in history:
        if isinstance(step, Reply):
            extension.take_nearby(0, "ios", step)
        else:
            kind, poi_id = step.split()
            extension.process_region(0, kind, poi_id)
    return extension


HISTORIES = [
    ([], {}),
    # an answer: both lists; the first place around the phone is the last entered one
    ([answer((), ("a", "b"))], {"nearby": "a b"}),
    ([answer(("a",), ("b",))], {"nearby": "a b", "within": "a", "current": "a", "entered": "a"}),
    ([answer(("a", "b"))], {"nearby": "a b", "within": "a b", "current": "a", "entered": "a"}),
    # another one replaces the lists, and what is current
    ([answer(("a",)), answer((), ("b",))], {"nearby": "b", "entered": "a"}),
    ([answer(("a",)), answer(("b",))], {"nearby": "b", "within": "b", "current": "b", "entered": "b"}),
    ([answer(("a",)), Reply(500)], {"nearby": "a", "within": "a", "current": "a", "entered": "a"}),
    # an entry
    ([answer((), ("a", "b")), "entry a"], {"nearby": "a b", "within": "a", "current": "a", "entered": "a"}),
    # an exit
    ([answer(("a",)), "exit a"], {"nearby": "a", "entered": "a", "exited": "a"}),
    ([answer(("a", "b")), "exit a"],
     {"nearby": "a b", "within": "b", "current": "b", "entered": "a", "exited": "a"}),
    # an exit of a place in which it was not known to be
    ([answer((), ("a",)), "exit a"], {"nearby": "a", "exited": "a"}),
    # two entries in a row: within it once
    ([answer((), ("a",)), "entry a", "entry a"], {"nearby": "a", "within": "a", "current": "a", "entered": "a"}),
    # in and out again
    ([answer((), ("a",)), "entry a", "exit a"], {"nearby": "a", "entered": "a", "exited": "a"}),
    # a place that is not nearby changes nothing
    ([answer((), ("a",)), "entry b", "exit c"], {"nearby": "a"}),
]  # fmt: skip


@behaviour(
    "4.3",
    "A nearby answer replaces both lists and makes the first userWithin place the last entered.",
    Places.take_nearby,
)
@behaviour("4.3", "An entry makes the place the last entered and puts the phone within it.", Places.process_region)
@behaviour("4.3", "An exit makes the place the last exited and takes the phone out of it.", Places.process_region)
@pytest.mark.parametrize(("history", "state"), HISTORIES)
def test_histories(history, state) -> None:
    assert ids(after(*history).state(0)) == state


# entries in this order, places as id/weight/radius -> the current one
CURRENT = [
    (["a/2", "b/1"], "b"),  # the lower weight, though
    (["b/1", "a/2"], "b"),  # the other is the later one
    (["a/1/500", "b/2/10"], "a"),  # and whatever the radius
    (["a/1/300", "b/1/200"], "b"),  # of one weight the smaller radius
    (["b/1/200", "a/1/300"], "b"),
    (["a/1/200", "b/1/200"], "b"),  # of one weight and radius the latest
    (["b/1/200", "a/1/200"], "a"),
]


@behaviour(
    "4.3",
    "The current place is the one of lowest weight, then of smallest radius, then the latest.",
    Places.process_region,
)
@pytest.mark.parametrize(("entered", "current"), CURRENT)
def test_the_current_place(entered, current) -> None:
    history = [answer((), tuple(entered)), *(f"entry {one.partition('/')[0]}" for one in entered)]
    assert ids(after(*history).state(0))["current"] == current


@behaviour("4.3", "An exit makes the next best of the places around the phone the current one.", Places.process_region)
def test_after_an_exit_the_next_best_is_current() -> None:
    nearby = answer((), ("a/1", "b/2", "c/3"))
    entries = ["entry c", "entry a", "entry b"]
    assert ids(after(nearby, *entries).state(0))["current"] == "a"
    assert ids(after(nearby, *entries, "exit a").state(0))["current"] == "b"
    assert ids(after(nearby, *entries, "exit a", "exit b").state(0))["current"] == "c"
    assert "current" not in ids(after(nearby, *entries, "exit a", "exit b", "exit c").state(0))


def test_a_place_that_is_entered_again_is_the_latest() -> None:
    nearby = answer((), ("a", "b"))
    assert ids(after(nearby, "entry a", "entry b", "entry a").state(0))["current"] == "a"


# when the state is asked for -> is what was current, entered and left still told?
EXPIRY = [(0, True), (HOUR_MS - 1, True), (HOUR_MS, False), (24 * HOUR_MS, False)]


@behaviour(
    "4.3",
    "After places.membershipttl (3600 s) current, last entered and last exited disappear from the shared state; the"
    " lists stay.",
    Places.state,
    key="places.membership-ttl",
)
@pytest.mark.parametrize(("now_ms", "told_of"), EXPIRY)
def test_expiry(now_ms, told_of) -> None:
    extension = after(answer(("a", "b")), "exit b")
    lists = {"nearby": "a b", "within": "a"}
    membership = {"current": "a", "entered": "a", "exited": "b"}
    assert ids(extension.state(now_ms)) == (lists | membership if told_of else lists)


# what happens at 3000 s -> does the membership of time 0 hold at 3600 s?
REFRESHES = [
    ("entry a", True),
    ("exit b", True),
    (answer(("a",)), True),
    (Reply(500), False),
    ("entry unknown", False),
]


@behaviour(
    "4.3", "A nearby answer, an entry and an exit each begin the membership's time to live anew.", Places.process_region
)
@pytest.mark.parametrize(("event", "holds"), REFRESHES)
def test_what_refreshes_the_membership(event, holds) -> None:
    extension = after(answer(("a",), ("b",)))
    if isinstance(event, Reply):
        extension.take_nearby(3_000_000, "ios", event)
    else:
        kind, poi_id = event.split()
        extension.process_region(3_000_000, kind, poi_id)
    assert (extension.state(HOUR_MS).current is not None) == holds
    assert (extension.state(3_000_000 + HOUR_MS - 1).current is not None) == holds
    assert extension.state(3_000_000 + HOUR_MS).current is None


def test_the_time_to_live_is_the_configurations() -> None:
    phone = opened(config=places(membership_ttl_s=60))
    phone.feed(1_000, RegionReported("entry", "cafe"))
    assert ids(phone.phone.membership(60_999))["current"] == "cafe"
    assert ids(phone.phone.membership(61_000)) == {"nearby": "cafe", "within": "cafe"}


@behaviour(
    "4.3", "Nothing is de-duplicated: two entries in a row are two location.entry events.", Places.process_region
)
def test_nothing_is_de_duplicated() -> None:
    phone = opened()
    reports = [("entry", 1_000), ("entry", 2_000), ("exit", 3_000), ("exit", 4_000), ("entry", 4_000)]
    effects = [effect for kind, at_ms in reports for effect in phone.feed(at_ms, RegionReported(kind, "cafe"))]
    assert types(effects) == [
        "location.entry@1000", "location.entry@2000", "location.exit@3000", "location.exit@4000", "location.entry@4000",
    ]  # fmt: skip
    assert len({one.event_id for one in made(effects)}) == 5


@behaviour("4.3", "A region event of an unknown place sends nothing.", Phone._process_region)
def test_an_unknown_place_is_ignored_and_said_so() -> None:
    phone = opened()
    assert told(phone.feed(1_000, RegionReported("entry", "bar"))) == ["ignored entry bar: not in the last nearby list"]


@behaviour(
    "4.3",
    "With global.privacy optedout Places ignores region events, asks nothing and forgets what it knew.",
    Phone._privacy_set,
)
def test_opted_out() -> None:
    phone = opened(nearby=answer(("cafe",)))
    phone.feed(1_000, PrivacySet("optedout"))
    assert ids(phone.phone.membership(1_000)) == {}
    assert told(phone.feed(2_000, RegionReported("entry", "cafe"))) == [
        "ignored entry cafe: global.privacy is optedout"
    ]
    # opted in again it still knows of nothing
    phone.feed(3_000, PrivacySet("optedin"))
    assert told(phone.feed(4_000, RegionReported("exit", "cafe"))) == ["ignored exit cafe: not in the last nearby list"]


def test_opted_out_before_the_first_launch_nothing_is_asked() -> None:
    phone = Server(a_phone(), places_answer())
    phone.feed(0, PrivacySet("optedout"))
    assert told(phone.feed(1_000, Foregrounded())) == ["made application.launch", "send application.launch"]


def test_an_answer_that_comes_after_opting_out_is_not_taken() -> None:
    extension = Places(PlacesConfig())
    assert extension.result == OK
    extension.opted_out = True
    assert extension.take_nearby(0, "ios", answer(("a",))) is None
    assert (extension.result, ids(extension.state(0))) == (PRIVACY_OPTED_OUT, {})


@behaviour("4.3", "clear() wipes the lists and the membership; it sends nothing.", Places.clear)
def test_clear() -> None:
    phone = opened(nearby=answer(("cafe",), ("bar",)))
    phone.feed(1_000, RegionReported("exit", "cafe"))
    assert ids(phone.phone.membership(1_000)) == {"nearby": "cafe bar", "entered": "cafe", "exited": "cafe"}
    assert told(phone.feed(2_000, PlacesCleared())) == []
    assert ids(phone.phone.membership(2_000)) == {}
    assert told(phone.feed(3_000, RegionReported("entry", "bar"))) == ["ignored entry bar: not in the last nearby list"]


@behaviour("4.3", "The nearby list and the membership are persisted: they survive the process.", Places.state)
@pytest.mark.parametrize("model", [IPHONE, PIXEL])
def test_a_kill_loses_nothing(model) -> None:
    phone = opened(model, nearby=answer((), ("cafe", "bar")))
    phone.feed(1_000, RegionReported("entry", "cafe"))
    before = phone.phone.membership(2_000)
    phone.feed(2_000, Killed())
    assert phone.phone.membership(2_000) == before
    effects = phone.feed(3_000, RegionReported("entry", "bar"))
    assert types(effects) == ["location.entry@3000"]


@given(st.lists(st.tuples(st.sampled_from(["entry", "exit"]), st.sampled_from("abcd")), max_size=12))
def test_within_is_what_was_entered_and_not_left_since_the_latest_first(reports) -> None:
    extension = after(answer((), ("a", "b", "c")), *(f"{kind} {poi_id}" for kind, poi_id in reports))
    within: list[str] = []
    for kind, poi_id in reports:
        within = [one for one in within if one != poi_id]
        if kind == "entry" and poi_id != "d":  # which is not nearby
            within.insert(0, poi_id)
    state = extension.state(0)
    assert [poi.id for poi in state.within] == within
    assert (state.current.id if state.current else None) == (within[0] if within else None)  # all weigh the same
