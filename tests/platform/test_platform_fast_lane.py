"""The protocol on the socket, over bare sockets: what ordinary clients never send belongs to it too."""

from __future__ import annotations

import itertools
import json
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from platform_process import INTERACT, Answer, Process, answer, body, event, platform, post

from footfall.platform.http_reader import RequestReader
from footfall.platform.messages import Request, Response

pytestmark = pytest.mark.e2e

PLACES = b"GET /placesedgequery?library=a&latitude=60&longitude=24 HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.fixture(scope="module")
def running() -> Iterator[Process]:
    with platform(keep_alive_s=30, request_s=30) as process:
        yield process


def exchange(process: Process, sent: bytes, *, half_close: bool = False) -> list[Answer]:
    """Everything that is answered until the platform closes the connection, or to as many as were asked."""
    with process.connect() as client, client.makefile("rb") as stream:
        client.sendall(sent)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        answers = []
        while (one := answer(stream)) is not None:
            answers.append(one)
        return answers


def stored_ids(process: Process) -> list[str]:
    page = httpx.get(f"{process.url}/api/events", params={"limit": 1000}, trust_env=False).json()
    return [one["id"] for one in page["events"]]


def request_ids(answers: list[Answer]) -> list[str]:
    return [json.loads(one.content)["requestId"] for one in answers]


def test_a_connection_is_kept_and_used_again(running: Process) -> None:
    with running.connect() as client, client.makefile("rb") as stream:
        for n in range(3):
            client.sendall(post(body(event(f"kept-{n}")), f"{INTERACT}{n}"))
            one = answer(stream)
            assert one is not None
            assert (one.status, request_ids([one])) == (200, [f"r{n}"])
            assert "connection" not in one.headers


def test_pipelined_requests_are_answered_in_order(running: Process) -> None:
    # stored and not stored in turn: what needs no disk must not overtake
    sent = b"".join(post(body(event(f"pipe-{n}")), f"{INTERACT}{n}") + PLACES for n in range(50))
    answers = exchange(running, sent, half_close=True)
    assert request_ids(answers[0::2]) == [f"r{n}" for n in range(50)]
    assert all("places" in json.loads(one.content) for one in answers[1::2])


def test_a_pipeline_of_thousands_is_no_recursion(running: Process) -> None:
    answers = exchange(running, post(body(event("first"))) + PLACES * 3_000, half_close=True)
    assert [one.status for one in answers] == [200] * 3_001


def test_who_reads_no_answers_is_not_asked_to_send_more(running: Process) -> None:
    with running.connect() as client:
        client.settimeout(1)
        sent = 0
        with suppress(TimeoutError):
            while sent < 200_000_000:
                sent += client.send(PLACES * 500)
    assert sent < 200_000_000  # the platform stopped reading before its memory filled with answers
    assert httpx.get(f"{running.url}/api/health", trust_env=False).status_code == 200


def test_a_request_may_come_in_any_pieces(running: Process) -> None:
    sent = post(body(event("pieces")))
    with running.connect() as client, client.makefile("rb") as stream:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for n in range(len(sent)):
            client.sendall(sent[n : n + 1])
        one = answer(stream)
    assert one is not None
    assert one.status == 200


@given(st.lists(st.integers(0, 10_000)))
def test_the_reader_reads_the_same_however_the_bytes_are_cut(cuts: list[int]) -> None:
    sent = post(b'{"a":1}', "/ee/v1/interact?x=%20y", "x-a: b") + PLACES + post(b"")
    sent += (
        b"POST /collection/a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx-b: c\r\n\r\n"
    )
    whole, pieces = RequestReader(), RequestReader()
    whole.feed(sent)
    edges = sorted({0, len(sent), *(cut % len(sent) for cut in cuts)})
    for start, end in itertools.pairwise(edges):
        pieces.feed(sent[start:end])
    assert [one.request for one in pieces.whole] == [one.request for one in whole.whole]
    assert [one.request.body for one in whole.whole if isinstance(one.request, Request)] == [
        b'{"a":1}', b"", b"", b"abcde",
    ]  # fmt: skip


@pytest.mark.parametrize("cut", [1, 4, 6, 9])  # within "POST /ee/": too little to tell whose request it is
def test_the_first_bytes_may_not_tell_whose_request_it_is(running: Process, cut: int) -> None:
    for sent, status in (
        (post(body(event("slow start"))), 200),
        (b"GET /api HTTP/1.1\r\nhost: localhost\r\n\r\n", 200),
    ):
        with running.connect() as client, client.makefile("rb") as stream:
            client.sendall(sent[:cut])
            time.sleep(0.02)
            client.sendall(sent[cut:])
            one = answer(stream)
        assert one is not None
        assert one.status == status


