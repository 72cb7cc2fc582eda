"""The CSV of Places' bulk upload: what comes out of a good one, and the exact problem lines of bad ones."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.live.geofence_csv import COLUMNS, read_csv, rows_of
from footfall.live.geofence_geojson import to_geojson
from footfall.world.geofences import decode_geofences
from footfall.world.pois import Poi
from footfall.world.problems import BadInput

HEAD = ",".join((*COLUMNS, "brand"))
# every bad file below is this one with one thing changed; rows are lines 2 and 3
GOOD = (
    f"{HEAD}\n"
    'lib-1,"Cafe ""One"", Ltd",A cafe,Point,24.94,60.17,100,FI,,Helsinki,First 1,cafe,star,#3E76D0,Kahvi\n'
    "lib-1,Shop,,Point,24.95,60.18,2500,,,,,,,,\n"
)


def problems_of(text: str | bytes) -> list[str]:
    with pytest.raises(BadInput) as refused:
        read_csv(text, "p.csv")
    return str(refused.value).splitlines()


def test_a_good_file_becomes_pois() -> None:
    cafe, shop = read_csv(GOOD, "p.csv")
    assert cafe == Poi(
        id=cafe.id,
        name='Cafe "One", Ltd',
        lon=24.94,
        lat=60.17,
        radius_m=100.0,
        library="lib-1",
        weight=0,
        category="cafe",
        # the address, the category and one's own columns; description, icon and color are for Adobe's page
        metadata=(
            ("brand", "Kahvi"),
            ("category", "cafe"),
            ("city", "Helsinki"),
            ("country", "FI"),
            ("street", "First 1"),
        ),
    )
    # what is empty is not there; a category must be, in a geofence file
    assert (shop.name, shop.radius_m, shop.category, shop.metadata) == ("Shop", 2500, "place", (("category", "place"),))


def test_an_id_is_the_same_whatever_stands_beside_it() -> None:
    cafe, shop = read_csv(GOOD, "p.csv")
    lines = GOOD.splitlines()
    assert [poi.id for poi in read_csv("\r\n".join([lines[0], lines[2], "", lines[1]]), "p.csv")] == [shop.id, cafe.id]
    assert cafe.id.startswith("csv-")
    assert read_csv(b"\xef\xbb\xbf" + GOOD.encode(), "p.csv") == (cafe, shop)


def test_what_is_imported_is_a_geofence_file() -> None:
    pois = read_csv(GOOD, "p.csv")
    decoded = decode_geofences(to_geojson(pois, "made up"), "g.json")
    assert sorted(decoded.pois, key=lambda poi: poi.name) == list(pois)
    assert (decoded.attribution, decoded.bbox) == ("made up", (24.94, 60.17, 24.95, 60.18))


def test_the_box_goes_across_the_antimeridian_where_that_is_narrower() -> None:
    text = GOOD.replace("24.94", "179.5").replace("24.95", "-179.5")
    assert json.loads(to_geojson(read_csv(text, "p.csv")))["bbox"] == [179.5, 60.17, -179.5, 60.18]


BAD = [
    # (before, after, problem)
    ("lib-1,Shop", ",Shop", "3:1: lib_id: expected the library's id, found nothing"),
    ("lib-1,Shop", "lib-1,", "3:7: name: expected text of 1 to 512 characters, found 0"),
    ("lib-1,Shop", "lib-1," + "x" * 513, "3:7: name: expected text of 1 to 512 characters, found 513"),
    (",Point,24.95", ",Polygon,24.95", '3:13: type: expected "Point", found "Polygon"'),
    ("24.95", "east", '3:19: longitude: expected a number, found "east"'),
    ("24.95", "", '3:19: longitude: expected a number, found ""'),
    ("24.95", "nan", '3:19: longitude: expected a number, found "nan"'),
    ("24.95", "190", "3:19: longitude: expected a number from -180 to 180, found 190"),
    (
        "60.18",
        "-86",
        "3:25: latitude: expected a number from -85 to 85, found -86, which looks swapped with the longitude",
    ),
    ("24.95,60.18", "95,86", "3:22: latitude: expected a number from -85 to 85, found 86"),
    ("2500", "9.9", "3:31: radius: expected metres from 10 to 20000, found 9.9"),
    ("2500", "20001", "3:31: radius: expected metres from 10 to 20000, found 20001"),
    ("Kahvi", "x" * 257, "2:1: metadata: brand: expected at most 256 characters of key and of value"),
    (",,,,,,,,\n", ",,,,,,,,,\n", "3:1: expected 15 columns as in the first line, found 16"),
    (
        "lib-1,Shop,,Point,24.95,60.18",
        'lib-1,"Cafe ""One"", Ltd",,Point,24.94,60.17',
        "3:1: the same library, name and position are in line 2",
    ),
    # columns
    ("longitude", "longitud", '1:30: unknown column "longitud". Did you mean "longitude"?'),
    ("color,", "", '1:1: expected a column "color"; it may be empty unless it is a library, name, type or number'),
    ("brand", "city", '1:102: the column "city" is here twice'),
    ("brand", "", "1:102: expected the column's name, found nothing"),
    # quotes
    ('Ltd"', "Ltd", "2:7: this quoted text does not end"),
    ('Ltd"', 'Ltd"!', '2:26: expected a comma after the quoted text; a quote inside is written ""'),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "problem"), BAD, ids=[row[2][:60] for row in BAD])
def test_one_mistake_has_its_line_and_column(before: str, after: str, problem: str) -> None:
    assert GOOD.count(before) == 1
    assert f"p.csv:{problem}" in problems_of(GOOD.replace(before, after))


def test_all_mistakes_come_together_in_reading_order() -> None:
    text = GOOD.replace("60.17,100", "99,5").replace("24.95", "x")
    assert [line.split(":", 3)[:3] for line in problems_of(text)] == [
        ["p.csv", "2", "46"],
        ["p.csv", "2", "49"],
        ["p.csv", "3", "19"],
    ]


def test_eleven_columns_of_ones_own_are_one_too_many() -> None:
    names = [f"k{n}" for n in range(11)]
    text = f"{','.join((*COLUMNS, *names))}\nlib,Cafe,,Point,1,2,100,,,,,,,{',v' * 11}\n"
    assert problems_of(text) == ["p.csv:2:1: metadata: expected at most 10 pairs, found 11"]
    assert len(read_csv(text.replace(",v\n", ",\n"), "p.csv")[0].metadata) == 11  # ten and the category


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: expected a line with the names of the columns, found nothing"),
        (f"{HEAD}\n", "1:1: expected a POI a line below the columns' names, found none"),
        (HEAD.replace(",", ";"), "1:1: expected commas between the columns, found semicolons"),
        (b"lib_id\xff", "1:7: not UTF-8: invalid start byte"),
    ],
)
def test_what_is_no_such_file_has_one_problem(text: str | bytes, problem: str) -> None:
    assert problems_of(text) == [f"p.csv:{problem}"]


def test_a_library_has_its_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.live.geofence_csv.MOST_POIS", 1)
    assert problems_of(GOOD) == ['p.csv:3:1: lib_id: "lib-1" has more than 1 POIs, which is the most of a library']


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=6).map(str.strip)


@given(rows=st.lists(st.lists(cells, min_size=2, max_size=4), max_size=5), end=st.sampled_from(["\n", "\r\n"]))
def test_whatever_is_quoted_is_read_again(rows: list[list[str]], end: str) -> None:
    text = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + end for row in rows)
    assert [[cell.text for cell in row] for row in rows_of(text, "p.csv")] == rows
