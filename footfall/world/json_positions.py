"""Where the values of a JSON text are: paths to lines and columns.

Decoders keep no positions, and a file that is right needs none. So a file is decoded the fast way, and only when
something is wrong is its text gone through again, for the few places that are asked for.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Collection, Iterator

import msgspec

from footfall.world.problems import Mistake, Path, Problem

_TOKEN = re.compile(r'[ \t\n\r]*([{}\[\]:,]|"(?:[^"\\]|\\.)*"|[^ \t\n\r{}\[\]:,"]+)')


class Place(msgspec.Struct, frozen=True):
    """The offsets in the text of one value and of the key it stands under (of itself, in a list or at the top)."""

    path: Path
    key: int
    value: int


def places(text: str) -> Iterator[Place]:
    """Every value of a valid JSON text in reading order, a container before what is in it."""
    path: list[str | int] = []
    inside: list[str] = []  # the open brackets
    key = -1
    for token in _TOKEN.finditer(text):
        word, at = token[1], token.start(1)
        if word in ("}", "]"):
            inside.pop()
            path.pop()
            key = -1
        elif word == ",":
            if inside[-1] == "[":
                index = path[-1]
                assert isinstance(index, int)
                path[-1] = index + 1
        elif word == ":":
            continue
        elif inside and inside[-1] == "{" and key < 0:
            path[-1], key = json.loads(word), at
        else:
            yield Place(tuple(path), at if key < 0 else key, at)
            key = -1
            if word in ("{", "["):
                inside.append(word)
                path.append("" if word == "{" else 0)


def duplicate_keys(text: str) -> Iterator[Place]:
    """Values whose key was there before in the same object; decoders drop the earlier one without a word."""
    seen: set[Path] = set()
    again: set[Path] = set()
    for place in places(text):
        if any(place.path[:depth] in again for depth in range(len(place.path))):
            continue  # what is in a duplicate is no further mistake
        if place.path in seen:
            again.add(place.path)
            yield place
        seen.add(place.path)


class Lines:
    """Offsets of one text as lines and columns, which count from 1."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer(r"\n", text))]

    def at(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def located(text: str, file: str, mistakes: Collection[Mistake]) -> Iterator[Problem]:
    """The mistakes as problems of `file`. A path that is not in the text gets the place of what is there of it."""
    wanted = {mistake.path[:depth] for mistake in mistakes for depth in range(len(mistake.path) + 1)}
    found = {place.path: place for place in places(text) if place.path in wanted}
    lines = Lines(text)
    for mistake in mistakes:
        path = mistake.path
        while path and path not in found:
            path = path[:-1]
        place = found[path]
        yield Problem(file, *lines.at(place.key if mistake.at_key else place.value), mistake.message)
