"""How a problem reads, and what counts as a slip of a known word."""

from __future__ import annotations

import pytest

from footfall.world.problems import BadInput, Problem, closest, did_you_mean


def test_a_problem_is_one_line_that_an_editor_can_jump_to() -> None:
    assert str(Problem("s.yaml", 3, 7, "expected 1, found 2")) == "s.yaml:3:7: expected 1, found 2"


def test_what_a_file_holds_cannot_break_the_line_or_move_the_cursor() -> None:
    assert str(Problem("s.yaml", 1, 1, 'unknown key "a\n\x1b[2Jb"')) == 's.yaml:1:1: unknown key "a??[2Jb"'


def test_bad_input_tells_its_problems_in_reading_order() -> None:
    late, early = Problem("s.yaml", 12, 1, "b"), Problem("s.yaml", 2, 30, "a")
    refused = BadInput([late, early])
    assert refused.problems == (early, late)
    assert str(refused) == "s.yaml:2:30: a\ns.yaml:12:1: b"


@pytest.mark.parametrize(
    ("word", "known", "close"),
    [
        # a letter too few, two in each other's place
        ("lanch", ["launch", "login"], "launch"),
        ("veiw", ["view", "walk"], "view"),
        # capitals make no difference
        ("iOS", ["ios", "android"], "ios"),
        ("shop", ["Shop"], "Shop"),
        # nothing near, nothing known
        ("xyz", ["launch", "login"], None),
        ("launch", [], None),
    ],
)
def test_the_closest_word(word: str, known: list[str], close: str | None) -> None:
    assert closest(word, known) == close


@pytest.mark.parametrize(
    ("word", "known", "end"),
    [
        ("veiw", ["view", "walk"], ' Did you mean "view"?'),
        # no guess: what there is, where it is not too much
        ("xyz", ["walk", "view"], " Known: view, walk."),
        ("xyz", [f"name{n}" for n in range(13)], ""),
        ("xyz", [], ""),
    ],
)
def test_the_end_of_the_sentence(word: str, known: list[str], end: str) -> None:
    assert did_you_mean(word, known) == end
