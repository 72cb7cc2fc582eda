"""The app around the SDK: which event it hands to Edge for what the customer does, by its configuration."""

from __future__ import annotations

import json
from typing import Any

import pytest
from phone_words import called, made, told
from sdk_behaviour import behaviour
from sdk_words import sent
from story_words import configured, opened

from footfall.phone.app import Action, App
from footfall.phone.config import AppConfig, JourneyEvent
from footfall.phone.phone import Phone
from footfall.phone.signals import Did, Earned, Saw, Tapped
from footfall.world.catalogue import CATALOGUE
from footfall.xdm.app import interaction, loyalty, scene
from footfall.xdm.commerce import COMMERCE_KINDS, CartLine, OrderRef, Payment, commerce
from footfall.xdm.events import ExperienceEvent

BOOTS, SCARF = CATALOGUE[0], CATALOGUE[1]
LINES = (CartLine(BOOTS, 2, "scan"), CartLine(SCARF, 1))
TOTAL_CENTS = 2 * BOOTS.price_cents + SCARF.price_cents


def told_as(action: Action, config: AppConfig = configured()) -> dict[str, Any]:  # noqa: B008
    """The xdm of the event for it, without what Edge adds."""
    phone = opened(config=config)
    phone.feed(1_000, action)
    (event,) = sent(phone.got[-1])["events"]
    assert event.keys() == {"xdm"}
    xdm = event["xdm"]
    del xdm["_id"], xdm["timestamp"]
    return xdm


# Commerce

ITEMS = [
    {
        "SKU": BOOTS.sku, "name": BOOTS.name, "quantity": 2, "priceTotal": 2 * BOOTS.price_cents / 100,
        "currencyCode": BOOTS.currency, "product": BOOTS.url, "productAddMethod": "scan",
    },
    {
        "SKU": SCARF.sku, "name": SCARF.name, "quantity": 1, "priceTotal": SCARF.price_cents / 100,
        "currencyCode": SCARF.currency, "product": SCARF.url,
    },
]  # fmt: skip


@behaviour(
    "5", "eventType is `commerce.` and the member, which counts 1; an item's priceTotal is that of its line.", commerce
)
@pytest.mark.parametrize("kind", [kind for kind in COMMERCE_KINDS if kind != "purchases"])
def test_every_commerce_event(kind) -> None:
    assert told_as(Did(kind, LINES)) == {
        "eventType": f"commerce.{kind}",
        "commerce": {kind: {"value": 1}},
        "productListItems": ITEMS,
    }


def test_there_are_these_commerce_events() -> None:
    assert COMMERCE_KINDS == (
        "productViews", "productListViews", "productListOpens", "productListReopens", "productListAdds",
        "productListRemovals", "saveForLaters", "checkouts", "purchases", "cartAbandons",
    )  # fmt: skip


def test_an_empty_list_has_no_items() -> None:
    assert told_as(Did("productListOpens", ())) == {
        "eventType": "commerce.productListOpens",
        "commerce": {"productListOpens": {"value": 1}},
    }


# how an order is paid: transaction, type, cents
PAYMENTS = [
    (Payment("TX-1", "credit_card", TOTAL_CENTS),),
    # a gift card first, the rest with a card
    (Payment("TX-1", "gift_card", 2_000), Payment("TX-2", "debit_card", TOTAL_CENTS - 2_000)),
    (Payment("TX-1", "cash", 1), Payment("TX-2", "cash", 1), Payment("TX-3", "other", TOTAL_CENTS - 2)),
]


@behaviour("5", "A purchase has its order beside purchases, with every payment and the total as numbers.", commerce)
@pytest.mark.parametrize("payments", PAYMENTS)
def test_a_purchase(payments) -> None:
    xdm = told_as(Did("purchases", LINES, OrderRef("FF-1", payments, "PO-7")))
    assert xdm["commerce"] == {
        "purchases": {"value": 1},
        "order": {
            "purchaseID": "FF-1",
            "purchaseOrderNumber": "PO-7",
            "priceTotal": TOTAL_CENTS / 100,
            "currencyCode": BOOTS.currency,
            "payments": [
                {
                    "transactionID": payment.transaction_id,
                    "paymentAmount": payment.amount_cents / 100,
                    "paymentType": payment.payment_type,
                    "currencyCode": BOOTS.currency,
                }
                for payment in payments
            ],
        },
    }
    assert xdm["productListItems"] == ITEMS
    assert sum(round(100 * one["paymentAmount"]) for one in xdm["commerce"]["order"]["payments"]) == TOTAL_CENTS


