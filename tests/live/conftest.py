from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from raw_servers import Connect, RawServer, Script, Serve

from footfall.live.http import Connection, Network, Origin


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a raw server with a script; all are closed at the end of the test."""
    started: list[RawServer] = []

    def _serve(script: Script, **tls: Any) -> RawServer:
        started.append(RawServer(script, **tls))
        return started[-1]

    yield _serve
    for server in started:
        server.close()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes a phone's connection to an origin, of a network of its own or of a given one."""
    made: list[tuple[Network, Connection]] = []

    def _connect(origin: Origin, network: Network | None = None) -> Connection:
        network = network or Network(origin, origin)
        made.append((network, Connection(network, origin)))
        return made[-1][1]

    yield _connect
    for network, connection in made:
        connection.close()
        network.close()
