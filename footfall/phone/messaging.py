"""The Messaging extension: the push token's sync, what is told of notifications, and propositions.

Source: aepsdk-messaging-ios Messaging.swift, Messaging+PushTracking, PropositionInteraction; mobile-sdk.md 6.1 to 6.3.
"""

from __future__ import annotations

from typing import Literal

from footfall.phone.config import AppConfig
from footfall.phone.signals import PushReacted, PushTokenSet, Reacted, SurfacesAsked
from footfall.world.phones import Platform
from footfall.xdm import messaging as events
from footfall.xdm.events import ExperienceEvent
from footfall.xdm.messaging import Proposition

MessagingSignal = PushTokenSet | PushReacted | Reacted | SurfacesAsked
_PUSH: dict[Platform, Literal["apns", "fcm"]] = {"ios": "apns", "android": "fcm"}


class Messaging:
    """The Messaging extension of one phone, with the propositions that Edge sent it last, by surface."""

    __slots__ = ("_app", "_platform", "_propositions", "_token")

    def __init__(self, app: AppConfig, platform: Platform) -> None:
        self._app = app
        self._platform = platform
        self._token = ""
        self._propositions: dict[str, tuple[Proposition, ...]] = {}

    @property
    def push_platform(self) -> Literal["apns", "apnsSandbox", "fcm"]:
        """What the SDK calls the push service."""
        if self._platform == "ios" and self._app.messaging.sandbox:
            return "apnsSandbox"
        return _PUSH[self._platform]

    def event(self, signal: MessagingSignal, ecid: str) -> ExperienceEvent | None:
        """What is told of it, if anything is."""
        match signal:
            case PushTokenSet(token):
                return self._push_token(token, ecid)
            case PushReacted():
                return self._reaction(signal)
            case Reacted():
                return self._proposition(signal)
            case SurfacesAsked(paths):
                return self.request(paths)

    def _push_token(self, token: str, ecid: str) -> ExperienceEvent | None:
        """The event that syncs the token, unless it is the same as last time."""
        if not token or (token == self._token and self._app.messaging.optimize_push_sync):
            return None
        self._token = token
        return events.push_token(self._app.id, token, self.push_platform, ecid)

    def _reaction(self, signal: PushReacted) -> ExperienceEvent | None:
        """What is told of a notification; nothing where it has no `_xdm` or the app no dataset for it."""
        return events.push_reaction(
            signal.message, signal.action, signal.opened, self.push_platform, self._app.messaging.event_dataset
        )

    def request(self, paths: tuple[str, ...]) -> ExperienceEvent:
        """The query for the propositions of these paths below the app's own surface, or of that where none is named."""
        own = f"mobileapp://{self._app.id}"
        return events.proposition_request(tuple(f"{own}/{path.strip('/')}" for path in paths) or (own,))

    def take(self, propositions: tuple[Proposition, ...]) -> None:
        """A decision's propositions take the place of those of the same surfaces."""
        scopes: dict[str, tuple[Proposition, ...]] = {}
        for proposition in propositions:
            scopes[proposition.scope] = (*scopes.get(proposition.scope, ()), proposition)
        self._propositions = {**self._propositions, **scopes}

    def _proposition(self, signal: Reacted) -> ExperienceEvent | None:
        """What is told of propositions that reached the app before; nothing of others."""
        known = {one.id: one for scope in self._propositions.values() for one in scope}
        meant = tuple((known[id], known[id].items) for id in signal.proposition_ids if id in known)
        if not meant:
            return None
        return events.proposition_event(signal.what, meant, signal.action, signal.reason, tokens=signal.tokens)
