"""Group commit: what many requests bring while one transaction is being written becomes the next transaction.

The event loop never waits for the disk; a request's answer waits for the commit that holds its events.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from footfall.platform.messages import StoredEvent
from footfall.platform.store import Store, StoreFailed

_Waiting = tuple[asyncio.Future[None], Sequence[StoredEvent]]


class Writer:
    """Writes events to the store from a thread of its own, for callers in one event loop."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        self._store = store
        self._loop = loop
        self._pending: list[_Waiting] = []
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="footfall-writer", daemon=True)
        self._thread.start()

    def write(self, events: Sequence[StoredEvent]) -> asyncio.Future[None]:
        """Done when the events are durable; StoreFailed when none of them was kept. Call it in the loop's thread."""
        done = self._loop.create_future()
        with self._changed:
            if self._closing:
                done.set_exception(StoreFailed("the platform is shutting down"))
            else:
                self._pending.append((done, events))
                self._changed.notify()
        return done

    def close(self) -> None:
        """Writes what is pending and ends the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            error: Exception | None = None
            try:
                self._store.append([event for _, events in batch for event in events])
            except Exception as failure:  # whatever it was, nothing may be acknowledged, and the thread goes on
                error = failure
            self._loop.call_soon_threadsafe(_settle, batch, error)

    def _next_batch(self) -> list[_Waiting]:
        """Everything pending, in order; empty when the writer is closed and nothing is left."""
        with self._changed:
            while not self._pending and not self._closing:
                self._changed.wait()
            batch, self._pending = self._pending, []
            return batch


def _settle(batch: list[_Waiting], error: Exception | None) -> None:
    for done, _ in batch:
        if done.done():  # its connection went away and the wait was cancelled; the events are stored all the same
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
