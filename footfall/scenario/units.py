"""Quantities as a person writes them: "20m", "1.5h", "1.4mps", "2m..6m", "2..6".

One grammar: a decimal number, straight after it the unit, and ".." between the two ends of a range. Arithmetic is
exact (fractions) until the value is handed over, so that 0.29s is 290 ms and not 290.00000000000006.
"""

from __future__ import annotations

import re
from fractions import Fraction

import msgspec

LARGEST = Fraction(10**15)
"""No quantity may be larger in its base unit: 10^15 ms are 31,000 years."""


class Dimension(msgspec.Struct, frozen=True):
    """What is measured, its units with their size in the base unit (ms, m/s), and how it is written, as examples."""

    name: str
    units: dict[str, Fraction]
    base: str
    examples: str
    slips: dict[str, str]


DURATION = Dimension(
    name="duration",
    units={
        "ms": Fraction(1),
        "s": Fraction(1_000),
        "m": Fraction(60_000),
        "h": Fraction(3_600_000),
        "d": Fraction(86_400_000),
    },
    base="ms",
    examples="90s, 20m, 2h",
    slips={
        **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
        **dict.fromkeys(("min", "mins", "minute", "minutes", "M"), "m"),
        **dict.fromkeys(("hr", "hrs", "hour", "hours", "H"), "h"),
        **dict.fromkeys(("day", "days", "D"), "d"),
    },
)
SPEED = Dimension(
    name="speed",
    units={"mps": Fraction(1), "kmh": Fraction(5, 18)},
    base="mps",
    examples="1.4mps, 5kmh",
    slips={
        **dict.fromkeys(("m/s", "ms"), "mps"),
        **dict.fromkeys(("km/h", "kph"), "kmh"),
    },
)

_AMOUNT = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,20})?)( ?)([^\W\d_]{0,12}(?:/[a-z])?)", re.ASCII)
_RANGE = re.compile(r"(.+?)\.\.([^.].*)")
_COUNT = re.compile(r"[0-9]{1,9}")


class NotWritten(ValueError):
    """The text is not in the grammar. `hint` adds what seems to have been meant; it may be empty."""

    def __init__(self, hint: str = "") -> None:
        super().__init__(hint)
        self.hint = hint


def split_range(text: str) -> tuple[str, str] | None:
    """ "2m..6m" -> ("2m", "6m"); None where there are no two dots."""
    found = _RANGE.fullmatch(text)
    return (found[1], found[2]) if found else None


def amount(text: str, dimension: Dimension) -> Fraction:
    """The quantity in the dimension's base unit (ms, m/s); raises NotWritten."""
    found = _AMOUNT.fullmatch(text)
    if not found:
        raise NotWritten
    number, space, unit = found.groups()
    if not unit:
        raise NotWritten("the unit is missing")
    if unit not in dimension.units:
        meant = dimension.slips.get(unit)
        raise NotWritten(f"write {number}{meant}" if meant else "the units are " + ", ".join(dimension.units))
    if space:
        raise NotWritten(f"write {number}{unit}, without the space")
    value = Fraction(number) * dimension.units[unit]
    if value > LARGEST:
        raise NotWritten("that is too large")
    return value


def amount_range(low_text: str, high_text: str, dimension: Dimension) -> tuple[Fraction, Fraction]:
    """Both ends of a range; raises NotWritten, also where the low end is the larger."""
    number = _AMOUNT.fullmatch(low_text)
    unit = high_text.lstrip("0123456789.")
    if number and not number[3] and unit in dimension.units:
        raise NotWritten(f"both ends need a unit: write {low_text}{unit}..{high_text}")
    low, high = amount(low_text, dimension), amount(high_text, dimension)
    if low > high:
        raise NotWritten("the first end is larger than the second")
    return low, high


def count_range(text: str) -> tuple[int, int]:
    """Both ends of "2..6", or twice the same for "3"; raises NotWritten."""
    low_text, high_text = split_range(text) or (text, text)
    if not (_COUNT.fullmatch(low_text) and _COUNT.fullmatch(high_text)):
        raise NotWritten
    low, high = int(low_text), int(high_text)
    if low > high:
        raise NotWritten("the first end is larger than the second")
    return low, high
