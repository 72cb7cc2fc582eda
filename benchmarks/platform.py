"""How many ExperienceEvents a second the local platform validates and stores durably: one event a request as phones
send them, and in batches of the inlet.

The platform runs in a process of its own with a new store in a temporary directory, on one core where the system
allows; this process loads it from another, over sockets that always have one request in flight. Every answer counted
came after the commit of its events; at the end the rows in the file are compared with the answers. Beside it: the same
server answering without validating or storing anything, and the validator alone. All of them take turns.
"""

from __future__ import annotations

import os
import select
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from footfall.platform.config import LOCAL_DATASET, LOCAL_FLOW, LOCAL_INLET, LOCAL_ORG, LOCAL_SCHEMA
from footfall.platform.package_data import event_schema

CONNECTIONS = 64
MESSAGES = 100  # of one batch

_EVENT = (
    '"_id":"%032x","timestamp":"2026-03-07T11:15:30.123Z","eventType":"location.entry","placeContext":{"POIinteraction":'
    '{"poiDetail":{"poiID":"%d","name":"Coffee","metadata":{"list":[{"key":"category","value":"cafe"}]}}}}'
)
_IDENTITY = '"identityMap":{"ECID":[{"id":"%038d","authenticatedState":"ambiguous","primary":false}]}'
_EDGE = (
    '{"meta":{"konductorConfig":{"streaming":{"enabled":true,"recordSeparator":"\\u0000","lineFeed":"\\n"}},'
    f'"state":{{"entries":[{{"key":"kndctr_{LOCAL_ORG.replace("@", "_")}_identity","value":"abc",'
    '"maxAge":34128000}]}},'
    '"xdm":{' + _IDENTITY + ',"implementationDetails":{"name":"https://ns.adobe.com/experience/mobilesdk/ios",'
    '"version":"5.11.0+5.0.3","environment":"app"}},"events":[{"xdm":{' + _EVENT + "}}]}"
)
_REF = f'"schemaRef":{{"id":"{LOCAL_SCHEMA}","contentType":"application/vnd.adobe.xed-full+json;version=1"}}'
_MESSAGE = (
    "{" + f'"header":{{{_REF},"imsOrgId":"{LOCAL_ORG}","datasetId":"{LOCAL_DATASET}","flowId":"{LOCAL_FLOW}"}},'
    f'"body":{{"xdmMeta":{{{_REF}}},"xdmEntity":{{' + _IDENTITY + "," + _EVENT + "}}}"
)

