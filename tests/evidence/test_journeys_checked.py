"""The checker `journeys`: what the receiver's journeys did rests on what phones did, and the other way round."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from literal_ops import ADD, ENTRY, LAUNCH, created, lived, manifest, ok, started, timeout

from footfall.evidence import journeys
from footfall.evidence.check import Check, fold
from footfall.evidence.journeys import JourneyRow, Journeys, Told
from footfall.evidence.ledger import LedgerDamaged
from footfall.evidence.manifest import Expectations
from footfall.evidence.ops import Created, Done, Ended, Invoke, Notified, Op, Started
from footfall.evidence.verdict import judge
from footfall.live import inputs
from footfall.live.rehearsal import Rehearsal

OPENED, CLICKED = "pushTracking.applicationOpened", "pushTracking.customAction"


def step(
    kind: str, event: str = "", message: str = "", code: str = "", journey: str = "welcome", instance="i1"
) -> Told:
    return Told(journey=journey, kind=kind, instance=instance, event=event, message=message, code=code)


def push(id: str, event: str, journey: str = "welcome", channel: str = "push") -> Told:
    return Told(journey=journey, channel=channel, id=id, instance="i1", event=event)


def notified(message: str, decided: str = "open", phone: int = 0) -> Notified:
    return Notified(message, phone, decided, 2_000)  # type: ignore[arg-type]


def reaction(id: str, message: str, type: str = OPENED, n: int = 1) -> Created:
    return msgspec.structs.replace(created(id, n, type), cause="reply", message=message)


# Somebody walks in, is welcomed, and taps.
TOLD = [
    step("entered", event="e0"),
    step("sent", message="m1"),
    step("reacted", event="e1", message="m1"),
    step("ended"),
    push("m1", event="e0"),
]
OPS = [
    started(), created("e0", 0, ENTRY, place="shop"), ok("e0"),
    notified("m1"), reaction("e1", "m1"), ok("e1"), lived(),
]  # fmt: skip


def check(told: Iterable[Told] | None, ops: Iterable[Op]) -> Check:
    return fold(Journeys(told), ops)


def without(ops: list[Op], *gone: Op) -> list[Op]:
    return [op for op in ops if op not in gone]


def test_an_honest_history_is_valid() -> None:
    found = check(TOLD, OPS)
    assert (found.validity, found.findings) == ("valid", ())
    assert found.facts == {"entered": 1, "messages": 1, "delivered": 1, "opened": 1}


# what else is no lie
HONEST = [
    # nobody has been sent anything, or the phone was not there any more
    ("a message that nobody got", TOLD[:2] + TOLD[3:], without(OPS, OPS[3], OPS[4], OPS[5])),
    # the e-mail that a phone never gets
    ("another channel", [*TOLD, push("m2", event="e0", channel="email")], OPS),
    # the SDK tells of the swipe, and no journey listens for that
    ("a swipe", TOLD[:2] + TOLD[3:], [*OPS[:3], notified("m1", "dismiss"), reaction("e1", "m1", CLICKED), ok("e1")]),
    # seen, and nothing done
    ("ignored", TOLD[:2] + TOLD[3:], [*OPS[:3], notified("m1", "ignore")]),
    # a reaction of which nobody knows whether it arrived need not have been heard
    ("in doubt", TOLD[:2] + TOLD[3:], [*OPS[:5], timeout("e1"), lived()]),
    # and it may have been, all the same
    ("arrived after all", TOLD, [*OPS[:5], timeout("e1"), lived()]),
    # an event that no journey took: discarded, with a code
    ("discarded", [*TOLD, step("discarded", event="e0", code="alreadyInJourney")], OPS),
    # the session that a tap begins is no reaction to be heard of
    ("its launch", TOLD, [*OPS[:4], reaction("l", "m1", LAUNCH), ok("l"), *OPS[4:]]),
    # the back office's event, of which a journey heard before the ledger did: order is no matter
    ("any order", TOLD[::-1], OPS),
]  # fmt: skip


@pytest.mark.parametrize(("told", "ops"), [case[1:] for case in HONEST], ids=[case[0] for case in HONEST])
def test_what_is_no_lie(told: list[Told], ops: list[Op]) -> None:
    found = check(told, ops)
    assert (found.validity, found.findings) == ("valid", ())


# one thing planted -> what it is called
FAULTS = [
    # the receiver lists a message twice
    ("twice", [*TOLD, TOLD[-1]], OPS, "the receiver lists the message m1 twice"),
    # an instance was entered with an event that no phone made
    ("no-such-event", [*TOLD, step("entered", event="e9")], OPS, "a journey rests on the event e9, which nobody made"),
    ("no-such-event", [*TOLD, step("discarded", event="e9")], OPS, "rests on the event e9"),
    ("no-such-event", [*TOLD, push("m2", event="e9")], OPS, "rests on the event e9"),
    # a reaction that nobody made is told once
    ("no-such-event", [*TOLD, step("reacted", event="e9", message="m1")], OPS, "rests on the event e9"),
    # a phone was notified of what no journey sent
    ("no-such-message", TOLD, [*OPS, notified("m9")], "a phone got the message m9, which no journey sent"),
    # one message reached phones twice
    ("notified-twice", TOLD, [*OPS, notified("m1")], "the message m1 reached a phone 2 times"),
    ("notified-twice", TOLD, [*OPS, notified("m1", phone=1)], "the message m1 reached a phone 2 times"),
    # a journey took the reaction for one to another message
    (
        "wrong-reaction",
        [*TOLD[:2], step("reacted", event="e1", message="m2"), push("m1", "e0"), push("m2", "e0")],
        OPS,
        "a journey took the event e1 for a reaction to m2; it is about m1",
    ),
    # or took for one what is none
    (
        "wrong-reaction",
        [*TOLD, step("reacted", event="e0", message="m1")],
        OPS,
        "a journey took the event e0 for a reaction to m1; it is about no message",
    ),
    # or took a swipe for a click
    (
        "wrong-reaction",
        TOLD,
        [*OPS[:3], notified("m1", "dismiss"), reaction("e1", "m1", CLICKED), ok("e1")],
        "a journey took the event e1 for a reaction to m1; it tells that it was wiped away",
    ),
    # one event let the same instance in twice
    ("entered-twice", [TOLD[0], *TOLD], OPS, "the event e0 entered the journey welcome as i1 2 times"),
    # who never came in went out
    ("never-entered", [*TOLD, step("ended", instance="i2")], OPS, "i2 left the journey welcome, and never entered it"),
    ("never-entered", [*TOLD, step("exited", instance="i2")], OPS, "i2 left the journey welcome, and never entered it"),
    ("never-entered", [*TOLD, step("ended", journey="thanks")], OPS, "i1 left the journey thanks, and never entered"),
    # or went out twice, one way or two
    ("ended-twice", [*TOLD, step("ended")], OPS, "i1 left the journey welcome 2 times"),
    ("ended-twice", [*TOLD, step("exited")], OPS, "i1 left the journey welcome 2 times"),
    # though two events are said to have let it in
    ("ended-twice", [step("entered", event="e1"), *TOLD, step("ended")], OPS, "i1 left the journey welcome 2 times"),
    # the receiver acknowledged the reaction, and its journeys never heard of it
    (
        "unheard-reaction",
        TOLD[:2] + TOLD[3:],
        OPS,
        "no journey heard of the event e1, a reaction to the message m1",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "told", "ops", "message"), FAULTS)
def test_a_planted_fault_is_convicted(kind: str, told: list[Told], ops: list[Op], message: str) -> None:
    found = check(told, ops)
    assert found.validity == "invalid"
    assert [finding.kind for finding in found.findings] == [kind]
    assert message in found.findings[0].message


# --- pushes that never arrive

ANCHOR_MS, ORIGIN_MS, SPEED = 1_000_000, 5_000_000, 10.0  # of a live run: 2 s on the wall are 20 s of the run


def sent_at(ms: int, ecid: str = "ecid-0", channel: str = "push") -> Told:
    """Sent when the run's clock shows this (virtual)."""
    return Told(journey="welcome", channel=channel, id="m1", instance="i1", event="e0", ecid=ecid, at_ms=ANCHOR_MS + ms)


