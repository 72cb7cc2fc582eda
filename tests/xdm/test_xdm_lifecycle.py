"""The Lifecycle extension's events: against what Adobe's SDK tests assert, and member by member."""

from __future__ import annotations

import json

import msgspec
import pytest
from every_event import ANDROID_PHONE, APP, EVERY, IPAD, IPHONE, beside_of, xdm_of

from footfall.xdm.lifecycle import AppInfo, close, launch

# In Adobe's tests the phone's language differs from the app's, and the system has a made-up name; here a person has one
# language, and the system's name follows from the phone. So these two members are set first.


def as_ours(xdm, system: str):
    del xdm["timestamp"]  # spliced in by wire
    xdm["environment"]["operatingSystem"] = system
    xdm["environment"]["_dc"] = xdm["application"]["_dc"]
    return xdm


def test_an_install_on_ios_as_adobe_asserts_it(golden):
    asserted = as_ours(golden("events/ios_lifecycle_xdm_launch_install.json")["xdm"], "iOS")
    app = AppInfo("test-app-id", "test-app-name", "version-number (build-number)")
    phone = msgspec.structs.replace(
        IPHONE,
        manufacturer="apple",
        model="test-device-name",
        model_number="test-device-model",
        width_px=100,
        height_px=200,
        os_version="test-os-version",
    )
    event = launch(app, phone, "en-US", "test-carrier", install=True, upgrade=False)
    assert json.loads(event.body) == asserted
    assert event.type == "application.launch"


def test_a_launch_on_android_as_adobe_asserts_it(golden):
    asserted = as_ours(golden("events/android_lifecycle_xdm_launch.json")["xdm"], "Android")
    app = AppInfo("test.package.name", "TEST_APPLICATION_NAME", "1.1 (12345)")
    phone = msgspec.structs.replace(
        ANDROID_PHONE,
        manufacturer="TEST_MANUFACTURER",
        model="deviceName",
        model_number="TEST_PLATFORM",
        width_px=100,
        height_px=100,
        os_version="5.55",
    )
    event = launch(app, phone, "en-US", "TEST_CARRIER", install=False, upgrade=False)
    assert json.loads(event.body) == asserted


def test_a_close_on_ios_as_adobe_asserts_it(golden):
    asserted = golden("events/ios_lifecycle_xdm_close.json")["xdm"]
    del asserted["timestamp"]
    assert json.loads(close(22).body) == asserted


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
    application = xdm_of(launch(APP, IPHONE, "fi-FI", None, install, upgrade))["application"]
    assert application == {
        "id": "com.example.shop",
        "name": "Shop",
        "version": "1.4.0 (210)",
        "_dc": {"language": "fi-FI"},
        **flags,
    }


@pytest.mark.parametrize(
    ("model", "carrier", "type", "environment"),
    [
        (IPHONE, None, "mobile", {"operatingSystem": "iOS"}),  # iOS 16 and later tell no carrier
        (IPAD, None, "tablet", {"operatingSystem": "iPadOS"}),
        (ANDROID_PHONE, "Elisa", "mobile", {"operatingSystem": "Android", "carrier": "Elisa"}),
        (ANDROID_PHONE, "", "mobile", {"operatingSystem": "Android", "carrier": ""}),  # without a SIM
    ],
    ids=["ios", "ipad", "android", "android without a SIM"],
)
def test_a_launch_tells_of_the_phone(model, carrier, type, environment):
    xdm = xdm_of(launch(APP, model, "fi-FI", carrier, install=False, upgrade=False))
    assert set(xdm) == {"eventType", "application", "device", "environment"}
    assert xdm["device"] == {
        "manufacturer": model.manufacturer,
        "model": model.model,
        "modelNumber": model.model_number,
        "type": type,
        "screenWidth": model.width_px,
        "screenHeight": model.height_px,
    }
    assert xdm["environment"] == {
        "type": "application",
        "operatingSystemVersion": model.os_version,
        "_dc": {"language": "fi-FI"},
        **environment,
    }


def test_the_apps_context_is_data_and_changes_no_xdm():
    event = EVERY["launch with the app's context"]
    assert beside_of(event) == {"data": {"campaign": "spring"}}
    assert event.body == EVERY["launch on iOS"].body


@pytest.mark.parametrize(
    ("session_s", "expected"),
    [
        (22, {"isClose": True, "closeType": "close", "sessionLength": 22}),
        (0, {"isClose": True, "closeType": "close", "sessionLength": 0}),  # a 0 is sent where it is told
        (None, {"isClose": True, "closeType": "close"}),
    ],
)
def test_a_close_tells_of_the_session_only(session_s, expected):
    assert xdm_of(close(session_s)) == {"eventType": "application.close", "application": expected}
