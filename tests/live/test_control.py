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
from footfall.evidence.received import Received
from footfall.live import inputs
from footfall.live.control import Control, PlatformGone, start_platform
from footfall.live.rundir import ask_receiver, read_received
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
