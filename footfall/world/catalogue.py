"""What the shop sells. Prices are whole cents, so that totals are exact."""

from __future__ import annotations

import msgspec


class Product(msgspec.Struct, frozen=True):
    """One article of the shop."""

    sku: str
    name: str
    category: str
    price_cents: int
    currency: str = "EUR"

    @property
    def url(self) -> str:
        """The product's page, on a reserved domain."""
        return f"https://shop.example.com/p/{self.sku}"


CATALOGUE: tuple[Product, ...] = (
    Product("FF-1001", "Rain jacket", "outdoor", 12_900),
    Product("FF-1002", "Wool sweater", "outdoor", 8_950),
    Product("FF-1003", "Trail shoes", "outdoor", 13_990),
    Product("FF-1004", "Daypack 22 l", "outdoor", 7_490),
    Product("FF-1005", "Merino socks, two pairs", "outdoor", 2_490),
    Product("FF-1006", "Thermos flask", "outdoor", 3_250),
    Product("FF-2001", "Coffee, 500 g", "kitchen", 890),
    Product("FF-2002", "Coffee maker", "kitchen", 5_990),
    Product("FF-2003", "Mug, stoneware", "kitchen", 1_450),
    Product("FF-2004", "Chef's knife", "kitchen", 6_400),
    Product("FF-2005", "Cast iron pan", "kitchen", 4_995),
    Product("FF-2006", "Linen towel", "kitchen", 1_290),
    Product("FF-3001", "Headphones", "audio", 14_900),
    Product("FF-3002", "Bluetooth speaker", "audio", 7_990),
    Product("FF-3003", "Record: Sibelius, symphonies 1-7", "audio", 3_990),
    Product("FF-3004", "Charging cable", "audio", 1_299),
    Product("FF-4001", "Sauna towel", "home", 2_290),
    Product("FF-4002", "Candle, birch", "home", 1_190),
    Product("FF-4003", "Throw blanket", "home", 5_490),
    Product("FF-4004", "Reading lamp", "home", 6_990),
    Product("FF-4005", "Picture book: Helsinki", "home", 3_490),
    Product("FF-4006", "Playing cards", "home", 690),
)
