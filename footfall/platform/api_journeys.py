"""Journeys as the read API shows them: how many are where, and a switch to stop and start each."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from footfall.platform.api_queries import json_response, parameters
from footfall.platform.config import LOCAL_RUN
from footfall.platform.journeys.counts import Counts, JourneyCounts
from footfall.platform.journeys.types import Journey, nexts
from footfall.platform.projection import Projection
from footfall.world.problems import did_you_mean

NO_JOURNEYS = (
    "this platform keeps no profiles and runs no journeys; `footfall platform` does so with the journeys in journeys/, "
    "or with those that --journeys names"
)


class Journeying:
    """The handlers of /api/journeys. `projection` None: there are none."""

    def __init__(self, projection: Projection | None) -> None:
        self._projection = projection

    def routes(self) -> list[Route]:
        """Where they are found."""
        return [
            Route("/api/journeys", self.journeys, methods=["GET"]),
            Route("/api/journeys/{name}", self.journey, methods=["GET"]),
            Route("/api/journeys/{name}/pause", self.pause, methods=["POST"]),
            Route("/api/journeys/{name}/resume", self.resume, methods=["POST"]),
        ]

    async def journeys(self, request: Request) -> Response:
        projection, run = present(self._projection), run_of(request)
        standing = Standing.of(projection, run)
        return json_response(
            {
                "run": run,
                "journeys": [standing.line(journey) for journey in projection.orchestration.journeys],
                "unmatched": standing.counts.unmatched,
                "no_journey": standing.counts.no_journey,
            }
        )

    async def journey(self, request: Request) -> Response:
        projection, run = present(self._projection), run_of(request)
        journey = _named(projection, request.path_params["name"])
        return json_response({"run": run, **Standing.of(projection, run).whole(journey)})

    async def pause(self, request: Request) -> Response:
        projection, run = present(self._projection), run_of(request)
        _check_run(projection, run)
        journey = _named(projection, request.path_params["name"])
        projection.pause(run, journey.name)
        return await _done(projection, run, journey)

    async def resume(self, request: Request) -> Response:
        projection, run = present(self._projection), run_of(request)
        _check_run(projection, run)
        journey = _named(projection, request.path_params["name"])
        projection.resume(run, journey.name)
        return await _done(projection, run, journey)


def _check_run(projection: Projection, run: str) -> None:
    """A misspelt run would get journeys of its own, paused."""
    if run != LOCAL_RUN and run not in projection.orchestration.runs:
        raise HTTPException(404, f"no run {run!r} has journeys.{did_you_mean(run, projection.orchestration.runs)}")


class Standing(msgspec.Struct, frozen=True):
    """How the journeys of one run stand: what must be encoded before anything else happens."""

    counts: Counts
    paused: frozenset[str]

    @classmethod
    def of(cls, projection: Projection, run: str) -> Standing:
        """The run's; of one in which nothing has happened, all are as their files say."""
        orchestration = projection.orchestration
        if run not in orchestration.runs:
            return cls(Counts({}), frozenset(one.name for one in orchestration.journeys if one.paused))
        standing = orchestration.sandbox(run).journeys.standing()
        return cls(standing.counts, frozenset(standing.paused))

    def of_journey(self, journey: Journey) -> JourneyCounts:
        """Its numbers."""
        return self.counts.journeys.get(journey.name) or JourneyCounts()

    def line(self, journey: Journey) -> dict[str, object]:
        """A line of the table of journeys."""
        counts = msgspec.structs.asdict(self.of_journey(journey))
        del counts["reached"]
        return {
            "name": journey.name,
            "version": journey.version,
            "dialect": journey.dialect,
            "mode": journey.mode,
            "paused": journey.name in self.paused,
            "namespace": journey.namespace,
            "enters": _entry(journey),
            **counts,
        }

    def whole(self, journey: Journey) -> dict[str, object]:
        """One journey with its nodes."""
        counts = self.of_journey(journey)
        nodes = [
            {
                "name": name,
                "kind": node.__struct_config__.tag,
                "next": nexts(node),
                "reached": counts.reached.get(name, 0),
                "waiting": counts.waiting.get(name, 0),
            }
            for name, node in journey.nodes
        ]
        return {
            **self.line(journey),
            "first": journey.first,
            "exit_on": journey.exits,
            "remarks": journey.remarks,
            "nodes": nodes,
        }


def present(projection: Projection | None) -> Projection:
    """What the API speaks of; 404 with how to get one where there is none."""
    if projection is None:
        raise HTTPException(404, NO_JOURNEYS)
    return projection


def run_of(request: Request) -> str:
    """The one parameter: which run, the local one if it is not said."""
    return parameters(request, "run").get("run", LOCAL_RUN)


def _entry(journey: Journey) -> Mapping[str, str]:
    event = next(one for one in journey.events if one.name == journey.entry)
    rule = event.when.text if event.when is not None else ""
    return {"event": event.name, "when": rule, "event_id": event.event_id}


def _named(projection: Projection, name: str) -> Journey:
    journeys = {one.name: one for one in projection.orchestration.journeys}
    if name not in journeys:
        raise HTTPException(404, f"no journey {name!r} runs here.{did_you_mean(name, journeys)}")
    return journeys[name]


async def _done(projection: Projection, run: str, journey: Journey) -> Response:
    """Answers when what was done is durable."""
    await projection.written()
    return json_response({"run": run, **Standing.of(projection, run).line(journey)})
