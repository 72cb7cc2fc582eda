"""`footfall preview`: what one phone would send, without sending it.

The phone is that of a run with the same scenario, app, seed and population; the answers come from the local platform's
core in this process, in virtual time. Events are stamped as a run that ends now would stamp them.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from math import inf
from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec
from rich.console import Console

from footfall.engine.compile import compile_scenario
from footfall.engine.population import Population
from footfall.engine.preview import Answer, Preview, preview
from footfall.live import curl, inputs
from footfall.live.clock import anchor_ms
from footfall.live.inlet import inlet_of
from footfall.live.inputs import Inputs
from footfall.live.preview_report import Scene, counted, headers, offset, print_report, versions
from footfall.phone import sdk
from footfall.phone.config import AppConfig
from footfall.phone.signals import Reply, Request
from footfall.platform import messages
from footfall.platform.config import LOCAL_INLET
from footfall.platform.core import LOCAL_DATASTREAM, Platform
from footfall.platform.loopback import is_loopback
from footfall.platform.memory import InProcessPlatform, MemoryStore
from footfall.platform.package_data import event_schema
from footfall.world import phones
from footfall.world.people import People
from footfall.world.problems import BadInput

EXIT_BAD_USAGE = 2
# an app put away at the plan's very end is closed half a second later, and its last answer may bring an event
LAST_WORDS_MS = 1_000


class PreviewOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which phone, and how to print it. None: the scenario's own seed and number of phones, the platform that the phone
    has by the scenario's shares, all requests. `app` "" is the default app. `host` is where `curl` and `json` address
    the requests to. At most one of `body`, `curl` and `json`."""

    scenario: str
    phone: int
    platform: str | None = None
    app: str = ""
    seed: int | None = None
    phones: int | None = None
    limit: int | None = None
    host: str = "http://127.0.0.1:8090"
    body: bool = False
    curl: bool = False
    json: bool = False


class _Console(Console):
    """A console that says so when its reader has gone, instead of leaving with 1, which is `invalid` here."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class _BadUsage(Exception):
    """An option cannot be used; the message is for the person who gave it."""


def run(options: PreviewOptions, now_s: float | None = None) -> int:
    """Prints the preview; 0, or 2 with what is wrong on stderr. `now_s`: no event is stamped later, seconds since the
    epoch; None is the clock's now."""
    try:
        _print(options, time.time() if now_s is None else now_s)
        sys.stdout.flush()
    except BadInput as bad:
        print(bad, file=sys.stderr)
        return EXIT_BAD_USAGE
    except _BadUsage as bad:
        print(f"footfall: {bad}", file=sys.stderr)
        return EXIT_BAD_USAGE
    except BrokenPipeError:  # `| head` has seen enough; what is still in the buffer goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _print(options: PreviewOptions, now_s: float) -> None:
    origin = _origin(options.host)
    platform = _platform(options.platform)
    read, given = inputs.load_all(options.scenario, options.app)
    population = read.scenario.population.phones if options.phones is None else options.phones
    seed = read.scenario.seed if options.seed is None else options.seed
    _check("--phones", population, 1)
    _check("--seed", seed, 0)
    _check("--phone", options.phone, 0, population - 1)
    if options.limit is not None:
        _check("--limit", options.limit, 1)
    app = app_of_preview(read, given.config)
    anchor = anchor_of_preview(read, now_s)
    life = population_of_preview(read, app, seed, population, anchor, platform).life(options.phone)
    scene = Scene(life, population, read.scenario.name, seed, app, anchor, {poi.id: poi.name for poi in read.pois})
    seen = preview(life, local_core(read, anchor, MemoryStore()))
    if options.curl:
        _write(_script(scene, seen, options.limit, origin))
    elif options.json:
        _write(msgspec.json.Encoder().encode_lines(_lines(scene, seen, options.limit, origin)))
    else:
        print_report(_Console(highlight=False), scene, seen, options.limit, options.body)


def app_of_preview(read: Inputs, config: AppConfig) -> AppConfig:
    """The app as a preview has it: it sends to the local platform's datastream and inlet."""
    inlet = inlet_of(config, LOCAL_INLET, loopback=True)
    return config.at(LOCAL_DATASTREAM.id, read.libraries(config), inlet)


def anchor_of_preview(read: Inputs, now_s: float) -> int:
    """The epoch (ms) of virtual 0 with which no event is stamped later than `now_s`, seconds since the epoch."""
    return anchor_ms(now_s, read.scenario.lasts_ms + LAST_WORDS_MS, inf)


