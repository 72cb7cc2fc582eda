"""Runs the platform until it is told to stop: checks what it is given, binds loopback, opens the store, announces."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import ipaddress
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import uvicorn
from uvicorn.server import ServerState

from footfall.platform.config import LOCAL_SCHEMA, Datastream, Inlet, PlatformConfig
from footfall.platform.core import Platform, UnknownSchema, may_have
from footfall.platform.database import MEMORY, NotAStore, StoreFailed
from footfall.platform.fast_lane import FastLane
from footfall.platform.journeys.types import Journey
from footfall.platform.loopback import LEAST_TOKEN_CHARACTERS, Token, is_loopback
from footfall.platform.orchestration import Orchestration
from footfall.platform.package_data import event_schema
from footfall.platform.projection import ProfilesOnDisk, Projection
from footfall.platform.request_log import to_stderr
from footfall.platform.rotation import rotate
from footfall.platform.schema_files import read_schemas
from footfall.platform.server import PlatformApp
from footfall.platform.store import Store
from footfall.platform.validation import EventSchema
from footfall.platform.web_lane import WebLane
from footfall.world.pois import Poi
from footfall.world.problems import BadInput

DEFAULT_PORT = 8090
DEFAULT_STORE = "footfall-platform.sqlite"

BACKLOG = 4_096  # a whole population may connect in the same second
KEEP_ALIVE_S = 150  # phones keep their connection between events
REQUEST_S = 30  # a request that takes longer to arrive is none
TOKEN_VARIABLE = "FOOTFALL_PLATFORM_TOKEN"


class ServeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to run. `host` other than loopback wants a token in the environment variable FOOTFALL_PLATFORM_TOKEN, which
    callers of the read and control APIs then have to show; phones never do. `port` 0 takes a free one; `store` is a
    file, or ":memory:" for events that need not last; `fsync` makes them survive a power failure too; beyond
    `most_store_mb` megabytes nothing is taken any more (0: no limit); a file larger than `rotate_mb` at the start is
    put aside, and `keep` such stay (0: all); `config` is what the platform is set up with; `geofences` are files of
    POIs; `journeys` run on what arrives (None: no profiles and no journeys are kept); `announce` gets one line when
    ready; `stop_with_stdin` ends the platform when its standard input does, so that it never outlives who started it;
    `verbose` writes a line for each request to stderr; a connection is closed when it is silent for `keep_alive_s`, or
    when a request on it is not complete after `request_s`."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    store: str = DEFAULT_STORE
    fsync: bool = False
    most_store_mb: int = 0
    rotate_mb: int = 0
    keep: int = 0
    config: PlatformConfig = PlatformConfig()
    schema: EventSchema | None = None
    geofences: tuple[str, ...] = ()
    journeys: tuple[Journey, ...] | None = None
    stop_with_stdin: bool = False
    verbose: bool = False
    keep_alive_s: float = KEEP_ALIVE_S
    request_s: float = REQUEST_S
    announce: Callable[[str], None] = lambda line: print(line, flush=True)


_Entry = TypeVar("_Entry", Datastream, Inlet)


class _Unusable(Exception):
    """The platform cannot run as it was told; the message is for the person who told it."""


def serve(options: ServeOptions) -> int:
    """Serves until SIGTERM or SIGINT, then finishes what was received and returns 0; 2 with a line on stderr when it
    cannot start."""
    try:
        token = _token(options.host)
        pois = _pois(options.geofences)
        own = options.schema or event_schema()
        schemas = {**read_schemas(options.config, own), LOCAL_SCHEMA: own}
        with contextlib.ExitStack() as opened:
            listener = opened.enter_context(_listener(options.host, options.port))
            opened.enter_context(_claim(options.store))
            store = opened.enter_context(_store(options))
            profiles = ProfilesOnDisk(store)
            orchestration = None
            if options.journeys is not None:
                orchestration = Orchestration(options.journeys, profiles.open)
            platform = _platform(pois, schemas, store, options, orchestration)
            projection = None
            if orchestration is not None:
                projection = Projection(orchestration, profiles, store, _now_ms)
                projection.restore()
            _run(platform, store, listener, options, token, projection)
    except BadInput as problems:
        print(problems, file=sys.stderr)
        return 2
    except _Unusable as problem:
        print(f"footfall platform: {problem}", file=sys.stderr)
        return 2
    return 0


def _platform(
    pois: tuple[Poi, ...],
    schemas: Mapping[str, EventSchema],
    store: Store,
    options: ServeOptions,
    orchestration: Orchestration | None,
) -> Platform:
    """With what the configuration says and, beyond it, what the store remembers from before."""
    platform = Platform(pois, schemas[LOCAL_SCHEMA], options.config, _now_ms(), schemas, orchestration)
    try:
        for datastream in store.datastreams():
            platform.register(_as_configured(datastream, platform.datastreams.get(datastream.id)))
        for inlet in store.inlets():
            platform.register_inlet(_as_configured(inlet, platform.inlets.get(inlet.id)))
    except UnknownSchema as error:  # of a platform file that this one was not started with
        raise _Unusable(f"{options.store}: {error}; start it with the platform file of before") from error
    platform.remember(store.consents())
    return platform


def _as_configured(stored: _Entry, configured: _Entry | None) -> _Entry:
    """What the store remembers, or, of an entry of the platform file, the run and the clock that it was given."""
    if configured is None:
        return stored
    if not may_have(stored.run, configured):
        return configured  # the file has given it to another run meanwhile
    return msgspec.structs.replace(configured, run=stored.run, clock=stored.clock)


def _run(
    platform: Platform,
    store: Store,
    listener: socket.socket,
    options: ServeOptions,
    token: Token | None,
    projection: Projection | None,
) -> None:
    _allow_many_connections()
    app = PlatformApp(
        platform,
        store,
        fsync=options.fsync,
        now_ms=_now_ms,
        config=options.config,
        token=token,
        log=to_stderr if options.verbose else None,
        projection=projection,
    )
    config = uvicorn.Config(
        app,
        http=_protocol(app, options),  # type: ignore[arg-type]  # uvicorn calls it as it would call a class
        loop="uvloop" if importlib.util.find_spec("uvloop") else "asyncio",
        ws="none",
        lifespan="on",
        interface="asgi3",
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=options.keep_alive_s,  # type: ignore[arg-type]  # it only adds it to a time
        timeout_graceful_shutdown=5,
    )
    host, port = listener.getsockname()[:2]
    address = f"[{host}]" if ":" in host else host
    line = f"footfall platform listening on http://{address}:{port} (store {options.store})"
    server = _Server(config, ready=lambda: options.announce(line), stopping=app.stop_waiting)
    if options.stop_with_stdin:
        threading.Thread(target=_stop_with_stdin, args=(server,), daemon=True).start()
    server.run(sockets=[listener])


def _protocol(app: PlatformApp, options: ServeOptions) -> Callable[..., FastLane]:
    """What uvicorn makes of every connection: the fast lane, which knows uvicorn's own protocol for the others."""

    def connect(
        config: uvicorn.Config, server_state: ServerState, app_state: dict[str, Any], _loop: Any = None
    ) -> FastLane:
        loop = _loop or asyncio.get_running_loop()
        others = partial(WebLane, config, server_state, app_state, loop, options.request_s)
        return FastLane(app.lane(options.keep_alive_s, options.request_s), loop, others, server_state.connections)

    return connect


