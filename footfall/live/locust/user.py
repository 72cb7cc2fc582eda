"""The Locust user: a slot that holds one phone at a time."""

from __future__ import annotations

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
        self._ending = Event()

    @task  # type: ignore[untyped-decorator]
    def lives(self) -> None:
        """Phone after phone, until none is left."""
        run: ActiveRun | None = self.environment.footfall.active
        if run is not None:
            while run.live_one(self._ending):
                pass
        raise StopUser

    def stop(self, force: bool = False) -> bool:
        """Locust wants the slot back (a ramp down): the phone in it ends its life early, but in order."""
        self._ending.set()
        return bool(super().stop(force=force))
