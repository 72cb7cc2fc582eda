"""The app file, read: what comes out of a good one, and the exact problem lines of bad ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.engine.app_file import APP, decode_app, is_app
from footfall.engine.event_types import BY_THE_APP, EVENT_TYPES
from footfall.phone.app import App
from footfall.phone.config import (
    AppConfig,
    AppVersion,
    BackOfficeConfig,
    Batching,
    ConsentConfig,
    EdgeConfig,
    IdentityConfig,
    InletConfig,
    JourneyEvent,
    LifecycleConfig,
    MessagingConfig,
    PlacesConfig,
    SdkVersions,
)
from footfall.phone.signals import Did, Earned, Saw, Tapped
from footfall.scenario.forms import Record
from footfall.scenario.yaml_nodes import child, compose
from footfall.world.catalogue import CATALOGUE
from footfall.world.pois import Poi
from footfall.world.problems import BadInput
from footfall.xdm import messaging, places
from footfall.xdm.commerce import COMMERCE_KINDS, CartLine, OrderRef, Payment

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "apps" / "shop.yaml"
CAFE = Poi("p-1", "Cafe", 24.94, 60.17, 100, "lib", 1, "cafe")
CART = (CartLine(CATALOGUE[0], 1),)
ORDER = OrderRef("FF-1", (Payment("TX-1", "paypal", CART[0].total_cents),))

# a file in which nothing has its default
OTHER = """\
app: Other Shop
id: com.example.other
versions:
  - {version: 2.0 (1), share: 0.25}
  - {version: 2.0.1 (7), share: 0.75}
upgrade-after: 36h
tenant: _other
sdk: {ios: 5.10.0+5.0.2, android: 3.7.0+3.0.1}
edge:
  datastream: 8d1f0a5e-7f0b-4b0e-9a53-1c2d3e4f5a6b:stage
  domain: data.example.com
  environment: pre-prod
  batching: {enabled: true, max-batch-size: 5, events: [commerce.*, "*.exit", application.scene]}
consent: {registered: false, default: p}
identity: {crm-namespace: otherId}
lifecycle: {forwarded: true, forwarded-twice: true}
places: {libraries: [one, two], membership-ttl: 5m, nearby-limit: sdk, rule: true, poi-detail: POIDetail}
messaging:
  registered: true
  event-dataset: 0a1b2c
  sandbox: true
  optimize-push-sync: false
  surfaces: [home, offers/today]
inlet:
  id: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  schema: https://ns.adobe.com/other/schemas/s-1
  org: 0A1B2C@AdobeOrg
  dataset: d-1
  flow: f-1
back-office: {orders: true, loyalty: true, points: 3, threshold: 500, delay: 2m}
journey-events:
  - {event-type: commerce.purchases, event-id: e-1}
  - {event-type: application.scene, event-id: e-2}
