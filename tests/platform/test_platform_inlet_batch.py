"""Batches of messages: an entry for each, in order, whatever they are; and raw data, which is no XDM yet."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inlet_requests import MESSAGE, NO_HEADER, NOW_MS, UNKNOWN, WRONG_ORG, XDM_INLET, about, send, told
from xdm_events import GONE, VISIT, changed

from footfall.platform.config import LOCAL_INLET, Inlet

RAW_INLET = Inlet("a" * 64, kind="raw")
CONNECTOR_INLET = Inlet("d" * 64, failure_key="status")


def test_a_batch_has_an_entry_per_message_and_good_ones_do_not_suffer_from_bad_ones() -> None:
    messages = [
        MESSAGE,
        changed(MESSAGE, ("body",), GONE),
        changed(MESSAGE, ("header",), GONE),
        changed(MESSAGE, ("header", "imsOrgId"), "other@AdobeOrg"),
        changed(MESSAGE, ("body", "xdmEntity"), {**VISIT, "workEmail": "x@example.com"}),
        MESSAGE,
    ]
    outcome = send(XDM_INLET, {"messages": messages}, batch=True, query="syncValidation=true")

    body = told(outcome)
    batch = body["batchId"]
    assert outcome.response.status == 207
    assert re.fullmatch(rf"{NOW_MS}:\d+:\d+", batch)
    assert body == {
        "inletId": LOCAL_INLET,
        "batchId": batch,
        "receivedTimeMs": NOW_MS,
        "responses": [
            {"xactionId": f"{batch}:0"},
            {"xactionId": f"{batch}:1", "statusCode": 400, "message": about(UNKNOWN)},
            {"xactionId": f"{batch}:2", "statusCode": 400, "message": NO_HEADER},
            {"xactionId": f"{batch}:3", "statusCode": 400, "message": about(WRONG_ORG)},
            {"xactionId": f"{batch}:4"},  # synchronous validation is not available for batches: ignored, stored as bad
            {"xactionId": f"{batch}:5"},
        ],
    }
    assert [(event.good, event.arrived) for event in outcome.stored] == [
        (True, "inlet-batch"),
        (False, "inlet-batch"),
        (True, "inlet-batch"),
    ]


def test_a_failed_message_is_found_as_adobes_connector_finds_it() -> None:
    outcome = send(CONNECTOR_INLET, {"messages": [MESSAGE, {}, 7]}, batch=True)

    failed = [entry for entry in told(outcome)["responses"] if entry.get("status") is not None]
    assert [int(entry["xactionId"].rpartition("-")[2]) for entry in failed] == [1, 2]
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d", entry["xactionId"]) for entry in failed)


def test_a_batch_of_nothing_is_answered_with_nothing() -> None:
    outcome = send(XDM_INLET, {"messages": []}, batch=True)
    assert (outcome.response.status, told(outcome)["responses"], outcome.stored) == (207, [], ())


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"messages":{}}', b"null", json.dumps(MESSAGE).encode()])
def test_a_batch_that_is_no_list_of_messages_is_400(body: bytes) -> None:
    outcome = send(XDM_INLET, body, batch=True)
    assert (outcome.response.status, outcome.stored) == (400, ())
    assert told(outcome)["report"] == {"message": about(UNKNOWN)}


@pytest.mark.parametrize("depth", [200, 500, *range(900, 1000)])
def test_a_deep_message_takes_no_other_with_it(depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    good = json.dumps(MESSAGE).encode()
    message = good.replace(json.dumps(VISIT).encode(), b'{"a":' + deep + b"}")
    assert deep in message
    outcome = send(XDM_INLET, b'{"messages":[%b,%b]}' % (message, good), batch=True)

    if outcome.response.status == 207:
        assert len(told(outcome)["responses"]) == 2
        assert outcome.stored[-1].good
    else:  # beyond what the decoder reads at all
        assert (outcome.response.status, outcome.stored) == (400, ())


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PLACES: list[tuple[str | int, ...]] = [
    ("header",),
    ("header", "imsOrgId"),
    ("header", "createdAt"),
    ("header", "schemaRef"),
    ("header", "schemaRef", "id"),
    ("header", "schemaRef", "contentType"),
    ("body",),
    ("body", "xdmMeta"),
    ("body", "xdmMeta", "schemaRef"),
    ("header", "source"),
    ("body", "xdmEntity"),
    ("body", "xdmEntity", "_id"),
    ("body", "xdmEntity", "identityMap"),
    ("body", "xdmEntity", "placeContext"),
]
any_message = any_json | st.builds(changed, st.just(MESSAGE), st.sampled_from(PLACES), any_json | st.just(GONE))


@settings(max_examples=200, deadline=None)
@given(messages=st.lists(any_message, max_size=6), inlet=st.sampled_from([XDM_INLET, CONNECTOR_INLET, RAW_INLET]))
def test_whatever_the_messages_are_there_is_one_entry_for_each_in_order(messages: list[Any], inlet: Inlet) -> None:
    outcome = send(inlet, {"messages": messages}, batch=True, x_adobe_flow_id="f")

    entries = told(outcome)["responses"]
    assert outcome.response.status == 207
    assert [int(re.split("[-:]", entry["xactionId"])[-1]) for entry in entries] == list(range(len(messages)))
    assert len(outcome.stored) == sum(inlet.failure_key not in entry for entry in entries)
    for message, entry in zip(messages, entries, strict=True):  # each fares as it does alone
        alone = send(inlet, message, x_adobe_flow_id="f").response.status
        assert entry.get(inlet.failure_key, 200) == alone


# Raw data


@pytest.mark.parametrize("how", [{"x_adobe_flow_id": "f1"}, {"query": "x-adobe-flow-id=f1"}])
@pytest.mark.parametrize("payload", [{"name": "Johnson Smith"}, [1, 2], "text", None])
def test_a_raw_inlet_takes_any_json_with_a_flow_id(payload: object, how: dict[str, str]) -> None:
    outcome = send(RAW_INLET, payload, **how)

    assert outcome.response.status == 200
    (event,) = outcome.stored
    assert (event.type, event.good, event.ecid, event.datastream) == ("", True, "", RAW_INLET.id)
    assert re.fullmatch(r"[0-9a-f-]{36}", event.id)
    assert json.loads(event.body) == {"xdm": {"_id": event.id}, "data": payload, "header": {"flowId": "f1"}}


def test_raw_data_keeps_its_own_id_and_else_gets_one_that_is_the_same_when_it_is_sent_again() -> None:
    def id_of(payload: object, flow: str = "f1") -> str:
        (event,) = send(RAW_INLET, payload, x_adobe_flow_id=flow).stored
        return event.id

    assert id_of({"_id": "mine", "eventType": "location.entry"}) == "mine"
    assert id_of({"a": 1}) == id_of({"a": 1})
    assert len({id_of({"a": 1}), id_of({"a": 2}), id_of({"a": 1}, "f2"), id_of({"_id": 7}), id_of({"_id": ""})}) == 5


def test_raw_data_without_a_flow_id_is_400() -> None:
    outcome = send(RAW_INLET, {"a": 1})
    assert (outcome.response.status, outcome.stored) == (400, ())
    assert "x-adobe-flow-id" in told(outcome)["report"]["message"]


def test_raw_data_is_not_validated_whoever_waits() -> None:
    outcome = send(RAW_INLET, {"a": 1}, query="syncValidation=true&x-adobe-flow-id=f1")
    assert told(outcome)["syncValidation"] == {"skipped": True}
