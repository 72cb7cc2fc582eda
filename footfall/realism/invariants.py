"""What holds of every phone at every moment, whatever the distributions are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from footfall.realism.fences import Crossing
from footfall.world.geo import Point, distance_m
from footfall.world.gps import Fix

FASTEST_MPS = 60.0


def broken_by_fixes(fixes: Sequence[Fix]) -> Iterator[str]:
    """What is impossible in one phone's fixes, in words: time going back, an accuracy that is none, more than 60 m/s
    between two fixes."""
    for fix in fixes:
        if not fix.accuracy_m > 0.0:
            yield f"at {fix.at_ms} ms: accuracy {fix.accuracy_m} m is not positive"
    for a, b in pairwise(fixes):
        if b.at_ms < a.at_ms:
            yield f"at {b.at_ms} ms: earlier than the fix before, at {a.at_ms} ms"
            continue
        away_m = distance_m(Point(lon=a.lon, lat=a.lat), Point(lon=b.lon, lat=b.lat))
        if away_m * 1000.0 > FASTEST_MPS * (b.at_ms - a.at_ms):
            yield f"at {b.at_ms} ms: {away_m:.0f} m in {b.at_ms - a.at_ms} ms"


def broken_by_crossings(crossings: Sequence[Crossing], inside_at_first: frozenset[str]) -> Iterator[str]:
    """What is impossible in one registration's crossings: a second entry, an exit without an entry of a fence that the
    phone was not in at registration."""
    inside = set(inside_at_first)
    for crossing in crossings:
        if (crossing.kind == "entry") == (crossing.fence in inside):
            yield f"at {crossing.at_ms} ms: {crossing.kind} of {crossing.fence}, which is where the phone was"
        inside ^= {crossing.fence}
