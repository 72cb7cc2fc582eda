"""Tells those who wait for events that some were committed, so that nobody asks the disk in vain.

Who waits reads the store first, then sleeps until an event that fits was committed, and reads on from where it was: the
store is the truth, this only says when to look. Everything here is called in the event loop's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from footfall.platform.messages import StoredEvent
from footfall.platform.stored import Filter

# The most selective first: a watch is looked up by the first of these that its filter names.
_KEYS = ("id", "test", "person", "ecid", "run", "type")
_Key = tuple[str, str]


class Watch:
    """One that waits. `news` is set when something that fits was committed, or when the platform stops; clear it
    before reading the store, never after."""

    def __init__(self, wanted: Filter) -> None:
        self.wanted = wanted
        self.news = asyncio.Event()


class Commits:
    """Who waits for what. A commit costs a look-up per event and kind of filter in use, however many wait."""

    def __init__(self) -> None:
        self._watches: dict[_Key, set[Watch]] = {}
        self._fields: tuple[str, ...] = ()
        self.stopping = False

    def __len__(self) -> int:
        return sum(map(len, self._watches.values()))

    @contextmanager
    def watch(self, wanted: Filter) -> Iterator[Watch]:
        """Inside, the watch is told of what fits."""
        one, key = Watch(wanted), _key(wanted)
        if self.stopping:
            one.news.set()
        self._watches.setdefault(key, set()).add(one)
        self._note_fields()
        try:
            yield one
        finally:
            self._watches[key].discard(one)
            if not self._watches[key]:
                del self._watches[key]
                self._note_fields()

    def tell(self, events: Sequence[StoredEvent]) -> None:
        """These were committed."""
        if not self._watches:
            return
        for event in events:
            for field in self._fields:
                for one in self._watches.get((field, getattr(event, field) if field else ""), ()):
                    if not one.news.is_set() and one.wanted.fits(event):
                        one.news.set()

    def stop(self) -> None:
        """The platform stops: everybody who waits shall come to an end."""
        self.stopping = True
        for watches in self._watches.values():
            for one in watches:
                one.news.set()

    def _note_fields(self) -> None:
        self._fields = tuple({field for field, _ in self._watches})


def _key(wanted: Filter) -> _Key:
    for field in _KEYS:
        value = getattr(wanted, field)
        if value is not None:
            return field, value
    return "", ""
