"""Who may ask, with what, and what becomes of the token."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from platform_process import INTERACT, Process, answer, body, event, platform, post

from footfall.platform.loopback import Token

pytestmark = pytest.mark.e2e

SECRET = "a-token-of-32-characters-0123456"
ASKED = {"authorization": f"Bearer {SECRET}"}


@pytest.mark.parametrize(
    ("authorization", "fits"),
    [
        (f"Bearer {SECRET}", True),
        (f"bearer {SECRET}", True),
        (None, False),
        ("", False),
        (SECRET, False),
        ("Bearer", False),
        (f"Basic {SECRET}", False),
        (f"Bearer {SECRET}x", False),
        (f"Bearer {SECRET[:-1]}", False),
        (f"Bearer {SECRET}, Bearer {SECRET}", False),
        ("Bearer \xe4", False),
    ],
)
def test_a_token_fits_or_not(authorization: str | None, fits: bool) -> None:
    assert Token(SECRET).fits(authorization) is fits


@pytest.mark.parametrize(
    "secret", ["", "fifteen-chars-x", "with a space in the middle", "ä" * 20, "line\nbreak-and-more"]
)
def test_what_is_no_token(secret: str) -> None:
    with pytest.raises(ValueError) as refused:
        Token(secret)
    assert not secret or secret not in str(refused.value)


def test_a_token_shows_itself_to_nobody() -> None:
    assert SECRET not in f"{Token(SECRET)!r} {Token(SECRET)}"


@pytest.mark.parametrize("environment", [{}, {"FOOTFALL_PLATFORM_TOKEN": "too-short-secret"[:15]}])
@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_beyond_this_machine_it_wants_a_token(tmp_path: Path, host: str, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "footfall.platform", "--host", host, "--port", "0", "--store", ":memory:"]
    env = {name: value for name, value in os.environ.items() if name != "FOOTFALL_PLATFORM_TOKEN"} | environment
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, env=env, cwd=Path.cwd())
    assert (done.returncode, done.stdout) == (2, "")
    assert "FOOTFALL_PLATFORM_TOKEN holds a token of at least 16" in done.stderr
    assert "too-short" not in done.stderr


def test_with_a_token_the_api_is_for_who_has_it_and_phones_are_not_asked() -> None:
    with platform({"FOOTFALL_PLATFORM_TOKEN": SECRET}, host="0.0.0.0") as process:
        with httpx.Client(base_url=process.url, trust_env=False) as client:
            sent = client.post(INTERACT, content=body(event("a")), headers={"content-type": "application/json"})
            assert sent.status_code == 200
            for path in ("/", "/docs", "/openapi.json", "/api", "/api/health", "/api/events", "/api/stream"):
                for headers in ({}, {"authorization": "Bearer wrong-and-long-enough"}, {"host": "localhost"}):
                    refused = client.get(path, headers=headers)
                    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
            assert client.post("/api/reset").status_code == 401
            everything = ""
            for path in ("/", "/docs", "/openapi.json", "/api/platform", "/api/health", "/api/counts"):
                shown = client.get(path, headers={**ASKED, "host": "platform.example.com"})
                assert shown.status_code == 200
                everything += shown.text
            assert client.get("/api/counts", headers=ASKED).json()["total"] == 1
        code, err = process.stop()
        assert (code, SECRET in everything + err) == (0, False)


@pytest.fixture(scope="module")
def running() -> object:
    with platform() as process:
        yield process


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        "host: shop.example.com",  # a name that was made to point here
        "host: localhost\r\norigin: https://shop.example.com",  # a page of another site
        "host: localhost\r\norigin: null",
        "host: localhost\r\nhost: shop.example.com",
        "host: shop.example.com\r\nhost: localhost",
        "x: y",  # no host at all
    ],
)
def test_others_are_refused_whatever_they_ask(running: Process, method: str, headers: str) -> None:
    for path in ("/api/events", "/", "/api/reset", "//api/events", "/nowhere"):
        with running.connect() as client, client.makefile("rb") as stream:
            client.sendall(f"{method} {path} HTTP/1.1\r\n{headers}\r\ncontent-length: 0\r\n\r\n".encode())
            status = stream.readline()
        assert b" 403 " in status or b" 400 " in status
        assert b" 403 " in status


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"content-length: 65537\r\n\r\n", 413),  # not one byte of it is waited for
        (b"transfer-encoding: chunked\r\n\r\n" + (b"2000\r\n" + b" " * 0x2000 + b"\r\n") * 9, 413),
        (b"content-encoding: gzip\r\ncontent-length: 0\r\n\r\n", 415),
        (b"".join(b"x-%d: 1\r\n" % n for n in range(70)) + b"\r\n", 400),
        (b"x-long: " + b"a" * 17_000 + b"\r\n\r\n", 400),
        (b"content-length: x\r\n\r\n", 400),
        (b"content-length: 70\r\n\r\n" + b"\xff" * 70, 400),
        (b"content-length: 2\r\n\r\n{}", 400),
    ],
)
def test_the_control_api_has_limits_too(running: Process, sent: bytes, status: int) -> None:
    with running.connect() as client, client.makefile("rb") as stream:
        client.sendall(b"POST /api/runs HTTP/1.1\r\nhost: localhost\r\n" + sent)
        one = answer(stream)
    assert one is not None
    assert one.status == status


def test_devices_may_come_from_anywhere(running: Process) -> None:
    with running.connect() as client, client.makefile("rb") as stream:
        client.sendall(post(body(event("a")), INTERACT, "origin: https://shop.example.com"))
        one = answer(stream)
    assert one is not None
    assert (one.status, one.headers["access-control-allow-origin"]) == (200, "https://shop.example.com")
