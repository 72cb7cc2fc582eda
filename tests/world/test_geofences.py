"""Geofence files: what comes out of a good one, and the exact problem lines of bad ones."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.world.geofences import GeofenceFile, decode_geofences, in_libraries, warnings
from footfall.world.json_positions import Lines, duplicate_keys, places
from footfall.world.pois import Poi
from footfall.world.problems import BadInput

# every bad file below is this one with one thing changed
GOOD = """\
{"type": "FeatureCollection",
 "attribution": "made up",
 "bbox": [24.9, 60.1, 25.0, 60.2],
 "features": [
  {"type": "Feature", "id": "cafe-1",
   "geometry": {"type": "Point", "coordinates": [24.94, 60.17]},
   "properties": {"name": "Café One", "category": "cafe", "library": "inner", "radius_m": 100,
                  "weight": 2, "metadata": {"street": "First", "city": "Helsinki"}}},
  {"type": "Feature", "id": "shop-1",
   "geometry": {"type": "Point", "coordinates": [24.95, 60.18]},
   "properties": {"name": "Shop One", "category": "shop", "library": "outer", "radius_m": 150.5}}
 ]}
"""
NO_BBOX = GOOD.replace(' "bbox": [24.9, 60.1, 25.0, 60.2],\n', "")


def problems_of(text: str | bytes) -> list[str]:
    with pytest.raises(BadInput) as refused:
        decode_geofences(text, "g.json")
    return str(refused.value).splitlines()


def changed(*pairs: tuple[str, str], text: str = GOOD) -> str:
    for before, after in pairs:
        assert text.count(before) == 1
        text = text.replace(before, after)
    return text


def test_a_good_file_becomes_places_with_their_metadata_sorted_and_the_category_in_it() -> None:
    expected = GeofenceFile(
        pois=(
            Poi(
                id="cafe-1",
                name="Café One",
                lon=24.94,
                lat=60.17,
                radius_m=100.0,
                library="inner",
                weight=2,
                category="cafe",
                metadata=(("category", "cafe"), ("city", "Helsinki"), ("street", "First")),
            ),
            Poi(
                id="shop-1",
                name="Shop One",
                lon=24.95,
                lat=60.18,
                radius_m=150.5,
                library="outer",
                weight=0,
                category="shop",
                metadata=(("category", "shop"),),
            ),
        ),
        attribution="made up",
        bbox=(24.9, 60.1, 25.0, 60.2),
    )
    assert decode_geofences(GOOD, "g.json") == expected
    # bytes, and a byte order mark before them, are the same file
    assert decode_geofences(GOOD.encode(), "g.json") == expected
    assert decode_geofences(b"\xef\xbb\xbf" + GOOD.encode(), "g.json") == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # RFC 7946: a height may follow; a bbox may have heights
        ("[24.94, 60.17]", "[24.94, 60.17, 12]"),
        ("[24.9, 60.1, 25.0, 60.2]", "[24.9, 60.1, 0, 25.0, 60.2, 90]"),
        # members of one's own beside RFC 7946's
        ('"attribution": "made up"', '"generated": "2026-01-01"'),
        ('"id": "cafe-1"', '"id": "cafe-1", "osm": 17'),
        # the category may be in the metadata already
        ('"city": "Helsinki"', '"category": "cafe"'),
        # a radius that only a warning is about
        ("150.5", "20000"),
        ("150.5", "10"),
    ],
)
def test_what_is_allowed(before: str, after: str) -> None:
    assert len(decode_geofences(changed((before, after)), "g.json").pois) == 2


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        # properties
        ("150.5", "0", "11:91: radius_m: expected a number of metres from 10 to 20000, found 0"),
        ("150.5", "-100", "11:91: radius_m: expected a number of metres from 10 to 20000, found -100"),
        ("150.5", "20001", "11:91: radius_m: expected a number of metres from 10 to 20000, found 20001"),
        ("150.5", '"150"', '11:91: radius_m: expected a number of metres from 10 to 20000, found "150"'),
        ("150.5", "true", "11:91: radius_m: expected a number of metres from 10 to 20000, found true"),
        ("150.5", "NaN", "11:91: radius_m: expected a number of metres from 10 to 20000, found NaN"),
        # a key that is not there: where its object begins
        (', "radius_m": 150.5', "", "11:18: radius_m: expected a number of metres from 10 to 20000, found nothing"),
        (
            '"radius_m": 150.5',
            '"radius": 150.5',
            '11:79: unknown property "radius". Did you mean "radius_m"? Data of your own goes into metadata.',
        ),
        (
            '"radius_m": 150.5',
            '"radius_m": 150.5, "phone": "x"',
            '11:98: unknown property "phone". Known: category, library, metadata, name, radius_m, weight. '
            "Data of your own goes into metadata.",
        ),
        ('"Shop One"', '""', '11:27: name: expected text of 1 to 512 characters, found ""'),
        ('"Shop One"', f'"{"x" * 513}"', f'11:27: name: expected text of 1 to 512 characters, found "{"x" * 56}...'),
        # half a character, which no bytes can hold
        ('"Shop One"', '"\\ud83d"', '11:27: name: expected text of 1 to 512 characters, found "?"'),
        ('"weight": 2', '"weight": 2.5', "8:29: weight: expected a whole number, found 2.5"),
        ('"outer"', "null", "11:70: library: expected text of 1 to 512 characters, found null"),
        # metadata
        ('"Helsinki"', "3", "8:72: city: expected text of at most 256 characters, found 3"),
        ('{"street": "First", "city": "Helsinki"}', "[]", "8:44: metadata: expected an object of texts, found []"),
        (
            '"city": "Helsinki"',
            ", ".join(f'"k{n}": ""' for n in range(11)),
            "8:44: metadata: expected at most 10 pairs beside address and category, found 11",
        ),
        (
            '"city": "Helsinki"',
            '"category": "shop"',
            '8:76: category: expected the place\'s own "cafe", found "shop"',
        ),
        # identity
        ('"shop-1"', '"cafe-1"', '9:29: id: "cafe-1" is already the id of features[0]'),
        ('"shop-1"', "17", "9:29: id: expected text of 1 to 256 characters that no other feature has, found 17"),
        (
            ', "id": "shop-1"',
            "",
            "9:3: id: expected text of 1 to 256 characters that no other feature has, found nothing",
        ),
        # shape
        ('"FeatureCollection"', '"Feature"', '1:10: type: expected "FeatureCollection", found "Feature"'),
        ('"features"', '"featurs"', '4:2: unknown member "featurs". Did you mean "features"?'),
        ('"attribution"', '"atribution"', '2:2: unknown member "atribution". Did you mean "attribution"?'),
        ('"made up"', "7", "2:17: attribution: expected text of at most 10000 characters, found 7"),
        (
            '{"type": "Point", "coordinates": [24.95, 60.18]}',
            '{"type": "LineString", "coordinates": []}',
            "10:16: geometry: expected a Point, or for an area a Polygon or a MultiPolygon, found LineString",
        ),
        ('{"type": "Point", "coordinates": [24.95, 60.18]}', "null", "10:16: geometry: expected a Point, found null"),
        (
            "[24.95, 60.18]",
            '"24.95, 60.18"',
            '10:49: coordinates: expected [longitude, latitude], found "24.95, 60.18"',
        ),
        ("[24.95, 60.18]", "[24.95]", "10:49: coordinates: expected [longitude, latitude], found [24.95]"),
        # bbox
        ("[24.9, 60.1, 25.0, 60.2]", "[24.9, 60.1]", "3:10: bbox: expected [west, south, east, north] in degrees"),
        (
            "[24.9, 60.1, 25.0, 60.2]",
            "[24.9, 60.2, 25.0, 60.1]",
            "3:10: bbox: expected [west, south, east, north] in degrees, found [24.9, 60.2, 25.0, 60.1]: "
            "south is beyond north",
        ),
        (
            "[24.9, 60.1, 25.0, 60.2]",
            "[24.9, 160.1, 25.0, 160.2]",
            "3:10: bbox: expected [west, south, east, north] in degrees, found [24.9, 160.1, 25.0, 160.2]",
        ),
        # Places' own limits
        ("[24.95, 60.18]", "[24.95, 86]", "10:49: coordinates: expected a latitude from -85 to 85, found 86"),
        ("[24.95, 60.18]", "[200, 60.18]", "10:49: coordinates: expected a longitude from -180 to 180, found 200"),
        ("[24.95, 60.18]", "[1e999, 60.18]", "10:49: coordinates: expected a longitude from -180 to 180, found inf"),
        # keys twice, of which decoders silently keep the last
        ('"radius_m": 150.5', '"radius_m": 1, "radius_m": 150.5', '11:94: the key "radius_m" is here twice'),
        # no JSON
        ("150.5", "150,5", "11:95: not JSON: expecting property name enclosed in double quotes at '5}}\\n ]}\\n'"),
    ],
)
def test_one_mistake_is_one_line(before: str, after: str, problem: str) -> None:
    assert problems_of(changed((before, after))) == [f"g.json:{problem}"]


def test_all_mistakes_come_together_in_reading_order() -> None:
    text = changed(
        ('"cafe-1"', '"shop-1"'), ('"Café One"', "1"), ('"inner"', '""'), ("150.5", "5"), ('"category": "shop", ', "")
    )
    assert problems_of(text) == [
        "g.json:7:27: name: expected text of 1 to 512 characters, found 1",
        'g.json:7:61: library: expected text of 1 to 512 characters, found ""',
        'g.json:9:29: id: "shop-1" is already the id of features[0]',
        "g.json:11:18: category: expected text of 1 to 256 characters, found nothing",
        "g.json:11:71: radius_m: expected a number of metres from 10 to 20000, found 5",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: not JSON: expecting value at the end of the file"),
        ("[1, 2", "1:6: not JSON: expecting ',' delimiter at the end of the file"),
        ("scenario: small", "1:1: not JSON: expecting value at 'scenario: sm'"),
        ("[]", "1:1: expected a FeatureCollection, found []"),
        (b'{\n "a": "\xff"}', "2:8: not UTF-8: invalid start byte"),
        ("[" * 100_000, "1:1: nested too deep to be read"),
    ],
)
def test_what_is_no_geofence_file_at_all_has_one_problem(text: str | bytes, problem: str) -> None:
    assert problems_of(text) == [f"g.json:{problem}"]


def test_a_file_without_places_is_no_geofence_file() -> None:
    assert problems_of('{"type": "FeatureCollection",\n "features": []}') == [
        "g.json:2:14: features: expected a list of at least one feature, found []"
    ]


SWAPPED = "coordinates are [longitude, latitude]; found [60.17, 24.94], which looks swapped"


def feature(n: int, lon: float, lat: float) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": f"p{n}",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {"name": f"Place {n}", "category": "shop", "library": "l", "radius_m": 100},
    }


def collection(*points: tuple[float, float], bbox: list[float] | None = None) -> str:
    """A feature a line, the first in line 2; its coordinates begin in column 78."""
    lines = ",\n".join(json.dumps(feature(n, *point)) for n, point in enumerate(points))
    box = f'"bbox": {bbox}, ' if bbox else ""
    return f'{{"type": "FeatureCollection", {box}"features": [\n{lines}]}}'


HELSINKI = [24.9, 60.1, 25.0, 60.2]


@pytest.mark.parametrize(
    ("points", "bbox", "problems"),
    [
        # outside the bbox, and inside it the other way round
        ([(24.94, 60.17), (60.17, 24.94)], HELSINKI, [f"3:78: {SWAPPED}"]),
        # all of them: one cause, one line
        (
            [(60.17, 24.94), (60.18, 24.95), (60.19, 24.96)],
            HELSINKI,
            [f"2:78: {SWAPPED}, as in all 3 features"],
        ),
        # a file of one place
        ([(60.17, 24.94)], HELSINKI, [f"2:78: {SWAPPED}"]),
        # outside the bbox either way: that the bbox is too small is no mistake
        ([(24.94, 60.17), (25.2, 60.4)], HELSINKI, []),
        # a bbox across the antimeridian
        ([(179.9, -17.0), (-179.9, -17.1)], [179.0, -18.0, -179.0, -16.0], []),
        # no latitude is beyond the pole
        (
            [(37.77, -122.42), (-122.42, 37.78)],
            None,
            ["2:78: coordinates are [longitude, latitude]; found [37.77, -122.42], which looks swapped"],
        ),
        # without a bbox, and somewhere on Earth: far from the others, near them the other way round
        ([(24.94, 60.17), (24.95, 60.18), (60.17, 24.94), (24.96, 60.19)], None, [f"4:78: {SWAPPED}"]),
        # far from the others, and no nearer the other way round: a shop abroad
        ([(24.94, 60.17), (24.95, 60.18), (2.35, 48.85), (24.96, 60.19)], None, []),
        # without a bbox a file that is swapped throughout is a file about some other place
        ([(60.17, 24.94), (60.18, 24.95)], None, []),
        ([(60.17, 24.94)], None, []),
        # longitude and latitude nearly alike: nothing can be told, and nothing is lost
        ([(24.94, 60.17), (24.95, 60.18), (31.0, 31.2)], None, []),
    ],
)
def test_swapped_coordinates_are_caught(
    points: list[tuple[float, float]], bbox: list[float] | None, problems: list[str]
) -> None:
    text = collection(*points, bbox=bbox)
    if problems:
        assert problems_of(text) == [f"g.json:{problem}" for problem in problems]
    else:
        assert [(poi.lon, poi.lat) for poi in decode_geofences(text, "g.json").pois] == points


def test_warnings_are_about_files_that_can_be_used() -> None:
    assert warnings(GOOD, "g.json") == ()
    text = changed(('"radius_m": 100', '"radius_m": 75'), ("150.5", "2500"), text=NO_BBOX)
    assert [str(warning) for warning in warnings(text, "g.json")] == [
        "g.json:1:1: no bbox: with one, every place whose coordinates are swapped can be told",
        "g.json:6:91: radius_m: 75 m: Android's and Places' documents call less than 100 m unreliable",
        "g.json:10:91: radius_m: 2500 m: the Places API takes 2000 m at most, only its CSV import 20000",
    ]
    with pytest.raises(BadInput):
        warnings(changed(("150.5", "0")), "g.json")


def test_a_library_has_its_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.world.geofences.MOST_POIS", 2)
    points = [(24.94, 60.17), (24.95, 60.18), (24.96, 60.19), (24.97, 60.2)]
    # at the first place that is one too many
    assert [problem.split(":", 3)[1:] for problem in problems_of(collection(*points, bbox=HELSINKI))] == [
        ["4", "160", ' library: expected at most 2 places in a library, found 4 in "l"']
    ]


@pytest.mark.parametrize(
    ("libraries", "ids"),
    [
        # none named: all, as in a scenario
        ((), ["cafe-1", "shop-1"]),
        (("outer",), ["shop-1"]),
        (("outer", "inner"), ["cafe-1", "shop-1"]),
        (("elsewhere",), []),
    ],
)
def test_the_places_of_some_libraries(libraries: tuple[str, ...], ids: list[str]) -> None:
    pois = decode_geofences(GOOD, "g.json").pois
    assert [poi.id for poi in in_libraries(pois, libraries)] == ids


def test_ten_thousand_places_are_read_in_well_under_a_second() -> None:
    text = collection(*((24.9 + n % 100 / 1000, 60.1 + n // 100 / 1000) for n in range(10_000)), bbox=HELSINKI)
    begun = time.process_time()
    assert len(decode_geofences(text, "g.json").pois) == 10_000
    assert time.process_time() - begun < 1.0


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 8), st.text(max_size=4)), max_size=4))
def test_no_damaged_file_raises_anything_but_bad_input(cuts: list[tuple[int, int, str]]) -> None:
    text = GOOD
    for at, length, instead in cuts:
        text = text[:at] + instead + text[at + length :]
    try:
        decode_geofences(text, "g.json")
    except BadInput as refused:
        lines = text.count("\n") + 1
        assert all(1 <= problem.line <= lines and problem.column >= 1 for problem in refused.problems)  # noqa: PT017


jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "id", "features", "bbox"]) | st.text(), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(jsons)
def test_no_json_raises_anything_but_bad_input(value: Any) -> None:
    for document in (value, {"type": "FeatureCollection", "features": [value], "bbox": value}):
        with pytest.raises(BadInput):
            decode_geofences(json.dumps(document), "g.json")


@settings(deadline=None)
@given(jsons, st.sampled_from([None, 1, "\t"]))
def test_every_value_of_a_json_text_is_found_where_it_is(value: Any, indent: int | str | None) -> None:
    text = json.dumps(value, indent=indent)

    def paths(inner: Any, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
        steps = enumerate(inner) if isinstance(inner, list) else inner.items() if isinstance(inner, dict) else ()
        return [path, *(deeper for step, below in steps for deeper in paths(below, (*path, step)))]

    found = list(places(text))
    assert [place.path for place in found] == paths(value, ())
    decoder = json.JSONDecoder()
    for place in found:
        at = value
        for step in place.path:
            at = at[step]
        assert repr(decoder.raw_decode(text, place.value)[0]) == repr(at)  # repr: nan is not itself
        if place.path and isinstance(place.path[-1], str):
            assert decoder.raw_decode(text, place.key)[0] == place.path[-1]
    assert list(duplicate_keys(text)) == []


def test_a_key_that_is_there_twice_is_told_where_it_is_the_second_time() -> None:
    text = '{"a": {"b": 1},\n "c": 2, "a": {"b": 1, "b": 2}}'
    lines = Lines(text)
    assert [(place.path, lines.at(place.key)) for place in duplicate_keys(text)] == [(("a",), (2, 10))]
