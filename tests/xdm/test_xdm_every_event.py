"""What holds for every event, and for the parts that they are made of."""

from __future__ import annotations

import msgspec
import pytest
from any_event import any_event
from every_event import EVERY, beside_of, values_in, xdm_of
from hypothesis import given

from footfall.xdm.events import ExperienceEvent, dataset, encoded
from footfall.xdm.types import Application, Measure


@pytest.mark.parametrize("event", EVERY.values(), ids=EVERY)
def test_every_event(event):
    xdm = xdm_of(event)
    assert xdm.get("eventType", "") == event.type
    assert "_id" not in xdm  # wire adds both
    assert "timestamp" not in xdm
    assert None not in list(values_in(xdm)), "XDM takes no null"
    assert False not in [value for value in values_in(xdm) if isinstance(value, bool)], "a flag is true or absent"
    assert all(value for value in values_in(xdm) if isinstance(value, str))
    empty = [value for value in values_in(xdm) if value == {} and value is not xdm]
    assert len(empty) == event.body.count(b'"scopeDetails":{}'), "only the server's own object may be empty"
    assert event.body.startswith(b"{")
    assert b"\n" not in event.body
    assert event.beside == b"" or beside_of(event), "nothing beside the xdm is no bytes at all"


@given(event=any_event)
def test_no_event_has_an_escaped_slash(event: ExperienceEvent):
    # wire escapes every slash as the SDK does, and one that is escaped already would end in two backslashes
    assert b"\\/" not in (event.body + event.beside).replace(b"\\\\", b"")


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("launch with the app's context", {"data"}),
        ("entry by the rule", {"regioneventtype", "triggeringregion"}),
        ("exit by the rule for a journey", {"regioneventtype", "triggeringregion"}),
        ("push token", {"data"}),
        ("push opened", {"meta"}),
        ("request for propositions", {"query", "data"}),
        ("proposition display", set()),
        ("purchase", set()),
        ("scene", set()),
    ],
)
def test_what_stands_beside_the_xdm(name, keys):
    assert set(beside_of(EVERY[name])) == keys


def test_members_are_written_in_one_order_so_that_bytes_can_be_compared():
    assert EVERY["close"].body == (
        b'{"eventType":"application.close","application":{"isClose":true,"closeType":"close","sessionLength":22}}'
    )


# Events and types


def test_an_event_for_a_dataset():
    event = encoded("x", {"eventType": "x"}, dataset("abc123def"))
    assert event == ExperienceEvent("x", b'{"eventType":"x"}', beside=b'{"meta":{"collect":{"datasetId":"abc123def"}}}')


def test_parts_leave_out_what_is_absent_and_nothing_else():
    encode = msgspec.json.Encoder().encode
    assert encode(Application()) == b"{}"
    assert encode(Application(session_length=0)) == b'{"sessionLength":0}'
    assert encode(Measure()) == b'{"value":1}'  # also where it is the default
