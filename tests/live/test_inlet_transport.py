"""Messages on the wire: which requests go to the inlet and how, batches by size, by age and at the end, and what each
phone hears of its own message. Servers are raw ones on loopback."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from raw_servers import Pieces, RawServer, Serve, always

from footfall.live import inlet as inlet_module
from footfall.live.http import Network, Origin, PhoneTransport
from footfall.live.inlet import (
    TOKEN_VARIABLE,
    Batcher,
    InletTransport,
    TokenUnusable,
    headers_for,
    inlet_id_of,
    inlet_of,
)
from footfall.phone.config import AppConfig, InletConfig
from footfall.phone.signals import Reply, Request
from footfall.platform.config import LOCAL_ORG, LOCAL_SCHEMA

INLET = InletConfig("ab" * 32, "https://ns.adobe.com/t/schemas/s", "A@AdobeOrg", "d", "f")
HEADERS = b"Content-Type: application/json\r\n"
BATCH_PATH = b"POST /collection/batch/" + b"ab" * 32 + b" HTTP/1.1"
SINGLE_PATH = b"POST /collection/" + b"ab" * 32 + b" HTTP/1.1"


def http(status: int, body: object = None, headers: str = "") -> bytes:
    text = b"" if body is None else json.dumps(body).encode()
    return f"HTTP/1.1 {status} It\r\n{headers}Content-Length: {len(text)}\r\n\r\n".encode() + text


OK = http(200, {"inletId": "i", "xactionId": "1:2:3", "receivedTimeMs": 1})


def body_of(request: bytes) -> Any:
    return json.loads(request.partition(b"\r\n\r\n")[2])


def ids(request: bytes) -> list[str]:
    """The `_id`s of the messages in a batch."""
    return [message["body"]["xdmEntity"]["_id"] for message in body_of(request)["messages"]]


def taken(n: int, request: bytes) -> Pieces:
    """207, each entry good."""
    return (http(207, {"batchId": "b", "responses": [{"xactionId": f"b:{i}"} for i in range(len(ids(request)))]}),)


def event(*names: str, channel: Any = "edge", attempt: int = 1, padding: int = 0) -> Request:
    """A phone's request with these events."""
    events = [{"xdm": {"_id": name, "pad": "x" * padding}} for name in names]
    body = json.dumps({"xdm": {"identityMap": {"ECID": [{"id": "1"}]}}, "events": events}).encode()
    headers = b"X-Edge: yes\r\n"
    return Request("r-1", channel, "POST", "/ee/v1/interact", headers, body, "a", names, 0, attempt)


class Phones:
    """Transports of phones that share a process."""

    def __init__(self, server: RawServer, batches: bool, headers: bytes = HEADERS, phones: bool = True) -> None:
        self._network = Network(server.origin, server.origin)
        self.batcher = Batcher(self._network, INLET, headers) if batches else None
        self._headers = headers
        self._phones = phones
        self._made: list[InletTransport] = []

    def phone(self) -> InletTransport:
        plain = PhoneTransport(self._network)
        self._made.append(InletTransport(plain, INLET, self._headers, self._phones, self.batcher))
        return self._made[-1]

    def together(self, *requests: Request) -> list[Reply]:
        """Each request by a phone of its own, at the same time."""
        sending = [gevent.spawn(self.phone().send, request, 0.0) for request in requests]
        gevent.joinall(sending, timeout=10, raise_error=True)
        return [one.get(timeout=1) for one in sending]

    def close(self) -> None:
        if self.batcher is not None:
            self.batcher.close()
        for one in self._made:
            one.close()
        self._network.close()


@pytest.fixture
def phones() -> Iterator[Callable[..., Phones]]:
    made: list[Phones] = []

    def _phones(*arguments: Any, **more: Any) -> Phones:
        made.append(Phones(*arguments, **more))
        return made[-1]

    yield _phones
    for one in made:
        one.close()


# --- a message each


def test_an_event_is_a_message_to_the_inlet(serve: Serve, phones: Callable[..., Phones]) -> None:
    server = serve(always(OK))
    (reply,) = phones(server, batches=False).together(event("e-1"))
    assert reply == Reply(200), "the phone reads nothing out of an inlet's answer"
    (request,) = server.requests
    head = request.partition(b"\r\n\r\n")[0]
    assert head.startswith(SINGLE_PATH)
    assert b"Content-Type: application/json" in head
    assert b"X-Edge" not in head
    message = body_of(request)
    assert message["header"]["source"] == {"name": "phones"}
    assert abs(int(message["header"]["createdAt"]) - time.time() * 1000) < 10_000
    assert message["body"]["xdmEntity"]["_id"] == "e-1"
    assert message["body"]["xdmEntity"]["identityMap"] == {"ECID": [{"id": "1"}]}


