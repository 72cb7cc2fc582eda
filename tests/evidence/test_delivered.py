"""The checker `delivered`: literal histories, each with what must be found and nothing else."""

from __future__ import annotations

import pytest
from literal_ops import (
    EXIT,
    created,
    cut,
    done,
    good,
    invoke,
    lived,
    ok,
    refused,
    started,
    timeout,
    too_many,
)

from footfall.evidence.delivered import delivered
from footfall.evidence.ops import Head, Lease, Trouble


def kinds(check):
    return {finding.kind for finding in check.findings}


def counted(check, *names):
    return {name: check.facts[name] for name in names}


def test_what_goes_in_comes_out():
    ops = [
        Head(run="r1", process="local", pid=1, version="0.1.0"),
        Lease(first=0, count=1, worker="local"),
        started(),
        created("a", 0),
        invoke("a"),
        created("b", 1),
        ok("a"),
        invoke("b"),
        ok("b"),
        lived(),
    ]
    check = delivered(ops, [good("a"), good("b")], run="r1")
    assert check.validity == "valid"
    assert check.findings == ()
    assert {name: number for name, number in check.facts.items() if number} == {
        "planned": 2,
        "sent": 2,
        "acknowledged": 2,
        "stored": 2,
        "good": 2,
        "phones_leased": 1,
        "phones_started": 1,
        "phones_lived": 1,
    }


# Histories of one event "a" of phone 0, which has started; the event is number 0. With what the receiver has, the
# verdict on it, the kinds of findings, and the fact that must count it. All of these are honest: nothing unexplained.
HONEST = [
    # a retry after a definite no
    (
        [created("a"), invoke("a"), too_many("a"), invoke("a", 1), ok("a", 1), lived()],
        [good("a")],
        "valid",
        set(),
        "good",
    ),
    # a timeout whose event had arrived: stored twice, as at-least-once delivery does
    (
        [created("a"), invoke("a"), timeout("a"), invoke("a", 1), ok("a", 1), lived()],
        [good("a"), good("a")],
        "valid",
        set(),
        "duplicated",
    ),
    # the same, but the first attempt's outcome was never written
    (
        [created("a"), invoke("a"), invoke("a", 1), ok("a", 1), lived()],
        [good("a"), good("a")],
        "valid",
        set(),
        "duplicated",
    ),
    # nobody saw the acknowledgement, the event arrived all the same
    ([created("a"), invoke("a"), timeout("a"), cut("a")], [good("a")], "valid", set(), "recovered"),
    # still in the queue at the end, never sent
    ([created("a"), cut("a")], [], "unknown", {"held"}, "held"),
    # still in the queue at the end, sent and not answered
    ([created("a"), invoke("a"), timeout("a"), cut("a")], [], "unknown", {"held"}, "held"),
    # sent, and the run was cut before the answer
    ([created("a"), invoke("a"), cut()], [], "unknown", {"in-doubt"}, "in_doubt"),
    # the process was killed before the event was sent
    ([created("a")], [], "unknown", {"abandoned", "of-abandoned"}, "abandoned"),
    # ... while it was sent, and it did not arrive
    ([created("a"), invoke("a")], [], "unknown", {"abandoned", "of-abandoned"}, "abandoned"),
    # ... while it was sent, and it did arrive
    ([created("a"), invoke("a")], [good("a")], "unknown", {"abandoned"}, "recovered"),
    # meant to be refused, and refused: at Edge acknowledged and recorded as bad
    ([created("a", bad=True), invoke("a"), ok("a"), lived()], [refused("a", "no timestamp")], "valid", set(), "bad"),
    # meant to be refused, and refused: at the inlet with a 400, recorded as bad
    (
        [created("a", bad=True), invoke("a"), done("a", "fail", "drop", status=400), lived()],
        [refused("a", "no timestamp")],
        "valid",
        set(),
        "bad",
    ),
    # meant to be refused, refused with a 400 and not even recorded
    (
        [created("a", bad=True), invoke("a"), done("a", "fail", "drop", status=400), lived()],
        [],
        "valid",
        set(),
        "dropped",
    ),
    # a deliberate fault made the SDK drop it
    (
        [created("a", fault="e500"), invoke("a"), done("a", "info", "drop", status=500), lived()],
        [],
        "valid",
        set(),
        "dropped",
    ),
    # a 500 makes the SDK drop it, and it is stored all the same
    (
        [created("a"), invoke("a"), done("a", "info", "drop", status=500), lived()],
        [good("a")],
        "valid",
        set(),
        "recovered",
    ),
]


