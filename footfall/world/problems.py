"""What is wrong with a file that a person wrote: where, what was expected, what was found.

Every reader of input (scenarios, geofences) collects all the problems it can find before it gives up, so that one
look at the screen is enough to mend the file.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import msgspec


class Problem(msgspec.Struct, frozen=True, order=True):
    """One mistake in one file. `line` and `column` count from 1; `message` says expected and found in one sentence."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        # one line for a terminal, whatever characters the file quoted in it holds
        line = f"{self.file}:{self.line}:{self.column}: {self.message}"
        return "".join(char if char.isprintable() else "?" for char in line)


Path = tuple[str | int, ...]
"""From the top of a document: a key of a map, or an index of a list, per level."""


class Mistake(msgspec.Struct, frozen=True):
    """A problem while its line and column are not known yet: what a check of decoded values can say.

    It is about the value at `path`; `at_key`: point at the key of that entry rather than at its value.
    """

    path: Path
    message: str
    at_key: bool = False


class BadInput(Exception):
    """The input cannot be used. Carries every problem that was found, in reading order; the command line prints them
    and exits with 2, without a traceback."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` may be a slip of, if one is close; capitals make no difference."""
    by_small = {name.lower(): name for name in sorted(known)}
    close = difflib.get_close_matches(word.lower(), by_small, n=1, cutoff=0.6)
    return by_small[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A ready-made sentence end: ' Did you mean "walk"?' where one of the known words is close, else the known words
    themselves where they are few, else nothing."""
    words = sorted(known)
    close = closest(word, words)
    if close:
        return f' Did you mean "{close}"?'
    if 0 < len(words) <= 12:
        return " Known: " + ", ".join(words) + "."
    return ""
