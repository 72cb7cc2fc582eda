"""The report: fits a terminal of 80 columns, is plain text elsewhere, and shows what matters first."""

from __future__ import annotations

import io
import shlex

import pytest
from literal_ops import (
    BUY,
    LAUNCH,
    REMOVE,
    created,
    cut,
    done,
    good,
    invoke,
    lived,
    manifest,
    ok,
    refused,
    started,
    timeout,
    unread,
    withheld,
)
from rich.console import Console

from footfall.evidence.explain import Ambiguous, find
from footfall.evidence.manifest import repeat_command
from footfall.evidence.ops import Done
from footfall.evidence.report import explain, report
from footfall.evidence.verdict import judge


def printed(renderable, *, terminal=False):
    out = io.StringIO()
    Console(file=out, width=80, force_terminal=terminal, color_system="standard" if terminal else None).print(
        renderable
    )
    return out.getvalue()


def lines(text):
    return [line.rstrip() for line in text.splitlines()]


def judged(ops, received, **changes):
    its = manifest(**changes)
    return report(judge(its, ops, received), its, "runs/coffee")


VALID = [started(), created("a", 0, LAUNCH), invoke("a"), ok("a"), created("b", 1), invoke("b"), ok("b"), lived()]


def test_a_valid_run():
    shown = lines(printed(judged(VALID, [good("a", LAUNCH), good("b")], phones=1)))
    assert shown[:7] == [
        "                                      acknow-",
        "event type             planned  sent   ledged  stored  good  bad  other",
        "application.launch           1     1        1       1     1    0      0",
        "commerce.productViews        1     1        1       1     1    0      0",
        "total                        2     2        2       2     2    0      0",
        "",
        "planned 2 = sent 2 = acknowledged 2 = stored 2, 0 unexplained",
    ]
    assert shown[8:13] == [
        "✓ delivered  phones: 1 lived",
        "? alternates",
        "  ? no phone entered or left a place, so nothing was checked",
        "✓ causal  1 launch",
        "  · no phone bought anything; too few phones to expect it",
    ]
    assert shown[-2:] == ["the run is in runs/coffee", "? unknown"]


def test_times_of_batches_are_named_as_such():
    observed = [good("a", LAUNCH), good("b")]
    shown = lines(printed(judged(VALID, observed, phones=1, transport="inlet-batch")))
    named = [line for line in shown if line.startswith(("latency ", "service time ", "lateness "))]
    assert [line.endswith(" ms with batch wait") for line in named] == [True, True, False]
    assert "with batch wait" not in printed(judged(VALID, observed, phones=1, transport="inlet"))


def lost_by_twelve():
    ops, received = [], []
    for phone in range(12):
        ops += [started(phone), created(f"e{phone}", phone=phone), invoke(f"e{phone}"), ok(f"e{phone}"), lived(phone)]
    ops += [started(12), created("bad", phone=12), invoke("bad"), ok("bad"), lived(12)]
    return ops, [*received, refused("bad", "city: null")]


def test_five_findings_are_shown_one_of_each_kind_first_and_the_rest_counted():
    shown = lines(printed(judged(*lost_by_twelve())))
    at = shown.index("✗ delivered  phones: 13 lived")
    assert shown[at + 1] == "  ✗ bad (commerce.productViews of phone 12) was refused by the receiver's"
    assert shown[at + 2] == "    validation: city: null"
    assert shown[at + 3] == "  ✗ e0 (commerce.productViews of phone 0) was acknowledged and is not stored:"
    assert shown[at + 4] == "    lost"
    assert "  ... and 8 more" in shown


def test_findings_that_name_a_phone_come_with_a_command_that_can_be_copied():
    shown = printed(judged(*lost_by_twelve()))
    _, _, after = shown.partition("phone 0 again:\n" if "phone 0 again:\n" in shown else "phone 0 again:")
    command = " ".join(line.strip().removesuffix("\\") for line in after.strip().splitlines()[:2])
    assert shlex.split(command) == shlex.split(repeat_command(manifest(), 0))


