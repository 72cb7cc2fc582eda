"""Requests as curl commands: to the byte what the phone would send, whatever is in it."""

from __future__ import annotations

import http.server
import subprocess
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from posix_shell import WICKED, sh

from footfall.live import curl
from footfall.phone.signals import Request


class Heard(http.server.BaseHTTPRequestHandler):
    """Keeps the bytes of requests."""

    requests: list[tuple[str, str, list[tuple[str, str]], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.requests.append((self.command, self.path, self.headers.items(), body))
        self.send_response(204)
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.mark.parametrize(
    ("method", "headers", "body"),
    [
        # a shell's and a JSON's special characters, line feeds, NUL as JSON writes it, and bytes of several encodings
        (
            "POST",
            b"accept: application/json\r\nContent-Type: application/json\r\nUser-Agent: it's me\r\n",
            WICKED.encode() + b"\\u0000 \xe9 '''\n\n",
        ),
        # curl's own Accept is kept out
        ("GET", b"User-Agent: it's me\r\nAccept-Language: fi-FI\r\n", b""),
    ],
)
def test_a_command_is_the_phones_bytes(method: Any, headers: bytes, body: bytes) -> None:
    # what it says is no format and no file's name of curl's, and one line
    told, printed = "@100% %{url}\nit's", b" @100% %{url} it's 204\n"
    target = "/ee/v1/interact?configId={a,b}[1-3]&x='$HOME'"
    handler = type("Handler", (Heard,), {"requests": []})
    server = http.server.HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.handle_request, daemon=True)
    thread.start()
    request = Request("r", "edge", method, target, headers, body, "any")
    ran = sh(curl.command(request, f"http://127.0.0.1:{server.server_port}", told))
    thread.join(10)
    server.server_close()
    assert (ran.returncode, ran.stderr, ran.stdout) == (0, b"", printed)
    ((got_method, got_target, got_headers, got_body),) = handler.requests
    own = [f"{name}: {value}" for name, value in got_headers if name not in ("Host", "Content-Length")]
    assert (got_method, got_target, got_body) == (method, target, body)
    assert own == headers.decode().split("\r\n")[:-1]


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200).map(lambda value: value.replace(b"\0", b"'")))
def test_any_bytes_are_one_word_of_a_shell(value: bytes) -> None:
    ran = subprocess.run(["sh"], input=b"printf %s " + curl.quoted(value), capture_output=True, timeout=10)
    assert (ran.stdout, ran.stderr) == (value, b"")


def test_a_script_is_comments_and_commands() -> None:
    request = Request("r", "places", "GET", "/placesedgequery?limit=1", b"User-Agent: phone\r\n", b"", "places nearby")
    one = curl.Command("+0:00:01.000  it's\nhere", "+0:00:01.000 here", request)
    made = curl.script(["one\nphone"], [one], ["never sent: " + "word " * 14], "http://127.0.0.1:8090")
    assert made.decode().splitlines() == [
        "#!/bin/sh",
        "# one phone",
        "# answers are not shown: to see one, write -o - for -o /dev/null in its command",
        "",
        "curl -s -f -m 5 --globoff --noproxy '*' -o /dev/null 'http://127.0.0.1:8090/api/health' || {",
        "  echo 'No platform answers at http://127.0.0.1:8090: start one with `footfall platform`, "
        "then run this again.' >&2",
        "  exit 1",
        "}",
        "",
        "# +0:00:01.000 it's here",
        "curl -sS --globoff --noproxy '*' -o /dev/null -X GET 'http://127.0.0.1:8090/placesedgequery?limit=1' \\",
        r"  -w '+0:00:01.000 here %{http_code}\n' \\"[:-1],
        "  -H 'User-Agent: phone' \\",
        "  -H 'Accept:'",
        "",
        "# never sent: word word word word word word word word word word word word word",
        "#   word",
    ]


def test_a_script_without_a_tail_ends_with_its_last_command() -> None:
    request = Request("r", "places", "GET", "/placesedgequery", b"", b"", "places nearby")
    made = curl.script([], [curl.Command("one", "one", request)], [], "http://127.0.0.1:8090")
    assert made.endswith(b"-H 'Accept:'\n")
