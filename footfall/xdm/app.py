"""The events that an app sends of its own accord: screens, actions, loyalty points.

Their members stand in the object of the company's tenant, whose name every builder takes with its underscore
(`_footfall`): XDM has no standard ones. The first two are those of Adobe's tutorial app (Luma, MobileSDK.swift,
mobile-sdk.md 5). `event_id` is the id that Journey Orchestration gave to an event of its own, and demands of the
sender.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from footfall.xdm.events import ExperienceEvent, encoded
from footfall.xdm.types import Experience, Measure

_ONE = Measure(1)


@lru_cache(maxsize=1024)
def scene(tenant: str, screen_name: str, event_id: str = "") -> ExperienceEvent:
    """application.scene: a screen came into view."""
    state = {"screenType": "App", "screenName": screen_name, "screenView": _ONE}
    return _of_app("application.scene", tenant, {"appInformation": {"appStateDetails": state}}, event_id)


@lru_cache(maxsize=1024)
def interaction(tenant: str, name: str, event_id: str = "") -> ExperienceEvent:
    """application.interaction: an action with a name, a tap on a button most often."""
    interacted = {"name": name, "appAction": _ONE}
    return _of_app("application.interaction", tenant, {"appInformation": {"appInteraction": interacted}}, event_id)


def loyalty(tenant: str, points_earned: int, balance: int, reached: int | None, event_id: str = "") -> ExperienceEvent:
    """loyalty.pointsEarned, or loyalty.pointsReached where the points just earned crossed the threshold `reached`:
    the journeys' example of "a customer reaches 10,000 loyalty points" (experience-platform.md 5.5).

    All three are whole points, `balance` the one afterwards. The two event types are the app's own: Adobe's list of
    standard ones has none for points.
    """
    points = {"pointsEarned": points_earned, "pointsBalance": balance}
    if reached is not None:
        points["pointsReached"] = reached
    type = "loyalty.pointsEarned" if reached is None else "loyalty.pointsReached"
    return _of_app(type, tenant, {"loyalty": points}, event_id)


def _of_app(type: str, tenant: str, members: Mapping[str, object], event_id: str) -> ExperienceEvent:
    xdm: dict[str, object] = {"eventType": type, tenant: members}
    if event_id:
        xdm["_experience"] = Experience.of_journey_event(event_id)
    return encoded(type, xdm)
