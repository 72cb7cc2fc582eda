"""What happens behind the lake depends on the events and their times alone: not on how they are grouped, not on a
restart between two of them, not on when somebody looks at the clock, and not on one event that nobody can follow."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journey_words import DAY_MS, END, MINUTE_MS, PUSH, START_MS, Wait, a_journey

from footfall.platform.database import MEMORY, Statement
from footfall.platform.journal import Wanted
from footfall.platform.journeys.engine import Journeys
from footfall.platform.journeys.entry import EVENT_FAILED
from footfall.platform.journeys.expressions import Scope, parse
from footfall.platform.journeys.messages import Effect, Happening, Message, Step
from footfall.platform.journeys.types import Condition, InApp, Journey, Path
from footfall.platform.messages import StoredEvent
from footfall.platform.offers import OpenOffers
from footfall.platform.orchestration import Arrival, Orchestration, Sandbox
from footfall.platform.profiles.profile import Profiles
from footfall.platform.profiles.store import MemoryProfileStore
from footfall.platform.projection import ProfilesOnDisk, Projection
from footfall.platform.store import Store

HOME = InApp(next=END, content=msgspec.Raw(b'{"title": "x"}'), surface="home")
ECIDS = tuple(f"{n:038}" for n in range(3))
TOKEN = [{"appID": "shop", "token": "t", "platform": "apns", "identity": {"id": ECIDS[0]}}]


def comes(id: str, at_ms: int, *, ecid: str = ECIDS[0], type: str = "location.entry", **more: Any) -> StoredEvent:
    """An event of a device, `at_ms` after the start; a `record` has no type, `data` stands beside the xdm."""
    data, is_record = more.pop("data", None), type == ""
    xdm = {"_id": id, "identityMap": {"ECID": [{"id": ecid}]}, **({} if is_record else {"eventType": type}), **more}
    body = msgspec.json.encode({"xdm": xdm, **({"data": data} if data else {})})
    moment = START_MS + at_ms
    arrived = "profile" if is_record else "interact"
    return StoredEvent(id, "local", "local", ecid, type, True, (), moment, "", body, arrived=arrived, run_ms=moment)


def displayed(id: str, at_ms: int, *messages: Any) -> StoredEvent:
    """A device tells that it showed these."""
    told = {"decisioning": {"propositions": [{"id": message} for message in messages]}}
    return comes(id, at_ms, type="decisioning.propositionDisplay", _experience=told)


def arrival(event: StoredEvent) -> Arrival:
    return Arrival(event, msgspec.json.decode(event.body))


def in_memory(*journeys: Journey) -> Orchestration:
    return Orchestration(journeys, lambda run: Profiles(MemoryProfileStore()))


def told(run: Orchestration) -> list[str]:
    """`kind`, and the code of discards."""
    return [f"{step.kind} {step.code}".strip() for _, step in run.news().steps]


# ---- an event that nobody can follow


@pytest.mark.parametrize(
    ("prices", "total"),
    [
        ([1.5, 10**400], 10**400 + 1),  # JSON has integers that no float holds
        ([10**400, 1.5, -(10**400)], 1.5),
        ([-(10**400), 0.5], 1 - 10**400),  # the whole part
        ([1, 2.5], 3.5),
        ([1, 2], 3),
    ],
    ids=["large", "gone again", "below", "a float", "whole"],
)
def test_a_sum_has_no_bounds(prices: list[float], total: float) -> None:
    payload = {"items": [{"price": price} for price in prices]}
    assert parse("sum(items.price)").value(Scope(payload)) == total


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """From now on the journeys fail on the event of this `_id`."""

    def on(id: str) -> None:
        take = Journeys.take

        def failing(self: Journeys, happening: Happening) -> list[Effect]:
            if happening.id == id:
                raise ValueError("whatever it was")
            return take(self, happening)

        monkeypatch.setattr(Journeys, "take", failing)

    return on


def test_an_event_that_fails_is_discarded_and_stops_nobody(fails: Callable[[str], None]) -> None:
    fails("bad")
    run = in_memory(a_journey(nodes={"g": HOME}))
    run.take([arrival(comes("bad", 1)), arrival(comes("good", 2, ecid=ECIDS[1]))])
    steps = [step for _, step in run.news().steps]
    assert steps[0] == Step(
        START_MS + 1, "", "discarded", event="bad", code=EVENT_FAILED, why="ValueError: whatever it was"
    )
    assert [step.event for step in steps if step.kind == "entered"] == ["good"]


def test_time_that_fails_for_one_goes_on_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    run = in_memory(a_journey(nodes={"w": Wait("g", for_ms=1_000), "g": HOME}))
    run.take([arrival(comes(f"e{n}", n, ecid=ecid)) for n, ecid in enumerate(ECIDS)])
    run.news()
    wake, woken = Journeys._wake, []

    def failing(self: Journeys) -> None:
        woken.append(1)
        if len(woken) == 1:
            self._agenda.take()
            raise ValueError("whatever it was")
        wake(self)

    monkeypatch.setattr(Journeys, "_wake", failing)
    run.do_what_is_due(START_MS + 2_000)
    assert told(run).count(f"discarded {EVENT_FAILED}") == 1
    assert [len(run.offers("local", ecid, ["home"])) for ecid in ECIDS] == [0, 1, 1]


def test_time_that_never_gets_on_ends_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: Journeys, now_ms: int) -> list[Effect]:
        raise ValueError("whatever it was")

    run = in_memory(a_journey(nodes={"w": Wait("g", for_ms=1_000), "g": HOME}))
    run.take([arrival(comes("e", 0))])
    monkeypatch.setattr(Journeys, "due", failing)
    with pytest.raises(ValueError, match="whatever"):
        run.do_what_is_due(START_MS + 2_000)


# ---- what was due before an event has happened before it


@pytest.mark.parametrize("is_late", [False, True])
def test_a_token_that_comes_after_a_wait_is_over_is_not_sent_to(is_late: bool) -> None:
    run = in_memory(a_journey(nodes={"w": Wait("push", for_ms=MINUTE_MS), "push": PUSH}))
    run.take([arrival(comes("a", 0))])
    if not is_late:
        run.do_what_is_due(START_MS + 2 * MINUTE_MS)
    run.take([arrival(comes("b", 5 * MINUTE_MS, type="x", data={"pushNotificationDetails": TOKEN}))])
    assert run.news().messages == ()


def test_what_a_wait_offers_is_offered_though_a_profile_record_found_it_due() -> None:
    run = in_memory(a_journey(nodes={"w": Wait("g", for_ms=MINUTE_MS), "g": HOME}))
    run.take([arrival(comes("a", 0)), arrival(comes("r", 5 * MINUTE_MS, type="", loyalty={"points": 1}))])
    assert len(run.offers("local", ECIDS[0], ["home"])) == len(run.news().messages) == 1


# ---- offers


def offered() -> tuple[Orchestration, str]:
    """A device that is offered something, and the message's id."""
    run = in_memory(a_journey(nodes={"g": HOME}))
    run.take([arrival(comes("a", 0))])
    (only,) = run.offers("local", ECIDS[0], ["home"])
    return run, only.id


