"""A platform file's text in, a `PlatformConfig` or every problem of it out.

    config = decode_platform(text, file)     # or BadInput, each problem at its line and column

Pure: reading the file is the caller's, and reading the schemas that it names is `platform.schema_files`', which tells
what is wrong with them where this file names them. The file is read as strictly as a scenario is, with the same forms.
Its keys are the fields of `footfall.platform.config` with hyphens; `platform` is its name and marks the file as a
platform's, durations are written "90s" and "300ms". What is left out has its default: `platform: local` is a whole
file. A run's clock (`RunClock`) is no key: runs tell it when they begin.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, TypeVar, get_args

import msgspec

from footfall.engine.app_file import DATASTREAM_ID
from footfall.engine.app_forms import Distinct, Matching, Seconds, Truth, Word
from footfall.live.platform_forms import JsonObject, Since, Status
from footfall.platform.config import (
    LOCAL_PROFILE_SCHEMA,
    LOCAL_SCHEMA,
    OWN_SCHEMAS,
    SCHEMA_WORDS,
    Datastream,
    FailureKey,
    Fault,
    FaultKind,
    Hint,
    Inlet,
    InletKind,
    NamedSchema,
    Offer,
    OfferedProposition,
    OfferSchema,
    PlatformConfig,
)
from footfall.platform.fault_paths import OF_DEVICES, OF_KIND
from footfall.platform.messages import Collect
from footfall.scenario.forms import Form, Key, ListOf, Log, Number, Record, Spot, Text, Whole
from footfall.scenario.quantities import Quantity, WholeQuantity
from footfall.scenario.units import DURATION
from footfall.scenario.yaml_nodes import Listing, Scalar, child, compose
from footfall.scenario.yaml_nodes import Mapping as MappingNode
from footfall.world.problems import BadInput, Problem, did_you_mean

T = TypeVar("T", bound=msgspec.Struct)

MARK = "platform"
"""The key that every platform file has and no scenario and no app has."""

_OTHERS = {"scenario": "a scenario", "app": "an app", "journey": "a journey"}


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
    for section in ("datastreams", "inlets"):
        _check_schemas(Spot(root, (), log), section, {*OWN_SCHEMAS, *(named.id for named in config.schemas)})
    # what an alias repeats is read twice and told once
    problems = {*yaml_problems, *log.problems}
    if problems:
        raise BadInput(problems)
    return msgspec.structs.replace(config, inlets=tuple(map(_of_its_kind, config.inlets)))


def _of_its_kind(inlet: Inlet) -> Inlet:
    """Records of profiles are no events: where no schema is named, the platform's own for them judges."""
    if inlet.kind == "profile" and inlet.schema == LOCAL_SCHEMA:
        return msgspec.structs.replace(inlet, schema=LOCAL_PROFILE_SCHEMA)
    return inlet


def is_platform(text: str) -> bool:
    """Whether the text is that of a platform file, right or wrong: a map with the key `platform`, and neither
    `scenario` nor `app`."""
    root, _ = compose(text, "")
    return root is not None and child(root, MARK) is not None and not any(child(root, key) for key in _OTHERS)


def _check_schemas(root: Spot, section: str, known: set[str]) -> None:
    """Notes every entry that names a schema which no entry of `schemas` defines; not where those are damaged."""
    listed = child(root.node, section)
    damage = root.log.damage()
    if listed is None or not isinstance(listed[1], Listing) or damage.touches(("schemas",)):
        return
    for index, node in enumerate(listed[1].items):
        spot = root.under(section, listed[1]).under(index, node)
        named = child(node, "schema")
        if named is None or damage.touches((*spot.path, "schema")):
            continue
        id_ = named[1].text if isinstance(named[1], Scalar) else ""
        if id_ not in known:
            spot.under("schema", named[1]).say(f"no entry of schemas defines {id_}.{did_you_mean(id_, known)}")


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

SCHEMA_ID = Matching("the $id of a schema, a URL", r"https?://[!-~]+")


def _schema_fault(named: NamedSchema) -> str:
    if named.id in OWN_SCHEMAS:
        return f"{named.id} is a schema of the platform's own, which is always there: choose another id"
    return ""


class _SchemaForm(msgspec.Struct, frozen=True):
    """A schema by name, with its file's path as it is from here, and where the file is named."""

    record: Record[NamedSchema]

    @property
    def expected(self) -> str:
        return self.record.expected

    def read(self, spot: Spot) -> NamedSchema:
        named = self.record.read(spot)
        file = child(spot.node, "file")
        if file is None:
            return named
        beside = str(PurePath(spot.log.file).parent / named.file)
        if beside in SCHEMA_WORDS:
            beside = f"./{beside}"  # a file that is called as a word is
        return msgspec.structs.replace(
            named,
            file=named.file if named.file in SCHEMA_WORDS else beside,
            stated_in=spot.log.file,
            line=file[1].line,
            column=file[1].column,
        )

    def stand_in(self) -> NamedSchema:
        return self.record.stand_in()


SCHEMA = _record(
    "a map with id and file",
    NamedSchema,
    {
        "id": SCHEMA_ID,
        "file": Text("any, mobile or the path of a JSON Schema, beside this file"),
    },
    fault=_schema_fault,
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
        "schema": SCHEMA_ID,
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
        "schema": SCHEMA_ID,
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
    """A fault, no key in it that its kind has no use for, and no path at which it means nothing."""

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
            self._check_path(spot, fault)
        return fault

    def _check_path(self, spot: Spot, fault: Fault) -> None:
        path, ecid = child(spot.node, "path"), child(spot.node, "ecid")
        if path is None or spot.log.damage().touches((*spot.path, "path")):
            return
        reach = OF_KIND.get(fault.do)
        if reach is not None and not reach.meets(fault.path):
            spot.under("path", path[1]).say(
                f"{fault.do} hits requests {reach.told} only, and no path of these begins with {fault.path}"
            )
        elif ecid is not None and not OF_DEVICES.meets(fault.path):
            spot.under("ecid", ecid[1]).say(
                f"only requests {OF_DEVICES.told} name an ECID, and no path of these begins with {fault.path}: "
                "leave it out, or choose another path"
            )

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
    "a platform: a map with platform, schemas, datastreams, inlets, faults and seed",
    _platform,
    {
        MARK: Key(Text("the name of the platform")),
        "seed": Key(Whole(0), PlatformConfig().seed),
        "schemas": Key(
            Distinct(ListOf("a list of schemas", _SchemaForm(SCHEMA)), "the id", lambda named: named.id), ()
        ),
        "datastreams": Key(
            Distinct(ListOf("a list of datastreams", DATASTREAM), "the id", lambda datastream: datastream.id), ()
        ),
        "inlets": Key(Distinct(ListOf("a list of inlets", INLET), "the id", lambda inlet: inlet.id), ()),
        "faults": Key(ListOf("a list of faults", _FaultForm(FAULT)), ()),
    },
)
