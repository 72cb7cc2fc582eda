"""What the run asks the local platform besides the phones' traffic, and what it makes of answers that are none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from small_inputs import small_spec

from footfall.engine.compile import compile_scenario
from footfall.engine.population import Population
from footfall.engine.preview import preview
from footfall.evidence.journeys import Told
from footfall.evidence.received import Received
from footfall.live import inputs
from footfall.live.control import Control, PlatformGone, start_platform
from footfall.live.rundir import ask_receiver, read_journeys, read_received
from footfall.phone.signals import Reply, Request
from footfall.platform.config import LOCAL_INLET
from footfall.world.people import People

pytestmark = pytest.mark.e2e

Answer = Callable[[str], tuple[int, str]]
ROW = {"seq": 1, "id": "e-1", "type": "location.entry", "good": True, "reasons": [], "ecid": "1" * 38}
BAD = {"seq": 2, "id": "e-2", "type": "", "good": False, "reasons": ["xdm.colour: not known"], "ecid": ""}


@pytest.fixture
def platform_that() -> Iterator[Callable[[Answer], Control]]:
    """A platform that answers a GET as the test says."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Answer) -> Control:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, text = answer(self.path)
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return Control(f"http://127.0.0.1:{server.server_port}")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def pages(*rows: dict[str, Any]) -> Answer:
    """A page for each row, then an empty one."""

    def answer(path: str) -> tuple[int, str]:
        after = int(path.partition("after=")[2].partition("&")[0])
        return 200, "".join(json.dumps(row) + "\n" for row in rows if row["seq"] == after + 1)

    return answer


# --- what was received


def test_all_pages_are_read(platform_that: Callable[[Answer], Control]) -> None:
    assert list(platform_that(pages(ROW, BAD)).received("noon")) == [
        Received("e-1", "location.entry", True, (), "1" * 38),
        Received("e-2", "", False, ("xdm.colour: not known",), ""),
    ]


# what is answered on the second page -> what is said
NO_ANSWERS = [
    ((500, "broken"), "does not answer: Server error '500 Internal Server Error'"),
    ((404, "no such path"), "does not answer: Client error '404 Not Found'"),
    ((200, "<html>"), "listed something that is no received event"),
    ((200, '{"seq": 2, "id": "e-2"}'), "listed something that is no received event"),
]


@pytest.mark.parametrize(("second", "said"), NO_ANSWERS)
def test_half_a_reading_is_none(
    platform_that: Callable[[Answer], Control], tmp_path: Path, second: tuple[int, str], said: str
) -> None:
    """An event that is missing from it would be called lost."""
    control = platform_that(lambda path: second if "after=1" in path else (200, json.dumps(ROW)))
    trouble = ask_receiver(control, "noon", tmp_path)
    assert trouble is not None
    assert trouble.kind == "readback-failed"
    assert said in trouble.why
    assert not list(tmp_path.iterdir())
    assert read_received(tmp_path) is None


def test_a_whole_reading_is_kept(platform_that: Callable[[Answer], Control], tmp_path: Path) -> None:
    assert ask_receiver(platform_that(pages(ROW, BAD)), "noon", tmp_path) is None
    kept = read_received(tmp_path)
    assert kept is not None
    assert [received.id for received in kept] == ["e-1", "e-2"]


def test_a_target_without_a_read_api_is_no_failure_of_it(tmp_path: Path) -> None:
    trouble = ask_receiver(None, "noon", tmp_path)
    assert trouble is not None
    assert "no read API" in trouble.why


# --- what its journeys did

STEP = {
    "seq": 1,
    "run": "noon",
    "at_ms": 7,
    "journey": "welcome",
    "kind": "entered",
    "event": "e-1",
    "why": "walked in",
}
PUSH = {
    "seq": 1, "run": "noon", "at_ms": 8, "journey": "welcome", "channel": "push", "id": "m-1", "event": "e-1",
    "content": {"title": "Hello"}, "tracking": {}, "to": "t0k3n",
}  # fmt: skip
TOLD = [
    Told(journey="welcome", kind="entered", event="e-1", why="walked in", at_ms=7),
    Told(journey="welcome", channel="push", id="m-1", event="e-1", at_ms=8),
]


