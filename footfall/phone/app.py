"""The app around the SDK: which calls it makes when the customer does something, by its configuration."""

from __future__ import annotations

from footfall.phone.config import AppConfig
from footfall.phone.signals import Did, Earned, Saw, Tapped
from footfall.xdm import app as events
from footfall.xdm.commerce import commerce
from footfall.xdm.events import ExperienceEvent

Action = Did | Saw | Tapped | Earned


class App:
    """One app; all its phones share it. It is read only."""

    __slots__ = ("_journey_events", "config")

    def __init__(self, config: AppConfig) -> None:
        self.config = config
        self._journey_events = {event.event_type: event.event_id for event in config.journey_events}

    def event(self, action: Action) -> ExperienceEvent:
        """The event by which the app tells Edge of what the customer did."""
        tenant = self.config.tenant
        match action:
            case Did(kind, lines, order):
                return commerce(kind, lines, order, self.event_id(f"commerce.{kind}") if self._journey_events else "")
            case Saw(screen):
                return events.scene(tenant, screen, self.event_id("application.scene"))
            case Tapped(name):
                return events.interaction(tenant, name, self.event_id("application.interaction"))
            case Earned(points, balance, reached):
                type = "loyalty.pointsEarned" if reached is None else "loyalty.pointsReached"
                return events.loyalty(tenant, points, balance, reached, self.event_id(type))

    def event_id(self, event_type: str) -> str:
        """The id of the journey event that events of this type are to carry; empty where none asks for them."""
        return self._journey_events.get(event_type, "")
