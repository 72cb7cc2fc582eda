"""Every documented sample of the inlet, its errors and Adobe's connector gets the documented answer.

The samples are read from the shared folder. {BRACED} words are the documents' placeholders and are filled in with what
the inlet of the test is set up with. Everything is judged by the platform's own schema, but for the records of a
tenant's own, which the documents do not show: these are judged by a schema by name, written here from the records.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from inlet_requests import MESSAGE, NOW_MS, OURS, XDM_INLET, send, told
from xdm_events import VISIT, changed

from footfall.platform.config import LOCAL_DATASET, LOCAL_FLOW, LOCAL_INLET, LOCAL_ORG, LOCAL_SCHEMA, Inlet
from footfall.platform.inlet import SyncLimit, answer
from footfall.platform.messages import Request
from footfall.platform.validation import EventSchema

# The tenants' records: a profile (no timestamp), and what the connector's tests send.
CLOSED = {"$schema": "http://json-schema.org/draft-06/schema#", "type": "object", "additionalProperties": False}
PROFILE = EventSchema(
    json.dumps({**CLOSED, "required": ["_id"], "properties": {"_id": {}, "person": {}, "workEmail": {}}}).encode()
)
NAMES = EventSchema(
    json.dumps({**CLOSED, "properties": {"firstname": {"type": "string"}, "lastname": {"type": "string"}}}).encode()
)
# A journey's event has an object of the tenant in the place of the sample's _instance_name, which no tenant is called.
TENANTS_EVENT = EventSchema(b'{"type": "object", "required": ["_id"]}')
RAW_INLET = Inlet(LOCAL_INLET, kind="raw")
CONNECTOR_INLET = Inlet(LOCAL_INLET, failure_key="status")
ID_IN_THE_DOCUMENTS = re.compile(r"\b[0-9a-f]{64}\b")

# What holds each file: the test below that names it.
HELD_BY = {
    "inlet/single-request.json": "test_single_messages",
    "inlet/xdm-request-with-flowid.json": "test_single_messages",
    "inlet/raw-request.json": "test_single_messages",
    "inlet/single-response-200-sync-pass.json": "test_single_messages",
    "inlet/single-response-200-async.json": "test_single_messages",
    "inlet/single-response-200-plain.json": "test_single_messages",
    "inlet/header-with-source-name.json": "test_a_header_with_a_source_name",
    "inlet/batch-request.json": "test_batches",
    "inlet/batch-response-207-all-ok.json": "test_batches",
    "inlet/batch-request-mixed.json": "test_batches",
    "inlet/batch-response-207-mixed.json": "test_batches",
    "connector/xdm-data.json": "test_single_messages",
    "connector/xdm-data-multiple-messages.json": "test_batches",
    "connector/aep-connector-inlet-multi-message-response.json": "test_batches",
    "connector/aep-connector-inlet-successful-response.json": "test_the_connectors_sample_of_a_success",
    "errors/400-sync-validation.json": "test_the_report_of_synchronous_validation",
    "errors/400-unknown-xdm.json": "test_refusals",
    "errors/400-wrong-ims-org.json": "test_refusals",
    "errors/401-token.json": "test_refusals",
    # what ends up in a failed batch: here the reasons of an event stored as bad
    "errors/failed-batch-date-time.json": "test_records_of_failed_batches",
    "errors/failed-batch-missing-entity.json": "test_records_of_failed_batches",
    "errors/failed-batch-missing-source-name.json": "test_records_of_failed_batches",
    "errors/failed-batch-sample-event.json": "test_the_event_of_the_failed_batch",
    # the Data Access API, which this platform does not have: its lake is read at its own API (GET /api/bad)
    "errors/failed-batch-list.json": "test_the_list_of_failed_files_is_not_the_inlets",
}


def sample(shared: Path, name: str) -> Any:
    """The sample, filled in for the local inlet."""
    text = (shared / "samples" / name).read_text()
    text = re.sub(r"https://ns\.adobe\.com/\{TENANT(_ID)?\}/schemas/[^\"]+", LOCAL_SCHEMA, text)
    text = ID_IN_THE_DOCUMENTS.sub(LOCAL_INLET, text)
    for placeholder, value in {
        "{SCHEMA_REF_ID}": LOCAL_SCHEMA,
        "version={SCHEMA_VERSION}": "version=1",
        "{SCHEMA_VERSION}": "version=1",
        "{FLOW_ID}": LOCAL_FLOW,
        "{DATASET_ID}": LOCAL_DATASET,
        "{ORG_ID}@AdobeOrg": LOCAL_ORG,
        "{ORG_ID}": LOCAL_ORG,
        "7BF122A65C5B3FE40A494026@AdobeOrg": LOCAL_ORG,
        "{INLET_ID}": LOCAL_INLET,
        "{CONNECTION_ID}": LOCAL_INLET,
        "{BASE_CONNECTION_ID}": LOCAL_INLET,
    }.items():
        text = text.replace(placeholder, value)
    return json.loads(text)


# What differs between any two answers: times, and the ids that begin with one or are random.
PART_OF_AN_ID = r"\d+:\d+:\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def timeless(body: Any) -> Any:
    """The answer without what differs from one to the next; the kind of id and a message's index stay."""
    text = json.dumps(body)
    text = re.sub(PART_OF_AN_ID, lambda match: "three numbers" if ":" in match[0] else "uuid", text)
    return json.loads(re.sub(r'"receivedTimeMs": \d+', '"receivedTimeMs": 0', text))


