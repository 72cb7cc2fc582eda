"""Whole scenario files: many mistakes at once, and the shipped scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.scenario.decode import decode_scenario, lint_scenario, places_file
from footfall.scenario.types import Background, Count, Fixed, Launch, Lognormal, View, Walk
from footfall.world.geofences import decode_geofences
from footfall.world.problems import BadInput

FIVE = """\
scenario: five
version: 1
seed: 1
lasts: 12:30
population: {phones: 10, platforms: {ios: 0.6, android: 0.3}, arrivals: 5m}
places: {file: town.geojson}
gap: 10s
start: install
states:
  install:
    do: [launch, veiw: {products: 3}, background]
    next: {stroll: 1}
  stroll:
    do: [walk: {to: [shop]}]
    dwell: 3m
    next: {brwose: 0.5, end: 0.5}
  browse:
    do: [launch, view, background]
    dwel: 20s
    next: {stroll: 1}
"""


def test_five_mistakes_of_five_kinds_come_out_together() -> None:
    with pytest.raises(BadInput) as refused:
        decode_scenario(FIVE, "five.yaml")
    assert str(refused.value).splitlines() == [
        "five.yaml:4:8: lasts: a duration is written 90s, 20m, 2h; found 12:30",
        "five.yaml:5:26: platforms: the shares sum to 0.9, expected 1",
        'five.yaml:11:18: do[1]: "veiw" is not an action. Did you mean "view"?',
        'five.yaml:16:12: next: there is no state "brwose". Did you mean "browse"?',
        'five.yaml:19:5: browse: unknown key "dwel". Did you mean "dwell"?',
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        # however wrong the rest is
        (FIVE, "town.geojson"),
        ("places: {file: a/b.geojson, libarries: 3}", "a/b.geojson"),
        ("places: {file: 3}", None),
        ("places: {file: }", None),
        ("places: a.geojson", None),
        ("places: [", None),
        ("", None),
    ],
)
def test_the_places_file_is_found_before_the_places_are_read(text: str, path: str | None) -> None:
    assert places_file(text) == path


SATURDAY = Path(__file__).resolve().parents[2] / "scenarios/shopping/saturday.yaml"


def test_the_shipped_scenario_decodes() -> None:
    saturday = decode_scenario(SATURDAY.read_text("utf-8"), "saturday.yaml")
    assert saturday.name == "saturday"
    assert saturday.lasts_ms == 2 * 3_600_000
    assert saturday.population.arrivals_ms == 50 * 60_000
    assert saturday.gap == Lognormal(median=28_000.0, sigma=1.05)
    assert len(saturday.remarks) == 3
    by_name = {state.name: state for state in saturday.states}
    assert len(by_name) == 13
    assert by_name["install"].do == (Launch(), View(products=Count(1, 3)), Background())
    assert by_name["go-home"].do == (Walk(to=("home",), speed=Lognormal(1.4, 0.12)),)
    assert by_name["go-home"].dwell == Fixed(60_000.0)
    assert by_name["buy"].next == (("stroll", 0.4), ("go-home", 0.6))


def test_the_shipped_scenario_is_clean_against_its_own_places() -> None:
    text = SATURDAY.read_text("utf-8")
    path = SATURDAY.parent / str(places_file(text))
    if not path.exists():
        pytest.skip("geofences/helsinki.geojson is not made yet")
    pois = decode_geofences(path.read_bytes(), "helsinki.geojson").pois
    assert lint_scenario(text, "saturday.yaml", pois) == []
