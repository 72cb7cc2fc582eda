"""A checkout of Adobe's schema repository, composed: rule by rule, on repositories of two or three small files. The
real one is composed in test_xdm_repository_judged.py."""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.platform.validation import EventSchema
from footfall.platform.xdm_repository import EXPERIENCE_EVENT, XdmIncomplete, compose, is_schema_file, wire_name

CLASS = "components/classes/experienceevent.schema.json"
GROUP_ID = "https://ns.adobe.com/xdm/context/group"
GROUP = "components/fieldgroups/group.schema.json"
TYPE_ID = "https://ns.adobe.com/xdm/data/thing"
TYPE = "components/datatypes/thing.schema.json"

BARE_CLASS = {"$id": EXPERIENCE_EVENT, "type": "object", "required": ["@id"], "properties": {"@id": {"type": "string"}}}


def repository(group: dict[str, Any], thing: dict[str, Any] | None = None) -> dict[str, bytes]:
    """A class of `_id` alone, a field group, and a data type where one is given."""
    files = {CLASS: BARE_CLASS, GROUP: {"$id": GROUP_ID, **group}}
    if thing is not None:
        files[TYPE] = {"$id": TYPE_ID, **thing}
    return {path: json.dumps(document).encode() for path, document in files.items()}


def composed(group: dict[str, Any], thing: dict[str, Any] | None = None) -> dict[str, Any]:
    """The members that the group brings."""
    document = json.loads(compose(repository(group, thing), [GROUP_ID]))
    return {name: member for name, member in document["properties"].items() if name not in ("_id", "_experience")}


TEXT = {"type": "string"}


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("xdm:timestamp", ("timestamp",)),
        ("@id", ("_id",)),
        ("@type", ("_type",)),
        ("schema:latitude", ("_schema", "latitude")),
        ("dc:language", ("_dc", "language")),
        (
            "https://ns.adobe.com/experience/campaign/orchestration",
            ("_experience", "campaign", "orchestration"),
        ),
        ("plain", ("plain",)),
    ],
)
def test_names_are_spelled_as_on_the_wire(name: str, keys: tuple[str, ...]) -> None:
    assert wire_name(name) == keys


@pytest.mark.parametrize(
    ("group", "thing", "members"),
    [
        # what allOf names is merged: definitions of its own, and files by their $id
        (
            {
                "definitions": {"group": {"properties": {"xdm:a": TEXT}}},
                "allOf": [{"$ref": "#/definitions/group"}, {"$ref": TYPE_ID}],
            },
            {"properties": {"xdm:b": TEXT}},
            {"a": TEXT, "b": TEXT},
        ),
        # a part of another file
        (
            {"properties": {"xdm:a": {"$ref": f"{TYPE_ID}#/definitions/x~1y"}}},
            {"definitions": {"x/y": TEXT}},
            {"a": TEXT},
        ),
        # what stands beside a reference holds too
        (
            {"properties": {"xdm:a": {"$ref": TYPE_ID, "title": "A", "pattern": "a"}}},
            TEXT,
            {"a": {**TEXT, "pattern": "a"}},
        ),
        # the same member twice has the members of both
        (
            {
                "allOf": [
                    {"properties": {"xdm:a": {"properties": {"xdm:b": TEXT}, "required": ["xdm:b"]}}},
                    {"properties": {"xdm:a": {"properties": {"xdm:c": TEXT}, "required": ["xdm:c"]}}},
                ]
            },
            None,
            {"a": {**closed(b=TEXT, c=TEXT), "required": ["b", "c"]}},
        ),
        # and demands what both demand
        (
            {
                "allOf": [
                    {"properties": {"xdm:a": {"type": "string", "pattern": "a"}}},
                    {"properties": {"xdm:a": {"type": "string", "pattern": "b"}}},
                ]
            },
            None,
            {"a": {"type": "string", "pattern": "a", "allOf": [{"pattern": "b"}]}},
        ),
        # a soft enum is none, a hard one is; what is deprecated is a member
        (
            {
                "properties": {
                    "xdm:soft": {"type": "string", "meta:enum": {"a": "A"}},
                    "xdm:hard": {"type": "string", "enum": ["a"], "meta:enum": {"a": "A"}, "deprecated": True},
                }
            },
            None,
            {"soft": TEXT, "hard": {"type": "string", "enum": ["a"]}},
        ),
        # a map stays open, what it maps to is closed
        (
            {"properties": {"xdm:m": {"type": "object", "additionalProperties": {"properties": {"xdm:a": TEXT}}}}},
            None,
            {"m": {"type": "object", "additionalProperties": closed(a=TEXT)}},
        ),
        # an object of which nothing is said may hold anything
        ({"properties": {"xdm:o": {"type": "object"}}}, None, {"o": {"type": "object"}}),
        # whole numbers have 32 bits, unless a bound is given
        (
            {"properties": {"xdm:n": {"type": "integer", "minimum": 0}}},
            None,
            {"n": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}},
        ),
        # names of one prefix lie together; a demanded one demands the way to it
        (
            {
                "properties": {
                    "xdm:geo": {
                        "properties": {"schema:latitude": TEXT, "schema:longitude": TEXT},
                        "required": ["schema:latitude"],
                    }
                }
            },
            None,
            {
                "geo": {
                    **closed(_schema={**closed(latitude=TEXT, longitude=TEXT), "required": ["latitude"]}),
                    "required": ["_schema"],
                }
            },
        ),
        # JSON-LD's openness is dropped: no file for it is needed
        (
            {
                "properties": {"xdm:a": TEXT},
                "allOf": [{"$ref": "https://ns.adobe.com/xdm/common/extensible#/definitions/@context"}],
            },
            None,
            {"a": TEXT},
        ),
        # formats that JSON Schema does not know are none
        ({"properties": {"xdm:a": {"type": "string", "format": "url"}}}, None, {"a": TEXT}),
    ],
)
def test_a_field_group_becomes_members(group: dict[str, Any], thing: dict[str, Any] | None, members: object) -> None:
    assert composed(group, thing) == members


