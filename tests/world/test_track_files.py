"""Track files: what is read, what is told with line and column, and that what is written is read again."""

from __future__ import annotations

import json
from math import isclose
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.world.geo import Point, distance_m
from footfall.world.problems import BadInput
from footfall.world.track_files import decode_track, encode_track
from footfall.world.track_points import LATEST_MS, time_ms, time_text
from footfall.world.tracks import Track, TrackPoint

GPX = '<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1">'
NINE_MS = 1_777_712_400_000  # 2026-05-02T09:00:00Z


def gpx(*lines: str) -> str:
    """A GPX file with these lines from line 2 on."""
    return "\n".join((GPX, *lines, "</gpx>"))


def line_feature(coordinates: object, kind: str = "LineString", **properties: object) -> str:
    """A GeoJSON feature on one line."""
    geometry = {"type": kind, "coordinates": coordinates}
    return json.dumps({"type": "Feature", "properties": properties, "geometry": geometry})


def problems(text: str | bytes, file: str, speed_mps: float | None = None) -> list[str]:
    """What is wrong with it."""
    with pytest.raises(BadInput) as bad:
        decode_track(text, file, speed_mps)
    return [str(problem) for problem in bad.value.problems]


# Times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-02T09:00:00Z", NINE_MS),
        ("2026-05-02T09:00:00", NINE_MS),  # GPX 1.1: UTC, not local time
        ("2026-05-02T12:00:00+03:00", NINE_MS),
        ("2026-05-02T09:00:00.25Z", NINE_MS + 250),
        ("2026-05-02T09:00:00.1239999Z", NINE_MS + 123),  # the millisecond before
        ("1969-12-31T23:59:59Z", None),
        ("2026-04-31T09:00:00Z", None),
        ("2026-05-02T24:30:00Z", None),
        ("2026-05-02", None),  # a day is no time
        ("2026-W18-6T09:00:00Z", None),
        ("9999-12-31T23:59:59-01:00", None),  # the year 10000
        ("", None),
    ],
)
def test_times(text, expected):
    assert time_ms(text) == expected


@given(st.integers(0, LATEST_MS))
def test_a_time_written_is_the_time_read(at_ms):
    assert time_ms(time_text(at_ms)) == at_ms


# What is read


def test_gpx_with_segments_elevation_and_waypoints():
    track = decode_track(
        gpx(
            "<metadata><name>not this one</name></metadata>",
            '<wpt lat="1" lon="2"><name>nor this</name></wpt>',
            "<trk><name> To the\n harbour </name><trkseg>",
            '<trkpt lat="60.17" lon="24.94"><ele>12.5</ele><time>2026-05-02T09:00:00Z</time></trkpt>',
            '<trkpt lat="60.17" lon="24.94"><time>2026-05-02T09:00:00Z</time></trkpt>',  # the same again
            '<trkpt lat="60.171" lon="+24.94"><time>2026-05-02T12:02:00+03:00</time><hdop>3</hdop></trkpt>',
            "</trkseg><trkseg></trkseg><trkseg>",
            '<trkpt lat="60.172" lon="24.94"><time>2026-05-02T09:04:00.5Z</time><extensions>'
            '<accuracy_m xmlns="urn:footfall:track">16</accuracy_m></extensions></trkpt>',
            "</trkseg></trk>",
            '<trk><trkseg><trkpt lat="60.172" lon="24.94"><time>2026-05-02T09:05:00Z</time></trkpt></trkseg></trk>',
            '<rte><rtept lat="0" lon="0"/></rte>',
        ),
        "walks/a.gpx",
    )
    assert track == Track(
        "To the harbour",
        (
            TrackPoint(NINE_MS, 24.94, 60.17),
            TrackPoint(NINE_MS + 120_000, 24.94, 60.171),
            TrackPoint(NINE_MS + 240_500, 24.94, 60.172, 16.0),
            TrackPoint(NINE_MS + 300_000, 24.94, 60.172),
        ),
        gaps=(2, 3),
    )


