"""Sessions without a pause: the close of type unknown that the next start says first.

Times are those of the phone; the app is told of things at 0 (its launch) and at whole seconds after it.
"""

from __future__ import annotations

import pytest
from phone_words import Server, a_phone, made, told, wake, walk_north
from sdk_behaviour import behaviour
from sdk_words import IPHONE, PIXEL, sent
from story_words import opened, types, xdm

from footfall.phone.config import AppConfig
from footfall.phone.lifecycle import Lifecycle
from footfall.phone.phone import Phone
from footfall.phone.signals import Backgrounded, Due, Foregrounded, Killed, Rebooted, Saw, Upgraded

HOME_SCREEN = Saw("home")


def crashed(model, active_ms: list[int], killed_ms: int) -> Server:
    """An app that was opened at 0, saw a screen at each of these times, and whose process died."""
    phone = opened(model)
    for at_ms in active_ms:
        phone.feed(at_ms, HOME_SCREEN)
    phone.feed(killed_ms, Killed())
    return phone


# active at, killed at -> the unknown close's time on Android, and on iOS, which adds 2 s; its sessionLength on both
CRASHES = [
    ([], 30_000, (0, None), (2_000, 2)),  # nothing after the launch: Android leaves the 0 out
    ([9_000], 30_000, (9_000, 9), (11_000, 11)),
    ([9_000, 20_000], 30_000, (20_000, 20), (22_000, 22)),
    # it is written down every 2 s at most: a second later is lost, which is why iOS adds 2 s
    ([9_000, 10_999], 30_000, (9_000, 9), (11_000, 11)),
    ([9_000, 11_000], 30_000, (11_000, 11), (13_000, 13)),
    ([9_000, 10_000, 11_000, 12_000], 30_000, (11_000, 11), (13_000, 13)),
    # whole seconds of the session, cut off
    ([9_999], 30_000, (9_999, 9), (11_999, 11)),
]


@behaviour(
    "3.3",
    "After a crash the next start first makes a close of type unknown, at the last time the app is known to have been"
    " alive; that is kept with a granularity of 2 s, which iOS adds.",
    Lifecycle.start,
    Lifecycle.alive,
)
@pytest.mark.parametrize(("active_ms", "killed_ms", "android", "ios"), CRASHES)
def test_a_crash_is_told_at_the_next_start(active_ms, killed_ms, android, ios) -> None:
    for model, (closed_ms, length_s) in ((PIXEL, android), (IPHONE, ios)):
        effects = crashed(model, active_ms, killed_ms).feed(90_000, Foregrounded())
        assert types(effects) == [f"application.close@{closed_ms}", "application.launch@90000"]
        close, launch = map(xdm, made(effects))
        expected = {"isClose": True, "closeType": "unknown"}
        if length_s is not None:
            expected["sessionLength"] = length_s
        assert close == {"eventType": "application.close", "application": expected}
        assert launch["application"].keys().isdisjoint({"isInstall", "isUpgrade"})


@behaviour(
    "3.3", "The close of a crashed session leaves before the launch, with its own old timestamp.", Phone._forward
)
def test_on_the_wire_the_close_goes_first() -> None:
    phone = crashed(IPHONE, [9_000], 30_000)
    phone.feed(90_000, Foregrounded())
    close, launch = (sent(request)["events"][0]["xdm"] for request in phone.got[-2:])
    assert (close["eventType"], close["timestamp"]) == ("application.close", "2023-11-14T22:13:31.000Z")
    assert (launch["eventType"], launch["timestamp"]) == ("application.launch", "2023-11-14T22:14:50.000Z")


def test_while_the_app_runs_on_a_missing_pause_is_no_crash() -> None:
    phone = opened()
    assert told(phone.feed(90_000, Foregrounded())) == []  # a start in the foreground


@behaviour("3.3", "Where no last known time is stored, the unknown close is put 1 s before the start.", Lifecycle.start)
@pytest.mark.parametrize(("model", "started_ms", "length_s"), [(IPHONE, 60_000, 59), (PIXEL, 60_000, 59)])
def test_nothing_is_known(model, started_ms, length_s) -> None:
    life = Lifecycle(AppConfig(), "1.0 (1)", model, "en-US", None)
    life.boot()
    life.start(0)
    life.die()  # before the SDK saw any event
    life.boot()
    (closed_ms, close), (launched_ms, _) = life.start(started_ms)
    assert (closed_ms, launched_ms) == (started_ms - 1_000, started_ms)
    assert close.body == (
        b'{"eventType":"application.close","application":'
        b'{"isClose":true,"closeType":"unknown","sessionLength":%d}}' % length_s
    )


@pytest.mark.parametrize(("model", "told_length"), [(IPHONE, 0), (PIXEL, "absent")])
def test_nothing_is_known_and_the_start_comes_at_once(model, told_length) -> None:
    life = Lifecycle(AppConfig(), "1.0 (1)", model, "en-US", None)
    life.start(0)
    life.die()
    life.boot()
    (closed_ms, close), _ = life.start(300)
    assert closed_ms == -700  # before its own launch: the length is 0, never less
    assert (b'"sessionLength":0' in close.body) == (told_length == 0)
    assert (b"sessionLength" in close.body) == (told_length != "absent")


