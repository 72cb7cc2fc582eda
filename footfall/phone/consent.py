"""The Consent extension: what the customer allows, and the requests that tell Edge of it.

Source: aepsdk-edgeconsent-ios Consent.swift, ConsentPreferencesManager; mobile-sdk.md 7.3. The default of the
configuration holds until the customer decides; it is never sent.
"""

from __future__ import annotations

from collections.abc import Mapping

from footfall.phone.config import Collect, ConsentConfig
from footfall.xdm.wire import IdentityMap, Json, timestamp


class Consent:
    """The consent preferences of one phone. `collect` is the one that Edge heeds."""

    __slots__ = ("_config", "_said")

    def __init__(self, config: ConsentConfig) -> None:
        self._config = config
        self._said: Collect | None = None

    @property
    def registered(self) -> bool:
        """Whether the app has the extension at all."""
        return self._config.registered

    @property
    def collect(self) -> Collect:
        """y, n or p(ending); y where there is no Consent extension."""
        if not self._config.registered:
            return "y"
        return self._config.default if self._said is None else self._said

    def told(self, collect: str) -> None:
        """The customer, or Edge's `consent:preferences`, says so. Other words than y, n and p mean p, as in
        ConsentStatus.getCollectConsentOrDefault."""
        self._said = "y" if collect == "y" else "n" if collect == "n" else "p"


def update_body(json: Json, identities: IdentityMap, changed: Mapping[str, object], epoch_ms: int) -> bytes:
    """The body of a set-consent request: only what changed, and when."""
    return json.consent(identities, {**changed, "metadata": {"time": timestamp(epoch_ms)}})
