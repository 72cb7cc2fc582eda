"""Edge's requests against what Adobe's SDK tests assert, and Android's against the reference where they assert none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from phone_words import NO_CONSENT_EXTENSION, Desk, a_phone, calls
from sdk_behaviour import behaviour
from sdk_words import IPHONE, PIXEL, expect, ok

from footfall.phone import consent, request_data, sdk
from footfall.phone.edge import Edge
from footfall.phone.identity import Identity
from footfall.phone.phone import Phone
from footfall.phone.signals import (
    AdvertisingIdSet,
    Called,
    Consented,
    Foregrounded,
    Identified,
    RegionReported,
    Replied,
    Reply,
)
from footfall.world.phones import PhoneModel
from footfall.xdm.wire import AndroidJson, IosJson

T0 = 1_000  # virtual ms at which things begin
STREAMING = {"konductorConfig": {"streaming": {"enabled": True, "recordSeparator": "\0", "lineFeed": "\n"}}}
ECID_ITEM = {"id": "STRING_TYPE", "authenticatedState": "ambiguous", "primary": False}


def own(golden: dict[str, Any]) -> dict[str, Any]:
    """What an app must say for the SDK to send the golden's event: without what Edge adds."""
    xdm = golden["events"][0]["xdm"]
    return {key: value for key, value in xdm.items() if key not in ("_id", "timestamp")}


def sent_by(model: PhoneModel, data: dict[str, Any]) -> dict[str, Any]:
    """The body of the request by which the phone tells Edge of an event with this data."""
    desk = Desk(a_phone(model))
    desk.feed(T0, Called(data))
    return json.loads(desk.last.body)


def crossed(golden: Path, model: PhoneModel) -> dict[str, Any]:
    """The body of the request after the app's monitor reported an entry into the POI of Adobe's own test."""
    desk = Desk(a_phone(model))
    effects = desk.feed(T0, Foregrounded())
    (asked,) = [one.request for one in effects if hasattr(one, "request") and one.request.channel == "places"]
    answer = (golden / "places/onePoiUserWithinOneNearby.json").read_bytes()
    desk.feed(T0 + 50, Replied(asked.id, Reply(200, answer)))
    desk.drain(T0 + 60)
    desk.feed(T0 + 100, RegionReported("entry", "1234"))
    return json.loads(desk.last.body)


def android(body: dict[str, Any]) -> dict[str, Any]:
    """The same request under Android's name."""
    details = body["xdm"]["implementationDetails"] | {"name": "https://ns.adobe.com/experience/mobilesdk/android"}
    return body | {"xdm": body["xdm"] | {"implementationDetails": details}}


def interact(events: list[object], state: list[object] | None = None) -> dict[str, Any]:
    """The reference's frame of an Android request."""
    return {
        "meta": STREAMING | ({"state": {"entries": state}} if state else {}),
        "xdm": {
            "identityMap": {"ECID": [ECID_ITEM]},
            "implementationDetails": {
                "name": "https://ns.adobe.com/experience/mobilesdk/android",
                "version": "CORE_VERSION+EDGE_VERSION",
                "environment": "app",
            },
        },
        "events": events,
    }


GIVEN_BY_EDGE = {"_id": "STRING_TYPE", "timestamp": "STRING_TYPE"}


@behaviour(
    "1.3",
    "A first interact request has konductorConfig, identityMap, implementationDetails and one event, nothing else.",
    IosJson.interact,
    AndroidJson.interact,
)
@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("ios_interact_xdm.json", IPHONE),
        ("android_interact_xdm.json", PIXEL),  # the same shape under another name
    ],
)
def test_the_first_request(golden: Path, name, model) -> None:
    expected = json.loads((golden / "requests" / name).read_text())
    expect(sent_by(model, {"xdm": own(expected)}), expected)


@behaviour("1.3", "A datasetId beside the xdm becomes events[].meta.collect.datasetId.", request_data.experience_event)
def test_an_event_with_a_dataset(golden: Path) -> None:
    expected = json.loads((golden / "requests/ios_interact_schema_dataset.json").read_text())
    expect(sent_by(IPHONE, {"xdm": own(expected), "datasetId": " abc123def "}), expected)


@behaviour(
    "1.3",
    "iOS replaces an event's meta by the dataset, Android merges the dataset into it.",
    request_data.experience_event,
)
@pytest.mark.parametrize(
    ("model", "meta"),
    [
        (IPHONE, {"collect": {"datasetId": "abc123def"}}),
        (PIXEL, {"own": 1, "collect": {"kept": True, "datasetId": "abc123def"}}),
    ],
)
def test_a_dataset_and_a_meta_of_the_events_own(model, meta) -> None:
    body = sent_by(
        model,
        {
            "xdm": {"eventType": "a.b"},
            "meta": {"own": 1, "collect": {"kept": True, "datasetId": "old"}},
            "datasetId": "abc123def",
        },
    )
    expect(body["events"], [{"xdm": GIVEN_BY_EDGE | {"eventType": "a.b"}, "meta": meta}])


