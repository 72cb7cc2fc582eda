"""Checker `causal`: nothing is bought that was not put into the cart, nobody shops in an app that is closed, and the
back office confirms no order that nobody placed.

A load generator that draws its tasks at random sends purchases of things nobody added; every journey that waits for
the cart would then be tested with noise. The order meant is the order in which the phone created its events, not the
one in which they arrived.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from footfall.evidence.check import Check, Findings, fold
from footfall.evidence.manifest import Expectations
from footfall.evidence.ops import Created, Ended, Forgotten, Op

_CART = {
    "commerce.productListAdds": "adds",
    "commerce.productListRemovals": "removals",
    "commerce.checkouts": "checkouts",
    "commerce.purchases": "purchases",
}
_CONFIRMED = "commerce.backofficeOrderPlaced"
_POINTS = ("loyalty.pointsEarned", "loyalty.pointsReached")


class _Shopper(msgspec.Struct):
    """What the checker remembers of one phone."""

    cart: Counter[str]
    open: bool = False  # the app, between its launch and its close
    orders: list[Counter[str]] = []  # bought, and not yet confirmed by the back office
    uncredited: int = 0  # purchases for which no points were credited


class Causal:
    """Follows the cart and the app of each phone. `phones` are how many were to live."""

    name = "causal"

    def __init__(self, expectations: Expectations, phones: int) -> None:
        self._many = phones >= expectations.covered_from_phones
        self._findings = Findings()
        self._shoppers: dict[int, _Shopper] = {}
        self._facts = dict.fromkeys(("launches", "closes", *_CART.values(), "excused"), 0)

    def feed(self, op: Op) -> None:
        """Follows one op. The lines of one phone must come in its own order, as they do within a ledger file."""
        if isinstance(op, Created):
            if op.source:
                self._elsewhere(op)
                return
            if op.extra or not op.type.startswith(("commerce.", "application.")):
                return
            shopper = self._shoppers.get(op.phone)
            if shopper is None:
                shopper = self._shoppers[op.phone] = _Shopper(Counter())
            if op.type.startswith("application."):
                self._application(op, shopper)
            else:
                self._commerce(op, shopper)
        elif isinstance(op, Forgotten):
            if op.what == "app" and (known := self._shoppers.get(op.phone)) is not None:
                known.open = False
        elif isinstance(op, Ended):
            self._shoppers.pop(op.phone, None)

    def close(self) -> Check:
        """Without a purchase nothing was exercised: unknown in a population large enough to buy something."""
        if not self._facts["purchases"]:
            if self._many:
                self._findings.add("unknown", "vacuous", "no phone bought anything, so nothing was checked to its end")
            else:
                self._findings.add("valid", "vacuous", "no phone bought anything; too few phones to expect it")
        return self._findings.check(self.name, self._facts)

    def _application(self, op: Created, shopper: _Shopper) -> None:
        # Every foreground is a launch and every background a close; after a crash the next start first sends the
        # close that is missing (mobile-sdk.md section 3.3). So the two take turns, whatever happens to the app.
        if op.type == "application.launch":
            self._facts["launches"] += 1
            if shopper.open:
                self._wrong(op, "launched the app twice without a close between")
            shopper.open = True
        elif op.type == "application.close":
            self._facts["closes"] += 1
            if not shopper.open:
                self._wrong(op, "closed the app without a launch before")
            shopper.open = False

    def _commerce(self, op: Created, shopper: _Shopper) -> None:
        if not shopper.open:
            self._wrong(op, f"{op.type} while the app was closed")
        what = _CART.get(op.type)
        if what is None:
            return
        self._facts[what] += 1
        items = Counter[str]()
        for sku, quantity in op.skus:
            items[sku] += quantity
        if what == "adds":
            shopper.cart += items
            return
        missing = items - shopper.cart
        if missing:
            listed = ", ".join(f"{quantity} of {sku}" for sku, quantity in sorted(missing.items()))
            self._wrong(op, f"{op.type} of what is not in the cart: {listed}")
        if what == "removals":
            shopper.cart -= items
        elif what == "purchases":
            if not items:
                self._wrong(op, "bought nothing: a purchase without products")
            shopper.orders.append(items)
            shopper.uncredited += 1
            shopper.cart.clear()

    def _elsewhere(self, op: Created) -> None:
        """What the company's own systems tell follows from purchases of the phone's customer, and of each once."""
        shopper = self._shoppers.get(op.phone) or _Shopper(Counter())
        if op.type == _CONFIRMED:
            items = Counter[str]()
            for sku, quantity in op.skus:
                items[sku] += quantity
            if items in shopper.orders:
                shopper.orders.remove(items)
            else:
                self._wrong(op, f"the {op.source} confirmed an order that the customer had not placed")
        elif op.type in _POINTS:
            shopper.uncredited -= 1
            if shopper.uncredited < 0:
                self._wrong(op, f"the {op.source} credited points for which nothing had been bought")

    def _wrong(self, op: Created, what: str) -> None:
        if op.fault or op.bad:
            self._facts["excused"] += 1  # the plan meant it so
        else:
            self._findings.add("invalid", "order", f"phone {op.phone}: {what}", events=(op.id,), phone=op.phone)


def causal(ops: Iterable[Op], expectations: Expectations, phones: int) -> Check:
    """Whether causes come before effects, for each phone: adds before purchases, launches before what happens in the
    app. `phones` are how many were to live."""
    return fold(Causal(expectations, phones), ops)
