"""Tracks as NDJSON: a JSON object a line, {"lat": ..., "lon": ..., "time": ... | "at_ms": ..., "accuracy_m": ...}.

`at_ms` is milliseconds since the epoch, `time` the same or a text. Other members and empty lines are left alone. There
is no name and no gap in such a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from footfall.world.geofences import decoded_text
from footfall.world.json_positions import located
from footfall.world.problems import BadInput, Mistake, Problem, closest
from footfall.world.track_geojson import loaded
from footfall.world.track_points import (
    Seen,
    accuracy_mistake,
    angle_mistake,
    at_ms_of,
    degrees,
    mistakes,
    name_of,
    shown,
    time_mistake,
    time_text,
    track_of_seen,
)
from footfall.world.tracks import Track


def decode_ndjson(text: str | bytes, file: str, speed_mps: float | None, start_ms: int) -> Track:
    """See footfall.world.track_files.decode_track."""
    seen: list[Seen] = []
    lines: list[int] = []
    problems: list[Problem] = []
    for number, line in enumerate(decoded_text(text, file).split("\n"), 1):
        if not line.strip():
            continue
        try:
            seen.append(_point(line, file, first=not seen))
            lines.append(number)
        except BadInput as bad:
            problems += [Problem(file, number, one.column, one.message) for one in bad.problems]
    if not seen and not problems:
        problems.append(Problem(file, 1, 1, "expected a point a line, found none"))
    if seen:
        problems += [Problem(file, lines[i], 1, message) for i, message in mistakes(seen, speed_mps)]
    if problems:
        raise BadInput(problems)
    return track_of_seen(name_of(None, file), seen, speed_mps, start_ms)


def encode_ndjson(track: Track) -> str:
    """The text of the file: degrees to 1.1 cm, times in UTC to the millisecond. Name and gaps are lost."""
    lines = []
    for point in track.points:
        accuracy = {} if point.accuracy_m is None else {"accuracy_m": point.accuracy_m}
        where = {"lat": degrees(point.lat), "lon": degrees(point.lon)}
        lines.append(json.dumps({"time": time_text(point.at_ms)} | where | accuracy) + "\n")
    return "".join(lines)


def _point(line: str, file: str, *, first: bool) -> Seen:
    point = loaded(line, file)
    wrong = list(_mistakes(point))
    if wrong:
        raise BadInput(located(line, file, wrong))
    value = point.get("time", point.get("at_ms"))
    accuracy_m = point.get("accuracy_m")
    return Seen(
        lon=float(point["lon"]),
        lat=float(point["lat"]),
        at_ms=None if value is None else at_ms_of(value),
        accuracy_m=None if accuracy_m is None else float(accuracy_m),
        first=first,
    )


def _mistakes(point: Any) -> Iterator[Mistake]:
    if not isinstance(point, dict):
        yield Mistake((), f"expected an object with lat and lon, found {shown(point)}")
        return
    for axis in ("lat", "lon"):
        if axis not in point:
            yield Mistake((), f"{axis}: expected degrees, found none.{_meant(axis, point)}".rstrip("."))
        elif angle_mistake(axis, point[axis]):
            yield Mistake((axis,), angle_mistake(axis, point[axis]))
    if "time" in point and "at_ms" in point:
        yield Mistake(("at_ms",), "at_ms: expected time or at_ms, found both", at_key=True)
    for key in ("time", "at_ms"):
        if point.get(key) is not None and time_mistake(key, point[key]):
            yield Mistake((key,), time_mistake(key, point[key]))
    if point.get("accuracy_m") is not None and accuracy_mistake(point["accuracy_m"]):
        yield Mistake(("accuracy_m",), accuracy_mistake(point["accuracy_m"]))


def _meant(axis: str, point: Mapping[str, Any]) -> str:
    slip = closest(axis, [key for key in point if key not in ("lat", "lon")])
    return f' Is "{slip}" it?' if slip else ""
