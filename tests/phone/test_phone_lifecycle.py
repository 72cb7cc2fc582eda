"""Launch and close, as literal histories of what the app tells the Lifecycle extension."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sdk_words import IPHONE, PIXEL

from footfall.phone.lifecycle import Lifecycle
from footfall.world.phones import PhoneModel
from footfall.xdm.build import AppInfo, ExperienceEvent

APP = AppInfo("com.example.shop", "Shop", "1.4.0 (210)")


def lifecycle(model: PhoneModel = IPHONE, app: AppInfo = APP) -> Lifecycle:
    return Lifecycle(app, model, "en-US", None if model is IPHONE else "DNA")


def xdm(event: ExperienceEvent | None) -> dict:
    assert event is not None
    return json.loads(event.body)


def play(steps: str, model: PhoneModel = IPHONE) -> list[str]:
    """`start@0 pause@5000`: at each step first what is due, then the step; `due@...` is only a look. Says what came
    out: launch@ms, close@ms of its timestamp (seconds of the session)."""
    life, out = lifecycle(model), []
    for step in steps.split():
        what, _, at = step.partition("@")
        now_ms = int(at)
        closing = life.close(now_ms)
        if closing is not None:
            length = xdm(closing[1])["application"].get("sessionLength")
            out.append(f"close@{closing[0]}({length})")
        if what == "start" and life.start(now_ms) is not None:
            out.append(f"launch@{now_ms}")
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


@pytest.mark.parametrize(("steps", "told"), HISTORIES)
def test_histories(steps, told) -> None:
    assert play(steps) == told


# milliseconds in the foreground -> sessionLength on iOS, on Android (None: left out)
LENGTHS = [
    (0, 0, None),  # iOS sends the 0, Android leaves it out
    (999, 0, None),
    (1_000, 1, 1),
    (61_999, 61, 61),
]


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
    assert life.start(5_000 + after_ms) is None
    assert life.close_due_ms == (5_500 if stays else None)


def test_only_the_first_launch_is_an_install() -> None:
    life = lifecycle()
    assert not life.installed
    first = xdm(life.start(0))["application"]
    assert life.installed
    assert (first["isLaunch"], first["isInstall"]) == (True, True)
    life.pause(1_000)
    life.close(1_500)
    second = xdm(life.start(60_000))["application"]
    assert second["isLaunch"] is True
    assert second.keys().isdisjoint({"isInstall", "isUpgrade"})  # absent, never false


def test_the_launch_is_the_goldens(golden: Path) -> None:
    expected = json.loads((golden / "events/ios_lifecycle_xdm_launch_install.json").read_text())["xdm"]
    model = PhoneModel("ios", "any", "apple", "test-device-name", "test-device-model", 100, 200, "test-os-version", 1.0)
    app = AppInfo("test-app-id", "test-app-name", "version-number (build-number)")
    launch = xdm(Lifecycle(app, model, "en-US", "test-carrier").start(0))

    # what the test's system says otherwise, and a timestamp that Edge adds here
    del expected["timestamp"]
    expected["environment"] |= {"operatingSystem": "iOS", "_dc": {"language": "en-US"}}
    assert launch == expected


def test_the_close_is_the_goldens(golden: Path) -> None:
    expected = json.loads((golden / "events/ios_lifecycle_xdm_close.json").read_text())["xdm"]
    del expected["timestamp"]
    life = lifecycle()
    life.start(0)
    life.pause(22_000)
    closing = life.close(22_500)
    assert closing is not None
    assert (closing[0], xdm(closing[1])) == (22_000, expected)
