"""What one customer is going to do: timed signals, drawn lazily from the scenario's states, before any reply is known.

The plan keeps the customer's own memory (where they are, what they looked at, what is in the cart); what the phone and
its SDK make of it is not the plan's business.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from math import cos, pi, sin, sqrt

import msgspec

from footfall.engine.compile import END, Ready, ReadyState, draw
from footfall.engine.seeds import Streams
from footfall.phone.signals import Backgrounded, Did, Foregrounded, LoggedIn, Moved, PushTokenSet, Signal, Upgraded
from footfall.scenario.types import (
    Action,
    Add,
    Background,
    Checkout,
    Count,
    Launch,
    Login,
    OpenCart,
    Purchase,
    Remove,
    State,
    View,
    Walk,
)
from footfall.world.catalogue import CATALOGUE, Product
from footfall.world.geo import Point, distance_m, moved
from footfall.world.people import Person
from footfall.world.pois import Poi
from footfall.world.walks import walk
from footfall.xdm.commerce import CartLine, OrderRef, Payment, PaymentType

LONGEST_GAP_MS = 30 * 60_000  # a longer one would be another session (realism.md section 3)
STAND_SHARE = 0.4  # people stand in the inner 40 % of a place's radius, where every OS rule calls them in
PAYMENTS: tuple[PaymentType, ...] = ("credit_card", "debit_card", "paypal")
PAYMENT_CUMULATIVE = (0.6, 0.8, 1.0)


class Timed(msgspec.Struct, frozen=True):
    """At `at_ms` (virtual), in this state, the signal; None is the end of the plan."""

    at_ms: int
    state: str
    signal: Signal | None


def tells(state: State) -> bool:
    """Whether customers in this state surely make events of their own, not only by opening and closing the app and by
    crossing places."""
    return any(isinstance(action, View | Add | OpenCart | Checkout | Purchase) for action in state.do)


class Update(msgspec.Struct, frozen=True):
    """The store has this version of the app for the phone from `at_ms` (virtual) on."""

    at_ms: int
    version: str


class Customer:
    """One customer's memory while the plan unrolls."""

    __slots__ = (
        "_cart",
        "_here",
        "_home",
        "_in_front",
        "_orders",
        "_person",
        "_push_token",
        "_ready",
        "_streams",
        "_update",
        "_viewed",
    )

    def __init__(
        self, ready: Ready, person: Person, streams: Streams, update: Update | None = None, push_token: str = ""
    ) -> None:
        self._ready = ready
        self._person = person
        self._streams = streams
        self._home = Point(
            lon=streams.route.between(ready.south_west.lon, ready.north_east.lon),
            lat=streams.route.between(ready.south_west.lat, ready.north_east.lat),
        )
        self._here = self._home
        self._in_front = False
        self._viewed: list[Product] = []
        self._cart: dict[str, CartLine] = {}
        self._orders = 0
        self._update = update
        self._push_token = push_token

    @property
    def home(self) -> Point:
        """Where the customer starts, and goes back to."""
        return self._home

    def plan(self, start_ms: int) -> Iterator[Timed]:
        """The signals in order of time. Nothing is later than the scenario's `lasts`: whoever is still about then puts
        the phone away, and the plan ends."""
        last_ms = self._ready.scenario.lasts_ms
        state = self._ready.scenario.start
        for timed in self._endless(start_ms):
            if timed.at_ms >= last_ms:
                if self._in_front:
                    yield Timed(last_ms, state, Backgrounded())
                yield Timed(last_ms, state, None)
                return
            update = self._update
            if update is not None and timed.at_ms >= update.at_ms and not self._in_front:
                # stores update apps that are not in use; here just before the next thing that happens
                yield Timed(timed.at_ms, state, Upgraded(update.version))
                self._update = None
            state = timed.state
            if isinstance(timed.signal, Foregrounded):
                self._in_front = True
            elif isinstance(timed.signal, Backgrounded):
                self._in_front = False
            yield timed
            if self._push_token and self._in_front:  # asked at the first start; the OS hands the token over at once
                yield Timed(timed.at_ms, state, PushTokenSet(self._push_token))
                self._push_token = ""

    def _endless(self, start_ms: int) -> Iterator[Timed]:
        now = start_ms
        name = self._ready.scenario.start
        while True:
            state = self._ready.states[name]
            for i, action in enumerate(state.do):
                now = yield from self._act(action, now + (self._gap() if i else 0), name)
            now += round(draw(state.dwell, self._streams.timing))
            following = self._next(state)
            if following == END:
                yield Timed(now, name, None)
                return
            name = following

    def _next(self, state: ReadyState) -> str:
        return state.names[self._streams.behaviour.index(state.cumulative)]

    def _gap(self) -> int:
        gap = draw(self._ready.scenario.gap, self._streams.timing)
        return max(1000, min(round(gap), LONGEST_GAP_MS))

    def _act(self, action: Action, now: int, state: str) -> Generator[Timed, None, int]:
        """The signals of one action from `now` on; returns when the action is over."""
        match action:
            case Walk(to, speed):
                return (yield from self._walk(to, draw(speed, self._streams.route), now, state))
            case View(Count(low, high)) | Add(Count(low, high)):
                once = self._view if isinstance(action, View) else self._add
                for i in range(self._streams.behaviour.whole(low, high)):
                    now += self._gap() if i else 0
                    yield Timed(now, state, once())
            case Remove() if len(self._cart) <= 1:
                pass
            case _:
                yield Timed(now, state, self._once(action))
        return now

    def _once(self, action: Action) -> Signal:
        """The signal of an action that is over at once."""
        match action:
            case Launch():
                return Foregrounded()
            case Background():
                return Backgrounded()
            case Login():
                return LoggedIn(self._person.email, self._person.id)
            case Remove():
                return self._remove()
            case OpenCart():
                return Did("productListOpens", tuple(self._cart.values()))
            case Checkout():
                return Did("checkouts", tuple(self._cart.values()))
            case Purchase():
                return self._purchase()
            case Walk() | View() | Add():
                raise AssertionError(f"{action} takes time")

    def _walk(self, to: tuple[str, ...], speed_mps: float, now: int, state: str) -> Generator[Timed, None, int]:
        goal = self._home if to == ("home",) else self._spot(self._choose(to))
        along_first = self._streams.route.unit() < 0.5
        for leg in walk(self._here, goal, now, speed_mps, along_first):
            yield Timed(leg.depart_ms, state, Moved(leg))
            now = leg.arrive_ms
        self._here = goal
        return now

    def _choose(self, to: tuple[str, ...]) -> Poi:
        """A place of the categories: of two drawn alike the nearer one, never the one where the customer stands."""
        pois = self._ready.goals[to]
        drawn = [pois[i] for i in self._streams.route.sample(len(pois), 3)]
        ways = [(distance_m(self._here, Point(lon=p.lon, lat=p.lat)), p) for p in drawn]
        away = [way for way in ways if way[0] > way[1].radius_m][:2]
        return min(away or ways, key=lambda way: way[0])[1]

    def _spot(self, poi: Poi) -> Point:
        """Where in the place the customer stands."""
        angle = 2.0 * pi * self._streams.route.unit()
        away_m = STAND_SHARE * poi.radius_m * sqrt(self._streams.route.unit())
        return moved(Point(lon=poi.lon, lat=poi.lat), away_m * cos(angle), away_m * sin(angle))

    def _view(self) -> Signal:
        product = CATALOGUE[self._streams.behaviour.whole(0, len(CATALOGUE) - 1)]
        self._viewed.append(product)
        del self._viewed[:-8]
        return Did("productViews", (CartLine(product, 1),))

    def _add(self) -> Signal:
        product = self._viewed[-1 - self._streams.behaviour.whole(0, min(len(self._viewed), 4) - 1)]
        quantity = 1 + self._streams.behaviour.index((0.85, 0.96, 1.0))
        had = self._cart.get(product.sku)
        self._cart[product.sku] = CartLine(product, quantity + (had.quantity if had else 0))
        return Did("productListAdds", (CartLine(product, quantity),))

    def _remove(self) -> Signal:
        sku = list(self._cart)[self._streams.behaviour.whole(0, len(self._cart) - 1)]
        return Did("productListRemovals", (self._cart.pop(sku),))

    def _purchase(self) -> Signal:
        self._orders += 1
        stream = self._streams.behaviour
        lines = tuple(self._cart.values())
        paid = Payment(
            transaction_id=f"TX-{stream.bits():016x}",
            payment_type=PAYMENTS[stream.index(PAYMENT_CUMULATIVE)],
            amount_cents=sum(line.total_cents for line in lines),
        )
        order = OrderRef(f"FF-{self._person.id.removeprefix('person-')}-{self._orders:02d}", (paid,))
        self._cart = {}
        return Did("purchases", lines, order)
