"""Every way in which an answer can come, and what the phone makes of it."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
from raw_servers import OK, Connect, Serve, always, one_after_the_other

from footfall.phone.signals import Reply

pytestmark = pytest.mark.e2e

TEXT = b'\0{"requestId":"r","handle":[]}\n'
HEADERS = b"User-Agent: a phone\r\nAccept: */*\r\nX-B: 1\r\nX-A: 2\r\n"


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = (b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def chunked(*chunks: bytes) -> bytes:
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"


def in_bytes(data: bytes) -> tuple[bytes, ...]:
    return tuple(data[at : at + 1] for at in range(len(data)))


WHOLE = answer(TEXT)
ANSWERS = [
    # nearly all answers: whole, in one piece
    ("one piece", (WHOLE,), Reply(200, TEXT)),
    # headers in any case, and a space more or less
    ("lower case", (b"HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\nok",), Reply(200, b"ok")),
    # the head in one packet, the body in another
    ("two pieces", (WHOLE[:-10], WHOLE[-10:]), Reply(200, TEXT)),
    # cut in the middle of the end of the head
    ("cut in the blank line", (WHOLE[: WHOLE.index(b"\r\n\r\n") + 3], b"\n" + TEXT), Reply(200, TEXT)),
    # a packet a byte
    ("byte by byte", in_bytes(WHOLE), Reply(200, TEXT)),
    ("chunked", (chunked(b"one", b"two"),), Reply(200, b"onetwo")),
    ("chunked, byte by byte", in_bytes(chunked(b"one", b"two")), Reply(200, b"onetwo")),
    ("no body", (answer(b""),), Reply(200, b"")),
    ("204 has no length", (b"HTTP/1.1 204 No Content\r\n\r\n",), Reply(204, b"")),
    # content encodings that the SDK's HTTP stack asks for
    ("gzip", (answer(gzip.compress(TEXT), b"Content-Encoding: gzip"),), Reply(200, TEXT)),
    ("deflate", (answer(zlib.compress(TEXT), b"Content-Encoding: deflate"),), Reply(200, TEXT)),
    ("br", (answer(brotli.compress(TEXT), b"Content-Encoding: br"),), Reply(200, TEXT)),
    # an encoding that cannot be undone is left as it is
    (
        "broken gzip",
        (answer(gzip.compress(TEXT)[:20], b"Content-Encoding: gzip"),),
        Reply(200, gzip.compress(TEXT)[:20]),
    ),
    ("broken br", (answer(b"no brotli", b"Content-Encoding: br"),), Reply(200, b"no brotli")),
    # without a length the end of the connection is the end of the answer
    ("until it closes", (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + TEXT, b""), Reply(200, TEXT)),
    ("HTTP/1.0", (b"HTTP/1.0 200 OK\r\n\r\n" + TEXT, b""), Reply(200, TEXT)),
    # what the SDK reads besides: status and Retry-After
    ("429", (answer(b"", b"Retry-After: 7", status=b"429 Too Many Requests"),), Reply(429, b"", "7")),
    ("503", (answer(b"busy", status=b"503 Service Unavailable"),), Reply(503, b"busy")),
    ("207", (answer(TEXT, status=b"207 Multi-Status"),), Reply(207, TEXT)),
    # a body larger than one read
    ("large", (answer(TEXT * 5000),), Reply(200, TEXT * 5000)),
    # not HTTP at all, or not to its end: whether the request arrived nobody knows
    ("garbage", (b"SSH-2.0-OpenSSH_9.2\r\n", b""), Reply(0, failure="reset")),
    ("nothing", (b"",), Reply(0, failure="reset")),
    ("half a head", (WHOLE[:20], b""), Reply(0, failure="reset")),
    ("half a body", (WHOLE[:-5], b""), Reply(0, failure="reset")),
    ("half a chunk", (chunked(b"one", b"two")[:-9], b""), Reply(0, failure="reset")),
]


@pytest.mark.parametrize(("pieces", "reply"), [case[1:] for case in ANSWERS], ids=[case[0] for case in ANSWERS])
def test_an_answer_is_read(serve: Serve, connect: Connect, pieces: tuple[bytes, ...], reply: Reply) -> None:
    server = serve(always(*pieces))
    connection = connect(server.origin)
    assert connection.exchange("POST", "/ee/v1/interact", HEADERS, b"{}") == reply
    # and the connection can be used again, or is made again, whatever the first answer was
    assert connection.exchange("POST", "/ee/v1/interact", HEADERS, b"{}") == reply


def test_a_post_goes_out_as_it_was_given(serve: Serve, connect: Connect) -> None:
    server = serve(always(OK))
    connect(server.origin).exchange("POST", "/ee/v1/interact?configId=c&requestId=r", HEADERS, b'{"a":1}')
    assert server.requests == [
        b"POST /ee/v1/interact?configId=c&requestId=r HTTP/1.1\r\n"
        b"Host: 127.0.0.1:%d\r\n"
        b"User-Agent: a phone\r\nAccept: */*\r\nX-B: 1\r\nX-A: 2\r\n"
        b"Content-Length: 7\r\n\r\n"
        b'{"a":1}' % server.port
    ]


def test_a_get_has_no_body_and_no_length(serve: Serve, connect: Connect) -> None:
    server = serve(always(OK))
    connect(server.origin).exchange("GET", "/placesedgequery?latitude=60.1", HEADERS, b"")
    assert server.requests == [
        b"GET /placesedgequery?latitude=60.1 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % server.port + HEADERS + b"\r\n"
    ]


def test_a_body_larger_than_every_buffer_arrives_whole(serve: Serve, connect: Connect) -> None:
    server = serve(always(OK))
    body = bytes(range(256)) * 8192  # 2 MB
    assert connect(server.origin).exchange("POST", "/", HEADERS, body) == Reply(200, b"ok")
    assert server.requests[0].partition(b"\r\n\r\n")[2] == body


def test_the_path_of_the_host_goes_before_the_target(serve: Serve, connect: Connect) -> None:
    server = serve(always(OK))
    origin = type(server.origin).of(f"http://127.0.0.1:{server.port}/proxy/")
    connect(origin).exchange("POST", "/ee/v1/interact", HEADERS, b"")
    assert server.requests[0].startswith(b"POST /proxy/ee/v1/interact HTTP/1.1\r\n")


def test_answers_of_one_connection_do_not_mix(serve: Serve, connect: Connect) -> None:
    server = serve(one_after_the_other(answer(b"a" * 9, b"Retry-After: 5", status=b"429 Too Many"), chunked(b"b"), OK))
    connection = connect(server.origin)
    replies = [connection.exchange("POST", "/", HEADERS, b"{}") for _ in range(3)]
    assert replies == [Reply(429, b"a" * 9, "5"), Reply(200, b"b"), Reply(200, b"ok")]
    assert connection.opened == 1
