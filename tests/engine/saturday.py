"""The shipped Saturday, ready for lives, and its places (a handful made by hand where the geofence file is absent)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from footfall.engine.compile import Ready, compile_scenario
from footfall.engine.plan import Timed
from footfall.engine.population import Life, Population
from footfall.evidence.manifest import Expectations, Manifest
from footfall.phone.config import AppConfig
from footfall.scenario.decode import decode_scenario
from footfall.world.geo import Point, moved
from footfall.world.geofences import decode_geofences, in_libraries
from footfall.world.people import People
from footfall.world.pois import Poi

SCENARIO = Path(__file__).resolve().parents[2] / "scenarios/shopping/saturday.yaml"
GEOFENCES = Path(__file__).resolve().parents[2] / "geofences/helsinki.geojson"
LIBRARY = "helsinki-spaced"
ANCHOR_MS = 1_772_870_400_000  # Saturday 2026-03-07T08:00:00Z


def by_hand() -> tuple[Poi, ...]:
    """Four kinds of places, 600 m apart."""
    centre = Point(lat=60.17, lon=24.94)
    places = []
    for n, category in enumerate(["shop", "cafe", "museum", "station"] * 4):
        at = moved(centre, 600.0 * (n % 4 - 1.5), 600.0 * (n // 4 - 1.5))
        metadata = (("category", category), ("city", "Helsinki"))
        places.append(Poi(f"poi-{n}", f"{category} {n}", at.lon, at.lat, 100, LIBRARY, 1, category, metadata))
    return tuple(places)


@cache
def saturday() -> Ready:
    pois = decode_geofences(GEOFENCES.read_bytes(), str(GEOFENCES)).pois if GEOFENCES.is_file() else by_hand()
    scenario = decode_scenario(SCENARIO.read_text(), str(SCENARIO), pois)
    return compile_scenario(scenario, in_libraries(pois, scenario.places.libraries))


@cache
def people() -> People:
    return People.fill()


def population(
    run: str = "run-1", seed: int = 1, phones: int = 200, datastream: str = "stream-1", app: AppConfig | None = None
) -> Population:
    app = (app or AppConfig()).at(datastream, (LIBRARY,))
    return Population(saturday(), people(), app, run, seed, phones, ANCHOR_MS)


def a_life(k: int = 0, plan: list[Timed] | None = None, seed: int = 1, app: AppConfig | None = None) -> Life:
    """Phone k of the population; with a plan of one's own instead of what it would do."""
    life = population(seed=seed, app=app).life(k)
    return life if plan is None else msgspec.structs.replace(life, plan=iter(plan))


def manifest(phones: int, covered_from_phones: int = 10_000, run: str = "run-1") -> Manifest:
    ready = saturday()
    return Manifest(
        run=run,
        scenario=ready.scenario.name,
        scenario_file="scenarios/shopping/saturday.yaml",
        scenario_sha256="",
        scenario_text="",
        geofences_file="geofences/helsinki.geojson",
        geofences_sha256="",
        seed=1,
        phones=phones,
        speed=0.0,
        host="in-process",
        started_ms=ANCHOR_MS,
        anchor_ms=ANCHOR_MS,
        lasts_ms=ready.scenario.lasts_ms,
        versions={},
        command="",
        expectations=Expectations(
            states=tuple(ready.states),
            places=tuple(poi.id for poi in ready.pois),
            covered_from_phones=covered_from_phones,
        ),
    )
