"""Tells those who wait for steps and messages of journeys that some are there, so that nobody asks the disk in vain.

As with events: who waits reads the journal first, then sleeps until something that fits was written. Everything here is
called in the event loop's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from footfall.platform.journal import Wanted
from footfall.platform.orchestration import News

What = Literal["steps", "messages"]


class JournalWatch:
    """One that waits. `news` is set when something that fits was written; clear it before reading, never after."""

    def __init__(self, what: What, wanted: Wanted) -> None:
        self.what = what
        self.wanted = wanted
        self.news = asyncio.Event()


class JournalWatches:
    """Who waits for what."""

    def __init__(self) -> None:
        self._watches: set[JournalWatch] = set()
        self.stopping = False

    @contextmanager
    def watch(self, what: What, wanted: Wanted) -> Iterator[JournalWatch]:
        """Inside, the watch is told of what fits."""
        one = JournalWatch(what, wanted)
        if self.stopping:
            one.news.set()
        self._watches.add(one)
        try:
            yield one
        finally:
            self._watches.discard(one)

    def tell(self, news: News) -> None:
        """These were written."""
        for one in self._watches:
            if one.news.is_set():
                continue
            if one.what == "steps":
                found = any(one.wanted.fits(run, step) for run, step in news.steps)
            else:
                found = any(one.wanted.fits(run, message) for run, message in news.messages)
            if found:
                one.news.set()

    def stop(self) -> None:
        """The platform stops: everybody who waits shall come to an end."""
        self.stopping = True
        for one in self._watches:
            one.news.set()
