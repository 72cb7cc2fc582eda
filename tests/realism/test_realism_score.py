"""The score: people who are as the references say get it all, and every planted fault is seen by its statistic."""

from __future__ import annotations

import msgspec
import pytest

from footfall.live.realism_command import read_references
from footfall.realism.observed import Observed
from footfall.realism.people import see
from footfall.realism.score import flapping_row, mobility_rows, mobility_score
from footfall.world.day_places import Town
from footfall.world.pois import Poi

REFERENCES = read_references()
GEOLIFE, FOURSQUARE = REFERENCES.geolife, REFERENCES.foursquare
GATED = ("M1", "M2", "M3", "M4", "M6", "M7", "M8", "M10")


def visits_with(share: float) -> tuple[int, ...]:
    """Twenty visits, so many of them at place 0, the others at as many places as GeoLife's people have."""
    at_top = round(20 * share)
    return tuple([0] * at_top + [1 + i % 6 for i in range(20 - at_top)])


def ideal() -> list[Observed]:
    """201 people made of the references' own quantiles."""

    def of(data, name):
        return data.distributions[name].quantiles

    hours = tuple(hour for hour, share in enumerate(FOURSQUARE.arrival_hour) for _ in range(round(1_000 * share)))
    return [
        Observed(
            stays=(),
            jumps_km=(of(FOURSQUARE, "jump_length")[i],) if of(FOURSQUARE, "jump_length")[i] >= 0.2 else (),
            dwells_min=(of(GEOLIFE, "dwell")[i],),
            radius_km=of(FOURSQUARE, "radius_of_gyration")[i],
            per_day=(round(of(GEOLIFE, "stays_per_day")[i]),),
            arrival_hours=hours,
            speeds_mps=(of(GEOLIFE, "speed_30s_moving")[i],),
            turns_deg=(of(GEOLIFE, "turning_angle_30s")[i],),
            top_share=of(FOURSQUARE, "top_place_share")[i],
            visits=visits_with(0.35),
            scatter_m=(of(GEOLIFE, "gps_scatter")[i],),
            lag1=(0.96,),
        )
        for i in range(201)
    ]


def rows_of(people: list[Observed]) -> dict:
    """By id."""
    return {row.id: row for row in mobility_rows(people, REFERENCES)}


def test_people_like_the_references_are_close_to_100():
    rows = rows_of(ideal())
    assert list(rows) == [f"M{i}" for i in range(1, 11)]
    for id in ("M1", "M2", "M3", "M5", "M6", "M7", "M8", "M10"):
        assert rows[id].distance < 0.01, rows[id]
    assert rows["M4"].distance < 0.08  # rounded to whole stays
    assert mobility_score(rows.values()) > 95
    assert all(row.ok for row in rows.values())


def changed(**values) -> list[Observed]:
    """The ideal people with one thing else."""
    return [msgspec.structs.replace(one, **{name: of(one) for name, of in values.items()}) for one in ideal()]


FAULTS = [
    # people who move five times as far
    ("M1", lambda: changed(jumps_km=lambda one: tuple(5 * km for km in one.jumps_km))),
    # nobody stays longer than an hour
    ("M2", lambda: changed(dwells_min=lambda one: tuple(min(60.0, dwell) for dwell in one.dwells_min))),
    # nobody has a home: all roam through 15 km
    ("M3", lambda: changed(radius_km=lambda one: 15.0)),
    # a courier's day
    ("M4", lambda: changed(per_day=lambda one: (25,))),
    # all of it by car
    ("M6", lambda: changed(speeds_mps=lambda one: (12.0,))),
    # straight lines
    ("M7", lambda: changed(turns_deg=lambda one: (0.0,))),
    # never twice at a place
    ("M8", lambda: changed(top_share=lambda one: 0.05)),
    # no error at all
    ("M10", lambda: changed(scatter_m=lambda one: (0.0,))),
    # as much error as there should be, but white
    ("M10", lambda: changed(lag1=lambda one: (0.01,))),
]


@pytest.mark.parametrize(("id", "people"), FAULTS)
def test_a_planted_fault_is_seen_by_its_statistic_and_by_no_other(id, people):
    rows = rows_of(people())
    assert [row.id for row in rows.values() if not row.ok] == [id]


def test_hours_and_distinct_places_are_reported_and_not_gated():
    night = rows_of(changed(arrival_hours=lambda one: (3, 4)))["M5"]
    assert (night.gate, night.ok) == ("", True)
    assert night.distance > 0.7
    anew = rows_of(changed(visits=lambda one: tuple(range(20))))["M9"]
    assert (anew.gate, anew.ok) == ("", True)
    assert anew.distance > 0.6


def test_nobody_at_all_is_as_far_as_can_be():
    rows = rows_of([])
    assert mobility_score(rows.values()) == 0.0
    assert [id for id, row in rows.items() if not row.ok] == list(GATED)


@pytest.mark.parametrize(
    ("os", "shares", "entries", "ok"),
    [
        ("ios", {100: 0.08, 150: 0.10}, 50, True),
        ("ios", {100: 0.08, 150: 0.11}, 50, False),  # the worst radius counts
        ("android", {100: 0.23, 150: 0.21}, 50, True),
        ("android", {100: 0.58, 150: 0.48}, 50, False),  # point in circle
        ("ios", {100: 0.0, 150: 0.0}, 0, False),  # nobody entered anything: that says nothing
    ],
)
def test_flapping(os, shares, entries, ok):
    row = flapping_row(os, shares, entries, REFERENCES)
    assert (row.ok, row.scored, row.distance) == (ok, False, max(shares.values()))


def test_every_reference_says_where_it_is_from():
    for data in (GEOLIFE, FOURSQUARE, REFERENCES.flapping):
        assert len(data.source) > 20
    for data in (GEOLIFE, FOURSQUARE):
        assert "aggregates" in data.terms
        assert sum(data.arrival_hour) == pytest.approx(1.0, abs=0.01)
        for name, distribution in data.distributions.items():
            assert len(distribution.quantiles) == 201, name
            assert list(distribution.quantiles) == sorted(distribution.quantiles)


def test_a_person_is_seen_the_same_again():
    town = Town((Poi("a", "A", 24.94, 60.17, 100.0, "lib", 100, "cafe", ()),), 1)
    seen = see(town, 1, 4, 2)
    assert seen == see(town, 1, 4, 2)
    assert seen.broken == ()
    assert set(seen.flaps) == {(rule, radius) for rule in ("naive", "ios", "android") for radius in (100, 150)}