def test_a_connection_that_began_with_the_api_answers_devices_too(running: Process) -> None:
    # as one client of everything would: handed to uvicorn at the first request, where it stays
    with httpx.Client(base_url=running.url, trust_env=False) as client:
        assert client.get("/api/health").status_code == 200
        sent = client.post(INTERACT, content=body(event("after-api")), headers={"content-type": "application/json"})
        assert (sent.status_code, sent.json()["requestId"]) == (200, "r")
        assert client.post(INTERACT, content=body(), headers={"content-encoding": "gzip"}).status_code == 415
        assert client.get("/api/events/after-api").status_code == 200
        assert client.post(INTERACT, content=body(event("again"))).status_code in (200, 415)


def test_a_connection_that_began_with_a_device_answers_the_api_too(running: Process) -> None:
    with running.connect() as client, client.makefile("rb") as stream:
        for sent in (post(body(event("x"))), b"GET /api HTTP/1.1\r\nhost: localhost\r\n\r\n"):
            client.sendall(sent)
            one = answer(stream)
            assert one is not None
            assert one.status == 200


def test_the_api_pipelined_behind_a_device_is_sent_to_another_connection(running: Process) -> None:
    answers = exchange(running, post(body(event("x"))) + b"GET /api HTTP/1.1\r\nhost: localhost\r\n\r\n")
    assert [one.status for one in answers] == [200, 421]
    assert answers[1].headers["connection"] == "close"


LARGE = 70_000


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        # the length says so, and not one byte of the body is waited for
        (b"POST /ee/v1/interact?configId=local HTTP/1.1\r\ncontent-type: application/json\r\n"
         b"content-length: 900000000\r\n\r\n", 413),
        # no word to go on for a body that will not be taken
        (b"POST /ee/v1/interact?configId=local HTTP/1.1\r\ncontent-type: application/json\r\n"
         b"expect: 100-continue\r\ncontent-length: 70000\r\n\r\n", 413),
        # all of it is there: still an answer, no reset
        (post(b" " * LARGE), 413),
        # without a length it is as large as it grows
        (b"POST /ee/v1/interact?configId=local HTTP/1.1\r\ncontent-type: application/json\r\n"
         b"transfer-encoding: chunked\r\n\r\n" + (b"2000\r\n" + b" " * 0x2000 + b"\r\n") * 9, 413),
        # an inlet takes a megabyte
        (post(b" " * 1_048_577, "/collection/" + "f00f" * 16), 413),
        (post(b"{}", INTERACT, "content-encoding: gzip"), 415),
        (post(b"{}", INTERACT, "transfer-encoding: gzip, chunked").replace(b"content-length: 2\r\n", b""), 501),
        (post(b"{}", INTERACT, *(f"x-{n}: 1" for n in range(70))), 431),
        (post(b"{}", INTERACT, "x-long: " + "a" * 17_000), 431),
        (post(b"{}", INTERACT + "a" * 17_000), 431),
        (b"POST /ee/v1/interact HTTP/1.1\r\nthis is no header\r\n\r\n", 400),
        (b"POST /ee/v1/interact HTTP/9\r\n\r\n", 400),
        (b"POST /ee/v1/interact HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /ee/v1/interact HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400),
        (b"POST /ee/v1/interact HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", 400),
        (b"POST /ee/v1/interact HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400),
        # an upgrade is not refused but ignored, as HTTP has it
        (b"GET /ee/ HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", 404),
    ],
)  # fmt: skip
def test_what_is_not_taken_is_answered_once_and_the_connection_closed(
    running: Process, sent: bytes, status: int
) -> None:
    answers = exchange(running, sent)
    assert [one.status for one in answers] == [status]
    assert answers[0].headers["connection"] == "close"


def test_a_refusal_does_not_overtake_what_is_owed(running: Process) -> None:
    answers = exchange(running, post(body(event("owed"))) + b"POST /ee/ HTTP/1.1\r\nnot a header\r\n\r\n")
    assert [one.status for one in answers] == [200, 400]


