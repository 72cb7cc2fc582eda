"""The platform as a process: its API, its pages, who may change what, how it starts and stops."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from starlette.routing import Route

from footfall.platform import api, openapi, openapi_devices, pages
from footfall.platform.commits import Commits
from footfall.platform.config import PlatformConfig
from footfall.platform.core import Platform
from footfall.platform.database import MEMORY
from footfall.platform.loopback import is_loopback, refusal
from footfall.platform.package_data import event_schema
from footfall.platform.store import Store
from footfall.platform.stored import Count

pytestmark = pytest.mark.e2e

INTERACT = "/ee/v1/interact"


def body_of(*xdm: dict[str, Any]) -> dict[str, Any]:
    meta = {"konductorConfig": {"streaming": {"enabled": True, "recordSeparator": "\0", "lineFeed": "\n"}}}
    identity = {"ECID": [{"id": "7" * 38, "authenticatedState": "ambiguous", "primary": False}]}
    return {"meta": meta, "xdm": {"identityMap": identity}, "events": [{"xdm": event} for event in xdm]}


def visit(id_: str, **more: Any) -> dict[str, Any]:
    return {"_id": id_, "timestamp": "2026-03-07T11:15:30.123Z", "eventType": "location.entry", **more}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """One platform for the questions of this module, with the events of run-1 in it."""
    store = tmp_path_factory.mktemp("platform") / "store.sqlite"
    command = [sys.executable, "-m", "footfall.platform", "--port", "0", "--store", str(store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split(" ")[4]
        with httpx.Client(base_url=url, trust_env=False) as client:
            client.post("/api/runs", json={"run": "run-1", "datastream": "d-1"})
            params = {"configId": "d-1", "requestId": "R-1"}
            for events in ([visit("a")], [visit("b"), visit("c", closed=True)], [visit("a")]):
                assert client.post(INTERACT, params=params, json=body_of(*events)).status_code == 200
            yield client
        process.terminate()


def test_an_answer_to_a_phone_is_framed_and_complete(platform: httpx.Client) -> None:
    response = platform.post(INTERACT, params={"configId": "local", "requestId": "R-9"}, json=body_of(visit("z")))
    assert response.headers["content-type"] == "application/json;charset=utf-8"
    assert response.content[:1] == b"\0"
    assert response.content[-1:] == b"\n"
    assert json.loads(response.content[1:])["requestId"] == "R-9"


def test_counts(platform: httpx.Client) -> None:
    assert platform.get("/api/counts", params={"run": "run-1"}).json() == {
        "run": "run-1",
        "total": 4,
        "good": 3,
        "bad": 1,
        "types": {"location.entry": {"good": 3, "bad": 1}},
    }
    assert platform.get("/api/counts").json()["total"] >= 4
    assert platform.get("/api/counts", params={"run": "never"}).json()["total"] == 0


def test_good_and_bad(platform: httpx.Client) -> None:
    good = platform.get("/api/good", params={"run": "run-1"}).json()["events"]
    bad = platform.get("/api/bad", params={"run": "run-1"}).json()["events"]
    assert [event["id"] for event in good] == ["a", "b", "a"]
    assert [(event["id"], event["reasons"]) for event in bad] == [
        ("c", ["#: extraneous key [closed] is not permitted"])
    ]


def test_events_by_phone_type_and_page(platform: httpx.Client) -> None:
    def asked(**params: Any) -> tuple[list[str], int | None]:
        page = platform.get("/api/events", params={"run": "run-1", **params}).json()
        return [event["id"] for event in page["events"]], page["next"]

    assert asked()[0] == ["a", "b", "c", "a"]
    assert asked(phone="7" * 38)[0] == ["a", "b", "c", "a"]
    assert asked(phone="8")[0] == []
    assert asked(type="location.exit")[0] == []
    assert asked(good="false")[0] == ["c"]
    first, following = asked(limit=3)
    assert (first, asked(after=following)) == (["a", "b", "c"], (["a"], None))


def test_one_event_with_its_body_and_all_its_copies(platform: httpx.Client) -> None:
    found = platform.get("/api/events/a").json()
    assert found["id"] == "a"
    assert len(found["copies"]) == 2
    assert found["copies"][0]["body"]["xdm"]["identityMap"]["ECID"][0]["id"] == "7" * 38
    assert platform.get("/api/events/never").status_code == 404


def test_runs(platform: httpx.Client) -> None:
    runs = {run["run"]: run for run in platform.get("/api/runs").json()["runs"]}
    assert runs["run-1"] == {"run": "run-1", "datastreams": ["d-1"], "inlets": [], "total": 4, "good": 3, "bad": 1}
    assert runs["local"]["datastreams"] == ["local"]


def test_received_is_one_line_per_event(platform: httpx.Client) -> None:
    response = platform.get("/api/runs/run-1/received")
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert response.headers["content-type"].startswith("application/x-ndjson")
    assert [line["id"] for line in lines] == ["a", "b", "c", "a"]
    assert set(lines[0]) == {"seq", "id", "type", "good", "reasons", "ecid"}
    rest = platform.get("/api/runs/run-1/received", params={"after": lines[1]["seq"], "limit": 1})
    assert [json.loads(line)["id"] for line in rest.text.splitlines()] == ["c"]
    assert platform.get("/api/runs/never/received").status_code == 404
    platform.post("/api/runs", json={"run": "run-empty", "datastream": "d-empty"})
    assert platform.get("/api/runs/run-empty/received").content == b""


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"run": "run-1", "datastream": "d-1"}, 200),  # again
        ({"run": "run-1", "datastream": "d-2"}, 201),  # a run may have several
        ({"run": "run-2", "datastream": "d-1"}, 409),
        ({"run": "run-2", "datastream": "local"}, 409),
        ({"run": "run-2"}, 400),
        ({"run": "run-2", "datastream": "a b"}, 400),
        ({"run": "", "datastream": "d-3"}, 400),
        ({"run": "run-2", "datastream": "d-3", "org": "x"}, 400),
        ([], 400),
    ],
)
def test_registering(platform: httpx.Client, body: object, status: int) -> None:
    response = platform.post("/api/runs", json=body)
    assert response.status_code == status
    assert ("error" in response.json()) is (status >= 400)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/counts?rnu=x", 400),  # a typo would count everything
        ("/api/events?limit=0", 400),
        ("/api/events?limit=1001", 400),
        ("/api/events?after=-1", 400),
        ("/api/events?after=%D9%A1", 400),  # a digit, but not one of ours
        ("/api/events?good=yes", 400),
        ("/api/events?run=", 400),
        ("/api/events?run=a&run=b", 400),
        ("/api/runs/run-1/received?limit=50001", 400),
        ("/nowhere", 404),
        ("/api/reset", 405),
        ("/ee/nowhere/v1/interact", 404),
    ],
)
def test_a_wrong_question_is_answered_with_what_is_wrong(platform: httpx.Client, path: str, status: int) -> None:
    response = platform.get(path)
    assert response.status_code == status
    assert "Traceback" not in response.text


# ---- who may change something


def test_reading_and_changing_are_for_this_machine_only(platform: httpx.Client) -> None:
    evil = {"origin": "https://shop.example.com"}
    rebound = {"host": "shop.example.com"}
    for headers in (evil, rebound, {"origin": "null"}):
        for path in ("/api/runs", "/api/reset"):
            assert platform.post(path, json={}, headers=headers).status_code == 403
        for path in ("/", "/docs", "/openapi.json", "/api/counts", "/api/events/a", "/api/stream", "/nowhere"):
            assert platform.get(path, headers=headers).status_code == 403  # by rebinding a page could read the answer
        assert platform.post(INTERACT, params={"configId": "local"}, json=body_of(), headers=headers).status_code != 403
    assert platform.get("/api/counts", params={"run": "run-1"}).json()["total"] == 4

    same = {"origin": str(platform.base_url).rstrip("/")}
    assert platform.post("/api/reset", params={"run": "nobody"}, headers=same).status_code == 200


@pytest.mark.parametrize(
    ("host", "origin", "refused"),
    [
        ("127.0.0.1:8090", None, False),
        ("localhost:1", None, False),
        ("LocalHost", None, False),
        ("[::1]:8090", None, False),
        ("127.9.9.9", None, False),
        ("127.0.0.1", "http://localhost:8090", False),
        ("127.0.0.1", "http://[::1]:8090", False),
        (None, None, True),
        ("", None, True),
        ("192.0.2.1:8090", None, True),
        ("localhost.example.com", None, True),
        ("127.0.0.1.example.com", None, True),
        ("user@127.0.0.1@example.com", None, True),
        ("[::1", None, True),
        ("127.0.0.1", "https://example.com", True),
        ("127.0.0.1", "null", True),  # a sandboxed page, a file
        ("127.0.0.1", "", True),
    ],
)
def test_loopback_is_told_from_what_looks_like_it(host: str | None, origin: str | None, refused: bool) -> None:
    assert (refusal(host, origin) is not None) is refused


def test_names_of_this_machine() -> None:
    assert [name for name in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "", "10.0.0.1") if is_loopback(name)] == [
        "127.0.0.1", "::1", "localhost",
    ]  # fmt: skip


# ---- the document and the pages


def test_every_route_is_in_the_document_and_nothing_else() -> None:
    with Store(MEMORY) as store:
        platform = Platform((), event_schema())
        application = api.Api(api.Setup(platform, store, Commits(), PlatformConfig(), False)).application()
    routes = {
        (method.lower(), route.path.replace(":path", ""))
        for route in application.routes
        if isinstance(route, Route) and route.methods
        for method in route.methods - {"HEAD"}
    }
    documented = {(method, path) for path, methods in openapi.document()["paths"].items() for method in methods}

    pages = {("get", "/"), ("get", "/docs"), ("get", "/openapi.json")}
    phones = {(method, path) for path, methods in openapi_devices.PATHS.items() for method in methods}
    assert routes - pages == documented - phones
    assert phones <= documented


def test_the_document_and_the_answers_agree(platform: httpx.Client) -> None:
    document = platform.get("/openapi.json").json()
    asked = {
        "/api/health": "/api/health",
        "/api/counts": "/api/counts?run=run-1",
        "/api/good": "/api/good?run=run-1",
        "/api/bad": "/api/bad",
        "/api/events": "/api/events?limit=2",
        "/api/events/{id}": "/api/events/c",
        "/api/runs": "/api/runs",
        "/api/platform": "/api/platform",
        "/api/wait": "/api/wait?run=run-1&count=4&body=true",
        "/api/absent": "/api/absent?type=never&for_s=0",
        "/placesedgequery": "/placesedgequery?library=a&latitude=60&longitude=24",
    }
    for path, url in asked.items():
        answer = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        validator = jsonschema_rs.Draft202012Validator({**answer, "components": document["components"]})
        response = platform.get(url)
        assert response.status_code == 200
        assert [str(error) for error in validator.iter_errors(response.json())] == [], path
    received = jsonschema_rs.Draft202012Validator(document["components"]["schemas"]["Received"])
    assert all(
        received.is_valid(json.loads(line)) for line in platform.get("/api/runs/run-1/received").text.splitlines()
    )


def test_the_documents_parameters_are_the_ones_that_are_taken(platform: httpx.Client) -> None:
    samples = {
        "run": "x", "phone": "7", "person": "x", "test": "x", "type": "x", "good": "true", "since_ms": "0",
        "after": "0", "limit": "5", "body": "true", "count": "1", "timeout_s": "0", "for_s": "0.1",
    }  # fmt: skip
    for path, methods in openapi.document()["paths"].items():
        if "get" not in methods or not path.startswith("/api/") or path == "/api/stream":
            continue  # a stream has no end
        if methods["get"]["tags"][0] in ("Journeys", "People"):
            continue  # no journeys run here; see test_journeys_api
        names = {parameter["name"] for parameter in methods["get"]["parameters"] if parameter["in"] == "query"}
        url = path.replace("{id}", "a").replace("{run}", "run-1")
        expected = 408 if path == "/api/wait" else 200
        assert platform.get(url, params={name: samples[name] for name in names}).status_code == expected, path
        if names:
            assert platform.get(url, params={"unknown": "1"}).status_code == 400, path


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_need_nothing_from_elsewhere(platform: httpx.Client, path: str) -> None:
    response = platform.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert "<script" not in response.text
    assert not re.search(r"""(src|href)=["'](https?:)?//""", response.text)
    assert "prefers-color-scheme: dark" in response.text


