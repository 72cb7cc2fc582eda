"""What a phone reports of where it is: fixes with an error that lasts, an accuracy, and gaps.

The error of a receiver that stands still is no white noise: it wanders. Here it is an Ornstein-Uhlenbeck process on
each axis (stationary receivers: Sensors 20(21) 6050, 2020), whose exact solution over any gap makes the lag-1
autocorrelation exp(-dt / tau), and whose size belongs to the place: narrow streets are bad for every phone. Positions
are drawn when a fix is due and at no other time, so that a phone that stands still costs nothing.

What the OS lets through (apple: CLLocationManager, "Handling location updates in the background"; android: "Background
location limits"): everything while the app is in use; afterwards, with permission `always`, significant changes of
500 m on iOS and a fix now and then on Android; with approximate location a point within some kilometres, every few
minutes.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from math import cos, exp, floor, inf, radians, sqrt
from statistics import NormalDist
from typing import Literal

import msgspec

from footfall.world.geo import METRES_PER_DEGREE, Leg, Point, distance_m, inside_times, moved, wrapped
from footfall.world.streams import Stream, bits_at, key_of

Permission = Literal["always", "when_in_use", "denied"]
Background = Literal["continuous", "throttled", "significant"]

TAU_S = 140.0
SIGMA_MEDIAN_M, SIGMA_SIGMA = 8.0, 0.6
SIGMA_MOST_M = 36.0
MOVING_SHARE = 0.55  # under the sky the error is so much smaller than where people stay
DRIFT_MPS = 10.0  # a receiver's filter lets the error of an axis change by no more
STREETS_DEG = 0.0005  # about the size of the places that have an error of their own
# reported accuracy, as of a real phone (trackintel's Posmo track, realism.md 2.2): quartiles 16, 24 and 48 m
ACCURACIES_M = (12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0)
_ACCURACY_EDGES = (14.0, 20.0, 28.0, 40.0, 56.0, 80.0)
ACCURACY_FACTOR, ACCURACY_SIGMA = 2.7, 0.5
SIGNIFICANT_M, SIGNIFICANT_MS = 500.0, 5 * 60_000
SIGNIFICANT_ACCURACIES_M = (64.0, 96.0)
REDUCED_CELL_M = 4_000.0
REDUCED_EVERY_MS = 15 * 60_000
REDUCED_ACCURACIES_M = (2_000.0, 3_000.0, 5_000.0)

_STEPS = 4096
# quantiles instead of a logarithm, a root and a cosine for every draw
_NORMAL = tuple(NormalDist().inv_cdf((i + 0.5) / _STEPS) for i in range(_STEPS))
_SIGMAS_M = tuple(min(SIGMA_MOST_M, SIGMA_MEDIAN_M * exp(SIGMA_SIGMA * z)) for z in _NORMAL)
_ACCURACY_SHARES = tuple(ACCURACY_FACTOR * exp(ACCURACY_SIGMA * z) for z in _NORMAL)


class Fix(msgspec.Struct, frozen=True, gc=False):
    """One location sample in degrees, WGS 84: with 68 % the phone is within `accuracy_m` of it."""

    at_ms: int
    lon: float
    lat: float
    accuracy_m: float


class Reporting(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner and the OS let the app have.

    In use, and in the background with `continuous`, a fix comes each `moving_ms`; once the phone has stood still for
    `settle_ms` each `still_ms`, or none at all until it moves where that is 0. `throttled` is a fix each
    `background_ms`, moving or not. `reduced` is approximate location.
    """

    permission: Permission = "always"
    reduced: bool = False
    background: Background = "significant"
    moving_ms: int = 5_000
    still_ms: int = 0
    settle_ms: int = 600_000
    background_ms: int = 15 * 60_000


# an app that records a track, as GeoLife's loggers did
TRACKING = Reporting(background="continuous")
IOS_BACKGROUND = Reporting(background="significant")
ANDROID_BACKGROUND = Reporting(background="throttled")  # "a few times each hour"


def sigma_m(place_key: int, at: Point) -> float:
    """The standard deviation of each axis' error where people stand at this place: drawn once for a place of about
    50 m, the same for every phone."""
    row, column = floor(at.lat / STREETS_DEG), floor(at.lon / (2.0 * STREETS_DEG))
    return _SIGMAS_M[bits_at(place_key, row * 1_000_003 + column) >> 52]


