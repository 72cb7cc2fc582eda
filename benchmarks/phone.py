"""What one event costs a phone: from the signal to the bytes of its request, and the answer taken. Beside it what JSON
alone costs for the same bodies."""

from __future__ import annotations

import json
import statistics
import time
import uuid
from collections.abc import Callable
from typing import Any

import msgspec
import orjson

from benchmarks.null_server import EDGE, PLACES
from footfall.phone.app import App
from footfall.phone.config import AppConfig
from footfall.phone.ids import Ids, run_key
from footfall.phone.phone import Owner, Phone
from footfall.phone.signals import (
    Backgrounded,
    Did,
    Due,
    Foregrounded,
    RegionReported,
    Replied,
    Reply,
    Request,
    Send,
    Signal,
)
from footfall.world.catalogue import CATALOGUE
from footfall.world.geo import Point
from footfall.world.phones import MODELS, Platform
from footfall.world.regions import ANDROID, IOS, RegionMonitor
from footfall.xdm.commerce import CartLine, OrderRef, Payment

PHONES = 20  # of each slice
VISITS = 4  # of each phone
ANCHOR_MS = 1_700_000_000_000
_KEY = run_key("bench", 1)
_APP = App(AppConfig().at("bench", ("helsinki-spaced",)))
_ANSWER, _NEARBY = Reply(200, EDGE), Reply(200, PLACES)


class _Driven:
    """A phone whose requests are answered at once, and all that it sent."""

    def __init__(self, platform: Platform, number: int) -> None:
        model = MODELS[platform][number % len(MODELS[platform])]
        rules = IOS if platform == "ios" else ANDROID
        self.phone = Phone(
            model,
            Owner("1" * 38, "fi-FI", None if platform == "ios" else "DNA", "1.4.0 (210)"),
            _APP,
            Ids(_KEY, number, platform),
            RegionMonitor(rules, Point(lat=60.0, lon=24.0), 0),  # far from all places: it reports nothing by itself
            ANCHOR_MS,
        )

    def live(self, life: list[tuple[int, Signal]]) -> list[Request]:
        """Feeds the life and takes the answers; returns the requests with events in them."""
        feed, sent = self.phone.feed, []
        for at_ms, signal in life:
            waiting: list[Signal] = [signal]
            while waiting:
                for effect in feed(at_ms, waiting.pop()):
                    if type(effect) is Send:
                        request = effect.request
                        if request.event_ids:
                            sent.append(request)
                        waiting.append(Replied(request.id, _ANSWER if request.channel == "edge" else _NEARBY))
        return sent


# the first launch, with the nearby query and its twenty places: once in a phone's life, and no event's cost
_BEFORE: list[tuple[int, Signal]] = [(0, Foregrounded()), (60_000, Backgrounded()), (60_500, Due())]


def a_life(number: int) -> list[tuple[int, Signal]]:
    """Visits to shops as a Saturday has them: a place entered, the app opened, products looked at, one of them put into
    the cart, every third time bought, the app closed, the place left."""
    life: list[tuple[int, Signal]] = []
    now_ms = 600_000
    for visit in range(VISITS):
        n = number * VISITS + visit
        place = f"poi-{n % 20}"
        line = CartLine(CATALOGUE[n % 20], 1 + n % 2)
        total = line.total_cents
        signals: list[Signal] = [RegionReported("entry", place), Foregrounded()]
        signals += [Did("productViews", (CartLine(CATALOGUE[(n + step) % 20], 1),)) for step in range(5)]
        signals += [Did("productListAdds", (line,))]
        if n % 3 == 0:
            order = OrderRef(f"FF-{number:06d}-{visit:02d}", (Payment(f"TX-{n:016x}", "credit_card", total),))
            signals += [Did("checkouts", (line,)), Did("purchases", (line,), order)]
        signals += [Backgrounded(), Due(), RegionReported("exit", place)]
        for signal in signals:
            now_ms += 20_123
            life.append((now_ms, signal))
    return life


def bare(sku: str, name: str, price: float) -> bytes:
    """What a hand-written load script does: a look at a product as a dictionary, and json.dumps."""
    body = {
        "meta": {"konductorConfig": {"streaming": {"enabled": True, "recordSeparator": "\0", "lineFeed": "\n"}}},
        "xdm": {
            "identityMap": {"ECID": [{"id": "1" * 38, "authenticatedState": "ambiguous", "primary": False}]},
            "implementationDetails": {
                "name": "https://ns.adobe.com/experience/mobilesdk/android",
                "version": "3.8.0+3.0.2",
                "environment": "app",
            },
        },
        "events": [
            {
                "xdm": {
                    "_id": str(uuid.uuid4()),
                    "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
                    "eventType": "commerce.productViews",
                    "commerce": {"productViews": {"value": 1}},
                    "productListItems": [
                        {
                            "SKU": sku,
                            "name": name,
                            "quantity": 1,
                            "priceTotal": price,
                            "currencyCode": "EUR",
                            "product": f"https://shop.example.com/p/{sku}",
                        }
                    ],
                }
            }
        ],
    }
    return json.dumps(body).encode()


def measure(rounds: int) -> dict[str, float]:
    """CPU microseconds an event: phones of both platforms, and beside them JSON of the bodies that they sent. All are
    interleaved in one process; the figures are medians over the rounds."""
    bodies = [request.body for number in range(8) for request in _ready("android", number).live(a_life(number))]
    objects: list[Any] = [json.loads(body) for body in bodies]
    sides: dict[str, Callable[[int], float]] = {
        "ios_us": lambda round: _phones("ios", round),
        "android_us": lambda round: _phones("android", round),
        "json_us": lambda _: _over(objects, lambda each: json.dumps(each).encode()),
        "msgspec_us": lambda _: _over(objects, msgspec.json.encode),
        "orjson_us": lambda _: _over(objects, orjson.dumps),
        "bare_us": lambda _: _over(list(CATALOGUE) * 10, lambda p: bare(p.sku, p.name, p.price_cents / 100)),
    }
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for round in range(rounds + 1):
        for name, side in sides.items():
            taken[name].append(side(round))
    return {
        "body_bytes": statistics.mean(map(len, bodies)),
        **{name: statistics.median(figures[1:]) for name, figures in taken.items()},  # the first round is to warm up
    }


def _ready(platform: Platform, number: int) -> _Driven:
    driven = _Driven(platform, number)
    driven.live(_BEFORE)
    return driven


def _phones(platform: Platform, round: int) -> float:
    numbers = range(round * PHONES, (round + 1) * PHONES)
    lives = [(_ready(platform, number), a_life(number)) for number in numbers]
    cpu = time.process_time()
    events = sum([len(driven.live(life)) for driven, life in lives])
    return (time.process_time() - cpu) * 1e6 / events


def _over(things: list[Any], encode: Callable[[Any], bytes]) -> float:
    cpu = time.process_time()
    for thing in things:
        encode(thing)
    return (time.process_time() - cpu) * 1e6 / len(things)
