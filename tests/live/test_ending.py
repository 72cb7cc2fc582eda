"""How a life hears that the run is being ended, and how a wait of its is cut short by what comes from outside. These
few do wait, for some hundredths of a second."""

from __future__ import annotations

import time

import gevent
import pytest

from footfall.live.clock import Ending, PhoneClock

LONG_S = 5.0


def waited(ending: Ending, timeout_s: float = LONG_S) -> float:
    began = time.monotonic()
    ending.wait(timeout_s)
    return time.monotonic() - began


def test_a_wait_lasts_as_long_as_it_is_meant_to() -> None:
    ending = Ending()
    assert 0.03 <= waited(ending, 0.03) < 1.0
    assert not ending.over


@pytest.mark.parametrize("ring", [Ending.set, Ending.stir])
def test_a_wait_under_way_ends_when_it_is_stirred_or_over(ring) -> None:
    ending = Ending()
    gevent.spawn_later(0.02, ring, ending)
    assert waited(ending) < 1.0
    assert ending.over == (ring is Ending.set)


def test_after_a_stir_the_next_wait_is_a_whole_one() -> None:
    ending = Ending()
    gevent.spawn_later(0.01, ending.stir)
    waited(ending)
    assert waited(ending, 0.03) >= 0.03


def test_a_stir_while_nobody_waits_shortens_no_later_wait() -> None:
    """It came while an answer was awaited: a phone that went on too early would stamp its next event in the future."""
    ending = Ending()
    ending.stir()
    assert waited(ending, 0.03) >= 0.03


def test_over_is_over_for_every_wait_to_come() -> None:
    ending = Ending()
    ending.set()
    ending.stir()
    assert waited(ending) < 1.0
    assert waited(ending) < 1.0


def test_a_stirred_phone_is_not_told_that_the_run_ends() -> None:
    ending = Ending()
    clock = PhoneClock(time.time(), 1.0, 0, ending, patience_s=1.0)
    gevent.spawn_later(0.01, clock.stir)
    assert clock.wait_until(60_000)
    assert clock.now_ms() < 5_000


def test_what_a_phones_clock_shows_goes_as_fast_as_the_run() -> None:
    clock = PhoneClock(time.time() - 1.0, 60.0, 60_000, Ending(), patience_s=1.0)
    assert 60_000 <= clock.now_ms() < 120_000
    clock.answered(2_000.0, planned_ms=0)  # it stands still while a real answer takes longer
    assert clock.now_ms() < 0


def test_a_phone_that_delivers_what_is_left_is_not_disturbed() -> None:
    clock = PhoneClock(time.time(), 1.0, 0, Ending(), patience_s=1.0)
    clock.start_draining()
    gevent.spawn_later(0.01, clock.stir)
    began = time.monotonic()
    assert clock.wait_until(50)
    assert time.monotonic() - began >= 0.03
