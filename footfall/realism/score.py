"""The mobility score: ten statistics of simulated people beside the references, and the flapping of their geofences.

Each statistic has a distance from its reference, 0 to 1; the score is 100 x (1 - the mean of M1 to M10), so 100 are
people like the real ones.

M1, M3, M5 and M8 are in two data sets. How far people go (days.REACH, days.WORK_POWER) was fitted to GeoLife alone, and
the score takes Foursquare, with the distance from GeoLife told beside; the model's other parameters were set by hand
with both in view. M2, M4, M6, M7 and M10 are in GeoLife only. All of it was set on people of the seeds 101 to 108;
those of other seeds, in towns of other seeds, are held out.

M8's distance is the KS distance of the people's top-place shares from Foursquare's; what is gated is their median.
M10's distance is the KS distance of the scatter; its lag-1 difference is gated beside it. M5 and M9, whose tolerance is
below the distance between real data sets, are reported and not gated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, median
from typing import Literal

import msgspec

from footfall.realism.distances import jensen_shannon, ks, mean_log_ratio
from footfall.realism.observed import JUMP_KM, VISITS, Observed, distinct_shares
from footfall.realism.references import DataSet, References

# share of geofence entries that follow an exit within five minutes, by OS
FLAPPING_MOST: Mapping[str, float] = {"ios": 0.10, "android": 0.25}
TOP_SHARE_BAND = (0.25, 0.50)
LAG1_TOLERANCE = 0.10


class Picture(msgspec.Struct, frozen=True):
    """What a statistic looks like: our values beside quantiles of the reference, or, for `hours` and `visits`, two
    histograms over the same bins, named by `labels`."""

    kind: Literal["distribution", "histogram"]
    unit: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    labels: tuple[str, ...] = ()


class Row(msgspec.Struct, frozen=True):
    """One statistic. `allowed` is the tolerance, in words; `real_vs_real` the distance between two real data sets, or
    between halves of one's users, None where there is none. `gate` says what must hold, "" for a statistic that is only
    reported. `beside` is the distance from the `other` data set. `scored`: its distance counts in the score."""

    id: str
    statistic: str
    reference: str
    distance: float
    allowed: str
    real_vs_real: float | None
    gate: str
    ok: bool
    note: str = ""
    beside: float | None = None
    other: str = ""
    scored: bool = True
    picture: Picture | None = None


def mobility_score(rows: Iterable[Row]) -> float:
    """100 x (1 - the mean distance) of the scored rows."""
    return 100.0 * (1.0 - fmean(row.distance for row in rows if row.scored))


def mobility_rows(people: Sequence[Observed], references: References) -> list[Row]:
    """M1 to M10 of these people."""
    geolife, foursquare = references.geolife, references.foursquare
    gathered = _Gathered(people)
    return [
        _both("M1", "jump between stays", "jump_length", gathered.jumps_km, references, 0.20, 0.15, JUMP_KM),
        _one("M2", "dwell", "dwell", gathered.dwells_min, geolife, 0.20, 0.11),
        _both("M3", "radius of gyration", "radius_of_gyration", gathered.radii_km, references, 0.25, 0.195),
        _one("M4", "stays per day", "stays_per_day", gathered.per_day, geolife, 0.20, 0.185),
        _hours(gathered.arrival_hours, geolife, foursquare),
        _one("M6", "moving speed", "speed_30s_moving", gathered.speeds_mps, geolife, 0.20, 0.129),
        _one("M7", "turning angle", "turning_angle_30s", gathered.turns_deg, geolife, 0.20, 0.069),
        _top_place(gathered.top_shares, references),
        _distinct(people, geolife, foursquare),
        _scatter(gathered, geolife),
    ]


def flapping_row(os: str, shares: Mapping[int, float], entries: int, references: References) -> Row:
    """G1 for one OS: the share of its entries that flap, by radius in metres; the worst radius counts."""
    most = FLAPPING_MOST[os]
    worst = max(shares.values(), default=1.0)
    real = references.flapping.reentry_share
    said = ", ".join(f"{radius} m {share:.2f} (real {real[str(radius)][os]:.2f})" for radius, share in shares.items())
    return Row(
        id="G1",
        statistic=f"flapping entries, {os}",
        reference="GeoLife",
        distance=worst,
        allowed=f"{most:.2f}",
        real_vs_real=None,
        gate=f"at most {most:.2f}",
        ok=worst <= most and entries > 0,
        note=f"{said}; {entries:,} entries",
        scored=False,
    )


class _Gathered:
    """Everybody's values of each statistic."""

    def __init__(self, people: Sequence[Observed]) -> None:
        def every(of: Callable[[Observed], Sequence[float]]) -> list[float]:
            return [value for one in people for value in of(one)]

        self.jumps_km = every(lambda one: one.jumps_km)
        self.dwells_min = every(lambda one: one.dwells_min)
        self.radii_km = [one.radius_km for one in people if one.radius_km is not None]
        self.per_day = every(lambda one: one.per_day)
        self.arrival_hours = every(lambda one: one.arrival_hours)
        self.speeds_mps = every(lambda one: one.speeds_mps)
        self.turns_deg = every(lambda one: one.turns_deg)
        self.top_shares = [one.top_share for one in people if one.top_share is not None]
        self.scatter_m = every(lambda one: one.scatter_m)
        self.lag1 = every(lambda one: one.lag1)


