"""What a fault answers: each service's own shape of a refusal, and batches of which some messages fail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fault_requests import ABOUT, BATCH, SINGLE, batch_of, batch_request, handled, message, request
from hypothesis import given, settings
from hypothesis import strategies as st
from inlet_requests import MESSAGE
from inlet_requests import request as inlet_request

from footfall.engine.inlet import of_batch, of_single
from footfall.phone.signals import Reply
from footfall.platform.config import FailureKey, Fault, Inlet, PlatformConfig
from footfall.platform.core import Platform
from footfall.platform.messages import Outcome, Request
from footfall.platform.package_data import event_schema

TEXT = "A fault of this platform's configuration answers this request with "
EXEG = "https://ns.adobe.com/aep/errors/EXEG-"
INLET_PROBLEM = "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet"
AUTHORIZATION = "https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization"


@pytest.mark.parametrize(
    ("status", "type_", "title"),
    [
        # the codes of Adobe's table
        (400, EXEG + "0105-400", "Input validation error"),
        (401, EXEG + "0500-401", "Invalid authorization token"),
        (403, EXEG + "0400-403", "Request ignored due to geographical restrictions"),
        (408, EXEG + "0109-408", "Empty request"),
        (413, EXEG + "0112-413", "Invalid request"),
        (415, EXEG + "0111-415", "Invalid request"),
        (422, EXEG + "0104-422", "Unprocessable entity"),
        (500, EXEG + "0001-500", "Unexpected error"),
        (502, EXEG + "0203-502", "The service call has failed"),
        (503, EXEG + "0000-503", "Service unavailable"),
        (504, EXEG + "0200-504", "The service call has timed out"),
        # which has none for these
        (429, "about:blank", "Too Many Requests"),
        (507, "about:blank", "Insufficient Storage"),
        (299, "about:blank", "Status 299"),
    ],
)
def test_a_status_of_edge(status: int, type_: str, title: str) -> None:
    response = handled(
        Fault(do="status", status=status, retry_after_s=7),
        Request("POST", "/ee/v1/interact", "configId=local&requestId=r", {}, b"{}"),
    ).response
    assert response.status == status
    assert dict(response.headers) == {"content-type": "application/problem+json", "retry-after": "7"}
    assert json.loads(response.body) == {
        "type": type_,
        "status": status,
        "title": title,
        "detail": f"{TEXT}{status}.",
        "report": {"requestId": "r"},
    }


@pytest.mark.parametrize("path", [SINGLE, BATCH])
@pytest.mark.parametrize(
    ("status", "type_", "told", "title", "message"),
    [
        (400, INLET_PROBLEM, 400, "Invalid XDM Message Format", ABOUT + TEXT + "400."),
        (413, INLET_PROBLEM, 413, "Payload Too Large", ABOUT + TEXT + "413."),
        (429, INLET_PROBLEM, 429, "Too Many Requests", ABOUT + TEXT + "429."),
        (500, INLET_PROBLEM, 500, "Internal Server Error", ABOUT + TEXT + "500."),
        (503, INLET_PROBLEM, 503, "Service Unavailable", ABOUT + TEXT + "503."),
        # those of authorization have their status as a string
        (401, AUTHORIZATION, "401", "Authorization", TEXT + "401."),
        (403, AUTHORIZATION, "403", "Authorization", TEXT + "403."),
    ],
)
def test_a_status_of_an_inlet(path: str, status: int, type_: str, told: object, title: str, message: str) -> None:
    outcome = handled(Fault(do="status", status=status, retry_after_s=7), request("1" * 38, path))
    assert (outcome.response.status, outcome.stored) == (status, ())
    assert dict(outcome.response.headers) == {"content-type": "application/json", "retry-after": "7"}
    assert json.loads(outcome.response.body) == {
        "type": type_,
        "status": told,
        "title": title,
        "report": {"message": message},
    }


def test_a_status_of_an_inlet_that_nobody_has() -> None:
    response = handled(Fault(do="status"), request("1" * 38, "/collection/nobody")).response
    assert json.loads(response.body)["report"] == {"message": TEXT + "503."}


def test_a_status_of_places() -> None:
    response = handled(Fault(do="status", status=500), Request("GET", "/placesedgequery", "", {}, b"")).response
    assert dict(response.headers) == {"content-type": "application/json"}
    assert (response.status, json.loads(response.body)) == (500, {"status": 500, "message": TEXT + "500."})


def test_a_status_where_no_service_is() -> None:
    response = handled(Fault(do="status", status=502), Request("GET", "/nowhere", "", {}, b"")).response
    assert json.loads(response.body) == {
        "type": "about:blank",
        "status": 502,
        "title": "Bad Gateway",
        "detail": TEXT + "502.",
    }


@pytest.mark.parametrize("path", [SINGLE, BATCH])
def test_an_expired_token_at_an_inlet_is_what_the_token_expired_gets(path: str) -> None:
    config = PlatformConfig(inlets=(Inlet("a" * 64, authenticated=True),))
    at_adobe = Platform((), event_schema(), config).handle(
        inlet_request(MESSAGE, inlet="a" * 64, batch=path == BATCH, authorization="Bearer expired"), 0
    )
    outcome = handled(Fault(do="expired-token"), request("1" * 38, path))
    assert outcome.response == at_adobe.response
    assert (outcome.response.status, outcome.stored) == (403, ())


# ---- some messages of a batch


def entries(outcome: Outcome) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(outcome.response.body)["responses"]
    return listed


def failed(outcome: Outcome, key: str = "statusCode") -> list[int]:
    return [index for index, entry in enumerate(entries(outcome)) if key in entry]


PARTIAL = Fault(do="partial-207")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12), st.sampled_from(["statusCode", "status"]))
def test_some_messages_fail_and_are_not_stored_and_the_others_are(seed: int, count: int, key: FailureKey) -> None:
    config = PlatformConfig(inlets=(Inlet("a" * 64, failure_key=key),), faults=(PARTIAL,), seed=seed)
    ids = [str(index) for index in range(count)]
    outcome = Platform((), event_schema(), config).handle(batch_request(batch_of(*ids), "a" * 64), 0)
    hit = failed(outcome, key)
    assert len(entries(outcome)) == count
    assert len(hit) >= 1  # one at least
    assert len(hit) < count or count == 1  # not all of several
    assert [event.id for event in outcome.stored] == [id_ for index, id_ in enumerate(ids) if index not in hit]
    # and the sender reads it so, and tries these again
    replies = of_batch(Reply(outcome.response.status, outcome.response.body), count)
    assert [index for index, reply in enumerate(replies) if reply.status != 200] == hit
    assert {replies[index].status for index in hit} <= {500, 503}
    assert all(of_single(replies[index], 1).again for index in hit)


def test_an_entry_that_failed() -> None:
    outcome = handled(PARTIAL, batch_request(batch_of("a")))
    batch_id = json.loads(outcome.response.body)["batchId"]
    (entry,) = entries(outcome)
    title = {500: "Internal Server Error", 503: "Service Unavailable"}[entry["statusCode"]]
    assert entry["message"] == f"{ABOUT}{title}. The message was not stored. Please try again."
    assert entry["xactionId"] == f"{batch_id}:0"
    assert outcome.stored == ()


def test_about_half_of_the_messages_fail_with_either_status() -> None:
    outcome = handled(PARTIAL, batch_request(batch_of(*(str(n) for n in range(400)))))
    statuses = [entry["statusCode"] for entry in entries(outcome) if "statusCode" in entry]
    assert 150 < len(statuses) < 250
    assert 50 < statuses.count(500) < 200 > statuses.count(503) > 50


def test_what_the_inlet_does_not_take_keeps_its_400() -> None:
    wrong = {"header": {}}
    body = json.dumps({"messages": [wrong, message("a"), wrong]}).encode()
    outcome = handled(PARTIAL, batch_request(body))
    assert [entry["statusCode"] for entry in entries(outcome)][::2] == [400, 400]
    assert entries(outcome)[1]["statusCode"] in (500, 503)  # the only one that could fail
    assert outcome.stored == ()


@pytest.mark.parametrize("body", [b"{", b'{"messages":[]}', b'{"messages":[{}]}'])
def test_a_batch_without_a_message_to_fail_is_answered_as_ever(body: bytes) -> None:
    plain = Platform((), event_schema()).handle(batch_request(body), 0)
    assert handled(PARTIAL, batch_request(body)) == plain


def test_only_the_messages_of_the_rules_phone_fail() -> None:
    ones = [message(str(n), "1" * 38) for n in range(6)]
    twos = [message(str(n), "2" * 38) for n in range(6)]
    mixed = [one for pair in zip(ones, twos, strict=True) for one in pair]
    body = json.dumps({"messages": mixed}).encode()
    outcome = handled(Fault(do="partial-207", ecid="2" * 38), batch_request(body))
    assert failed(outcome)
    assert all(index % 2 for index in failed(outcome))
    nobody = handled(Fault(do="partial-207", ecid="3" * 38), batch_request(body))
    assert (failed(nobody), len(nobody.stored)) == ([], 12)


def batches(seed: int, share: float = 0.5, others: int = 0) -> list[list[int]]:
    """Which messages fail of twenty batches, while other phones send `others` requests before each."""
    config = PlatformConfig(faults=(Fault(do="partial-207", share=share),), seed=seed)
    platform = Platform((), event_schema(), config)
    hits = []
    for _ in range(20):
        for _ in range(others):
            platform.handle(request("2" * 38), 0)
        hits.append(failed(platform.handle(batch_request(batch_of(*"abcdef")), 0)))
    return hits


def test_the_same_seed_and_requests_fail_the_same_messages() -> None:
    assert batches(7) == batches(7)
    assert batches(7) != batches(8)
    assert batches(7, others=3) == batches(7)  # whatever other phones do
    assert 3 < batches(7).count([]) < 17  # the share is of the requests
    assert batches(7, share=1.0).count([]) == 0
    assert len({tuple(hit) for hit in batches(7, share=1.0)}) > 5  # a message that is sent again may come through
