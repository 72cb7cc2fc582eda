"""Whatever happens, in whatever order: one presence a key, counts that add up, a restart that changes nothing, and time
that may be told in one step or in many. Beside it a model of one journey, the size of a dictionary."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from journey_words import (
    END,
    EVENTS,
    MINUTE_MS,
    PUSH,
    START_MS,
    Anna,
    Await,
    Everybody,
    Latency,
    React,
    Reentrance,
    Wait,
    a_journey,
    event,
    messages,
    opened,
    text,
)

from footfall.platform.journeys.engine import Journeys, Standing
from footfall.platform.journeys.expressions import parse
from footfall.platform.journeys.gate import Queued
from footfall.platform.journeys.messages import Effect, Happening, Instance, Message, Step
from footfall.platform.journeys.types import Condition, Path, Split, Webhook

TYPES = {name: rule.split('"')[1] for name, rule in EVENTS.items()}
PLAIN = a_journey(
    name="plain",
    nodes={"wait": Wait("await", for_ms=10 * MINUTE_MS), "await": Await((("exit", END),), 20 * MINUTE_MS, END)},
    exits=("purchase",),
)
RICH = a_journey(
    name="rich",
    nodes={
        "push": msgspec.structs.replace(PUSH, next="react"),
        "react": React("opened", "hook", 2 * MINUTE_MS, "split"),
        "hook": Webhook("split", "http://127.0.0.1/", text("{}"), on_error="wait"),
        "split": Split((("if", 1.0), ("await", 1.0))),
        "if": Condition((Path(parse("profile.gold == true"), "push"),), otherwise="wait", on_error="await"),
        "await": Await((("add", "push"), ("visit", "if"))),
        "wait": Wait("await", for_ms=3 * MINUTE_MS),
    },
    latency=Latency(MINUTE_MS, 0.5),
    reentrance=Reentrance(wait_ms=0),
    timeout_ms=30 * MINUTE_MS,
    exits=("exit",),
)
ONCE = a_journey(name="once", supplemental="cart", reentrance=Reentrance(allowed=False), dialect="legacy")
KEYS = ("anna", "bert", "carl")
PEOPLE = Everybody(anna=Anna({"gold": True}), bert=Anna({}))


def new(events_per_s: int) -> Journeys:
    """Three journeys."""
    return Journeys((PLAIN, RICH, ONCE), PEOPLE, "org", 7, events_per_s)


def written(thing: Any) -> bytes:
    return msgspec.json.encode(thing)


class Plain:
    """The model of PLAIN, without throughput: where each key is, by what it was told."""

    def __init__(self) -> None:
        self.entered: dict[str, int] = {}
        self.phase: dict[str, tuple[str, int]] = {}  # "wait" or "await", since

    def pass_until(self, now_ms: int) -> None:
        for key, (phase, since_ms) in list(self.phase.items()):
            if phase == "wait" and since_ms + 10 * MINUTE_MS <= now_ms:
                phase, since_ms = self.phase[key] = "await", since_ms + 10 * MINUTE_MS
            if phase == "await" and since_ms + 20 * MINUTE_MS <= now_ms:
                del self.phase[key]

    def happens(self, name: str, key: str, now_ms: int) -> None:
        self.pass_until(now_ms)
        match name, self.phase.get(key, ("", 0))[0]:
            case "visit", "":
                if now_ms - self.entered.get(key, -MINUTE_MS * 5) >= 5 * MINUTE_MS:
                    self.entered[key] = now_ms
                    self.phase[key] = "wait", now_ms
            case ("purchase", "wait" | "await") | ("exit", "await"):
                del self.phase[key]


class Machine(RuleBasedStateMachine):
    """Three engines live the same history: one calmly, one asked for what is due at every turn, one restarted."""

    events_per_s: ClassVar[int] = 5_000

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = START_MS
        self.calm, self.restless, self.restarted = (new(self.events_per_s) for _ in range(3))
        self.told: tuple[list[Effect], list[Effect], list[Effect]] = ([], [], [])
        self.store: dict[str, bytes] = {}
        self.queue: dict[int, bytes] = {}
        self.sent: list[Message] = []
        self.hooks: list[str] = []
        self.model = Plain()
        self.crowded = False  # the model knows no queue, and no pause
        self.n = 0

    def each(self, act) -> None:
        for run, told in zip((self.calm, self.restless, self.restarted), self.told, strict=True):
            effects = act(run)
            told += effects
            if run is self.calm:
                made = messages(effects)
                self.sent += [one for one in made if one.channel == "push"]
                self.hooks += [one.id for one in made if one.channel == "webhook"]
        self.crowded = self.crowded or bool(self.calm.queued())

    @rule(name=st.sampled_from(list(TYPES)), key=st.sampled_from(KEYS), cart=st.integers(0, 11))
    def something_happens(self, name: str, key: str, cart: int) -> None:
        self.n += 1
        one: Happening = event(TYPES[name], self.now_ms - START_MS, key, f"event {self.n}", cart=cart)
        self.each(lambda run: run.take(one))
        self.model.happens(name, key, self.now_ms)

    @rule(ms=st.sampled_from([1, 400, 999, 1_000, MINUTE_MS, 5 * MINUTE_MS - 1, 10 * MINUTE_MS, 31 * MINUTE_MS]))
    def time_passes(self, ms: int) -> None:
        until_ms = self.now_ms + ms
        for moment_ms in (self.now_ms + ms // 3, self.now_ms + ms // 2, until_ms - 1):
            self.told[1].extend(self.restless.due(moment_ms))
        while (due_ms := self.restless.due_ms) is not None and due_ms <= until_ms:
            self.told[1].extend(self.restless.due(due_ms))
        self.now_ms = until_ms

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 100))
    def somebody_opens(self, which: int) -> None:
        one = opened(self.sent[-1 - which % len(self.sent)], self.now_ms - START_MS)
        self.n += 1
        one = msgspec.structs.replace(one, id=f"event {self.n}")
        self.each(lambda run: run.take(one))
        self.model.pass_until(self.now_ms)

    @precondition(lambda self: self.hooks)
    @rule(ok=st.booleans())
    def a_webhook_is_answered(self, ok: bool) -> None:
        message = self.hooks.pop()
        self.each(lambda run: run.answered(message, ok, self.now_ms))

    @rule(name=st.sampled_from(["rich", "plain", "once"]))
    def a_journey_is_paused(self, name: str) -> None:
        self.crowded = True
        self.each(lambda run: run.pause(name, self.now_ms))

    @rule(name=st.sampled_from(["rich", "plain", "once"]))
    def a_journey_is_resumed(self, name: str) -> None:
        self.each(lambda run: run.resume(name, self.now_ms))

    @rule()
    def it_is_restarted(self) -> None:
        self.keep()
        standing = written(self.restarted.standing())
        self.restarted = new(self.events_per_s)
        instances = [msgspec.json.decode(one, type=Instance) for one in self.store.values()]
        queue = [(turn, msgspec.json.decode(one, type=Queued)) for turn, one in self.queue.items()]
        effects = self.restarted.restore(instances, msgspec.json.decode(standing, type=Standing), queue)
        assert effects == []  # the journeys are the same

    def keep(self) -> None:
        """The store takes what changed and what was queued, and keeps nothing that is forgotten or let through."""
        for one in self.restarted.changed():
            self.store[one.id] = written(one)
        for id in self.restarted.forgotten():
            self.store.pop(id, None)
        for turn, one in self.restarted.queued():
            assert turn not in self.queue
            self.queue[turn] = written(one)
        for turn in self.restarted.unqueued():
            del self.queue[turn]

    @invariant()
    def all_three_decide_the_same(self) -> None:
        self.each(lambda run: run.due(self.now_ms))
        calm, restless, restarted = map(written, self.told)
        assert calm == restless
        assert calm == restarted
        assert self.calm.counts() == self.restarted.counts()
        for told in self.told:
            told.clear()

    @invariant()
    def the_counts_add_up(self) -> None:
        for one in self.calm.counts().journeys.values():
            somewhere = one.entered + one.consumed + one.passed + one.stacked + one.queued
            assert one.matched == somewhere + sum(one.discarded.values())
            assert one.entered == one.active + one.ended + sum(one.exited.values())
            assert one.active == sum(one.waiting.values())
            assert min(one.stacked, one.queued, one.active) >= 0

    @invariant()
    def a_key_is_inside_once_but_for_its_carts(self) -> None:
        for key in KEYS:
            live = [each for each in self.calm.whereabouts(key) if not each.over]
            assert len({(each.journey, each.supplemental) for each in live}) == len(live)

    @invariant()
    def the_plain_journey_does_as_the_model(self) -> None:
        self.model.pass_until(self.now_ms)
        if not self.crowded:
            live = [each for key in KEYS for each in self.calm.whereabouts(key) if not each.over]
            nodes = [(each.node, each.since_ms) for each in live if each.journey == "plain"]
            assert nodes == [self.model.phase[key] for key in KEYS if key in self.model.phase]

    @invariant()
    def no_message_has_an_id_of_another(self) -> None:
        ids = [one.id for one in self.sent]
        assert len(set(ids)) == len(ids)


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestJourneysMachine = Machine.TestCase


class Crowded(Machine):
    """Where a second has room for three journey events, which one visit needs."""

    events_per_s = 3


Crowded.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestJourneysMachineCrowded = Crowded.TestCase


def test_the_model_convicts():
    # a planted fault: had the journey no exit event, the model would tell
    machine = Machine()
    machine.calm = Journeys((msgspec.structs.replace(PLAIN, exits=()), RICH, ONCE), PEOPLE, "org", 7)
    machine.something_happens("visit", "anna", 0)
    machine.time_passes(2_000)
    machine.calm.due(machine.now_ms)
    machine.something_happens("purchase", "anna", 0)
    assert not agrees(machine)


def agrees(machine: Machine) -> bool:
    """Whether the model says the same."""
    try:
        machine.the_plain_journey_does_as_the_model()
    except AssertionError:
        return False
    return True


def test_steps_are_what_an_export_needs():
    run = new(5_000)
    effects = run.take(event(TYPES["visit"], 0, "anna", "the visit"))
    [entered] = [
        each for each in effects if isinstance(each, Step) and (each.journey, each.kind) == ("plain", "entered")
    ]
    assert msgspec.to_builtins(entered) == {
        "at_ms": START_MS,
        "journey": "plain",
        "kind": "entered",
        "key": "anna",
        "instance": entered.instance,
        "event": "the visit",
        "next": "wait",
        "why": "visit happened",
    }
