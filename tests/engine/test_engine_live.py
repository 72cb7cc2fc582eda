"""One life being lived: which lines the ledger gets and when, and in which order a phone hears of things.

Plans are written out, networks are the simulators of `simulated`; no time passes but the virtual clock's.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import msgspec
import pytest
from saturday import a_life, saturday
from simulated import WALL_MS, MemoryJournal, Network, Receiver, VirtualClock, deaf, grumpy, live, perfect, shut

from footfall.engine.live import Living
from footfall.engine.plan import Timed
from footfall.engine.population import Life
from footfall.engine.seeds import latency_ms
from footfall.evidence.ops import Created, Done, Ended, Invoke, Op, Started
from footfall.phone.phone import Phone
from footfall.phone.signals import Backgrounded, Did, Effect, Foregrounded, LoggedIn, Moved, Reply, Request, Signal
from footfall.world.catalogue import CATALOGUE
from footfall.xdm.commerce import CartLine

VIEW = Did("productViews", (CartLine(CATALOGUE[0], 1),))


def plan(*steps: tuple[int, Signal | None]) -> list[Timed]:
    return [Timed(at_ms, "a-state", signal) for at_ms, signal in steps]


# a launch at 0, a look at 10 s, away at 20 s, over at 30 s
SHORT = plan((0, Foregrounded()), (10_000, VIEW), (20_000, Backgrounded()), (30_000, None))
THREE = ["application.launch", "commerce.productViews", "application.close"]


def receiver() -> Receiver:
    return Receiver(saturday().pois)


def words(ops: Iterable[Op]) -> list[str]:
    """The ledger in words; event ids as the number of the event."""
    numbers: dict[str, int] = {}
    lines = []
    for op in ops:
        match op:
            case Started():
                lines.append("started")
            case Created(id=id, type=type, n=n):
                numbers[id] = n
                lines.append(f"created {n} {type}")
            case Invoke(id=id, attempt=attempt):
                lines.append(f"invoke {numbers[id]} attempt {attempt}")
            case Done(id=id, outcome=outcome, next=following):
                lines.append(f"done {numbers[id]} {outcome} {following}")
            case Ended(how=how, held=held):
                lines.append(f"ended {how}, holding {len(held)}")
    return lines


def test_a_short_life_line_by_line() -> None:
    journal = live(a_life(plan=SHORT), perfect(receiver()))
    assert words(journal.lines) == [
        "started",
        "created 0 application.launch",
        "invoke 0 attempt 1",
        "done 0 ok done",
        "created 1 commerce.productViews",
        "invoke 1 attempt 1",
        "done 1 ok done",
        "created 2 application.close",
        "invoke 2 attempt 1",
        "done 2 ok done",
        "ended lived, holding 0",
    ]


def test_what_the_lines_say() -> None:
    life = a_life(plan=SHORT)
    journal = live(life, perfect(receiver()))
    started, created, invoke, done, *_ = journal.lines
    assert started == Started(life.k, life.person.id, life.ecid, life.model.platform, life.start_ms)
    assert isinstance(created, Created)
    assert (created.phone, created.person, created.state, created.cause) == (0, life.person.id, "a-state", "plan")
    assert (created.due_ms, created.bad, created.fault) == (0, False, "")
    assert invoke == Invoke(created.id, invoke.request, 0, 1, WALL_MS, WALL_MS)
    assert done == Done(created.id, invoke.request, 0, WALL_MS, "ok", "done", 200, "")
    view, close = journal.of(Created)[1:]
    assert view.skus == ((CATALOGUE[0].sku, 1),)
    assert close.due_ms == 20_000  # the pause's time


# one thing changed in what happens at 10 s -> is the content of that event another one?
CONTENTS = [
    ([(0, Foregrounded()), (10_000, VIEW)], False),
    ([(0, Foregrounded()), (10_001, VIEW)], True),  # its time
    ([(0, Foregrounded()), (10_000, Did("productViews", (CartLine(CATALOGUE[1], 1),)))], True),  # its body
    ([(0, Foregrounded()), (5_000, LoggedIn("aino@example.com")), (10_000, VIEW)], True),  # whose it is
    ([(500, Foregrounded()), (10_000, VIEW)], False),  # what was before it
]


@pytest.mark.parametrize(("steps", "differs"), CONTENTS)
def test_the_digest_is_of_an_events_content(steps, differs) -> None:
    def digest(steps: list[tuple[int, Signal]], mood=perfect) -> str:
        journal = live(a_life(plan=plan(*steps, (20_000, None))), mood(receiver()))
        return journal.of(Created)[-1].digest

    usual = digest([(0, Foregrounded()), (10_000, VIEW)])
    assert (digest(steps) != usual) == differs
    assert digest(steps, grumpy) == digest(steps)


@pytest.mark.parametrize("mood", [perfect, grumpy])
def test_the_invoke_line_is_handed_over_before_its_first_byte_leaves(mood) -> None:
    journal = MemoryJournal()
    answer = mood(receiver())
    looked_at = 0

    def watching(request: Request) -> Reply:
        nonlocal looked_at
        if request.channel == "edge":
            looked_at += 1
            handed_over = journal.lines[: journal.flushed]
            assert journal.flushed == len(journal.lines)
            invoke = handed_over[-1]
            assert isinstance(invoke, Invoke)
            assert ((invoke.id,), invoke.request, invoke.attempt) == (request.event_ids, request.id, request.attempt)
            assert [op.id for op in handed_over if isinstance(op, Created)].count(invoke.id) == 1
        return answer(request)

    live(a_life(k=3), watching, journal=journal)
    assert looked_at == len(journal.of(Invoke)) >= 10


def test_what_cannot_be_written_down_is_not_sent() -> None:
    class Full(MemoryJournal):
        def flush(self) -> None:
            raise OSError("no space left")

    journal, clock = Full(), VirtualClock()
    network = Network(deaf, clock)
    with pytest.raises(OSError, match="no space left"):
        Living(a_life(plan=SHORT), clock, network, journal).live()
    assert [request for request in network.requests if request.channel == "edge"] == []
    assert words(journal.lines)[-1] == "ended cut, holding 1"


def test_every_done_follows_its_own_invoke_and_attempts_count_up() -> None:
    journal = live(a_life(k=3), grumpy(receiver()))
    attempts: dict[str, int] = {}
    over = set()
    under_way = None
    for op in journal.of(Invoke, Done):
        if isinstance(op, Invoke):
            assert under_way is None  # one in flight
            assert op.id not in over
            assert op.attempt == attempts.get(op.id, 0) + 1
            attempts[op.id] = op.attempt
            under_way = op
        else:
            assert under_way is not None
            assert (op.id, op.request) == (under_way.id, under_way.request)
            under_way = None
            if op.next != "retry":
                over.add(op.id)
    assert over == {op.id for op in journal.of(Created)}
    assert {op.outcome for op in journal.of(Done)} == {"ok", "fail", "info"}
    assert [op.n for op in journal.of(Created)] == list(range(len(over)))
    requests = [op.request for op in journal.of(Invoke)]
    assert len(set(requests)) == len(requests)


@pytest.mark.parametrize("k", range(8))
def test_with_a_perfect_network_everything_is_delivered_once(k) -> None:
    stored = receiver()
    journal = live(a_life(k), perfect(stored))
    assert [one.id for one in stored.stored] == [op.id for op in journal.of(Created)]  # in order, too
    assert [one.type for one in stored.stored] == [op.type for op in journal.of(Created)]
    assert journal.of(Ended)[-1].held == ()
    assert {op.outcome for op in journal.of(Done)} == {"ok"}


def test_with_a_deaf_network_and_no_patience_everything_is_held() -> None:
    clock = VirtualClock(patience_ms=0)
    journal = live(a_life(k=3), deaf, clock)
    (ended,) = journal.of(Ended)
    assert ended.how == "lived"
    assert ended.held == tuple(op.id for op in journal.of(Created))
    assert len(ended.held) > 10
    assert {(op.outcome, op.next, op.why) for op in journal.of(Done)} == {("info", "retry", "timeout")}
    # nothing overtakes: it is the launch that is tried all along
    assert {op.id for op in journal.of(Invoke)} == {ended.held[0]}


def test_with_a_shut_port_nothing_was_sent_for_certain() -> None:
    journal = live(a_life(k=3), shut, VirtualClock(patience_ms=0))
    assert {(op.outcome, op.next, op.why) for op in journal.of(Done)} == {("fail", "retry", "refused")}
    assert journal.of(Ended)[0].held == tuple(op.id for op in journal.of(Created))


def test_patience_is_for_what_is_queued() -> None:
    # the close is due 0.5 s after the pause; with 60 s of patience two more attempts fit in after the end at 30 s
    calls = []

    def twice_deaf(request: Request) -> Reply:
        calls.append(request.name)
        return Reply(200) if len(calls) > 4 or request.channel == "places" else deaf(request)

    journal = live(a_life(plan=plan((0, Foregrounded()), (2_000, None))), twice_deaf, VirtualClock(patience_ms=60_000))
    assert words(journal.lines)[-3:] == ["invoke 0 attempt 4", "done 0 ok done", "ended lived, holding 0"]


def test_cut_short() -> None:
    # the run is ended at 15 s: the look at 10 s has been, the pause at 20 s is no more; what is queued is delivered
    journal = live(a_life(plan=SHORT), perfect(receiver()), VirtualClock(ends_ms=15_000))
    assert words(journal.lines) == [
        "started",
        "created 0 application.launch",
        "invoke 0 attempt 1",
        "done 0 ok done",
        "created 1 commerce.productViews",
        "invoke 1 attempt 1",
        "done 1 ok done",
        "ended cut, holding 0",
    ]


def test_cut_short_what_is_queued_is_still_sent() -> None:
    # ended at 10.002 s: the first look is under way, the second one behind it
    steps = plan((0, Foregrounded()), (10_000, VIEW), (10_001, VIEW), (20_000, VIEW), (30_000, None))
    journal = live(a_life(plan=steps), perfect(receiver()), VirtualClock(ends_ms=10_002))
    assert words(journal.lines)[-3:] == ["invoke 2 attempt 1", "done 2 ok done", "ended cut, holding 0"]


def test_after_the_end_of_the_plan_nobody_waits_for_crossings() -> None:
    # the plan ends while the customer walks up to a place; the queue is still full, and there is an hour of patience
    own = list(a_life(k=3).plan)
    last_leg = next(
        n for n, (one, following) in enumerate(pairwise(own))
        if isinstance(one.signal, Moved) and not isinstance(following.signal, Moved)
    )  # fmt: skip
    end_ms = own[last_leg].at_ms + 1
    clock, stored = VirtualClock(patience_ms=3_600_000), receiver()
    asked_ms, tried_ms = [], []

    def edge_is_deaf(request: Request) -> Reply:
        if request.channel == "places":
            asked_ms.append(clock.virtual_ms)
            return stored.nearby(request)
        tried_ms.append(clock.virtual_ms)
        return deaf(request)

    journal = live(a_life(k=3, plan=[*own[: last_leg + 1], Timed(end_ms, "a-state", None)]), edge_is_deaf, clock)

    assert all(op.due_ms <= end_ms for op in journal.of(Created))
    assert all(at_ms <= end_ms for at_ms in asked_ms)
    assert sum(at_ms > end_ms for at_ms in tried_ms) > 500  # it was busy all the time

    # had the plan gone on, there would have been a crossing
    later_plan = [*own[: last_leg + 1], Timed(end_ms + 3_600_000, "a-state", None)]
    later = live(a_life(k=3, plan=later_plan), edge_is_deaf, VirtualClock(patience_ms=0))
    assert any(op.type == "location.entry" and op.due_ms > end_ms for op in later.of(Created))


def test_cut_short_without_patience_holds_what_was_queued() -> None:
    journal = live(a_life(plan=SHORT), deaf, VirtualClock(ends_ms=15_000, patience_ms=0))
    assert words(journal.lines)[-1] == "ended cut, holding 2"


def test_cut_before_it_began() -> None:
    journal = live(a_life(plan=SHORT), perfect(receiver()), VirtualClock(ends_ms=-1))
    assert words(journal.lines) == ["started", "ended cut, holding 0"]


@pytest.mark.parametrize("mood", [perfect, grumpy, lambda _: deaf, lambda _: shut])
@pytest.mark.parametrize("ends_ms", [0, 100_000, 500_000, float("inf")])
def test_every_life_that_began_has_one_end_and_it_is_the_last_line(mood, ends_ms) -> None:
    journal = live(a_life(k=2), mood(receiver()), VirtualClock(ends_ms, patience_ms=10_000))
    assert len(journal.of(Started)) == len(journal.of(Ended)) == 1
    assert isinstance(journal.lines[0], Started)
    assert isinstance(journal.lines[-1], Ended)
    assert journal.lines[-1].how == ("lived" if ends_ms == float("inf") else "cut")


def test_a_life_that_is_torn_down_says_so() -> None:
    class Killed(BaseException):
        pass

    def kill(request: Request) -> Reply:
        if request.name == "commerce.productViews":
            raise Killed
        return Reply(200)

    journal = MemoryJournal()
    with pytest.raises(Killed):
        live(a_life(plan=SHORT), kill, journal=journal)
    assert words(journal.lines)[-2:] == ["invoke 1 attempt 1", "ended cut, holding 1"]  # no outcome: unknown


class Listening:
    """A phone that writes down what it is told, and when."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.heard: list[tuple[int, str]] = []

    @property
    def queued(self) -> tuple[str, ...]:
        return self.phone.queued

    @property
    def withheld(self) -> tuple[str, ...]:
        return self.phone.withheld

    @property
    def busy(self) -> bool:
        return self.phone.busy

    def stop_watching(self) -> None:
        self.phone.stop_watching()

    def feed(self, now_ms: int, signal: Signal) -> list[Effect]:
        self.heard.append((now_ms, type(signal).__name__))
        return self.phone.feed(now_ms, signal)


