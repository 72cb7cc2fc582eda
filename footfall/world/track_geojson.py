"""Tracks as GeoJSON (RFC 7946): a Feature whose geometry is a LineString, or a MultiLineString, a line a segment.

GeoJSON has no word for time. What is read is what converters from GPX write: a list as long as the coordinates, named
`coordTimes` or `times`, in `properties` or in its member `coordinateProperties`, of texts or of milliseconds since the
epoch; for a MultiLineString a list of such lists. `accuracies_m`, beside it, is our own. In a FeatureCollection every
line is a segment of the one phone's track, and other features are left alone. A bare geometry is read too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from footfall.world.geofences import decoded_text
from footfall.world.json_positions import located
from footfall.world.problems import BadInput, Mistake, Path, Problem
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
from footfall.world.tracks import Track, TrackPoint

LINES = ("LineString", "MultiLineString")
TIMES = (
    ("coordTimes",),
    ("times",),
    ("coordinateProperties", "times"),
    ("coordinateProperties", "coordTimes"),
)
"""Where below `properties` the times may be, in order of preference."""
ACCURACIES = (("accuracies_m",),)


def decode_geojson(text: str | bytes, file: str, speed_mps: float | None, start_ms: int) -> Track:
    """See footfall.world.track_files.decode_track."""
    source = decoded_text(text, file)
    document = loaded(source, file)
    reader = _Reader()
    name = reader.document(document)
    wrong = reader.wrong
    if not wrong and not reader.seen:
        wrong.append(Mistake((), "expected a line with positions, found none"))
    if reader.seen:
        wrong += [Mistake(reader.paths[i], message) for i, message in mistakes(reader.seen, speed_mps)]
    if wrong:
        raise BadInput(located(source, file, wrong))
    return track_of_seen(name_of(name, file), reader.seen, speed_mps, start_ms)


def encode_geojson(track: Track) -> str:
    """The text of a Feature: a LineString, with gaps a MultiLineString, with `coordTimes` in UTC to the millisecond
    and, where any point has one, `accuracies_m`; degrees to 1.1 cm. A segment of one point has it twice, as RFC 7946
    wants two positions."""
    segments = [part if len(part) > 1 else part * 2 for part in track.segments]
    properties: dict[str, Any] = {"name": track.name}
    properties["coordTimes"] = _parts(segments, lambda point: time_text(point.at_ms))
    if any(point.accuracy_m is not None for point in track.points):
        properties["accuracies_m"] = _parts(segments, lambda point: point.accuracy_m)
    coordinates = _parts(segments, lambda point: [degrees(point.lon), degrees(point.lat)])
    geometry = {"type": LINES[len(segments) > 1], "coordinates": coordinates}
    return json.dumps({"type": "Feature", "properties": properties, "geometry": geometry}) + "\n"


def _parts(segments: list[tuple[TrackPoint, ...]], of: Callable[[TrackPoint], Any]) -> list[Any]:
    values = [[of(point) for point in segment] for segment in segments]
    return values if len(values) > 1 else values[0]


def loaded(source: str, file: str) -> Any:
    """The JSON. Raises BadInput where it is none."""
    try:
        return json.loads(source, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        problem = Problem(file, error.lineno, error.colno, f"not JSON: {error.msg}")
    except RecursionError:
        problem = Problem(file, 1, 1, "nested too deep to be read")
    except ValueError as error:
        problem = Problem(file, 1, 1, f"not JSON that can be read: {error}")
    raise BadInput([problem])


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


class _Reader:
    """What has been found in a document: its points and where they are, and what is wrong."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.paths: list[Path] = []
        self.wrong: list[Mistake] = []

    def document(self, document: Any) -> Any:
        """Goes through it all; returns the name, whatever that is."""
        match document:
            case {"type": "FeatureCollection", "features": list(features)}:
                names = [self._feature(one, ("features", i)) for i, one in enumerate(features) if _has_line(one)]
                return next(filter(None, names), None)
            case {"type": "Feature"} if _has_line(document):
                return self._feature(document, ())
            case {"type": "LineString" | "MultiLineString"}:
                self._geometry(document, (), {}, ())
                return None
        expected = "a Feature with a LineString or a MultiLineString, or a FeatureCollection of such"
        self.wrong.append(Mistake((), f"expected {expected}"))
        return None

    def _feature(self, feature: Mapping[str, Any], path: Path) -> Any:
        properties = feature.get("properties")
        if not isinstance(properties, dict):
            properties = {}
        self._geometry(feature["geometry"], (*path, "geometry"), properties, (*path, "properties"))
        return properties.get("name")

    def _geometry(self, geometry: Mapping[str, Any], path: Path, properties: Mapping[str, Any], under: Path) -> None:
        coordinates, at = geometry.get("coordinates"), (*path, "coordinates")
        times, times_at = _found(properties, TIMES, under)
        accuracies, accuracies_at = _found(properties, ACCURACIES, under)
        if geometry["type"] == "LineString":
            self._line(coordinates, at, times, times_at, accuracies, accuracies_at)
            return
        lines = self._list(coordinates, at, None, "a list of lines")
        none = [None] * len(lines)
        many_times = none if times is None else self._list(times, times_at, len(lines), "list")
        many_accuracies = none if accuracies is None else self._list(accuracies, accuracies_at, len(lines), "list")
        # where one of the lists is too short that is told, and what is beyond its end is left out
        for i, (line, own_times, own_accuracies) in enumerate(zip(lines, many_times, many_accuracies, strict=False)):
            self._line(line, (*at, i), own_times, (*times_at, i), own_accuracies, (*accuracies_at, i))

    def _line(self, line: Any, at: Path, times: Any, times_at: Path, accuracies: Any, accuracies_at: Path) -> None:
        positions = self._list(line, at, None, "a list of positions")
        if times is not None:
            times = self._list(times, times_at, len(positions), "time")
        if accuracies is not None:
            accuracies = self._list(accuracies, accuracies_at, len(positions), "accuracy")
        first = True
        for i, position in enumerate(positions):
            wrong = [Mistake((*at, i), why) for why in _position_mistakes(position)]
            at_ms = accuracy_m = None
            if times is not None and i < len(times):
                at_ms = at_ms_of(times[i])
                if at_ms is None:
                    wrong.append(Mistake((*times_at, i), time_mistake("time", times[i])))
            if accuracies is not None and i < len(accuracies) and accuracies[i] is not None:
                accuracy_m = accuracies[i]
                why = accuracy_mistake(accuracy_m)
                wrong += [Mistake((*accuracies_at, i), why)] if why else []
            self.wrong += wrong
            if wrong or (times is not None and at_ms is None):
                continue  # told already, and no reason to tell of its neighbours
            lon, lat = float(position[0]), float(position[1])
            self.seen.append(Seen(lon, lat, at_ms, None if accuracy_m is None else float(accuracy_m), first))
            self.paths.append((*at, i))
            first = False

    def _list(self, value: Any, at: Path, length: int | None, what: str) -> list[Any]:
        """The value if it is a list, else nothing; tells where it is none, or not as long as it must be."""
        if not isinstance(value, list):
            expected = what if length is None else f"one {what} for each of {length}, in a list"
            self.wrong.append(Mistake(at, f"{at[-1]}: expected {expected}, found {shown(value)}"))
            return []
        if length is not None and len(value) != length:
            self.wrong.append(Mistake(at, f"{at[-1]}: expected {length}, one {what} for each, found {len(value)}"))
        return value


def _has_line(feature: Any) -> bool:
    match feature:
        case {"type": "Feature", "geometry": {"type": "LineString" | "MultiLineString"}}:
            return True
    return False


def _found(properties: Mapping[str, Any], ways: tuple[tuple[str, ...], ...], under: Path) -> tuple[Any, Path]:
    """The first value that is there, and its path; None where there is none."""
    for way in ways:
        value: Any = properties
        for key in way:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            return value, (*under, *way)
    return None, under


def _position_mistakes(position: Any) -> Iterator[str]:
    if not isinstance(position, list) or len(position) < 2:
        yield f"expected [longitude, latitude], found {shown(position)}"
        return
    for axis, value in zip(("lon", "lat"), position, strict=False):
        wrong = angle_mistake(axis, value)
        if wrong:
            yield wrong
