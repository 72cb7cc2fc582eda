"""Tracks as GPX 1.1 (topografix.com/GPX/1/1): trk with trkseg, or where there is none, rte.

All tracks of a file are one phone's, their segments in the order of the file. Elevation, waypoints and extensions are
left alone, but for our own accuracy, which GPX has no element for (hdop is a ratio, not metres).

The parser is expat, which resolves nothing from outside; a document type, without which no entity can be declared, is
refused where it begins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any
from xml.parsers import expat

from footfall.world.problems import BadInput, Problem
from footfall.world.track_points import (
    DECIMALS,
    Seen,
    accuracy_mistake,
    angle_mistake,
    mistakes,
    name_of,
    shown,
    time_ms,
    time_text,
    track_of_seen,
)
from footfall.world.tracks import Track

GPX = "http://www.topografix.com/GPX/1/1"
OWN = "urn:footfall:track"  # the namespace of <accuracy_m>
DEEPEST = 64  # levels of elements; extensions of real files have three or four

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*", re.ASCII)
_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_TRACK_POINT = ("gpx", "trk", "trkseg", "trkpt")
_ROUTE_POINT = ("gpx", "rte", "rtept")
_POINTS = {_TRACK_POINT, _ROUTE_POINT}
_SEGMENTS = {_TRACK_POINT[:-1], _ROUTE_POINT[:-1]}
_NAMES = (("gpx", "trk", "name"), ("gpx", "rte", "name"), ("gpx", "metadata", "name"))


def decode_gpx(text: str | bytes, file: str, speed_mps: float | None, start_ms: int) -> Track:
    """See footfall.world.track_files.decode_track. Bytes are in the encoding that the file declares."""
    reader = _Reader(file)
    reader.read(text)
    points, places = reader.points()
    problems = reader.problems
    if not problems and not points:
        problems.append(Problem(file, 1, 1, "expected a track or a route with points, found none"))
    problems += [Problem(file, *places[i], message) for i, message in mistakes(points, speed_mps)] if points else []
    if problems:
        raise BadInput(problems)
    return track_of_seen(name_of(reader.name, file), points, speed_mps, start_ms)


def encode_gpx(track: Track) -> str:
    """The text of a GPX 1.1 file: one trk, a trkseg per segment, degrees to 1.1 cm, times in UTC to the millisecond."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<gpx version="1.1" creator="footfall" xmlns="{GPX}" xmlns:footfall="{OWN}">',
        f"<trk><name>{escape(_NOT_XML.sub(chr(0xFFFD), track.name))}</name>",
    ]
    for segment in track.segments:
        lines.append("<trkseg>")
        for point in segment:
            accuracy = "" if point.accuracy_m is None else _extension(point.accuracy_m)
            where = f'lat="{point.lat:.{DECIMALS}f}" lon="{point.lon:.{DECIMALS}f}"'
            lines.append(f"<trkpt {where}><time>{time_text(point.at_ms)}</time>{accuracy}</trkpt>")
        lines.append("</trkseg>")
    lines.append("</trk></gpx>\n")
    return "\n".join(lines)


def _extension(accuracy_m: float) -> str:
    return f"<extensions><footfall:accuracy_m>{accuracy_m!r}</footfall:accuracy_m></extensions>"


class _Refused(Exception):
    """The document holds what is not read, and that is told."""


