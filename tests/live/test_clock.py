"""Virtual time on the wall: the pace, the anchor, and when a phone stops waiting. No test here waits: time is the
test's own."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.live import clock
from footfall.live.clock import Ending, PhoneClock, anchor_ms

ORIGIN_S = 1_772_882_130.0
BOOTED_S = 5_000.0  # what the monotonic clock says at the origin: another zero than the wall's


class World:
    """Time that passes only while somebody waits, and an ending that comes at its hour."""

    def __init__(self, ends_at_s: float = float("inf")) -> None:
        self.now_s = 0.0  # since the origin
        self.ends_at_s = ends_at_s

    def time(self) -> float:
        return ORIGIN_S + self.now_s

    def monotonic(self) -> float:
        return BOOTED_S + self.now_s

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0.0
        self.now_s += seconds

    @property
    def over(self) -> bool:
        return self.now_s >= self.ends_at_s

    def wait(self, timeout_s: float) -> None:
        self.now_s = max(self.now_s, min(self.now_s + timeout_s, self.ends_at_s))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(clock, "time", world)
    monkeypatch.setattr(clock, "sleep", world.sleep)
    return world


def phone_clock(world: World, speed: float = 120.0, start_ms: int = 0, patience_s: float = 10.0) -> PhoneClock:
    return PhoneClock(ORIGIN_S, speed, start_ms, cast(Ending, world), patience_s)


def near(seconds: float) -> Any:
    return pytest.approx(seconds, abs=1e-5)


# --- the anchor: what moment virtual 0 stands for

# speed, length of the run, how long before the run's start its virtual 0 lies (s)
ANCHORS = [
    # two hours in one minute: the last event is of now, so the first was almost two hours ago
    (120.0, 7_200_000, 7_140.0),
    # at life's own speed virtual time is real time
    (1.0, 7_200_000, 0.0),
    # in slow motion the run begins now, and its end lags behind
    (0.5, 7_200_000, 0.0),
]


@pytest.mark.parametrize(("speed", "lasts_ms", "before_s"), ANCHORS)
def test_the_anchor_lies_so_far_back_that_the_end_is_now(speed: float, lasts_ms: int, before_s: float) -> None:
    assert anchor_ms(ORIGIN_S, lasts_ms, speed) == int((ORIGIN_S - before_s) * 1000)


@given(
    speed=st.floats(0.01, 10_000.0),
    lasts_ms=st.integers(1, 10**9),
    share=st.floats(0.0, 1.0),
    origin_s=st.floats(1.5e9, 2.5e9),
)
def test_no_moment_of_a_run_lies_in_the_future(speed: float, lasts_ms: int, share: float, origin_s: float) -> None:
    at_ms = int(lasts_ms * share)
    stamp_ms = anchor_ms(origin_s, lasts_ms, speed) + at_ms
    wall_ms = origin_s * 1000 + at_ms / speed
    assert stamp_ms <= wall_ms + 1e-3
    if speed >= 1.0 and at_ms == lasts_ms:
        assert stamp_ms > wall_ms - 2.0, "the planned end is now"


# --- the pace


def test_a_second_is_speed_seconds(world: World) -> None:
    phone = phone_clock(world)
    assert phone.wait_until(120_000)
    assert world.now_s == near(1.0)
    assert phone.wait_until(180_000)
    assert world.now_s == near(1.5)


def test_what_is_past_is_not_waited_for(world: World) -> None:
    phone = phone_clock(world)
    world.now_s = 2.0
    assert phone.wait_until(120_000)
    assert world.now_s == 2.0


def test_a_phone_in_its_slot_early_waits_for_its_arrival(world: World) -> None:
    phone = phone_clock(world, start_ms=60_000)
    assert phone.wait_until(60_000)
    assert world.now_s == near(0.5)


def test_a_slot_that_comes_free_late_shifts_the_whole_life(world: World) -> None:
    world.now_s = 3.0
    phone = phone_clock(world, start_ms=120_000)  # was due at 1 s
    assert phone.due_wall_ms(120_000) == near((ORIGIN_S + 3.0) * 1000)
    assert phone.wait_until(240_000)
    assert world.now_s == near(4.0)


def test_an_answer_later_than_planned_holds_the_phone_back(world: World) -> None:
    phone = phone_clock(world)
    phone.answered(60.0, planned_ms=1_200)  # planned to take 10 ms of the wall's time: 50 ms over
    assert phone.due_wall_ms(120_000) == near((ORIGIN_S + 1.05) * 1000)
    phone.answered(1_000.0, planned_ms=1_200)
    assert phone.wait_until(120_000)
    assert world.now_s == near(1.0 + 0.05 + 0.99)


def test_an_answer_sooner_than_planned_changes_nothing(world: World) -> None:
    phone = phone_clock(world)
    phone.answered(1.0, planned_ms=1_200)
    assert phone.due_wall_ms(0) == near(ORIGIN_S * 1000)


@given(speed=st.floats(0.05, 5_000.0), late_s=st.floats(0.0, 100.0), over_ms=st.floats(0.0, 60_000.0))
def test_no_phone_stamps_an_event_before_its_time(speed: float, late_s: float, over_ms: float) -> None:
    """Whatever holds a phone back, it acts at or after the moment that its event is stamped with."""
    world = World()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clock, "time", world)
        patched.setattr(clock, "sleep", world.sleep)
        world.now_s = late_s
        phone = phone_clock(world, speed)
        lasts_ms = 7_200_000
        anchor = anchor_ms(ORIGIN_S, lasts_ms, speed)
        for at_ms in (0, 1_000_000, lasts_ms):
            assert phone.wait_until(at_ms)
            assert anchor + at_ms <= phone.wall_ms() + 1.0
            assert anchor + at_ms <= phone.due_wall_ms(at_ms) + 1.0
            phone.answered(over_ms, 0)


# --- endings


def test_an_ending_interrupts_the_wait(world: World) -> None:
    world.ends_at_s = 0.4
    phone = phone_clock(world)
    assert not phone.wait_until(120_000)
    assert world.now_s == 0.4


def test_after_an_ending_nothing_is_waited_for_not_even_the_past(world: World) -> None:
    world.ends_at_s = 0.0
    phone = phone_clock(world)
    world.now_s = 5.0
    assert not phone.wait_until(0)
    assert world.now_s == 5.0


def test_while_draining_the_ending_no_longer_matters(world: World) -> None:
    world.ends_at_s = 0.0
    phone = phone_clock(world)
    phone.start_draining()
    assert phone.wait_until(120_000)
    assert world.now_s == near(1.0)


def test_patience_ends(world: World) -> None:
    phone = phone_clock(world, patience_s=2.0)
    phone.start_draining()
    assert phone.wait_until(120_000)  # 1 s
    assert not phone.wait_until(600_000)  # 5 s: given up at 2 s
    assert world.now_s == near(2.0)
    assert not phone.wait_until(0), "patience over is over"


def test_patience_is_of_the_wall_whatever_the_speed(world: World) -> None:
    phone = phone_clock(world, speed=1.0, patience_s=2.0)
    phone.start_draining()
    assert not phone.wait_until(3_000)
    assert world.now_s == near(2.0)


def test_draining_begins_once(world: World) -> None:
    phone = phone_clock(world, patience_s=2.0)
    phone.start_draining()
    world.now_s = 1.5
    phone.start_draining()
    assert not phone.wait_until(600_000)
    assert world.now_s == near(2.0)
