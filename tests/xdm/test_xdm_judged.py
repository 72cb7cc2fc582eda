"""Every builder's event before an independent judge: the closed wire schema composed from Adobe's own XDM files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from every_event import EVERY

from footfall.xdm import wire

WIRE = Path(__file__).resolve().parents[2] / "../shared/xdm/wire"
if not WIRE.is_dir():
    pytest.skip("the judge (../shared/xdm/wire) is not beside the repository", allow_module_level=True)

JUDGE = jsonschema_rs.validator_for(
    json.loads((WIRE / "experienceevent-mobile.wire.schema.json").read_text()), validate_formats=True
)
TYPES = json.loads((WIRE / "eventType-values.json").read_text())


def as_stored(name: str) -> dict[str, Any]:
    """What Edge makes of a request: the event's own xdm with the members that the request shares."""
    shared = wire.interact(
        wire.meta(()),
        wire.identity_map([("ECID", (wire.IdentityItem("1" * 38),))]),
        wire.implementation_details("https://ns.adobe.com/experience/mobilesdk/ios", "5.11.0+5.0.3"),
        [wire.event("8B3C7F5A-0000-4000-8000-000000000001", 1_772_882_130_123, EVERY[name].body)],
    )
    request = json.loads(shared)
    merged: dict[str, Any] = {**request["xdm"], **request["events"][0]["xdm"]}
    return merged


@pytest.mark.parametrize("name", EVERY)
def test_the_judge_finds_nothing(name):
    assert [f"{error.instance_path}: {error.message}" for error in JUDGE.iter_errors(as_stored(name))] == []


@pytest.mark.parametrize("name", EVERY)
def test_the_type_is_one_that_xdm_names(name):
    assert EVERY[name].type in TYPES


def _places(document: Any) -> list[Any]:
    inner = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    return [document, *(place for each in inner for place in _places(each))]


# A bag of any members: a further one is no fault there
OPEN = "identityMap"


@pytest.mark.parametrize("name", EVERY)
def test_the_judge_convicts_a_planted_fault_wherever_it_is(name):
    objects = [place for place in _places(as_stored(name)) if isinstance(place, dict)]
    for number in range(len(objects)):
        planted = as_stored(name)
        target = [place for place in _places(planted) if isinstance(place, dict)][number]
        if target is planted[OPEN]:
            continue
        target["unknownMember"] = 1
        assert not JUDGE.is_valid(planted), f"not noticed in {target}"


@pytest.mark.parametrize(
    ("name", "path", "wrong"),
    [
        ("close", ("application", "sessionLength"), "22"),  # a number in quotes
        ("close", ("application", "isClose"), None),
        ("install on iOS", ("application", "isInstall"), "true"),
        ("install on iOS", ("device", "screenWidth"), 1170.5),
        ("purchase", ("commerce", "order", "priceTotal"), "548.70"),
        ("purchase", ("productListItems", 0, "currencyCode"), "euro"),
        ("purchase", ("timestamp",), "2026-03-07 11:15"),
        ("entry", ("placeContext", "POIinteraction", "poiDetail", "metadata", "list"), {}),
    ],
)
def test_the_judge_convicts_a_wrong_value(name, path, wrong):
    planted = as_stored(name)
    target: Any = planted
    for step in path[:-1]:
        target = target[step]
    assert path[-1] in target or isinstance(target, list)
    target[path[-1]] = wrong
    assert not JUDGE.is_valid(planted)
