"""The Places extension: the nearby list, and which region events become ExperienceEvents.

A nearby query sends nothing to Edge; a region event for a POI that is not in the last nearby list is ignored; nothing
is de-duplicated. Sources: aepsdk-places-ios PlacesQueryService.swift, Places+State.swift, Places+EdgeEvents.swift;
mobile-sdk.md 4.2 and 4.3.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

import msgspec

from footfall.phone.config import PlacesConfig
from footfall.phone.signals import Reply
from footfall.world.phones import Platform
from footfall.world.pois import Poi

Authorization = Literal["always", "wheninuse", "denied", "restricted", "unknown"]
Accuracy = Literal["full", "reduced"]

# what the app is told of a nearby query (PlacesQueryResponseCode)
OK, CONNECTIVITY_ERROR, SERVER_RESPONSE_ERROR, CONFIGURATION_ERROR, PRIVACY_OPTED_OUT = 0, 1, 2, 4, 6

_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _Row(msgspec.Struct):
    p: tuple[str, str, str, str, _Int64, str, _Int64]
    x: dict[str, str] = {}


class _Lists(msgspec.Struct, rename="camel"):
    user_within: list[msgspec.Raw] = []
    pois: list[msgspec.Raw] = []


class _Answer(msgspec.Struct):
    places: _Lists = msgspec.field(default_factory=_Lists)


_ANSWER = msgspec.json.Decoder(_Answer)
_ROW = msgspec.json.Decoder(_Row)


def read_nearby(body: bytes) -> tuple[tuple[Poi, ...], tuple[Poi, ...]] | None:
    """userWithin and pois of the Places Query Service's answer; None if it cannot be read at all.

    A row whose `p` has not exactly 7 members of the right types is skipped, as the SDK does, and so is one whose
    position is none on the earth.
    """
    try:
        places = _ANSWER.decode(body).places
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return _pois(places.user_within), _pois(places.pois)


def _pois(rows: list[msgspec.Raw]) -> tuple[Poi, ...]:
    return tuple([poi for raw in rows if (poi := _poi(bytes(raw))) is not None])


@lru_cache(maxsize=4096)
def _poi(raw: bytes) -> Poi | None:
    """One row. All phones of a town are told of the same places, in the same bytes."""
    try:
        row = _ROW.decode(raw)
        lat, lon = float(row.p[2]), float(row.p[3])
    except (ValueError, RecursionError):  # msgspec's own errors are ValueErrors too
        return None
    if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):  # NaN is not
        return None
    return Poi(
        id=row.p[0],
        name=row.p[1],
        lon=lon,
        lat=lat,
        radius_m=row.p[4],
        library=row.p[5],
        weight=row.p[6],
        category=row.x.get("category", ""),
        metadata=tuple(row.x.items()),
    )


class Membership(msgspec.Struct, frozen=True):
    """The shared state of the extension: where it believes the phone to be."""

    nearby: tuple[Poi, ...]
    within: tuple[Poi, ...]
    current: Poi | None = None
    last_entered: Poi | None = None
    last_exited: Poi | None = None
    authorized: Authorization = "unknown"
    accuracy: Accuracy = "full"


class Places:
    """The Places extension of one phone. The nearby list is persisted; so is the membership, until it expires."""

    __slots__ = (
        "_current",
        "_entered",
        "_exited",
        "_flagged",
        "_nearby",
        "_ttl_ms",
        "_valid_until_ms",
        "_within",
        "accuracy",
        "authorized",
        "opted_out",
        "result",
    )

    def __init__(self, config: PlacesConfig) -> None:
        self._ttl_ms = 1000 * config.membership_ttl_s
        self._nearby: tuple[Poi, ...] = ()
        self._flagged = 0  # so many of them, the first ones, were in userWithin
        self._within: tuple[Poi, ...] = ()
        self._current: Poi | None = None
        self._entered: Poi | None = None
        self._exited: Poi | None = None
        self._valid_until_ms = 0
        self.opted_out = False  # global.privacy
        self.authorized: Authorization = "always"
        self.accuracy: Accuracy = "full"
        self.result = OK  # of the last nearby query, as the app's callback is told

    @property
    def may_ask(self) -> bool:
        """Whether the app gets a position to ask with."""
        return self.authorized in ("always", "wheninuse")

    @property
    def may_monitor(self) -> bool:
        """Whether the OS reports crossings to the app: in the background that takes `always`, and iOS monitors nothing
        with reduced accuracy."""
        return self.authorized == "always" and self.accuracy == "full"

    def state(self, now_ms: int) -> Membership:
        """The extension's shared state. What was current, entered or left is told no longer than the membership's time
        to live after the last nearby answer or region event."""
        if now_ms >= self._valid_until_ms:
            return Membership(self._nearby, self._within, authorized=self.authorized, accuracy=self.accuracy)
        return Membership(
            self._nearby, self._within, self._current, self._entered, self._exited, self.authorized, self.accuracy
        )

    def user_is_within(self, poi: Poi) -> bool:
        """The cached POI's flag: whether the last nearby answer had it among `userWithin`. Region events do not change
        it, so it may be true on an exit."""
        return poi in self._nearby[: self._flagged]

    def take_nearby(self, now_ms: int, platform: Platform, reply: Reply) -> tuple[Poi, ...] | None:
        """A nearby answer replaces the lists and makes the first place around the phone the last entered one; an
        answer that is none leaves all as it was. Returns the POIs for the app. Sends no event."""
        if self.opted_out:
            self.result = PRIVACY_OPTED_OUT
            return None
        self.result = OK if reply.status == 200 else refused(platform, reply)
        answer = read_nearby(reply.body) if reply.status == 200 else None
        if answer is None:
            self.result = self.result or SERVER_RESPONSE_ERROR
            return None
        within, pois = answer
        self._nearby = (*within, *pois)
        self._flagged = len(within)
        self._within = within
        self._current = _first(within)
        if within:
            self._entered = within[0]
        self._valid_until_ms = now_ms + self._ttl_ms
        return self._nearby

    def process_region(self, now_ms: int, kind: Literal["entry", "exit"], poi_id: str) -> Poi | None:
        """Takes a region event; None for one that is ignored: of a POI that is not in the nearby list, or after the
        customer opted out. Nothing is de-duplicated."""
        if self.opted_out:
            return None
        for poi in self._nearby:
            if poi.id == poi_id:
                break
        else:
            return None
        others = tuple([one for one in self._within if one.id != poi_id])
        if kind == "entry":
            self._entered = poi
            self._within = (poi, *others)
        else:
            self._exited = poi
            self._within = others
        self._current = _first(self._within)
        self._valid_until_ms = now_ms + self._ttl_ms
        return poi

    def clear(self) -> None:
        """Places.clear, or opting out: all lists and the membership go."""
        self._nearby = self._within = ()
        self._flagged = 0
        self._current = self._entered = self._exited = None
        self._valid_until_ms = 0


def _first(within: tuple[Poi, ...]) -> Poi | None:
    """The current POI: the lowest weight, then the smallest radius, then the latest, which stands first."""
    return min(within, key=lambda poi: (poi.weight, poi.radius_m), default=None)


def refused(platform: Platform, reply: Reply) -> int:
    """The code of a query without an answer of 200: none at all is a connectivity error, and on Android so is every
    other status."""
    return SERVER_RESPONSE_ERROR if reply.status and platform == "ios" else CONNECTIVITY_ERROR
