"""Lives of an app with every switch of its file on: nothing in the ledger's digests depends on when a run is made, and
a batch is judged event by event."""

from __future__ import annotations

import json

import msgspec
import pytest
from saturday import ANCHOR_MS, LIBRARY, people, saturday
from simulated import MemoryJournal, Network, Receiver, VirtualClock, live, perfect

from footfall.engine.app_file import decode_app
from footfall.engine.live import Living
from footfall.engine.plan import Timed
from footfall.engine.population import Population
from footfall.evidence.ops import Created, Done, Forgotten, Invoke
from footfall.phone.signals import Authorized, Backgrounded, Did, Foregrounded, Rebooted, Reinstalled, Reply, Request
from footfall.world.catalogue import CATALOGUE
from footfall.world.phones import Platform
from footfall.xdm.commerce import CartLine

ALL_ON = decode_app(
    """\
app: All on
versions: [{version: 1.0 (1), share: 0.5}, {version: 1.1 (2), share: 0.5}]
upgrade-after: 1h
sdk: {wrapper: flutter}
edge: {batching: {enabled: true, events: ["*"]}}
lifecycle: {forwarded-twice: true}
places: {rule: true}
messaging: {registered: true, event-dataset: dataset-1, surfaces: [home], sandbox: true, optimize-push-sync: false}
journey-events:
  - {event-type: location.entry, event-id: e-1}
  - {event-type: location.exit, event-id: e-2}
  - {event-type: commerce.purchases, event-id: e-3}
""",
    "all-on.yaml",
)
PHONES = 6
LATER_MS = ANCHOR_MS + 3 * 86_400_000 + 18_123_789  # another day of the week, another hour, odd milliseconds
VIEW = Did("productViews", (CartLine(CATALOGUE[0], 1),))


def everyone(anchor_ms: int, platform: Platform | None = None) -> Population:
    app = ALL_ON.at("stream-1", (LIBRARY,))
    return Population(saturday(), people(), app, "run-1", 1, PHONES, anchor_ms, platform)


def run(anchor_ms: int) -> tuple[MemoryJournal, list[Request]]:
    """The ledger of all phones, and what they sent."""
    receiver, journal, sent = Receiver(saturday().pois), MemoryJournal(), []
    for k in range(PHONES):
        clock = VirtualClock()
        network = Network(perfect(receiver), clock)
        Living(everyone(anchor_ms).life(k), clock, network, journal).live()
        sent += network.requests
    return journal, sent


def test_digests_do_not_depend_on_the_wall_clock() -> None:
    (now, sent_now), (later, sent_later) = run(ANCHOR_MS), run(LATER_MS)
    assert [op for op in now.lines if isinstance(op, Created)] == [op for op in later.lines if isinstance(op, Created)]
    assert {op.extra for op in now.lines if isinstance(op, Created)} == {"", "rule", "forwarded twice"}
    # the runs did differ, and in what leaks out beside the xdm too
    stamps = [
        [event["timestamp"] for request in sent for event in events_of(request) if "timestamp" in event]
        for sent in (sent_now, sent_later)
    ]
    assert stamps[0]
    assert stamps[0] != stamps[1]


def events_of(request: Request) -> list[dict[str, object]]:
    events: list[dict[str, object]] = json.loads(request.body)["events"] if request.event_ids else []
    return events


def test_a_207_to_a_batch_is_written_down_event_by_event() -> None:
    """The second event of every batch was refused, the others were stored."""
    life = everyone(ANCHOR_MS, "ios").life(0)
    steps = [(0, Foregrounded()), (1_000, VIEW), (2_000, Backgrounded()), (3_000, None)]
    life = msgspec.structs.replace(life, plan=iter([Timed(at_ms, "a-state", signal) for at_ms, signal in steps]))
    receiver = Receiver(saturday().pois)

    def answer(request: Request) -> Reply:
        if len(request.event_ids) < 2:
            return receiver.take(request)
        return Reply(207, b'\0{"errors":[{"status":422,"report":{"eventIndex":1}}]}\n')

    journal = live(life, answer)
    by_request: dict[str, list[str]] = {}
    for op in journal.of(Done):
        assert isinstance(op, Done)
        by_request.setdefault(op.request, []).append(op.outcome)
    batches = [outcomes for outcomes in by_request.values() if len(outcomes) > 1]
    assert batches
    assert all(outcomes == ["ok", "fail", *["ok"] * (len(outcomes) - 2)] for outcomes in batches)


def test_every_event_of_a_batch_has_its_own_attempts_in_the_ledger() -> None:
    life = everyone(ANCHOR_MS, "ios").life(0)
    steps = [(0, Foregrounded()), (1_000, VIEW), (2_000, VIEW), (30_000, None)]
    life = msgspec.structs.replace(life, plan=iter([Timed(at_ms, "a-state", signal) for at_ms, signal in steps]))
    receiver = Receiver(saturday().pois)
    refusals = iter([Reply(503)])

    def answer(request: Request) -> Reply:
        return next(refusals, None) or receiver.take(request) if request.channel == "edge" else receiver.nearby(request)

    attempts: dict[str, list[int]] = {}
    for op in live(life, answer).of(Invoke):
        assert isinstance(op, Invoke)
        attempts.setdefault(op.id, []).append(op.attempt)
    # the launch, forwarded twice, and both questions for propositions were refused once; the views joined them later
    assert list(attempts.values()) == [[1, 2]] * 4 + [[1]] * 2


# what happens to the phone -> the ledger's lines about what is forgotten
FORGETTING: list[tuple[Platform, object, list[tuple[str, int]]]] = [
    ("android", Rebooted(), [("regions", 5_000)]),
    ("ios", Rebooted(), []),
    ("ios", Authorized("denied"), [("regions", 5_000)]),
    ("ios", Reinstalled(), [("regions", 5_000), ("app", 5_000)]),
]


@pytest.mark.parametrize(("platform", "signal", "lines"), FORGETTING)
def test_what_is_forgotten_is_written_down(platform, signal, lines) -> None:
    life = everyone(ANCHOR_MS, platform).life(0)
    steps = [(0, Foregrounded()), (5_000, signal), (9_000, None)]
    life = msgspec.structs.replace(life, plan=iter([Timed(at_ms, "a-state", signal) for at_ms, signal in steps]))
    forgotten = live(life, perfect(Receiver(saturday().pois))).of(Forgotten)
    assert [(op.what, op.at_ms) for op in forgotten if isinstance(op, Forgotten)] == lines