@pytest.mark.parametrize(("ops", "received", "validity", "found", "fact"), HONEST)
def test_honest_histories_are_explained(ops, received, validity, found, fact):
    check = delivered([started(), *ops], received)
    assert (check.validity, kinds(check)) == (validity, found)
    assert counted(check, "planned", fact, "unexplained") == {"planned": 1, fact: 1, "unexplained": 0}


# The same shape with one thing planted in it that cannot happen. The last column is what counts it.
PLANTED = [
    # acknowledged and not there: the receiver said yes before it had stored it
    ([created("a"), invoke("a"), ok("a"), lived()], [], {"lost"}, "lost"),
    # lost is lost also where the plan had a fault in mind, or a bad event
    ([created("a", fault="slow"), invoke("a"), ok("a"), lived()], [], {"lost"}, "lost"),
    ([created("a", bad=True), invoke("a"), ok("a"), lived()], [], {"lost"}, "lost"),
    # stored though nobody made it
    ([created("a"), invoke("a"), ok("a"), lived()], [good("a"), good("x")], {"unexpected"}, "unexpected"),
    # stored though its request never began: an invoke line is written before the first byte leaves
    ([created("a"), cut("a")], [good("a")], {"unexpected"}, "unexpected"),
    # stored twice, sent once
    ([created("a"), invoke("a"), ok("a"), lived()], [good("a"), good("a")], {"duplicated"}, "twice_unexplained"),
    # stored twice, and the one other attempt was answered with a definite no
    (
        [created("a"), invoke("a"), too_many("a"), invoke("a", 1), ok("a", 1), lived()],
        [good("a"), good("a")],
        {"duplicated"},
        "twice_unexplained",
    ),
    # stored twice, and sent twice without need: the first attempt was acknowledged
    (
        [created("a"), invoke("a"), ok("a"), invoke("a", 1), ok("a", 1), lived()],
        [good("a"), good("a")],
        {"duplicated"},
        "twice_unexplained",
    ),
    # stored three times, with two attempts
    (
        [created("a"), invoke("a"), timeout("a"), invoke("a", 1), ok("a", 1), lived()],
        [good("a"), good("a"), good("a")],
        {"duplicated"},
        "twice_unexplained",
    ),
    # stored three times, with three attempts of which one was answered with a definite no
    (
        [
            *(created("a"), invoke("a"), too_many("a"), invoke("a", 1), timeout("a", 1)),
            *(invoke("a", 2), ok("a", 2), lived()),
        ],
        [good("a"), good("a"), good("a")],
        {"duplicated"},
        "twice_unexplained",
    ),
    # created, neither sent nor held, and its phone lived to its end
    ([created("a"), lived()], [], {"unexplained"}, None),
    # the SDK was to send it again and did not
    ([created("a"), invoke("a"), too_many("a"), lived()], [], {"unexplained"}, None),
    # stored although the only answer was a definite no
    ([created("a"), invoke("a"), too_many("a"), cut("a")], [good("a")], {"contradicted"}, "contradicted"),
    # sent though no phone created it
    ([created("a"), invoke("a"), ok("a"), invoke("x"), ok("x"), lived()], [good("a")], {"unplanned"}, "unplanned"),
]


@pytest.mark.parametrize(("ops", "received", "found", "fact"), PLANTED)
def test_what_cannot_happen_is_convicted_and_counted_unexplained(ops, received, found, fact):
    check = delivered([started(), *ops], received)
    assert check.validity == "invalid"
    assert {finding.kind for finding in check.findings if finding.validity == "invalid"} == found
    assert check.facts["unexplained"] == 1
    if fact:
        assert check.facts[fact] == 1


# Explained, and wrong all the same.
WRONG = [
    # the SDK gave up a good event: status 400, and 500
    ([created("a"), invoke("a"), done("a", "fail", "drop", status=400), lived()], [], "dropped"),
    ([created("a"), invoke("a"), done("a", "info", "drop", status=500), lived()], [], "dropped"),
    # a 207 that is final for the SDK and refuses this event
    ([created("a"), invoke("a"), done("a", "fail", "done", status=207), lived()], [], "dropped"),
    # refused by validation, which the plan does not know of
    ([created("a"), invoke("a"), ok("a"), lived()], [refused("a", "city: null")], "refused"),
    # the same, touched by a fault: a fault is no licence to be bad
    ([created("a", fault="slow"), invoke("a"), ok("a"), lived()], [refused("a", "city: null")], "refused"),
    # meant to be refused, and accepted: validation sleeps
    ([created("a", bad=True), invoke("a"), ok("a"), lived()], [good("a")], "bad-accepted"),
    # stored as something else
    ([created("a"), invoke("a"), ok("a"), lived()], [good("a", EXIT)], "altered"),
    # two events under one id
    ([created("a", 0), created("a", 1), invoke("a"), ok("a"), lived()], [good("a")], "created-twice"),
    # an answer to nothing
    ([created("a"), invoke("a"), ok("a"), ok("a"), lived()], [good("a")], "answered-unsent"),
]


