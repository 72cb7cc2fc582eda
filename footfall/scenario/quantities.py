"""The forms of quantities, counts and distributions: "20m", "2..6", "2m..6m", {lognormal: {median: 3m, sigma: 0.6}}."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec

from footfall.scenario.forms import Key, Number, OneOf, Record, Spot, by_tag, found
from footfall.scenario.types import Count, Distribution, Fixed, Lognormal, Uniform
from footfall.scenario.units import Dimension, NotWritten, amount, amount_range, count_range, split_range
from footfall.scenario.yaml_nodes import Scalar


class Quantity(msgspec.Struct, frozen=True):
    """A number with its unit, handed over in the dimension's base unit. `positive`: more than nothing."""

    dimension: Dimension
    positive: bool = False

    @property
    def expected(self) -> str:
        return f"a {self.dimension.name} such as {self.dimension.examples.split(', ')[0]}"

    def read(self, spot: Spot) -> float:
        return float(self.exact(spot))

    def exact(self, spot: Spot) -> Fraction:
        if isinstance(spot.node, Scalar):
            try:
                value = amount(spot.node.text, self.dimension)
            except NotWritten as why:
                _say(spot, self.dimension, why.hint)
            else:
                if value > 0 or not self.positive:
                    return value
                spot.wrong(f"a {self.dimension.name} of more than 0")
        else:
            _say(spot, self.dimension)
        return Fraction(1 if self.positive else 0)

    def stand_in(self) -> float:
        return 1.0 if self.positive else 0.0


class WholeQuantity(msgspec.Struct, frozen=True):
    """A quantity rounded to whole base units, such as milliseconds."""

    quantity: Quantity

    @property
    def expected(self) -> str:
        return self.quantity.expected

    def read(self, spot: Spot) -> int:
        exact = self.quantity.exact(spot)
        if 0 < exact < 1:
            spot.wrong(f"at least 1{self.quantity.dimension.base}")
        return round(exact)

    def stand_in(self) -> int:
        return round(self.quantity.stand_in())


class CountForm(msgspec.Struct, frozen=True):
    """`3` or `2..6`, from `low` up."""

    low: int = 1

    @property
    def expected(self) -> str:
        return f"a count such as 3 or 2..6, at least {self.low}"

    def read(self, spot: Spot) -> Count:
        if isinstance(spot.node, Scalar):
            try:
                low, high = count_range(spot.node.text)
            except NotWritten as why:
                spot.wrong(self.expected, why.hint)
            else:
                if low >= self.low:
                    return Count(low, high)
                spot.wrong(self.expected)
        else:
            spot.wrong(self.expected)
        return self.stand_in()

    def stand_in(self) -> Count:
        return Count(self.low, self.low)


class DistributionForm(msgspec.Struct, frozen=True):
    """A fixed quantity, a range (uniform), or a map of one key that names the distribution.

    `positive`: nothing that can be drawn is zero, as for the speed of someone who has to arrive.
    """

    dimension: Dimension
    positive: bool = False

    @property
    def expected(self) -> str:
        first, second = self.dimension.examples.split(", ")[:2]
        return f"a {self.dimension.name} such as {first} or {second}, or {{lognormal: {{median: {first}, sigma: 0.6}}}}"

    def read(self, spot: Spot) -> Distribution:
        node = spot.node
        if not isinstance(node, Scalar):
            return self._named().read(spot)
        ends = split_range(node.text)
        if ends is None:
            return Fixed(Quantity(self.dimension, self.positive).read(spot))
        try:
            low, high = amount_range(*ends, self.dimension)
        except NotWritten as why:
            _say(spot, self.dimension, why.hint)
        else:
            if low > 0 or not self.positive:
                return Uniform(float(low), float(high))
            spot.wrong(f"a {self.dimension.name} of more than 0")
        return self.stand_in()

    def stand_in(self) -> Distribution:
        return Fixed(1.0 if self.positive else 0.0)

    def _named(self) -> OneOf[Distribution]:
        end, median = Key(Quantity(self.dimension, self.positive)), Key(Quantity(self.dimension, positive=True))
        example = self.dimension.examples.split(", ")[0]
        kinds: tuple[Record[Any], ...] = (
            Record(f"a map like {{low: {example}, high: {example}}}", Uniform, {"low": end, "high": end}, _upside_down),
            Record(
                f"a map like {{median: {example}, sigma: 0.6}}",
                Lognormal,
                {"median": median, "sigma": Key(Number("a number from 0 to 10", high=10.0))},
            ),
        )
        return OneOf(self.expected, "a distribution", by_tag(*kinds), bare=False)


def _upside_down(uniform: Uniform) -> str:
    return "" if uniform.low <= uniform.high else "expected low to be at most high"


def _say(spot: Spot, dimension: Dimension, hint: str = "") -> None:
    said = f"a {dimension.name} is written {dimension.examples}; found {found(spot.node)}"
    spot.say(said + (f": {hint}" if hint else ""))
