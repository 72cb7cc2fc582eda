"""Whom a fault hits: by share and seed, by path and kind, by phone, by window."""

from __future__ import annotations

import json
import time

import pytest
from fault_requests import BATCH, PHONES, SINGLE, batch_request, message, request
from platform_process import body, event

from footfall.platform.config import Datastream, Fault, FaultKind, Inlet, PlatformConfig, RunClock
from footfall.platform.core import Platform
from footfall.platform.faults import Faults
from footfall.platform.messages import Outcome, Request, Response
from footfall.platform.package_data import event_schema

HALF = (Fault(do="status", share=0.5),)


def hits(faults: Faults, ecid: str, times: int) -> list[bool]:
    return [faults.strike(request(ecid), 0) is not None for _ in range(times)]


def test_a_share_hits_the_same_requests_of_a_phone_in_every_run_whatever_others_do() -> None:
    alone = {ecid: hits(Faults(HALF, 7, 0), ecid, 200) for ecid in PHONES}
    together = Faults(HALF, 7, 0)
    mixed: dict[str, list[bool]] = {ecid: [] for ecid in PHONES}
    for n in range(200):
        for ecid in PHONES if n % 2 else reversed(PHONES):
            mixed[ecid] += hits(together, ecid, 1)
    assert mixed == alone
    assert alone[PHONES[0]] != alone[PHONES[1]]  # but not the same for every phone
    assert alone[PHONES[0]] != hits(Faults(HALF, 8, 0), PHONES[0], 200)  # nor for every seed
    assert 70 < sum(alone[PHONES[0]]) < 130


@pytest.mark.parametrize(
    ("rule", "now_ms", "hit"),
    [
        (Fault(do="status"), 1_000, True),
        (Fault(do="status", ecid="1" * 38), 1_000, True),
        (Fault(do="status", ecid="2" * 38), 1_000, False),
        (Fault(do="status", path="/ee/v1"), 1_000, True),
        (Fault(do="status", path="/collection/"), 1_000, False),
        (Fault(do="status", share=0.0), 1_000, False),
        (Fault(do="status", from_s=5), 5_999, False),  # the platform started at 1 s
        (Fault(do="status", from_s=5), 6_000, True),
        (Fault(do="status", from_s=5, until_s=6), 6_999, True),
        (Fault(do="status", from_s=5, until_s=6), 7_000, False),
    ],
)
def test_whom_a_rule_hits(rule: Fault, now_ms: int, hit: bool) -> None:
    assert (Faults((rule,), 1, 1_000).strike(request("1" * 38), now_ms) is not None) is hit


def test_the_first_rule_that_fits_is_the_one() -> None:
    rules = (Fault(do="latency", ecid="2" * 38), Fault(do="wrong-hint"), Fault(do="status"))
    strike = Faults(rules, 1, 0).strike(request("1" * 38), 0)
    assert strike is not None
    assert strike.fault == rules[1]


