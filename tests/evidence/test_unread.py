"""Answers that the app's process did not live to read: each is a reason to send again, and for one more copy."""

from __future__ import annotations

import msgspec
import pytest
from literal_ops import created, cut, done, good, invoke, lived, ok, started, timeout, too_many, unavailable, unread

from footfall.evidence.delivered import delivered
from footfall.evidence.ops import Ended, Unread


def judged(ops, copies):
    return delivered([started(), created("a"), *ops], [good("a")] * copies)


def found(check):
    return {finding.kind for finding in check.findings if finding.validity == "invalid"}


def dropped(attempt=0, status=400, outcome="fail"):
    return done("a", outcome, "drop", attempt, status=status)


AGAIN = [invoke("a", 1), ok("a", 1), lived()]

HONEST = [
    # killed in flight and sent again: stored twice, or once where the receiver knows the id already
    ([invoke("a"), ok("a"), unread("a"), *AGAIN], 2),
    ([invoke("a"), ok("a"), unread("a"), *AGAIN], 1),
    # killed twice in flight
    ([invoke("a"), ok("a"), unread("a"), invoke("a", 1), ok("a", 1), unread("a", 1), invoke("a", 2), ok("a", 2)], 3),
    # one timeout that was read and one answer that was not
    ([invoke("a"), timeout("a"), invoke("a", 1), ok("a", 1), unread("a", 1), invoke("a", 2), ok("a", 2)], 3),
    # an unread answer of unknown fate
    ([invoke("a"), unavailable("a"), unread("a"), *AGAIN], 2),
    # killed before any answer was written down
    ([invoke("a"), unread("a"), *AGAIN], 2),
    # the answer came when nobody was there to read it
    ([invoke("a"), unread("a"), ok("a"), *AGAIN], 2),
    # the last attempt failed, and the run was stopped with the hit in the queue
    ([invoke("a"), ok("a"), unread("a"), invoke("a", 1), too_many("a", 1), cut("a")], 1),
    # acknowledged, unread, and still in the queue
    ([invoke("a"), ok("a"), unread("a"), cut("a")], 1),
    # a no that nobody read: sent again all the same
    ([invoke("a"), dropped(), unread("a"), *AGAIN], 1),
    ([invoke("a"), done("a", "fail", "done", status=207), unread("a"), *AGAIN], 1),
    ([invoke("a"), unread("a"), dropped(), *AGAIN], 1),
    # a 500 that nobody read may have stored it
    ([invoke("a"), dropped(0, 500, "info"), unread("a"), *AGAIN], 2),
]


@pytest.mark.parametrize(("ops", "copies"), HONEST)
def test_what_is_sent_again_because_nobody_read_the_answer_is_explained(ops, copies):
    check = judged(ops if isinstance(ops[-1], Ended) else [*ops, lived()], copies)
    assert (check.validity, check.facts["unexplained"]) == ("valid", 0)
    assert check.facts["duplicated"] == (copies > 1)


TOO_OFTEN = [
    # the same histories without the line that explains them
    ([invoke("a"), ok("a"), *AGAIN], 2),
    # three copies of two attempts
    ([invoke("a"), ok("a"), unread("a"), *AGAIN], 3),
    # one attempt and two copies: an unread answer stores nothing by itself
    ([invoke("a"), ok("a"), unread("a"), cut("a")], 2),
    # the unread answer was a no, which stored nothing; the copies are those of one attempt
    ([invoke("a"), too_many("a"), unread("a"), *AGAIN], 2),
    # the unread answer was a no; of the two that were acknowledged and read, one was needless
    ([invoke("a"), too_many("a"), unread("a"), invoke("a", 1), ok("a", 1), invoke("a", 2), ok("a", 2), lived()], 2),
    # one reason, and two copies too many: the third attempt came after a yes that was read
    ([invoke("a"), ok("a"), unread("a"), invoke("a", 1), ok("a", 1), invoke("a", 2), ok("a", 2), lived()], 3),
    # the same, the reason being a timeout
    ([invoke("a"), timeout("a"), invoke("a", 1), ok("a", 1), invoke("a", 2), ok("a", 2), lived()], 3),
    # an unread timeout is one reason and not two
    ([invoke("a"), timeout("a"), unread("a"), invoke("a", 1), ok("a", 1), invoke("a", 2), ok("a", 2), lived()], 3),
]


@pytest.mark.parametrize(("ops", "copies"), TOO_OFTEN)
def test_more_copies_than_there_are_reasons_for_are_convicted(ops, copies):
    check = judged(ops, copies)
    assert found(check) == {"duplicated"}
    assert (check.facts["twice_unexplained"], check.facts["unexplained"]) == (1, 1)


