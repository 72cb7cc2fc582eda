"""`footfall realism`: the table, the picture, the exit code."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from footfall.cli import main
from footfall.live.realism_command import RealismOptions, Result, read_references, report, simulate
from footfall.live.realism_picture import page
from footfall.realism.score import Picture, Row
from footfall.world.day_places import Town
from footfall.world.geofences import decode_geofences

ROOT = Path(__file__).resolve().parents[2]
GEOFENCES = ROOT / "geofences" / "helsinki.geojson"


def row(**changes) -> Row:
    """A statistic that is as it should be."""
    given = {
        "id": "M2", "statistic": "dwell", "reference": "GeoLife", "distance": 0.1, "allowed": "0.20",
        "real_vs_real": 0.11, "gate": "KS at most 0.20", "ok": True,
        "picture": Picture("distribution", "min", (20.0, 60.0, 300.0), (21.0, 63.0, 306.0)),
    }  # fmt: skip
    return Row(**(given | changes))


@pytest.mark.parametrize(
    ("result", "ok"),
    [
        (Result(90.0, (row(),), 10, 0.5, ()), True),
        (Result(90.0, (row(), row(ok=False)), 10, 0.5, ()), False),  # a gated statistic is outside
        (Result(90.0, (row(),), 10, 0.5, ("person 3, at 5 ms: 99 m in 1 ms",)), False),  # an invariant is broken
    ],
)
def test_what_is_right(result, ok):
    assert result.ok is ok


def test_few_people_are_unlike_the_references_and_the_command_says_so(tmp_path, capsys):
    picture = tmp_path / "realism.html"
    given = ["realism", "--users", "2", "--days", "1", "--seed", "3", "--geofences", str(GEOFENCES)]
    assert main([*given, "--picture", str(picture)]) == 1
    out = capsys.readouterr().out
    # nobody is seen ten times in a day
    assert "OUTSIDE" in out
    assert "mobility score" in out
    assert "invariants hold" in out
    assert all(f"\n{id}" in out for id in ("M1", "M5", "M10", "G1"))
    assert picture.read_text(encoding="utf-8").startswith("<!doctype html>")
    # the same people, the same figures
    assert main([*given, "--picture", ""]) == 1
    assert capsys.readouterr().out == out.replace(f"picture: {picture}\n", "")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--users", "0"], "--users: expected a whole number from 1 on"),
        (["--days", "0"], "--days: expected a whole number from 1 on"),
        (["--geofences", "none.geojson"], "--geofences none.geojson: No such file"),
    ],
)
def test_bad_usage(given, told, capsys):
    assert main(["realism", *given]) == 2
    assert told in capsys.readouterr().err


def test_a_picture_that_cannot_be_written_is_said(tmp_path, capsys):
    given = ["--users", "1", "--days", "1", "--geofences", str(GEOFENCES), "--picture", str(tmp_path / "no" / "x.html")]
    assert main(["realism", *given]) == 2
    assert "--picture" in capsys.readouterr().err


def test_the_picture_is_well_formed_and_needs_no_network():
    bars = Picture("histogram", "share", (0.2, 0.8), (0.5, 0.5), ("0", "1"))
    html = page("A <title>", 83.5, [row(), row(id="M5", gate="", picture=bars), row(id="G1", picture=None)])
    assert "A &lt;title&gt;" in html
    assert "Mobility score 83.5" in html
    assert "://" not in html
    figures = html[html.index("<main>") : html.index("</body>")]
    tree = ElementTree.fromstring(figures)
    # a drawing for each picture, an area and two lines for the distribution, two bars for every bin
    assert [len(figure.findall(".//polyline")) for figure in tree] == [2, 0]
    assert [len(figure.findall(".//rect")) for figure in tree] == [0, 4]
    assert page("t", 1.0, [row(ok=False)]).count("outside") == 1


def test_what_is_broken_is_named_five_at_most():
    console = Console(record=True, width=120, file=StringIO())
    options = RealismOptions(users=1, days=1, seed=1, geofences="", picture="")
    report(console, Result(50.0, (row(),), 10, 0.5, tuple(f"person {i}" for i in range(7))), options)
    text = console.export_text()
    assert text.count("broken:") == 6
    assert "2 more" in text


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_ordinary_weeks_score_at_least_80_with_nothing_outside(seed):
    town = Town(decode_geofences(GEOFENCES.read_bytes(), GEOFENCES.name).pois, seed)
    result = simulate(town, 40, 7, seed, Console(quiet=True))
    assert result.score >= 80.0
    assert result.broken == ()
    assert [row for row in result.rows if not row.ok] == []


def test_the_package_carries_its_references():
    assert read_references().geolife.gps_lag1 == pytest.approx(0.968, abs=0.001)