def test_a_long_command_breaks_only_where_a_shell_allows_it():
    changes = {
        "scenario_file": "scenarios/shopping/saturday.yaml",
        "app_file": "apps/shop.yaml",
        "program": (".venv/bin/locust",),
        "run": "20261123-200327-0a11",
        "host_given": True,
    }
    shown = printed(explain(FIRST, STORY, manifest(**changes), []))
    _, _, after = shown.partition("\nrepeat ")
    told = [line.strip() for line in after.splitlines()]
    assert all(line.endswith(" \\") for line in told[:-1])
    command = " ".join(line.removesuffix("\\") for line in told)
    assert shlex.split(command) == shlex.split(repeat_command(manifest(**changes), 0))


def test_the_app_file_is_named_where_one_was_given():
    told = [started(), lived()]
    assert "the app was that of apps/mine.yaml" in lines(printed(judged(told, [], app_file="apps/mine.yaml")))
    assert "the app was" not in printed(judged(told, []))


@pytest.mark.parametrize("terminal", [True, False])
def test_no_line_is_wider_than_the_terminal(terminal):
    ops = [
        started(),
        created("6f1c2b9e-1111-4111-8111-111111111111", 0, REMOVE),
        created("6f1c2b9e-2222-4111-8111-111111111111", 1, BUY, skus=(("a-long-sku-of-a-long-product", 2),)),
        lived(),
    ]
    text = printed(judged(ops, [], scenario_file="scenarios/a folder/with a rather long name of a scenario.yaml"))
    assert max(map(len, text.splitlines())) <= 80
    styled = printed(judged(ops, []), terminal=terminal)
    assert ("\x1b[" in styled) is terminal


def test_without_a_read_back_the_table_does_not_pretend():
    shown = lines(printed(judged(VALID, None)))
    assert shown[4] == "total                        2     2        2       ?     ?    ?      0"


FIRST, SECOND = "6f1c2b9e-aaaa-4111-8111-111111111111", "6f1c2b9e-bbbb-4111-8111-111111111111"

STORY = [
    started(),
    created(FIRST, 0, place="cafe"),
    invoke(FIRST, due=1_785_000_000_000.0, sent=1_785_000_000_040.0),
    Done(FIRST, f"{FIRST}-0", 0, 1_785_000_005_040.0, "info", "retry", why="read timeout"),
    invoke(FIRST, 1, due=1_785_000_060_000.0, sent=1_785_000_060_000.0),
    created(SECOND, 1, fault="slow", bad=True),
    cut(FIRST, SECOND),
]


def test_the_story_of_one_event():
    shown = lines(printed(explain("6f1c2b9e-aa", STORY, manifest(), [good(FIRST), good(FIRST)])))
    assert shown == [
        "event      6f1c2b9e-aaaa-4111-8111-111111111111",
        "type       commerce.productViews",
        "phone      0 on ios, ECID ecid-0",
        "person     person-0",
        "state      browse",
        "place      cafe",
        "why        the plan made it, as the phone's event number 0",
        "due        2026-07-25 17:20:00.000Z, 0:00:00 after the start",
        "attempt 0  request 6f1c2b9e-aaaa-4111-8111-111111111111-0",
        "           sent 2026-07-25 17:20:00.040Z, 40 ms late",
        "           fate unknown (read timeout) after 5000 ms; the SDK will send it again",
        "attempt 1  request 6f1c2b9e-aaaa-4111-8111-111111111111-1",
        "           sent 2026-07-25 17:21:00.000Z",
        "           no outcome: nobody saw how it ended",
        "receiver   has it, as good, 2 times",
        "outcome    stored",
        "repeat     locust --headless --scenario scenarios/coffee.yaml --seed 7 \\",
        "             --run-id r1 --phones 5 --only 0",
    ]


def test_the_story_of_an_event_whose_app_was_killed_and_then_removed():
    ops = [started(), created(FIRST), invoke(FIRST), ok(FIRST), unread(FIRST), withheld(FIRST, "the app was removed")]
    shown = lines(printed(explain(FIRST, [*ops, lived()], manifest(), [good(FIRST)])))
    assert shown[7:-2] == [
        "attempt 0  request 6f1c2b9e-aaaa-4111-8111-111111111111-0",
        "           sent 1970-01-01 00:00:00.100Z",
        "           acknowledged 200 after 5 ms; the app's process died before it read",
        "           this",
        "withheld   the app was removed, 2026-07-25 17:20:08.000Z",
        "receiver   has it, as good",
        "outcome    stored",
    ]


