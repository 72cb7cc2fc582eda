"""What a person says about their data, what Edge answers, and what it takes afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from edge_calls import ECID, OTHER_ECID, STREAMING, ask, device, payloads, record, state

from footfall.platform.config import LOCAL_ORG, Datastream
from footfall.platform.consents import Consents
from footfall.platform.messages import Collect, ConsentChange

EVENT: dict[str, Any] = {"xdm": {"eventType": "location.entry", "identityMap": device()}}
TIME = {"time": "2026-03-07T11:15:30.123Z"}


def adobe(value: object, version: str = "2.0") -> dict[str, Any]:
    return {"standard": "Adobe", "version": version, "value": value}


def says(*items: object, **members: Any) -> dict[str, Any]:
    return {
        "meta": STREAMING,
        "query": {"consent": {"operation": "update"}},
        "identityMap": device(),
        "consent": list(items),
        **members,
    }


def test_the_mobile_sdks_yes(shared: Path) -> None:
    body = json.loads((shared / "golden/requests/ios_set_consent_y.json").read_text().replace("STRING_TYPE", ECID))
    outcome = ask("v1/privacy/set-consent", body)

    assert outcome.response.status == 200
    assert (outcome.response.body[:1], outcome.response.body[-1:]) == (b"\0", b"\n")
    assert [handle["type"] for handle in record(outcome)["handle"]] == ["consent:preferences", "state:store"]
    assert payloads(outcome, "consent:preferences") == [[{"collect": {"val": "y"}, "metadata": {"time": ECID}}]]
    entries = state(outcome)
    assert list(entries) == ["identity", "cluster", "consent", "consent_check"]
    assert (entries["consent"], entries["consent_check"]) == (("general=in", 15552000), ("1", 7200))
    assert outcome.consents == (ConsentChange(LOCAL_ORG, ECID, "y"),)
    assert outcome.stored == ()


# what is said -> the change, what the answer repeats, the entry "consent"
SAID: list[tuple[dict[str, Any], Collect | None, list[Any], str | None]] = [
    (says(adobe({"collect": {"val": "n"}})), "n", [[{"collect": {"val": "n"}}]], "general=out"),
    (says(adobe({"collect": {"val": "p"}})), "p", [[{"collect": {"val": "p"}}]], None),
    # the advertising id alone says nothing about collecting
    (says(adobe({"adID": {"val": "n"}, "x": TIME})), None, [[{"adID": {"val": "n"}, "x": TIME}]], "general=in"),
    (says(adobe({"general": "out"}, "1.0")), "n", [[{"collect": {"val": "n"}}]], "general=out"),
    (says({"standard": "IAB TCF", "version": "2.0", "value": "CO05"}), None, [], "general=in"),
    # the last one that speaks of it
    (
        says(adobe({"collect": {"val": "n"}}), adobe({"collect": {"val": "y"}, "x": 1})),
        "y",
        [[{"collect": {"val": "y"}, "x": 1}]],
        "general=in",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "collect", "preferences", "general"), SAID)
def test_what_is_said_is_repeated_and_remembered(
    body: dict[str, Any], collect: Collect | None, preferences: list[Any], general: str | None
) -> None:
    outcome = ask("v1/privacy/set-consent", body)
    assert [change.collect for change in outcome.consents] == ([] if collect is None else [collect])
    assert payloads(outcome, "consent:preferences") == preferences
    assert state(outcome).get("consent", (None, 0))[0] == general


def test_a_migrated_device_speaks_for_both_of_its_ecids() -> None:
    ids = {"ECID": [{"id": ECID}, {"id": OTHER_ECID}, {"id": ECID}, {}]}
    outcome = ask("v1/privacy/set-consent", says(adobe({"collect": {"val": "n"}}), identityMap=ids))
    assert [change.ecid for change in outcome.consents] == [ECID, OTHER_ECID]


def test_a_page_that_speaks_first_is_given_its_ecid() -> None:
    body = {"consent": [adobe({"general": "in"}, "1.0")], "query": {"identity": {"fetch": ["ECID"]}}}
    outcome = ask("v1/privacy/set-consent", body)
    ((told,),) = payloads(outcome, "identity:result")
    assert [change.ecid for change in outcome.consents] == [told["id"]]
    assert "identity" in state(outcome)


REPORTED: list[tuple[object, str]] = [
    (adobe({"collect": {"val": "y"}}, "3.0"), "Allowed Adobe version is 1.0 or 2.0 for standard 'Adobe' at index 0"),
    (adobe({"collect": {"val": "x"}}), "Allowed values of collect are y, n and p for standard 'Adobe' at index 0"),
    (adobe({"collect": {"val": []}}), "Allowed values of collect are y, n and p for standard 'Adobe' at index 0"),
    (adobe({"collect": "y"}), "Allowed values of collect are y, n and p for standard 'Adobe' at index 0"),
    (adobe({"general": "y"}, "1.0"), "Allowed values of general are in and out for standard 'Adobe' at index 0"),
    (adobe({}), "Consent value must not be empty for standard 'Adobe' at index 0"),
    (adobe(None), "Consent value must not be empty for standard 'Adobe' at index 0"),
    (
        {"standard": "IAB TCF", "version": "1.0", "value": "x"},
        "Allowed IAB version is 2.0 for standard 'IAB TCF' at index 0",
    ),
    (
        {"standard": "IAB TCF", "version": "2.0", "value": ""},
        "IAB consent string value must not be empty for standard 'IAB TCF' at index 0",
    ),
    ({"standard": "GPP"}, "Allowed standards are 'Adobe' and 'IAB TCF' at index 0"),
]


@pytest.mark.parametrize(("item", "error"), REPORTED)
def test_a_consent_that_cannot_be_read_is_reported_and_changes_nothing(item: object, error: str) -> None:
    outcome = ask("v1/privacy/set-consent", says(item, adobe({"collect": {"val": "n"}})))
    problem = json.loads(outcome.response.body)
    assert (outcome.response.status, problem["type"][-8:]) == (422, "0104-422")
    assert problem["report"] == {"errors": [error], "requestId": "R-1", "orgId": LOCAL_ORG}
    assert outcome.consents == ()


# an entry with two faults: both are told, the version first
TWICE_WRONG: list[tuple[object, list[str]]] = [
    (
        {"standard": "IAB TCF", "version": "1.0", "value": ""},
        ["Allowed IAB version is 2.0", "IAB consent string value must not be empty"],
    ),
    (
        {"standard": "IAB TCF"},  # neither is there
        ["Allowed IAB version is 2.0", "IAB consent string value must not be empty"],
    ),
    (adobe({}, "3.0"), ["Allowed Adobe version is 1.0 or 2.0", "Consent value must not be empty"]),
    ({"standard": "Adobe", "version": 2}, ["Allowed Adobe version is 1.0 or 2.0", "Consent value must not be empty"]),
    # what the values of an unknown version are is not known
    (adobe({"collect": {"val": "x"}}, "3.0"), ["Allowed Adobe version is 1.0 or 2.0"]),
]


@pytest.mark.parametrize(("item", "errors"), TWICE_WRONG)
def test_both_faults_of_an_entry_are_reported(item: dict[str, Any], errors: list[str]) -> None:
    outcome = ask("v1/privacy/set-consent", says(adobe({"collect": {"val": "n"}}), item))
    told = json.loads(outcome.response.body)["report"]["errors"]
    assert told == [f"{error} for standard '{item['standard']}' at index 1" for error in errors]
    assert outcome.consents == ()


@pytest.mark.parametrize(
    ("consent", "code"),
    [(None, "0103-400"), ([], "0103-400"), ({}, "0102-400"), ([5], "0102-400"), ("y", "0102-400")],
)
def test_a_frame_without_a_consent_is_refused(consent: object, code: str) -> None:
    body = json.loads(ask("v1/privacy/set-consent", {"consent": consent}).response.body)
    assert body["type"][-8:] == code


# ---- and afterwards


def remembered(collect: Collect, ecid: str = ECID) -> Consents:
    consents = Consents()
    consents.change(ConsentChange(LOCAL_ORG, ecid, collect))
    return consents


# what the device said, the datastream's default -> whether its events are taken
TAKEN: list[tuple[Collect | None, Collect, bool]] = [
    (None, "y", True),
    (None, "n", False),
    (None, "p", True),  # pending holds events back on the device, not here
    ("n", "y", False),
    ("y", "n", True),
    ("p", "n", True),
]


@pytest.mark.parametrize(("said", "default", "taken"), TAKEN)
def test_events_of_whom_says_no_are_ignored_with_a_warning(said: Collect | None, default: Collect, taken: bool) -> None:
    consents = Consents() if said is None else remembered(said)
    outcome = ask(
        "v1/interact", {"events": [EVENT]}, consents=consents, datastream=Datastream("local", consent=default)
    )

    assert outcome.response.status == 200
    assert len(outcome.stored) == taken
    warning = {
        "type": "https://ns.adobe.com/aep/errors/EXEG-0301-200",
        "status": 200,
        "title": "This request was ignored due to lack of user consent.",
        "report": {"eventIndex": 0},
    }
    assert record(outcome).get("warnings", []) == ([] if taken else [warning])
    assert "errors" not in record(outcome)
    assert "cluster" in state(outcome)


def test_who_says_no_is_shown_no_propositions_and_no_audiences() -> None:
    event = {**EVENT, "query": {"personalization": {"decisionScopes": ["__view__"]}}}
    offering = Datastream("local", segments=("s-1",))
    outcome = ask("v1/interact", {"events": [event]}, consents=remembered("n"), datastream=offering)
    assert {handle["type"] for handle in record(outcome)["handle"]} == {"locationHint:result", "state:store"}


def test_in_a_batch_each_device_speaks_for_itself() -> None:
    other = {"xdm": {"eventType": "location.exit", "identityMap": device(OTHER_ECID)}}
    outcome = ask("v2/collect", {"events": [EVENT, other]}, consents=remembered("n"))
    assert outcome.response.status == 202
    assert [event.ecid for event in outcome.stored] == [OTHER_ECID]


def test_an_event_that_names_no_ecid_is_its_devices() -> None:
    for own in ({"ECID": []}, {"Email": [{"id": "x@example.com"}]}):
        body = {"xdm": {"identityMap": device()}, "events": [{"xdm": {"identityMap": own}}]}
        assert ask("v1/interact", body, consents=remembered("n")).stored == ()


def test_a_media_session_of_whom_says_no_does_not_begin() -> None:
    outcome = ask("va/v1/sessionStart", {"events": [EVENT]}, consents=remembered("n"))
    assert payloads(outcome, "media-analytics:new-session") == []
    assert record(outcome)["warnings"]


def test_another_organisation_was_not_told() -> None:
    elsewhere = Datastream("local", org="Other@AdobeOrg")
    assert len(ask("v1/interact", {"events": [EVENT]}, consents=remembered("n"), datastream=elsewhere).stored) == 1
