"""The read and control API beyond lists: filters, waiting, streaming, exporting, registering."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from inlet_requests import MESSAGE
from platform_process import ECID, Process, body, event, platform

from footfall.platform.config import LOCAL_INLET

pytestmark = pytest.mark.e2e

JSON = {"content-type": "application/json"}
CONFIG = {
    "datastreams": [{"id": "set-up", "run": "r-set", "segments": ["vip"]}],
    "faults": [{"do": "latency", "delay_ms": 1, "path": "/collection/slow"}],
    "seed": 7,
}


@pytest.fixture(scope="module")
def running() -> Iterator[Process]:
    with platform(config=CONFIG) as process:
        yield process


@pytest.fixture
def asks(running: Process) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.url, trust_env=False, timeout=20) as client:
        client.post("/api/reset")
        yield client


def sent(asks: httpx.Client, *events: dict[str, Any], test: str = "", stream: str = "local") -> None:
    headers = {**JSON, **({"x-footfall-test": test} if test else {})}
    assert asks.post(f"/ee/v1/interact?configId={stream}", content=body(*events), headers=headers).status_code == 200


def mia(id_: str, **more: Any) -> dict[str, Any]:
    one = event(id_, "2" * 38, **more)
    one["identityMap"]["Email"] = [{"id": "mia@example.com", "primary": True}]
    return one


def later(seconds: float, asks: httpx.Client, *events: dict[str, Any], **how: str) -> threading.Timer:
    timer = threading.Timer(seconds, sent, (asks, *events), how)
    timer.start()
    return timer


@pytest.fixture
def history(asks: httpx.Client) -> None:
    sent(asks, event("a"))
    sent(asks, mia("b"), test="t1")
    sent(asks, event("c", closed=True), event("d", eventType="commerce.purchases"))


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("/api/events", "abcd"),
        (f"/api/events?phone={ECID}", "acd"),
        ("/api/events?person=mia@example.com", "b"),
        ("/api/events?test=t1", "b"),
        ("/api/events?test=t2", ""),
        ("/api/events?type=commerce.purchases", "d"),
        ("/api/events?run=local&good=false", "c"),
        ("/api/events?since_ms=4102444800000", ""),
        ("/api/good", "abd"),
        ("/api/good?test=t1&person=mia@example.com", "b"),
        ("/api/bad", "c"),
        ("/api/bad?since_ms=1&run=local", "c"),
        ("/api/events?limit=2", "ab"),
    ],
)
def test_filters(asks: httpx.Client, path: str, ids: str) -> None:
    assert [one["id"] for one in asks.get(path).json()["events"]] == list(ids)


@pytest.mark.usefixtures("history")
def test_an_event_is_shown_with_how_it_came(asks: httpx.Client) -> None:
    (one,) = asks.get("/api/events?test=t1&body=true").json()["events"]
    shown = {name: one[name] for name in ("id", "arrived", "person", "test", "ecid", "good")}
    assert shown == {
        "id": "b", "arrived": "interact", "person": "mia@example.com", "test": "t1", "ecid": "2" * 38, "good": True,
    }  # fmt: skip
    assert one["run_ms"] == one["received_ms"]  # no clock of its own
    assert one["body"]["xdm"]["_id"] == "b"
    assert "body" not in asks.get("/api/events?test=t1").json()["events"][0]


# ---- waiting


@pytest.mark.usefixtures("history")
def test_what_is_there_is_not_waited_for(asks: httpx.Client) -> None:
    began = time.monotonic()
    answer = asks.get("/api/wait?good=true&count=2")
    assert (answer.status_code, answer.json()["count"]) == (200, 2)
    assert [one["id"] for one in answer.json()["events"]] == ["a", "b"]
    assert time.monotonic() - began < 1
    rest = asks.get("/api/wait", params={"good": "true", "after": answer.json()["next"]}).json()
    assert [one["id"] for one in rest["events"]] == ["d"]


def test_what_comes_is_answered_when_it_is_there(asks: httpx.Client) -> None:
    timers = [
        later(0.2, asks, event("a"), test="t"),
        later(0.3, asks, event("x")),
        later(0.5, asks, mia("b"), test="t"),
    ]
    began = time.monotonic()
    answer = asks.get("/api/wait?test=t&count=2&timeout_s=10")
    took_s = time.monotonic() - began
    assert (answer.status_code, [one["id"] for one in answer.json()["events"]]) == (200, ["a", "b"])
    assert 0.4 < took_s < 2
    for timer in timers:
        timer.join()


def test_what_does_not_come_is_408_with_what_did(asks: httpx.Client) -> None:
    sent(asks, event("a"))
    began = time.monotonic()
    answer = asks.get("/api/wait?count=2&timeout_s=0.3")
    assert (answer.status_code, [one["id"] for one in answer.json()["events"]]) == (408, ["a"])
    assert 0.29 < time.monotonic() - began < 2
    assert asks.get("/api/wait?test=never&timeout_s=0").json() == {"count": 0, "events": [], "next": None}


def test_absence_is_waited_for(asks: httpx.Client) -> None:
    sent(asks, event("a"))
    answer = asks.get("/api/absent?type=commerce.purchases&for_s=0.2")
    assert (answer.status_code, answer.json()) == (200, {"absent": True})

    timer = later(0.2, asks, event("b", eventType="commerce.purchases"))
    began = time.monotonic()
    answer = asks.get("/api/absent?type=commerce.purchases&for_s=10")
    assert (answer.status_code, answer.json()["absent"], answer.json()["event"]["id"]) == (409, False, "b")
    assert time.monotonic() - began < 2  # at once
    timer.join()
    assert asks.get("/api/absent?type=commerce.purchases").status_code == 409  # it was there already


@pytest.mark.parametrize(
    "query",
    ["wait?timeout_s=61", "wait?count=0", "wait?count=1001", "wait?timeout_s=-1", "wait?limit=3", "absent?for_s=61",
     "absent?for_s=nan", "absent?count=1", "stream?limit=1", "stream?good=maybe", "export?limit=1"],
)  # fmt: skip
def test_a_wrong_wait_is_refused_at_once(asks: httpx.Client, query: str) -> None:
    assert asks.get(f"/api/{query}").status_code == 400


def test_a_hundred_waits_cost_the_platform_little(running: Process, asks: httpx.Client) -> None:
    def wait(n: int) -> int:
        url = f"{running.url}/api/wait?test=w{n}&timeout_s=30"
        return httpx.get(url, trust_env=False, timeout=40).status_code

    def cpu_ticks() -> int:
        fields = Path(f"/proc/{running.popen.pid}/stat").read_text().rpartition(") ")[2].split()
        return int(fields[11]) + int(fields[12])

    with ThreadPoolExecutor(100) as pool:
        waits: list[Future[int]] = [pool.submit(wait, n) for n in range(100)]
        time.sleep(2)
        before = cpu_ticks()
        time.sleep(1)
        assert cpu_ticks() - before <= 10  # of a hundred: nobody looks while nothing comes
        for n in range(100):
            sent(asks, event(f"w{n}"), test=f"w{n}")
        assert [one.result() for one in waits] == [200] * 100


def test_a_client_that_goes_away_ends_its_wait(running: Process, asks: httpx.Client) -> None:
    for path in ("/api/wait?test=gone&timeout_s=60", "/api/absent?test=gone&for_s=60", "/api/stream"):
        with socket.create_connection(("127.0.0.1", running.port)) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
            time.sleep(0.1)
    assert asks.get("/api/health").status_code == 200


def test_a_platform_that_stops_ends_the_waits() -> None:
    with platform() as process, ThreadPoolExecutor(3) as pool:
        paths = ("wait?timeout_s=60", "absent?for_s=60", "stream")
        waits = [pool.submit(httpx.get, f"{process.url}/api/{path}", trust_env=False, timeout=20) for path in paths]
        time.sleep(0.5)
        began = time.monotonic()
        assert process.stop() == (0, "")
        assert time.monotonic() - began < 3
        assert [one.result().status_code for one in waits] == [503, 503, 200]


# ---- streaming and exporting


def messages(lines: Iterator[str], wanted: int) -> list[dict[str, str]]:
    """So many server-sent messages that have data, each as its fields."""
    found: list[dict[str, str]] = []
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            if "data" in fields:
                found.append(fields)
            fields = {}
        if len(found) == wanted:
            break
    return found


def test_a_stream_tells_of_events_as_they_are_stored_and_resumes(asks: httpx.Client) -> None:
    sent(asks, event("before"))
    with asks.stream("GET", "/api/stream?test=t") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        sent(asks, event("a"), test="t")
        sent(asks, event("b"))
        sent(asks, event("c\n\nid: 1\ndata: {}", eventType="x\ny"), test="t")
        told = messages(stream.iter_lines(), 2)
    shown = [json.loads(one["data"]) for one in told]
    assert [one["id"] for one in shown] == ["a", "c\n\nid: 1\ndata: {}"]  # a hostile id is data and no field
    assert [int(one["id"]) for one in told] == [one["seq"] for one in shown]

    with asks.stream("GET", "/api/stream?test=t&body=true", headers={"last-event-id": told[0]["id"]}) as stream:
        (again,) = messages(stream.iter_lines(), 1)
    assert again["id"] == told[1]["id"]
    assert json.loads(again["data"])["body"]["xdm"]["eventType"] == "x\ny"


def test_a_stream_from_a_number_begins_with_what_is_there(asks: httpx.Client) -> None:
    for n in range(40):  # more than is read at once
        sent(asks, event(f"{n}"), event(f"{n}'"))
    with asks.stream("GET", "/api/stream?after=0") as stream:
        told = messages(stream.iter_lines(), 80)
    assert [json.loads(one["data"])["id"] for one in told] == [f"{n}{mark}" for n in range(40) for mark in ("", "'")]
    assert asks.get("/api/stream", headers={"last-event-id": "x"}).status_code == 400


def test_a_client_that_resumes_knows_where_before_the_first_event(asks: httpx.Client) -> None:
    sent(asks, event("a"))
    (last,) = asks.get("/api/events").json()["events"]
    with asks.stream("GET", "/api/stream") as stream:
        lines = stream.iter_lines()
        assert [next(lines) for _ in range(3)] == ["retry: 1000", f"id: {last['seq']}", ""]


def test_export_is_every_whole_event(asks: httpx.Client) -> None:
    for n in range(50):
        sent(asks, event(f"{n}"), event(f"{n}'", closed=True))
    answer = asks.get("/api/export?good=true")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert "content-length" not in answer.headers  # in chunks
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["id"] for one in lines] == [str(n) for n in range(50)]
    assert [one["body"]["xdm"]["_id"] for one in lines] == [str(n) for n in range(50)]
    assert asks.get("/api/export?test=never").content == b""


# ---- registering


def test_a_run_with_an_inlet_and_a_clock(asks: httpx.Client) -> None:
    now_ms = time.time_ns() // 1_000_000
    clock = {"origin_ms": now_ms, "anchor_ms": 1_000_000, "speed": 1000.0}
    wanted = {"run": "fast", "datastream": "fast-1", "inlet": "ab" * 32, "clock": clock}
    answer = asks.post("/api/runs", json=wanted)
    assert answer.status_code == 201
    assert answer.json() == {"org": "F00F00000000000000000000@AdobeOrg", **wanted}
    assert asks.post("/api/runs", json=wanted).status_code == 200  # again

    sent(asks, event("a"), stream="fast-1")
    message = {**MESSAGE, "body": {**MESSAGE["body"], "xdmEntity": event("b")}}
    assert asks.post(f"/collection/{'ab' * 32}", json=message).status_code == 200
    events = asks.get("/api/events?run=fast").json()["events"]
    assert [(one["id"], one["arrived"]) for one in events] == [("a", "interact"), ("b", "inlet")]
    for one in events:
        assert one["run_ms"] == 1_000_000 + (one["received_ms"] - now_ms) * 1_000
    runs = {run["run"]: run for run in asks.get("/api/runs").json()["runs"]}
    assert runs["fast"] == {
        "run": "fast", "datastreams": ["fast-1"], "inlets": ["ab" * 32], "total": 2, "good": 2, "bad": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"inlet": "ab"}, 400),
        ({"inlet": "g" * 64}, 400),
        ({"clock": {"origin_ms": 0, "anchor_ms": 0}}, 400),
        ({"clock": {"origin_ms": 0, "anchor_ms": 0, "speed": 0}}, 400),
        ({"clock": {"origin_ms": 0, "anchor_ms": 0, "speed": 1e300}}, 400),
        ({"clock": {"origin_ms": 2**62, "anchor_ms": 0, "speed": 1}}, 400),  # beyond what a store can hold
        ({"inlet": LOCAL_INLET}, 409),
        ({"datastream": "set-up"}, 409),
    ],
)
def test_a_registration_that_is_refused_changes_nothing(asks: httpx.Client, more: dict[str, Any], status: int) -> None:
    before = asks.get("/api/platform").json()
    assert asks.post("/api/runs", json={"run": "other", "datastream": "other-1", **more}).status_code == status
    assert asks.get("/api/platform").json() == before


def test_what_a_configuration_says_of_a_datastream_stays(asks: httpx.Client) -> None:
    assert asks.post("/api/runs", json={"run": "r-set", "datastream": "set-up"}).status_code == 200
    shown = asks.get("/api/platform").json()
    streams = {one["id"]: one for one in shown["datastreams"]}
    assert streams["set-up"]["segments"] == ["vip"]
    assert [one["do"] for one in shown["faults"]] == ["latency"]
    assert shown["seed"] == 7
    assert LOCAL_INLET in {one["id"] for one in shown["inlets"]}


# a platform file's own `local` and local inlet, one more of each that is tied to no run, and a clock
FOR_RUNS = {
    "datastreams": [
        {"id": "local", "segments": ["vip"], "consent": "p", "hint": "sgp3"},
        {"id": "shop", "segments": ["shoppers"]},
    ],
    "inlets": [
        {"id": LOCAL_INLET, "failure_key": "status", "dataset": "d-2"},
        {"id": "ab" * 32, "sync_validation": False},
    ],
}
CLOCK = {"origin_ms": 1, "anchor_ms": 2, "speed": 3.0}


def test_what_a_run_registers_is_set_up_as_the_file_says() -> None:
    with platform(config=FOR_RUNS) as process, httpx.Client(base_url=process.url, trust_env=False) as client:
        for registration, status in (
            # new ones are set up as the local ones are
            ({"run": "noon", "datastream": "noon-1", "inlet": "cd" * 32, "clock": CLOCK}, 201),
            # one of the file that belongs to no run in particular becomes the run's, and stays what it is
            ({"run": "one", "datastream": "shop", "inlet": "ab" * 32}, 200),
            # but then it is no other run's
            ({"run": "two", "datastream": "shop"}, 409),
            # what everybody uses is nobody's
            ({"run": "two", "datastream": "local"}, 409),
            ({"run": "two", "datastream": "two", "inlet": LOCAL_INLET}, 409),
        ):
            assert client.post("/api/runs", json=registration).status_code == status, registration
        shown = client.get("/api/platform").json()
    streams = {one["id"]: one for one in shown["datastreams"]}
    inlets = {one["id"]: one for one in shown["inlets"]}
    assert streams["noon-1"] == {**streams["local"], "id": "noon-1", "run": "noon", "clock": CLOCK}
    assert streams["noon-1"]["segments"] == ["vip"]
    assert (streams["shop"]["run"], streams["shop"]["segments"]) == ("one", ["shoppers"])
    assert inlets["cd" * 32] == {**inlets[LOCAL_INLET], "id": "cd" * 32, "run": "noon", "clock": CLOCK}
    assert inlets["cd" * 32]["failure_key"] == "status"
    assert (inlets["ab" * 32]["run"], inlets["ab" * 32]["sync_validation"]) == ("one", False)
    assert streams["local"]["run"] == inlets[LOCAL_INLET]["run"] == "local"