@behaviour("4.4", "A location.entry on the wire has poiID, name and metadata.list of the POI, and no position.", Phone)
def test_a_location_entry_on_ios(golden: Path) -> None:
    expect(crossed(golden, IPHONE), json.loads((golden / "requests/composed_ios_location_entry.json").read_text()))


@behaviour("4.4", "A location.entry on Android is the one of iOS under Android's implementationDetails.", Phone)
def test_a_location_entry_on_android(golden: Path) -> None:
    body = crossed(golden, PIXEL)
    detail = {"poiID": "1234", "name": "myplace", "metadata": {"list": [{"key": "key1", "value": "value1"}]}}
    event = {"eventType": "location.entry", "placeContext": {"POIinteraction": {"poiDetail": detail}}}
    expect(body, interact([{"xdm": GIVEN_BY_EDGE | event}]))
    expect(body, android(json.loads((golden / "requests/composed_ios_location_entry.json").read_text())))


@behaviour("2.2", "Unexpired state:store entries come back in meta.state.entries with their original maxAge.", Edge)
@pytest.mark.parametrize("model", [IPHONE, PIXEL], ids=["ios", "android"])
def test_the_second_request_brings_the_state_back(golden: Path, model) -> None:
    expected = json.loads((golden / "requests/ios_interact_with_state.json").read_text())
    desk = Desk(a_phone(model))
    desk.feed(T0, calls("", testString="one"))
    desk.feed(T0, calls("", testString="two"))

    desk.answer(T0 + 80, ok((golden / "responses/state_store.txt").read_bytes()))

    # the entry with maxAge 0 is none
    expect(json.loads(desk.last.body), expected if model is IPHONE else android(expected))


def test_the_state_that_android_brings_back_as_the_reference_writes_it() -> None:
    desk = Desk(a_phone(PIXEL))
    desk.feed(T0, calls("a.b"))
    desk.answer(
        T0 + 80,
        ok(b'\0{"handle":[{"type":"state:store","payload":[{"key":"k","value":"a/b","maxAge":34128000}]}]}\n'),
    )
    desk.feed(T0 + 90, calls("a.b"))
    events = [{"xdm": GIVEN_BY_EDGE | {"eventType": "a.b"}}]
    expect(json.loads(desk.last.body), interact(events, [{"key": "k", "value": "a/b", "maxAge": 34_128_000}]))


@behaviour(
    "1.5",
    "A set-consent request has meta.konductorConfig, query, identityMap and consent; no xdm, no events, no state.",
    consent.update_body,
)
@pytest.mark.parametrize("model", [IPHONE, PIXEL], ids=["ios", "android"])
def test_set_consent(golden: Path, model) -> None:
    desk = Desk(a_phone(model))
    desk.feed(T0, calls())
    desk.answer(T0 + 10, ok((golden / "responses/state_store.txt").read_bytes()))  # there is state by now

    desk.feed(T0 + 20, Consented("y"))

    expect(json.loads(desk.last.body), json.loads((golden / "requests/ios_set_consent_y.json").read_text()))


def test_set_consent_on_android_as_the_reference_writes_it() -> None:
    desk = Desk(a_phone(PIXEL))
    desk.feed(T0, Consented("n"))
    assert json.loads(desk.last.body) == {
        "meta": STREAMING,
        "query": {"consent": {"operation": "update"}},
        "identityMap": {
            "ECID": [
                {
                    "id": "12345678901234567894611686018427387905",
                    "authenticatedState": "ambiguous",
                    "primary": False,
                }
            ]
        },
        "consent": [
            {
                "standard": "Adobe",
                "version": "2.0",
                "value": {"collect": {"val": "n"}, "metadata": {"time": "2023-11-14T22:13:21.000Z"}},
            }
        ],
    }


@behaviour("7.2", "ECID, advertising id and the app's own namespaces stand beside each other in identityMap.", Identity)
def test_identities_of_all_three_kinds(golden: Path) -> None:
    expected = json.loads((golden / "events/ios_identity_map_ecid_idfa_custom.json").read_text())
    desk = Desk(a_phone(IPHONE, config=NO_CONSENT_EXTENSION))
    desk.feed(T0, AdvertisingIdSet("test-ad-id"))
    desk.feed(T0, Identified("custom", "identifier"))
    desk.feed(T0, calls())

    identities = json.loads(desk.last.body)["xdm"]["identityMap"]

    expect(identities, expected["identityMap"])
    assert list(identities) == ["ECID", "IDFA", "custom"]


