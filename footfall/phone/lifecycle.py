"""The Lifecycle extension (V2), forwarded to Edge by a tags rule: a launch on every foreground, a close on every
background.

A close waits 0.5 s, and a start within that time cancels both. A start that finds no close of the session before says
that close first, of type unknown, at the last time the app was known to be alive. Source: aepsdk-core-ios
AEPLifecycle/LifecycleV2, aepsdk-core-android LifecycleV2*.java.
"""

from __future__ import annotations

from footfall.phone.config import AppConfig
from footfall.world.phones import PhoneModel
from footfall.xdm import lifecycle as events
from footfall.xdm.events import ExperienceEvent
from footfall.xdm.lifecycle import AppInfo

STATE_UPDATE_MS = 500
KNOWN_STEP_MS = 2000  # the last known time is written down at most that often; iOS adds it when it reads it


class Lifecycle:
    """The lifecycle of the app on one phone. Times of the session are persisted, the pending pause is not."""

    __slots__ = (
        "_app",
        "_carrier",
        "_closed",
        "_known_ms",
        "_language",
        "_launched_ms",
        "_loaded_ms",
        "_model",
        "_paused_ms",
        "_running",
        "_seen_version",
        "_written_ms",
        "close_due_ms",
        "version",
    )

    def __init__(self, app: AppConfig, version: str, model: PhoneModel, language: str, carrier: str | None) -> None:
        self._app = app
        self._model = model
        self._language = language
        self._carrier = carrier
        self.version = version
        self._seen_version = ""  # of the app at its last launch; empty before the first
        self._launched_ms: int | None = None
        self._closed = True  # whether the last session's close was made
        self._known_ms: int | None = None
        self._written_ms: int | None = None  # when this process last wrote it down
        self._loaded_ms: int | None = None  # the last known time as this process found it
        self._running = False  # the state machine of this process is in START
        self._paused_ms: int | None = None
        self.close_due_ms: int | None = None  # when a pending close becomes an event

    @property
    def in_front(self) -> bool:
        """Whether the app is in the foreground."""
        return self._running and self._paused_ms is None

    def start(self, now_ms: int, context: tuple[tuple[str, str], ...] = ()) -> list[tuple[int, ExperienceEvent]]:
        """The app comes to the foreground: its launch, unless it was only away for a blink, and before it the close
        that a session before is owed. Each with its timestamp."""
        if self._paused_ms is not None and now_ms < self._paused_ms + STATE_UPDATE_MS:
            self._paused_ms = self.close_due_ms = None
            return []
        if self._running:
            return []
        made: list[tuple[int, ExperienceEvent]] = []
        install = not self._seen_version
        if not install and not self._closed:
            made.append(self._unknown_close(now_ms))
        upgrade = not install and self._seen_version != self.version
        self._seen_version = self.version
        self._launched_ms = now_ms
        self._closed = False
        self._running = True
        info = AppInfo(self._app.id, self._app.name, self.version)
        launch = events.launch(info, self._model, self._language, self._carrier, install, upgrade, dict(context))
        made.append((now_ms, launch))
        return made

    def _unknown_close(self, now_ms: int) -> tuple[int, ExperienceEvent]:
        known_ms = self._loaded_ms
        if known_ms is None:
            at_ms = now_ms - 1000
        else:
            at_ms = known_ms + KNOWN_STEP_MS if self._model.platform == "ios" else known_ms
        return at_ms, events.close(self._length_s(at_ms), "unknown")

    def boot(self) -> None:
        """A process of the app begins: it reads what the one before has written down."""
        self._loaded_ms = self._known_ms
        self._written_ms = None

    def alive(self, now_ms: int) -> None:
        """The SDK saw an event: the app is known to have been alive now."""
        if self._written_ms is None or now_ms - self._written_ms >= KNOWN_STEP_MS:
            self._known_ms = self._written_ms = now_ms

    def pause(self, now_ms: int) -> None:
        """The app goes to the background; the close event is due half a second later. Another pause within that time
        begins the wait anew."""
        if self._running:
            self._paused_ms = now_ms
            self.close_due_ms = now_ms + STATE_UPDATE_MS

    def close(self, now_ms: int) -> tuple[int, ExperienceEvent] | None:
        """The close event and its timestamp (that of the pause), once it is due."""
        if self._paused_ms is None or now_ms < self._paused_ms + STATE_UPDATE_MS:
            return None
        paused_ms = self._paused_ms
        self._paused_ms = self.close_due_ms = None
        self._running = False
        self._closed = True
        return paused_ms, events.close(self._length_s(paused_ms))

    def die(self) -> None:
        """The process is gone: a pending close is never made."""
        self._running = False
        self._paused_ms = self.close_due_ms = None

    def _length_s(self, until_ms: int) -> int | None:
        """sessionLength in whole seconds; Android leaves a 0 out, iOS sends it."""
        length_s = 0 if self._launched_ms is None else max(0, (until_ms - self._launched_ms) // 1000)
        return length_s if length_s > 0 or self._model.platform == "ios" else None
