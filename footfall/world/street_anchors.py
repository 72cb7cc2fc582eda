"""Where the people of a town live and work: weighted points on its streets, for whoever draws homes and work places."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import accumulate

import msgspec

from footfall.world.geo import Point
from footfall.world.streams import Stream


class Spots(msgspec.Struct, frozen=True):
    """Points with weights, as arrays side by side: degrees, and the running sum of the weights. Never written to."""

    lons: array[float]
    lats: array[float]
    cumulative: array[float]

    def __len__(self) -> int:
        return len(self.lons)

    def point(self, i: int) -> Point:
        """The i-th point."""
        return Point(lon=self.lons[i], lat=self.lats[i])

    def draw(self, stream: Stream) -> Point:
        """A point drawn by weight, for one number of the stream. Raises IndexError where there are none."""
        return self.point(stream.index(self.cumulative))


class Anchors(msgspec.Struct, frozen=True):
    """The homes and the work places of a town. `homes` weigh floor space, `works` people, both roughly; either may be
    empty. No point is a house: each stands for a stretch of street."""

    homes: Spots
    works: Spots


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    homes: list[tuple[float, float, float]]
    works: list[tuple[float, float, float]]


def spots(weighted: Iterable[tuple[float, float, float]]) -> Spots:
    """Spots of (lon, lat, weight)."""
    rows = list(weighted)
    return Spots(
        array("d", (row[0] for row in rows)),
        array("d", (row[1] for row in rows)),
        array("d", accumulate(row[2] for row in rows)),
    )


def encode_anchors(homes: Iterable[tuple[float, float, float]], works: Iterable[tuple[float, float, float]]) -> bytes:
    """The file of a world's anchors, JSON: two lists of [lon, lat, weight]."""
    return msgspec.json.encode(_Written(list(homes), list(works)))


def decode_anchors(data: bytes) -> Anchors:
    """The anchors of a file. Raises msgspec.DecodeError where it is none."""
    written = msgspec.json.decode(data, type=_Written)
    return Anchors(spots(written.homes), spots(written.works))
