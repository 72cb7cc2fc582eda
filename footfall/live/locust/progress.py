"""How far the run is, while it runs: a live line in a terminal, a plain one every few seconds elsewhere."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

PLAIN_EVERY_S = 5.0


class RunProgress:
    """Shows lives and requests of one run on stderr."""

    def __init__(self, phones: int) -> None:
        console = Console(stderr=True)
        self._phones = phones
        self._told_s = time.monotonic()
        self._plain = None if console.is_terminal else console
        self._progress: Progress | None = None
        self._task = TaskID(0)
        if console.is_terminal:
            self._progress = Progress(
                TextColumn("[bold]phones[/]"),
                BarColumn(),
                TextColumn("{task.completed:.0f} of {task.total:.0f} lived, {task.fields[alive]} about"),
                TextColumn("{task.fields[sent]} requests, {task.fields[rate]:.0f}/s, {task.fields[failed]} failed"),
                TimeElapsedColumn(),
                console=console,
                transient=True,
            )
            self._task = self._progress.add_task("", total=phones, alive=0, sent=0, rate=0.0, failed=0)
            self._progress.start()

    def show(self, ended: int, alive: int, sent: int, rate: float, failed: int) -> None:
        """The state of things now."""
        if self._progress is not None:
            self._progress.update(self._task, completed=ended, alive=alive, sent=sent, rate=rate, failed=failed)
        elif self._plain is not None and time.monotonic() - self._told_s >= PLAIN_EVERY_S:
            self._told_s = time.monotonic()
            self._plain.print(
                f"phones: {ended} of {self._phones} lived, {alive} about; "
                f"{sent} requests, {rate:.0f}/s, {failed} failed",
                highlight=False,
            )

    def close(self) -> None:
        """Takes the line away."""
        if self._progress is not None:
            self._progress.stop()
