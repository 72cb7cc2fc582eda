"""Whatever happens to a phone, however its app is configured: every body that leaves is one that Adobe's XDM, and the
local platform's own schema, know; and the local platform stores its events as good.

Exceptions, deliberate ones:
- a set-consent request goes to no platform yet, and has no events to be judged;
- what an app hands to Edge.sendEvent by itself (Called) may be any nonsense: here it is something a builder makes, and
  goes to no other path than interact;
- the tenant is always _footfall: of another company's fields neither schema knows.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from math import inf
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phone_words import HOME, VERSION, called, places_answer
from sdk_behaviour import behaviour
from sdk_words import ANCHOR_MS, ECID, IPHONE, KEY, PIXEL, framed

from footfall.phone import config, signals
from footfall.phone.app import App
from footfall.phone.config import AppConfig
from footfall.phone.ids import Ids
from footfall.phone.phone import Owner, Phone
from footfall.phone.signals import (
    AssuranceSet,
    Called,
    Did,
    Due,
    Made,
    Moved,
    PushReacted,
    Reacted,
    Replied,
    Reply,
    Request,
    Send,
    Signal,
    WakeAt,
    Withheld,
)
from footfall.platform import messages
from footfall.platform.config import Datastream, PlatformConfig
from footfall.platform.core import Platform
from footfall.platform.memory import InProcessPlatform, MemoryStore
from footfall.platform.package_data import event_schema
from footfall.world.geo import Leg, moved
from footfall.world.phones import MODELS
from footfall.world.regions import ANDROID, IOS, RegionMonitor
from footfall.xdm.events import ExperienceEvent, Overrides

sys.path.append(str(Path(__file__).resolve().parents[1] / "xdm"))

import any_event as xdm
from xdm_judge import WIRE, faults

pytestmark = pytest.mark.skipif(
    not WIRE.is_dir(), reason="the shared folder with Adobe's XDM is not beside the repository"
)

STREAM, OTHER_STREAM = "stream-1", "stream-2"
SCHEMA = event_schema()
PLACES = (("p-0", 0.0, 150), ("p-1", 300.0, 100), ("p-2", 900.0, 100))
PROPOSITIONS = ("proposition-1", "proposition-2")

# the app's configuration: every switch, both ways

booleans = st.booleans()
sections: dict[str, st.SearchStrategy[Any]] = {
    "edge": st.builds(
        config.EdgeConfig,
        datastream=st.sampled_from([STREAM] * 5 + [""]),
        domain=st.sampled_from(["edge.adobedc.net", "metrics.example.com"]),
        environment=st.sampled_from(get_args(config.Environment)),
        batching=st.builds(
            config.Batching,
            booleans,
            st.integers(0, 25),
            st.lists(st.sampled_from(["*", "*", "commerce.*", "*.exit"]), min_size=1, max_size=2).map(tuple),
        ),
    ),
    "consent": st.builds(config.ConsentConfig, booleans, st.sampled_from("yyyynp")),
    "identity": st.builds(config.IdentityConfig, st.sampled_from(["footfallCRMId", "lumaCRMId"])),
    "lifecycle": st.builds(config.LifecycleConfig, booleans, booleans),
    "places": st.builds(
        config.PlacesConfig,
        st.sampled_from([("lib",), ("lib", "other"), ()]),
        st.sampled_from([1, 3_600]),
        st.sampled_from([None, 1, 20]),
        booleans,
        st.sampled_from(["poiDetail", "POIDetail"]),
    ),
    "messaging": st.builds(
        config.MessagingConfig,
        booleans,
        st.sampled_from(["", "dataset-1"]),
        booleans,
        booleans,
        st.sampled_from([(), ("home", "/cart/")]),
    ),
    "journey_events": st.sampled_from(
        [
            (),
            tuple(
                config.JourneyEvent(type, "j" * 32)
                for type in ("commerce.purchases", "application.scene", "location.entry")
            ),
        ]
    ),
}
apps = st.builds(AppConfig, name=xdm.names, id=xdm.ids, **sections)
phone_models = st.sampled_from([IPHONE, PIXEL, *MODELS["ios"][:3], *MODELS["android"][:3]])

# all that can happen to it

emails = st.sampled_from(["anna@example.com", "ben@example.com"])
poi_ids = st.sampled_from(["p-0", "p-1", "p-2", "elsewhere"])
actions = st.none() | xdm.texts.map(lambda text: ("button-1", text))
metres = st.sampled_from([-500.0, 0.0, 300.0, 900.0, 2_000.0])
legs = st.builds(
    lambda from_m, to_m, took_s: Leg(moved(HOME, 0, from_m), moved(HOME, 0, to_m), 0, 1_000 * took_s),
    metres,
    metres,
    st.sampled_from([0, 60, 600]),
)


def overridden(event: ExperienceEvent, datastream: str) -> ExperienceEvent:
    """The event with an override of the datastream's configuration, and maybe of the datastream."""
    reports = b'{"com_adobe_analytics":{"reportSuites":["shop/all"]}}'
    return msgspec.structs.replace(event, overrides=Overrides(datastream, reports))


