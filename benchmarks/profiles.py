"""What a profile costs: an event that changes nothing, one that makes a profile, a look-up among a million profiles and
among ten thousand, and the bytes of each. `python -m benchmarks.profiles [--profiles 1000000]`.

Both stores are files with the platform's settings, written in batches as the platform writes. A look-up is of a random
identity that the store's own memory does not hold. Warm: through a connection that has just looked up thousands of
others. Cold: through connections that have looked up nothing, so that no page is in SQLite's cache, though it is in the
operating system's. The two stores take turns every 20 look-ups, too short for the system to put others in between; the
figures are medians of these.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from footfall.platform.database import Database
from footfall.platform.profiles.identities import Identity
from footfall.platform.profiles.on_disk import TABLES, SqliteProfileStore
from footfall.platform.profiles.profile import Profiles
from footfall.platform.profiles.store import MemoryProfileStore

FEW = 10_000
_BATCH = 500  # events of one transaction
_LAKE = "CREATE TABLE events (seq INTEGER PRIMARY KEY, id TEXT, run TEXT, good INTEGER, body BLOB);"


def ecid(n: int) -> str:
    """Of the n-th phone; as scattered as real ones."""
    return f"{n * 0x9E3779B97F4A7C15 % 9223372036854775807:019d}{n:019d}"


def event(n: int) -> dict[str, Any]:
    """The n-th person's phone, logged in, tells its push token."""
    token = {
        "appID": "com.example.shop",
        "token": f"{n:064x}",
        "platform": "apns",
        "denylisted": False,
        "identity": {"namespace": {"code": "ECID"}, "id": ecid(n)},
    }
    return {"xdm": {"identityMap": identity_map(n)}, "data": {"pushNotificationDetails": [token]}}


def identity_map(n: int) -> dict[str, Any]:
    """As the SDK sends it after a login."""
    return {
        "ECID": [{"id": ecid(n), "authenticatedState": "ambiguous", "primary": False}],
        "Email": [{"id": f"person{n}@example.com", "authenticatedState": "authenticated", "primary": False}],
        "footfallCRMId": [{"id": f"p{n}", "authenticatedState": "authenticated", "primary": True}],
    }


def filled(path: Path, n: int) -> tuple[Database, float]:
    """A file with n profiles of three identities and a token, and the seconds that it took. Its write-ahead log is
    folded in, as the platform does while it runs: a long one slows every look-up, and is longer for the large store.
    """
    database = Database(str(path), _LAKE + TABLES, 1)
    store = SqliteProfileStore(database.rows, "run", cached=1_000)
    profiles = Profiles(store)
    began_s = time.perf_counter()
    for first in range(0, n, _BATCH):
        ids = [f"{i:032x}" for i in range(first, min(n, first + _BATCH))]
        store.expect(ids, 1)
        for i, id in enumerate(ids, first):
            profiles.take_event(id, event(i), i, 1_000)
        database.transaction(store.statements())
        store.written()
    took_s = time.perf_counter() - began_s
    database.close()
    return Database(str(path), "", 1), took_s


def look_up_us(rows: Callable[..., Any], n: int, count: int, source: random.Random) -> float:
    """Microseconds of one look-up that reads the disk's pages."""
    store = SqliteProfileStore(rows, "run", cached=0)
    wanted = [Identity("ECID", ecid(source.randrange(n))) for _ in range(count)]
    began_s = time.perf_counter()
    for identity in wanted:
        assert store.get(identity) is not None
    return (time.perf_counter() - began_s) / count * 1e6


def cold_us(path: Path, n: int, source: random.Random) -> float:
    """Microseconds of a look-up, of the first 20 of a new connection; the statement has been prepared."""
    database = Database(str(path), "", 1)
    try:
        store = SqliteProfileStore(database.rows, "run", cached=0)
        store.get(Identity("ECID", "nobody"))
        return look_up_us(database.rows, n, 20, source)
    finally:
        database.close()