def test_head_options_and_chunked_bodies(running: Process) -> None:
    chunked = body(event("chunked"))
    with running.connect() as client, client.makefile("rb") as stream:
        client.sendall(PLACES.replace(b"GET", b"HEAD"))
        assert stream.readline().startswith(b"HTTP/1.1 ")
        while stream.readline() != b"\r\n":
            pass  # a head and no body: the next answer begins right after it
        client.sendall(b"OPTIONS /ee/v1/interact HTTP/1.1\r\norigin: https://shop.example.com\r\n\r\n")
        options = answer(stream)
        assert options is not None
        assert (options.status, "content-length" in options.headers) == (204, False)
        client.sendall(
            f"POST {INTERACT} HTTP/1.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n".encode()
            + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (chunked[:10], chunked[10:]))
            + b"0\r\n\r\n"
        )
        sent = answer(stream)
        assert sent is not None
        assert sent.status == 200
    assert "chunked" in stored_ids(running)


def test_a_client_that_waits_for_a_word_gets_one(running: Process) -> None:
    content = body(event("continued"))
    with running.connect() as client, client.makefile("rb") as stream:
        client.sendall(post(content, INTERACT, "expect: 100-continue")[: -len(content)])
        assert stream.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert stream.readline() == b"\r\n"
        client.sendall(content)
        one = answer(stream)
    assert one is not None
    assert one.status == 200


def test_a_client_that_stops_sending_still_gets_its_answer(running: Process) -> None:
    assert [one.status for one in exchange(running, post(body(event("half closed"))), half_close=True)] == [200]


def test_http_1_0_is_answered_and_closed(running: Process) -> None:
    sent = post(body(event("old"))).replace(b"HTTP/1.1", b"HTTP/1.0")
    assert [one.status for one in exchange(running, sent)] == [200]


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /ee/v1/inter",  # the head is not complete
        b"PO",  # not even whose request it is
        post(b"{}" * 40)[:-3],  # the body is not complete
        b"GET /api/heal",  # the same on uvicorn's side
        b"POST /api/runs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 50\r\n\r\n{",
        b"\r\n",
    ],
)
def test_a_request_that_does_not_end_is_closed_in_time(sent: bytes) -> None:
    with platform(request_s=0.4) as process, process.connect() as client:
        began = time.monotonic()
        client.sendall(sent)
        client.settimeout(0.25)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(5)
        while client.recv(65_536):
            pass
        assert 0.3 < time.monotonic() - began < 2


def test_a_silent_connection_is_closed_and_a_busy_one_is_not() -> None:
    faults = {"faults": [{"do": "latency", "delay_ms": 900}]}
    with (
        platform(keep_alive_s=0.4, request_s=5, config=faults) as process,
        process.connect() as client,
        client.makefile("rb") as stream,
    ):
        client.sendall(post(body(event("slow"))))
        one = answer(stream)
        assert one is not None
        assert one.status == 200
        assert client.recv(1) == b""  # and then it is silent


@pytest.mark.slow
def test_5000_idle_connections_cost_nobody_anything(running: Process) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 6_000:
        pytest.skip("this machine allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (6_000, hard))
    phones: list[socket.socket] = []
    try:
        phones.extend(running.connect() for _ in range(5_000))
        began = time.monotonic()
        for n, phone in enumerate(phones[::100]):
            phone.sendall(post(body(event(f"idle-{n}"))))
            with phone.makefile("rb") as stream:
                one = answer(stream)
            assert one is not None
            assert one.status == 200
        assert time.monotonic() - began < 2
    finally:
        for phone in phones:
            phone.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_graceful_stop_answers_what_is_owed() -> None:
    with platform(config={"faults": [{"do": "latency", "delay_ms": 500}]}) as process:
        clients = [process.connect() for _ in range(5)]
        for n, client in enumerate(clients):
            client.sendall(post(body(event(f"owed-{n}"))) * 2)
        time.sleep(0.2)
        ended: list[tuple[int, str]] = []
        stopping = threading.Thread(target=lambda: ended.append(process.stop()))
        stopping.start()
        for client in clients:
            with client, client.makefile("rb") as stream:
                statuses = [one.status for one in iter(lambda stream=stream: answer(stream), None)]
            assert statuses == [200, 200]
        stopping.join()
        assert ended == [(0, "")]


def test_an_answer_that_needs_no_platform_is_a_response() -> None:
    reader = RequestReader()
    reader.feed(b"nonsense\r\n\r\n")
    assert [type(one.request) for one in reader.whole] == [Response]
    reader.feed(post(b"{}"))
    assert len(reader.whole) == 1  # it has ended