def test_a_gpx_route_is_gone_at_the_speed_given():
    text = gpx('<rte><rtept lat="0" lon="0"/><rtept lat="0" lon="0.001"/><rtept lat="0" lon="0.003"/></rte>')
    track = decode_track(text, "walks/sunday.gpx", speed_mps=2.0, start_ms=1_000)
    assert track.name == "sunday"
    # 111.195 m and 222.390 m
    assert [point.at_ms for point in track.points] == [1_000, 1_000 + 55_598, 1_000 + 166_793]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_gpx_bytes_are_in_the_encoding_they_declare(encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + gpx(
        '<trk><name>Töölö</name><trkseg><trkpt lat="1" lon="1"/></trkseg></trk>'
    )
    assert decode_track(text.encode(encoding), "a.gpx", 1.0).name == "Töölö"


@pytest.mark.parametrize(
    "properties",
    [
        {"coordTimes": ["2026-05-02T09:00:00Z", "2026-05-02T09:01:00Z"]},
        {"times": [NINE_MS, NINE_MS + 60_000]},
        {"coordinateProperties": {"times": ["2026-05-02T09:00:00Z", "2026-05-02T09:01:00Z"]}},
    ],
)
def test_geojson_times_are_where_converters_put_them(properties):
    track = decode_track(line_feature([[24.94, 60.17, 12], [24.941, 60.17]], **properties), "a.geojson")
    assert track.points == (TrackPoint(NINE_MS, 24.94, 60.17), TrackPoint(NINE_MS + 60_000, 24.941, 60.17))


def test_in_a_collection_every_line_is_a_segment():
    one = json.loads(line_feature([[0, 0], [0.001, 0]], name="Out", times=[0, 60_000]))
    two = json.loads(line_feature([[[0.001, 0]], [[0.001, 0]]], "MultiLineString", times=[[90_000], [95_000]]))
    cafe = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [0, 0]}}
    track = decode_track(json.dumps({"type": "FeatureCollection", "features": [cafe, one, two]}), "a.json")
    assert (track.name, track.gaps) == ("Out", (2, 3))
    assert [point.at_ms for point in track.points] == [0, 60_000, 90_000, 95_000]


def test_a_bare_geometry_is_gone_at_the_speed_given():
    track = decode_track('{"type": "LineString", "coordinates": [[0, 0], [0, 0.001]]}', "a.geojson", 1.0)
    assert [point.at_ms for point in track.points] == [0, 111_195]


def test_ndjson():
    text = (
        '{"lat": 60.17, "lon": 24.94, "time": "2026-05-02T09:00:00Z", "battery": 0.8}\r\n\r\n'
        '{"lat": 60.17, "lon": 24.94, "at_ms": 1777712460000, "accuracy_m": 24}\n'
    )
    assert decode_track(text, "phone-17.ndjson") == Track(
        "phone-17", (TrackPoint(NINE_MS, 24.94, 60.17), TrackPoint(NINE_MS + 60_000, 24.94, 60.17, 24.0))
    )


# What is told


TIMED = "<time>2026-05-02T09:00:{:02}Z</time></trkpt>"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        # out of range, no number, not there: all of them told
        (
            ['<trk><trkseg><trkpt lat="91" lon="x"/>', '<trkpt lat="1"/></trkseg></trk>'],
            [
                "a.gpx:2:14: lat: expected degrees from -90 to 90, found 91.0",
                'a.gpx:2:14: lon: expected degrees from -180 to 180, found "x"',
                "a.gpx:3:1: lon: expected degrees, found none",
            ],
        ),
        # XML's own numbers only: float() would take these
        (['<trk><trkseg><trkpt lat="nan" lon="1_0"/></trkseg></trk>'], ['"nan"', '"1_0"']),
        # back in time, and then on: told once
        (
            [
                '<trk><trkseg><trkpt lat="1" lon="1">' + TIMED.format(9),
                ' <trkpt lat="1" lon="1">' + TIMED.format(5),
                ' <trkpt lat="1" lon="1">' + TIMED.format(6) + "</trkseg></trk>",
            ],
            ["a.gpx:3:2: time: 2026-05-02T09:00:05Z is before that of the point before, 2026-05-02T09:00:09Z"],
        ),
        # 111 m in a second, and in none, over a gap too
        (
            [
                '<trk><trkseg><trkpt lat="0" lon="0">' + TIMED.format(0),
                '<trkpt lat="0.001" lon="0">' + TIMED.format(1) + "</trkseg><trkseg>",
                '<trkpt lat="0" lon="0">' + TIMED.format(1) + "</trkseg></trk>",
            ],
            [
                "a.gpx:3:1: 111.2 m in 1 s from the point before: expected at most 60 m/s",
                "a.gpx:4:1: 111.2 m in no time from the point before: expected at most 60 m/s",
            ],
        ),
        # one of them has a time: then all must
        (
            ['<trk><trkseg><trkpt lat="0" lon="0">' + TIMED.format(0), '<trkpt lat="0" lon="0"/></trkseg></trk>'],
            ["a.gpx:3:1: time: expected one, as other points have it, found none"],
        ),
        # no time that is one, no accuracy that is one; the point's neighbours are not blamed
        (
            [
                '<trk><trkseg><trkpt lat="0" lon="0"><time>noon</time><extensions>',
                '<accuracy_m xmlns="urn:footfall:track">0</accuracy_m></extensions></trkpt></trkseg></trk>',
            ],
            [
                'a.gpx:2:37: time: expected a time from 1970 on as 2026-05-02T09:30:00Z, found "noon"',
                "a.gpx:3:1: accuracy_m: expected metres above 0 and at most 10000000, found 0.0",
            ],
        ),
        # neither times nor a speed
        (['<rte><rtept lat="0" lon="0"/></rte>'], ["a.gpx:2:6: no point has a time: expected times, or a speed"]),
        # nothing to follow
        (['<wpt lat="1" lon="1"/>'], ["a.gpx:1:1: expected a track or a route with points, found none"]),
        # a slip of the hand; columns count characters
        (["<trk><name>ö</nam></trk>"], ["a.gpx:2:15: not XML that can be read: mismatched tag"]),
        # a tower of elements
        (["<a>" * 100], ["a.gpx:2:190: expected at most 64 levels of elements"]),
    ],
)
def test_what_is_wrong_with_gpx(lines, told):
    found = problems(gpx(*lines), "a.gpx")
    assert len(found) == len(told), found
    assert all(expected in one for expected, one in zip(told, found, strict=True)), found


