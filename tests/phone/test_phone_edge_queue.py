"""The hit queue: one by one, in order, and what answers may do to it; the state store in virtual time."""

from __future__ import annotations

import json

import pytest
from sdk_behaviour import behaviour
from sdk_words import (
    IPHONE,
    PIXEL,
    RESET,
    TIMEOUT,
    UNREACHABLE,
    an_edge,
    busy,
    exchange,
    framed,
    hit,
    identities,
    location_hint,
    ok,
    sent,
    state_at,
    store,
)

from footfall.phone import responses
from footfall.phone.edge import Edge, EventHit
from footfall.phone.signals import Reply


@behaviour(
    "1.4", "Requests leave strictly in order, one at a time: the next one waits for the answer.", Edge.next_request
)
def test_hits_leave_in_order_and_one_at_a_time() -> None:
    edge = an_edge()
    for name in ("E-1", "E-2", "E-3"):
        edge.put(hit(name))
    left = []
    for at_ms in (0, 10, 20):
        request = edge.next_request(at_ms)
        left += request.event_ids
        assert edge.next_request(at_ms) is None  # one in flight
        assert edge.queued[:1] == request.event_ids  # still to be delivered
        edge.answered(at_ms + 5, request.id, ok())
    assert left == ["E-1", "E-2", "E-3"]
    assert edge.queued == ()
    assert edge.next_request(30) is None


def test_an_empty_queue_sends_nothing() -> None:
    assert an_edge().next_request(0) is None


# answer -> is the head still there, and from when on it may go again
AFTER_AN_ANSWER = [
    (IPHONE, ok(), False, None),
    (IPHONE, Reply(500), False, None),  # 500 is dropped, and the next one goes at once
    (IPHONE, Reply(404), False, None),
    (IPHONE, busy(), True, 5_000),
    (IPHONE, busy("7"), True, 7_000),  # Retry-After in seconds
    (IPHONE, Reply(429, retry_after="60"), True, 60_000),
    (IPHONE, busy("Wed, 21 Oct 2026 07:28:00 GMT"), True, 5_000),  # dates are not read
    (IPHONE, TIMEOUT, True, 5_000),
    (IPHONE, RESET, True, 5_000),
    (IPHONE, UNREACHABLE, False, None),
    (PIXEL, UNREACHABLE, True, 5_000),
]


@behaviour(
    "2.4",
    "A recoverable failure blocks the queue for Retry-After or 5 s; every other answer lets the next hit go at once.",
    Edge.answered,
)
@pytest.mark.parametrize(("model", "reply", "kept", "wait_ms"), AFTER_AN_ANSWER)
def test_the_head_of_the_queue_after_an_answer(model, reply, kept, wait_ms) -> None:
    edge = an_edge(model)
    edge.put(hit("E-1"))
    edge.put(hit("E-2"))
    first = edge.next_request(0)

    edge.answered(100, first.id, reply)

    if not kept:
        assert (edge.queued, edge.retry_ms) == (("E-2",), None)
        assert edge.next_request(100).event_ids == ("E-2",)
        return
    assert (edge.queued, edge.retry_ms) == (("E-1", "E-2"), 100 + wait_ms)
    assert edge.next_request(100 + wait_ms - 1) is None
    again = edge.next_request(100 + wait_ms)
    assert (again.event_ids, again.attempt) == (("E-1",), 2)


@behaviour(
    "2.4",
    "A recoverable hit is tried again without limit and without back-off, each time with a new requestId.",
    Edge.answered,
    Edge.next_request,
)
def test_it_is_tried_again_without_end_and_without_back_off() -> None:
    edge = an_edge()
    edge.put(hit("E-1"))
    sent_at, ids, bodies = [], set(), set()
    at_ms = 0
    for _ in range(50):
        request = edge.next_request(at_ms)
        sent_at.append(at_ms)
        ids.add(request.id)
        bodies.add(request.body)
        edge.answered(at_ms + 100, request.id, TIMEOUT)
        at_ms = edge.retry_ms
    assert sent_at == [n * 5_100 for n in range(50)]
    assert len(ids) == 50
    assert len(bodies) == 1


def test_an_answer_to_no_request_is_not_listened_to() -> None:
    edge = an_edge()
    edge.put(hit("E-1"))
    edge.answered(0, "never sent", ok(framed(store(("k", "v", 60)))))
    first = edge.next_request(0)
    edge.answered(1, "another one", ok())
    assert edge.queued == ("E-1",)
    edge.answered(2, first.id, busy())
    edge.answered(3, first.id, ok())  # it has been answered already
    assert edge.queued == ("E-1",)
    assert "state" not in sent(edge.next_request(5_002))["meta"]


