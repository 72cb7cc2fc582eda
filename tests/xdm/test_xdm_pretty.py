"""JSON as Swift prints it: literally, against a printer of the test's own, and back again."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from footfall.xdm.pretty import prettied

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["[]", "{}", "{", "],", '":', "a/b", '"', "\\", "\n", " : ", "\u2028"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)

# compact -> as Swift's JSONEncoder prints it
TEXTS = [
    (b"{}", "{\n\n}"),  # an empty object has an empty line
    (b"[]", "[\n\n]"),
    (b'{"a":1}', '{\n  "a" : 1\n}'),  # a space on both sides of the colon
    (b'{"a":[1,true,null]}', '{\n  "a" : [\n    1,\n    true,\n    null\n  ]\n}'),
    (b'{"a":{},"b":[]}', '{\n  "a" : {\n\n  },\n  "b" : [\n\n  ]\n}'),
    (b"[[],{}]", "[\n  [\n\n  ],\n  {\n\n  }\n]"),
    (b'{"a/b":"c/d"}', '{\n  "a\\/b" : "c\\/d"\n}'),  # escaped in keys and values
    (b'{"a":"b:c","d":"e\\": f"}', '{\n  "a" : "b:c",\n  "d" : "e\\": f"\n}'),  # colons in strings stay
    (b'["a\\":","b"]', '[\n  "a\\":",\n  "b"\n]'),
    (b'{"a\\"":1}', '{\n  "a\\"" : 1\n}'),
    (b'{"a":"{}","b":"[]"}', '{\n  "a" : "{}",\n  "b" : "[]"\n}'),  # brackets in strings stay
    ('{"a":"Kahvila Ääni"}'.encode(), '{\n  "a" : "Kahvila Ääni"\n}'),  # UTF-8 as it is
    (b'{"a":12.89,"b":10,"c":159.0}', '{\n  "a" : 12.89,\n  "b" : 10,\n  "c" : 159.0\n}'),  # numbers as they were
    (b'""', '""'),  # texts of two characters that are no brackets
    (b"10", "10"),
]


@pytest.mark.parametrize(("compact", "printed"), TEXTS)
def test_literally(compact, printed) -> None:
    assert prettied(compact, 0).decode() == printed


def test_within_another_text_all_lines_but_the_first_are_indented() -> None:
    assert prettied(b'{"a":[]}', 2).decode() == '{\n      "a" : [\n\n      ]\n    }'
    assert prettied(b"{}", 1).decode() == "{\n\n  }"


def by_swifts_rules(value: Any, indent: str = "") -> str:
    """A printer of our own, straight from the rules."""
    inner = indent + "  "
    if isinstance(value, dict):
        if not value:
            return "{\n\n" + indent + "}"
        members = (f"{inner}{scalar(key)} : {by_swifts_rules(each, inner)}" for key, each in value.items())
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if isinstance(value, list):
        if not value:
            return "[\n\n" + indent + "]"
        return "[\n" + ",\n".join(inner + by_swifts_rules(each, inner) for each in value) + f"\n{indent}]"
    return scalar(value)


def scalar(value: object) -> str:
    return msgspec.json.encode(value).decode().replace("/", "\\/")


@given(JSON, st.integers(0, 3))
@example({"a": [[], {}, [{}]]}, 1)
@example(["{", "[],", '": ['], 0)
def test_any_json_is_printed_by_swifts_rules_and_read_back_as_it_was(value: Any, depth: int) -> None:
    compact = msgspec.json.encode(value)
    printed = prettied(compact, depth)
    assert printed.decode() == by_swifts_rules(value, "  " * depth)
    assert json.loads(printed) == json.loads(compact)


def test_the_oracle_convicts_a_printer_that_is_a_little_wrong() -> None:
    pythons = json.dumps({"a": [], "b": "c/d"}, indent=2)
    assert pythons != by_swifts_rules({"a": [], "b": "c/d"})