@pytest.mark.parametrize(("ops", "received", "found"), WRONG)
def test_what_is_explained_and_wrong_is_convicted(ops, received, found):
    check = delivered([started(), *ops], received)
    assert (check.validity, kinds(check), check.facts["unexplained"]) == ("invalid", {found}, 0)


def test_a_finding_names_the_event_the_phone_and_the_reason():
    ops = [started(17), created("a", phone=17), invoke("a", phone=17), ok("a", phone=17), lived(17)]
    (finding,) = delivered(ops, [refused("a", "city: expected string, got null", "timestamp: missing")]).findings
    assert (finding.events, finding.phone) == (("a",), 17)
    assert finding.message == (
        "a (commerce.productViews of phone 17) was refused by the receiver's validation: "
        "city: expected string, got null; timestamp: missing"
    )


def test_an_event_under_another_phones_ecid_is_convicted_and_a_new_ecid_is_not():
    ops = [started(1), started(2), created("a", phone=1), invoke("a", phone=1), ok("a", phone=1), lived(1), lived(2)]
    assert delivered(ops, [good("a", phone_ecid="ecid-1")]).validity == "valid"
    assert delivered(ops, [good("a", phone_ecid="after-a-reset")]).validity == "valid"
    (finding,) = delivered(ops, [good("a", phone_ecid="ecid-2")]).findings
    assert (finding.validity, finding.kind, finding.phone) == ("invalid", "altered", 1)


def test_without_a_read_back_what_is_stored_is_not_known():
    ops = [started(), created("a", 0), invoke("a"), ok("a"), created("b", 1), invoke("b"), ok("b"), lived()]
    check = delivered(ops, None)
    assert (check.validity, kinds(check)) == ("unknown", {"not-read-back"})
    assert "2 acknowledged events may be there or not" in check.findings[0].message
    assert counted(check, "planned", "sent", "acknowledged", "unread", "unexplained") == {
        "planned": 2,
        "sent": 2,
        "acknowledged": 2,
        "unread": 2,
        "unexplained": 0,
    }
    assert not {"stored", "good", "bad", "lost", "unexpected"} & check.facts.keys()


def test_without_a_read_back_the_ledger_alone_can_still_convict():
    ops = [started(), created("a"), invoke("a"), done("a", "fail", "drop", status=400), lived()]
    assert delivered(ops, None).validity == "invalid"


def test_without_a_read_back_an_event_given_up_on_a_500_is_in_doubt():
    ops = [started(), created("a"), invoke("a"), done("a", "info", "drop", status=500), lived()]
    check = delivered(ops, None)
    assert (check.validity, check.facts["in_doubt"], check.facts["dropped"]) == ("unknown", 1, 0)


def test_an_empty_run_is_unknown_never_valid():
    check = delivered([started(), lived()], [])
    assert (check.validity, kinds(check)) == ("unknown", {"empty"})


@pytest.mark.parametrize("kind", ["disk-full", "worker-lost", "readback-failed", "crashed", "refused", "truncated"])
def test_trouble_makes_the_best_history_unknown_and_says_why(kind):
    ops = [started(), created("a"), invoke("a"), ok("a"), lived(), Trouble(kind=kind, why="so it was")]
    (finding,) = delivered(ops, [good("a")]).findings
    assert (finding.validity, finding.kind) == ("unknown", kind)
    assert finding.message == f"{kind}: so it was"


def test_a_ledger_of_another_run_proves_nothing():
    ops = [Head("r2", "worker-0", 1, "0.1.0"), started(), created("a"), invoke("a"), ok("a"), lived()]
    assert delivered(ops, [good("a")], run="r2").validity == "valid"
    check = delivered(ops, [good("a")], run="r1")
    assert (check.validity, kinds(check)) == ("unknown", {"other-run"})


def test_a_run_that_lost_everything_keeps_few_findings_and_counts_them_all():
    ops = [started()]
    for n in range(1000):
        ops += [created(f"e{n}", n), invoke(f"e{n}"), ok(f"e{n}")]
    check = delivered([*ops, lived()], [])
    assert check.facts["lost"] == 1000
    assert len(check.findings) + check.omitted == 1000
    assert len(check.findings) == 200
