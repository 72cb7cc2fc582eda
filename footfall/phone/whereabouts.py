"""Where the phone is, as far as the app gets to know: the OS's region monitor, and the Places extension behind it.

The app asks Places for what is nearby at its first launch and whenever it is 500 m away from where it last asked (the
OS's significant change), and has the OS monitor that.
"""

from __future__ import annotations

from math import inf

from footfall.phone import sdk
from footfall.phone.config import PlacesConfig
from footfall.phone.ids import Ids
from footfall.phone.places import CONFIGURATION_ERROR, PRIVACY_OPTED_OUT, Places
from footfall.phone.signals import Authorized, Forgotten, Reply, Request, StartedInside
from footfall.world.geo import Leg, Point
from footfall.world.phones import PhoneModel
from footfall.world.regions import RegionMonitor

SIGNIFICANT_CHANGE_M = 500.0  # "500 meters or more", Apple's significant-change service


class Whereabouts:
    """The location side of one phone. `refresh_ms`: when the OS will tell of a significant change."""

    __slots__ = (
        "_asked_at",
        "_config",
        "_ids",
        "_language",
        "_model",
        "_query_at",
        "asking",
        "monitor",
        "places",
        "refresh_ms",
    )

    def __init__(
        self, model: PhoneModel, language: str, config: PlacesConfig, ids: Ids, monitor: RegionMonitor
    ) -> None:
        self._model = model
        self._language = language
        self._config = config
        self._ids = ids
        self.monitor = monitor
        self.places = Places(config)
        self.asking = ""  # id of the nearby query in flight
        self._query_at: Point | None = None  # where that was made
        self._asked_at: Point | None = None
        self.refresh_ms: float = inf

    @property
    def unasked(self) -> bool:
        """Whether the next launch has to ask for what is nearby."""
        return self._asked_at is None

    def move(self, now_ms: int, leg: Leg) -> None:
        """The phone begins a leg."""
        self.monitor.move(now_ms, leg)
        self._look_for_change(now_ms)

    def authorize(self, signal: Authorized) -> tuple[bool, list[Forgotten]]:
        """The customer decides; returns whether the app may monitor now and could not before."""
        could_monitor = self.places.may_monitor
        self.places.authorized = signal.status
        self.places.accuracy = signal.accuracy
        if not self.places.may_ask:
            self.forget_where_asked()
        if self.places.may_monitor:
            return not could_monitor, []
        return False, self.forget_regions() if could_monitor else []

    def forget_where_asked(self) -> None:
        """The next launch asks for what is nearby, and no walk before it."""
        self._asked_at = None
        self.refresh_ms = inf

    def forget_regions(self) -> list[Forgotten]:
        """The OS monitors nothing any more."""
        self.monitor.forget()
        return [Forgotten("regions")]

    def die(self) -> None:
        """The app's process ends: a nearby query without an answer has to be made again."""
        if self.asking:
            self.asking = ""
            self.forget_where_asked()

    def query(self, now_ms: int) -> Request | None:
        """getNearbyPointsOfInterest, where the app may: it sends no Edge event."""
        self.refresh_ms = inf
        config, platform = self._config, self._model.platform
        if not self.places.may_ask:
            return None
        if self.places.opted_out or not config.libraries:
            self.places.result = PRIVACY_OPTED_OUT if self.places.opted_out else CONFIGURATION_ERROR
            return None
        here = self._asked_at = self._query_at = self.monitor.at(now_ms)
        self.asking = self._ids.next_request()
        limit = sdk.DEFAULT_NEARBY_LIMIT[platform] if config.nearby_limit is None else config.nearby_limit
        return Request(
            id=self.asking,
            channel="places",
            method="GET",
            target=sdk.nearby_target(self._model, config.libraries, here, limit),
            headers=sdk.places_headers(self._model, self._language),
            body=b"",
            name="places nearby",
            timeout_s=sdk.PLACES_TIMEOUT_S[platform],
        )

    def take_nearby(self, now_ms: int, reply: Reply) -> list[StartedInside]:
        """The answer: the OS is told what to monitor. Returns the regions that it will report no entry of."""
        self.asking = ""
        if self._asked_at is None and self.places.may_ask:
            self._asked_at = self._query_at  # forgotten while the query was under way, and allowed again
        pois = self.places.take_nearby(now_ms, self._model.platform, reply)
        inside = []
        if pois is not None and self.places.may_monitor:
            inside = [StartedInside(poi.id) for poi in self.monitor.register(now_ms, pois)]
        self._look_for_change(now_ms)
        return inside

    def _look_for_change(self, now_ms: int) -> None:
        if not self.asking and self._asked_at is not None:
            self.refresh_ms = self.monitor.outside_after_ms(now_ms, self._asked_at, SIGNIFICANT_CHANGE_M)