def fixes(
    legs: Iterable[Leg],
    start: Point,
    reporting: Reporting,
    seed: int,
    phone: int,
    from_ms: int,
    until_ms: int,
    in_use: Sequence[tuple[int, int]] = (),
) -> Iterator[Fix]:
    """The fixes of a phone from `from_ms` to `until_ms` (exclusive), in order of time, lazily.

    `legs` are its movement in order of time, without overlap, each beginning where the one before ended; until the
    first it stands at `start`. `in_use` are the times at which the app is in front, in order, without overlap. The
    fixes are a function of the arguments: for every (seed, phone) another error, for every seed other bad places.
    """
    if reporting.permission == "denied":
        return
    receiver = _Receiver(legs, start, reporting, key_of(seed, "gps", "places"), key_of(seed, "gps", phone))
    background = reporting.permission == "always"
    now = from_ms
    for opens, closes in in_use:
        if background and now < opens:
            yield from receiver.background(now, min(opens, until_ms))
        yield from receiver.in_use(max(opens, now), min(closes, until_ms))
        now = max(now, closes)
    if background and now < until_ms:
        yield from receiver.background(now, until_ms)


class _Receiver:
    """The receiver's state between fixes: where the phone is on its way, and the error."""

    __slots__ = (
        "_east_m", "_last_ms", "_leg", "_legs", "_north_m", "_place_key", "_reporting", "_spot", "_still_ms", "_stream",
        "_told", "_told_ms",
    )  # fmt: skip

    def __init__(self, legs: Iterable[Leg], start: Point, reporting: Reporting, place_key: int, key: int) -> None:
        self._legs = iter(legs)
        self._reporting = reporting
        self._place_key = place_key
        self._stream = Stream(key)
        self._spot = start  # where it stands, or stood last
        self._still_ms = -(10**15)  # since when
        self._leg: Leg | None = next(self._legs, None)  # the one it is on, or the next one
        # the first error is drawn from the process' own distribution
        sigma = sigma_m(place_key, start)
        self._east_m, self._north_m = sigma * self._stream.normal(), sigma * self._stream.normal()
        self._last_ms: int | None = None
        self._told = start
        self._told_ms: float = -inf

    def in_use(self, from_ms: int, until_ms: int) -> Iterator[Fix]:
        """The app is in front."""
        if self._reporting.reduced:
            return self._approximate(from_ms, until_ms)
        return self._continuous(from_ms, until_ms)

    def background(self, from_ms: int, until_ms: int) -> Iterator[Fix]:
        """The app is behind, with permission to look."""
        if self._reporting.reduced:
            return self._approximate(from_ms, until_ms)
        match self._reporting.background:
            case "continuous":
                return self._continuous(from_ms, until_ms)
            case "throttled":
                return self._each(from_ms, until_ms, self._reporting.background_ms)
            case "significant":
                return self._significant_changes(from_ms, until_ms)

    def _forward(self, now: int) -> None:
        """Goes on to the leg that the phone is on at `now`, or is going to be on next."""
        while self._leg is not None and now >= self._leg.arrive_ms:
            self._spot, self._still_ms = self._leg.end, self._leg.arrive_ms
            self._leg = next(self._legs, None)

    def _at(self, now: int) -> Point:
        self._forward(now)
        return self._spot if self._leg is None else self._leg.at(now)

    def _earliest(self, now: int, gap_ms: int) -> int:
        """When the next fix may come, `gap_ms` after the last one, whatever that was."""
        return now if self._last_ms is None else max(now, self._last_ms + gap_ms)

    def _each(self, from_ms: int, until_ms: int, step_ms: int) -> Iterator[Fix]:
        for now in range(self._earliest(from_ms, step_ms), until_ms, step_ms):
            at = self._at(now)
            leg = self._leg
            yield from self._run(now, now + 1, 1, at, at, now, 0 if leg is None or now < leg.depart_ms else 1)

    def _continuous(self, from_ms: int, until_ms: int) -> Iterator[Fix]:
        rules = self._reporting
        now = from_ms
        while now < until_ms:
            self._forward(now)
            leg = self._leg
            if leg is not None and now >= leg.depart_ms:
                stop = min(leg.arrive_ms, until_ms)
                yield from self._run(
                    now, stop, rules.moving_ms, leg.start, leg.end, leg.depart_ms, leg.arrive_ms - leg.depart_ms
                )
                now += -(-(stop - now) // rules.moving_ms) * rules.moving_ms
                continue
            leaves = until_ms if leg is None else min(leg.depart_ms, until_ms)
            settled = max(now, self._still_ms + rules.settle_ms)
            step = rules.moving_ms if now < settled else rules.still_ms
            if not step:
                now = leaves
                continue
            stop = min(settled, leaves) if now < settled else leaves
            yield from self._run(now, stop, step, self._spot, self._spot, now, 0)
            now += -(-(stop - now) // step) * step

    def _run(
        self, from_ms: int, stop_ms: int, step_ms: int, start: Point, end: Point, depart_ms: int, takes_ms: int
    ) -> Iterator[Fix]:
        """Fixes each `step_ms` from `from_ms` on, before `stop_ms`, on the way from `start` at `depart_ms` to `end`
        `takes_ms` later; 0: it stands. This loop is where the time goes: all it needs is local."""
        if from_ms >= stop_ms:
            return
        sigma = sigma_m(self._place_key, end)
        if takes_ms:
            sigma *= MOVING_SHARE
        lon, lat = start.lon, start.lat
        lon_per_ms = wrapped(end.lon - lon) / takes_ms if takes_ms else 0.0
        lat_per_ms = (end.lat - lat) / takes_ms if takes_ms else 0.0
        north_deg = 1.0 / METRES_PER_DEGREE
        east_deg = north_deg / cos(radians(lat))
        east, north = self._east_m, self._north_m
        since = self._last_ms
        gap = -1
        keep = new = most = 0.0
        bits, normal = self._stream.bits, _NORMAL
        for now in range(from_ms, stop_ms, step_ms):
            z = bits()
            if since is None:
                since = now
            if now - since != gap:
                gap = now - since
                keep = exp(-gap / (1000.0 * TAU_S))
                new = sigma * sqrt(1.0 - keep * keep)
                most = DRIFT_MPS * gap / 1000.0
            was_east, was_north = east, north
            east = keep * east + new * normal[z & 4095]
            north = keep * north + new * normal[(z >> 12) & 4095]
            if not -most <= east - was_east <= most:
                east = was_east + (most if east > was_east else -most)
            if not -most <= north - was_north <= most:
                north = was_north + (most if north > was_north else -most)
            since = now
            way_ms = now - depart_ms
            accuracy = sigma * _ACCURACY_SHARES[(z >> 24) & 4095]
            fix_lon = lon + way_ms * lon_per_ms + east * east_deg
            self._east_m, self._north_m, self._last_ms = east, north, now
            yield Fix(
                now,
                fix_lon if -180.0 <= fix_lon <= 180.0 else wrapped(fix_lon),
                lat + way_ms * lat_per_ms + north * north_deg,
                ACCURACIES_M[bisect(_ACCURACY_EDGES, accuracy)],
            )

    def _significant_changes(self, from_ms: int, until_ms: int) -> Iterator[Fix]:
        """A fix when the phone is 500 m from the last one told, five minutes after it at the earliest. Worked out on
        the legs, so that nothing is drawn in between."""
        now = from_ms
        if self._told_ms == -inf:
            self._told, self._told_ms = self._at(now), now
        while now < until_ms:
            self._forward(now)
            leg = self._leg
            if leg is None or leg.depart_ms >= until_ms:
                return
            near = inside_times(leg, self._told, SIGNIFICANT_M)
            begins = max(now, leg.depart_ms, self._told_ms + SIGNIFICANT_MS)
            leaves = begins if near is None or begins < near[0] else max(begins, near[1])
            at_ms = int(min(leaves, 2**62)) + 1
            if at_ms >= leg.arrive_ms:
                # told where it stops, if it is far enough then
                if distance_m(leg.end, self._told) > SIGNIFICANT_M:
                    at_ms = max(leg.arrive_ms, int(self._told_ms) + SIGNIFICANT_MS)
                else:
                    now = leg.arrive_ms
                    continue
            if at_ms >= until_ms:
                return
            now = at_ms
            self._told, self._told_ms = self._at(at_ms), at_ms
            yield self._by_masts(at_ms)

    def _by_masts(self, now: int) -> Fix:
        """From Wi-Fi and masts, not from satellites. The error is the same process with a larger size, so that the next
        fix of the receiver is no leap."""
        accuracy = SIGNIFICANT_ACCURACIES_M[self._stream.bits() >> 63]
        gap_ms = now - (now - SIGNIFICANT_MS if self._last_ms is None else self._last_ms)
        keep = exp(-gap_ms / (1000.0 * TAU_S))
        new, most = 0.5 * accuracy * sqrt(1.0 - keep * keep), DRIFT_MPS * gap_ms / 1000.0
        for axis in ("_east_m", "_north_m"):
            was: float = getattr(self, axis)
            change = (keep - 1.0) * was + new * self._stream.normal()
            setattr(self, axis, was + max(-most, min(most, change)))
        self._last_ms = now
        at = moved(self._told, self._east_m, self._north_m)
        return Fix(now, at.lon, at.lat, accuracy)

    def _approximate(self, from_ms: int, until_ms: int) -> Iterator[Fix]:
        """The middle of a cell of some kilometres, the same for everybody in it."""
        for now in range(self._earliest(from_ms, REDUCED_EVERY_MS), until_ms, REDUCED_EVERY_MS):
            self._last_ms = now
            at = self._at(now)
            rows = REDUCED_CELL_M / METRES_PER_DEGREE
            lat = (floor(at.lat / rows) + 0.5) * rows
            columns = rows / cos(radians(min(85.0, abs(lat))))
            lon = (floor(at.lon / columns) + 0.5) * columns
            z = bits_at(self._place_key, round(lat * 1e4) * 4_000_037 + round(lon * 1e4))
            yield Fix(now, wrapped(lon), lat, REDUCED_ACCURACIES_M[z % len(REDUCED_ACCURACIES_M)])
