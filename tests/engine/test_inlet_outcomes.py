"""A request of several events over streaming ingestion, of which some are taken, some refused and some are to be tried
again: what the ledger says of each, and that only what was not taken is sent again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from saturday import ANCHOR_MS, LIBRARY, manifest, people, saturday
from simulated import MemoryJournal, Receiver, VirtualClock

from footfall.engine import inlet
from footfall.engine.live import Living
from footfall.engine.plan import Timed
from footfall.engine.population import Population
from footfall.evidence.delivered import Delivered
from footfall.evidence.ops import Created, Done, Head, Invoke
from footfall.evidence.received import Received
from footfall.evidence.verdict import judge
from footfall.phone.config import AppConfig, Batching, EdgeConfig, InletConfig
from footfall.phone.signals import Foregrounded, Reply, Request, Saw
from footfall.platform.config import LOCAL_DATASET, LOCAL_FLOW, LOCAL_ORG, LOCAL_SCHEMA, Fault, Inlet, PlatformConfig
from footfall.platform.core import Platform
from footfall.platform.memory import InProcessPlatform, MemoryStore
from footfall.platform.messages import Request as Message
from footfall.platform.package_data import event_schema

RUN = "run-1"
INLET = InletConfig("ab" * 32, LOCAL_SCHEMA, LOCAL_ORG, LOCAL_DATASET, LOCAL_FLOW)
APP = AppConfig(edge=EdgeConfig(batching=Batching(enabled=True, events=("*",)))).at("stream-1", (LIBRARY,))
JSON = {"content-type": "application/json"}
TAKEN, REFUSED, BUSY, BROKEN = 200, 400, 429, 503

Take = Callable[[list[bytes]], None]


class Sender:
    """The transport of one phone to an inlet. `script` says of each message of a request what becomes of it; those to
    be taken are handed to `take`. The answer is a batch's, in Adobe's words or its connector's, not in order."""

    def __init__(self, script: Callable[[int], Sequence[int]], take: Take, places: Callable[[Request], Reply]) -> None:
        self.answered: dict[str, list[int]] = {}  # _id -> what each of its attempts was answered
        self.entities: dict[str, set[tuple[str, str]]] = {}  # _id -> the (_id, timestamp) that it was sent with
        self._script = script
        self._take = take
        self._places = places

    def send(self, request: Request, due_wall_ms: float) -> Reply:
        if not request.event_ids:
            return self._places(request) if request.channel == "places" else Reply(200)
        messages = inlet.messages_of(request.body, INLET, "phones", 1)
        statuses = self._script(len(messages))
        told = []
        for index, (event_id, message, status) in enumerate(zip(request.event_ids, messages, statuses, strict=True)):
            entity = json.loads(message)["body"]["xdmEntity"]
            self.entities.setdefault(event_id, set()).add((entity["_id"], entity["timestamp"]))
            self.answered.setdefault(event_id, []).append(status)
            key = "status" if index % 2 else "statusCode"
            told.append({"xactionId": f"b:{index}", **({} if status == TAKEN else {key: status})})
        self._take([message for message, status in zip(messages, statuses, strict=True) if status == TAKEN])
        body = json.dumps({"batchId": "b", "responses": told[::-1]}).encode()
        return inlet.of_request(inlet.of_batch(Reply(207, body), len(messages)), request.attempts)


def screens(count: int, sender: Sender) -> MemoryJournal:
    """A phone that shows so many screens while its first event is in flight, so that the rest share requests."""
    life = Population(saturday(), people(), APP, RUN, 1, 1, ANCHOR_MS).life(0)
    shown = [Timed(1 + n, "browse", Saw(f"screen {n}")) for n in range(count)]
    plan = [Timed(0, "open", Foregrounded()), *shown, Timed(1_000, "end", None)]
    clock, journal = VirtualClock(), MemoryJournal()
    Living(replace(life, plan=iter(plan), start_ms=0), clock, sender, journal).live()
    return journal


def by_list(answers: list[list[int]], stored: list[str]) -> Sender:
    """A sender whose requests are answered by these lists, in turn; what they leave open is taken."""
    left = iter(answers)

    def script(count: int) -> Sequence[int]:
        return (next(left, []) + [TAKEN] * count)[:count]

    def take(messages: list[bytes]) -> None:
        stored.extend(json.loads(message)["body"]["xdmEntity"]["_id"] for message in messages)

    return Sender(script, take, Receiver(saturday().pois).nearby)