def test_what_phones_sent_is_text_on_the_page(platform: httpx.Client) -> None:
    hostile = "</td><script>alert(1)</script><img src=x onerror=alert(2)> ' \" & $title $body"
    platform.post(INTERACT, params={"configId": "local"}, json=body_of(visit("x") | {"eventType": hostile}))
    page = platform.get("/")
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "&lt;/td&gt;&lt;script&gt;alert(1)" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    listed = platform.get("/api/events", params={"type": hostile})
    assert listed.headers["content-type"] == "application/json"
    assert [event["type"] for event in listed.json()["events"]] == [hostile]


def test_a_hostile_run_is_text_on_the_page() -> None:
    page = pages.front([Count("<script>r", "t", True, 1)], 0, "<b>store", "<i>trouble")
    assert ("<script" in page, "<b>store" in page, "<i>" in page) == (False, False, False)


def test_the_index_names_every_operation(platform: httpx.Client) -> None:
    endpoints = platform.get("/api").json()["endpoints"]
    assert {"method": "POST", "path": "/api/reset"}.items() <= next(
        endpoint for endpoint in endpoints if endpoint["path"] == "/api/reset"
    ).items()


# ---- starting and stopping


def test_it_says_when_it_is_ready_and_stops_with_zero(start: Callable[..., Any]) -> None:
    began = time.monotonic()
    running = start()
    took_s = time.monotonic() - began
    assert running.line == f"footfall platform listening on http://127.0.0.1:{running.port} (store {running.store})"
    assert took_s < 2.0  # about 0.4 s on an idle machine
    assert httpx.get(f"{running.url}/api/health", trust_env=False).json()["durable"] == "process"

    with socket.create_connection(("127.0.0.1", running.port)):  # a phone that keeps its connection
        running.process.send_signal(signal.SIGTERM)
        out, err = running.process.communicate(timeout=10)
    assert (running.process.returncode, out, err) == (0, "", "")


