"""The verdict and the explanation of one event, for a terminal. The only module of the room that knows of rich.

Renderables carry styles and no control codes: rich leaves the styles out where the output is not a terminal, and what
is left reads as well in a log. Everything fits into 80 columns.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from footfall.evidence.check import Check, Finding, Validity, several
from footfall.evidence.delivered import Row
from footfall.evidence.explain import Ambiguous, Attempt, Explanation, find
from footfall.evidence.journeys import JourneyRow
from footfall.evidence.manifest import Manifest, repeat_command
from footfall.evidence.ops import Created, Op
from footfall.evidence.received import Received
from footfall.evidence.track import Standing
from footfall.evidence.verdict import Verdict

SHOWN_FINDINGS = 5

_COMMAND_COLUMNS = 64  # of a line of a command: with what stands before it, it fits a terminal of 80

_MARKS: dict[Validity, tuple[str, str]] = {
    "valid": ("✓", "green"),
    "invalid": ("✗", "bold red"),
    "unknown": ("?", "yellow"),
}
_GRAVITY: dict[Validity, int] = {"invalid": 0, "unknown": 1, "valid": 2}

# The facts of checkers that count things, and what one of them is called; other facts say how something was.
_COUNTED = {
    "launches": "launch",
    "closes": "close",
    "adds": "add",
    "removals": "removal",
    "checkouts": "checkout",
    "purchases": "purchase",
    "entries": "entry",
    "exits": "exit",
}

_STANDINGS: dict[Standing, str] = {
    "stored": "stored",
    "unread": "acknowledged; the receiver could not be asked whether it has it",
    "lost": "LOST: acknowledged, and the receiver does not have it",
    "dropped": "given up by the SDK, not stored",
    "withheld": "withheld by the SDK's rules, not stored",
    "held": "still in the hit queue when the phone ended, never to be sent",
    "abandoned": "abandoned: its phone has no end, the process died",
    "in_doubt": "in doubt: sent, and nobody saw an answer that decides it",
    "unexplained": "UNEXPLAINED: not stored, and nothing says why",
}

_JOURNEY_NUMBERS = ("entered", "waiting", "comp-\nleted", "exited", "dis-\ncarded", "sent", "deliv-\nered", "opened")

_UNREAD = "the app's process died before it read this"


def report(verdict: Verdict, manifest: Manifest, where: str = "") -> Group:
    """The whole verdict: table, heart line, checks with their findings, commands that repeat what was found. `where`
    says where the run lies; empty: not said."""
    mark, style = _MARKS[verdict.validity]
    parts: list[RenderableType] = [
        _table(verdict),
        Text(),
        *_journeys(verdict.journeys),
        Text(verdict.line, style="bold"),
        Text(),
        *(part for check in verdict.checks for part in _check(check, manifest)),
    ]
    times = _times(verdict, batches=manifest.transport == "inlet-batch")
    if times or verdict.notes:
        parts.append(Text())
    parts += [Text(line, style="dim") for line in times]
    parts += [_hanging("!", "yellow", note) for note in verdict.notes]
    parts.append(Text())
    parts.append(Text(f"digest {verdict.digest}", style="dim"))
    if manifest.app_file:
        parts.append(Text(f"the app was that of {manifest.app_file}", style="dim"))
    if where:
        parts.append(Text(f"the run is in {where}", style="dim"))
    parts.append(Text.assemble((f"{mark} {verdict.validity}", style)))
    return Group(*parts)


def explain(
    event_id: str, ops: Iterable[Op], manifest: Manifest, received: Iterable[Received] | None
) -> RenderableType | None:
    """The story of one event: who made it and why, each attempt, what the receiver says, and how to see it again.
    `event_id` may be a prefix of 8 characters or more; where it fits several events, they are listed. None where no
    event of the run has such an id."""
    found = find(event_id, ops, received)
    if found is None:
        return None
    if isinstance(found, Ambiguous):
        listed = "\n".join(f"  {id}" for id in found.ids[:SHOWN_FINDINGS])
        more = len(found.ids) - SHOWN_FINDINGS
        tail = f"\n  ... and {more} more" if more > 0 else ""
        return Text(f'{len(found.ids)} events begin with "{found.prefix}"; give more of the id:\n{listed}{tail}')
    return _story(found, manifest)


def _table(verdict: Verdict) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("event type", no_wrap=True, overflow="ellipsis", min_width=10)
    for header in ("planned", "sent", "acknow-\nledged", "stored", "good", "bad", "other"):
        table.add_column(header, justify="right", no_wrap=True, vertical="bottom")
    for row in verdict.rows:
        table.add_row(*_cells(row), style="red" if row.unexplained else "")
    table.add_row(*_cells(verdict.total), style="bold")
    return table


def _journeys(rows: tuple[JourneyRow, ...]) -> list[RenderableType]:
    """A table of what the journeys did, and below it why events were discarded."""
    if not rows:
        return []
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("journey", overflow="fold", vertical="bottom")  # the only one that gives way
    for header in _JOURNEY_NUMBERS:
        table.add_column(header, justify="right", no_wrap=True, vertical="bottom")
    for row in rows:
        discarded, sent = sum(row.discarded.values()), sum(row.sent.values())
        numbers = (row.entered, row.waiting, row.ended, row.exited, discarded, sent, row.delivered)
        table.add_row(row.journey, *map(str, numbers), str(row.opened))
    codes = Counter[str]()
    for row in rows:
        codes.update(row.discarded)
    told = [Text(f"discarded {count}: {code}", style="dim") for code, count in sorted(codes.items())]
    return [table, *told, Text()]


def _cells(row: Row) -> tuple[str, ...]:
    numbers = (row.planned, row.sent, row.acknowledged, row.stored, row.good, row.bad, row.other)
    return row.type or "(no eventType)", *("?" if number is None else str(number) for number in numbers)


def _check(check: Check, manifest: Manifest) -> list[RenderableType]:
    mark, style = _MARKS[check.validity]
    parts: list[RenderableType] = [Text.assemble((mark, style), " ", (check.name, "bold"), _digest_of_facts(check))]
    shown = _first_of_each_kind(check.findings)[:SHOWN_FINDINGS]
    for finding in shown:
        its_mark, its_style = ("·", "dim") if finding.validity == "valid" else _MARKS[finding.validity]
        parts.append(Padding(_hanging(its_mark, its_style, finding.message), (0, 0, 0, 2)))
    left = len(check.findings) - len(shown) + check.omitted
    if left:
        parts.append(Text(f"  ... and {left} more", style="dim"))
    phones = {finding.phone for finding in shown if finding.phone is not None and finding.validity != "valid"}
    for phone in sorted(phones)[:2]:
        parts.append(Padding(Text(f"phone {phone} again:\n{shell_lines(manifest, phone)}", style="dim"), (0, 0, 0, 4)))
    return parts


def _digest_of_facts(check: Check) -> str:
    """The numbers of a checker that are not in the table already."""
    facts = check.facts
    if check.name == "delivered":
        names = ("lived", "cut", "abandoned")
        said = ", ".join(f"{facts[f'phones_{name}']} {name}" for name in names if facts.get(f"phones_{name}"))
        return f"  phones: {said}" if said else ""
    if check.name == "covered" and facts:
        return f"  {facts['states_used']}/{facts['states']} states, {facts['places_used']}/{facts['places']} places"
    return "  " + ", ".join(_fact(name, number) for name, number in facts.items() if number)


def _fact(name: str, number: int) -> str:
    said = name.replace("_", " ")
    return several(number, _COUNTED.get(name, said), said)


def _first_of_each_kind(findings: tuple[Finding, ...]) -> list[Finding]:
    """The gravest first, and the first of every kind before the second of any: five lines should show five things."""
    ranks: list[tuple[int, int, int]] = []
    seen: dict[str, int] = {}
    for index, finding in enumerate(findings):
        nth = seen[finding.kind] = seen.get(finding.kind, 0) + 1
        ranks.append((_GRAVITY[finding.validity], nth, index))
    return [findings[index] for _, _, index in sorted(ranks)]


def _times(verdict: Verdict, batches: bool) -> list[str]:
    """A line for each kind of time. `batches`: messages waited for company."""
    timing = verdict.timing
    lines = []
    named = (("latency", timing.latency), ("service time", timing.service), ("lateness", timing.lateness))
    for name, spread in named:
        if spread is not None:
            lines.append(
                f"{name:<12}  p50 {spread.p50_ms:.1f}  p95 {spread.p95_ms:.1f}  "
                f"p99 {spread.p99_ms:.1f}  max {spread.max_ms:.1f} ms"
            )
            if batches and spread is not timing.lateness:
                lines[-1] += " with batch wait"  # a note of the verdict says it in full
    return lines


def shell_lines(manifest: Manifest, phone: int) -> str:
    """The command that repeats a phone, broken as a shell allows it, so that it can be copied from the screen: a line
    that the screen breaks by itself is two commands to the shell."""
    lines = [""]
    for part in _options(shlex.split(repeat_command(manifest, phone))):
        if lines[-1].strip() and len(lines[-1]) + len(part) >= _COMMAND_COLUMNS:
            lines.append(" ")
        lines[-1] += (" " if lines[-1] else "") + part
    return " \\\n".join(lines)


def _options(words: list[str]) -> list[str]:
    """The words, quoted, each option with its value: a line that is read alone makes sense."""
    parts: list[str] = []
    for word in words:
        if parts and parts[-1].startswith("--") and not word.startswith("--"):
            parts[-1] += " " + shlex.quote(word)
        else:
            parts.append(shlex.quote(word))
    return parts


def _hanging(mark: str, style: str, message: str) -> Table:
    """A mark and a text that, where it wraps, stays to the right of the mark."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=1)
    grid.add_column(overflow="fold")
    grid.add_row(Text(mark, style=style), Text(message))
    return grid