def test_the_ledger_says_of_each_event_what_became_of_it() -> None:
    stored: list[str] = []
    journal = screens(4, by_list([[], [TAKEN, REFUSED, BUSY, BROKEN], [BROKEN, TAKEN]], stored))
    names = {op.id: f"e{n}" for n, op in enumerate(journal.of(Created))}
    history = [
        f"{names[op.id]} sent {op.attempt}"
        if isinstance(op, Invoke)
        else f"{names[op.id]} {op.outcome} {op.status} {op.next}"
        for op in journal.of(Invoke, Done)
    ]
    assert history == [
        "e0 sent 1", "e0 ok 200 done",  # the launch, behind which four screens have gathered
        "e1 sent 1", "e2 sent 1", "e3 sent 1", "e4 sent 1",
        "e1 ok 200 done", "e2 fail 400 drop", "e3 fail 429 retry", "e4 info 503 retry",
        "e3 sent 2", "e4 sent 2",
        "e3 info 503 retry", "e4 ok 200 done",
        "e3 sent 3", "e3 ok 200 done",
    ]  # fmt: skip
    assert [names[id] for id in stored] == ["e0", "e1", "e4", "e3"]
    assert journal.lines[-1].held == ()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 12),
    st.lists(st.lists(st.sampled_from([TAKEN, REFUSED, BUSY, BROKEN]), min_size=1, max_size=13), max_size=12),
)
def test_nothing_is_lost_and_nothing_that_was_answered_for_good_goes_again(
    count: int, answers: list[list[int]]
) -> None:
    stored: list[str] = []
    sender = by_list(answers, stored)
    journal = screens(count, sender)
    created = [op.id for op in journal.of(Created)]
    assert set(sender.answered) == set(created)
    for id, statuses in sender.answered.items():
        assert not {TAKEN, REFUSED}.intersection(statuses[:-1]), "it was sent again"
        assert statuses[-1] in (TAKEN, REFUSED), "it was given up"
        assert [op.attempt for op in journal.of(Invoke) if op.id == id] == list(range(1, len(statuses) + 1))
        assert [op.status for op in journal.of(Done) if op.id == id] == statuses
        assert len(sender.entities[id]) == 1, "a retry has the same _id and timestamp"
    taken = [id for id, statuses in sender.answered.items() if statuses[-1] == TAKEN]
    assert sorted(stored) == sorted(taken), "each is stored once"
    checker = Delivered()
    for op in journal.lines:
        checker.feed(op)
    types = {op.id: op.type for op in journal.of(Created)}
    checker.observe([Received(id, types[id], True) for id in stored])
    check = checker.close()
    assert checker.total.unexplained == 0
    assert checker.total.dropped == len(created) - len(taken)
    assert check.validity == ("valid" if len(taken) == len(created) else "invalid"), "what was refused is reported"


class ToPlatform:
    """The transport of one phone to the inlet of a platform in the same process, all in batches. `mixed` counts the
    requests of which some events were taken and some are to go again."""

    def __init__(self, platform: InProcessPlatform, places: Callable[[Request], Reply], clock: VirtualClock) -> None:
        self.mixed = 0
        self._platform = platform
        self._places = places
        self._clock = clock

    def send(self, request: Request, due_wall_ms: float) -> Reply:
        if not request.event_ids:
            return self._places(request) if request.channel == "places" else Reply(200)
        messages = inlet.messages_of(request.body, INLET, "phones", 1)
        batch = Message("POST", inlet.target(INLET, batch=True), "", JSON, inlet.batch_of(messages))
        response = self._platform.exchange(batch, ANCHOR_MS + int(self._clock.virtual_ms))
        told = inlet.of_batch(Reply(response.status, response.body), len(messages))
        reply = inlet.of_request(told, request.attempts)
        self.mixed += len({its.status == 200 for its in reply.each}) == 2
        return reply


def test_a_run_over_an_inlet_that_fails_some_messages_ends_valid() -> None:
    """Thirty phones and the platform's own core, which answers 207 and takes but some of the messages of most
    batches."""
    phones = 30
    fails_some = Fault("partial-207", "/collection/batch/", share=0.7)
    setup = PlatformConfig(inlets=(Inlet(INLET.id, run=RUN),), faults=(fails_some,))
    platform = InProcessPlatform(Platform(saturday().pois, event_schema(), setup), MemoryStore())
    journal = MemoryJournal()
    journal.add(Head(RUN, "local", 1, "test"))
    everyone = Population(saturday(), people(), APP, RUN, 1, phones, ANCHOR_MS)
    mixed = 0
    for k in range(phones):
        clock = VirtualClock()
        transport = ToPlatform(platform, Receiver(saturday().pois).nearby, clock)
        Living(everyone.life(k), clock, transport, journal).live()
        mixed += transport.mixed
    assert mixed > 5, "else nothing was tried"
    stored = [event for _, event in platform.store.received(RUN)]
    received = [Received(event.id, event.type, event.good, event.reasons, event.ecid) for event in stored]
    verdict = judge(manifest(phones), journal.lines, received)
    assert verdict.validity == "valid", verdict.line
    assert verdict.total.stored == verdict.total.acknowledged == verdict.total.planned > 300
    assert set(Counter(event.id for event in stored).values()) == {1}
