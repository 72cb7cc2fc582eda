"""Draws the story of the abandoned carts as an SVG: a line for each customer, and on it what happened when.

    python tools/story_picture.py -o docs/journeys.svg

It is lived in virtual time: the same scenario gives the same picture.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from xml.sax.saxutils import escape

from footfall.evidence.ops import Created, Ended, Notified, Op, Started
from footfall.live import inputs
from footfall.live.rehearsal import Rehearsal, Rehearsed

STORY = "tutorial/abandoned"
ANCHOR_MS = 1_772_884_800_000  # a Saturday noon; the picture shows minutes only
WIDTH, LEFT, TOP, LANE = 1000, 110, 96, 34
MINUTE_MS = 60_000
LAST_MS = 170 * MINUTE_MS
# of each step of the journey: how it is drawn, and what the legend says
MARKS = {
    "add": ("#2e86ab", "into the cart"),
    "push": ("#e4572e", "reminder"),
    "opened": ("#6a4c93", "opened"),
    "buy": ("#3a7d44", "bought"),
    "email": ("#b07d2b", "e-mail"),
    "nowhere": ("#999999", "no address"),
}
WORDS = {"open": "opens it", "button": "presses a button", "dismiss": "wipes it away", "ignore": "ignores it"}


class _Ledger:
    def __init__(self) -> None:
        self.ops: list[Op] = []

    def add(self, op: Op) -> None:
        self.ops.append(op)

    def flush(self) -> None:
        pass


def picture() -> str:
    """Lives the story, and draws it."""
    read, app = inputs.load_all(STORY, "")
    ledger = _Ledger()
    journeys = inputs.read_journeys(read.scenario.journeys)
    return draw(Rehearsal(read, app.config, journeys, ledger, ANCHOR_MS).play(), ledger.ops)


def draw(came: Rehearsed, ops: list[Op]) -> str:
    """The picture of a story that was lived."""
    owners = {op.ecid: op.phone for op in ops if isinstance(op, Started)}
    ends = {op.phone: op.at_ms for op in ops if isinstance(op, Ended)}
    created = {op.id: op for op in ops if isinstance(op, Created)}
    decided = {op.phone: op for op in ops if isinstance(op, Notified)}
    marks: list[tuple[int, int, str]] = []  # phone, when, what
    spans: dict[int, tuple[int, int]] = {}
    channels = {message.id: message.channel for message in came.messages}
    for step in came.steps:
        at_ms = step.at_ms - ANCHOR_MS
        phone = created[step.event].phone if step.event else owners[step.key]
        match step.kind:
            case "entered":
                spans[phone] = (at_ms, at_ms)
                marks.append((phone, at_ms, "add"))
            case "discarded":
                marks.append((phone, at_ms, "add"))
            case "sent":
                marks.append((phone, at_ms, channels[step.message]))
            case "reacted":
                marks.append((phone, at_ms, "opened"))
            case "excluded":
                marks.append((phone, at_ms, "nowhere"))
            case "exited":
                marks.append((phone, at_ms, "buy"))
        if step.kind in ("exited", "ended"):
            spans[phone] = (spans[phone][0], at_ms)
    assert all(kind in MARKS for _, _, kind in marks), "a step that the picture does not know"
    lanes = [_lane(phone, spans.get(phone), ends[phone], marks, decided.get(phone)) for phone in sorted(ends)]
    bottom = TOP + LANE * len(lanes)
    hours = "".join(
        f'<line x1="{_x(ms)}" y1="{TOP - 12}" x2="{_x(ms)}" y2="{bottom}" stroke="#ddd8cc"/>'
        f'<text x="{_x(ms)}" y="{TOP - 18}" class="hour">{ms // (60 * MINUTE_MS)}:{ms // MINUTE_MS % 60:02}</text>'
        for ms in range(0, LAST_MS, 30 * MINUTE_MS)
    )
    legend = "".join(
        f'<circle cx="{26 + 138 * i}" cy="{bottom + 26}" r="7" fill="{colour}"/>'
        f'<text x="{40 + 138 * i}" y="{bottom + 31}">{what}</text>'
        for i, (colour, what) in enumerate(MARKS.values())
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 48}" font-family="sans-serif">
<style>text{{font-size:14px;fill:#222}}text.title{{font-size:18px;font-weight:600}}text.hour{{text-anchor:middle;fill:#666}}
text.said{{font-size:12px;fill:#666}}</style>
<rect width="100%" height="100%" fill="#fbf9f4"/>
<text x="20" y="30" class="title">Ten carts and the journey abandoned_cart</text>
<text x="20" y="52">hours and minutes of the run; the thick line is the time that somebody is in the journey</text>
{hours}
{"".join(lanes)}
{legend}
</svg>
"""


def _lane(
    phone: int, span: tuple[int, int] | None, end_ms: int, marks: list[tuple[int, int, str]], got: Notified | None
) -> str:
    y = TOP + LANE * phone + LANE // 2
    parts = [
        f'<text x="20" y="{y + 5}">phone {phone}</text>',
        f'<line x1="{LEFT}" y1="{y}" x2="{_x(min(end_ms, LAST_MS))}" y2="{y}" stroke="#c9c3b5"/>',
    ]
    if span is not None:
        parts.append(
            f'<line x1="{_x(span[0])}" y1="{y}" x2="{_x(span[1])}" y2="{y}" stroke="#3b4252" stroke-width="5" '
            'stroke-opacity="0.35"/>'
        )
    for whose, at_ms, kind in marks:
        if whose == phone:
            parts.append(f'<circle cx="{_x(at_ms)}" cy="{y}" r="7" fill="{MARKS[kind][0]}"/>')
    if got is not None:
        parts.append(f'<text x="{_x(got.at_ms) + 22}" y="{y - 7}" class="said">{escape(WORDS[got.decided])}</text>')
    return "".join(parts)


def _x(ms: int) -> int:
    return LEFT + round((WIDTH - LEFT - 30) * ms / LAST_MS)


def main() -> None:
    """Reads the command line and writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    options.output.write_text(picture(), encoding="utf-8")


if __name__ == "__main__":
    main()