def test_everything_else_goes_where_it_went(serve: Serve, phones: Callable[..., Phones]) -> None:
    server = serve(always(OK))
    consent = event()
    nearby = Request("r-2", "places", "GET", "/placesedgequery?x=1", b"", b"", "places nearby")
    phones(server, batches=False).together(consent, nearby)
    assert sorted(request.split(b" HTTP")[0] for request in server.requests) == [
        b"GET /placesedgequery?x=1",
        b"POST /ee/v1/interact",
    ]


def test_the_back_office_uses_the_inlet_where_phones_do_not(serve: Serve, phones: Callable[..., Phones]) -> None:
    server = serve(always(OK))
    message = Request("r-3", "inlet", "POST", "/collection/x", HEADERS, b'{"header":{}}', "order", ("o-1",), 0)
    phones(server, batches=False, phones=False).together(event("e-1"), message)
    paths = sorted(request.split(b" HTTP")[0] for request in server.requests)
    assert paths == [b"POST /collection/" + b"ab" * 32, b"POST /ee/v1/interact"]


# the answer to a second attempt -> what the phone hears
ANSWERS = [
    (http(400, {"status": 400}), Reply(400)),
    (http(503, None, "Retry-After: 9\r\n"), Reply(503, b"", "9", again=True)),
    (http(500), Reply(500, b"", "2", again=True)),
    (http(429), Reply(429, b"", "2", again=True)),
    (None, Reply(0, b"", "2", "reset", again=True)),
]


@pytest.mark.parametrize(("answer", "heard"), ANSWERS)
def test_what_a_phone_hears(serve: Serve, phones: Callable[..., Phones], answer: bytes | None, heard: Reply) -> None:
    server = serve(lambda n, request: None if answer is None else (answer,))
    assert phones(server, batches=False).together(event("e-1", attempt=2)) == [heard]


# the statuses of a batch's two messages -> what a phone hears that had both in one request
TWO = [
    ((None, None), Reply(200)),
    ((400, 400), Reply(207, each=(Reply(400), Reply(400)))),
    ((None, 400), Reply(207, each=(Reply(200), Reply(400)))),
    ((503, None), Reply(207, each=(Reply(503, b"", "1", again=True), Reply(200)))),
]


@pytest.mark.parametrize(("statuses", "heard"), TWO)
def test_a_request_of_several_events_is_a_batch(
    serve: Serve, phones: Callable[..., Phones], statuses: tuple[int | None, ...], heard: Reply
) -> None:
    told = [{"xactionId": f"b:{i}", **({"status": s} if s else {})} for i, s in enumerate(statuses)]
    server = serve(always(http(207, {"responses": told})))
    assert phones(server, batches=False).together(event("e-1", "e-2")) == [heard]
    (request,) = server.requests
    assert request.startswith(BATCH_PATH)
    assert ids(request) == ["e-1", "e-2"]


# --- batches


def test_a_batch_is_sent_when_it_is_large_enough(serve: Serve, phones: Callable[..., Phones]) -> None:
    server = serve(taken)
    began = time.monotonic()
    three = [event(f"e-{n}", padding=1_000) for n in range(3)]  # some 1,400 bytes each: the third passes 4,096
    assert phones(server, batches=True).together(*three) == [Reply(200)] * 3
    assert time.monotonic() - began < inlet_module.BATCH_AGE_S / 2
    (request,) = server.requests
    assert request.startswith(BATCH_PATH)
    assert ids(request) == ["e-0", "e-1", "e-2"]


def test_a_batch_is_sent_when_it_is_old_enough(
    serve: Serve, phones: Callable[..., Phones], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inlet_module, "BATCH_AGE_S", 0.2)
    server = serve(taken)
    began = time.monotonic()
    assert phones(server, batches=True).together(event("e-0"), event("e-1")) == [Reply(200)] * 2
    assert 0.15 < time.monotonic() - began < 2.0
    assert [ids(request) for request in server.requests] == [["e-0", "e-1"]]


def test_the_verdict_names_the_longest_wait() -> None:
    """It may not look into this room; its words are those of inlet-batch's own age."""
    assert inlet_module.BATCH_AGE_S == 1.0


def test_the_age_counts_from_the_first_message_of_each(
    serve: Serve, phones: Callable[..., Phones], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inlet_module, "BATCH_AGE_S", 0.2)
    server = serve(taken)
    some = phones(server, batches=True)
    large = [event(f"e-{n}", padding=3_000) for n in range(2)]
    some.together(*large)  # by size, which ends the first one's clock
    began = time.monotonic()
    some.together(event("e-9"))
    assert time.monotonic() - began > 0.15
    assert [ids(request) for request in server.requests] == [["e-0", "e-1"], ["e-9"]]


def test_when_the_run_ends_nothing_waits_for_company(
    serve: Serve, phones: Callable[..., Phones], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inlet_module, "BATCH_AGE_S", 60.0)
    server = serve(taken)
    some = phones(server, batches=True)
    waiting = gevent.spawn(some.phone().send, event("e-0"), 0.0)
    gevent.sleep(0.05)
    assert not waiting.dead
    some.batcher.hurry()
    assert waiting.get(timeout=2) == Reply(200)
    assert some.together(event("e-1")) == [Reply(200)], "and what comes after that goes at once"
    assert [ids(request) for request in server.requests] == [["e-0"], ["e-1"]]