def hear(life: Life, answer, takes_ms=lambda n: 0.0) -> list[tuple[int, str]]:
    listening = Listening(life.phone)
    live(msgspec.structs.replace(life, phone=listening), answer, takes_ms=takes_ms)
    return listening.heard


def latency(number: int, attempt: int = 1) -> int:
    return latency_ms(a_life().latency_key, number, attempt)


def test_a_reply_is_heard_of_after_its_planned_latency_and_what_happens_before_is_heard_first() -> None:
    launch, query = latency(0), latency(-1)
    steps = plan((0, Foregrounded()), (1, VIEW), (2, VIEW), (60_000, None))
    heard = hear(a_life(plan=steps), perfect(receiver()), takes_ms=lambda n: 10_000.0)  # a slow platform

    replies = [(launch, "Replied"), (launch + latency(1), "Replied"), (launch + latency(1) + latency(2), "Replied")]
    assert heard == [
        (0, "Foregrounded"),
        (1, "Did"),  # both before the answer to the launch
        (2, "Did"),
        *sorted([*replies, (query, "Replied")]),
        (60_000, "Due"),
    ]


def test_at_the_same_moment_replies_come_first_then_wakes_then_the_plan() -> None:
    launch, query = latency(0), latency(-1)
    # a step at the very moment of the launch's answer; the app goes away and comes back exactly when its close is due
    steps = plan((0, Foregrounded()), (launch, VIEW), (9_500, Backgrounded()), (10_000, Foregrounded()), (60_000, None))
    heard = hear(a_life(plan=steps), perfect(receiver()))
    at_launch = [what for at_ms, what in heard if at_ms == launch]
    assert at_launch == ["Replied", "Did"] if launch != query else ["Replied", "Replied", "Did"]
    assert [what for at_ms, what in heard if at_ms == 10_000] == ["Due", "Foregrounded"]


