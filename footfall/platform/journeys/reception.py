"""What becomes of one journey event: somebody enters, moves on, leaves; or it waits, is discarded, or means nothing."""

from __future__ import annotations

from footfall.platform.journeys.agenda import Agenda
from footfall.platform.journeys.entry import PAUSED_ENTRY, PAUSED_INSIDE, STACK_FULL, Entrance, Refusal
from footfall.platform.journeys.matching import Reacted, Rules, reactions
from footfall.platform.journeys.messages import Happening, Instance, Step
from footfall.platform.journeys.types import MOST_STACKED
from footfall.platform.journeys.walking import Walker


class Reception:
    """Receives the events of one journey, `number` among the rules. Of the counts beside `matched` exactly one goes up
    with each."""

    def __init__(self, number: int, walker: Walker, door: Entrance, rules: Rules, agenda: Agenda) -> None:
        self.walker = walker
        self.door = door
        self._number = number
        self._rules = rules
        self._agenda = agenda
        self._name = walker.journey.name

    def names(self, happening: Happening) -> tuple[str, ...]:
        """What this journey calls the event."""
        return self._rules.matching(happening).get(self._number, ())

    def event(self, names: tuple[str, ...], happening: Happening, now_ms: int) -> None:
        """An event that has these names in this journey."""
        walker, door = self.walker, self.door
        if closed := door.closed():
            self.discard(happening, closed, now_ms)
            return
        who = door.who(happening.xdm)
        if isinstance(who, Refusal):
            self.discard(happening, who, now_ms)
            return
        walker.residents.forget(now_ms)
        one = walker.residents.find(who.key, who.supplemental)
        entry = walker.journey.entry in names
        if one is not None:
            if self._reaches(one, happening, "", now_ms):
                if walker.meets(one, names, happening, now_ms):
                    walker.counts.consumed += 1
                elif entry:
                    self.discard(happening, door.already_inside(), now_ms, who.key)
                else:
                    walker.counts.passed += 1
        elif not entry:
            walker.counts.passed += 1
        elif walker.paused:
            self.discard(happening, Refusal(PAUSED_ENTRY, "the journey is paused"), now_ms, who.key)
        elif refusal := door.refuses(who, now_ms):
            self.discard(happening, refusal, now_ms, who.key)
        else:
            walker.counts.entered += 1
            walker.enter((who.namespace, who.key), who.supplemental, happening, now_ms)

    def reaction(self, told: Reacted, happening: Happening, now_ms: int) -> None:
        """A message was opened or clicked: recorded at any time, even if it moves nobody."""
        walker, counts = self.walker, self.walker.counts
        if told.what == "opened":
            counts.opened += 1
        else:
            counts.clicked += 1
        one = self._agenda.live.get(told.instance)
        moves = one is not None and not one.busy and not walker.paused and walker.suits(one, told)
        self._agenda.effects.append(
            Step(
                now_ms,
                self._name,
                "reacted",
                key="" if one is None else one.key,
                instance=told.instance,
                node="" if one is None else one.node,
                event=happening.id,
                message=told.message,
                why=told.what if moves else f"{told.what}; nobody waits for it now",
            )
        )
        if one is None:
            counts.passed += 1
        elif self._reaches(one, happening, told.message, now_ms):
            self._react(one, told, now_ms)

    def replay(self, one: Instance, now_ms: int) -> None:
        """What waited while the instance was busy happens now, in its order; to one that is over, as to anybody."""
        if not one.stack or one.busy:
            return
        stack, one.stack = one.stack, []
        self._agenda.touch(one)
        self.walker.counts.stacked -= len(stack)
        for message, happening in stack:
            if not message:
                self.event(self.names(happening), happening, now_ms)
            elif one.over:
                self.walker.counts.passed += 1
            elif self._reaches(one, happening, message, now_ms):
                self._react(one, reaction_to(message, happening), now_ms)

    def discard(self, happening: Happening, refusal: Refusal, now_ms: int, key: str = "") -> None:
        """It is not taken, and told so."""
        discarded = self.walker.counts.discarded
        discarded[refusal.code] = discarded.get(refusal.code, 0) + 1
        self._agenda.effects.append(
            Step(now_ms, self._name, "discarded", key=key, event=happening.id, code=refusal.code, why=refusal.why)
        )

    def _react(self, one: Instance, told: Reacted, now_ms: int) -> None:
        if self.walker.suits(one, told):
            self.walker.counts.consumed += 1
            self.walker.reacts(one, now_ms)
        else:
            self.walker.counts.passed += 1

    def _reaches(self, one: Instance, happening: Happening, message: str, now_ms: int) -> bool:
        """Whether the event can do something to the instance now: else it is discarded, or goes on the stack of a busy
        one, where 10 find room."""
        if self.walker.paused:
            self.discard(happening, Refusal(PAUSED_INSIDE, "the journey is paused"), now_ms, one.key)
        elif not one.busy:
            return True
        elif len(one.stack) >= MOST_STACKED:
            why = f"{MOST_STACKED} events wait for this person already"
            self.discard(happening, Refusal(STACK_FULL, why), now_ms, one.key)
        else:
            self.walker.counts.stacked += 1
            one.stack = [*one.stack, (message, happening)]
            self._agenda.touch(one)
            self._agenda.effects.append(
                Step(
                    now_ms,
                    self._name,
                    "stacked",
                    key=one.key,
                    instance=one.id,
                    node=one.node,
                    event=happening.id,
                    message=message,
                    why="an action is under way",
                )
            )
        return False


def reaction_to(message: str, happening: Happening) -> Reacted:
    """What this event tells of this message; it is known to tell something."""
    return next(each for each in reactions(happening) if each.message == message)
