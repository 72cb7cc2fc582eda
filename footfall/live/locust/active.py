"""A run as one process has it: the phones that live here, their ledger, their connections."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from pathlib import Path

import gevent

from footfall import __version__
from footfall.engine.compile import compile_scenario
from footfall.engine.live import Journal, Living
from footfall.engine.population import Population
from footfall.evidence.ops import Created, Head, Op
from footfall.live import inputs
from footfall.live.clock import Ending, PhoneClock
from footfall.live.http import Network, Origin, PhoneTransport
from footfall.live.inlet import Batcher, InletTransport, headers_for, inlet_of
from footfall.live.ledger import LedgerFile, LedgerFull
from footfall.live.locust.spec import RunSpec
from footfall.live.notifications import Pushed, notification_of
from footfall.live.postbox import Postbox
from footfall.phone.signals import Reply, Request
from footfall.world.people import People

Fire = Callable[..., None]
# Phones make much garbage and no cycles: with Python's own 700 the collector would look through all that is young every
# few requests, and now and then stop the world for a look at all phones (half a second for 50,000 of them, measured).
CALM_GC = (50_000, 50, 100)


class ActiveRun:
    """The run in this process. `next_phone` leases an index; `ended` hears of every life that is over, `watch` of
    every event made."""

    def __init__(
        self,
        spec: RunSpec,
        process: str,
        next_phone: Callable[[], int | None],
        ended: Callable[[int], None],
        fire: Fire,
        watch: Callable[[Created], None] | None = None,
    ) -> None:
        self.spec = spec
        gc.collect()
        gc.freeze()
        gc.set_threshold(*CALM_GC)
        read = inputs.decode(spec.scenario_file, spec.scenario_text, spec.geofences_file, spec.geofences_text)
        app = inputs.app_of(spec.app_file, spec.app_text)
        origin = Origin.of(spec.inlet_host or spec.host)
        self._inlet = inlet_of(app, spec.inlet, origin.loopback, spec.inlet_there)
        self._headers = headers_for(origin) if spec.inlet else b""
        self._population = Population(
            compile_scenario(read.scenario, read.pois),
            People.fill(),
            app.at(spec.datastream, read.libraries(app), self._inlet),
            spec.run,
            spec.seed,
            spec.phones,
            spec.anchor_ms,
        )
        directory = Path(spec.directory)
        directory.mkdir(parents=True, exist_ok=True)
        self.ledger = LedgerFile(
            directory / f"ledger-{process}.ndjson", Head(spec.run, process, os.getpid(), __version__)
        )
        self._journal: Journal = self.ledger if watch is None else _Watched(self.ledger, watch)
        self._network = Network(Origin.of(spec.host), Origin.of(spec.places_host or spec.host), inlet=origin)
        self._batcher: Batcher | None = None
        if spec.transport == "inlet-batch":
            self._batcher = Batcher(self._network, self._inlet, self._headers)
        self._living: dict[str, Living] = {}  # by ECID
        self._next_phone = next_phone
        self._ended = ended
        self._fire = fire
        self._endings: set[Ending] = set()  # one for each life under way
        self._asking = 0  # slots that wait for a phone, or have just been given one
        self._ending = False
        self.trouble: tuple[str, str] | None = None  # the first one: its kind, and why
        self._postbox: Postbox | None = None
        if spec.pushes_of:
            self._postbox = Postbox(spec.host, spec.pushes_of, self._deliver, self._no_pushes)

    @property
    def living(self) -> int:
        """Lives under way in this process, and slots that may be about to begin one."""
        return len(self._endings) + self._asking

    def begin(self) -> gevent.Greenlet[..., None] | None:
        """Leases a phone and begins its life; None when there is none left to lease.

        The life has a greenlet of its own: a slot that Locust takes back (a ramp down, a rebalance because another
        worker joined) leaves its phone alive, and only the end of the run cuts lives short.
        """
        if self._ending:
            return None
        self._asking += 1
        try:
            k = self._next_phone()
        finally:
            self._asking -= 1
        return None if k is None else self.adopt(k)

    def adopt(self, k: int) -> gevent.Greenlet[..., None]:
        """Begins the life of a phone that was leased, whether a slot holds it or not."""
        ending = Ending()
        if self._ending:
            ending.set()
        self._endings.add(ending)
        return gevent.spawn(self._live, k, ending)

    def _live(self, k: int, ending: Ending) -> None:
        spec = self.spec
        transport = Counted(self._transport(), self._fire)
        try:
            life = self._population.life(k)
            clock = PhoneClock(spec.origin_s, spec.speed, life.start_ms, ending, spec.drain_s)
            living = self._living[life.ecid] = Living(life, clock, transport, self._journal)
            try:
                living.live()
            finally:
                del self._living[life.ecid]
        except LedgerFull as full:
            self.fail("disk-full", str(full))
        except Exception as error:  # of ours: the run cannot prove what it should any more
            self.fail("crashed", f"phone {k}: {error!r}")
            raise
        finally:
            transport.close()
            self._endings.discard(ending)
            self._ended(k)

    def _deliver(self, pushed: Pushed) -> None:
        living = self._living.get(pushed.ecid)
        if living is None:
            return
        try:
            living.notify(notification_of(pushed, self.spec.anchor_ms))
        except Exception as error:  # of ours, or of a platform that is none of ours
            self.fail("crashed", f"message {pushed.id}: {error!r}")

    def _no_pushes(self, error: Exception) -> None:
        self.fail("crashed", f"push messages are no longer fetched: {error!r}")

    def _transport(self) -> PhoneTransport | InletTransport:
        plain, spec = PhoneTransport(self._network), self.spec
        if not spec.inlet:
            return plain
        return InletTransport(plain, self._inlet, self._headers, spec.transport != "edge", self._batcher)

    def flush(self) -> None:
        """Hands the ledger's lines to the operating system."""
        try:
            self.ledger.flush()
        except LedgerFull as full:
            self.fail("disk-full", str(full))

    def fail(self, kind: str, why: str) -> None:
        """Something that limits what can be proved: all lives end."""
        self.trouble = self.trouble or (kind, why)
        self.end()

    def end(self) -> None:
        """Ends all lives early: no new signals, what is queued is still delivered while patience lasts."""
        self._ending = True
        for ending in list(self._endings):
            ending.set()
        if self._batcher is not None:
            self._batcher.hurry()

    def close(self) -> None:
        """After the last life: the ledger is flushed and closed."""
        if self._postbox is not None:
            self._postbox.close()
        if self._batcher is not None:
            self._batcher.close()
        self._network.close()
        self.ledger.close()