@pytest.mark.parametrize(
    ("change", "message"),
    [
        # nothing at all, as of a folder that is no checkout
        (dict, "no *.schema.json file below components/ or extensions/adobe/, as a checkout has them"),
        # the class
        (
            lambda files: {GROUP: files[GROUP]},
            f"no .schema.json file below components/ or extensions/adobe/ has the $id {EXPERIENCE_EVENT}",
        ),
        # a file that is referred to; all that is missing at once
        (
            lambda _: repository({"allOf": [{"$ref": TYPE_ID}, {"$ref": "https://ns.adobe.com/xdm/data/other"}]}),
            f"{GROUP} refers to {TYPE_ID}, which no file has as its $id; "
            f"{GROUP} refers to https://ns.adobe.com/xdm/data/other, which no file has as its $id",
        ),
        # a part of a file
        (
            lambda _: repository({"$ref": f"{TYPE_ID}#/definitions/a"}, {"definitions": {}}),
            f"{GROUP} refers to {TYPE_ID}#/definitions/a, which {TYPE} does not have",
        ),
        # a circle
        (
            lambda _: repository({"$ref": TYPE_ID}, {"properties": {"xdm:a": {"$ref": TYPE_ID}}}),
            f"{TYPE} refers to {TYPE_ID}, which leads back to itself",
        ),
        # a demand that would be lost
        (
            lambda _: repository({"if": {"properties": {}}}),
            f'{GROUP} uses "if", which is not understood here',
        ),
    ],
)
def test_what_is_missing_is_named(change: Any, message: str) -> None:
    files = {} if change is dict else change(repository({}))
    with pytest.raises(XdmIncomplete) as stopped:
        compose(files, [GROUP_ID])
    assert str(stopped.value) == message


def test_a_file_that_is_no_json_is_named() -> None:
    with pytest.raises(XdmIncomplete, match=r"components/datatypes/cut\.schema\.json is not JSON: "):
        compose({**repository({}), "components/datatypes/cut.schema.json": b'{"$id":'}, [GROUP_ID])


@pytest.mark.parametrize(
    ("path", "read"),
    [
        (CLASS, True),
        ("extensions/adobe/experience/a.schema.json", True),
        ("components/classes/experienceevent.example.1.json", False),  # an event, no schema
        ("extensions/other/a.schema.json", False),
        ("schemas/a.schema.json", False),
        ("node_modules/x/components/a.schema.json", False),
    ],
)
def test_which_files_of_a_checkout_count(path: str, read: bool) -> None:
    assert is_schema_file(path) is read


def test_a_deprecated_file_gives_way_to_the_other_of_its_id() -> None:
    files = repository({"properties": {"xdm:now": TEXT}})
    files["components/deprecated/group.schema.json"] = json.dumps(
        {"$id": GROUP_ID, "properties": {"xdm:then": TEXT}}
    ).encode()
    assert list(json.loads(compose(files, [GROUP_ID]))["properties"]) == ["_id", "now", "_experience"]


@pytest.mark.parametrize(
    ("more", "good"),
    [
        # what a tenant's own field groups define
        ({"_acme": {"anything": [1]}}, True),
        ({"_identity": {}}, True),  # begins as _id does
        ({"_acme": "text"}, False),
        # what servers of Adobe's put there
        ({"_experience": {"decisioning": {"propositions": []}, "customerJourneyManagement": {}}}, True),
        ({"_experience": {"decisioning": 1}}, False),
        ({"_experience": {"other": {}}}, False),
        ({"acme": {}}, False),
        ({"_id": {}}, False),
    ],
)
def test_what_the_standard_does_not_know(more: dict[str, Any], good: bool) -> None:
    schema = EventSchema(compose(repository({}), [GROUP_ID]))
    assert (schema.reasons({"_id": "e-1", **more}) == ()) is good
