"""One event of every kind that the builders make, and how to look into it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from footfall.world.catalogue import CATALOGUE
from footfall.world.phones import MODELS
from footfall.world.pois import Poi
from footfall.xdm import build
from footfall.xdm.build import COMMERCE_MEMBERS, AppInfo, CartLine, ExperienceEvent, OrderRef

APP = AppInfo("com.example.shop", "Shop", "1.4.0 (210)")
IPHONE, ANDROID_PHONE = MODELS["ios"][0], MODELS["android"][0]
CAFE = Poi("p-1", "Kahvila Ääni", 24.94, 60.17, 100, "lib", 1, "cafe", (("category", "cafe"), ("city", "Helsinki")))
BARE = Poi("p-2", "Kiosk", 24.95, 60.17, 50, "lib", 2, "shop")
CART = (CartLine(CATALOGUE[0], 1), CartLine(CATALOGUE[2], 3))
ORDER = OrderRef("FF-000001-01", "TX-0123456789abcdef", "credit_card")

EVERY: dict[str, ExperienceEvent] = {
    "install on iOS": build.launch(APP, IPHONE, "fi-FI", None, install=True, upgrade=False),
    "launch on iOS": build.launch(APP, IPHONE, "fi-FI", None, install=False, upgrade=False),
    "upgrade on Android": build.launch(APP, ANDROID_PHONE, "fi-FI", "Elisa", install=False, upgrade=True),
    "close": build.close(22),
    "close at once": build.close(0),
    "close without a length": build.close(None),
    "close after a crash": build.close(None, close_type="unknown"),
    "entry": build.location("entry", CAFE),
    "exit": build.location("exit", CAFE),
    "entry of a POI without metadata": build.location("entry", BARE),
    **{kind: build.commerce(kind, CART) for kind in COMMERCE_MEMBERS if kind != "purchases"},
    "list of an empty cart": build.commerce("productListOpens", ()),
    "purchase": build.commerce("purchases", CART, ORDER),
}


def xdm_of(event: ExperienceEvent) -> dict[str, Any]:
    """The event's xdm, with numbers as they are written."""
    decoded: dict[str, Any] = json.loads(event.body, parse_float=Decimal)
    return decoded


def values_in(value: Any) -> Iterator[Any]:
    """Every value in a JSON document, itself first."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from values_in(each)