def test_every_sample_is_held_by_a_test_that_is_here(shared: Path) -> None:
    there = {
        f"{folder}/{path.name}"
        for folder in ("inlet", "errors", "connector")
        for path in (shared / "samples" / folder).iterdir()
    }
    assert there == set(HELD_BY)
    assert set(HELD_BY.values()) <= set(globals())


def without_sync(body: dict[str, Any]) -> dict[str, Any]:
    """As in the newer page, whose 200 does not speak of validation."""
    return {name: value for name, value in body.items() if name != "syncValidation"}


@pytest.mark.parametrize(
    ("sent", "answered", "inlet", "query", "schema"),
    [
        # the tutorial on time series
        ("single-request.json", "single-response-200-sync-pass.json", XDM_INLET, "syncValidation=true", OURS),
        ("single-request.json", "single-response-200-sync-pass.json", XDM_INLET, "synchronousValidation=true", OURS),
        ("single-request.json", "single-response-200-async.json", XDM_INLET, "", OURS),
        # the page on the HTTP source, XDM and raw
        ("xdm-request-with-flowid.json", "single-response-200-plain.json", XDM_INLET, "", PROFILE),
        ("raw-request.json", "single-response-200-plain.json", RAW_INLET, f"x-adobe-flow-id={LOCAL_FLOW}", OURS),
        # what the connector's tests send: no organisation, no flow
        ("../connector/xdm-data.json", "single-response-200-async.json", XDM_INLET, "", NAMES),
    ],
)
def test_single_messages(shared: Path, sent: str, answered: str, inlet: Inlet, query: str, schema: EventSchema) -> None:
    outcome = send(inlet, sample(shared, f"inlet/{sent}"), schema=schema, query=query)

    body = told(outcome)
    expected = sample(shared, f"inlet/{answered}")
    if "syncValidation" not in expected:
        body = without_sync(body)
    assert outcome.response.status == 200
    assert timeless(body) == timeless(expected)
    assert [event.good for event in outcome.stored] == [True]


@pytest.mark.parametrize("name", ["inlet/xdm-request-with-flowid.json", "connector/xdm-data.json"])
def test_a_profile_record_is_an_invalid_event(shared: Path, name: str) -> None:
    outcome = send(XDM_INLET, sample(shared, name))

    assert outcome.response.status == 200
    assert [event.good for event in outcome.stored] == [False]
    assert "#: required key [timestamp] not found" in outcome.stored[0].reasons


def test_a_header_with_a_source_name(shared: Path) -> None:
    header = sample(shared, "inlet/header-with-source-name.json")["header"]
    outcome = send(XDM_INLET, {**MESSAGE, "header": header})
    assert [event.good for event in outcome.stored] == [True]


@pytest.mark.parametrize(
    ("sent", "answered", "inlet", "good", "schema"),
    [
        ("inlet/batch-request.json", "inlet/batch-response-207-all-ok.json", XDM_INLET, 2, OURS),
        ("inlet/batch-request-mixed.json", "inlet/batch-response-207-mixed.json", XDM_INLET, 2, OURS),
        # the connector, which puts the records it has into "messages"
        (
            "connector/xdm-data-multiple-messages.json",
            "connector/aep-connector-inlet-multi-message-response.json",
            CONNECTOR_INLET,
            1,
            NAMES,
        ),
    ],
)
def test_batches(shared: Path, sent: str, answered: str, inlet: Inlet, good: int, schema: EventSchema) -> None:
    body = sample(shared, sent)
    outcome = send(inlet, {"messages": body} if isinstance(body, list) else body, schema=schema, batch=True)

    assert outcome.response.status == 207
    assert [event.good for event in outcome.stored] == [True] * good
    assert timeless(told(outcome)) == as_this_platform_has_it(sent, timeless(sample(shared, answered)))


def as_this_platform_has_it(sent: str, documented: Any) -> Any:
    """The documented answer; that of the mixed batch with what the page leaves out or has from another request."""
    if sent != "inlet/batch-request-mixed.json":
        return documented
    first, no_body, wrong_org, no_schema = documented["responses"]
    assert first == {"xactionId": "three numbers:3"}  # the id of another batch's message
    entries = [{}, no_body, wrong_org, {}, no_schema]  # five messages, of which the page answers four
    # failed messages have an id too, so that a sender can tell which they are
    entries = [{"xactionId": f"three numbers:{index}", **entry} for index, entry in enumerate(entries)]
    return {**documented, "responses": entries}


def test_the_connectors_sample_of_a_success(shared: Path) -> None:
    # its id is that of another batch's fourth message; what the connector reads of it is that there is no `status`
    documented = sample(shared, "connector/aep-connector-inlet-successful-response.json")
    body = told(send(XDM_INLET, {"messages": [MESSAGE] * 4}, batch=True))

    assert timeless({**body, "responses": body["responses"][3:]}) == timeless(documented)


