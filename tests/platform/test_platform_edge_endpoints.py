"""Edge's other endpoints: version 2, collect, identities, personalization, media, tokens, browsers."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import msgspec
import pytest
from edge_calls import (
    ECID,
    KEY,
    NOW_MS,
    OTHER_ECID,
    STREAMING,
    ask,
    device,
    payloads,
    record,
    state,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from footfall.platform import edge
from footfall.platform.config import LOCAL_ORG, Datastream, Offer, OfferedProposition
from footfall.platform.edge_state import identity_entry, minted_ecid, remembered_ecid
from footfall.platform.messages import Request

EVENT: dict[str, Any] = {"xdm": {"eventType": "location.entry", "identityMap": device()}}
STRANGER: dict[str, Any] = {"xdm": {"eventType": "location.entry"}}
PAGE: dict[str, Any] = {"xdm": {"identityMap": {"FPID": [{"id": "f-1", "primary": "true"}]}}}


def stored_map(outcome: Any, index: int = 0) -> Any:
    return json.loads(outcome.stored[index].body)["xdm"].get("identityMap")


# ---- version 2


def test_version_2_answers_a_single_event_plainly_with_every_known_scope() -> None:
    outcome = ask("or2/v2/interact", {"event": EVENT}, query="datastreamId=local&requestId=R-1")

    assert outcome.response.status == 200
    assert record(outcome)["requestId"].startswith("R-1-")
    assert re.fullmatch(r"R-1-[0-9a-f]{16}", record(outcome)["requestId"])
    assert payloads(outcome, "locationHint:result") == [
        [
            {"scope": "Target", "hint": "35", "ttlSeconds": 1800},
            {"scope": "AAM", "hint": "9", "ttlSeconds": 1800},
            {"scope": "EdgeNetwork", "hint": "or2", "ttlSeconds": 1800},
        ]
    ]
    assert state(outcome)["cluster"] == ("or2", 1800)
    assert outcome.stored[0].ecid == ECID


def test_a_hint_whose_other_scopes_no_document_shows_has_edges_own_only() -> None:
    ((scope,),) = payloads(ask("jpn3/v2/interact", {"event": EVENT}), "locationHint:result")
    assert (scope["scope"], scope["hint"]) == ("EdgeNetwork", "jpn3")


@pytest.mark.parametrize(
    ("endpoint", "body", "status"),
    [
        ("v2/interact", {"event": EVENT}, 200),
        ("v2/interact", {"events": [EVENT]}, 200),
        ("v1/interact", {"event": EVENT}, 400),  # version 1 knows the list only
        ("v2/interact", {"event": []}, 400),
        ("v2/interact", {"event": None}, 400),
        ("v2/collect", {"event": EVENT}, 400),
        ("v2/identity/acquire", {}, 404),
        ("v3/interact", {}, 404),
    ],
)
def test_the_frame_of_each_version(endpoint: str, body: object, status: int) -> None:
    assert ask(endpoint, body).response.status == status


# ---- collect


@pytest.mark.parametrize(
    ("endpoint", "query", "status", "has_body"),
    [
        ("v2/collect", "datastreamId=local", 202, True),
        ("v2/collect", "datastreamId=local&silent=false", 202, True),
        ("v2/collect", "datastreamId=local&silent=true", 204, False),
        ("v1/collect", "configId=local", 204, False),
    ],
)
def test_collect_answers_that_it_took_the_events(endpoint: str, query: str, status: int, has_body: bool) -> None:
    outcome = ask(endpoint, {"events": [EVENT, PAGE]}, query=query)
    assert (outcome.response.status, bool(outcome.response.body)) == (status, has_body)
    assert [event.arrived for event in outcome.stored] == ["collect", "collect"]
    if has_body:
        assert list(record(outcome)) == ["requestId"]


ONE_MARKED = {"Email": [{"id": "x@example.com", "primary": True}]}
# (events, what they share, authenticated) -> the index of the event that has no primary identity, or None
IDENTIFIED: list[tuple[list[dict[str, Any]], dict[str, Any], bool, int | None]] = [
    ([EVENT, PAGE], {}, False, None),
    ([EVENT, STRANGER], {}, False, 1),  # one event's ECID is not another's
    ([STRANGER], device(), False, None),  # shared by all
    ([{"data": {}}], {}, False, 0),
    ([{"xdm": {"identityMap": 5}}], {}, False, 0),
    ([{"xdm": {"identityMap": {"Email": []}}}], {}, False, 0),
    ([{"xdm": {"identityMap": {"Email": [{"id": "x@example.com"}]}}}], {}, False, None),
    ([EVENT], {}, True, 0),  # a server marks one primary
    ([{"xdm": {"identityMap": ONE_MARKED}}], {}, True, None),
    ([PAGE], {}, True, None),  # the documents' own spelling, "true"
]


@pytest.mark.parametrize(("events", "shared", "authenticated", "missing"), IDENTIFIED)
def test_collect_wants_an_identity_in_each_event(
    events: list[dict[str, Any]], shared: dict[str, Any], authenticated: bool, missing: int | None
) -> None:
    outcome = ask(
        "v2/collect",
        {"events": events, "xdm": {"identityMap": shared}},
        datastream=Datastream("local", authenticated=authenticated),
        authorization="Bearer t",
        x_gw_ims_org_id=LOCAL_ORG,
    )
    if missing is None:
        assert (outcome.response.status, len(outcome.stored)) == (202, len(events))
    else:
        problem = json.loads(outcome.response.body)
        assert (problem["status"], problem["type"][-8:]) == (400, "0306-400")
        assert problem["detail"] == f"There was no primary identity provided for event `#{missing}`."
        assert outcome.stored == ()


def test_collect_creates_no_ecid() -> None:
    outcome = ask("v2/collect", {"events": [PAGE]})
    assert stored_map(outcome) == PAGE["xdm"]["identityMap"]
    assert outcome.stored[0].ecid == ""


# ---- who the device is


def test_interact_gives_a_stranger_an_ecid_that_is_in_its_event_and_its_state() -> None:
    body = {"events": [PAGE, STRANGER], "query": {"identity": {"fetch": ["ECID"]}}}
    outcome = ask("v1/interact", body)

    ((told,),) = payloads(outcome, "identity:result")
    assert told["namespace"] == {"code": "ECID"}
    assert re.fullmatch(r"\d{38}", told["id"])
    assert [event.ecid for event in outcome.stored] == [told["id"]] * 2
    assert stored_map(outcome, 0)["ECID"][0]["primary"] is False  # the first-party id is primary
    assert stored_map(outcome, 1)["ECID"][0]["primary"] is True
    assert told["id"].encode() in base64.urlsafe_b64decode(state(outcome)["identity"][0])
    assert ask("v1/interact", body).stored == outcome.stored
    assert ask("v1/interact", body, now_ms=NOW_MS + 1).stored[0].ecid != told["id"]


def test_a_device_that_returns_its_state_is_who_it_was() -> None:
    first = ask("v1/identity/acquire", {"query": {"identity": {"fetch": ["ECID"]}}})
    ((told,),) = payloads(first, "identity:result")
    entries = [{"key": f"{KEY}_identity", "value": state(first)["identity"][0], "maxAge": 34128000}]
    brought = {"meta": {"state": {"entries": entries}}}

    later = ask("v1/interact", {**brought, "events": [STRANGER]})
    assert later.stored[0].ecid == told["id"]
    assert list(state(later)) == ["cluster"]
    assert ask("v1/collect", {**brought, "events": [STRANGER]}).stored[0].ecid == told["id"]
    assert payloads(ask("v1/identity/acquire", brought), "identity:result") == [[told]]
    # what the event itself says comes first
    assert ask("v2/interact", {**brought, "event": EVENT}).stored[0].ecid == ECID


def test_adobes_own_identity_value_is_read() -> None:
    """The value of a published answer: the ECID is the first field of a protocol buffer."""
    value = "CiY1MTkxMDM4OTc1MzkwMTY4NTQ1NjAxNDg4OTgzODU5MTAzMDcyMVIPCKKt8KnsMBgBKgRJUkwx8AGirfCp7DA="
    meta = {"state": {"entries": [{"key": f"{KEY}_identity", "value": value}]}}
    assert remembered_ecid(meta, LOCAL_ORG) == "51910389753901685456014889838591030721"


@given(ecid=st.text("0123456789", min_size=38, max_size=38))
def test_an_identity_entry_reads_back(ecid: str) -> None:
    meta = {"state": {"entries": [identity_entry(LOCAL_ORG, ecid)]}}
    assert remembered_ecid(meta, LOCAL_ORG) == ecid


@given(value=st.text() | st.integers() | st.none())
def test_a_garbled_identity_entry_is_nobodys(value: object) -> None:
    meta = {"state": {"entries": [{"key": f"{KEY}_identity", "value": value}, 5]}}
    assert remembered_ecid(meta, LOCAL_ORG) == ""


@given(seed=st.binary(min_size=16, max_size=16))
@example(seed=b"\x80" + b"\0" * 15)  # the one half whose absolute value is no Java long
def test_a_minted_ecid_is_two_java_longs(seed: bytes) -> None:
    ecid = minted_ecid(seed)
    assert re.fullmatch(r"[0-9]{38}", ecid)
    assert max(int(ecid[:19]), int(ecid[19:])) < 2**63


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"events": [EVENT], "query": {"identity": {"fetch": ["ECID"]}}}, True),
        ({"events": [{**EVENT, "query": {"identity": {"fetch": ["ECID", "CORE"]}}}]}, True),
        ({"events": [EVENT], "query": {"identity": {"fetch": ["CORE"]}}}, False),
        ({"events": [{**EVENT, "query": 5}]}, False),
        ({"events": [EVENT]}, False),
    ],
)
def test_the_ecid_is_told_to_whom_asks(body: dict[str, Any], told: bool) -> None:
    expected = [[{"id": ECID, "namespace": {"code": "ECID"}}]] if told else []
    assert payloads(ask("v1/interact", body), "identity:result") == expected


# ---- personalization and audiences

SCHEMA_OF = "https://ns.adobe.com/personalization/{}-item".format
OFFERS = Datastream(
    "local",
    segments=("s-1", "s-2"),
    propositions=(
        OfferedProposition(
            "p-1",
            "mobileapp://com.example.shop/home",
            (Offer("i-1", "json-content-item", msgspec.Raw(b'{"content":{"value":"#D41DBA"}}')),),
        ),
        OfferedProposition(
            "p-2", "__view__", (Offer("i-2", "html-content-item", msgspec.Raw(b'{"content":"<b>"}')),), activity="a-2"
        ),
        OfferedProposition("p-3", "aGk=", (Offer("i-3", "json-content-item", msgspec.Raw(b"{}")),)),
    ),
)


def of_type(kind: str, **personalization: object) -> dict[str, Any]:
    query = {"query": {"personalization": personalization}} if personalization else {}
    return {"xdm": {"eventType": kind, "identityMap": device()}, **query}


# an event -> the propositions that it is answered with; None where it does not ask
ASKED: list[tuple[dict[str, Any], list[str] | None]] = [
    (of_type("personalization.request", surfaces=["mobileapp://com.example.shop/home"]), ["p-1"]),
    (of_type("decisioning.propositionFetch", decisionScopes=["aGk=", "__view__"]), ["p-2", "p-3"]),
    (of_type("web.webpagedetails.pageViews", decisionScopes=["__view__"]), ["p-2"]),  # any event may ask
    (of_type("personalization.request"), ["p-2"]),  # for its whole view, where it names nothing
    (of_type("personalization.request", surfaces=["mobileapp://com.example.shop/basket"]), []),
    (of_type("x", decisionScopes=["__view__"], schemas=[SCHEMA_OF("json-content")]), []),  # cannot show HTML
    (of_type("x", decisionScopes=["__view__"], schemas=[SCHEMA_OF("html-content")]), ["p-2"]),
    (of_type("x", decisionScopes="aGk=", surfaces=[5]), []),
    (of_type("location.entry"), None),
    ({**EVENT, "query": {"personalization": 5}}, None),
]


@pytest.mark.parametrize(("event", "ids"), ASKED)
def test_propositions_are_those_of_the_scopes_asked_for(event: dict[str, Any], ids: list[str] | None) -> None:
    answered = payloads(ask("v1/interact", {"events": [event]}, datastream=OFFERS), "personalization:decisions")
    assert [[item["id"] for item in payload] for payload in answered] == ([] if ids is None else [ids])


def test_a_decision_says_which_event_it_answers() -> None:
    events = [of_type("location.entry"), of_type("x", surfaces=["mobileapp://com.example.shop/home"])]
    outcome = ask("v1/interact", {"events": events}, datastream=OFFERS)
    (handle,) = (one for one in record(outcome)["handle"] if one["type"] == "personalization:decisions")
    assert handle == {
        "type": "personalization:decisions",
        "eventIndex": 1,
        "payload": [
            {
                "id": "p-1",
                "scope": "mobileapp://com.example.shop/home",
                "scopeDetails": {"decisionProvider": "AJO", "correlationID": "p-1"},
                "items": [
                    {
                        "id": "i-1",
                        "schema": SCHEMA_OF("json-content"),
                        "data": {"content": {"value": "#D41DBA"}},
                    }
                ],
            }
        ],
    }


def test_a_server_asks_beside_its_event() -> None:
    body = {"event": EVENT, "query": {"personalization": {"decisionScopes": ["__view__"]}}}
    ((proposition,),) = payloads(ask("v2/interact", body, datastream=OFFERS), "personalization:decisions")
    assert proposition["scopeDetails"]["activity"] == {"id": "a-2"}


def test_audiences_are_handed_out_where_the_datastream_has_some() -> None:
    ((item,),) = payloads(ask("v1/interact", {"events": [EVENT]}, datastream=OFFERS), "activation:pull")
    assert item["segments"] == [{"id": "s-1", "namespace": "ups"}, {"id": "s-2", "namespace": "ups"}]
    assert (item["type"], item["alias"], len(item["destinationId"])) == ("profileLookup", "local", 36)
    assert payloads(ask("v1/interact", {"events": [EVENT]}), "activation:pull") == []


# ---- media


def test_a_media_session_begins_with_an_id_and_goes_on_in_silence() -> None:
    started = ask("va/v1/sessionStart", {"meta": STREAMING, "events": [EVENT]})
    ((session,),) = payloads(started, "media-analytics:new-session")

    assert re.fullmatch(r"[0-9a-f]{64}", session["sessionId"])
    assert started.response.body.startswith(b"\0")
    assert len(started.stored) == 1
    for event in ("play", "ping", "sessionComplete"):
        later = ask(f"irl1/va/v1/{event}", {"events": [EVENT]})
        assert (later.response.status, later.response.body, len(later.stored)) == (204, b"", 1)
    assert ask("va/v1/rewind", {"events": [EVENT]}).response.status == 404


# ---- tokens

TOKENS: list[tuple[dict[str, str], str]] = [
    ({}, "0500-401"),
    ({"authorization": "Basic abc"}, "0500-401"),
    ({"authorization": "Bearer "}, "0500-401"),
    ({"authorization": "Bearer expired", "x_gw_ims_org_id": LOCAL_ORG}, "0503-401"),
    ({"authorization": "Bearer t"}, "0501-401"),
    ({"authorization": "Bearer t", "x_gw_ims_org_id": "Other@AdobeOrg"}, "0501-401"),
    ({"authorization": "bearer t", "x_gw_ims_org_id": LOCAL_ORG}, ""),
]


@pytest.mark.parametrize(("headers", "code"), TOKENS)
def test_an_authenticated_datastream_wants_a_token_of_its_organisation(headers: dict[str, str], code: str) -> None:
    outcome = ask("v2/interact", {"event": EVENT}, datastream=Datastream("local", authenticated=True), **headers)
    if code:
        assert json.loads(outcome.response.body)["type"] == f"https://ns.adobe.com/aep/errors/EXEG-{code}"
        assert (outcome.response.status, outcome.stored) == (401, ())
    else:
        assert outcome.response.status == 200


# ---- browsers


def test_a_preflight_is_answered() -> None:
    outcome = ask(
        "v1/interact",
        b"",
        method="OPTIONS",
        origin="https://shop.example.com",
        access_control_request_headers="content-type",
    )
    assert (outcome.response.status, outcome.response.body) == (204, b"")
    assert dict(outcome.response.headers) == {
        "allow": "POST, OPTIONS",
        "access-control-allow-methods": "POST, OPTIONS",
        "access-control-allow-headers": "content-type",
        "access-control-max-age": "600",
        "access-control-allow-origin": "https://shop.example.com",
        "access-control-allow-credentials": "true",
        "vary": "Origin",
    }


@pytest.mark.parametrize(
    ("endpoint", "method", "status"),
    [
        ("v1/interact", "POST", 200),
        ("v1/interact", "GET", 405),
        ("v1/nothing", "POST", 404),
        ("v1/collect", "POST", 204),
    ],
)
def test_a_page_may_read_every_answer(endpoint: str, method: str, status: int) -> None:
    response = ask(endpoint, {"events": [EVENT]}, method=method, origin="http://localhost:3000").response
    assert response.status == status
    assert dict(response.headers)["access-control-allow-origin"] == "http://localhost:3000"


def test_no_page_no_header() -> None:
    headers = dict(ask("v1/interact", {"events": [EVENT]}).response.headers)
    assert not [name for name in headers if name.startswith("access-control")]
    strange = dict(ask("v1/interact", {"events": [EVENT]}, origin="a\r\nb").response.headers)
    assert "access-control-allow-origin" not in strange


def test_a_page_may_read_that_nothing_was_stored() -> None:
    request = Request("POST", "/ee/v2/collect", "requestId=R-1", {"origin": "https://shop.example.com"}, b"{}")
    response = edge.not_stored(request, NOW_MS)
    assert dict(response.headers)["access-control-allow-origin"] == "https://shop.example.com"
    assert json.loads(response.body)["report"]["requestId"].startswith("R-1-")


# ---- anything at all

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.sampled_from([ECID, OTHER_ECID]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ECID", "id", "primary", "identity", "fetch", "personalization", "surfaces", "entries"])
            | st.sampled_from(["collect", "val", "konductorConfig", "streaming", "enabled", "state", "key", "value"])
            | st.sampled_from(["xdm", "identityMap", "query", "eventType", "timestamp", "_id"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(
    endpoint=st.sampled_from(
        [
            "v1/interact",
            "v2/interact",
            "v1/collect",
            "v2/collect",
            "v1/identity/acquire",
            "v1/privacy/set-consent",
            "va/v1/sessionStart",
            "va/v1/play",
        ]
    ),
    body=st.dictionaries(
        st.sampled_from(["events", "event", "xdm", "meta", "query", "identityMap", "consent"]), anything, max_size=5
    )
    | st.fixed_dictionaries(
        {"events": st.lists(st.dictionaries(st.sampled_from(["xdm", "query", "data"]), anything), min_size=1)}
    ),
)
def test_no_json_brings_edge_down_and_what_is_refused_is_not_stored(endpoint: str, body: dict[str, Any]) -> None:
    outcome = ask(endpoint, body, datastream=OFFERS)
    assert outcome.response.status in (200, 202, 204, 400, 422)
    assert outcome == ask(endpoint, body, datastream=OFFERS)
    if outcome.response.status >= 400:
        assert (outcome.stored, outcome.consents) == ((), ())