def test_the_finding_says_how_many_answers_were_unread():
    (finding,) = judged([invoke("a"), ok("a"), unread("a"), *AGAIN], 3).findings
    assert finding.message == (
        "a (commerce.productViews of phone 0) is stored 3 times, which its 2 attempts, 1 unread, cannot explain"
    )


LIES = [
    # an id that nobody created
    ([invoke("a"), ok("a"), unread("x"), lived()], {"unplanned"}),
    # an answer to a request that was never sent, or that carried another event
    ([invoke("a"), ok("a"), unread("a", 7), lived()], {"unread-unsent"}),
    ([invoke("a"), ok("a"), Unread("a", "x-0", 0), lived()], {"unread-unsent"}),
    # of another phone's request
    ([invoke("a"), ok("a"), unread("a", phone=1), lived()], {"unread-unsent"}),
    # left unread before it was sent
    ([unread("a"), invoke("a"), ok("a"), lived()], {"unread-unsent"}),
    # twice
    ([invoke("a"), ok("a"), unread("a"), unread("a"), cut("a")], {"unread-unsent"}),
    # an earlier request: that the phone sent again shows that it had read the answer
    ([invoke("a"), timeout("a"), invoke("a", 1), ok("a", 1), unread("a"), lived()], {"unread-unsent"}),
]


@pytest.mark.parametrize(("ops", "kinds"), LIES)
def test_an_answer_that_could_not_be_left_unread_is_convicted(ops, kinds):
    assert found(judged(ops, 1)) == kinds


def test_such_a_line_excuses_nothing():
    ops = [invoke("a"), ok("a"), invoke("a", 1), ok("a", 1), unread("a"), lived()]
    assert found(judged(ops, 2)) == {"unread-unsent", "duplicated"}


@pytest.mark.parametrize(
    ("ops", "copies", "kinds"),
    [
        # acknowledged and not there, though the phone never knew
        ([invoke("a"), ok("a"), unread("a"), cut("a")], 0, {"lost"}),
        # not given up, because the answer was not read; and yet never sent again
        ([invoke("a"), dropped(), unread("a"), lived()], 0, {"unexplained"}),
        # given up at the second try, whose answer was read
        ([invoke("a"), dropped(), unread("a"), invoke("a", 1), dropped(1), lived()], 0, {"dropped"}),
    ],
)
def test_a_killed_app_excuses_nothing_else(ops, copies, kinds):
    assert found(judged(ops, copies)) == kinds


def test_a_drop_names_the_answer_that_was_read():
    second = msgspec.structs.replace(dropped(1), status=404, why="no such datastream")
    (finding,) = judged([invoke("a"), dropped(), unread("a"), invoke("a", 1), second, lived()], 0).findings
    assert finding.message.endswith("(status 404 no such datastream)")


# Batches: one request id, several events


def in_request(request, *ops):
    return [msgspec.structs.replace(op, request=request) for op in ops]


def test_events_of_one_request_each_have_their_own_fate():
    ops = [
        *(started(), created("a", 0), created("b", 1)),
        *in_request("r1", invoke("a"), invoke("b"), done("a", "fail", "retry", status=400)),
        *in_request("r1", done("b", "fail", "retry", status=400)),
        *in_request("r2", invoke("a", 1), ok("a", 1)),
        *in_request("r3", invoke("b", 1), dropped_of("b")),
        lived(),
    ]
    check = delivered(ops, [good("a")])
    assert found(check) == {"dropped"}
    assert [finding.events for finding in check.findings] == [("b",)]


def dropped_of(id):
    return done(id, "fail", "drop", 1, status=400)


def test_a_batch_whose_answer_was_not_read_is_sent_again_and_stored_twice():
    ops = [
        *(started(), created("a", 0), created("b", 1), created("c", 2)),
        *in_request("r1", invoke("a"), invoke("b"), ok("a"), ok("b"), unread("a"), unread("b")),
        *in_request("r2", invoke("a", 1), invoke("b", 1), invoke("c"), ok("a", 1), ok("b", 1), ok("c")),
        lived(),
    ]
    assert delivered(ops, [*map(good, "abab"), good("c")]).validity == "valid"
    check = delivered(ops, [*map(good, "abab"), good("c"), good("c")])
    assert [finding.events for finding in check.findings] == [("c",)]
    lie = [*ops[:10], *in_request("r1", unread("c")), *ops[10:]]
    assert found(delivered(lie, [*map(good, "abab"), good("c")])) == {"unread-unsent"}
