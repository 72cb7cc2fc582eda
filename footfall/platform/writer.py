"""Group commit: what many requests bring at once becomes one transaction, and each answer waits for its commit.

A commit without fsync mostly hands pages to the operating system (a checkpoint of the write-ahead log, every thousand
pages, waits for the disk: in the mean 0.3 ms a commit, 7 ms one in a hundred), which takes less time than giving the
work to a thread and taking the interpreter's lock back from it row by row: there the event loop commits itself, after
it has read all sockets that were ready. With fsync it would stand still for milliseconds, so a thread does it, and what
comes meanwhile is the next transaction.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

from footfall.platform.commits import Commits
from footfall.platform.messages import Outcome, StoredEvent
from footfall.platform.store import Store, StoreFailed

_log = logging.getLogger(__name__)

_Waiting = tuple[Callable[[Exception | None], None], Outcome]


class Writer:
    """Writes what outcomes say to the store, for callers in one event loop. `commits` is told what was committed. A
    store that fails is logged once, and once when it works again: phones come back every few seconds, and a line for
    each refusal would fill the next disk."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop, commits: Commits) -> None:
        self._store = store
        self._commits = commits
        self._failing = False
        self._loop = loop
        self._pending: list[_Waiting] = []
        self._closing = False

    def write(self, outcome: Outcome, done: Callable[[Exception | None], None]) -> None:
        """Calls `done` in the loop's thread: with None when the outcome is durable, with the StoreFailed when none of
        it was kept. Call it in the loop's thread too."""
        if self._closing:
            self._loop.call_soon(done, StoreFailed("the platform is shutting down"))
            return
        self._pending.append((done, outcome))
        if len(self._pending) == 1:
            self._loop.call_soon(self._flush)

    def written(self, outcome: Outcome) -> asyncio.Future[None]:
        """The same as a future, which raises StoreFailed."""
        future = self._loop.create_future()

        def done(error: Exception | None) -> None:
            if future.done():  # its connection went away and the wait was cancelled; the events are stored all the same
                return
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)

        self.write(outcome, done)
        return future

    async def close(self) -> None:
        """Writes what is pending; takes nothing more."""
        self._closing = True
        self._flush()

    def _flush(self) -> None:
        batch, self._pending = self._pending, []
        if batch:
            self._settle(batch, *self._commit(batch))

    def _commit(self, batch: list[_Waiting]) -> tuple[list[StoredEvent], Exception | None]:
        events = [event for _, outcome in batch for event in outcome.stored]
        error: Exception | None = None
        try:
            self._store.append(events, [change for _, outcome in batch for change in outcome.consents])
        except Exception as failure:  # whatever it was, nothing may be acknowledged, and the writer goes on
            error = failure
        if error is not None and not self._failing:
            _log.error("requests are refused (503), the store failed: %s", error)
        elif error is None and self._failing:
            _log.error("the store takes events again")
        self._failing = error is not None
        return events, error

    def _settle(self, batch: list[_Waiting], events: list[StoredEvent], error: Exception | None) -> None:
        for done, _ in batch:
            try:
                done(error)
            except Exception:  # one connection's trouble is not the others'
                _log.exception("while answering what was stored")
        if error is None:
            self._commits.tell(events)


class ThreadedWriter(Writer):
    """The same from a thread of its own, so that the loop never waits for the disk."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop, commits: Commits) -> None:
        super().__init__(store, loop, commits)
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="footfall-writer", daemon=True)
        self._thread.start()

    def write(self, outcome: Outcome, done: Callable[[Exception | None], None]) -> None:
        """See Writer."""
        with self._changed:
            if not self._closing:
                self._pending.append((done, outcome))
                if len(self._pending) == 1:
                    self._changed.notify()
                return
        self._loop.call_soon(done, StoreFailed("the platform is shutting down"))

    async def close(self) -> None:
        """Writes what is pending, and ends the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while batch := self._next_batch():
            events, error = self._commit(batch)
            self._loop.call_soon_threadsafe(self._settle, batch, events, error)

    def _next_batch(self) -> list[_Waiting]:
        """Everything pending, in order; empty when the writer is closed and nothing is left."""
        with self._changed:
            while not self._pending and not self._closing:
                self._changed.wait()
            batch, self._pending = self._pending, []
            return batch