def test_the_report_of_synchronous_validation(shared: Path) -> None:
    entity = {"_id": 7, "timestamp": VISIT["timestamp"], "workEmail": {}, "person": {}}
    outcome = send(XDM_INLET, changed(MESSAGE, ("body", "xdmEntity"), entity), query="syncValidation=true")

    assert (outcome.response.status, outcome.stored) == (400, ())
    assert told(outcome) == sample(shared, "errors/400-sync-validation.json")


@pytest.mark.parametrize(
    ("name", "inlet", "message"),
    [
        ("400-unknown-xdm.json", XDM_INLET, changed(MESSAGE, ("body", "xdmMeta"), {})),
        ("400-wrong-ims-org.json", XDM_INLET, changed(MESSAGE, ("header", "imsOrgId"), "other@AdobeOrg")),
        ("401-token.json", Inlet(LOCAL_INLET, authenticated=True), MESSAGE),
    ],
)
def test_refusals(shared: Path, name: str, inlet: Inlet, message: object) -> None:
    outcome = send(inlet, message)

    assert told(outcome) == sample(shared, f"errors/{name}")
    assert (outcome.response.status, outcome.stored) == (int(name[:3]), ())


@pytest.mark.parametrize(
    ("name", "where", "value"),
    [
        ("failed-batch-date-time.json", ("body", "xdmEntity", "timestamp"), "2018-00-23T22:07:01Z"),
        ("failed-batch-missing-entity.json", ("body", "xdmEntity"), None),
        ("failed-batch-missing-source-name.json", ("header", "source"), {}),
    ],
)
def test_records_of_failed_batches(shared: Path, name: str, where: tuple[str, ...], value: object) -> None:
    text = json.dumps(sample(shared, f"errors/{name}"))
    documented = json.loads(text.replace("{1-9}", "{1,9}"))  # the page has both in one text; the validator has this one
    (record,) = (documented.get("_errors") or {}).get("_streamingValidation") or documented["_validationErrors"]
    message = changed(MESSAGE, where, value)

    (event,) = send(XDM_INLET, message).stored
    assert event.reasons == (f"{record.get('pointerToViolation', '#')}: {record['message']}",)
    waited = told(send(XDM_INLET, message, query="syncValidation=true"))
    assert waited["report"]["cause"]["_streamingValidation"] == [record]


def test_the_event_of_the_failed_batch(shared: Path) -> None:
    entity = sample(shared, "errors/failed-batch-sample-event.json")["body"]["xdmEntity"]
    (event,) = send(XDM_INLET, changed(MESSAGE, ("body", "xdmEntity"), entity)).stored

    assert not event.good
    assert any(reason.startswith("#/timestamp: [2018-00-10T22:07:56Z] is not a valid") for reason in event.reasons)


def test_the_list_of_failed_files_is_not_the_inlets(shared: Path) -> None:
    (link, *_) = sample(shared, "errors/failed-batch-list.json")["data"]
    path = "/" + link["_links"]["self"]["href"].split("/", 3)[3].partition("?")[0]
    outcome = answer(
        Request("GET", path, "", {}, b""), {LOCAL_INLET: XDM_INLET}, {LOCAL_SCHEMA: OURS}, SyncLimit(), NOW_MS
    )
    assert outcome.response.status == 404


@pytest.mark.parametrize("name", ["jo-event-request.json", "test-profile-request.json"])
def test_what_the_journeys_documentation_sends_is_taken(shared: Path, name: str) -> None:
    text = (shared / "samples/journeys" / name).read_text()
    message = json.loads(text)
    ids = {"imsOrgId": message["header"]["imsOrgId"], "schema": message["header"]["schemaRef"]["id"]}
    inlet = Inlet(LOCAL_INLET, org=ids["imsOrgId"], schema=ids["schema"])

    assert [event.good for event in send(inlet, message, schema=TENANTS_EVENT).stored] == [True]


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("three numbers:1", "three numbers:2"),  # another message's index
        ('"statusCode"', '"status"'),
        ("unknown xdm format", "unknown format"),
        ("absent or wrong", "wrong"),
        (LOCAL_INLET, "0" * 64),
    ],
)
def test_a_planted_difference_from_a_sample_is_found(shared: Path, there: str, instead: str) -> None:
    sent = "inlet/batch-request-mixed.json"
    documented = as_this_platform_has_it(sent, timeless(sample(shared, "inlet/batch-response-207-mixed.json")))
    ours = json.dumps(timeless(told(send(XDM_INLET, sample(shared, sent), batch=True))))

    assert json.loads(ours) == documented
    assert there in ours
    assert json.loads(ours.replace(there, instead, 1)) != documented


def test_a_sample_is_filled_in_completely(shared: Path) -> None:
    for name in HELD_BY:
        if name != "errors/failed-batch-list.json":
            assert not re.search(r"\{[A-Z_]+\}", json.dumps(sample(shared, name))), name
