"""What was acknowledged is in the file, whatever happens to the process or the disk."""

from __future__ import annotations

import http.client
import json
import resource
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from platform_process import ECID, Process, body, event, platform

from benchmarks.crash import crashes, findings
from benchmarks.memory import Growth, grown
from footfall.platform.messages import StoredEvent
from footfall.platform.store import Store

pytestmark = pytest.mark.e2e

needs_epoll = pytest.mark.skipif(not hasattr(select, "epoll"), reason="the load generator needs Linux's epoll")

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


@needs_epoll
def test_five_kills_in_a_row_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    ledger = crashes(5, seed=7, store=store)
    found = findings(ledger, store)

    assert found.nothing_lost, found
    assert found.acknowledged > 1_000  # it really was under load,
    assert found.unanswered > 0  # of phones and source systems that were still waiting when it died
    with platform(store=str(store)) as running:
        total = httpx.get(f"{running.url}/api/counts", trust_env=False).json()["total"]
    assert total == found.acknowledged + found.unacknowledged

    # and the judge sees a lost event, one that nobody sent, and a bad one
    with closing(sqlite3.connect(store)) as file, file:
        once = [row[0] for row in file.execute("SELECT id FROM events GROUP BY id HAVING count(*) = 1")]
        lost_one, renamed, spoilt = [id_ for id_ in once if ledger.acknowledged[id_]][:3]
        file.execute("DELETE FROM events WHERE id = ?", (lost_one,))
        file.execute("UPDATE events SET id = 'nobody' WHERE id = ?", (renamed,))
        file.execute("UPDATE events SET good = 0 WHERE id = ?", (spoilt,))
    planted = findings(ledger, store)
    assert (planted.missing, planted.unsent, planted.bad) == (2, 1, 1)
    assert planted.damage == f"the counts say {total}, the events are {total - 1}"


@needs_epoll
@pytest.mark.slow
@pytest.mark.parametrize("subscriber", [False, True])
def test_memory_does_not_grow_with_the_number_of_events(subscriber: bool) -> None:
    growth = grown(100_000, subscriber=subscriber)
    assert growth.since(50_000) < 20  # MB; the second 50,000 events are 60 MB
    assert (growth.told > 1_000_000) == subscriber


def test_growth_is_counted_from_where_it_had_settled() -> None:
    growth = Growth((0, 40, 90, 150), (45.0, 130.0, 131.0, 161.0), 0)
    assert (growth.since(50), growth.since(0)) == (30.0, 116.0)


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
        health = client.get("/api/health")
        assert (health.status_code, health.json()["status"]) == (200, "refusing")
        assert health.json()["why"]
        assert "Nothing is taken at the moment" in client.get("/").text
        assert client.get("/api/counts").json()["total"] == len(acknowledged)
        reading = client.get("/api/events", params={"limit": 1}).json()
    running.process.terminate()
    running.process.wait(10)

    assert len(acknowledged) > 5
    assert reading["events"][0]["id"] == "0"
    assert lost(acknowledged, running.store) == set()
    assert ids_in(running.store) == set(acknowledged)  # and nothing that was refused was kept


def test_a_store_at_its_limit_is_503_with_its_reason_until_there_is_room(tmp_path: Path) -> None:
    with platform(store=str(tmp_path / "s.sqlite"), most_store_mb=1) as running:
        with httpx.Client(base_url=running.url, trust_env=False) as client:

            def send(n: int) -> int:
                return client.post(PATH, content=body_of(str(n), producedBy="x" * 30_000), headers=HEADERS).status_code

            statuses = [send(n) for n in range(60)]
            taken = statuses.count(200)
            assert statuses == [200] * taken + [503] * (60 - taken)
            assert taken > 10
            health = client.get("/api/health").json()
            assert (health["status"], health["why"]) == (
                "refusing",
                "the store has reached its limit of 1000000 bytes",
            )
            assert client.get("/api/counts").json()["total"] == taken
            assert client.post("/api/reset").status_code == 200
            assert send(99) == 200
            assert client.get("/api/health").json()["status"] == "ok"
        code, err = running.stop()
    assert code == 0
    refused = "requests are refused (503), the store failed: the store has reached its limit of 1000000 bytes"
    assert err.count(refused) == 1  # once, not for each of them
    assert err.count("the store takes events again") == 1


