"""The events that the app and the SDK send: against what Adobe's SDK tests assert, and member by member."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest
from every_event import ANDROID_PHONE, APP, BARE, CAFE, CART, EVERY, IPHONE, ORDER, values_in, xdm_of
from hypothesis import given
from hypothesis import strategies as st

from footfall.world.catalogue import CATALOGUE, Product
from footfall.world.phones import PhoneModel
from footfall.world.pois import Poi
from footfall.xdm import build
from footfall.xdm.build import COMMERCE_MEMBERS, AppInfo, CartLine
from footfall.xdm.types import Application, Measure

# Against Adobe. In their tests the phone's language differs from the app's, and the system has a made-up name; here a
# person has one language, and the system's name follows from the platform. So these two members are set first.


def as_ours(xdm, system: str):
    del xdm["timestamp"]  # spliced in by wire
    xdm["environment"]["operatingSystem"] = system
    xdm["environment"]["_dc"] = xdm["application"]["_dc"]
    return xdm


def test_an_install_on_ios_as_adobe_asserts_it(golden):
    asserted = as_ours(golden("events/ios_lifecycle_xdm_launch_install.json")["xdm"], "iOS")
    app = AppInfo("test-app-id", "test-app-name", "version-number (build-number)")
    phone = PhoneModel(
        "ios", "any", "apple", "test-device-name", "test-device-model", 100, 200, "test-os-version", share=1.0
    )
    event = build.launch(app, phone, "en-US", "test-carrier", install=True, upgrade=False)
    assert json.loads(event.body) == asserted
    assert event.type == "application.launch"


def test_a_launch_on_android_as_adobe_asserts_it(golden):
    asserted = as_ours(golden("events/android_lifecycle_xdm_launch.json")["xdm"], "Android")
    app = AppInfo("test.package.name", "TEST_APPLICATION_NAME", "1.1 (12345)")
    phone = PhoneModel(
        "android", "any", "TEST_MANUFACTURER", "deviceName", "TEST_PLATFORM", 100, 100, "5.55", share=1.0
    )
    event = build.launch(app, phone, "en-US", "TEST_CARRIER", install=False, upgrade=False)
    assert json.loads(event.body) == asserted


def test_a_close_on_ios_as_adobe_asserts_it(golden):
    asserted = golden("events/ios_lifecycle_xdm_close.json")["xdm"]
    del asserted["timestamp"]
    assert json.loads(build.close(22).body) == asserted


def test_a_location_entry_as_adobe_asserts_it(golden):
    poi = Poi("1234", "myplace", -111.8, 40.4, 100, "lib", 500, "", (("key1", "value1"),))
    asserted = golden("events/ios_places_location_entry.json")["xdm"]
    assert json.loads(build.location("entry", poi).body) == asserted
    asserted["eventType"] = "location.exit"
    assert json.loads(build.location("exit", poi).body) == asserted


# Every event


@pytest.mark.parametrize("event", EVERY.values(), ids=EVERY)
def test_every_event(event):
    xdm = xdm_of(event)
    assert xdm["eventType"] == event.type
    assert "_id" not in xdm  # wire adds both
    assert "timestamp" not in xdm
    assert None not in list(values_in(xdm)), "XDM takes no null"
    assert False not in [value for value in values_in(xdm) if isinstance(value, bool)], "a flag is true or absent"
    assert all(value for value in values_in(xdm) if isinstance(value, str))
    assert all(value for value in values_in(xdm) if isinstance(value, dict)), "no empty object"
    assert event.body.startswith(b"{")
    assert b"\n" not in event.body


def test_members_are_written_in_one_order_so_that_bytes_can_be_compared():
    assert EVERY["close"].body == (
        b'{"eventType":"application.close","application":{"isClose":true,"closeType":"close","sessionLength":22}}'
    )


# Lifecycle


@pytest.mark.parametrize(
    ("install", "upgrade", "flags"),
    [
        (False, False, {"isLaunch": True}),
        (True, False, {"isLaunch": True, "isInstall": True}),
        (False, True, {"isLaunch": True, "isUpgrade": True}),
        (True, True, {"isLaunch": True, "isInstall": True}),  # an install wins over an upgrade
    ],
)
def test_flags_of_a_launch(install, upgrade, flags):
    application = xdm_of(build.launch(APP, IPHONE, "fi-FI", None, install, upgrade))["application"]
    assert application == {
        "id": "com.example.shop",
        "name": "Shop",
        "version": "1.4.0 (210)",
        "_dc": {"language": "fi-FI"},
        **flags,
    }


@pytest.mark.parametrize(
    ("model", "carrier", "environment"),
    [
        (IPHONE, None, {"operatingSystem": "iOS"}),  # iOS 16 and later tell no carrier
        (ANDROID_PHONE, "Elisa", {"operatingSystem": "Android", "carrier": "Elisa"}),
    ],
    ids=["ios", "android"],
)
def test_a_launch_tells_of_the_phone(model, carrier, environment):
    xdm = xdm_of(build.launch(APP, model, "fi-FI", carrier, install=False, upgrade=False))
    assert set(xdm) == {"eventType", "application", "device", "environment"}
    assert xdm["device"] == {
        "manufacturer": model.manufacturer,
        "model": model.model,
        "modelNumber": model.model_number,
        "type": "mobile",
        "screenWidth": model.width_px,
        "screenHeight": model.height_px,
    }
    assert xdm["environment"] == {
        "type": "application",
        "operatingSystemVersion": model.os_version,
        "_dc": {"language": "fi-FI"},
        **environment,
    }


@pytest.mark.parametrize(
    ("session_s", "expected"),
    [
        (22, {"isClose": True, "closeType": "close", "sessionLength": 22}),
        (0, {"isClose": True, "closeType": "close", "sessionLength": 0}),  # a 0 is sent where it is told
        (None, {"isClose": True, "closeType": "close"}),
    ],
)
def test_a_close_tells_of_the_session_only(session_s, expected):
    assert xdm_of(build.close(session_s)) == {"eventType": "application.close", "application": expected}


# Places


def test_a_crossing_tells_id_name_and_metadata_and_nothing_else():
    event = build.location("exit", CAFE)
    assert (event.type, event.place, event.skus) == ("location.exit", "p-1", ())
    detail = xdm_of(event)["placeContext"]["POIinteraction"]["poiDetail"]
    assert detail == {
        "poiID": "p-1",
        "name": "Kahvila Ääni",
        "metadata": {"list": [{"key": "category", "value": "cafe"}, {"key": "city", "value": "Helsinki"}]},
    }


def test_without_metadata_the_list_is_there_and_empty():
    detail = xdm_of(build.location("entry", BARE))["placeContext"]["POIinteraction"]["poiDetail"]
    assert detail["metadata"] == {"list": []}


# Commerce


@pytest.mark.parametrize("kind", COMMERCE_MEMBERS)
def test_one_measure_the_one_that_the_type_names(kind):
    event = build.commerce(kind, CART)
    assert event.type == f"commerce.{kind}"
    assert xdm_of(event)["commerce"] == {kind: {"value": 1}}
    assert event.skus == (("FF-1001", 1), ("FF-1003", 3))
    assert event.place == ""


def test_lines_of_a_cart():
    assert xdm_of(build.commerce("productListAdds", CART))["productListItems"] == [
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


def test_an_empty_cart_has_no_lines_at_all():
    assert set(xdm_of(build.commerce("productListOpens", ()))) == {"eventType", "commerce"}


def test_a_purchase_carries_its_order_paid_in_one_payment():
    assert xdm_of(build.commerce("purchases", CART, ORDER))["commerce"] == {
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


products = st.one_of(
    st.sampled_from(CATALOGUE),
    st.builds(Product, st.just("X-1"), st.just("X"), st.just("x"), st.integers(1, 10**7)),
)


@given(lines=st.lists(st.builds(CartLine, products, st.integers(1, 99)), min_size=1, max_size=30))
def test_totals_are_exact_to_the_cent(lines):
    xdm = xdm_of(build.commerce("purchases", tuple(lines), ORDER))
    written = [Decimal(item["priceTotal"]) for item in xdm["productListItems"]]
    assert [cents * 100 for cents in written] == [line.product.price_cents * line.quantity for line in lines]
    order = xdm["commerce"]["order"]
    assert order["priceTotal"] == sum(written) == order["payments"][0]["paymentAmount"]


def test_a_total_in_floats_is_convicted():
    # what exactness to the cent guards against: a line of the cart, reckoned in euros
    assert Decimal(repr(3 * 139.90)) != Decimal("419.7")


# Types


def test_parts_leave_out_what_is_absent_and_nothing_else():
    encode = msgspec.json.Encoder().encode
    assert encode(Application()) == b"{}"
    assert encode(Application(session_length=0)) == b'{"sessionLength":0}'
    assert encode(Measure()) == b'{"value":1}'  # also where it is the default
