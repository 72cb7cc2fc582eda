"""Whatever is sent to a platform that really runs, it answers or closes: no 5xx, nothing that takes 5 seconds, not a
word on stderr, and afterwards it still serves.

The read and control APIs are asked what the platform's own OpenAPI document allows, and what it forbids, by
schemathesis; devices' endpoints get JSON that nearly is an event, and bytes that nearly are HTTP.
"""

from __future__ import annotations

import copy
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from platform_process import INTERACT, Process, event, platform

from footfall.platform import openapi
from footfall.platform.config import LOCAL_DATASET, LOCAL_FLOW, LOCAL_INLET, LOCAL_ORG, LOCAL_SCHEMA

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

MOST_S = 5.0
OPERATIONS = [(method, path) for path, methods in openapi.document()["paths"].items() for method in methods]
STREAM = "/api/stream"  # never ends by itself
WAITS = {
    "/api/wait": "timeout_s",
    "/api/absent": "for_s",
    "/api/steps": "wait_s",
    "/api/messages": "wait_s",
    "/api/steps/absent": "for_s",
    "/api/messages/absent": "for_s",
}
JOURNEYS = str(Path(__file__).resolve().parents[2] / "journeys")
thorough = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
brief = settings(thorough, max_examples=40)


@contextmanager
def unharmed(**options: Any) -> Iterator[Process]:
    """A platform that must still answer at the end, and have said nothing on stderr."""
    with platform(**{"journeys": [JOURNEYS], **options}) as running:
        yield running
        health = httpx.get(f"{running.url}/api/health", trust_env=False, timeout=MOST_S)
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        assert running.stop() == (0, "")


# the API, by its own document


def test_the_document_is_the_one_that_is_served() -> None:
    with unharmed() as running:
        served = httpx.get(f"{running.url}/openapi.json", trust_env=False).json()
    assert served == json.loads(json.dumps(openapi.document()))
    assert len(OPERATIONS) > 20


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_api_answers_whatever_its_document_allows_or_forbids(method: str, path: str, mode: str) -> None:
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed (make test-all does it)")
    operation = schemathesis.openapi.from_dict(openapi.document())[path][method.upper()]
    if mode == "negative" and not (operation.query or operation.body or operation.headers):
        pytest.skip("nothing of it can be wrong")
    cases = operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode))

    with unharmed() as running:
        ask_all(running, cases, path)


def test_an_answer_of_500_does_not_pass() -> None:
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed (make test-all does it)")
    cases = schemathesis.openapi.from_dict(openapi.document())["/placesedgequery"]["GET"].as_strategy()
    broken = {"faults": [{"do": "status", "status": 500, "path": "/placesedgequery"}]}
    with platform(config=broken) as running, pytest.raises(AssertionError, match="500"):
        ask_all(running, cases, "/placesedgequery")


def ask_all(running: Process, cases: Any, path: str) -> None:
    with httpx.Client(trust_env=False, timeout=MOST_S) as client:

        @brief
        @given(case=cases)
        def asked(case: Any) -> None:
            _shorten(case)
            request = case.as_transport_kwargs(base_url=running.url)
            began_s = time.monotonic()
            status = _status(request, endless=path == STREAM)
            assert status < 500, f"{status} for {request}"
            assert time.monotonic() - began_s < MOST_S
            assert client.get(f"{running.url}/api/health").status_code == 200

        asked()


def _shorten(case: Any) -> None:
    """Who may wait for up to a minute waits for a tenth of a second."""
    name = WAITS.get(case.path)
    if name is None or (name == "wait_s" and name not in (case.query or {})):
        return
    case.query = dict(case.query or {})
    value = case.query.get(name, "10")
    if str(value).replace(".", "", 1).isascii():
        case.query[name] = "0.1"


def _status(request: dict[str, Any], endless: bool) -> int:
    import requests

    with requests.Session() as session:
        session.trust_env = False
        response = session.request(**request, timeout=MOST_S, stream=True)
        if not endless:
            assert response.content is not None  # all of it came
        response.close()
        return int(response.status_code)


# devices: JSON that nearly is an event

