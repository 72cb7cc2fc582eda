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
from platform_process import Answer, Process, answer, body, event, platform, post

from footfall.platform.config import Fault
from footfall.platform.faults import Faults
from footfall.platform.messages import Request

pytestmark = pytest.mark.e2e

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
        assert (one.status, told["errors"][0]["status"], stored(process)) == (207, 503, 1)
        assert told["handle"]
        assert one.content.startswith(b"\0") is framed


@both
def test_expired_token(lane: str) -> None:
    with struck(lane, do="expired-token") as (process, client, stream):
        one = sent(client, stream)
        assert one is not None
        assert (one.status, stored(process)) == (401, 0)
        assert json.loads(one.content)["type"].endswith("EXEG-0503-401")


def test_a_fault_is_for_its_path_only() -> None:
    with struck("fast", do="status", path="/collection/") as (_, client, stream):
        one = sent(client, stream)
        assert one is not None
        assert one.status == 200


# ---- which requests are hit


def request(ecid: str, path: str = "/ee/v1/interact") -> Request:
    return Request("POST", path, "", {}, body(event("a", ecid)))


def hits(faults: Faults, ecid: str, times: int) -> list[bool]:
    return [faults.strike(request(ecid), 0) is not None for _ in range(times)]


HALF = (Fault(do="status", share=0.5),)
PHONES = ["1" * 38, "2" * 38, "3" * 38]


def test_a_share_hits_the_same_requests_of_a_phone_in_every_run_whatever_others_do() -> None:
    alone = {ecid: hits(Faults(HALF, 7, 0), ecid, 200) for ecid in PHONES}
    together = Faults(HALF, 7, 0)
    mixed: dict[str, list[bool]] = {ecid: [] for ecid in PHONES}
    for n in range(200):
        for ecid in PHONES if n % 2 else reversed(PHONES):
            mixed[ecid] += hits(together, ecid, 1)
    assert mixed == alone
    assert alone[PHONES[0]] != alone[PHONES[1]]  # but not the same for every phone
    assert alone[PHONES[0]] != hits(Faults(HALF, 8, 0), PHONES[0], 200)  # nor for every seed
    assert 70 < sum(alone[PHONES[0]]) < 130


@pytest.mark.parametrize(
    ("rule", "now_ms", "hit"),
    [
        (Fault(do="status"), 1_000, True),
        (Fault(do="status", ecid="1" * 38), 1_000, True),
        (Fault(do="status", ecid="2" * 38), 1_000, False),
        (Fault(do="status", path="/ee/v1"), 1_000, True),
        (Fault(do="status", path="/collection/"), 1_000, False),
        (Fault(do="status", share=0.0), 1_000, False),
        (Fault(do="status", from_s=5), 5_999, False),  # the platform started at 1 s
        (Fault(do="status", from_s=5), 6_000, True),
        (Fault(do="status", from_s=5, until_s=6), 6_999, True),
        (Fault(do="status", from_s=5, until_s=6), 7_000, False),
    ],
)
def test_whom_a_rule_hits(rule: Fault, now_ms: int, hit: bool) -> None:
    assert (Faults((rule,), 1, 1_000).strike(request("1" * 38), now_ms) is not None) is hit


def test_the_first_rule_that_fits_is_the_one() -> None:
    rules = (Fault(do="latency", ecid="2" * 38), Fault(do="wrong-hint"), Fault(do="status"))
    strike = Faults(rules, 1, 0).strike(request("1" * 38), 0)
    assert strike is not None
    assert strike.fault == rules[1]


def test_a_hostile_body_costs_no_time() -> None:
    hostile = b'"ECID":[{' * 100_000
    began = time.monotonic()
    Faults(HALF, 1, 0).strike(Request("POST", "/collection/x", "", {}, hostile), 0)
    assert time.monotonic() - began < 1  # a pattern without bounds takes minutes


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
