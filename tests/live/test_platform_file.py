"""The platform file, read: what comes out of a good one, and the exact problem lines of bad ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.live.platform_file import DATASTREAM, FAULT, INLET, OFFER, PLATFORM, PROPOSITION, SCHEMA, decode_platform
from footfall.live.platform_file import is_platform as is_platform_file
from footfall.platform.config import (
    Datastream,
    Fault,
    Hint,
    Inlet,
    NamedSchema,
    Offer,
    OfferedProposition,
    PlatformConfig,
)
from footfall.platform.core import Platform
from footfall.platform.edge_call import HINTS
from footfall.platform.package_data import event_schema
from footfall.platform.schema_files import read_schemas
from footfall.scenario.forms import Record
from footfall.world.problems import BadInput

LOCAL = Path(__file__).resolve().parents[2] / "platforms" / "local.yaml"
HEX = "0123456789abcdef" * 4

# a file in which nothing has its default
OTHER = f"""\
platform: other
seed: 7
schemas:
  - {{id: https://ns.adobe.com/example/schemas/1, file: one.schema.json}}
  - {{id: https://ns.adobe.com/example/schemas/2, file: any}}
datastreams:
  - id: 8d1f0a5e-7f0b-4b0e-9a53-1c2d3e4f5a6b:stage
    org: ABC@AdobeOrg
    run: noon.2
    enabled: false
    consent: p
    authenticated: true
    hint: or2
    schema: https://ns.adobe.com/example/schemas/2
    segments: [s-1, s-2]
    propositions:
      - id: p-1
        scope: mobileapp://com.example.shop/home
        activity: a-1
        items:
          - {{id: i-1, schema: ruleset-item, data: {{version: 1, rules: []}}}}
inlets:
  - id: {HEX}
    org: ABC@AdobeOrg
    run: noon
    kind: raw
    schema: https://ns.adobe.com/example/schemas/1
    dataset: 0a1b2c
    flow: f-1
    authenticated: true
    sync-validation: false
    failure-key: status
faults:
  - {{do: status, path: /ee/v1, ecid: "{"1" * 38}", share: 0.25, from: 500ms, until: 1m, status: 429, retry-after: 2m}}
  - {{do: slow-body, delay: 300ms}}
"""


def problems(text: str) -> list[str]:
    """What the file is refused for, a line each; none for a good one."""
    try:
        decode_platform(text, "p.yaml")
    except BadInput as bad:
        return [str(problem) for problem in bad.problems]
    return []


# Good files


def test_a_name_is_a_whole_file() -> None:
    assert decode_platform("platform: local", "p.yaml") == PlatformConfig()


def test_every_key_can_be_given() -> None:
    assert decode_platform(OTHER, "p.yaml") == PlatformConfig(
        seed=7,
        schemas=(
            NamedSchema("https://ns.adobe.com/example/schemas/1", "one.schema.json", "p.yaml", 4, 56),
            NamedSchema("https://ns.adobe.com/example/schemas/2", "any", "p.yaml", 5, 56),
        ),
        datastreams=(
            Datastream(
                id="8d1f0a5e-7f0b-4b0e-9a53-1c2d3e4f5a6b:stage",
                org="ABC@AdobeOrg",
                run="noon.2",
                enabled=False,
                consent="p",
                authenticated=True,
                hint="or2",
                schema="https://ns.adobe.com/example/schemas/2",
                segments=("s-1", "s-2"),
                propositions=(
                    OfferedProposition(
                        id="p-1",
                        scope="mobileapp://com.example.shop/home",
                        activity="a-1",
                        items=(Offer("i-1", "ruleset-item", msgspec.Raw(b'{"version":1,"rules":[]}')),),
                    ),
                ),
            ),
        ),
        inlets=(
            Inlet(
                id=HEX,
                org="ABC@AdobeOrg",
                run="noon",
                kind="raw",
                schema="https://ns.adobe.com/example/schemas/1",
                dataset="0a1b2c",
                flow="f-1",
                authenticated=True,
                sync_validation=False,
                failure_key="status",
            ),
        ),
        faults=(
            Fault(
                do="status",
                path="/ee/v1",
                ecid="1" * 38,
                share=0.25,
                from_s=0.5,
                until_s=60.0,
                status=429,
                retry_after_s=120,
            ),
            Fault(do="slow-body", delay_ms=300),
        ),
    )


@pytest.mark.parametrize(
    ("record", "struct", "left_out"),
    [
        (DATASTREAM, Datastream, {"clock"}),  # a run tells its clock when it begins
        (INLET, Inlet, {"clock"}),
        (PROPOSITION, OfferedProposition, {"details"}),
        (OFFER, Offer, set()),
        (FAULT, Fault, set()),
        (SCHEMA, NamedSchema, {"stated_in", "line", "column"}),  # where it is said
        (PLATFORM, PlatformConfig, set()),
    ],
)
def test_every_field_of_the_structs_has_its_key(record: Record[Any], struct: Any, left_out: set[str]) -> None:
    fields = {field.name for field in msgspec.structs.fields(struct)}
    assert {key.into or name for name, key in record.keys.items()} - {"platform"} == fields - left_out


def test_the_hints_of_a_file_are_the_hints_of_edge() -> None:
    assert get_args(Hint) == HINTS


@pytest.mark.parametrize(
    ("platform_file", "named", "path"),
    [
        ("platforms/p.yaml", "s.json", "platforms/s.json"),  # beside the platform file
        ("platforms/p.yaml", "/etc/s.json", "/etc/s.json"),
        ("p.yaml", "./any", "./any"),  # a file that is called as a word is
        ("platforms/p.yaml", "any", "any"),
        ("platforms/p.yaml", "mobile", "mobile"),
    ],
)
def test_a_schemas_file_is_beside_the_platform_file(platform_file: str, named: str, path: str) -> None:
    text = f"platform: p\nschemas: [{{id: https://example.com/s, file: {named}}}]"
    assert decode_platform(text, platform_file).schemas[0].file == path


@pytest.mark.parametrize(
    ("data", "json_text"),
    [
        ("{}", "{}"),
        # JSON is YAML, and stays as it is
        ('{"a": [1, -2.50, 1e3, true, null, "x"], "b": {"c": ""}}', '{"a":[1,-2.50,1e3,true,null,"x"],"b":{"c":""}}'),
        # words are texts, quoted numbers too
        ("{a: hei, b: '1', c: yes, d: ~}", '{"a":"hei","b":"1","c":"yes","d":null}'),
        # more digits than a float holds
        ("{a: 0.12345678901234567890}", '{"a":0.12345678901234567890}'),
        ("{a: ä}", '{"a":"ä"}'),
    ],
)
def test_the_data_of_an_item_is_a_json_object(data: str, json_text: str) -> None:
    text = f"platform: p\ndatastreams: [{{id: d, propositions: [{{id: p, scope: s, items: [{{id: i, schema: \
json-content-item, data: {data}}}]}}]}}]"
    (datastream,) = decode_platform(text, "p.yaml").datastreams
    assert bytes(datastream.propositions[0].items[0].data) == json_text.encode()
    json.loads(json_text)


# The shipped file


def test_the_shipped_file_sets_a_platform_up_that_behaves_as_ever_until_its_shares_are_raised() -> None:
    config = decode_platform(LOCAL.read_text(encoding="utf-8"), "local.yaml")
    platform = Platform((), event_schema(), config, schemas=read_schemas(config, event_schema()))
    assert list(platform.datastreams) == ["local", "offers", "switched-off", "servers-only"]
    assert len(platform.inlets) == 5  # three of the file, and the two that are always there
    offers, off, servers = config.datastreams
    assert offers.segments
    assert offers.propositions
    assert not off.enabled
    assert servers.authenticated
    assert [inlet.kind for inlet in config.inlets] == ["xdm", "raw", "xdm"]
    assert config.inlets[2].failure_key == "status"
    assert len(config.faults) == 3
    assert {fault.share for fault in config.faults} == {0.0}


@pytest.mark.parametrize("record", [PLATFORM, DATASTREAM, INLET, PROPOSITION, OFFER, FAULT, SCHEMA])
def test_every_key_stands_in_the_shipped_file(record: Record[Any]) -> None:
    text = LOCAL.read_text(encoding="utf-8")
    assert [key for key in record.keys if f"{key}: " not in text and f"{key}:\n" not in text] == []


def test_every_kind_of_fault_is_named_in_the_shipped_file() -> None:
    text = LOCAL.read_text(encoding="utf-8")
    kinds = get_args(next(field.type for field in msgspec.structs.fields(Fault) if field.name == "do"))
    assert [kind for kind in kinds if kind not in text] == []


# Bad files

DATASTREAM_EXPECTED = "expected the id of a datastream, of letters, digits, - . _ and :"
INLET_EXPECTED = "expected the id of an inlet, of 64 hexadecimal digits"
OFFERS = "datastreams: [{id: d, propositions: [{id: p, scope: s, items: "

# what stands below `platform: p`, and the problem
WRONG = [
    # keys
    ("datastream: []", '2:1: unknown key "datastream". Did you mean "datastreams"?'),
    ("seed: -1", "2:7: seed: expected a whole number of at least 0, found -1"),
    ("seed: 1\nseed: 2", '3:1: the key "seed" is here twice; it was first used in line 2'),
    ("faults: [{do: truncated, shares: 1}]", '2:26: faults[0]: unknown key "shares". Did you mean "share"?'),
    (
        "inlets: [{id: " + HEX + ", sync_validation: true}]",
        '2:81: inlets[0]: unknown key "sync_validation". Did you mean "sync-validation"?',
    ),
    (
        "datastreams: local",
        "2:14: datastreams: expected a list of datastreams, found local",
    ),
    (
        "datastreams: [local]",
        "2:15: datastreams[0]: expected a map with id, org, run, enabled, propositions and so on, found local",
    ),
    (
        "datastreams: [{enabled: false}]",
        f'2:15: datastreams[0]: the key "id" is missing: {DATASTREAM_EXPECTED}',
    ),
    # ids that are there twice
    (
        "datastreams:\n- {id: d}\n- {id: e}\n- {id: d}",
        "5:3: datastreams[2]: the id d is here twice; it was first used in line 3",
    ),
    (
        f"inlets:\n- {{id: {HEX}}}\n- {{id: {HEX}, kind: raw}}",
        f"4:3: inlets[1]: the id {HEX} is here twice; it was first used in line 3",
    ),
    (
        "datastreams: [{id: d, segments: [a, a]}]",
        "2:37: segments[1]: the segment a is here twice; it was first used in line 2",
    ),
    (
        OFFERS + "[{id: i, schema: html-content-item, data: {}}, {id: i, schema: html-content-item, data: {}}]}]}]",
        "2:110: items[1]: the id i is here twice; it was first used in line 2",
    ),
    # ids that break a URL
    ("datastreams: [{id: a b}]", f"2:20: id: {DATASTREAM_EXPECTED}, found a b"),
    ('datastreams: [{id: "a&b=c"}]', f'2:20: id: {DATASTREAM_EXPECTED}, found "a&b=c"'),
    ("datastreams: [{id: a/b}]", f"2:20: id: {DATASTREAM_EXPECTED}, found a/b"),
    ('datastreams: [{id: ""}]', f'2:20: id: {DATASTREAM_EXPECTED}, found ""'),
    (
        "datastreams: [{id: 12}]",
        f'2:20: id: {DATASTREAM_EXPECTED}, found 12: YAML reads it as a number, write "12"',
    ),
    (
        "datastreams: [{id: d, run: a/b}]",
        "2:28: run: expected the name of a run, of letters, digits, - . and _, found a/b",
    ),
    (
        "datastreams: [{id: d, org: ABC}]",
        "2:28: org: expected the id of an organisation such as F00F00@AdobeOrg, found ABC",
    ),
    # an inlet's id
    ("inlets: [{id: abc}]", f"2:15: id: {INLET_EXPECTED}, found abc"),
    ("inlets: [{id: " + HEX[:-1] + "}]", f"2:15: id: {INLET_EXPECTED}, found {HEX[:37]}..."),
    ("inlets: [{id: " + HEX[:-1] + "g}]", f"2:15: id: {INLET_EXPECTED}, found {HEX[:37]}..."),
    # words
    (
        "datastreams: [{id: d, consent: yes}]",
        "2:32: consent: expected y, n or p, found yes",
    ),
    (
        "datastreams: [{id: d, hint: irl2}]",
        '2:29: hint: expected or2, va6, irl1, ind1, jpn3, sgp3 or aus3, found irl2: did you mean "irl1"?',
    ),
    (
        "datastreams: [{id: d, enabled: no}]",
        "2:32: enabled: expected true or false, found no: in YAML 1.2 no is a word",
    ),
    (f"inlets: [{{id: {HEX}, kind: json}}]", "2:87: kind: expected xdm, raw or profile, found json"),
    (
        f"inlets: [{{id: {HEX}, failure-key: statuscode}}]",
        '2:94: failure-key: expected statusCode or status, found statuscode: did you mean "statusCode"?',
    ),
    (
        f"inlets: [{{id: {HEX}, schema: mobile-events}}]",
        "2:89: schema: expected the $id of a schema, a URL, found mobile-events",
    ),
    # schemas by name
    (
        "datastreams: [{id: d, schema: https://ns.adobe.com/footfall/schemas/mobile-event}]",
        "2:31: schema: no entry of schemas defines https://ns.adobe.com/footfall/schemas/mobile-event. "
        'Did you mean "https://ns.adobe.com/footfall/schemas/mobile-events"?',
    ),
    (
        f"schemas: [{{id: https://example.com/s, file: any}}]\ninlets: [{{id: {HEX}, schema: https://example.com/t}}]",
        '3:89: schema: no entry of schemas defines https://example.com/t. Did you mean "https://example.com/s"?',
    ),
    (
        "schemas:\n- {id: https://example.com/s, file: any}\n- {id: https://example.com/s, file: mobile}",
        "4:3: schemas[1]: the id https://example.com/s is here twice; it was first used in line 3",
    ),
    (
        "schemas: [{id: https://ns.adobe.com/footfall/schemas/mobile-events, file: any}]",
        "2:11: schemas[0]: https://ns.adobe.com/footfall/schemas/mobile-events is a schema of the platform's own, "
        "which is always there: choose another id",
    ),
    (
        "schemas: [{id: https://example.com/s}]",
        '2:11: schemas[0]: the key "file" is missing: '
        "expected any, mobile or the path of a JSON Schema, beside this file",
    ),
    # what a damaged list of schemas defines is not known
    (
        "schemas: any\ndatastreams: [{id: d, schema: https://example.com/s}]",
        "2:10: schemas: expected a list of schemas, found any",
    ),
    # propositions
    (OFFERS + "[]}]}]", "2:63: items: expected an item at least, found an empty list"),
    (
        OFFERS + "[{id: i, schema: html, data: {}}]}]}]",
        "2:80: schema: expected html-content-item, json-content-item or ruleset-item, found html",
    ),
    (
        OFFERS + "[{id: i, schema: json-content-item, data: hei}]}]}]",
        "2:105: data: expected a map, which becomes the item's JSON object, found hei",
    ),
    (
        OFFERS + "[{id: i, schema: json-content-item, data: [1]}]}]}]",
        "2:105: data: expected a map, which becomes the item's JSON object, found a list",
    ),
    (
        OFFERS + "[{id: i, schema: json-content-item}]}]}]",
        '2:64: items[0]: the key "data" is missing: expected a map, which becomes the item\'s JSON object',
    ),
    (
        OFFERS + "[{id: i, schema: json-content-item, data: {a: {b: [010]}}}]}]}]",
        "2:114: b[0]: expected a number as JSON writes it, such as 10 or -0.5, found 010",
    ),
    (
        OFFERS + "[{id: i, schema: json-content-item, data: {a: .inf}}]}]}]",
        "2:109: a: expected a number as JSON writes it, such as 10 or -0.5, found .inf",
    ),
    (
        OFFERS + "[{id: i, schema: json-content-item, data: {a: 1e999}}]}]}]",
        "2:109: a: expected a smaller number, found 1e999",
    ),
    # faults
    (
        "faults: [{share: 1}]",
        '2:10: faults[0]: the key "do" is missing: expected status, latency, slow-body, reset-before, reset-after, '
        "truncated, unframed, wrong-hint, partial-207 or expired-token",
    ),
    (
        "faults: [{do: reset}]",
        "2:15: do: expected status, latency, slow-body, reset-before, reset-after, truncated, unframed, wrong-hint, "
        'partial-207 or expired-token, found reset: did you mean "reset-after"?',
    ),
    (
        "faults: [{do: truncate}]",
        "2:15: do: expected status, latency, slow-body, reset-before, reset-after, truncated, unframed, wrong-hint, "
        'partial-207 or expired-token, found truncate: did you mean "truncated"?',
    ),
    ("faults: [{do: truncated, share: 1.1}]", "2:33: share: expected a share from 0 to 1, found 1.1"),
    ("faults: [{do: truncated, share: -0.1}]", "2:33: share: expected a share from 0 to 1, found -0.1"),
    (
        "faults: [{do: truncated, share: 5%}]",
        "2:33: share: expected a share from 0 to 1, found 5%: write 55% as 0.55",
    ),
    (
        "faults: [{do: truncated, path: ee/v1}]",
        "2:32: path: expected the beginning of a path such as /ee/v1/interact, found ee/v1",
    ),
    (
        "faults: [{do: truncated, path: '/ee?configId=d'}]",
        '2:32: path: expected the beginning of a path such as /ee/v1/interact, found "/ee?configId=d"',
    ),
    (
        "faults: [{do: truncated, ecid: '123'}]",
        '2:32: ecid: expected an ECID of 38 digits, in quotes, found "123"',
    ),
    # a window
    (
        "faults: [{do: truncated, from: 1m, until: 30s}]",
        "2:10: faults[0]: the window ends 30s after the start, before it begins at 60s",
    ),
    (
        "faults: [{do: truncated, from: 5s, until: 5s}]",
        "2:10: faults[0]: the window ends 5s after the start, before it begins at 5s",
    ),
    ("faults: [{do: truncated, until: 0s}]", "2:33: until: expected a duration of more than 0, found 0s"),
    (
        "faults: [{do: truncated, from: 5}]",
        "2:32: from: a duration is written 90s, 20m, 2h; found 5: the unit is missing",
    ),
    # a status
    ("faults: [{do: status, status: 99}]", "2:31: status: expected an HTTP status from 200 to 599, found 99"),
    ("faults: [{do: status, status: 600}]", "2:31: status: expected an HTTP status from 200 to 599, found 600"),
    ('faults: [{do: status, status: "503"}]', '2:31: status: expected an HTTP status from 200 to 599, found "503"'),
    (
        "faults: [{do: status, status: 204}]",
        "2:31: status: expected an HTTP status from 200 to 599 whose answer has a body, found 204",
    ),
    # what a kind has no use for
    ("faults: [{do: truncated, status: 503}]", "2:26: status: truncated has no status, only status"),
    (
        "faults: [{do: wrong-hint, retry-after: 5s}]",
        "2:27: retry-after: wrong-hint has no retry-after, only status",
    ),
    ("faults: [{do: status, delay: 1s}]", "2:23: delay: status has no delay, only latency and slow-body"),
    # a path at which a kind means nothing
    (
        "faults: [{do: wrong-hint, path: /collection/}]",
        "2:33: path: wrong-hint hits requests to Edge (/ee) only, and no path of these begins with /collection/",
    ),
    (
        "faults: [{do: unframed, path: /placesedgequery}]",
        "2:31: path: unframed hits requests to Edge (/ee) only, and no path of these begins with /placesedgequery",
    ),
    (
        "faults: [{do: partial-207, path: /ee/v1/collect}]",
        "2:34: path: partial-207 hits requests to interact (as /ee/v1/interact) and batches (/collection/batch/) only, "
        "and no path of these begins with /ee/v1/collect",
    ),
    (
        f"faults: [{{do: partial-207, path: /collection/{HEX}}}]",  # one message is answered 200 or not at all
        "2:34: path: partial-207 hits requests to interact (as /ee/v1/interact) and batches (/collection/batch/) only, "
        f"and no path of these begins with /collection/{HEX}",
    ),
    (
        "faults: [{do: expired-token, path: /placesedgequery}]",
        "2:36: path: expired-token hits requests to Edge (/ee) and inlets (/collection/) only, and no path of these "
        "begins with /placesedgequery",
    ),
    (
        f"faults: [{{do: truncated, path: /placesedgequery, ecid: '{38 * '1'}'}}]",
        "2:56: ecid: only requests to Edge (/ee) and inlets (/collection/) name an ECID, and no path of these begins "
        "with /placesedgequery: leave it out, or choose another path",
    ),
    # a path that is none is told once
    (
        "faults: [{do: wrong-hint, path: ee}]",
        "2:33: path: expected the beginning of a path such as /ee/v1/interact, found ee",
    ),
    # what it cannot do without
    (
        "faults: [{do: latency}]",
        "2:10: faults[0]: latency is nothing without its delay: add one such as delay: 300ms",
    ),
]


@pytest.mark.parametrize(("line", "problem"), WRONG, ids=[line.replace("\n", " ")[:80] for line, _ in WRONG])
def test_one_mistake_is_one_problem_where_it_is(line: str, problem: str) -> None:
    assert problems(f"platform: p\n{line}\n") == [f"p.yaml:{problem}"]


@pytest.mark.parametrize(
    "fault",
    [
        "do: wrong-hint, path: /",  # matches everything, and hits what it means anything to
        "do: expired-token, path: /",
        "do: partial-207, path: /",
        f"do: truncated, path: /, ecid: '{38 * '1'}'",
        "do: wrong-hint, path: /e",
        "do: wrong-hint, path: /ee/irl1/v1",
        "do: unframed, path: /ee-pre-prd/v1/interact",
        "do: partial-207, path: /ee",
        "do: partial-207, path: /ee/va6/v2/interact",
        "do: partial-207, path: /collection",
        f"do: partial-207, path: /collection/batch/{HEX}",
        f"do: expired-token, path: /collection/{HEX}",
        f"do: latency, delay: 1s, path: /collection, ecid: '{38 * '1'}'",
        "do: truncated, path: /placesedgequery",
    ],
)
def test_a_fault_whose_path_can_be_hit(fault: str) -> None:
    assert problems(f"platform: p\nfaults: [{{{fault}}}]\n") == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: the file is empty"),
        ("p", "1:1: expected a platform: a map with platform, schemas, datastreams, inlets, faults and seed, found p"),
        # by its name a platform file is told from the others
        ("seed: 1", '1:1: the key "platform" is missing: expected the name of the platform'),
        ("scenario: s\nversion: 1", '1:1: expected a platform, with its name under "platform", found a scenario'),
        ("app: A", '1:1: expected a platform, with its name under "platform", found an app'),
        ("platform: p\n\tseed: 1", "2:1: a tab cannot indent in YAML: use spaces"),
    ],
)
def test_a_file_that_is_no_platform(text: str, problem: str) -> None:
    assert problems(text) == [f"p.yaml:{problem}"]


def test_all_that_is_wrong_with_a_file_is_told_at_once() -> None:
    text = """\
platform: p
datastreams:
  - {id: a b}
  - {id: d, consent: q}
inlets:
  - {id: abc, kind: xml}
faults:
  - {do: status, share: 2, status: 7}
  - {do: latency, path: ee}
"""
    assert problems(text) == [
        f"p.yaml:3:10: id: {DATASTREAM_EXPECTED}, found a b",
        "p.yaml:4:22: consent: expected y, n or p, found q",
        f"p.yaml:6:10: id: {INLET_EXPECTED}, found abc",
        'p.yaml:6:21: kind: expected xdm, raw or profile, found xml: did you mean "xdm"?',
        "p.yaml:8:25: share: expected a share from 0 to 1, found 2",
        "p.yaml:8:36: status: expected an HTTP status from 200 to 599, found 7",
        "p.yaml:9:25: path: expected the beginning of a path such as /ee/v1/interact, found ee",
    ]


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("platform: p", True),
        # a wrong platform file is one all the same
        ("platform:\nnonsense: 1", True),
        ("seed: 1\nplatform: p", True),
        ("app: A", False),
        # what has the mark of another is the other
        ("app: A\nplatform: p", False),
        ("scenario: s\nplatform: p", False),
        ("- platform", False),
        ("platform: [", False),
    ],
)
def test_a_platform_file_is_known_by_its_mark(text: str, marked: bool) -> None:
    assert is_platform_file(text) is marked


@given(st.text(alphabet="ab_-.:{}[]()\"'#&*! \n0129y", max_size=60))
def test_any_text_is_a_platform_or_has_problems(text: str) -> None:
    """Nothing but BadInput comes out, and never without a problem."""
    for file in (text, f"platform: p\ndatastreams: {text}", f"platform: p\n{OFFERS}[{{data: {text}}}]}}]}}]"):
        if not problems(file):
            decode_platform(file, "p.yaml")


@given(st.text(max_size=20))
def test_any_text_of_an_items_data_arrives(text: str) -> None:
    """As JSON escapes it: a character beyond U+FFFF as two halves."""
    data = json.dumps({"a": text})
    file = f"platform: p\n{OFFERS}[{{id: i, schema: json-content-item, data: {data}}}]}}]}}]"
    (datastream,) = decode_platform(file, "p.yaml").datastreams
    assert json.loads(bytes(datastream.propositions[0].items[0].data)) == {"a": text}


def test_half_a_character_is_none() -> None:
    file = f'platform: p\n{OFFERS}[{{id: i, schema: json-content-item, data: {{a: "\\ud83d"}}}}]}}]}}]'
    assert problems(file) == ["p.yaml:2:109: a: half of a pair of UTF-16 is no character: write the whole character"]
