"""The core as a whole: what is heeded when, and what no request may do to it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from footfall.platform.config import LOCAL_INLET, LOCAL_ORG
from footfall.platform.core import Platform
from footfall.platform.edge_events import MOST_EVENTS
from footfall.platform.inlet import MOST_MESSAGES
from footfall.platform.messages import ConsentChange, Outcome, Request
from footfall.platform.package_data import event_schema

ECID = "1234567890123456789" + "4611686018427387905"
OTHER = "2234567890123456789" + "4611686018427387905"


def platform() -> Platform:
    return Platform((), event_schema())


def asked(core: Platform, path: str, body: dict[str, Any]) -> Outcome:
    headers = {"content-type": "application/json"}
    return core.handle(Request("POST", path, "configId=local", headers, json.dumps(body).encode()), 1_772_882_130_123)


def visit(*ecids: str) -> dict[str, Any]:
    xdm = {"_id": "e-1", "timestamp": "2026-03-07T11:15:30Z", "eventType": "location.entry"}
    return {"events": [{"xdm": xdm}], "xdm": {"identityMap": {"ECID": [{"id": ecid} for ecid in ecids]}}}


NO = {
    "identityMap": {"ECID": [{"id": ECID}]},
    "consent": [{"standard": "Adobe", "version": "2.0", "value": {"collect": {"val": "n"}}}],
}


def test_a_consent_is_heeded_when_it_is_stored_and_not_before() -> None:
    core = platform()
    said = asked(core, "/ee/v1/privacy/set-consent", NO)
    assert said.consents == (ConsentChange(LOCAL_ORG, ECID, "n"),)
    assert asked(core, "/ee/v1/interact", visit(ECID)).stored  # the store may yet fail, and then nobody said no
    core.committed(said)
    assert not asked(core, "/ee/v1/interact", visit(ECID)).stored


@pytest.mark.parametrize("ecids", [(ECID,), (ECID, OTHER), (OTHER, ECID)])
def test_one_ecid_that_declined_is_enough(ecids: tuple[str, ...]) -> None:
    core = platform()
    core.committed(asked(core, "/ee/v1/privacy/set-consent", NO))
    assert not asked(core, "/ee/v1/interact", visit(*ecids)).stored
    assert asked(core, "/ee/v1/interact", visit(OTHER)).stored


def test_a_small_request_does_not_become_a_large_store() -> None:
    core = platform()
    most = {"events": [{"xdm": {}}] * MOST_EVENTS}
    assert asked(core, "/ee/v1/interact", most).response.status == 200
    more = asked(core, "/ee/v1/interact", {"events": [{"xdm": {}}] * (MOST_EVENTS + 1)})
    assert (more.response.status, more.stored) == (413, ())
    batch = asked(core, f"/collection/batch/{LOCAL_INLET}", {"messages": [0] * (MOST_MESSAGES + 1)})
    assert (batch.response.status, batch.stored) == (413, ())
    assert len(batch.response.body) < 1_000
