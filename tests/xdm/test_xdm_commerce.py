"""The shop's events, member by member, and amounts that are exact to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from any_event import purchases
from every_event import CART, EVERY, JOURNEY_EVENT, ORDER, SCANNED, xdm_of
from hypothesis import given
from hypothesis import strategies as st

from footfall.world.catalogue import Product
from footfall.xdm.commerce import COMMERCE_KINDS, CartLine, OrderRef, Payment, commerce


def test_all_members_of_xdms_commerce_object_that_are_event_types():
    assert COMMERCE_KINDS == (
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
    )


@pytest.mark.parametrize("kind", COMMERCE_KINDS)
def test_one_measure_the_one_that_the_type_names(kind):
    event = commerce(kind, CART)
    assert event.type == f"commerce.{kind}"
    assert xdm_of(event)["commerce"] == {kind: {"value": 1}}
    assert event.skus == (("FF-1001", 1), ("FF-1003", 3))
    assert event.place == ""


def test_lines_of_a_cart():
    assert xdm_of(commerce("productListAdds", CART))["productListItems"] == [
        {
            "SKU": "FF-1001",
            "name": "Rain jacket",
            "quantity": 1,
            "priceTotal": Decimal("129.0"),
            "currencyCode": "EUR",
            "product": "https://shop.example.com/p/FF-1001",
        },
        {
            "SKU": "FF-1003",
            "name": "Trail shoes",
            "quantity": 3,
            "priceTotal": Decimal("419.7"),  # 3 x 139.90 as a float is 419.70000000000005
            "currencyCode": "EUR",
            "product": "https://shop.example.com/p/FF-1003",
        },
    ]


def test_a_line_tells_how_it_came_into_the_cart_where_that_is_known():
    (line,) = xdm_of(commerce("productListAdds", SCANNED))["productListItems"]
    assert line["productAddMethod"] == "scan"


def test_an_empty_cart_has_no_lines_at_all():
    assert set(xdm_of(commerce("productListOpens", ()))) == {"eventType", "commerce"}


def test_a_purchase_carries_its_order():
    assert xdm_of(commerce("purchases", CART, ORDER))["commerce"] == {
        "purchases": {"value": 1},
        "order": {
            "purchaseID": "FF-000001-01",
            "priceTotal": Decimal("548.7"),
            "currencyCode": "EUR",
            "payments": [
                {
                    "transactionID": "TX-0123456789abcdef",
                    "paymentAmount": Decimal("548.7"),
                    "paymentType": "credit_card",
                    "currencyCode": "EUR",
                }
            ],
        },
    }


def test_an_order_in_two_payments_with_the_buyers_number():
    order = xdm_of(EVERY["purchase in two payments, for a journey"])["commerce"]["order"]
    assert order["purchaseOrderNumber"] == "4711"
    assert [(each["paymentType"], each["paymentAmount"]) for each in order["payments"]] == [
        ("gift_card", Decimal("50")),
        ("paypal", Decimal("498.7")),
    ]


def test_a_journeys_event_carries_its_id_and_is_the_same_otherwise():
    plain, meant = xdm_of(commerce("checkouts", CART)), xdm_of(commerce("checkouts", CART, event_id=JOURNEY_EVENT))
    assert meant.pop("_experience") == {"campaign": {"orchestration": {"eventID": JOURNEY_EVENT}}}
    assert meant == plain


@pytest.mark.parametrize(
    ("lines", "payments_cents", "complaint"),
    [
        (CART, (54_869,), "of 54870 cents is paid with 54869"),  # a cent short
        (CART, (54_870, 1), "of 54870 cents is paid with 54871"),  # a cent over
        (CART, (), "is paid with 0 in 0 payment"),  # not paid at all
        ((CartLine(Product("X", "X", "x", 0), 1),), (), "in 0 payment"),  # not even for nothing
        ((), (0,), "needs lines in one currency"),  # an order of nothing
        ((CART[0], CartLine(Product("X", "X", "x", 1, "SEK"), 1)), (12_901,), r"got \['EUR', 'SEK'\]"),
    ],
)
def test_an_order_that_does_not_add_up_is_refused(lines, payments_cents, complaint):
    payments = tuple(Payment("TX", "cash", cents) for cents in payments_cents)
    with pytest.raises(ValueError, match=complaint):
        commerce("purchases", lines, OrderRef("FF-1", payments))


@given(bought=purchases())
def test_totals_are_exact_to_the_cent(bought):
    lines, order = bought
    xdm = xdm_of(commerce("purchases", lines, order))
    written = [Decimal(item["priceTotal"]) for item in xdm["productListItems"]]
    assert [amount * 100 for amount in written] == [line.product.price_cents * line.quantity for line in lines]
    told = xdm["commerce"]["order"]
    assert told["priceTotal"] == sum(written) == sum(each["paymentAmount"] for each in told["payments"])
    assert [each["paymentAmount"] * 100 for each in told["payments"]] == [each.amount_cents for each in order.payments]


@given(bought=purchases(), astray_cents=st.integers(-1_000, 1_000).filter(bool))
def test_any_order_with_a_payment_astray_is_convicted(bought, astray_cents):
    lines, order = bought
    first = order.payments[0]
    astray = Payment(first.transaction_id, first.payment_type, first.amount_cents + astray_cents)
    with pytest.raises(ValueError, match="is paid with"):
        commerce("purchases", lines, OrderRef(order.purchase_id, (astray, *order.payments[1:])))


def test_a_total_in_floats_is_convicted():
    # what exactness to the cent guards against: a line of the cart, reckoned in euros
    assert Decimal(repr(3 * 139.90)) != Decimal("419.7")