def test_no_gpx_makes_the_reader_fetch_or_expand_anything():
    # the laughs, an external entity, an external subset: each ends at its document type
    for doctype in (
        '<!DOCTYPE gpx [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE gpx [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE gpx SYSTEM "http://127.0.0.1:1/gpx.dtd">',
    ):
        text = doctype + gpx('<trk><name>&a;</name><trkseg><trkpt lat="1" lon="1"/></trkseg></trk>')
        (told,) = problems(text, "a.gpx", 1.0)
        assert told.startswith("a.gpx:1:")
        assert told.endswith("expected no document type and no entities, which are not read")
    # one that nobody declared
    assert "undefined entity" in problems(gpx("<trk><name>&a;</name></trk>"), "a.gpx", 1.0)[0]


def test_gpx_1_0_and_other_xml_are_not_taken_for_gpx_1_1():
    old = '<gpx xmlns="http://www.topografix.com/GPX/1/0"><trk/></gpx>'
    assert 'expected <gpx xmlns="http://www.topografix.com/GPX/1/1">' in problems(old, "a.gpx")[0]
    assert "a.gpx:1:1: not XML that can be read: no element found" in problems("", "a.gpx")
    assert "not XML" in problems(b'<?xml version="1.0" encoding="klingon"?><gpx/>', "a.gpx")[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # where in the text the value is
        (
            line_feature([[24.94, 60.17], [24.94, 600.17]], times=[0, 1]),
            ["1:121: lat: expected degrees from -90 to 90, found 600.17"],
        ),
        # one time too few, and one that is none
        (
            line_feature([[0, 0], [0, 0], [0, 0]], coordTimes=["2026-05-02T09:00:00Z", True]),
            ["coordTimes: expected 3, one time for each, found 2", "time: expected a time as", "found true"][:2],
        ),
        # back in time: told at the position
        (line_feature([[0, 0], [0, 0]], times=[5, 4]), ["time: 1970-01-01T00:00:00.004Z is before that of the"]),
        # an accuracy below nothing, and one that no float holds
        (
            line_feature([[0, 0], [0, 0]], times=[5, 6], accuracies_m=[-1, 10**400]),
            ["accuracy_m: expected metres above 0", "found a number of more than 60 digits"],
        ),
        # lists of lists for lines of lines
        (line_feature([[[0, 0]]], "MultiLineString", times=[1]), ["0: expected one time for each of 1, in a list"]),
        # neither times nor a speed
        (line_feature([[0, 0], [1, 1]]), ["no point has a time"]),
        # no line, no positions, no JSON
        (
            '{"type": "FeatureCollection", "features": []}',
            ["a.geojson:1:1: expected a line with positions, found none"],
        ),
        ('{"type": "Point", "coordinates": [0, 0]}', ["a.geojson:1:1: expected a Feature with a LineString"]),
        (line_feature("0 0"), ['coordinates: expected a list of positions, found "0 0"']),
        (line_feature([7, [1]]), ["expected [longitude, latitude], found 7", "found a list"]),
        ('{"type": "Feature",\n "a": }', ["a.geojson:2:7: not JSON: Expecting value"]),
        ('{"type": NaN}', ["not JSON that can be read: NaN is no number"]),
    ],
)
def test_what_is_wrong_with_geojson(text, told):
    found = problems(text, "a.geojson")
    assert len(found) == len(told), found
    assert all(expected in one for expected, one in zip(told, found, strict=True)), found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # a slip in a key; the line is that of the file
        (
            '\n{"lat": 1, "lng": 2, "at_ms": 0}',
            ['a.ndjson:2:1: lon: expected degrees, found none. Is "lng" it?'],
        ),
        # column of the value
        ('{"lat": "1", "lon": 2, "at_ms": 0}', ['a.ndjson:1:9: lat: expected degrees from -90 to 90, found "1"']),
        # two times; seconds with a fraction are none
        (
            '{"lat": 1, "lon": 2, "at_ms": 0, "time": 0}\n{"lat": 1, "lon": 2, "at_ms": 1.5}',
            ["a.ndjson:1:22: at_ms: expected time or at_ms, found both", "a.ndjson:2:31: at_ms: expected a time as"],
        ),
        # a leap
        (
            '{"lat": 1, "lon": 2, "at_ms": 0}\n{"lat": 2, "lon": 2, "at_ms": 1000}',
            ["a.ndjson:2:1: 111195.1 m in 1 s from the point before: expected at most 60 m/s"],
        ),
        ("[1, 2]", ["a.ndjson:1:1: expected an object with lat and lon, found a list"]),
        ('{"lat": 1,\n"lon": 2}', ["a.ndjson:1:11: not JSON", "a.ndjson:2:6: not JSON"]),
        (b'{"lat": \xff}', ["a.ndjson:1:9: not UTF-8"]),
        ("\n", ["a.ndjson:1:1: expected a point a line, found none"]),
    ],
)
def test_what_is_wrong_with_ndjson(text, told):
    found = problems(text, "a.ndjson")
    assert len(found) == len(told), found
    assert all(expected in one for expected, one in zip(told, found, strict=True)), found


