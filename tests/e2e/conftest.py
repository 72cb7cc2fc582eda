from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from locust_process import ROOT, Commands

# Thirty minutes of a dozen phones that walk fast, wait little and buy a lot: two seconds at speed 900.
SCENARIO = """\
scenario: quick
version: 1
seed: 3
lasts: 30m
population: {phones: 12, platforms: {ios: 0.5, android: 0.5}, arrivals: 2m}
places: {file: few.geojson}
gap: 5s
start: install
states:
  install:
    do: [launch, view: {products: 1..2}, background]
    dwell: 10s
    next: {stroll: 1}
  stroll:
    do: [walk: {to: [shop, cafe, museum, station], speed: 3mps}]
    dwell: 10s
    next: {browse: 0.4, stroll: 0.6}
  browse:
    do: [launch, view: {products: 1..2}, add: {items: 1..2}, open-cart, login, checkout, purchase, background]
    dwell: 10s
    next: {stroll: 0.7, go-home: 0.3}
  go-home:
    do: [walk: {to: home, speed: 3mps}]
    dwell: 1s
    next: {end: 1}
"""


@pytest.fixture(scope="session")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small scenario over every fourth of the spaced places of central Helsinki: few enough for a dozen phones to be
    at each of them."""
    directory = tmp_path_factory.mktemp("inputs")
    whole = json.loads((ROOT / "geofences/helsinki.geojson").read_text())
    spaced = [feature for feature in whole["features"] if feature["properties"]["library"] == "helsinki-spaced"]
    (directory / "few.geojson").write_text(json.dumps({**whole, "features": spaced[::4]}))
    path = directory / "quick.yaml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture
def commands(tmp_path: Path, scenario: Path) -> Iterator[Commands]:
    """Starts processes; whatever still runs at the end of the test is killed."""
    started = Commands(tmp_path, scenario)
    try:
        yield started
    finally:
        started.kill_all()


@pytest.fixture(scope="module")
def module_commands(tmp_path_factory: pytest.TempPathFactory, scenario: Path) -> Iterator[Commands]:
    """The same for a run that several tests of a module look at."""
    started = Commands(tmp_path_factory.mktemp("shared-run"), scenario)
    try:
        yield started
    finally:
        started.kill_all()
