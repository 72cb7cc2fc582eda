"""The tutorial's four stories, lived in virtual time, and told as a person would follow them: phone by phone, what
happened and what the journey made of it. `python tests/live/stories.py` writes the golden ones anew."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from footfall.evidence.ops import Created, Notified, Op, Started
from footfall.live import inputs
from footfall.live.inputs import Inputs
from footfall.live.rehearsal import Rehearsal, Rehearsed
from footfall.platform.journeys.messages import Message, Step

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/golden/stories"
STORIES = ("bought", "visited", "abandoned", "points")
ANCHOR_MS = 1_772_884_800_000  # 2026-03-07T12:00:00Z, a Saturday

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Ledger:
    """Keeps what a run's journal is told."""

    def __init__(self) -> None:
        self.ops: list[Op] = []

    def add(self, op: Op) -> None:
        self.ops.append(op)

    def flush(self) -> None:
        pass


class Told(msgspec.Struct):
    """A story that was lived: what came of it, and the ledger."""

    rehearsed: Rehearsed
    ops: list[Op]

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.rehearsed.steps

    @property
    def messages(self) -> tuple[Message, ...]:
        return self.rehearsed.messages

    @property
    def created(self) -> dict[str, Created]:
        return {op.id: op for op in self.ops if isinstance(op, Created)}

    @property
    def notified(self) -> dict[str, Notified]:
        return {op.message: op for op in self.ops if isinstance(op, Notified)}

    @property
    def owners(self) -> dict[str, int]:
        """The phone that has each ECID."""
        return {op.ecid: op.phone for op in self.ops if isinstance(op, Started)}

    def of(self, kind: str, node: str = "") -> list[Step]:
        """The steps of one kind, at one node where it is given."""
        return [step for step in self.steps if step.kind == kind and node in ("", step.node)]


def rehearsal(read: Inputs, app: str = "tutorial", **more: int) -> tuple[Rehearsal, Ledger]:
    """A scenario with the journeys that it names, ready to be lived."""
    ledger = Ledger()
    journeys = inputs.read_journeys(read.scenario.journeys)
    return Rehearsal(read, inputs.read_app(app).config, journeys, ledger, ANCHOR_MS, **more), ledger


def lived(read: Inputs, only: Sequence[int] | None = None, **more: int) -> Told:
    """The same, lived."""
    ready, ledger = rehearsal(read, **more)
    return Told(ready.play(only), ledger.ops)


def story(name: str) -> Inputs:
    """One of the tutorial's scenarios."""
    return inputs.load(f"tutorial/{name}")


def timeline(told: Told) -> str:
    """What happened to each phone's owner, in order, with the words that they were sent."""
    created, notified, owners = told.created, told.notified, told.owners
    messages = {message.id: message for message in told.messages}
    lines: dict[int, list[str]] = {phone: [] for phone in sorted(owners.values())}
    phone_of = {
        step.instance: created[step.event].phone for step in told.steps if step.kind == "entered" and step.instance
    }
    last = ""
    for step in told.steps:
        phone = created[step.event].phone if step.event else phone_of[step.instance]
        of_phone = lines[phone]
        clock = _clock(step.at_ms)
        event = created.get(step.event)
        if event is not None and step.event != last:
            of_phone.append(f"  {clock}  {_event(event)}")
            last = step.event
        if step.kind == "sent":
            of_phone += [f"  {clock}    {line}" for line in _message(messages[step.message], notified)]
        else:
            about = " ".join(part for part in (step.kind, step.node, step.code) if part)
            why = _MOMENT.sub(
                lambda found: _clock(round(datetime.fromisoformat(found[0]).timestamp() * 1000)), step.why
            )
            for ecid in owners:
                why = why.replace(ecid, "the phone's ECID")
            of_phone.append(f"  {clock}    {about}: {why}")
    return "\n\n".join("\n".join([f"phone {phone}", *(rows or ["  nothing"])]) for phone, rows in lines.items()) + "\n"


def _clock(epoch_ms: int) -> str:
    seconds = (epoch_ms - ANCHOR_MS) // 1000
    return f"{seconds // 3600:>2}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _event(event: Created) -> str:
    what = event.place or ", ".join(f"{quantity} of {sku}" for sku, quantity in event.skus)
    return f"{event.source or 'phone'}: {event.type}" + (f" ({what})" if what else "")


def _message(message: Message, notified: dict[str, Notified]) -> list[str]:
    content = msgspec.json.decode(message.content)
    words = f"{content.get('title') or content['subject']}: {content['body']}"
    if message.channel != "push":
        return [f"{message.channel} {message.node} to {message.to}: {words}"]
    got = notified.get(message.id)
    return [f"push {message.node}: {words}", f"    {f'to phone {got.phone}: {got.decided}' if got else 'to no phone'}"]


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name in STORIES:
        (GOLDEN / f"{name}.txt").write_text(timeline(lived(story(name))), encoding="utf-8")
