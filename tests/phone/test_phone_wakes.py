"""Whatever happens to a phone: before the time it asked to be woken at there is nothing to do, and its queue is the
list of what it made less what was answered."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from phone_words import HOME, a_phone, made, places_answer, requests, told, wake
from sdk_words import IPHONE, PIXEL

from footfall.phone.signals import (
    Backgrounded,
    Did,
    Due,
    Foregrounded,
    Killed,
    LoggedIn,
    Moved,
    Rebooted,
    RegionReported,
    Replied,
    Reply,
)
from footfall.world.catalogue import CATALOGUE
from footfall.world.geo import Leg, Point, distance_m, moved
from footfall.xdm.commerce import CartLine

REPLIES = st.sampled_from(
    [
        *(Reply(200), Reply(200), Reply(200, b"\xff"), Reply(500)),
        *(Reply(503), Reply(503, retry_after="30"), Reply(0, failure="timeout")),
    ]
)
PLACES = st.sampled_from(
    [
        places_answer(("a", 200.0, 100), ("b", 450.0, 100), ("c", -300.0, 150)),
        places_answer(("a", 200.0, 100)),
        places_answer(("home", 0.0, 200), ("d", 900.0, 300)),
        places_answer(),
        Reply(503),
        Reply(200, b"no JSON"),
    ]
)
STEPS = st.lists(
    st.one_of(
        st.sampled_from(["front", "back", "login", "view", "kill", "reboot", "report"]),
        st.tuples(st.just("walk"), st.floats(-1_000, 1_000), st.floats(-1_000, 1_000), st.floats(0.5, 15)),
        st.tuples(st.just("edge"), REPLIES),
        st.tuples(st.just("places"), PLACES),
        st.tuples(st.just("wait"), st.sampled_from([1, 499, 500, 5_000, 120_000, 900_000])),
    ),
    min_size=10,
    max_size=60,
)


class Watcher:
    """Feeds a phone as a clock would: whatever it asked to be woken for comes first."""

    def __init__(self, model) -> None:
        self.phone = a_phone(model)
        self.now_ms = 0
        self.wake_ms: int | None = None
        self.flying: dict[str, str] = {}  # channel -> request id
        self.made: list[str] = []
        self.gone: list[str] = []
        self.leg = Leg(start=HOME, end=HOME, depart_ms=0, arrive_ms=0)

    def feed(self, signal) -> list[str]:
        effects = self.phone.feed(self.now_ms, signal)
        for request in requests(effects):
            assert request.channel not in self.flying, "two in flight"
            self.flying[request.channel] = request.id
            if request.body:
                json.loads(request.body)
        for one in made(effects):
            assert one.n == len(self.made)
            crash_told = b'"unknown"' in one.event.body  # to which iOS adds 2 s
            assert one.at_ms <= self.now_ms + (2_000 if crash_told else 0)
            self.made.append(one.event_id)
        self.wake_ms = wake(effects)
        assert self.wake_ms is None or self.wake_ms >= self.now_ms
        assert [*self.gone, *self.phone.queued] == self.made
        return told(effects)

    def go_to(self, at_ms: int) -> None:
        """Time passes; at what the phone asked for, it is woken, and finds something to do."""
        for _ in range(200):
            if self.wake_ms is None or self.wake_ms > at_ms:
                break
            if self.wake_ms > self.now_ms + 1:
                asked = self.wake_ms
                self.now_ms = asked - 1
                assert self.feed(Due()) == [], "there was something to do before it asked to be woken"
                assert self.wake_ms == asked
            self.now_ms = self.wake_ms
            assert self.feed(Due()), "it asked to be woken for nothing"
        else:
            raise AssertionError("it never sleeps")
        self.now_ms = at_ms

    def do(self, step) -> None:
        match step:
            case "front":
                self.feed(Foregrounded())
            case "back":
                self.feed(Backgrounded())
            case "login":
                self.feed(LoggedIn("aino@example.com"))
            case "kill" | "reboot":
                self.flying.clear()  # nobody will read the answers
                self.feed(Killed() if step == "kill" else Rebooted())
            case "report":
                self.feed(RegionReported("entry", "a"))
            case "view":
                self.feed(Did("productViews", (CartLine(CATALOGUE[0], 1),)))
            case ("walk", east_m, north_m, speed_mps):
                here, there = self.leg.at(self.now_ms), moved(HOME, east_m, north_m)
                took_ms = round(distance_m(here, Point(lon=there.lon, lat=there.lat)) / speed_mps * 1000)
                self.leg = Leg(start=here, end=there, depart_ms=self.now_ms, arrive_ms=self.now_ms + took_ms)
                self.feed(Moved(self.leg))
            case (("edge" | "places") as channel, reply) if channel in self.flying:
                if channel == "edge" and reply.status in (200, 500):
                    self.gone.append(self.phone.queued[0])
                self.feed(Replied(self.flying.pop(channel), reply))
            case ("wait", ms):
                self.go_to(self.now_ms + ms)


@settings(max_examples=300, deadline=None)
@given(model=st.sampled_from([IPHONE, PIXEL]), steps=STEPS)
def test_the_phone_sleeps_until_it_asked_to_be_woken(model, steps) -> None:
    watcher = Watcher(model)
    watcher.do("front")
    for step in steps:
        watcher.go_to(watcher.now_ms + 10)
        watcher.do(step)
    watcher.go_to(watcher.now_ms + 3_600_000)
