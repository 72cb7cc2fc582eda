"""A target that costs next to nothing: reads a request, answers what Edge or Places would answer, stores nothing."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import cast

EDGE = (
    b'\x00{"requestId":"8f7f2f0c-0000-4000-8000-000000000000","handle":[{"type":"state:store","payload":[{"key":'
    b'"kndctr_0000000000000000000000_AdobeOrg_cluster","value":"irl1","maxAge":1800}]},{"type":"locationHint:result",'
    b'"payload":[{"scope":"EdgeNetwork","hint":"irl1","ttlSeconds":1800}]}]}\n'
)
# twenty places, as many as a phone asks for, on a grid over the middle of Helsinki
PLACES = json.dumps(
    {
        "places": {
            "userWithin": [],
            "pois": [
                {
                    "p": [
                        f"poi-{i}",
                        f"Place {i}",
                        str(60.164 + 0.003 * (i // 4)),
                        str(24.935 + 0.005 * (i % 4)),
                        100,
                        "helsinki-spaced",
                        30,
                    ],
                    "x": {"category": "shop", "city": "Helsinki", "country": "FI"},
                }
                for i in range(20)
            ],
        },
        "input": None,
    }
).encode()


def _answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class _Null(asyncio.Protocol):
    def __init__(self) -> None:
        self._edge, self._places = _answer(EDGE), _answer(PLACES)
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by class

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head := self._buffer.find(b"\r\n\r\n")) >= 0:
            lower = self._buffer[:head].lower()
            at = lower.find(b"content-length:")
            length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < head + 4 + length:
                return
            self._transport.write(self._places if lower.startswith(b"get") else self._edge)
            self._buffer = self._buffer[head + 4 + length :]


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Null, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.to_thread(sys.stdin.read)  # ends with the process that started it


class NullServer:
    """A null server in a process of its own, on a free loopback port."""

    def __enter__(self) -> str:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.null_server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        return f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


if __name__ == "__main__":
    try:
        import uvloop

        uvloop.run(_serve())
    except ImportError:
        asyncio.run(_serve())
