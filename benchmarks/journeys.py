"""What one event costs a hundred live journeys, beside what it costs to decode it as JSON."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

import msgspec

from footfall.platform.journeys.engine import Journeys
from footfall.platform.journeys.expressions import parse
from footfall.platform.journeys.messages import Happening
from footfall.platform.journeys.types import END, MINUTE_MS, Await, Journey, JourneyEvent, Wait

JOURNEYS = 100
EVENTS = 4_000  # of each round
ANCHOR_MS = 1_700_000_000_000
TYPES = ("location.entry", "commerce.productViews", "application.launch", "commerce.productListAdds", "location.exit")


class _Nobody:
    """No profiles: these journeys ask for none."""

    def find(self, namespace: str, id: str) -> None:
        """None."""


def journeys() -> tuple[Journey, ...]:
    """A journey for each of a hundred shops, as a chain has them: who comes in is waited for on the way out."""
    made = []
    for n in range(JOURNEYS):
        here = f'placeContext.POIinteraction.poiDetail.poiID == "poi-{n}"'
        rule, out = f'eventType == "location.entry" and {here}', f'eventType == "location.exit" and {here}'
        nodes = (("wait", Wait("await", for_ms=MINUTE_MS)), ("await", Await((("out", END),), 10 * MINUTE_MS, END)))
        made.append(
            Journey(
                f"shop_{n}",
                "visit",
                "wait",
                tuple(JourneyEvent(name, parse(text)) for name, text in (("visit", rule), ("out", out))),
                nodes,
            )
        )
    return tuple(made)


def bodies(types: tuple[str, ...], round: int) -> list[bytes]:
    """Events of 2,000 devices, as JSON."""
    return [
        json.dumps(
            {
                "_id": f"{round}-{n}",
                "timestamp": "2026-03-07T11:15:30.123Z",
                "eventType": types[n % len(types)],
                "identityMap": {"ECID": [{"id": f"{n * 7 % 2_000:038d}", "authenticatedState": "ambiguous"}]},
                "placeContext": {
                    "POIinteraction": {"poiDetail": {"poiID": f"poi-{n // 5 % JOURNEYS}", "name": "Shop"}}
                },
                "productListItems": [{"SKU": f"sku-{n % 50}", "quantity": 1, "priceTotal": 12.5}],
            }
        ).encode()
        for n in range(EVENTS)
    ]


def measure(rounds: int) -> dict[str, float]:
    """CPU microseconds an event: taken by a hundred journeys, all kinds and those that no rule is for; and decoded by
    json and msgspec. Interleaved in one process; medians over the rounds."""
    run = Journeys(journeys(), _Nobody(), "bench", 1)
    sides: dict[str, Callable[[int], float]] = {
        "take_us": lambda round: _taken(run, TYPES, round, 0),
        "other_us": lambda round: _taken(run, ("commerce.productViews",), round, EVENTS),
        "json_us": lambda round: _over(bodies(TYPES, round), json.loads),
        "msgspec_us": lambda round: _over(bodies(TYPES, round), msgspec.json.decode),
    }
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for round in range(rounds + 1):
        for name, side in sides.items():
            taken[name].append(side(round))
    figures = {name: statistics.median(each[1:]) for name, each in taken.items()}  # the first round is to warm up
    return {**figures, "eps": 1e6 / figures["take_us"], "ratio_json": figures["take_us"] / figures["json_us"]}


def _taken(run: Journeys, types: tuple[str, ...], round: int, after: int) -> float:
    first_ms = ANCHOR_MS + (round * 2 * EVENTS + after)
    happenings = [
        Happening(xdm["_id"], xdm["eventType"], first_ms + n, xdm)
        for n, xdm in enumerate(map(msgspec.json.decode, bodies(types, round)))
    ]
    cpu = time.process_time()
    for each in happenings:
        run.take(each)
    run.changed()
    return (time.process_time() - cpu) * 1e6 / EVENTS


def _over(things: list[bytes], decode: Callable[[bytes], object]) -> float:
    cpu = time.process_time()
    for thing in things:
        decode(thing)
    return (time.process_time() - cpu) * 1e6 / len(things)