def nothing_new_us(profiles: Profiles, expect: Callable[[list[str]], None], people: int) -> float:
    """Microseconds of an event that changes nothing in a profile that is in memory."""
    contents = [{"xdm": {"identityMap": identity_map(n)}} for n in range(people)]
    for n, content in enumerate(contents):
        profiles.take_event(f"first {n}", content, n, 1_000)
    slices = []
    for turn in range(20):
        ids = [f"{turn:016x}{n:016x}" for n in range(people)]
        expect(ids)
        began_s = time.perf_counter()
        for id, content in zip(ids, contents, strict=True):
            profiles.take_event(id, content, turn, 1_000)
        slices.append((time.perf_counter() - began_s) / people * 1e6)
    return statistics.median(slices)


def measure(many: int = 1_000_000, rounds: int = 500) -> dict[str, float]:
    """All figures."""
    source = random.Random(1)
    with tempfile.TemporaryDirectory() as directory:
        paths = {n: Path(directory) / f"{n}.sqlite" for n in (FEW, many)}
        made = {n: filled(path, n) for n, path in paths.items()}
        warm: dict[int, list[float]] = {n: [] for n in paths}
        cold: dict[int, list[float]] = {n: [] for n in paths}
        for n in paths:
            look_up_us(made[n][0].rows, n, 20_000, source)
        for _ in range(rounds):
            for n, (database, _) in made.items():
                warm[n].append(look_up_us(database.rows, n, 20, source))
        for _ in range(rounds):
            for n, path in paths.items():
                cold[n].append(cold_us(path, n, source))
        database = made[many][0]
        store = SqliteProfileStore(database.rows, "run")
        disk_us = nothing_new_us(Profiles(store), lambda ids: store.expect(ids, 1), 1_000)
        for one, _ in made.values():
            one.close()
        size = paths[many].stat().st_size
        memory_us = nothing_new_us(Profiles(MemoryProfileStore()), lambda ids: None, 1_000)
    few_warm, many_warm = statistics.median(warm[FEW]), statistics.median(warm[many])
    few_cold, many_cold = statistics.median(cold[FEW]), statistics.median(cold[many])
    return {
        "nothing_new_us": disk_us,
        "nothing_new_memory_us": memory_us,
        "new_eps": many / made[many][1],
        "few_new_eps": FEW / made[FEW][1],
        "warm_us": many_warm,
        "few_warm_us": few_warm,
        "warm_ratio": many_warm / few_warm,
        "cold_us": many_cold,
        "few_cold_us": few_cold,
        "cold_ratio": many_cold / few_cold,
        "bytes": size / many,
        "many": many,
    }


def main() -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiles")
    parser.add_argument("--profiles", type=int, default=1_000_000, help="of the large store (default %(default)s)")
    found = measure(parser.parse_args().profiles)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title="one core, medians", title_justify="left")
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_column("beside it", style="dim")
    memory = f"wanted: 8; store in memory {found['nothing_new_memory_us']:.1f}"
    table.add_row("an event that changes nothing, us", f"{found['nothing_new_us']:.1f}", memory)
    few = f"up to the first {FEW:,}: {found['few_new_eps']:,.0f}"
    table.add_row("new profiles made and written, events/s", f"{found['new_eps']:,.0f}", few)
    for kind in ("warm", "cold"):
        beside = f"among {FEW:,}: {found[f'few_{kind}_us']:.1f}"
        table.add_row(f"{kind} look-up among {found['many']:,.0f}, us", f"{found[f'{kind}_us']:.1f}", beside)
        table.add_row("    its ratio to that", f"{found[f'{kind}_ratio']:.2f}", "wanted: at most 1.3")
    table.add_row("bytes of a profile in the file", f"{found['bytes']:.0f}", "three identities and a push token")
    Console().print(table)


if __name__ == "__main__":
    main()
