"""Every sample of Adobe's Edge documents: requests get the documented answers, answers have the documented shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from edge_calls import ask, record

from footfall.platform.config import Datastream, Fault
from footfall.platform.faults import Strike

ORG = "53A16ACB5CC1D3760A495C99@AdobeOrg"
DATASTREAM = Datastream("local", org=ORG, hint="or2")
PLACEHOLDERS = {"YYYY-": "2026-", "0c7e6[...]e8a3b": "0c7e6" + "0" * 54 + "e8a3b"}

# request -> endpoint, status, the sample of the answer (None: the samples show none)
EXCHANGES = [
    ("interact-request.json", "v2/interact", 200, "interact-response-200.json"),
    ("collect-request.json", "v2/collect", 202, "collect-response-202.json"),
]
# What the platform's own schema says of the events: web fields are good, and the sample of collect has faults of its
# own, a truth value written as text and, in the second event, members of webInteraction beside it.
TEXT_FOR_TRUTH = "/0/primary: expected type: Boolean, found: String"
REASONS = {
    "interact-request.json": [()],
    "collect-request.json": [
        (f"#/identityMap/FPID{TEXT_FOR_TRUTH}",),
        (
            f"#/identityMap/FPID{TEXT_FOR_TRUTH}",
            "#/web: extraneous key [name] is not permitted",
            "#/web: extraneous key [URL] is not permitted",
        ),
    ],
}
ANSWERS = {
    "interact-response-200.json",
    "collect-response-202.json",
    "error-422-fatal.json",
    "response-207-nonfatal.json",
}


def sample(shared: Path, name: str) -> Any:
    text = (shared / "samples/edge" / name).read_text()
    for placeholder, value in PLACEHOLDERS.items():
        text = text.replace(placeholder, value)
    return json.loads(text)


def shape(value: Any) -> Any:
    """Members and types; of the strings only what they are about."""
    if isinstance(value, dict):
        return {
            name: inner.rpartition("_")[2] if name == "key" else inner if name in ("type", "scope") else shape(inner)
            for name, inner in value.items()
        }
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value).__name__


def test_every_sample_is_used(shared: Path) -> None:
    names = {path.name for path in (shared / "samples/edge").iterdir()}
    assert names == ANSWERS | {request for request, *_ in EXCHANGES}


@pytest.mark.parametrize(("request_name", "endpoint", "status", "answer_name"), EXCHANGES)
def test_a_documented_request_gets_the_documented_answer(
    request_name: str, endpoint: str, status: int, answer_name: str, shared: Path
) -> None:
    body = sample(shared, request_name)
    outcome = ask(endpoint, body, query="datastreamId=local", datastream=DATASTREAM)

    assert outcome.response.status == status
    assert shape(record(outcome)) == shape(sample(shared, answer_name))
    assert [event.reasons for event in outcome.stored] == REASONS[request_name]


def test_the_documented_hints_are_those_of_the_cluster_that_answered(shared: Path) -> None:
    outcome = ask("v2/interact", sample(shared, "interact-request.json"), datastream=DATASTREAM)
    documented = sample(shared, "interact-response-200.json")["handle"][0]
    assert record(outcome)["handle"][0] == documented


def test_the_documented_validation_report(shared: Path) -> None:
    documented = sample(shared, "error-422-fatal.json")
    consent = [
        {"standard": "Adobe", "version": "3.0", "value": {"general": "in"}},
        {"standard": "IAB TCF", "version": "1.0", "value": ""},
    ]
    outcome = ask("v1/privacy/set-consent", {"consent": consent}, datastream=DATASTREAM)
    problem = json.loads(outcome.response.body)

    assert dict(outcome.response.headers)["content-type"] == "application/problem+json"
    assert {**problem, "report": None} == {**documented, "report": None}
    assert list(problem["report"]) == list(documented["report"])
    assert problem["report"]["orgId"] == documented["report"]["orgId"]
    # the page is older than Adobe's version 2.0
    first, *others = documented["report"]["errors"]
    assert problem["report"]["errors"] == [first.replace("1.0", "1.0 or 2.0"), *others]


def test_a_partial_failure_is_the_documented_207(shared: Path) -> None:
    documented = sample(shared, "response-207-nonfatal.json")
    outcome = ask("v2/interact", sample(shared, "interact-request.json"), datastream=DATASTREAM)
    struck = Strike(Fault(do="partial-207")).on(outcome)

    assert struck.response.status == 207
    (error,) = record(struck)["errors"]
    assert {name: error[name] for name in documented["errors"][0]} == documented["errors"][0]
