"""The Saturday's phones as requests to a local platform, and a hundred journeys as a chain of shops would have."""

from __future__ import annotations

import re
import sys
from datetime import datetime

import msgspec

from benchmarks.null_server import EDGE, PLACES
from benchmarks.subjects import FreeClock, population
from footfall.engine.live import Living
from footfall.evidence.ops import Op
from footfall.live.inputs import read_app
from footfall.phone.config import BackOfficeConfig
from footfall.phone.signals import Reply, Request
from footfall.platform.journeys.expressions import parse
from footfall.platform.journeys.types import (
    END,
    MINUTE_MS,
    SECOND_MS,
    Await,
    Journey,
    JourneyEvent,
    Node,
    Push,
    React,
    Reentrance,
    Split,
    Text,
    Wait,
)
from footfall.platform.serve import ServeOptions, serve
from footfall.world.catalogue import CATALOGUE

ARRIVALS_S = 24 * 3600.0
PLACES_WITH_A_JOURNEY = range(15, 55)  # five of them are places of the Saturday
PRODUCTS_WITH_A_JOURNEY = 44  # a quarter of them are products that its phones look at
CITIES = ("Helsinki", "Espoo", "Tampere", "Vantaa", "Oulu", "Turku", "Lahti", "Kuopio", "Pori", "Joensuu", "Lohja")
VERSIONS = ("1.5.0 (222)", "1.3.0 (201)", "1.2.1 (187)", "1.1.0 (150)", "1.0.0 (101)")

_WHEN = re.compile(rb'"timestamp" ?: ?"([^"]+)"')


class _Nowhere:
    """A journal that keeps nothing."""

    def add(self, op: Op) -> None:
        """Dropped."""

    def flush(self) -> None:
        """Nothing to flush."""


class _Recorder:
    """Answers at once, and keeps the requests that carry events."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._edge, self._places = Reply(200, EDGE), Reply(200, PLACES)

    def send(self, request: Request, due_wall_ms: float) -> Reply:
        """See engine.live.Transport."""
        if not request.event_ids:
            return self._places
        self.requests.append(request)
        return self._edge


def requests(phones: int) -> list[bytes]:
    """What so many phones send, about 22 requests with an event each. One phone arrives after the other, so that from
    the first few on the mix stays as it is. They tell their push tokens; four of ten allow none."""
    app = msgspec.structs.replace(read_app("demo").config, back_office=BackOfficeConfig())
    lives = population(phones, app)
    found: list[tuple[float, bytes]] = []
    for number in range(phones):
        recorder = _Recorder()
        Living(lives.life(number), FreeClock(), recorder, _Nowhere()).live()
        sent = [(_when_s(request.body), request) for request in recorder.requests]
        arrives_s = number * (ARRIVALS_S / phones) - sent[0][0]
        found += [(arrives_s + at_s, _written(request)) for at_s, request in sent]
    found.sort(key=lambda one: one[0])
    return [request for _, request in found]


def _when_s(body: bytes) -> float:
    told = _WHEN.search(body)
    assert told is not None
    return datetime.fromisoformat(told[1].decode()).timestamp()


def _written(request: Request) -> bytes:
    target = request.target.replace("configId=bench", "configId=local")
    head = f"{request.method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(request.body)}\r\n"
    return head.encode() + request.headers + b"\r\n" + request.body


def visit_rule(place: int) -> str:
    """Who walks into this place."""
    return f'eventType == "location.entry" and placeContext.POIinteraction.poiDetail.poiID == "poi-{place}"'


def journeys() -> tuple[Journey, ...]:
    """A hundred."""
    places = [_visit(n) for n in PLACES_WITH_A_JOURNEY]
    skus = [product.sku for product in CATALOGUE[::2]]
    skus += [f"FF-9{n:03d}" for n in range(PRODUCTS_WITH_A_JOURNEY - len(skus))]
    cities = [_city(city) for city in CITIES]
    launches = [_launch(version) for version in VERSIONS]
    found = (*places, *(_cart(sku) for sku in skus), *cities, *launches)
    assert len(found) == 100
    return found


def _journey(
    name: str,
    events: dict[str, str],
    nodes: dict[str, Node],
    exits: tuple[str, ...] = (),
    again_ms: int = 240 * MINUTE_MS,
) -> Journey:
    return Journey(
        name,
        next(iter(events)),
        next(iter(nodes)),
        tuple(JourneyEvent(name, parse(text)) for name, text in events.items()),
        tuple(nodes.items()),
        namespace="ECID",
        exits=exits,
        reentrance=Reentrance(wait_ms=240 * MINUTE_MS),
    )


def _push(next: str, body: str) -> Push:
    return Push(next, title=Text(("Footfall",)), body=Text((body,)))


def _visit(place: int) -> Journey:
    """Welcome; who looks at it is waited for on the way out, and thanked."""
    out = visit_rule(place).replace("entry", "exit")
    nodes: dict[str, Node] = {
        "welcome": _push("opened", "Good to see you."),
        "opened": React("opened", "leaves", 30 * MINUTE_MS, "leaves"),
        "leaves": Await((("out", "thanks"),), 120 * MINUTE_MS, END),
        "thanks": _push(END, "See you soon."),
    }
    return _journey(f"visit_{place}", {"visit": visit_rule(place), "out": out}, nodes)


def _cart(sku: str) -> Journey:
    """A thing was put into the cart: half an hour later a word about it, unless it was bought."""
    events = {
        name: f'eventType == "commerce.{kind}" and productListItems.SKU == "{sku}"'
        for name, kind in (("added", "productListAdds"), ("bought", "purchases"))
    }
    nodes: dict[str, Node] = {
        "patience": Wait("remind", for_ms=30 * MINUTE_MS),
        "remind": _push(END, "Your cart is waiting."),
    }
    return _journey(f"cart_{sku}", events, nodes, exits=("bought",))


def _city(city: str) -> Journey:
    """One in two who come to the first shop of this city hears of the others, a second later."""
    detail = "placeContext.POIinteraction.poiDetail"
    first = f'{detail}.metadata.list.value == "{city}" and {detail}.poiID in ["poi-0", "poi-100"]'
    rule = f'eventType == "location.entry" and {first}'
    nodes: dict[str, Node] = {
        "half": Split((("soon", 0.5), ("none", 0.5))),
        "soon": Wait("tell", for_ms=SECOND_MS),
        "tell": _push(END, "There are more of us."),
        "none": Wait(END, for_ms=SECOND_MS),
    }
    return _journey(f"city_{city}", {"visit": rule}, nodes)


def _launch(version: str) -> Journey:
    """Who has installed this version of the app is told what is new, unless they buy something within a minute."""
    rule = f'eventType == "application.launch" and application.isInstall == true and application.version == "{version}"'
    events = {"installed": rule, "bought": 'eventType == "commerce.purchases"'}
    nodes: dict[str, Node] = {"a_minute": Wait("news", for_ms=MINUTE_MS), "news": _push(END, "This is new.")}
    return _journey(f"installed_{version.partition(' ')[0]}", events, nodes, exits=("bought",))


def main() -> int:
    """A platform with these journeys, `python -m benchmarks.saturday STORE [none]`; none: without profiles and
    journeys."""
    store, *more = sys.argv[1:]
    return serve(ServeOptions(port=0, store=store, journeys=None if more else journeys()))


if __name__ == "__main__":
    sys.exit(main())
