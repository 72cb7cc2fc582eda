"""Webhooks of journeys, called at a small server on this machine."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import msgspec
import pytest
from platform_process import event, platform

from footfall.platform.journeys.messages import Message
from footfall.platform.webhooks import RETRIES, Webhooks

PAUSE_S = 0.01
JOURNEY = """\
journey: hooked
namespace: ECID
events:
  visit: {{when: eventType == "location.entry"}}
entry: {{on: visit, next: call}}
nodes:
  call:
    webhook: {{url: "{url}", body: '{{"who": "x"}}', timeout: 2s}}
    next: done
    on-error: failed
  done: {{in-app: {{surface: home, content: {{title: done}}}}, next: end}}
  failed: {{in-app: {{surface: home, content: {{title: failed}}}}, next: end}}
"""


class Server(ThreadingHTTPServer):
    """Answers with these statuses, one after the other, then always with the last; keeps what came."""

    daemon_threads = True

    def __init__(self, *statuses: int, delay_s: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses = list(statuses)
        self.delay_s = delay_s
        self.came: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.came.append((self.path, headers, content))
        status = self.server.statuses.pop(0) if len(self.server.statuses) > 1 else self.server.statuses[0]
        time.sleep(self.server.delay_s)
        self.send_response(status)
        if status in (301, 302, 307, 308):
            self.send_header("location", f"{self.server.url}/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST  # what a redirect that is followed may become

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def server(*statuses: int, delay_s: float = 0.0) -> Iterator[Server]:
    with Server(*statuses, delay_s=delay_s) as one:
        thread = threading.Thread(target=one.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield one
        finally:
            one.shutdown()
            thread.join()


def message(url: str, timeout_ms: int = 2_000) -> Message:
    content = msgspec.Raw(b'{"a":1}')
    return Message("m1", "j", "n", "i", "k", "webhook", url, 0, content, timeout_ms=timeout_ms)


def called(*messages: Message) -> list[tuple[str, str, str]]:
    """What was said of each when it was over."""

    async def call() -> list[tuple[str, str, str]]:
        heard: list[tuple[str, str, str]] = []
        webhooks = Webhooks(lambda run, id, why: heard.append((run, id, why)), PAUSE_S)
        for one in messages:
            webhooks.call("r", one)
        while len(heard) < len(messages):
            await asyncio.sleep(0.005)
        return heard

    return asyncio.run(asyncio.wait_for(call(), 10))


@pytest.mark.parametrize(
    ("statuses", "calls", "fails"),
    [
        ((200,), 1, False),
        ((204,), 1, False),
        # tried again: every error but three
        ((500, 200), 2, False),
        ((500, 503, 429, 200), 4, False),
        ((400, 201), 2, False),
        ((500,), 1 + RETRIES, True),
        # those are final
        ((401,), 1, True),
        ((403,), 1, True),
        ((404,), 1, True),
        ((500, 404), 2, True),
        # not followed, and no success
        ((302,), 1 + RETRIES, True),
        ((307,), 1 + RETRIES, True),
    ],
)
def test_what_is_tried_again_and_what_is_not(statuses: tuple[int, ...], calls: int, fails: bool) -> None:
    with server(*statuses) as one:
        ((run, id_, why),) = called(message(f"{one.url}/hook"))
        assert (run, id_, len(one.came)) == ("r", "m1", calls)
        assert why == (f"{one.url}/hook answered {statuses[-1]}" if fails else "")
        assert {path for path, _, _ in one.came} == {"/hook"}


def test_a_call_carries_the_body_and_the_id_of_the_message() -> None:
    with server(200) as one:
        called(message(one.url))
        ((path, headers, content),) = one.came
    assert (path, content) == ("/", b'{"a":1}')
    assert (headers["content-type"], headers["x-request-id"]) == ("application/json", "m1")


def test_a_server_that_is_not_there_or_too_slow_is_a_failure() -> None:
    with server(200) as one:
        nobody = one.url
    ((_, _, why),) = called(message(nobody))
    assert why.startswith(f"{nobody}: ")
    assert len(why) > len(f"{nobody}: ")
    with server(200, delay_s=0.3) as one:
        ((_, _, why),) = called(message(one.url, timeout_ms=50))
        assert why == f"{one.url}: ReadTimeout"
    ((_, _, why),) = called(message("http://[bad"))  # not even a URL
    assert why.startswith("http://[bad: ")


def test_calls_of_a_run_that_is_forgotten_are_given_up() -> None:
    async def call(one: Server) -> list[str]:
        heard: list[str] = []
        webhooks = Webhooks(lambda run, id, why: heard.append(run), 0.2)
        for run in ("kept", "gone"):
            webhooks.call(run, message(f"{one.url}/{run}"))
        while len(one.came) < 2:
            await asyncio.sleep(0.005)
        webhooks.forget("gone")
        await asyncio.sleep(0.5)
        webhooks.close()
        return heard

    with server(500, 500, 200) as one:
        assert asyncio.run(call(one)) == ["kept"]
        assert [path for path, _, _ in one.came].count("/gone") == 1


@pytest.mark.e2e
@pytest.mark.parametrize(
    "url",
    [
        # what httpx lets through from below it: of a port that none can be, and of a host that has no bytes
        "http://127.0.0.1:99999/hook",
        "http://xn--/hook",
    ],
)
def test_an_error_that_nobody_thought_of_is_an_answer_and_is_logged_once(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    ((run, id_, why),) = called(message(url))
    assert (run, id_) == ("r", "m1")
    assert why.startswith(f"{url}: ")
    assert [record.levelname for record in caplog.records if record.name == "footfall.platform.webhooks"] == ["ERROR"]


@pytest.mark.parametrize(("statuses", "title", "calls"), [((500, 200), "done", 2), ((404,), "failed", 1)])
def test_the_journey_goes_on_with_the_outcome(
    tmp_path: Path, statuses: tuple[int, ...], title: str, calls: int
) -> None:
    with server(*statuses) as one:
        (tmp_path / "hooked.yaml").write_text(JOURNEY.format(url=f"{one.url}/hook"))
        with platform(journeys=[str(tmp_path)]) as process, httpx.Client(base_url=process.url, trust_env=False) as asks:
            asks.post("/ee/v1/interact?configId=local", json={"events": [{"xdm": event("v1")}]})
            hook, shown = asks.get("/api/messages?count=2&wait_s=10", timeout=20).json()["messages"]
            assert (hook["channel"], shown["content"]) == ("webhook", {"title": title})
            failed = asks.get("/api/steps?kind=failed").json()["steps"]
            assert [step["why"] for step in failed] == ([f"{one.url}/hook answered 404"] if title == "failed" else [])
            assert process.stop() == (0, "")
        assert [json.loads(content) for _, _, content in one.came] == [{"who": "x"}] * calls
        assert {headers["x-request-id"] for _, headers, _ in one.came} == {hook["id"]}


@pytest.mark.e2e
def test_a_call_under_way_when_the_platform_was_killed_is_made_again(tmp_path: Path) -> None:
    store = str(tmp_path / "store.sqlite")
    with server(200, delay_s=1.0) as one:
        (tmp_path / "hooked.yaml").write_text(JOURNEY.format(url=f"{one.url}/hook"))
        with platform(journeys=[str(tmp_path)], store=store) as process:
            body = {"events": [{"xdm": event("v1")}]}
            httpx.post(f"{process.url}/ee/v1/interact?configId=local", json=body, trust_env=False)
            while not one.came:
                time.sleep(0.01)
            process.popen.kill()
            process.popen.wait()
        one.delay_s = 0.0
        with platform(journeys=[str(tmp_path)], store=store) as process:
            found = httpx.get(f"{process.url}/api/messages?count=2&wait_s=10", trust_env=False, timeout=20).json()
            assert [row["channel"] for row in found["messages"]] == ["webhook", "in-app"]
        assert len({headers["x-request-id"] for _, headers, _ in one.came}) == 1  # so that the server can tell
