"""A platform in a process of its own, started with any options and configuration, and talked to over a bare socket.

`journeys` are files or folders of journeys; without them none run."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

_MAIN = """
import json, sys
import msgspec
from footfall.platform.config import PlatformConfig
from footfall.platform.serve import ServeOptions, serve
options = json.loads(sys.argv[1])
if "journeys" in options:
    from footfall.live.inputs import read_journeys
    options["journeys"] = read_journeys(options["journeys"])
config = msgspec.convert(options.pop("config", {}), PlatformConfig)
sys.exit(serve(ServeOptions(port=0, config=config, **options)))
"""
ECID = "1" * 38
INTERACT = "/ee/v1/interact?configId=local&requestId=r"


class Process:
    """A platform that runs. `port` is where it listens, on loopback."""

    def __init__(self, popen: subprocess.Popen[str], port: int) -> None:
        self.popen = popen
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def stop(self) -> tuple[int, str]:
        """Its exit code, and what it wrote to stderr."""
        self.popen.terminate()
        return self.popen.wait(15), self.popen.communicate()[1]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)


@contextmanager
def platform(environment: dict[str, str] | None = None, **options: Any) -> Iterator[Process]:
    command = [sys.executable, "-c", _MAIN, json.dumps({"store": ":memory:", **options})]
    env = {**os.environ, **(environment or {})}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as popen:
        try:
            assert popen.stdout is not None
            line = popen.stdout.readline()
            while line and "listening on" not in line:
                line = popen.stdout.readline()
            assert line, popen.communicate()[1]
            yield Process(popen, int(line.partition("listening on ")[2].split()[0].rpartition(":")[2]))
        finally:
            if popen.poll() is None:
                popen.terminate()
                popen.communicate(timeout=15)


def event(id_: str, ecid: str = ECID, **more: Any) -> dict[str, Any]:
    identity = {"ECID": [{"id": ecid, "authenticatedState": "ambiguous", "primary": False}]}
    xdm = {"_id": id_, "timestamp": "2026-03-07T11:15:30Z", "eventType": "location.entry", "identityMap": identity}
    return {**xdm, **more}


def body(*events: dict[str, Any], framed: bool = False) -> bytes:
    meta = {"konductorConfig": {"streaming": {"enabled": framed, "recordSeparator": "\0", "lineFeed": "\n"}}}
    return json.dumps({"meta": meta, "events": [{"xdm": one} for one in events]}).encode()


def post(content: bytes, path: str = INTERACT, *headers: str) -> bytes:
    """One request as bytes."""
    lines = [f"POST {path} HTTP/1.1", "host: edge.example.com", "content-type: application/json", *headers]
    return "\r\n".join([*lines, f"content-length: {len(content)}", "", ""]).encode() + content


class Answer:
    """One HTTP answer as it came; `whole` False where the connection ended in the middle of the body."""

    def __init__(self, status: int, headers: dict[str, str], content: bytes, whole: bool) -> None:
        self.status = status
        self.headers = headers
        self.content = content
        self.whole = whole


def answer(stream: BinaryIO) -> Answer | None:
    """The next answer, None at the end of the connection."""
    line = stream.readline()
    if not line:
        return None
    headers: dict[str, str] = {}
    while (header := stream.readline().rstrip(b"\r\n")) != b"":
        name, _, value = header.decode("latin-1").partition(": ")
        headers[name.lower()] = value
    length = int(headers.get("content-length", "0"))
    content = stream.read(length)
    return Answer(int(line.split()[1]), headers, content, len(content) == length)