# those of which nothing but their types is to be said; Hypothesis makes any of them from their fields
of_the_fields = (
    signals.Backgrounded,
    signals.LoggedOut,
    signals.Authorized,
    signals.IdentitiesReset,
    signals.PlacesCleared,
    signals.PrivacySet,
    signals.Killed,
    signals.Rebooted,
    signals.Reinstalled,
    signals.Tapped,
    signals.Saw,
    Due,
)
others: dict[type[Any], st.SearchStrategy[Any]] = {
    signals.Foregrounded: st.dictionaries(xdm.names, xdm.texts, max_size=2).map(
        lambda context: signals.Foregrounded(tuple(context.items()))
    ),
    signals.LoggedIn: st.builds(signals.LoggedIn, emails, xdm.ids | st.just("")),
    signals.Consented: st.builds(signals.Consented, st.sampled_from("yyyynp")),
    Moved: st.builds(Moved, legs),
    Did: st.builds(Did, st.sampled_from(xdm.COMMERCE_KINDS), xdm.carts)
    | xdm.purchases().map(lambda bought: Did("purchases", *bought)),
    signals.Earned: st.builds(signals.Earned, xdm.counts, xdm.counts, st.none() | xdm.counts),
    PushReacted: st.builds(PushReacted, xdm.pushes, st.none() | xdm.texts | st.just("Dismiss"), booleans),
    Reacted: st.builds(
        Reacted,
        st.sampled_from(get_args(xdm.PropositionEvent)),
        st.lists(st.sampled_from([*PROPOSITIONS, "unknown"]), max_size=3, unique=True).map(tuple),
        actions,
        xdm.texts,
        st.lists(xdm.names, max_size=2).map(tuple),
    ),
    Called: st.builds(
        called, xdm.any_event | st.builds(overridden, xdm.any_event, st.sampled_from(["", OTHER_STREAM]))
    ),
    signals.Identified: st.builds(
        signals.Identified,
        st.sampled_from(["Email", "lumaCRMId", "ECID", "GAID", ""]),
        xdm.texts,
        st.sampled_from(["ambiguous", "authenticated", "loggedOut"]),
        booleans,
    ),
    signals.Forgot: st.builds(signals.Forgot, st.sampled_from(["Email", "ECID"]), emails),
    signals.AdvertisingIdSet: st.builds(
        signals.AdvertisingIdSet, st.sampled_from(["", "00000000-0000-0000-0000-000000000000", "a-1", "a-2"])
    ),
    signals.PushTokenSet: st.builds(signals.PushTokenSet, xdm.texts),
    signals.SurfacesAsked: st.builds(signals.SurfacesAsked, st.lists(xdm.texts, max_size=2).map(tuple)),
    signals.RegionReported: st.builds(signals.RegionReported, st.sampled_from(["entry", "exit"]), poi_ids),
    signals.HintSet: st.builds(signals.HintSet, st.sampled_from(["", "or2", "irl1"])),
    AssuranceSet: st.builds(AssuranceSet, st.sampled_from(["", "session-1"])),
    signals.Upgraded: st.builds(signals.Upgraded, xdm.names),
}
lives = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 80, 600, 5_000, 120_000]),
        st.one_of(*others.values(), *(st.from_type(kind) for kind in of_the_fields)),
    ),
    min_size=15,
    max_size=40,
)

decisions = {
    "type": "personalization:decisions",
    "payload": [
        {
            "id": id,
            "scope": "mobileapp://com.example.shop/home",
            "scopeDetails": {"decisionProvider": "AJO", "activity": {"id": "a/1"}},
            "items": [
                {"id": f"{id}-item", "schema": "https://ns.adobe.com/personalization/json-content-item", "data": {}}
            ],
        }
        for id in PROPOSITIONS
    ],
}
# how long an answer takes, and what it is instead of the platform's own
Day = tuple[int, Reply | None]
GOOD_DAY: Day = (80, None)
replies = st.sampled_from(
    [None] * 6
    + [
        Reply(200, framed({"handle": [decisions]})),
        Reply(200, framed({"handle": [{"type": "consent:preferences", "payload": [{"collect": {"val": "n"}}]}]})),
        Reply(200, b"\xff\xfe not JSON"),
        Reply(204),
        Reply(400),
        Reply(500),
        Reply(503, retry_after="1"),
        Reply(0, failure="timeout"),
        Reply(0, failure="unreachable"),
    ]
)
days_of_all_kinds = st.tuples(st.sampled_from([80, 80, 700, 8_000]), replies)


