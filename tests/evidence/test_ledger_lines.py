"""A ledger as bytes: what is written is read back, a line cut short at the end is forgiven, other damage is not."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from literal_ops import created, done, invoke, lived, started, unread, withheld

from footfall.evidence.ledger import LedgerDamaged, encode, read
from footfall.evidence.ops import Created, Forgotten, Head, Ignored, Inside, Lease, Notified, Op, Trouble

EVERY_KIND = [
    Head(run="r1", process="worker-0", pid=7, version="0.1.0"),
    Lease(first=0, count=100, worker="worker-0"),
    started(),
    Inside(phone=0, place="cafe", at_ms=5),
    Ignored(phone=0, place="cafe", kind="exit", why="not in the nearby list", at_ms=6),
    Forgotten(phone=0, what="regions", at_ms=7),
    Notified(message="m-1", phone=0, decided="open", at_ms=7),
    msgspec.structs.replace(created("r"), cause="reply", message="m-1"),
    created("a", skus=(("SKU-1", 2),), fault="duplicate", bad=True),
    invoke("a"),
    done("a", "fail", "drop", status=400, why="no such datastream"),
    unread("a"),
    withheld("a", "the app was removed"),
    lived(),
    Trouble(kind="disk-full", why="3 kB left"),
]


def test_every_kind_of_line_is_read_back_as_it_was_written():
    assert {type(op) for op in EVERY_KIND} == set(get_args(Op))
    assert list(read([encode(op) for op in EVERY_KIND], "l.ndjson")) == EVERY_KIND


def test_lines_about_consent_and_killed_apps_read_as_they_are_documented():
    assert encode(withheld("a")) == (
        b'{"op":"withheld","id":"a","phone":0,"why":"collect consent is n","at_ms":8000}\n'
    )
    assert encode(unread("a", 1)) == b'{"op":"unread","id":"a","request":"a-1","phone":0}\n'


def test_lines_about_what_is_forgotten_read_as_they_are_documented():
    assert encode(Forgotten(0, "app", 8)) == b'{"op":"forgotten","phone":0,"what":"app","at_ms":8}\n'


def test_a_line_is_one_line_of_json_that_begins_with_its_op():
    line = encode(Lease(first=0, count=100, worker="worker-0"))
    assert line == b'{"op":"lease","first":0,"count":100,"worker":"worker-0"}\n'


@given(st.text())
def test_no_text_can_break_a_line_in_two(text):
    op = Created("id", text, 0, 0, text, text, "plan", 0, text, text)
    line = encode(op)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert list(read([line], "l.ndjson")) == [op]


def test_a_process_killed_at_any_byte_of_its_last_line_leaves_a_readable_ledger():
    first, last = encode(invoke("a")), encode(done("a", "ok", "done"))
    for length in range(1, len(last) - 1):  # without its newline alone the line is still all there
        ops: list[Op] = list(read([first, last[:length]], "l.ndjson"))
        assert ops[0] == invoke("a")
        assert isinstance(ops[1], Trouble)
        assert ops[1].kind == "truncated"
        assert "l.ndjson:2" in ops[1].why
    assert list(read([first, last[:-1]], "l.ndjson")) == [invoke("a"), done("a", "ok", "done")]


GOOD = encode(invoke("a"))


@pytest.mark.parametrize(
    ("lines", "at"),
    [
        # the same half line is forgiven at the end only
        ([GOOD, b'{"op":"inv', GOOD], "l.ndjson:2: "),
        # a last line with its newline was written whole, so it was not cut short: somebody changed it
        ([GOOD, b'{"op":"inv\n'], "l.ndjson:2: "),
        # an op that this version does not know
        ([b'{"op":"invoked","id":"a"}\n', GOOD], "l.ndjson:1: "),
        # a number as text: strict, no conversion
        ([GOOD, b'{"op":"lease","first":"0","count":1,"worker":"w"}\n', GOOD], "l.ndjson:2: "),
        # a key is missing
        ([GOOD, GOOD, b'{"op":"lease","first":0}\n'], "l.ndjson:3: "),
        # an empty line
        ([GOOD, b"\n", GOOD], "l.ndjson:2: "),
        # not even text
        ([b"\xff\xfe\n", GOOD], "l.ndjson:1: "),
    ],
)
def test_any_other_damage_names_the_file_and_the_line(lines, at):
    with pytest.raises(LedgerDamaged) as caught:
        list(read(lines, "l.ndjson"))
    assert str(caught.value).startswith(at + "expected a ledger line, got ")


def test_an_empty_file_has_no_ops():
    assert list(read([], "l.ndjson")) == []