@pytest.mark.parametrize(
    "payments",
    [
        (),  # not paid at all
        (Payment("TX-1", "cash", TOTAL_CENTS - 1),),  # a cent is missing
    ],
)
def test_an_order_that_is_not_settled_is_the_callers_mistake(payments) -> None:
    with pytest.raises(ValueError, match="order FF-1 of"):
        App(AppConfig()).event(Did("purchases", LINES, OrderRef("FF-1", payments)))


# Screens, actions, points

# what happens -> eventType, what stands in the tenant's object
OWN = [
    (
        Saw("home"),
        "application.scene",
        {
            "appInformation": {
                "appStateDetails": {"screenType": "App", "screenName": "home", "screenView": {"value": 1}}
            }
        },
    ),
    (
        Tapped("call the shop"),
        "application.interaction",
        {"appInformation": {"appInteraction": {"name": "call the shop", "appAction": {"value": 1}}}},
    ),
    (Earned(120, 9_920), "loyalty.pointsEarned", {"loyalty": {"pointsEarned": 120, "pointsBalance": 9_920}}),
    # "a customer reaches 10,000 loyalty points", the journeys' example
    (
        Earned(120, 10_040, reached=10_000),
        "loyalty.pointsReached",
        {"loyalty": {"pointsEarned": 120, "pointsBalance": 10_040, "pointsReached": 10_000}},
    ),
]


@behaviour(
    "5",
    "Screens are application.scene and actions application.interaction, told below the tenant as Luma does.",
    scene,
    interaction,
    key="tenant",
)
@behaviour(
    "5",
    "Points are told below the tenant; those that pass a threshold are an event of their own.",
    loyalty,
    key="tenant",
)
@pytest.mark.parametrize("tenant", ["_footfall", "_acme"])
@pytest.mark.parametrize(("action", "type", "members"), OWN)
def test_what_stands_below_the_tenant(tenant, action, type, members) -> None:
    assert told_as(action, configured(tenant=tenant)) == {"eventType": type, tenant: members}


# Journey events

ORDER = OrderRef("FF-1", (Payment("TX-1", "cash", TOTAL_CENTS),))
EVERY_ACTION: list[Action] = [
    *(Did(kind, LINES, ORDER if kind == "purchases" else None) for kind in COMMERCE_KINDS),
    *(action for action, _, _ in OWN),
]


@behaviour(
    "4.6",
    "An event that a journey waits for carries _experience.campaign.orchestration.eventID; others do not.",
    App.event,
    key="journey-events",
)
@pytest.mark.parametrize("action", EVERY_ACTION, ids=lambda action: App(AppConfig()).event(action).type)
def test_a_journey_event_carries_the_id_that_the_journey_gave_it(action) -> None:
    type = told_as(action)["eventType"]
    demanded = told_as(action, configured(journey_events=(JourneyEvent(type, "d41d8cd9"),)))
    assert demanded.pop("_experience") == {"campaign": {"orchestration": {"eventID": "d41d8cd9"}}}
    assert demanded == told_as(action)  # nothing else changes
    other = told_as(action, configured(journey_events=(JourneyEvent("some.other", "d41d8cd9"),)))
    assert "_experience" not in other


# What the app sends itself

# an event of the app's own making -> is it sent?
CALLED = [
    (ExperienceEvent("custom.thing", b'{"eventType":"custom.thing"}'), True),
    (ExperienceEvent("custom.thing", b'{"eventType":"custom.thing"}', beside=b'{"data":{"key":"value"}}'), True),
    (ExperienceEvent("", b"{}", beside=b'{"data":{"key":"value"}}'), False),  # data alone
    (ExperienceEvent("", b"{}"), False),  # nothing
]


@behaviour("1.3", "Edge.sendEvent with an empty xdm sends nothing, whatever data it has.", Phone._called)
@pytest.mark.parametrize(("event", "is_sent"), CALLED)
def test_an_event_of_the_apps_own(event, is_sent) -> None:
    phone = opened()
    effects = phone.feed(1_000, called(event))
    assert [one.event for one in made(effects)] == ([event] if is_sent else [])
    if not is_sent:
        assert told(effects) == []
        return
    (wire,) = sent(phone.got[-1])["events"]
    assert wire["xdm"] == {
        **json.loads(event.body),
        "_id": made(effects)[0].event_id,
        "timestamp": "2023-11-14T22:13:21.000Z",
    }
    assert wire.get("data") == ({"key": "value"} if event.beside else None)
