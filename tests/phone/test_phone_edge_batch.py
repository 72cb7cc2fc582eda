"""Batches of events, off by default: which events share a request, and what an answer does to all of them."""

from __future__ import annotations

import json

import pytest
from phone_words import Desk, a_phone, called, calls, made, told
from sdk_behaviour import behaviour
from sdk_words import TIMEOUT, UNREACHABLE, busy, framed, ok, store

from footfall.phone.config import AppConfig, Batching, ConsentConfig, EdgeConfig
from footfall.phone.edge import Edge, allowed
from footfall.phone.signals import Called, Consented, Due, IdentitiesReset, Killed, LoggedIn, Reply, Withheld
from footfall.xdm.events import ExperienceEvent, Overrides


def batching(*events: str, size: int = 10, enabled: bool = True) -> Desk:
    """A phone whose queue holds back behind one event in flight, so that what comes after can gather."""
    rules = Batching(enabled=enabled, max_batch_size=size, events=events or ("*",))
    config = AppConfig(edge=EdgeConfig(batching=rules), consent=ConsentConfig(registered=True))
    desk = Desk(a_phone(config=config))
    desk.feed(0, calls("first"))
    return desk


def gathered(desk: Desk, *types: str) -> list[str]:
    """The ids of events of these types, queued one after the other."""
    return [made(desk.feed(1 + n, calls(type)))[0].event_id for n, type in enumerate(types)]


def types(desk: Desk, number: int = -1) -> list[str]:
    """The eventTypes in this request."""
    return [event["xdm"]["eventType"] for event in json.loads(desk.sent[number].body)["events"]]


def requests_of(desk: Desk) -> list[list[str]]:
    """The eventTypes of every request after the first."""
    return [types(desk, n) for n in range(1, len(desk.sent))]


@behaviour(
    "1.4", "Without batching every event has a request of its own.", Edge.next_request, key="edge.batching.enabled"
)
def test_it_is_off_by_default() -> None:
    assert AppConfig().edge.batching.enabled is False
    desk = batching(enabled=False)
    gathered(desk, "a.b", "a.b", "a.b")
    desk.drain(100)
    assert requests_of(desk) == [["a.b"], ["a.b"], ["a.b"]]


@behaviour(
    "1.4",
    "Batching combines the events at the front of the queue into one request, in order.",
    Edge.next_request,
    key="edge.batching.enabled",
)
def test_queued_events_share_a_request() -> None:
    desk = batching()
    ids = gathered(desk, "a.b", "c.d", "e.f")
    desk.answer(100)
    assert types(desk) == ["a.b", "c.d", "e.f"]
    assert list(desk.last.event_ids) == ids
    assert [event["xdm"]["_id"] for event in json.loads(desk.last.body)["events"]] == ids
    stamps = [event["xdm"]["timestamp"] for event in json.loads(desk.last.body)["events"]]
    assert [stamp[-5:] for stamp in stamps] == [".001Z", ".002Z", ".003Z"]  # each its own
    desk.answer(200)
    assert desk.phone.queued == ()
    assert len(desk.sent) == 2


ALLOWED = [
    (("commerce.purchases",), "commerce.purchases", True),
    (("commerce.purchases",), "commerce.purchases2", False),  # the whole name
    (("commerce.purchases",), "Commerce.purchases", False),  # in its case
    (("commerce.*",), "commerce.purchases", True),
    (("commerce.*",), "commerce.", True),
    (("commerce.*",), "commerce", False),  # starts with the prefix and its dot
    (("commerce.*",), "commercial.break", False),
    (("*.exit",), "location.exit", True),
    (("*.exit",), "exit", False),
    (("*.exit",), "location.exits", False),
    (("*",), "anything", True),
    (("*",), "", False),  # an event without eventType is never allowed
    (("a.b", "c.*"), "c.d", True),  # one entry is enough
    (("a.*.c",), "a.b.c", False),  # one * at an end, not in the middle
    ((), "a.b", False),  # an empty list allows nothing
]


@behaviour(
    "1.4",
    "The allow-list knows names, prefix.*, *.suffix and *; an event without eventType is not on it.",
    allowed,
    key="edge.batching.events",
)
@pytest.mark.parametrize(("events", "event_type", "may"), ALLOWED)
def test_the_allow_list(events, event_type, may) -> None:
    assert allowed(Batching(enabled=True, events=events), event_type) is may


