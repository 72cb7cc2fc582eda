"""POST /v1/privacy/set-consent: what a person says about their data, and what Edge answers.

Sources: https://github.com/adobe/aepsdk-edge-ios (the request of the mobile SDK), https://github.com/adobe/alloy (the
Adobe standard 1.0 and IAB TCF, the consent entry), and the validation report in
https://developer.adobe.com/data-collection-apis/docs/getting-started/troubleshooting/.
An IAB TCF string is checked for its presence, not read: it changes no collect consent here.
"""

from __future__ import annotations

from typing import Any

import msgspec

from footfall.platform import problem_details
from footfall.platform.consents import Consents
from footfall.platform.edge_answers import Handle, answered, asks_for_ecid, identity_result, state_store
from footfall.platform.edge_call import Call
from footfall.platform.edge_state import entry
from footfall.platform.messages import Collect, ConsentChange, Outcome
from footfall.platform.problem_details import Refusal

CONSENT_MAX_AGE_S = 15_552_000
CONSENT_CHECK_MAX_AGE_S = 7_200

_REPORTED = "Invalid request (report attached). Please check your input and try again."
_IAB_EMPTY = "IAB consent string value must not be empty for standard 'IAB TCF'"
_COLLECT: dict[object, Collect] = {"y": "y", "n": "n", "p": "p"}
_GENERAL: dict[object, Collect] = {"in": "y", "out": "n"}


class _Said(msgspec.Struct, frozen=True):
    """What one call says. `preferences` is what the answer repeats; `collect` None where it does not speak of it."""

    preferences: dict[str, Any]
    collect: Collect | None


def set_consent(call: Call, consents: Consents) -> Outcome:
    """200 with what was said and what the device is to remember of it; the change holds for each ECID that the call
    names. Raises Refusal (0103-400, 0102-400, 0104-422 with a report) for a consent that cannot be read."""
    org = call.datastream.org
    said = _said(call)
    ecids = _ecids(call) or (call.remembered_ecid or call.minted_ecid(),)
    collect = said.collect or consents.collect(org, ecids[0], call.datastream.consent)
    entries = [entry(org, "consent_check", "1", CONSENT_CHECK_MAX_AGE_S)]
    if collect != "p":  # the entry knows in and out; who has not decided has none
        general = "general=in" if collect == "y" else "general=out"
        entries.insert(0, entry(org, "consent", general, CONSENT_MAX_AGE_S))
    handles: list[Handle | msgspec.Raw] = []
    if asks_for_ecid(call.body.get("query")):
        handles.append(identity_result(ecids[0]))
    if said.preferences:
        handles.append({"payload": [said.preferences], "type": "consent:preferences"})
    handles.append(state_store(call, ecids[0], entries))
    changes = () if said.collect is None else tuple(ConsentChange(org, ecid, said.collect) for ecid in ecids)
    return Outcome(answered(call, handles), consents=changes)


def _said(call: Call) -> _Said:
    items = call.body.get("consent")
    if items is None or items == []:
        raise Refusal(problem_details.MISSING_VALUE, "The 'consent' field is mandatory. Provide a valid value.")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refusal(problem_details.FIELD_MISMATCH, "The field 'consent' must be an array of objects.")
    preferences: dict[str, Any] = {}
    collect: Collect | None = None
    errors: list[str] = []
    for index, item in enumerate(items):
        wrong = _errors(item)
        if wrong:
            errors += [f"{error} at index {index}" for error in wrong]
        elif item["standard"] == "Adobe":
            said = _adobe(item)
            preferences |= said.preferences
            collect = said.collect or collect
    if errors:
        raise Refusal(problem_details.INVALID_INPUT, _REPORTED, tuple(errors), call.datastream.org)
    return _Said(preferences, collect)


def _errors(item: dict[str, Any]) -> tuple[str, ...]:
    """Why one entry cannot be taken, in Adobe's words where a document shows them: its version, and its value; none if
    it can. The troubleshooting page allows Adobe 1.0 only and is older than 2.0, which the mobile SDK sends."""
    standard, version, value = item.get("standard"), item.get("version"), item.get("value")
    if standard == "Adobe":
        wrong = "" if version in ("1.0", "2.0") else "Allowed Adobe version is 1.0 or 2.0 for standard 'Adobe'"
        return tuple(filter(None, (wrong, _adobe_error(version, value))))
    if standard == "IAB TCF":
        wrong = "" if version == "2.0" else "Allowed IAB version is 2.0 for standard 'IAB TCF'"
        empty = "" if value and isinstance(value, str) else _IAB_EMPTY
        return tuple(filter(None, (wrong, empty)))
    return ("Allowed standards are 'Adobe' and 'IAB TCF'",)


def _adobe_error(version: object, value: object) -> str:
    """What is wrong with the value; of a version that nobody knows only whether there is one."""
    if not isinstance(value, dict) or not value or (version == "1.0" and "general" not in value):
        return "Consent value must not be empty for standard 'Adobe'"
    if version == "1.0" and not _known(value["general"], _GENERAL):
        return "Allowed values of general are in and out for standard 'Adobe'"
    if version == "2.0" and "collect" in value:
        collect = value["collect"]
        if not isinstance(collect, dict) or not _known(collect.get("val"), _COLLECT):
            return "Allowed values of collect are y, n and p for standard 'Adobe'"
    return ""


def _known(value: object, table: dict[object, Collect]) -> bool:
    return isinstance(value, str) and value in table


def _adobe(item: dict[str, Any]) -> _Said:
    """An entry that has no error. Version 1.0 is answered in the words of 2.0."""
    if item["version"] == "1.0":
        collect = _GENERAL[item["value"]["general"]]
        return _Said({"collect": {"val": collect}}, collect)
    value = item["value"]
    return _Said(value, _COLLECT[value["collect"]["val"]] if "collect" in value else None)


def _ecids(call: Call) -> tuple[str, ...]:
    """Every ECID of the call, in order: a migrated device names two."""
    identity_map = call.body.get("identityMap", call.body.get("xdm", {}).get("identityMap"))
    items = identity_map.get("ECID") if isinstance(identity_map, dict) else None
    if not isinstance(items, list):
        return ()
    ids = (item.get("id") for item in items if isinstance(item, dict))
    return tuple(dict.fromkeys(id_ for id_ in ids if isinstance(id_, str) and id_))
