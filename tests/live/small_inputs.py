"""The smallest inputs of a run: two phones that open the app and walk to a shop."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from footfall import __version__
from footfall.live.locust.spec import RunSpec, this_machine

PLACES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": f"p-{number}",
            "geometry": {"type": "Point", "coordinates": [24.94 + number / 100, 60.17]},
            "properties": {
                "name": f"Shop {number}",
                "category": "shop",
                "radius_m": 100,
                "library": library,
                "weight": 1,
            },
        }
        for number, library in enumerate(("one", "one", "two"))
    ],
}
SCENARIO = """\
scenario: small
version: 1
seed: 3
lasts: 10m
population: {phones: 2, platforms: {ios: 1}, arrivals: 1m}
places: {file: ../places.geojson, libraries: [one]}
gap: 5s
start: walk
states:
  walk:
    do: [launch, background, walk: {to: [shop], speed: 2mps}]
    dwell: 10s
    next: {end: 1}
"""


def small_spec(below: Path, **changed: Any) -> RunSpec:
    """A run of them, as a master tells its workers; nobody listens at its host."""
    fields: dict[str, Any] = {
        "version": __version__,
        "run": "small",
        "directory": str(below / "small"),
        "machine": this_machine(),
        "seed": 3,
        "phones": 2,
        "speed": 100_000.0,
        "origin_s": time.time(),
        "anchor_ms": 0,
        "host": "http://127.0.0.1:9",
        "places_host": "",
        "datastream": "d",
        "transport": "edge",
        "inlet_host": "",
        "inlet": "",
        "drain_s": 0.1,
        "scenario_file": "scenarios/small.yaml",
        "scenario_text": SCENARIO,
        "geofences_file": "places.geojson",
        "geofences_text": json.dumps(PLACES),
        "app_file": "",
        "app_text": "",
    }
    return RunSpec(**{**fields, **changed})
