"""Where people of a town can be: the places of the map, and those of a made-up region of 25 km around it.

A map's geofences cover a few blocks, a person's week several kilometres. So the region around the map is filled with
suburbs whose number falls with the distance from the centre, and with places that cluster in them. All of it is a
function of (seed, the map's places).

A place is drawn by gravity, as in d-EPR (Pappalardo et al. 2015, "Returners and explorers dichotomy in human
mobility"): its relevance over a power of its distance. The draw has two steps, first a cell of a kilometre, then a
place in it, so that its cost does not grow with the number of places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from math import cos, exp, hypot, log, pi, radians, sin

import msgspec

from footfall.world.geo import METRES_PER_DEGREE, Point, moved, wrapped
from footfall.world.pois import Poi
from footfall.world.streams import Stream, key_of

REGION_RADIUS_M = 25_000.0
SUBURBS = 80
SUBURB_SCALE_M = 7_000.0  # the share of suburbs falls by e with so many metres more
SYNTHETIC_PLACES = 3_600
CELL_M = 1_000.0
# a place a few steps away does not draw without limit
GRAVITY_OFFSET_M = 250.0

# shares of the made-up places; roughly what the Foursquare NYC catalogue has of each (realism/foursquare_nyc.json)
SYNTHETIC_SHARES: Mapping[str, float] = {
    "restaurant": 0.19,
    "cafe": 0.11,
    "shop": 0.18,
    "grocery": 0.12,
    "gym": 0.06,
    "bar": 0.09,
    "museum": 0.04,
    "park": 0.07,
    "office": 0.06,
    "private": 0.08,
}


class Place(msgspec.Struct, frozen=True):
    """Somewhere to stay: `relevance` is how much it draws people, beside others of its category. A place of the map has
    its POI's id and category; `home` and `work` are categories of one person's own places."""

    id: str
    category: str
    point: Point
    relevance: float = 1.0


class _Cell(msgspec.Struct, frozen=True):
    east_m: float
    north_m: float
    relevance: float
    places: tuple[Place, ...]
    cumulative: tuple[float, ...]


class _Suburb(msgspec.Struct, frozen=True):
    centre: Point
    spread_m: float


class Town:
    """All places people can go to, and where they live. Immutable once made; shared by all people."""

    __slots__ = ("_categories", "_cells", "_cumulative", "_kx", "_suburbs", "centre", "places", "seed")

    def __init__(self, pois: Sequence[Poi], seed: int) -> None:
        """`pois` are the places of the map, at least one; the made-up ones are a function of `seed`."""
        if not pois:
            raise ValueError("a town needs the places of a map: expected at least one POI")
        self.seed = seed
        self.centre = Point(lon=_middle([poi.lon for poi in pois]), lat=_middle([poi.lat for poi in pois]))
        self._kx = METRES_PER_DEGREE * cos(radians(self.centre.lat))
        stream = Stream(key_of(seed, "town"))
        self._suburbs = _suburbs(self.centre, stream)
        self._cumulative = tuple(accumulate(stream.lognormal(1.0, 0.3) for _ in self._suburbs))
        given = [Place(poi.id, poi.category, Point(lon=poi.lon, lat=poi.lat), 3.0) for poi in pois]
        reach_m = max(hypot(*self._plane(place.point)) for place in given)
        self.places = (*given, *self._made_up(stream, reach_m))
        self._categories = frozenset(place.category for place in self.places)
        self._cells = {name: self._cells_of((name,)) for name in sorted(self._categories)}

    @property
    def categories(self) -> frozenset[str]:
        """The categories that have a place."""
        return self._categories

    def home(self, stream: Stream) -> Point:
        """Where one person lives: somewhere in a suburb."""
        suburb = self._suburbs[stream.index(self._cumulative)]
        return moved(suburb.centre, suburb.spread_m * stream.normal(), suburb.spread_m * stream.normal())

    def work(self, home: Point, stream: Stream, power: float) -> Point:
        """Where somebody who lives at `home` works: near places, by gravity with `power` over all categories."""
        names = sorted(self._categories)
        near = self.draw(home, names[stream.whole(0, len(names) - 1)], power, stream)
        return moved(near.point, 120.0 * stream.normal(), 120.0 * stream.normal())

    def draw(self, here: Point, category: str, power: float, stream: Stream) -> Place:
        """A place of the category by gravity from `here`: relevance over distance to the `power`. Raises KeyError for
        a category that no place has."""
        east, north = self._plane(here)
        cells = self._cells[category]
        weights = accumulate(
            cell.relevance / (hypot(cell.east_m - east, cell.north_m - north) + GRAVITY_OFFSET_M) ** power
            for cell in cells
        )
        cell = cells[stream.index(tuple(weights))]
        return cell.places[stream.index(cell.cumulative)]

    def _plane(self, point: Point) -> tuple[float, float]:
        """Metres east and north of the centre, on the plane that touches there: good to 50 m within the region."""
        return (
            wrapped(point.lon - self.centre.lon) * self._kx,
            (point.lat - self.centre.lat) * METRES_PER_DEGREE,
        )

    def _made_up(self, stream: Stream, reach_m: float) -> Iterable[Place]:
        names = tuple(SYNTHETIC_SHARES)
        shares = tuple(accumulate(SYNTHETIC_SHARES.values()))
        for number in range(SYNTHETIC_PLACES):
            category = names[stream.index(shares)]
            suburb = self._suburbs[stream.index(self._cumulative)]
            # places crowd closer to a suburb's middle than homes do, except other people's homes
            spread = suburb.spread_m * (1.0 if category == "private" else 0.6)
            point = moved(suburb.centre, spread * stream.normal(), spread * stream.normal())
            relevance = stream.lognormal(1.0, 0.8)
            if hypot(*self._plane(point)) > reach_m:  # the map has its own
                yield Place(f"made-up-{number}", category, point, relevance)

    def _cells_of(self, categories: tuple[str, ...]) -> tuple[_Cell, ...]:
        found: dict[tuple[int, int], list[Place]] = {}
        for place in self.places:
            if place.category in categories:
                east, north = self._plane(place.point)
                found.setdefault((int(east // CELL_M), int(north // CELL_M)), []).append(place)
        cells = []
        for places in found.values():
            spots = [self._plane(place.point) for place in places]
            cumulative = tuple(accumulate(place.relevance for place in places))
            cells.append(
                _Cell(
                    sum(east for east, _ in spots) / len(spots),
                    sum(north for _, north in spots) / len(spots),
                    cumulative[-1],
                    tuple(places),
                    cumulative,
                )
            )
        return tuple(cells)


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def _suburbs(centre: Point, stream: Stream) -> tuple[_Suburb, ...]:
    """The town itself, and suburbs around it."""
    suburbs = [_Suburb(centre, 1_200.0)]
    most = 1.0 - exp(-REGION_RADIUS_M / SUBURB_SCALE_M)
    for i in range(1, SUBURBS):
        # one in each part of the distribution of distances, so that no seed makes a town without outskirts
        away_m = -SUBURB_SCALE_M * log(1.0 - most * (i - stream.unit()) / (SUBURBS - 1))
        angle = 2.0 * pi * stream.unit()
        middle = moved(centre, away_m * cos(angle), away_m * sin(angle))
        suburbs.append(_Suburb(middle, stream.between(400.0, 1_000.0)))
    return tuple(suburbs)
