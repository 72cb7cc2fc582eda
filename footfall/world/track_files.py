"""Tracks as the text of files: GPX 1.1, GeoJSON and NDJSON, told apart by the file's ending."""

from __future__ import annotations

from footfall.world.problems import BadInput, Problem
from footfall.world.track_geojson import decode_geojson, encode_geojson
from footfall.world.track_gpx import decode_gpx, encode_gpx
from footfall.world.track_ndjson import decode_ndjson, encode_ndjson
from footfall.world.track_points import FASTEST_MPS
from footfall.world.tracks import Track

_READERS = {
    ".gpx": decode_gpx,
    ".geojson": decode_geojson,
    ".json": decode_geojson,
    ".ndjson": decode_ndjson,
    ".jsonl": decode_ndjson,
}
_WRITERS = {
    ".gpx": encode_gpx,
    ".geojson": encode_geojson,
    ".json": encode_geojson,
    ".ndjson": encode_ndjson,
    ".jsonl": encode_ndjson,
}


def decode_track(text: str | bytes, file: str, speed_mps: float | None = None, start_ms: int = 0) -> Track:
    """The track in a file's text; `file`, how problems call it, says by its ending what it is.

    `speed_mps`, above 0 and at most 60, is for a file without times: the phone then begins at `start_ms` (epoch) and
    goes so fast all the way. Where there are times they are right.
    Raises BadInput with every problem, each at its line and column: a text that is not well-formed, points that are no
    points or out of range, times that go back, more than 60 m/s, some points without a time, or all and no speed.
    Raises ValueError where speed_mps is out of range.
    """
    if speed_mps is not None and not 0.0 < speed_mps <= FASTEST_MPS:
        raise ValueError(f"speed_mps: expected more than 0 and at most {FASTEST_MPS:g}, found {speed_mps}")
    return _READERS[ending_of(file)](text, file, speed_mps, start_ms)


def encode_track(track: Track, file: str) -> str:
    """The track, which has at least one point, as the text of a file with this name; reading it again gives the same
    track, degrees rounded to 1.1 cm. NDJSON loses name and gaps. Raises BadInput for another ending."""
    return _WRITERS[ending_of(file)](track)


def ending_of(file: str) -> str:
    """The ending of the file's name, in small letters, if tracks can have it. Raises BadInput otherwise."""
    ending = file[file.rfind(".") :].lower() if "." in file else ""
    if ending not in _READERS:
        raise BadInput([Problem(file, 1, 1, f"expected a track: a file that ends in {', '.join(_READERS)}")])
    return ending
