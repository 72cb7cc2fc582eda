"""What customers do about messages: the same every time, in the shares that are promised, within the bounds."""

from __future__ import annotations

from collections import Counter
from statistics import mean, median

from hypothesis import given
from hypothesis import strategies as st

from footfall.engine.attention import (
    BUTTON_SHARE,
    DISMISSED,
    LEAST_OPENED,
    LONGEST_MS,
    LOOK_MEDIAN_S,
    MOST_OPENED,
    NOTICED_MEDIAN_S,
    Attention,
    Decision,
)
from footfall.xdm.messaging import DISMISS

BUTTONS = st.sampled_from([(), ("buy",), ("buy", "later", "never")])


def decisions(seed: int, phone: int, count: int, buttons: tuple[str, ...] = ()) -> list[Decision]:
    attention = Attention(seed, phone)
    return [attention.decide(buttons) for _ in range(count)]


def test_a_customer_decides_the_same_every_time_and_not_as_others_do() -> None:
    usual = decisions(1, 7, 20)
    assert decisions(1, 7, 20) == usual
    assert decisions(1, 8, 20) != usual
    assert decisions(2, 7, 20) != usual


@given(st.integers(0, 2**32), st.integers(0, 10**6), st.lists(BUTTONS, max_size=8))
def test_buttons_of_one_message_do_not_change_the_next_decision(seed, phone, buttons) -> None:
    """Every decision draws as many numbers as any other."""
    with_buttons, without = Attention(seed, phone), Attention(seed, phone)
    for each in buttons:
        with_buttons.decide(each)
        without.decide()
    assert with_buttons.decide() == without.decide()


@given(st.integers(0, 2**32), st.integers(0, 10**6), st.lists(BUTTONS, min_size=1, max_size=8))
def test_every_decision_is_one_that_can_be_carried_out(seed, phone, buttons) -> None:
    attention = Attention(seed, phone)
    assert LEAST_OPENED <= attention.openness <= MOST_OPENED
    for offered in buttons:
        decision = attention.decide(offered)
        match decision.what:
            case "ignore":
                assert decision == Decision("ignore")
                continue
            case "dismiss":
                assert (decision.action, decision.stays_ms) == (DISMISS, 0)
            case "open":
                assert decision.action is None
            case "button":
                assert decision.action in offered
        assert 1_000 <= decision.after_ms <= LONGEST_MS
        if decision.what in ("open", "button"):
            assert 1_000 <= decision.stays_ms <= LONGEST_MS


def test_the_shares_are_those_promised() -> None:
    people = [Attention(3, phone) for phone in range(4_000)]
    made = [person.decide(("yes", "no")) for person in people for _ in range(5)]
    counts = Counter(decision.what for decision in made)
    opened = counts["open"] + counts["button"]
    # the square of a uniform number is a third in the mean: most people open little
    assert abs(mean(person.openness for person in people) - (LEAST_OPENED + (MOST_OPENED - LEAST_OPENED) / 3)) < 0.01
    assert abs(opened / len(made) - mean(person.openness for person in people)) < 0.01
    assert abs(counts["button"] / opened - BUTTON_SHARE) < 0.02
    assert abs(counts["dismiss"] / (counts["dismiss"] + counts["ignore"]) - DISMISSED) < 0.02
    # each button alike
    buttons = Counter(decision.action for decision in made if decision.what == "button")
    assert abs(buttons["yes"] / buttons.total() - 0.5) < 0.05


def test_the_times_have_the_medians_promised() -> None:
    made = [decision for phone in range(4_000) for decision in decisions(3, phone, 5)]
    noticed = [decision.after_ms for decision in made if decision.what != "ignore"]
    looked = [decision.stays_ms for decision in made if decision.what == "open"]
    assert abs(median(noticed) / 1000 / NOTICED_MEDIAN_S - 1) < 0.05
    assert abs(median(looked) / 1000 / LOOK_MEDIAN_S - 1) < 0.05


def test_who_opens_much_opens_much() -> None:
    people = sorted((Attention(3, phone) for phone in range(2_000)), key=lambda one: one.openness)

    def opened(some: list[Attention]) -> float:
        return mean(person.decide().what == "open" for person in some for _ in range(10))

    assert opened(people[-200:]) > 3 * opened(people[:200])
