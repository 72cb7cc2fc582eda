"""The scenario language, read: what comes out of a good file, and the exact problem lines of bad ones."""

from __future__ import annotations

import pytest

from footfall.scenario.decode import decode_scenario, lint_scenario
from footfall.scenario.types import (
    Add,
    Background,
    Count,
    Fixed,
    Launch,
    Login,
    Lognormal,
    Places,
    Population,
    Scenario,
    State,
    Uniform,
    View,
    Walk,
)

# every bad file below is this one with one thing changed
GOOD = """\
scenario: small
version: 1
seed: 7
lasts: 1.5h
population: {phones: 2, platforms: {ios: 0.5, android: 0.5}, arrivals: 20m}
places: {file: town.geojson}
gap: 2s..30s
start: a
states:
  a:
    do: [launch, view, add, login, background, walk]
    dwell: {lognormal: {median: 3m, sigma: 0.6}}
    next: {a: 0.25, end: 0.75}
"""


def lint(text: str) -> list[str]:
    return [str(problem) for problem in lint_scenario(text, "s.yaml")]


def changed(before: str, after: str) -> str:
    assert GOOD.count(before) == 1
    return GOOD.replace(before, after)


def test_a_good_file_becomes_a_scenario_in_base_units_with_the_defaults_filled_in() -> None:
    assert decode_scenario(GOOD, "s.yaml") == Scenario(
        name="small",
        version=1,
        remarks=(),
        seed=7,
        lasts_ms=5_400_000,
        population=Population(phones=2, platforms=(("ios", 0.5), ("android", 0.5)), arrivals_ms=1_200_000),
        places=Places(file="town.geojson", libraries=()),
        gap=Uniform(2_000.0, 30_000.0),
        start="a",
        states=(
            State(
                name="a",
                do=(
                    Launch(),
                    View(products=Count(1, 4)),
                    Add(items=Count(1, 1)),
                    Login(),
                    Background(),
                    Walk(to=(), speed=Lognormal(median=1.35, sigma=0.12)),
                ),
                dwell=Lognormal(median=180_000.0, sigma=0.6),
                next=(("a", 0.25), ("end", 0.75)),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("written", "action"),
    [
        # a bare word and an empty map are the same
        ("walk", Walk(to=(), speed=Lognormal(1.35, 0.12))),
        ("walk: {}", Walk(to=(), speed=Lognormal(1.35, 0.12))),
        # categories, in the order of the file
        ("walk: {to: [shop, cafe]}", Walk(to=("shop", "cafe"), speed=Lognormal(1.35, 0.12))),
        # the two words that stand for no list
        ("walk: {to: home}", Walk(to=("home",), speed=Lognormal(1.35, 0.12))),
        ("walk: {to: anywhere}", Walk(to=(), speed=Lognormal(1.35, 0.12))),
        # speeds: fixed, in km/h, a range, named
        ("walk: {speed: 1.4mps}", Walk(to=(), speed=Fixed(1.4))),
        ("walk: {speed: 5.4kmh}", Walk(to=(), speed=Fixed(1.5))),
        ("walk: {speed: 1mps..2mps}", Walk(to=(), speed=Uniform(1.0, 2.0))),
        ("walk: {speed: {uniform: {low: 1mps, high: 2mps}}}", Walk(to=(), speed=Uniform(1.0, 2.0))),
    ],
)
def test_an_action_is_a_word_or_a_map_of_one_key(written: str, action: Walk) -> None:
    assert decode_scenario(changed("walk]", written + "]"), "s.yaml").states[0].do[-1] == action


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("20m", Fixed(1_200_000.0)),
        # exact, though 0.29 * 1000 is not
        ("0.29s", Fixed(290.0)),
        ("0s", Fixed(0.0)),
        ("1d", Fixed(86_400_000.0)),
        ("250ms..1.5s", Uniform(250.0, 1_500.0)),
        # a range whose ends are the same stays a range
        ("2m..2m", Uniform(120_000.0, 120_000.0)),
        ("{lognormal: {median: 3m, sigma: 0}}", Lognormal(180_000.0, 0.0)),
        # quotes make no difference to a quantity
        ('"20m"', Fixed(1_200_000.0)),
    ],
)
def test_durations_and_their_distributions(written: str, value: object) -> None:
    assert decode_scenario(changed("gap: 2s..30s", f"gap: {written}"), "s.yaml").gap == value


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        # the version says who can read the file
        ("version: 1", "version: 2", "2:10: version: expected 1, found 2: this Footfall reads version 1"),
        # YAML 1.1 reads 12:30 as 750
        ("1.5h", "12:30", "4:8: lasts: a duration is written 90s, 20m, 2h; found 12:30"),
        ("1.5h", "90", "4:8: lasts: a duration is written 90s, 20m, 2h; found 90: the unit is missing"),
        ("1.5h", "20min", "4:8: lasts: a duration is written 90s, 20m, 2h; found 20min: write 20m"),
        ("1.5h", "20 m", "4:8: lasts: a duration is written 90s, 20m, 2h; found 20 m: write 20m, without the space"),
        (
            "1.5h",
            "2w",
            "4:8: lasts: a duration is written 90s, 20m, 2h; found 2w: the units are ms, s, m, h, d",
        ),
        ("1.5h", "-5m", "4:8: lasts: a duration is written 90s, 20m, 2h; found -5m"),
        ("1.5h", "0s", "4:8: lasts: expected a duration of more than 0, found 0s"),
        # less than the smallest step of virtual time
        ("1.5h", "0.1ms", "4:8: lasts: expected at least 1ms, found 0.1ms"),
        (
            "1.5h",
            "99999999999d",
            "4:8: lasts: a duration is written 90s, 20m, 2h; found 99999999999d: that is too large",
        ),
        # a value that is not there is marked where its key is
        ("lasts: 1.5h", "lasts:", "4:1: lasts: a duration is written 90s, 20m, 2h; found nothing"),
        # ranges
        (
            "2s..30s",
            "2..30s",
            "7:6: gap: a duration is written 90s, 20m, 2h; found 2..30s: both ends need a unit: write 2s..30s",
        ),
        (
            "2s..30s",
            "30s..2s",
            "7:6: gap: a duration is written 90s, 20m, 2h; found 30s..2s: the first end is larger than the second",
        ),
        # named distributions
        (
            "2s..30s",
            "{lognorml: {median: 2m, sigma: 1}}",
            '7:7: gap: "lognorml" is not a distribution. Did you mean "lognormal"?',
        ),
        (
            "2s..30s",
            "{lognormal: {median: 0m, sigma: 1}}",
            "7:27: median: expected a duration of more than 0, found 0m",
        ),
        (
            "2s..30s",
            "{lognormal: {median: 2m, sigma: -0.5}}",
            "7:38: sigma: expected a number from 0 to 10, found -0.5",
        ),
        ("2s..30s", "{uniform: {low: 3m, high: 2m}}", "7:16: uniform: expected low to be at most high"),
        (
            "2s..30s",
            "{uniform: {low: 3m}}",
            '7:16: uniform: the key "high" is missing: expected a duration such as 90s',
        ),
        (
            "2s..30s",
            "[2s, 30s]",
            "7:6: gap: expected a duration such as 90s or 20m, or {lognormal: {median: 90s, sigma: 0.6}}, found a list",
        ),
        # keys
        ("lasts: 1.5h", "last: 1.5h", '4:1: unknown key "last". Did you mean "lasts"?'),
        ("lasts: 1.5h\n", "", '1:1: the key "lasts" is missing: expected a duration such as 90s'),
        (
            "file: town.geojson",
            "libraries: [l]",
            '6:9: places: the key "file" is missing: expected the path of a geofence file, relative to this one',
        ),
        ("seed: 7", "seed: 7\nseed: 8", '4:1: the key "seed" is here twice; it was first used in line 3'),
        # whole numbers, and what older YAML makes of them
        ("phones: 2", "phones: 0", "5:22: phones: expected a whole number of at least 1, found 0"),
        ("phones: 2", "phones: 2.5", "5:22: phones: expected a whole number of at least 1, found 2.5"),
        (
            "phones: 2",
            "phones: 1_000",
            "5:22: phones: expected a whole number of at least 1, found 1_000: write it without _",
        ),
        (
            "phones: 2",
            "phones: 010",
            "5:22: phones: expected a whole number of at least 1, found 010: a number does not begin with 0, "
            "which older YAML reads as octal",
        ),
        (
            "phones: 2",
            'phones: "2"',
            '5:22: phones: expected a whole number of at least 1, found "2": without the quotes it is a number',
        ),
        ("seed: 7", "seed: " + "9" * 30, f"3:7: seed: expected a whole number of at least 0, found {'9' * 30}"),
        # shares
        ("ios: 0.5", "ios: yes", "5:42: ios: expected a share from 0 to 1, found yes: in YAML 1.2 yes is a word"),
        ("ios: 0.5", "ios: 50%", "5:42: ios: expected a share from 0 to 1, found 50%: write 55% as 0.55"),
        ("ios: 0.5", "ios: 1.5", "5:42: ios: expected a share from 0 to 1, found 1.5"),
        ("ios: 0.5", "ios: .nan", "5:42: ios: expected a share from 0 to 1, found .nan"),
        ("ios: 0.5", "ios: 0.6", "5:25: platforms: the shares sum to 1.1, expected 1"),
        ("ios: 0.5", "iOS: 0.5", '5:37: platforms: unknown key "iOS". Did you mean "ios"?'),
        ("arrivals: 20m", "arrivals: 2h", "5:72: arrivals: the phones arrive for longer than the scenario lasts"),
        # names and texts
        (
            "scenario: small",
            "scenario: 2024",
            "1:11: scenario: expected a name of letters, digits, - and _, found 2024: "
            'YAML reads it as a number, write "2024"',
        ),
        (
            "scenario: small",
            "scenario: my shop",
            "1:11: scenario: expected a name of letters, digits, - and _, found my shop",
        ),
        (
            "seed: 7",
            "remarks: [true]\nseed: 7",
            '3:11: remarks[0]: expected text, found true: YAML reads it as a truth value, write "true"',
        ),
        # actions
        ("login", "logn", '11:29: do[3]: "logn" is not an action. Did you mean "login"?'),
        (
            "login",
            "yes",
            '11:29: do[3]: "yes" is not an action. Known: add, background, checkout, launch, login, open-cart, '
            "purchase, remove, view, walk.",
        ),
        ("login", "view: 3", "11:35: view: expected a map like {products: 1..4}, found 3"),
        ("login", "view: {product: 3}", '11:36: view: unknown key "product". Did you mean "products"?'),
        ("login", "view: {products: 3m}", "11:46: products: expected a count such as 3 or 2..6, at least 1, found 3m"),
        (
            "login",
            "view: {products: 0..2}",
            "11:46: products: expected a count such as 3 or 2..6, at least 1, found 0..2",
        ),
        ("login", "login: {as: maya}", '11:37: login: unknown key "as".'),
        (
            "do: [launch, view, add, login, background, walk]",
            "do: launch",
            "11:9: do: expected a list of actions like [launch, view], found launch",
        ),
        # the commonest slip in a block: what belongs to walk is beside it
        (
            "do: [launch, view, add, login, background, walk]",
            "do:\n      - walk:\n        to: [shop]",
            "12:9: do[0]: expected an action such as launch or view: {products: 3}, found the keys walk, to together: "
            "what belongs to walk is indented further than it",
        ),
        (
            "do: [launch, view, add, login, background, walk]",
            "do: [{launch: {}, view: {}}]",
            "11:10: do[0]: expected an action such as launch or view: {products: 3}, found the keys launch, view "
            "together: begin each with its own -",
        ),
        # destinations
        (
            "walk]",
            "walk: {to: shop}]",
            "11:59: to: expected home, anywhere, or a list of categories like [shop, cafe], found shop: "
            "a list of one is [shop]",
        ),
        (
            "walk]",
            "walk: {to: hoome}]",
            "11:59: to: expected home, anywhere, or a list of categories like [shop, cafe], found hoome: "
            'did you mean "home"?',
        ),
        ("walk]", "walk: {to: [shop, home]}]", "11:66: to[1]: home stands alone, not in a list: to: home"),
        (
            "walk]",
            "walk: {to: []}]",
            "11:59: to: expected home, anywhere, or a list of categories like [shop, cafe], found an empty list",
        ),
        (
            "walk]",
            "walk: {speed: 1.4}]",
            "11:62: speed: a speed is written 1.4mps, 5kmh; found 1.4: the unit is missing",
        ),
        ("walk]", "walk: {speed: 5km/h}]", "11:62: speed: a speed is written 1.4mps, 5kmh; found 5km/h: write 5kmh"),
        # nobody arrives at no speed
        ("walk]", "walk: {speed: 0mps..2mps}]", "11:62: speed: expected a speed of more than 0, found 0mps..2mps"),
        # next
        (
            "{a: 0.25, end: 0.75}",
            "end",
            "13:11: next: expected a map of state to share like {browse: 0.4, end: 0.6}, found end",
        ),
        (
            "{a: 0.25, end: 0.75}",
            "{}",
            "13:11: next: expected a map of state to share like {browse: 0.4, end: 0.6}, found an empty map",
        ),
        # YAML itself
        ("seed: 7", "seed: !!int 7", "3:7: tags such as tag:yaml.org,2002:int are not read: write the plain value"),
        ("seed: 7", "\tseed: 7", "3:1: a tab cannot indent in YAML: use spaces"),
        (
            "seed: 7",
            "seed: [7",
            "4:6: this is not YAML: expected ',' or ']', but got ':' while parsing a flow sequence",
        ),
        ("seed: 7", "seed: *seven", "3:7: the alias *seven is not defined before this"),
        ("login", "&a [*a]", "11:33: the alias *a is inside itself"),
        ("seed: 7", "seed: 7\n---\nseed: 8", "4:1: a file holds one document; a second one begins here"),
        (
            "scenario: small",
            "%YAML 1.1\n---\nscenario: small",
            "2:1: this file is read as YAML 1.2; take the %YAML line out",
        ),
        ("seed: 7", "seed: \x07", "3:7: the character U+0007 cannot stand in YAML"),
    ],
)
def test_one_mistake_is_one_line(before: str, after: str, problem: str) -> None:
    assert lint(changed(before, after)) == [f"s.yaml:{problem}"]


