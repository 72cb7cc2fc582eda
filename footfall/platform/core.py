"""The local Experience Platform without a socket, a disk or a clock: requests and times in, outcomes out.

The same core answers behind the server and in the process of a simulation in virtual time. It keeps its tables of
datastreams and inlets and what people consented to; what an outcome says must be stored, the caller stores before the
response leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from footfall.platform import edge, inlet, places
from footfall.platform.config import LOCAL_INLET, Datastream, Inlet, PlatformConfig
from footfall.platform.consents import Consents
from footfall.platform.faults import Faults
from footfall.platform.inlet import SyncLimit
from footfall.platform.messages import ConsentChange, Outcome, Request, Response
from footfall.platform.validation import EventSchema
from footfall.world.pois import Poi

LOCAL_DATASTREAM = Datastream(id="local")
DEFAULT = PlatformConfig()


class Taken(Exception):
    """The datastream or inlet already belongs to another run: its events would be mixed with that run's."""


class Platform:
    """Edge, inlets and Places for one set of POIs and one configuration; the datastream "local" and the local inlet are
    always there. `started_ms` (epoch) is when faults' windows begin."""

    def __init__(
        self,
        pois: Iterable[Poi],
        schema: EventSchema,
        config: PlatformConfig = DEFAULT,
        started_ms: int = 0,
    ) -> None:
        self._places = places.PlacesQuery(pois)
        self._schema = schema
        self._datastreams = {LOCAL_DATASTREAM.id: LOCAL_DATASTREAM} | {one.id: one for one in config.datastreams}
        self._inlets = {LOCAL_INLET: Inlet(LOCAL_INLET)} | {one.id: one for one in config.inlets}
        self._consents = Consents()
        self._sync_limit = SyncLimit()
        self._faults = Faults(config.faults, config.seed, started_ms)

    @property
    def poi_count(self) -> int:
        return len(self._places)

    @property
    def datastreams(self) -> Mapping[str, Datastream]:
        return MappingProxyType(self._datastreams)

    @property
    def inlets(self) -> Mapping[str, Inlet]:
        return MappingProxyType(self._inlets)

    def register(self, datastream: Datastream) -> None:
        """From now on events that arrive through this datastream belong to its run. Twice the same is once; raises
        Taken where it belongs to another run."""
        known = self._datastreams.get(datastream.id)
        if known is not None and known.run != datastream.run:
            raise Taken(f"datastream {datastream.id!r} belongs to run {known.run!r}")
        self._datastreams[datastream.id] = datastream

    def register_inlet(self, one: Inlet) -> None:
        """From now on messages that arrive through this inlet belong to its run; as with a datastream."""
        known = self._inlets.get(one.id)
        if known is not None and known.run != one.run:
            raise Taken(f"inlet {one.id!r} belongs to run {known.run!r}")
        self._inlets[one.id] = one

    def remember(self, changes: Iterable[ConsentChange]) -> None:
        """What people said: before this platform was started, or just now."""
        for change in changes:
            self._consents.change(change)

    def handle(self, request: Request, now_ms: int) -> Outcome:
        """Answers one request of a device or a source system. `now_ms` (since the epoch) is when it was received. Tell
        `committed` when what the outcome says is durable."""
        strike = self._faults.strike(request, now_ms)
        if strike is not None and strike.instead is not None:
            return Outcome(strike.instead, delivery=strike.delivery)
        outcome = self._answer(request, now_ms)
        return outcome if strike is None else strike.on(outcome)

    def committed(self, outcome: Outcome) -> None:
        """What the outcome says is stored: from now on the platform heeds what people said in it."""
        self.remember(outcome.consents)

    def _answer(self, request: Request, now_ms: int) -> Outcome:
        path = request.path
        if path.startswith("/ee"):
            return edge.answer(request, self._datastreams, self._schema, self._consents, now_ms)
        if path.startswith("/collection/"):
            return inlet.answer(request, self._inlets, self._schema, self._sync_limit, now_ms)
        if path in places.PATHS:
            return Outcome(self._places.answer(request))
        return Outcome(Response(404, (), b""))

    def not_stored(self, request: Request, now_ms: int) -> Response:
        """The answer to give instead of an outcome's own when its events could not be stored: 503 with Retry-After."""
        if request.path.startswith("/collection/"):
            return inlet.not_stored(request)
        return edge.not_stored(request, now_ms)