def test_each_phone_hears_of_its_own_message(serve: Serve, phones: Callable[..., Phones]) -> None:
    def script(n: int, request: bytes) -> Pieces:
        told = [{"xactionId": "u-1", "status": 400}, {"xactionId": "u-2", "status": 503}, {"xactionId": "u-0"}]
        return (http(207, {"responses": told}),)

    three = [event(f"e-{n}", padding=1_000) for n in range(3)]
    heard = phones(serve(script), batches=True).together(*three)
    assert heard == [Reply(200), Reply(400), Reply(503, b"", "1", again=True)]


def test_of_a_request_with_several_events_each_is_told(serve: Serve, phones: Callable[..., Phones]) -> None:
    def script(n: int, request: bytes) -> Pieces:
        return (http(207, {"responses": [{"xactionId": "u-0"}, {"xactionId": "u-1", "status": 429}]}),)

    some = phones(serve(script), batches=True)
    some.batcher.hurry()
    assert some.together(event("e-0", "e-1")) == [Reply(207, each=(Reply(200), Reply(429, b"", "1", again=True)))]


def test_a_batch_that_fails_fails_alone(serve: Serve, phones: Callable[..., Phones]) -> None:
    def script(n: int, request: bytes) -> Pieces | None:
        return None if "e-0" in ids(request) else taken(n, request)

    some = phones(serve(script), batches=True)
    four = [event(f"e-{n}", padding=3_000) for n in range(4)]  # two and two
    broken = Reply(0, b"", "1", "reset", again=True)
    assert some.together(*four) == [broken, broken, Reply(200), Reply(200)]
    assert some.batcher.sent == 2
    assert some.together(*four[2:]) == [Reply(200)] * 2, "and the next ones get through"


def test_batches_go_side_by_side_but_not_without_limit(serve: Serve, phones: Callable[..., Phones]) -> None:
    at_work = most = 0

    def slow(n: int, request: bytes) -> Pieces:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        gevent.sleep(0.05)
        at_work -= 1
        return taken(n, request)

    server = serve(slow)
    many = [event(f"e-{n}", padding=5_000) for n in range(3 * inlet_module.MOST_AT_ONCE)]
    assert phones(server, batches=True).together(*many) == [Reply(200)] * len(many)
    assert most == inlet_module.MOST_AT_ONCE
    assert server.connections == inlet_module.MOST_AT_ONCE, "connections are kept"


# --- the inlet and the token


def test_the_inlet_of_a_run_is_its_own_and_looks_like_adobes() -> None:
    assert inlet_id_of("noon") == inlet_id_of("noon") != inlet_id_of("noon.2")
    assert len(inlet_id_of("noon")) == 64
    int(inlet_id_of("noon"), 16)


def test_what_the_app_leaves_open_is_the_local_platforms_on_loopback_only() -> None:
    assert inlet_of(AppConfig(), "1" * 64, loopback=True).org == LOCAL_ORG
    assert inlet_of(AppConfig(), "1" * 64, loopback=True).schema == LOCAL_SCHEMA
    assert inlet_of(AppConfig(), "1" * 64, loopback=False).org == ""
    there = InletConfig("1" * 64, "https://ns.adobe.com/x/schemas/y", "B@AdobeOrg", "d-2", "f-2")
    assert inlet_of(AppConfig(), "1" * 64, loopback=True, there=there) == there, "a platform file may say otherwise"
    own = AppConfig(inlet=INLET)
    assert inlet_of(own, "1" * 64, loopback=True).org == "A@AdobeOrg"


def test_a_token_of_the_environment_is_sent_as_a_bearer(
    serve: Serve, phones: Callable[..., Phones], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "secret.1")
    server = serve(always(OK))
    phones(server, batches=False, headers=headers_for(server.origin)).together(event("e-1"))
    assert b"\r\nAuthorization: Bearer secret.1\r\n" in server.requests[0]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "https://dcs.example.com"])
def test_where_a_token_may_go(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "secret.1")
    assert headers_for(Origin.of(url)).endswith(b"Authorization: Bearer secret.1\r\n")
    monkeypatch.delenv(TOKEN_VARIABLE)
    assert headers_for(Origin.of(url)) == HEADERS


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("http://dcs.example.com", "secret.1"),  # in the clear
        ("https://dcs.example.com", "two secrets"),
        ("https://dcs.example.com", "secret\r\nX-Other: 1"),
        ("https://dcs.example.com", "s\u00e9cret"),
    ],
)
def test_a_token_that_cannot_be_sent_is_told_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, url: str, token: str
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    with pytest.raises(TokenUnusable) as told:
        headers_for(Origin.of(url))
    assert "cret" not in str(told.value)
