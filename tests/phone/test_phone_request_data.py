"""What Edge's request builder makes of the data that an app or a rule hands to it."""

from __future__ import annotations

from typing import Any

import pytest
from phone_words import Desk, a_phone, body_of
from sdk_behaviour import behaviour
from sdk_words import IPHONE, PIXEL, framed, location_hint, ok

from footfall.phone import sdk
from footfall.phone.edge import Edge
from footfall.phone.phone import Phone
from footfall.phone.request_data import experience_event
from footfall.phone.signals import Called, Consented, Request
from footfall.xdm.wire import Json

BOTH = pytest.mark.parametrize("model", [IPHONE, PIXEL], ids=["ios", "android"])
XDM = {"eventType": "a.b"}


def tell(desk: Desk, data: dict[str, Any], at_ms: int = 0) -> Request:
    desk.feed(at_ms, Called(data))
    return desk.last


def the_event(model, data: dict[str, Any]) -> dict[str, Any]:
    """The member of events[] that becomes of the data, without _id."""
    desk = Desk(a_phone(model))
    desk.feed(0, Called(data))
    (only,) = body_of(desk.last)["events"]
    assert only["xdm"].pop("_id") == desk.last.event_ids[0]
    return only


AT = "2023-11-14T22:13:20.000Z"


@behaviour(
    "1.3", "Every key of the event data but datasetId, config and request passes through unchanged.", experience_event
)
@BOTH
def test_other_keys_pass_through(model) -> None:
    data = {
        "xdm": XDM,
        "data": {"a": [1, 2.5, True, None, "x/y"]},
        "query": {"identity": {"fetch": ["ECID"]}},
        "triggeringregion": {"regionid": "1234"},  # keys that a rule copied along
        "regioneventtype": "entry",
        "config": {"datastreamIdOverride": "other"},
        "request": {"path": "/va/v1/play"},
        "datasetId": "d-1",
    }
    assert the_event(model, data) == {
        "xdm": {"eventType": "a.b", "timestamp": AT},
        "data": {"a": [1, 2.5, True, None, "x/y"]},
        "query": {"identity": {"fetch": ["ECID"]}},
        "triggeringregion": {"regionid": "1234"},
        "regioneventtype": "entry",
        "meta": {"collect": {"datasetId": "d-1"}},
    }


# xdm as the app gives it -> its _id and timestamp on the wire
GIVEN = [
    ({}, AT),
    ({"_id": "mine"}, AT),  # always overwritten
    ({"timestamp": "2020-01-02T03:04:05.006Z"}, "2020-01-02T03:04:05.006Z"),
    ({"timestamp": ""}, AT),  # empty is as missing
    ({"timestamp": 17}, AT),  # and so is what is no text
    ({"timestamp": 'no "time"/\n at all'}, 'no "time"/\n at all'),  # whatever the app says stays what it is
]


@behaviour("1.3", "_id is always the SDK's; timestamp only where the event has none or an empty one.", Json.event)
@BOTH
@pytest.mark.parametrize(("given", "timestamp"), GIVEN)
def test_id_and_timestamp(model, given, timestamp) -> None:
    event = the_event(model, {"xdm": XDM | given})
    assert event == {"xdm": {"eventType": "a.b", "timestamp": timestamp}}


@behaviour("1.3", "datasetId is trimmed; one of white space alone is left out.", experience_event)
@BOTH
@pytest.mark.parametrize(
    ("dataset", "meta"),
    [("  d-1 ", {"meta": {"collect": {"datasetId": "d-1"}}}), ("   ", {}), ("", {}), (None, {})],
)
def test_the_dataset(model, dataset, meta) -> None:
    assert the_event(model, {"xdm": XDM, "datasetId": dataset}) == {"xdm": XDM | {"timestamp": AT}} | meta


def test_an_event_without_type_is_an_event() -> None:
    desk = Desk(a_phone())
    assert tell(desk, {"xdm": {"a": 1}}).name == "(no eventType)"


@behaviour("1.3", "Edge.sendEvent with an empty xdm sends nothing, whatever data it has.", Phone)
@BOTH
@pytest.mark.parametrize(
    "data", [{"xdm": {}}, {"xdm": {}, "data": {"a": 1}}, {"xdm": {"_id": "x"}}, {"data": {"a": 1}}]
)
def test_an_empty_xdm_is_nothing(model, data) -> None:
    assert Desk(a_phone(model)).feed(0, Called(data)) == []


# what an app may hand over by mistake -> what becomes of it
ODD = [
    ({"config": "prod", "request": 1}, {}),
    ({"config": ["a"], "request": {"path": 7}}, {}),
    ({"datasetId": "d-1", "meta": "x"}, {"meta": {"collect": {"datasetId": "d-1"}}}),
    ({"datasetId": "d-1", "meta": {"collect": "x"}}, {"meta": {"collect": {"datasetId": "d-1"}}}),
    ({"datasetId": 17}, {"meta": {"collect": {"datasetId": "17"}}}),
]