def asked(at_ms: float, late_ms: float = 0.0) -> Invoke:
    """A request of phone 0 at this wall time since the run's origin, so much later than it was due."""
    return Invoke("e0", "e0-0", 0, 0, due=ORIGIN_MS + at_ms - late_ms, sent=ORIGIN_MS + at_ms)


def answered(at_ms: float) -> Done:
    return Done("e0", "e0-0", 0, ORIGIN_MS + at_ms, "ok", "done", 200)


LIFE: list[Op] = [Started(0, "person-0", "ecid-0", "ios", 10_000), created("e0", 0, ENTRY)]
LIVED, CUT = Ended(0, "lived", (), 90_000), Ended(0, "cut", (), 90_000)

# a push, the life of phone 0 of which it is the device, the run's speed -> is it lost where no phone tells of it?
ARRIVALS = [
    # in virtual time a push is there at once: from the first moment of a life to the last but one
    (sent_at(10_000), [*LIFE, LIVED], 0.0, True),
    (sent_at(50_000), [*LIFE, LIVED], 0.0, True),
    (sent_at(89_999), [*LIFE, LIVED], 0.0, True),
    # before and after that life nobody is there
    (sent_at(9_999), [*LIFE, LIVED], 0.0, False),
    (sent_at(90_000), [*LIFE, LIVED], 0.0, False),
    # it got there
    (sent_at(50_000), [*LIFE, notified("m1"), LIVED], 0.0, False),
    # a phone whose process died, and one whose run was stopped, may have been gone already
    (sent_at(50_000), LIFE, 0.0, False),
    (sent_at(50_000), [*LIFE, CUT], 0.0, False),
    # a device that is no phone of this run, and what is no push
    (sent_at(50_000, ecid="elsewhere"), [*LIFE, LIVED], 0.0, False),
    (sent_at(50_000, channel="email"), [*LIFE, LIVED], 0.0, False),
    (sent_at(50_000, channel="in-app"), [*LIFE, LIVED], 0.0, False),
    # in a live run it may be 2 s on its way
    (sent_at(10_000), [*LIFE, LIVED], SPEED, True),
    (sent_at(69_999), [*LIFE, LIVED], SPEED, True),
    (sent_at(70_000), [*LIFE, LIVED], SPEED, False),
    # and as much longer as the generator was behind at worst: here 3 s, which are 30 s of the run
    (sent_at(39_999), [*LIFE, asked(4_000, late_ms=3_000), LIVED], SPEED, True),
    (sent_at(40_000), [*LIFE, asked(4_000, late_ms=3_000), LIVED], SPEED, False),
    # a phone that got its slot late is still there when the run's clock has passed its end: here till 12 s on the wall
    (sent_at(99_999), [*LIFE, asked(11_900), answered(12_000), LIVED], SPEED, True),
    (sent_at(100_000), [*LIFE, asked(11_900), answered(12_000), LIVED], SPEED, False),
    # an answer to somebody else says nothing about it
    (sent_at(80_000), [*LIFE, msgspec.structs.replace(answered(12_000), phone=1), LIVED], SPEED, False),
]  # fmt: skip


