"""Ways through the town without a street network: along the blocks, round one corner.

Streets of a real network come with the `streets` extra; until then a walk from A to B follows the town's grid: one leg
along it, one across.
"""

from __future__ import annotations

from math import cos, radians, sin

from footfall.world.geo import METRES_PER_DEGREE, Leg, Point, distance_m, moved, wrapped

GRID_DEG = 28.0  # central Helsinki's blocks are turned by about so much from north


def walk(start: Point, end: Point, depart_ms: int, speed_mps: float, along_first: bool) -> tuple[Leg, ...]:
    """The legs of a walk at constant speed, at most two; `along_first` chooses which of the two ways round the block.

    The last leg ends at `end` exactly. A walk to where one stands has no legs.
    """
    kx = METRES_PER_DEGREE * cos(radians(start.lat))
    east = wrapped(end.lon - start.lon) * kx
    north = (end.lat - start.lat) * METRES_PER_DEGREE
    along = (sin(radians(GRID_DEG)), cos(radians(GRID_DEG)))
    if not along_first:
        along = (along[1], -along[0])
    part = east * along[0] + north * along[1]
    corner = moved(start, part * along[0], part * along[1])
    straight = min(distance_m(start, corner), distance_m(corner, end)) < 1.0  # no corner to speak of
    legs = []
    here, now = start, depart_ms
    for there in (end,) if straight else (corner, end):
        arrive = now + round(distance_m(here, there) / speed_mps * 1000)
        if arrive > now:
            legs.append(Leg(start=here, end=there, depart_ms=now, arrive_ms=arrive))
        here, now = there, arrive
    return tuple(legs)