@pytest.mark.parametrize(
    ("scopes", "answered"),
    [
        (["home"], ["home"]),
        (["mobileapp://a/home"], ["mobileapp://a/home"]),
        (["home", "mobileapp://a/home"], ["home", "mobileapp://a/home"]),  # each that asks, in one order
        (["mobileapp://a/home", "home", "home"], ["home", "mobileapp://a/home"]),
        (["mobileapp://a/cart", "cart"], []),
    ],
)
def test_every_scope_that_asks_is_answered(scopes: list[str], answered: list[str]) -> None:
    run, _ = offered()
    assert [one.scope for one in run.offers("local", ECIDS[0], scopes)] == answered


def test_an_offer_stays_until_it_was_displayed() -> None:
    run, id = offered()
    run.take([arrival(displayed("d1", 1, "another", 7, [], {}))])
    assert [one.id for one in run.offers("local", ECIDS[0], ["home"])] == [id]
    assert run.news().withdrawn == ()
    run.take([arrival(displayed("d2", 2, "another", id))])
    assert run.offers("local", ECIDS[0], ["home"]) == ()
    assert run.news().withdrawn == (("local", id),)


@pytest.mark.parametrize(("at_ms", "left"), [(91 * DAY_MS - 1, 1), (91 * DAY_MS, 0)])
def test_an_offer_ends_with_the_longest_time_out_of_a_journey(at_ms: int, left: int) -> None:
    run, _ = offered()
    run.take([arrival(comes("later", at_ms, ecid=ECIDS[1], type="x"))])
    assert len(run.offers("local", ECIDS[0], ["home"])) == left
    assert len(run.news().withdrawn) == 1 - left