@pytest.mark.parametrize(("message", "ops", "speed", "lost"), ARRIVALS)
def test_a_push_to_a_phone_that_lived_reaches_it(message: Told, ops: list[Op], speed: float, lost: bool) -> None:
    told = [step("entered", event="e0"), message]
    checker = Journeys(told, anchor_ms=ANCHOR_MS, started_ms=ORIGIN_MS, speed=speed)
    found = fold(checker, ops)
    assert [(finding.kind, finding.validity, finding.phone) for finding in found.findings] == (
        [("lost-push", "invalid", 0)] if lost else []
    )
    if lost:
        assert found.findings[0].message == "the push m1 was sent to phone 0 while it lived, and never reached it"


def test_the_verdict_counts_a_pushs_time_from_the_manifests_anchor() -> None:
    known = msgspec.structs.replace(expecting("journeys"), anchor_ms=ANCHOR_MS, started_ms=ORIGIN_MS, speed=SPEED)
    told, ops = [step("entered", event="e0"), sent_at(50_000)], [*LIFE, asked(5_000), answered(5_001), LIVED]
    assert [finding.kind for finding in judge(known, ops, None, told).checks[1].findings] == ["lost-push"]
    later = msgspec.structs.replace(known, anchor_ms=ANCHOR_MS - 40_000)
    assert judge(later, ops, None, told).checks[1].findings == ()


