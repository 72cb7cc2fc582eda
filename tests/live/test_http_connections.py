"""Connections: one for many requests, however many there are in a process; what breaks them and what follows."""

from __future__ import annotations

import resource
import socket as plain_socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
import trustme
from gevent import ssl
from raw_servers import OK, Connect, RawServer, Serve, always, one_after_the_other, read_request

from footfall.live import http
from footfall.live.http import Connection, Network, Origin, PhoneTransport
from footfall.phone.signals import Reply, Request

pytestmark = pytest.mark.e2e

DONE = Reply(200, b"ok")
IDLE_S = 0.3  # longer than a connection is trusted unasked


def post(connection: Connection) -> Reply:
    return connection.exchange("POST", "/", b"", b"{}")


def failure(connection: Connection, timeout_s: float = 5.0) -> str:
    reply = connection.exchange("POST", "/", b"", b"{}", timeout_s)
    assert reply.status == 0
    return reply.failure


# --- keep-alive


def test_fifty_requests_share_one_connection(serve: Serve, connect: Connect) -> None:
    server = serve(always(OK))
    connection = connect(server.origin)
    assert [post(connection) for _ in range(50)] == [DONE] * 50
    assert (connection.opened, server.connections) == (1, 1)


def test_more_sockets_than_select_can_count_stay_open(serve: Serve, connect: Connect) -> None:
    """Locust's own client asks select() whether a socket lives, which no descriptor above 1023 survives: each request
    then silently costs a new connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this process may open only {hard} files")
    server = serve(always(OK))
    network = Network(server.origin, server.origin)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        connections = [connect(server.origin, network) for _ in range(1100)]
        for pause_s in (0.0, 0.0, IDLE_S):
            gevent.sleep(pause_s)
            asked = [gevent.spawn(post, connection) for connection in connections]
            gevent.joinall(asked)
            assert [one.value for one in asked] == [DONE] * 1100
        highest = max(one._sock.fileno() for one in connections if one._sock is not None)
        assert highest > 1024
        assert sum(connection.opened for connection in connections) == server.connections == 1100
    finally:
        for connection in connections:
            connection.close()
        server.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_server_that_closes_after_its_answer_gets_a_new_connection(serve: Serve, connect: Connect) -> None:
    server = serve(always(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", b""))
    connection = connect(server.origin)
    assert [post(connection) for _ in range(3)] == [DONE] * 3
    assert (connection.opened, server.connections) == (3, 3)


def test_a_server_that_closes_an_idle_connection_causes_no_failure(serve: Serve, connect: Connect) -> None:
    server = serve(always(OK, b""))
    connection = connect(server.origin)
    for _ in range(3):
        assert post(connection) == DONE
        gevent.sleep(IDLE_S)
    assert connection.opened == 3


def test_what_a_server_says_unasked_is_no_answer(serve: Serve, connect: Connect) -> None:
    # as many do before they close an idle connection
    farewell = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

    def script(n: int, request: bytes) -> Iterator[bytes]:
        yield OK
        if n == 0:
            gevent.sleep(IDLE_S / 3)
            yield farewell
            yield b""

    server = serve(script)
    connection = connect(server.origin)
    assert post(connection) == DONE
    gevent.sleep(IDLE_S)
    assert post(connection) == DONE
    assert len(server.requests) == 2


# --- failures, by what is known after them


def test_nobody_listens_is_refused(connect: Connect) -> None:
    with plain_socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        connection = connect(Origin.of(f"http://127.0.0.1:{nobody.getsockname()[1]}"))
        assert failure(connection) == "refused"
        assert connection.opened == 0


def test_a_name_that_does_not_resolve_is_unreachable(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def unknown(host: str, port: int, **_: Any) -> None:
        asked.append(host)
        raise plain_socket.gaierror(plain_socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(http.socket, "getaddrinfo", unknown)
    assert failure(connect(Origin.of("http://edge.invalid"))) == "unreachable"
    assert asked == ["edge.invalid"]


def test_a_name_is_resolved_once_a_process(serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(always(OK))
    asked = []

    def resolved(host: str, port: int, **_: Any) -> Any:
        asked.append(host)
        return [(plain_socket.AF_INET, plain_socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(http.socket, "getaddrinfo", resolved)
    origin = Origin.of(f"http://edge.invalid:{server.port}")
    network = Network(origin, origin)
    assert [post(connect(origin, network)) for _ in range(5)] == [DONE] * 5
    assert asked == ["edge.invalid"]
    assert b"\r\nHost: edge.invalid:%d\r\n" % server.port in server.requests[0]


def test_each_address_of_a_name_is_tried(serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """localhost is ::1 first on most machines, and a server on 127.0.0.1 alone is no mistake."""
    server = serve(always(OK))
    addresses = [
        (plain_socket.AF_INET6, plain_socket.SOCK_STREAM, 6, "", ("::1", server.port, 0, 0)),
        (plain_socket.AF_INET, plain_socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port)),
    ]
    monkeypatch.setattr(http.socket, "getaddrinfo", lambda *_, **__: addresses)
    origin = Origin.of(f"http://localhost:{server.port}")
    network = Network(origin, origin)
    assert [post(connect(origin, network)) for _ in range(2)] == [DONE] * 2


def test_no_answer_in_time_is_a_timeout(serve: Serve, connect: Connect) -> None:
    server = serve(lambda n, request: () if n == 0 else (OK,))
    connection = connect(server.origin)
    assert failure(connection, 0.3) == "timeout"
    # the late answer of the first request must not become the second's
    assert post(connection) == DONE
    assert connection.opened == 2


def test_half_an_answer_in_time_is_a_timeout(serve: Serve, connect: Connect) -> None:
    for half in (b"HTTP/1.1 200 OK\r\nConte", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf"):
        assert failure(connect(serve(always(half)).origin), 0.3) == "timeout"


def test_a_slow_answer_within_the_time_is_no_failure(serve: Serve, connect: Connect) -> None:

    def slow(n: int, request: bytes) -> Iterator[bytes]:
        gevent.sleep(0.7)  # the watch has looked at least once
        yield OK

    assert post(connect(serve(slow).origin)) == DONE


def test_a_connection_broken_after_the_request_is_a_reset(serve: Serve, connect: Connect) -> None:
    server = serve(one_after_the_other(None, OK))
    connection = connect(server.origin)
    assert failure(connection) == "reset"
    assert post(connection) == DONE
    assert connection.opened == 2


# --- TLS


class Certified:
    """A certificate authority, a server with its certificate, and a client that trusts it."""

    def __init__(self, name: str = "localhost") -> None:
        self._authority = trustme.CA()
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(self.server)
        self.authority_pem = self._authority.cert_pem

    def client(self) -> Any:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._authority.configure_trust(context)
        return context


@pytest.fixture(scope="module")
def certified() -> Certified:
    return Certified()


def https(server: RawServer) -> Origin:
    return Origin.of(f"https://localhost:{server.port}")


def test_one_context_serves_all_connections(
    serve: Serve, connect: Connect, certified: Certified, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Loading the authorities' certificates costs 19 ms and 0.9 MB; a process does it once, not once a phone."""
    certified.authority_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    server = serve(always(OK), ssl_context=certified.server)
    origin = https(server)
    network = Network(origin, origin)
    made = []

    class Counted(ssl.SSLContext):  # type: ignore[misc]
        def load_default_certs(self, *arguments: Any) -> None:
            made.append(self)
            super().load_default_certs(*arguments)

    monkeypatch.setattr(http.ssl, "SSLContext", Counted)
    connections = [connect(origin, network) for _ in range(20)]
    assert [post(one) for one in connections for _ in range(2)] == [DONE] * 40
    assert len(made) == 1
    assert server.connections == 20


