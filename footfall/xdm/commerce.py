"""The events of a shop, from a look at a product to its purchase.

Sources: adobe/xdm (commerce, order, paymentitem, productlistitem) and the Commerce tutorial of aepsdk-edge-ios,
gathered in mobile-sdk.md 5.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, get_args

import msgspec

from footfall.world.catalogue import Product
from footfall.xdm.events import ExperienceEvent, encoded
from footfall.xdm.types import EventXdm, Experience, Measure, Order, PaymentItem, ProductListItem

CommerceKind = Literal[
    "productViews",
    "productListViews",
    "productListOpens",
    "productListReopens",
    "productListAdds",
    "productListRemovals",
    "saveForLaters",
    "checkouts",
    "purchases",
    "cartAbandons",
]
COMMERCE_KINDS: tuple[CommerceKind, ...] = get_args(CommerceKind)

PaymentType = Literal[
    "cash",
    "credit_card",
    "debit_card",
    "gift_card",
    "check",
    "paypal",
    "wire_transfer",
    "credit_card_reference",
    "other",
]

_ONE = Measure(1)


class CartLine(msgspec.Struct, frozen=True):
    """So many of one product. `add_method` is how it came into the cart ("scan", "wish list"), empty where untold."""

    product: Product
    quantity: int
    add_method: str = ""

    @property
    def total_cents(self) -> int:
        """Quantity times price, in whole cents."""
        return self.product.price_cents * self.quantity


class Payment(msgspec.Struct, frozen=True):
    """One payment of an order, in whole cents of the order's currency."""

    transaction_id: str
    payment_type: PaymentType
    amount_cents: int


class OrderRef(msgspec.Struct, frozen=True):
    """Ids of one order, and the payments that settle it: a gift card and a credit card, say. `order_number` is the
    buyer's own (XDM's purchaseOrderNumber), empty where there is none."""

    purchase_id: str
    payments: tuple[Payment, ...]
    order_number: str = ""


@lru_cache(maxsize=1024)
def commerce(
    kind: CommerceKind, lines: tuple[CartLine, ...], order: OrderRef | None = None, event_id: str = ""
) -> ExperienceEvent:
    """commerce.<kind> with the lines as productListItems; a purchase carries its order.

    Amounts are numbers in the currency's main unit, made of whole cents, so that totals are exact to the cent.
    `event_id` is the id that Journey Orchestration gave to an event of its own, and demands of the sender.

    `commerce.cartAbandons` is a member of XDM's commerce object, but Adobe's list of standard event types lacks it and
    no extension sends it: an app that wants one sends it itself. To Adobe abandonment is the absence of a purchase
    (experience-platform.md 6).

    Raises ValueError where an order has no payment, lines of several currencies or none, or payments that do not add
    up to its lines.

    Most events are looks at one product, and the same from every phone: they are built once.
    """
    members: dict[str, Measure | Order] = {kind: _ONE}
    if order is not None:
        members["order"] = _settled(order, lines)
    type = f"commerce.{kind}"
    return encoded(
        type,
        EventXdm(
            type,
            commerce=members,
            product_list_items=tuple(_item(line) for line in lines) or None,
            experience=Experience.of_journey_event(event_id) if event_id else None,
        ),
        skus=tuple((line.product.sku, line.quantity) for line in lines),
    )


ORDER_PLACED = "commerce.backofficeOrderPlaced"


def order_placed(lines: tuple[CartLine, ...], order: OrderRef, event_id: str = "") -> ExperienceEvent:
    """commerce.backofficeOrderPlaced: the order system has taken an order, with its lines as productListItems.

    The type is one of Adobe's list of standard ones (adobe/xdm components/behaviors/time-series.schema.json); the
    commerce object has no measure of that name, so that the event has none. Raises ValueError as `commerce` does.
    """
    return encoded(
        ORDER_PLACED,
        EventXdm(
            ORDER_PLACED,
            commerce={"order": _settled(order, lines)},
            product_list_items=tuple(_item(line) for line in lines) or None,
            experience=Experience.of_journey_event(event_id) if event_id else None,
        ),
        skus=tuple((line.product.sku, line.quantity) for line in lines),
    )


def _item(line: CartLine) -> ProductListItem:
    return ProductListItem(
        sku=line.product.sku,
        name=line.product.name,
        quantity=line.quantity,
        price_total=line.total_cents / 100,
        currency_code=line.product.currency,
        product=line.product.url,
        product_add_method=line.add_method or None,
    )


def _settled(order: OrderRef, lines: tuple[CartLine, ...]) -> Order:
    currencies = sorted({line.product.currency for line in lines})
    if len(currencies) != 1:
        raise ValueError(f"order {order.purchase_id} needs lines in one currency, got {currencies}")
    total_cents = sum(line.total_cents for line in lines)
    paid_cents = sum(payment.amount_cents for payment in order.payments)
    if not order.payments or paid_cents != total_cents:
        raise ValueError(
            f"order {order.purchase_id} of {total_cents} cents is paid with {paid_cents} "
            f"in {len(order.payments)} payment(s)"
        )
    return Order(
        purchase_id=order.purchase_id,
        purchase_order_number=order.order_number or None,
        price_total=total_cents / 100,
        currency_code=currencies[0],
        payments=tuple(
            PaymentItem(payment.transaction_id, payment.amount_cents / 100, payment.payment_type, currencies[0])
            for payment in order.payments
        ),
    )
