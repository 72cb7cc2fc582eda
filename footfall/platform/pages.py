"""The two pages of the platform, plain HTML without scripts: an overview, and the API drawn from its document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from string import Template
from typing import Any
from urllib.parse import quote

import msgspec

from footfall.platform.database import MEMORY
from footfall.platform.journeys.counts import JourneyCounts
from footfall.platform.package_data import page_frame
from footfall.platform.stored import Count

Json = dict[str, Any]


class JourneyLine(msgspec.Struct, frozen=True):
    """One line of the table of journeys."""

    run: str
    journey: str
    counts: JourneyCounts


def front(
    counts: list[Count],
    poi_count: int,
    store_path: str,
    trouble: str = "",
    journeys: Sequence[JourneyLine] | None = None,
) -> str:
    """The overview: what arrived up to now, by run and type, what journeys made of it, and where to read on; `trouble`
    is why nothing is taken at the moment, `journeys` None where none run."""
    good = sum(count.n for count in counts if count.good)
    bad = sum(count.n for count in counts if not count.good)
    kept = "Events are in memory and gone when it stops." if store_path == MEMORY else f"Events are in {store_path}."
    tally = "".join(
        f"<div><b>{n:,}</b><span>{escape(label)}</span></div>"
        for n, label in ((good + bad, "events stored"), (good, "good"), (bad, "bad"), (poi_count, "places"))
    )
    arrived = _table(
        ("Run", "eventType", "Verdict", "Events"),
        (
            (_text(count.run), _text(count.type or "(none)"), "good" if count.good else "bad", f"{count.n:,}")
            for count in counts
        ),
        numbers=1,
    )
    if not counts:
        arrived = (
            "<p>Nothing has arrived yet. Send a phone's request to "
            "<code>/ee/v1/interact?configId=local</code>, and reload this page.</p>"
        )
    links = (
        '<p><a href="/api/counts">Counts</a> · <a href="/api/bad">Bad events and why</a> · '
        '<a href="/api/events">All events</a> · <a href="/api/runs">Runs</a> · '
        '<a href="/api/platform">Set-up</a> as JSON; '
        'everything else is on <a href="/docs">the API page</a>.</p>'
    )
    refusing = f"<p><b>Nothing is taken at the moment: {_text(trouble)}</b></p>" if trouble else ""
    return _page(
        "Footfall platform",
        f"<h1>Footfall platform</h1>{refusing}"
        "<p>The local Experience Platform: phones and other clients send here, and what they sent can be asked for.</p>"
        f'<p class="quiet">{_text(kept)}</p><div class="tally">{tally}</div>{links}<h2>What arrived</h2>{arrived}'
        f"{'' if journeys is None else _journeys(journeys)}",
    )


def _journeys(lines: Sequence[JourneyLine]) -> str:
    """What journeys have done, by run."""
    if not lines:
        return "<h2>Journeys</h2><p>No event has met a journey yet.</p>"
    links = "".join(f"<p>{_links(run)}</p>" for run in dict.fromkeys(line.run for line in lines))
    heads = ("Run", "Journey", "Entered", "Active", "Ended, taken out", "Discarded", "Sent", "Opened")
    return f"<h2>Journeys</h2>{_table(heads, map(_journey, lines), numbers=6)}{links}"


def _links(run: str) -> str:
    """What is to be asked of one run."""
    named = quote(run, safe="")
    links = [f'<a href="{escape(f"/api/{what}?run={named}")}">{what}</a>' for what in ("journeys", "steps", "messages")]
    return f"Run {_text(run)}: {' · '.join(links)} as JSON"


def _journey(line: JourneyLine) -> tuple[str, ...]:
    counts = line.counts
    url = f"/api/journeys/{quote(line.journey, safe='')}?run={quote(line.run, safe='')}"
    numbers = (
        counts.entered,
        counts.active,
        counts.ended + sum(counts.exited.values()),
        sum(counts.discarded.values()),
        sum(counts.sent.values()),
        counts.opened,
    )
    return (_text(line.run), f'<a href="{escape(url)}">{_text(line.journey)}</a>', *(f"{n:,}" for n in numbers))


def docs(document: Json) -> str:
    """Every operation of the OpenAPI document by groups: parameters, body, answers, and the shapes that they name."""
    info = document["info"]
    operations = "".join(_group(tag, document["paths"]) for tag in document["tags"])
    shapes = "".join(
        f'<details class="operation"><summary><span class="path">{_text(name)}</span></summary>'
        f'<div id="{escape(name)}"><pre><code>{_text(json.dumps(shape, indent=2))}</code></pre></div></details>'
        for name, shape in document["components"]["schemas"].items()
    )
    return _page(
        f"{info['title']}: API",
        f"<h1>{_text(info['title'])}: API</h1><p>{_text(info['description'])}</p>"
        f'<p class="quiet">Version {_text(info["version"])}</p>'
        f"<h2>Operations</h2>{operations}<h2>Shapes</h2>{shapes}",
    )


def _group(tag: Json, paths: Json) -> str:
    operations = "".join(
        _operation(path, method, operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if operation["tags"] == [tag["name"]]
    )
    return f'<h3>{_text(tag["name"])}</h3><p class="quiet">{_text(tag["description"])}</p>{operations}'


def _operation(path: str, method: str, operation: Json) -> str:
    parts = [f"<p>{_text(operation['description'])}</p>"] if "description" in operation else []
    if operation.get("parameters"):
        rows = (
            (
                f"<code>{_text(parameter['name'])}</code>",
                _text(parameter["in"] + (", required" if parameter["required"] else "")),
                _text(_kind(parameter["schema"])),
                _text(parameter["description"]),
            )
            for parameter in operation["parameters"]
        )
        parts.append(_table(("Parameter", "In", "Type", "Meaning"), rows))
    if "requestBody" in operation:
        body = operation["requestBody"]
        note = f" {_text(body['description'])}" if "description" in body else ""
        parts.append(f"<p>Body: {_content(body['content'])}.{note}</p>")
    answers = (
        (f"<code>{_text(status)}</code>", _content(answer.get("content", {})), _text(answer["description"]))
        for status, answer in operation["responses"].items()
    )
    parts.append(_table(("Answer", "Body", "Meaning"), answers))
    return (
        f'<details class="operation"><summary><span class="method {escape(method)}">{_text(method.upper())}</span>'
        f'<span class="path">{_text(path)}</span><span class="quiet">{_text(operation["summary"])}</span></summary>'
        f"<div>{''.join(parts)}</div></details>"
    )


def _kind(schema: Json) -> str:
    limits = [f"{word} {schema[key]:,}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    return " ".join([schema["type"], *limits])


def _content(content: Json) -> str:
    shown = []
    for media_type, body in content.items():
        name = body["schema"].get("$ref", "").rpartition("/")[2]
        link = f' <a href="#{escape(name)}">{_text(name)}</a>' if name else ""
        shown.append(f"{_text(media_type)}{link}")
    return ", ".join(shown) or "none"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, numbers: int = 0) -> str:
    """A table of cells that are HTML already; the last columns, so many, are numbers."""

    def line(tag: str, cells: tuple[str, ...]) -> str:
        marks = [""] * (len(cells) - numbers) + [' class="number"'] * numbers
        return "<tr>" + "".join(f"<{tag}{m}>{cell}</{tag}>" for m, cell in zip(marks, cells, strict=True)) + "</tr>"

    body = "".join(line("td", row) for row in rows)
    return f'<div class="scroll"><table><thead>{line("th", heads)}</thead><tbody>{body}</tbody></table></div>'


def _text(value: str) -> str:
    return escape(value, quote=False)


def _page(title: str, body: str) -> str:
    return Template(page_frame()).substitute(title=_text(title), body=body)
