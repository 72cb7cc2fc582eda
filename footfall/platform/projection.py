"""Follows the lake: what was committed goes through profiles and journeys, and what comes of it is written down.

Subtleness ahead. An event is acknowledged when it is in the lake; its consequences are decided right afterwards, in the
event loop, and are written with the next transaction, together with the position in the lake that they follow from. A
process that dies in between finds that position at its next start and decides the same again: sandboxes are pure and
their ids derived. What leaves this process, a push that a phone may fetch or a webhook, leaves after its message is
durable.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import msgspec

from footfall.platform.database import Statement, StoreFailed
from footfall.platform.journal import Journal, Wanted
from footfall.platform.journal_watches import JournalWatches
from footfall.platform.journeys.messages import Message
from footfall.platform.messages import StoredEvent
from footfall.platform.orchestration import Arrival, News, Orchestration
from footfall.platform.profiles.on_disk import SqliteProfileStore, forgotten
from footfall.platform.profiles.profile import Profiles
from footfall.platform.store import Store
from footfall.platform.stored import Filter
from footfall.platform.webhooks import Webhooks

_log = logging.getLogger(__name__)

_PAGE = 500
_RETRY_S = 1.0

Write = Callable[[Sequence[Statement], Callable[[Exception | None], None]], None]

_DECODER = msgspec.json.Decoder()


class ProfilesOnDisk:
    """The profile stores of all runs, in the platform's file."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._of_run: dict[str, SqliteProfileStore] = {}

    def open(self, run: str) -> Profiles:
        """The profiles of a run."""
        database = self._store.database
        self._of_run[run] = SqliteProfileStore(database.rows, run, at_hand=database.rows_at_hand)
        return Profiles(self._of_run[run])

    def expect(self, run: str, ids: Sequence[str], before_seq: int) -> None:
        """See SqliteProfileStore."""
        self._of_run[run].expect(ids, before_seq)

    def forget(self, run: str | None) -> None:
        """Nothing of the run, or of any, is held or written any more: its store may not be used again."""
        for name in [run] if run is not None else list(self._of_run):
            self._of_run.pop(name, None)

    def statements(self) -> list[Statement]:
        """What is to be written of all of them."""
        return [statement for store in self._of_run.values() if store.dirty for statement in store.statements()]

    def settled(self, is_written: bool) -> None:
        """What became of the statements."""
        for store in self._of_run.values():
            if is_written:
                store.written()
            else:
                store.not_written()


class _Asked(msgspec.Struct, frozen=True):
    """Somebody waits until what has happened is durable; where it `forgets`, until the run (None: all) is forgotten."""

    done: asyncio.Future[int]
    forgets: bool = False
    run: str | None = None


