"""A phone in the middle of a plane, and what it wants done as short words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sdk_words import ANCHOR_MS, ECID, IPHONE, KEY, nearby

from footfall.phone.app import App
from footfall.phone.config import AppConfig, ConsentConfig
from footfall.phone.ids import Ids
from footfall.phone.phone import Owner, Phone
from footfall.phone.signals import (
    Called,
    Effect,
    IgnoredCrossing,
    Made,
    Moved,
    Offered,
    Replied,
    Reply,
    Request,
    Send,
    Signal,
    StartedInside,
    Unread,
    WakeAt,
    Withheld,
)
from footfall.world.geo import Leg, Point, moved
from footfall.world.phones import PhoneModel
from footfall.world.regions import ANDROID, IOS, RegionMonitor
from footfall.xdm.events import ExperienceEvent, Overrides

HOME = Point(lat=60.17, lon=24.94)
VERSION = "1.4.0 (210)"
SHOP = AppConfig()
OK = Reply(200)


def north(metres: float) -> Point:
    return moved(HOME, 0.0, metres)


def a_phone(model: PhoneModel = IPHONE, phase_ms: int = 0, config: AppConfig = SHOP) -> Phone:
    """A phone with the shop's app on it, never opened; all else of the configuration is as given."""
    return _phone(model, phase_ms, config.at("stream-1", ("lib",)))


def a_phone_without_datastream(model: PhoneModel = IPHONE) -> Phone:
    """The app's tags property has no edge.configId."""
    return _phone(model, 0, AppConfig().at("", ("lib",)))


def _phone(model: PhoneModel, phase_ms: int, config: AppConfig) -> Phone:
    return Phone(
        model=model,
        owner=Owner(ECID, "en-US", None if model.platform == "ios" else "DNA", VERSION),
        app=App(config),
        ids=Ids(KEY, 0, model.platform),
        monitor=RegionMonitor(IOS if model.platform == "ios" else ANDROID, HOME, phase_ms),
        anchor_ms=ANCHOR_MS,
    )


def walk_north(from_m: float, to_m: float, depart_ms: int, speed_mps: float = 1.0) -> Moved:
    took_ms = round(abs(to_m - from_m) / speed_mps * 1000)
    return Moved(Leg(start=north(from_m), end=north(to_m), depart_ms=depart_ms, arrive_ms=depart_ms + took_ms))


def places_answer(*pois: tuple[str, float, int]) -> Reply:
    """(id, metres north of home, radius_m) each."""
    return Reply(200, nearby(*((id, north(metres).lat, north(metres).lon, r) for id, metres, r in pois)))


def told(effects: Iterable[Effect]) -> list[str]:
    """The effects as words, without times to wake at."""
    words = []
    for effect in effects:
        match effect:
            case Made():
                words.append(f"made {effect.event.type}")
            case Send(request):
                words.append(f"send {request.name}")
            case StartedInside(poi_id):
                words.append(f"inside {poi_id}")
            case IgnoredCrossing(poi_id, kind, why):
                words.append(f"ignored {kind} {poi_id}: {why}")
            case Withheld(event_id, why):
                words.append(f"withheld {event_id}: {why}")
            case Unread():
                words.append("unread")
            case Offered(propositions):
                words.append("offered " + ", ".join(one.id for one in propositions))
    return words


def wake(effects: Iterable[Effect]) -> int | None:
    """The WakeAt, which is always the last effect and never there twice."""
    effects = list(effects)
    times = [effect.at_ms for effect in effects if isinstance(effect, WakeAt)]
    assert len(times) <= 1
    assert not times or isinstance(effects[-1], WakeAt)
    return times[0] if times else None


def requests(effects: Iterable[Effect]) -> list[Request]:
    return [effect.request for effect in effects if isinstance(effect, Send)]


def made(effects: Iterable[Effect]) -> list[Made]:
    return [effect for effect in effects if isinstance(effect, Made)]


class Server:
    """Answers at once whatever a phone sends; `places` is the answer to its nearby queries."""

    def __init__(self, phone: Phone, places: Reply) -> None:
        self.phone = phone
        self.places = places
        self.got: list[Request] = []

    def feed(self, now_ms: int, signal) -> list[Effect]:
        """All effects until the phone wants nothing more at this moment; only the last WakeAt counts."""
        every: list[Effect] = []
        effects = self.phone.feed(now_ms, signal)
        while True:
            every += [effect for effect in effects if not isinstance(effect, WakeAt)]
            last = effects
            for request in requests(effects):
                self.got.append(request)
            waiting = requests(effects)
            if not waiting:
                break
            effects = []
            for request in waiting:
                reply = self.places if request.channel == "places" else Reply(200)
                last = self.phone.feed(now_ms, Replied(request.id, reply))
                effects += [effect for effect in last if not isinstance(effect, WakeAt)]
            effects += [effect for effect in last if isinstance(effect, WakeAt)]
        return every + [effect for effect in last if isinstance(effect, WakeAt)]


def calls(type: str = "commerce.productViews", at: str = "", **xdm: object) -> Called:
    """The app sends an event of this type; `at` is a timestamp of its own."""
    named = {"eventType": type} if type else {}
    return Called({"xdm": {**named, **xdm, **({"timestamp": at} if at else {})}})


def called(event: ExperienceEvent) -> Called:
    """The app sends what a builder has made."""
    beside = json.loads(event.beside) if event.beside else {}
    over = event.overrides or Overrides()
    config = {"datastreamIdOverride": over.datastream, "datastreamConfigOverride": json.loads(over.config or b"{}")}
    return Called({"xdm": json.loads(event.body), **beside, "config": config, "request": {"path": over.path}})


class Desk:
    """A phone whose Edge requests the test answers by hand, one by one. Places queries are left unanswered."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.sent: list[Request] = []  # to Edge, in order
        self.waiting = False  # for the answer to the last of them

    @property
    def last(self) -> Request:
        return self.sent[-1]

    @property
    def names(self) -> list[str]:
        return [request.name for request in self.sent]

    def feed(self, now_ms: int, signal: Signal) -> list[Effect]:
        effects = self.phone.feed(now_ms, signal)
        for request in requests(effects):
            if request.channel == "edge":
                assert not self.waiting, "two requests in flight"
                self.sent.append(request)
                self.waiting = True
        return effects

    def answer(self, now_ms: int, reply: Reply = OK) -> list[Effect]:
        assert self.waiting, "nothing to answer"
        self.waiting = False
        return self.feed(now_ms, Replied(self.last.id, reply))

    def dies(self, now_ms: int, signal: Signal) -> list[Effect]:
        """The app's process ends by this signal, and with it the wait for an answer."""
        self.waiting = False
        return self.feed(now_ms, signal)

    def drain(self, now_ms: int, reply: Reply = OK) -> None:
        while self.waiting:
            self.answer(now_ms, reply)


NO_CONSENT_EXTENSION = AppConfig(consent=ConsentConfig(registered=False))
UNDECIDED = AppConfig(consent=ConsentConfig(default="p"))  # the customer has not been asked yet


def body_of(request: Request) -> dict[str, Any]:
    return json.loads(request.body)


def identity_map(request: Request) -> dict[str, list[dict[str, object]]]:
    """The identityMap of an interact or a set-consent request."""
    body = body_of(request)
    return body["xdm"]["identityMap"] if "xdm" in body else body["identityMap"]


def consent_of(request: Request) -> dict[str, object]:
    """The consent value that a set-consent request tells, without its time."""
    (told_,) = body_of(request)["consent"]
    return {key: value for key, value in told_["value"].items() if key != "metadata"}
