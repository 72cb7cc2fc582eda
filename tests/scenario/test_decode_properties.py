"""Decoding as properties: what is written comes back, and no text whatever ends in anything but BadInput."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.scenario.decode import decode_scenario, lint_scenario, places_file
from footfall.scenario.types import (
    Action,
    Add,
    Background,
    Checkout,
    Count,
    Distribution,
    Fixed,
    Launch,
    Login,
    Lognormal,
    OpenCart,
    Places,
    Population,
    Purchase,
    Remove,
    Scenario,
    State,
    Uniform,
    View,
    Walk,
)
from footfall.world.problems import BadInput

SATURDAY = (Path(__file__).resolve().parents[2] / "scenarios/shopping/saturday.yaml").read_text("utf-8")


# a small writer: the inverse of the decoder, with quotes round every free text


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def distribution(value: Distribution, unit: str) -> str:
    match value:
        case Fixed(fixed):
            return f"{fixed}{unit}"
        case Uniform(low, high):
            return f"{low}{unit}..{high}{unit}"
        case Lognormal(median, sigma):
            return f"{{lognormal: {{median: {median}{unit}, sigma: {sigma}}}}}"


def action(value: Action) -> str:
    match value:
        case Walk(to, speed):
            word = "home" if to == ("home",) else "[" + ", ".join(map(quoted, to)) + "]" if to else "anywhere"
            return f"walk: {{to: {word}, speed: {distribution(speed, 'mps')}}}"
        case View(count):
            return f"view: {{products: {count.low}..{count.high}}}"
        case Add(count):
            return f"add: {{items: {count.low}..{count.high}}}"
        case _:
            return str(value.__struct_config__.tag)


def shares(value: tuple[tuple[str, float], ...]) -> str:
    return "{" + ", ".join(f"{quoted(name)}: {share!r}" for name, share in value) + "}"


def state(value: State) -> str:
    doing = ", ".join(map(action, value.do))
    return (
        f"  {quoted(value.name)}:\n    do: [{doing}]\n    dwell: {distribution(value.dwell, 'ms')}\n"
        f"    next: {shares(value.next)}\n"
    )


def written(value: Scenario) -> str:
    population, places = value.population, value.places
    return (
        f"scenario: {quoted(value.name)}\nversion: {value.version}\n"
        f"remarks: [{', '.join(map(quoted, value.remarks))}]\nseed: {value.seed}\nlasts: {value.lasts_ms}ms\n"
        f"population:\n  phones: {population.phones}\n  platforms: {shares(population.platforms)}\n"
        f"  arrivals: {population.arrivals_ms}ms\n"
        f"places:\n  file: {quoted(places.file)}\n  libraries: [{', '.join(map(quoted, places.libraries))}]\n"
        f"gap: {distribution(value.gap, 'ms')}\nstart: {quoted(value.start)}\nstates:\n"
        + "".join(map(state, value.states))
    )


# scenarios that make sense: each state is a whole visit, and the states are a chain with ways back

words = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=8).filter(lambda w: w != "end")
texts = st.text(st.characters(categories=["L", "Nd", "P", "S", "Zs"]), min_size=1, max_size=20).filter(str.strip)
categories = texts.filter(lambda word: word not in ("home", "anywhere"))


def decimals(low: float, high: float) -> st.SearchStrategy[float]:
    return st.integers(round(low * 1000), round(high * 1000)).map(lambda thousandths: thousandths / 1000)


def distributions(low: float, high: float) -> st.SearchStrategy[Distribution]:
    ends = st.tuples(decimals(low, high), decimals(low, high)).map(sorted)
    return st.one_of(
        decimals(low, high).map(Fixed),
        ends.map(lambda pair: Uniform(*pair)),
        st.builds(Lognormal, decimals(low, high), decimals(0.0, 3.0)),
    )


counts = st.tuples(st.integers(1, 99), st.integers(1, 99)).map(sorted).map(lambda pair: Count(*pair))
walks = st.builds(
    Walk,
    st.one_of(st.just(()), st.just(("home",)), st.lists(categories, min_size=1, max_size=3).map(tuple)),
    distributions(0.1, 9.0),
)
in_app = st.lists(
    st.one_of(
        st.sampled_from([(Login(),), (OpenCart(),), (Remove(),)]),
        counts.map(lambda count: (View(count),)),
        counts.map(lambda count: (View(Count(1, 1)), Add(count), Checkout())),
        counts.map(lambda count: (View(Count(1, 1)), Add(count), Checkout(), Purchase())),
        walks.map(lambda walk: (walk,)),
    ),
    max_size=4,
).map(lambda visits: (Launch(), *(act for visit in visits for act in visit), Background()))
doings: st.SearchStrategy[tuple[Action, ...]] = st.one_of(st.just(()), in_app, walks.map(lambda walk: (walk,)))


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    names = draw(st.lists(words, min_size=1, max_size=6, unique=True))
    states = []
    for index, name in enumerate(names):
        targets = {"end" if index + 1 == len(names) else names[index + 1]} | draw(
            st.sets(st.sampled_from([*names, "end"]))
        )
        weights = [draw(st.integers(1, 9)) for _ in targets]
        nexts = tuple((target, weight / sum(weights)) for target, weight in zip(sorted(targets), weights, strict=True))
        states.append(State(name, draw(doings), draw(distributions(0.001, 1e7)), nexts))
    lasts_ms = draw(st.integers(1, 10**9))
    ios = draw(decimals(0.0, 1.0))
    return Scenario(
        name=draw(words),
        version=1,
        remarks=tuple(draw(st.lists(texts, max_size=2))),
        seed=draw(st.integers(0, 2**63 - 1)),
        lasts_ms=lasts_ms,
        population=Population(
            phones=draw(st.integers(1, 10**9)),
            platforms=(("ios", ios), ("android", 1.0 - ios)),
            arrivals_ms=draw(st.integers(0, lasts_ms)),
        ),
        places=Places(draw(texts), tuple(draw(st.lists(texts, max_size=2)))),
        gap=draw(st.one_of(st.just(Fixed(0.0)), distributions(0.001, 1e6))),
        start=names[0],
        states=tuple(states),
    )


@settings(deadline=None, max_examples=40)
@given(scenarios())
def test_what_is_written_comes_back(scenario: Scenario) -> None:
    text = written(scenario)
    assert decode_scenario(text, "s.yaml") == scenario
    assert places_file(text) == scenario.places.file


def only_bad_input(text: str) -> None:
    problems = lint_scenario(text, "s.yaml")
    if problems:
        with pytest.raises(BadInput) as refused:
            decode_scenario(text, "s.yaml")
        assert list(refused.value.problems) == problems
    else:
        decode_scenario(text, "s.yaml")
    lines = len(text.splitlines()) + 1
    assert all(1 <= problem.line <= lines and problem.column >= 1 for problem in problems)
    assert all(str(problem).isprintable() for problem in problems)  # each on one line
    places_file(text)


@settings(deadline=None)
@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    only_bad_input(text)


@settings(deadline=None)
@given(st.text(alphabet=" \n\t:-,[]{}&*!|>'\"%@`#?~ab01.s", max_size=60))
def test_no_text_of_yaml_punctuation_raises_anything_else(text: str) -> None:
    only_bad_input(text)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, len(SATURDAY)), st.integers(0, 12), st.text(max_size=6)), max_size=4))
def test_no_damaged_scenario_raises_anything_else(cuts: list[tuple[int, int, str]]) -> None:
    text = SATURDAY
    for at, length, instead in cuts:
        text = text[:at] + instead + text[at + length :]
    only_bad_input(text)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_no_scenario_with_lines_lost_doubled_or_indented_raises_anything_else(data: st.DataObject) -> None:
    lines = SATURDAY.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        lines[at : at + 1] = data.draw(st.sampled_from([[], [lines[at]] * 2, ["  " + lines[at]], [lines[at].lstrip()]]))
    only_bad_input("".join(lines))
