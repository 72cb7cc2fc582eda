"""The figures of real data sets, as the JSON files of this folder have them."""

from __future__ import annotations

import msgspec


class Distribution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Quantiles at equal steps from 0 to 1 of `n` observed values."""

    n: int
    unit: str
    note: str
    quantiles: tuple[float, ...]


class DataSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Aggregates of one data set. `arrival_hour` has a share for each local hour; `distinct_share` the distinct places
    over the visits, by the number of visits; `gps_lag1` the median autocorrelation of successive fixes, where the data
    set has fixes."""

    source: str
    terms: str
    method: str
    distributions: dict[str, Distribution]
    arrival_hour: tuple[float, ...]
    distinct_share: dict[str, float]
    gps_lag1: float | None


class Flapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The share of entries less than five minutes after an exit on real tracks, by radius and rule."""

    source: str
    note: str
    reentry_share: dict[str, dict[str, float]]


class References(msgspec.Struct, frozen=True):
    """What the simulated people are compared with."""

    geolife: DataSet
    foursquare: DataSet
    flapping: Flapping


FILES = ("geolife.json", "foursquare_nyc.json", "geofence_rules.json")


def decode_references(geolife: bytes, foursquare: bytes, flapping: bytes) -> References:
    """The texts of FILES in their order. Raises msgspec.DecodeError for anything else."""
    return References(
        msgspec.json.decode(geolife, type=DataSet),
        msgspec.json.decode(foursquare, type=DataSet),
        msgspec.json.decode(flapping, type=Flapping),
    )
