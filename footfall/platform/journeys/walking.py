"""How a person walks through the nodes of one journey (experience-platform.md 5.2 and 5.4).

A person moves on at once through conditions, splits and actions and rests at a wait, at an event, at a reaction, before
the first action while the latency lasts, and at a webhook until it is answered.
"""

from __future__ import annotations

from footfall.platform.journeys.actions import Excluded, Failed, Sender
from footfall.platform.journeys.agenda import Agenda, Wake
from footfall.platform.journeys.counts import JourneyCounts
from footfall.platform.journeys.draws import drawn
from footfall.platform.journeys.expressions import NoProfile, Scope
from footfall.platform.journeys.matching import Reacted
from footfall.platform.journeys.messages import Happening, Instance, Message, People, Person, Step, StepKind
from footfall.platform.journeys.residents import Residents
from footfall.platform.journeys.times import Times
from footfall.platform.journeys.types import (
    END,
    Action,
    Await,
    Condition,
    Journey,
    Node,
    React,
    Split,
    Wait,
    Webhook,
)
from footfall.platform.journeys.wording import moment

MOST_NODES_AT_ONCE = 1_000
"""A loop without a wait is refused where journeys are read; should one get here, it ends a person's walk, not ours."""

NODE_GONE = "the node is gone"
"""Why they exit who stood, before a restart, where the journey of now has no place to stand."""

ANSWERED = "ok"
"""What stands in an instance's `answer` when its webhook went well."""


