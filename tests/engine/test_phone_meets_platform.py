"""Thirty phones against the local platform's own core, in one process and without a socket: they meet in bytes only,
and every byte a phone sends is taken and found good."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import pytest
from msgspec.structs import replace
from saturday import ANCHOR_MS, LIBRARY, a_life, manifest, people, population, saturday
from simulated import MemoryJournal, VirtualClock

from footfall.engine.live import Living
from footfall.engine.plan import Timed
from footfall.engine.population import Population
from footfall.evidence.ops import Created, Done, Head, Inside, Op, Started
from footfall.evidence.received import Received
from footfall.evidence.verdict import judge
from footfall.phone.config import AppConfig
from footfall.phone.signals import Earned, Foregrounded, Reply, Saw
from footfall.phone.signals import Request as PhoneRequest
from footfall.platform.config import LOCAL_ORG, Datastream, PlatformConfig
from footfall.platform.core import Platform
from footfall.platform.memory import InProcessPlatform, MemoryStore
from footfall.platform.messages import Request, Response, StoredEvent
from footfall.platform.package_data import event_schema
from footfall.world.pois import Poi

PHONES = 30
RUN = "run-1"
STREAM = "stream-1"


def over_the_wire(request: PhoneRequest) -> Request:
    """The phone's bytes as a server takes them apart."""
    path, _, query = request.target.partition("?")
    lines = request.headers.decode("ascii").removesuffix("\r\n").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Request(request.method, path, query, {name.lower(): value for name, value in headers.items()}, request.body)


class Wire:
    """The transport of one phone to a platform in the same process. Its wall is the virtual time."""

    def __init__(self, platform: InProcessPlatform, clock: VirtualClock) -> None:
        self.talk: list[tuple[PhoneRequest, Response]] = []
        self._platform = platform
        self._clock = clock

    def send(self, request: PhoneRequest, due_wall_ms: float) -> Reply:
        response = self._platform.exchange(over_the_wire(request), ANCHOR_MS + int(self._clock.virtual_ms))
        self.talk.append((request, response))
        return Reply(response.status, response.body, dict(response.headers).get("retry-after"))


class Saturday:
    """A run of all phones: its ledger, the platform's store, and what was said on the wire, phone by phone."""

    def __init__(self, pois: Iterable[Poi], phones: int = PHONES) -> None:
        self.store = MemoryStore()
        platform = Platform(pois, event_schema(), PlatformConfig((Datastream(STREAM, LOCAL_ORG, RUN),)))
        in_process = InProcessPlatform(platform, self.store)
        self.journal = MemoryJournal()
        self.journal.add(Head(RUN, "local", 1, "test"))
        self.wires: list[Wire] = []
        everyone = population(run=RUN, phones=phones, datastream=STREAM)
        for k in range(phones):
            clock = VirtualClock()
            self.wires.append(Wire(in_process, clock))
            Living(everyone.life(k), clock, self.wires[-1], self.journal).live()

    @property
    def stored(self) -> list[StoredEvent]:
        return [event for _, event in self.store.received(RUN)]

    def of(self, kind: type) -> list[Op]:
        return self.journal.of(kind)


@pytest.fixture(scope="module")
def run() -> Saturday:
    return Saturday(saturday().pois)


def refused(events: Iterable[StoredEvent]) -> str:
    """The bad ones with their reasons, to be printed."""
    return "\n".join(f"{event.type} {event.id}: {'; '.join(event.reasons)}" for event in events if not event.good)


def test_every_event_is_stored_once_in_order_and_good(run: Saturday) -> None:
    assert refused(run.stored) == ""
    created = [op for op in run.of(Created) if isinstance(op, Created)]
    assert [(event.id, event.type) for event in run.stored] == [(op.id, op.type) for op in created]
    assert len(created) > 400


def test_every_kind_of_event_was_among_them(run: Saturday) -> None:
    assert {event.type for event in run.stored} == {
        "application.launch",
        "application.close",
        "location.entry",
        "location.exit",
        "commerce.productViews",
        "commerce.productListAdds",
        "commerce.productListRemovals",
        "commerce.productListOpens",
        "commerce.checkouts",
        "commerce.purchases",
    }
    assert {op.platform for op in run.of(Started) if isinstance(op, Started)} == {"ios", "android"}


def test_no_request_is_refused(run: Saturday) -> None:
    statuses = Counter((request.channel, response.status) for wire in run.wires for request, response in wire.talk)
    assert statuses.keys() == {("edge", 200), ("places", 200)}
    assert {(op.outcome, op.next) for op in run.of(Done) if isinstance(op, Done)} == {("ok", "done")}


def test_an_event_is_stored_under_its_own_phones_ecid_and_with_its_own_time(run: Saturday) -> None:
    ecids = {op.phone: op.ecid for op in run.of(Started) if isinstance(op, Started)}
    created = {op.id: op for op in run.of(Created) if isinstance(op, Created)}
    for event in run.stored:
        assert event.ecid == ecids[created[event.id].phone]
        seconds, _, rest = event.timestamp.partition(".")
        since_start_ms = created[event.id].due_ms
        assert rest == f"{since_start_ms % 1000:03d}Z"
        assert seconds.startswith("2026-03-07T")
        assert event.received_ms >= ANCHOR_MS + since_start_ms  # never before it happened


