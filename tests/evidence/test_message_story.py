"""From a message's id back to the event, the phone and the reason, and forward to what its reader did; and the
journeys' table in the report."""

from __future__ import annotations

import io

import msgspec
import pytest
from literal_ops import ENTRY, created, manifest, started
from rich.console import Console, RenderableType

from footfall.evidence.journeys import JourneyRow, Told
from footfall.evidence.message_story import MessageStory, find_message, tell
from footfall.evidence.ops import Notified
from footfall.evidence.report import explain, report
from footfall.evidence.verdict import judge

ANCHOR_MS = 1_785_000_000_000  # 2026-07-25T17:20:00Z
OPENED = "pushTracking.applicationOpened"

PUSH = Told(
    journey="welcome", channel="push", id="aaaa1111-m", key="4711", ecid="4711", instance="i1", node="hello",
    event="e0", at_ms=ANCHOR_MS + 5_000,
)  # fmt: skip
OTHER = msgspec.structs.replace(PUSH, id="aaaa2222-m", instance="i2")
ENTERED = Told(journey="welcome", kind="entered", instance="i1", event="e0", at_ms=ANCHOR_MS + 5_000, why="walked in")
SENT = Told(
    journey="welcome", kind="sent", instance="i1", node="hello", message=PUSH.id, at_ms=ANCHOR_MS + 5_000, why="push"
)
ELSEWHERE = Told(journey="welcome", kind="ended", instance="i2", why="another person's")
TOLD = [ENTERED, SENT, ELSEWHERE, PUSH, OTHER]

CAUSE = msgspec.structs.replace(created("e0", 0, ENTRY, phone=3, place="Alko"), due_ms=5_000)
NOTIFIED = Notified(PUSH.id, 3, "open", 6_000)
TAP = msgspec.structs.replace(created("e1", 1, OPENED, phone=3), cause="reply", message=PUSH.id, due_ms=60_000)
OPS = [started(3), CAUSE, created("v", 5), NOTIFIED, TAP]


def printed(renderable: RenderableType) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=80).print(renderable)
    return [line.rstrip() for line in out.getvalue().splitlines()]


WHOLE = MessageStory(PUSH, (ENTERED, SENT), CAUSE, NOTIFIED, (TAP,))


@pytest.mark.parametrize(
    ("id", "found"),
    [
        ("aaaa1111-m", WHOLE),
        # as people type it
        (" AAAA1111 ", WHOLE),
        ("aaaa1111", WHOLE),
        # several begin so
        ("aaaa1111-mm", None),
        # none does
        ("bbbb1111", None),
        # too short to mean one
        ("aaaa111", None),
        ("", None),
        # the id of an event is none of a message
        ("e0", None),
    ],
)
def test_a_message_is_found_by_its_id_or_the_beginning_of_it(id: str, found: MessageStory | None) -> None:
    assert find_message(id, TOLD, OPS) == found


def test_where_several_begin_so_all_are_listed() -> None:
    same = [msgspec.structs.replace(PUSH, id=f"cafecafe-{n}") for n in (2, 1)]
    found = find_message("cafecafe", same, OPS)
    assert found == ("cafecafe-1", "cafecafe-2")
    assert printed(tell(found, manifest())) == [
        "2 messages begin so; give more of the id:",
        "cafecafe-1",
        "cafecafe-2",
    ]


def test_the_whole_story() -> None:
    found = find_message(PUSH.id, TOLD, OPS)
    assert found is not None
    shown = printed(tell(found, manifest()))
    assert shown[:3] == [
        "message     aaaa1111-m",
        "what        push by the journey welcome, node hello, 2026-07-25 17:20:05.000Z",
        "to          person 4711",
    ]
    assert shown[3:9] == [
        "because of  location.entry e0: Alko",
        "made by     phone 3 of person-3, in the state browse",
        "entered     2026-07-25 17:20:05.000Z  walked in",
        "sent hello  2026-07-25 17:20:05.000Z  push  (this message)",
        "reached     phone 3, 2026-07-25 17:20:06.000Z; its owner taps it",
        "then        pushTracking.applicationOpened e1, 2026-07-25 17:21:00.000Z",
    ]
    # the command is broken as a shell allows it
    assert shown[9].startswith("repeat      locust ")
    assert shown[9].endswith(" \\")
    assert shown[-1].endswith("--only 3")


