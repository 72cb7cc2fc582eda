"""Every builder's event before two judges that share nothing with the builders: ours (xdm_judge) and the platform's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from any_event import any_event
from every_event import EVERY
from hypothesis import given
from xdm_judge import FRAGMENTS, OPEN, WIRE, as_stored, faults, judge, standard_types

from footfall.platform.package_data import event_schema
from footfall.xdm.events import ExperienceEvent

if not WIRE.is_dir():
    pytest.skip("the judge (../shared/xdm/wire) is not beside the repository", allow_module_level=True)

OURS = event_schema()


@pytest.mark.parametrize("name", EVERY)
def test_the_judges_find_nothing(name):
    stored = as_stored(EVERY[name])
    assert faults(stored) == []
    assert OURS.reasons(stored) == ()


@given(event=any_event)
def test_the_judges_find_nothing_in_any_event(event: ExperienceEvent):
    stored = as_stored(event)
    assert faults(stored) == []
    assert OURS.reasons(stored) == ()


def test_types_are_adobes_standard_ones_but_for_these():
    assert {event.type for event in EVERY.values()} - standard_types() == {
        "",  # the push token, which has none
        "commerce.cartAbandons",  # the member exists, the type does not
        "application.scene",  # the tutorial app's
        "application.interaction",
        "loyalty.pointsEarned",  # our app's
        "loyalty.pointsReached",
        "personalization.request",  # the SDK's, in no schema
        "decisioning.propositionSuppressDisplay",
        "decisioning.propositionDisqualify",
    }


def test_every_fragment_has_a_source_and_judges_some_event():
    for (above, member), source, _schema in FRAGMENTS:
        assert source
        assert any(member in as_stored(event).get(above, {}) for event in EVERY.values()), (above, member)


# The judges convict


def _objects(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a document an object stands that is no bag of any members."""
    if isinstance(value, dict) and not (above and above[-1] in OPEN):
        yield above
        for key, member in value.items():
            yield from _objects(member, (*above, key))
    elif isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in members:
            yield from _objects(member, (*above, key))


def _at(document: Any, where: tuple[Any, ...]) -> Any:
    for step in where:
        document = document[step]
    return document


@pytest.mark.parametrize("name", EVERY)
def test_the_judge_convicts_a_planted_fault_wherever_it_is(name):
    for where in _objects(as_stored(EVERY[name])):
        planted = as_stored(EVERY[name])
        _at(planted, where)["unknownMember"] = 1
        assert not judge().is_valid(planted), f"not noticed in {where}"


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
        ("scene", ("_footfall", "appInformation", "appStateDetails", "screenView"), {}),  # a measure without a value
        ("points earned", ("_footfall", "loyalty", "pointsEarned"), 1.5),
        ("points earned", ("_footfall", "loyalty", "pointsBalance"), 2**31),  # beyond XDM's integer
        ("push opened", ("application", "launches", "value"), "1"),
        ("push opened", ("_experience", "customerJourneyManagement", "pushChannelContext", "platform"), 1),
        ("push dismissed", ("_experience", "decisioning", "propositionEventType", "dismiss"), "1"),
        ("tap on a proposition", ("_experience", "decisioning", "propositionAction", "label"), 7),
        ("parts of items", ("_experience", "decisioning", "propositions", 0, "items", 0, "characteristics"), "t1"),
    ],
)
def test_both_judges_convict_a_wrong_value(name, path, wrong):
    planted = as_stored(EVERY[name])
    target = _at(planted, path[:-1])
    assert path[-1] in target or isinstance(target, list)
    target[path[-1]] = wrong
    assert not judge().is_valid(planted)
    assert OURS.reasons(planted) != ()
