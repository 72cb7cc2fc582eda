"""The Lifecycle extension (V2), forwarded to Edge by a tags rule: a launch on every foreground, a close on every
background.

A close waits 0.5 s, and a start within that time cancels both. Source: aepsdk-core-ios AEPLifecycle/LifecycleV2,
aepsdk-core-android LifecycleV2*.java.
"""

from __future__ import annotations

from footfall.world.phones import PhoneModel
from footfall.xdm import build
from footfall.xdm.build import AppInfo, ExperienceEvent

STATE_UPDATE_MS = 500


class Lifecycle:
    """The lifecycle of the app on one phone."""

    __slots__ = ("_app", "_carrier", "_language", "_launched_ms", "_model", "_paused_ms", "_version", "close_due_ms")

    def __init__(self, app: AppInfo, model: PhoneModel, language: str, carrier: str | None) -> None:
        self._app = app
        self._model = model
        self._language = language
        self._carrier = carrier
        self._version: str | None = None  # of the app at its last launch; None before the first
        self._launched_ms: int | None = None
        self._paused_ms: int | None = None
        self.close_due_ms: int | None = None  # when a pending close becomes an event

    @property
    def installed(self) -> bool:
        """Whether the app has been launched on this phone at all."""
        return self._version is not None

    def start(self, now_ms: int) -> ExperienceEvent | None:
        """The app comes to the foreground: its launch event, unless it was only away for a blink."""
        if self._paused_ms is not None and now_ms < self._paused_ms + STATE_UPDATE_MS:
            self._paused_ms = self.close_due_ms = None
            return None
        if self._launched_ms is not None:
            return None
        install = self._version is None
        upgrade = self._version is not None and self._version != self._app.version
        self._version = self._app.version
        self._launched_ms = now_ms
        return build.launch(self._app, self._model, self._language, self._carrier, install, upgrade)

    def pause(self, now_ms: int) -> None:
        """The app goes to the background; the close event is due half a second later."""
        if self._launched_ms is not None:
            self._paused_ms = now_ms
            self.close_due_ms = now_ms + STATE_UPDATE_MS

    def close(self, now_ms: int) -> tuple[int, ExperienceEvent] | None:
        """The close event and its timestamp (that of the pause), once it is due.

        sessionLength is whole seconds; Android leaves a 0 out, iOS sends it.
        """
        if self._paused_ms is None or self._launched_ms is None or now_ms < self._paused_ms + STATE_UPDATE_MS:
            return None
        paused_ms, length_s = self._paused_ms, (self._paused_ms - self._launched_ms) // 1000
        self._paused_ms = self._launched_ms = self.close_due_ms = None
        told = length_s if length_s > 0 or self._model.platform == "ios" else None
        return paused_ms, build.close(told)
