"""Streaming ingestion as a sender speaks it: messages of the documents' shape, what an answer says of each message, and
how long to wait."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.engine import inlet
from footfall.engine.inlet import UNKNOWN
from footfall.phone import sdk
from footfall.phone.config import InletConfig
from footfall.phone.signals import Reply
from footfall.world.phones import Platform

SAMPLES = Path(__file__).resolve().parents[2] / "../shared/samples"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared folder with Adobe's samples is absent")

INLET = InletConfig("ab" * 32, "https://ns.adobe.com/t/schemas/s", "A@AdobeOrg", "dataset-1", "flow-1")
SCHEMA_REF = {"id": INLET.schema, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
OK, BAD, GONE = Reply(200), Reply(400), Reply(0, failure="reset")


def shape(value: Any) -> Any:
    """The keys of an object, down to those of the schema's reference."""
    return {key: shape(inner) for key, inner in value.items()} if isinstance(value, dict) else None


# --- messages


def test_a_message_has_header_and_body() -> None:
    made = json.loads(inlet.message(INLET, "phones", {"_id": "e-1"}, 1_526_283_801_869))
    assert made == {
        "header": {
            "schemaRef": SCHEMA_REF,
            "imsOrgId": "A@AdobeOrg",
            "datasetId": "dataset-1",
            "flowId": "flow-1",
            "source": {"name": "phones"},
            "createdAt": "1526283801869",
        },
        "body": {"xdmMeta": {"schemaRef": SCHEMA_REF}, "xdmEntity": {"_id": "e-1"}},
    }


def test_what_is_not_configured_is_left_out() -> None:
    made = json.loads(inlet.message(InletConfig("ab" * 32, INLET.schema), "phones", {}, 1))
    assert list(made["header"]) == ["schemaRef", "source", "createdAt"]


@needs_samples
@pytest.mark.parametrize("name", ["single-request.json", "xdm-request-with-flowid.json"])
def test_a_message_has_every_part_that_adobes_samples_have(name: str) -> None:
    sample = json.loads((SAMPLES / "inlet" / name).read_text())
    made = json.loads(inlet.message(INLET, "phones", {}, 1))
    assert shape(sample["header"]).items() <= shape(made["header"]).items()
    assert sample["body"]["xdmMeta"]["schemaRef"].keys() == made["body"]["xdmMeta"]["schemaRef"].keys()
    assert sample["body"].keys() == made["body"].keys()


@needs_samples
def test_a_batch_is_a_list_of_such_messages() -> None:
    sample = json.loads((SAMPLES / "inlet/batch-request.json").read_text())
    made = json.loads(inlet.batch_of([b'{"header":1}', b'{"header":2}']))
    assert sample.keys() == made.keys() == {"messages"}
    assert made["messages"] == [{"header": 1}, {"header": 2}]


def interact(*events: dict[str, Any], shared: dict[str, Any] | None = None, indent: int | None = None) -> bytes:
    return json.dumps({"meta": {}, "xdm": shared or {}, "events": events}, indent=indent).encode()


@pytest.mark.parametrize("indent", [None, 2], ids=["as Android writes it", "as iOS writes it"])
def test_the_entity_is_what_edge_would_store(indent: int | None) -> None:
    shared = {"identityMap": {"ECID": [{"id": "1"}]}, "implementationDetails": {"name": "sdk"}, "eventType": "shared"}
    own = {"_id": "e-1", "eventType": "own", "identityMap": {"Email": [{"id": "a@example.com"}]}}
    (made,) = inlet.messages_of(interact({"xdm": own}, shared=shared, indent=indent), INLET, "phones", 1)
    assert json.loads(made)["body"]["xdmEntity"] == {
        "_id": "e-1",
        "eventType": "own",
        "implementationDetails": {"name": "sdk"},
        "identityMap": {"ECID": [{"id": "1"}], "Email": [{"id": "a@example.com"}]},
    }
    assert b"\n" not in made


def test_each_event_of_a_request_is_a_message_and_may_name_its_dataset() -> None:
    tracked = {"xdm": {"_id": "e-2"}, "meta": {"collect": {"datasetId": "tracking"}}, "data": {"beside": 1}}
    made = [json.loads(one) for one in inlet.messages_of(interact({"xdm": {"_id": "e-1"}}, tracked), INLET, "p", 1)]
    assert [one["body"]["xdmEntity"]["_id"] for one in made] == ["e-1", "e-2"]
    assert [one["header"]["datasetId"] for one in made] == ["dataset-1", "tracking"]