def test_a_display_costs_the_same_however_many_wait() -> None:
    run = in_memory(a_journey(nodes={"g": HOME}))
    run.take([arrival(comes(f"e{n}", n, ecid=f"{n:038}")) for n in range(10_000)])
    displays = [arrival(displayed(f"d{n}", 10_000 + n, "another")) for n in range(500)]
    began_s = time.process_time()
    run.take(displays)
    assert time.process_time() - began_s < 2  # to look at every offer each time takes twenty seconds


# ---- any grouping, any restart, any clock


class Timer:
    """The one that a loop would ring."""

    def cancel(self) -> None:
        """It never rings."""


class Loop:
    """A loop that stands still: the story says when the clock is looked at."""

    def call_later(self, delay_s: float, what: Callable[..., None]) -> Timer:
        """Not by itself."""
        return Timer()


class Life:
    """A lake, and what follows it, through starts and deaths."""

    def __init__(self, journeys: tuple[Journey, ...]) -> None:
        self.journeys = journeys
        self.now_ms = START_MS
        self.store = Store(MEMORY)
        self.writes = True
        self.start()

    def start(self) -> None:
        """As after a restart; what was not written down is decided again."""
        self.writes = True
        profiles = ProfilesOnDisk(self.store)
        self.orchestration = Orchestration(self.journeys, profiles.open)
        self.projection = Projection(self.orchestration, profiles, self.store, lambda: self.now_ms)
        self.projection.restore()
        self.projection.begin(Loop(), self.write)  # type: ignore[arg-type]

    def write(self, statements: Sequence[Statement], done: Callable[[Exception | None], None]) -> None:
        """At once, or never."""
        if self.writes:
            self.store.database.transaction(statements)
            done(None)

    def take(self, events: Sequence[StoredEvent]) -> None:
        """One transaction of the lake."""
        self.store.append(events)
        self.now_ms = events[-1].run_ms
        self.projection.follow(list(events))

    def time_passes(self, until_ms: int) -> None:
        """The clock is looked at."""
        self.now_ms = until_ms
        self.orchestration.do_what_is_due(until_ms)
        self.projection.happened()

    def news(self) -> tuple[Any, ...]:
        """All that anybody can ever see of it, a day after the last event."""
        self.time_passes(self.now_ms + DAY_MS)
        journal = self.projection.journal
        steps = [row.what for row in journal.steps(Wanted(limit=10_000))]
        messages = [row.what for row in journal.messages(Wanted(limit=10_000))]
        offers = [[one.id for one in self.orchestration.offers("local", ecid, ["home"])] for ecid in ECIDS]
        profiles = self.orchestration.sandbox("local").profiles
        found = [profiles.find("ECID", ecid) for ecid in ECIDS]
        return steps, messages, offers, [one and (one.graph.nodes, one.attributes) for one in found]