def test_while_another_process_has_locked_the_file_everything_else_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    statuses: list[int] = []
    with platform(store=str(path)) as running:

        def send(id_: str) -> None:
            url = f"{running.url}{PATH}"
            statuses.append(httpx.post(url, content=body_of(id_), headers=HEADERS, trust_env=False).status_code)

        send("before")
        sending = threading.Thread(target=send, args=("waits",))
        with (
            closing(sqlite3.connect(path, isolation_level=None)) as shell,
            httpx.Client(base_url=running.url, trust_env=False) as client,
        ):
            shell.execute("BEGIN EXCLUSIVE")
            sending.start()
            took_s = []
            for _ in range(30):
                began_s = time.monotonic()
                assert client.get("/api/counts").json()["total"] == 1
                health = client.get("/api/health").json()
                took_s.append(time.monotonic() - began_s)
                time.sleep(0.02)
            assert sending.is_alive()
            assert (health["status"], health["why"]) == ("refusing", "another process has locked the file")
            assert sorted(took_s)[len(took_s) * 9 // 10] < 0.2  # and not 5 s
            shell.execute("ROLLBACK")
            sending.join()
            assert statuses == [200, 200]
            assert client.get("/api/health").json()["status"] == "ok"
        assert running.stop() == (0, "")
    assert ids_in(path) == {"before", "waits"}


def test_a_reset_that_is_killed_leaves_whole_events_and_their_counts(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    program = (
        "import sys; from footfall.platform.store import Store; print('begins', flush=True); Store(sys.argv[1]).reset()"
    )
    with Store(str(path)) as store:
        for first in range(0, 100_000, 5_000):
            store.append(
                [
                    StoredEvent(f"{n}", f"r{n % 2}", "d", f"{n % 997}", "t", True, (), 1, "", b"{}")
                    for n in range(first, first + 5_000)
                ]
            )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as resetting:
        assert resetting.stdout is not None
        resetting.stdout.readline()
        with closing(sqlite3.connect(path)) as reader:
            while reader.execute("SELECT min(seq) FROM events").fetchone()[0] == 1:
                time.sleep(0.001)
        resetting.kill()
        resetting.wait(10)
    with Store(str(path)) as store:
        ((least, most, n),) = store.database.rows("SELECT min(seq), max(seq), count(*) FROM events")
        assert least > 1  # it had begun,
        assert (most, n) == (100_000, 100_001 - least)  # and what it left is the newer part, without a hole
        counted = store.database.rows("SELECT run, type, good, count(*) FROM events GROUP BY run, type, good")
        assert store.database.rows("SELECT run, type, good, n FROM counts ORDER BY run") == counted


def test_what_a_person_said_survives_a_restart(tmp_path: Path) -> None:
    store = str(tmp_path / "s.sqlite")
    consent = {
        "identityMap": {"ECID": [{"id": ECID}]},
        "consent": [{"standard": "Adobe", "version": "2.0", "value": {"collect": {"val": "n"}}}],
    }
    with platform(store=store) as running:
        said = httpx.post(
            f"{running.url}/ee/v1/privacy/set-consent?configId=local", json=consent, headers=HEADERS, trust_env=False
        )
        assert said.status_code == 200
        running.popen.kill()  # no graceful end: the answer said that it is kept
        running.popen.wait(10)
    with platform(store=store) as again, httpx.Client(base_url=again.url, trust_env=False) as client:
        for ecid in (ECID, "2" * 38):
            client.post(PATH, content=body(event(f"of {ecid[0]}", ecid)), headers=HEADERS)
        events = client.get("/api/events").json()["events"]
        assert [one["id"] for one in events] == ["of 2"]


def test_a_store_of_the_layout_before_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.executescript("CREATE TABLE events (seq INTEGER PRIMARY KEY); PRAGMA user_version = 1;")
    command = [sys.executable, "-m", "footfall.platform", "--port", "0", "--store", str(path), "--rotate-mb", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "is a store of another version of footfall" in done.stderr


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


def test_an_entry_of_the_platform_file_keeps_the_run_and_the_clock_that_it_was_given(tmp_path: Path) -> None:
    """A run that names a datastream of the file is that run's after a restart too, on its own clock, and everything
    else about the datastream is still the file's."""
    shop = {"id": "shop", "consent": "p", "segments": ["s-1"]}
    options = {"store": str(tmp_path / "s.sqlite"), "config": {"datastreams": [shop]}}
    clock = {"origin_ms": 1_795_000_000_000, "anchor_ms": 1_794_990_000_000, "speed": 60.0}

    def entry(running: Process) -> dict[str, Any]:
        told = httpx.get(f"{running.url}/api/platform", trust_env=False).json()
        return next(one for one in told["datastreams"] if one["id"] == "shop")

    with platform(**options) as running:
        wanted = {"run": "noon", "datastream": "shop", "clock": clock}
        assert httpx.post(f"{running.url}/api/runs", json=wanted, trust_env=False).is_success
        before = entry(running)
    with platform(**options) as running:
        assert entry(running) == before
    assert (before["run"], before["clock"], before["consent"], before["segments"]) == ("noon", clock, "p", ["s-1"])
