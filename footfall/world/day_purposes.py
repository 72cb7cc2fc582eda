"""What people go out for: which categories of places, at which hours, for how long.

The hours follow the check-ins of each category in Foursquare NYC (realism/foursquare_nyc.json, `hour_by_category`),
rounded and smoothed by hand; dwell is lognormal.
"""

from __future__ import annotations

from itertools import accumulate

import msgspec

from footfall.world.streams import Stream


class Purpose(msgspec.Struct, frozen=True):
    """`share` of all errands, by `hours` (a weight for every hour of the day, 0 for closed); `dwell_min` is the median,
    in minutes;
    `power` how much nearer places are preferred (Town.draw). `roams`: people walk about there."""

    name: str
    categories: tuple[str, ...]
    share: float
    dwell_min: float
    dwell_sigma: float
    power: float
    hours: tuple[int, ...]
    roams: bool = False


PURPOSES: tuple[Purpose, ...] = (
    Purpose(
        "meal", ("restaurant", "cafe"), 0.20, 38.0, 0.45, 2.3,
        (0, 0, 0, 0, 0, 0, 0, 2, 4, 4, 4, 8, 14, 12, 5, 3, 4, 7, 12, 12, 9, 6, 2, 0),
    ),
    Purpose(
        "coffee", ("cafe",), 0.10, 24.0, 0.40, 2.4,
        (0, 0, 0, 0, 0, 0, 2, 10, 14, 11, 6, 4, 6, 6, 7, 6, 5, 4, 3, 3, 2, 1, 0, 0),
    ),
    Purpose(
        "grocery", ("grocery",), 0.18, 25.0, 0.30, 2.4,
        (0, 0, 0, 0, 0, 0, 0, 2, 5, 5, 5, 5, 7, 8, 7, 8, 8, 8, 7, 6, 5, 3, 0, 0), roams=True,
    ),
    Purpose(
        "shopping", ("shop",), 0.20, 33.0, 0.6, 1.7,
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 6, 7, 9, 10, 9, 10, 10, 8, 6, 4, 2, 0, 0, 0), roams=True,
    ),
    Purpose(
        "sport", ("gym",), 0.08, 70.0, 0.35, 1.7,
        (0, 0, 0, 0, 0, 2, 7, 5, 5, 6, 4, 6, 7, 5, 4, 4, 6, 8, 10, 9, 4, 2, 0, 0),
    ),
    Purpose(
        "bar", ("bar",), 0.08, 85.0, 0.6, 1.6,
        (4, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 3, 4, 6, 9, 10, 11, 10, 8),
    ),
    Purpose(
        "culture", ("museum",), 0.03, 80.0, 0.4, 1.4,
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 9, 9, 10, 11, 9, 6, 4, 5, 6, 0, 0, 0, 0), roams=True,
    ),
    Purpose(
        "park", ("park",), 0.07, 36.0, 0.5, 1.9,
        (0, 0, 0, 0, 0, 1, 4, 5, 6, 6, 7, 7, 8, 8, 8, 9, 9, 9, 8, 6, 4, 2, 1, 0), roams=True,
    ),
    Purpose(
        "business", ("office",), 0.06, 38.0, 0.6, 1.4,
        (0, 0, 0, 0, 0, 0, 0, 0, 6, 10, 10, 9, 5, 7, 9, 9, 7, 3, 0, 0, 0, 0, 0, 0),
    ),
    Purpose(
        "visit", ("private",), 0.08, 105.0, 0.7, 1.2,
        (1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 5, 6, 6, 6, 7, 9, 12, 12, 9, 6, 4, 2),
    ),
)  # fmt: skip


def draw_purpose(hour: int, known: frozenset[str], stream: Stream) -> Purpose | None:
    """What somebody goes out for at `hour` (0..23), among the purposes that have a place in the categories `known`;
    None when everything is closed."""
    fitting = [purpose for purpose in PURPOSES if known.intersection(purpose.categories)]
    weights = tuple(accumulate(purpose.share * purpose.hours[hour] / sum(purpose.hours) for purpose in fitting))
    if not weights or weights[-1] == 0.0:
        return None
    return fitting[stream.index(weights)]


def closes_after_ms(purpose: Purpose, hour: int) -> int:
    """For how long from the beginning of `hour` on the places of this purpose are open; at most a day."""
    for later in range(24):
        if not purpose.hours[(hour + later) % 24]:
            return later * 3_600_000
    return 24 * 3_600_000
