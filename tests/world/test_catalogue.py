"""What the shop sells."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from footfall.world.catalogue import CATALOGUE, Product


def test_skus_and_names_are_unique():
    assert len({product.sku for product in CATALOGUE}) == len(CATALOGUE) >= 20
    assert len({product.name for product in CATALOGUE}) == len(CATALOGUE)


@pytest.mark.parametrize("product", CATALOGUE, ids=lambda product: product.sku)
def test_a_product(product: Product):
    assert re.fullmatch(r"FF-\d{4}", product.sku)
    assert type(product.price_cents) is int  # whole cents, so that totals are exact
    assert product.price_cents > 0
    assert re.fullmatch(r"[A-Z]{3}", product.currency)  # ISO 4217
    assert product.url == f"https://shop.example.com/p/{product.sku}"  # RFC 2606: nobody's shop
    assert product.name == product.name.strip() != ""


def test_one_currency_so_that_a_cart_has_one_total():
    assert {product.currency for product in CATALOGUE} == {"EUR"}


def test_a_sku_tells_its_category():
    # the thousands digit: FF-1... is outdoor, and so on
    assert set(Counter((product.sku[3], product.category) for product in CATALOGUE)) == {
        ("1", "outdoor"),
        ("2", "kitchen"),
        ("3", "audio"),
        ("4", "home"),
    }
