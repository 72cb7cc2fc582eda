"""A platform file's text in, a `PlatformConfig` or every problem of it out.

    config = decode_platform(text, file)     # or BadInput, each problem at its line and column

Pure: reading the file is the caller's. The file is read as strictly as a scenario is, with the same forms. Its keys are
the fields of `footfall.platform.config` with hyphens; `platform` is its name and marks the file as a platform's,
durations are written "90s" and "300ms". What is left out has its default: `platform: local` is a whole file. A run's
clock (`RunClock`) is no key: runs tell it when they begin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

import msgspec

from footfall.engine.app_file import DATASTREAM_ID
from footfall.engine.app_forms import Distinct, Matching, Seconds, Truth, Word
from footfall.live.platform_forms import JsonObject, Since, Status
from footfall.platform.config import (
    Datastream,
    FailureKey,
    Fault,
    FaultKind,
    Hint,
    Inlet,
    InletKind,
    Offer,
    OfferedProposition,
    OfferSchema,
    PlatformConfig,
)
from footfall.platform.messages import Collect
from footfall.scenario.forms import Form, Key, ListOf, Log, Number, Record, Spot, Text, Whole
from footfall.scenario.quantities import Quantity, WholeQuantity
from footfall.scenario.units import DURATION
from footfall.scenario.yaml_nodes import Mapping as MappingNode
from footfall.scenario.yaml_nodes import child, compose
from footfall.world.problems import BadInput, Problem

T = TypeVar("T", bound=msgspec.Struct)

MARK = "platform"
"""The key that every platform file has and no scenario and no app has."""

_OTHERS = {"scenario": "a scenario", "app": "an app"}


def decode_platform(text: str, file: str) -> PlatformConfig:
    """What `text` sets a platform up with; `file` is how problems call it.

    Raises BadInput with every problem of syntax, values and meaning, each at its line and column.
    """
    root, yaml_problems = compose(text, file)
    if root is None:
        raise BadInput(yaml_problems)
    other = next((what for key, what in _OTHERS.items() if child(root, key) is not None), None)
    if other is not None and child(root, MARK) is None:
        raise BadInput([Problem(file, 1, 1, f'expected a platform, with its name under "{MARK}", found {other}')])
    log = Log(file)
    config = PLATFORM.read(Spot(root, (), log))
    # what an alias repeats is read twice and told once
    problems = {*yaml_problems, *log.problems}
    if problems:
        raise BadInput(problems)
    return config


def is_platform(text: str) -> bool:
    """Whether the text is that of a platform file, right or wrong: a map with the key `platform`, and neither
    `scenario` nor `app`."""
    root, _ = compose(text, "")
    return root is not None and child(root, MARK) is not None and not any(child(root, key) for key in _OTHERS)


# The table: which keys there are, how each is written. What is absent has the default of its struct.

INTO: Mapping[str, str] = {
    "from": "from_s",
    "until": "until_s",
    "retry-after": "retry_after_s",
    "delay": "delay_ms",
}
"""The keys that are not called as their fields are."""

_TRUTH = Truth()


def _record(expected: str, struct: type[T], forms: Mapping[str, Form[Any]], **more: Any) -> Record[T]:
    """A map of keys whose defaults are those of the struct that it makes; those without one must be there."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(struct)}
    keys = {}
    for key, form in forms.items():
        name = INTO.get(key, key.replace("-", "_"))
        default = defaults[name]
        keys[key] = Key(form, into=name) if default is msgspec.NODEFAULT else Key(form, default, name)
    return Record(expected, struct, keys, **more)


def _at_least_one(items: tuple[Offer, ...]) -> str:
    return "" if items else "expected an item at least, found an empty list"


