"""How far the run is, while it runs: in a terminal a live picture with the events that were just made, elsewhere a
plain line every few seconds."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from footfall.evidence.ops import Created

PLAIN_EVERY_S = 5.0
SHOWN_EVENTS = 12


class Feed:
    """The events made last in this process."""

    def __init__(self, anchor_ms: int, place_names: Mapping[str, str]) -> None:
        self._anchor_ms = anchor_ms
        self._place_names = place_names
        self._events: deque[Created] = deque(maxlen=SHOWN_EVENTS)

    def take(self, created: Created) -> None:
        """An event was made."""
        self._events.append(created)

    def table(self) -> Table:
        """The events, oldest first: when, who, doing what, which event, of which place or products."""
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
        for style in ("dim", "cyan", "dim", "bold", ""):
            table.add_column(style=style, no_wrap=True)
        for event in self._events:
            at = time.strftime("%H:%M:%S", time.localtime((self._anchor_ms + event.due_ms) / 1000))
            what = self._place_names.get(event.place) or ", ".join(f"{n} x {sku}" for sku, n in event.skus)
            table.add_row(at, event.person, event.state, event.type, what)
        return table


class RunProgress:
    """Shows lives and requests of one run on stderr, and in a terminal the feed."""

    def __init__(self, phones: int, feed: Feed | None) -> None:
        self._console = Console(stderr=True)
        self._phones = phones
        self._feed = feed
        self._told_s = time.monotonic()
        self._live: Live | None = None
        self._bar = Progress(
            TextColumn("[bold]phones[/]"),
            BarColumn(),
            TextColumn("{task.completed:.0f} of {task.total:.0f} lived, {task.fields[alive]} about"),
            TextColumn("[dim]{task.fields[sent]} requests, {task.fields[rate]:.0f}/s, {task.fields[failed]} failed[/]"),
            TimeElapsedColumn(),
            console=self._console,
        )
        self._task = self._bar.add_task("", total=phones, alive=0, sent=0, rate=0.0, failed=0)
        if self._console.is_terminal:
            self._live = Live(console=self._console, transient=True, auto_refresh=False)
            self._live.start()

    def show(self, ended: int, alive: int, sent: int, rate: float, failed: int) -> None:
        """The state of things now."""
        if self._live is not None:
            self._bar.update(self._task, completed=ended, alive=alive, sent=sent, rate=rate, failed=failed)
            parts = (self._bar,) if self._feed is None else (self._feed.table(), self._bar)
            self._live.update(Group(*parts), refresh=True)
        elif time.monotonic() - self._told_s >= PLAIN_EVERY_S:
            self._told_s = time.monotonic()
            self._console.print(
                f"phones: {ended} of {self._phones} lived, {alive} about; "
                f"{sent} requests, {rate:.0f}/s, {failed} failed",
                highlight=False,
            )

    def close(self) -> None:
        """Takes the picture away."""
        if self._live is not None:
            self._live.stop()
