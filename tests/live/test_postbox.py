"""The mailbox that stands in for APNs and FCM, against a small platform of its own on loopback; and what a phone gets
of a message."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import gevent
import gevent.event
import httpx
import msgspec
import pytest
from small_inputs import small_spec

from footfall.engine.attention import Notification
from footfall.live import postbox
from footfall.live.locust.active import ActiveRun
from footfall.live.notifications import Pushed, notification_of
from footfall.live.postbox import Postbox
from footfall.xdm.messaging import PushMessage

pytestmark = pytest.mark.e2e

Answer = tuple[int, object]
NOTHING: Answer = (408, {"messages": [], "next": None})
PATIENCE_S = 10.0


def row(seq: int, **changed: Any) -> dict[str, Any]:
    """A message as the platform lists it."""
    fields = {
        "seq": seq, "run": "noon", "id": f"m{seq}", "journey": "welcome", "node": "hello", "channel": "push",
        "ecid": "4711", "at_ms": 5_000 + seq, "content": {"title": "Hello"}, "tracking": {"a": 1}, "to": "t0k3n",
    }  # fmt: skip
    return fields | changed


class Platform:
    """Answers as its script says, then for a while nothing, as if nobody were sent anything any more."""

    def __init__(self, *script: Answer) -> None:
        self.asked: list[dict[str, str]] = []
        self._script = list(script)
        self.closing = threading.Event()
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, content = platform.answer(self.path)
                body = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, path: str) -> Answer:
        assert urlsplit(path).path == "/api/messages"
        self.asked.append(dict(parse_qsl(urlsplit(path).query)))
        if self._script:
            return self._script.pop(0)
        self.closing.wait(0.05)
        return NOTHING

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class Cooperative(httpx.Client):
    """Waits in a thread, so that others may go on. In a run Locust has made all sockets so."""

    def get(self, *args: Any, **more: Any) -> httpx.Response:
        return gevent.get_hub().threadpool.apply(super().get, args, more)


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postbox, "httpx", SimpleNamespace(Client=Cooperative, HTTPError=httpx.HTTPError))
    monkeypatch.setattr(postbox, "PAUSE_S", 0.01)


@pytest.fixture
def listen() -> Iterator[Callable[..., tuple[Platform, list[Pushed]]]]:
    """A platform with this script, and what a postbox of the run "noon" has got when it has delivered `count`."""
    opened: list[Platform] = []

    def start(*script: Answer, count: int) -> tuple[Platform, list[Pushed]]:
        platform = Platform(*script)
        opened.append(platform)
        got: list[Pushed] = []
        enough = gevent.event.Event()

        def deliver(pushed: Pushed) -> None:
            got.append(pushed)
            if len(got) >= count:
                enough.set()

        failures: list[Exception] = []
        box = Postbox(platform.url, "noon", deliver, failures.append)
        try:
            assert enough.wait(PATIENCE_S), f"{len(got)} of {count} messages came"
            asked = len(platform.asked)
            with gevent.Timeout(PATIENCE_S):
                while len(platform.asked) < asked + 2:  # it goes on listening, and nothing comes twice
                    gevent.sleep(0.01)
        finally:
            box.close()
        assert failures == []
        return platform, got

    yield start
    for platform in opened:
        platform.close()


def ids(got: list[Pushed]) -> list[str]:
    return [pushed.id for pushed in got]


def test_messages_are_delivered_in_order_and_each_once(listen) -> None:
    platform, got = listen(
        (200, {"messages": [row(3), row(7)], "next": 7}),
        NOTHING,  # and waited for again
        (200, {"messages": [row(8)], "next": 8}),
        count=3,
    )
    assert ids(got) == ["m3", "m7", "m8"]
    assert platform.asked[0] == {
        "run": "noon", "channel": "push", "after": "0", "limit": str(postbox.PAGE), "wait_s": str(postbox.WAIT_S),
    }  # fmt: skip
    assert [query["after"] for query in platform.asked[:5]] == ["0", "7", "7", "8", "8"]


def test_what_is_needed_of_a_message_is_kept(listen) -> None:
    _, got = listen((200, {"messages": [row(1)], "next": 1}), count=1)
    (pushed,) = got
    assert (pushed.id, pushed.ecid, pushed.at_ms) == ("m1", "4711", 5_001)
    assert json.loads(bytes(pushed.content)) == {"title": "Hello"}
    assert json.loads(bytes(pushed.tracking)) == {"a": 1}


# what a platform may say that is no answer
FAILURES = [
    (503, {"error": "the platform is shutting down"}),
    (500, b"broken"),
    (404, {"error": "this platform runs no journeys"}),
    (200, b"<html>"),
    (200, {"messages": [{"seq": 1}]}),
]


@pytest.mark.parametrize("failure", FAILURES)
def test_after_a_failure_it_goes_on_where_it_was_and_says_so_once(failure: Answer, listen, caplog) -> None:
    with caplog.at_level(logging.WARNING, "footfall"):
        platform, got = listen(
            (200, {"messages": [row(1)], "next": 1}),
            failure,
            failure,
            failure,
            (200, {"messages": [row(2)], "next": 2}),
            count=2,
        )
    assert ids(got) == ["m1", "m2"]
    assert [query["after"] for query in platform.asked[:6]] == ["0", "1", "1", "1", "1", "2"]
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["push messages cannot be fetched"]


def test_a_second_time_out_of_reach_is_told_again(listen, caplog) -> None:
    broken = (500, b"broken")
    with caplog.at_level(logging.WARNING, "footfall"):
        _, got = listen(broken, (200, {"messages": [row(1)]}), broken, (200, {"messages": [row(2)]}), count=2)
    assert ids(got) == ["m1", "m2"]
    assert len(caplog.records) == 2


def test_a_platform_that_is_not_there_is_waited_for(caplog) -> None:
    with caplog.at_level(logging.WARNING, "footfall"):
        failures: list[Exception] = []
        box = Postbox("127.0.0.1:9", "noon", lambda pushed: None, failures.append)
        gevent.sleep(0.2)
        box.close()
        gevent.sleep(0.05)
    assert len(caplog.records) == 1
    assert failures == [], "neither that nor being closed ends the run"


def test_a_listener_that_dies_says_why() -> None:
    platform = Platform((200, {"messages": [row(1)]}))
    failures: list[Exception] = []

    def deliver(pushed: Pushed) -> None:
        raise ZeroDivisionError(pushed.id)

    box = Postbox(platform.url, "noon", deliver, failures.append)
    try:
        with gevent.Timeout(PATIENCE_S):
            while not failures:
                gevent.sleep(0.01)
        asked = len(platform.asked)
        gevent.sleep(0.1)
        assert len(platform.asked) == asked, "nobody listens any more"
        assert list(map(repr, failures)) == ["ZeroDivisionError('m1')"]
    finally:
        box.close()
        platform.close()


def test_the_run_ends_with_its_listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postbox, "_PAGE", None)
    platform = Platform((200, {"messages": []}))
    spec = small_spec(tmp_path, host=f"http://{platform.url}", pushes_of="noon")
    active = ActiveRun(spec, "local", lambda: 0, lambda k: None, lambda **_: None)
    try:
        with gevent.Timeout(PATIENCE_S):
            while active.trouble is None:
                gevent.sleep(0.01)
        kind, why = active.trouble
        assert (kind, why.partition(": ")[0]) == ("crashed", "push messages are no longer fetched")
        assert active.begin() is None, "nobody lives any more without their mailbox"
    finally:
        active.close()
        platform.close()


def test_once_closed_nobody_listens(listen) -> None:
    platform, _ = listen((200, {"messages": [row(1)], "next": 1}), count=1)
    gevent.sleep(0.1)  # what was under way comes to its end
    asked = len(platform.asked)
    gevent.sleep(0.2)
    assert len(platform.asked) == asked


# --- what a phone gets of it

SENT_MS, ANCHOR_MS = 1_772_884_805_000, 1_772_884_800_000


# content, tracking -> its buttons, and what comes back
@pytest.mark.parametrize(
    ("content", "tracking", "buttons", "xdm"),
    [
        (b'{"title":"Hello","body":"World"}', b'{"_experience":{"a":1}}', (), {"mixins": {"_experience": {"a": 1}}}),
        (
            b'{"title":"Hello","buttons":[{"id":"buy","label":"Buy"},{"id":"no","label":"Not now"}]}',
            b'{"_experience":{}}',
            ("buy", "no"),
            {"mixins": {"_experience": {}}},
        ),
        # what is not tracked
        (b"{}", b"{}", (), {"mixins": {}}),
    ],
)
def test_a_message_as_a_notification(content, tracking, buttons, xdm) -> None:
    pushed = Pushed("m1", "4711", msgspec.Raw(content), SENT_MS, msgspec.Raw(tracking))
    made = notification_of(pushed, ANCHOR_MS)
    assert made == Notification(PushMessage("m1", made.message.xdm), buttons, sent_ms=5_000)
    assert json.loads(made.message.xdm) == xdm
