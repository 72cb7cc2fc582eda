"""Builders of the events that the app and the SDK's extensions send. Each returns an `ExperienceEvent`: its type, its
bytes without `_id` and `timestamp`, and what the ledger notes of it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import msgspec

from footfall.world.catalogue import Product
from footfall.world.phones import PhoneModel
from footfall.world.pois import Poi
from footfall.xdm.types import (
    Application,
    Commerce,
    Device,
    Environment,
    EventXdm,
    KeyValue,
    Language,
    Measure,
    MetadataList,
    Order,
    PaymentItem,
    PlaceContext,
    PoiDetail,
    PoiInteraction,
    ProductListItem,
)

_ENCODER = msgspec.json.Encoder()

CommerceKind = Literal[
    "productViews", "productListOpens", "productListAdds", "productListRemovals", "checkouts", "purchases"
]
COMMERCE_MEMBERS: dict[CommerceKind, str] = {
    "productViews": "product_views",
    "productListOpens": "product_list_opens",
    "productListAdds": "product_list_adds",
    "productListRemovals": "product_list_removals",
    "checkouts": "checkouts",
    "purchases": "purchases",
}
_ONE = Measure(1)


class ExperienceEvent(msgspec.Struct, frozen=True):
    """`body` is the JSON object of the event's xdm without `_id` and `timestamp`; `place` and `skus` are for the
    ledger."""

    type: str
    body: bytes
    place: str = ""
    skus: tuple[tuple[str, int], ...] = ()


class AppInfo(msgspec.Struct, frozen=True):
    """The app as the store knows it. `version` is written `"1.4.0 (210)"`."""

    id: str
    name: str
    version: str


class CartLine(msgspec.Struct, frozen=True):
    """So many of one product."""

    product: Product
    quantity: int

    @property
    def total_cents(self) -> int:
        """Quantity times price, in whole cents."""
        return self.product.price_cents * self.quantity


class OrderRef(msgspec.Struct, frozen=True):
    """Ids of one order, and how it is paid."""

    purchase_id: str
    transaction_id: str
    payment_type: str


def _event(xdm: EventXdm, place: str = "", skus: tuple[tuple[str, int], ...] = ()) -> ExperienceEvent:
    return ExperienceEvent(xdm.event_type, _ENCODER.encode(xdm), place, skus)


def launch(
    app: AppInfo, model: PhoneModel, language: str, carrier: str | None, install: bool, upgrade: bool
) -> ExperienceEvent:
    """application.launch as LifecycleV2MetricsBuilder makes it: flags are `true` or absent, an install wins over an
    upgrade; iOS 16 and later send no carrier.
    """
    dc = Language(language)
    return _event(
        EventXdm(
            "application.launch",
            application=Application(
                id=app.id,
                name=app.name,
                version=app.version,
                is_launch=True,
                is_install=True if install else None,
                is_upgrade=True if upgrade and not install else None,
                dc=dc,
            ),
            device=Device(
                model.manufacturer, model.model, model.model_number, "mobile", model.width_px, model.height_px
            ),
            environment=Environment(
                "application", "iOS" if model.platform == "ios" else "Android", model.os_version, carrier, dc
            ),
        )
    )


def close(session_s: int | None, close_type: str = "close") -> ExperienceEvent:
    """application.close: only these members, no device or environment. `session_s` None leaves sessionLength out."""
    return _event(
        EventXdm(
            "application.close",
            application=Application(is_close=True, close_type=close_type, session_length=session_s),
        )
    )


def location(kind: Literal["entry", "exit"], poi: Poi) -> ExperienceEvent:
    """location.entry or location.exit as the Places extension sends it: poiID, name, metadata.list, nothing else
    (aepsdk-places-ios Places+EdgeEvents.swift)."""
    pairs = tuple(KeyValue(key, value) for key, value in poi.metadata)
    detail = PoiDetail(poi.id, poi.name, MetadataList(pairs))
    return _event(
        EventXdm(f"location.{kind}", place_context=PlaceContext(PoiInteraction(detail))),
        place=poi.id,
    )


@lru_cache(maxsize=1024)
def commerce(kind: CommerceKind, lines: tuple[CartLine, ...], order: OrderRef | None = None) -> ExperienceEvent:
    """commerce.<kind> with the lines as productListItems; a purchase carries its order, paid in one payment.

    Amounts are numbers in the currency's main unit, rounded from whole cents, so that totals are exact to the cent.
    Most are looks at one product, and the same from every phone: they are built once.
    """
    items = tuple(
        ProductListItem(
            sku=line.product.sku,
            name=line.product.name,
            quantity=line.quantity,
            price_total=line.total_cents / 100,
            currency_code=line.product.currency,
            product=line.product.url,
        )
        for line in lines
    )
    members = {COMMERCE_MEMBERS[kind]: _ONE}
    paid = None
    if order is not None:
        total = sum(line.total_cents for line in lines) / 100
        currency = lines[0].product.currency
        paid = Order(
            purchase_id=order.purchase_id,
            price_total=total,
            currency_code=currency,
            payments=(PaymentItem(order.transaction_id, total, order.payment_type, currency),),
        )
    return _event(
        EventXdm(
            f"commerce.{kind}",
            commerce=Commerce(order=paid, **members),
            product_list_items=items or None,
        ),
        skus=tuple((line.product.sku, line.quantity) for line in lines),
    )
