"""A journey as a Mermaid flowchart, for a page, a pull request or a terminal with an eye for it.

The entry's rule is on its arrow. Round ends, hexagons that wait, slanted boxes that listen, diamonds that decide, boxes
that act; dotted arrows are errors, and events that take a person out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from footfall.platform.journeys.expressions import Expression
from footfall.platform.journeys.types import (
    DAY_MS,
    END,
    MINUTE_MS,
    SECOND_MS,
    Await,
    Condition,
    Email,
    InApp,
    Journey,
    JourneyEvent,
    Node,
    Push,
    React,
    Sms,
    Split,
    Text,
    Wait,
    Webhook,
)

_LONGEST = 160


def mermaid(journey: Journey) -> str:
    """The flowchart's text, ending with a line break."""
    ids = {name: f"n{index}" for index, (name, _) in enumerate(journey.nodes, 1)} | {END: "finish"}
    events = {event.name: event for event in journey.events}
    lines = ["flowchart TD", f'    start(["{_escaped(journey.name)}"])']
    lines.append(f"    start {_arrow(_listens(events[journey.entry]))} {ids[journey.first]}")
    ended = journey.first == END
    for name, node in journey.nodes:
        lines.append(f"    {ids[name]}{_shape(name, node)}")
        for label, target, dotted in _arrows(node):
            lines.append(f"    {ids[name]} {_arrow(label, dotted)} {ids[target]}")
            ended |= target == END
    for name in journey.exits:
        lines.append(f"    anywhere([anywhere]) {_arrow(_listens(events[name]), dotted=True)} finish")
    if ended or journey.exits:
        lines.append("    finish([end])")
    return "\n".join(lines) + "\n"


def duration(ms: int) -> str:
    """A duration as a person writes it: the largest unit that leaves nothing over."""
    for unit, size in (("d", DAY_MS), ("h", 60 * MINUTE_MS), ("m", MINUTE_MS), ("s", SECOND_MS)):
        if ms % size == 0 and (ms or unit == "s"):
            return f"{ms // size}{unit}"
    return f"{ms}ms"


def _moment(epoch_ms: int) -> str:
    return f"{datetime.fromtimestamp(epoch_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _listens(event: JourneyEvent) -> str:
    return f"{event.name}: {event.when if event.when is not None else f'event id {event.event_id}'}"


def _shape(name: str, node: Node) -> str:
    def box(opens: str, what: str, closes: str) -> str:
        return f'{opens}"{_escaped(name)}<br>{_escaped(_short(what))}"{closes}'

    match node:
        case Wait(for_ms=for_ms, until_ms=until_ms):
            return box("{{", f"until {_moment(until_ms)}" if until_ms else f"wait {duration(for_ms)}", "}}")
        case Condition():
            return box("{", "condition", "}")
        case Split():
            return box("{", "by chance", "}")
        case Await(events):
            return box("[/", f"await {' or '.join(event for event, _ in events)}", "/]")
        case React(to):
            return box("[/", f"{to}?", "/]")
        case Push(title=title):
            return box("[", f"push: {_told(title)}", "]")
        case InApp(surface=surface):
            return box("[", f"in-app: {surface or 'the app'}", "]")
        case Email(subject=subject):
            return box("[", f"e-mail: {_told(subject)}", "]")
        case Sms(body=body):
            return box("[", f"SMS: {_told(body)}", "]")
        case Webhook(url=url):
            return box("[", f"webhook: {url}", "]")


def _arrows(node: Node) -> Iterator[tuple[str, str, bool]]:
    """Of each way out the label, the node's name, and whether it is an error's."""
    match node:
        case Condition(paths, otherwise, on_error):
            for path in paths:
                yield str(path.when), path.next, False
            yield "otherwise", otherwise, False
        case Split(shares):
            whole = sum(share for _, share in shares)
            for name, share in shares:
                yield f"{share / whole:.3g}", name, False
            return
        case Await(events, timeout_ms, on_timeout):
            for event, name in events:
                yield event, name, False
            if timeout_ms:
                yield f"after {duration(timeout_ms)}", on_timeout, False
            return
        case React(to, next, timeout_ms, on_timeout):
            yield to, next, False
            yield f"not after {duration(timeout_ms)}", on_timeout, False
            return
        case Wait(next):
            yield "", next, False
            return
        case _:
            yield "", node.next, False
            on_error = node.on_error
    if on_error:
        yield "error", on_error, True


def _arrow(label: str, dotted: bool = False) -> str:
    line = "-.->" if dotted else "-->"
    return f'{line}|"{_escaped(_short(label))}"|' if label else line


def _told(text: Text) -> str:
    return "".join(f"{{{{{part}}}}}" if isinstance(part, Expression) else part for part in text.parts)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _escaped(text: str) -> str:
    """Mermaid's own entities for what means something in a label."""
    for char, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(char, entity)
    return text
