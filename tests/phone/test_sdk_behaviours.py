"""docs/sdk-behaviours.md is what the marks on the tests say, and the marks speak of what is there."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from sdk_behaviour import behaviour

from footfall.engine.app_file import APP
from footfall.live.locust.options import FLAGS
from footfall.phone.edge import Edge
from footfall.scenario.forms import Record
from footfall.scenario.language import ACTION, SCENARIO

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))

import sdk_behaviours

ROOT = sdk_behaviours.ROOT
ROWS = sdk_behaviours.rows()
MODULES = sorted(path.stem for path in (ROOT / "footfall" / "phone").glob("*.py") if path.stem != "__init__")


def test_the_page_is_up_to_date():
    written = sdk_behaviours.PAGE.read_text(encoding="utf-8")
    assert written == sdk_behaviours.page(), "run python tools/sdk_behaviours.py"


def test_every_behaviour_is_implemented_in_the_package():
    for row in ROWS:
        assert row.where, row.what
        for each in row.where:
            assert sdk_behaviours.name_of(each).startswith("footfall."), row.what


def test_every_behaviour_has_a_chapter_and_a_sentence():
    for row in ROWS:
        assert sdk_behaviours.chapter(row.section)
        assert row.what.endswith("."), row.what
        assert "\n" not in row.what


def test_no_sentence_stands_there_twice():
    told = [row.what for row in ROWS]
    assert [what for what in told if told.count(what) > 1] == []


def is_known(key):
    """Whether such a key of an app file, word of a scenario or option of locust can be given."""
    if key.startswith("--"):
        return key in {flag for flag, *_ in FLAGS}
    if key.startswith("scenario: "):
        return key.removeprefix("scenario: ") in {*SCENARIO.keys, *ACTION.kinds}
    form = APP
    for step in key.split("."):
        if not isinstance(form, Record) or step not in form.keys:
            return False
        form = form.keys[step].form
    return True


def test_whatever_sets_a_behaviour_can_be_given():
    assert [key for row in ROWS for key in row.keys if not is_known(key)] == []


@pytest.mark.parametrize("key", ["places.rules", "rule", "places.rule.on", "scenario: consent", "--data-stream", ""])
def test_a_key_that_nobody_can_give_is_found(key):
    assert not is_known(key)


def test_the_keys_of_all_marks_stand_in_the_row(monkeypatch):
    @behaviour("1.4", "It waits.", Edge, key="tenant")
    @behaviour("1.4", "It waits.", Edge, key="edge.batching.enabled, tenant")
    @behaviour("1.4", "It goes.", Edge)
    def test_one():
        pass

    test_one.__module__ = "test_other"
    module = SimpleNamespace(__name__="test_other", test_one=test_one)
    monkeypatch.setattr(sdk_behaviours, "_test_modules", lambda: iter([module]))
    assert {row.what: row.keys for row in sdk_behaviours.rows()} == {
        "It waits.": ["tenant", "edge.batching.enabled"],
        "It goes.": [],
    }
    assert "| 1.4 | It waits. | `tenant`<br>`edge.batching.enabled` | " in sdk_behaviours.page()


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_the_phone_is_named(module):
    named = {sdk_behaviours.name_of(each).partition(":")[0] for row in ROWS for each in row.where}
    assert f"footfall.phone.{module}" in named


# The check convicts


def test_a_page_that_is_out_of_date_is_found(tmp_path, monkeypatch):
    old = tmp_path / "sdk-behaviours.md"
    old.write_text("of yesterday", encoding="utf-8")
    monkeypatch.setattr(sdk_behaviours, "PAGE", old)
    monkeypatch.setattr(sdk_behaviours, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["sdk_behaviours.py", "--check"])
    with pytest.raises(SystemExit, match="out of date"):
        sdk_behaviours.main()


@pytest.mark.parametrize(
    "thing",
    [
        frozenset({408}),  # a value has no name
        SimpleNamespace(__module__="footfall.phone.edge", __qualname__="Edge"),  # says that it is another one
    ],
)
def test_what_cannot_be_found_again_is_refused(thing):
    with pytest.raises(ValueError):
        sdk_behaviours.name_of(thing)


def test_methods_and_repeated_marks_are_rows_once(monkeypatch):
    @behaviour("1.4", "It waits.", Edge.next_request)
    @behaviour("2.4", "It is done.", Edge.answered)
    def test_one():
        pass

    class TestMore:
        @behaviour("1.4", "It waits.", Edge.next_request, Edge.put)
        def test_two(self):
            pass

    test_one.__module__ = "test_other"
    module = SimpleNamespace(__name__="test_other", test_one=test_one, TestMore=TestMore)
    monkeypatch.setattr(sdk_behaviours, "_test_modules", lambda: iter([module]))
    assert [(row.section, row.what, row.where, row.tests) for row in sdk_behaviours.rows()] == [
        (
            "1.4",
            "It waits.",
            [Edge.next_request, Edge.put],
            ["test_other.py::test_one", "test_other.py::TestMore::test_two"],
        ),
        ("2.4", "It is done.", [Edge.answered], ["test_other.py::test_one"]),
    ]