# one thing otherwise -> a line of the story
OTHERWISE = [
    # the person is known by a customer id, and the device by its ECID
    ([ENTERED, msgspec.structs.replace(PUSH, key="crm-7")], OPS, "to             person crm-7, device 4711"),
    # nobody made the event that it is because of
    (TOLD, [], "because of     the event e0, which is in no ledger of this run"),
    # the phone was not there any more
    (TOLD, [CAUSE], "reached        no phone of this run"),
    (TOLD, [CAUSE, Notified(PUSH.id, 3, "dismiss", 0)], "its owner wipes it away"),
    (TOLD, [CAUSE, Notified(PUSH.id, 3, "button", 0)], "its owner taps one of its"),
    (TOLD, [CAUSE, Notified(PUSH.id, 3, "ignore", 0)], "its owner does nothing about"),
    # what was bought rather than where
    (
        TOLD,
        [msgspec.structs.replace(CAUSE, place="", skus=(("espresso", 2), ("cup", 1)))],
        "because of     location.entry e0: 2 of espresso, 1 of cup",
    ),
    # the back office's event, which has no state
    (TOLD, [msgspec.structs.replace(CAUSE, source="back office", state="")], "back office, about phone 3 of person-3"),
]


@pytest.mark.parametrize(("told", "ops", "line"), OTHERWISE)
def test_a_line_of_the_story(told, ops, line: str) -> None:
    found = find_message(PUSH.id, told, ops)
    assert found is not None
    shown = [" ".join(each.split()) for each in printed(tell(found, manifest()))]
    assert any(" ".join(line.split()) in each for each in shown), shown


def test_of_an_email_it_is_not_said_that_it_reached_no_phone() -> None:
    email = msgspec.structs.replace(PUSH, channel="email")
    found = find_message(PUSH.id, [email], [CAUSE])
    assert found is not None
    assert not any(line.startswith("reached") for line in printed(tell(found, manifest())))


def test_a_reaction_tells_which_message_it_is_about() -> None:
    story = explain("e1-tapped", [msgspec.structs.replace(TAP, id="e1-tapped")], manifest(), None)
    assert story is not None
    assert any("a reaction to the message aaaa1111-m" in line for line in printed(story))


# --- the table


def test_the_table_of_journeys_stands_in_the_report_and_fits_80_columns() -> None:
    rows = (
        JourneyRow(
            "abandoned_cart_with_a_long_name", entered=12_345, ended=10_000, exited=1_000, waiting=1_345,
            discarded={"alreadyInJourney": 7, "reentrance": 20_000}, sent={"push": 100_000, "email": 3},
            delivered=90_000, opened=444, clicked=44,
        ),
        JourneyRow("welcome", discarded={"alreadyInJourney": 1}),
    )  # fmt: skip
    verdict = msgspec.structs.replace(judge(manifest(), [], []), journeys=rows)
    shown = printed(report(verdict, manifest()))
    first = next(n for n, line in enumerate(shown) if line.startswith("journey"))
    assert all(len(line) <= 80 for line in shown)
    assert shown[first].split() == [
        "journey",
        "entered",
        "waiting",
        "leted",
        "exited",
        "carded",
        "sent",
        "ered",
        "opened",
    ]
    # a long name takes several lines, and no number is cut short
    below = "\n".join(shown[first + 1 :])
    name, rest = below.partition(" ")[0], below.partition(" ")[2].splitlines()
    assert name.replace("\n", "") == "abandoned_cart_with_a_long_name"
    assert rest[0].split() == ["12345", "1345", "10000", "1000", "20007", "100003", "90000", "444"]
    assert rest[1].split() == ["welcome", "0", "0", "0", "0", "1", "0", "0", "0"]
    # why events were discarded, of all journeys together
    assert rest[2:5] == ["discarded 8: alreadyInJourney", "discarded 20000: reentrance", ""]


def test_a_run_without_journeys_has_no_such_table() -> None:
    assert not any(line.startswith("journey") for line in printed(report(judge(manifest(), [], []), manifest())))
