"""Edge against what Adobe's SDK tests assert: the bodies of requests, and what the answers change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sdk_words import IPHONE, PIXEL, an_edge, hit, ok, sent

from footfall.phone.signals import Reply

T0 = 1_000  # virtual ms at which things begin


def expect(actual: Any, golden: Any, where: str = "$") -> None:
    """Equal as JSON, key for key; STRING_TYPE stands for any string, entries of the state store come in any order."""
    if isinstance(golden, dict):
        assert isinstance(actual, dict), where
        assert actual.keys() == golden.keys(), where
        for key, value in golden.items():
            expect(actual[key], value, f"{where}.{key}")
    elif isinstance(golden, list):
        assert isinstance(actual, list), where
        assert len(actual) == len(golden), where
        if where == "$.meta.state.entries":
            actual = sorted(actual, key=lambda entry: entry["key"])
            golden = sorted(golden, key=lambda entry: entry["key"])
        for i, value in enumerate(golden):
            expect(actual[i], value, f"{where}[{i}]")
    elif golden == "STRING_TYPE":
        assert isinstance(actual, str), where
        assert actual, where
    elif golden == "CORE_VERSION+EDGE_VERSION":
        core, _, edge = actual.partition("+")
        assert core.count(".") == edge.count(".") == 2, where
    else:
        assert actual == golden, where
        assert type(actual) is type(golden), where


def own(golden: dict[str, Any]) -> dict[str, Any]:
    """What an app must say for the SDK to send the golden's event: without what Edge adds."""
    xdm = golden["events"][0]["xdm"]
    return {key: value for key, value in xdm.items() if key not in ("_id", "timestamp")}


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("ios_interact_xdm.json", IPHONE),  # the first call: no meta.state
        ("android_interact_xdm.json", PIXEL),  # the same shape under another name
        ("composed_ios_location_entry.json", IPHONE),
    ],
)
def test_the_first_request(golden: Path, name, model) -> None:
    expected = json.loads((golden / "requests" / name).read_text())
    edge = an_edge(model)
    edge.put(hit("E-1", own(expected)))

    body = sent(edge.next_request(T0))

    expect(body, expected)
    assert "state" not in body["meta"]
    assert body["events"][0]["xdm"]["_id"] == "E-1"


def test_the_second_request_brings_the_state_back(golden: Path) -> None:
    expected = json.loads((golden / "requests/ios_interact_with_state.json").read_text())
    answer = (golden / "responses/state_store.txt").read_bytes()
    edge = an_edge()
    edge.put(hit("E-1"))
    edge.put(hit("E-2", {"testString": "xdm"}))
    first = edge.next_request(T0)

    edge.answered(T0 + 80, first.id, ok(answer))
    body = sent(edge.next_request(T0 + 80))

    expect(body, expected)
    # the entry with maxAge 0 is none
    assert "expired_key" not in {entry["key"] for entry in body["meta"]["state"]["entries"]}


def test_the_comparison_itself_convicts(golden: Path) -> None:
    expected = json.loads((golden / "requests/ios_interact_xdm.json").read_text())
    for spoil in (
        lambda body: body["meta"].update(state={"entries": []}),  # a key too many
        lambda body: body["events"][0]["xdm"].pop("timestamp"),  # a key too few
        lambda body: body["xdm"]["identityMap"]["ECID"][0].update(primary=0),  # 0 is not false
        lambda body: body["events"].append(body["events"][0]),  # two events in one request
    ):
        body = json.loads(json.dumps(expected).replace("CORE_VERSION+EDGE_VERSION", "5.11.0+5.0.3"))
        expect(body, expected)
        spoil(body)
        with pytest.raises(AssertionError):
            expect(body, expected)


def test_the_location_hint_is_a_path_prefix_until_its_ttl(golden: Path) -> None:
    edge = an_edge()
    for n in range(4):
        edge.put(hit(f"E-{n}"))
    first = edge.next_request(T0)
    assert first.target.startswith("/ee/v1/interact?")

    edge.answered(T0 + 80, first.id, ok((golden / "responses/location_hint.txt").read_bytes()))
    # 1800 s from the answer on, to the millisecond
    second = edge.next_request(T0 + 80)
    assert second.target.startswith("/ee/or2/v1/interact?configId=stream-1&requestId=")
    edge.answered(T0 + 90, second.id, ok())
    third = edge.next_request(T0 + 80 + 1_800_000 - 1)
    assert third.target.startswith("/ee/or2/v1/interact?")
    edge.answered(T0 + 80 + 1_800_000 - 1, third.id, ok())
    fourth = edge.next_request(T0 + 80 + 1_800_000)
    assert fourth.target.startswith("/ee/v1/interact?")


def test_a_503_keeps_the_hit_for_5_s(golden: Path) -> None:
    body = (golden / "responses/android_503_retry.txt").read_bytes()
    edge = an_edge(PIXEL)
    edge.put(hit("E-1"))
    edge.put(hit("E-2"))
    first = edge.next_request(T0)

    edge.answered(T0 + 100, first.id, Reply(503, body))

    assert edge.queued == ("E-1", "E-2")
    assert edge.retry_ms == T0 + 100 + 5_000
    assert edge.next_request(T0 + 5_099) is None  # nor does E-2 overtake
    again = edge.next_request(T0 + 5_100)
    assert again.id != first.id  # a new requestId, in the URL too
    assert first.id in first.target
    assert again.id in again.target
    assert (again.event_id, again.attempt) == ("E-1", 2)
    assert again.body == first.body  # the same _id and timestamp, for one
    assert edge.retry_ms is None

    edge.answered(T0 + 5_200, again.id, ok(body))  # then 200 with the same body
    assert edge.queued == ("E-2",)
    assert edge.next_request(T0 + 5_200).event_id == "E-2"


@pytest.mark.parametrize(
    ("name", "status", "gone"),
    [
        ("multi_status_207.json", 207, True),  # errors and warnings never cause a retry
        ("fatal_422.json", 422, True),
        ("error_400_invalid_datastream.json", 400, True),
        ("warning.txt", 200, True),
        ("personalization_decisions.txt", 200, True),  # a handle that only the app would care for
    ],
)
def test_other_golden_answers_change_nothing_but_the_queue(golden: Path, name, status, gone) -> None:
    edge = an_edge()
    edge.put(hit("E-1"))
    edge.put(hit("E-2"))
    first = edge.next_request(T0)

    edge.answered(T0 + 80, first.id, Reply(status, (golden / "responses" / name).read_bytes()))

    assert edge.queued == (("E-2",) if gone else ("E-1", "E-2"))
    second = edge.next_request(T0 + 80)
    assert second.target.startswith("/ee/v1/interact?")
    assert "state" not in sent(second)["meta"]


def test_the_body_of_a_recoverable_status_is_not_read(golden: Path) -> None:
    edge = an_edge()
    edge.put(hit("E-1"))
    first = edge.next_request(T0)
    edge.answered(T0 + 80, first.id, Reply(503, (golden / "responses/state_store.txt").read_bytes(), "1"))
    assert "state" not in sent(edge.next_request(T0 + 1_080))["meta"]
