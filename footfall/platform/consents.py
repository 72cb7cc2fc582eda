"""What people said about collecting data, by organisation and device."""

from __future__ import annotations

from footfall.platform.messages import Collect, ConsentChange


class Consents:
    """The collect consent of every device that said something."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], Collect] = {}

    def change(self, change: ConsentChange) -> None:
        """The device said so."""
        self._said[change.org, change.ecid] = change.collect

    def collect(self, org: str, ecid: str, default: Collect) -> Collect:
        """What the device said last, or the datastream's default."""
        return self._said.get((org, ecid), default)