@behaviour(
    "1.3", "iOS sends pretty-printed JSON as Swift writes it, Android compact JSON; / is escaped.", IosJson, AndroidJson
)
@pytest.mark.parametrize(
    ("model", "beginning"),
    [
        (IPHONE, b'{\n  "meta" : {\n    "konductorConfig" : {\n      "streaming" : {\n        "enabled" : true,\n'),
        (PIXEL, b'{"meta":{"konductorConfig":{"streaming":{"enabled":true,'),
    ],
)
def test_the_bytes_of_both_platforms(model, beginning) -> None:
    desk = Desk(a_phone(model))
    for n, signal in enumerate((calls(url="https://example.com/a"), Consented("y"))):  # both kinds of request
        desk.feed(n, signal)
        assert desk.last.body.startswith(beginning)
        assert desk.last.body.count(b"/") == desk.last.body.count(b"\\/")
        desk.answer(n)


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


# What the golden answers change


@behaviour(
    "2.2",
    "A location hint stands between base and path until its ttlSeconds are over, counted from the answer.",
    Edge.answered,
    sdk.edge_target,
)
def test_the_location_hint_is_a_path_prefix_until_its_ttl(golden: Path) -> None:
    desk = Desk(a_phone())
    desk.feed(T0, calls())
    assert desk.last.target.startswith("/ee/v1/interact?")
    desk.answer(T0 + 80, ok((golden / "responses/location_hint.txt").read_bytes()))

    for at_ms, prefix in (
        (T0 + 80, "/ee/or2/v1/interact?configId=stream-1&requestId="),
        (T0 + 80 + 1_800_000 - 1, "/ee/or2/v1/interact?"),  # 1800 s from the answer on, to the millisecond
        (T0 + 80 + 1_800_000, "/ee/v1/interact?"),
    ):
        desk.feed(at_ms, calls())
        assert desk.last.target.startswith(prefix)
        desk.answer(at_ms)


@behaviour("2.4", "After a 503 the hit is kept and sent again after 5 s, before all others.", Edge.answered)
def test_a_503_keeps_the_hit_for_5_s(golden: Path) -> None:
    body = (golden / "responses/android_503_retry.txt").read_bytes()
    desk = Desk(a_phone(PIXEL))
    desk.feed(T0, calls("a.first"))
    desk.feed(T0, calls("a.second"))
    first = desk.last

    desk.answer(T0 + 100, Reply(503, body))
    desk.feed(T0 + 5_099, calls("a.third"))
    assert desk.names == ["a.first"]
    desk.feed(T0 + 5_100, calls("a.fourth"))

    again = desk.last
    assert again.event_ids == first.event_ids
    assert again.attempt == 2
    assert again.body == first.body  # the same _id and timestamp, for one
    assert first.id != again.id
    assert first.id in first.target
    assert again.id in again.target  # a new requestId, in the URL too
    desk.answer(T0 + 5_200, ok(body))  # then 200 with the same body
    assert desk.names == ["a.first", "a.first", "a.second"]


@behaviour("2.3", "Errors, warnings and unknown handles of an answer never cause a retry.", Edge.answered)
@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("multi_status_207.json", 207),
        ("fatal_422.json", 422),
        ("error_400_invalid_datastream.json", 400),
        ("warning.txt", 200),
        ("personalization_decisions.txt", 200),  # no Messaging extension: nobody cares for it
    ],
)
@pytest.mark.parametrize("model", [IPHONE, PIXEL], ids=["ios", "android"])
def test_other_golden_answers_change_nothing_but_the_queue(golden: Path, model, name, status) -> None:
    desk = Desk(a_phone(model))
    desk.feed(T0, calls("a.first"))
    desk.feed(T0, calls("a.second"))

    desk.answer(T0 + 80, Reply(status, (golden / "responses" / name).read_bytes()))

    assert desk.names == ["a.first", "a.second"]
    assert desk.last.target.startswith("/ee/v1/interact?")
    assert json.loads(desk.last.body)["meta"] == STREAMING


@behaviour("2.4", "The body of a recoverable status is not read.", Edge.answered)
def test_the_body_of_a_recoverable_status_is_not_read(golden: Path) -> None:
    desk = Desk(a_phone())
    desk.feed(T0, calls())
    desk.answer(T0 + 80, Reply(503, (golden / "responses/state_store.txt").read_bytes(), "1"))
    desk.feed(T0 + 1_080, calls())
    assert "state" not in json.loads(desk.last.body)["meta"]