def test_a_certificate_of_an_unknown_authority_is_not_trusted(
    serve: Serve, connect: Connect, certified: Certified
) -> None:
    server = serve(always(OK), ssl_context=certified.server)
    assert failure(connect(https(server))) == "refused"
    assert server.requests == []


def test_a_certificate_for_another_name_is_not_trusted(serve: Serve, connect: Connect) -> None:
    other = Certified("other.example.com")
    server = serve(always(OK), ssl_context=other.server)
    origin = https(server)
    assert failure(connect(origin, Network(origin, origin, other.client()))) == "refused"
    assert server.requests == []


def test_a_slow_tls_answer_is_a_timeout(serve: Serve, connect: Connect, certified: Certified) -> None:
    server = serve(lambda n, request: () if n == 0 else (OK,), ssl_context=certified.server)
    origin = https(server)
    connection = connect(origin, Network(origin, origin, certified.client()))
    assert failure(connection, 0.3) == "timeout"
    assert post(connection) == DONE


def test_a_handshake_that_never_ends_is_a_timeout(serve: Serve, connect: Connect, certified: Certified) -> None:
    origin = https(serve(always(OK)))  # it speaks no TLS, and waits for more of what it takes for a request
    assert failure(connect(origin, Network(origin, origin, certified.client())), 0.3) == "timeout"