class Ledger:
    """Keeps what a rehearsal's journal is told."""

    def __init__(self) -> None:
        self.ops: list[Op] = []

    def add(self, op: Op) -> None:
        self.ops.append(op)

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("name", ["bought", "visited", "abandoned", "points"])
def test_every_push_of_a_rehearsed_story_is_accounted_for(name: str) -> None:
    read, app = inputs.load_all(f"tutorial/{name}", "")
    ledger = Ledger()
    came = Rehearsal(read, app.config, inputs.read_journeys(read.scenario.journeys), ledger, ANCHOR_MS).play()
    told = [msgspec.json.decode(msgspec.json.encode(one), type=Told) for one in (*came.steps, *came.messages)]
    found = fold(Journeys(told, anchor_ms=ANCHOR_MS), ledger.ops)
    assert (found.validity, found.findings) == ("valid", ())

    # any one of them that the ledger does not know of is convicted, for all these phones live to their ends
    lives = {op.ecid: op.phone for op in ledger.ops if isinstance(op, Started)}
    ends = {op.phone: op.at_ms for op in ledger.ops if isinstance(op, Ended)}
    pushes = [one for one in told if one.channel == "push" and one.at_ms - ANCHOR_MS < ends[lives[one.ecid]]]
    assert pushes
    lost = pushes[len(pushes) // 2].id
    checker = Journeys(told, anchor_ms=ANCHOR_MS)
    found = fold(checker, [op for op in ledger.ops if not (isinstance(op, Notified) and op.message == lost)])
    assert [finding.message.split()[2] for finding in found.findings if finding.kind == "lost-push"] == [lost]


def test_nobody_waits_less_than_nobody() -> None:
    checker = Journeys([step("ended"), step("ended")])
    assert [row.waiting for row in checker.rows] == [0]


def of_phone(k: int) -> tuple[list[Told], list[Op]]:
    """The same history, of phone k."""
    told = [
        msgspec.structs.replace(
            one,
            instance=f"i-{k}",
            id=one.id and f"{one.id}-{k}",
            event=one.event and f"{one.event}-{k}",
            message=one.message and f"{one.message}-{k}",
        )
        for one in TOLD
    ]
    ops: list[Op] = [created(f"e0-{k}", 0, ENTRY, phone=k), ok(f"e0-{k}", phone=k), notified(f"m1-{k}", phone=k)]
    return told, [*ops, reaction(f"e1-{k}", f"m1-{k}"), ok(f"e1-{k}", phone=k)]


@given(st.permutations(range(4)), st.randoms(use_true_random=False))
def test_ledgers_come_in_any_order_and_so_do_steps(phones: list[int], chance) -> None:
    told = [one for k in range(4) for one in of_phone(k)[0]]
    chance.shuffle(told)
    found = check(told, [op for k in phones for op in of_phone(k)[1]])
    assert (found.validity, found.facts["entered"], found.facts["opened"]) == ("valid", 4, 4)


def test_who_could_not_be_asked_is_unknown() -> None:
    found = check(None, OPS)
    assert found.validity == "unknown"
    assert [finding.kind for finding in found.findings] == ["not-asked"]


def test_journeys_that_met_nothing_vouch_for_nothing_and_do_no_harm() -> None:
    found = check([], [started(), created("e0"), ok("e0"), lived()])
    assert (found.validity, [finding.kind for finding in found.findings]) == ("valid", ["vacuous"])


def test_the_numbers_of_each_journey() -> None:
    told = [
        # welcome: three came in, one reached the end, one was taken out
        *(step("entered", event="e0", instance=f"i{n}") for n in range(3)),
        step("ended"), step("exited"), step("node"),
        step("discarded", event="e0", code="a"), step("discarded", event="e0", code="b"),
        step("discarded", event="e0", code="b"),
        # four pushes and an e-mail
        *(push(f"m{n}", "e0") for n in range(4)), push("m4", "e0", channel="email"),
        step("reacted", event="r0", message="m0"), step("reacted", event="r1", message="m1"),
        # thanks: refused one
        step("discarded", event="e0", code="c", journey="thanks"),
    ]  # fmt: skip
    ops = [
        created("e0", 0, ENTRY),
        notified("m0"), reaction("r0", "m0"),
        notified("m1", "button"), reaction("r1", "m1", CLICKED),
        notified("m2", "dismiss"), reaction("r2", "m2", CLICKED),  # a swipe is no click
    ]  # fmt: skip
    checker = Journeys(told)
    for op in ops:
        checker.feed(op)
    assert checker.rows == (
        JourneyRow("thanks", discarded={"c": 1}),
        JourneyRow(
            "welcome",
            entered=3,
            ended=1,
            exited=1,
            waiting=1,
            discarded={"a": 1, "b": 2},
            sent={"email": 1, "push": 4},
            delivered=3,
            opened=2,
            clicked=1,
        ),
    )
    assert checker.close().facts == {"entered": 3, "messages": 5, "delivered": 3, "opened": 2}


# --- the file


def test_what_is_written_is_read_again() -> None:
    assert list(journeys.read([journeys.encode(one) for one in TOLD], "journeys.ndjson")) == TOLD


@pytest.mark.parametrize(
    "line",
    [
        b'{"journey":"welcome","ki',  # cut short: this file is renamed when it is whole, so nothing excuses it
        b"{}\n",  # neither a step nor a message
        b'{"journey":"welcome","kind":7}\n',
        b"\xff\n",
        b"\n",
    ],
)
def test_a_damaged_file_is_told_with_its_line(line: bytes) -> None:
    with pytest.raises(LedgerDamaged) as damaged:
        list(journeys.read([journeys.encode(TOLD[0]), line], "journeys.ndjson"))
    assert str(damaged.value).startswith("journeys.ndjson:2: expected a step or a message of a journey")


# --- in the verdict


def expecting(*checkers: str):
    return manifest(phones=1, expectations=Expectations(("browse",), (), 100, checkers=("delivered", *checkers)))


def test_the_verdict_asks_it_where_the_run_has_journeys() -> None:
    verdict = judge(expecting("journeys"), OPS, None, TOLD)
    assert [check.name for check in verdict.checks] == ["delivered", "journeys"]
    assert [(row.journey, row.entered, row.opened) for row in verdict.journeys] == [("welcome", 1, 1)]
    assert judge(expecting("journeys"), OPS, None, None).checks[1].validity == "unknown"
    assert judge(expecting("journeys"), OPS, None, FAULTS[0][1]).validity == "invalid"


def test_a_run_without_journeys_is_not_asked_for_them() -> None:
    verdict = judge(expecting(), OPS, None, None)
    assert ([check.name for check in verdict.checks], verdict.journeys) == (["delivered"], ())


# --- the digest of the plan


def numbered(*made: tuple[str, str]) -> list[Op]:
    """A phone's events in order, each with its cause, without anything else that differs."""
    return [
        msgspec.structs.replace(created(f"e{n}", n, type), cause=cause, digest=f"d-{type}")  # type: ignore[arg-type]
        for n, (type, cause) in enumerate(made)
    ]


PLANNED = numbered((ENTRY, "plan"), (ADD, "plan"), (ADD, "plan"))

# a phone's events, and whether the digest is still that of entry, add, add
DIGESTS = [
    # what replies made in between took numbers of the phone's, which the plan knows nothing of
    (numbered((LAUNCH, "reply"), (ENTRY, "plan"), (OPENED, "reply"), (ADD, "plan"), (ADD, "plan")), True),
    # one of the plan's is missing, more, or stands elsewhere
    (numbered((ENTRY, "plan"), (ADD, "plan")), False),
    (numbered((ENTRY, "plan"), (ADD, "plan"), (ADD, "plan"), (ADD, "plan")), False),
    (numbered((ADD, "plan"), (ENTRY, "plan"), (ADD, "plan")), False),
    # or was made by a reply this time
    (numbered((ENTRY, "plan"), (ADD, "plan"), (ADD, "reply")), False),
    # two phones are not one, nor is the back office the phone
    ([*PLANNED[:2], msgspec.structs.replace(PLANNED[2], phone=1)], False),
    ([*PLANNED[:2], msgspec.structs.replace(PLANNED[2], source="back office")], False),
    # ledgers come in any order
    (PLANNED[::-1], True),
]  # fmt: skip


@pytest.mark.parametrize(("ops", "same"), DIGESTS)
def test_the_digest_counts_the_plans_events_and_leaves_replies_out(ops: list[Op], same: bool) -> None:
    usual = judge(manifest(), PLANNED, None).digest
    assert (judge(manifest(), ops, None).digest == usual) is same


def test_more_than_ten_events_of_a_phone_stay_in_their_order() -> None:
    types = [(f"type-{n}", "plan") for n in range(25)]
    swapped = [*types[:8], types[9], types[8], *types[10:]]
    with_replies = [one for each in types for one in ((LAUNCH, "reply"), each)]
    digests = [judge(manifest(), numbered(*made), None).digest for made in (types, swapped, with_replies)]
    assert digests[0] != digests[1]
    assert digests[0] == digests[2]