def journeying(steps: list[dict[str, Any]], messages: list[dict[str, Any]], *rows: dict[str, Any]) -> Answer:
    """A platform that lists one step or message a page, and the received events."""
    received = pages(*rows)

    def answer(path: str) -> tuple[int, str]:
        what = path.partition("?")[0].rpartition("/")[2]
        if what == "received":
            return received(path)
        after = int(path.partition("after=")[2].partition("&")[0])
        left = {"steps": steps, "messages": messages}[what][after:]
        more = after + 1 if len(left) > 1 else None
        return 200, json.dumps({what: left[:1], "next": more})

    return answer


def test_steps_then_messages_page_by_page(platform_that: Callable[[Answer], Control]) -> None:
    asked: list[str] = []
    answer = journeying([STEP, STEP | {"kind": "ended"}], [PUSH])

    def listening(path: str) -> tuple[int, str]:
        asked.append(path)
        return answer(path)

    told = list(platform_that(listening).told("noon"))
    assert [one.kind or one.channel for one in told] == ["entered", "ended", "push"]
    assert [told[0], told[2]] == TOLD
    assert asked == [
        "/api/steps?run=noon&after=0&limit=1000",
        "/api/steps?run=noon&after=1&limit=1000",
        "/api/messages?run=noon&after=0&limit=1000",
    ]


@pytest.mark.parametrize("second", [(500, "broken"), (404, "no such path"), (200, "<html>"), (200, '{"steps": [7]}')])
def test_half_of_what_journeys_did_is_none(
    platform_that: Callable[[Answer], Control], tmp_path: Path, second: tuple[int, str]
) -> None:
    answer = journeying([STEP], [PUSH], ROW)
    control = platform_that(lambda path: second if "/api/messages" in path else answer(path))
    with pytest.raises(PlatformGone, match="does not tell what its journeys did"):
        list(control.told("noon"))
    trouble = ask_receiver(control, "noon", tmp_path, with_journeys=True)
    assert trouble is not None
    assert trouble.kind == "readback-failed"
    assert not list(tmp_path.iterdir()), "neither file, nor a part of one"
    assert read_journeys(tmp_path) is None


def test_whether_a_platform_runs_journeys(platform_that: Callable[[Answer], Control]) -> None:
    assert platform_that(lambda path: (200, "{}")).has_journeys()
    assert not platform_that(lambda path: (404, '{"error": "runs no journeys"}')).has_journeys()
    with pytest.raises(PlatformGone, match="does not answer"):
        Control("http://127.0.0.1:9").has_journeys()


def test_what_journeys_did_is_kept_beside_what_was_received(
    platform_that: Callable[[Answer], Control], tmp_path: Path
) -> None:
    control = platform_that(journeying([STEP], [PUSH], ROW))
    assert ask_receiver(control, "noon", tmp_path, with_journeys=True) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["journeys.ndjson", "received.ndjson"]
    kept = read_journeys(tmp_path)
    assert kept is not None
    assert list(kept) == TOLD


