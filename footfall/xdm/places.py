"""The events that come of a region event: the Places extension's own, and the one that the tutorial's rule makes."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import msgspec

from footfall.world.pois import Poi
from footfall.xdm.events import ExperienceEvent, encoded
from footfall.xdm.types import EventXdm, KeyValue, MetadataList, PlaceContext, PoiDetail, PoiInteraction

Spelling = Literal["poiDetail", "POIDetail"]


@lru_cache(maxsize=4096)
def location(kind: Literal["entry", "exit"], poi: Poi) -> ExperienceEvent:
    """location.entry or location.exit as the Places extension sends it: poiID, name, metadata.list, nothing else
    (aepsdk-places-ios Places+EdgeEvents.swift)."""
    pairs = tuple(KeyValue(key, value) for key, value in poi.metadata)
    detail = PoiDetail(poi.id, poi.name, MetadataList(pairs))
    return encoded(
        f"location.{kind}",
        EventXdm(f"location.{kind}", place_context=PlaceContext(PoiInteraction(detail))),
        place=poi.id,
    )


@lru_cache(maxsize=4096)
def rule_location(
    kind: Literal["entry", "exit"], poi: Poi, within: bool, spelling: Spelling, event_id: str = ""
) -> ExperienceEvent:
    """What Experience League's "Use Places with Platform Mobile SDK" sends beside it: a rule attaches XDM to the Places
    event and forwards the whole to Edge, so that the Places event's own keys leak through beside `xdm`.

    `within` is the cached POI's flag. Among the leaking keys Android has a timestamp too, in whole seconds (own
    knowledge), which is added when the event is written (`stamped`). `event_id`: the id of a journey event that asks
    for it. The older spelling `POIDetail` is the deprecated twin of `poiDetail` in XDM. Source:
    mobile-sdk.md 4.6 (derived), 8.3.
    """
    count = "poiEntries" if kind == "entry" else "poiExits"
    metadata = dict(poi.metadata)
    xdm: dict[str, object] = {
        "eventType": f"location.{kind}",
        "placeContext": {
            **({"geo": {"city": metadata["city"]}} if "city" in metadata else {}),
            "POIinteraction": {
                spelling: {"name": poi.name, **({"category": poi.category} if poi.category else {})},
                count: {"value": 1},
            },
        },
    }
    leaked: dict[str, object] = {
        "regioneventtype": kind,
        "triggeringregion": {
            "regionid": poi.id,
            "regionname": poi.name,
            "latitude": poi.lat,
            "longitude": poi.lon,
            "radius": int(poi.radius_m),
            "weight": poi.weight,
            "libraryid": poi.library,
            "useriswithin": within,
            "regionmetadata": metadata,
        },
    }
    if event_id:
        xdm["_experience"] = {"campaign": {"orchestration": {"eventID": event_id}}}
    return msgspec.structs.replace(encoded(f"location.{kind}", xdm, leaked, place=poi.id), stamped=True)
