"""Runs the platform until it is told to stop: checks what it is given, binds loopback, opens the store, announces."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import uvicorn

from footfall.platform.core import Platform
from footfall.platform.loopback import is_loopback
from footfall.platform.package_data import event_schema
from footfall.platform.server import PlatformApp
from footfall.platform.store import NotAStore, Store, StoreFailed
from footfall.world.pois import Poi
from footfall.world.problems import BadInput

DEFAULT_PORT = 8090
DEFAULT_STORE = "footfall-platform.sqlite"

BACKLOG = 4_096  # a whole population may connect in the same second
KEEP_ALIVE_S = 150  # phones keep their connection between events


class ServeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to run. `port` 0 takes a free one; `store` is a file, or ":memory:" for events that need not last; `fsync`
    makes them survive a power failure too; `geofences` are files of POIs; `announce` gets one line when ready;
    `stop_with_stdin` ends the platform when its standard input does, so that it never outlives who started it."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    store: str = DEFAULT_STORE
    fsync: bool = False
    geofences: tuple[str, ...] = ()
    stop_with_stdin: bool = False
    announce: Callable[[str], None] = lambda line: print(line, flush=True)


class _Unusable(Exception):
    """The platform cannot run as it was told; the message is for the person who told it."""


def serve(options: ServeOptions) -> int:
    """Serves until SIGTERM or SIGINT, then finishes what was received and returns 0; 2 with a line on stderr when it
    cannot start."""
    try:
        pois = _pois(options.geofences)
        with contextlib.ExitStack() as opened:
            listener = opened.enter_context(_listener(options.host, options.port))
            store = opened.enter_context(_store(options))
            _run(Platform(pois, event_schema(), store.datastreams()), store, listener, options)
    except BadInput as problems:
        print(problems, file=sys.stderr)
        return 2
    except _Unusable as problem:
        print(f"footfall platform: {problem}", file=sys.stderr)
        return 2
    return 0


def _run(platform: Platform, store: Store, listener: socket.socket, options: ServeOptions) -> None:
    _allow_many_connections()
    app = PlatformApp(platform, store, fsync=options.fsync, now_ms=lambda: time.time_ns() // 1_000_000)
    config = uvicorn.Config(
        app,
        http="httptools",
        loop="uvloop" if importlib.util.find_spec("uvloop") else "asyncio",
        ws="none",
        lifespan="on",
        interface="asgi3",
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=5,
    )
    host, port = listener.getsockname()[:2]
    address = f"[{host}]" if ":" in host else host
    line = f"footfall platform listening on http://{address}:{port} (store {options.store})"
    server = _Server(config, ready=lambda: options.announce(line))
    if options.stop_with_stdin:
        threading.Thread(target=_stop_with_stdin, args=(server,), daemon=True).start()
    server.run(sockets=[listener])


def _stop_with_stdin(server: uvicorn.Server) -> None:
    with contextlib.suppress(OSError, ValueError):
        while os.read(0, 4096):
            pass
    server.should_exit = True


class _Server(uvicorn.Server):
    """uvicorn, but a signal that ends it is a normal end, not raised again; and it says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread may set handlers; a test that runs the server in another sets should_exit
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _listener(host: str, port: int) -> socket.socket:
    if not is_loopback(host):
        raise _Unusable(f"binds to loopback only (127.0.0.1, ::1, localhost), not to {host!r}: it has no passwords")
    address = "127.0.0.1" if host.lower() == "localhost" else host
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if port and sys.platform != "win32":  # a port that a platform has just left can be taken again at once
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise _Unusable(f"cannot listen on {address} port {port}: {error}") from error
    listener.setblocking(False)
    return listener


def _store(options: ServeOptions) -> Store:
    try:
        return Store(options.store, fsync=options.fsync)
    except (StoreFailed, NotAStore) as error:
        raise _Unusable(str(error)) from error


def _pois(files: tuple[str, ...]) -> tuple[Poi, ...]:
    if not files:
        return ()
    from footfall.world.geofences import decode_geofences  # its decoders would slow down a start without geofences

    pois: dict[str, Poi] = {}
    for file in files:
        try:
            text = Path(file).read_bytes()
        except OSError as error:
            raise _Unusable(f"cannot read {file}: {error}") from error
        for poi in decode_geofences(text, file).pois:
            if poi.id in pois:
                raise _Unusable(f"{file}: the POI {poi.id!r} is in an earlier file too")
            pois[poi.id] = poi
    return tuple(pois.values())


def _allow_many_connections() -> None:
    """Raises this process's limit of open files as far as it may: a connection is one, and 1,024 are soon used up."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
