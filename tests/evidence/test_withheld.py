"""Events that the SDK's rules keep from being sent: explained where they stay away, convicted where they do not."""

from __future__ import annotations

import pytest
from literal_ops import (
    BUY,
    ENTRY,
    EXIT,
    LAUNCH,
    created,
    cut,
    done,
    good,
    invoke,
    lived,
    ok,
    started,
    timeout,
    too_many,
    unavailable,
    unread,
    withheld,
)

from footfall.evidence.alternates import alternates
from footfall.evidence.causal import causal
from footfall.evidence.covered import covered
from footfall.evidence.delivered import delivered
from footfall.evidence.manifest import Expectations

PENDING = "collect consent is still pending"

# One event that is delivered, so that something was tried; the histories below are of event "a", number 1.
BEFORE = [started(), created("z", 0), invoke("z"), ok("z")]
STORED = [good("z")]


def judged(ops, received=(), read_back=True):
    return delivered([*BEFORE, *ops], [*STORED, *received] if read_back else None)


def found(check, validity="invalid"):
    return {finding.kind for finding in check.findings if finding.validity == validity}


WITHHELD = [
    # pending until the end
    [created("a", 1), withheld("a", PENDING), lived()],
    # pending until the end, and the run was stopped before the phone had lived
    [created("a", 1), withheld("a", PENDING), cut()],
    # in the queue, and cleared when consent became n
    [created("a", 1), withheld("a", "collect consent became n"), lived()],
    # dropped at intake: consent was n already, or there is no datastream
    [created("a", 1), withheld("a", "collect consent is n"), lived()],
    [created("a", 1), withheld("a", "edge.configId is missing"), lived()],
    # in flight when consent became n, then a 503: not stored, and not sent again
    [created("a", 1), invoke("a"), unavailable("a"), withheld("a"), lived()],
    # the same with a 429
    [created("a", 1), invoke("a"), too_many("a"), withheld("a"), lived()],
    # waiting for its second attempt when consent became pending, which it stayed
    [created("a", 1), invoke("a"), timeout("a"), withheld("a", PENDING), lived()],
    # in flight when the app was removed: what a 400 or a 500 would have made of it, nobody read
    [created("a", 1), invoke("a"), done("a", "fail", "drop", status=400), unread("a"), withheld("a"), lived()],
    [created("a", 1), invoke("a"), done("a", "info", "drop", status=500), unread("a"), withheld("a"), lived()],
    # its phone's process died later: of this event nothing more was to come
    [created("a", 1, fault="slow"), withheld("a"), lived()],
    # meant as bad, and never judged by anybody
    [created("a", 1, bad=True), withheld("a"), lived()],
]


@pytest.mark.parametrize("ops", WITHHELD)
def test_what_the_rules_keep_back_is_explained_and_valid(ops):
    check = judged(ops)
    assert check.validity == "valid"
    assert found(check, "valid") == {"withheld"}
    assert (check.facts["withheld"], check.facts["stored"], check.facts["unexplained"]) == (1, 1, 0)
    assert sum(check.facts[name] for name in ("dropped", "held", "abandoned", "in_doubt")) == 0


@pytest.mark.parametrize(
    ("ops", "standing"),
    [
        ([created("a", 1), withheld("a"), lived()], "withheld"),
        # a definite no stored nothing
        ([created("a", 1), invoke("a"), too_many("a"), withheld("a"), lived()], "withheld"),
        # a 503 may hide a success
        ([created("a", 1), invoke("a"), unavailable("a"), withheld("a"), lived()], "in_doubt"),
        # the answer was never written down
        ([created("a", 1), invoke("a"), withheld("a"), lived()], "in_doubt"),
    ],
)
def test_without_a_read_back_only_what_cannot_be_stored_counts_as_withheld(ops, standing):
    check = judged(ops, read_back=False)
    assert (check.facts[standing], check.facts["unexplained"]) == (1, 0)
    assert check.validity == "unknown"


@pytest.mark.parametrize(
    ("ops", "received", "fact"),
    [
        # in flight when consent became n, and it arrived: stored, whatever came back
        ([created("a", 1), invoke("a"), unavailable("a"), withheld("a"), lived()], [good("a")], "recovered"),
        # acknowledged, the app died before it read so, and was removed
        ([created("a", 1), invoke("a"), ok("a"), unread("a"), withheld("a"), lived()], [good("a")], "acknowledged"),
    ],
)
def test_what_was_stored_before_it_was_withheld_is_stored(ops, received, fact):
    check = judged(ops, received)
    assert (check.validity, check.facts["withheld"], check.facts["unexplained"]) == ("valid", 0, 0)
    assert check.facts["stored"] == 2
    assert check.facts[fact] >= 1


