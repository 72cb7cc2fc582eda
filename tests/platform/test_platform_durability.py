"""What was acknowledged is in the file, whatever happens to the process or the disk."""

from __future__ import annotations

import http.client
import json
import resource
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e

PATH = "/ee/v1/interact?configId=local&requestId=r"
HEADERS = {"content-type": "application/json"}


def body_of(id_: str, **more: str) -> bytes:
    return json.dumps({"events": [{"xdm": {"_id": id_, "timestamp": "2026-03-07T11:15:30Z", **more}}]}).encode()


def ids_in(store: Path) -> set[str]:
    with closing(sqlite3.connect(store)) as file:
        return {row[0] for row in file.execute("SELECT id FROM events")}


def lost(acknowledged: Iterable[str], store: Path) -> set[str]:
    return set(acknowledged) - ids_in(store)


def sender(port: int, name: int, acknowledged: list[str], statuses: list[int]) -> None:
    """Sends one event after the other on one connection until the platform is gone."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        for n in range(100_000):
            id_ = f"{name}-{n}"
            connection.request("POST", PATH, body_of(id_), HEADERS)
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
            if response.status == 200:
                acknowledged.append(id_)
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()


def under_load(running: Any, kill: Callable[[], None], seconds: float) -> tuple[list[str], list[int]]:
    acknowledged: list[str] = []
    statuses: list[int] = []
    threads = [threading.Thread(target=sender, args=(running.port, name, acknowledged, statuses)) for name in range(16)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    kill()
    for thread in threads:
        thread.join()
    return acknowledged, statuses


def test_kill_9_under_load_loses_nothing_that_was_acknowledged(start: Callable[..., Any]) -> None:
    running = start()
    acknowledged, statuses = under_load(running, running.process.kill, 0.8)

    assert running.process.wait(10) == -signal.SIGKILL
    assert len(acknowledged) > 100  # it really was under load
    assert set(statuses) == {200}
    assert lost(acknowledged, running.store) == set()

    # and the judge sees a loss when there is one
    victim = acknowledged[len(acknowledged) // 2]
    with closing(sqlite3.connect(running.store)) as file, file:
        file.execute("DELETE FROM events WHERE id = ?", (victim,))
    assert lost(acknowledged, running.store) == {victim}


def test_after_kill_9_the_same_file_goes_on(start: Callable[..., Any]) -> None:
    first = start()
    httpx.post(first.url + PATH, content=body_of("before"), headers=HEADERS, trust_env=False)
    first.process.kill()
    first.process.wait(10)

    again = start()
    httpx.post(again.url + PATH, content=body_of("after"), headers=HEADERS, trust_env=False)
    events = httpx.get(f"{again.url}/api/events", trust_env=False).json()["events"]
    assert [(event["seq"], event["id"]) for event in events] == [(1, "before"), (2, "after")]
    assert httpx.get(f"{again.url}/api/counts", trust_env=False).json()["total"] == 2


def test_sigterm_under_load_answers_what_it_stores(start: Callable[..., Any]) -> None:
    running = start()
    acknowledged, statuses = under_load(running, running.process.terminate, 0.5)

    assert running.process.wait(10) == 0
    assert lost(acknowledged, running.store) == set()
    assert set(statuses) <= {200, 503}


def test_a_full_disk_is_503_and_the_platform_stays_up(start: Callable[..., Any]) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))  # a write beyond fails as on a full disk

    running = start(preexec_fn=small_files)
    acknowledged: list[str] = []
    with httpx.Client(base_url=running.url, trust_env=False) as client:
        for n in range(100):
            response = client.post(PATH, content=body_of(str(n), producedBy="x" * 10_000), headers=HEADERS)
            if response.status_code != 200:
                break
            acknowledged.append(str(n))
        assert response.status_code == 503
        assert response.headers["retry-after"] == "5"
        assert response.json()["type"].endswith("EXEG-0201-503")
        assert client.get("/api/health").status_code == 200
        assert client.get("/api/counts").json()["total"] == len(acknowledged)
        reading = client.get("/api/events", params={"limit": 1}).json()
    running.process.terminate()
    running.process.wait(10)

    assert len(acknowledged) > 5
    assert reading["events"][0]["id"] == "0"
    assert lost(acknowledged, running.store) == set()
    assert ids_in(running.store) == set(acknowledged)  # and nothing that was refused was kept


@pytest.mark.parametrize(
    "sent",
    [
        b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{",  # cut short
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"GET / HTTP/1.1\r\n" + b"x" * 100 + b"\r\n\r\n",
        b"",
    ],
)
def test_a_client_that_misbehaves_leaves_nothing_and_stops_nobody(start: Callable[..., Any], sent: bytes) -> None:
    running = start()
    with socket.create_connection(("127.0.0.1", running.port)) as client:
        client.sendall(sent.replace(b"%s", PATH.encode()))
        client.shutdown(socket.SHUT_WR)
        client.settimeout(5)
        while client.recv(65_536):
            pass
    assert httpx.get(f"{running.url}/api/counts", trust_env=False).json()["total"] == 0


def test_a_body_without_end_is_refused_before_its_end(start: Callable[..., Any]) -> None:
    running = start()
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as client:
        head = (
            f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        client.sendall(head.encode())
        for _ in range(9):  # 72 KB of a body that never ends
            client.sendall(b"2000\r\n" + b" " * 0x2000 + b"\r\n")
        answer = client.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()


@pytest.mark.slow
def test_1200_phones_keep_their_connections_and_the_platform_answers(start: Callable[..., Any]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4_096:
        pytest.skip("this machine allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4_096, hard))
    running = start()
    phones = []
    try:
        for _ in range(1_200):
            phone = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
            phone.connect()
            phones.append(phone)
        for turn in range(2):  # each connection is used again after all the others
            for n, phone in enumerate(phones):
                phone.request("POST", PATH, body_of(f"{turn}-{n}"), HEADERS)
            for phone in phones:
                response = phone.getresponse()
                response.read()
                assert response.status == 200
        began = time.monotonic()
        assert httpx.get(f"{running.url}/api/counts", trust_env=False).json()["total"] == 2_400
        assert time.monotonic() - began < 1.0
    finally:
        for phone in phones:
            phone.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
