"""Launch and close, as literal histories of what the app tells the Lifecycle extension."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from phone_words import VERSION, a_phone, made, told
from sdk_behaviour import behaviour
from sdk_words import IPHONE, PIXEL
from story_words import beside, configured, opened, types, xdm
from story_words import lifecycle as lifecycle_config

from footfall.phone.config import AppConfig
from footfall.phone.lifecycle import Lifecycle
from footfall.phone.phone import Phone
from footfall.phone.signals import Backgrounded, Due, Foregrounded, Killed, Reinstalled, Upgraded
from footfall.world.phones import PhoneModel
from footfall.xdm import lifecycle as lifecycle_events
from footfall.xdm.events import ExperienceEvent

APP = configured(id="com.example.shop", name="Shop")


def lifecycle(model: PhoneModel = IPHONE, app: AppConfig = APP) -> Lifecycle:
    return Lifecycle(app, VERSION, model, "en-US", None if model is IPHONE else "DNA")


def body(event: ExperienceEvent) -> dict:
    return json.loads(event.body)


def launch_of(life: Lifecycle, now_ms: int) -> dict:
    """The launch of a start that makes one event, as its xdm."""
    ((_, event),) = life.start(now_ms)
    return body(event)


def play(steps: str, model: PhoneModel = IPHONE) -> list[str]:
    """`start@0 pause@5000`: at each step first what is due, then the step; `due@...` is only a look. Says what came
    out: launch@ms, close@ms of its timestamp (seconds of the session)."""
    life, out = lifecycle(model), []
    for step in steps.split():
        what, _, at = step.partition("@")
        now_ms = int(at)
        closing = life.close(now_ms)
        if closing is not None:
            length = body(closing[1])["application"].get("sessionLength")
            out.append(f"close@{closing[0]}({length})")
        if what == "start":
            out += [f"{event.type.partition('.')[2]}@{at_ms}" for at_ms, event in life.start(now_ms)]
        elif what == "pause":
            life.pause(now_ms)
    return out


HISTORIES = [
    # the plain one: a launch, and the close with the time of the pause, not of its event
    ("start@0 pause@5000 due@5500", ["launch@0", "close@5000(5)"]),
    # nothing is due before half a second is over
    ("start@0 pause@5000 due@5499", ["launch@0"]),
    # the close is told once
    ("start@0 pause@5000 due@5500 due@9000", ["launch@0", "close@5000(5)"]),
    # late: the pause's time all the same
    ("start@0 pause@5000 due@99000", ["launch@0", "close@5000(5)"]),
    # a blink: neither close nor launch, and the session goes on
    ("start@0 pause@5000 start@5499 due@6000", ["launch@0"]),
    ("start@0 pause@5000 start@5499 pause@9000 due@9500", ["launch@0", "close@9000(9)"]),
    # half a second is no blink
    ("start@0 pause@5000 start@5500", ["launch@0", "close@5000(5)", "launch@5500"]),
    # a start in the foreground is none
    ("start@0 start@1000 pause@2000 due@2500", ["launch@0", "close@2000(2)"]),
    # a second pause within half a second re-arms it: its own time counts
    ("start@0 pause@5000 pause@5300 due@5500 due@5800", ["launch@0", "close@5300(5)"]),
    # a second pause after the close is none
    ("start@0 pause@5000 due@5500 pause@7000 due@7500", ["launch@0", "close@5000(5)"]),
    # a pause before any start is none
    ("pause@0 due@500 start@600", ["launch@600"]),
    # two sessions: the second counts its own time
    (
        "start@0 pause@5000 due@5500 start@60000 pause@72900 due@73400",
        ["launch@0", "close@5000(5)", "launch@60000", "close@72900(12)"],
    ),
    # whole seconds, cut off; 0 is sent by iOS
    ("start@0 pause@999 due@1499", ["launch@0", "close@999(0)"]),
]


@behaviour(
    "3.3",
    "Every foreground makes a launch and every background a close, half a second later.",
    Lifecycle.start,
    Lifecycle.close,
)
@behaviour(
    "3.3", "A start within 0.5 s of a pause cancels both: there is neither a close nor a launch.", Lifecycle.start
)
@behaviour(
    "3.3", "A second pause within 0.5 s re-arms the close; otherwise a pause after a pause is ignored.", Lifecycle.pause
)
@behaviour("3.3", "A start in the foreground is ignored.", Lifecycle.start)
@pytest.mark.parametrize(("steps", "comes_out"), HISTORIES)
def test_histories(steps, comes_out) -> None:
    assert play(steps) == comes_out


# milliseconds in the foreground -> sessionLength on iOS, on Android (None: left out)
LENGTHS = [
    (0, 0, None),  # iOS sends the 0, Android leaves it out
    (999, 0, None),
    (1_000, 1, 1),
    (61_999, 61, 61),
]


@behaviour("3.2", "sessionLength is in whole seconds; iOS sends a 0, Android leaves it out.", Lifecycle.close)
@pytest.mark.parametrize(("ms", "on_ios", "on_android"), LENGTHS)
def test_session_length(ms, on_ios, on_android) -> None:
    for model, expected in ((IPHONE, on_ios), (PIXEL, on_android)):
        assert play(f"start@0 pause@{ms} due@{ms + 500}", model)[1:] == [f"close@{ms}({expected})"]


def test_close_due() -> None:
    life = lifecycle()
    assert life.close_due_ms is None
    life.start(0)
    assert life.close_due_ms is None
    life.pause(5_000)
    assert life.close_due_ms == 5_500
    assert life.close(5_500) is not None
    assert life.close_due_ms is None


# ms after the pause at which the app is started -> does its close stay due?
STARTS = [(0, False), (499, False), (500, True), (10_000, True)]


@pytest.mark.parametrize(("after_ms", "stays"), STARTS)
def test_a_start_takes_the_close_back_only_within_half_a_second(after_ms, stays) -> None:
    life = lifecycle()
    life.start(0)
    life.pause(5_000)
    assert life.start(5_000 + after_ms) == []
    assert life.close_due_ms == (5_500 if stays else None)


@behaviour("3.1", "isInstall is true on the first launch and absent, never false, on every other.", Lifecycle.start)
def test_only_the_first_launch_is_an_install() -> None:
    life = lifecycle()
    first = launch_of(life, 0)["application"]
    assert (first["isLaunch"], first["isInstall"]) == (True, True)
    life.pause(1_000)
    life.close(1_500)
    second = launch_of(life, 60_000)["application"]
    assert second["isLaunch"] is True
    assert second.keys().isdisjoint({"isInstall", "isUpgrade"})  # absent, never false


# what happens before a launch -> the flags on it
INSTALLS = [
    ([], {"isInstall": True}),
    ([Foregrounded()], {}),
    ([Foregrounded(), Upgraded("1.5.0 (222)")], {"isUpgrade": True}),
    ([Foregrounded(), Upgraded(VERSION)], {}),  # the version is what was there before
    ([Upgraded("1.5.0 (222)")], {"isInstall": True}),  # never opened: an install wins
    ([Foregrounded(), Reinstalled()], {"isInstall": True}),
    ([Foregrounded(), Upgraded("1.5.0 (222)"), Reinstalled()], {"isInstall": True}),
    ([Foregrounded(), Upgraded("1.5.0 (222)"), Foregrounded()], {}),  # told once
]


@behaviour(
    "3.3",
    "isUpgrade is true on the first launch with another version; an install wins over it.",
    Lifecycle.start,
    Phone._upgraded,
    Phone._reinstalled,
    key="versions, upgrade-after",
)
@pytest.mark.parametrize("model", [IPHONE, PIXEL])
@pytest.mark.parametrize(("before", "flags"), INSTALLS)
def test_install_and_upgrade(model, before, flags) -> None:
    phone, now_ms = a_phone(model), 0
    for signal in before:
        phone.feed(now_ms, signal)
        phone.feed(now_ms + 10_000, Backgrounded())
        phone.feed(now_ms + 20_000, Due())
        now_ms += 60_000
    launch = xdm(made(phone.feed(now_ms, Foregrounded()))[-1])["application"]
    assert {flag: launch[flag] for flag in ("isInstall", "isUpgrade") if flag in launch} == flags


@behaviour(
    "3.1",
    "application.version names the version that runs, from the upgrade's first launch on.",
    Lifecycle.start,
    key="versions, upgrade-after",
)
def test_a_launch_names_the_new_version_after_an_upgrade() -> None:
    phone = opened()
    phone.feed(5_000, Backgrounded())
    phone.feed(5_500, Due())
    phone.feed(60_000, Upgraded("1.5.0 (222)"))
    (launch,) = made(phone.feed(90_000, Foregrounded()))
    assert xdm(launch)["application"]["version"] == "1.5.0 (222)"


PLAIN_CLOSE = {"isClose": True, "closeType": "close", "sessionLength": 22}


@behaviour(
    "3.1", "A launch has the members that Adobe's builder test of iOS asserts, and no other.", lifecycle_events.launch
)
def test_the_launch_of_ios_is_the_goldens(golden: Path) -> None:
    expected = json.loads((golden / "events/ios_lifecycle_xdm_launch_install.json").read_text())["xdm"]
    model = PhoneModel("ios", "any", "apple", "test-device-name", "test-device-model", 100, 200, "test-os-version", 1.0)
    app = configured(id="test-app-id", name="test-app-name")
    life = Lifecycle(app, "version-number (build-number)", model, "en-US", "test-carrier")

    # what the test's system says otherwise, and a timestamp that Edge adds here
    del expected["timestamp"]
    expected["environment"] |= {"operatingSystem": "iOS", "_dc": {"language": "en-US"}}
    assert launch_of(life, 0) == expected


@behaviour(
    "3.1",
    "A launch has the members that Adobe's builder test of Android asserts, and no other.",
    lifecycle_events.launch,
)
def test_the_launch_of_android_is_the_goldens(golden: Path) -> None:
    expected = json.loads((golden / "events/android_lifecycle_xdm_launch.json").read_text())["xdm"]
    model = PhoneModel("android", "any", "TEST_MANUFACTURER", "deviceName", "TEST_PLATFORM", 100, 100, "5.55", 1.0)
    app = configured(id="test.package.name", name="TEST_APPLICATION_NAME")
    life = Lifecycle(app, "1.1 (12345)", model, "en-US", "TEST_CARRIER")
    life.start(0)
    life.pause(1_000)
    life.close(1_500)

    del expected["timestamp"]
    expected["environment"] |= {"operatingSystem": "Android", "_dc": {"language": "en-US"}}
    assert launch_of(life, 60_000) == expected


@behaviour(
    "3.2", "A close has isClose, closeType and sessionLength, no device and no environment.", lifecycle_events.close
)
def test_the_close_is_the_goldens(golden: Path) -> None:
    expected = json.loads((golden / "events/ios_lifecycle_xdm_close.json").read_text())["xdm"]
    del expected["timestamp"]
    life = lifecycle()
    life.start(0)
    life.pause(22_000)
    closing = life.close(22_500)
    assert closing is not None
    assert (closing[0], body(closing[1])) == (22_000, expected)
    assert expected["application"] == PLAIN_CLOSE


IPAD = PhoneModel("ios", "iPad Pro", "apple", "iPad14,3", "J617AP", 1668, 2388, "17.5.1", 1.0, "tablet")

# phone, its carrier -> device.type, environment.operatingSystem, environment.carrier (KeyError: absent)
DEVICES = [
    (IPHONE, None, "mobile", "iOS", "absent"),  # iOS 16 and later tells apps of no carrier
    (IPHONE, "DNA", "mobile", "iOS", "DNA"),  # an older one did
    (IPAD, None, "tablet", "iPadOS", "absent"),
    (PIXEL, "DNA", "mobile", "Android", "DNA"),
    (PIXEL, "", "mobile", "Android", ""),  # no SIM: sent empty
]


@behaviour(
    "3.1", "The carrier is absent on iOS 16 and later; Android without a SIM sends it empty.", lifecycle_events.launch
)
@behaviour(
    "3.1", "device.type is mobile or tablet, and the operating system of an iPad is iPadOS.", lifecycle_events.launch
)
@pytest.mark.parametrize(("model", "carrier", "form", "system", "told_carrier"), DEVICES)
def test_devices_and_carriers(model, carrier, form, system, told_carrier) -> None:
    launch = launch_of(Lifecycle(APP, VERSION, model, "fi-FI", carrier), 0)
    assert launch["device"] == {
        "manufacturer": model.manufacturer,
        "model": model.model,
        "modelNumber": model.model_number,
        "type": form,
        "screenWidth": model.width_px,
        "screenHeight": model.height_px,
    }
    environment = launch["environment"]
    assert environment.pop("carrier", "absent") == told_carrier
    assert environment == {
        "type": "application",
        "operatingSystem": system,
        "operatingSystemVersion": model.os_version,
        "_dc": {"language": "fi-FI"},
    }
    assert launch["application"]["_dc"] == {"language": "fi-FI"}


@behaviour(
    "3.1",
    "lifecycleStart's additionalContextData becomes the launch's `data`, if it is not empty.",
    lifecycle_events.launch,
    Phone._foregrounded,
)
def test_additional_context_data() -> None:
    phone = a_phone()
    (launch,) = made(phone.feed(0, Foregrounded((("campaign", "spring"), ("source", "widget")))))
    assert beside(launch) == {"data": {"campaign": "spring", "source": "widget"}}
    phone.feed(5_000, Backgrounded())
    close, launch = made(phone.feed(60_000, Foregrounded()))
    assert beside(close) == beside(launch) == {}


@behaviour(
    "3.4",
    "Without the tags rule that forwards them, Lifecycle's events never reach Edge.",
    Phone._forward,
    key="lifecycle.forwarded",
)
def test_not_forwarded_nothing_is_sent() -> None:
    phone = a_phone(config=lifecycle_config(forwarded=False))
    assert told(phone.feed(0, Foregrounded())) == ["send places nearby"]
    phone.feed(5_000, Backgrounded())
    assert told(phone.feed(5_500, Due())) == []
    phone.feed(60_000, Foregrounded())
    phone.feed(70_000, Killed())
    assert made(phone.feed(90_000, Foregrounded())) == []  # nor is a crash


@behaviour(
    "3.4",
    "Rules that are evaluated twice at start forward an event twice: same timestamp, another _id.",
    Phone._forward,
    key="lifecycle.forwarded-twice",
)
def test_rules_evaluated_twice() -> None:
    phone = opened(config=lifecycle_config(forwarded_twice=True))
    one, other = [request for request in phone.got if request.channel == "edge"]
    first, second = (json.loads(request.body)["events"][0]["xdm"] for request in (one, other))
    assert first.pop("_id") != second.pop("_id")
    assert first == second
    assert first["eventType"] == "application.launch"

    # only at the start of a process: later ones are forwarded once
    phone.feed(5_000, Backgrounded())
    assert types(phone.feed(5_500, Due())) == ["application.close@5000"]
    assert types(phone.feed(60_000, Foregrounded())) == ["application.launch@60000"]
    # and a crash is told twice, too
    phone.feed(70_000, Killed())
    assert [word.partition("@")[0] for word in types(phone.feed(90_000, Foregrounded()))] == [
        "application.close", "application.close", "application.launch", "application.launch",
    ]  # fmt: skip
