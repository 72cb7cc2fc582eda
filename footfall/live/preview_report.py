"""A preview in words: who the phone is, then every request with its time, its answer and what it carries."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import msgspec
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.text import Text

from footfall.engine.population import Life
from footfall.engine.preview import Exchange, Preview, Unsent
from footfall.evidence.ops import Created
from footfall.phone import sdk
from footfall.phone.config import AppConfig
from footfall.phone.signals import Request

_NAMES = 10  # width of the heading's first column
_PIPE = 80  # columns of a reader that is no terminal
_ROOM = 20  # columns that a text is given at least, however narrow the terminal is


class Scene(msgspec.Struct, frozen=True):
    """What was previewed: phone `life` among `phones`, of this app and scenario. `anchor_ms` is the epoch of virtual 0,
    `places` are names by POI id."""

    life: Life
    phones: int
    scenario: str
    seed: int
    app: AppConfig
    anchor_ms: int
    places: Mapping[str, str]

    @property
    def title(self) -> str:
        """Which phone of which population, in one line."""
        platform = self.life.model.platform
        return f"phone {self.life.k} of {self.phones}, {platform}, scenario {self.scenario}, seed {self.seed}"

    @property
    def platform(self) -> str:
        """The phone's platform, and that of a run where it differs: regions are watched differently there."""
        chosen, drawn = self.life.model.platform, self.life.drawn_platform
        if chosen == drawn:
            return chosen
        return f"{chosen} (in a run of this seed it is {drawn}, and crosses at other times)"

    def times(self, at_ms: int) -> str:
        """A moment of virtual time from the run's start, and as the time of day in UTC."""
        of_day = datetime.fromtimestamp((self.anchor_ms + at_ms) // 1000, UTC)
        return f"{offset(at_ms)}  {of_day:%H:%M:%S}"

    def carried(self, exchange: Exchange) -> str:
        """What a request carries, in one line: its events with their places and products, and which attempt it is."""
        request = exchange.request
        what = " + ".join(map(self.event, exchange.events)) or request.name
        return what if request.attempt == 1 else f"{what}  (attempt {request.attempt})"

    def never_sent(self, unsent: Unsent) -> str:
        """An event that is never sent, and why, in one line."""
        return f"never sent: {offset(unsent.event.due_ms)} {self.event(unsent.event)}: {unsent.why}"

    def event(self, event: Created) -> str:
        """An event in one line: its type, place and products, and why it is the second one of its occurrence."""
        details = []
        if event.place:
            name = self.places.get(event.place)
            details.append(f"{name} ({event.place})" if name else event.place)
        if event.skus:
            details.append(", ".join(sku if count == 1 else f"{sku} x{count}" for sku, count in event.skus))
        if event.extra:
            details.append(f"({event.extra})")
        return " ".join("  ".join([event.type or "(no eventType)", *details]).split("\n"))


def print_report(console: Console, scene: Scene, seen: Preview, limit: int | None, body: bool) -> None:
    """Prints the phone, then its requests, at most `limit`; with `body` their headers and bodies too. No line is wider
    than the terminal, or 80 columns for another reader, who gets targets and bodies whole however."""

    def line(text: Text | str, indent: int = 0) -> None:
        # soft wrap: a pipe gets every line whole
        console.print(Text(" " * indent).append_text(Text(text) if isinstance(text, str) else text), soft_wrap=True)

    for name, value in _heading(scene, seen):
        line(Text(f"{name:<{_NAMES}}", style="dim").append(value, style="bold" if name == "phone" else "not dim"))
    width = console.width if console.is_terminal else _PIPE
    shown = seen.exchanges[:limit]
    for exchange in shown:
        line("")
        for text, indent in _summary(scene, exchange, width):
            line(text, indent)
        for part in _target(exchange.request, width if console.is_terminal else None):
            line(Text(part, style="dim"), 4)
        if body:
            for header in headers(exchange.request).items():
                line(Text(": ".join(header), style="cyan"), 4)
            for part in pretty(exchange.request.body).splitlines():
                line(JSONHighlighter()(Text(part)), 4)
    line("")
    line(_footer(seen, len(shown)))
    for unsent in seen.unsent:
        for part in _folded(scene.never_sent(unsent), width, " " * 4):
            line(part)


def offset(at_ms: int) -> str:
    """A moment of virtual time from the run's start."""
    seconds, ms = divmod(at_ms, 1000)
    return f"+{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"


def counted(number: int, what: str) -> str:
    """A number with its noun."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def versions(life: Life, exchanges: tuple[Exchange, ...]) -> Iterator[str]:
    """The app's version at each of the exchanges, as its launches tell it: what was installed at first, until one tells
    of an update."""
    version = life.app_version
    for exchange in exchanges:
        if any(event.type == "application.launch" for event in exchange.events):
            for event in msgspec.json.decode(exchange.request.body)["events"]:
                version = event["xdm"].get("application", {}).get("version") or version
        yield version


def headers(request: Request) -> dict[str, str]:
    """The request's own headers in their order, without Host and Content-Length, which are the transport's."""
    lines = request.headers.decode("latin-1").removesuffix("\r\n").split("\r\n")
    return dict(line.split(": ", 1) for line in lines)


def pretty(body: bytes) -> str:
    """A body indented for reading; what stands between the white space is as sent."""
    return msgspec.json.format(body, indent=2).decode() if body else ""


def _heading(scene: Scene, seen: Preview) -> list[tuple[str, str]]:
    life, app = scene.life, scene.app
    model = life.model
    other = [("platform", scene.platform)] if model.platform != life.drawn_platform else []
    known = dict.fromkeys([life.app_version, *versions(life, seen.exchanges)])
    return [
        ("phone", scene.title.removeprefix("phone ")),
        *other,
        ("person", f"{life.person.name} ({life.person.id})"),
        ("model", f"{model.name} ({model.model}), {model.os_name} {model.os_version}"),
        ("ECID", life.ecid),
        ("app", f"{app.name} {', then '.join(known)}".strip()),
        ("Edge", f"{sdk.edge_domain(app.edge)} is what the SDK would address; nothing is sent"),
        ("times", "from the run's start, and of the day in UTC"),
    ]


def _summary(scene: Scene, exchange: Exchange, width: int) -> list[tuple[Text, int]]:
    """Time, answer and what the request carries, as lines with their indents: one, or where that is too wide a line for
    each event, and further ones for places and products."""
    reply = exchange.reply
    text = Text(scene.times(exchange.at_ms)).append("  ")
    text.append(str(reply.status) if reply.status else reply.failure, style="green" if reply.status == 200 else "red")
    text.append("  ")
    indent = len(text)
    first, *more = _carried(scene.carried(exchange), width - indent)
    return [(text.append(first, style="bold"), 0), *((Text(part, style="bold"), indent) for part in more)]


def _carried(whole: str, room: int) -> list[str]:
    if len(whole) <= room:
        return [whole]
    events = whole.split(" + ")
    lines: list[str] = []
    for event in [*(f"{event} +" for event in events[:-1]), events[-1]]:
        kind, _, details = event.partition("  ")
        lines += [event] if len(event) <= room else [kind, *_folded(details, room)]
    return lines


def _folded(text: str, room: int, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, max(room, _ROOM), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _target(request: Request, width: int | None) -> list[str]:
    """Method and target; in two pieces where a terminal is too narrow for one."""
    whole = f"{request.method} {request.target}"
    if width is None or len(whole) + 4 <= width:
        return [whole]
    path, mark, query = whole.partition("?")
    return [path, f"  {mark}{query}"]


def _footer(seen: Preview, shown: int) -> str:
    made, events = len(seen.exchanges), sum(len(exchange.events) for exchange in seen.exchanges)
    total = f"{counted(made, 'request')} with {counted(events, 'event')}"
    return total if shown == made else f"the first {shown} of {total}"
