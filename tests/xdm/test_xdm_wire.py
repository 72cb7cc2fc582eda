"""The bytes of a request as either platform writes them: against the bodies that Adobe's SDK tests assert."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from every_event import CAFE, EVERY, values_in
from hypothesis import given
from hypothesis import strategies as st

from footfall.world.pois import Poi
from footfall.xdm import wire
from footfall.xdm.events import ExperienceEvent
from footfall.xdm.lifecycle import close
from footfall.xdm.places import location
from footfall.xdm.wire import JSON, IdentityItem, StateEntry

ECID = "12345678901234567890123456789012345678"
EVENT_ID = "8B3C7F5A-0000-4000-8000-000000000001"
AT_MS = 1_772_882_130_123  # 2026-03-07T11:15:30.123Z
VERSION = {"ios": "5.11.0+5.0.3", "android": "3.8.0+3.0.2"}
BOTH = pytest.mark.parametrize("platform", ["ios", "android"])
PLACE = Poi("1234", "myplace", -111.8, 40.4, 100, "lib", 500, "", (("key1", "value1"),))


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


def event_of(xdm: dict[str, Any], beside: dict[str, Any] | None = None, timestamp: str = "") -> ExperienceEvent:
    beside_bytes = msgspec.json.encode(beside) if beside else b""
    return ExperienceEvent("", msgspec.json.encode(xdm), beside=beside_bytes, timestamp=timestamp)


def text(platform: str, *events: ExperienceEvent, state: tuple[StateEntry, ...] = (), **meta: Any) -> bytes:
    """A request with these events."""
    write = JSON[platform]
    return write.interact(
        write.meta(state, **meta),
        write.identities({"ECID": (IdentityItem(ECID),)}),
        write.details(f"https://ns.adobe.com/experience/mobilesdk/{platform}", VERSION[platform]),
        [write.event(EVENT_ID, AT_MS, event) for event in events],
    )


def body(platform: str, *events: ExperienceEvent, state: tuple[StateEntry, ...] = (), **meta: Any) -> Any:
    """The same, parsed."""
    return json.loads(text(platform, *events, state=state, **meta))


@pytest.mark.parametrize(
    ("name", "platform"),
    [("requests/ios_interact_xdm.json", "ios"), ("requests/android_interact_xdm.json", "android")],
)
def test_the_frame_as_adobe_asserts_it(golden, name, platform):
    asserted = golden(name)
    own = {key: value for key, value in asserted["events"][0]["xdm"].items() if key not in ("_id", "timestamp")}
    assert not disagreement(body(platform, event_of(own)), asserted)


def test_a_location_entry_as_adobe_asserts_it(golden):
    asserted = golden("requests/composed_ios_location_entry.json")
    assert not disagreement(body("ios", location("entry", PLACE)), asserted)


def test_state_comes_back_with_its_original_max_age(golden):
    state = (
        StateEntry("kndctr_testOrg_AdobeOrg_identity", "hashed_value", 34_128_000),
        StateEntry("kndctr_testOrg_AdobeOrg_consent_check", "1", 7_200),
    )
    asserted = golden("requests/ios_interact_with_state.json")
    assert not disagreement(body("ios", event_of({"testString": "any"}), state=state), asserted)


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
    sent = body("ios", location("entry", PLACE))
    fault(sent)
    assert told in disagreement(sent, golden("requests/composed_ios_location_entry.json"))


# The bytes themselves

STATE = (StateEntry("kndctr_cluster", "or/2", 1_800),)


def test_a_literal_request_of_android():
    assert text("android", close(22), state=STATE).decode() == (
        '{"meta":{"konductorConfig":{"streaming":{"enabled":true,"recordSeparator":"\\u0000","lineFeed":"\\n"}},'
        '"state":{"entries":[{"key":"kndctr_cluster","value":"or\\/2","maxAge":1800}]}},'
        '"xdm":{"identityMap":{'
        f'"ECID":[{{"id":"{ECID}","authenticatedState":"ambiguous","primary":false}}]}},'
        '"implementationDetails":{"name":"https:\\/\\/ns.adobe.com\\/experience\\/mobilesdk\\/android",'
        '"version":"3.8.0+3.0.2","environment":"app"}},'
        '"events":[{"xdm":{"_id":"8B3C7F5A-0000-4000-8000-000000000001","timestamp":"2026-03-07T11:15:30.123Z",'
        '"eventType":"application.close","application":{"isClose":true,"closeType":"close","sessionLength":22}}}]}'
    )


IOS_LITERAL = r"""{
  "meta" : {
    "konductorConfig" : {
      "streaming" : {
        "enabled" : true,
        "recordSeparator" : "\u0000",
        "lineFeed" : "\n"
      }
    },
    "state" : {
      "entries" : [
        {
          "key" : "kndctr_cluster",
          "value" : "or\/2",
          "maxAge" : 1800
        }
      ]
    }
  },
  "xdm" : {
    "identityMap" : {
      "ECID" : [
        {
          "id" : "12345678901234567890123456789012345678",
          "authenticatedState" : "ambiguous",
          "primary" : false
        }
      ]
    },
    "implementationDetails" : {
      "name" : "https:\/\/ns.adobe.com\/experience\/mobilesdk\/ios",
      "version" : "5.11.0+5.0.3",
      "environment" : "app"
    }
  },
  "events" : [
    {
      "xdm" : {
        "_id" : "8B3C7F5A-0000-4000-8000-000000000001",
        "timestamp" : "2026-03-07T11:15:30.123Z",
        "eventType" : "application.close",
        "application" : {
          "isClose" : true,
          "closeType" : "close",
          "sessionLength" : 22
        }
      }
    },
    {
      "xdm" : {
        "_id" : "8B3C7F5A-0000-4000-8000-000000000001",
        "timestamp" : "2026-03-07T11:15:30.123Z"
      },
      "data" : {
        "a" : [

        ]
      }
    }
  ]
}"""


def test_a_literal_request_of_ios():
    assert text("ios", close(22), event_of({}, {"data": {"a": []}}), state=STATE).decode() == IOS_LITERAL


def test_set_consent_literally():
    value = {"collect": {"val": "y"}, "metadata": {"time": "2026-03-07T11:15:30.123Z"}}
    expected = (
        '{"meta":{"konductorConfig":{"streaming":{"enabled":true,"recordSeparator":"\\u0000","lineFeed":"\\n"}}},'
        '"query":{"consent":{"operation":"update"}},'
        '"identityMap":{"custom":[{"id":"a\\/b","authenticatedState":"loggedOut","primary":true}]},'
        '"consent":[{"standard":"Adobe","version":"2.0",'
        '"value":{"collect":{"val":"y"},"metadata":{"time":"2026-03-07T11:15:30.123Z"}}}]}'
    )
    items = {"custom": (IdentityItem("a/b", "loggedOut", primary=True),)}
    assert JSON["android"].consent(items, value).decode() == expected
    assert json.loads(JSON["ios"].consent(items, value)) == json.loads(expected)
    assert JSON["ios"].consent(items, value).startswith(b'{\n  "meta" : {\n    "konductorConfig" : {\n')


# what is overridden -> the keys of meta beside konductorConfig
METAS = [
    ({}, {}),
    ({"state": STATE}, {"state": {"entries": [{"key": "kndctr_cluster", "value": "or/2", "maxAge": 1_800}]}}),
    ({"original": "stream-1"}, {"sdkConfig": {"datastream": {"original": "stream-1"}}}),
    ({"overrides": b'{"a/b":{"c":[]}}'}, {"configOverrides": {"a/b": {"c": []}}}),
    (
        {"original": "s/1", "overrides": b'{"a":1}'},
        {"sdkConfig": {"datastream": {"original": "s/1"}}, "configOverrides": {"a": 1}},
    ),
]


@BOTH
@pytest.mark.parametrize(("given", "beside"), METAS)
def test_meta_has_only_what_there_is(platform, given, beside):
    streaming = {"streaming": {"enabled": True, "recordSeparator": "\0", "lineFeed": "\n"}}
    assert body(platform, close(1), **given)["meta"] == {"konductorConfig": streaming} | beside


@BOTH
@pytest.mark.parametrize("count", [0, 1, 3])
def test_any_number_of_events(platform, count):
    write = JSON[platform]
    events = [write.event(f"id-{i}", AT_MS + i, location("entry", CAFE)) for i in range(count)]
    parsed = json.loads(write.interact(write.meta(()), b"{}", b"{}", events))
    assert [event["xdm"]["_id"] for event in parsed["events"]] == [f"id-{i}" for i in range(count)]


NO_DATA = {"_id": EVENT_ID, "timestamp": "2026-03-07T11:15:30.123Z"}


@BOTH
@pytest.mark.parametrize("beside", [None, {"data": {}}, {"data": {"a": "b/c"}, "query": {"x": [1]}}])
@pytest.mark.parametrize("xdm", [{}, {"a": "b/c"}])
def test_what_stands_beside_the_xdm(platform, xdm, beside):
    assert body(platform, event_of(xdm, beside))["events"] == [{"xdm": NO_DATA | xdm} | (beside or {})]


@BOTH
@given(timestamp=st.text(min_size=1))
def test_an_events_own_timestamp_is_kept_whatever_it_says(platform, timestamp):
    (event,) = body(platform, event_of({}, timestamp=timestamp))["events"]
    assert event == {"xdm": {"_id": EVENT_ID, "timestamp": timestamp}}


@BOTH
@pytest.mark.parametrize("event", EVERY.values(), ids=EVERY)
def test_splicing_changes_nothing_in_the_event(platform, event):
    (spliced,) = body(platform, event)["events"]
    beside = json.loads(event.beside) if event.beside else {}
    if event.stamped and platform == "android":  # Android's Places event has its time besides, in whole seconds
        beside["timestamp"] = AT_MS // 1000
    assert spliced == {"xdm": json.loads(event.body) | NO_DATA} | beside
    assert None not in list(values_in(spliced["xdm"]))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
KEYS = st.text(max_size=5).filter(lambda key: key not in ("_id", "timestamp", "xdm"))
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=3)


@BOTH
@given(xdm=OBJECTS, beside=OBJECTS)
def test_any_json_is_read_back_as_it_was_and_every_slash_is_escaped(platform, xdm, beside):
    written = text(platform, event_of(xdm, beside))
    compact = json.loads(json.dumps({"xdm": NO_DATA | xdm} | beside))
    assert json.loads(written)["events"] == [compact]
    assert written.count(b"/") == written.count(b"\\/")
    assert (b"\n" in written) is (platform == "ios")  # Android has no white space, iOS much


@BOTH
@given(key=st.text(), value=st.text(), max_age=st.integers(0, 2**31))
def test_state_comes_back_as_it_was_whatever_is_in_it(platform, key, value, max_age):
    parsed = body(platform, close(1), state=(StateEntry(key, value, max_age),))
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
