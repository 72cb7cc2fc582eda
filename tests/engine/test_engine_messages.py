"""Messages that reach a phone while it is lived: what the customer does about them, what the ledger says of it, and
that the plan goes on as if nothing had come."""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from saturday import a_life, population, saturday
from simulated import MemoryJournal, Network, Receiver, VirtualClock, live, live_with_messages, perfect

from footfall.engine.attention import Decision, Notification
from footfall.engine.live import Living
from footfall.engine.plan import Timed
from footfall.engine.population import Life
from footfall.evidence.alternates import alternates
from footfall.evidence.causal import Causal
from footfall.evidence.check import fold
from footfall.evidence.manifest import Expectations
from footfall.evidence.ops import Created, Ended, Notified
from footfall.evidence.verdict import plan_digest
from footfall.phone.config import AppConfig, MessagingConfig
from footfall.phone.signals import Backgrounded, Did, Foregrounded, PushTokenSet, Reply, Request, Signal, Upgraded
from footfall.world.catalogue import CATALOGUE
from footfall.xdm.commerce import CartLine
from footfall.xdm.messaging import DISMISS, PushMessage

APP = AppConfig(messaging=MessagingConfig(registered=True, event_dataset="d", push_share=1.0))
VIEW = Did("productViews", (CartLine(CATALOGUE[0], 1),))
LAUNCH, CLOSE, OPENED, CLICKED, LOOK = (
    "application.launch",
    "application.close",
    "pushTracking.applicationOpened",
    "pushTracking.customAction",
    "commerce.productViews",
)
# away from 20 s until 300 s, over at 400 s
PLAN = [(0, Foregrounded()), (10_000, VIEW), (20_000, Backgrounded()), (300_000, Foregrounded()), (310_000, VIEW)]
PLAN += [(320_000, Backgrounded()), (400_000, None)]
UNTOUCHED = [(0, LAUNCH), (10_000, LOOK), (20_000, CLOSE), (300_000, LAUNCH), (310_000, LOOK), (320_000, CLOSE)]

OPEN = Decision("open", after_ms=5_000, stays_ms=30_000)
BUY = Decision("button", after_ms=5_000, stays_ms=30_000, action="buy")
DISMISSED = Decision("dismiss", after_ms=5_000, action=DISMISS)
IGNORE = Decision("ignore")


class Decided:
    """Somebody whose decisions are written down."""

    takes_push = True

    def __init__(self, *decisions: Decision) -> None:
        self._left = list(decisions)

    def decide(self, buttons: tuple[str, ...] = ()) -> Decision:
        return self._left.pop(0)


def message(id: str, sent_ms: int = 0) -> Notification:
    return Notification(PushMessage(id, b'{"mixins":{"_experience":{}}}'), ("buy",), sent_ms)


def somebody(*decisions: Decision, steps: Iterable[tuple[int, Signal | None]] = PLAN) -> Life:
    plan = [Timed(at_ms, "a-state", signal) for at_ms, signal in steps]
    return msgspec.structs.replace(a_life(plan=plan, app=APP), attention=Decided(*decisions))  # type: ignore[arg-type]


def lived(life: Life, messages: Iterable[tuple[int, Notification]], clock: VirtualClock | None = None) -> MemoryJournal:
    return live_with_messages(life, perfect(Receiver(saturday().pois)), messages, clock)


def told(journal: MemoryJournal) -> list[tuple[int, str]]:
    """The app's and the shop's events, each with its time; of propositions nothing."""
    made = [op for op in journal.lines if isinstance(op, Created) and op.type != "personalization.request"]
    return [(op.due_ms, op.type) for op in made]


