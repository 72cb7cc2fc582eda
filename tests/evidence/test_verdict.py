"""The verdict: one answer, one line, one digest, and what the times say."""

from __future__ import annotations

import json
import time
from array import array

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from literal_ops import (
    ADD,
    BUY,
    CLOSE,
    ENTRY,
    EXIT,
    LAUNCH,
    created,
    cut,
    good,
    invoke,
    lived,
    manifest,
    ok,
    refused,
    started,
    timeout,
    withheld,
)

from footfall.evidence.delivered import Delivered, Row
from footfall.evidence.ledger import LedgerDamaged
from footfall.evidence.manifest import Expectations
from footfall.evidence.ops import Done, Ended, Invoke
from footfall.evidence.received import Received
from footfall.evidence.timing import spread
from footfall.evidence.verdict import encode_summary, heart_line, judge, plan_digest

# One phone has coffee: all that the four checkers ask for happens, and all of it arrives.
TRIP = [(LAUNCH, ""), (ENTRY, "cafe"), (ADD, ""), (BUY, ""), (EXIT, "cafe"), (CLOSE, "")]
SKUS = {ADD: (("espresso", 1),), BUY: (("espresso", 1),)}
PLANNED = [created(f"e{n}", n, type, place=place, skus=SKUS.get(type, ())) for n, (type, place) in enumerate(TRIP)]
OPS = [started(), *(op for event in PLANNED for op in (event, invoke(event.id), ok(event.id))), lived()]
RECEIVED = [good(event.id, event.type) for event in PLANNED]
ONE_PHONE = manifest(phones=1, expectations=Expectations(("browse",), ("cafe",), covered_from_phones=1))


def test_all_four_checkers_say_valid():
    verdict = judge(ONE_PHONE, OPS, RECEIVED)
    assert (verdict.validity, verdict.exit_code) == ("valid", 0)
    assert [(check.name, check.validity) for check in verdict.checks] == [
        ("delivered", "valid"),
        ("alternates", "valid"),
        ("causal", "valid"),
        ("covered", "valid"),
    ]
    assert verdict.line == "planned 6 = sent 6 = acknowledged 6 = stored 6, 0 unexplained"
    assert verdict.total == Row("total", planned=6, sent=6, acknowledged=6, stored=6, good=6, bad=0)
    assert [row.type for row in verdict.rows] == sorted(type for type, _ in TRIP)
    assert verdict.notes == ()


def test_one_invalid_check_makes_the_verdict_invalid():
    verdict = judge(ONE_PHONE, OPS, RECEIVED[:-1])
    assert (verdict.validity, verdict.exit_code) == ("invalid", 1)


def test_unknown_has_an_exit_code_of_its_own():
    verdict = judge(ONE_PHONE, OPS, None)
    assert (verdict.validity, verdict.exit_code) == ("unknown", 3)
    assert verdict.line == "planned 6 = sent 6 = acknowledged 6, stored unknown, 0 unexplained"


def test_an_empty_ledger_is_unknown():
    verdict = judge(ONE_PHONE, [], [])
    assert (verdict.validity, verdict.exit_code) == ("unknown", 3)
    assert verdict.line == "planned 0 = sent 0 = acknowledged 0 = stored 0, 0 unexplained"


def test_only_the_expected_checkers_are_asked_and_delivered_always():
    tutorial = msgspec.structs.replace(ONE_PHONE.expectations, checkers=("covered",))
    verdict = judge(msgspec.structs.replace(ONE_PHONE, expectations=tutorial), OPS, RECEIVED)
    assert [check.name for check in verdict.checks] == ["delivered", "covered"]


def test_an_expected_checker_that_is_not_there_is_unknown():
    later = msgspec.structs.replace(ONE_PHONE.expectations, checkers=("delivered", "punctual"))
    verdict = judge(msgspec.structs.replace(ONE_PHONE, expectations=later), OPS, RECEIVED)
    assert [(check.name, check.validity) for check in verdict.checks] == [
        ("delivered", "valid"),
        ("punctual", "unknown"),
    ]
    assert verdict.validity == "unknown"


def test_a_crash_of_the_main_checker_is_unknown_and_the_others_still_speak(monkeypatch):
    monkeypatch.setattr(Delivered, "_settle", lambda *_: 1 / 0)
    verdict = judge(ONE_PHONE, OPS, RECEIVED)
    assert [check.validity for check in verdict.checks] == ["unknown", "valid", "valid", "valid"]
    assert (verdict.exit_code, verdict.line) == (3, "nothing counted: the checker `delivered` crashed")


