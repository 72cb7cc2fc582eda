"""What a phone's SDK hears from Edge's interact, request by request, without a socket."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from footfall.platform import edge
from footfall.platform.config import LOCAL_ORG, Datastream, PlatformConfig, RunClock
from footfall.platform.consents import Consents
from footfall.platform.core import Platform, Taken
from footfall.platform.memory import InProcessPlatform, MemoryStore
from footfall.platform.messages import Outcome, Request
from footfall.platform.package_data import event_schema

NOW_MS = 1_772_882_130_123
SCHEMA = event_schema()
LOCAL = Datastream("local")
ECID = "0" * 37 + "7"
KEY = f"kndctr_{LOCAL_ORG.replace('@', '_')}"
STREAMING = {"streaming": {"enabled": True, "recordSeparator": "\0", "lineFeed": "\n"}}
BODY: dict[str, Any] = {
    "meta": {"konductorConfig": STREAMING},
    "xdm": {
        "identityMap": {"ECID": [{"id": ECID, "authenticatedState": "ambiguous", "primary": False}]},
        "implementationDetails": {
            "name": "https://ns.adobe.com/experience/mobilesdk/ios",
            "version": "5.11.0+5.0.3",
            "environment": "app",
        },
    },
    "events": [{"xdm": {"_id": "A1", "timestamp": "2026-03-07T11:15:30.123Z", "eventType": "location.entry"}}],
}


def platform() -> Platform:
    return Platform((), SCHEMA)


def post(
    body: object = BODY,
    *,
    datastream: Datastream = LOCAL,
    headers: dict[str, str] | None = None,
    path: str = "/ee/v1/interact",
    query: str = "configId=local&requestId=R-1",
    content_type: str = "application/json",
    method: str = "POST",
) -> Outcome:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"content-type": content_type, "accept": "application/json", **(headers or {})}
    request = Request(method, path, query, sent, raw)
    return edge.answer(request, {datastream.id: datastream}, {datastream.schema: SCHEMA}, Consents(), NOW_MS)


def record(outcome: Outcome) -> Any:
    return json.loads(outcome.response.body.strip(b"\0\n"))


def with_(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(BODY), **changes}


# ---- the answer


def test_a_phone_without_state_is_given_its_identity_its_cluster_and_its_hint() -> None:
    outcome = post()

    assert outcome.response.status == 200
    assert dict(outcome.response.headers) == {"content-type": "application/json;charset=utf-8"}
    answer = record(outcome)
    opaque = answer["handle"][1]["payload"][0]["value"]
    assert answer == {
        "requestId": "R-1",
        "handle": [
            {
                "type": "locationHint:result",
                "payload": [{"scope": "EdgeNetwork", "hint": "irl1", "ttlSeconds": 1800}],
            },
            {
                "type": "state:store",
                "payload": [
                    {"key": f"{KEY}_identity", "value": opaque, "maxAge": 34128000},
                    {"key": f"{KEY}_cluster", "value": "irl1", "maxAge": 1800},
                ],
            },
        ],
    }
    assert isinstance(opaque, str)
    assert opaque
    assert ECID not in opaque


def test_a_phone_that_brings_its_identity_is_given_only_its_cluster_and_its_hint() -> None:
    state = {"entries": [{"key": f"{KEY}_identity", "value": "x", "maxAge": 34128000}]}
    handles = record(post(with_(meta={"konductorConfig": STREAMING, "state": state})))["handle"]

    assert [entry["key"] for entry in handles[1]["payload"]] == [f"{KEY}_cluster"]
    assert handles[0]["type"] == "locationHint:result"


def test_the_same_phone_is_always_given_the_same_identity() -> None:
    assert post().response == post().response


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/ee/v1/interact", "irl1"),
        ("/ee-pre-prd/v1/interact", "irl1"),
        ("/ee/irl1/v1/interact", "irl1"),
        ("/ee/or2/v1/interact", "or2"),  # the cluster that was asked answers
        ("/ee-pre-prd/jpn3/v1/interact", "jpn3"),
    ],
)
def test_every_path_of_the_sdk_is_answered(path: str, hint: str) -> None:
    outcome = post(path=path)
    assert outcome.response.status == 200
    assert record(outcome)["handle"][0]["payload"][0]["hint"] == hint
    assert len(outcome.stored) == 1


@pytest.mark.parametrize(
    ("streaming", "before", "after"),
    [
        ({"enabled": True, "recordSeparator": "\0", "lineFeed": "\n"}, b"\0", b"\n"),
        ({"enabled": True}, b"\0", b"\n"),
        ({"enabled": True, "recordSeparator": "", "lineFeed": "\n"}, b"", b"\n"),  # iOS 17.0's encoder
        ({"enabled": True, "recordSeparator": 5, "lineFeed": None}, b"\0", b"\n"),
        ({"enabled": False, "recordSeparator": "\0"}, b"", b""),
        ({}, b"", b""),
        ("yes", b"", b""),
    ],
)
def test_framing_is_what_the_phone_asks_for(streaming: object, before: bytes, after: bytes) -> None:
    body = post(with_(meta={"konductorConfig": {"streaming": streaming}})).response.body
    assert body.startswith(before + b"{")
    assert body.endswith(b"}" + after)


def test_a_request_without_an_id_gets_one_that_is_the_same_each_time() -> None:
    for query in ("configId=local", "configId=local&requestId="):
        first, second = post(query=query), post(query=query)
        assert record(first)["requestId"] == record(second)["requestId"]
        assert len(record(first)["requestId"]) == 36


def test_a_request_id_may_come_as_a_header() -> None:
    assert record(post(query="configId=local", headers={"x-request-id": "R-9"}))["requestId"] == "R-9"


# ---- what Edge refuses


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ({"query": "requestId=R-1"}, 400, "EXEG-0002-400"),
        ({"query": "configId=&requestId=R-1"}, 400, "EXEG-0002-400"),
        ({"query": "configId=nope&requestId=R-1"}, 400, "EXEG-0003-400"),
        ({"body": b"{"}, 400, "EXEG-0101-400"),
        ({"body": b""}, 408, "EXEG-0109-408"),
        ({"datastream": Datastream("local", enabled=False)}, 422, "EXEG-0004-422"),
        ({"body": b"\xff\xfe"}, 400, "EXEG-0101-400"),
        ({"body": b'{"events":[{"xdm":{"_id":"\\ud800"}}]}'}, 400, "EXEG-0101-400"),  # half a character
        ({"body": b"[" * 60_000}, 400, "EXEG-0101-400"),
        ({"body": []}, 400, "EXEG-0102-400"),
        ({"body": {"events": {}}}, 400, "EXEG-0102-400"),
        ({"body": {"events": [5]}}, 400, "EXEG-0102-400"),
        ({"body": {"events": [{}], "xdm": []}}, 400, "EXEG-0102-400"),
        ({"body": {"events": [{}], "meta": 1}}, 400, "EXEG-0102-400"),
        ({"body": {"events": [{}], "query": []}}, 400, "EXEG-0102-400"),
        ({"body": {}}, 400, "EXEG-0103-400"),
        ({"body": {"events": []}}, 400, "EXEG-0103-400"),
        ({"body": {"events": None}}, 400, "EXEG-0103-400"),
        ({"content_type": "application/x-www-form-urlencoded"}, 415, "EXEG-0111-415"),
        ({"content_type": ""}, 415, "EXEG-0111-415"),
        ({"content_type": "application/x-jackson-smile"}, 415, "EXEG-0111-415"),  # documented, not spoken here
        ({"body": b" " * 65_537}, 413, "EXEG-0112-413"),
    ],
)
def test_a_refusal_is_a_problem_with_adobes_code(how: dict[str, Any], status: int, code: str) -> None:
    outcome = post(**how)
    problem = json.loads(outcome.response.body)
    assert (outcome.response.status, problem["status"]) == (status, status)
    assert dict(outcome.response.headers)["content-type"] == "application/problem+json"
    assert problem["type"] == f"https://ns.adobe.com/aep/errors/{code}"
    assert problem["report"] == {"requestId": "R-1"}
    assert outcome.stored == ()


@pytest.mark.parametrize(
    "path", ["/ee/nowhere/v1/interact", "/ee/v1/nothing", "/ee/irl1/irl1/v1/interact", "/ee//v1/interact", "/ee"]
)
def test_an_unknown_hint_or_path_is_404_with_an_empty_body(path: str) -> None:
    assert (post(path=path).response.status, post(path=path).response.body) == (404, b"")


def test_get_is_405() -> None:
    response = post(method="GET").response
    assert (response.status, dict(response.headers)) == (405, {"allow": "POST, OPTIONS"})


def test_64_kilobytes_are_taken() -> None:
    padded = json.dumps(BODY).encode()
    padded += b" " * (65_536 - len(padded))
    assert len(post(padded).stored) == 1


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "text/plain;charset=UTF-8", "text/javascript", "Application/JSON"],
)
def test_content_types_that_edge_takes(content_type: str) -> None:
    assert post(content_type=content_type).response.status == 200


# ---- what is stored


def test_the_shared_context_is_merged_into_each_event_before_validation() -> None:
    events = [
        {"xdm": {"_id": "A1", "timestamp": "2026-03-07T11:15:30Z"}},
        {
            "xdm": {
                "_id": "A2",
                "timestamp": "2026-03-07T11:15:31Z",
                "eventType": "application.scene",
                "identityMap": {"Email": [{"id": "x@example.com", "authenticatedState": "authenticated"}]},
            },
            "data": {"anything": [1]},
        },
    ]
    stored = post(with_(events=events)).stored

    assert [(event.id, event.ecid, event.type, event.good) for event in stored] == [
        ("A1", ECID, "", True),
        ("A2", ECID, "application.scene", True),  # its own identities join the ECID, they do not replace it
    ]
    assert json.loads(stored[1].body) == {
        "xdm": {
            **events[1]["xdm"],
            "implementationDetails": BODY["xdm"]["implementationDetails"],
            "identityMap": {**BODY["xdm"]["identityMap"], **events[1]["xdm"]["identityMap"]},
        },
        "data": {"anything": [1]},
    }
    assert {event.received_ms for event in stored} == {NOW_MS}
    assert {(event.run, event.datastream) for event in stored} == {("local", "local")}


def test_a_bad_event_is_acknowledged_and_stored_as_bad_with_its_reasons() -> None:
    events = [BODY["events"][0], {"xdm": {"_id": "A2", "timestamp": "yesterday", "workEmail": "x@example.com"}}]
    outcome = post(with_(events=events))

    assert outcome.response.status == 200
    assert [event.good for event in outcome.stored] == [True, False]
    date_time, extraneous = sorted(outcome.stored[1].reasons)
    assert extraneous == "#: extraneous key [workEmail] is not permitted"
    assert date_time.startswith("#/timestamp: [yesterday] is not a valid date-time")


@pytest.mark.parametrize(
    ("xdm", "id_", "ecid", "kind", "good"),
    [
        ({"_id": 7, "eventType": []}, "", ECID, "", False),
        ({"_id": "A", "identityMap": {"ECID": []}}, "A", "", "", True),  # the schema wants no item of a namespace
        ({"_id": "A", "identityMap": 5}, "A", "", "", False),
        ({"_id": "A", "identityMap": {"ECID": [{"id": 9}]}}, "A", "", "", False),
        ({"_id": "A", "timestamp": None}, "A", ECID, "", False),
    ],
)
def test_an_event_of_the_wrong_shape_is_stored_with_what_can_be_read_of_it(
    xdm: dict[str, Any], id_: str, ecid: str, kind: str, good: bool
) -> None:
    (event,) = post(with_(events=[{"xdm": xdm}])).stored
    assert (event.id, event.ecid, event.type, event.good) == (id_, ecid, kind, good)
    assert json.loads(event.body)["xdm"]["_id"] == xdm["_id"]  # what is there is not mended


def test_an_event_without_an_id_and_a_timestamp_is_given_both() -> None:
    """The SDK sends them always, a page or a server need not: the id is the same for the same request and time."""
    request = with_(events=[{"xdm": {"eventType": "application.scene"}}, {"xdm": {"eventType": "location.entry"}}])
    first, again, later = post(request).stored, post(request).stored, post(request, query="configId=local").stored

    assert [event.timestamp for event in first] == ["2026-03-07T11:15:30.123Z"] * 2
    assert len({event.id for event in (*first, *later)}) == 4
    assert first == again
    assert [event.good for event in first] == [True, True]


def test_the_missing_timestamp_is_of_the_runs_clock() -> None:
    run = Datastream("local", clock=RunClock(origin_ms=NOW_MS - 1_000, anchor_ms=NOW_MS - 1_000, speed=60.0))
    (event,) = post(with_(events=[{"xdm": {}}]), datastream=run).stored
    assert (event.timestamp, event.run_ms) == ("2026-03-07T11:16:29.123Z", NOW_MS + 59_000)


def test_what_a_test_header_says_and_who_the_person_is_are_kept() -> None:
    events = [{"xdm": {"identityMap": {"Email": [{"id": "x@example.com"}]}}}]
    (event,) = post(with_(events=events), headers={"x-footfall-test": "I01"}).stored
    assert (event.test, event.person, event.ecid, event.arrived) == ("I01", "x@example.com", ECID, "interact")


def test_an_event_without_xdm_is_bad() -> None:
    (event,) = post(with_(events=[{"data": {}}])).stored
    assert event.reasons == ("#: required key [xdm] not found",)


def test_keys_beside_xdm_are_kept_and_not_judged() -> None:
    """A tags rule that copies a Places event lets its data through beside xdm."""
    event = {**BODY["events"][0], "regioneventtype": "entry", "triggeringregion": {"regionid": "p1"}}
    (stored,) = post(with_(events=[event])).stored
    assert stored.good
    assert json.loads(stored.body)["triggeringregion"] == {"regionid": "p1"}


# ---- datastreams


def test_a_datastream_ties_its_events_to_its_run() -> None:
    registered = platform()
    registered.register(Datastream("d-1", run="run-1"))
    request = Request(
        "POST", "/ee/v1/interact", "configId=d-1", {"content-type": "text/plain"}, json.dumps(BODY).encode()
    )

    assert [event.run for event in registered.handle(request, NOW_MS).stored] == ["run-1"]


def test_a_datastream_belongs_to_one_run() -> None:
    registered = Platform((), SCHEMA, PlatformConfig(datastreams=(Datastream("d-1", run="run-1"),)))
    registered.register(Datastream("d-1", run="run-1"))
    with pytest.raises(Taken, match="'d-1' belongs to run 'run-1'"):
        registered.register(Datastream("d-1", run="run-2"))


@pytest.mark.parametrize("name", ["configId", "datastreamId", "dataStreamId"])
def test_the_datastream_has_three_spellings(name: str) -> None:
    assert post(query=f"{name}=local").response.status == 200


def test_a_datastream_id_may_be_escaped() -> None:
    assert post(query="configId=d%3Aprod", datastream=Datastream("d:prod")).response.status == 200


def test_events_that_could_not_be_stored_are_answered_503_with_retry_after() -> None:
    request = Request("POST", "/ee/v1/interact", "configId=local&requestId=R-1", {}, b"")
    response = edge.not_stored(request, NOW_MS)
    assert (response.status, dict(response.headers)["retry-after"]) == (503, "5")
    assert json.loads(response.body)["type"].endswith("EXEG-0201-503")


# ---- in the same process, and against Adobe's goldens


def test_the_platform_works_without_a_server() -> None:
    local = InProcessPlatform(platform(), MemoryStore())
    request = Request(
        "POST", "/ee/v1/interact", "configId=local", {"content-type": "application/json"}, json.dumps(BODY).encode()
    )

    assert [local.exchange(request, NOW_MS).status for _ in range(3)] == [200, 200, 200]
    assert [seq for seq, _ in local.store.received("local")] == [1, 2, 3]  # a retry is stored again, as in the lake
    assert [seq for seq, _ in local.store.received("local", after=2)] == [3]
    assert local.store.received("another") == []


def test_the_core_knows_no_socket_no_disk_and_no_server() -> None:
    shell = ["sqlite3", "uvicorn", "starlette", "asyncio", "http.server", "locust", "gevent"]
    program = f"import sys, footfall.platform.memory; print([name for name in {shell!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


GOLDEN_REQUESTS = {
    "composed_ios_location_entry.json": True,
    "ios_interact_xdm.json": False,  # Adobe's tests send made-up keys
    "ios_interact_schema_dataset.json": False,
    "ios_interact_with_state.json": False,
    "android_interact_xdm.json": False,
}


@pytest.mark.parametrize(("name", "good"), GOLDEN_REQUESTS.items())
def test_bodies_that_adobes_sdk_tests_assert_are_taken(name: str, good: bool, shared: Path) -> None:
    text = (shared / "golden/requests" / name).read_text()
    body = json.loads(text.replace("CORE_VERSION+EDGE_VERSION", "5.11.0+5.0.3"))
    body["events"][0]["xdm"] |= {"_id": "A1", "timestamp": "2026-03-07T11:15:30Z"}
    outcome = post(body)

    assert outcome.response.status == 200
    assert [event.good for event in outcome.stored] == [good]
    if not good:
        assert all("extraneous key" in reason for reason in outcome.stored[0].reasons)


def test_handles_have_the_members_of_adobes(shared: Path) -> None:
    golden = {}
    for name in ("state_store.txt", "location_hint.txt"):
        raw = (shared / "golden/responses" / name).read_bytes()
        assert raw[:1] == b"\0"
        handle = json.loads(raw.strip(b"\0\n"))["handle"][0]
        golden[handle["type"]] = {member: type(value) for member, value in handle["payload"][0].items()}

    ours = {
        handle["type"]: [{member: type(value) for member, value in item.items()} for item in handle["payload"]]
        for handle in record(post())["handle"]
    }

    assert set(ours) == set(golden)
    for kind, items in ours.items():
        assert all(item == golden[kind] for item in items)


def test_the_invalid_datastream_problem_is_adobes(shared: Path) -> None:
    golden = json.loads((shared / "golden/responses/error_400_invalid_datastream.json").read_text())
    ours = json.loads(post(query="configId=nope&requestId=R-1").response.body)

    assert {**ours, "detail": "STRING_TYPE", "report": {"requestId": "STRING_TYPE"}} == golden
    assert ours["detail"]