def _story(found: Explanation, manifest: Manifest) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")

    def say(name: str, value: str) -> None:
        if value:
            grid.add_row(name, Text(value))

    created = found.created
    say("event", found.id)
    if created is None:
        say("made by", "no phone of this run")
    else:
        _say_origin(say, created, found, manifest)
    for attempt in found.attempts:
        say(f"attempt {attempt.invoke.attempt}", _attempt(attempt))
    if created is not None and not found.attempts:
        say("attempts", "none: it was never sent")
    for withheld in found.withheld:
        say("withheld", f"{withheld.why}, {utc(manifest.anchor_ms + withheld.at_ms)}")
    say("receiver", _observed(found.received))
    if found.standing is not None:
        say("outcome", _STANDINGS[found.standing])
    if created is not None:
        say("repeat", shell_lines(manifest, created.phone))
    return grid


def _say_origin(say: Callable[[str, str], None], created: Created, found: Explanation, manifest: Manifest) -> None:
    say("type", created.type)
    platform = f" on {found.started.platform}, ECID {found.started.ecid}" if found.started is not None else ""
    say("phone", f"{created.phone}{platform}")
    say("person", created.person)
    say("state", created.state)
    say("place", created.place)
    say("products", ", ".join(f"{quantity} of {sku}" for sku, quantity in created.skus))
    why = "the plan made it" if created.cause == "plan" else "what the platform sent made it"
    if created.message:
        why = f"a reaction to the message {created.message}"
    say("why", f"{why}, as the {created.source or 'phone'}'s event number {created.n}")
    say("fault", created.fault)
    say("meant as", "bad: validation is to refuse it" if created.bad else "")
    after = timedelta(seconds=created.due_ms // 1000)
    say("due", f"{utc(manifest.anchor_ms + created.due_ms)}, {after} after the start")


def _attempt(attempt: Attempt) -> str:
    invoke, done = attempt.invoke, attempt.done
    late = f", {invoke.sent - invoke.due:.0f} ms late" if invoke.sent - invoke.due >= 1 else ""
    text = f"request {invoke.request}\nsent {utc(invoke.sent)}{late}\n"
    if done is None:
        return text + "no outcome: nobody saw how it ended" + (f"; {_UNREAD}" if attempt.unread else "")
    outcome = {"ok": "acknowledged", "fail": "definitely not stored", "info": "fate unknown"}[done.outcome]
    status = f" {done.status}" if done.status else ""
    why = f" ({done.why})" if done.why else ""
    queue = {"done": "is done with it", "retry": "will send it again", "drop": "gave it up"}[done.next]
    then = _UNREAD if attempt.unread else f"the SDK {queue}"
    return f"{text}{outcome}{status}{why} after {done.done - invoke.sent:.0f} ms; {then}"


def _observed(received: tuple[Received, ...] | None) -> str:
    if received is None:
        return "could not be asked"
    if not received:
        return "does not have it"
    reasons = [reason for one in received for reason in one.reasons]
    kinds = {one.good for one in received}
    how = "good" if kinds == {True} else "bad" if kinds == {False} else "good and bad"
    times = "" if len(received) == 1 else f", {len(received)} times"
    return f"has it, as {how}{times}" + (": " + "; ".join(dict.fromkeys(reasons)) if reasons else "")


def utc(epoch_ms: float) -> str:
    """The moment as people read it, in UTC."""
    return (
        datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(sep=" ", timespec="milliseconds").replace("+00:00", "Z")
    )