def _picture(values: Sequence[float], data: DataSet, name: str, at_least: float = 0.0) -> Picture:
    reference = data.distributions[name]
    return Picture("distribution", reference.unit, tuple(values), _from(reference.quantiles, at_least))


def _from(quantiles: Sequence[float], at_least: float) -> tuple[float, ...]:
    """The part of a distribution from a value on, still in equal steps."""
    return tuple(value for value in quantiles if value >= at_least)


def _one(id: str, title: str, name: str, values: Sequence[float], data: DataSet, tolerance: float, real: float) -> Row:
    distance = ks(values, data.distributions[name].quantiles)
    return Row(
        id=id,
        statistic=title,
        reference="GeoLife",
        distance=distance,
        allowed=f"{tolerance:.2f}",
        real_vs_real=real,
        gate=f"KS at most {tolerance:.2f}",
        ok=distance <= tolerance,
        note=_middle(values, data.distributions[name].unit),
        picture=_picture(values, data, name),
    )


def _both(
    id: str,
    title: str,
    name: str,
    values: Sequence[float],
    references: References,
    tolerance: float,
    real: float,
    at_least: float = 0.0,
) -> Row:
    distance = ks(values, _from(references.foursquare.distributions[name].quantiles, at_least))
    return Row(
        id=id,
        statistic=title,
        reference="Foursquare",
        distance=distance,
        allowed=f"{tolerance:.2f}",
        real_vs_real=real,
        gate=f"KS at most {tolerance:.2f}",
        ok=distance <= tolerance,
        note=_middle(values, references.foursquare.distributions[name].unit),
        other="GeoLife",
        beside=ks(values, _from(references.geolife.distributions[name].quantiles, at_least)),
        picture=_picture(values, references.foursquare, name, at_least),
    )


def _middle(values: Sequence[float], unit: str) -> str:
    return f"median {median(values):.2f} {unit}, n {len(values):,}" if values else "no value"


def _hours(hours: Sequence[float], geolife: DataSet, foursquare: DataSet) -> Row:
    ours = [float(sum(value == hour for value in hours)) for hour in range(24)]
    total = sum(ours) or 1.0
    return Row(
        id="M5",
        statistic="arrival hour",
        reference="Foursquare",
        distance=jensen_shannon(ours, foursquare.arrival_hour),
        allowed="0.12",
        real_vs_real=0.229,
        gate="",
        ok=True,
        note=f"n {len(hours):,}",
        other="GeoLife",
        beside=jensen_shannon(ours, geolife.arrival_hour),
        picture=Picture(
            "histogram",
            "share of the arrivals",
            tuple(value / total for value in ours),
            foursquare.arrival_hour,
            tuple(f"{hour}" for hour in range(24)),
        ),
    )


def _top_place(shares: Sequence[float], references: References) -> Row:
    low, high = TOP_SHARE_BAND
    middle = median(shares) if shares else 0.0
    name = "top_place_share"
    return Row(
        id="M8",
        statistic="top place's share",
        reference="Foursquare",
        distance=ks(shares, references.foursquare.distributions[name].quantiles),
        allowed=f"{low:.2f}-{high:.2f}",
        real_vs_real=None,
        gate=f"median in [{low:.2f}, {high:.2f}]",
        ok=low <= middle <= high,
        note=f"median {middle:.2f} (allowed {low:.2f} to {high:.2f}), n {len(shares):,}",
        other="GeoLife",
        beside=ks(shares, references.geolife.distributions[name].quantiles),
        picture=_picture(shares, references.foursquare, name),
    )


def _distinct(people: Sequence[Observed], geolife: DataSet, foursquare: DataSet) -> Row:
    ours: list[float | None] = []
    for n in VISITS:
        shares = [share for one in people for share in distinct_shares(one.visits, n)]
        ours.append(fmean(shares) if shares else None)
    theirs = [geolife.distinct_share[str(n)] for n in VISITS]
    said = ", ".join("none" if share is None else f"{share:.2f}" for share in ours)
    return Row(
        id="M9",
        statistic="distinct places / visits",
        reference="GeoLife",
        distance=mean_log_ratio(ours, theirs),
        allowed="0.35",
        real_vs_real=0.32,
        gate="",
        ok=True,
        note=f"{said} for 5, 10, 20 and 40 visits",
        other="Foursquare",
        beside=mean_log_ratio(ours, [foursquare.distinct_share[str(n)] for n in VISITS]),
        picture=Picture(
            "histogram",
            "distinct places / visits",
            tuple(share or 0.0 for share in ours),
            tuple(theirs),
            tuple(f"{n}" for n in VISITS),
        ),
    )


def _scatter(gathered: _Gathered, geolife: DataSet) -> Row:
    distance = ks(gathered.scatter_m, geolife.distributions["gps_scatter"].quantiles)
    real = geolife.gps_lag1 or 0.0
    lag1 = median(gathered.lag1) if gathered.lag1 else 0.0
    off = abs(lag1 - real)
    return Row(
        id="M10",
        statistic="GPS scatter when still",
        reference="GeoLife",
        distance=distance,
        allowed="0.20, 0.10",
        real_vs_real=None,
        gate=f"KS at most 0.20, lag-1 within {LAG1_TOLERANCE:.2f}",
        ok=distance <= 0.20 and off <= LAG1_TOLERANCE,
        note=f"{_middle(gathered.scatter_m, 'm')}; lag-1 {lag1:.3f} (real {real:.3f}, off {off:.3f})",
        picture=_picture(gathered.scatter_m, geolife, "gps_scatter"),
    )