# the server alone: its core answers at once, validates nothing and has nothing to store
_NULL = """
import sys
from footfall.platform.core import Platform
from footfall.platform.messages import Outcome, Response
answer = Outcome(Response(200, (("content-type", "application/json"),), b'\\0{"requestId":"0","handle":[]}\\n'))
Platform.handle = lambda self, request, now_ms: answer
from footfall.platform.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def edge_request(number: int) -> bytes:
    """One event of one phone."""
    phone = number % 5_000
    body = _EDGE % (phone, number, number % 500)
    return (
        f"POST /ee/irl1/v1/interact?configId=local&requestId={number} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "accept: application/json\r\nContent-Type: application/json\r\n"
        "User-Agent: Mozilla/5.0 (iPhone; CPU OS 17_5_1 like Mac OS X; en-US)\r\nAccept-Language: en-US\r\n"
        f"Accept-Encoding: gzip, deflate, br\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def batch_request(number: int) -> bytes:
    """A batch of messages, as a source system streams them."""
    first = number * MESSAGES
    messages = ",".join(_MESSAGE % (n % 5_000, n, n % 500) for n in range(first, first + MESSAGES))
    body = f'{{"messages":[{messages}]}}'
    return (
        f"POST /collection/batch/{LOCAL_INLET} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def prepared(request: Callable[[int], bytes]) -> list[bytes]:
    """Enough of them to be sent again and again."""
    return [request(n) for n in range(4_000 if request is edge_request else 200)]


def load(port: int, prepared: Sequence[bytes], status: bytes, seconds: float) -> tuple[int, float]:
    """(answered requests, seconds) of these, from the first again after the last. Written for little cost a request, so
    that the server is the bottleneck."""
    poll = select.epoll()
    sockets: dict[int, socket.socket] = {}
    number = answered = 0
    for _ in range(CONNECTIONS):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[sock.fileno()] = sock
        poll.register(sock.fileno(), select.EPOLLIN)
    begin = time.monotonic()
    for sock in sockets.values():
        sock.sendall(prepared[number % len(prepared)])
        number += 1
    expected = b"HTTP/1.1 " + status
    pending: dict[int, bytes] = {}
    waiting = len(sockets)
    while waiting:
        over = time.monotonic() - begin >= seconds
        for descriptor, _ in poll.poll(1.0):
            sock = sockets[descriptor]
            chunk = pending.pop(descriptor, b"") + sock.recv(65_536)
            head = chunk.find(b"\r\n\r\n")
            at = chunk.lower().find(b"content-length: ")
            if head < 0 or len(chunk) < head + 4 + int(chunk[at + 16 : chunk.find(b"\r", at)]):
                pending[descriptor] = chunk
                continue
            if not chunk.startswith(expected):
                raise SystemExit(f"the platform answered {chunk[:300]!r}")
            answered += 1
            if over:
                waiting -= 1
                poll.unregister(descriptor)
                sock.close()
            else:
                sock.sendall(prepared[number % len(prepared)])
                number += 1
    return answered, time.monotonic() - begin


def measured(name: str, seconds: float) -> float:
    """Events a second of one kind, with a platform of its own."""
    request, status, events = (batch_request, b"207", MESSAGES) if name == "batch" else (edge_request, b"200", 1)
    with tempfile.TemporaryDirectory() as directory:
        store = Path(directory) / "store.sqlite"
        program = ["-c", _NULL] if name == "null" else ["-m", "footfall.platform"]
        more = ["--fsync"] if name == "fsync" else []
        command = [sys.executable, *program, "--port", "0", "--store", str(store), *more]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as platform:
            try:
                assert platform.stdout is not None
                port = int(platform.stdout.readline().split(" (store ")[0].rpartition(":")[2])
                own_core_each(platform.pid)
                answered, took_s = load(port, prepared(request), status, seconds)
            finally:
                platform.terminate()
        with sqlite3.connect(store) as stored:
            rows = stored.execute("SELECT count(*) FROM events").fetchone()[0]
        stored.close()
    if name != "null" and rows < answered * events:
        raise SystemExit("acknowledged events are missing from the file")
    return answered * events / took_s


def own_core_each(platform: int) -> None:
    """The platform on the first core, the load on the others."""
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        first, second, *_ = sorted(os.sched_getaffinity(0))
        for task in os.listdir(f"/proc/{platform}/task"):
            os.sched_setaffinity(int(task), {first})
        os.sched_setaffinity(0, {second, *sorted(os.sched_getaffinity(0))[2:]})


def validator_eps() -> float:
    """Events a second that the judge alone decodes and finds valid."""
    schema = event_schema()
    texts = [("{%s,%s}" % (_IDENTITY % n, _EVENT % (n, n % 500))).encode() for n in range(2_000)]  # noqa: UP031
    begin = time.process_time()
    for text in texts:
        assert not schema.reasons(msgspec.json.decode(text))
    return len(texts) / (time.process_time() - begin)


def rates(rounds: int = 3, seconds: float = 3.0) -> dict[str, float]:
    """Medians of all kinds, which take turns."""
    every_core = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    found: dict[str, list[float]] = {name: [] for name in ("normal", "fsync", "batch", "null")}
    validator = []
    for _ in range(rounds):
        for name, values in found.items():
            values.append(measured(name, seconds))
            if every_core:
                os.sched_setaffinity(0, every_core)
        validator.append(validator_eps())
    medians = {f"{name}_eps": statistics.median(values) for name, values in found.items()}
    return {**medians, "validator_eps": statistics.median(validator)}