def test_where_messages_go() -> None:
    assert inlet.target(INLET) == "/collection/" + "ab" * 32
    assert inlet.target(INLET, batch=True) == "/collection/batch/" + "ab" * 32


# --- what an answer to a batch says of each message


def entries(*told: dict[str, Any]) -> Reply:
    return Reply(207, json.dumps({"inletId": "i", "batchId": "b", "responses": told}).encode())


# answer, number of messages -> what became of each
ANSWERS = [
    # all good, by Adobe's documents and by its connector
    (entries({"xactionId": "1:2:3:0"}, {"xactionId": "1:2:3:1"}), 2, [OK, OK]),
    (entries({"xactionId": "9341f8eb-494a-4c89-9879-4d06a58d2dc7-1"}, {"xactionId": "9341f8eb-0"}), 2, [OK, OK]),
    # a failure says `status` with its index, or `statusCode` without one
    (entries({"xactionId": "u-0", "status": 400}, {"xactionId": "u-1"}), 2, [BAD, OK]),
    (entries({"xactionId": "u-1", "status": 400}, {"xactionId": "u-0"}), 2, [OK, BAD]),
    (entries({"statusCode": 400}, {"xactionId": "b:1"}), 2, [BAD, OK]),
    # the index counts, not the place in the list: what has none takes the places that are left
    (entries({"xactionId": "b:1"}, {"statusCode": 400}), 2, [BAD, OK]),
    (entries({"xactionId": "b:3"}, {"statusCode": 400}, {}, {"statusCode": 503}), 4, [BAD, OK, Reply(503), OK]),
    # an index that no message has is none; the connector's own sample has such a one
    (entries({"xactionId": "1565650704337:2124:92:3"}), 1, [OK]),
    # a status as text; one that is no status
    (entries({"xactionId": "b:0", "status": "401"}), 1, [Reply(401)]),
    (entries({"xactionId": "b:0", "status": "bad"}), 1, [UNKNOWN]),
    (entries({"xactionId": "b:0", "status": 207}), 1, [Reply(207)]),
    # two for one message, or too few or too many: of whom nothing is said for certain nothing is known
    (entries({"xactionId": "b:0"}, {"xactionId": "b:0", "status": 400}), 2, [UNKNOWN, UNKNOWN]),
    (entries({"xactionId": "b:1"}), 3, [UNKNOWN, OK, UNKNOWN]),
    (entries({"statusCode": 400}), 2, [UNKNOWN, UNKNOWN]),
    (entries({}, {}, {}), 2, [UNKNOWN, UNKNOWN]),
    # no answer of that kind at all
    (Reply(207, b"<html>"), 2, [UNKNOWN, UNKNOWN]),
    (Reply(207, b"{}"), 2, [UNKNOWN, UNKNOWN]),
    (Reply(200, b"\xff"), 1, [UNKNOWN]),
    # without a 207 it is the same for all
    (BAD, 2, [BAD, BAD]),
    (Reply(503, b"", "7"), 2, [Reply(503, b"", "7")] * 2),
    (GONE, 3, [GONE, GONE, GONE]),
]


@pytest.mark.parametrize(("answer", "count", "expected"), ANSWERS)
def test_what_a_batchs_answer_says_of_each_message(answer: Reply, count: int, expected: list[Reply]) -> None:
    assert list(inlet.of_batch(answer, count)) == expected


@needs_samples
@pytest.mark.parametrize(
    ("name", "count", "expected"),
    [
        ("inlet/batch-response-207-all-ok.json", 2, [200, 200]),
        ("inlet/batch-response-207-mixed.json", 4, [200, 400, 400, 400]),  # the 3 of its first entry is no index
        ("connector/aep-connector-inlet-multi-message-response.json", 2, [400, 200]),
        ("connector/aep-connector-inlet-successful-response.json", 1, [200]),
    ],
)
def test_adobes_own_answers(name: str, count: int, expected: list[int]) -> None:
    answer = Reply(207, (SAMPLES / name).read_bytes())
    assert [reply.status for reply in inlet.of_batch(answer, count)] == expected


# --- what the phone hears, and when it tries again