@behaviour(
    "1.4", "Only consecutive events make a batch: one that is not allowed goes alone between two.", Edge.next_request
)
def test_only_neighbours_are_combined() -> None:
    desk = batching("a.*")
    gathered(desk, "a.1", "a.2", "b.1", "a.3", "a.4", "b.2", "b.3")
    desk.drain(100)
    assert requests_of(desk) == [["a.1", "a.2"], ["b.1"], ["a.3", "a.4"], ["b.2"], ["b.3"]]


@behaviour(
    "1.4",
    "A batch has at most maxBatchSize events, 10 unless configured, and never more than 20.",
    Edge.next_request,
    key="edge.batching.max-batch-size",
)
@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        (10, [10, 10, 5]),  # the default
        (3, [3, 3, 3, 3, 3, 3, 3, 3, 1]),
        (1, [1] * 25),
        (50, [20, 5]),  # the cap
        (0, [10, 10, 5]),  # not positive: the default
        (-1, [10, 10, 5]),
    ],
)
def test_the_size_of_a_batch(size, sizes) -> None:
    desk = batching(size=size)
    gathered(desk, *(["a.b"] * 25))
    desk.drain(100)
    assert [len(one) for one in requests_of(desk)] == sizes


@behaviour("1.4", "Consent and reset requests are never batched, and events do not pass them.", Edge.next_request)
def test_consent_and_reset_stand_between() -> None:
    desk = batching()
    gathered(desk, "a.1", "a.2")
    desk.feed(10, Consented("y"))
    gathered(desk, "a.3", "a.4")
    desk.feed(20, IdentitiesReset())
    gathered(desk, "a.5")
    desk.drain(100)
    assert desk.names[1:] == ["a.1", "set-consent", "a.3", "a.5"]
    assert [len(request.event_ids) for request in desk.sent[1:]] == [2, 0, 2, 1]


def overridden(type: str, overrides: Overrides | None) -> Called:
    return called(ExperienceEvent(type, b'{"eventType":"%b"}' % type.encode(), overrides=overrides))


@behaviour("1.4", "Only events for the same datastream, override and path share a request.", Edge.next_request)
def test_another_datastream_ends_a_batch() -> None:
    desk = batching()
    for n, overrides in enumerate(
        (None, None, Overrides("other"), Overrides("other"), Overrides("", b'{"a":1}'), Overrides("", b"", "/va/v1/x"))
    ):
        desk.feed(1 + n, overridden(f"a.{n}", overrides))
    desk.drain(100)
    assert requests_of(desk) == [["a.0", "a.1"], ["a.2", "a.3"], ["a.4"], ["a.5"]]
    assert ["configId=other" in request.target for request in desk.sent[1:]] == [False, True, False, False]


@behaviour(
    "1.4", "A batch has one identityMap, that of its first event, whatever the others carried.", Edge.next_request
)
def test_a_batch_has_the_identity_map_of_its_first_event() -> None:
    desk = batching()
    gathered(desk, "a.1")
    desk.feed(5, LoggedIn("aino@example.com"))
    gathered(desk, "a.2")
    desk.drain(100)
    assert requests_of(desk) == [["a.1", "a.2"]]
    assert ["Email" in json.loads(request.body)["xdm"]["identityMap"] for request in desk.sent[1:]] == [False]


@behaviour(
    "1.4", "A batch answered 400 is sent again event by event; each is then dropped or done by itself.", Edge.answered
)
def test_a_batch_answered_400_is_taken_apart() -> None:
    desk = batching()
    ids = gathered(desk, "a.1", "a.2", "a.3")
    desk.answer(100)
    desk.answer(110, Reply(400))
    assert types(desk) == ["a.1"]  # at once
    assert desk.phone.queued == tuple(ids)
    desk.answer(120, Reply(400))  # alone, it is dropped
    desk.answer(130)
    desk.feed(135, calls("a.4"))  # is not mixed with those that go alone
    desk.answer(140)
    desk.answer(150)
    assert requests_of(desk) == [["a.1", "a.2", "a.3"], ["a.1"], ["a.2"], ["a.3"], ["a.4"]]
    assert [request.attempt for request in desk.sent[1:]] == [1, 2, 2, 2, 1]
    assert desk.phone.queued == ()