class _Reader:
    """Handlers of one parse, and what they have found: points of tracks and of routes apart."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._names: dict[tuple[str, ...], str] = {}
        self._path: tuple[str, ...] = ()
        self._texts: list[tuple[int, int, list[str]]] = []  # of the open elements: where they begin, what is in them
        self._seen: dict[tuple[str, ...], list[tuple[Seen, tuple[int, int]]]] = {one: [] for one in _POINTS}
        self._first = True
        self._point: dict[str, Any] = {}  # the open point, while nothing is wrong with it
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse
        self._parser.ExternalEntityRefHandler = self._refuse
        self._parser.buffer_text = True

    @property
    def name(self) -> str:
        """The name of the first track, else of the first route, else of the file; "" without any."""
        return next((self._names[path] for path in _NAMES if path in self._names), "")

    def points(self) -> tuple[list[Seen], list[tuple[int, int]]]:
        """The points of the tracks, else of the routes, and where each is."""
        found = self._seen[_TRACK_POINT] or self._seen[_ROUTE_POINT]
        return [seen for seen, _ in found], [place for _, place in found]

    def read(self, text: str | bytes) -> None:
        """Goes through the document; what ends it early is a problem too."""
        try:
            self._parser.Parse(text, True)
        except _Refused:
            pass  # told
        except expat.ExpatError as error:
            why = f"not XML that can be read: {expat.ErrorString(error.code)}"
            self._tell((error.lineno, error.offset + 1), why)
        except (LookupError, ValueError) as error:  # an encoding that there is not, half a character
            self._tell((1, 1), f"not XML that can be read: {error}")

    def _here(self) -> tuple[int, int]:
        return self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1

    def _tell(self, place: tuple[int, int], message: str) -> None:
        self.problems.append(Problem(self._file, *place, message))

    def _refuse(self, *_: object) -> int:
        self._tell(self._here(), "expected no document type and no entities, which are not read")
        raise _Refused

    def _start(self, element: str, attributes: Mapping[str, str]) -> None:
        place = self._here()
        if len(self._path) >= DEEPEST:
            self._tell(place, f"expected at most {DEEPEST} levels of elements")
            raise _Refused
        if not self._path and element != f"{GPX} gpx":
            self._tell(place, f'expected <gpx xmlns="{GPX}">, which is GPX 1.1, found {shown(element)}')
        self._path = (*self._path, element.removeprefix(f"{GPX} "))
        self._texts.append((*place, []))
        if self._path in _SEGMENTS:
            self._first = True
        elif self._path in _POINTS:
            self._point = {axis: self._angle(axis, attributes, place) for axis in ("lat", "lon")}

    def _angle(self, axis: str, attributes: Mapping[str, str], place: tuple[int, int]) -> float | None:
        text = attributes.get(axis)
        if text is None:
            self._tell(place, f"{axis}: expected degrees, found none")
            return None
        value = _number(text)
        wrong = angle_mistake(axis, text if value is None else value)
        if wrong:
            self._tell(place, wrong)
        return None if wrong else value

    def _text(self, text: str) -> None:
        self._texts[-1][2].append(text)

    def _end(self, element: str) -> None:
        line, column, parts = self._texts.pop()
        path, self._path = self._path, self._path[:-1]
        text = "".join(parts).strip()
        if path in _NAMES:
            self._names.setdefault(path, text)
        elif path in _POINTS:
            self._add(path, (line, column))
        elif path[:-1] in _POINTS and path[-1] == "time":
            self._point["at_ms"] = time_ms(text)
            if self._point["at_ms"] is None:
                expected = "a time from 1970 on as 2026-05-02T09:30:00Z"
                self._tell((line, column), f"time: expected {expected}, found {shown(text)}")
        elif path[:-2] in _POINTS and path[-2:] == ("extensions", f"{OWN} accuracy_m"):
            value = _number(text)
            wrong = accuracy_mistake(text if value is None else value)
            if wrong:
                self._tell((line, column), wrong)
            self._point["accuracy_m"] = value

    def _add(self, path: tuple[str, ...], place: tuple[int, int]) -> None:
        lon, lat = self._point["lon"], self._point["lat"]
        wrong_time = "at_ms" in self._point and self._point["at_ms"] is None
        if lon is None or lat is None or wrong_time:
            return  # told already, and no reason to tell of its neighbours
        at_ms, accuracy_m = self._point.get("at_ms"), self._point.get("accuracy_m")
        self._seen[path].append((Seen(lon, lat, at_ms, accuracy_m, self._first), place))
        self._first = False


def _number(text: str) -> float | None:
    found = _NUMBER.fullmatch(text)
    return float(found[1]) if found else None
