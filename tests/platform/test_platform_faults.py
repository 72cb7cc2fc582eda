"""Each fault from a configuration, over a real socket, on the fast lane and on the connection uvicorn has."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import httpx
import pytest
from fault_requests import BATCH, batch_of
from platform_process import Answer, Process, answer, body, event, platform, post

pytestmark = pytest.mark.e2e

UPSTREAM_ERROR = {
    "type": "https://ns.adobe.com/aep/errors/EXEG-0201-503",
    "status": 503,
    "title": "The 'com.adobe.experience.platform.ode' service is temporarily unable to serve this request. "
    "Please try again later.",
    "report": {"eventIndex": 0},
}
API = b"GET /api/health HTTP/1.1\r\nhost: localhost\r\n\r\n"


@contextmanager
def struck(lane: str, **fault: Any) -> Iterator[tuple[Process, socket.socket, BinaryIO]]:
    """A platform with one fault, and a connection to it on the fast lane or on uvicorn's side."""
    with (
        platform(config={"faults": [fault]}) as process,
        process.connect() as client,
        client.makefile("rb") as stream,
    ):
        if lane == "web":
            client.sendall(API)
            assert answer(stream) is not None
        yield process, client, stream


def stored(process: Process) -> int:
    return int(httpx.get(f"{process.url}/api/counts", trust_env=False).json()["total"])


def sent(client: socket.socket, stream: BinaryIO, id_: str = "a", framed: bool = False) -> Answer | None:
    client.sendall(post(body(event(id_), framed=framed)))
    return answer(stream)


both = pytest.mark.parametrize("lane", ["fast", "web"])


@both
def test_status(lane: str) -> None:
    with struck(lane, do="status", status=429, retry_after_s=7) as (process, client, stream):
        one = sent(client, stream)
        assert one is not None
        assert (one.status, one.headers["retry-after"], stored(process)) == (429, "7", 0)


@both
def test_latency(lane: str) -> None:
    with struck(lane, do="latency", delay_ms=300) as (process, client, stream):
        began = time.monotonic()
        one = sent(client, stream)
        assert one is not None
        assert (one.status, stored(process)) == (200, 1)
        assert time.monotonic() - began > 0.29


@both
def test_slow_body(lane: str) -> None:
    with struck(lane, do="slow-body", delay_ms=150) as (process, client, _):
        client.sendall(post(body(event("a"))))
        began, times = time.monotonic(), []
        received = b""
        while not received.endswith(b"}"):
            received += client.recv(65_536)
            times.append(time.monotonic() - began)
        assert received.startswith(b"HTTP/1.1 200 ")
        assert len(times) >= 3
        assert times[0] < 0.2
        assert times[-1] > 0.44
        assert stored(process) == 1
        client.sendall(post(body(event("b"))))  # and the connection is kept
        assert client.recv(65_536).startswith(b"HTTP/1.1 200 ")


@both
@pytest.mark.parametrize(("when", "kept"), [("reset-before", 0), ("reset-after", 1)])
def test_reset(lane: str, when: str, kept: int) -> None:
    with struck(lane, do=when) as (process, client, _):
        client.sendall(post(body(event("a"))))
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        assert stored(process) == kept  # after: a lost acknowledgement


@both
def test_truncated(lane: str) -> None:
    with struck(lane, do="truncated") as (process, client, stream):
        one = sent(client, stream)
        assert one is not None
        assert (one.status, one.whole, stored(process)) == (200, False, 1)
        assert len(one.content) == int(one.headers["content-length"]) // 2


@both
def test_unframed(lane: str) -> None:
    with struck(lane, do="unframed") as (process, client, stream):
        one = sent(client, stream, framed=True)
        assert one is not None
        assert (one.content[:1], one.content[-1:], stored(process)) == (b"{", b"}", 1)


@both
def test_wrong_hint(lane: str) -> None:
    with struck(lane, do="wrong-hint") as (process, client, stream):
        one = sent(client, stream)
        assert one is not None
        assert (one.status, one.content, stored(process)) == (404, b"", 0)


@both
@pytest.mark.parametrize("framed", [True, False])
def test_partial_207(lane: str, framed: bool) -> None:
    with struck(lane, do="partial-207") as (process, client, stream):
        one = sent(client, stream, framed=framed)
        assert one is not None
        told = json.loads(one.content.strip(b"\0\n"))
        assert (one.status, told["errors"], stored(process)) == (207, [UPSTREAM_ERROR], 1)
        assert told["handle"]
        assert one.content.startswith(b"\0") is framed


@both
def test_partial_207_of_a_batch(lane: str) -> None:
    with struck(lane, do="partial-207") as (process, client, stream):
        client.sendall(post(batch_of(*"abcdefgh"), BATCH))
        one = answer(stream)
        assert one is not None
        failed = [entry for entry in json.loads(one.content)["responses"] if "statusCode" in entry]
        assert (one.status, stored(process)) == (207, 8 - len(failed))
        assert 0 < len(failed) < 8


@both
def test_expired_token(lane: str) -> None:
    with struck(lane, do="expired-token") as (process, client, stream):
        one = sent(client, stream)
        assert one is not None
        assert (one.status, stored(process)) == (401, 0)
        told = json.loads(one.content)
        assert (told["type"][-13:], told["report"]) == ("EXEG-0503-401", {"requestId": "r"})


def test_a_fault_is_for_its_path_only() -> None:
    with struck("fast", do="status", path="/collection/") as (_, client, stream):
        one = sent(client, stream)
        assert one is not None
        assert one.status == 200


def test_a_reset_is_a_reset_and_not_an_end() -> None:
    # the judge of the tests above: an ordinary end is not taken for a reset
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client:
            server.accept()[0].close()
            assert client.recv(1) == b""
        with socket.create_connection(server.getsockname()) as client:
            accepted = server.accept()[0]
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            accepted.close()
            with pytest.raises(ConnectionResetError):
                client.recv(1)
