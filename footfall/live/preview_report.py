"""A preview in words: who the phone is, then every request with its time, its answer and what it carries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.text import Text

from footfall.engine.population import Life
from footfall.engine.preview import Exchange, Preview
from footfall.evidence.ops import Created
from footfall.phone import sdk
from footfall.phone.config import AppConfig
from footfall.phone.signals import Request

_NAMES = 10  # width of the heading's first column


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

    def times(self, at_ms: int) -> str:
        """A moment of virtual time from the run's start, and as the time of day in UTC."""
        seconds, ms = divmod(at_ms, 1000)
        of_day = datetime.fromtimestamp((self.anchor_ms + at_ms) // 1000, UTC)
        return f"+{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}  {of_day:%H:%M:%S}"

    def carried(self, exchange: Exchange) -> str:
        """What a request carries, in one line: its events with their places and products, and which attempt it is."""
        request = exchange.request
        what = " + ".join(map(self._event, exchange.events)) or request.name
        return what if request.attempt == 1 else f"{what}  (attempt {request.attempt})"

    def _event(self, event: Created) -> str:
        details = []
        if event.place:
            name = self.places.get(event.place)
            details.append(f"{name} ({event.place})" if name else event.place)
        if event.skus:
            details.append(", ".join(sku if count == 1 else f"{sku} x{count}" for sku, count in event.skus))
        return " ".join("  ".join([event.type or "(no eventType)", *details]).split("\n"))


def print_report(console: Console, scene: Scene, seen: Preview, limit: int | None, body: bool) -> None:
    """Prints the phone, then its requests, at most `limit`; with `body` their headers and bodies too."""

    def line(text: Text | str, indent: int = 0) -> None:
        # soft wrap: a pipe gets every line whole
        console.print(Text(" " * indent).append_text(Text(text) if isinstance(text, str) else text), soft_wrap=True)

    for name, value in _heading(scene, seen):
        line(Text(f"{name:<{_NAMES}}", style="dim").append(value, style="bold" if name == "phone" else "not dim"))
    width = console.width if console.is_terminal else None
    shown = seen.exchanges[:limit]
    for exchange in shown:
        line("")
        for text, indent in _summary(scene, exchange, width):
            line(text, indent)
        for part in _target(exchange.request, width):
            line(Text(part, style="dim"), 4)
        if body:
            for header in headers(exchange.request).items():
                line(Text(": ".join(header), style="cyan"), 4)
            for part in pretty(exchange.request.body).splitlines():
                line(JSONHighlighter()(Text(part)), 4)
    line("")
    line(_footer(seen, len(shown)))
    for unsent in seen.unsent:
        line(f"never sent: {scene.times(unsent.event.due_ms)}  {unsent.event.type}: {unsent.why}")


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
    return [
        ("phone", scene.title.removeprefix("phone ")),
        ("person", f"{life.person.name} ({life.person.id})"),
        ("model", f"{model.name} ({model.model}), {model.os_name} {model.os_version}"),
        ("ECID", life.ecid),
        ("app", " ".join([app.name, ", then ".join(_versions(seen))]).strip()),
        ("Edge", f"{sdk.edge_domain(app.edge)} is what the SDK would address; nothing is sent"),
        ("times", "from the run's start, and of the day in UTC"),
    ]


def _versions(seen: Preview) -> list[str]:
    """The versions of the app in the order in which its launches tell them: one, or more where it was updated."""
    found: dict[str, int] = {}
    for exchange in seen.exchanges:
        if any(event.type == "application.launch" for event in exchange.events):
            for event in msgspec.json.decode(exchange.request.body)["events"]:
                version = event["xdm"].get("application", {}).get("version")
                if version:
                    found[version] = 0
    return list(found)


def _summary(scene: Scene, exchange: Exchange, width: int | None) -> list[tuple[Text, int]]:
    """Time, answer and what the request carries, as lines with their indents: one, or a second one with the places and
    products where a terminal is too narrow."""
    reply = exchange.reply
    text = Text(scene.times(exchange.at_ms)).append("  ")
    text.append(str(reply.status) if reply.status else reply.failure, style="green" if reply.status == 200 else "red")
    text.append("  ")
    indent = len(text)
    carried = scene.carried(exchange)
    if width is None or indent + len(carried) <= width:
        return [(text.append(carried, style="bold"), 0)]
    kind, _, details = carried.partition("  ")
    lines = [(text.append(kind, style="bold"), 0)]
    return [*lines, (Text(details, style="bold"), indent)] if details else lines


def _target(request: Request, width: int | None) -> list[str]:
    """Method and target; in two pieces where a terminal is too narrow for one."""
    whole = f"{request.method} {request.target}"
    if width is None or len(whole) + 4 <= width:
        return [whole]
    path, mark, query = whole.partition("?")
    return [path, f"  {mark}{query}"]


def _footer(seen: Preview, shown: int) -> str:
    made, events = len(seen.exchanges), sum(len(exchange.events) for exchange in seen.exchanges)
    total = f"{made} requests with {events} events"
    return total if shown == made else f"the first {shown} of {total}"