# ms after the pause at which the process dies -> the closeType that is told, and when
PAUSED_AT_MS = 20_000
DEATHS = [
    (0, "unknown"),
    (499, "unknown"),
    (500, "close"),  # it was due
    (30_000, "close"),
]


@behaviour(
    "3.3",
    "A process that dies within 0.5 s of the pause has made no close: the next start tells one of type unknown.",
    Lifecycle.die,
)
@pytest.mark.parametrize(("after_ms", "close_type"), DEATHS)
def test_killed_after_the_pause(after_ms, close_type) -> None:
    phone = opened(PIXEL)
    phone.feed(PAUSED_AT_MS, Backgrounded())
    effects = [
        *phone.feed(PAUSED_AT_MS + after_ms, Killed()),
        *phone.feed(90_000, Foregrounded()),
    ]
    closes = [one for one in made(effects) if one.event.type == "application.close"]
    assert [(xdm(one)["application"]["closeType"], one.at_ms) for one in closes] == [(close_type, PAUSED_AT_MS)]
    assert types(effects)[-1] == "application.launch@90000"


@behaviour(
    "3.3",
    "The last known time is read when a process starts: a process that a region event woke does not move the time of"
    " the crash that it tells of later.",
    Lifecycle.boot,
)
@pytest.mark.parametrize(("model", "closed_ms"), [(IPHONE, 11_000), (PIXEL, 9_000)])
def test_a_process_woken_in_between_does_not_move_the_crash(model, closed_ms) -> None:
    phone = crashed(model, [9_000], 30_000)
    effects = phone.feed(40_000, walk_north(0, 300, 40_000))
    effects = phone.feed(wake(effects), Due())  # the entry wakes the app, which stays in the background
    assert told(effects) == ["made location.entry", "send location.entry"]
    effects = phone.feed(600_000, Foregrounded())
    assert types(effects) == [f"application.close@{closed_ms}", "application.launch@600000"]


@behaviour(
    "3.3",
    "If the woken process dies as well before the app is opened, the time that it wrote down is the last known one.",
    Lifecycle.alive,
)
def test_a_woken_process_that_dies_as_well_was_the_last_to_be_alive() -> None:
    phone = crashed(PIXEL, [9_000], 30_000)
    effects = phone.feed(40_000, walk_north(0, 300, 40_000))
    entry_ms = wake(effects)
    phone.feed(entry_ms, Due())
    phone.feed(400_000, Killed())
    effects = phone.feed(600_000, Foregrounded())
    assert types(effects) == [f"application.close@{entry_ms}", "application.launch@600000"]


@behaviour(
    "3.3",
    "iOS adds its 2 s even where the app is opened again within them: the close is then dated after the launch.",
    Lifecycle.start,
)
@pytest.mark.parametrize(("model", "closed_ms"), [(IPHONE, 11_000), (PIXEL, 9_000)])
def test_opened_again_at_once(model, closed_ms) -> None:
    effects = crashed(model, [9_000], 9_500).feed(10_000, Foregrounded())
    assert types(effects) == [f"application.close@{closed_ms}", "application.launch@10000"]


def test_a_process_writes_its_first_event_down_however_soon_it_comes() -> None:
    # the process before wrote at 9 s, this one sees its first event at 10 s
    phone = crashed(PIXEL, [9_000], 9_500)
    phone.feed(10_000, HOME_SCREEN)
    phone.feed(10_500, Killed())
    assert types(phone.feed(90_000, Foregrounded()))[0] == "application.close@10000"


@behaviour("3.3", "A crash is told once.", Lifecycle.start)
def test_a_crash_is_told_once() -> None:
    phone = crashed(IPHONE, [9_000], 30_000)
    assert types(phone.feed(90_000, Foregrounded()))[0] == "application.close@11000"
    phone.feed(100_000, Backgrounded())
    assert types(phone.feed(100_500, Due())) == ["application.close@100000"]
    assert types(phone.feed(200_000, Foregrounded())) == ["application.launch@200000"]


# what ends the process of an app in the foreground: all look the same to Lifecycle
@pytest.mark.parametrize("end", [Killed(), Rebooted(), Upgraded("1.5.0 (222)")])
def test_whatever_ends_the_process_the_close_is_unknown(end) -> None:
    phone = opened()
    phone.feed(9_000, HOME_SCREEN)
    phone.feed(30_000, end)
    effects = phone.feed(90_000, Foregrounded())
    assert types(effects) == ["application.close@11000", "application.launch@90000"]
    assert xdm(made(effects)[0])["application"]["closeType"] == "unknown"


def test_an_install_tells_no_crash() -> None:
    # the process ran before the first launch, and died
    phone = a_phone()
    phone.feed(0, HOME_SCREEN)
    phone.feed(1_000, Killed())
    effects = phone.feed(2_000, Foregrounded())
    assert types(effects) == ["application.launch@2000"]
    assert xdm(made(effects)[0])["application"]["isInstall"] is True