def test_a_key_that_is_a_list_is_no_key() -> None:
    assert lint(changed("seed: 7", "[seed]: 7")) == [
        's.yaml:1:1: the key "seed" is missing: expected a whole number of at least 0',
        "s.yaml:3:1: a key must be a single word",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: the file is empty"),
        ("# nothing yet\n", "1:1: the file is empty"),
        (
            "- 1",
            "1:1: expected a scenario: a map with scenario, version, population, states and so on, found a list",
        ),
        ("[" * 100, "1:42: nested more than 40 deep"),
        # YAML's own escape of a character that is none: ruamel fails over it
        ('"\\UFFFFFFFF"', "1:1: this cannot be read as YAML from here on: Python int too large to convert to C int"),
    ],
)
def test_what_is_no_scenario_at_all_has_one_problem(text: str, problem: str) -> None:
    assert lint(text) == [f"s.yaml:{problem}"]


def test_a_few_lines_of_aliases_that_would_hold_billions_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert lint("\n".join(lines)) == ["s.yaml:6:5: holds more than 200,000 values once its aliases are followed"]


def test_an_alias_stands_for_what_it_names_and_its_mistake_is_told_once() -> None:
    alias = GOOD + "  b: {do: *walks, next: {end: 1}}\n"
    text = alias.replace("do: [launch, view, add, login, background, walk]", "do: &walks [walk: {to: [shop]}]")
    text = text.replace("a: 0.25", "b: 0.25")
    assert decode_scenario(text, "s.yaml").states[1].do == (Walk(to=("shop",), speed=Lognormal(1.35, 0.12)),)
    assert lint(text.replace("to:", "too:")) == ['s.yaml:11:24: walk: unknown key "too". Did you mean "to"?']