def test_a_reply_goes_before_a_wake_of_the_same_moment() -> None:
    # the close becomes due in the millisecond in which the answer to the look is heard of
    answered_ms = 10_000 + latency(1)
    steps = plan((0, Foregrounded()), (answered_ms - 500, Backgrounded()), (10_000, VIEW), (60_000, None))
    heard = hear(a_life(plan=steps), perfect(receiver()))
    assert [what for at_ms, what in heard if at_ms == answered_ms] == ["Replied"]  # which finds the close due itself


def test_every_attempt_has_a_latency_of_its_own() -> None:
    def busy_at_first(request: Request) -> Reply:
        return Reply(503) if request.channel == "edge" and request.attempt < 3 else Reply(200)

    heard = hear(a_life(plan=plan((0, Foregrounded()), (60_000, None))), busy_at_first)
    expected, at_ms = [latency(-1)], 0
    for attempt in (1, 2, 3):
        at_ms += latency(0, attempt)
        expected.append(at_ms)
        at_ms += 5_000
    assert sorted(at_ms for at_ms, what in heard if what == "Replied") == sorted(expected)
    assert len({latency(0, attempt) for attempt in (1, 2, 3)}) > 1


@pytest.mark.parametrize("mood", [perfect, grumpy])
def test_nothing_depends_on_how_long_real_answers_take(mood) -> None:
    instant = hear(a_life(k=3), mood(receiver()))
    sluggish = hear(a_life(k=3), mood(receiver()), takes_ms=lambda n: 700.0 * (n % 7))
    assert instant == sluggish
    assert len(instant) > 50

    ledgers = [
        live(a_life(k=3), mood(receiver()), takes_ms=takes).lines
        for takes in (lambda n: 0.0, lambda n: 5_000.0, lambda n: 90.0 * (n % 11))
    ]
    assert words(ledgers[0]) == words(ledgers[1]) == words(ledgers[2])
    created = [[op for op in lines if isinstance(op, Created)] for lines in ledgers]
    assert created[0] == created[1] == created[2]


