"""The Locust user: a slot that holds one phone at a time."""

from __future__ import annotations

import gevent
from gevent.event import Event
from locust import User, task
from locust.exception import StopUser

from footfall.live.locust.active import ActiveRun


class PhoneUser(User):  # type: ignore[misc]
    """A slot for phones. It leases a phone, lives its life, leases the next; without one it exits at once. How many
    slots there are (`-u`) changes how many phones live at the same time, never who they are or what they do."""

    abstract = True

    def __init__(self, environment: object) -> None:
        super().__init__(environment)
        self._leaving = Event()

    @task  # type: ignore[untyped-decorator]
    def lives(self) -> None:
        """Phone after phone, until none is left or Locust wants the slot back."""
        run: ActiveRun | None = self.environment.footfall.active
        while run is not None and not self._leaving.is_set():
            life = run.begin()
            if life is None:
                break
            gevent.wait((life, self._leaving), count=1)
        raise StopUser

    def stop(self, force: bool = False) -> bool:
        """Locust wants the slot back: it takes no other phone. The one it has lives on without it."""
        self._leaving.set()
        return bool(super().stop(force=force))
