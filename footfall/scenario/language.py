"""The scenario language as a table: which keys and actions there are, how each is written, and what it is by default.

Everything the decoder knows by name is here. A new action is a type in `types` and a line in ACTIONS (and, if it needs
the app in some situation, a line in `situations`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from footfall.scenario.forms import (
    NAME,
    Key,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Record,
    Spot,
    Text,
    Whole,
    by_tag,
    found,
    shown,
)
from footfall.scenario.quantities import CountForm, DistributionForm, Quantity, WholeQuantity
from footfall.scenario.types import (
    Action,
    Add,
    Background,
    Checkout,
    Count,
    Fixed,
    Launch,
    Login,
    Lognormal,
    OpenCart,
    Places,
    Population,
    Purchase,
    Remove,
    Scenario,
    State,
    View,
    Walk,
)
from footfall.scenario.units import DURATION, SPEED
from footfall.scenario.yaml_nodes import Listing, Scalar, core_type
from footfall.world.problems import closest

END = "end"
"""The name in `next` that is no state: the end of the phone's life."""

HOME = "home"

PLATFORMS = ("ios", "android")

DESTINATIONS: Mapping[str, tuple[str, ...]] = {HOME: (HOME,), "anywhere": ()}
"""The words that stand in `walk.to` for a list of categories, and what they are stored as."""


class Destination(msgspec.Struct, frozen=True):
    """Where a walk goes: a list of categories of places, or one of the words of DESTINATIONS."""

    expected: str = "home, anywhere, or a list of categories like [shop, cafe]"

    def read(self, spot: Spot) -> tuple[str, ...]:
        node = spot.node
        if isinstance(node, Scalar) and node.text in DESTINATIONS:
            return DESTINATIONS[node.text]
        if isinstance(node, Listing) and node.items:
            categories = ListOf(self.expected, Text("a category")).read(spot)
            for index, item in enumerate(node.items):
                if categories[index] in DESTINATIONS:
                    spot.under(index, item).say(f"{categories[index]} stands alone, not in a list: to: {found(item)}")
            return categories
        hint = ""
        if isinstance(node, Scalar) and core_type(node) == "text":
            meant = closest(node.text, DESTINATIONS)
            hint = f'did you mean "{meant}"?' if meant else f"a list of one is [{shown(node.text)}]"
        spot.wrong(self.expected, hint)
        return ()

    def stand_in(self) -> tuple[str, ...]:
        return ()


_GAP = DistributionForm(DURATION)
_SHARE = Number("a share from 0 to 1", high=1.0)


_NOTHING_MORE = "an empty map, since this action has no settings"

ACTIONS: Mapping[str, Record[Any]] = by_tag(
    Record(_NOTHING_MORE, Launch),
    Record(_NOTHING_MORE, Background),
    Record(_NOTHING_MORE, Login),
    Record(
        "a map like {to: [shop, cafe], speed: 1.4mps}",
        Walk,
        {
            "to": Key(Destination(), default=()),
            # our own guess: no source
            "speed": Key(DistributionForm(SPEED, positive=True), default=Lognormal(median=1.35, sigma=0.12)),
        },
    ),
    Record("a map like {products: 1..4}", View, {"products": Key(CountForm(), default=Count(1, 4))}),
    Record("a map like {items: 2}", Add, {"items": Key(CountForm(), default=Count(1, 1))}),
    Record(_NOTHING_MORE, Remove),
    Record(_NOTHING_MORE, OpenCart),
    Record(_NOTHING_MORE, Checkout),
    Record(_NOTHING_MORE, Purchase),
)

ACTION: OneOf[Action] = OneOf("an action such as launch or view: {products: 3}", "an action", ACTIONS)


def _nameless_state(**parts: Any) -> State:
    return State(name="", **parts)


STATE = Record(
    "a map with do, dwell and next",
    _nameless_state,
    {
        "do": Key(ListOf("a list of actions like [launch, view]", ACTION), default=()),
        "dwell": Key(DistributionForm(DURATION), default=Fixed(0.0)),
        "next": Key(MapOf("a map of state to share like {browse: 0.4, end: 0.6}", _SHARE)),
    },
)

POPULATION = Record(
    "a map with phones, platforms and arrivals",
    Population,
    {
        "phones": Key(Whole(1)),
        "platforms": Key(MapOf("a map of platform to share like {ios: 0.6, android: 0.4}", _SHARE, names=PLATFORMS)),
        "arrivals": Key(WholeQuantity(Quantity(DURATION)), into="arrivals_ms"),
    },
)

PLACES = Record(
    "a map with file, and libraries where not all are meant",
    Places,
    {
        "file": Key(Text("the path of a geofence file, relative to this one")),
        "libraries": Key(ListOf("a list of libraries", Text("a library")), default=()),
    },
)


def _scenario(states: tuple[tuple[str, State], ...], **parts: Any) -> Scenario:
    return Scenario(states=tuple(msgspec.structs.replace(state, name=name) for name, state in states), **parts)


SCENARIO = Record(
    "a scenario: a map with scenario, version, population, states and so on",
    _scenario,
    {
        "scenario": Key(NAME, into="name"),
        "version": Key(Whole(1, 1, because="this Footfall reads version 1")),
        "remarks": Key(ListOf("a list of texts", Text()), default=()),
        "seed": Key(Whole(0)),
        "lasts": Key(WholeQuantity(Quantity(DURATION, positive=True)), into="lasts_ms"),
        "population": Key(POPULATION),
        "app": Key(Text("the name of an app below apps/"), default=""),
        "journeys": Key(ListOf("a list of journeys below journeys/", Text("the name of a journey")), default=()),
        "places": Key(PLACES),
        "gap": Key(_GAP),
        "start": Key(NAME),
        "states": Key(MapOf("a map of states by name", STATE, reserved=(END,))),
    },
)