def test_an_idle_tls_connection_closed_by_the_server_causes_no_failure(
    serve: Serve, connect: Connect, certified: Certified
) -> None:
    server = serve(always(OK, b""), ssl_context=certified.server)
    origin = https(server)
    connection = connect(origin, Network(origin, origin, certified.client()))
    for _ in range(3):
        assert post(connection) == DONE
        gevent.sleep(IDLE_S)
    assert connection.opened == 3


def test_a_tls_connection_is_kept(serve: Serve, connect: Connect, certified: Certified) -> None:
    server = serve(always(OK), ssl_context=certified.server)
    origin = https(server)
    connection = connect(origin, Network(origin, origin, certified.client()))
    for pause_s in (0.0, 0.0, IDLE_S, IDLE_S):
        gevent.sleep(pause_s)
        assert post(connection) == DONE
    assert connection.opened == 1


# --- a phone's connections


def test_a_phone_has_one_connection_to_each_host(serve: Serve) -> None:
    edge, places = serve(always(OK)), serve(always(OK))
    for origins, opened in (((edge.origin, places.origin), (1, 1)), ((edge.origin, edge.origin), (1, 0))):
        edge.connections = places.connections = 0
        network = Network(*origins)
        transport = PhoneTransport(network)
        for channel in ("edge", "places", "edge", "places"):
            request = Request(id="r", channel=channel, method="GET", target="/", headers=b"", body=b"", name="n")
            assert transport.send(request, 0.0) == DONE
        transport.close()
        network.close()
        assert (edge.connections, places.connections) == opened


# what a person may write after --host: scheme, host, port, Host header, prefix
ORIGINS = [
    ("http://127.0.0.1:8090", Origin("http", "127.0.0.1", 8090, "127.0.0.1:8090", "")),
    ("127.0.0.1:8090", Origin("http", "127.0.0.1", 8090, "127.0.0.1:8090", "")),
    ("https://edge.adobedc.net", Origin("https", "edge.adobedc.net", 443, "edge.adobedc.net", "")),
    ("http://localhost/a/b/", Origin("http", "localhost", 80, "localhost", "/a/b")),
    ("http://[::1]:8090", Origin("http", "::1", 8090, "[::1]:8090", "")),
]


@pytest.mark.parametrize(("url", "origin"), ORIGINS, ids=[url for url, _ in ORIGINS])
def test_an_origin_is_read_from_a_url(url: str, origin: Origin) -> None:
    assert Origin.of(url) == origin


@pytest.mark.parametrize("url", ["", "http://", "ftp://example.com", "http://127.0.0.1:99999", "http://[::1"])
def test_what_is_no_origin_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        Origin.of(url)


# a name that merely looks like loopback leaves the machine
LOOPBACK = [
    ("http://127.0.0.1", True),
    ("http://127.9.9.9:80", True),
    ("http://localhost:8090", True),
    ("http://[::1]", True),
    ("http://127.0.0.1.example.com", False),
    ("http://localhost.example.com", False),
    ("http://192.0.2.1", False),
    ("http://0.0.0.0", False),
]


@pytest.mark.parametrize(("url", "loopback"), LOOPBACK, ids=[url for url, _ in LOOPBACK])
def test_only_this_machine_is_loopback(url: str, loopback: bool) -> None:
    assert Origin.of(url).loopback is loopback


def test_the_reader_of_the_raw_server_reads_whole_requests() -> None:
    here, there = plain_socket.socketpair()
    with here, there:
        there.sendall(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
        assert read_request(here) == b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
