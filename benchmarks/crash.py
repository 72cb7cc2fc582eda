"""`python -m benchmarks.crash`: the platform is killed with SIGKILL under load, again and again, and nothing that it
acknowledged may be missing afterwards.

Phones (one event a request) and source systems (batches of the inlet) load it over keep-alive connections. At a seeded
moment it is killed and started again on the same store; what was not acknowledged is sent again, as clients do. In the
end every event is in the file at least as often as it was acknowledged and at most as often as it was sent.
"""

from __future__ import annotations

import argparse
import random
import select
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from contextlib import closing
from pathlib import Path

import msgspec

from benchmarks.platform import MESSAGES, batch_request, edge_request

PHONES = 24
SOURCES = 4
BATCH_NUMBERS_FROM = 10_000_000  # so that no event of a batch has the id of an edge event
MOST_LIFE_S = 0.4  # under load, before the kill
PATIENCE_S = 10.0  # for a request's answer; a platform that hangs is no platform


class Sent(msgspec.Struct, frozen=True):
    """One request and the ids of its events."""

    data: bytes
    ids: tuple[str, ...]
    status: bytes


class Ledger:
    """How often each event was sent, and how often acknowledged."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.acknowledged: Counter[str] = Counter()
        self.again: deque[Sent] = deque()  # what is to be sent once more
        self._numbers = iter(range(BATCH_NUMBERS_FROM))

    def next_request(self, batch: bool) -> Sent:
        """Of a source system, or of a phone."""
        for _ in range(len(self.again)):
            request = self.again.popleft()
            if (len(request.ids) > 1) == batch:
                return request
            self.again.append(request)
        number = next(self._numbers)
        if not batch:
            return Sent(edge_request(number), (f"{number:032x}",), b"HTTP/1.1 200")
        number += BATCH_NUMBERS_FROM
        ids = tuple(f"{n:032x}" for n in range(number * MESSAGES, (number + 1) * MESSAGES))
        return Sent(batch_request(number), ids, b"HTTP/1.1 207")


class Findings(msgspec.Struct, frozen=True):
    """What the file holds beside what the ledger says. `missing`, `unsent`, `bad` and `damage` are faults: events (or
    copies) acknowledged and not there, there and never sent, judged invalid, and what SQLite says of the file.
    `unanswered` events were under way when the process died; `unacknowledged` are the copies of those that were kept
    all the same, whose acknowledgement was lost."""

    acknowledged: int
    unanswered: int
    missing: int
    unacknowledged: int
    unsent: int
    bad: int
    damage: str

    @property
    def nothing_lost(self) -> bool:
        return not (self.missing or self.unsent or self.bad or self.damage)


def findings(ledger: Ledger, store: Path) -> Findings:
    """Compares the file with the ledger. No platform may run on it."""
    with closing(sqlite3.connect(store)) as file:
        kept = Counter(dict(file.execute("SELECT id, count(*) FROM events GROUP BY id").fetchall()))
        bad = file.execute("SELECT count(*) FROM events WHERE NOT good").fetchone()[0]
        damage = file.execute("PRAGMA integrity_check").fetchone()[0]
        counted = file.execute("SELECT coalesce(sum(n), 0) FROM counts").fetchone()[0]
    if damage == "ok" and counted != kept.total():
        damage = f"the counts say {counted}, the events are {kept.total()}"
    return Findings(
        acknowledged=ledger.acknowledged.total(),
        unanswered=ledger.sent.total() - ledger.acknowledged.total(),
        missing=(ledger.acknowledged - kept).total(),
        unacknowledged=(kept - ledger.acknowledged).total(),
        unsent=(kept - ledger.sent).total(),
        bad=bad,
        damage="" if damage == "ok" else str(damage),
    )


class _Client:
    """One connection with at most one request under way."""

    def __init__(self, port: int, ledger: Ledger, batch: bool) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._ledger = ledger
        self._batch = batch
        self._pending = b""
        self._under_way: Sent | None = None

    def send(self) -> None:
        request = self._ledger.next_request(self._batch)
        self._under_way = request
        self._ledger.sent.update(request.ids)
        self.socket.sendall(request.data)

    def receive(self) -> bool:
        """Takes what has come; whether the answer is whole."""
        chunk = self.socket.recv(65_536)
        if not chunk:
            raise ConnectionResetError
        self._pending += chunk
        head, _, body = self._pending.partition(b"\r\n\r\n")
        at = head.lower().find(b"content-length: ")
        if at < 0 or len(body) < int(head[at + 16 :].split(b"\r\n", 1)[0]):
            return False
        assert self._under_way is not None
        if not head.startswith(self._under_way.status) or b'"statusCode"' in body:
            raise SystemExit(f"the platform answered {self._pending[:300]!r}")
        self._ledger.acknowledged.update(self._under_way.ids)
        self._under_way, self._pending = None, b""
        return True

    def bury(self) -> None:
        """The platform is dead: reads what it had still answered, and notes what has to be sent again."""
        try:
            while not self.receive():
                pass
        except OSError:
            pass
        finally:
            self.socket.close()
        if self._under_way is not None:
            self._ledger.again.append(self._under_way)


def live_and_die(command: list[str], ledger: Ledger, life_s: float) -> None:
    """Starts the platform, loads it for so long, kills it in the middle of everything."""
    clients: list[_Client] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as platform:
        try:
            port = _port(platform)
            clients += [_Client(port, ledger, batch=n < SOURCES) for n in range(PHONES + SOURCES)]
            _load(clients, life_s)
        finally:
            platform.kill()
    for client in clients:
        client.bury()


def _load(clients: list[_Client], seconds: float) -> None:
    by_descriptor = {client.socket.fileno(): client for client in clients}
    ends_s = time.monotonic() + seconds
    with closing(select.epoll()) as poll:
        for descriptor, client in by_descriptor.items():
            poll.register(descriptor, select.EPOLLIN)
            client.send()
        while (left_s := ends_s - time.monotonic()) > 0:
            for descriptor, _ in poll.poll(left_s):
                if by_descriptor[descriptor].receive():
                    by_descriptor[descriptor].send()


def _port(platform: subprocess.Popen[str]) -> int:
    assert platform.stdout is not None
    line = platform.stdout.readline()
    if not line:
        raise SystemExit("the platform did not start")
    return int(line.split(" (store ")[0].rpartition(":")[2])


def crashes(kills: int, seed: int, store: Path) -> Ledger:
    """So many lives and deaths on one store."""
    moments = random.Random(seed)
    command = [sys.executable, "-m", "footfall.platform", "--port", "0", "--store", str(store)]
    ledger = Ledger()
    for _ in range(kills):
        live_and_die(command, ledger, moments.uniform(0.01, MOST_LIFE_S))
    return ledger


def main() -> None:
    """Kills and prints one line; exit code 1 where anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="default %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of death (default %(default)s)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        store = Path(directory) / "store.sqlite"
        found = findings(crashes(chosen.kills, chosen.seed, store), store)
    print(
        f"kills {chosen.kills}, acknowledged {found.acknowledged:,}, missing {found.missing}, "
        f"under way at a kill {found.unanswered:,}, kept without acknowledgement {found.unacknowledged:,}, "
        f"never sent {found.unsent}, bad {found.bad}, file {found.damage or 'ok'}"
    )
    sys.exit(0 if found.nothing_lost else 1)


if __name__ == "__main__":
    main()
