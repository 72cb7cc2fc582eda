"""A machine that drives a whole phone with whatever comes, beside the model of it in phone_model, and compares the two
at every step."""

from __future__ import annotations

import json
from itertools import chain
from typing import ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from phone_model import DONE, DROPPED, RECOVERABLE, Hit, Model
from phone_words import a_phone, made, places_answer, requests, wake
from sdk_words import ANCHOR_MS, IPHONE, PIXEL, framed

import footfall.phone.phone
from footfall.phone.config import AppConfig, ConsentConfig, MessagingConfig
from footfall.phone.edge import Edge
from footfall.phone.signals import (
    AdvertisingIdSet,
    Backgrounded,
    Consented,
    Did,
    Due,
    Foregrounded,
    HintSet,
    IdentitiesReset,
    IgnoredCrossing,
    Killed,
    LoggedIn,
    LoggedOut,
    PushTokenSet,
    Rebooted,
    RegionReported,
    Reinstalled,
    Replied,
    Reply,
    Request,
    Unread,
    Upgraded,
    Withheld,
)
from footfall.world.catalogue import CATALOGUE
from footfall.xdm.commerce import CartLine
from footfall.xdm.wire import timestamp

# far enough away for the OS to report nothing of its own: crossings come from the app's own monitor here
PLACES = (("cafe", 5_000.0, 100), ("kiosk", 6_000.0, 100))

collects = st.sampled_from("yyyyyyynpp")  # where nothing leaves, little can go wrong
stores = st.builds(
    lambda key, value, max_age: {"type": "state:store", "payload": [{"key": key, "value": value, "maxAge": max_age}]},
    st.sampled_from(["identity", "cluster"]),
    st.sampled_from(["one", "two"]),
    st.sampled_from([1_800, 1_800, 1_800, 60, 1, 0, -1]),
)
hints = st.builds(
    lambda hint, ttl_s: {
        "type": "locationHint:result",
        "payload": [{"scope": "EdgeNetwork", "hint": hint, "ttlSeconds": ttl_s}],
    },
    st.sampled_from(["irl1", "or2"]),
    st.sampled_from([1, 1_800]),
)
preferences = st.builds(
    lambda collect: {"type": "consent:preferences", "payload": [{"collect": {"val": collect}}]}, collects
)
answers = st.lists(stores | hints | preferences, max_size=3)