ORG = Matching("the id of an organisation such as F00F00@AdobeOrg", r"[A-Za-z0-9]+@AdobeOrg")
RUN = Matching("the name of a run, of letters, digits, - . and _", r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

OFFER = _record(
    "a map with id, schema and data",
    Offer,
    {
        "id": Text("the id of an item"),
        "schema": Word(get_args(OfferSchema)),
        "data": JsonObject("a map, which becomes the item's JSON object"),
    },
)

PROPOSITION = _record(
    "a map with id, scope, activity and items",
    OfferedProposition,
    {
        "id": Text("the id of a proposition"),
        "scope": Text("a surface such as mobileapp://com.example.shop/home, or a decision scope"),
        "activity": Text("the id of an activity"),
        "items": Distinct(ListOf("a list of items", OFFER), "the id", lambda item: item.id, _at_least_one),
    },
)

DATASTREAM = _record(
    "a map with id, org, run, enabled, propositions and so on",
    Datastream,
    {
        "id": Matching("the id of a datastream, of letters, digits, - . _ and :", DATASTREAM_ID),
        "org": ORG,
        "run": RUN,
        "enabled": _TRUTH,
        "consent": Word(get_args(Collect)),
        "authenticated": _TRUTH,
        "hint": Word(get_args(Hint)),
        "segments": Distinct(
            ListOf(
                "a list of ids of segments",
                Matching("the id of a segment, of letters, digits and -", r"[A-Za-z0-9][A-Za-z0-9-]*"),
            ),
            "the segment",
            lambda segment: segment,
        ),
        "propositions": Distinct(
            ListOf("a list of propositions", PROPOSITION), "the id", lambda proposition: proposition.id
        ),
    },
)

INLET = _record(
    "a map with id, org, run, kind, authenticated and so on",
    Inlet,
    {
        "id": Matching("the id of an inlet, of 64 hexadecimal digits", r"[0-9A-Fa-f]{64}"),
        "org": ORG,
        "run": RUN,
        "kind": Word(get_args(InletKind)),
        "schema": Matching("the $id of a schema, a URL", r"https?://[!-~]+"),
        "dataset": Matching("the id of a dataset, of letters, digits, - and _", r"[A-Za-z0-9_-]+"),
        "flow": Matching("the id of a flow, of letters, digits and -", r"[A-Za-z0-9-]+"),
        "authenticated": _TRUTH,
        "sync-validation": _TRUTH,
        "failure-key": Word(get_args(FailureKey)),
    },
)

ONLY_OF: Mapping[str, tuple[str, ...]] = {
    "status": ("status",),
    "retry-after": ("status",),
    "delay": ("latency", "slow-body"),
}
"""The keys of a fault that mean something to some kinds only."""


def _fault_fault(fault: Fault) -> str:
    if fault.until_s and fault.until_s <= fault.from_s:
        return f"the window ends {fault.until_s:g}s after the start, before it begins at {fault.from_s:g}s"
    if fault.do in ONLY_OF["delay"] and not fault.delay_ms:
        return f"{fault.do} is nothing without its delay: add one such as delay: 300ms"
    return ""


class _FaultForm(msgspec.Struct, frozen=True):
    """A fault, and no key in it that its kind has no use for."""

    record: Record[Fault]

    @property
    def expected(self) -> str:
        return self.record.expected

    def read(self, spot: Spot) -> Fault:
        fault = self.record.read(spot)
        if isinstance(spot.node, MappingNode) and not spot.log.damage().touches((*spot.path, "do")):
            for key, node in spot.node.entries:
                kinds = ONLY_OF.get(key.text, ())
                if kinds and fault.do not in kinds:
                    spot.under(key.text, node).say(f"{fault.do} has no {key.text}, only {' and '.join(kinds)}", key)
        return fault

    def stand_in(self) -> Fault:
        return self.record.stand_in()


FAULT = _record(
    "a map with do, path, share, from, until and so on",
    Fault,
    {
        "do": Word(get_args(FaultKind)),
        "path": Matching("the beginning of a path such as /ee/v1/interact", r"/[A-Za-z0-9/._~%:-]*"),
        "ecid": Matching("an ECID of 38 digits, in quotes", r"[0-9]{38}"),
        "share": Number("a share from 0 to 1", high=1.0),
        "from": Since(),
        "until": Since(positive=True),
        "status": Status(),
        "retry-after": Seconds(),
        "delay": WholeQuantity(Quantity(DURATION, positive=True)),
    },
    fault=_fault_fault,
)


def _platform(platform: str, **sections: Any) -> PlatformConfig:
    """The configuration; the name is for whoever reads the file."""
    return PlatformConfig(**sections)


PLATFORM: Record[PlatformConfig] = Record(
    "a platform: a map with platform, datastreams, inlets, faults and seed",
    _platform,
    {
        MARK: Key(Text("the name of the platform")),
        "seed": Key(Whole(0), PlatformConfig().seed),
        "datastreams": Key(
            Distinct(ListOf("a list of datastreams", DATASTREAM), "the id", lambda datastream: datastream.id), ()
        ),
        "inlets": Key(Distinct(ListOf("a list of inlets", INLET), "the id", lambda inlet: inlet.id), ()),
        "faults": Key(ListOf("a list of faults", _FaultForm(FAULT)), ()),
    },
)
