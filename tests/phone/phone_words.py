"""A phone in the middle of a plane, and what it wants done as short words."""

from __future__ import annotations

from collections.abc import Iterable

from sdk_words import ANCHOR_MS, ECID, IPHONE, KEY, nearby

from footfall.phone.ids import Ids
from footfall.phone.phone import Owner, Phone
from footfall.phone.sdk import SdkConfig
from footfall.phone.signals import (
    Effect,
    IgnoredCrossing,
    Made,
    Moved,
    Replied,
    Reply,
    Request,
    Send,
    StartedInside,
    WakeAt,
)
from footfall.world.geo import Leg, Point, moved
from footfall.world.phones import PhoneModel
from footfall.world.regions import ANDROID, IOS, RegionMonitor
from footfall.xdm.build import AppInfo

HOME = Point(lat=60.17, lon=24.94)
APP = AppInfo("com.example.shop", "Shop", "1.4.0 (210)")


def north(metres: float) -> Point:
    return moved(HOME, 0.0, metres)


def a_phone(model: PhoneModel = IPHONE, phase_ms: int = 0) -> Phone:
    return Phone(
        model=model,
        owner=Owner(ECID, "en-US", None if model.platform == "ios" else "DNA"),
        app=APP,
        config=SdkConfig("stream-1", ("lib",)),
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
