"""Which rules an event is judged by: the index finds what judging every rule would find."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from journey_words import END, START_MS, a_journey

from footfall.platform.journeys.expressions import Scope, parse
from footfall.platform.journeys.matching import Rules
from footfall.platform.journeys.messages import Happening
from footfall.platform.journeys.types import JourneyEvent

RULES = (
    'eventType == "a"',
    'eventType in ["a", "b"] and x == "1"',
    'eventType == "b" and x == 1 and y == "1"',
    'eventType == "a" and x in ["1", "2"]',
    # over a list two equalities can both hold
    'eventType == "a" and x == "1" and x == "2"',
    # for any type
    'x == "1"',
    '"2" == x',
    "x == true",
    'x.y == "1"',
    'x is set and y == "2"',
    # nothing to look up by
    'not x == "1"',
    'x == "1" or y == "1"',
    'x == y and eventType == "a"',
)
values = st.one_of(st.sampled_from(["1", "2", 1, 1.0, True, None, {"y": "1"}]))
payloads = st.fixed_dictionaries({}, optional={"x": values | st.lists(values, max_size=3), "y": values})


@given(st.sampled_from(["a", "b", "c"]), payloads)
def test_the_index_finds_what_judging_every_rule_finds(type, payload):
    events = tuple(JourneyEvent(f"rule_{n}", parse(rule)) for n, rule in enumerate(RULES))
    journeys = tuple(a_journey(name=f"j{n}", nodes={}, first=END, events=events[n:]) for n in range(2))
    happening = Happening("id", type, START_MS, {"eventType": type, **payload})
    scope = Scope(happening.xdm)
    holding = [{each.name for each in journey.events if each.when and each.when.holds(scope)} for journey in journeys]
    found = Rules(journeys).matching(happening)
    assert list(found) == [number for number, names in enumerate(holding) if names]
    assert {number: set(names) for number, names in found.items()} == {n: h for n, h in enumerate(holding) if h}
    assert all(len(set(names)) == len(names) for names in found.values())
