"""What customers are going to do: 300 of them on the shipped Saturday, each with a seed of their own."""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby, pairwise
from math import sqrt

import msgspec
import pytest
from saturday import people, saturday

from footfall.engine.compile import END, compile_scenario, draw
from footfall.engine.plan import LONGEST_GAP_MS, STAND_SHARE, Customer, Timed, Update, tells
from footfall.engine.seeds import Streams
from footfall.phone.signals import Backgrounded, Did, Foregrounded, LoggedIn, Moved, Upgraded
from footfall.scenario.types import (
    Background,
    Checkout,
    Fixed,
    Launch,
    Login,
    Lognormal,
    OpenCart,
    Purchase,
    Remove,
    State,
    Uniform,
    Walk,
)
from footfall.world.geo import Point, distance_m
from footfall.world.people import Person
from footfall.world.streams import Stream, key_of
from footfall.xdm.commerce import commerce

SEEDS = [key_of("plans", n) for n in range(300)]
LASTS_MS = 7_200_000


class Planned(msgspec.Struct, frozen=True):
    seed: int
    person: Person
    home: Point
    start_ms: int
    plan: tuple[Timed, ...]

    def __str__(self) -> str:
        return f"seed {self.seed} from {self.start_ms} ms on"


def customer_of(seed: int, update: Update | None = None) -> tuple[Customer, Person]:
    streams = Streams(seed, 0)
    person = people().draw(0, streams.identity)
    return Customer(saturday(), person, streams, update), person


@pytest.fixture(scope="module")
def planned() -> list[Planned]:
    """Arrivals from the first minute to after the last one at which anything can happen."""
    every = []
    for n, seed in enumerate(SEEDS):
        start_ms = LASTS_MS * n // (len(SEEDS) - 1)
        customer, person = customer_of(seed)
        every.append(Planned(seed, person, customer.home, start_ms, tuple(customer.plan(start_ms))))
    return every