# the answer to an attempt, its number -> what the phone hears
HEARD = [
    (Reply(200, b'{"inletId":"i"}'), 1, Reply(200)),
    (Reply(202), 1, Reply(200)),
    # a definite no is as it is
    (Reply(400, b"why"), 1, Reply(400)),
    (Reply(401), 3, Reply(401)),
    (Reply(413), 1, Reply(413)),
    # an inlet that is busy or broken is tried again, after what it says or 1, 2, 4 s and so on, at most 60
    (Reply(503, b"", "7"), 1, Reply(503, b"", "7", again=True)),
    (Reply(503), 1, Reply(503, b"", "1", again=True)),
    (Reply(429), 2, Reply(429, b"", "2", again=True)),
    (Reply(500), 3, Reply(500, b"", "4", again=True)),
    (Reply(501), 6, Reply(501, b"", "32", again=True)),
    (Reply(503), 7, Reply(503, b"", "60", again=True)),
    (Reply(503), 1_000, Reply(503, b"", "60", again=True)),
    (Reply(408), 1, Reply(408, b"", "1", again=True)),
    # what a network does
    (GONE, 2, Reply(0, b"", "2", "reset", again=True)),
    (Reply(0, failure="unreachable"), 1, Reply(0, b"", "1", "unreachable", again=True)),
    (UNKNOWN, 1, Reply(0, b"", "1", "timeout", again=True)),
    # a Retry-After that is no number of seconds
    (Reply(503, b"", "Wed, 21 Oct 2026 07:28:00 GMT"), 4, Reply(503, b"", "8", again=True)),
    (Reply(503, b"", "0"), 1, Reply(503, b"", "1", again=True)),
    (Reply(503, b"", "9" * 40), 1, Reply(503, b"", "1", again=True)),
]


@pytest.mark.parametrize(("answer", "attempt", "heard"), HEARD)
def test_what_the_phone_hears(answer: Reply, attempt: int, heard: Reply) -> None:
    assert inlet.of_single(answer, attempt) == heard


@pytest.mark.parametrize(
    ("status", "what"), [(200, "done"), (204, "done"), (400, "drop"), (403, "drop"), (429, "retry"), (500, "retry")]
)
def test_what_a_source_system_does(status: int, what: str) -> None:
    assert inlet.following(Reply(status)) == what


@pytest.mark.parametrize("platform", ["ios", "android"])
@pytest.mark.parametrize("answer", [Reply(500), Reply(501), Reply(503), Reply(429), Reply(0, failure="unreachable")])
def test_a_phone_keeps_what_the_inlet_may_still_take(platform: Platform, answer: Reply) -> None:
    """Where the SDK, of an answer of Edge's, would give it up."""
    assert sdk.following(platform, inlet.of_single(answer, 1), 1) == "retry"


# what was answered for the messages of a request, their attempts -> what the phone hears
OF_REQUESTS = [
    # a single one is what it is
    ([BAD], [1], BAD),
    ([Reply(503)], [2], Reply(503, b"", "2", again=True)),
    # of several nothing is to be told where all were taken
    ([OK, Reply(202)], [1, 1], OK),
    # else each is told by itself, each with the wait that its own attempts make
    ([OK, BAD], [1, 1], Reply(207, each=(OK, BAD))),
    ([BAD, BAD], [1, 1], Reply(207, each=(BAD, BAD))),
    ([Reply(500), OK, Reply(429, b"", "9")], [3, 1, 1],
     Reply(207, each=(Reply(500, b"", "4", again=True), OK, Reply(429, b"", "9", again=True)))),
    ([GONE, GONE], [1, 2],
     Reply(207, each=(Reply(0, b"", "1", "reset", again=True), Reply(0, b"", "2", "reset", again=True)))),
]  # fmt: skip


@pytest.mark.parametrize(("answers", "attempts", "heard"), OF_REQUESTS)
def test_several_events_in_one_request(answers: list[Reply], attempts: list[int], heard: Reply) -> None:
    assert inlet.of_request(answers, attempts) == heard


@given(st.binary() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode))
def test_no_answer_can_hurt(body: bytes) -> None:
    for status in (200, 207, 400, 503):
        assert len(inlet.of_batch(Reply(status, body), 3)) == 3


_ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "xactionId": st.integers(0, 4).map("b:{}".format) | st.text(max_size=5),
        "status": st.sampled_from([200, 400, 503]),
        "statusCode": st.sampled_from([200, 400, 503]),
    },
)


@given(st.lists(_ENTRY, max_size=5))
def test_a_message_is_good_only_where_an_entry_says_so(told: list[dict[str, Any]]) -> None:
    good = sum(entry.get("statusCode", entry.get("status", 200)) == 200 for entry in told)
    heard = inlet.of_batch(entries(*told), 3)
    assert sum(reply.status == 200 for reply in heard) <= good
