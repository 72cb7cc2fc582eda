"""A street network as one run of bytes: arrays that are read where they lie.

Bytes rather than objects, so that a file mapped into memory serves all processes of a machine and a phone costs
nothing: a network of 100,000 junctions would be 100 MB of Python objects in each process, and is 15 MB here, once.

Edges run from junction to junction. A half edge is an edge in one of its two directions: number 2 * edge, and one more
for the way back. Positions are whole numbers of 1e-7 degrees, as OpenStreetMap has them; longitudes run on beyond 180
degrees where the network lies across the antimeridian.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any, Final, Literal

MAGIC: Final = 0x57_4F_4F_46  # "FOOW" in the file of a little-endian machine, something else on another
VERSION: Final = 1
PER_DEGREE: Final = 10_000_000

# what a half edge permits
WALK: Final = 1
RIDE: Final = 2
DRIVE: Final = 4
MODES: Final = (WALK, RIDE, DRIVE)
NO_HALF: Final = 0xFFFF_FFFF

ARRAYS: Final[Mapping[str, Literal["i", "I", "f", "B"]]] = {
    "node_lon": "i",
    "node_lat": "i",
    "out_first": "I",  # of each node, and one more: where its half edges begin in the out_ arrays
    "out_to": "I",
    "out_half": "I",
    "out_length": "f",  # metres
    "out_modes": "B",
    "edge_from": "I",
    "edge_to": "I",
    "edge_length": "f",
    "edge_forth": "B",  # modes from edge_from to edge_to
    "edge_back": "B",
    "edge_limit": "B",  # speed class: the limit in km/h
    "shape_first": "I",  # of each edge, and one more: where its points begin; both ends are among them
    "shape_lon": "i",
    "shape_lat": "i",
    "shape_edge": "I",  # the edge of each point
    "cell_first": "I",  # of each cell of the grid, row by row from the south west, and one more
    "cell_segments": "I",  # a segment is the number of its first point
    "landmark_length": "f",  # metres: for each landmark the distance of each node
    "tree_towards": "I",  # for each mode, root and node the half edge to take, or NO_HALF (footfall.world.street_trees)
    "tree_away": "I",
    "grid": "i",  # west, south, width and height of a cell, columns, rows
}
"""The arrays in the file's order, with their type codes."""

_HEAD = 2 + len(ARRAYS)


class StreetsDamaged(ValueError):
    """The bytes are not a street network of this version."""


def pack(arrays: Mapping[str, array[int] | array[float]]) -> bytes:
    """All of ARRAYS in one run of bytes; each begins at a multiple of 4."""
    head = array("I", [MAGIC, VERSION, *(len(arrays[name]) for name in ARRAYS)])
    parts = [head.tobytes()]
    for name in ARRAYS:
        data = arrays[name].tobytes()
        parts += [data, bytes(-len(data) % 4)]
    return b"".join(parts)


def unpack(data: bytes | memoryview[int]) -> dict[str, memoryview[Any]]:
    """Read-only views of ARRAYS in `data`, without a copy. Raises StreetsDamaged."""
    whole = memoryview(data).toreadonly()
    if len(whole) < 4 * _HEAD:
        raise StreetsDamaged(f"expected a street network, found {len(whole)} bytes")
    head = whole[: 4 * _HEAD].cast("I")
    if head[0] != MAGIC:
        raise StreetsDamaged("expected a street network made on a machine of this kind, found other bytes")
    if head[1] != VERSION:
        raise StreetsDamaged(f"expected a street network of version {VERSION}, found version {head[1]}")
    views: dict[str, memoryview[Any]] = {}
    at = 4 * _HEAD
    for (name, code), count in zip(ARRAYS.items(), head[2:], strict=True):
        size = count * array(code).itemsize
        views[name] = whole[at : at + size].cast(code) if at + size <= len(whole) else whole[:0]
        at += size + -size % 4
    if at != len(whole):
        raise StreetsDamaged(f"expected a street network of {at} bytes, found {len(whole)}")
    return views
