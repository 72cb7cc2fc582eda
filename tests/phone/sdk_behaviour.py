"""Says of a test which behaviour of the SDK it holds, and where that is implemented: docs/sdk-behaviours.md is made of
it (tools/sdk_behaviours.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Behaviour:
    """`section` of the collection of facts (mobile-sdk.md), the behaviour in one sentence, and the functions or classes
    that implement it. `key` says what switches it on or sets it, where something does: keys of an app file by their
    paths (`places.rule`), words of a scenario (`scenario: login`), options (`--datastream`), with commas between."""

    def __init__(self, section: str, what: str, where: tuple[Any, ...], key: str = "") -> None:
        self.section = section
        self.what = what
        self.where = where
        self.keys = tuple(key.split(", ")) if key else ()


def behaviour(section: str, what: str, *where: Any, key: str = "") -> Callable[[Any], Any]:
    """Marks a test: `@behaviour("1.4", "A retry has a new requestId, the same _id and timestamp.", Edge.answered)`."""

    def mark(test: Any) -> Any:
        test.sdk_behaviours = (Behaviour(section, what, where, key), *getattr(test, "sdk_behaviours", ()))
        return test

    return mark
