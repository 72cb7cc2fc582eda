"""What Edge answers, as the SDK reads it: framed, unframed, garbled, and whatever else a network can bring."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sdk_behaviour import behaviour
from sdk_words import IPHONE, PIXEL, an_edge, exchange, framed, hit, ok, state_at, store

from footfall.phone import responses
from footfall.phone.edge import Edge
from footfall.phone.responses import error_statuses
from footfall.phone.signals import Reply

KEPT = {"k": "v"}
RECORD = store(("k", "v", 60))
PLAIN = json.dumps(RECORD).encode()
NESTED = b'{"x":' + b"[" * 200_000
TWO_HANDLES = {"handle": [{"type": "state:store", "payload": "none"}, *RECORD["handle"]]}
NO_MAX_AGE = {"handle": [{"type": "state:store", "payload": [{"key": "k"}]}, *RECORD["handle"]]}
NO_TYPE = {"handle": [{"type": "state:store"}, {}, {"type": None}, *RECORD["handle"]]}

# the answer's body -> what is kept of it by iOS, and by Android
FRAMINGS = [
    (framed(RECORD), KEPT, KEPT),  # NUL + JSON + LF, as Edge streams
    (b"\0" + PLAIN, KEPT, KEPT),  # no line feed at the end
    (PLAIN, KEPT, {}),  # not framed at all: Android cuts off the brace
    (b" " + PLAIN, KEPT, KEPT),  # whatever the first character is
    (b"\0" + PLAIN + b"\r\n", KEPT, KEPT),
    (b"\0\0" + PLAIN, KEPT, {}),  # iOS trims, Android cuts one
    (framed({"handle": []}, RECORD), KEPT, KEPT),  # two records
    (framed(store(("k", "old", 60)), RECORD), KEPT, KEPT),  # in order
    (b"\0\n\n\0\n" + framed(RECORD), KEPT, KEPT),  # empty lines
    (b"", {}, {}),
    (b"\0garbage\n" + framed(RECORD), KEPT, KEPT),  # one record that is none does not spoil the next
    (b'\0{"handle":[{"type":"\xff"}]}\n' + framed(RECORD), KEPT, KEPT),  # no UTF-8 in it
    (b"\0" + NESTED + b"\n" + framed(RECORD), KEPT, KEPT),  # deeper than any reader goes
    (b"<html>502 Bad Gateway</html>", {}, {}),
    (json.dumps(RECORD, indent=2).encode(), {}, {}),  # line feeds inside: the SDK cannot read that either
    (framed(TWO_HANDLES), KEPT, KEPT),  # one odd handle beside a good one
    (framed(NO_MAX_AGE), KEPT, KEPT),
    (framed(NO_TYPE), KEPT, KEPT),
    (framed({"handle": None}), {}, {}),
    (framed({}), {}, {}),
    (framed([], 7, None, "text"), {}, {}),
]


@behaviour(
    "2.1", "Records are NUL + JSON + LF and read in order; a broken one does not spoil the others.", responses.handles
)
@behaviour(
    "2.1",
    "iOS trims the NUL and reads an unframed answer, Android cuts the first character and does not.",
    responses.handles,
)
@pytest.mark.parametrize(("body", "on_ios", "on_android"), FRAMINGS)
def test_framed_unframed_and_garbled_answers(body, on_ios, on_android) -> None:
    for model, kept in ((IPHONE, on_ios), (PIXEL, on_android)):
        edge = an_edge(model)
        edge.put(hit("E-1"))
        exchange(edge, 0, ok(body))
        assert state_at(edge, 1) == kept


def test_what_personalization_handles_hold_goes_to_other_extensions(golden) -> None:
    edge = an_edge()
    edge.put(hit("E-1"))
    first = edge.next_request(0)
    body = (golden / "responses/personalization_decisions.txt").read_bytes()

    ((handle,), lost) = edge.answered(80, first.id, ok(body))

    assert (handle.type, lost) == ("personalization:decisions", ())
    assert json.loads(bytes(handle.payload))[0]["scope"] == "buttonColor"


@behaviour("2.4", "A 204 is done, and its content is not read.", Edge.answered)
def test_a_204_is_done_and_not_read() -> None:
    edge = an_edge()
    edge.put(hit("E-1"))
    exchange(edge, 0, Reply(204, framed(RECORD)))
    assert edge.queued == ()
    assert state_at(edge, 1) == {}


@behaviour("2.4", "A 207 is done and read like a 200.", Edge.answered)
def test_a_207_is_done_and_read() -> None:
    edge = an_edge()
    edge.put(hit("E-1"))
    exchange(edge, 0, Reply(207, framed(RECORD)))
    assert edge.queued == ()
    assert state_at(edge, 1) == KEPT


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
HANDLES = st.fixed_dictionaries(
    {"type": st.sampled_from(["state:store", "locationHint:result", "other", 7]), "payload": JSON}
)
NEAR_MISSES = st.lists(
    st.fixed_dictionaries({}, optional={"handle": st.lists(HANDLES, max_size=3) | JSON, "errors": JSON}), max_size=3
).map(lambda records: framed(*records))


@settings(deadline=None)
@given(st.binary(max_size=60) | NEAR_MISSES)
@example(b"\xff")
@example(b'{"handle":[{"type":"state:store","payload":[{"key":"\xff"}]}]}')
@example(b'{"handle":[{"type":"state:store","payload":' + b"[" * 200_000)
@example(NESTED)
def test_no_answer_whatever_harms_the_phone(body: bytes) -> None:
    edge = an_edge()
    edge.put(hit("E-1"))
    edge.put(hit("E-2"))
    exchange(edge, 0, ok(body))
    assert edge.queued == ("E-2",)
    request = edge.next_request(1)
    assert request.event_ids == ("E-2",)
    json.loads(request.body)
    assert request.target.isascii()
    assert all(char > " " for char in request.target)
    assert all(isinstance(status, int) for status in error_statuses(body))


@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        (b"", ()),
        (framed({"handle": []}), ()),
        (framed({"errors": [{"status": 504, "report": {"eventIndex": 0}}]}), (504,)),
        (framed({"errors": [{"status": 400}]}, {"errors": [{"title": "no status"}, {"status": 503}]}), (400, 0, 503)),
        (framed({"warnings": [{"status": 200}]}), ()),  # a warning is no error
        (b"garbage\n" + framed({"errors": [{"status": 422}]}), (422,)),
    ],
)
def test_the_error_entries_of_an_answer(body, statuses) -> None:
    assert error_statuses(body) == statuses