def population_of_preview(
    read: Inputs, app: AppConfig, seed: int, population: int, anchor: int, platform: phones.Platform | None = None
) -> Population:
    """Everyone who could be previewed, with the same ids every time: a preview can be looked at twice."""
    return Population(
        compile_scenario(read.scenario, read.pois),
        People.fill(),
        app,
        f"preview {read.scenario.name}",
        seed,
        population,
        anchor,
        platform,
    )


def local_core(read: Inputs, anchor: int, store: MemoryStore) -> Answer:
    """The local platform's core in this process; what it takes is in `store`."""
    core = InProcessPlatform(Platform(read.pois, event_schema()), store)

    def answer(request: Request, at_ms: int) -> Reply:
        path, _, query = request.target.partition("?")
        lower = {name.lower(): value for name, value in headers(request).items()}
        response = core.exchange(messages.Request(request.method, path, query, lower, request.body), anchor + at_ms)
        return Reply(response.status, response.body, dict(response.headers).get("retry-after"))

    return answer


def _script(scene: Scene, seen: Preview, limit: int | None, origin: str) -> bytes:
    shown = seen.exchanges[:limit]
    head = [f"{scene.title}: {counted(len(shown), 'request')}, times in UTC"]
    if scene.life.drawn_platform != scene.life.model.platform:
        head.append(scene.platform)
    commands = [
        curl.Command(
            f"{scene.times(one.at_ms)}  {scene.carried(one)}", f"{offset(one.at_ms)} {scene.carried(one)}", one.request
        )
        for one in shown
    ]
    return curl.script(head, commands, map(scene.never_sent, seen.unsent), origin)


def _lines(scene: Scene, seen: Preview, limit: int | None, origin: str) -> Iterator[dict[str, Any]]:
    """The requests, at most `limit`, then the events that are never sent. `carries` is in words; `domain` is whom the
    SDK would address: null for Places, whose host an app file does not name."""
    life = scene.life
    phone = {
        "phone": life.k,
        "person": life.person.id,
        "platform": life.model.platform,
        "model": life.model.model,
    }
    told = list(zip(seen.exchanges, versions(life, seen.exchanges), strict=True))
    for one, app_version in told[:limit]:
        request = one.request
        yield {
            "sent": True,
            "at_ms": one.at_ms,
            "carries": scene.carried(one),
            "event_ids": request.event_ids,
            "types": [event.type for event in one.events],
            "extras": [event.extra for event in one.events],
            **phone,
            "app_version": app_version,
            "method": request.method,
            "url": origin + request.target,
            "target": request.target,
            "domain": sdk.edge_domain(scene.app.edge) if request.channel == "edge" else None,
            "headers": headers(request),
            "body": request.body.decode(),
            "status": one.reply.status,
        }
    for unsent in seen.unsent:
        event = unsent.event
        yield {
            "sent": False,
            "why": unsent.why,
            "at_ms": event.due_ms,
            "carries": scene.event(event),
            "event_ids": [event.id],
            "types": [event.type],
            "extras": [event.extra],
            **phone,
            "app_version": next(
                (version for one, version in reversed(told) if one.at_ms <= event.due_ms), life.app_version
            ),
        }


def _write(data: bytes) -> None:
    # bytes: a body must not depend on the encoding of a terminal
    sys.stdout.buffer.write(data)


def _origin(host: str) -> str:
    """`http://host:port` of a platform of this machine. Anything else is refused: commands are there to be pasted, and
    a pasted command sends."""
    try:
        parts = urlsplit(host if "://" in host else f"http://{host}")
        name, port = parts.hostname or "", parts.port
    except ValueError:
        name, port = "", None
    if not name or parts.scheme != "http":
        raise _BadUsage(f"--host: expected a URL like http://127.0.0.1:8090, found {host!r}")
    if not is_loopback(name):
        raise _BadUsage(f"--host {host}: only a platform on this machine can be named, because pasted commands send")
    return f"http://{f'[{name}]' if ':' in name else name}:{port or 80}"


def _platform(name: str | None) -> phones.Platform | None:
    known: tuple[phones.Platform, ...] = get_args(phones.Platform)
    for one in known:
        if one == name:
            return one
    if name is not None:
        raise _BadUsage(f"--platform: expected {' or '.join(known)}, found {name!r}")
    return None


def _check(option: str, value: int, lowest: int, highest: int | None = None) -> None:
    if value < lowest or (highest is not None and value > highest):
        expected = f"from {lowest} on" if highest is None else f"from {lowest} to {highest}"
        raise _BadUsage(f"{option}: expected a whole number {expected}, found {value}")