def test_state_and_hint_come_back(run: Saturday) -> None:
    """The first request of a phone brings no state and goes to the plain path; once an answer has come, all others
    bring the identity and go by the hint, until it is 1800 s old."""
    for wire in run.wires:
        said = [request for request, _ in wire.talk if request.channel == "edge"]
        first, *others = said
        assert first.target.startswith("/ee/v1/")
        assert "state" not in json.loads(first.body)["meta"]
        for request in others:
            keys = {entry["key"] for entry in json.loads(request.body)["meta"]["state"]["entries"]}
            assert f"kndctr_{LOCAL_ORG.replace('@', '_')}_identity" in keys
        assert any(request.target.startswith("/ee/irl1/v1/") for request in others)


def test_nearby_answers_are_read(run: Saturday) -> None:
    """The phones take the platform's places for what they are: whatever they tell of, the platform has."""
    known = {poi.id: poi for poi in saturday().pois}
    told = [event for event in run.stored if event.type.startswith("location.")]
    assert len(told) > 50
    for event in told:
        detail = json.loads(event.body)["xdm"]["placeContext"]["POIinteraction"]["poiDetail"]
        poi = known[detail["poiID"]]
        assert detail["name"] == poi.name
        assert {(pair["key"], pair["value"]) for pair in detail["metadata"]["list"]} == set(poi.metadata)


def test_entries_and_exits_take_turns(run: Saturday) -> None:
    inside = {(op.phone, op.place) for op in run.of(Inside) if isinstance(op, Inside)}
    visits: dict[tuple[int, str], list[str]] = {}
    for op in run.of(Created):
        if isinstance(op, Created) and op.place:
            visits.setdefault((op.phone, op.place), []).append(op.type)
    for visit, types in visits.items():
        assert all(before != after for before, after in pairwise(types)), visit
        assert types[0] == "location.entry" or visit in inside, visit


def test_the_evidence_says_valid(run: Saturday) -> None:
    received = [Received(event.id, event.type, event.good, event.reasons, event.ecid) for event in run.stored]
    verdict = judge(manifest(PHONES), run.journal.lines, received)
    planned = len(run.stored)
    assert verdict.validity == "valid", [check.findings for check in verdict.checks]
    assert verdict.line == (
        f"planned {planned} = sent {planned} = acknowledged {planned} = stored {planned}, 0 unexplained"
    )


def test_it_happens_again_to_the_byte(run: Saturday) -> None:
    again = Saturday(saturday().pois, PHONES)
    assert [event.body for event in again.stored] == [event.body for event in run.stored]
    assert again.journal.lines == run.journal.lines


def test_a_datastream_that_does_not_exist_is_a_400_and_the_hits_are_dropped() -> None:
    platform = InProcessPlatform(Platform(saturday().pois, event_schema()), MemoryStore())
    clock, journal = VirtualClock(), MemoryJournal()
    wire = Wire(platform, clock)
    Living(a_life(k=0), clock, wire, journal).live()
    assert {response.status for request, response in wire.talk if request.channel == "edge"} == {400}
    assert {(op.outcome, op.next) for op in journal.of(Done) if isinstance(op, Done)} == {("fail", "drop")}
    assert platform.store.received(RUN) == []


def test_another_organisations_tenant_is_stored_as_good() -> None:
    app = AppConfig(tenant="_acme").at(STREAM, (LIBRARY,))
    life = Population(saturday(), people(), app, RUN, 1, 1, ANCHOR_MS).life(0)
    steps = [(0, Foregrounded()), (1_000, Saw("home")), (2_000, Earned(10, 120, None)), (3_000, None)]
    life = replace(life, plan=iter([Timed(at_ms, "a-state", signal) for at_ms, signal in steps]))
    platform = InProcessPlatform(
        Platform(saturday().pois, event_schema(), PlatformConfig((Datastream(STREAM, LOCAL_ORG, RUN),))), MemoryStore()
    )
    clock = VirtualClock()
    Living(life, clock, Wire(platform, clock), MemoryJournal()).live()
    stored = [event for _, event in platform.store.received(RUN)]
    assert refused(stored) == ""
    types = ["application.launch", "application.scene", "loyalty.pointsEarned"]
    assert [event.type for event in stored] == types
    assert ["_acme" in json.loads(event.body)["xdm"] for event in stored] == [False, True, True]


def test_a_bad_event_would_be_seen() -> None:
    """The judge of the first test convicts: a phone whose app says nonsense is stored as bad, with a reason."""
    platform = InProcessPlatform(
        Platform(saturday().pois, event_schema(), PlatformConfig((Datastream(STREAM, LOCAL_ORG, RUN),))), MemoryStore()
    )

    class Nonsense(Wire):
        def send(self, request: PhoneRequest, due_wall_ms: float) -> Reply:
            body = request.body.replace(b'"isLaunch":true', b'"isLaunch":"yes"')
            wrong = PhoneRequest(request.id, request.channel, request.method, request.target, request.headers, body, "")
            return super().send(wrong, due_wall_ms)

    clock = VirtualClock()
    Living(a_life(k=0), clock, Nonsense(platform, clock), MemoryJournal()).live()
    bad = [event for _, event in platform.store.received(RUN) if not event.good]
    assert {event.type for event in bad} == {"application.launch"}
    assert "application/isLaunch: expected type: Boolean, found: String" in refused(bad)