# when m1, m2, ... come, what is decided about each, and what is told besides the plan's events, or in their place
CASES = {
    # a tap while the app is in the background: it opens, is looked at, and goes away again
    "tap in the background": (
        [100_000], [OPEN], [(105_000, LAUNCH), (105_000, OPENED), (135_000, CLOSE)], [],
    ),
    "button in the background": (
        [100_000], [BUY], [(105_000, LAUNCH), (105_000, CLICKED), (135_000, CLOSE)], [],
    ),
    # a tap while the app is in front anyhow: nothing opens, and nothing is closed because of it
    "tap while in front": ([8_000], [OPEN], [(13_000, OPENED)], []),
    "button while in front": ([8_000], [BUY], [(13_000, CLICKED)], []),
    # wiped away: told, and the app stays where it is
    "dismissed": ([100_000], [DISMISSED], [(105_000, CLICKED)], []),
    "ignored": ([100_000], [IGNORE], [], []),
    # the plan opens the app while the message's visit lasts: one session, which ends when the plan's does
    "taken over by the plan": (
        [290_000], [OPEN], [(295_000, LAUNCH), (295_000, OPENED)], [(300_000, LAUNCH)],
    ),
    # a second tap within the visit that the first has opened
    "two within one visit": (
        [100_000, 110_000], [OPEN, OPEN],
        [(105_000, LAUNCH), (105_000, OPENED), (115_000, OPENED), (135_000, CLOSE)], [],
    ),
    # each message has its visit
    "two visits": (
        [100_000, 200_000], [OPEN, BUY],
        [(105_000, LAUNCH), (105_000, OPENED), (135_000, CLOSE),
         (205_000, LAUNCH), (205_000, CLICKED), (235_000, CLOSE)], [],
    ),
    # decided at the same moment: in the order of their arrival
    "two at once": (
        [100_000, 100_000], [OPEN, DISMISSED],
        [(105_000, LAUNCH), (105_000, OPENED), (105_000, CLICKED), (135_000, CLOSE)], [],
    ),
    # the end of a visit that the plan has taken over does not end another message's
    "an end that is no longer meant": (
        [290_000, 321_000], [Decision("open", 5_000, 60_000), Decision("open", 4_000, 60_000)],
        [(295_000, LAUNCH), (295_000, OPENED), (325_000, LAUNCH), (325_000, OPENED), (385_000, CLOSE)],
        [(300_000, LAUNCH)],
    ),
    # the life is over while the app is open because of a message: it is put away with the phone
    "visit at the end": (
        [380_000], [OPEN], [(385_000, LAUNCH), (385_000, OPENED), (400_000, CLOSE)], [],
    ),
    # decided, but the life is over by then
    "too late": ([397_000], [OPEN], [], []),
}  # fmt: skip


@pytest.mark.parametrize(("come", "decisions", "added", "gone"), CASES.values(), ids=CASES.keys())
def test_what_the_customer_does_is_told_between_the_plans_events(come, decisions, added, gone) -> None:
    messages = [(at_ms, message(f"m{n}")) for n, at_ms in enumerate(come, 1)]
    journal = lived(somebody(*decisions), messages)
    expected = [event for event in UNTOUCHED if event not in gone] + added
    assert sorted(told(journal)) == sorted(expected)
    notified = journal.of(Notified)
    assert [(op.message, op.at_ms, op.decided) for op in notified] == [
        (f"m{n}", at_ms, decision.what) for n, (at_ms, decision) in enumerate(zip(come, decisions, strict=True), 1)
    ]


def test_an_event_says_which_message_made_it() -> None:
    journal = lived(somebody(OPEN), [(100_000, message("m1"))])
    causes = [(op.type, op.cause, op.message) for op in journal.of(Created)]
    assert causes == [
        # what opens and closes the app is no longer the plan's alone, on a phone that messages may come to
        (LAUNCH, "reply", ""),
        ("personalization.request", "reply", ""),
        (LOOK, "plan", ""),
        (CLOSE, "reply", ""),
        (LAUNCH, "reply", "m1"),
        (OPENED, "reply", "m1"),
        (CLOSE, "reply", ""),  # half a second after the customer left: by then only the SDK is at work
        (LAUNCH, "reply", ""),
        (LOOK, "plan", ""),
        (CLOSE, "reply", ""),
    ]


def test_without_messaging_all_that_the_plan_makes_is_the_plans() -> None:
    plan = [Timed(at_ms, "a-state", signal) for at_ms, signal in PLAN]
    journal = lived(a_life(plan=plan), [(100_000, message("m1"))])
    assert told(journal) == UNTOUCHED
    assert {op.cause for op in journal.of(Created)} == {"plan"}
    assert journal.of(Notified) == []


def test_what_is_told_of_a_message_carries_its_tracking() -> None:
    bodies: list[dict[str, object]] = []
    receiver = Receiver(saturday().pois)

    def answer(request: Request) -> Reply:
        if request.name == CLICKED:
            bodies.extend(event["xdm"] for event in json.loads(request.body)["events"])
        return receiver.take(request)

    live_with_messages(somebody(BUY), answer, [(100_000, message("m1"))])
    (xdm,) = bodies
    assert xdm["pushNotificationTracking"]["pushProviderMessageID"] == "m1"  # type: ignore[index]
    assert xdm["pushNotificationTracking"]["customAction"] == {"actionID": "buy"}  # type: ignore[index]


@pytest.mark.parametrize(
    ("sent_ms", "noticed_ms"),
    [
        # long ago, for a phone whose clock is ahead
        (99_000, 100_000),
        # a phone that slow answers hold back is behind the platform: for it the message is of later
        (130_000, 130_000),
    ],
)
def test_no_message_is_noticed_before_it_was_sent(sent_ms: int, noticed_ms: int) -> None:
    journal = lived(somebody(OPEN), [(100_000, message("m1", sent_ms))])
    assert [op.at_ms for op in journal.of(Notified)] == [noticed_ms]
    assert (noticed_ms + OPEN.after_ms, OPENED) in told(journal)


