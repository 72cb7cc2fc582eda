"""What we know after an answer, row by row. Not what the SDK does next: that is another column of the same table."""

from __future__ import annotations

import json

import pytest

from footfall.engine.live import outcome
from footfall.phone.signals import Reply


def multi_status(*statuses: int) -> bytes:
    entries = [{"status": status, "report": {"eventIndex": 0}} for status in statuses]
    return b"\0" + json.dumps({"requestId": "any", "handle": [], "errors": entries}).encode() + b"\n"


OUTCOMES = [
    (Reply(200), "ok"),
    (Reply(204), "ok"),
    (Reply(400), "fail"),  # 400 and other 4xx: refused for good
    (Reply(401), "fail"),
    (Reply(403), "fail"),
    (Reply(404), "fail"),
    (Reply(413), "fail"),
    (Reply(422), "fail"),
    (Reply(429), "fail"),  # this attempt was refused before anything was stored
    (Reply(507), "fail"),
    (Reply(408), "info"),  # the server gave up waiting; who knows what it had done by then
    (Reply(502), "info"),  # somebody behind it may have stored it
    (Reply(503), "info"),
    (Reply(504), "info"),
    (Reply(500), "info"),  # dropped by the SDK, and yet not known
    (Reply(501), "info"),
    (Reply(599), "info"),
    (Reply(202), "info"),  # not an answer of Edge's
    (Reply(302), "info"),
    (Reply(0, failure="refused"), "fail"),  # nothing was written
    (Reply(0, failure="unreachable"), "fail"),
    (Reply(0, failure="timeout"), "info"),  # a timeout is not a loss
    (Reply(0, failure="reset"), "info"),
    (Reply(0), "info"),
    # 207: from the error entries
    (Reply(207), "ok"),
    (Reply(207, multi_status()), "ok"),
    (Reply(207, multi_status(504)), "info"),  # some service behind Edge did not answer in time
    (Reply(207, multi_status(422)), "fail"),
    (Reply(207, multi_status(504, 422)), "fail"),
    (Reply(207, b"garbage"), "ok"),  # no entry that could be read
    (Reply(207, b'\0{"warnings":[{"status":504}]}\n'), "ok"),  # a warning is no error
]


# error entries of a 207 to a batch of three, (status, eventIndex) each -> what is known of its events
BATCHES = [
    ([], ["ok", "ok", "ok"]),
    ([(422, 1)], ["ok", "fail", "ok"]),
    ([(504, 2), (422, 0)], ["fail", "ok", "info"]),
    ([(504, 1), (422, 1)], ["ok", "fail", "ok"]),  # the worse of two about one event
    ([(422, None)], ["fail", "ok", "ok"]),  # an entry that names none is about the first
    ([(422, 3)], ["ok", "ok", "ok"]),  # there is no such event
]


@pytest.mark.parametrize(("errors", "known"), BATCHES)
def test_a_207_is_judged_event_by_event(errors, known) -> None:
    entries = [{"status": status, "report": {} if index is None else {"eventIndex": index}} for status, index in errors]
    reply = Reply(207, b"\0" + json.dumps({"requestId": "any", "errors": entries}).encode() + b"\n")
    assert [outcome(reply, index) for index in range(3)] == known


def test_an_entry_without_a_report_is_about_the_first_event() -> None:
    reply = Reply(207, b'\0{"errors":[{"status":422}]}\n')
    assert [outcome(reply, index) for index in range(2)] == ["fail", "ok"]


def test_only_a_207_has_entries_of_its_own_for_each_event() -> None:
    assert [outcome(Reply(429), index) for index in range(2)] == ["fail", "fail"]


@pytest.mark.parametrize(("reply", "known"), OUTCOMES)
def test_outcome(reply, known) -> None:
    assert outcome(reply) == known