def _stop_with_stdin(server: uvicorn.Server) -> None:
    with contextlib.suppress(OSError, ValueError):
        while os.read(0, 4096):
            pass
    server.should_exit = True


class _Server(uvicorn.Server):
    """uvicorn, but a signal that ends it is a normal end, not raised again; and it says when it is ready, and
    when it stops, before it waits for the answers that are owed."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)

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


def _token(host: str) -> Token | None:
    """None for loopback, where nobody needs one; the environment's, never an option's, which `ps` would show."""
    if is_loopback(host):
        return None
    try:
        ipaddress.ip_address(host)
        return Token(os.environ.get(TOKEN_VARIABLE, ""))
    except ValueError:  # says nothing about what is wrong with it
        raise _Unusable(
            f"binds to loopback only (127.0.0.1, ::1, localhost), not to {host!r}; to another IP address where"
            f" {TOKEN_VARIABLE} holds a token of at least {LEAST_TOKEN_CHARACTERS} visible ASCII characters"
        ) from None


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _listener(host: str, port: int) -> socket.socket:
    address = "127.0.0.1" if host.lower() == "localhost" else host
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if port and sys.platform != "win32":  # a port that a platform has just left can be taken again at once
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        advice = "; --port chooses another one, and --port 0 takes any that is free" if port else ""
        raise _Unusable(f"cannot listen on {address} port {port}: {error}{advice}") from error
    listener.setblocking(False)
    return listener


def _store(options: ServeOptions) -> Store:
    try:
        aside = rotate(options.store, options.rotate_mb * 1_000_000, options.keep)
        if aside is not None:
            options.announce(f"footfall platform: {options.store} had grown large and is now {aside}")
        return Store(options.store, fsync=options.fsync, most_bytes=options.most_store_mb * 1_000_000)
    except OSError as error:
        raise _Unusable(f"cannot put {options.store} aside: {error}") from error
    except (StoreFailed, NotAStore) as error:
        raise _Unusable(str(error)) from error


@contextlib.contextmanager
def _claim(store: str) -> Iterator[None]:
    """Two platforms on one file would list each other's events and reset them. The lock goes with this process."""
    if store == MEMORY or importlib.util.find_spec("fcntl") is None:  # Windows has none
        yield
        return
    import fcntl

    lock = os.open(f"{store}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise _Unusable(f"another platform has {store} open; name another file with --store") from error
    finally:
        os.close(lock)


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