def test_a_withheld_event_of_an_abandoned_phone_is_decided_though_the_phone_is_not():
    check = judged([created("a", 1), withheld("a"), created("b", 2)])
    assert (check.facts["withheld"], check.facts["abandoned"]) == (1, 1)
    assert check.validity == "unknown"


CONVICTED = [
    # sent although withheld, whatever became of it
    ([created("a", 1), withheld("a"), invoke("a"), ok("a"), lived()], [good("a")], {"sent-withheld"}),
    ([created("a", 1), withheld("a"), invoke("a"), too_many("a"), lived()], [], {"sent-withheld"}),
    ([created("a", 1), withheld("a"), invoke("a"), cut()], [], {"sent-withheld"}),
    # sent again after it was withheld in flight
    (
        [created("a", 1), invoke("a"), unavailable("a"), withheld("a"), invoke("a", 1), ok("a", 1), lived()],
        [good("a")],
        {"sent-withheld"},
    ),
    # a fault is no licence to send without consent
    ([created("a", 1, fault="slow"), withheld("a"), invoke("a"), ok("a"), lived()], [good("a")], {"sent-withheld"}),
    # withheld, never sent, and stored all the same
    ([created("a", 1), withheld("a"), lived()], [good("a")], {"unexpected"}),
    # acknowledged and lost: that it was withheld later is no excuse
    ([created("a", 1), invoke("a"), ok("a"), withheld("a"), lived()], [], {"lost"}),
    # given up on an answer that was read: dropped, and wrong as ever
    ([created("a", 1), invoke("a"), done("a", "fail", "drop", status=400), withheld("a"), lived()], [], {"dropped"}),
    # withheld and never created
    ([withheld("x"), lived()], [], {"unplanned"}),
    # neither sent, held nor withheld
    ([created("a", 1), withheld("z"), lived()], [], {"unexplained"}),
]


@pytest.mark.parametrize(("ops", "received", "kinds"), CONVICTED)
def test_what_the_rules_do_not_explain_is_convicted(ops, received, kinds):
    check = judged(ops, received)
    assert check.validity == "invalid"
    assert found(check) == kinds


def test_a_phone_that_sends_without_consent_is_named_once_with_the_reason():
    check = judged([created("a", 1), withheld("a"), invoke("a"), timeout("a"), invoke("a", 1), ok("a", 1), lived()])
    (message,) = [finding.message for finding in check.findings if finding.kind == "sent-withheld"]
    assert message == "a (commerce.productViews of phone 0) was sent although withheld (collect consent is n)"


@pytest.mark.parametrize("received", [[], None])
def test_a_run_in_which_all_was_withheld_and_nothing_sent_is_vacuous(received):
    check = delivered([started(), created("a"), withheld("a"), created("b", 1), withheld("b"), lived()], received)
    assert check.validity == "unknown"
    assert "vacuous" in found(check, "unknown")


def test_one_event_that_was_tried_is_enough_not_to_be_vacuous():
    ops = [started(), created("a"), invoke("a"), too_many("a"), withheld("a"), created("b", 1), withheld("b"), lived()]
    check = delivered(ops, [])
    assert (check.validity, check.facts["withheld"], check.facts["sent"]) == ("valid", 2, 1)


def test_the_reasons_are_counted():
    ops = [created("a", 1), withheld("a"), created("b", 2), withheld("b"), created("c", 3), withheld("c", PENDING)]
    (finding,) = judged([*ops, lived()]).findings
    assert finding.message == (
        "the SDK's rules withheld 3 events: collect consent is n (2); collect consent is still pending (1)"
    )


def test_the_other_checkers_judge_what_the_phone_did_and_not_what_was_sent_of_it():
    expected = Expectations(states=("browse",), places=("cafe",), covered_from_phones=1)
    events = [
        created("a", 0, LAUNCH),
        created("b", 1, ENTRY, place="cafe"),
        created("c", 2, EXIT, place="cafe"),
        created("d", 3, BUY, skus=(("espresso", 1),)),
    ]
    ops = [started(), *(op for event in events for op in (event, withheld(event.id))), lived()]
    assert alternates(ops).validity == "valid"
    assert covered(ops, expected, 1).validity == "valid"
    assert causal(ops, expected, 1).validity == "invalid"  # bought what it never put into the cart
    twice = [started(), events[1], withheld("b"), created("b2", 2, ENTRY, place="cafe"), withheld("b2"), lived()]
    assert alternates(twice).validity == "invalid"