@behaviour(
    "1.3", "Members of the event data that are no objects where objects belong count as absent.", experience_event
)
@BOTH
@pytest.mark.parametrize(("odd", "beside"), ODD)
def test_odd_data(model, odd, beside) -> None:
    assert the_event(model, {"xdm": XDM} | odd) == {"xdm": XDM | {"timestamp": AT}} | beside


@pytest.mark.parametrize("xdm", ["text", 1, ["a"], True])
def test_an_xdm_that_is_no_object_is_an_empty_one(xdm) -> None:
    assert Desk(a_phone()).feed(0, Called({"xdm": xdm, "data": {"a": 1}})) == []


def test_no_data_is_no_event() -> None:
    assert experience_event({}, "ios") is None
    assert Desk(a_phone()).feed(0, Called({})) == []


# Overrides


@behaviour(
    "1.3",
    "meta.sdkConfig stands only with a datastream override, meta.configOverrides only with a configuration override.",
    Edge.next_request,
)
@pytest.mark.parametrize(
    ("config", "datastream", "meta"),
    [
        ({}, "stream-1", {}),
        ({"datastreamIdOverride": "other"}, "other", {"sdkConfig": {"datastream": {"original": "stream-1"}}}),
        ({"datastreamIdOverride": " "}, "stream-1", {}),
        (
            {"datastreamConfigOverride": {"com_adobe_target": {"propertyToken": "t/1"}}},
            "stream-1",
            {"configOverrides": {"com_adobe_target": {"propertyToken": "t/1"}}},
        ),
        ({"datastreamConfigOverride": {}}, "stream-1", {}),
        (
            {
                "datastreamIdOverride": "other",
                "datastreamConfigOverride": {"com_adobe_analytics": {"reportSuites": ["a"]}},
            },
            "other",
            {
                "sdkConfig": {"datastream": {"original": "stream-1"}},
                "configOverrides": {"com_adobe_analytics": {"reportSuites": ["a"]}},
            },
        ),
    ],
)
def test_overrides_of_the_datastream(config, datastream, meta) -> None:
    desk = Desk(a_phone())
    request = tell(desk, {"xdm": XDM, "config": config})
    assert f"?configId={datastream}&" in request.target
    said = body_of(request)["meta"]
    assert said.pop("konductorConfig")
    assert said == meta
    desk.answer(10)
    plain = tell(desk, {"xdm": XDM}, 20)  # the next event goes where the app's events go
    assert "?configId=stream-1&" in plain.target
    assert list(body_of(plain)["meta"]) == ["konductorConfig"]


# request.path -> the path of the request
PATHS = [
    ("/va/v1/sessionStart", "/va/v1/sessionStart"),
    ("/a.b-c~d_E/9", "/a.b-c~d_E/9"),
    ("", "/v1/interact"),
    ("/", "/v1/interact"),  # at least one character more
    ("va/v1/play", "/v1/interact"),  # no slash at the beginning
    ("/va//v1", "/v1/interact"),  # two slashes
    ("/va/v1?x=1", "/v1/interact"),
    ("/va/v1 play", "/v1/interact"),
    ("/va/\r\nX: y", "/v1/interact"),
    ("/va/v1\n", "/v1/interact"),
    ("/käyttö", "/v1/interact"),
]


@behaviour(
    "1.1", "request.path takes the place of /v1/interact where it is well formed, else it is ignored.", experience_event
)
@pytest.mark.parametrize(("path", "used"), PATHS)
def test_a_path_of_the_events_own(path, used) -> None:
    request = tell(Desk(a_phone()), {"xdm": XDM, "request": {"path": path}})
    assert request.target.startswith(f"/ee{used}?configId=stream-1&requestId=")
    assert list(body_of(request)["meta"]) == ["konductorConfig"]


@behaviour("1.1", "The location hint stands before a path of the event's own, too.", sdk.edge_target)
def test_hint_and_path() -> None:
    desk = Desk(a_phone())
    tell(desk, {"xdm": XDM})
    desk.answer(10, ok(framed(location_hint("EdgeNetwork", "or2", 60))))
    assert tell(desk, {"xdm": XDM, "request": {"path": "/va/v1/play"}}, 20).target.startswith("/ee/or2/va/v1/play?")


@behaviour("1.1", "A path of an event's own is nothing to a consent request.", sdk.edge_target)
def test_consent_has_its_own_path() -> None:
    desk = Desk(a_phone())
    tell(desk, {"xdm": XDM, "request": {"path": "/va/v1/play"}})
    desk.answer(10)
    desk.feed(20, Consented("y"))
    assert desk.last.target.startswith("/ee/v1/privacy/set-consent?configId=stream-1&requestId=")