@pytest.mark.parametrize("path", [SINGLE, BATCH])
@pytest.mark.parametrize("piece", [b'"ECID":[{', b'"ECID":[{"id":"1",', b'"ECID":[{"id":"' + b"1" * 40])
def test_a_hostile_body_costs_no_time(path: str, piece: bytes) -> None:
    hostile = piece * (1_000_000 // len(piece))
    began = time.monotonic()
    Faults(HALF, 1, 0).strike(Request("POST", path, "", {}, hostile), 0)
    assert time.monotonic() - began < 1  # a pattern without bounds takes minutes


def test_a_batch_of_several_phones_counts_for_none_of_them() -> None:
    several = json.dumps({"messages": [message("a", ecid) for ecid in PHONES]}).encode()
    faults = Faults(HALF, 7, 0)
    mixed: dict[str, list[bool]] = {ecid: [] for ecid in PHONES}
    for _ in range(50):
        faults.strike(batch_request(several), 0)
        for ecid in PHONES:
            mixed[ecid] += hits(faults, ecid, 1)
    assert mixed == {ecid: hits(Faults(HALF, 7, 0), ecid, 50) for ecid in PHONES}


# ---- which requests a kind means anything to


@pytest.mark.parametrize(
    ("do", "path", "hit"),
    [
        ("wrong-hint", "/ee/v1/interact", True),
        ("wrong-hint", "/ee-pre-prd/va6/v2/collect", True),
        ("wrong-hint", SINGLE, False),
        ("wrong-hint", "/placesedgequery", False),
        ("unframed", "/ee/v1/interact", True),
        ("unframed", SINGLE, False),
        ("partial-207", "/ee/v1/interact", True),
        ("partial-207", "/ee/irl1/v2/interact", True),
        ("partial-207", BATCH, True),
        ("partial-207", SINGLE, False),  # is answered 200, or not at all
        ("partial-207", "/ee/v1/collect", False),  # 202 or 204: tells of nothing
        ("partial-207", "/ee/v1/privacy/set-consent", False),
        ("expired-token", "/ee/v2/collect", True),
        ("expired-token", SINGLE, True),
        ("expired-token", BATCH, True),
        ("expired-token", "/placesedgequery", False),  # takes no token
        ("status", "/placesedgequery", True),
        ("latency", "/placesedgequery/", True),
    ],
)
def test_a_rule_for_every_path_hits_what_its_kind_means_anything_to(do: FaultKind, path: str, hit: bool) -> None:
    after = Fault(do="reset-after")  # whom the first rule does not hit, the next one may
    strike = Faults((Fault(do=do), after), 1, 0).strike(request("1" * 38, path), 0)
    assert strike is not None
    assert (strike.fault.do == do) is hit


# ---- windows by the run's own clock

FAST = RunClock(origin_ms=100_000, anchor_ms=5_000_000, speed=60)  # a minute a second, from 100 s of the wall on
WINDOW = Fault(do="latency", delay_ms=1, from_s=60, until_s=120)


def seen(path: str, query: str = "") -> Request:
    return Request("POST", path, query, {}, b"{}")


@pytest.mark.parametrize(
    ("request_", "now_ms", "hit"),
    [
        # through the run's datastream: the second minute of its life is the second second
        (seen("/ee/v1/interact", "configId=fast"), 100_999, False),
        (seen("/ee/v1/interact", "configId=fast"), 101_000, True),
        (seen("/ee/v1/interact", "configId=fast"), 101_999, True),
        (seen("/ee/v1/interact", "configId=fast"), 102_000, False),
        (seen("/ee/va6/v2/collect", "requestId=r&datastreamId=fast"), 101_500, True),
        (seen("/ee/v2/interact", "dataStreamId=fast"), 101_500, True),
        # through its inlet
        (seen("/collection/fa57"), 101_500, True),
        (seen("/collection/fa57"), 102_000, False),
        (seen("/collection/batch/fa57"), 101_500, True),
        # without a clock: by the wall, from the platform's start at 90 s
        (seen("/ee/v1/interact", "configId=slow"), 101_500, False),
        (seen("/ee/v1/interact", "configId=slow"), 150_000, True),
        (seen("/ee/v1/interact", "configId=nobody"), 150_000, True),
        (seen("/ee/v1/interact"), 150_000, True),
        (seen("/collection/510e"), 150_000, True),
        (seen("/collection/nobody"), 209_999, True),
        (seen("/placesedgequery", "configId=fast"), 150_000, True),
        (seen("/placesedgequery", "configId=fast"), 101_500, False),
        (seen("/placesedgequery", "configId=fast"), 210_000, False),
    ],
)
def test_a_window_counts_by_the_clock_of_the_run(request_: Request, now_ms: int, hit: bool) -> None:
    datastreams = {one.id: one for one in (Datastream("fast", clock=FAST), Datastream("slow"))}
    inlets = {one.id: one for one in (Inlet("fa57", clock=FAST), Inlet("510e"))}
    faults = Faults((WINDOW,), 1, 90_000, datastreams, inlets)
    strike = faults.strike(request_, now_ms)
    assert (strike is not None) is hit
    if strike is not None:  # the delay is the network's
        delivery = strike.on(Outcome(Response(200, (), b""))).delivery
        assert delivery is not None
        assert delivery.delay_ms == 1


def test_a_run_that_begins_later_brings_its_clock() -> None:
    platform = Platform((), event_schema(), PlatformConfig(faults=(Fault(do="status", from_s=60),)), started_ms=0)
    interact = Request(
        "POST", "/ee/v1/interact", "configId=fast", {"content-type": "application/json"}, body(event("a"))
    )
    platform.register(Datastream("fast", run="fast", clock=FAST))
    assert platform.handle(interact, 100_500).response.status == 200
    assert platform.handle(interact, 101_000).response.status == 503
