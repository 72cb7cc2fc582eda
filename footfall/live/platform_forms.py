"""The forms of a platform file's values that scenarios and apps have no need of: JSON, HTTP statuses, times from the
start. How forms work is told in `footfall.scenario.forms`."""

from __future__ import annotations

import re

import msgspec

from footfall.scenario.forms import Spot
from footfall.scenario.quantities import Quantity
from footfall.scenario.units import DURATION
from footfall.scenario.yaml_nodes import Listing, Mapping, Scalar, core_type

_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WITHOUT_BODY = frozenset({204, 205, 304})


class JsonObject(msgspec.Struct, frozen=True):
    """A map, handed over as the JSON text of an object."""

    expected: str

    def read(self, spot: Spot) -> msgspec.Raw:
        if not isinstance(spot.node, Mapping):
            spot.wrong(self.expected)
            return self.stand_in()
        return msgspec.Raw(msgspec.json.encode(_json(spot)))

    def stand_in(self) -> msgspec.Raw:
        return msgspec.Raw(b"{}")


def _json(spot: Spot) -> object:
    node = spot.node
    if isinstance(node, Mapping):
        return {
            _text(spot.under(key.text, key), key): _json(spot.under(key.text, value)) for key, value in node.entries
        }
    if isinstance(node, Listing):
        return [_json(spot.under(index, item)) for index, item in enumerate(node.items)]
    match core_type(node):
        case "nothing":
            return None
        case "a truth value":
            return node.text.lower() == "true"
        case "a number":
            return _number(spot, node)
        case _:
            return _text(spot, node)


def _number(spot: Spot, node: Scalar) -> object:
    """As it is written, with all its digits."""
    if _JSON_NUMBER.fullmatch(node.text):
        try:
            msgspec.json.decode(node.text)
        except msgspec.MsgspecError:
            spot.wrong("a smaller number")
            return None
        return msgspec.Raw(node.text.encode())
    spot.wrong("a number as JSON writes it, such as 10 or -0.5")
    return None


def _text(spot: Spot, node: Scalar) -> str:
    """JSON escapes a character beyond U+FFFF as two halves, which YAML does not join."""
    try:
        return node.text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        spot.say("half of a pair of UTF-16 is no character: write the whole character")
        return ""


class Status(msgspec.Struct, frozen=True):
    """An HTTP status that ends an exchange and whose answer has a body."""

    expected: str = "an HTTP status from 200 to 599"

    def read(self, spot: Spot) -> int:
        node = spot.node
        if not (isinstance(node, Scalar) and node.plain and re.fullmatch("[2-5][0-9]{2}", node.text)):
            spot.wrong(self.expected)
            return self.stand_in()
        status = int(node.text)
        if status in _WITHOUT_BODY:
            spot.wrong(f"{self.expected} whose answer has a body")
        return status

    def stand_in(self) -> int:
        return 503


class Since(msgspec.Struct, frozen=True):
    """A duration, handed over in seconds and parts of them. `positive`: more than nothing."""

    positive: bool = False
    expected: str = "a duration such as 90s"

    def read(self, spot: Spot) -> float:
        return float(Quantity(DURATION, self.positive).exact(spot) / 1000)

    def stand_in(self) -> float:
        return 1.0 if self.positive else 0.0
