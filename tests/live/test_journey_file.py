"""The journey file, read: what comes out of a good one, and the exact problem lines of bad ones."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_journeys import FULL, SMALL

from footfall.live.journey_file import decode_journey, decode_journeys, is_journey
from footfall.platform.journeys import types
from footfall.platform.journeys.expressions import parse
from footfall.platform.journeys.types import DAY_MS, END, Journey, JourneyEvent, Limits, Text, nexts
from footfall.world.problems import BadInput

FOLDER = Path(__file__).resolve().parents[2] / "journeys"
SHIPPED = sorted(FOLDER.glob("*.yaml"))


def texts(*parts: str) -> Text:
    """A text of plain parts and, where they begin with @ or profile, expressions."""
    return Text(tuple(parse(part) if part.startswith(("@", " @", "profile")) else part for part in parts))


def test_a_whole_file():
    assert decode_journey(FULL, "full.yaml") == Journey(
        name="everything",
        version=3,
        remarks=("for the tests",),
        dialect="legacy",
        mode="test",
        paused=True,
        namespace="ECID",
        supplemental="commerce.order.purchaseID",
        events=(
            JourneyEvent("bought", parse('eventType == "commerce.purchases"')),
            JourneyEvent("vip", event_id="4f6e1c0b9a7d2358"),
            JourneyEvent("left", parse('eventType == "location.exit"')),
        ),
        entry="bought",
        first="pause",
        reentrance=types.Reentrance(allowed=False, wait_ms=0),
        exits=("left",),
        timeout_ms=20 * DAY_MS,
        latency=types.Latency(2_000, 0.5, 60_000),
        nodes=(
            ("pause", types.Wait("date", for_ms=90_000)),
            ("date", types.Wait("rich", until_ms=1_795_860_000_000)),
            (
                "rich",
                types.Condition(
                    (
                        types.Path(parse('profile.loyalty.tier == "gold"'), "push"),
                        types.Path(parse("@bought is set"), "lot"),
                    ),
                    "hook",
                    END,
                ),
            ),
            ("lot", types.Split((("push", 0.5), ("app", 1.5)))),
            (
                "push",
                types.Push(
                    "clicked",
                    texts("Thanks"),
                    texts("For ", " @bought.productListItems[0].name ", ", ", "profile.person.name.firstName", "!"),
                    "footfall://x",
                    (types.Button("buy", "Buy"),),
                    "mail",
                ),
            ),
            ("clicked", types.React("clicked", "hear", 40_000, "text")),
            ("hear", types.Await((("vip", END), ("left", "pause")), DAY_MS, END)),
            ("app", types.InApp(END, msgspec.Raw(b'{"html":"<b>x</b>","n":[1,2.50]}'), "offers/today", "mail")),
            ("mail", types.Email(END, texts("Hello"), texts("World"), END)),
            ("text", types.Sms(END, texts("Hello"), END)),
            ("hook", types.Webhook(END, "http://127.0.0.1:9/x", texts("{}"), 2_000, END)),
        ),
    )


def test_a_small_file_has_the_defaults_of_its_dialect():
    journey = decode_journey(SMALL, "small.yaml")
    assert journey == Journey(
        "small",
        "bought",
        "pause",
        (JourneyEvent("bought", parse('eventType == "commerce.purchases"')),),
        (("pause", types.Wait("end", 60_000)),),
    )
    assert journey.timeout_ms == 91 * DAY_MS
    assert decode_journey(SMALL + "dialect: legacy\n", "small.yaml").timeout_ms == 30 * DAY_MS
    assert decode_journey(SMALL + "latency: none\n", "small.yaml") == journey


def test_an_awaited_event_with_a_time_out_and_no_path_for_it_is_a_wait_that_can_be_cut_short():
    text = SMALL.replace("{wait: 1m, next: end}", "{await: {bought: end}, timeout: 1d}")
    assert dict(decode_journey(text, "small.yaml").nodes)["pause"] == types.Await((("bought", END),), DAY_MS, END)


# What is wrong, and where: each row is a whole journey

PAUSE = "  pause: {wait: 1m, next: end}"
REACT = "  r: {react: opened, timeout: 1m, next: end}"


def journey(nodes: str = PAUSE, events: str = "", entry: str = "pause", more: str = "") -> str:
    """A journey file whose events begin in line 4, one per line."""
    return (
        f'journey: j\nevents:\n  bought: {{when: eventType == "commerce.purchases"}}\n{events}'
        f"entry: {{on: bought, next: {entry}}}\n{more}nodes:\n{nodes}\n"
    )


def rule(text: str) -> str:
    """A journey whose rule, in line 4 from column 16 on, is judged."""
    return journey(events=f"  second: {{when: {text}}}\n", more="exit-on: [second]\n")


def asked(text: str) -> str:
    """A journey with a condition, in line 6 from column 19 on."""
    return journey("  c:\n    condition:\n      - when: " + text + "\n        next: end", entry="c")


PROBLEMS = [
    # the file
    ("journey: [", [
        "1:11: this is not YAML: expected the node content, but found '<stream end>' while parsing a flow node"]),
    ("scenario: x\n", ['1:1: expected a journey, with its name under "journey", found a scenario']),
    (SMALL + "nodse: 1\n", ['7:1: unknown key "nodse". Did you mean "nodes"?']),
    (SMALL + "entry: 1\n", ['7:1: the key "entry" is here twice; it was first used in line 4']),
    (SMALL + "latency: 2s\n", [
        "7:10: latency: expected none, or a distribution like {lognormal: {median: 2s, sigma: 0.5}}, found 2s"]),
    ("journey: x\nevents:\n  a: {when: @b.c}\n", [
        "3:13: this is not YAML: found character '@' that cannot start any token while scanning for the next token: "
        "a condition that begins with @ goes in quotes"]),
    # where the events cannot be read, nothing is said of those that a condition names
    (asked('"@who.eventType is set"').replace("events:", "evnts:"), [
        '2:1: unknown key "evnts". Did you mean "events"?']),
    # events and their rules
    (rule('eventType = "x"'), [
        '4:28: when: expected an operator such as ==, contains or is set (for = write "=="), found =']),
    (rule("'eventType = \"x\"'"), [  # in quotes the column is right all the same
        '4:29: when: expected an operator such as ==, contains or is set (for = write "=="), found =']),
    (rule("placeContext.POIinteraction.poidetail.name is set"), [
        '4:18: when: an event has no field placeContext.POIinteraction.poidetail. Did you mean "poiDetail"?']),
    (rule("eventType is set and shop.name is set"), ["4:39: when: an event has no field shop."]),
    (rule('"commerce.purchases.value > 0 and commerce.purchases == 1"'), [
        "4:52: when: commerce.purchases is an object: compare one of its fields"]),
    (rule("eventType == 5"), ["4:31: when: eventType is a text, 5 is a number"]),
    (rule('commerce.order.priceTotal > "5"'), [
        '4:46: when: commerce.order.priceTotal is a number, "5" is a text']),
    (rule('commerce.order.priceTotal contains "5"'), [
        "4:18: when: commerce.order.priceTotal is a number, and contains is for texts",
    ]),
    (rule("eventType"), ["4:18: when: eventType is a text: compare it with something, or write eventType is set"]),
    (rule("count(productListItems)"), [
        "4:24: when: count(productListItems) is a number: compare it with something"]),
    (rule('eventType == "commerce.productListAdd"'), [
        '4:31: when: no event has the eventType commerce.productListAdd. Did you mean "commerce.productListAdds"?']),
    (rule('eventType == "Commerce.Purchases"'), [
        '4:31: when: no event has the eventType Commerce.Purchases. Did you mean "commerce.purchases"?']),
    (rule('eventType == "location.entry" and eventType == "location.exit"'), [
        "4:18: when: no event can match: eventType would have to be two things at once"]),
    (rule("false"), ["4:18: when: no event can match: this is always false"]),
    (rule('"eventType \\x3d 1"'), [  # with an escape of YAML's the columns are no longer those of the file
        '4:18: when: expected an operator such as ==, contains or is set (for = write "=="), found =']),
    (rule("profile.testProfile"), [
        "4:18: when: a rule speaks of the event that it judges, and of nothing else; found profile.testProfile"]),
    (journey(events="  a-b: {event-id: x}\n", more="exit-on: [a-b]\n"), [
        "4:3: the name of an event has letters, digits and _, 30 at most, found a-b"]),
    (journey(events=f"  {'e' * 31}: {{event-id: x}}\n", more=f"exit-on: [{'e' * 31}]\n"), [
        f"4:3: the name of an event has letters, digits and _, 30 at most, found {'e' * 31}"]),
    (journey(events="  profile: {event-id: x}\n", more="exit-on: [profile]\n"), [
        '4:3: the name "profile" is taken: choose another']),
    (journey(events="  lone: {event-id: x}\n"), [
        "4:3: nothing listens for the event lone: it is neither the entry, nor awaited, nor in exit-on"]),
    (journey(events="  both: {event-id: x, when: true}\n", more="exit-on: [both]\n"), [
        "4:9: both: expected either when or event-id, found both"]),
    (journey(events="  none: {}\n", more="exit-on: [none]\n"), [
        "4:9: none: expected a rule under when, or the id of an event under event-id, found neither"]),
    (journey(more="exit-on: [baught]\n"), ['5:11: "baught" is no event of this journey. Did you mean "bought"?']),
    (journey(more="supplemental-id: commerce.order.purchaseID\n"), []),
    (journey(more="supplemental-id: commerce.order\n"), [
        "5:18: supplemental-id: expected a field with one value, found an object"]),
    (journey(more="supplemental-id: productListItems.SKU\n"), [
        "5:18: supplemental-id: expected a field with one value, found a list"]),
    (journey(more="supplemental-id: cart.cartID\n"), [
        '5:18: supplemental-id: an event has no field cart.']),
    (journey(more="supplemental-id: eventType == \"x\"\n"), [
        '5:18: supplemental-id: expected the path of a field of the entry event, such as commerce.order.purchaseID, '
        'found eventType == "x"']),
    # the graph
    (journey(entry="pase"), ['4:27: "pase" is no node of this journey. Did you mean "pause"?']),
    (journey("  pause: {wait: 1m, next: nd}"), ['6:27: "nd" is no node of this journey. Did you mean "end"?']),
    (journey("  pause: {wait: 1m, next: end}\n  a: {wait: 1m, next: b}\n  b: {wait: 1m, next: a}"), [
        "7:3: nothing leads from the entry to the node a"]),
    (journey("  pause: {wait: 1m, next: a}\n  a: {split: {b: 1}}\n  b: {sms: {body: x}, next: a}"), [
        "7:3: nothing waits in the loop a > b > a: put a wait, await or react in it"]),
    (journey("  pause: {wait: 1m, next: a}\n  a: {sms: {body: x}, next: pause}"), []),  # this one waits
    (journey("  pause: {react: opened, timeout: 1m, next: end}"), [
        "6:11: a reaction comes right after a push or an in-app message; it comes after the entry"]),
    (journey("  pause: {sms: {body: x}, next: r}\n" + REACT), [
        "7:7: a reaction comes right after a push or an in-app message; it comes after pause"]),
    (journey("  pause: {push: {title: x, body: x}, next: end, on-error: r}\n" + REACT), [
        "7:7: a reaction comes right after a push or an in-app message; it comes after pause"]),
    # nodes
    (journey("  pause: {wiat: 1m, next: end}"), ['6:11: pause: unknown key "wiat". Did you mean "wait"?']),
    (journey("  pause: {wait: 1m, sms: {body: x}, next: end}"), [
        "6:21: pause: a node is of one kind, found wait and sms together"]),
    (journey("  pause: {next: end}"), [
        "6:10: pause: nothing says what kind of node this is: expected one of wait, until, condition, split, await, "
        "react, push, in-app, email, sms, webhook, found next"]),
    (journey("  pause: {wait: 5, next: end}"), [
        "6:17: wait: a duration is written 90s, 20m, 2h; found 5: the unit is missing"]),
    (journey("  pause: {until: 2026-02-30T10:00:00Z, next: end}"), [
        "6:18: until: expected a moment such as 2026-11-28T10:00:00Z, found 2026-02-30T10:00:00Z"]),
    (journey("  pause: {split: {end: 0}}"), ["6:10: pause: expected a share of more than 0, found none"]),
    (journey("  pause: {condition: []}"), ["6:22: condition: expected one at least, found an empty list"]),
    (journey("  pause: {await: {bought: end}, on-timeout: end}"), [
        "6:10: pause: on-timeout leads nowhere without a timeout: add one such as timeout: 1d"]),
    (journey("  pause: {await: {boght: end}}"), ['6:19: "boght" is no event of this journey. Did you mean "bought"?']),
    (journey('  pause: {webhook: {url: "http://example.com/x", body: x}, next: end}'), [
        "6:26: url: expected a URL on this machine, such as http://127.0.0.1:9000/offers, "
        'found "http://example.com/x": '
        "nothing is sent to example.com"]),
    (journey('  pause: {webhook: {url: "ftp://127.0.0.1/x", body: x}, next: end}'), [
        '6:26: url: expected a URL on this machine, such as http://127.0.0.1:9000/offers, found "ftp://127.0.0.1/x"']),
    (journey("  pause: {wait: 2h, next: end}", more="timeout: 1h\n"), ["7:17: wait: the journey is over after 1h"]),
    # conditions and texts
    (asked('eventType == "x"'), ["8:15: when: whose field is eventType? Write @bought.eventType"]),
    (asked('loyalty.tier == "x"'), ["8:15: when: whose field is loyalty.tier? Write profile.loyalty.tier"]),
    (asked("profile.loyalty.teir == \"x\""), [
        '8:15: when: a profile has no field profile.loyalty.teir. Did you mean "tier"?']),
    (asked("profile.testProfile == 1"), ["8:38: when: profile.testProfile is a truth value, 1 is a number"]),
    (asked("profile.testProfile and profile._example.anything == 5"), []),  # a tenant's fields are its own
    (asked('"@baught.eventType is set"'), ['8:16: when: "baught" is no event of this journey. Did you mean "bought"?']),
    (journey('  pause: {sms: {body: "Hi {{profile.person.name.first}}!"}, next: end}'), [
        '6:29: body: a profile has no field profile.person.name.first. Did you mean "firstName"?']),
    (journey("  pause: {sms: {body: 'Hi {{profile.person.name.firstName}'}, next: end}"), [
        "6:27: body: the {{ has no }}"]),
    (journey("  pause: {sms: {body: 'Hi {{profile}}'}, next: end}"), [
        "6:36: body: expected a field of the profile, such as profile.person.name.firstName, found the end"]),
    (journey("  pause: {sms: {body: '{{@later.eventType}}'}, next: end}", events="  later: {event-id: x}\n",
             more="exit-on: [later]\n"), [
        "8:26: body: the journey never waits for later, so that it has no fields"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problems"), PROBLEMS)
def test_what_is_wrong_and_where(text, problems):
    if not problems:
        decode_journey(text, "j.yaml")
        return
    with pytest.raises(BadInput) as bad:
        decode_journey(text, "j.yaml")
    assert [str(problem).removeprefix("j.yaml:") for problem in bad.value.problems] == problems


def test_all_problems_at_once():
    text = journey(
        "  pause: {wait: 5, next: nowhere}\n  other: {sms: {body: '{{'}, next: pause}",
        events='  x: {when: evenType == "a"}\n',
        more="timeout: 92d\n",
    )
    with pytest.raises(BadInput) as bad:
        decode_journey(text, "j.yaml")
    places = [(problem.line, problem.column) for problem in bad.value.problems]
    assert places == [(4, 13), (6, 10), (8, 17), (8, 26), (9, 24)]


DAYS = [
    # dialect, key, the longest that it takes
    ("ajo", "timeout: {}\nnodes:\n  pause: {{wait: 1m, next: end}}", 91),
    ("legacy", "timeout: {}\nnodes:\n  pause: {{wait: 1m, next: end}}", 30),
    ("ajo", "re-entrance: {{wait: {}}}\nnodes:\n  pause: {{wait: 1m, next: end}}", 91),
    ("legacy", "re-entrance: {{wait: {}}}\nnodes:\n  pause: {{wait: 1m, next: end}}", 30),
    ("ajo", "nodes:\n  pause: {{wait: {}, next: end}}", 29),
    ("legacy", "nodes:\n  pause: {{wait: {}, next: end}}", 30),
    ("ajo", "nodes:\n  pause: {{await: {{bought: end}}, timeout: {}}}", 90),
    ("legacy", "nodes:\n  pause: {{await: {{bought: end}}, timeout: {}}}", 30),
]


@pytest.mark.parametrize(("dialect", "lines", "most_days"), DAYS)
def test_limits_of_the_dialects(dialect, lines, most_days):
    head = SMALL.partition("nodes:")[0] + f"dialect: {dialect}\n"
    decode_journey(head + lines.format(f"{most_days}d"), "j.yaml")
    with pytest.raises(BadInput, match=f"{dialect} takes {most_days}d at most"):
        decode_journey(head + lines.format(f"{most_days * 24}.1h"), "j.yaml")


def test_the_limits_are_those_of_the_table():
    # the rows above, against the types
    of = {dialect: [days for name, _, days in DAYS if name == dialect] for dialect in ("ajo", "legacy")}
    for dialect, limits in types.LIMITS.items():
        assert of[dialect] == [
            ms // DAY_MS
            for ms in (
                limits.global_timeout_ms,
                limits.most_reentrance_wait_ms,
                limits.most_wait_ms,
                limits.most_await_ms,
            )
        ]
        assert isinstance(limits, Limits)


@pytest.mark.parametrize(("timeout", "good"), [("40s", True), ("39.9s", False), ("90d", True), ("90.1d", False)])
def test_how_long_a_reaction_is_waited_for(timeout, good):
    nodes = f"  pause: {{push: {{title: x, body: x}}, next: r}}\n  r: {{react: opened, timeout: {timeout}, next: end}}"
    if good:
        decode_journey(journey(nodes), "j.yaml")
    else:
        with pytest.raises(BadInput, match=r"timeout: (a reaction is waited for 40s at least|ajo takes 90d at most)"):
            decode_journey(journey(nodes), "j.yaml")


def test_a_journey_in_test_mode_needs_a_namespace():
    with pytest.raises(BadInput, match="needs a namespace"):
        decode_journey(SMALL + "mode: test\n", "j.yaml")
    assert decode_journey(SMALL + "mode: test\nnamespace: ECID\n", "j.yaml").mode == "test"


def test_two_journeys_with_one_name():
    other = "# a comment\n" + SMALL
    with pytest.raises(BadInput) as bad:
        decode_journeys([("a.yaml", SMALL), ("b.yaml", other), ("c.yaml", "journey: x\n")])
    lines = [str(problem) for problem in bad.value.problems]
    assert lines[0] == "b.yaml:2:10: the journey small is in a.yaml already"
    assert all(line.startswith("c.yaml:") for line in lines[1:])
    assert [one.name for one in decode_journeys([("a.yaml", SMALL), ("f.yaml", FULL)])] == ["small", "everything"]


def test_which_files_are_journeys():
    assert is_journey(SMALL)
    assert is_journey("journey: x\nwrong: true\n")
    assert not is_journey("scenario: x\njourney: y\n")
    assert not is_journey("platform: local\n")
    assert not is_journey("- journey\n")


# The shipped journeys


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_journey_is_good_and_called_like_its_file(path):
    decoded = decode_journey(path.read_text(encoding="utf-8"), path.name)
    assert decoded.name == path.stem
    assert decoded.remarks
    assert any(END in nexts(node) for _, node in decoded.nodes)


def test_the_four_stories_are_shipped():
    assert {path.stem for path in SHIPPED} >= {"bought_thanks", "store_welcome", "abandoned_cart", "points_10000"}


# Any text: a journey or problems, each in the file

LINES = FULL.splitlines()


@given(st.lists(st.tuples(st.integers(0, len(LINES) - 1), st.integers(0, 60), st.text(max_size=4)), max_size=3))
def test_any_slip_is_a_journey_or_problems_in_the_file(slips):
    lines = list(LINES)
    for index, column, typed in slips:
        lines[index] = lines[index][:column] + typed + lines[index][column + 1 :]
    text = "\n".join(lines)
    try:
        decode_journey(text, "j.yaml")
    except BadInput as bad:
        problems = bad.problems
    else:
        return
    assert problems
    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)
