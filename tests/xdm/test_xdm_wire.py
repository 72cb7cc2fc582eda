"""The bytes of a request: against the bodies that Adobe's SDK tests assert."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from every_event import CAFE, EVERY, values_in
from hypothesis import given
from hypothesis import strategies as st

from footfall.world.pois import Poi
from footfall.xdm import build, wire

ECID = "12345678901234567890123456789012345678"
EVENT_ID = "8B3C7F5A-0000-4000-8000-000000000001"
AT_MS = 1_772_882_130_123  # 2026-03-07T11:15:30.123Z
IOS = wire.implementation_details("https://ns.adobe.com/experience/mobilesdk/ios", "5.11.0+5.0.3")
ANDROID = wire.implementation_details("https://ns.adobe.com/experience/mobilesdk/android", "3.7.0+3.0.1")
IDENTITIES = wire.identity_map([("ECID", (wire.IdentityItem(ECID),))])
NO_STATE = wire.meta(())


def disagreement(sent: Any, asserted: Any, at: str = "$") -> str:
    """Where a body differs from an asserted one, "" if nowhere. STRING_TYPE stands for any string, and
    CORE_VERSION+EDGE_VERSION for two versions; key sets, lengths and types must be the same."""
    if asserted == "STRING_TYPE":
        return "" if isinstance(sent, str) and sent else f"{at}: {sent!r} is no string"
    if asserted == "CORE_VERSION+EDGE_VERSION":
        versions = isinstance(sent, str) and re.fullmatch(r"\d+\.\d+\.\d+\+\d+\.\d+\.\d+", sent)
        return "" if versions else f"{at}: {sent!r} is no pair of versions"
    if type(sent) is not type(asserted):
        return f"{at}: {sent!r} for {asserted!r}"
    if isinstance(asserted, dict):
        if sent.keys() != asserted.keys():
            return f"{at}: keys {sorted(sent)} for {sorted(asserted)}"
        return next(filter(None, (disagreement(sent[key], asserted[key], f"{at}.{key}") for key in asserted)), "")
    if isinstance(asserted, list):
        if len(sent) != len(asserted):
            return f"{at}: {len(sent)} for {len(asserted)}"
        pairs = enumerate(zip(sent, asserted, strict=True))
        return next(filter(None, (disagreement(one, other, f"{at}[{i}]") for i, (one, other) in pairs)), "")
    return "" if sent == asserted else f"{at}: {sent!r} for {asserted!r}"


def body(xdm: bytes, details: bytes = IOS, state: bytes = NO_STATE) -> Any:
    """A request with one event, parsed."""
    return json.loads(wire.interact(state, IDENTITIES, details, [wire.event(EVENT_ID, AT_MS, xdm)]))


@pytest.mark.parametrize(
    ("name", "details"),
    [
        ("requests/ios_interact_xdm.json", IOS),
        ("requests/android_interact_xdm.json", ANDROID),
    ],
)
def test_the_frame_as_adobe_asserts_it(golden, name, details):
    asserted = golden(name)
    own = {key: value for key, value in asserted["events"][0]["xdm"].items() if key not in ("_id", "timestamp")}
    assert not disagreement(body(json.dumps(own).encode(), details), asserted)


def test_a_location_entry_as_adobe_asserts_it(golden):
    poi = Poi("1234", "myplace", -111.8, 40.4, 100, "lib", 500, "", (("key1", "value1"),))
    asserted = golden("requests/composed_ios_location_entry.json")
    assert not disagreement(body(build.location("entry", poi).body), asserted)


def test_state_comes_back_with_its_original_max_age(golden):
    state = wire.meta(
        [
            wire.StateEntry("kndctr_testOrg_AdobeOrg_identity", "hashed_value", 34_128_000),
            wire.StateEntry("kndctr_testOrg_AdobeOrg_consent_check", "1", 7_200),
        ]
    )
    asserted = golden("requests/ios_interact_with_state.json")
    assert not disagreement(body(b'{"testString":"any"}', IOS, state), asserted)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (lambda sent: sent["meta"].pop("konductorConfig"), "$.meta: keys"),
        (lambda sent: sent["meta"].update(state={"entries": []}), "$.meta: keys"),  # absent on a first call
        (lambda sent: sent["xdm"]["identityMap"]["ECID"][0].update(primary="false"), "primary: 'false' for False"),
        (lambda sent: sent["xdm"]["implementationDetails"].update(version="5.11.0"), "no pair of versions"),
        (lambda sent: sent["events"][0]["xdm"].pop("_id"), "$.events[0].xdm: keys"),
        (lambda sent: sent["events"][0]["xdm"].update(timestamp=1), "1 is no string"),
        (lambda sent: sent["events"].append({}), "$.events: 2 for 1"),
    ],
)
def test_a_wrong_frame_is_convicted(golden, fault, told):
    poi = Poi("1234", "myplace", -111.8, 40.4, 100, "lib", 500, "", (("key1", "value1"),))
    sent = body(build.location("entry", poi).body)
    fault(sent)
    assert told in disagreement(sent, golden("requests/composed_ios_location_entry.json"))


# The bytes themselves


def test_a_literal_request():
    state = wire.meta([wire.StateEntry("kndctr_cluster", "or2", 1_800)])
    identities = wire.identity_map(
        [
            ("ECID", (wire.IdentityItem(ECID),)),
            ("Email", (wire.IdentityItem("aino.virtanen.000001@example.com", authenticated_state="authenticated"),)),
        ]
    )
    events = [wire.event(EVENT_ID, AT_MS, build.close(22).body)]
    assert wire.interact(state, identities, IOS, events).decode() == (
        '{"meta":{"konductorConfig":{"streaming":{"enabled":true,"recordSeparator":"\\u0000","lineFeed":"\\n"}},'
        '"state":{"entries":[{"key":"kndctr_cluster","value":"or2","maxAge":1800}]}},'
        '"xdm":{"identityMap":{'
        f'"ECID":[{{"id":"{ECID}","authenticatedState":"ambiguous","primary":false}}],'
        '"Email":[{"id":"aino.virtanen.000001@example.com","authenticatedState":"authenticated","primary":false}]},'
        '"implementationDetails":{"name":"https://ns.adobe.com/experience/mobilesdk/ios","version":"5.11.0+5.0.3",'
        '"environment":"app"}},'
        '"events":[{"xdm":{"_id":"8B3C7F5A-0000-4000-8000-000000000001","timestamp":"2026-03-07T11:15:30.123Z",'
        '"eventType":"application.close","application":{"isClose":true,"closeType":"close","sessionLength":22}}}]}'
    )


def test_without_state_there_is_no_member_state():
    assert json.loads(NO_STATE + b"}") == {
        "meta": {"konductorConfig": {"streaming": {"enabled": True, "recordSeparator": "\0", "lineFeed": "\n"}}}
    }


@pytest.mark.parametrize("count", [0, 1, 3])
def test_any_number_of_events(count):
    events = [wire.event(f"id-{i}", AT_MS + i, build.location("entry", CAFE).body) for i in range(count)]
    parsed = json.loads(wire.interact(NO_STATE, IDENTITIES, IOS, events))
    assert [event["xdm"]["_id"] for event in parsed["events"]] == [f"id-{i}" for i in range(count)]


def test_an_event_with_nothing_of_its_own_is_still_json():
    assert json.loads(wire.event(EVENT_ID, AT_MS, b"{}")) == {
        "xdm": {"_id": EVENT_ID, "timestamp": "2026-03-07T11:15:30.123Z"}
    }


@pytest.mark.parametrize("event", EVERY.values(), ids=EVERY)
def test_splicing_changes_nothing_in_the_event(event):
    spliced = json.loads(wire.event(EVENT_ID, AT_MS, event.body))["xdm"]
    assert spliced == json.loads(event.body) | {"_id": EVENT_ID, "timestamp": "2026-03-07T11:15:30.123Z"}
    assert None not in list(values_in(spliced))


@given(key=st.text(), value=st.text(), max_age=st.integers(0, 2**31))
def test_state_comes_back_as_it_was_whatever_is_in_it(key, value, max_age):
    parsed = json.loads(wire.meta([wire.StateEntry(key, value, max_age)]) + b"}")
    assert parsed["meta"]["state"]["entries"] == [{"key": key, "value": value, "maxAge": max_age}]


# Times


@pytest.mark.parametrize(
    ("epoch_ms", "expected"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (AT_MS, "2026-03-07T11:15:30.123Z"),
        (1_483_889_568_301, "2017-01-08T15:32:48.301Z"),  # the time in Adobe's lifecycle test
        (1_772_882_130_007, "2026-03-07T11:15:30.007Z"),  # always three digits
        (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),  # the last moment of a leap day
        (1_774_746_000_000, "2026-03-29T01:00:00.000Z"),  # when Helsinki's clocks change: UTC knows nothing of it
    ],
)
def test_timestamps(epoch_ms, expected):
    assert wire.timestamp(epoch_ms) == expected


@given(epoch_ms=st.integers(0, 253_402_300_799_999))
def test_a_timestamp_is_read_back_to_the_millisecond(epoch_ms):
    written = wire.timestamp(epoch_ms)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", written)
    read = datetime.strptime(written, "%Y-%m-%dT%H:%M:%S.%f%z")
    assert (read - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000 == pytest.approx(epoch_ms, abs=0.01)


@given(times=st.lists(st.integers(0, 4_102_444_800_000), min_size=2, max_size=10))
def test_timestamps_sort_as_times_do(times):
    assert [wire.timestamp(at) for at in sorted(times)] == sorted(wire.timestamp(at) for at in times)
