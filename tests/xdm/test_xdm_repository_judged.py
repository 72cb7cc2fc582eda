"""Adobe's schema repository, composed, against the wire schema that was derived from it by other code: as documents,
and as judges of good and mutated events."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from any_event import any_event
from every_event import EVERY
from hypothesis import event as told
from hypothesis import given
from hypothesis import strategies as st
from xdm_judge import WIRE, as_stored

from footfall.platform.validation import EventSchema, is_date_time
from footfall.platform.xdm_repository import FIELD_GROUPS, MOBILE_FIELD_GROUPS, XdmIncomplete, compose, is_schema_file

CHECKOUT = WIRE.parent

if not (CHECKOUT / "components").is_dir() or not WIRE.is_dir():
    pytest.skip("Adobe's schemas (../shared/xdm) are not beside the repository", allow_module_level=True)


@pytest.fixture(scope="module")
def real_files() -> dict[str, bytes]:
    paths = {path.relative_to(CHECKOUT).as_posix(): path for path in CHECKOUT.rglob("*.json")}
    return {name: path.read_bytes() for name, path in paths.items() if is_schema_file(name)}


@pytest.fixture(scope="module")
def wire() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((WIRE / "experienceevent-mobile.wire.schema.json").read_text())
    return document


def test_it_is_the_wire_schema_but_for_what_is_open(real_files: dict[str, bytes], wire: dict[str, Any]) -> None:
    ours = json.loads(compose(real_files, MOBILE_FIELD_GROUPS))
    assert ours.pop("$schema") == "https://json-schema.org/draft/2020-12/schema"
    assert ours.pop("patternProperties") == {"^_(?!(experience|id)$)": {"type": "object"}}
    for name in ("customerJourneyManagement", "decisioning"):
        assert ours["properties"]["_experience"]["properties"].pop(name) == {"type": "object"}
    assert ours == {keyword: value for keyword, value in wire.items() if keyword not in ("$schema", "$comment")}


def test_the_other_groups_add_what_the_documents_samples_have_and_change_nothing(real_files: dict[str, bytes]) -> None:
    ours, mobile = json.loads(compose(real_files)), json.loads(compose(real_files, MOBILE_FIELD_GROUPS))
    for name in ("web", "endUserIDs", "dataSource", "receivedTimestamp"):
        assert ours["properties"].pop(name)
    assert ours["properties"]["_experience"]["properties"]["campaign"]["properties"].pop("message")
    assert ours == mobile


def test_it_takes_less_than_a_second(real_files: dict[str, bytes]) -> None:
    started = time.perf_counter()
    compose(real_files)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("group", FIELD_GROUPS)
def test_every_field_group_can_be_had_alone(real_files: dict[str, bytes], group: str) -> None:
    EventSchema(compose(real_files, [group]))


@pytest.mark.parametrize("missing", ["/poi-detail", "/measure", "/experienceevent-commerce", "classes/experienceevent"])
def test_a_missing_file_is_named(real_files: dict[str, bytes], missing: str) -> None:
    (gone,) = [path for path in real_files if path.endswith(f"{missing}.schema.json")]
    id_ = json.loads(real_files[gone])["$id"]
    with pytest.raises(XdmIncomplete, match=id_):
        compose({path: text for path, text in real_files.items() if path != gone})


class Judges:
    """The composed schema and the wire schema, which has to be spared what the composed one lets in (xdm_judge judges
    that by fragments of its own)."""

    def __init__(self, document: bytes, wire: dict[str, Any]) -> None:
        self.composed = EventSchema(document)
        self._wire = jsonschema_rs.Draft6Validator(wire, validate_formats=True, formats={"date-time": is_date_time})

    def agree(self, event: dict[str, Any]) -> bool:
        """Whether the event is good, by both; fails where they differ."""
        good = self._wire.is_valid(self._spared(event))
        assert (self.composed.reasons(event) == ()) is good, list(self._wire.iter_errors(self._spared(event)))
        return good

    @staticmethod
    def _spared(event: dict[str, Any]) -> dict[str, Any]:
        def opened(key: str, value: object) -> bool:
            return key.startswith("_") and key not in ("_id", "_experience") and isinstance(value, dict)

        spared = {key: value for key, value in event.items() if not opened(key, value)}
        if isinstance(experience := spared.get("_experience"), dict):
            spared["_experience"] = {
                key: value
                for key, value in experience.items()
                if not (key in ("customerJourneyManagement", "decisioning") and isinstance(value, dict))
            }
        return spared


@pytest.fixture(scope="module")
def judges(real_files: dict[str, bytes], wire: dict[str, Any]) -> Judges:
    return Judges(compose(real_files, MOBILE_FIELD_GROUPS), wire)


@pytest.mark.parametrize("name", EVERY)
def test_every_event_is_good(judges: Judges, name: str) -> None:
    assert judges.agree(as_stored(EVERY[name]))


@given(event=any_event)
def test_any_event_is_good(judges: Judges, event: Any) -> None:
    assert judges.agree(as_stored(event))


Place = tuple[str | int, ...]

WRONG_VALUES = st.sampled_from([None, True, 0, -1, 2**31, 0.5, "", "text", [], {}, [{}], {"value": "1"}]).map(
    copy.deepcopy
)
UNKNOWN_KEYS = st.sampled_from(["unknown", "xdm:timestamp", "@id", "_schema", "_id", "_acme", "value", "name", "POIID"])


def places(value: Any, above: Place = ()) -> Iterator[Place]:
    """Where the values of an event are, itself first."""
    yield above
    for step, member in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(member, (*above, step))


def at(document: Any, place: Place) -> Any:
    for step in place:
        document = document[step]
    return document


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A good event to which one or two things have been done."""
    document = copy.deepcopy(as_stored(draw(any_event | st.sampled_from(list(EVERY.values())))))
    for _ in range(draw(st.integers(1, 2))):
        objects = [place for place in places(document) if isinstance(at(document, place), dict)]
        inside = [place for place in places(document) if place]
        what = draw(st.sampled_from(["drop a key", "add a key", "wrong type"]))
        if what == "add a key":
            at(document, draw(st.sampled_from(objects)))[draw(UNKNOWN_KEYS)] = draw(WRONG_VALUES)
        elif inside and what == "drop a key":
            place = draw(st.sampled_from(inside))
            del at(document, place[:-1])[place[-1]]
        elif inside:
            place = draw(st.sampled_from(inside))
            at(document, place[:-1])[place[-1]] = draw(WRONG_VALUES)
    return document


@given(event=mutated())
def test_the_judges_agree_on_any_mutated_event(judges: Judges, event: dict[str, Any]) -> None:
    told("good" if judges.agree(event) else "bad")


@pytest.mark.parametrize("name", EVERY)
def test_the_judges_agree_on_every_single_mutation(judges: Judges, name: str) -> None:
    """An unknown key wherever there is an object, and every member dropped or made null: most are convicted."""
    bad = 0
    original = as_stored(EVERY[name])
    for place in places(original):
        planted = copy.deepcopy(original)
        if isinstance(at(planted, place), dict):
            at(planted, place)["unknown"] = 1
            bad += not judges.agree(planted)
        if place:
            dropped, null = copy.deepcopy(original), copy.deepcopy(original)
            del at(dropped, place[:-1])[place[-1]]
            judges.agree(dropped)
            at(null, place[:-1])[place[-1]] = None
            bad += not judges.agree(null)
    assert bad > 10