surrogates_too = st.text(st.characters(exclude_categories=()), max_size=20)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | surrogates_too,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(surrogates_too, inner, max_size=4),
    max_leaves=12,
)
_REF = {"id": LOCAL_SCHEMA, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
_MESSAGE = {
    "header": {"schemaRef": _REF, "imsOrgId": LOCAL_ORG, "datasetId": LOCAL_DATASET, "flowId": LOCAL_FLOW},
    "body": {"xdmMeta": {"schemaRef": _REF}, "xdmEntity": event("fuzzed")},
}
_META = {
    "konductorConfig": {"streaming": {"enabled": True, "recordSeparator": "\0", "lineFeed": "\n"}},
    "state": {"entries": [{"key": "kndctr_x_identity", "value": "abc", "maxAge": 1}]},
}
_QUERY = {"personalization": {"decisionScopes": ["s"], "surfaces": ["web://x"]}, "identity": {"fetch": ["ECID"]}}
_CONSENT = {"standard": "Adobe", "version": "2.0", "value": {"collect": {"val": "y"}, "metadata": {"time": "x"}}}
_INTERACT = {"meta": _META, "query": _QUERY, "xdm": {"identityMap": {}}, "events": [{"xdm": event("fuzzed")}]}
# what is sent whole in the first place, and where
WHOLE: list[tuple[str, Any]] = [
    (INTERACT, _INTERACT),
    ("/ee/v2/interact?datastreamId=local", {**_INTERACT, "event": {"xdm": event("fuzzed")}}),
    ("/ee/irl1/v1/collect?configId=local", _INTERACT),
    ("/ee/v1/privacy/set-consent?configId=local", {"identityMap": {"ECID": [{"id": "1"}]}, "consent": [_CONSENT]}),
    ("/ee/v1/identity/acquire?configId=local", {"query": _QUERY, "meta": _META}),
    ("/ee/va/v1/sessionStart?configId=local", _INTERACT),
    (f"/collection/{LOCAL_INLET}", _MESSAGE),
    (f"/collection/{LOCAL_INLET}?syncValidation=true", _MESSAGE),
    (f"/collection/batch/{LOCAL_INLET}", {"messages": [_MESSAGE, _MESSAGE]}),
]


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield from _places(inner, (*at, key))


@st.composite
def nearly(draw: st.DrawFn, whole: Any) -> Any:
    """The document with up to three of its values, objects and lists too, replaced by something else, or gone."""
    document = {"": copy.deepcopy(whole)}
    for _ in range(draw(st.integers(1, 3))):
        way = ("", *draw(st.sampled_from(list(_places(document[""])))))
        last = way[-1]
        inner: Any = document
        for key in way[:-1]:
            inner = inner[key]
        if last != "" and isinstance(inner, dict) and draw(st.booleans()):
            del inner[last]
        else:
            inner[last] = draw(any_json)
    return document[""]


@pytest.mark.parametrize(("path", "whole"), WHOLE)
def test_a_body_that_nearly_is_one_is_answered(path: str, whole: Any) -> None:
    with unharmed() as running, httpx.Client(base_url=running.url, trust_env=False, timeout=MOST_S) as client:

        @thorough
        @given(body=nearly(whole).map(lambda value: json.dumps(value).encode()))
        def sent(body: bytes) -> None:
            response = client.post(path, content=body, headers={"content-type": "application/json"})
            assert response.status_code < 500
            response.content.decode("utf-8")

        sent()
        # what of it was stored can be read: every line is whole
        *lines, rest = client.get("/api/export").content.split(b"\n")
        assert rest == b""
        assert [json.loads(line)["seq"] for line in lines] == list(range(1, len(lines) + 1))
        assert client.get("/docs").status_code == client.get("/").status_code == 200


# devices: bytes that nearly are HTTP

methods = st.sampled_from([b"POST", b"GET", b"OPTIONS", b"HEAD", b"PUT", b"DELETE", b"PATCH", b"PRI", b"post", b""])
targets = st.builds(
    lambda path, more: path.encode() + more,
    st.sampled_from([*(path for path, _ in WHOLE), "/ee", "/ee/", "/collection/", "/placesedgequery?library=a", "/"]),
    st.just(b"") | st.binary(max_size=30),
)
_VALUES = (
    b"application/json", b"text/plain", b"chunked", b"gzip", b"100-continue", b"close", b"0", b"-1", b"7", b"1e3",
    b"99999999999999999999999", b"h2c", b"", b"*", b"Bearer expired",
)  # fmt: skip
_NAMES = (
    b"content-type", b"content-length", b"transfer-encoding", b"content-encoding", b"expect", b"connection", b"host",
    b"origin", b"upgrade", b"authorization", b"x-footfall-test", b"x-adobe-flow-id", b"x-request-id",
)  # fmt: skip
_VERSIONS = (b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2", b"HTTP/9.9", b"")
headers = st.tuples(
    st.sampled_from(_NAMES) | st.binary(max_size=12),
    st.sampled_from([b": ", b":", b""]),
    st.sampled_from(_VALUES) | st.binary(max_size=30),
).map(b"".join)
bodies = st.binary(max_size=300) | st.sampled_from([json.dumps(whole).encode() for _, whole in WHOLE])


@st.composite
def nearly_http(draw: st.DrawFn) -> bytes:
    """One request or several, of which little needs to be right."""
    sent = b""
    for _ in range(draw(st.integers(1, 3))):
        end = draw(st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r"]))
        body = draw(bodies)
        lines = [draw(methods) + b" " + draw(targets) + b" " + draw(st.sampled_from(_VERSIONS))]
        lines += draw(st.lists(headers, max_size=4))
        if draw(st.booleans()):
            lines.append(b"content-length: %d" % (len(body) + draw(st.sampled_from([0, 0, 0, 1, -1, 50]))))
        sent += end.join(lines) + end + end + body
    return sent


def _exchange(port: int, pieces: list[bytes]) -> bytes:
    """What comes back until the end of the connection; the client sends all and then no more."""
    answers = b""
    with socket.create_connection(("127.0.0.1", port), timeout=MOST_S) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces:
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)
            while chunk := client.recv(65_536):
                answers += chunk
        except TimeoutError:
            raise
        except OSError:  # it has closed already: that is an answer too
            pass
    return answers


@pytest.mark.parametrize("kind", ["request", "bytes"])
def test_bytes_on_the_socket_are_answered_or_the_connection_is_closed(kind: str) -> None:
    data = nearly_http() if kind == "request" else st.binary(max_size=2_000)
    with unharmed() as running, httpx.Client(trust_env=False, timeout=MOST_S) as client:

        @settings(thorough, max_examples=1_000)
        @given(sent=data, cut=st.integers(0, 400))
        def exchanged(sent: bytes, cut: int) -> None:
            began_s = time.monotonic()
            answers = _exchange(running.port, [sent[:cut], sent[cut:]])
            assert time.monotonic() - began_s < MOST_S
            assert not answers or answers.startswith(b"HTTP/1.1 ")
            assert b"Internal Server Error" not in answers
            assert not answers.startswith(b"HTTP/1.1 5") or answers.startswith(b"HTTP/1.1 501 ")  # of the encoding
            assert client.get(f"{running.url}/api/health").status_code == 200

        exchanged()