"""


def problems(text: str) -> list[str]:
    """What the file is refused for, a line each; none for a good one."""
    try:
        decode_app(text, "a.yaml")
    except BadInput as bad:
        return [str(problem) for problem in bad.problems]
    return []


def test_the_shipped_file_says_what_is_so_without_it() -> None:
    assert decode_app(SHOP.read_text(), "shop.yaml") == AppConfig()


def keys_of(record: Record[Any], above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """All keys of the table that do not lie in a list, by their paths."""
    found = set()
    for name, key in record.keys.items():
        found |= {(*above, name)} | (keys_of(key.form, (*above, name)) if isinstance(key.form, Record) else set())
    return found


def test_every_key_stands_in_the_shipped_file_with_a_word_on_it() -> None:
    lines = SHOP.read_text().splitlines()
    root, _ = compose(SHOP.read_text(), "")
    for path in keys_of(APP):
        node = root
        for step in path:
            assert node is not None
            entry = child(node, step)
            assert entry is not None, path
            key, node = entry
        assert key is not None
        line = lines[key.line - 1]
        assert " # " in line, line


def test_the_shipped_file_fits_a_narrow_window() -> None:
    assert [line for line in SHOP.read_text().splitlines() if len(line) > 100] == []


def test_the_example_in_the_shipped_file_can_be_used() -> None:
    _, _, example = SHOP.read_text().partition("#\n#   journey-events:\n")
    lines = [line.removeprefix("#   ") for line in example.splitlines() if line.startswith("#   ")]
    assert lines
    assert decode_app("\n".join(["app: A", "journey-events:", *lines]), "a.yaml").journey_events


def test_every_field_of_the_structs_has_its_key() -> None:
    def fields(config: Any) -> int:
        values = [getattr(config, field.name) for field in msgspec.structs.fields(config)]
        return sum(1 + (fields(value) if isinstance(value, msgspec.Struct) else 0) for value in values)

    assert len(keys_of(APP)) == fields(AppConfig())


def test_every_key_can_be_given() -> None:
    assert decode_app(OTHER, "a.yaml") == AppConfig(
        name="Other Shop",
        id="com.example.other",
        versions=(AppVersion("2.0 (1)", 0.25), AppVersion("2.0.1 (7)", 0.75)),
        upgrade_after_s=36 * 3600,
        tenant="_other",
        sdk=SdkVersions(ios="5.10.0+5.0.2", android="3.7.0+3.0.1"),
        edge=EdgeConfig(
            datastream="8d1f0a5e-7f0b-4b0e-9a53-1c2d3e4f5a6b:stage",
            domain="data.example.com",
            environment="pre-prod",
            batching=Batching(enabled=True, max_batch_size=5, events=("commerce.*", "*.exit", "application.scene")),
        ),
        consent=ConsentConfig(registered=False, default="p"),
        identity=IdentityConfig(crm_namespace="otherId"),
        lifecycle=LifecycleConfig(forwarded=True, forwarded_twice=True),
        places=PlacesConfig(
            libraries=("one", "two"), membership_ttl_s=300, nearby_limit=None, rule=True, poi_detail="POIDetail"
        ),
        messaging=MessagingConfig(
            registered=True,
            event_dataset="0a1b2c",
            sandbox=True,
            optimize_push_sync=False,
            surfaces=("home", "offers/today"),
        ),
        inlet=InletConfig(
            "0123456789abcdef" * 4, "https://ns.adobe.com/other/schemas/s-1", "0A1B2C@AdobeOrg", "d-1", "f-1"
        ),
        back_office=BackOfficeConfig(orders=True, loyalty=True, points=3, threshold=500, delay_s=120),
        journey_events=(JourneyEvent("commerce.purchases", "e-1"), JourneyEvent("application.scene", "e-2")),
    )


@pytest.mark.parametrize(
    ("text", "config"),
    [
        # a name is a whole file
        ("app: A", AppConfig(name="A")),
        # a section keeps the defaults of what it leaves out
        ("app: A\nconsent: {default: p}", AppConfig(name="A", consent=ConsentConfig(default="p"))),
        ("app: A\nedge: {}", AppConfig(name="A")),
        # y and n are words in YAML 1.2
        ("app: A\nconsent: {default: n}", AppConfig(name="A", consent=ConsentConfig(default="n"))),
        # one version alone has all phones
        ("app: A\nversions: [{version: 3.0 (9)}]", AppConfig(name="A", versions=(AppVersion("3.0 (9)", 1.0),))),
        # 1.4 is 1.4.0: the build says which is older
        (
            "app: A\nversions: [{version: 1.4.0 (1), share: 0.5}, {version: 1.4 (2), share: 0.5}]",
            AppConfig(name="A", versions=(AppVersion("1.4.0 (1)", 0.5), AppVersion("1.4 (2)", 0.5))),
        ),
        # thirds, as far as they can be written
        (
            "app: A\nversions: [{version: 1.0 (1), share: 0.3333333}, {version: 2.0 (1), share: 0.6666667}]",
            AppConfig(name="A", versions=(AppVersion("1.0 (1)", 0.3333333), AppVersion("2.0 (1)", 0.6666667))),
        ),
        ("app: A\nsdk: {wrapper: flutter}", AppConfig(name="A", sdk=SdkVersions(wrapper="flutter"))),
        # XDM's own names are refused whole, not where a tenant begins like one
        ("app: A\ntenant: _idea", AppConfig(name="A", tenant="_idea")),
        # with the rule there is an event that can carry a journey's id
        (
            "app: A\nplaces: {rule: true}\njourney-events: [{event-type: location.entry, event-id: x}]",
            AppConfig(name="A", places=PlacesConfig(rule=True), journey_events=(JourneyEvent("location.entry", "x"),)),
        ),
    ],
)
def test_what_is_left_out_has_its_default(text: str, config: AppConfig) -> None:
    assert decode_app(text, "a.yaml") == config


A_TENANT = "expected a tenant with its underscore such as _footfall, and none of XDM's own names"

# what stands below `app: A`, and the problem
WRONG = [
    # keys
    ("tennant: _a", '2:1: unknown key "tennant". Did you mean "tenant"?'),
    ("edge: {data-stream: d}", '2:8: edge: unknown key "data-stream". Did you mean "datastream"?'),
    (
        "edge: {max_batch_size: 1}",
        '2:8: edge: unknown key "max_batch_size". Known: batching, datastream, domain, environment.',
    ),
    ("journey_events: []", '2:1: unknown key "journey_events". Did you mean "journey-events"?'),
    ("id: a\nid: b", '3:1: the key "id" is here twice; it was first used in line 2'),
    ("edge: local", "2:7: edge: expected a map with datastream, domain, environment and batching, found local"),
    # id and tenant: parts of surfaces and of JSON keys
    ('id: ""', '2:5: id: expected the app\'s id such as com.example.shop, found ""'),
    ("id: com.example/shop", "2:5: id: expected the app's id such as com.example.shop, found com.example/shop"),
    ("tenant: footfall", f"2:9: tenant: {A_TENANT}, found footfall"),
    ("tenant: _", f"2:9: tenant: {A_TENANT}, found _"),
    # XDM's own names: the tenant's object would overwrite them
    ("tenant: _id", f"2:9: tenant: {A_TENANT}, found _id"),
    ("tenant: _experience", f"2:9: tenant: {A_TENANT}, found _experience"),
    # versions
    (
        "versions: [{version: 1.4.0, share: 1}]",
        '2:22: version: expected a version and its build such as "1.4.0 (210)", found 1.4.0',
    ),
    # a number, but quotes would not help
    (
        "versions: [{version: 1.4, share: 1}]",
        '2:22: version: expected a version and its build such as "1.4.0 (210)", found 1.4',
    ),
    (
        "versions: [{share: 1}]",
        '2:12: versions[0]: the key "version" is missing: expected a version and its build such as "1.4.0 (210)"',
    ),
    ("versions: []", "2:11: versions: expected a version at least, found an empty list"),
    (
        "versions: 1.4.0 (210)",
        '2:11: versions: expected a list of versions like [{version: "1.4.0 (210)", share: 1}], found 1.4.0 (210)',
    ),
    (
        "versions: [{version: 1.0 (1), share: 0.5}, {version: 2.0 (2), share: 0.4}]",
        "2:11: versions: the shares sum to 0.9, expected 1",
    ),
    ("versions: [{version: 1.0 (1), share: 1.5}]", "2:38: share: expected a share from 0 to 1, found 1.5"),
    (
        "versions: [{version: 1.0 (1), share: 80%}]",
        "2:38: share: expected a share from 0 to 1, found 80%: write 55% as 0.55",
    ),
    (
        "versions:\n- {version: 1.0 (1), share: 0.5}\n- {version: 1.0 (1), share: 0.5}",
        "4:3: versions[1]: the version 1.0 (1) is here twice; it was first used in line 3",
    ),
    # as numbers, not as text: 1.10 comes after 1.9
    (
        "versions: [{version: 1.10 (1), share: 0.5}, {version: 1.9 (2), share: 0.5}]",
        "2:11: versions: expected the versions from the oldest to the newest, found 1.9 (2) after 1.10 (1)",
    ),
    # durations
    ("upgrade-after: 4", "2:16: upgrade-after: a duration is written 90s, 20m, 2h; found 4: the unit is missing"),
    ("upgrade-after: 0s", "2:16: upgrade-after: expected a duration of more than 0, found 0s"),
    ("places: {membership-ttl: 1500ms}", "2:26: membership-ttl: expected a duration of whole seconds, found 1500ms"),
    # the SDK
    (
        "sdk: {ios: 5.11.0}",
        "2:12: ios: expected the versions of core and Edge such as 5.11.0+5.0.3, found 5.11.0",
    ),
    (
        "sdk: {wrapper: react-native}",
        "2:16: wrapper: expected none, reactnative, cordova, flutter, unity or xamarin, found react-native: "
        'did you mean "reactnative"?',
    ),
    # what stands in a URL or a header as it is
    (
        'edge: {datastream: "a&b=c"}',
        '2:20: datastream: expected the id of a datastream, of letters, digits, - . _ and :, found "a&b=c"',
    ),
    (
        'edge: {datastream: "a\\r\\nHost: b"}',
        '2:20: datastream: expected the id of a datastream, of letters, digits, - . _ and :, found "a??Host: b"',
    ),
    (
        'edge: {datastream: ""}',
        '2:20: datastream: expected the id of a datastream, of letters, digits, - . _ and :, found ""',
    ),
    (
        "edge: {datastream: 123}",
        "2:20: datastream: expected the id of a datastream, of letters, digits, - . _ and :, found 123: "
        'YAML reads it as a number, write "123"',
    ),
    (
        "edge: {domain: https://data.example.com}",
        "2:16: domain: expected a host name such as edge.adobedc.net, found https://data.example.com",
    ),
    (
        "edge: {environment: Prod}",
        '2:21: environment: expected prod, pre-prod or int, found Prod: did you mean "prod"?',
    ),
    ("edge: {environment: dev}", "2:21: environment: expected prod, pre-prod or int, found dev"),
    # batching
    (
        "edge: {batching: {max-batch-size: 0}}",
        "2:35: max-batch-size: expected a whole number of at least 1, at most 20, found 0: "
        "the SDK makes 20 of more, and 10 of less",
    ),
    (
        "edge: {batching: {max-batch-size: 2.5}}",
        "2:35: max-batch-size: expected a whole number of at least 1, at most 20, found 2.5",
    ),
    # what the SDK would do is what the file should say
    (
        "edge: {batching: {max-batch-size: 21}}",
        "2:35: max-batch-size: expected a whole number of at least 1, at most 20, found 21: "
        "the SDK makes 20 of more, and 10 of less",
    ),
    # entries that no event has: they would be passed over in silence
    (
        "edge: {batching: {events: [commerce.purchase]}}",
        "2:28: events[0]: no event that an app can send has the eventType commerce.purchase. "
        'Did you mean "commerce.purchases"?',
    ),
    (
        "edge: {batching: {events: [location.exit, purchases]}}",
        "2:43: events[1]: no event that an app can send has the eventType purchases. "
        'Did you mean "commerce.purchases"?',
    ),
    # capitals count
    (
        "edge: {batching: {events: [Commerce.*]}}",
        '2:28: events[0]: no event that an app can send is of the pattern Commerce.*. Did you mean "commerce.*"?',
    ),
    (
        'edge: {batching: {events: ["*.exits"]}}',
        '2:28: events[0]: no event that an app can send is of the pattern *.exits. Did you mean "*.exit"?',
    ),
    (
        "edge: {batching: {events: [zzz.*]}}",
        "2:28: events[0]: no event that an app can send is of the pattern zzz.*. Known: application.*, commerce.*, "
        "decisioning.*, location.*, loyalty.*, personalization.*, pushTracking.*.",
    ),
    (
        "edge: {batching: {enabled: true}}",
        '2:18: batching: batching is enabled, but no event may go into a batch: add events such as ["*"]',
    ),
    (
        "edge: {batching: {events: [commerce*]}}",
        "2:28: events[0]: expected an eventType, or a pattern such as commerce.*, *.exit or *, found commerce*",
    ),
    (
        "edge: {batching: {events: [commerce.*, commerce.*]}}",
        "2:40: events[1]: the entry commerce.* is here twice; it was first used in line 2",
    ),
    # words and truth values
    ("consent: {default: maybe}", "2:20: default: expected y, n or p, found maybe"),
    ("consent: {registered: yes}", "2:23: registered: expected true or false, found yes: in YAML 1.2 yes is a word"),
    (
        'consent: {registered: "true"}',
        '2:23: registered: expected true or false, found "true": write it without the quotes',
    ),
    ("consent: {registered: 1}", "2:23: registered: expected true or false, found 1"),
    (
        "places: {poi-detail: poidetail}",
        '2:22: poi-detail: expected poiDetail or POIDetail, found poidetail: did you mean "poiDetail"?',
    ),
    # the SDK refuses or overwrites its own namespaces
    (
        "identity: {crm-namespace: Email}",
        "2:27: crm-namespace: expected a namespace of the app's own, of letters, digits, - and _, found Email",
    ),
    (  # an inlet of one's own has a schema of its own
        "inlet: {id: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}",
        "2:8: inlet: an inlet of your own needs the schema of its messages: expected schema: https://ns.adobe.com/...",
    ),
    (
        "lifecycle: {forwarded: false, forwarded-twice: true}",
        "2:12: lifecycle: what is not forwarded cannot be forwarded twice: expected forwarded: true",
    ),
    # places
    (
        "places: {nearby-limit: 0}",
        "2:24: nearby-limit: expected a whole number of at least 1, or sdk for the SDK's own, found 0",
    ),
    ("places: {libraries: one}", "2:21: libraries: expected a list of libraries, found one"),
    (
        "places: {libraries: [one, one]}",
        "2:27: libraries[1]: the library one is here twice; it was first used in line 2",
    ),
    # messaging
    (
        "messaging: {surfaces: [home, a b]}",
        "2:30: surfaces[1]: expected a path such as offers/today, found a b",
    ),
    (
        "messaging: {surfaces: ['']}",
        '2:24: surfaces[0]: expected a path such as offers/today, found ""',
    ),
    (
        "messaging: {event-dataset: }",
        '2:13: event-dataset: expected the id of a dataset, of letters, digits, - and _, or "" for none, found nothing',
    ),
    # journey events
    (
        "journey-events: [{event-type: application.scene, event-id: x}, {event-type: application.scene, event-id: y}]",
        "2:64: journey-events[1]: the event-type application.scene is here twice; it was first used in line 2",
    ),
    (
        "journey-events: [{event-type: a b, event-id: x}]",
        "2:31: event-type: expected an eventType such as commerce.purchases, found a b",
    ),
    (
        "journey-events: [{event-type: commerce.purchases}]",
        '2:18: journey-events[0]: the key "event-id" is missing: '
        "expected the id of a journey event, of letters, digits, - and _",
    ),
    (
        "journey-events: [{event-type: commerce.purchase, event-id: x}]",
        "2:31: event-type: no event that an app can send has the eventType commerce.purchase. "
        'Did you mean "commerce.purchases"?',
    ),
    (
        "journey-events: [{event-type: zzz, event-id: x}]",
        "2:31: event-type: no event that an app can send has the eventType zzz. "
        "Known: application.*, commerce.*, loyalty.*.",
    ),
    # one that a rule makes beside the SDK's own
    (
        "journey-events: [{event-type: location.entry, event-id: x}]",
        "1:1: the SDK puts no journey's id into location.entry, a rule does: expected places with rule: true",
    ),
    (
        "places: {rule: false}\njourney-events: [{event-type: location.exit, event-id: x}]",
        "1:1: the SDK puts no journey's id into location.exit, a rule does: expected places with rule: true",
    ),
    # one that the SDK makes
    (
        "journey-events: [{event-type: application.launch, event-id: x}]",
        "2:31: event-type: application.launch is made by the SDK, which puts no journey's id into it: expected an "
        "event that the app makes itself, application.interaction, application.scene, commerce.* or loyalty.*",
    ),
]


@pytest.mark.parametrize(("line", "problem"), WRONG, ids=[line.replace("\n", " ") for line, _ in WRONG])
def test_one_mistake_is_one_problem_where_it_is(line: str, problem: str) -> None:
    assert problems(f"app: A\n{line}\n") == [f"a.yaml:{problem}"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: the file is empty"),
        ("app", "1:1: expected an app: a map with app, id, versions, edge, places and so on, found app"),
        # by its name an app file is told from a scenario
        ("id: a", '1:1: the key "app" is missing: expected the name of the app, with which its file begins'),
        # misspelt
        ("ap: A\nid: a", '1:1: unknown key "ap". Did you mean "app"?'),
        ("scenario: saturday\nversion: 1", '1:1: expected an app, with its name under "app", found a scenario'),
        ("app: A\n\tid: b", "2:1: a tab cannot indent in YAML: use spaces"),
    ],
)
def test_a_file_that_is_no_app(text: str, problem: str) -> None:
    assert problems(text) == [f"a.yaml:{problem}"]


def test_all_that_is_wrong_with_a_file_is_told_at_once() -> None:
    text = """\
