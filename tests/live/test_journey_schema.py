"""The JSON Schema of a journey: the shipped file is the one that is made, and takes what the loader takes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from footfall.engine.app_forms import Matching, Truth, Word
from footfall.live.form_schema import schema, schema_of, shipped
from footfall.live.journey_file import JOURNEY_SCHEMA
from footfall.platform.journeys.types import Reentrance
from footfall.scenario.forms import NAME, Key, ListOf, MapOf, Number, OneOf, Record, Text, Whole
from footfall.scenario.quantities import CountForm, Quantity, WholeQuantity
from footfall.scenario.units import DURATION

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "journeys").glob("*.yaml"))
MAP = Record("a map", Reentrance, {"a": Key(Whole(1)), "b-c": Key(Truth(), False)})


def good(form, value) -> bool:
    """Whether the schema made from a form takes a value."""
    return jsonschema_rs.validator_for(schema(form, "x")).is_valid(value)


@pytest.mark.parametrize(
    ("form", "takes", "refuses"),
    [
        (Text(), ["x", " x\n"], ["", " ", 5, True, None]),
        (NAME, ["a-b", "ä_1"], ["", "-a", "a b"]),
        (Matching("hex", "[0-9]{3}|x"), ["123", "x"], ["1234", "12", "xx"]),
        (Word(("ios", "android")), ["ios"], ["web"]),
        (Truth(), [True], ["yes", 1]),
        (Whole(1, 3), [1, 3], [0, 4, 1.5, "1"]),
        (Whole(0), [10**17], [-1]),
        (Number("a share", high=1.0), [0, 0.5], [1.5, "0.5"]),
        (WholeQuantity(Quantity(DURATION)), ["30m", "1.5h", "20ms"], ["30", "30 m", "m", 30, "30mps"]),
        (ListOf("a list", Truth()), [[], [True]], [True, [1]]),
        (MapOf("a map", Truth(), reserved=("end",)), [{"a": True}], [{}, {"end": True}, {"a": 1}, {"a b": True}]),
        (MapOf("a map", Truth(), names=("x",)), [{"x": True}], [{"y": True}]),
        # what has a default may be left out, nothing else may come in
        (MAP, [{"a": 1}, {"a": 1, "b-c": True}], [{}, {"b-c": True}, {"a": 1, "d": 1}, []]),
        (OneOf("one", "a kind", {"m": MAP}), [{"m": {"a": 1}}], ["m", {"m": {"a": 1}, "n": {}}, {}, {"n": {"a": 1}}]),
        (OneOf("one", "a kind", {"m": Record("nothing", dict)}), ["m", {"m": {}}], ["n"]),
        (OneOf("one", "a kind", {"m": Record("nothing", dict)}, bare=False), [{"m": {}}], ["m"]),
    ],
)
def test_what_the_schema_of_a_form_takes(form, takes, refuses):
    assert schema_of(form)["description"] == form.expected
    assert [value for value in takes if not good(form, value)] == []
    assert [value for value in refuses if good(form, value)] == []


def test_a_form_that_cannot_be_told_is_named():
    with pytest.raises(TypeError, match="CountForm has no json_schema"):
        schema_of(CountForm())


def test_the_shipped_schema_is_the_one_that_is_made():
    path = ROOT / "schemas" / "journey.schema.json"
    assert path.read_text(encoding="utf-8") == shipped(JOURNEY_SCHEMA), "footfall schema journey > schemas/..."
    jsonschema_rs.meta.validate(JOURNEY_SCHEMA)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_journey_names_the_schema_and_keeps_to_it(path):
    text = path.read_text(encoding="utf-8")
    assert text.splitlines()[0] == "# yaml-language-server: $schema=../schemas/journey.schema.json"
    jsonschema_rs.validator_for(JOURNEY_SCHEMA).validate(plain(text))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("wait: 30m", "wait: 30"),
        ("wait: 30m", "wiat: 30m"),
        ("react: opened", "react: read"),
        ("journey: abandoned_cart", "name: abandoned_cart"),
        ("next: end, on-timeout: mail", "on-timeout: mail"),
    ],
)
def test_a_slip_in_a_shipped_journey_is_convicted(before, after):
    text = (ROOT / "journeys" / "abandoned_cart.yaml").read_text(encoding="utf-8")
    assert before in text
    assert not jsonschema_rs.validator_for(JOURNEY_SCHEMA).is_valid(plain(text.replace(before, after)))


def plain(text: str) -> object:
    """A YAML file as JSON, as editors take it."""
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))