@behaviour(
    "1.4",
    "identityMap is frozen when the event is queued: one from before the login goes without the e-mail address.",
    EventHit,
)
def test_identities_are_those_of_the_moment_when_it_was_queued() -> None:
    edge = an_edge()
    edge.put(hit("before login"))
    edge.put(hit("after login", email="aino@example.com"))

    exchange_bodies = []
    for at_ms in (60_000, 60_100):  # both are sent long after the login
        request = edge.next_request(at_ms)
        exchange_bodies.append(sent(request)["xdm"]["identityMap"])
        edge.answered(at_ms, request.id, ok())

    assert exchange_bodies == [json.loads(identities()), json.loads(identities("aino@example.com"))]
    assert "Email" not in exchange_bodies[0]


@behaviour(
    "1.4",
    "Location hint and state store are read when the request is sent, also at a retry; _id and timestamp stay.",
    Edge.next_request,
)
def test_a_retry_reads_hint_and_state_anew_and_keeps_the_event() -> None:
    edge = an_edge()
    edge.put(hit("E-1"))
    edge.put(hit("E-2"))
    exchange(edge, 0, ok(framed(store(("k", "v", 10)), location_hint("EdgeNetwork", "or2", 10))))
    before = edge.next_request(6_000)
    edge.answered(6_000, before.id, busy())
    after = edge.next_request(11_000)  # by now both have expired

    assert before.target.startswith("/ee/or2/")
    assert after.target.startswith("/ee/v1/")
    assert "state" in sent(before)["meta"]
    assert "state" not in sent(after)["meta"]
    assert sent(before)["events"] == sent(after)["events"]


@behaviour("2.2", "An entry of the state store expires at now + maxAge, each by itself.", Edge.answered)
def test_state_entries_expire_one_by_one() -> None:
    edge = an_edge()
    edge.put(hit("E-1"))
    exchange(edge, 1_000, ok(framed(store(("short", "s", 2), ("long", "l", 60)))))

    assert state_at(edge, 1_000) == {"short": "s", "long": "l"}
    assert state_at(edge, 2_999) == {"short": "s", "long": "l"}
    assert state_at(edge, 3_000) == {"long": "l"}  # now + maxAge is over
    assert state_at(edge, 60_999) == {"long": "l"}
    assert state_at(edge, 61_000) == {}


@behaviour(
    "2.2", "An entry of the state store is replaced by its key, and deleted by a maxAge of 0 or less.", Edge.answered
)
def test_an_entry_is_replaced_renewed_and_deleted_by_key() -> None:
    edge = an_edge()
    edge.put(hit("E-1"))
    exchange(edge, 0, ok(framed(store(("k", "old", 10), ("other", "o", 100)))))
    edge.put(hit("E-2"))
    exchange(edge, 5_000, ok(framed(store(("k", "new", 10)))))
    assert state_at(edge, 14_999) == {"k": "new", "other": "o"}  # counted from the second answer
    assert state_at(edge, 15_000) == {"other": "o"}
    edge.put(hit("E-3"))
    exchange(edge, 20_000, ok(framed(store(("other", "", 0)))))  # maxAge 0 deletes
    assert state_at(edge, 20_000) == {}
    edge.put(hit("E-4"))
    exchange(edge, 30_000, ok(framed(store(("k", "v", -1)))))  # and so does a negative one
    assert state_at(edge, 30_000) == {}


@behaviour("2.2", "The original maxAge goes back to Edge, not what is left of it.", Edge.next_request)
def test_the_original_max_age_goes_back_not_what_is_left_of_it() -> None:
    edge = an_edge()
    edge.put(hit("E-1"))
    exchange(edge, 0, ok(framed(store(("k", "v", 7_200)))))
    edge.put(hit("E-2"))
    entries = sent(edge.next_request(7_000_000))["meta"]["state"]["entries"]
    assert entries == [{"key": "k", "value": "v", "maxAge": 7_200}]


@behaviour("2.2", "Only hints of the scope EdgeNetwork count; one without time to live is none.", responses.hints)
@pytest.mark.parametrize(
    ("hints", "prefix"),
    [
        ([("EdgeNetwork", "or2", 1_800)], "/ee/or2/v1/"),
        ([("Target", "35", 1_800), ("AAM", "9", 1_800)], "/ee/v1/"),  # other scopes route other services
        ([("Target", "35", 1_800), ("EdgeNetwork", "va6", 1_800)], "/ee/va6/v1/"),
        ([("EdgeNetwork", "or2", 1_800), ("EdgeNetwork", "va6", 1_800)], "/ee/va6/v1/"),  # the last one counts
        ([("EdgeNetwork", "or2", 0)], "/ee/v1/"),  # over already
        ([("EdgeNetwork", "or2", -1)], "/ee/v1/"),
        ([("EdgeNetwork", "", 1_800)], "/ee/v1/"),
        ([("EdgeNetwork", "a b/../c\r\nX: y", 1_800)], "/ee/a%20b%2F..%2Fc%0D%0AX%3A%20y/v1/"),  # stays one segment
    ],
)
def test_which_hint_becomes_the_prefix(hints, prefix) -> None:
    edge = an_edge()
    edge.put(hit("E-1"))
    exchange(edge, 0, ok(framed(*(location_hint(*one) for one in hints))))
    edge.put(hit("E-2"))
    assert edge.next_request(1).target.startswith(prefix + "interact?")
