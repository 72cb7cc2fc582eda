"""What users of the SDK complained about, as far as it concerns Edge: which events leave, in what order, how often.

The numbers are those of the reference's table (mobile-sdk.md 9).
"""

from __future__ import annotations

from collections import Counter

import pytest
from phone_words import UNDECIDED, Desk, a_phone, a_phone_without_datastream, calls, made, told, wake
from sdk_behaviour import behaviour
from sdk_words import IPHONE, PIXEL, REFUSED, RESET, TIMEOUT, busy, ok

from footfall.phone.config import AppConfig, Batching, EdgeConfig
from footfall.phone.edge import Edge
from footfall.phone.phone import Phone
from footfall.phone.sdk import retry_after_s
from footfall.phone.signals import Consented, Due, Killed, Reply

BOTH = pytest.mark.parametrize("model", [IPHONE, PIXEL], ids=["ios", "android"])
DAY_MS = 86_400_000


def make(desk: Desk, count: int, at_ms: int = 0) -> list[str]:
    """The ids of so many events, one a millisecond."""
    return [made(desk.feed(at_ms + n, calls(f"a.{n}")))[0].event_id for n in range(count)]


def arrivals(desk: Desk) -> list[str]:
    return [event_id for request in desk.sent for event_id in request.event_ids]


@behaviour(
    "9", "1 (aepsdk-edge-ios#96): 200 events of a day offline leave in order, none is too many and none too old.", Edge
)
@BOTH
def test_1_the_queue_has_no_limit_and_no_age(model) -> None:
    desk = Desk(a_phone(model))
    ids = make(desk, 200)
    desk.answer(1_000, TIMEOUT)
    desk.feed(30 * DAY_MS, Due())
    desk.drain(30 * DAY_MS)
    assert arrivals(desk) == [ids[0], *ids]  # the first one twice: its time-out and its success
    assert desk.phone.queued == ()


@behaviour("9", "1 (aepsdk-edge-ios#96): an unrecoverable error costs the one event that met it.", Edge.answered)
def test_1_an_error_costs_one_event() -> None:
    desk = Desk(a_phone())
    ids = make(desk, 3)
    desk.answer(10, Reply(400))
    desk.answer(20, Reply(500))
    desk.answer(30)
    assert arrivals(desk) == ids
    assert [request.attempt for request in desk.sent] == [1, 1, 1]


@behaviour(
    "9",
    "2 (aepsdk-edge-ios#534): batching is off unless the app turns it on.",
    Edge.next_request,
    key="edge.batching.enabled",
)
@pytest.mark.parametrize(
    ("config", "sizes"),
    [
        (AppConfig(), [1, 1, 1, 1, 1]),
        (AppConfig(edge=EdgeConfig(batching=Batching(enabled=True, events=("a.*",)))), [1, 4]),
        (AppConfig(edge=EdgeConfig(batching=Batching(enabled=False, events=("a.*",)))), [1, 1, 1, 1, 1]),
    ],
)
def test_2_batching_is_a_switch(config, sizes) -> None:
    desk = Desk(a_phone(config=config))
    ids = make(desk, 5)
    desk.drain(100)
    assert [len(request.event_ids) for request in desk.sent] == sizes
    assert arrivals(desk) == ids


@behaviour("9", "3 (aepsdk-edge-ios#112): 4 events are 4 requests; more of them are retries that repeat an _id.", Edge)
def test_3_four_events_are_four_requests() -> None:
    desk = Desk(a_phone())
    ids = make(desk, 4)
    desk.drain(10)
    assert arrivals(desk) == ids


