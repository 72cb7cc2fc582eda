"""Schemas by name: which judges what, what a file must be to be one, and where it is told that it is none."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from edge_calls import ECID, device
from inlet_requests import MESSAGE, REF, request
from xdm_events import VISIT

from footfall.live.platform_file import decode_platform
from footfall.platform.config import (
    LOCAL_INLET,
    LOCAL_PROFILE_INLET,
    LOCAL_PROFILE_SCHEMA,
    LOCAL_SCHEMA,
    Datastream,
    Inlet,
    NamedSchema,
    PlatformConfig,
)
from footfall.platform.core import Platform, UnknownSchema
from footfall.platform.messages import Outcome, Request
from footfall.platform.package_data import event_schema
from footfall.platform.schema_files import read_schemas
from footfall.platform.validation import EventSchema, NotASchema
from footfall.world.problems import BadInput

OWN = event_schema()
SHOP = "https://ns.adobe.com/example/schemas/shop"
ANY = "https://ns.adobe.com/example/schemas/any"
SAME = "https://ns.adobe.com/example/schemas/same"
SHOP_SCHEMA = {
    "$schema": "http://json-schema.org/draft-06/schema#",  # as Adobe's registry exports one
    "$id": SHOP,
    "type": "object",
    "required": ["till"],
    "properties": {
        "till": {"type": "integer", "format": "int16", "exclusiveMinimum": 0},
        "at": {"format": "date-time"},
    },
}
HEX = "ab" * 32
NOW_MS = 1_772_882_130_123
CONFIG = PlatformConfig(
    schemas=(NamedSchema(ANY, "any"), NamedSchema(SAME, "mobile")),
    datastreams=(Datastream("any", schema=ANY), Datastream("same", schema=SAME), Datastream("own")),
    inlets=(Inlet(HEX, schema=ANY),),
)


def core() -> Platform:
    return Platform((), OWN, CONFIG, schemas=read_schemas(CONFIG, OWN))


def interact(datastream: str, xdm: dict[str, Any]) -> Outcome:
    body = {"xdm": {"identityMap": device(ECID)}, "events": [{"xdm": xdm}]}
    headers = {"content-type": "application/json"}
    query = f"configId={datastream}"
    return core().handle(Request("POST", "/ee/v1/interact", query, headers, json.dumps(body).encode()), NOW_MS)


@pytest.mark.parametrize(
    ("datastream", "xdm", "good"),
    [
        ("local", VISIT, True),
        ("own", {**VISIT, "colour": "red"}, False),
        ("same", VISIT, True),
        ("same", {**VISIT, "colour": "red"}, False),
        ("any", {**VISIT, "colour": "red"}, True),
    ],
)
def test_a_datastream_names_its_judge(datastream: str, xdm: dict[str, Any], good: bool) -> None:
    assert [event.good for event in interact(datastream, xdm).stored] == [good]


@pytest.mark.parametrize(
    ("inlet", "named", "entity", "good"),
    [
        (LOCAL_INLET, LOCAL_SCHEMA, {"points": 3}, [False]),
        (HEX, ANY, {"points": 3}, [True]),
        (HEX, ANY, [], [False]),  # any object, and nothing else
        (HEX, LOCAL_SCHEMA, VISIT, []),  # a message has to name the schema of its inlet: it is refused
        (LOCAL_INLET, ANY, VISIT, []),
    ],
)
def test_an_inlet_names_its_judge_and_its_messages_name_it_too(
    inlet: str, named: str, entity: object, good: list[bool]
) -> None:
    ref = {**REF, "id": named}
    header = {**MESSAGE["header"], "schemaRef": ref}
    message = {"header": header, "body": {"xdmMeta": {"schemaRef": ref}, "xdmEntity": entity}}
    assert [event.good for event in core().handle(request(message, inlet=inlet), NOW_MS).stored] == good


def test_what_was_not_given_is_named() -> None:
    config = PlatformConfig(inlets=(Inlet(HEX, schema=SHOP),))
    with pytest.raises(UnknownSchema, match=f"inlet '{HEX}' names the schema {SHOP}, which"):
        Platform((), OWN, config)
    with pytest.raises(UnknownSchema, match="datastream 'd' names the schema"):
        Platform((), OWN).register(Datastream("d", schema=SHOP))


@pytest.mark.parametrize(
    ("event", "reasons"),
    [
        ({"till": 1, "at": "2026-03-07T11:15:30Z"}, ()),
        ({}, ("#: required key [till] not found",)),
        ({"till": 0}, ("#/till: 0 is less than or equal to the minimum of 0",)),
        ({"till": "4"}, ("#/till: expected type: Integer, found: String",)),
    ],
)
def test_a_file_judges(event: object, reasons: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "shop.schema.json"
    path.write_text(json.dumps(SHOP_SCHEMA))
    config = PlatformConfig(schemas=(NamedSchema(SHOP, str(path)),))
    assert read_schemas(config, OWN)[SHOP].reasons(event) == reasons


# what stands in a file that is no schema, and what is said of it
NO_SCHEMAS: list[tuple[str, str]] = [
    ("", "it is not JSON: Input data was truncated"),
    ("platform: p", "it is not JSON: "),
    ("[1]", "it is JSON, but no object"),
    ('{"type": "FeatureCollection", "features": []}', 'at #/type "FeatureCollection" is not valid under any'),
    ('{"properties": {"a": {"pattern": "("}}}', 'at #/properties/a/pattern "(" is not a "regex"'),
    ('{"$ref": "#/nowhere"}', "at # Pointer '/nowhere' does not exist"),
    ('{"$ref": "https://example.com/other.json"}', "at # Resource 'https://example.com/other.json' is not present"),
    ('{"$schema": "http://json-schema.org/draft-04/schema#"}', 'its "$schema" is http://json-schema.org/draft-04/sche'),
    ('{"$schema": 6}', 'its "$schema" is 6, and draft-06, -07, 2019-09 and 2020-12 are known'),
]


@pytest.mark.parametrize(("text", "why"), NO_SCHEMAS)
def test_what_is_no_schema_is_told_where_it_is_named(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(text)
    file = str(tmp_path / "p.yaml")
    config = decode_platform(f"platform: p\nschemas:\n  - id: {SHOP}\n    file: s.json\n", file)
    with pytest.raises(BadInput) as bad:
        read_schemas(config, OWN)
    (problem,) = bad.value.problems
    assert str(problem).startswith(f"{file}:4:11: file: expected a JSON Schema, found {tmp_path / 's.json'}: {why}")
    assert "\n" not in problem.message


def test_every_file_that_is_missing_is_told(tmp_path: Path) -> None:
    text = f"platform: p\nschemas: [{{id: {SHOP}, file: a.json}}, {{id: {ANY}, file: .}}]"
    with pytest.raises(BadInput) as bad:
        read_schemas(decode_platform(text, str(tmp_path / "p.yaml")), OWN)
    assert [problem.message.rpartition(": ")[2] for problem in bad.value.problems] == [
        "No such file or directory",
        "Is a directory",
    ]


@pytest.mark.parametrize(
    ("draft", "good"),
    [
        # the keyword is draft-07's, and draft-06 does not know it
        ("http://json-schema.org/draft-06/schema#", True),
        ("http://json-schema.org/draft-06/schema", True),
        ("http://json-schema.org/draft-07/schema#", False),
        ("https://json-schema.org/draft/2019-09/schema", False),
        ("https://json-schema.org/draft/2020-12/schema", False),
    ],
)
def test_a_schema_is_read_by_its_draft(draft: str, good: bool) -> None:
    schema = EventSchema(json.dumps({"$schema": draft, "if": {}, "then": {"required": ["a"]}}).encode())
    assert (schema.reasons({}) == ()) is good


def test_nothing_is_fetched() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.1)
        document = json.dumps({"$ref": f"http://127.0.0.1:{listener.getsockname()[1]}/s.json"}).encode()
        with pytest.raises(NotASchema, match="nothing is fetched"):
            EventSchema(document)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_misspelt_format_is_a_mistake_of_the_own_schema_and_nothing_in_a_tenants() -> None:
    with pytest.raises(NotASchema, match="Unknown format: 'datetime'"):
        EventSchema(b'{"format": "datetime"}')
    assert EventSchema(b'{"format": "datetime"}', lenient=True).reasons("x") == ()


# the command


def command(file: Path) -> list[str]:
    cli = [sys.executable, "-m", "footfall.cli", "platform", "--port", "0", "--store", ":memory:"]
    return [*cli, "--config", str(file)]


def test_a_platform_that_misses_a_schema_does_not_start(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(f"platform: p\nschemas: [{{id: {SHOP}, file: shop.json}}]\n")
    done = subprocess.run(command(file), capture_output=True, text=True, timeout=20)
    path = tmp_path / "shop.json"
    told = f"{file}:2:65: file: expected a JSON Schema, found {path}: No such file or directory\n"
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == told


def test_the_read_api_shows_which_schema_judges_what(tmp_path: Path) -> None:
    (tmp_path / "shop.json").write_text(json.dumps(SHOP_SCHEMA))
    file = tmp_path / "p.yaml"
    file.write_text(
        f"platform: p\nschemas: [{{id: {SHOP}, file: shop.json}}]\n"
        f"datastreams: [{{id: tills, schema: {SHOP}}}]\ninlets: [{{id: {HEX}, schema: {SHOP}}}]\n"
    )
    with contextlib.ExitStack() as opened:
        running = opened.enter_context(subprocess.Popen(command(file), stdout=subprocess.PIPE, text=True))
        opened.callback(running.terminate)
        assert running.stdout is not None
        url = running.stdout.readline().partition("listening on ")[2].split()[0]
        with urllib.request.urlopen(f"{url}/api/platform", timeout=10) as answer:
            shown = json.load(answer)
    assert shown["schemas"] == [
        {"id": LOCAL_SCHEMA, "file": "mobile", "datastreams": ["local"], "inlets": [LOCAL_INLET]},
        {"id": LOCAL_PROFILE_SCHEMA, "file": "any", "datastreams": [], "inlets": [LOCAL_PROFILE_INLET]},
        {"id": SHOP, "file": str(tmp_path / "shop.json"), "datastreams": ["tills"], "inlets": [HEX]},
    ]
