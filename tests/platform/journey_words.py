"""Words for the tests of journeys: people, events and journeys in a line or two, and the engine in virtual time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from footfall.platform.journeys.engine import Journeys
from footfall.platform.journeys.expressions import parse
from footfall.platform.journeys.messages import Effect, Happening, Message, PushToken, Step
from footfall.platform.journeys.types import (
    DAY_MS,
    END,
    MINUTE_MS,
    Await,
    Journey,
    JourneyEvent,
    Latency,
    Node,
    Push,
    React,
    Reentrance,
    Text,
    Wait,
)

START_MS = 1_772_877_600_000  # 2026-03-07T10:00:00Z, at a full second
HOUR_MS = 60 * MINUTE_MS


@dataclass(frozen=True)
class Anna:
    """A profile: by default with one iPhone, an address and a number."""

    attributes: Mapping[str, Any] = field(
        default_factory=lambda: {
            "person": {"name": {"firstName": "Anna"}},
            "personalEmail": {"address": "anna@example.com"},
            "mobilePhone": {"number": "+358 50 555 0100"},
        }
    )
    identities: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"ECID": ("anna",)})
    tokens: tuple[PushToken, ...] = (PushToken("anna", "t0", "com.example.shop", "apns"),)
    is_test: bool = False


class Everybody:
    """People by their ECID."""

    def __init__(self, **profiles: Anna) -> None:
        self.profiles = profiles

    def find(self, namespace: str, id: str) -> Anna | None:
        """The profile of this ECID."""
        return self.profiles.get(id) if namespace == "ECID" else None


EVENTS = {
    "visit": 'eventType == "location.entry"',
    "exit": 'eventType == "location.exit"',
    "purchase": 'eventType == "commerce.purchases"',
    "add": 'eventType == "commerce.productListAdds"',
}


def event(type: str, at_ms: int, key: str = "anna", id: str = "", **xdm: Any) -> Happening:
    """An event of the device `key`, `at_ms` after the start; key "" leaves the identityMap out."""
    identity = {"identityMap": {"ECID": [{"id": key, "primary": True}]}} if key else {}
    id = id or f"{type}-{key}-{at_ms}"
    return Happening(id, type, START_MS + at_ms, {"_id": id, "eventType": type, **identity, **xdm})


def visit(at_ms: int, key: str = "anna", **xdm: Any) -> Happening:
    """location.entry."""
    return event("location.entry", at_ms, key, **xdm)


def left(at_ms: int, key: str = "anna", **xdm: Any) -> Happening:
    """location.exit."""
    return event("location.exit", at_ms, key, **xdm)


def purchase(at_ms: int, key: str = "anna", **xdm: Any) -> Happening:
    """commerce.purchases."""
    return event("commerce.purchases", at_ms, key, **xdm)


def opened(message: Message, at_ms: int, **tracking: Any) -> Happening:
    """The tap on a push, with what its `_xdm` carried."""
    xdm = msgspec.json.decode(message.tracking)
    return event("pushTracking.applicationOpened", at_ms, message.ecid, pushNotificationTracking=tracking, **xdm)


def clicked(message: Message, action: str, at_ms: int) -> Happening:
    """A button of a push."""
    told = opened(message, at_ms, customAction={"actionID": action})
    return msgspec.structs.replace(told, type="pushTracking.customAction", id=f"click-{at_ms}")


def text(*parts: str) -> Text:
    """A text of literals and of expressions, the latter in braces."""
    return Text(tuple(parse(part[1:-1]) if len(part) > 2 and part[0] + part[-1] == "{}" else part for part in parts))


PUSH = Push(next=END, title=text("Welcome"), body=text("Hello ", "{profile.person.name.firstName}"))


def a_journey(*, name: str = "welcome", nodes: dict[str, Node] | None = None, **changes: Any) -> Journey:
    """On a visit a push and the end, unless said otherwise; the events are EVENTS."""
    nodes = {"push": PUSH} if nodes is None else nodes
    given: dict[str, Any] = {
        "entry": "visit",
        "first": next(iter(nodes), END),
        "namespace": "ECID",
        "events": tuple(JourneyEvent(event, parse(rule)) for event, rule in EVENTS.items()),
        "nodes": tuple(nodes.items()),
    } | changes
    return Journey(name=name, **given)


def engine(*journeys: Journey, people: Everybody | None = None, **changes: Any) -> Journeys:
    """Journeys of the organisation "org" with seed 7; Anna is the one person with a profile."""
    return Journeys(journeys, people or Everybody(anna=Anna()), "org", 7, **changes)


def lived(run: Journeys, *history: Happening | int) -> list[Effect]:
    """All effects of this history: events, and numbers for time that passes until then (after the start)."""
    effects: list[Effect] = []
    for each in history:
        effects += run.due(START_MS + each) if isinstance(each, int) else run.take(each)
    return effects


def steps(effects: list[Effect], *kinds: str) -> list[str]:
    """`kind node`, or `kind CODE` for discards, in order; of these kinds only, if any are named."""
    found = [each for each in effects if isinstance(each, Step)]
    return [f"{each.kind} {each.code or each.node}".strip() for each in found if not kinds or each.kind in kinds]


def messages(effects: list[Effect]) -> list[Message]:
    """What was sent."""
    return [each for each in effects if isinstance(each, Message)]


def at(effects: list[Effect], *kinds: str) -> list[int]:
    """When the steps of these kinds happened, after the start."""
    return [each.at_ms - START_MS for each in effects if isinstance(each, Step) and each.kind in kinds]


__all__ = [
    "DAY_MS",
    "END",
    "EVENTS",
    "HOUR_MS",
    "MINUTE_MS",
    "PUSH",
    "START_MS",
    "Anna",
    "Await",
    "Everybody",
    "Latency",
    "React",
    "Reentrance",
    "Wait",
    "a_journey",
    "at",
    "clicked",
    "engine",
    "event",
    "left",
    "lived",
    "messages",
    "opened",
    "purchase",
    "steps",
    "text",
    "visit",
]