class Walker:
    """One journey with everybody in it."""

    def __init__(self, journey: Journey, people: People, sender: Sender, seed: int, agenda: Agenda) -> None:
        self.journey = journey
        self.nodes: dict[str, Node] = dict(journey.nodes)
        self.residents = Residents(journey, agenda.forget)
        self.counts = JourneyCounts()
        self.paused = journey.paused
        self.held: list[Wake] = []
        """What came due while the journey was paused: it happens at resume."""
        self.times = Times(journey, seed)
        self._people = people
        self._sender = sender
        self._seed = seed
        self._agenda = agenda
        self._reads_profile = {
            name: any(field.root == "profile" for path in node.paths for field in path.when.fields)
            for name, node in journey.nodes
            if isinstance(node, Condition)
        }

    def enter(self, identity: tuple[str, str], supplemental: str, happening: Happening, now_ms: int) -> Instance:
        """Starts an instance with its entry event, and walks as far as it gets."""
        journey, (namespace, key) = self.journey, identity
        one = Instance(
            id=self._sender.instance_id(journey, key, supplemental, happening.id, now_ms),
            journey=journey.name,
            namespace=namespace,
            key=key,
            supplemental=supplemental,
            event=happening.id,
            node="",
            entered_ms=now_ms,
            since_ms=now_ms,
            events={journey.entry: happening.xdm},
        )
        self.residents.enter(one)
        self._agenda.live[one.id] = one
        self.counts.active += 1
        self._step(one, "entered", now_ms, event=happening.id, next=journey.first, why=f"{journey.entry} happened")
        self._go(one, journey.first, now_ms)
        return one

    def meets(self, one: Instance, names: tuple[str, ...], happening: Happening, now_ms: int) -> bool:
        """An event with these names happens to somebody inside who is not busy. Whether it moved them: out, where it is
        an exit event, wherever they are; on, where the node listens for it, of several names along the one that stands
        first. An event that is both the entry and awaited does the awaiting."""
        for name in self.journey.exits:
            if name in names:
                self._leave(one, now_ms, "exit event", f"{name} took the person out", happening.id)
                return True
        node = self.nodes[one.node]
        if isinstance(node, Await):
            for name, next in node.events:
                if name in names:
                    one.events = {**one.events, name: happening.xdm}
                    self._step(one, "awaited", now_ms, event=happening.id, next=next, why=f"{name} happened")
                    self._go(one, next, now_ms)
                    return True
        return False

    def suits(self, one: Instance, reacted: Reacted) -> bool:
        """Whether this reaction is the one that the instance's node listens for. Who pressed a button has opened the
        message, too."""
        node = self.nodes[one.node]
        return (
            isinstance(node, React)
            and reacted.message in one.messages
            and (node.to == reacted.what or reacted.what == "clicked")
        )

    def reacts(self, one: Instance, now_ms: int) -> None:
        """The reaction came that the node listens for."""
        node = self.nodes[one.node]
        assert isinstance(node, React)
        self._go(one, node.next, now_ms)

    def answered(self, one: Instance, now_ms: int) -> None:
        """The webhook's outcome stands in the instance's `answer`: goes on, or where errors lead."""
        node, answer = self.nodes[one.node], one.answer
        assert isinstance(node, Webhook)
        for message in one.messages:
            self._agenda.unanswered.pop(message, None)
        one.busy, one.answer = False, ""
        next = node.next if answer == ANSWERED else self._failed(one, node.on_error, answer, now_ms)
        if next:
            self._go(one, next, now_ms)

    def completes(self, one: Instance, now_ms: int) -> bool:
        """Whether what time does to this instance now is the end of a wait, or of waiting for an event: that is a
        journey event. The rest is not: the global time-out, and the first action after its latency."""
        return not one.busy and 0 < self._deadline_ms(one) <= now_ms <= self.times.end_ms(one)

    def wakes(self, one: Instance, now_ms: int) -> None:
        """Time moves it on. At the very moment of the global time-out what else is due goes first; after it (the
        journey was paused, or the queue long) there is only the way out."""
        if now_ms > self.times.end_ms(one) or not (one.answer or 0 < self._deadline_ms(one) <= now_ms):
            self._leave(one, now_ms, "global time-out", f"entered on {moment(one.entered_ms)}, which is too long ago")
            return
        match self.nodes[one.node]:
            case Webhook() if one.answer:
                self.answered(one, now_ms)
            case Wait(next=next):
                self._step(one, "node", now_ms, next=next, why="the wait is over")
                self._go(one, next, now_ms)
            case Await(on_timeout=next) | React(on_timeout=next):
                next = next or END
                self._step(one, "timeout", now_ms, next=next, why=f"nothing came since {moment(one.since_ms)}")
                self._go(one, next, now_ms)
            case Condition() | Split():
                raise AssertionError(f"nobody rests at {one.node}")
            case action:
                one.busy = False
                next = self._act(one, action, now_ms)
                if next:
                    self._go(one, next, now_ms)

    def settle(self, one: Instance, now_ms: int) -> None:
        """Takes back an instance that was inside before a restart. Where its node is no more, or is of a kind at
        which nobody rests or no webhook is waited for, the person is out; of its stack the caller takes care."""
        self.residents.enter(one)
        self._agenda.live[one.id] = one
        self.counts.active += 1
        self.counts.waiting[one.node] = self.counts.waiting.get(one.node, 0) + 1
        node = self.nodes.get(one.node)
        called = one.busy and bool(one.messages)
        if node is None or isinstance(node, Condition | Split) or (called and not isinstance(node, Webhook)):
            self._leave(one, now_ms, NODE_GONE, f"{one.node} is no longer a node where the person could go on")
        elif called:
            self._agenda.unanswered.update(dict.fromkeys(one.messages, one.id))

    # the way through the nodes

    def _go(self, one: Instance, name: str, now_ms: int) -> None:
        for _ in range(MOST_NODES_AT_ONCE):
            if name == END:
                self._leave(one, now_ms, "", "came to the end")
                return
            self._leave_node(one)
            one.node = name
            one.since_ms = now_ms
            one.wake_ms = 0
            one.visits += 1
            counts = self.counts
            counts.reached[name] = counts.reached.get(name, 0) + 1
            counts.waiting[name] = counts.waiting.get(name, 0) + 1
            next = self._at(one, self.nodes[name], now_ms)
            if not next:
                return
            name = next
        self._leave(one, now_ms, "failed", f"{MOST_NODES_AT_ONCE} nodes without a wait: a loop")

    def _at(self, one: Instance, node: Node, now_ms: int) -> str:
        """Where it leads at once; "" where the person rests, or has left."""
        match node:
            case Condition():
                return self._decide(one, node, now_ms)
            case Split():
                next = drawn(self._seed, self.journey, one, node)
                self._step(one, "node", now_ms, next=next, why="drawn")
                return next
            case Wait():
                deadline_ms = self._deadline_ms(one)
                if deadline_ms > self.times.end_ms(one):
                    why = f"a wait until {moment(deadline_ms)} would pass the global time-out"
                    self._leave(one, now_ms, "wait beyond the global time-out", why)
                    return ""
                if deadline_ms <= now_ms:
                    self._step(one, "node", now_ms, next=node.next, why=f"{moment(deadline_ms)} is past")
                    return node.next
                self._rest(one, now_ms)
                return ""
            case Await() | React():
                self._rest(one, now_ms)
                return ""
            case _:
                if now_ms < self.times.ready_ms(one):
                    one.busy = True
                    self._rest(one, now_ms)
                    return ""
                return self._act(one, node, now_ms)

    def _decide(self, one: Instance, node: Condition, now_ms: int) -> str:
        person = self._person(one) if self._reads_profile[one.node] else None
        scope = Scope(events=one.events, profile=None if person is None else person.attributes)
        try:
            for path in node.paths:
                if path.when.holds(scope):
                    self._step(one, "node", now_ms, next=path.next, why=f"{path.when.text} holds")
                    return path.next
        except NoProfile:
            return self._failed(one, node.on_error, f"no profile for {one.namespace} {one.key}", now_ms)
        self._step(one, "node", now_ms, next=node.otherwise, why="no condition holds")
        return node.otherwise

    def _act(self, one: Instance, action: Action, now_ms: int) -> str:
        person = None if isinstance(action, Webhook) and not self._asks_profile(action) else self._person(one)
        one.messages = []
        try:
            messages = self._sender.messages(self.journey, action, one, person, now_ms)
        except Failed as failed:
            return self._failed(one, action.on_error, str(failed), now_ms)
        except Excluded as excluded:
            self.counts.excluded += 1
            self._step(one, "excluded", now_ms, next=action.next, why=str(excluded))
            return action.next
        waits = isinstance(action, Webhook)
        for message in messages:
            self._sent(one, message, "" if waits else action.next)
        one.messages = [message.id for message in messages]
        if not waits:
            return action.next
        one.busy = True
        self._agenda.unanswered.update(dict.fromkeys(one.messages, one.id))
        self._rest(one, now_ms)
        return ""

    def _sent(self, one: Instance, message: Message, next: str) -> None:
        channel = message.channel
        self.counts.sent[channel] = self.counts.sent.get(channel, 0) + 1
        self._agenda.effects.append(message)
        self._step(one, "sent", message.at_ms, message=message.id, next=next, why=f"{channel} to {message.to}")

    def _failed(self, one: Instance, on_error: str, why: str, now_ms: int) -> str:
        """Where errors lead, "" for out: "the person stops unless an alternative path is set"."""
        self.counts.failed += 1
        self._step(one, "failed", now_ms, next=on_error, why=why)
        if not on_error:
            self._leave(one, now_ms, "failed", why)
        return on_error

    def _rest(self, one: Instance, now_ms: int) -> None:
        deadline_ms, end_ms = self._deadline_ms(one), self.times.end_ms(one)
        wake_ms = min(deadline_ms, end_ms) if deadline_ms else end_ms
        self._agenda.wake(one, wake_ms)
        if not (one.busy and one.messages):  # what was sent has its step already
            until = "until" if deadline_ms else "for an event, at most until"
            self._step(one, "node", now_ms, why=f"waits {until} {moment(wake_ms)}")

    def _leave(self, one: Instance, now_ms: int, reason: str, why: str, event: str = "") -> None:
        """The instance is over. Of its stack the caller takes care; the rest is no longer needed."""
        if reason:
            self.counts.exited[reason] = self.counts.exited.get(reason, 0) + 1
        else:
            self.counts.ended += 1
        self._step(one, "exited" if reason else "ended", now_ms, event=event, why=why)
        self._leave_node(one)
        for message in one.messages:
            self._agenda.unanswered.pop(message, None)
        one.over, one.busy, one.why, one.since_ms, one.wake_ms = True, False, why, now_ms, 0
        one.events, one.messages, one.answer = {}, [], ""
        self.counts.active -= 1
        del self._agenda.live[one.id]
        self._agenda.touch(one)
        self.residents.leave(one, now_ms)

    def _deadline_ms(self, one: Instance) -> int:
        return self.times.deadline_ms(one, self.nodes[one.node])

    def _leave_node(self, one: Instance) -> None:
        if one.node:
            left = self.counts.waiting[one.node] - 1
            if left:
                self.counts.waiting[one.node] = left
            else:
                del self.counts.waiting[one.node]

    def _person(self, one: Instance) -> Person | None:
        return self._people.find(one.namespace, one.key)

    def _asks_profile(self, webhook: Webhook) -> bool:
        return any(
            field.root == "profile" for part in webhook.body.parts if not isinstance(part, str) for field in part.fields
        )

    def _step(
        self,
        one: Instance,
        kind: StepKind,
        now_ms: int,
        *,
        event: str = "",
        message: str = "",
        next: str = "",
        why: str = "",
    ) -> None:
        self._agenda.touch(one)
        self._agenda.effects.append(
            Step(
                at_ms=now_ms,
                journey=self.journey.name,
                kind=kind,
                key=one.key,
                instance=one.id,
                node=one.node,
                event=event,
                message=message,
                next=next,
                why=why,
            )
        )
