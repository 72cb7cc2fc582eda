"""Group commit: what many requests bring at once becomes one transaction, and each answer waits for its commit.

A commit without fsync hands pages to the operating system (checkpoints, which wait for the disk, have a thread of
their own), which takes less time than giving the work to a thread and taking the interpreter's lock back from it row by
row: there the event loop commits itself, after it has read all sockets that were ready. With fsync it would stand still
for milliseconds, so a thread does it, and what comes meanwhile is the next transaction.

While another process has locked the file, requests wait for it and the loop does not: it tries again every now and
then, and refuses those that have waited for too long.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence

import msgspec

from footfall.platform.commits import Commits
from footfall.platform.database import WAIT_S, Statement, StoreBusy, StoreFailed
from footfall.platform.messages import Outcome, Response, StoredEvent
from footfall.platform.store import Store

_log = logging.getLogger(__name__)

_RETRY_S = 0.02

Done = Callable[[Exception | None], None]


class _Waiting(msgspec.Struct, frozen=True):
    """Whom to tell, what is to be stored, until when (of the loop's clock) it may wait for a file that is locked."""

    done: Done
    outcome: Outcome
    until_s: float
    statements: Sequence[Statement] = ()


Follow = Callable[[list[StoredEvent]], None]


def _nobody(events: list[StoredEvent]) -> None:
    """Nobody follows what is committed."""


_NOTHING = Outcome(Response(200, (), b""))


class Writer:
    """Writes what outcomes say to the store, for callers in one event loop. `commits` is told what was committed, and
    `follow` called with it, after everybody was told, in the order in which it is in the store. A store that fails is
    logged once, and once when it works again: phones come back every few seconds, and a line for each refusal would
    fill the next disk."""

    def __init__(
        self, store: Store, loop: asyncio.AbstractEventLoop, commits: Commits, follow: Follow = _nobody
    ) -> None:
        self._store = store
        self._follow = follow
        self._commits = commits
        self._failing = False
        self._loop = loop
        self._pending: list[_Waiting] = []
        self._closing = False

    def write(self, outcome: Outcome, done: Done) -> None:
        """Calls `done` in the loop's thread: with None when the outcome is durable, with the StoreFailed when none of
        it was kept. Call it in the loop's thread too."""
        self._put(_Waiting(done, outcome, self._loop.time() + WAIT_S))

    def add(self, statements: Sequence[Statement], done: Done) -> None:
        """The same for rows of others, which go into the next transaction with whatever else does."""
        self._put(_Waiting(done, _NOTHING, self._loop.time() + WAIT_S, statements))

    def _put(self, waiting: _Waiting) -> None:
        if self._closing:
            self._loop.call_soon(waiting.done, StoreFailed("the platform is shutting down"))
            return
        self._pending.append(waiting)
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
        while self._pending:
            self._flush()
            if self._pending:  # another process has locked the file; a timer may be on its way too, and finds nothing
                await asyncio.sleep(_RETRY_S)

    def _flush(self) -> None:
        batch, self._pending = self._pending, []
        if not batch:
            return
        try:
            events = self._commit(batch, wait_s=0)
        except StoreBusy as busy:
            now_s = self._loop.time()
            self._pending = [waiting for waiting in batch if waiting.until_s > now_s]
            if self._pending and not self._closing:
                self._loop.call_later(_RETRY_S, self._flush)
            late = [waiting for waiting in batch if waiting.until_s <= now_s]
            if late:
                self._settle(late, [], busy)
        except Exception as failure:
            self._settle(batch, [], failure)
        else:
            self._settle(batch, events, None)

    def _commit(self, batch: list[_Waiting], wait_s: float) -> list[StoredEvent]:
        events = [event for waiting in batch for event in waiting.outcome.stored]
        consents = [change for waiting in batch for change in waiting.outcome.consents]
        others = [statement for waiting in batch for statement in waiting.statements]
        self._store.append(events, consents, others, wait_s=wait_s)
        return events

    def _settle(self, batch: list[_Waiting], events: list[StoredEvent], error: Exception | None) -> None:
        """Tells them that it is stored, or that nothing of it was kept: whatever the error, none may be acknowledged,
        and the writer goes on."""
        if error is not None and not self._failing:
            _log.error("requests are refused (503), the store failed: %s", error)
        elif error is None and self._failing:
            _log.error("the store takes events again")
        self._failing = error is not None
        for waiting in batch:
            try:
                waiting.done(error)
            except Exception:  # one connection's trouble is not the others'
                _log.exception("while answering what was stored")
        if error is None and events:
            self._commits.tell(events)
            self._follow(events)


class ThreadedWriter(Writer):
    """The same from a thread of its own, so that the loop never waits for the disk."""

    def __init__(
        self, store: Store, loop: asyncio.AbstractEventLoop, commits: Commits, follow: Follow = _nobody
    ) -> None:
        super().__init__(store, loop, commits, follow)
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="footfall-writer", daemon=True)
        self._thread.start()

    def _put(self, waiting: _Waiting) -> None:
        with self._changed:
            if not self._closing:
                self._pending.append(waiting)  # the store's own patience, in the thread
                if len(self._pending) == 1:
                    self._changed.notify()
                return
        self._loop.call_soon(waiting.done, StoreFailed("the platform is shutting down"))

    async def close(self) -> None:
        """Writes what is pending, and ends the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while batch := self._next_batch():
            events: list[StoredEvent] = []
            error: Exception | None = None
            try:
                events = self._commit(batch, wait_s=WAIT_S)
            except Exception as failure:
                error = failure
            self._loop.call_soon_threadsafe(self._settle, batch, events, error)

    def _next_batch(self) -> list[_Waiting]:
        """Everything pending, in order; empty when the writer is closed and nothing is left."""
        with self._changed:
            while not self._pending and not self._closing:
                self._changed.wait()
            batch, self._pending = self._pending, []
            return batch
