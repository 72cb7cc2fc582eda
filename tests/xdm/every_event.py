"""One event of every kind that the builders make, and how to look into it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args

from footfall.world.catalogue import CATALOGUE
from footfall.world.phones import MODELS
from footfall.world.pois import Poi
from footfall.xdm import app, lifecycle, messaging, places
from footfall.xdm.commerce import COMMERCE_KINDS, CartLine, OrderRef, Payment, commerce, order_placed
from footfall.xdm.events import ExperienceEvent
from footfall.xdm.lifecycle import AppInfo
from footfall.xdm.messaging import Proposition, PropositionEvent, PropositionItem, PushMessage

APP = AppInfo("com.example.shop", "Shop", "1.4.0 (210)")
TENANT = "_footfall"
JOURNEY_EVENT = "0123456789abcdef0123456789abcdef"
IPHONE, IPAD = (next(each for each in MODELS["ios"] if each.type == type) for type in ("mobile", "tablet"))
ANDROID_PHONE = next(each for each in MODELS["android"] if each.type == "mobile")
CAFE = Poi("p-1", "Kahvila Ääni", 24.94, 60.17, 100, "lib", 1, "cafe", (("category", "cafe"), ("city", "Helsinki")))
BARE = Poi("p-2", "Kiosk", 24.95, 60.17, 50, "lib", 2, "")
CART = (CartLine(CATALOGUE[0], 1), CartLine(CATALOGUE[2], 3))  # 129.00 + 3 x 139.90
SCANNED = (CartLine(CATALOGUE[1], 2, add_method="scan"),)
ORDER = OrderRef("FF-000001-01", (Payment("TX-0123456789abcdef", "credit_card", 54_870),))
SPLIT = OrderRef(
    "FF-000001-02", (Payment("TX-1", "gift_card", 5_000), Payment("TX-2", "paypal", 49_870)), order_number="4711"
)
EXECUTION = {
    "messageExecutionID": "execution-1",
    "messageID": "message-1",
    "journeyVersionID": "version-1",
    "journeyVersionInstanceId": "instance-1",
}
PUSH = PushMessage(
    "delivery-1",
    json.dumps(
        {"cjm": {"_experience": {"customerJourneyManagement": {"messageExecution": EXECUTION}}}},
    ).encode(),
)
DECIDED_PUSH = PushMessage(
    "delivery-2",
    json.dumps(
        {
            "mixins": {
                "_experience": {
                    "customerJourneyManagement": {"messageExecution": EXECUTION},
                    "decisioning": {"exdRequestID": "request-1", "propositions": [{"id": "p", "scope": "s"}]},
                }
            }
        }
    ).encode(),
)
BANNER = PropositionItem("item-1", "https://ns.adobe.com/personalization/html-content-item", b'{"content":"<b>!</b>"}')
OFFER = PropositionItem("item-2", "https://ns.adobe.com/personalization/json-content-item", b"{}")
HOME = Proposition(
    "proposition-1", "mobileapp://com.example.shop/home", b'{"decisionProvider":"AJO","rank":1}', (BANNER, OFFER)
)
CARDS = Proposition("proposition-2", "mobileapp://com.example.shop/cards", b"{}", ())


def reaction(
    message: PushMessage, action: str | None, opened: bool, platform: messaging.PushPlatform = "apns"
) -> ExperienceEvent:
    """A push reaction that is sent."""
    event = messaging.push_reaction(message, action, opened, platform, "dataset-1")
    assert event is not None
    return event


EVERY: dict[str, ExperienceEvent] = {
    # the Lifecycle extension
    "install on iOS": lifecycle.launch(APP, IPHONE, "fi-FI", None, install=True, upgrade=False),
    "launch on iOS": lifecycle.launch(APP, IPHONE, "fi-FI", None, install=False, upgrade=False),
    "upgrade on Android": lifecycle.launch(APP, ANDROID_PHONE, "fi-FI", "Elisa", install=False, upgrade=True),
    "launch on a tablet": lifecycle.launch(APP, IPAD, "fi-FI", None, install=False, upgrade=False),
    "launch with the app's context": lifecycle.launch(
        APP, IPHONE, "fi-FI", None, install=False, upgrade=False, context={"campaign": "spring"}
    ),
    "close": lifecycle.close(22),
    "close at once": lifecycle.close(0),
    "close without a length": lifecycle.close(None),
    "close after a crash": lifecycle.close(None, close_type="unknown"),
    # the Places extension, and the tutorial's rule
    "entry": places.location("entry", CAFE),
    "exit": places.location("exit", CAFE),
    "entry of a POI without metadata": places.location("entry", BARE),
    "entry by the rule": places.rule_location("entry", CAFE, True, "poiDetail"),
    "exit by the rule for a journey": places.rule_location("exit", CAFE, False, "POIDetail", "0a1b2c"),
    "entry by the rule without metadata": places.rule_location("entry", BARE, True, "poiDetail"),
    # the shop
    **{kind: commerce(kind, CART) for kind in COMMERCE_KINDS if kind != "purchases"},
    "list of an empty cart": commerce("productListOpens", ()),
    "scanned": commerce("productListAdds", SCANNED),
    "purchase": commerce("purchases", CART, ORDER),
    "order placed": order_placed(CART, ORDER),
    "order placed, for a journey": order_placed(CART, SPLIT, JOURNEY_EVENT),
    "purchase in two payments, for a journey": commerce("purchases", CART, SPLIT, JOURNEY_EVENT),
    # the app
    "scene": app.scene(TENANT, "shop: home"),
    "scene for a journey": app.scene(TENANT, "shop: home", JOURNEY_EVENT),
    "interaction": app.interaction(TENANT, "favourite"),
    "interaction for a journey": app.interaction(TENANT, "favourite", JOURNEY_EVENT),
    "points earned": app.loyalty(TENANT, 120, 9_990, None),
    "points reached, for a journey": app.loyalty(TENANT, 120, 10_110, 10_000, JOURNEY_EVENT),
    # the Messaging extension
    "push token": messaging.push_token("com.example.shop", "token-1", "apns", "1" * 38),
    "push opened": reaction(PUSH, None, True),
    "push opened in the sandbox": reaction(PUSH, None, True, "apnsSandbox"),
    "push action on Android": reaction(DECIDED_PUSH, "show", True, "fcm"),
    "push dismissed": reaction(DECIDED_PUSH, messaging.DISMISS, False),
    "request for propositions": messaging.proposition_request(("mobileapp://com.example.shop",)),
    **{
        f"proposition {what}": messaging.proposition_event(what, ((HOME, (BANNER,)),))
        for what in get_args(PropositionEvent)
    },
    "tap on a proposition": messaging.proposition_event("interact", ((HOME, (BANNER,)),), ("buy", "Buy now")),
    "two propositions": messaging.proposition_event("display", ((HOME, (BANNER, OFFER)), (CARDS, ()))),
    "not shown": messaging.proposition_event("suppressDisplay", ((HOME, (BANNER,)),), reason="Conflict"),
    "parts of items": messaging.proposition_event("display", ((HOME, (BANNER, OFFER)),), tokens=("t1", "t2")),
}


def xdm_of(event: ExperienceEvent) -> dict[str, Any]:
    """The event's xdm, with numbers as they are written."""
    decoded: dict[str, Any] = json.loads(event.body, parse_float=Decimal)
    return decoded


def beside_of(event: ExperienceEvent) -> dict[str, Any]:
    """What stands beside the event's xdm."""
    decoded: dict[str, Any] = json.loads(event.beside or b"{}")
    return decoded


def values_in(value: Any) -> Iterator[Any]:
    """Every value in a JSON document, itself first."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from values_in(each)