def test_nobody_looks_while_what_is_left_is_delivered() -> None:
    receiver, network = Receiver(saturday().pois), {"up": False}

    def answer(request: Request) -> Reply:
        if request.channel == "places" or network["up"]:
            return receiver.take(request)
        return Reply(503)

    clock = VirtualClock()
    journal = MemoryJournal()
    living = Living(somebody(), clock, Network(answer, clock), journal)

    def come_back() -> None:
        network["up"] = True
        living.notify(message("m1"))

    clock.outside = [(500_000, come_back)]  # the plan is over since 400 s
    living.live()
    assert clock.virtual_ms > 500_000
    assert journal.of(Notified) == []
    assert journal.lines[-1] == Ended(0, "lived", (), journal.lines[-1].at_ms)


def test_a_run_that_is_ended_takes_its_customers_eyes_away() -> None:
    journal = lived(somebody(OPEN), [(100_000, message("m1"))], VirtualClock(ends_ms=110_000))
    # the visit that the message has begun at 105 s is over with all the rest, what the plan had for 300 s never comes
    assert told(journal) == [*UNTOUCHED[:3], (105_000, LAUNCH), (105_000, OPENED), (110_000, CLOSE)]
    assert [op.how for op in journal.of(Ended)] == ["cut"]


def test_what_comes_while_an_answer_is_awaited_is_seen_right_after_it() -> None:
    """And not only when the phone has something to do again."""
    clock, journal, receiver = VirtualClock(), MemoryJournal(), Receiver(saturday().pois)

    def answer(request: Request) -> Reply:
        if request.name == LOOK and clock.virtual_ms == 10_000:
            living.notify(message("m1"))
        return receiver.take(request)

    living = Living(somebody(OPEN), clock, Network(answer, clock), journal)
    living.live()
    assert [op.at_ms for op in journal.of(Notified)] == [10_000]
    assert (15_000, OPENED) in told(journal)


def test_an_app_in_use_is_not_updated_by_the_store() -> None:
    """The message has opened the app before the plan's update: the customer puts it away first."""
    steps = [*PLAN[:3], (110_000, Upgraded("9.9.9")), *PLAN[3:]]
    journal = lived(somebody(OPEN, steps=steps), [(100_000, message("m1"))])
    plain = lived(somebody(steps=steps), [])
    assert (300_000, LAUNCH) in told(journal), "the plan's launch is one, for the app was not open"
    assert plan_digest(journal.of(Created)) == plan_digest(plain.of(Created))
    assert fold(causal(), journal.lines).validity == "valid"


def causal() -> Causal:
    return Causal(Expectations(("a-state",), (), covered_from_phones=10_000), 1)


TIMES = st.lists(st.tuples(st.integers(0, 2 * 3_600_000), st.sampled_from([(), ("buy",)])), max_size=12)


@settings(max_examples=60, deadline=None)
@given(k=st.integers(0, 199), seed=st.integers(1, 5), times=TIMES)
def test_whatever_comes_the_plan_makes_the_same(k: int, seed: int, times: list[tuple[int, tuple[str, ...]]]) -> None:
    """Design law 1: digests compare what the plan caused, and messages are replies."""
    messages = [
        (at_ms, Notification(PushMessage(f"m{n}", b'{"mixins":{"_experience":{}}}'), buttons, at_ms))
        for n, (at_ms, buttons) in enumerate(times)
    ]
    answer = perfect(Receiver(saturday().pois))
    without = live(population(seed=seed, app=APP).life(k), answer)
    disturbed = live_with_messages(population(seed=seed, app=APP).life(k), answer, messages)

    assert plan_digest(disturbed.of(Created)) == plan_digest(without.of(Created))
    assert alternates(disturbed.lines).validity == alternates(without.lines).validity != "invalid"
    assert fold(causal(), disturbed.lines).validity == "valid"
    # each message once at most, no reaction that nobody decided, and at most one to each
    decided = {op.message: op.decided for op in disturbed.of(Notified)}
    reactions = [op for op in disturbed.of(Created) if op.type in (OPENED, CLICKED)]
    assert len(decided) == len(disturbed.of(Notified)) <= len(messages)
    assert len({op.message for op in reactions}) == len(reactions)
    assert {decided[op.message] for op in reactions} <= {"open", "button", "dismiss"}
    assert all((op.type == OPENED) == (decided[op.message] == "open") for op in reactions)


def test_messages_are_met_in_the_examples_above() -> None:
    """The property would hold of a phone that hears nothing, too."""
    messages = [(at_ms, message(f"m{at_ms}", at_ms)) for at_ms in range(0, 2 * 3_600_000, 300_000)]
    opened = 0
    for k in range(20):
        journal = lived(population(app=APP).life(k), messages)
        opened += sum(op.type in (OPENED, CLICKED) for op in journal.of(Created))
    assert opened > 20


def test_the_token_of_a_phone_is_told_at_its_first_start() -> None:
    steps = [PLAN[0], (0, PushTokenSet("t0k3n")), *PLAN[1:]]
    journal = lived(somebody(steps=steps), [])
    assert told(journal)[:2] == [(0, LAUNCH), (0, "")]  # an event without an eventType
    assert [op.cause for op in journal.of(Created) if not op.type] == ["plan"]
