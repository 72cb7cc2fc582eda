"""`footfall event define`: what to enter in Journey Optimizer, the payload preview, and what of a scenario matches."""

from __future__ import annotations

import json
import re
import shlex
import socket
from pathlib import Path
from typing import Any

import pytest

from footfall.cli import main
from footfall.live import event_define
from footfall.live.event_define import EventDefineOptions
from footfall.live.event_define_condition import Group, Row, entered
from footfall.platform.journeys.expressions import parse

ROOT = Path(__file__).resolve().parents[2]
NOW_S = 1_800_000_000.0  # 2027-01-15T08:00:00Z
DETAIL = "placeContext.POIinteraction.poiDetail"
OLD_DETAIL = "placeContext.POIinteraction.POIDetail"
ID = "4f6e1c0b9a7d2358"
PLACES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": f"p-{number}",
            "geometry": {"type": "Point", "coordinates": [24.94 + number / 100, 60.17]},
            "properties": {"name": name, "category": "shop", "radius_m": 100, "library": "one", "weight": 1},
        }
        for number, name in enumerate(("Corner shop", "Mia's Café"))
    ],
}
# three phones: each launches, looks at a product, puts one or two into the cart, closes and walks; two enter a place
SCENARIO = """\
scenario: small
version: 1
seed: 3
lasts: 1h
population: {phones: 3, platforms: {android: 1}, arrivals: 1m}
places: {file: ../places.geojson, libraries: [one]}
gap: 5s
start: walk
states:
  walk:
    do: [launch, view: {products: 1}, add: {items: 1}, background, walk: {to: [shop], speed: 2mps}]
    dwell: 10s
    next: {end: 1}
"""
JOURNEY = """\
journey: hello
namespace: ECID
supplemental-id: placeContext.POIinteraction.poiDetail.poiID
events:
  visit: {when: eventType == "location.entry"}
  bought: {event-id: 4f6e1c0b9a7d2358}
entry: {on: visit, next: greet}
exit-on: [bought]
nodes:
  greet:
    push:
      title: Hello
      body: "Nice to see you at {{@visit.placeContext.POIinteraction.poiDetail.name}}"
    next: end
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a scenario, its places, a journey, and an app for each way to spell and to carry."""
    for folder in ("scenarios", "apps", "journeys"):
        (tmp_path / folder).mkdir()
    (tmp_path / "scenarios/small.yaml").write_text(SCENARIO)
    (tmp_path / "places.geojson").write_text(json.dumps(PLACES))
    (tmp_path / "journeys/hello.yaml").write_text(JOURNEY)
    for name, text in {
        "plain": "",
        "rule": "places: {rule: true}",
        "old": "places: {rule: true, poi-detail: POIDetail}",
        "carries": f"journey-events: [{{event-type: commerce.productListAdds, event-id: {ID}}}]",
        "other": "journey-events: [{event-type: commerce.productListAdds, event-id: abc}]",
        "shy": "consent: {default: p}",
        "office": "back-office: {orders: true}",
    }.items():
        (tmp_path / f"apps/{name}.yaml").write_text(f"app: Shop\n{text}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


Ran = tuple[int, list[dict[str, Any]]]


@pytest.fixture
def defined(capsysbinary: pytest.CaptureFixture[bytes]) -> Any:
    """Defines with --json; the exit code and the objects."""

    def _defined(**given: Any) -> Ran:
        options = EventDefineOptions(**{"scenario": "small", "app": "plain", "json": True, **given})
        code = event_define.run(options, NOW_S)
        out, err = capsysbinary.readouterr()
        assert err == b""
        return code, [json.loads(line) for line in out.splitlines()]

    return _defined


# --- whether the scenario's events match


@pytest.mark.parametrize(
    ("rule", "app", "matching"),
    [
        # two of the three phones enter a place
        ('eventType == "location.entry"', "plain", 2),
        # the tutorial's rule sends a second event for it
        ('eventType == "location.entry"', "rule", 4),
        # the SDK's own event has no category, the rule's has
        (f'{DETAIL}.category == "shop"', "rule", 2),
        (f'{DETAIL}.category == "shop"', "plain", 0),
        # the old spelling is there where the app file chooses it, and then the SDK's own has still the new one
        (f"{OLD_DETAIL}.name is set", "plain", 0),
        (f"{OLD_DETAIL}.name is set", "rule", 0),
        (f"{OLD_DETAIL}.name is set", "old", 2),
        (f"{DETAIL}.name is set", "old", 2),
        # identities are shared by the request, and belong to each of its events
        ('eventType == "commerce.productViews" and identityMap.ECID.id is set', "plain", 3),
        # either will do
        ('eventType == "nothing.known" or eventType == "commerce.productViews"', "plain", 3),
        # events that consent holds back never reach a journey
        ('eventType == "location.entry"', "shy", 0),
    ],
)
def test_how_many_events_match_a_rule(defined: Any, rule: str, app: str, matching: int) -> None:
    code, (one,) = defined(when=rule, app=app)
    assert (one["matching"], code) == (matching, 0 if matching else 1)
    assert sum(each["matching"] for each in one["types"]) == matching
    assert (one["example"] is None) == (matching == 0)


def test_an_example_says_which_phone_and_when(defined: Any) -> None:
    _, (one,) = defined(when='eventType == "commerce.productListAdds"')
    example = one["example"]
    assert (example["phone"], example["at_ms"], example["type"]) == (0, 10_000, "commerce.productListAdds")
    assert example["timestamp"] == "2027-01-15T07:00:09.000Z"
    assert re.fullmatch(r"[0-9a-f-]{36}", example["id"])


def test_fewer_phones_are_searched(defined: Any) -> None:
    _, (one,) = defined(when='eventType == "location.entry"', phones=2)
    assert (one["matching"], one["search"]["phones"], one["search"]["population"]) == (1, 2, 3)


@pytest.mark.parametrize(
    ("rule", "app", "part", "found", "advice"),
    [
        # the deprecated spelling, against the current one
        (
            f'eventType == "location.entry" and {OLD_DETAIL}.name == "Mia\'s Café"',
            "plain",
            f'{OLD_DETAIL}.name == "Mia\'s Café"',
            f"{OLD_DETAIL}.name is not set",
            "the events have poiDetail.name: apps/*.yaml places.poi-detail chooses the spelling",
        ),
        # an id has a spelling too, and no app chooses it
        (
            f'eventType == "location.entry" and {DETAIL}.POIID == "p-1"',
            "plain",
            f'{DETAIL}.POIID == "p-1"',
            f"{DETAIL}.POIID is not set",
            "the events have poiDetail.poiID, in another spelling",
        ),
        # the rule is there, and spells it the new way
        (
            f'eventType == "location.entry" and {OLD_DETAIL}.category == "shop"',
            "rule",
            f'{OLD_DETAIL}.category == "shop"',
            f"{OLD_DETAIL}.category is not set",
            "the tutorial's rule sends it where the app file says places: {poi-detail: POIDetail}",
        ),
        # what only the tutorial's rule sends
        (
            f'eventType == "location.entry" and {DETAIL}.category == "shop"',
            "plain",
            f'{DETAIL}.category == "shop"',
            f"{DETAIL}.category is not set",
            "the tutorial's rule alone sends it: places: {rule: true} in the app file",
        ),
        # another value, and a near one
        (
            f'eventType == "location.entry" and {DETAIL}.name == "Mias Cafe"',
            "plain",
            f'{DETAIL}.name == "Mias Cafe"',
            f'{DETAIL}.name is "Corner shop" (1), "Mia\'s Café" (1)',
            '"Mias Cafe" is no value that they have. Did you mean "Mia\'s Café"?',
        ),
        # a number that is not reached
        (
            'eventType == "commerce.productListAdds" and sum(productListItems.quantity) > 900',
            "plain",
            "sum(productListItems.quantity) > 900",
            "sum(productListItems.quantity) is",
            "",
        ),
    ],
)
def test_what_stands_in_the_way(defined: Any, rule: str, app: str, part: str, found: str, advice: str) -> None:
    code, (one,) = defined(when=rule, app=app)
    (obstacle,) = one["miss"]["obstacles"]
    assert code == 1
    assert (obstacle["part"], obstacle["fails"]) == (part, obstacle["of"])
    assert obstacle["found"][0].startswith(found)
    assert not advice or advice in obstacle["advice"]
    assert one["miss"]["nearest"]["phone"] == (0 if "commerce" in rule else 1)


def test_the_events_own_spelling_is_tried(defined: Any) -> None:
    _, (one,) = defined(when=f'eventType == "location.entry" and {OLD_DETAIL}.POIID starts with "p-"')
    assert one["miss"]["advice"] == [
        "in their own spelling the rule matches 2 of these events: "
        f'eventType == "location.entry" and {DETAIL}.poiID starts with "p-"'
    ]


def test_the_nearest_is_the_one_of_which_most_is_as_asked(defined: Any) -> None:
    # of three parts one fails on one phone's event, two on the other's
    _, (one,) = defined(
        when=f'eventType == "location.entry" and {DETAIL}.name == "Corner shop" and {DETAIL}.poiID == "p-9"'
    )
    assert [each["part"] for each in one["miss"]["obstacles"]] == [f'{DETAIL}.poiID == "p-9"']


def test_where_all_match_nothing_stands_in_the_way(defined: Any) -> None:
    assert defined(when='eventType == "location.entry"')[1][0]["miss"] is None


@pytest.mark.parametrize(
    ("type", "advice"),
    [
        ("commerce.backofficeOrderPlaced", "a back office sends it, back-office: {orders: true} in the app file"),
        ("loyalty.pointsReached", "a back office sends it, back-office: {loyalty: true} in the app file"),
        ("pushTracking.applicationOpened", "it answers a message, and this search runs no journeys that send one"),
    ],
)
def test_an_event_type_that_the_scenario_has_not(defined: Any, type: str, advice: str) -> None:
    code, (one,) = defined(when=f'eventType == "{type}"')
    assert (code, one["miss"]["nearest"]) == (1, None)
    assert one["miss"]["advice"] == [f"no event is of the eventType {type}: {advice}"]


def test_events_of_the_back_office_are_among_them(here: Path, defined: Any) -> None:
    buying = SCENARIO.replace("add: {items: 1}", "add: {items: 1}, open-cart, login, checkout, purchase")
    (here / "scenarios/small.yaml").write_text(buying)
    rule = 'eventType == "commerce.backofficeOrderPlaced"'
    code, (one,) = defined(when=rule, app="office", namespace="footfallCRMId")
    assert (code, one["matching"], one["matching_without_identity"]) == (0, 3, 0)
    assert (one["example"]["source"], one["search"]["office"]) == ("back office", True)
    assert defined(when=rule)[0] == 1


def test_a_field_that_some_events_lack_is_told_so(defined: Any) -> None:
    # the tutorial's rule has a category, the SDK's own event has none
    _, (one,) = defined(when=f'eventType == "location.entry" and {DETAIL}.category == "bar"', app="rule")
    assert one["miss"]["obstacles"][0]["found"] == [f'{DETAIL}.category is "shop" (2), not set on 2']


def test_nothing_is_sent(defined: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket is connected")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with socket.socket() as one, pytest.raises(AssertionError, match="a socket is connected"):  # the guard convicts
        one.connect(("127.0.0.1", 9))
    assert defined(when='eventType == "location.entry"')[0] == 0


def test_events_without_an_identity_of_the_namespace_are_told(defined: Any) -> None:
    code, (one,) = defined(when='eventType == "location.entry"', namespace="Gold")
    assert (code, one["matching"], one["matching_without_identity"]) == (0, 2, 2)


# --- by the id that Journey Optimizer has generated


@pytest.mark.parametrize(
    ("given", "app", "matching", "advice"),
    [
        # the app file says so
        ({"type": "commerce.productListAdds"}, "carries", 3, None),
        ({}, "carries", 3, None),
        # it does not: the lines to put there
        (
            {"type": "commerce.productListAdds"},
            "plain",
            0,
            f"put there:\njourney-events:\n  - {{event-type: commerce.productListAdds, event-id: {ID}}}",
        ),
        ({}, "plain", 0, "put there, for instance:\n"),
        # it puts it into other events
        ({"type": "commerce.productViews"}, "carries", 0, "it puts this id into commerce.productListAdds, not into"),
        # it puts another id there
        ({"type": "commerce.productListAdds"}, "other", 0, "it puts abc into commerce.productListAdds"),
        # what the SDK makes itself carries none
        ({"type": "application.launch"}, "plain", 0, "application.launch is made by the SDK"),
        ({"type": "location.entry"}, "plain", 0, "the SDK's own location.entry carries no id"),
        # the scenario has no such event
        ({"type": "commerce.purchases"}, "plain", 0, "no event is of the eventType commerce.purchases"),
    ],
)
def test_events_that_carry_an_id(
    defined: Any, given: dict[str, str], app: str, matching: int, advice: str | None
) -> None:
    code, (one,) = defined(event_id=ID, app=app, **given)
    assert (code, one["matching"]) == (0 if matching else 1, matching)
    if advice is None:
        assert one["miss"] is None
    else:
        assert one["miss"]["advice"][0] == f"events carry {ID} only where the app file's journey-events says so"
        assert any(each.startswith(advice) for each in one["miss"]["advice"])


# --- what to enter


@pytest.mark.parametrize(
    ("rule", "simple", "advanced"),
    [
        # the documented operators
        (
            'eventType == "location.entry"',
            Row("eventType", "equal to", "location.entry"),
            '@{Visit.eventType} == "location.entry"',
        ),
        (
            f'eventType in ["a.b", "c.d"] and {DETAIL}.name contains "x"',
            Group(
                "and",
                (
                    Group("or", (Row("eventType", "equal to", "a.b"), Row("eventType", "equal to", "c.d"))),
                    Row(f"{DETAIL}.name", "contains", "x"),
                ),
            ),
            f'in(@{{Visit.eventType}}, ["a.b", "c.d"]) and contain(@{{Visit.{DETAIL}.name}}, "x")',
        ),
        # the advanced editor's alone
        (f'{DETAIL}.name equals ignoring case "x"', None, f'equalIgnoreCase(@{{Visit.{DETAIL}.name}}, "x")'),
        (f'{DETAIL}.name starts with "x"', None, f'startWith(@{{Visit.{DETAIL}.name}}, "x")'),
        ('not eventType ends with "x"', None, 'not (endWith(@{Visit.eventType}, "x"))'),
        (f"{DETAIL}.name is not set", None, f"@{{Visit.{DETAIL}.name}} is null"),
        ("3 < commerce.order.priceTotal", None, "@{Visit.commerce.order.priceTotal} > 3"),
        ("count(productListItems.SKU) >= 2", None, "count(@{Visit.productListItems.SKU}) >= 2"),
        # lists
        ('productListItems[1].SKU == "x"', None, '@{Visit.productListItems.at(1).SKU} == "x"'),
        (
            'productListItems.SKU == "x"',
            None,
            'count(@{Visit.productListItems.all(currentEventField.SKU == "x").SKU}) > 0',
        ),
        # a list in a list
        (
            'productListItems.selectedOptions.value == "x"',
            None,
            'count(@{Visit.productListItems.all().selectedOptions.all(currentEventField.value == "x").value}) > 0',
        ),
        # a map
        ('identityMap.Email[0].id == "x"', None, "@{Visit.identityMap.entry('Email').at(0).id} == \"x\""),
        # one part of several is enough
        (
            'eventType == "x" and (application.isLaunch or timestamp is set)',
            None,
            '@{Visit.eventType} == "x" and (@{Visit.application.isLaunch} == true or @{Visit.timestamp} is not null)',
        ),
    ],
)
def test_a_rule_in_the_editors(rule: str, simple: Row | Group | None, advanced: str) -> None:
    found = entered(parse(rule).tree, "Visit")
    assert (found.simple, found.advanced, found.unsayable) == (simple, advanced, ())
    assert bool(found.beyond) == (simple is None)


@pytest.mark.parametrize(
    "rule",
    [
        # the documents give an order to numbers and times alone
        'timestamp > "2026"',
        # two fields of a list's items
        "productListItems.SKU == productListItems.name",
    ],
)
def test_what_no_editor_can_say_is_told(rule: str) -> None:
    assert entered(parse(rule).tree, "Visit").unsayable == (rule,)


def test_the_json_of_a_journey(defined: Any) -> None:
    code, (visit, bought) = defined(journey="hello")
    assert code == 1  # the second matches nothing
    assert list(visit) == list(bought)
    assert [visit[key] for key in ("name", "type", "event_id_type", "event_id", "namespace", "key")] == [
        "visit",
        "unitary",
        "rule based",
        None,
        "ECID",
        "@{visit.identityMap.entry('ECID').first().id}",
    ]
    assert visit["schema"] == {"name": "mobile events", "id": "https://ns.adobe.com/footfall/schemas/mobile-events"}
    assert visit["condition"] == {
        "text": 'eventType == "location.entry"',
        "editor": "simple",
        "simple": {"field": "eventType", "operator": "equal to", "value": "location.entry"},
        "beyond_simple": [],
        "advanced": '@{visit.eventType} == "location.entry"',
        "unsayable": [],
    }
    assert [(each["field"], each["type"], each["used_by"]) for each in visit["fields"]] == [
        ("eventType", "text", ["the condition"]),
        (f"{DETAIL}.name", "text", ["node greet"]),
        (f"{DETAIL}.poiID", "text", ["the supplemental id"]),
        ("identityMap.ECID.id", "text", ["the key"]),
        ("_id", "text", ["Adobe, always"]),
        ("timestamp", "text", ["Adobe, always"]),
    ]
    assert (bought["event_id_type"], bought["event_id"], bought["condition"]) == ("system generated", ID, None)


def test_one_event_of_a_journey(defined: Any) -> None:
    code, (one,) = defined(journey="hello", event="bought", app="carries", type="commerce.productListAdds")
    assert (code, one["name"], one["matching"]) == (0, "bought", 3)


def test_the_payload_preview_is_a_message_with_placeholders(defined: Any) -> None:
    _, (visit, bought) = defined(journey="hello")
    assert visit["payload"]["body"]["xdmEntity"] == {
        "eventType": "string",
        "placeContext": {"POIinteraction": {"poiDetail": {"name": "string", "poiID": "string"}}},
        "identityMap": {"ECID": [{"id": "string"}]},
        "_id": "string",
        "timestamp": "2018-05-29T00:00:00.000Z",
    }
    entity = bought["payload"]["body"]["xdmEntity"]
    assert entity["_experience"] == {"campaign": {"orchestration": {"eventID": ID}}}


def test_placeholders_have_the_types_of_the_fields(defined: Any) -> None:
    _, (one,) = defined(
        when='sum(productListItems.priceTotal) > 1 and productListItems.SKU == "x" and application.isLaunch'
    )
    entity = one["payload"]["body"]["xdmEntity"]
    assert entity["productListItems"] == [{"priceTotal": 10, "SKU": "string"}]
    assert entity["application"] == {"isLaunch": True}


def test_the_payload_preview_has_the_shape_of_adobes(defined: Any) -> None:
    path = ROOT / "../shared/samples/journeys/jo-event-request.json"
    if not path.is_file():
        pytest.skip("the shared samples are not there")
    sample = json.loads(path.read_text())
    _, (one,) = defined(event_id=ID)
    payload = one["payload"]
    assert payload["header"].keys() == sample["header"].keys()
    assert shape(payload["body"]["xdmMeta"]) == shape(sample["body"]["xdmMeta"])
    entity, theirs = payload["body"]["xdmEntity"], sample["body"]["xdmEntity"]
    assert entity.keys() == theirs.keys() - {"_instance_name"}
    assert shape(entity["_experience"]) == shape(theirs["_experience"])
    assert entity["timestamp"] == theirs["timestamp"]


def shape(value: Any) -> Any:
    """The keys of nested objects."""
    return {key: shape(inner) for key, inner in value.items()} if isinstance(value, dict) else None


@pytest.mark.parametrize(
    ("given", "name"),
    [
        # of the one eventType
        ({"when": 'eventType == "location.entry"'}, "location_entry"),
        ({"event_id": ID, "type": "commerce.purchases"}, "commerce_purchases"),
        # of none, or of one of several
        ({"when": 'eventType in ["location.entry", "location.exit"]'}, "event"),
        ({"event_id": ID}, "event"),
        # 30 characters at most
        ({"when": 'eventType == "decisioning.propositionSuppressDisplay"'}, "decisioning_propositionSuppres"),
        ({"when": 'eventType == "location.entry"', "name": "Visit_1"}, "Visit_1"),
    ],
)
def test_the_name_of_an_event(defined: Any, given: dict[str, str], name: str) -> None:
    assert defined(**given)[1][0]["name"] == name


# --- in words


def test_it_is_readable_in_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    for given in ({"journey": "hello"}, {"when": f'eventType == "location.entry" and {OLD_DETAIL}.name == "x y"'}):
        event_define.run(EventDefineOptions(scenario="small", app="plain", **given), NOW_S)
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert [line for line in lines if line != line.rstrip()] == []
    assert "\x1b" not in text
    for told in (
        "event visit",
        "  name          visit",
        "  type          Unitary",
        "  event id type system generated",
        "    eventType  equal to  location.entry",
        "    all of these (and)",
        "Payload fields to tick (6)",
        '              "name": "string",',
        "  all phones, app apps/plain.yaml: 14 events",
        "    location.entry                 2  2 match",
        "  2 events of 14 match",
        "  no event matches",
        "    journey-events:",
        "      placeContext.POIinteraction.POIDetail.name is not set",
        "  The app has no back office, whose events would be among these.",
    ):
        assert told in lines, told


def test_what_is_in_quotes_is_not_folded(capsys: pytest.CaptureFixture[str]) -> None:
    name = "a long name of a place that does not fit, with words"
    event_define.run(
        EventDefineOptions(scenario="small", when=f'not eventType == "x" and {DETAIL}.name == "{name}"'), NOW_S
    )
    assert f'"{name}"' in capsys.readouterr().out


def test_signs_in_a_rule_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    for rule in ('eventType == "[bold]x[/bold] :smile:"', 'not eventType == "[red] :+1:"'):
        event_define.run(EventDefineOptions(scenario="small", when=rule), NOW_S)
    text = capsys.readouterr().out
    assert "equal to  [bold]x[/bold] :smile:\n" in text
    assert 'not (@{event.eventType} == "[red] :+1:")\n' in text


# --- bad input


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        # a rule that is none, at its column
        (
            ["--when", "eventType = 3"],
            ["--when:1:11: expected an operator such as ==, contains or is set (for = write"],
        ),
        # all that is wrong with a rule
        (
            ["--when", 'eventType == "location.enter" and placeContext.foo == 1'],
            [
                '--when:1:14: no event has the eventType location.enter. Did you mean "location.entry"?',
                "--when:1:35: an event has no field placeContext.foo.",
            ],
        ),
        # a rule on two lines is counted as one
        (["--when", 'eventType == "x"\nand foo == 1'], ["--when:1:22: an event has no field foo."]),
        # names
        (["--when", "true", "--name", "a b"], ["--name:1:1: the name of an event has letters, digits and _"]),
        (["--when", "true", "--name", "a" * 31], ["--name:1:1: the name of an event has letters, digits and _"]),
        (["--when", "true", "--namespace", "a b"], ["--namespace:1:1: expected the code of an identity namespace"]),
        (["--event-id", "a b"], ["--event-id:1:1: expected the id of an event, of letters, digits and -"]),
        (
            ["--event-id", "a", "--type", "commerce.purchase"],
            ['--type:1:1: no event has the eventType commerce.purchase. Did you mean "commerce.purchases"?'],
        ),
        # options in the wrong company
        (["--when", "true", "--event", "x"], ["--event:1:1: --event goes with --journey: it picks an event"]),
        (["--when", "true", "--type", "x.y"], ["--type:1:1: --type goes with --journey or --event-id"]),
        (["--journey", "hello", "--name", "x"], ["--name:1:1: --name goes with --when or --event-id"]),
        (["--journey", "hello", "--event", "visit", "--type", "x.y"], ["--type:1:1: --type goes with an event-id"]),
        # a journey that is not there, or has no such event
        (["--journey", "helo"], ['helo:1:1: no such journey. Did you mean "hello"?']),
        (["--journey", "hello", "--event", "vist"], ["--event:1:1: the journey hello has no event vist. Did you"]),
        # several at once, of options and files
        (
            ["--when", "(", "--name", "", "--app", "nix", "--phones", "0"],
            ["--name:1:1: ", "--phones:1:1: ", "--when:1:2: ", "nix:1:1: no such app."],
        ),
    ],
)
def test_bad_input_is_told_at_once(capsys: pytest.CaptureFixture[str], given: list[str], problems: list[str]) -> None:
    assert main(["event", "define", "--scenario", "small", *given]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == len(problems), err
    for line, problem in zip(err.splitlines(), problems, strict=True):
        assert line.startswith(problem), line


def test_a_journeys_name_for_an_event_that_adobe_would_not_take(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "journeys/hello.yaml").write_text(JOURNEY.replace("bought", "b" * 31))
    assert main(["event", "define", "--scenario", "small", "--journey", "hello"]) == 2
    assert capsys.readouterr().err.startswith("journeys/hello.yaml:6:3: the name of an event has letters")


def test_exactly_one_source_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    for given in ([], ["--when", "true", "--event-id", "x"]):
        with pytest.raises(SystemExit) as left:
            main(["event", "define", *given])
        assert left.value.code == 2
    capsys.readouterr()
    assert event_define.run(EventDefineOptions(scenario="small")) == 2
    assert capsys.readouterr().err.startswith("event define:1:1: expected one of --journey, --when and --event-id")


# --- what is shipped


COMMANDS = [
    line.partition("  #")[0].strip()
    for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    if line.startswith(".venv/bin/footfall event define")
]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readmes_commands_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(shlex.split(command)[1:]) in (0, 1)
    assert "Payload preview" in capsys.readouterr().out


def test_the_readme_has_commands_to_run() -> None:
    assert len(COMMANDS) >= 3