def test_of_a_batch_told_event_by_event_only_what_was_not_taken_goes_again() -> None:
    """Not the SDK's: streaming ingestion answers for each message."""
    desk = batching()
    ids = gathered(desk, "a.1", "a.2", "a.3", "a.4")
    desk.answer(100)
    first = json.loads(desk.last.body)["events"]
    taken, refused = Reply(200), Reply(400)
    soon, later = Reply(503, b"", "1", again=True), Reply(429, b"", "9", again=True)
    desk.answer(200, Reply(207, each=(soon, taken, refused, later)))
    assert desk.phone.queued == (ids[0], ids[3])
    gathered(desk, "a.5")
    desk.feed(9_199, Due())
    assert len(desk.sent) == 2, "all wait as long as any has to"
    desk.feed(9_200, Due())
    assert types(desk) == ["a.1", "a.4", "a.5"]
    assert desk.last.attempts == (2, 2, 1)
    assert json.loads(desk.last.body)["events"][:2] == [first[0], first[3]], "with its _id and timestamp"
    desk.answer(9_300, Reply(207, each=(taken, refused, taken)))
    assert desk.phone.queued == ()


def test_what_a_cleared_queue_would_have_sent_again_is_withheld() -> None:
    desk = batching()
    ids = gathered(desk, "a.1", "a.2", "a.3")
    desk.answer(100)
    desk.feed(150, Consented("n"))
    effects = desk.answer(200, Reply(207, each=(Reply(200), Reply(503, b"", "1", again=True), Reply(400))))
    assert [effect.event_id for effect in effects if isinstance(effect, Withheld)] == [ids[1]]


@behaviour("1.4", "A batch answered 429, a recoverable 5xx or not in time is tried again as a whole.", Edge.answered)
@pytest.mark.parametrize(
    ("reply", "wait_ms"),
    [(Reply(429, retry_after="30"), 30_000), (busy(), 5_000), (Reply(408), 5_000), (TIMEOUT, 5_000)],
)
def test_a_recoverable_failure_keeps_the_whole_batch(reply, wait_ms) -> None:
    desk = batching()
    ids = gathered(desk, "a.1", "a.2")
    desk.answer(100)
    first = desk.last
    desk.answer(200, reply)
    desk.feed(200 + wait_ms, Consented("y"))
    assert list(desk.last.event_ids) == ids
    assert desk.last.body == first.body
    assert desk.last.id != first.id
    assert desk.last.attempt == 2


def test_every_event_of_a_batch_counts_its_own_attempts() -> None:
    desk = batching()
    gathered(desk, "a.1", "a.2")
    desk.answer(100)
    desk.feed(150, calls("a.3"))
    desk.answer(200, busy())
    desk.feed(5_200, calls("a.4"))
    assert requests_of(desk) == [["a.1", "a.2"], ["a.1", "a.2", "a.3", "a.4"]]
    assert [request.attempts for request in desk.sent] == [(1,), (1, 1), (2, 2, 1, 1)]
    assert desk.last.attempt == 2  # the first one's


def test_without_batches_an_event_has_one_count() -> None:
    desk = batching(enabled=False)
    assert (desk.last.attempt, desk.last.attempts) == (1, ())


@behaviour("1.4", "A batch with any other answer is dropped as a whole.", Edge.answered)
@pytest.mark.parametrize("reply", [Reply(403), Reply(404), Reply(422), Reply(500), UNREACHABLE])
def test_other_failures_drop_the_whole_batch(reply) -> None:
    desk = batching()
    gathered(desk, "a.1", "a.2")
    desk.answer(100)
    desk.answer(200, reply)
    assert desk.phone.queued == ()
    assert len(desk.sent) == 2


def test_the_answer_to_a_batch_is_read_like_any_other() -> None:
    desk = batching()
    gathered(desk, "a.1", "a.2")
    desk.answer(100)
    desk.answer(200, Reply(207, framed(store(("k", "v", 60)))))
    desk.feed(300, calls("a.3"))
    assert "state" in json.loads(desk.last.body)["meta"]


def test_a_batch_in_flight_when_consent_becomes_n_is_lost_with_each_of_its_events() -> None:
    for reply in (Reply(400), busy(), TIMEOUT):
        desk = batching()
        ids = gathered(desk, "a.1", "a.2")
        desk.answer(100)
        desk.feed(110, Consented("n"))
        effects = desk.answer(120, reply)
        assert told(effects)[:2] == [f"withheld {id}: collect consent became n while it was sent" for id in ids]


def test_a_batch_in_flight_at_a_kill_is_sent_again() -> None:
    desk = batching()
    ids = gathered(desk, "a.1", "a.2")
    desk.answer(100)
    desk.dies(110, Killed())
    desk.feed(120, calls("a.3"))
    desk.answer(130, ok())
    assert requests_of(desk) == [["a.1", "a.2"], ["a.1", "a.2", "a.3"]]
    assert list(desk.last.event_ids[:2]) == ids