app: A
versions:
  - {version: 1.3.0, share: 0.2}
  - {version: 1.4.0 (210), share: 0.7}
tenant: footfall
edge:
  datastream: a b
  batching: {enabled: true, max-batch-size: 0, events: ["*"]}
consent: {defualt: n}
journey-events:
  - {event-type: commerce.purchases, event-id: e-1}
  - {event-type: commerce.purchases, event-id: e-2}
"""
    assert problems(text) == [
        'a.yaml:3:15: version: expected a version and its build such as "1.4.0 (210)", found 1.3.0',
        f"a.yaml:5:9: tenant: {A_TENANT}, found footfall",
        "a.yaml:7:15: datastream: expected the id of a datastream, of letters, digits, - . _ and :, found a b",
        "a.yaml:8:45: max-batch-size: expected a whole number of at least 1, at most 20, found 0: "
        "the SDK makes 20 of more, and 10 of less",
        'a.yaml:9:11: consent: unknown key "defualt". Did you mean "default"?',
        "a.yaml:12:5: journey-events[1]: the event-type commerce.purchases is here twice; it was first used in line 11",
    ]


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("app: A", True),
        # a wrong app file is one all the same
        ("app:\nnonsense: 1", True),
        ("scenario: saturday", False),
        ("- app", False),
        ("app: [", False),
        # without the mark, by a key that no scenario has
        ("name: A\ntenant: _a", True),
        ("name: A\nmessaging: {registered: true}", True),
        # places and version are keys of scenarios, too
        ("places: {rule: true}", False),
        ("scenario: saturday\nedge: {}", False),
    ],
)
def test_an_app_file_is_known_by_its_keys(text: str, marked: bool) -> None:
    assert is_app(text) is marked


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("places: {rule: true}", True),
        ("ap: A", True),
        ("app: [", True),
        # it says of itself that it is none
        ("scenario: saturday", False),
    ],
)
def test_a_file_among_apps_is_one_unless_it_says_otherwise(text: str, marked: bool) -> None:
    assert is_app(text, among_apps=True) is marked


# --- the types of event


def test_the_known_types_are_those_that_xdm_can_build() -> None:
    source = "".join(path.read_text() for path in sorted((ROOT / "footfall" / "xdm").glob("*.py")))
    written = set(re.findall(r'"([a-z][A-Za-z]*\.[a-z][A-Za-z]*)"', source))
    written.remove("commerce.backofficeOrderPlaced")  # of the back office, which is no app
    put_together = set(re.findall(r'f"([a-z][A-Za-z]*)\.[^"]*\{', source))
    assert put_together == {"commerce", "location", "decisioning"}, "a kind of event that is not listed below"
    assert sorted(EVENT_TYPES) == sorted(
        {
            *written,
            *(f"commerce.{kind}" for kind in COMMERCE_KINDS),
            *(places.location(kind, CAFE).type for kind in ("entry", "exit")),
            *(messaging.proposition_event(what, ()).type for what in get_args(messaging.PropositionEvent)),
        }
    )


MADE = (
    *(Did(kind, CART, ORDER if kind == "purchases" else None) for kind in COMMERCE_KINDS),
    Saw("home"),
    Tapped("favourite"),
    Earned(10, 10, None),
    Earned(10, 110, 100),
)


def test_the_apps_own_events_are_those_that_can_carry_a_journeys_id() -> None:
    app = App(AppConfig(journey_events=tuple(JourneyEvent(type, "the-id") for type in EVENT_TYPES)))
    made = [app.event(action) for action in MADE]
    assert sorted(event.type for event in made) == sorted(BY_THE_APP)
    assert all(b'"eventID":"the-id"' in event.body for event in made)


@given(st.text(alphabet="ab_-.:{}[]()\"'#&*! \n0129y", max_size=60))
def test_any_text_is_an_app_or_has_problems(text: str) -> None:
    """Nothing but BadInput comes out, and never without a problem."""
    for file in (text, f"app: A\nedge: {text}", f"app: A\nversions: {text}"):
        if not problems(file):
            assert decode_app(file, "a.yaml").name