@behaviour(
    "9", "3 (aepsdk-edge-ios#112): 4 events and three failures are 7 requests, which 4 different _id tell apart.", Edge
)
def test_3_seven_requests_have_four_ids() -> None:
    desk = Desk(a_phone())
    ids = make(desk, 4)
    now_ms = 100
    for reply in (RESET, ok(), busy("1"), ok(), ok(), TIMEOUT, ok()):
        effects = desk.answer(now_ms, reply)
        now_ms = wake(effects) or now_ms
        if not desk.waiting and desk.phone.queued:
            desk.feed(now_ms, Due())
    assert len(desk.sent) == 7
    assert len({request.id for request in desk.sent}) == 7
    assert Counter(arrivals(desk)) == {ids[0]: 2, ids[1]: 2, ids[2]: 1, ids[3]: 2}
    assert list(dict.fromkeys(arrivals(desk))) == ids


@behaviour("9", "5 (aepsdk-core-ios#485): each answer sets its own wait by Retry-After, else it is 5 s.", retry_after_s)
def test_5_every_answer_sets_its_own_wait() -> None:
    desk = Desk(a_phone())
    make(desk, 1)
    now_ms, waits = 0, []
    for reply in (busy("1"), busy(), Reply(429, retry_after="60"), busy("0"), TIMEOUT, Reply(502, retry_after="2")):
        due_ms = wake(desk.answer(now_ms, reply))
        assert due_ms is not None
        waits.append(due_ms - now_ms)
        now_ms = due_ms
        desk.feed(now_ms, Due())
    assert waits == [1_000, 5_000, 60_000, 5_000, 5_000, 2_000]


@behaviour(
    "9", "6 (aepsdk-core-ios#712): offline, a phone tries its oldest event every 5 s and drains in order after.", Edge
)
@BOTH
@pytest.mark.parametrize("failure", [TIMEOUT, REFUSED, RESET])
def test_6_offline_for_a_minute(model, failure) -> None:
    desk = Desk(a_phone(model))
    ids = make(desk, 3)
    now_ms = 0
    while now_ms < 60_000:
        due_ms = wake(desk.answer(now_ms, failure))
        assert due_ms == now_ms + 5_000
        now_ms = due_ms
        desk.feed(now_ms, Due())
    desk.drain(now_ms)
    assert arrivals(desk) == [ids[0]] * 13 + ids[1:]  # 12 failures and a success
    assert desk.phone.queued == ()


@behaviour(
    "9",
    "8 (aepsdk-react-native#436): events are queued and nothing leaves while collect consent is pending.",
    Phone,
    key="consent.default",
)
@BOTH
def test_8_queuing_event_and_nothing_leaves(model) -> None:
    desk = Desk(a_phone(model, config=UNDECIDED))
    ids = make(desk, 5)
    assert desk.sent == []
    assert desk.phone.withheld == tuple(ids)
    assert wake(desk.feed(DAY_MS, Due())) is None  # nor does time help
    desk.feed(DAY_MS, Consented("y"))
    desk.drain(DAY_MS)
    assert arrivals(desk) == ids


@behaviour(
    "9",
    "9 (aepsdk-react-native#384): without edge.configId events are made and dropped, and consent is not told.",
    Phone,
)
@BOTH
def test_9_without_a_datastream(model) -> None:
    desk = Desk(a_phone_without_datastream(model))
    effects = desk.feed(0, calls("a.1"))
    assert told(effects) == ["made a.1", f"withheld {made(effects)[0].event_id}: edge.configId is missing"]
    desk.feed(10, Consented("y"))
    assert desk.sent == []
    assert not desk.phone.busy


@behaviour(
    "9",
    "12 (aepsdk-react-native#268): no call empties the queue at once; the next start of the app goes on with it.",
    Edge.die,
)
def test_12_no_flush_and_tried_again_between_launches() -> None:
    desk = Desk(a_phone())
    ids = make(desk, 2)
    desk.answer(10, busy())
    for start in range(1, 4):  # three launches, each killed before the answer
        desk.feed(start * DAY_MS, Consented("y"))
        desk.dies(start * DAY_MS + 100, Killed())
    desk.feed(5 * DAY_MS, calls("a.last"))
    desk.drain(5 * DAY_MS)
    assert arrivals(desk)[:5] == [ids[0]] * 5
    assert desk.names == ["a.0"] * 5 + ["a.1", "set-consent", "set-consent", "set-consent", "a.last"]
