"""The simulated people that are scored: their fixes, as an app that records a track has them."""

from __future__ import annotations

import msgspec

from footfall.realism.fences import RADII_M, RULES, Flaps, crossings, fences_of, flaps, inside_at_first, naive_crossings
from footfall.realism.invariants import broken_by_crossings, broken_by_fixes
from footfall.realism.observed import DAY_MS, Observed, observe
from footfall.world.day_places import Town
from footfall.world.day_trips import Route
from footfall.world.days import draw_person, legs_of, weeks
from footfall.world.gps import TRACKING, Fix, fixes
from footfall.world.streams import Stream, key_of

STILL_MS = 120_000  # so often a phone that lies still is looked at, by the OS's own poll
REPORTING = msgspec.structs.replace(TRACKING, still_ms=STILL_MS)


class Seen(msgspec.Struct, frozen=True):
    """One simulated person: what the fixes show, the flapping by (rule, radius in metres) with the rules `naive`, `ios`
    and `android`, and what of the invariants is broken, in words."""

    observed: Observed
    flaps: dict[tuple[str, int], Flaps]
    broken: tuple[str, ...]
    fixes: int


def track(town: Town, seed: int, number: int, days: int, route: Route | None = None) -> list[Fix]:
    """Person `number`'s fixes from day 0 to day `days` (exclusive)."""
    until_ms = days * DAY_MS
    home = draw_person(town, seed, number).home.point
    legs = legs_of(weeks(town, seed, number, route), until_ms)
    return list(fixes(legs, home, REPORTING, seed, number, 0, until_ms))


def see(town: Town, seed: int, number: int, days: int, route: Route | None = None) -> Seen:
    """Simulates one person and measures what there is to measure."""
    taken = track(town, seed, number, days, route)
    observed = observe(taken, days)
    broken = list(broken_by_fixes(taken))
    found: dict[tuple[str, int], Flaps] = {}
    phase_ms = Stream(key_of(seed, "poll", number)).whole(0, 119_999)
    for radius_m in RADII_M:
        fences = fences_of(observed.stays, radius_m)
        found["naive", radius_m] = flaps(naive_crossings(taken, fences))
        for name, rules in RULES.items():
            told = list(crossings(taken, fences, rules, phase_ms))
            inside = inside_at_first(taken, fences, rules)
            broken += broken_by_crossings(told, inside)
            found[name, radius_m] = flaps(iter(told))
    return Seen(observed, found, tuple(broken), len(taken))