class Projection:
    """What follows one lake. Everything here is called in the event loop's thread. `watches` hear of what is
    durable."""

    def __init__(
        self,
        orchestration: Orchestration,
        profiles: ProfilesOnDisk,
        store: Store,
        now_ms: Callable[[], int],
    ) -> None:
        self._orchestration = orchestration
        orchestration.tell_errors(_log_error)
        self._profiles = profiles
        self._store = store
        self._journal = Journal(store.database)  # which any thread may ask
        self._now_ms = now_ms
        self.watches = JournalWatches()
        self._webhooks = Webhooks(self._answered)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._write: Write | None = None
        self._followed = 0
        self._kept: list[Statement] = []  # that are not written yet; those of profiles are kept by their stores
        self._unencoded: list[News] = []
        self._untold: list[News] = []
        self._asked: list[_Asked] = []  # by whom, of the next transaction
        self._owed: list[_Asked] = []  # by whom, of the one that is on its way
        self._held: list[StoredEvent] = []  # committed while a run is being forgotten
        self._writing = False
        self._timer: asyncio.TimerHandle | None = None
        self._again: asyncio.TimerHandle | None = None  # what could not be written is tried again

    def restore(self) -> None:
        """Before anything arrives: takes up where the platform was when it ended, and follows what it had not."""
        journal, orchestration = self._journal, self._orchestration
        instances, standings = journal.instances(), journal.standings()
        queues, offers = journal.queues(), journal.offers()
        for run in sorted({*instances, *standings}):
            of_run = (instances.get(run, []), standings.get(run), queues.get(run, []), offers.get(run, []))
            orchestration.restore(run, *of_run)
        self._followed = journal.followed() or 0
        while rows := self._store.events(Filter(after=self._followed, limit=_PAGE)):
            self._take([(row.seq, row.event) for row in rows])
            self._collect()
            self._store.database.transaction([*self._kept, *self._profiles.statements()])
            self._profiles.settled(is_written=True)
            self._kept, self._untold = [], []
        self._followed = max(self._followed, self._store.last_seq())  # a new file goes on where the old one ended

    def begin(self, loop: asyncio.AbstractEventLoop, write: Write) -> None:
        """From now on `write` takes what is to be written, and time counts."""
        self._loop, self._write = loop, write
        for run in self._orchestration.runs:  # those that were under way when the platform ended are called again
            for id in self._orchestration.sandbox(run).journeys.unanswered:
                for row in self._journal.messages(Wanted(run=run, id=id)):
                    assert isinstance(row.what, Message)
                    self._webhooks.call(run, row.what)
        self._go_on()

    def _answered(self, run: str, message_id: str, why: str) -> None:
        try:
            self._orchestration.answered(run, message_id, not why, self._now_ms(), why)
        except Exception:
            _log.exception("while a webhook answered")
        self._go_on()

    @property
    def orchestration(self) -> Orchestration:
        """The sandboxes, to be asked; what changes one is told to `happened`."""
        return self._orchestration

    @property
    def journal(self) -> Journal:
        """What is written down; to be read, from any thread."""
        return self._journal

    def follow(self, events: list[StoredEvent]) -> None:
        """These were committed, in this order and after all others."""
        if any(one.forgets for one in self._owed):
            self._held += events  # the sandbox that they belong to is not there yet
            return
        try:
            self._take([(self._followed + number, event) for number, event in enumerate(events, 1)])
        except Exception:  # the events are safe in the lake, and their senders have been told so
            _log.exception("while following %d events", len(events))
        self._go_on()

    def happened(self) -> None:
        """Something was done to the orchestration from outside: it is to be written down."""
        self._go_on()

    def pause(self, run: str, journey: str) -> None:
        """Nobody moves in this journey of the run. KeyError for a journey that is not there."""
        self._orchestration.pause(run, journey, self._now_ms())
        self.happened()

    def resume(self, run: str, journey: str) -> None:
        """The journey goes on."""
        self._orchestration.resume(run, journey, self._now_ms())
        self.happened()

    async def written(self) -> None:
        """Returns when everything that has happened up to now is durable. Raises StoreFailed where the next attempt to
        make it so fails; there will be others."""
        loop = self._loop
        if loop is None or not (self._writing or self._kept or self._unencoded or self._orchestration.has_news):
            return
        asked = _Asked(loop.create_future())
        if self._writing and not self._orchestration.has_news:
            self._owed.append(asked)
        else:
            self._asked.append(asked)
            self._go_on()
        await asked.done

    async def forget(self, run: str | None) -> int:
        """Of the run, or of all, nothing is known any more, durably: no profile, step, message or instance. The
        sequence number of the last event of the lake that is forgotten so; with the next one the run begins anew. One
        transaction: on StoreFailed everything is as it was."""
        if self._loop is None:
            raise StoreFailed("the platform is shutting down")
        asked = _Asked(self._loop.create_future(), forgets=True, run=run)
        self._asked.append(asked)
        self._go_on()
        return await asked.done

    def end(self) -> None:
        """No more time passes."""
        for timer in (self._timer, self._again):
            if timer is not None:
                timer.cancel()
        self._webhooks.close()
        self._loop = None
        asked, self._asked = self._asked, []
        for one in asked:
            if not one.done.done():
                one.done.set_exception(StoreFailed("the platform is shutting down"))

    def _take(self, events: Sequence[tuple[int, StoredEvent]]) -> None:
        """Events with their sequence numbers."""
        self._followed = events[-1][0]
        for run, of_run in groupby((each for each in events if each[1].good), lambda each: each[1].run):
            seqs, good = zip(*of_run, strict=True)
            self._orchestration.sandbox(run)
            self._profiles.expect(run, [event.id for event in good], seqs[0])
            self._orchestration.take([Arrival(event, _content(event)) for event in good])

    def _collect(self) -> None:
        """The news become statements; those that cannot, now, stay for the next time."""
        if self._orchestration.has_news:
            self._unencoded.append(self._orchestration.news())
        statements = [each for news in self._unencoded for each in self._journal.statements(news, self._followed)]
        self._kept += statements
        self._untold += self._unencoded
        self._unencoded = []

    def _go_on(self, pause_s: float = 0.0) -> None:
        """Writes what there is to write, and looks at the clock again when something is due, not before the pause."""
        loop = self._loop
        if loop is None:
            return
        if not self._writing:
            self._put_down()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_ms = self._orchestration.due_ms
        if due_ms is not None:
            self._timer = loop.call_later(max(pause_s, (due_ms - self._now_ms()) / 1000), self._pass_time)

    def _put_down(self) -> None:
        assert self._write is not None
        self._owed, self._asked = self._asked, []
        try:
            self._collect()
            forgetting = [
                statement
                for one in self._owed
                if one.forgets
                for statement in (*self._journal.forgetting(one.run, self._followed), *forgotten(one.run))
            ]
            if not forgetting and not any(rows for _, rows in self._kept):
                self._answer_asked(None)
                return
            statements = [*self._kept, *self._profiles.statements(), *forgetting]
        except Exception as error:  # nothing of it is lost, and nobody waits for ever
            _log.exception("while writing down what happened")
            self._profiles.settled(is_written=False)
            self._try_again()
            self._answer_asked(StoreFailed(f"{type(error).__name__}: {error}"))
            return
        self._writing = True
        self._write(statements, self._settled)

    def _try_again(self) -> None:
        if self._loop is not None and self._again is None:
            self._again = self._loop.call_later(_RETRY_S, self._once_more)

    def _once_more(self) -> None:
        self._again = None
        self._go_on()

    def _settled(self, error: Exception | None) -> None:
        self._writing = False
        self._profiles.settled(is_written=error is None)
        if error is None:
            self._kept = []
            for one in self._owed:
                if one.forgets:
                    self._let_go_of(one.run)
            untold, self._untold = self._untold, []
            for news in untold:
                self.watches.tell(news)
                for run, message in news.messages:
                    if message.channel == "webhook":
                        self._webhooks.call(run, message)
        else:  # the same again, and whatever has come to it by then
            self._try_again()
        self._answer_asked(error)
        held, self._held = self._held, []
        if held:
            self.follow(held)
        elif error is None and (self._asked or self._orchestration.has_news):
            self._go_on()

    def _let_go_of(self, run: str | None) -> None:
        """What the disk has just forgotten."""
        self._webhooks.forget(run)
        self._profiles.forget(run)  # before the new sandbox opens another
        self._orchestration.forget(run)
        self._untold = [news.without(run) for news in self._untold]

    def _answer_asked(self, error: Exception | None) -> None:
        owed, self._owed = self._owed, []
        for one in owed:
            if one.done.done():  # whoever asked has gone away
                continue
            if error is None:
                one.done.set_result(self._followed)
            else:
                one.done.set_exception(error)

    def _pass_time(self) -> None:
        self._timer = None
        pause_s = 0.0
        try:
            self._orchestration.do_what_is_due(self._now_ms())
        except Exception:
            _log.exception("while time went on")
            pause_s = _RETRY_S  # it is still due
        self._go_on(pause_s)


def _log_error(what: str, error: Exception) -> None:
    _log.error(what, exc_info=error)


def _content(event: StoredEvent) -> Any:
    """What its body is the JSON of, None where nobody can tell."""
    try:
        return _DECODER.decode(event.body)
    except Exception:  # such as nested too deeply for the stack of this moment
        _log.exception("while reading the event %s", event.id)
        return None
