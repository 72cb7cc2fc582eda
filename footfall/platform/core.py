"""The local Experience Platform without a socket, a disk or a clock: requests and times in, outcomes out.

The same core answers behind the server and in the process of a simulation in virtual time. It keeps nothing but its
table of datastreams: what an outcome says must be stored, the caller stores before the response leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from footfall.platform import edge, places
from footfall.platform.messages import LOCAL_RUN, Datastream, Outcome, Request, Response
from footfall.platform.validation import EventSchema
from footfall.world.pois import Poi

LOCAL_ORG = "F00F00000000000000000000@AdobeOrg"
LOCAL_DATASTREAM = Datastream(id="local", org=LOCAL_ORG, run=LOCAL_RUN)


class DatastreamTaken(Exception):
    """The datastream already belongs to another run: its events would be mixed with that run's."""


class Platform:
    """Edge and Places for one set of POIs and one table of datastreams; the datastream "local" is always there."""

    def __init__(self, pois: Iterable[Poi], schema: EventSchema, datastreams: Iterable[Datastream] = ()) -> None:
        self._places = places.PlacesQuery(pois)
        self._schema = schema
        self._datastreams = {LOCAL_DATASTREAM.id: LOCAL_DATASTREAM}
        for datastream in datastreams:
            self.register(datastream)

    @property
    def poi_count(self) -> int:
        return len(self._places)

    @property
    def datastreams(self) -> Mapping[str, Datastream]:
        return MappingProxyType(self._datastreams)

    def register(self, datastream: Datastream) -> None:
        """From now on events that arrive through this datastream belong to its run. Twice the same is once; raises
        DatastreamTaken where it belongs to another run."""
        known = self._datastreams.get(datastream.id)
        if known is not None and known.run != datastream.run:
            raise DatastreamTaken(f"datastream {datastream.id!r} belongs to run {known.run!r}")
        self._datastreams[datastream.id] = datastream

    def handle(self, request: Request, now_ms: int) -> Outcome:
        """Answers one request of a phone. `now_ms` (since the epoch) is when it was received."""
        if request.path.startswith("/ee"):
            return edge.interact(request, self._datastreams, self._schema, now_ms)
        if request.path in places.PATHS:
            return Outcome(self._places.answer(request))
        return Outcome(Response(404, (), b""))

    def not_stored(self, request: Request, now_ms: int) -> Response:
        """The answer to give instead of an outcome's own when its events could not be stored: 503 with Retry-After."""
        return edge.not_stored(request, now_ms)
