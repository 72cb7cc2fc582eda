"""In-app messages that wait for their device: offered with every answer of Edge until the device tells that it showed
them, for 91 days at most, as nobody is in a journey for longer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from footfall.platform.config import Offer, OfferedProposition
from footfall.platform.journeys.messages import Effect, Message
from footfall.platform.journeys.types import LIMITS

LASTING_MS = max(limits.global_timeout_ms for limits in LIMITS.values())

_APP = "mobileapp://"


class OpenOffers:
    """Those of one run. What a display costs does not depend on how many there are."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, Message]] = {}  # by the device's ECID and the message's id
        self._open: OrderedDict[str, Message] = OrderedDict()  # by id, as they were sent
        self._offered: list[str] = []
        self._withdrawn: list[str] = []

    def restore(self, messages: Iterable[Message]) -> None:
        """These waited when the platform ended, in the order in which they were sent."""
        for one in messages:
            self._offer(one)

    def note(self, effects: Iterable[Effect]) -> None:
        """The in-app messages among what came about are offered from now on."""
        for effect in effects:
            if isinstance(effect, Message) and effect.channel == "in-app":
                self._offer(effect)
                self._offered.append(effect.id)

    def expire(self, now_ms: int) -> None:
        """Those that were sent 91 days ago or before are offered no more."""
        while self._open:
            id, oldest = next(iter(self._open.items()))
            if oldest.at_ms + LASTING_MS > now_ms:
                break
            self._withdraw(id)

    def shown(self, xdm: Mapping[str, Any]) -> None:
        """An event came: those that it says were displayed are offered no more."""
        match xdm:
            case {
                "eventType": "decisioning.propositionDisplay",
                "_experience": {"decisioning": {"propositions": [*told]}},
            }:
                for one in told:
                    id = one.get("id") if isinstance(one, dict) else None
                    if isinstance(id, str) and id in self._open:
                        self._withdraw(id)

    def of(self, ecid: str, scopes: Iterable[str]) -> tuple[OfferedProposition, ...]:
        """Those of a device on these surfaces, as they were sent, each once for every scope that means its surface."""
        held = self._of.get(ecid)
        if not held:
            return ()
        asked = [(_path(scope), scope) for scope in sorted(set(scopes))]
        return tuple(_proposition(one, scope) for one in held.values() for path, scope in asked if path == one.surface)

    def offered(self) -> list[str]:
        """The ids of the messages that were offered since the last call: for the store."""
        offered, self._offered = self._offered, []
        return offered

    def withdrawn(self) -> list[str]:
        """The ids of those that are offered no more, since the last call; of some `offered` has just told."""
        withdrawn, self._withdrawn = self._withdrawn, []
        return withdrawn

    def _offer(self, message: Message) -> None:
        self._of.setdefault(message.to, {})[message.id] = message
        self._open[message.id] = message

    def _withdraw(self, id: str) -> None:
        ecid = self._open.pop(id).to
        held = self._of[ecid]
        del held[id]
        if not held:
            del self._of[ecid]
        self._withdrawn.append(id)


def _path(scope: str) -> str:
    """The path of a surface below its app's own: mobileapp://com.example.shop/home is home."""
    return scope.removeprefix(_APP).partition("/")[2] if scope.startswith(_APP) else scope


def _proposition(message: Message, scope: str) -> OfferedProposition:
    return OfferedProposition(
        id=message.id,
        scope=scope,
        items=(Offer(f"{message.id}-item", "json-content-item", message.content),),
        details=message.tracking,
    )
