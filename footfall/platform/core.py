"""The local Experience Platform without a socket, a disk or a clock: requests and times in, outcomes out.

The same core answers behind the server and in the process of a simulation in virtual time. It keeps its tables of
datastreams and inlets and what people consented to; what an outcome says must be stored, the caller stores before the
response leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from footfall.platform import edge, inlet, places
from footfall.platform.config import (
    LOCAL_INLET,
    LOCAL_PROFILE_INLET,
    LOCAL_PROFILE_SCHEMA,
    LOCAL_RUN,
    LOCAL_SCHEMA,
    Datastream,
    Inlet,
    PlatformConfig,
)
from footfall.platform.consents import Consents
from footfall.platform.edge_answers import Offers, no_offers
from footfall.platform.faults import Faults
from footfall.platform.inlet import SyncLimit
from footfall.platform.messages import ConsentChange, Outcome, Request, Response
from footfall.platform.orchestration import Orchestration
from footfall.platform.validation import EventSchema
from footfall.world.pois import Poi

LOCAL_DATASTREAM = Datastream(id="local")
LOCAL_INLETS = (Inlet(LOCAL_INLET), Inlet(LOCAL_PROFILE_INLET, kind="profile", schema=LOCAL_PROFILE_SCHEMA))
_ANY_OBJECT = b'{"type": "object"}'
DEFAULT = PlatformConfig()


class Taken(Exception):
    """The datastream or inlet already belongs to another run: its events would be mixed with that run's."""


class UnknownSchema(LookupError):
    """A datastream or inlet names a schema that the platform was not given; the message says which."""


def may_have(run: str, entry: Datastream | Inlet) -> bool:
    """Whether the run may tie the entry to itself: its own, or one that was set up for no run in particular. The local
    ones are everybody's."""
    if entry.id in (LOCAL_DATASTREAM.id, LOCAL_INLET, LOCAL_PROFILE_INLET):
        return entry.run == run
    return entry.run in (run, LOCAL_RUN)


class Platform:
    """Edge, inlets and Places for one set of POIs and one configuration; the datastream "local" and the local inlets
    (for events, and for records of profiles) are always there. `started_ms` (epoch) is when faults' windows begin where
    no run's clock counts them. `schema` is the platform's own (LOCAL_SCHEMA), `schemas` has the others that the
    configuration names, by id. Raises UnknownSchema where one is missing. `orchestration` is what happens behind the
    lake, if anything does: what it wants shown on devices goes out with Edge's answers."""

    def __init__(
        self,
        pois: Iterable[Poi],
        schema: EventSchema,
        config: PlatformConfig = DEFAULT,
        started_ms: int = 0,
        schemas: Mapping[str, EventSchema] = MappingProxyType({}),
        orchestration: Orchestration | None = None,
    ) -> None:
        self._places = places.PlacesQuery(pois)
        self._schemas = {LOCAL_PROFILE_SCHEMA: EventSchema(_ANY_OBJECT), **schemas, LOCAL_SCHEMA: schema}
        self._datastreams = {LOCAL_DATASTREAM.id: LOCAL_DATASTREAM} | {one.id: one for one in config.datastreams}
        self._inlets = {one.id: one for one in LOCAL_INLETS} | {one.id: one for one in config.inlets}
        for datastream in self._datastreams.values():
            self._check_schema(datastream)
        for one in self._inlets.values():
            self._check_schema(one)
        self._consents = Consents()
        self._orchestration = orchestration
        self._offers: Offers = no_offers if orchestration is None else orchestration.offers
        self._sync_limit = SyncLimit()
        self._faults = Faults(config.faults, config.seed, started_ms, self._datastreams, self._inlets)

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
        Taken where it belongs to another run, and UnknownSchema."""
        known = self._datastreams.get(datastream.id)
        if known is not None and not may_have(datastream.run, known):
            raise Taken(f"datastream {datastream.id!r} belongs to run {known.run!r}")
        self._check_schema(datastream)
        self._datastreams[datastream.id] = datastream
        self._keep_time(datastream)

    def register_inlet(self, one: Inlet) -> None:
        """From now on messages that arrive through this inlet belong to its run; as with a datastream."""
        known = self._inlets.get(one.id)
        if known is not None and not may_have(one.run, known):
            raise Taken(f"inlet {one.id!r} belongs to run {known.run!r}")
        self._check_schema(one)
        self._inlets[one.id] = one
        self._keep_time(one)

    def _keep_time(self, one: Datastream | Inlet) -> None:
        if self._orchestration is not None and one.clock is not None:
            self._orchestration.keep_time(one.run, one.clock)

    def _check_schema(self, one: Datastream | Inlet) -> None:
        if one.schema not in self._schemas:
            what = "datastream" if isinstance(one, Datastream) else "inlet"
            raise UnknownSchema(f"{what} {one.id!r} names the schema {one.schema}, which this platform was not given")

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
            return edge.answer(request, self._datastreams, self._schemas, self._consents, now_ms, self._offers)
        if path.startswith("/collection/"):
            return inlet.answer(request, self._inlets, self._schemas, self._sync_limit, now_ms)
        if path in places.PATHS:
            return Outcome(self._places.answer(request))
        return Outcome(Response(404, (), b""))

    def not_stored(self, request: Request, now_ms: int) -> Response:
        """The answer to give instead of an outcome's own when its events could not be stored: 503 with Retry-After."""
        if request.path.startswith("/collection/"):
            return inlet.not_stored(request)
        return edge.not_stored(request, now_ms)