class _Watched:
    """A ledger of which somebody wants to see the events as they are made."""

    def __init__(self, ledger: LedgerFile, watch: Callable[[Created], None]) -> None:
        self._ledger = ledger
        self._watch = watch
        self.flush = ledger.flush

    def add(self, op: Op) -> None:
        """See engine.live.Journal."""
        self._ledger.add(op)
        if isinstance(op, Created):
            self._watch(op)


class RequestFailed(Exception):
    """How a request failed, for Locust's statistics."""


class Counted:
    """A phone's transport that tells Locust of every request, under the name of its eventType.

    Response times count from when the request was due, so that a generator that was late cannot hide it. A request of
    which some event was not taken has failed, as the first such event has.
    """

    __slots__ = ("_fire", "_transport")

    def __init__(self, transport: PhoneTransport | InletTransport, fire: Fire) -> None:
        self._transport = transport
        self._fire = fire

    def send(self, request: Request, due_wall_ms: float) -> Reply:
        """See engine.live.Transport."""
        reply = self._transport.send(request, due_wall_ms)
        failure = None
        for its in reply.each or (reply,):
            if its.status == 0 or its.status >= 400:
                failure = RequestFailed(f"HTTP {its.status}" if its.status else its.failure)
                break
        self._fire(
            request_type=request.method,
            name=request.name,
            response_time=time.time() * 1000.0 - due_wall_ms,
            response_length=len(reply.body),
            exception=failure,
            context={},
            response=None,
            start_time=due_wall_ms / 1000.0,
            url=None,
        )
        return reply

    def close(self) -> None:
        """Closes the phone's connections."""
        self._transport.close()