def test_received_evidence_that_is_damaged_has_no_verdict():
    def broken():
        yield RECEIVED[0]
        raise LedgerDamaged("received.ndjson", 2, "half a line")

    with pytest.raises(LedgerDamaged):
        judge(ONE_PHONE, OPS, broken())


def test_the_summary_is_json_that_a_script_can_read():
    summary = json.loads(encode_summary(judge(ONE_PHONE, OPS, RECEIVED[:-1])))
    assert (summary["validity"], summary["exit_code"], summary["run"]) == ("invalid", 1, "r1")
    assert summary["total"]["lost"] == 1
    assert summary["checks"][0]["findings"][0]["events"] == ["e5"]
    assert summary["timing"]["latency"]["p99_ms"] == 5.0


@pytest.mark.parametrize(
    ("ops", "received", "line"),
    [
        # the three that are held were never sent
        (
            [
                created("a", 0),
                invoke("a"),
                ok("a"),
                created("b", 1),
                created("c", 2),
                created("d", 3),
                cut("b", "c", "d"),
            ],
            [good("a")],
            "planned 4 ≠ sent 1 = acknowledged 1 = stored 1, 0 unexplained (3 held at the end)",
        ),
        # one lost and one recovered: the same number is not the same events
        (
            [created("a", 0), invoke("a"), ok("a"), created("b", 1), invoke("b"), timeout("b"), cut("b")],
            [good("b")],
            "planned 2 = sent 2 ≠ acknowledged 1 ≠ stored 1, 1 unexplained (1 lost; 1 stored without acknowledgement)",
        ),
        # an event that nobody created
        (
            [created("a"), invoke("a"), ok("a"), lived()],
            [good("a"), good("x")],
            "planned 1 = sent 1 = acknowledged 1 ≠ stored 1, 1 unexplained (1 unexpected)",
        ),
        # a natural duplicate and a bad event
        (
            [
                *(created("a", 0), invoke("a"), timeout("a"), invoke("a", 1), ok("a", 1)),
                *(created("b", 1, bad=True), invoke("b"), ok("b"), lived()),
            ],
            [good("a"), good("a"), refused("b", "no timestamp")],
            "planned 2 = sent 2 = acknowledged 2 = stored 2, 0 unexplained "
            "(1 stored more than once after a retry; 1 bad)",
        ),
        # consent n: no class of its own in the equation, one in the brackets
        (
            [created("a", 0), invoke("a"), ok("a"), created("b", 1), withheld("b"), lived()],
            [good("a")],
            "planned 2 ≠ sent 1 = acknowledged 1 = stored 1, 0 unexplained (1 withheld by the SDK's rules)",
        ),
        # a killed process
        (
            [created("a", 0), invoke("a"), created("b", 1)],
            [],
            "planned 2 ≠ sent 1 ≠ acknowledged 0 = stored 0, 0 unexplained (2 of abandoned phones)",
        ),
    ],
)
def test_the_heart_line(ops, received, line):
    assert judge(manifest(), [started(), *ops], received).line == line


def test_the_heart_line_of_nothing_planned():
    assert heart_line(Row("total")) == "planned 0 = sent 0 = acknowledged 0, stored unknown, 0 unexplained"


def test_the_digest_is_that_of_the_plan_in_any_order():
    assert judge(ONE_PHONE, OPS, None).digest == plan_digest(reversed(PLANNED))


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"id": "another-run"}, True),  # ids depend on the run
        ({"digest": "another content"}, False),
        ({"n": 17}, False),
        ({"phone": 17}, False),
        ({"type": CLOSE}, False),
        ({"cause": "reply"}, False),  # what a reply caused is no part of the plan
    ],
)
def test_what_the_digest_knows(change, same):
    changed = msgspec.structs.replace(PLANNED[0], **change)
    assert (plan_digest([changed, *PLANNED[1:]]) == plan_digest(PLANNED)) is same


def test_what_replies_caused_does_not_change_the_digest():
    extra = msgspec.structs.replace(created("extra", 6), cause="reply")
    assert plan_digest([*PLANNED, extra]) == plan_digest(PLANNED)
    assert judge(ONE_PHONE, [*OPS[:-1], extra, OPS[-1]], None).digest == plan_digest(PLANNED)