def test_the_story_of_an_event_without_consent():
    ops = [started(), created(FIRST), withheld(FIRST), lived()]
    assert lines(printed(explain(FIRST, ops, manifest(), [])))[7:-2] == [
        "attempts  none: it was never sent",
        "withheld  collect consent is n, 2026-07-25 17:20:08.000Z",
        "receiver  does not have it",
        "outcome   withheld by the SDK's rules, not stored",
    ]


def test_the_report_says_why_events_were_withheld():
    ops = [started(), created("a", 0), invoke("a"), ok("a"), created("b", 1), withheld("b"), lived()]
    shown = lines(printed(judged(ops, [good("a")], phones=1)))
    assert "commerce.productViews        2     1        1       1     1    0      1" in shown
    assert shown[shown.index("✓ delivered  phones: 1 lived") + 1] == (
        "  · the SDK's rules withheld 1 event: collect consent is n (1)"
    )


@pytest.mark.parametrize(
    ("event_id", "received", "said"),
    [
        (SECOND, [], "outcome still in the hit queue when the phone ended, never to be sent"),
        (SECOND, None, "could not be asked"),
        (SECOND, [refused(SECOND, "city: null")], "has it, as bad: city: null"),
        (SECOND.upper(), [], "meant as bad: validation is to refuse it"),
        (SECOND, [], "fault slow"),
        (SECOND, [], "attempts none: it was never sent"),
        # known to the receiver alone
        ("deadbeef", [good("deadbeef-1")], "made by no phone of this run"),
    ],
)
def test_more_stories(event_id, received, said):
    assert said in " ".join(printed(explain(event_id, STORY, manifest(), received)).split())


def test_a_prefix_of_two_events_lists_them():
    assert find("6f1c2b9e", STORY, None) == Ambiguous("6f1c2b9e", (FIRST, SECOND))
    assert lines(printed(explain("6f1c2b9e", STORY, manifest(), None))) == [
        '2 events begin with "6f1c2b9e"; give more of the id:',
        f"  {FIRST}",
        f"  {SECOND}",
    ]


def test_a_whole_id_is_itself_even_where_another_begins_with_it():
    ops = [started(), created("12345678", 0), created("123456789", 1)]
    assert find("12345678", ops, None).id == "12345678"


@pytest.mark.parametrize(
    "event_id",
    [
        "6f1c2b9",  # seven characters: too short to be meant
        "00000000",  # no such event
        "",
    ],
)
def test_ids_that_lead_nowhere(event_id):
    assert explain(event_id, STORY, manifest(), []) is None


@pytest.mark.parametrize(
    ("ops", "received", "standing"),
    [
        ([invoke(FIRST), ok(FIRST), lived()], [], "lost"),
        ([invoke(FIRST), ok(FIRST), lived()], None, "unread"),
        ([invoke(FIRST), done(FIRST, "fail", "drop", status=400), lived()], [], "dropped"),
        ([invoke(FIRST), timeout(FIRST), lived()], [], "in_doubt"),
        ([invoke(FIRST)], [], "abandoned"),
        ([lived()], [], "unexplained"),
        ([withheld(FIRST), lived()], [], "withheld"),
        ([withheld(FIRST), lived()], None, "withheld"),
        # under way when consent became n: without a read-back it may be stored
        ([invoke(FIRST), timeout(FIRST), withheld(FIRST), lived()], [], "withheld"),
        ([invoke(FIRST), timeout(FIRST), withheld(FIRST), lived()], None, "in_doubt"),
        # given up, but the app died before it knew
        ([invoke(FIRST), done(FIRST, "fail", "drop", status=400), unread(FIRST), cut(FIRST)], [], "held"),
        # an answer to another request is none that could be left unread
        ([invoke(FIRST), done(FIRST, "fail", "drop", status=400), unread(FIRST, 7), cut(FIRST)], [], "dropped"),
        ([cut(FIRST)], [], "held"),
        ([invoke(FIRST), timeout(FIRST), cut(FIRST)], [good(FIRST)], "stored"),
    ],
)
def test_a_story_ends_as_the_verdict_says(ops, received, standing):
    assert find(FIRST, [started(), created(FIRST), *ops], received).standing == standing
