"""What every checker has in common: three answers, findings, and a crash that is never taken for a pass.

A checker is a fold: it is fed every op of a run once, in the order of the ledger files, and closed. So one pass over a
ledger of any length serves all of them.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Literal, Protocol

import msgspec

from footfall.evidence.ledger import LedgerDamaged
from footfall.evidence.ops import Op

Validity = Literal["valid", "unknown", "invalid"]

_RANK: dict[Validity, int] = {"valid": 0, "unknown": 1, "invalid": 2}

# A run that lost everything would give a finding for each of its events; nobody reads more than a few of a kind.
KEPT_OF_A_KIND = 200


def merge(validities: Iterable[Validity]) -> Validity:
    """The worst of several answers: invalid beats unknown beats valid. Of no answers at all nothing is known."""
    return max(validities, key=_RANK.__getitem__, default="unknown")


class Finding(msgspec.Struct, frozen=True):
    """One fact that a checker found. `validity` is what it does to the verdict ("valid": only worth knowing); `kind`
    is the same word for the same fact in every run; `events` are ids; `phone` is the one phone it is about."""

    kind: str
    validity: Validity
    message: str
    events: tuple[str, ...] = ()
    phone: int | None = None


class Check(msgspec.Struct, frozen=True):
    """A checker's answer. `facts` are its numbers; `omitted` counts findings beyond the first 200 of a kind."""

    name: str
    validity: Validity
    findings: tuple[Finding, ...]
    facts: dict[str, int]
    omitted: int = 0


class Findings:
    """Collects what one checker finds, in order. Findings of a kind beyond the first 200 count, but are not kept."""

    def __init__(self) -> None:
        self._kept: list[Finding] = []
        self._kinds: Counter[str] = Counter()
        self._worst: Validity = "valid"

    def add(
        self, validity: Validity, kind: str, message: str, *, events: tuple[str, ...] = (), phone: int | None = None
    ) -> None:
        """Notes one finding."""
        self._worst = merge((self._worst, validity))
        self._kinds[kind] += 1
        if self._kinds[kind] <= KEPT_OF_A_KIND:
            self._kept.append(Finding(kind=kind, validity=validity, message=message, events=events, phone=phone))

    def check(self, name: str, facts: dict[str, int]) -> Check:
        """The answer that all that was found adds up to."""
        omitted = self._kinds.total() - len(self._kept)
        return Check(name=name, validity=self._worst, findings=tuple(self._kept), facts=facts, omitted=omitted)


class Checker(Protocol):
    """Fed every op once, in the ledger's order, then closed."""

    @property
    def name(self) -> str: ...

    def feed(self, op: Op) -> None: ...

    def close(self) -> Check: ...


def fold(checker: Checker, ops: Iterable[Op]) -> Check:
    """Feeds one checker with all the ops and closes it."""
    for op in ops:
        checker.feed(op)
    return checker.close()


def check_safely(name: str, check: Callable[[], Check]) -> Check:
    """The check's answer, or unknown where it crashed: a checker that did not get to its end has vouched for
    nothing. LedgerDamaged is no crash and passes through."""
    try:
        return check()
    except LedgerDamaged:
        raise
    except Exception as error:
        return _crashed(name, error)


class Safely:
    """A checker that may crash at any op without taking the others with it: it is fed no more, and is unknown.
    Evidence that cannot be read (LedgerDamaged) is nobody's crash and passes through."""

    def __init__(self, checker: Checker) -> None:
        self.name = checker.name
        self._checker = checker
        self._crash: Exception | None = None

    def feed(self, op: Op) -> None:
        """Feeds the checker, unless it has crashed before."""
        if self._crash is None:
            try:
                self._checker.feed(op)
            except Exception as error:
                self._crash = error

    def step(self, step: Callable[[], None]) -> None:
        """Takes one more step on the checker's behalf, under the same guard as `feed`."""
        if self._crash is None:
            try:
                step()
            except LedgerDamaged:
                raise
            except Exception as error:
                self._crash = error

    def close(self) -> Check:
        """The checker's answer, or unknown."""
        if self._crash is not None:
            return _crashed(self.name, self._crash)
        return check_safely(self.name, self._checker.close)


def _crashed(name: str, error: Exception) -> Check:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    message = f"the checker itself crashed ({type(error).__name__}: {error}{where}), so it vouches for nothing"
    return Check(name, "unknown", (Finding(kind="crashed", validity="unknown", message=message),), {})


def ranges(indices: Iterable[int], *, most: int = 20) -> str:
    """Phone indices as a person writes them, "17, 40-52"; after `most` ranges only how many phones follow."""
    runs: list[list[int]] = []
    for index in sorted(set(indices)):
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    text = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs[:most])
    left = sum(last - first + 1 for first, last in runs[most:])
    return f"{text} and {left} more" if left else text


def several(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun, "1 event" or "3 events". `plural` is for nouns that do not only take an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {plural or noun + 's'}"
