"""resetIdentities as Edge lives it: the store is emptied in the queue's order, earlier answers no longer count."""

from __future__ import annotations

import json

from phone_words import Desk, a_phone, calls
from sdk_behaviour import behaviour
from sdk_words import an_edge, busy, framed, hit, location_hint, ok, sent, store

from footfall.phone.config import AppConfig, ConsentConfig
from footfall.phone.edge import Edge
from footfall.phone.signals import Consented, IdentitiesReset, Killed

STATE = framed(store(("k", "v", 600)))
HINT = framed(location_hint("EdgeNetwork", "or2", 600))


def state(desk: Desk, number: int = -1) -> dict[str, str]:
    """key -> value of what this request brought along."""
    meta = json.loads(desk.sent[number].body)["meta"]
    return {entry["key"]: entry["value"] for entry in meta.get("state", {}).get("entries", [])}


def ecid(desk: Desk, number: int = -1) -> str:
    return json.loads(desk.sent[number].body)["xdm"]["identityMap"]["ECID"][0]["id"]


@behaviour("2.2", "After resetIdentities the first request has no meta.state.", Edge.reset)
def test_the_store_is_empty_after_a_reset() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls())
    desk.answer(10, ok(STATE))
    desk.feed(20, calls())
    desk.answer(30)

    desk.feed(40, IdentitiesReset())
    desk.feed(50, calls())

    assert [state(desk, n) for n in range(3)] == [{}, {"k": "v"}, {}]
    assert "state" not in json.loads(desk.last.body)["meta"]


@behaviour(
    "2.2", "A reset is an entry of the queue: what was queued before it still brings the state.", Edge.next_request
)
def test_the_reset_waits_for_its_turn() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls())
    desk.answer(10, ok(STATE))
    desk.feed(20, calls("a.first"))  # in flight
    desk.feed(21, calls("a.before"))
    desk.feed(22, IdentitiesReset())
    desk.feed(23, calls("a.after"))
    desk.answer(100)
    desk.answer(110)

    assert desk.names[1:] == ["a.first", "a.before", "a.after"]
    assert [state(desk, n) for n in (1, 2, 3)] == [{"k": "v"}, {"k": "v"}, {}]
    # the ECID was frozen when each was queued
    assert ecid(desk, 1) == ecid(desk, 2) != ecid(desk, 3)


@behaviour("2.2", "Store handles in answers to requests older than the last reset are ignored.", Edge.answered)
def test_state_that_answers_an_older_request_is_ignored() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls("a.in flight"))
    desk.feed(1, calls("a.queued"))
    desk.feed(2, IdentitiesReset())
    desk.feed(3, calls("a.after"))

    desk.answer(100, ok(STATE))  # to the one in flight at the reset
    desk.answer(110, ok(STATE))  # to the one queued before the reset and sent after it
    assert state(desk) == {}
    desk.answer(120, ok(STATE))  # to the one made after the reset: this one counts
    desk.feed(130, calls())
    assert state(desk) == {"k": "v"}


@behaviour("2.2", "Hint handles in answers to requests older than the last reset are ignored.", Edge.answered)
def test_a_hint_that_answers_an_older_request_is_ignored() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls())
    desk.feed(2, IdentitiesReset())
    desk.feed(3, calls())

    desk.answer(100, ok(HINT))
    assert desk.last.target.startswith("/ee/v1/")
    desk.answer(110, ok(HINT))
    desk.feed(120, calls())
    assert desk.last.target.startswith("/ee/or2/v1/")


@behaviour("2.2", "The location hint survives a reset.", Edge.reset)
def test_the_hint_is_not_cleared_by_a_reset() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls())
    desk.answer(10, ok(HINT))
    desk.feed(20, IdentitiesReset())
    desk.feed(30, calls())
    assert desk.last.target.startswith("/ee/or2/v1/")


def test_a_retry_of_an_older_request_stays_older() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls())
    desk.answer(10, busy())
    desk.feed(20, IdentitiesReset())
    desk.feed(5_010, calls("a.after"))  # wakes the retry
    assert desk.last.attempt == 2
    desk.answer(5_100, ok(STATE))
    assert desk.last.name == "a.after"
    assert state(desk) == {}


def test_a_reset_waits_in_the_queue_over_a_kill() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls())
    desk.answer(10, ok(STATE))
    desk.feed(20, calls("a.first"))
    desk.feed(21, IdentitiesReset())
    desk.feed(22, calls("a.second"))
    desk.dies(30, Killed())
    desk.feed(40, calls("a.third"))
    desk.drain(50)
    assert desk.names[1:] == ["a.first", "a.first", "a.second", "a.third"]
    assert [state(desk, n) for n in (1, 2, 3, 4)] == [{"k": "v"}, {"k": "v"}, {}, {}]


def test_what_was_in_flight_when_consent_cleared_the_queue_is_older_too() -> None:
    edge = an_edge()
    edge.put(hit("E-1"))
    first = edge.next_request(0)
    edge.clear()
    edge.reset()
    edge.answered(10, first.id, ok(STATE + HINT))
    edge.put(hit("E-2"))
    second = edge.next_request(20)
    assert "state" not in sent(second)["meta"]
    assert second.target.startswith("/ee/v1/")


def test_under_pending_consent_the_reset_waits_like_everything_else() -> None:
    desk = Desk(a_phone(config=AppConfig(consent=ConsentConfig(default="y"))))
    desk.feed(0, calls())
    desk.answer(10, ok(STATE))
    desk.feed(20, Consented("p"))
    desk.feed(30, IdentitiesReset())
    desk.feed(40, calls("a.held"))
    assert desk.names == ["commerce.productViews"]
    desk.feed(50, Consented("y"))
    desk.drain(60)
    assert desk.names[1:] == ["set-consent", "a.held", "set-consent"]
    assert state(desk, 2) == {}


def test_several_resets_in_a_row_are_as_one() -> None:
    edge = an_edge()
    for _ in range(3):
        edge.reset()
    assert edge.next_request(0) is None
    assert not edge.busy
    edge.put(hit("E-1"))
    assert edge.next_request(1).event_ids == ("E-1",)