class Life(RuleBasedStateMachine):
    """Whoever drives the phone keeps to its WakeAt; all else comes as it likes."""

    edge: ClassVar[type[Edge]] = Edge

    @initialize(
        model=st.sampled_from([IPHONE, PIXEL]),
        consent=st.builds(ConsentConfig, st.sampled_from([True, True, False]), collects),
        messaging=st.builds(MessagingConfig, st.booleans()),
    )
    def switch_on(self, model, consent, messaging):
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(footfall.phone.phone, "Edge", self.edge)
        self.phone = a_phone(model, config=AppConfig(consent=consent, messaging=messaging))
        self.model = Model(model is IPHONE, self.phone.ecid, consent.registered, consent.default)
        self.now_ms = 0
        self.wake_ms: int | None = None
        self.running = False
        self.messaging = messaging.registered
        self.unfetched = False  # this process has not asked for propositions yet
        self.edge_request: Request | None = None  # in flight
        self.places_request: Request | None = None
        self.unread: list[str] = []  # requests of processes that are dead
        self.event_ids: set[str] = set()
        self.told_withheld: set[str] = set()
        self.request_ids: set[str] = set()
        self.ecids = {self.phone.ecid}
        self.first_sent: dict[str, object] = {}  # event id -> the event as it was first sent

    # signals in, and all that must be true of what comes out

    def feed(self, signal, makes: bool = False):
        """`makes`: whether the signal may make events. What Messaging makes at the start of the process, after all
        else, is checked here and not among the effects that are returned."""
        effects = self.phone.feed(self.now_ms, signal)
        if isinstance(signal, IdentitiesReset | Reinstalled):
            self.new_ecid()
        at_start = made(effects)[-1:] if self.unfetched else []
        assert [event.event.type for event in at_start] == ["personalization.request"] * self.unfetched
        self.unfetched = False
        of_the_signal = [effect for effect in effects if effect not in at_start]
        assert makes or not made(of_the_signal)
        for event in made(effects):
            assert event.event_id not in self.event_ids
            self.event_ids.add(event.event_id)
            assert json.loads(event.identities) == self.model.identities()
            self.model.made(event.event_id)
        withheld = [effect.event_id for effect in effects if isinstance(effect, Withheld)]
        assert len(withheld) == len(set(withheld))
        assert all(self.model.fates.get(id) == "withheld" for id in withheld)
        self.told_withheld.update(withheld)
        places = [request for request in requests(effects) if request.channel == "places"]
        assert len(places) <= (self.places_request is None)
        for request in places:
            self.note(request)
            self.places_request = request
        edge = [request for request in requests(effects) if request.channel == "edge"]
        head = self.model.next(self.now_ms) if self.running else None
        assert len(edge) == (head is not None), f"model: {head and head.kind}, phone: {edge}"
        if head is not None:
            self.check(head, edge[0])
            self.edge_request = edge[0]
        self.wake_ms = wake(effects)
        assert self.wake_ms == (self.model.wake_ms() if self.running else None)
        return of_the_signal

    def note(self, request: Request):
        assert request.id not in self.request_ids  # every attempt has an id of its own
        self.request_ids.add(request.id)

    def check(self, head: Hit, request: Request):
        """The request is the model's head, as frozen when it was made and with what is read when it is sent."""
        self.note(request)
        assert self.model.collect != "p"
        assert self.model.collect == "y" or head.kind == "consent"
        hint, until_ms = self.model.hint
        between = f"/{hint}" if hint and self.now_ms < until_ms else ""
        path = "/v1/privacy/set-consent" if head.kind == "consent" else "/v1/interact"
        assert request.target == f"/ee{between}{path}?configId=stream-1&requestId={request.id}"
        assert request.attempt == head.attempts
        body = json.loads(request.body)
        if head.kind == "consent":
            assert request.event_ids == ()
            assert body["identityMap"] == head.identities
            assert body["consent"][0]["value"] == head.value
            assert set(body["meta"]) == {"konductorConfig"}
            return
        assert request.event_ids == (head.id,)
        (event,) = body["events"]
        assert event["xdm"]["_id"] == head.id
        assert self.first_sent.setdefault(head.id, event) == event
        assert body["xdm"]["identityMap"] == head.identities
        entries = body["meta"].get("state", {"entries": []})["entries"]
        assert {entry["key"]: (entry["value"], entry["maxAge"]) for entry in entries} == self.model.entries(self.now_ms)
        assert ("state" in body["meta"]) == bool(entries)

    def wake_app(self):
        self.unfetched = self.messaging and not self.running
        self.running = True

    # rules

    @rule()
    def foreground(self):
        self.wake_app()
        model = self.model
        blink = model.close_ms is not None
        model.started, model.close_ms = True, None
        assert not (made(self.feed(Foregrounded(), makes=True)) and blink)

    @rule()
    def background(self):
        if self.model.started:
            self.model.close_ms = self.now_ms + 500
        self.feed(Backgrounded())

    @rule(product=st.sampled_from(CATALOGUE[:3]), count=st.integers(1, 3))
    def look_at(self, product, count):
        self.wake_app()
        for _ in range(count):
            assert len(made(self.feed(Did("productViews", (CartLine(product, 1),)), makes=True))) == 1

    @rule(who=st.sampled_from(["", "anna@example.com", "ben@example.com"]), crm_id=st.sampled_from(["", "c-1"]))
    def log_in_or_out(self, who, crm_id):
        self.wake_app()
        self.model.login = {"Email": who, **({"footfallCRMId": crm_id} if crm_id else {})} if who else {}
        self.feed(LoggedIn(who, crm_id) if who else LoggedOut())

    @rule(id=st.sampled_from(["", "00000000-0000-0000-0000-000000000000", "a-1", "a-2"]))
    def advertising_id(self, id):
        self.wake_app()
        had = self.model.ad_id
        self.model.ad_id = id if id.startswith("a") else ""
        if bool(had) != bool(self.model.ad_id):
            val = "y" if self.model.ad_id else "n"
            self.tell_consent({"adID": {"val": val, "idType": "IDFA" if self.model.ios else "GAID"}})
        self.feed(AdvertisingIdSet(id))

    @rule(collect=collects)
    def consent(self, collect):
        self.wake_app()
        if self.model.registered:
            self.model.decide(collect)
            self.tell_consent({"collect": {"val": collect}})
        self.feed(Consented(collect))

    def tell_consent(self, value):
        self.model.tell_consent({**value, "metadata": {"time": timestamp(ANCHOR_MS + self.now_ms)}})

    @rule()
    def reset(self):
        """Which ECID comes next is the phone's to say, but it has to be a new one."""
        self.wake_app()
        self.model.reset("not known yet")
        self.feed(IdentitiesReset())

    def new_ecid(self):
        assert self.phone.ecid not in self.ecids
        assert len(self.phone.ecid) == 38
        self.ecids.add(self.phone.ecid)
        self.model.log_in_anew(self.phone.ecid)

    @rule(hint=st.sampled_from(["", "jpn3"]), token=st.sampled_from(["", "t-1", "t-2"]))
    def set_hint_or_token(self, hint, token):
        self.wake_app()
        if token:
            self.feed(PushTokenSet(token), makes=True)
        else:
            self.model.hint = (hint, self.now_ms + 1_800_000)
            self.feed(HintSet(hint))

    @rule(kind=st.sampled_from(["entry", "exit"]), poi_id=st.sampled_from(["cafe", "kiosk", "elsewhere"]))
    def region_event(self, kind, poi_id):
        self.wake_app()
        effects = self.feed(RegionReported(kind, poi_id), makes=True)
        types = [event.event.type for event in made(effects)]
        assert types == ([f"location.{kind}"] if poi_id in self.model.known else [])
        assert any(isinstance(effect, IgnoredCrossing) for effect in effects) == (poi_id not in self.model.known)

    @rule(signal=st.sampled_from([Killed(), Killed(), Killed(), Rebooted(), Upgraded("1.5.0 (220)"), Reinstalled()]))
    def die(self, signal):
        for request in (self.edge_request, self.places_request):
            if request is not None:
                self.unread.append(request.id)
        self.running = False
        self.edge_request = self.places_request = None
        unread = self.model.die()
        if signal == Reinstalled():
            self.model.withhold(self.model.queue)
            self.model.install()
        effects = self.feed(signal)
        assert [id for effect in effects if isinstance(effect, Unread) for id in effect.event_ids] == unread

    @rule(ms=st.sampled_from([0, 1, 80, 499, 500, 4_999, 5_000, 60_000, 1_800_000]))
    def time_goes_by(self, ms):
        until_ms = self.now_ms + ms
        for _ in range(5):
            if self.wake_ms is None or self.wake_ms > until_ms:
                break
            self.now_ms = self.wake_ms
            closing = self.model.close_ms is not None and self.now_ms >= self.model.close_ms
            if closing:
                self.model.started, self.model.close_ms = False, None
            types = [event.event.type for event in made(self.feed(Due(), makes=closing))]
            assert types == (["application.close"] if closing else [])
        else:
            raise AssertionError("the phone wants to be woken again and again")
        self.now_ms = until_ms

    @precondition(lambda self: getattr(self, "edge_request", None) is not None)
    @rule(
        answer=st.sampled_from([*DONE * 4, *RECOVERABLE, *DROPPED, "timeout", "refused", "reset", "unreachable"]),
        retry_after=st.sampled_from([(None, 5), ("1", 1), ("0", 5), ("soon", 5), ("30", 30)]),
        handles=answers,
    )
    def edge_answers(self, answer, retry_after, handles):
        request, self.edge_request = self.edge_request, None
        body = framed({"requestId": request.id, "handle": handles}) if handles else b""
        if isinstance(answer, int):
            reply = Reply(answer, body, retry_after[0])
            self.model.answered(self.now_ms, answer, "", retry_after[1], handles)
        else:
            reply = Reply(0, failure=answer)
            self.model.answered(self.now_ms, 0, answer, 5, [])
        self.feed(Replied(request.id, reply))

    @precondition(lambda self: getattr(self, "edge_request", None) is not None)
    @rule(handles=st.lists(stores | hints, min_size=1, max_size=2), most=st.integers(1, 8))
    def all_goes_well(self, handles, most):
        for _ in range(most):
            if self.edge_request is None:
                break
            self.time_goes_by(80)
            self.edge_answers(200, (None, 5), handles)

    @precondition(lambda self: getattr(self, "edge_request", None) is not None)
    @rule(collect=collects, ms=st.sampled_from([0, 5_000]))
    def a_decision_before_the_next_try(self, collect, ms):
        self.edge_answers(503, (None, 5), [])
        self.consent(collect)
        self.time_goes_by(ms)

    @precondition(lambda self: getattr(self, "places_request", None) is not None)
    @rule(some=st.integers(0, 2), status=st.sampled_from([200, 200, 500, 0]))
    def places_answers(self, some, status):
        request, self.places_request = self.places_request, None
        good = places_answer(*PLACES[:some])
        reply = good if status == 200 else Reply(status, good.body, failure="" if status else "timeout")
        if status == 200:
            self.model.known = {name for name, _, _ in PLACES[:some]}
        self.feed(Replied(request.id, reply))

    @precondition(lambda self: getattr(self, "unread", None))
    @rule(data=st.data(), handles=answers)
    def an_answer_comes_too_late(self, data, handles):
        """To a request of a process that is dead: nobody reads it."""
        late = data.draw(st.sampled_from(self.unread))
        self.feed(Replied(late, Reply(200, framed({"handle": handles}))))

    @invariant()
    def every_event_is_where_the_model_has_it(self):
        if not hasattr(self, "phone"):
            return
        queue = [hit.id for hit in self.model.queue if hit.kind == "event"]
        assert self.phone.queued == tuple(queue)
        assert self.phone.withheld == (tuple(queue) if self.model.collect == "p" else ())
        cleared = [hit.id for hit in [self.model.flying] if hit and hit.kind == "event" and hit.id not in queue]
        assert sorted(chain(self.model.fates, queue, cleared)) == sorted(self.event_ids)
        withheld = {id for id, fate in self.model.fates.items() if fate == "withheld"}
        assert self.told_withheld == withheld

    def teardown(self):
        if hasattr(self, "patch"):
            self.patch.undo()
