"""An app file's text in, an `AppConfig` or every problem of it out.

    config = decode_app(text, file)     # or BadInput, each problem at its line and column

Pure: reading the file is the caller's. The file is read as strictly as a scenario is, with the same forms. Its keys
are the fields of `AppConfig` with hyphens; `app` is its name and marks the file as an app's, durations are written "4d"
and "1h". What is left out has its default: `app: My Shop` is a whole file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, TypeVar, get_args

import msgspec

from footfall.engine.app_forms import Distinct, Limit, Matching, OrNone, Seconds, Sound, Truth, Word
from footfall.engine.event_types import BY_THE_RULE, journey_fault, pattern_fault
from footfall.phone.config import (
    LOCAL,
    AppConfig,
    AppVersion,
    BackOfficeConfig,
    Batching,
    Collect,
    ConsentConfig,
    EdgeConfig,
    Environment,
    IdentityConfig,
    InletConfig,
    JourneyEvent,
    LifecycleConfig,
    MessagingConfig,
    PlacesConfig,
    SdkVersions,
    Wrapper,
)
from footfall.phone.edge import MOST_IN_BATCH
from footfall.scenario.forms import Form, Key, ListOf, Log, Number, Record, Spot, Text, Whole
from footfall.scenario.language import SCENARIO
from footfall.scenario.semantics import TOLERANCE
from footfall.scenario.yaml_nodes import child, compose
from footfall.world.problems import BadInput, Problem
from footfall.xdm.places import Spelling

T = TypeVar("T")

MARK = "app"
"""The key that every app file has and no scenario has."""

DATASTREAM_ID = r"[A-Za-z0-9][A-Za-z0-9:._-]{0,127}"
"""What the id of a datastream may be: it stands in every URL as it is. Adobe's are UUIDs, with `:dev` or `:stage` after
those of environments that are not production."""


def decode_app(text: str, file: str) -> AppConfig:
    """The app in `text`; `file` is how problems call it.

    Raises BadInput with every problem of syntax, values and meaning, each at its line and column.
    """
    root, yaml_problems = compose(text, file)
    if root is None:
        raise BadInput(yaml_problems)
    if child(root, "scenario") is not None and child(root, MARK) is None:
        raise BadInput([Problem(file, 1, 1, 'expected an app, with its name under "app", found a scenario')])
    log = Log(file)
    config = APP.read(Spot(root, (), log))
    # what an alias repeats is read twice and told once
    problems = {*yaml_problems, *log.problems}
    if problems:
        raise BadInput(problems)
    return config


def is_app(text: str, among_apps: bool = False) -> bool:
    """Whether the text is to be read as an app file, right or wrong: it does not say `scenario`, and has the key `app`
    or another that only apps have, or lies `among_apps`."""
    root, _ = compose(text, "")
    if root is None:
        return among_apps
    if child(root, "scenario") is not None:  # which may name its app
        return False
    if child(root, MARK) is not None:
        return True
    return among_apps or any(child(root, key) is not None for key in APP.keys.keys() - SCENARIO.keys.keys())


# The table: which keys there are, how each is written. What is absent has the default of its struct.


def _texts(expected: str, form: Form[str], noun: str) -> Distinct[str]:
    return Distinct(ListOf(expected, form), noun, lambda text: text)


def _record(expected: str, make: Callable[..., T], forms: Mapping[str, Form[Any]], **more: Any) -> Record[T]:
    """A map of keys whose defaults are those of the struct that it makes; the mark alone must be there."""
    struct: Any = make
    defaults = {field.name: field.default for field in msgspec.structs.fields(struct)}
    keys = {}
    for key, form in forms.items():
        name = INTO.get(key, key.replace("-", "_"))
        default = msgspec.NODEFAULT if key == MARK else defaults[name]
        keys[key] = Key(form, into=name) if default is msgspec.NODEFAULT else Key(form, default, name)
    return Record(expected, make, keys, **more)


INTO: Mapping[str, str] = {
    MARK: "name",
    "upgrade-after": "upgrade_after_s",
    "membership-ttl": "membership_ttl_s",
    "delay": "delay_s",
}
"""The keys that are not called as their fields are."""

VERSION = Matching('a version and its build such as "1.4.0 (210)"', r"[0-9]+(\.[0-9]+)* \([0-9]+(\.[0-9]+)*\)")
_TRUTH = Truth()
_EVENT_TYPE = Sound(
    Matching("an eventType such as commerce.purchases", r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*"), journey_fault
)
_EVENT_PATTERN = Matching(
    "an eventType, or a pattern such as commerce.*, *.exit or *",
    r"\*|(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.\*",
)
_BATCH_SIZES = f"the SDK makes {MOST_IN_BATCH} of more, and {Batching().max_batch_size} of less"
_SDK_VERSION = Matching("the versions of core and Edge such as 5.11.0+5.0.3", r"[0-9]+(\.[0-9]+)+\+[0-9]+(\.[0-9]+)+")


def _age(version: AppVersion) -> tuple[list[int], list[int]]:
    """By which versions are in order: the numbers of the version, in which 1.4 is 1.4.0, then those of the build."""
    name, _, build = version.version.partition(" ")
    numbers = [int(number) for number in re.sub(r"(\.0+)+$", "", name).split(".")]
    return numbers, [int(number) for number in build.strip("()").split(".")]


def _versions_fault(versions: tuple[AppVersion, ...]) -> str:
    if not versions:
        return "expected a version at least, found an empty list"
    for older, newer in pairwise(versions):
        if _age(older) > _age(newer):
            return f"expected the versions from the oldest to the newest, found {newer.version} after {older.version}"
    total = sum(version.share for version in versions)
    return "" if abs(total - 1) <= TOLERANCE else f"the shares sum to {total:.9g}, expected 1"


def _batching_fault(batching: Batching) -> str:
    if batching.enabled and not batching.events:
        return 'batching is enabled, but no event may go into a batch: add events such as ["*"]'
    return ""


def _inlet_fault(inlet: InletConfig) -> str:
    if inlet.id != LOCAL and not inlet.schema:
        return "an inlet of your own needs the schema of its messages: expected schema: https://ns.adobe.com/..."
    return ""


def _lifecycle_fault(lifecycle: LifecycleConfig) -> str:
    if lifecycle.forwarded_twice and not lifecycle.forwarded:
        return "what is not forwarded cannot be forwarded twice: expected forwarded: true"
    return ""


def _app_fault(app: AppConfig) -> str:
    for event in app.journey_events:
        if event.event_type in BY_THE_RULE and not app.places.rule:
            return f"the SDK puts no journey's id into {event.event_type}, a rule does: expected places with rule: true"
    return ""


EDGE = _record(
    "a map with datastream, domain, environment and batching",
    EdgeConfig,
    {
        "datastream": Matching("the id of a datastream, of letters, digits, - . _ and :", DATASTREAM_ID),
        "domain": Matching(
            "a host name such as edge.adobedc.net",
            r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*",
        ),
        "environment": Word(get_args(Environment)),
        "batching": _record(
            "a map with enabled, max-batch-size and events",
            Batching,
            {
                "enabled": _TRUTH,
                "max-batch-size": Whole(1, MOST_IN_BATCH, because=_BATCH_SIZES),
                "events": _texts(
                    "a list of eventTypes like [commerce.*, location.exit]",
                    Sound(_EVENT_PATTERN, pattern_fault),
                    "the entry",
                ),
            },
            fault=_batching_fault,
        ),
    },
)

PLACES = _record(
    "a map with libraries, membership-ttl, nearby-limit, rule and poi-detail",
    PlacesConfig,
    {
        "libraries": _texts("a list of libraries", Text("a library"), "the library"),
        "membership-ttl": Seconds(),
        "nearby-limit": Limit(),
        "rule": _TRUTH,
        "poi-detail": Word(get_args(Spelling)),
    },
)

MESSAGING = _record(
    "a map with registered, event-dataset, sandbox, optimize-push-sync, surfaces and push-share",
    MessagingConfig,
    {
        "registered": _TRUTH,
        "event-dataset": OrNone(Matching("the id of a dataset, of letters, digits, - and _", r"[A-Za-z0-9_-]+")),
        "sandbox": _TRUTH,
        "optimize-push-sync": _TRUTH,
        "surfaces": _texts(
            "a list of paths like [home, offers/today]",
            Matching("a path such as offers/today", r"/?[A-Za-z0-9._~#-]+(/[A-Za-z0-9._~#-]+)*"),
            "the surface",
        ),
        "push-share": Number("a share from 0 to 1", high=1.0),
    },
)

INLET = _record(
    "a map with id, schema, org, dataset and flow",
    InletConfig,
    {
        "id": Matching("the id of an inlet, 64 hexadecimal digits, or local", r"[0-9a-fA-F]{64}|local"),
        "schema": OrNone(Matching("the id of a schema, a URL", r"https?://[^\s]+")),
        "org": OrNone(Matching("an IMS organisation such as 0A1B2C@AdobeOrg", r"[A-Za-z0-9]+@AdobeOrg")),
        "dataset": OrNone(Matching("the id of a dataset, of letters, digits, - and _", r"[A-Za-z0-9_-]+")),
        "flow": OrNone(Matching("the id of a dataflow, of letters, digits and -", r"[A-Za-z0-9-]+")),
    },
    fault=_inlet_fault,
)

BACK_OFFICE = _record(
    "a map with orders, loyalty, points, threshold and delay",
    BackOfficeConfig,
    {
        "orders": _TRUTH,
        "loyalty": _TRUTH,
        "points": Whole(0, 10_000),
        "threshold": Whole(1, 1_000_000_000),
        "delay": Seconds(),
    },
)

APP = _record(
    "an app: a map with app, id, versions, edge, places and so on",
    AppConfig,
    {
        MARK: Text("the name of the app, with which its file begins"),
        "id": Matching("the app's id such as com.example.shop", r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*"),
        "versions": Distinct(
            ListOf(
                'a list of versions like [{version: "1.4.0 (210)", share: 1}]',
                _record(
                    'a map like {version: "1.4.0 (210)", share: 0.8}',
                    AppVersion,
                    {"version": VERSION, "share": Number("a share from 0 to 1", high=1.0)},
                ),
            ),
            "the version",
            lambda version: version.version,
            _versions_fault,
        ),
        "upgrade-after": Seconds(),
        "tenant": Matching(
            "a tenant with its underscore such as _footfall, and none of XDM's own names",
            r"_(?!(id|type|dc|schema|repo|experience)$)[A-Za-z0-9]+",
        ),
        "sdk": _record(
            "a map with ios, android and wrapper",
            SdkVersions,
            {"ios": _SDK_VERSION, "android": _SDK_VERSION, "wrapper": Word(get_args(Wrapper))},
        ),
        "edge": EDGE,
        "consent": _record(
            "a map with registered and default",
            ConsentConfig,
            {"registered": _TRUTH, "default": Word(get_args(Collect))},
        ),
        "identity": _record(
            "a map with crm-namespace",
            IdentityConfig,
            {
                "crm-namespace": Matching(
                    "a namespace of the app's own, of letters, digits, - and _",
                    r"(?!(?i:ecid|email|gaid|idfa)\Z)[A-Za-z0-9][A-Za-z0-9_-]*",
                )
            },
        ),
        "lifecycle": _record(
            "a map with forwarded and forwarded-twice",
            LifecycleConfig,
            {"forwarded": _TRUTH, "forwarded-twice": _TRUTH},
            fault=_lifecycle_fault,
        ),
        "places": PLACES,
        "messaging": MESSAGING,
        "inlet": INLET,
        "back-office": BACK_OFFICE,
        "journey-events": Distinct(
            ListOf(
                "a list of journey events like [{event-type: commerce.purchases, event-id: 0a1b2c}]",
                _record(
                    "a map like {event-type: commerce.purchases, event-id: 0a1b2c}",
                    JourneyEvent,
                    {
                        "event-type": _EVENT_TYPE,
                        "event-id": Matching(
                            "the id of a journey event, of letters, digits, - and _", r"[A-Za-z0-9_-]+"
                        ),
                    },
                ),
            ),
            "the event-type",
            lambda event: event.event_type,
        ),
    },
    fault=_app_fault,
)