@pytest.fixture(scope="module")
def early(planned) -> list[Planned]:
    """Those with an hour or more before them: their lives have all there is in it."""
    return [one for one in planned if one.start_ms <= LASTS_MS // 2]


def test_the_scenario_is_as_long_as_these_tests_believe() -> None:
    assert saturday().scenario.lasts_ms == LASTS_MS


def test_times_never_decrease_and_nothing_is_later_than_lasts(planned) -> None:
    for one in planned:
        times = [timed.at_ms for timed in one.plan]
        assert times == sorted(times), one
        assert one.start_ms <= times[0], one
        assert times[-1] <= LASTS_MS, one


def test_a_plan_has_one_end_and_it_is_the_last(planned) -> None:
    for one in planned:
        assert [timed.signal for timed in one.plan].count(None) == 1, one
        assert one.plan[-1].signal is None, one


def test_the_app_comes_and_goes_in_turn_and_is_away_in_the_end(planned) -> None:
    for one in planned:
        turns = [timed.signal for timed in one.plan if isinstance(timed.signal, Foregrounded | Backgrounded)]
        assert turns[::2] == [Foregrounded()] * (len(turns) // 2), one
        assert turns[1::2] == [Backgrounded()] * (len(turns) // 2), one


def test_nobody_shops_or_logs_in_in_an_app_that_is_closed(planned) -> None:
    for one in planned:
        in_front = False
        for timed in one.plan:
            if isinstance(timed.signal, Foregrounded | Backgrounded):
                in_front = isinstance(timed.signal, Foregrounded)
            elif isinstance(timed.signal, Did | LoggedIn):
                assert in_front, one


def test_the_cart_holds_what_was_added_and_not_removed(planned) -> None:
    bought = removed = 0
    for one in planned:
        cart: Counter[str] = Counter()
        viewed = set()
        for timed in one.plan:
            if not isinstance(timed.signal, Did):
                continue
            did = timed.signal
            items = Counter({line.product.sku: line.quantity for line in did.lines})
            assert sum(items.values()) == sum(line.quantity for line in did.lines), one  # no product in two lines
            match did.kind:
                case "productViews":
                    (line,) = did.lines
                    viewed.add(line.product.sku)
                case "productListAdds":
                    (line,) = did.lines
                    assert line.quantity in (1, 2, 3), one
                    assert line.product.sku in viewed, one
                    cart += items
                case "productListRemovals":
                    (line,) = did.lines
                    assert cart[line.product.sku] == line.quantity, one  # the whole line
                    cart -= items
                    assert cart, one  # never the last one
                    removed += 1
                case "productListOpens" | "checkouts":
                    assert items == cart, one
                    assert cart, one
                case "purchases":
                    assert items == cart, one  # all of it, nothing else
                    assert cart, one
                    cart.clear()
                    bought += 1
            assert (did.order is not None) == (did.kind == "purchases"), one
    assert bought > 10  # so that it means something
    assert removed > 1


def test_an_order_is_paid_in_full_and_has_an_id_of_its_own(planned) -> None:
    for one in planned:
        prices: dict[str, int] = {}
        cart: Counter[str] = Counter()
        ids = []
        for timed in one.plan:
            did = timed.signal
            if not isinstance(did, Did):
                continue
            prices |= {line.product.sku: line.product.price_cents for line in did.lines}
            for line in did.lines:
                if did.kind == "productListAdds":
                    cart[line.product.sku] += line.quantity
                elif did.kind == "productListRemovals":
                    del cart[line.product.sku]
            if did.kind != "purchases":
                continue
            owed_cents = sum(prices[sku] * quantity for sku, quantity in cart.items())
            cart.clear()
            xdm = json.loads(commerce(did.kind, did.lines, did.order).body)
            order = xdm["commerce"]["order"]
            assert round(order["priceTotal"] * 100) == owed_cents, one
            assert [round(payment["paymentAmount"] * 100) for payment in order["payments"]] == [owed_cents], one
            assert sum(round(item["priceTotal"] * 100) for item in xdm["productListItems"]) == owed_cents, one
            ids.append(order["purchaseID"])
        assert ids == [f"FF-000000-{n + 1:02d}" for n in range(len(ids))], one


def legs_of(one: Planned) -> list[tuple[Timed, Moved]]:
    return [(timed, timed.signal) for timed in one.plan if isinstance(timed.signal, Moved)]


def test_walks_are_continuous_from_home_on(planned) -> None:
    legs = 0
    for one in planned:
        here, free_ms = one.home, 0
        for timed, moved in legs_of(one):
            leg = moved.leg
            assert leg.start == here, one
            assert free_ms <= leg.depart_ms == timed.at_ms < leg.arrive_ms, one
            speed_mps = distance_m(leg.start, leg.end) / (leg.arrive_ms - leg.depart_ms) * 1000
            assert speed_mps == pytest.approx(1.4, rel=0.7), one  # a walking pace: lognormal around 1.35 to 1.5
            here, free_ms = leg.end, leg.arrive_ms
            legs += 1
    assert legs > 1_000


CATEGORIES = {"stroll": ("shop", "cafe", "museum"), "errand": ("station",)}


def test_a_walk_ends_well_inside_a_place_of_its_categories_or_at_home(early) -> None:
    ended = Counter()
    for one in early:
        legs = [(timed.state, moved.leg) for timed, moved in legs_of(one)]
        for (state, leg), (_, following) in pairwise(legs):
            if following.depart_ms == leg.arrive_ms:
                continue  # the corner of a walk
            ended[state] += 1
            if state == "go-home":
                assert leg.end == one.home, one
                continue
            stands_in = [
                poi.id
                for poi in saturday().pois
                if poi.category in CATEGORIES[state]
                and distance_m(leg.end, Point(lon=poi.lon, lat=poi.lat)) <= STAND_SHARE * poi.radius_m * 1.001
            ]
            assert stands_in, one
    assert min(ended["stroll"], ended["errand"]) > 30


def test_between_two_walks_to_places_one_goes_to_another_place(early) -> None:
    for one in early:
        ends = [moved.leg.end for _, moved in legs_of(one)]
        assert all(a != b for a, b in pairwise(ends)), one


def test_gaps_within_a_state_are_between_a_second_and_half_an_hour(planned) -> None:
    for one in planned:
        for before, after in pairwise(one.plan):
            if before.state == after.state and isinstance(before.signal, Did) and isinstance(after.signal, Did):
                assert 1_000 <= after.at_ms - before.at_ms <= LONGEST_GAP_MS, one


def test_login_is_with_the_persons_own_address(early) -> None:
    logged_in = 0
    for one in early:
        for timed in one.plan:
            if isinstance(timed.signal, LoggedIn):
                assert timed.signal.email == one.person.email
                logged_in += 1
    assert logged_in > 20


def test_who_comes_after_the_end_does_nothing(planned) -> None:
    last = planned[-1]
    assert last.start_ms == LASTS_MS
    assert [(timed.at_ms, timed.signal) for timed in last.plan] == [(LASTS_MS, None)]


def test_the_same_seed_plans_the_same_and_another_one_something_else(planned) -> None:
    one = planned[10]
    customer, _ = customer_of(one.seed)
    assert tuple(customer.plan(one.start_ms)) == one.plan
    other, _ = customer_of(one.seed + 1)
    assert tuple(other.plan(one.start_ms)) != one.plan


NEW_VERSION = "2.0.0 (300)"

# when the store has the update, as a share of the plan's length
MOMENTS = [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.1]


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_update_comes_once_and_only_while_the_app_is_not_in_front(early, moment) -> None:
    upgraded = 0
    for one in early:
        last_ms = one.plan[-1].at_ms
        update = Update(one.start_ms + round(moment * (last_ms - one.start_ms)), NEW_VERSION)
        customer, _ = customer_of(one.seed, update)
        at = [timed for timed in customer.plan(one.start_ms) if isinstance(timed.signal, Upgraded)]
        # before the first thing that happens, in the run's time, while the app is away
        moments = [at_ms for at_ms in away(one) if update.at_ms <= at_ms < LASTS_MS][:1]
        assert [(timed.at_ms, timed.signal) for timed in at] == [(ms, Upgraded(NEW_VERSION)) for ms in moments], one
        upgraded += len(at)
    assert (upgraded > 0) == (moment <= 1)


def away(one: Planned) -> list[int]:
    """When something happens to a customer whose app is not in front just before."""
    in_front, times = False, []
    for timed in one.plan:
        if not in_front:
            times.append(timed.at_ms)
        if isinstance(timed.signal, Foregrounded | Backgrounded):
            in_front = isinstance(timed.signal, Foregrounded)
    return times


def test_an_update_changes_nothing_else_of_the_plan(early) -> None:
    for one in early[:60]:
        customer, _ = customer_of(one.seed, Update(one.start_ms, NEW_VERSION))
        plan = tuple(customer.plan(one.start_ms))
        assert tuple(timed for timed in plan if not isinstance(timed.signal, Upgraded)) == one.plan, one
        # it comes just before whatever is next, in the state of then
        times = [timed.at_ms for timed in plan]
        assert times == sorted(times), one


def test_a_plan_without_an_update_has_none(planned) -> None:
    assert not any(isinstance(timed.signal, Upgraded) for one in planned for timed in one.plan)


def test_transitions_are_drawn_by_their_shares() -> None:
    """Which state follows which, over 1,500 lives of a day (nobody is sent home by the clock). A state that follows
    itself cannot be told from one that goes on, so shares are of those that leave."""
    ready = saturday()
    long = compile_scenario(msgspec.structs.replace(ready.scenario, lasts_ms=24 * 3_600_000), ready.pois)
    seen: dict[str, Counter[str]] = {}
    for k in range(1_500):
        streams = Streams(20_260_307, k)
        plan = list(Customer(long, people().draw(1, streams.identity), streams).plan(0))
        states = [state for state, _ in groupby(timed.state for timed in plan)]
        for before, after in pairwise([*states, END]):
            seen.setdefault(before, Counter())[after] += 1
    for state in long.scenario.states:
        leaving = {name: share for name, share in state.next if name != state.name}
        total, count = sum(leaving.values()), seen[state.name].total()
        assert seen[state.name].keys() <= leaving.keys(), state.name
        assert count > 30, state.name
        for name, share in leaving.items():
            expected = share / total
            four_sigma = 4 * sqrt(expected * (1 - expected) / count)
            assert abs(seen[state.name][name] / count - expected) <= four_sigma, f"{state.name} -> {name} of {count}"


# what is done in a state -> whether it surely makes events, however little of the app's life is forwarded
DONE = [
    ((), False),
    ((Launch(), Login(), Background()), False),
    ((Launch(), Walk(("cafe",), Fixed(1.4)), Background()), False),  # there may be a crossing, or none
    ((Launch(), Remove()), False),  # never the last one
    ((Launch(), OpenCart(), Background()), True),
    ((Walk((), Fixed(1.4)), Checkout(), Purchase()), True),
]


@pytest.mark.parametrize(("do", "surely"), DONE)
def test_which_states_tell_of_themselves(do, surely) -> None:
    assert tells(State("a-state", do, Fixed(1_000), (("end", 1.0),))) is surely


def test_draw() -> None:
    stream = Stream(key_of("draw"))
    assert draw(Fixed(7.0), stream) == 7.0
    values = [draw(Uniform(2.0, 3.0), stream) for _ in range(1_000)]
    assert 2.0 <= min(values) < 2.01 < 2.99 < max(values) < 3.0
    values = sorted(draw(Lognormal(10.0, 0.5), stream) for _ in range(2_000))
    assert values[1_000] == pytest.approx(10.0, rel=0.1)
    assert values[1_680] == pytest.approx(10.0 * 2.71828**0.5, rel=0.1)


def test_homes_lie_in_the_box_of_the_places_and_400_m_around_it(planned) -> None:
    ready = saturday()
    for poi in ready.pois:
        assert ready.south_west.lon < poi.lon < ready.north_east.lon
        assert ready.south_west.lat < poi.lat < ready.north_east.lat
    west = min(ready.pois, key=lambda poi: poi.lon)
    edge = Point(lon=ready.south_west.lon, lat=ready.south_west.lat)
    assert distance_m(edge, Point(lon=west.lon, lat=ready.south_west.lat)) == pytest.approx(400.0, rel=0.01)
    for one in planned:
        assert ready.south_west.lon <= one.home.lon <= ready.north_east.lon
        assert ready.south_west.lat <= one.home.lat <= ready.north_east.lat
