"""The shipped journeys hear the events that Footfall's phones and back office send, and find in them what they tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.live.inputs import read_journeys
from footfall.platform.journeys.expressions import Expression, Scope
from footfall.platform.journeys.types import Email, Journey, Push, Sms, Webhook
from footfall.world.catalogue import CATALOGUE
from footfall.world.pois import Poi
from footfall.xdm.app import loyalty
from footfall.xdm.commerce import CartLine, OrderRef, Payment, commerce
from footfall.xdm.events import ExperienceEvent
from footfall.xdm.places import location, rule_location

JOURNEYS = {one.name: one for one in read_journeys([str(Path(__file__).resolve().parents[2] / "journeys")])}

SHOP = Poi("p-1", "Alko", 24.9, 60.1, 40.0, "town", 1, "shop", (("category", "shop"), ("city", "Helsinki")))
PARK = Poi("p-2", "Esplanadi", 24.9, 60.1, 90.0, "town", 1, "park", (("category", "park"), ("city", "Helsinki")))
LINES = (CartLine(CATALOGUE[0], 2),)
ORDER = OrderRef("o-1", (Payment("t-1", "credit_card", LINES[0].total_cents),))

ADD = commerce("productListAdds", LINES)
PURCHASE = commerce("purchases", LINES, ORDER)
REACHED = loyalty("_footfall", 2_580, 11_400, 10_000)


def scope(event: ExperienceEvent, name: str = "") -> Scope:
    """The event as a rule judges it, and as the journey knows it afterwards."""
    payload = json.loads(event.body)
    return Scope(payload, {name: payload}, {"person": {"name": {"firstName": "Elisabeth"}}})


@pytest.mark.parametrize(
    ("journey", "name", "event", "heard"),
    [
        ("store_welcome", "store_visit", location("entry", SHOP), True),
        # the event that the tutorial's rule makes, in the spelling of today; the deprecated one is another field
        ("store_welcome", "store_visit", rule_location("entry", SHOP, False, "poiDetail"), True),
        ("store_welcome", "store_visit", rule_location("entry", SHOP, False, "POIDetail"), False),
        ("store_welcome", "store_visit", location("exit", SHOP), False),
        ("store_welcome", "store_visit", location("entry", PARK), False),
        ("abandoned_cart", "cart_add", ADD, True),
        ("abandoned_cart", "cart_add", PURCHASE, False),
        ("abandoned_cart", "purchase", PURCHASE, True),
        ("bought_thanks", "bought", PURCHASE, True),
        ("bought_thanks", "again", PURCHASE, True),
        ("bought_thanks", "bought", ADD, False),
        ("points_10000", "reached", REACHED, True),
        # points, but not so many; and a back office with another threshold
        ("points_10000", "reached", loyalty("_footfall", 100, 11_500, None), False),
        ("points_10000", "reached", loyalty("_footfall", 100, 5_050, 5_000), False),
    ],
)
def test_which_events_a_journey_hears(journey, name, event, heard):
    rule = next(one.when for one in JOURNEYS[journey].events if one.name == name)
    assert rule.holds(scope(event)) is heard


@pytest.mark.parametrize(
    ("journey", "event"),
    [
        ("store_welcome", location("entry", SHOP)),
        ("abandoned_cart", ADD),
        ("bought_thanks", PURCHASE),
        ("points_10000", REACHED),
    ],
)
def test_everything_that_is_filled_in_is_in_the_event(journey, event):
    found = {str(part): part.value(scope(event, JOURNEYS[journey].entry)) for part in filled_in(JOURNEYS[journey])}
    assert found
    assert [text for text, value in found.items() if value in (None, "", [])] == []


def filled_in(journey: Journey) -> Iterator[Expression]:
    """All expressions in the texts of a journey's messages."""
    for _, node in journey.nodes:
        texts = []
        match node:
            case Push(title=title, body=body):
                texts = [title, body]
            case Email(subject=subject, body=body):
                texts = [subject, body]
            case Sms(body=body) | Webhook(body=body):
                texts = [body]
        for text in texts:
            yield from (part for part in text.parts if isinstance(part, Expression))


def test_a_large_purchase_gets_another_message():
    paths = dict(JOURNEYS["bought_thanks"].nodes)["large"].paths
    assert paths[0].when.holds(scope(PURCHASE, "bought"))  # two rain jackets
    small = commerce("purchases", (CartLine(CATALOGUE[6], 1),), OrderRef("o-2", (Payment("t-2", "cash", 890),)))
    assert not paths[0].when.holds(scope(small, "bought"))