JOURNEYS = (
    a_journey(name="ends", nodes={"g": HOME}),
    a_journey(
        name="waits",
        nodes={"w": Wait("g", for_ms=MINUTE_MS), "g": msgspec.structs.replace(HOME, next="p"), "p": PUSH},
    ),
    a_journey(
        name="asks",
        nodes={
            "w": Wait("c", for_ms=2 * MINUTE_MS),
            "c": Condition((Path(parse("profile.loyalty.points > 0"), "g"),), otherwise=END),
            "g": HOME,
        },
    ),
)
KINDS = ("visit", "visit", "record", "token", "display")
MOMENTS = st.sampled_from((0, 20_000, MINUTE_MS, 3 * MINUTE_MS, 6 * MINUTE_MS, 92 * DAY_MS))
EVENTS = st.lists(st.tuples(MOMENTS, st.sampled_from(KINDS), st.sampled_from(ECIDS[:2])), min_size=1, max_size=10)
CUTS = st.lists(st.sampled_from(("", "group", "time", "times", "restart", "death")), min_size=10, max_size=10)


def history(drawn: Sequence[tuple[int, str, str]], sent: Sequence[Message] = ()) -> list[StoredEvent]:
    """The events; a display is of the first message that the device was `sent` by then."""
    at_ms, events = 0, []
    for n, (gap_ms, kind, ecid) in enumerate(drawn):
        at_ms += gap_ms
        match kind:
            case "record":
                events.append(comes(f"e{n}", at_ms, ecid=ecid, type="", loyalty={"points": n}))
            case "token":
                details = [{**TOKEN[0], "token": f"t{n}", "identity": {"id": ecid}}]
                events.append(comes(f"e{n}", at_ms, ecid=ecid, type="x", data={"pushNotificationDetails": details}))
            case "display":
                ids = [one.id for one in sent if one.to == ecid and one.at_ms < START_MS + at_ms]
                events.append(displayed(f"e{n}", at_ms, *ids[:1]))
            case _:
                events.append(comes(f"e{n}", at_ms, ecid=ecid))
    return events


def lived(events: Sequence[StoredEvent], cuts: Sequence[str]) -> tuple[Any, ...]:
    """What comes of the events, with something between each and the next."""
    life = Life(JOURNEYS)
    try:
        group: list[StoredEvent] = []
        for n, (event, cut) in enumerate(zip(events, cuts, strict=False)):
            group.append(event)
            if not cut and n < len(events) - 1:
                continue
            life.writes = cut != "death"
            life.take(group)
            group = []
            if cut in ("time", "times") and n < len(events) - 1:
                life.time_passes((event.run_ms + events[n + 1].run_ms) // 2)
            if cut == "times" and n < len(events) - 1:
                life.time_passes(events[n + 1].run_ms)
            if cut in ("restart", "death"):
                life.start()
        return life.news()
    finally:
        life.store.close()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=EVENTS, cuts=CUTS)
def test_the_same_events_make_the_same_news(drawn: list[tuple[int, str, str]], cuts: list[str]) -> None:
    sent = lived(history(drawn), [""] * 10)[1]
    events = history(drawn, sent)
    assert lived(events, cuts) == lived(events, [""] * 10)


# convict: a sandbox that errs in one of these ways is found out by this history
def _nothing(*_: Any) -> None:
    """Does not do it."""


def _later(self: Sandbox, arrival: Arrival) -> list[Effect]:
    """Profiles first, then what was due."""
    content = arrival.content
    self.profiles.take_event(arrival.event.id, content, arrival.event.run_ms, len(arrival.event.body))
    return TAKE(self, arrival)


TAKE = Sandbox.take
TELLING = [(0, "visit", ECIDS[0]), (3 * MINUTE_MS, "token", ECIDS[0]), (3 * MINUTE_MS, "record", ECIDS[1])]


@pytest.mark.parametrize(
    ("cuts", "where", "name", "how"),
    [
        (["restart", "group", "group"], OpenOffers, "restore", _nothing),
        (["group", "group", "restart"], OpenOffers, "restore", _nothing),
        (["group", "restart", "group"], OpenOffers, "offered", lambda self: []),
        (["time", "group", "group"], Sandbox, "take", _later),
    ],
    ids=["offers", "offers at the end", "offers that are not written", "order"],
)
def test_a_wrong_sandbox_is_found(
    cuts: list[str], where: type, name: str, how: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = history(TELLING)
    assert lived(events, cuts) == lived(events, [""] * 3)
    monkeypatch.setattr(where, name, how)
    assert lived(events, cuts) != lived(events, [""] * 3)