def test_a_file_that_no_track_is_in_is_told_by_its_ending():
    assert "expected a track: a file that ends in .gpx, .geojson" in problems("", "a.kml")[0]


@pytest.mark.parametrize("speed_mps", [0.0, -1.0, 60.1, float("nan")])
def test_a_speed_that_no_phone_has_is_the_callers_mistake(speed_mps):
    with pytest.raises(ValueError, match="speed_mps"):
        decode_track('{"lat": 0, "lon": 0}', "a.ndjson", speed_mps)


# What is written is read again

NAMES = st.text(st.characters(exclude_categories=("C",)), min_size=1).map(lambda text: " ".join(text.split()) or "x")


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """Tracks with coordinates of seven decimals; slow enough because time is made for the way."""
    places = st.tuples(st.integers(-(10**7) * 180, 10**7 * 180), st.integers(-(10**7) * 90, 10**7 * 90))
    accuracies = st.none() | st.floats(0.001, 1e6)
    points: list[TrackPoint] = []
    gaps = []
    at_ms = draw(st.integers(0, 10**13))
    for lon, lat in draw(st.lists(places, min_size=1, max_size=8)):
        here = Point(lon=lon / 10**7, lat=lat / 10**7)
        if points:
            at_ms += draw(st.integers(1, 10**6)) + round(distance_m(points[-1].point, here) * 1000 / 59)
            if draw(st.booleans()):
                gaps.append(len(points))
        points.append(TrackPoint(at_ms, here.lon, here.lat, draw(accuracies)))
    return Track(draw(NAMES), tuple(points), tuple(gaps))


@pytest.mark.parametrize("file", ["a.gpx", "a.geojson"])
@given(track=tracks())
def test_a_track_written_is_the_track_read(file, track):
    assert decode_track(encode_track(track, file), file) == track
    assert decode_track(encode_track(track, file).encode(), file) == track


@given(track=tracks())
def test_ndjson_keeps_the_points(track):
    assert decode_track(encode_track(track, "a.ndjson"), "a.ndjson").points == track.points


@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90), file=st.sampled_from(["a.gpx", "a.geojson", "a.ndjson"]))
def test_degrees_are_kept_to_1_1_cm(lon, lat, file):
    (point,) = decode_track(encode_track(Track("t", (TrackPoint(0, lon, lat),)), file), file).points
    assert isclose(point.lon, lon, abs_tol=5.1e-8, rel_tol=0)
    assert isclose(point.lat, lat, abs_tol=5.1e-8, rel_tol=0)


def test_what_is_written_is_gpx_1_1_and_rfc_7946():
    track = Track("a\x07 & <b>", (TrackPoint(NINE_MS, 24.94, 1e-7, 16.0),))
    root = ElementTree.fromstring(encode_track(track, "a.gpx"))
    space = "{http://www.topografix.com/GPX/1/1}"
    (point,) = root.findall(f"{space}trk/{space}trkseg/{space}trkpt")
    assert point.attrib == {"lat": "0.0000001", "lon": "24.9400000"}  # a decimal: GPX has no exponents
    # the schema's order: time before extensions
    assert [child.tag.removeprefix(space) for child in point] == ["time", "extensions"]
    assert (root.findtext(f"{space}trk/{space}name"), root.get("version")) == ("a\ufffd & <b>", "1.1")
    feature = json.loads(encode_track(track, "a.geojson"))
    assert feature["geometry"] == {"type": "LineString", "coordinates": [[24.94, 1e-7]] * 2}  # two positions at least
    assert feature["properties"]["coordTimes"] == ["2026-05-02T09:00:00Z"] * 2