def test_who_runs_no_journeys_is_not_asked_for_any_and_an_old_answer_is_none(
    platform_that: Callable[[Answer], Control], tmp_path: Path
) -> None:
    (tmp_path / "journeys.ndjson").write_text("an older answer")
    assert ask_receiver(platform_that(pages(ROW)), "noon", tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == ["received.ndjson"]
    assert read_journeys(tmp_path) is None


def test_what_was_asked_while_phones_were_sending_is_asked_again(
    platform_that: Callable[[Answer], Control], tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger-worker-0.ndjson"
    ledger.touch()
    answer, told, grows = journeying([STEP], [PUSH], ROW), [0], [1]

    def growing(path: str) -> tuple[int, str]:
        if "/api/steps" in path:
            told[0] += 1
            if told[0] in grows:  # while the journeys were asked, a phone was at work
                ledger.write_bytes(b"a line\n" * told[0])
        return answer(path)

    control = platform_that(growing)
    assert ask_receiver(control, "noon", tmp_path, with_journeys=True) is None
    assert told == [2]
    grows.extend(range(3, 99))
    trouble = ask_receiver(control, "noon", tmp_path, with_journeys=True)
    assert trouble is not None
    assert "still going on" in trouble.why
    assert list(tmp_path.iterdir()) == [ledger]


def test_a_run_gets_a_name_that_the_platform_has_no_events_of(platform_that: Callable[[Answer], Control]) -> None:
    totals = {"noon": 9, "noon.2": 4, "noon.3": 0}
    control = platform_that(lambda path: (200, json.dumps({"total": totals[path.partition("run=")[2]]})))
    assert control.claim("noon") == "noon.3"


@pytest.mark.parametrize("text", ["[]", "{}", "<html>", '{"counts": 3}'])
def test_what_is_no_platform_of_ours_is_told(platform_that: Callable[[Answer], Control], text: str) -> None:
    with pytest.raises(PlatformGone, match="does not answer as a local platform"):
        platform_that(lambda path: (200, text)).claim("noon")


# --- a platform of our own


def test_a_platform_is_started_and_stopped(tmp_path: Path) -> None:
    platform = start_platform(tmp_path / "runs", [], fsync=False)
    try:
        assert platform.url.startswith("http://127.0.0.1:")
        assert platform.store.parent == tmp_path / "runs"
        control = Control(platform.url.removeprefix("http://"))  # as a person may write it after --ask
        assert control.claim("noon") == "noon"
        control.register("noon", "d-1")
        assert list(control.received("noon")) == []
        assert platform.running
    finally:
        platform.stop()
    assert not platform.running
    platform.stop()


def test_a_platform_is_started_with_its_file(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(
        "platform: p\ndatastreams: [{id: off, enabled: false}]\nfaults: [{do: status, share: 1, status: 418}]"
    )
    platform = start_platform(tmp_path / "runs", [], fsync=False, config=str(file))
    try:
        assert httpx.post(f"{platform.url}/ee/v1/interact?configId=off", json={}, trust_env=False).status_code == 418
    finally:
        platform.stop()


PERSONAL = f"""\
platform: personal
datastreams:
  - id: local
    propositions:
      - id: welcome-1
        scope: mobileapp://com.example.shop/home
        items: [{{id: item-1, schema: json-content-item, data: {{content: {{title: Welcome}}}}}}]
inlets: [{{id: "{LOCAL_INLET}", dataset: d-2, org: X@AdobeOrg}}]
"""
SURFACES = "app: Shop\nid: com.example.shop\nmessaging: {registered: true, surfaces: [home]}\n"


def test_a_runs_own_platform_answers_its_phones_as_the_file_says_of_local(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(PERSONAL)
    spec = small_spec(tmp_path, app_file="shop.yaml", app_text=SURFACES)
    read = inputs.decode(spec.scenario_file, spec.scenario_text, spec.geofences_file, spec.geofences_text)
    app = inputs.app_of(spec.app_file, spec.app_text).at("its-own", ("one",))
    ready = compile_scenario(read.scenario, read.pois)
    platform = start_platform(tmp_path / "runs", [], fsync=False, config=str(file))
    try:
        control = Control(platform.url)
        control.register("noon", "its-own", "ab" * 32)
        inlet = control.inlet("ab" * 32)
        assert (inlet.id, inlet.dataset, inlet.org) == ("ab" * 32, "d-2", "X@AdobeOrg")
        with pytest.raises(PlatformGone, match="does not say"):
            control.inlet("cd" * 32)

        def answer(request: Request, at_ms: int) -> Reply:
            lines = dict(line.split(": ", 1) for line in request.headers.decode().splitlines())
            url = platform.url + request.target
            told = httpx.request(request.method, url, headers=lines, content=request.body, trust_env=False)
            return Reply(told.status_code, told.content)

        life = Population(ready, People.fill(), app, "noon", 3, 2, 0).life(0)
        answers = [exchange.reply.body for exchange in preview(life, answer).exchanges]
    finally:
        platform.stop()
    (told,) = (body for body in answers if b"welcome-1" in body)
    assert b"personalization:decisions" in told


def test_a_platform_that_cannot_start_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlatformGone, match="the local platform did not start"):
        start_platform(tmp_path, [str(tmp_path / "missing.geojson")], fsync=False)


def test_a_platform_never_outlives_who_started_it(tmp_path: Path) -> None:
    """Not even one that had no time for a last word."""
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from footfall.live.control import start_platform\n"
        "platform = start_platform(Path(sys.argv[1]), [], fsync=False)\n"
        "print(platform._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    started = subprocess.run([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, timeout=30)
    pid = int(started.stdout)
    assert pid != os.getpid()
    try:
        psutil.Process(pid).wait(10)
    except psutil.NoSuchProcess:
        return