def test_the_digest_is_that_of_sorted_lines_that_any_tool_can_make():
    # printf '00000003 000000 application.launch abc\n' | sha256sum
    launch = msgspec.structs.replace(created("a", 0, LAUNCH, phone=3), digest="abc")
    assert plan_digest([launch]) == "8c484e4c7825b26cb8f2e76dd99ac8ec51dfca76e364daf11a4edf45974fbd29"


@pytest.mark.parametrize(
    ("durations", "p50", "p95", "p99", "most"),
    [
        ([7.0], 7, 7, 7, 7),
        ([1.0, 2.0, 3.0, 4.0], 2, 4, 4, 4),  # nearest rank: always a measured value
        ([float(n) for n in range(100, 0, -1)], 50, 95, 99, 100),
    ],
)
def test_spread(durations, p50, p95, p99, most):
    its = spread(array("d", durations))
    assert (its.p50_ms, its.p95_ms, its.p99_ms, its.max_ms, its.count) == (p50, p95, p99, most, len(durations))


@given(st.lists(st.floats(0, 1e9), min_size=1))
def test_a_spread_is_ordered(durations):
    its = spread(array("d", durations))
    assert its.p50_ms <= its.p95_ms <= its.p99_ms <= its.max_ms == round(max(durations), 1)


def test_latency_counts_from_due_and_service_time_from_sent_of_acknowledged_attempts():
    ops = [
        *(started(), created("a")),
        *(Invoke("a", "r0", 0, 0, due=100.0, sent=130.0), Done("a", "r0", 0, 200.0, "info", "retry")),
        *(Invoke("a", "r1", 0, 1, due=300.0, sent=310.0), Done("a", "r1", 0, 315.0, "ok", "done", 200)),
        lived(),
    ]
    timing = judge(manifest(), ops, [good("a")]).timing
    assert (timing.service.count, timing.service.max_ms) == (1, 5.0)
    assert (timing.latency.count, timing.latency.max_ms) == (1, 15.0)
    assert (timing.lateness.count, timing.lateness.p50_ms, timing.lateness.max_ms) == (2, 10.0, 30.0)


@pytest.mark.parametrize(
    ("late_ms", "noted"),
    [
        (1000.0, False),  # a second is allowed
        (1400.0, True),
    ],
)
def test_a_late_generator_is_named_as_the_bottleneck(late_ms, noted):
    ops = [started(), created("a"), invoke("a", due=100.0, sent=100.0 + late_ms), ok("a"), lived()]
    notes = judge(manifest(phones=1), ops, [good("a")]).notes
    assert [note for note in notes if "bottleneck" in note and "1.4 s late" in note] == list(notes)
    assert bool(notes) is noted


def test_that_times_contain_the_wait_for_a_batch_is_noted():
    said = "latency and service time contain the wait for the batch, up to 1 s, for the events travelled in batches"
    assert judge(manifest(phones=1, transport="inlet-batch"), OPS, RECEIVED).notes == (said,)
    assert judge(manifest(phones=1, transport="inlet"), OPS, RECEIVED).notes == ()
    assert judge(manifest(phones=1, transport="inlet-batch"), [started(), lived()], []).notes == (), "no times at all"


def test_phones_that_never_had_their_turn_are_noted():
    notes = judge(manifest(phones=5), OPS, RECEIVED).notes
    assert notes == ("4 phones of 5 never had their turn",)
    assert judge(manifest(phones=5, only=(0,)), OPS, RECEIVED).notes == ()


def thousands(phones):
    for phone in range(phones):
        yield started(phone)
        for n, event in enumerate(PLANNED):
            id = f"{phone}-{n}"
            yield msgspec.structs.replace(event, id=id, phone=phone)
            yield invoke(id, phone=phone)
            yield ok(id, phone=phone)
        yield Ended(phone, "lived", (), 0)


@pytest.mark.slow
def test_a_hundred_thousand_events_take_seconds_and_are_not_kept():
    phones = 100_000 // len(TRIP)
    received = (Received(f"{phone}-{n}", type, True) for phone in range(phones) for n, (type, _) in enumerate(TRIP))
    begun = time.perf_counter()
    verdict = judge(manifest(phones=phones), thousands(phones), received)
    took_s = time.perf_counter() - begun
    assert verdict.line.startswith("planned 99996 = sent 99996 = acknowledged 99996 = stored 99996, 0 unexplained")
    assert took_s < 15  # 2 s measured; the rest is for a busy machine
