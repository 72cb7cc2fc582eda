"""Draws a scenario's day as an SVG map: places as their circles, the ways of its phones, and where they went in.

    python tools/picture.py shopping/saturday -o docs/saturday.svg

The ways are those of the plan: the same seed gives the same picture.
"""

from __future__ import annotations

import argparse
from collections import Counter
from math import cos, radians
from pathlib import Path
from xml.sax.saxutils import escape

from footfall.engine.compile import compile_scenario
from footfall.engine.population import Population
from footfall.live.inputs import Inputs, load
from footfall.phone.config import AppConfig
from footfall.phone.signals import Did, Moved
from footfall.world.geo import METRES_PER_DEGREE, Point, inside_times
from footfall.world.people import People

WIDTH = 1000
COLOURS = {"shop": "#e4572e", "cafe": "#b07d2b", "station": "#2e86ab", "museum": "#6a4c93"}


def draw(read: Inputs, phones: int) -> str:
    """The picture of the first `phones` phones."""
    scenario = read.scenario
    ready = compile_scenario(scenario, read.pois)
    west, south = ready.south_west.lon, ready.south_west.lat
    kx = METRES_PER_DEGREE * cos(radians(south))
    scale = WIDTH / ((ready.north_east.lon - west) * kx)
    height = (ready.north_east.lat - south) * METRES_PER_DEGREE * scale

    def at(point: Point) -> tuple[float, float]:
        return (point.lon - west) * kx * scale, height - (point.lat - south) * METRES_PER_DEGREE * scale

    people = People.fill()
    config = AppConfig().at("picture", scenario.places.libraries)
    population = Population(ready, people, config, "picture", scenario.seed, scenario.population.phones, 0)
    ways: list[str] = []
    homes: list[str] = []
    visits: Counter[str] = Counter()
    done: Counter[str] = Counter()
    for k in range(phones):
        started = False
        for timed in population.life(k).plan:
            if isinstance(timed.signal, Did):
                done[timed.signal.kind] += 1
            if not isinstance(timed.signal, Moved):
                continue
            leg = timed.signal.leg
            (x1, y1), (x2, y2) = at(leg.start), at(leg.end)
            ways.append(f"M{x1:.0f} {y1:.0f}L{x2:.0f} {y2:.0f}")
            if not started:
                homes.append(f'<circle cx="{x1:.0f}" cy="{y1:.0f}" r="2.6"/>')
                started = True
            for poi in ready.pois:
                times = inside_times(leg, Point(lon=poi.lon, lat=poi.lat), poi.radius_m)
                if times is not None and times[0] > leg.depart_ms:
                    visits[poi.id] += 1
    most = max(visits.values(), default=1)
    places = []
    for poi in ready.pois:
        x, y = at(Point(lon=poi.lon, lat=poi.lat))
        colour = COLOURS.get(poi.category, "#555555")
        radius = poi.radius_m * scale
        places.append(
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:.0f}" fill="{colour}" '
            f'fill-opacity="{0.12 + 0.5 * visits[poi.id] / most:.2f}" stroke="{colour}" stroke-width="1.5"/>'
            f'<text x="{x:.0f}" y="{y + 4:.0f}">{escape(poi.name)}</text>'
        )
    legend = "".join(
        f'<circle cx="{26 + 118 * i}" cy="{height - 24:.0f}" r="7" fill="{colour}"/>'
        f'<text x="{40 + 118 * i}" y="{height - 19:.0f}" class="key">{category}</text>'
        for i, (category, colour) in enumerate(COLOURS.items())
    )
    title = f"{phones} phones, {scenario.lasts_ms / 3_600_000:g} hours of a {scenario.name} in Helsinki"
    numbers = (
        f"{sum(visits.values())} ways into a place, {done['productViews']} products seen, "
        f"{done['productListAdds']} put into carts, {done['purchases']} orders"
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + 64:.0f}" font-family="sans-serif">
<style>text{{font-size:12px;text-anchor:middle;fill:#222;paint-order:stroke;stroke:#fbf9f4;stroke-width:3px}}
text.key,text.title{{text-anchor:start;font-size:14px;stroke-width:0}}text.title{{font-size:18px;font-weight:600}}</style>
<rect width="100%" height="100%" fill="#fbf9f4"/>
<text x="20" y="28" class="title">{escape(title)}</text>
<text x="20" y="50" class="key">{escape(numbers)}</text>
<g transform="translate(0 64)">
<path d="{"".join(ways)}" fill="none" stroke="#3b4252" stroke-opacity="0.16" stroke-width="1.2"/>
<g fill="#3b4252" fill-opacity="0.55">{"".join(homes)}</g>
{"".join(places)}
{legend}
<text x="{WIDTH - 258}" y="{height - 19:.0f}" class="key">© OpenStreetMap contributors, ODbL</text>
</g>
</svg>
"""


def main() -> None:
    """Reads the command line and writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--phones", type=int, default=200)
    options = parser.parse_args()
    read = load(options.scenario)
    options.output.write_text(draw(read, min(options.phones, read.scenario.population.phones)), encoding="utf-8")


if __name__ == "__main__":
    main()