def test_interrupted_from_the_keyboard_it_stops_with_zero_too(start: Callable[..., Any]) -> None:
    running = start("--fsync")
    assert httpx.get(f"{running.url}/api/health", trust_env=False).json()["durable"] == "power"
    running.process.send_signal(signal.SIGINT)
    assert running.process.communicate(timeout=10) == ("", "")
    assert running.process.returncode == 0


def refused_start(*arguments: str) -> str:
    command = [sys.executable, "-m", "footfall.platform", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_port_that_is_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = refused_start("--port", str(port), "--store", str(tmp_path / "s.sqlite"))
    assert message.count("\n") == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in message
    assert not (tmp_path / "s.sqlite").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
def test_it_binds_loopback_only(host: str) -> None:
    assert "binds to loopback only" in refused_start("--host", host, "--port", "0", "--store", ":memory:")


def test_input_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("not a database at all, but long enough to be read as one" * 10)
    assert "not a database" in refused_start("--port", "0", "--store", str(tmp_path / "notes"))
    missing = str(tmp_path / "missing.geojson")
    assert "cannot read" in refused_start("--port", "0", "--store", ":memory:", "--geofences", missing)


def test_geofence_files_are_what_places_answers_from(start: Callable[..., Any], tmp_path: Path) -> None:
    def written(name: str, id_: str) -> str:
        properties = {"name": "Coffee", "category": "cafe", "library": "lib", "radius_m": 100}
        place = {"type": "Point", "coordinates": [24.94, 60.17]}
        feature = {"type": "Feature", "id": id_, "geometry": place, "properties": properties}
        (tmp_path / name).write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
        return str(tmp_path / name)

    first, second = written("first.geojson", "p1"), written("second.geojson", "p2")
    running = start("--geofences", first, "--geofences", second)
    url = f"{running.url}/placesedgequery/?library=lib&latitude=60.17&longitude=24.94&limit=5"
    places = httpx.get(url, trust_env=False).json()["places"]
    assert [place["p"][0] for place in places["userWithin"]] == ["p1", "p2"]

    start_again = ("--port", "0", "--store", ":memory:", "--geofences", first, "--geofences")
    assert "the POI 'p1' is in an earlier file too" in refused_start(*start_again, first)
    (tmp_path / "bad.geojson").write_text("[]")
    assert f"{tmp_path / 'bad.geojson'}:1:1" in refused_start(*start_again, str(tmp_path / "bad.geojson"))


def test_datastreams_are_known_again_after_a_restart(start: Callable[..., Any]) -> None:
    first = start()
    httpx.post(f"{first.url}/api/runs", json={"run": "r", "datastream": "d"}, trust_env=False)
    first.process.terminate()
    first.process.wait(10)

    again = start()
    answer = httpx.post(f"{again.url}{INTERACT}", params={"configId": "d"}, json=body_of(visit("a")), trust_env=False)
    assert answer.status_code == 200
    assert "store :memory:" not in again.line
