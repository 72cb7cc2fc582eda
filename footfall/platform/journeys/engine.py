"""The journeys of one sandbox, without a clock and without IO: events and times in, steps and messages out.

Time goes forward only: an event whose moment is past happens now. Whatever was due before an event has happened before
it, so that it does not matter how often `due` is called between; what falls on one millisecond has an order of its own,
the queue first, then those who wake, by since when they stand where they are.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from footfall.platform.journeys import explain
from footfall.platform.journeys.actions import Sender
from footfall.platform.journeys.agenda import Agenda
from footfall.platform.journeys.counts import Counts, JourneyCounts
from footfall.platform.journeys.entry import NO_JOURNEY, NOT_CREATED, Entrance, Refusal
from footfall.platform.journeys.gate import Gate, Numbered, Queued
from footfall.platform.journeys.matching import Rules, event_id, reactions
from footfall.platform.journeys.messages import Effect, Happening, Instance, People, Step
from footfall.platform.journeys.reception import Reception, reaction_to
from footfall.platform.journeys.types import EVENTS_PER_S, Journey
from footfall.platform.journeys.walking import ANSWERED, Walker


class Standing(msgspec.Struct):
    """What must survive a restart beside the instances and the queue: the moment, which journeys are paused, how much
    the current second has had, and the counts, also of journeys that are not there now and may come back."""

    now_ms: int
    paused: list[str]
    spent: tuple[int, int]
    counts: Counts


class Journeys:
    """The journeys of one run. `org` and `seed` go into all ids and draws: two runs with the same of both and the same
    events decide and send the same.

    Instances are given out as they are kept: encode them before the next call."""

    def __init__(
        self, journeys: tuple[Journey, ...], people: People, org: str, seed: int, events_per_s: int = EVENTS_PER_S
    ) -> None:
        if len({each.name for each in journeys}) < len(journeys):
            raise ValueError("two journeys with one name")
        self._agenda = agenda = Agenda()
        self._rules = rules = Rules(journeys)
        self._gate = Gate(events_per_s)
        sender = Sender(org, seed)
        self._numbered: list[Reception] = []
        for number, journey in enumerate(journeys):
            walker = Walker(journey, people, sender, seed, agenda)
            door = Entrance(journey, walker.residents, people)
            self._numbered.append(Reception(number, walker, door, rules, agenda))
        self._journeys = {each.walker.journey.name: each for each in self._numbered}
        self._versions = {each.walker.journey.version_id: each for each in self._numbered}
        self._now_ms = 0
        self._unmatched = 0
        self._no_journey = 0
        self._absent: dict[str, JourneyCounts] = {}  # of journeys that were here before a restart
        self._absent_paused: list[str] = []

    # what happens

    def take(self, happening: Happening) -> list[Effect]:
        """An event, at its `at_ms`; first everything that was due before."""
        self._advance(happening.at_ms)
        found = self._rules.matching(happening)
        told = [each for each in reactions(happening) if each.version in self._versions]
        id = event_id(happening.xdm)
        if id and not self._rules.knows(id):
            self._no_journey += 1
            why = f"no journey has an event with the eventID {id}"
            self._agenda.effects.append(
                Step(self._now_ms, "", "discarded", event=happening.id, code=NO_JOURNEY, why=why)
            )
        elif not found and not told:
            self._unmatched += 1
        for number, names in found.items():
            reception = self._numbered[number]
            reception.walker.counts.matched += 1
            if self._gate.admits(len(names), self._now_ms):
                reception.event(names, happening, self._now_ms)
            else:
                self._queue(reception, Queued(self._now_ms, reception.walker.journey.name, len(names), happening))
        for each in told:
            reception = self._versions[each.version]
            reception.walker.counts.matched += 1
            if self._gate.admits(1, self._now_ms):
                reception.reaction(each, happening, self._now_ms)
            else:
                self._queue(reception, Queued(self._now_ms, reception.walker.journey.name, 1, happening, each.message))
        return self._agenda.told()

    def due(self, now_ms: int) -> list[Effect]:
        """Whatever time brings about until `now_ms`."""
        self._advance(now_ms)
        return self._agenda.told()

    @property
    def due_ms(self) -> int | None:
        """When to call `due` next; None: not before something else happens."""
        times = [at_ms for at_ms in (self._agenda.due_ms, self._gate.due_ms) if at_ms is not None]
        return min(times) if times else None

    def answered(self, message_id: str, ok: bool, now_ms: int, why: str = "") -> list[Effect]:
        """The outcome of a webhook, after its retries. Nothing happens where nobody waits for it (any more)."""
        self._advance(now_ms)
        one = self._agenda.live.get(self._agenda.unanswered.get(message_id, ""))
        if one is not None and not one.answer:
            one.answer = ANSWERED if ok else why or "the webhook failed"
            reception = self._journeys[one.journey]
            if reception.walker.paused:
                self._agenda.wake(one, self._now_ms)
            else:
                reception.walker.answered(one, self._now_ms)
                reception.replay(one, self._now_ms)
        return self._agenda.told()

    @property
    def unanswered(self) -> frozenset[str]:
        """The ids of the webhooks' messages whose outcome is waited for. After a restart they are to be sent again."""
        return frozenset(self._agenda.unanswered)

    def pause(self, journey: str, now_ms: int) -> list[Effect]:
        """Nobody enters, and nobody inside moves: what comes due happens at `resume`, events are discarded. Raises
        KeyError for a journey that is not there."""
        walker = self._journeys[journey].walker
        self._advance(now_ms)
        walker.paused = True
        return self._agenda.told()

    def resume(self, journey: str, now_ms: int) -> list[Effect]:
        """The journey goes on, first with everything that came due meanwhile."""
        walker = self._journeys[journey].walker
        self._advance(now_ms)
        walker.paused = False
        held, walker.held = walker.held, []
        for entry in held:
            self._agenda.put(entry)
        self._advance(now_ms)
        return self._agenda.told()

    # what is kept

    def changed(self) -> list[Instance]:
        """The instances that changed since the last call, those that ended with `over` set: for the store."""
        return self._agenda.changed()

    def forgotten(self) -> list[str]:
        """The ids of instances that are over and that re-entrance no longer asks for, since the last call: the store
        need not keep them. To be asked right after `changed`."""
        return self._agenda.forgotten()

    def queued(self) -> list[Numbered]:
        """What was queued for its turn since the last call and still is, by numbers that only grow."""
        return self._gate.held()

    def unqueued(self) -> list[int]:
        """The numbers of what has left the queue since the last call, of those that `queued` told or a restart brought:
        the store need not keep them."""
        return self._gate.left()

    def standing(self) -> Standing:
        """What else must survive. It is small, however long the queue is."""
        paused = [name for name, each in self._journeys.items() if each.walker.paused]
        counts = self.counts()
        counts.journeys |= self._absent
        return Standing(self._now_ms, paused + self._absent_paused, self._gate.spent, counts)

    def restore(
        self, instances: Iterable[Instance], standing: Standing | None = None, queue: Iterable[Numbered] = ()
    ) -> list[Effect]:
        """At start: the live instances, those that are over and that re-entrance still remembers (others are forgotten
        at once), and the queue. Without a standing the counts begin anew. Whoever stands at a node that is no more
        exits; what is queued for a journey that is no more is discarded, and its instances wait for it to come back."""
        if standing is None:
            strangers = self._gate.restore(queue, (0, 0), self._journeys)
        else:
            strangers = self._gate.restore(queue, standing.spent, self._journeys)
            self._take_up(standing)
        for each in strangers:
            self._discard_stranger(each)
        queued = {(waiting.instance, waiting.visits) for waiting in self._gate}
        out: list[tuple[Reception, Instance]] = []
        for one in sorted(instances, key=lambda instance: (instance.entered_ms, instance.id)):
            reception = self._journeys.get(one.journey)
            if reception is None:
                continue
            walker = reception.walker
            if one.over:
                walker.residents.remember(one, self._now_ms)
                continue
            walker.settle(one, self._now_ms)
            if one.over:
                out.append((reception, one))
            elif one.wake_ms and (one.id, one.visits) not in queued:
                self._agenda.put((one.wake_ms, one.since_ms, one.id, one.visits))
        for reception, one in out:
            reception.replay(one, self._now_ms)
        return self._agenda.told()

    def counts(self) -> Counts:
        """The numbers of all journeys, as they stand: not to be changed, and to be encoded before the next call."""
        journeys = {name: each.walker.counts for name, each in self._journeys.items()}
        return Counts(journeys, self._unmatched, self._no_journey)

    # what is asked

    def whereabouts(self, key: str) -> list[explain.Whereabouts]:
        """What each journey knows of this key: where its live instances stand and what they wait for, else its last
        ends as far as they are remembered."""
        return [found for each in self._numbered for found in explain.whereabouts(each.walker, key)]

    def judge(self, happening: Happening) -> list[tuple[str, str]]:
        """Why each journey would or would not react to this event if it came at `at_ms` (now, if that is past), in a
        sentence for people. Changes nothing, so what falls due until then has not happened."""
        now_ms = max(self._now_ms, happening.at_ms)
        return [
            (each.walker.journey.name, explain.judged(each, each.names(happening), happening, now_ms))
            for each in self._numbered
        ]

    # how it happens

    def _take_up(self, standing: Standing) -> None:
        """Goes on from the moment and the counts of before. A journey that was not there is paused or not as its file
        says."""
        self._now_ms = standing.now_ms
        counts = dict(standing.counts.journeys)
        for name, each in self._journeys.items():
            if name in counts:
                each.walker.paused = name in standing.paused
                each.walker.counts = counts.pop(name)
                each.walker.counts.active, each.walker.counts.waiting = 0, {}
        self._absent, self._absent_paused = counts, [name for name in standing.paused if name in counts]
        self._unmatched, self._no_journey = standing.counts.unmatched, standing.counts.no_journey

    def _discard_stranger(self, queued: Queued) -> None:
        """It was queued for a journey that is no more. What only time brought about needs no word."""
        if queued.happening is None:
            return
        if counts := self._absent.get(queued.journey):
            counts.queued -= 1
            counts.discarded[NO_JOURNEY] = counts.discarded.get(NO_JOURNEY, 0) + 1
        why = f"it was queued for {queued.journey}, which is no longer among the journeys"
        id = queued.happening.id
        self._agenda.effects.append(Step(self._now_ms, queued.journey, "discarded", event=id, code=NO_JOURNEY, why=why))

    def _advance(self, now_ms: int) -> None:
        agenda, gate = self._agenda, self._gate
        while True:
            wake_ms, gate_ms = agenda.due_ms, gate.due_ms
            if gate_ms is not None and gate_ms <= now_ms and (wake_ms is None or gate_ms <= wake_ms):
                self._now_ms = max(self._now_ms, gate_ms)
                while (queued := gate.next(self._now_ms)) is not None:
                    self._let_through(queued)
            elif wake_ms is not None and wake_ms <= now_ms:
                self._now_ms = max(self._now_ms, wake_ms)
                self._wake()
            else:
                break
        self._now_ms = max(self._now_ms, now_ms)

    def _wake(self) -> None:
        entry, one = self._agenda.take()
        reception = self._journeys[one.journey]
        if reception.walker.paused:
            reception.walker.held.append(entry)
        elif reception.walker.completes(one, self._now_ms) and not self._gate.admits(1, self._now_ms):
            self._gate.hold(Queued(self._now_ms, one.journey, instance=one.id, visits=one.visits))
        else:
            reception.walker.wakes(one, self._now_ms)
            reception.replay(one, self._now_ms)

    def _queue(self, reception: Reception, queued: Queued) -> None:
        reception.walker.counts.queued += 1
        self._gate.hold(queued)

    def _let_through(self, queued: Queued) -> None:
        reception, happening = self._journeys[queued.journey], queued.happening
        walker = reception.walker
        if happening is None:
            one = self._agenda.live.get(queued.instance)
            if one is None or one.visits != queued.visits:
                return
            if walker.paused:
                walker.held.append((one.wake_ms, one.since_ms, one.id, one.visits))
                return
            walker.wakes(one, self._now_ms)
            reception.replay(one, self._now_ms)
            return
        walker.counts.queued -= 1
        if queued.expired(self._now_ms):
            # Journey Optimizer names no code for it; this one is documented for volume
            reception.discard(happening, Refusal(NOT_CREATED, "queued for more than 24 hours"), self._now_ms)
        elif queued.message:
            reception.reaction(reaction_to(queued.message, happening), happening, self._now_ms)
        else:
            reception.event(reception.names(happening), happening, self._now_ms)
