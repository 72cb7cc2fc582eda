"""Who somebody is and where they are, and why an event did what it did, or did nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from footfall.platform.api_journal import shown
from footfall.platform.api_journeys import present, run_of
from footfall.platform.api_queries import MOST_LISTED, json_response, listing, parameters
from footfall.platform.config import LOCAL_ORG
from footfall.platform.core import Platform
from footfall.platform.database import StoreFailed
from footfall.platform.journal import Row, Wanted
from footfall.platform.journeys.messages import Happening, Step
from footfall.platform.orchestration import Sandbox
from footfall.platform.profiles.identities import ECID
from footfall.platform.profiles.person import Explanation
from footfall.platform.projection import Projection
from footfall.platform.store import Store
from footfall.platform.stored import Filter, StoredRow

MOST_MESSAGES = 20
_FEW = 5
_DECODER = msgspec.json.Decoder()


class Asking:
    """The handlers of /api/people and /api/why. `projection` None: nobody is known."""

    def __init__(self, platform: Platform, store: Store, projection: Projection | None) -> None:
        self._platform = platform
        self._store = store
        self._projection = projection

    def routes(self) -> list[Route]:
        """Where they are found."""
        return [
            Route("/api/people/{namespace}/{id:path}", self.person, methods=["GET"]),
            Route("/api/why/{id:path}", self.why, methods=["GET"]),
        ]

    async def person(self, request: Request) -> Response:
        projection, run = present(self._projection), run_of(request)
        namespace, id_ = request.path_params["namespace"], request.path_params["id"]
        await _settled(projection)
        orchestration = projection.orchestration
        sandbox = orchestration.sandbox(run) if run in orchestration.runs else None
        found = sandbox.profiles.explain(namespace, id_) if sandbox is not None else None
        if sandbox is None or found is None:
            raise HTTPException(404, await self._nobody(projection, run, namespace, id_))
        where = _whereabouts(projection, sandbox, found)  # of the same moment
        keys = [one.id for one in found.identities]
        rows = await run_in_threadpool(projection.journal.last_messages, run, keys, MOST_MESSAGES)
        return json_response(
            {
                "run": run,
                "namespace": namespace,
                "id": id_,
                **_told(found),
                "consent": await run_in_threadpool(self._consents, run, found),
                "journeys": where,
                "messages": [shown(row) for row in rows],
            }
        )

    def _consents(self, run: str, found: Explanation) -> dict[str, str]:
        """What the person's devices said, by ECID; those that said nothing are left out."""
        orgs = sorted({LOCAL_ORG, *(one.org for one in self._platform.datastreams.values() if one.run == run)})
        said = {}
        for identity in found.identities:
            for org in orgs if identity.namespace == ECID else ():
                collect = self._store.consent(org, identity.id)
                if collect:
                    said[identity.id] = collect
        return said

    async def _nobody(self, projection: Projection, run: str, namespace: str, id_: str) -> str:
        """Why nobody is known under this identity, as far as can be told, and where to look instead."""
        others = [
            name
            for name in projection.orchestration.runs
            if name != run and projection.orchestration.sandbox(name).profiles.find(namespace, id_) is not None
        ]
        wanted = Filter(run=run, ecid=id_, limit=_FEW) if namespace == ECID else Filter(run=run, person=id_, limit=_FEW)
        rows = await run_in_threadpool(self._store.events, wanted)
        said = [f"nobody is known as {namespace} {id_!r} in the run {run!r}."]
        if others:
            said.append(f"The identity is known in {', '.join(others[:_FEW])}: say ?run=.")
        ids = ", ".join(row.event.id for row in rows if row.event.id)
        if ids:
            said.append(f"Events that name it are in the lake ({ids}): /api/why/ and an id says what became of one.")
        else:
            said.append(
                "A profile begins with the first good event or profile record that names the identity; namespaces are"
                " told apart by capitals (ECID, Email)."
            )
        return " ".join(said)

    async def why(self, request: Request) -> Response:
        projection = present(self._projection)
        id_, run = request.path_params["id"], parameters(request, "run").get("run")
        await _settled(projection)
        rows = await run_in_threadpool(self._store.events, Filter(id=id_, run=run, limit=MOST_LISTED))
        if not rows:
            raise HTTPException(404, f"no event with the id {id_!r} was received{f' in run {run!r}' if run else ''}")
        row = rows[0]
        wanted = Wanted(run=row.event.run, event=id_, limit=MOST_LISTED)
        steps = await run_in_threadpool(projection.journal.steps, wanted)
        unheard, happening = _heard(row)
        return json_response(
            {
                "run": row.event.run,
                "event": listing(row, body=True),
                "copies": len(rows),
                "runs": sorted({one.event.run for one in rows}),
                "unheard": unheard,
                "journeys": _reasons(projection, row.event.run, steps, happening),
            }
        )


async def _settled(projection: Projection) -> None:
    """What was acknowledged before the question has been written down too; a store that fails is read all the same."""
    with contextlib.suppress(StoreFailed):
        await projection.written()


def _told(found: Explanation) -> dict[str, object]:
    return {
        "profile": found.profile,
        "is_test": found.is_test,
        "events": found.events,
        "last_event_ms": found.last_event_ms,
        "identities": found.identities,
        "notes": [msgspec.structs.asdict(note) for note in found.notes],
        "attributes": found.attributes,
        "tokens": found.tokens,
    }


def _whereabouts(projection: Projection, sandbox: Sandbox, found: Explanation) -> list[dict[str, object]]:
    """Where this person is, or was last, in each journey that goes by one of the identities."""
    namespaces = {journey.name: journey.namespace for journey in projection.orchestration.journeys}
    where = {
        one.instance: one
        for identity in found.identities
        for one in sandbox.journeys.whereabouts(identity.id)
        if namespaces[one.journey] in ("", identity.namespace)
    }
    return [msgspec.structs.asdict(one) for one in where.values()]


def _heard(row: StoredRow) -> tuple[str, Happening | None]:
    """The event as journeys meet it, or else why none does."""
    event = row.event
    if not event.good:
        return f"it is bad, and bad events go no further than the lake: {'; '.join(event.reasons)}", None
    if event.arrived == "profile":
        return "it is a profile record, which changes a profile and starts nothing", None
    content = _DECODER.decode(event.body)
    xdm = content.get("xdm") if isinstance(content, dict) else None
    if not isinstance(xdm, dict):
        return "it is raw data and no ExperienceEvent", None
    return "", Happening(event.id, event.type, event.run_ms or event.received_ms, xdm)


def _reasons(
    projection: Projection, run: str, steps: Iterable[Row], happening: Happening | None
) -> list[dict[str, object]]:
    """Of each journey what it did because of this event, or, where it did nothing, what it would say of it now. A
    journey "" stands for all: what was decided before any was asked."""
    orchestration = projection.orchestration
    of_journey: dict[str, list[dict[str, Any]]] = {}
    for row in steps:
        assert isinstance(row.what, Step)
        of_journey.setdefault(row.what.journey, []).append(shown(row))
    judged: dict[str, str] = {}
    if happening is not None and run in orchestration.runs:
        judged = dict(orchestration.sandbox(run).journeys.judge(happening))
    names = [*(name for name in of_journey if name not in judged), *judged]
    return [
        {
            "journey": name,
            "steps": of_journey.get(name, []),
            "judged": "" if name in of_journey else judged.get(name, ""),
        }
        for name in names
    ]
