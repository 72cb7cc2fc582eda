"""The parts of XDM's ExperienceEvent that the app and the SDK fill, in wire spelling.

A member that is absent on the wire is None here and left out of the bytes; XDM takes no null. Sources: adobe/xdm
(components/classes/experienceevent and the field groups environment-details, application, commerce) and the bodies
asserted by Adobe's SDK tests.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class _Part(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A part of an event: members in camel case, absent ones left out."""


class Language(_Part, frozen=True):
    """`_dc`: BCP 47 language."""

    language: str


class Measure(_Part, frozen=True, omit_defaults=False):
    """A count: `{"value": 1}`."""

    value: float | int = 1


class Application(_Part, frozen=True):
    """`application`: what the app's lifecycle says of itself."""

    id: str | None = None
    name: str | None = None
    version: str | None = None
    is_launch: bool | None = None
    is_install: bool | None = None
    is_upgrade: bool | None = None
    is_close: bool | None = None
    close_type: str | None = None
    session_length: int | None = None
    dc: Language | None = msgspec.field(default=None, name="_dc")


class Device(_Part, frozen=True):
    """`device`: the hardware, screens in pixels."""

    manufacturer: str
    model: str
    model_number: str
    type: str
    screen_width: int
    screen_height: int


class Environment(_Part, frozen=True):
    """`environment`: the operating system and carrier."""

    type: str
    operating_system: str
    operating_system_version: str
    carrier: str | None = None
    dc: Language | None = msgspec.field(default=None, name="_dc")


class KeyValue(_Part, frozen=True, omit_defaults=False):
    """One pair of a POI's metadata."""

    key: str
    value: str


class MetadataList(_Part, frozen=True, omit_defaults=False):
    """`metadata.list`, empty where the POI has none: the SDK sends `[]` then."""

    list: tuple[KeyValue, ...]


class PoiDetail(_Part, frozen=True, omit_defaults=False):
    """`poiDetail` as the Places extension fills it: id, name, metadata, no coordinates."""

    poi_id: str = msgspec.field(name="poiID")
    name: str
    metadata: MetadataList


class PoiInteraction(_Part, frozen=True):
    """`POIinteraction`."""

    poi_detail: PoiDetail


class PlaceContext(_Part, frozen=True):
    """`placeContext`."""

    poi_interaction: PoiInteraction = msgspec.field(name="POIinteraction")


class PaymentItem(_Part, frozen=True):
    """One payment of an order."""

    transaction_id: str = msgspec.field(name="transactionID")
    payment_amount: float
    payment_type: str
    currency_code: str


class Order(_Part, frozen=True, kw_only=True):
    """`commerce.order`."""

    purchase_id: str = msgspec.field(name="purchaseID")
    purchase_order_number: str | None = None
    price_total: float
    currency_code: str
    payments: tuple[PaymentItem, ...]


class ProductListItem(_Part, frozen=True):
    """One line of `productListItems`; `price_total` is quantity x price."""

    sku: str = msgspec.field(name="SKU")
    name: str
    quantity: int
    price_total: float
    currency_code: str
    product: str | None = None
    product_add_method: str | None = None


class Orchestration(_Part, frozen=True):
    """`_experience.campaign.orchestration`: which event of Journey Orchestration this is."""

    event_id: str = msgspec.field(name="eventID")


class Campaign(_Part, frozen=True):
    """`_experience.campaign`."""

    orchestration: Orchestration


class Experience(_Part, frozen=True):
    """`_experience`, as far as an app fills it itself."""

    campaign: Campaign

    @classmethod
    def of_journey_event(cls, event_id: str) -> Experience:
        """The id that a journey's event without a rule demands of the sender (field group Orchestration eventID)."""
        return cls(Campaign(Orchestration(event_id)))


class EventXdm(_Part, frozen=True):
    """An event's `xdm` without `_id` and `timestamp`, which Edge's request builder adds.

    `commerce` has exactly one measure, the one that eventType names, and with a purchase its `order`.
    """

    event_type: str
    application: Application | None = None
    device: Device | None = None
    environment: Environment | None = None
    place_context: PlaceContext | None = None
    commerce: Mapping[str, Measure | Order] | None = None
    product_list_items: tuple[ProductListItem, ...] | None = None
    experience: Experience | None = msgspec.field(default=None, name="_experience")
