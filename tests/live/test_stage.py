"""Many lives and a platform in one virtual time: who is next, what the platform has done before, and how a phone is
stirred that waits."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from small_inputs import PLACES, SCENARIO

from footfall.engine.attention import Decision, Notification
from footfall.engine.compile import compile_scenario
from footfall.engine.plan import Timed
from footfall.engine.population import Life, Population
from footfall.evidence.ops import Created, Ended, Notified, Op, Started
from footfall.live import inputs
from footfall.live.stage import Stage, over_the_wire
from footfall.phone.config import AppConfig
from footfall.phone.signals import Backgrounded, Did, Foregrounded, Reply, Signal
from footfall.phone.signals import Request as PhoneRequest
from footfall.platform.messages import Request, Response
from footfall.world.catalogue import CATALOGUE
from footfall.world.people import People
from footfall.xdm.commerce import CartLine
from footfall.xdm.messaging import PushMessage

ANCHOR_MS = 1_772_884_800_000


class Ledger:
    def __init__(self) -> None:
        self.ops: list[Op] = []

    def add(self, op: Op) -> None:
        self.ops.append(op)

    def flush(self) -> None:
        pass

    def of(self, kind: type[Any]) -> list[Any]:
        return [op for op in self.ops if isinstance(op, kind)]


class Receiver:
    """Takes everything, and writes down in `seen` what it did, each with its virtual time. `due` are things to do by
    itself, by time."""

    def __init__(self, due: dict[int, Callable[[], None]] | None = None) -> None:
        self.seen: list[tuple[int, str]] = []
        self.due = dict(due or {})

    def exchange(self, request: Request, now_ms: int) -> Response:
        events = json.loads(request.body)["events"] if request.body else []
        self.seen += [(now_ms - ANCHOR_MS, event["xdm"]["eventType"]) for event in events]
        return Response(200, (), b'\0{"requestId":"any","handle":[]}\n' if request.body else b"{}")

    @property
    def due_ms(self) -> int | None:
        return min(self.due, default=None) and ANCHOR_MS + min(self.due)

    def do_what_is_due(self, now_ms: int) -> None:
        for at_ms in sorted(at_ms for at_ms in self.due if ANCHOR_MS + at_ms <= now_ms):
            self.seen.append((now_ms - ANCHOR_MS, "due"))
            self.due.pop(at_ms)()


class Decided:
    """Opens every message a second after it came, for a minute."""

    takes_push = True

    def decide(self, buttons: tuple[str, ...] = ()) -> Decision:
        return Decision("open", 1_000, 60_000)


def nothing() -> None:
    """What a platform does that nobody hears of."""


READ = inputs.decode("small.yaml", SCENARIO, "places.geojson", json.dumps(PLACES))
VIEW = Did("productViews", (CartLine(CATALOGUE[0], 1),))


def a_life(k: int, *steps: tuple[int, Signal | None], attention: Any = None, start_ms: int = 0) -> Life:
    ready = compile_scenario(READ.scenario, READ.pois)
    life = Population(ready, People.fill(), AppConfig().at("d", ()), "run", 3, 9, ANCHOR_MS).life(k)
    changed = {name: getattr(life, name) for name in life.__struct_fields__}
    plan = iter([Timed(at_ms, "s", signal) for at_ms, signal in steps])
    return Life(**changed | {"plan": plan, "start_ms": start_ms, "attention": attention, "office": None})


SHORT = [(1_000, Foregrounded()), (2_000, VIEW), (9_000, Backgrounded()), (30_000, None)]


def message(sent_ms: int = 0) -> Notification:
    return Notification(PushMessage("m1", b'{"mixins":{}}'), (), sent_ms)


def test_lives_take_turns_in_order_of_time_and_of_their_number() -> None:
    receiver, ledger = Receiver(), Ledger()
    later = [(at_ms + 500, signal) for at_ms, signal in SHORT]
    # given in any order
    Stage(receiver, ledger, ANCHOR_MS).play([a_life(2, *later), a_life(1, *SHORT), a_life(0, *SHORT)])
    views = [(op.due_ms, op.phone) for op in ledger.of(Created) if op.type == "commerce.productViews"]
    assert views == [(2_000, 0), (2_000, 1), (2_500, 2)]
    assert [op.phone for op in ledger.of(Started)] == [0, 1, 2]
    assert [at_ms for at_ms, _ in receiver.seen] == sorted(at_ms for at_ms, _ in receiver.seen)
    assert {op.how for op in ledger.of(Ended)} == {"lived"}


def test_what_the_platform_has_to_do_is_done_before_anybody_goes_on() -> None:
    receiver = Receiver({1_500: nothing, 5_000: nothing, 50_000: nothing})
    stage = Stage(receiver, Ledger(), ANCHOR_MS)
    stage.play([a_life(0, *SHORT)])
    told = [one for one in receiver.seen if one[1] in ("due", "commerce.productViews")]
    assert told == [(1_500, "due"), (2_000, "commerce.productViews"), (5_000, "due")]
    # time goes on when the lives are over
    stage.pass_time(60_000)
    assert receiver.seen[-1] == (50_000, "due")
    assert stage.now_ms == 60_000
    stage.pass_time(10)  # and never back
    assert stage.now_ms == 60_000


def test_the_platform_stirs_a_phone_that_waits_for_later() -> None:
    ledger = Ledger()
    receiver = Receiver({12_345: lambda: stage.living[0].notify(message())})
    stage = Stage(receiver, ledger, ANCHOR_MS)
    stage.play([a_life(0, *SHORT, attention=Decided())])
    assert [(op.message, op.at_ms) for op in ledger.of(Notified)] == [("m1", 12_345)]
    launches = [op.due_ms for op in ledger.of(Created) if op.type == "application.launch"]
    assert launches == [1_000, 13_345]  # by the plan, and by the message


def test_a_phone_is_stirred_that_would_have_been_next_anyhow() -> None:
    """At the very moment at which it has something to do: the message first, then that."""
    ledger = Ledger()
    receiver = Receiver({9_000: lambda: stage.living[0].notify(message())})
    stage = Stage(receiver, ledger, ANCHOR_MS)
    stage.play([a_life(0, *SHORT, attention=Decided())])
    assert [op.at_ms for op in ledger.of(Notified)] == [9_000]
    assert next(op.due_ms for op in ledger.of(Created) if op.type == "application.close") == 9_000


def test_what_a_phones_own_event_brings_about_reaches_it_at_once() -> None:
    """While its request is under way it does not wait, so there is no wait to be ended; it looks before the next."""
    ledger, stages = Ledger(), []

    class Quick(Receiver):
        def exchange(self, request: Request, now_ms: int) -> Response:
            if b"productViews" in request.body:
                stages[0].living[0].notify(message())
            return super().exchange(request, now_ms)

    stages.append(Stage(Quick(), ledger, ANCHOR_MS))
    stages[0].play([a_life(0, *SHORT, attention=Decided())])
    assert [op.at_ms for op in ledger.of(Notified)] == [2_000]


def test_a_phone_whose_life_is_over_is_not_there_any_more() -> None:
    there: list[list[int]] = []
    receiver = Receiver({at_ms: lambda: there.append(sorted(stage.living)) for at_ms in (500, 10_000, 40_000, 70_000)})
    stage = Stage(receiver, Ledger(), ANCHOR_MS)
    longer = [*SHORT[:3], (50_000, None)]
    stage.play([a_life(0, *SHORT), a_life(1, *longer, start_ms=800)])
    stage.pass_time(100_000)
    assert there == [[0], [0, 1], [1], []]


def test_what_a_life_raises_ends_the_play_and_cuts_the_others_short() -> None:
    ledger = Ledger()

    class Broken(Receiver):
        def exchange(self, request: Request, now_ms: int) -> Response:
            if now_ms - ANCHOR_MS >= 2_000:
                raise RuntimeError("the platform is broken")
            return super().exchange(request, now_ms)

    stage = Stage(Broken(), ledger, ANCHOR_MS)
    later = [(at_ms + 60_000, signal) for at_ms, signal in SHORT]
    with pytest.raises(RuntimeError, match="broken"):
        stage.play([a_life(2, *later, start_ms=60_000), a_life(1, *later), a_life(0, *SHORT)])
    # who had begun leaves a word, who had not has never been there
    assert [op.phone for op in ledger.of(Started)] == [0, 1]
    assert [(op.phone, op.how) for op in ledger.of(Ended)] == [(0, "cut"), (1, "cut")]
    assert stage.living == {}


def test_something_may_stand_between_a_phone_and_the_platform() -> None:
    class Shut:
        def send(self, request: PhoneRequest, due_wall_ms: float) -> Reply:
            return Reply(0, failure="refused") if due_wall_ms < ANCHOR_MS + 20_000 else self.line.send(request, 0.0)

    def wrap(line: Any) -> Any:
        shut = Shut()
        shut.line = line  # type: ignore[attr-defined]
        return shut

    receiver = Receiver()
    Stage(receiver, Ledger(), ANCHOR_MS).play([a_life(0, *SHORT)], wrap)
    assert {name for _, name in receiver.seen} >= {"commerce.productViews"}
    assert min(at_ms for at_ms, _ in receiver.seen) >= 20_000


def test_bytes_are_taken_apart_as_a_server_does() -> None:
    request = PhoneRequest(
        id="r", channel="edge", method="POST", target="/ee/v1/interact?configId=d&requestId=r",
        headers=b"Content-Type: application/json\r\nX-Two: a: b\r\n", body=b"{}", name="n", timeout_s=5.0,
    )  # fmt: skip
    assert over_the_wire(request) == Request(
        "POST",
        "/ee/v1/interact",
        "configId=d&requestId=r",
        {"content-type": "application/json", "x-two": "a: b"},
        b"{}",
    )