class World:
    """One phone, and a platform in the same process that gets every interact request it sends."""

    def __init__(self, model: Any, app: AppConfig) -> None:
        self.store = MemoryStore()
        self.platform = InProcessPlatform(
            Platform(
                (),
                SCHEMA,
                PlatformConfig(tuple(Datastream(stream, "ORG@AdobeOrg", "run-1") for stream in (STREAM, OTHER_STREAM))),
            ),
            self.store,
        )
        self.phone = Phone(
            model,
            Owner(ECID, "en-US", None if model.platform == "ios" else "DNA", VERSION),
            App(app),
            Ids(KEY, 0, model.platform),
            RegionMonitor(IOS if model.platform == "ios" else ANDROID, HOME, 0),
            ANCHOR_MS,
        )
        self.now_ms = 0
        self.wake_ms: int | None = None
        self.answers: list[tuple[float, str, Reply]] = []  # on their way: when they arrive, to which request
        self.made: dict[str, Made] = {}
        self.withheld: set[str] = set()
        self.sent: list[Request] = []

    def live(self, life: Iterable[tuple[int, Signal]], days: Iterator[Day]) -> None:
        """The life, its timers and the answers, each in its time, and a minute more."""
        for after_ms, signal in life:
            self.wait_until(self.now_ms + after_ms, days)
            if isinstance(signal, Moved):
                leg = signal.leg
                signal = Moved(Leg(leg.start, leg.end, self.now_ms, self.now_ms + leg.arrive_ms))
            self.feed(signal, days)
        self.wait_until(self.now_ms + 60_000, days)

    def wait_until(self, until_ms: int, days: Iterator[Day]) -> None:
        for _ in range(500):
            answer = min(self.answers, default=(inf, "", Reply(0)), key=lambda one: one[0])
            wake_ms = inf if self.wake_ms is None else self.wake_ms
            if min(answer[0], wake_ms) > until_ms:
                break
            self.now_ms = max(self.now_ms, int(min(answer[0], wake_ms)))
            if wake_ms <= answer[0]:
                self.feed(Due(), days)
            else:
                self.answers.remove(answer)
                self.feed(Replied(answer[1], answer[2]), days)
        else:
            raise AssertionError("the phone wants to be woken again and again")
        self.now_ms = until_ms

    def feed(self, signal: Signal, days: Iterator[Day]) -> None:
        self.wake_ms = None
        for effect in self.phone.feed(self.now_ms, signal):
            if isinstance(effect, Made):
                assert effect.event_id not in self.made
                self.made[effect.event_id] = effect
            elif isinstance(effect, Withheld):
                self.withheld.add(effect.event_id)
            elif isinstance(effect, WakeAt):
                self.wake_ms = effect.at_ms
            elif isinstance(effect, Send):
                took_ms, instead = next(days)
                reply = self.exchange(effect.request, instead)
                self.answers.append((self.now_ms + took_ms, effect.request.id, reply))

    def exchange(self, request: Request, instead: Reply | None) -> Reply:
        if request.channel == "places":
            return places_answer(*PLACES)
        self.sent.append(request)
        judge(request, self.made)
        path, _, query = request.target.partition("?")
        lines = request.headers.decode("ascii").removesuffix("\r\n").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        if request.name == "set-consent":
            return instead or Reply(200)
        was = len(self.store.received("run-1"))
        answer = self.platform.exchange(
            messages.Request("POST", path, query, headers, request.body), ANCHOR_MS + self.now_ms
        )
        assert answer.status == 200, answer.body
        stored = [event for _, event in self.store.received("run-1", was)]
        assert [event.id for event in stored] == list(request.event_ids)
        assert [event.reasons for event in stored] == [()] * len(stored)
        return instead or Reply(answer.status, answer.body)


def judge(request: Request, made: dict[str, Made]) -> None:
    """The body of a request, by Adobe's XDM and by the platform's schema."""
    body = json.loads(request.body)
    if request.name == "set-consent":
        assert set(body) == {"meta", "query", "identityMap", "consent"}
        return
    assert set(body) == {"meta", "xdm", "events"}
    assert set(body["xdm"]) == {"identityMap", "implementationDetails"}
    assert [event["xdm"]["_id"] for event in body["events"]] == list(request.event_ids)
    for event in body["events"]:
        xdm = {**body["xdm"], **event["xdm"]}
        assert faults(xdm) == []
        assert SCHEMA.reasons(xdm) == ()
        # a batch has the identityMap of its first event
        assert xdm["identityMap"] == json.loads(made[request.event_ids[0]].identities)


@behaviour(
    "1.3", "However the app is configured, every event that leaves is one that XDM knows.", AppConfig, Phone.feed
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(phone_models, apps, lives, st.lists(days_of_all_kinds, max_size=20))
def test_whatever_leaves_a_phone_is_good(model, app, life, days):
    world = World(model, app)
    world.live(life, chain(days, repeat(GOOD_DAY)))
    sent = [id for request in world.sent for id in request.event_ids]
    assert set(sent) <= set(world.made)
    assert {*sent, *world.withheld, *world.phone.queued} == set(world.made)


def test_a_life_with_a_bad_event_would_be_seen():
    """The judges convict: an app that adds a member which XDM has not."""
    bad = ExperienceEvent("application.scene", b'{"eventType":"application.scene","workEmail":"anna@example.com"}')
    with pytest.raises(AssertionError, match="workEmail"):
        World(IPHONE, AppConfig()).live([(0, called(bad))], repeat(GOOD_DAY))


def test_every_kind_of_signal_is_among_them():
    kinds = {*others, *of_the_fields, Replied}
    assert kinds == set(get_args(signals.Signal))
