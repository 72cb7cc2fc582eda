"""A scenario after decoding: what each phone may do, as a state machine with shares, and for how long.

Units are base units: durations in milliseconds of virtual time, speeds in metres per second. The written forms
("20m", "1.4mps", "2..6", {lognormal: {median: 3m, sigma: 0.6}}) exist only in the file; see `decode`.
"""

from __future__ import annotations

import msgspec


class Fixed(msgspec.Struct, frozen=True, tag="fixed"):
    """Always `value`."""

    value: float


class Uniform(msgspec.Struct, frozen=True, tag="uniform"):
    """Any value from `low` to `high`, alike."""

    low: float
    high: float


class Lognormal(msgspec.Struct, frozen=True, tag="lognormal"):
    """exp(N(ln median, sigma)): dwell times and gaps between actions have this shape (realism.md section 3)."""

    median: float
    sigma: float


Distribution = Fixed | Uniform | Lognormal


class Count(msgspec.Struct, frozen=True):
    """A whole number drawn alike from `low` to `high`, both included. Written `3` or `2..6`."""

    low: int
    high: int


class Launch(msgspec.Struct, frozen=True, tag="launch"):
    """The app comes to the foreground (the first time it is an install)."""


class Background(msgspec.Struct, frozen=True, tag="background"):
    """The app goes to the background."""


class Login(msgspec.Struct, frozen=True, tag="login"):
    """The customer logs in: from now on the Email identity travels with the events."""


class Walk(msgspec.Struct, frozen=True, tag="walk"):
    """The customer walks to a place of one of the categories `to` (empty: any place; "home": back home) and stands
    there. `speed` in metres per second. The app may be in the foreground or not."""

    to: tuple[str, ...]
    speed: Distribution


class View(msgspec.Struct, frozen=True, tag="view"):
    """Looks at so many products, one after the other: commerce.productViews."""

    products: Count


class Add(msgspec.Struct, frozen=True, tag="add"):
    """Puts so many of the products last viewed into the cart, one after the other: commerce.productListAdds."""

    items: Count


class Remove(msgspec.Struct, frozen=True, tag="remove"):
    """Takes one product out of the cart again, never the last one: commerce.productListRemovals, or nothing."""


class OpenCart(msgspec.Struct, frozen=True, tag="open-cart"):
    """Opens the cart: commerce.productListOpens."""


class Checkout(msgspec.Struct, frozen=True, tag="checkout"):
    """Goes to the checkout with all that is in the cart: commerce.checkouts."""


class Purchase(msgspec.Struct, frozen=True, tag="purchase"):
    """Buys all that is in the cart, which is empty afterwards: commerce.purchases with an order."""


Action = Launch | Background | Login | Walk | View | Add | Remove | OpenCart | Checkout | Purchase


class State(msgspec.Struct, frozen=True):
    """A named node: do these actions in order, `gap` between two of them, stay for `dwell`, go on to the next state by
    share. Shares sum to 1; the name "end" is the end of the phone's life."""

    name: str
    do: tuple[Action, ...]
    dwell: Distribution
    next: tuple[tuple[str, float], ...]


class Population(msgspec.Struct, frozen=True):
    """`phones` phones, their platforms by share, arriving evenly one after the other over `arrivals_ms`."""

    phones: int
    platforms: tuple[tuple[str, float], ...]
    arrivals_ms: int


class Places(msgspec.Struct, frozen=True):
    """A geofence file, relative to the scenario file, and the libraries of it that are used (empty: all)."""

    file: str
    libraries: tuple[str, ...]


class Scenario(msgspec.Struct, frozen=True):
    """One scenario file, decoded. `lasts_ms` bounds the run in virtual time: no phone does anything after it. `app` is
    the app file that it is made for ("": the demo shop's) and `journeys` those that its local platform runs, by
    name."""

    name: str
    version: int
    remarks: tuple[str, ...]
    seed: int
    lasts_ms: int
    population: Population
    places: Places
    gap: Distribution
    start: str
    states: tuple[State, ...]
    app: str = ""
    journeys: tuple[str, ...] = ()


class Names(msgspec.Struct, frozen=True):
    """What there is to be named: apps and journeys, each as below its folder and without `.yaml`."""

    apps: tuple[str, ...] = ()
    journeys: tuple[str, ...] = ()
