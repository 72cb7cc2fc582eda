"""Streaming ingestion: what each request is answered, and what is stored of it."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from inlet_requests import (
    MESSAGE,
    NO_HEADER,
    NOW_MS,
    OURS,
    REF,
    UNKNOWN,
    WRONG_ORG,
    XDM_INLET,
    about,
    request,
    send,
    told,
)
from xdm_events import GONE, VISIT, changed

from footfall.platform.config import LOCAL_INLET, LOCAL_ORG, LOCAL_SCHEMA, Inlet, RunClock
from footfall.platform.inlet import MOST_BODY_BYTES, SyncLimit, answer, not_stored
from footfall.platform.messages import Request

CLOSED_INLET = Inlet("b" * 64, authenticated=True)
FAR_INLET = Inlet("c" * 64, sync_validation=False)

REF_ID = ("header", "schemaRef", "id")
TYPE = ("header", "schemaRef", "contentType")
META = ("body", "xdmMeta", "schemaRef")


# One message


def test_a_good_message_is_received_stored_and_its_validation_skipped() -> None:
    outcome = send(XDM_INLET, MESSAGE, x_footfall_test="T1")

    body = told(outcome)
    assert outcome.response.status == 200
    assert list(body) == ["inletId", "xactionId", "receivedTimeMs", "syncValidation"]
    assert re.fullmatch(rf"{NOW_MS}:\d+:\d+", body["xactionId"])
    assert {**body, "xactionId": ""} == {
        "inletId": LOCAL_INLET,
        "xactionId": "",
        "receivedTimeMs": NOW_MS,
        "syncValidation": {"skipped": True},
    }
    (event,) = outcome.stored
    assert json.loads(event.body) == {"xdm": VISIT, "header": MESSAGE["header"]}
    assert (event.id, event.type, event.ecid, event.timestamp) == (
        VISIT["_id"],
        "location.entry",
        "1" * 38,
        "2026-03-07T11:15:30.123Z",
    )
    assert (event.run, event.datastream, event.arrived, event.test) == ("local", LOCAL_INLET, "inlet", "T1")
    assert (event.good, event.received_ms, event.run_ms) == (True, NOW_MS, NOW_MS)


def test_an_event_has_the_run_and_the_clock_of_its_inlet() -> None:
    clock = RunClock(origin_ms=NOW_MS - 1_000, anchor_ms=0, speed=60)
    (event,) = send(Inlet(LOCAL_INLET, run="r7", clock=clock), MESSAGE).stored

    assert (event.run, event.received_ms, event.run_ms) == ("r7", NOW_MS, 60_000)


def test_an_answer_is_the_same_for_the_same_body_at_the_same_time_only() -> None:
    def xaction_id(body: object, now_ms: int) -> str:
        outcome = answer(request(body), {LOCAL_INLET: XDM_INLET}, {LOCAL_SCHEMA: OURS}, SyncLimit(), now_ms)
        return str(told(outcome)["xactionId"])

    other = changed(MESSAGE, ("header", "createdAt"), "1")
    assert xaction_id(MESSAGE, 5) == xaction_id(MESSAGE, 5)
    assert len({xaction_id(MESSAGE, 5), xaction_id(MESSAGE, 6), xaction_id(other, 5)}) == 3


# what is done to a good message: where, the value put there, and the text of the 400, "" where it is taken
MESSAGES: list[tuple[tuple[str | int, ...], object, str]] = [
    # the header
    (("header",), GONE, NO_HEADER),
    (("header",), None, NO_HEADER),
    (("header",), [], NO_HEADER),
    (("header",), {}, UNKNOWN),  # there, but it names no schema
    # the organisation: the documents differ on an absent one; Adobe's connector sends none
    (("header", "imsOrgId"), "invalidIMSOrg@AdobeOrg", WRONG_ORG),  # P15
    (("header", "imsOrgId"), GONE, ""),
    (("header", "imsOrgId"), "", WRONG_ORG),
    (("header", "imsOrgId"), None, WRONG_ORG),
    # optional
    (("header", "datasetId"), GONE, ""),
    (("header", "flowId"), GONE, ""),
    (("header", "createdAt"), 1772882131000, ""),  # a number or a text
    (("header", "source"), GONE, ""),
    (("header", "msgType"), "xdmEntityCreate", ""),  # as the journeys documentation has it
    # the schema: the inlet's
    (("header", "schemaRef"), GONE, UNKNOWN),
    (("header", "schemaRef"), REF["id"], UNKNOWN),
    (REF_ID, "https://ns.adobe.com/other/schemas/1", UNKNOWN),
    (REF_ID, GONE, UNKNOWN),
    (TYPE, GONE, UNKNOWN),
    (TYPE, "application/json", UNKNOWN),
    # the same in the body
    (META, GONE, UNKNOWN),  # "Missing XDM schema"
    (META, {}, UNKNOWN),
    (META, {**REF, "id": "https://ns.adobe.com/other/schemas/1"}, UNKNOWN),  # P16
    (META, {**REF, "contentType": "application/vnd.adobe.xed-full+json;version=1.0"}, UNKNOWN),
    (META, {"contentType": REF["contentType"]}, ""),  # as in the journeys documentation's test profile
    (META, {**REF, "more": 1}, UNKNOWN),
    # the body
    (("body",), GONE, UNKNOWN),  # P17
    (("body",), [], UNKNOWN),
    (("body", "xdmMeta"), GONE, UNKNOWN),
]


@pytest.mark.parametrize(("where", "value", "text"), MESSAGES)
def test_what_the_inlet_refuses_at_once(where: tuple[str | int, ...], value: object, text: str) -> None:
    outcome = send(XDM_INLET, changed(MESSAGE, where, value))

    if not text:
        assert (outcome.response.status, [event.good for event in outcome.stored]) == (200, [True])
        return
    assert outcome.stored == ()
    assert outcome.response.status == 400
    assert told(outcome) == {
        "type": "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet",
        "status": 400,
        "title": "Invalid XDM Message Format",
        "report": {"message": about(text)},
    }


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"null", b"7", b'"text"', b"[]", b"[" * 100_000, b'"\\ud800"', b"[1e999]"],
)
def test_what_is_no_object_has_unknown_xdm_format(body: bytes) -> None:
    outcome = send(XDM_INLET, body)
    assert (outcome.response.status, outcome.stored) == (400, ())
    assert told(outcome)["report"] == {"message": about(UNKNOWN)}


@pytest.mark.parametrize(
    "spelling",
    [
        "application/vnd.adobe.xed-full+json;version=1",
        "application/vnd.adobe.xed-full+json;version=1.0",
        "application/vnd.adobe.xed-full+json; version=1",
        "application/vnd.adobe.xed-full-notext+json; version=1.0",
        "application/vnd.adobe.xed+json;version=1",
    ],
)
def test_every_spelling_of_the_content_type_is_accepted(spelling: str) -> None:
    message = changed(changed(MESSAGE, TYPE, spelling), (*META, "contentType"), spelling)
    assert [event.good for event in send(XDM_INLET, message).stored] == [True]


def test_the_inlet_adds_the_organisation() -> None:
    (event,) = send(XDM_INLET, changed(MESSAGE, ("header", "imsOrgId"), GONE)).stored
    assert json.loads(event.body)["header"]["imsOrgId"] == LOCAL_ORG


# Validation: later, or at once

# what streaming validation finds in a message that the inlet took: where, what, the reason, and its record in a report
INVALID: list[tuple[tuple[str | int, ...], object, str, dict[str, Any]]] = [
    (
        ("header", "source"),
        {},
        "#: Payload header is missing Source Name",
        {"message": "Payload header is missing Source Name"},
    ),
    (
        ("header", "source"),
        {"name": ""},
        "#: Payload header is missing Source Name",
        {"message": "Payload header is missing Source Name"},
    ),
    (
        ("body", "xdmEntity"),
        GONE,
        "#: Payload body is missing xdmEntity",
        {"message": "Payload body is missing xdmEntity"},
    ),
    (
        ("body", "xdmEntity"),
        None,
        "#: Payload body is missing xdmEntity",
        {"message": "Payload body is missing xdmEntity"},
    ),
    (
        ("body", "xdmEntity"),
        [],
        "#: expected type: JSONObject, found: JSONArray",
        {
            "schemaLocation": "#",
            "pointerToViolation": "#",
            "causingExceptions": [],
            "keyword": "type",
            "message": "expected type: JSONObject, found: JSONArray",
        },
    ),
    (
        ("body", "xdmEntity", "timestamp"),
        GONE,
        "#: required key [timestamp] not found",
        {
            "schemaLocation": "#",
            "pointerToViolation": "#",
            "causingExceptions": [],
            "keyword": "required",
            "message": "required key [timestamp] not found",
        },
    ),
]


@pytest.mark.parametrize(("where", "value", "reason", "record"), INVALID)
def test_an_invalid_message_is_received_and_stored_as_bad(
    where: tuple[str | int, ...], value: object, reason: str, record: dict[str, Any]
) -> None:
    outcome = send(XDM_INLET, changed(MESSAGE, where, value))

    assert (outcome.response.status, told(outcome)["syncValidation"]) == (200, {"skipped": True})
    assert [(event.good, event.reasons) for event in outcome.stored] == [(False, (reason,))]


@pytest.mark.parametrize("query", ["syncValidation=true", "synchronousValidation=true", "a=b&syncValidation=TRUE"])
@pytest.mark.parametrize(("where", "value", "reason", "record"), INVALID)
def test_an_invalid_message_whose_sender_waits_is_dropped(
    where: tuple[str | int, ...], value: object, reason: str, record: dict[str, Any], query: str
) -> None:
    outcome = send(XDM_INLET, changed(MESSAGE, where, value), query=query)

    assert (outcome.response.status, outcome.stored) == (400, ())
    assert told(outcome)["report"] == {
        "message": about("Message is invalid"),
        "cause": {"_streamingValidation": [record]},
    }


def test_a_good_message_whose_sender_waits_passes_and_is_stored() -> None:
    outcome = send(XDM_INLET, MESSAGE, query="syncValidation=true")
    assert (outcome.response.status, told(outcome)["syncValidation"]) == (200, {"status": "pass"})
    assert [event.good for event in outcome.stored] == [True]


@pytest.mark.parametrize("query", ["syncValidation=false", "syncValidation", "syncValidation=", "sync=true"])
def test_nobody_waits_who_did_not_ask(query: str) -> None:
    assert told(send(XDM_INLET, MESSAGE, query=query))["syncValidation"] == {"skipped": True}


def test_six_faults_give_five_reasons() -> None:
    message = changed(MESSAGE, ("body", "xdmEntity"), {**VISIT, "a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1})
    (event,) = send(XDM_INLET, message).stored
    assert event.reasons == tuple(f"#: extraneous key [{key}] is not permitted" for key in "abcde")


def test_where_adobe_does_not_offer_it_synchronous_validation_is_501() -> None:
    outcome = send(FAR_INLET, MESSAGE, query="syncValidation=true")
    assert (outcome.response.status, outcome.stored) == (501, ())
    assert send(FAR_INLET, MESSAGE).response.status == 200


def test_the_61st_synchronous_validation_of_a_minute_is_429() -> None:
    limit = SyncLimit()
    statuses = [send(XDM_INLET, MESSAGE, query="syncValidation=true", limit=limit).response.status for _ in range(61)]

    assert statuses == [200] * 60 + [429]
    assert send(XDM_INLET, MESSAGE, limit=limit).response.status == 200  # who does not wait is not limited
    assert send(CLOSED_INLET, MESSAGE, query="syncValidation=true", authorization="Bearer t").response.status == 200


def test_the_window_of_a_minute_slides() -> None:
    limit = SyncLimit()
    assert all(limit.allows("i", 1_000) for _ in range(30))
    assert all(limit.allows("i", 31_000) for _ in range(30))

    assert not limit.allows("i", 60_999)
    assert [limit.allows("i", 61_000) for _ in range(31)] == [True] * 30 + [False]  # the first thirty are a minute ago
    assert limit.allows("other", 61_000)
    assert limit.allows("i", 500)  # the clock was set back: what lies ahead of it is forgotten


# The request


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": ""}, 401),
        ({"authorization": "Bearer"}, 401),
        ({"authorization": "Bearer  "}, 401),
        ({"authorization": "Basic abc"}, 401),
        ({"authorization": "Bearer expired"}, 403),  # one page says 401, the one on batches 403
        ({"authorization": "Bearer token"}, 200),
        ({"authorization": "bearer token"}, 200),
    ],
)
def test_an_authenticated_inlet_wants_a_token(headers: dict[str, str], status: int) -> None:
    outcome = send(CLOSED_INLET, MESSAGE, **headers)

    assert outcome.response.status == status
    assert len(outcome.stored) == (status == 200)
    if status != 200:
        assert told(outcome)["status"] == str(status)  # a string, here only
        assert told(outcome)["title"] == "Authorization"


def test_an_open_inlet_does_not_look_at_the_token() -> None:
    assert send(XDM_INLET, MESSAGE, authorization="Bearer expired").response.status == 200


@pytest.mark.parametrize("path", ["/collection/", "/collection/batch/", "/collection/batch", "/collection/x", "/x"])
def test_an_unknown_inlet_is_404(path: str) -> None:
    asked = Request("POST", path, "", {}, b"{}")
    outcome = answer(asked, {LOCAL_INLET: XDM_INLET}, {LOCAL_SCHEMA: OURS}, SyncLimit(), NOW_MS)
    assert (outcome.response.status, outcome.stored) == (404, ())


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS"])
def test_only_post_is_allowed(method: str) -> None:
    asked = msgspec.structs.replace(request(MESSAGE), method=method)
    response = answer(asked, {LOCAL_INLET: XDM_INLET}, {LOCAL_SCHEMA: OURS}, SyncLimit(), NOW_MS).response
    assert (response.status, response.headers) == (405, (("allow", "POST"),))


@pytest.mark.parametrize("batch", [False, True])
def test_above_one_megabyte_is_413(batch: bool) -> None:
    body = json.dumps({"messages": [MESSAGE]} if batch else MESSAGE).encode()
    assert send(XDM_INLET, body.ljust(MOST_BODY_BYTES), batch=batch).response.status == (207 if batch else 200)

    outcome = send(XDM_INLET, body.ljust(MOST_BODY_BYTES + 1), batch=batch)
    assert (outcome.response.status, outcome.stored) == (413, ())


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("", 200),  # read as JSON
        ("application/x-jackson-smile", 415),  # Adobe takes it; this platform declares that it does not
        ("Application/X-Jackson-Smile; v=1", 415),
    ],
)
def test_content_types(content_type: str, status: int) -> None:
    outcome = send(XDM_INLET, MESSAGE, content_type=content_type)
    assert outcome.response.status == status
    if status == 415:
        assert "does not read application/x-jackson-smile" in told(outcome)["report"]["message"]


@pytest.mark.parametrize("batch", [False, True])
def test_what_cannot_be_stored_may_be_sent_again_in_five_seconds(batch: bool) -> None:
    response = not_stored(request(MESSAGE, batch=batch))
    assert response.status == 503
    assert dict(response.headers)["retry-after"] == "5"
    assert json.loads(response.body)["status"] == 503


def test_one_megabyte_of_wrong_items_does_not_hold_the_platform_up() -> None:
    entity = {"_id": "a", "timestamp": VISIT["timestamp"], "productListItems": [1] * 500_000}
    body = json.dumps(changed(MESSAGE, ("body", "xdmEntity"), entity), separators=(",", ":")).encode()
    (event,) = send(XDM_INLET, body).stored  # a minute, if all errors were made before the first is told
    assert len(event.reasons) == 5