def test_what_edge_answers_changes_nothing_that_the_plan_caused() -> None:
    created = [live(a_life(k=3), mood(receiver())).of(Created) for mood in (perfect, grumpy)]
    assert created[0] == created[1]


def test_the_clock_is_told_how_long_an_answer_took_and_how_long_it_was_to_take() -> None:
    clock = VirtualClock()
    journal = live(a_life(plan=SHORT), perfect(receiver()), clock, takes_ms=lambda n: 1_000.0 * n)
    # the nearby query of the first launch is the first request
    assert clock.answers == [
        (1_000.0, latency(-1)),
        (2_000.0, latency(0)),
        (3_000.0, latency(1)),
        (4_000.0, latency(2)),
    ]
    # wall time: due counts the time for which the phone was held back, done the answer's own
    lag = 1_000.0 - latency(-1)
    invokes, dones = journal.of(Invoke), journal.of(Done)
    assert dones[0].done - invokes[0].sent == 2_000.0
    lag += 2_000.0 - latency(0)
    assert invokes[1].due == invokes[1].sent == WALL_MS + 10_000 + lag
    assert dones[1].done - invokes[1].sent == 3_000.0


def test_an_attempt_is_due_in_its_turn_and_never_before_its_event() -> None:
    steps = plan((0, Foregrounded()), (1_000, VIEW), (2_000, VIEW), (3_000, VIEW), (600_000, None))
    journal = live(a_life(plan=steps), grumpy(receiver()))
    happened = [op.due_ms for op in journal.of(Created)]
    due = [op.due - WALL_MS for op in journal.of(Invoke) if op.attempt == 1]
    # the launch takes five attempts: 2 s after a 429, 5 s after each of the three others; then the next one's turn
    launched = [op for op in journal.of(Invoke) if op.id == journal.of(Created)[0].id]
    assert len(launched) == 5
    assert happened == [0, 1_000, 2_000, 3_000]
    assert due[0] == 0
    assert 17_000 < due[1] < 18_500
    assert 34_000 < due[2] < 37_000
    assert 51_000 < due[3] < 55_500
