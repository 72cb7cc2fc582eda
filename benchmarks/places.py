"""What it costs to ask which circles hold a point and which are nearest: the index of our own, looking at every circle,
and shapely's STRtree of the circles' boxes, whose answers are then measured by us.

STRtree has no k-nearest and measures degrees: for the nearest it is asked for boxes of twice the size until there are
enough. The world is 300 towns of very different size; the questions come from people near a place.

    python -m benchmarks.places
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from math import cos, radians

import shapely
from rich.console import Console
from rich.table import Table

from footfall.platform.messages import Request
from footfall.platform.places import PlacesQuery
from footfall.world.circle_index import CircleIndex
from footfall.world.geo import METRES_PER_DEGREE, Point, distance_m
from footfall.world.pois import Poi
from footfall.world.streams import Stream, key_of

SIZES = (1_000, 10_000, 100_000)
LARGEST = 150_000  # POIs in one library, at most
QUESTIONS = 400
_TOWNS = 300

Asked = Callable[[float, float], object]


def world(count: int) -> list[Poi]:
    """Circles of 50 to 500 m in towns of which the largest have most; weights 0 to 99."""
    stream = Stream(key_of("places", count))
    towns = [(stream.between(-10, 30), stream.between(40, 65)) for _ in range(_TOWNS)]
    pois = []
    for n in range(count):
        lon, lat = towns[int(_TOWNS * stream.unit() ** 3)]
        lon, lat = lon + 0.08 * stream.normal(), lat + 0.04 * stream.normal()
        radius_m = (50.0, 100.0, 100.0, 150.0, 200.0, 500.0)[stream.whole(0, 5)]
        pois.append(Poi(f"p{n:06}", f"Place {n}", lon, lat, radius_m, "l", stream.whole(0, 99), "cafe"))
    return pois


def questions(pois: Sequence[Poi]) -> list[tuple[float, float]]:
    """Positions of people some hundred metres from a place."""
    stream = Stream(key_of("questions"))
    near = [pois[stream.whole(0, len(pois) - 1)] for _ in range(QUESTIONS)]
    return [(poi.lon + 0.005 * stream.normal(), poi.lat + 0.003 * stream.normal()) for poi in near]


class _Boxes:
    """The circles in shapely's tree, by their boxes in degrees."""

    def __init__(self, pois: Sequence[Poi]) -> None:
        self._pois = pois
        boxes = []
        for poi in pois:
            high = poi.radius_m / METRES_PER_DEGREE
            wide = high / cos(radians(poi.lat))
            boxes.append(shapely.box(poi.lon - wide, poi.lat - high, poi.lon + wide, poi.lat + high))
        self._tree = shapely.STRtree(boxes)

    def holding(self, lon: float, lat: float) -> list[Poi]:
        here = Point(lon=lon, lat=lat)
        boxes = [self._pois[n] for n in self._tree.query(shapely.Point(lon, lat))]
        return [poi for poi in boxes if distance_m(here, Point(lon=poi.lon, lat=poi.lat)) <= poi.radius_m]

    def nearby(self, lon: float, lat: float, limit: int) -> list[Poi]:
        here, reach_m = Point(lon=lon, lat=lat), 250.0
        while True:
            high = reach_m / METRES_PER_DEGREE
            wide = high / cos(radians(lat))
            boxes = self._tree.query(shapely.box(lon - wide, lat - high, lon + wide, lat + high))
            edges = [(_edge_m(here, self._pois[n]), int(n)) for n in boxes]
            near = sorted(edge for edge in edges if edge[0] <= reach_m)
            if len(near) >= limit or reach_m > 2e7:
                return [self._pois[n] for _, n in near[:limit]]
            reach_m *= 2


def _edge_m(here: Point, poi: Poi) -> float:
    return distance_m(here, Point(lon=poi.lon, lat=poi.lat)) - poi.radius_m


def _every(pois: Sequence[Poi], limit: int) -> Asked:
    def ask(lon: float, lat: float) -> object:
        here = Point(lon=lon, lat=lat)
        return sorted((_edge_m(here, poi), poi.id) for poi in pois)[:limit]

    return ask


def _median_us(ask: Asked, where: Sequence[tuple[float, float]], rounds: int = 3) -> float:
    """The median over the questions of the best of some rounds: what else the machine does is not the index's."""
    best = [float("inf")] * len(where)
    for _ in range(rounds):
        for n, (lon, lat) in enumerate(where):
            begun = time.perf_counter()
            ask(lon, lat)
            best[n] = min(best[n], time.perf_counter() - begun)
    return statistics.median(best) * 1e6


def measure(count: int) -> dict[str, float]:
    """Seconds to load, and median microseconds a question, for a world of so many POIs."""
    pois = world(count)
    begun = time.perf_counter()
    index = CircleIndex(pois)
    load_s = time.perf_counter() - begun
    where = questions(pois)
    boxes, platform = _Boxes(pois), PlacesQuery(pois)

    def served(lon: float, lat: float) -> object:
        query = f"library=l&latitude={lat}&longitude={lon}&limit=20"
        return platform.answer(Request("GET", "/placesedgequery", query, {}, b""))

    return {
        "load_s": load_s,
        "holding_us": _median_us(index.holding, where),
        "nearby_10_us": _median_us(lambda lon, lat: index.around(lon, lat, 10), where),
        "nearby_20_us": _median_us(lambda lon, lat: index.around(lon, lat, 20), where),
        "served_us": _median_us(served, where),
        "tree_holding_us": _median_us(boxes.holding, where),
        "tree_nearby_20_us": _median_us(lambda lon, lat: boxes.nearby(lon, lat, 20), where),
        "every_us": _median_us(_every(pois, 20), where[:4], 1),
    }


def load_s(count: int = LARGEST) -> float:
    """Seconds until so many POIs can be asked for."""
    pois = world(count)
    begun = time.perf_counter()
    CircleIndex(pois)
    return time.perf_counter() - begun


def main() -> None:
    """Measures and prints one table."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title="one core, medians, us", title_justify="left")
    for title in ("POIs", "load, s", "hold a point", "STRtree", "10 nearby", "20 nearby", "STRtree", "served", "every"):
        table.add_column(title, justify="right")
    for count in SIZES:
        row = measure(count)
        figures = (
            "holding_us", "tree_holding_us", "nearby_10_us", "nearby_20_us", "tree_nearby_20_us", "served_us",
            "every_us",
        )  # fmt: skip
        table.add_row(f"{count:,}", f"{row['load_s']:.2f}", *(f"{row[name]:,.1f}" for name in figures))
    console = Console()
    console.print(table)
    console.print(f"{LARGEST:,} POIs loaded in {load_s():.1f} s")


if __name__ == "__main__":
    main()
