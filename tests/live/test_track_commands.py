"""`footfall tracks`: what each command prints and how it exits; and every command of docs/tracks.md."""

from __future__ import annotations

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from footfall.cli import main
from footfall.live import inputs
from footfall.live.preview import app_of_preview, population_of_preview
from footfall.live.track_commands import ExportOptions, export
from footfall.phone.signals import Moved
from footfall.world.geo import distance_m
from footfall.world.track_files import decode_track
from footfall.world.track_points import time_ms
from footfall.world.tracks import Track, legs_of_track

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/tracks.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
START = "2026-05-02T09:00:00Z"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with what a scenario needs, and nothing else in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("scenarios", "apps", "journeys", "geofences"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def exported(out: str, *more: str, phone: int = 18) -> Track:
    """What `export` writes for a phone of the Saturday, read again."""
    assert main(["tracks", "export", "--scenario", "saturday", "--phone", str(phone), "-o", out, *more]) == 0
    return decode_track(Path(out).read_bytes(), out)


def test_every_command_of_the_how_to_does_what_is_written_there(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = BLOCK.findall(GUIDE.read_text(encoding="utf-8"))
    for kind, name in (("geojson", "route.geojson"), ("xml", "wrong.gpx")):
        (text,) = [text for one, text in blocks if one == kind]
        Path(name).write_text(text, encoding="utf-8")
    commands = [text.splitlines() for kind, text in blocks if kind == "sh"]
    answers = [text for kind, text in blocks if kind == "text"]
    assert len(commands) == 4
    for lines, shown in zip(commands, answers, strict=True):
        printed = ""
        for line in lines:
            code = main(shlex.split(line)[1:])
            out, err = capsys.readouterr()
            printed += err + out
            assert code == (2 if "wrong.gpx" in line else 0), err
        assert printed == shown


# export


@pytest.mark.parametrize("out", ["day.gpx", "day.geojson", "day.ndjson"])
def test_the_truth_is_the_plan_of_the_phone_that_a_preview_shows(out: str) -> None:
    track = exported(out, "--start", START)
    read, given = inputs.load_all("saturday", "")
    population = read.scenario.population.phones
    app = app_of_preview(read, given.config)
    life = population_of_preview(read, app, read.scenario.seed, population, 0).life(18)
    plan = list(life.plan)
    planned = [timed.signal.leg for timed in plan if isinstance(timed.signal, Moved)]
    epoch_ms = time_ms(START)
    assert epoch_ms is not None
    went = [leg for leg in legs_of_track(track) if leg.start != leg.end]
    assert [leg.depart_ms - epoch_ms for leg in went] == [leg.depart_ms for leg in planned]
    # the last leg is cut where the scenario ends
    assert [leg.arrive_ms - epoch_ms for leg in went[:-1]] == [leg.arrive_ms for leg in planned[:-1]]
    assert track.points[-1].at_ms - epoch_ms == plan[-1].at_ms < planned[-1].arrive_ms
    assert all(distance_m(a.start, b.start) < 0.02 for a, b in zip(went, planned, strict=True))
    # before it goes anywhere it stands at home
    assert track.points[0].at_ms - epoch_ms == life.start_ms
    assert distance_m(track.points[0].point, planned[0].start) < 0.02


def test_fixes_are_what_the_os_lets_the_app_have() -> None:
    # phone 18 is an Android: a fix each quarter of an hour, and more where it uses the app soon after a walk
    android = exported("android.ndjson", "--fixes", "--start", START)
    truth = exported("truth.ndjson", "--start", START)
    assert all(point.accuracy_m is not None for point in android.points)
    assert all(point.accuracy_m is None for point in truth.points)
    legs = legs_of_track(truth)
    for point in android.points:
        at = next((leg for leg in legs if leg.arrive_ms >= point.at_ms), legs[-1]).at(point.at_ms)
        assert distance_m(at, point.point) < 200.0
    # phone 4 is an iPhone that goes less: only significant changes
    iphone = exported("ios.gpx", "--fixes", phone=4)
    assert len(iphone.points) > 1
    assert all(b.at_ms - a.at_ms >= 5 * 60_000 for a, b in pairwise(iphone.points))


def test_the_same_phone_is_the_same_track_and_another_seed_another() -> None:
    once, again = (exported(name, "--start", START).points for name in ("a.gpx", "b.gpx"))
    assert once == again
    assert exported("c.gpx", "--start", START, "--seed", "2").points != once


def test_without_a_start_the_scenario_ends_now() -> None:
    now_ms = time_ms("2026-05-02T12:00:00Z")
    assert now_ms is not None
    options = ExportOptions(scenario="saturday", phone=18, out="a.gpx")
    assert export(options, now_s=now_ms / 1000) == 0
    last_ms = decode_track(Path("a.gpx").read_bytes(), "a.gpx").points[-1].at_ms
    assert now_ms - 2_000 <= last_ms <= now_ms


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        # a number that no phone has
        (["--phone", "999999", "-o", "a.gpx"], "--phone: expected a whole number from 0 to"),
        # nobody lives
        (["--phone", "0", "--phones", "0", "-o", "a.gpx"], "--phones: expected a whole number from 1 on"),
        # a local time is none
        (["--phone", "0", "--start", "noon", "-o", "a.gpx"], "--start: expected a time"),
        # a format that there is not
        (["--phone", "0", "-o", "a.kml"], "a.kml:1:1: expected a track: a file that ends in .gpx"),
        # a folder that there is not
        (["--phone", "0", "-o", "nowhere/a.gpx"], "No such file"),
        # an iPhone that stays at home tells nobody
        (["--phone", "1", "--phones", "20", "--fixes", "--scenario", "bought", "-o", "a.gpx"], "--fixes: phone 1"),
    ],
)
def test_what_cannot_be_exported_is_told_and_nothing_is_written(
    arguments: list[str], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tracks", "export", "--scenario", "saturday", *arguments]) == 2
    assert told in capsys.readouterr().err
    assert not (folder / "a.gpx").exists()


# show


def test_a_gap_is_told_and_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    track = {
        "type": "Feature",
        "properties": {"name": "Two & two", "coordTimes": [[0, 60_000], [120_000, 180_000]]},
        "geometry": {
            "type": "MultiLineString",
            "coordinates": [[[24.94, 60.17], [24.941, 60.17]], [[24.942, 60.17], [24.942, 60.17]]],
        },
    }
    Path("t.json").write_text(json.dumps(track), encoding="utf-8")
    assert main(["tracks", "show", "t.json", "-o", "t.svg"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "track    Two & two",
        "points   4 in 2 segments",
        "from     1970-01-01T00:00:00Z",
        "to       1970-01-01T00:03:00Z",
        "length   0.06 km",
        "moving   0:01:00",
        "still    0:01:00",
        "unknown  0:01:00",
        "fastest  0.9 m/s",
        "picture  t.svg",
    ]
    drawn = ElementTree.fromstring(Path("t.svg").read_text(encoding="utf-8"))
    assert sum("stroke-dasharray" in element.attrib for element in drawn.iter()) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        # no such file
        (["none.gpx"], "none.gpx:1:1: cannot be read"),
        # a route, and nobody says how fast
        (["route.ndjson"], "route.ndjson:1:1: no point has a time"),
        # faster than any phone, not at all, and not a number
        (["route.ndjson", "--speed", "61"], "--speed: expected more than 0 and at most 60 m/s"),
        (["route.ndjson", "--speed", "0"], "--speed: expected"),
        (["route.ndjson", "--speed", "nan"], "--speed: expected"),
    ],
)
def test_what_cannot_be_shown_is_told(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("route.ndjson").write_text('{"lat": 60, "lon": 24}\n{"lat": 60.1, "lon": 24}\n', encoding="utf-8")
    assert main(["tracks", "show", *arguments]) == 2
    assert told in capsys.readouterr().err
