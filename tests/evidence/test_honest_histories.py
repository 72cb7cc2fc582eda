"""However a run goes and wherever it is killed, an honest history leaves nothing unexplained; and one lie in it is
found. Phones, their customers' consent, the deaths of their apps, network and receiver are played here in a few lines,
one thing a step, so that every state between two steps is a kill of the whole run at that line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from literal_ops import created, cut, done, good, invoke, lived, refused, started, unread, withheld

from footfall.evidence.delivered import delivered
from footfall.evidence.ledger import encode, read
from footfall.evidence.ops import Created, Done, Ended, Invoke, Lease, Op, Trouble, Unread, Withheld
from footfall.evidence.received import Received


class Run(RuleBasedStateMachine):
    """Three phones with a hit queue each. `flying` is the attempt under way, `late` are attempts that timed out and
    may still arrive. `consent` is y, n or p (pending): pending keeps the queue, n clears it."""

    def __init__(self):
        super().__init__()
        self.ops: list[Op] = []
        self.received: list[Received] = []
        self.events: dict[str, Created] = {}
        self.queues: dict[int, list[str]] = {}
        self.flying: dict[int, tuple[Invoke, bool]] = {}  # phone -> attempt, and whether it has arrived
        self.late: list[str] = []
        self.consent: dict[int, str] = {}
        self.ended: set[int] = set()

    def living(self):
        return sorted(self.queues.keys() - self.ended)

    def ready(self):
        able = [phone for phone in self.living() if self.queues[phone] and self.consent[phone] != "p"]
        return [phone for phone in able if phone not in self.flying]

    def arriving(self):
        return [phone for phone, (_, arrived) in self.flying.items() if not arrived]

    def sent(self):
        return Counter(op.id for op in self.ops if isinstance(op, Invoke))

    def acknowledged(self):
        return sorted({op.id for op in self.ops if isinstance(op, Done) and op.outcome == "ok"})

    def withheld(self):
        return sorted({op.id for op in self.ops if isinstance(op, Withheld)})

    def store(self, id):
        self.received.append(refused(id, "as planned") if self.events[id].bad else good(id))

    # One rule and not one for each thing that can happen: Hypothesis leaves rules out to vary its runs, and a run in
    # which nothing is ever sent, or no answer ever comes, has little to tell.
    @rule(data=st.data())
    def something_honest_happens_and_a_lie_about_it_is_found(self, data):
        can = [
            *[self.start] * (len(self.queues) < 3),
            *[self.create, self.create] * bool(self.living()),
            *[self.send, self.send] * bool(self.ready()),
            *[self.arrive, self.arrive] * bool(self.arriving()),
            *[self.arrive_late] * bool(self.late),
            *[self.answer, self.answer] * bool(self.flying),
            *[self.kill] * bool(self.flying),
            *[self.deliver_twice] * bool(self.ready()),
            *[self.decide, self.remove, self.end] * bool(self.living()),
        ]
        if can:
            data.draw(st.sampled_from(can))(data)
        lie = data.draw(st.sampled_from([lie for lie in LIES if lie.possible(self)]))
        ops, received, kind = lie.tell(self, data)
        check = delivered(ops, received)
        assert check.validity == "invalid"
        assert kind in {finding.kind for finding in check.findings}

    def start(self, data):
        phone = len(self.queues)
        self.queues[phone] = []
        self.consent[phone] = data.draw(st.sampled_from("yyp"))
        self.ops += [Lease(phone, 1, "w0"), started(phone)]

    def create(self, data):
        phone = data.draw(st.sampled_from(self.living()))
        n = sum(event.phone == phone for event in self.events.values())
        bad, fault = data.draw(st.sampled_from([(False, ""), (False, "slow"), (True, ""), (True, "slow")]))
        event = created(f"{phone}-{n}", n, phone=phone, bad=bad, fault=fault)
        self.events[event.id] = event
        self.ops.append(event)
        if self.consent[phone] == "n" or data.draw(st.sampled_from([False] * 9 + [True])):  # ... or has no datastream
            self.withhold(phone, [event.id])
        else:
            self.queues[phone].append(event.id)

    def withhold(self, phone, ids):
        self.ops += [withheld(id, phone=phone) for id in ids]

    def send(self, data):
        phone = data.draw(st.sampled_from(self.ready()))
        id = self.queues[phone][0]
        self.flying[phone] = invoke(id, self.sent()[id], phone=phone), False
        self.ops.append(self.flying[phone][0])

    def arrive(self, data):
        phone = data.draw(st.sampled_from(self.arriving()))
        self.flying[phone] = self.flying[phone][0], True
        self.store(self.flying[phone][0].id)

    def arrive_late(self, data):
        self.store(self.late.pop())

    def answer(self, data):
        phone = data.draw(st.sampled_from(sorted(self.flying)))
        its, arrived = self.flying.pop(phone)
        event = self.events[its.id]
        possible = ["yes", "yes", "timeout"] if arrived else ["no", "timeout"]
        if not arrived and (event.bad or event.fault):
            possible.append("400")
        answer = data.draw(st.sampled_from(possible))
        if answer == "yes":
            self.ops.append(done(its.id, "ok", "done", its.attempt, phone=phone))
        elif answer == "no":
            self.ops.append(done(its.id, "fail", "retry", its.attempt, phone=phone, status=429))
        elif answer == "400":
            self.ops.append(done(its.id, "fail", "drop", its.attempt, phone=phone, status=400))
        else:
            self.ops.append(done(its.id, "info", "retry", its.attempt, phone=phone, status=0))
            if not arrived:
                self.late.append(its.id)
        if data.draw(st.booleans()):  # the app dies before it reads that
            self.leave_unread(phone, its)
        elif answer in ("yes", "400"):
            self.queues[phone] = [id for id in self.queues[phone] if id != its.id]
        elif its.id not in self.queues[phone]:  # consent became n while it was sent
            self.withhold(phone, [its.id])

    def leave_unread(self, phone, its):
        self.ops.append(unread(its.id, its.attempt, phone=phone))
        if its.id not in self.queues[phone]:
            self.withhold(phone, [its.id])

    def kill(self, data):
        phone = data.draw(st.sampled_from(sorted(self.flying)))
        self.die(phone)

    def deliver_twice(self, data):
        """Stored, acknowledged, not read, stored again: too long a way for chance to find it often."""
        phone = data.draw(st.sampled_from(self.ready()))
        id = self.queues[phone][0]
        for last in (False, True):
            its = invoke(id, self.sent()[id], phone=phone)
            self.store(id)
            self.ops += [its, done(id, "ok", "done", its.attempt, phone=phone)]
            if not last:
                self.leave_unread(phone, its)
        self.queues[phone].pop(0)

    def die(self, phone):
        """The app dies with an attempt under way, if there is one. The attempt may still arrive."""
        if phone in self.flying:
            its, arrived = self.flying.pop(phone)
            if not arrived:
                self.late.append(its.id)
            self.leave_unread(phone, its)

    def decide(self, data):
        phone = data.draw(st.sampled_from(self.living()))
        self.consent[phone] = data.draw(st.sampled_from("yyynp"))
        if self.consent[phone] == "n":
            under_way = {self.flying[phone][0].id} if phone in self.flying else set()
            self.withhold(phone, [id for id in self.queues[phone] if id not in under_way])
            self.queues[phone] = []

    def remove(self, data):
        if not data.draw(st.sampled_from([False] * 3 + [True])):
            return
        phone = data.draw(st.sampled_from(self.living()))
        self.die(phone)
        self.withhold(phone, self.queues[phone])
        self.queues[phone] = []
        self.consent[phone] = "p"

    def end(self, data):
        if not data.draw(st.sampled_from([False] * 4 + [True])):  # a short life has little to tell either
            return
        phone = data.draw(st.sampled_from(self.living()))
        if self.consent[phone] == "p":
            self.withhold(phone, self.queues[phone])
            self.queues[phone] = []
        held = self.queues[phone]
        self.ops.append(cut(*held, phone=phone) if held else lived(phone))
        self.ended.add(phone)
        if phone in self.flying:
            attempt, arrived = self.flying.pop(phone)
            if not arrived:
                self.late.append(attempt.id)

    @invariant()
    def nothing_is_unexplained_if_all_is_killed_now(self):
        check = delivered(self.ops, self.received)
        assert check.validity != "invalid", check.findings
        facts = check.facts
        assert facts["unexplained"] == 0
        classes = ("stored", "dropped", "withheld", "held", "abandoned", "in_doubt")
        assert facts["planned"] == len(self.events) == sum(facts[name] for name in classes)
        assert facts["stored"] == facts["good"] + facts["bad"] == len({one.id for one in self.received})
        over = not self.living() and not any(facts[name] for name in ("held", "in_doubt")) and facts["sent"]
        assert (check.validity == "valid") is bool(over)

    @invariant()
    def without_a_read_back_nothing_is_valid_and_nothing_invented(self):
        check = delivered(self.ops, None)
        assert (check.validity, check.facts["unexplained"]) == ("unknown", 0)


class Lie(NamedTuple):
    """One thing that cannot happen. `tell` gives the ops and the observations with the lie in them, and the kind of
    finding that must come of it."""

    possible: Callable[[Run], object]
    tell: Callable[[Run, st.DataObject], tuple[list[Op], list[Received], str]]


def lose(run, data):
    id = data.draw(st.sampled_from(run.acknowledged()))
    return run.ops, [one for one in run.received if one.id != id], "lost"


def store_more_often_than_sent(run, data):
    one = data.draw(st.sampled_from(run.received))
    have = Counter(other.id for other in run.received)[one.id]
    return run.ops, run.received + [one] * (run.sent()[one.id] + 1 - have), "duplicated"


def sent_once_and_answered(run):
    return [id for id in run.acknowledged() if run.sent()[id] == 1]


def store_twice(run, data):
    id = data.draw(st.sampled_from(sent_once_and_answered(run)))
    return run.ops, run.received + [one for one in run.received if one.id == id], "duplicated"


def store_a_foreign_event(run, data):
    return run.ops, [*run.received, good("foreign")], "unexpected"


def never_sent(run):
    return sorted(run.events.keys() - run.sent())


def store_what_was_never_sent(run, data):
    return run.ops, [*run.received, good(data.draw(st.sampled_from(never_sent(run))))], "unexpected"


def turn_good_into_bad_or_bad_into_good(run, data):
    at = data.draw(st.integers(0, len(run.received) - 1))
    one = run.received[at]
    turned = refused(one.id, "planted") if one.good else good(one.id)
    received = [*run.received[:at], turned, *run.received[at + 1 :]]
    return run.ops, received, "refused" if one.good else "bad-accepted"


def leave_a_stored_event_out_of_the_plan(run, data):
    id = data.draw(st.sampled_from(run.received)).id
    ops = [op for op in run.ops if not (isinstance(op, Created) and op.id == id)]
    return ops, run.received, "unexpected"


def ends_with_unsent(run):
    return [op for op in run.ops if isinstance(op, Ended) and set(op.held) - run.sent().keys()]


def forget_a_held_event(run, data):
    end = data.draw(st.sampled_from(ends_with_unsent(run)))
    forgotten = data.draw(st.sampled_from(sorted(set(end.held) - run.sent().keys())))
    kept = msgspec.structs.replace(end, held=tuple(id for id in end.held if id != forgotten))
    return [kept if op == end else op for op in run.ops], run.received, "unexplained"


def live_twice(run, data):
    phone = data.draw(st.sampled_from(sorted(run.queues)))
    return [*run.ops, started(phone)], run.received, "lived-twice"


def lease_twice(run, data):
    phone = data.draw(st.sampled_from(sorted(run.queues)))
    return [*run.ops, Lease(phone, 1, "w1")], run.received, "leased-twice"


def send_without_consent(run, data):
    id = data.draw(st.sampled_from(run.withheld()))
    return [*run.ops, invoke(id, 99, phone=run.events[id].phone)], run.received, "sent-withheld"


def withheld_and_over(run):
    over = [id for id in run.withheld() if run.events[id].phone in run.ended]
    return sorted(set(over) - run.sent().keys())


def forget_a_withheld_event(run, data):
    id = data.draw(st.sampled_from(withheld_and_over(run)))
    return [op for op in run.ops if not (isinstance(op, Withheld) and op.id == id)], run.received, "unexplained"


def withhold_a_foreign_event(run, data):
    return [*run.ops, withheld("foreign")], run.received, "unplanned"


def twice_because_unread(run):
    """Events of which each attempt got a yes or a no: only an unread yes explains a second copy."""
    answered = Counter(op.id for op in run.ops if isinstance(op, Done) and op.outcome != "info")
    copies = Counter(one.id for one in run.received)
    return [id for id, sent in run.sent().items() if sent == answered[id] and copies[id] > 1]


def hide_that_answers_were_unread(run, data):
    id = data.draw(st.sampled_from(twice_because_unread(run)))
    return [op for op in run.ops if not (isinstance(op, Unread) and op.id == id)], run.received, "duplicated"


def leave_unread_what_nobody_asked(run, data):
    id = data.draw(st.sampled_from(sorted(run.events)))
    return [*run.ops, unread(id, 99, phone=run.events[id].phone)], run.received, "unread-unsent"


LIES = [
    Lie(Run.acknowledged, lose),
    Lie(lambda run: run.received, store_more_often_than_sent),
    Lie(sent_once_and_answered, store_twice),
    Lie(lambda run: True, store_a_foreign_event),
    Lie(never_sent, store_what_was_never_sent),
    Lie(lambda run: run.received, turn_good_into_bad_or_bad_into_good),
    Lie(lambda run: run.received, leave_a_stored_event_out_of_the_plan),
    Lie(ends_with_unsent, forget_a_held_event),
    Lie(Run.withheld, send_without_consent),
    Lie(withheld_and_over, forget_a_withheld_event),
    Lie(lambda run: True, withhold_a_foreign_event),
    Lie(twice_because_unread, hide_that_answers_were_unread),
    Lie(lambda run: run.events, leave_unread_what_nobody_asked),
    Lie(lambda run: run.queues, live_twice),
    Lie(lambda run: run.queues, lease_twice),
]

Run.TestCase.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
TestRun = Run.TestCase


def test_a_process_killed_at_any_byte_of_its_ledger_leaves_nothing_unexplained():
    history = [
        *(Lease(0, 1, "local"), started(), created("a", 0), invoke("a"), done("a", "ok", "done")),
        *(created("b", 1), created("c", 2), invoke("b"), done("b", "info", "retry", status=503)),
        *(invoke("b", 1), done("b", "ok", "done", 1)),
        *(created("d", 3), invoke("d"), done("d", "ok", "done"), unread("d")),
        *(created("e", 4), withheld("e"), invoke("d", 1), done("d", "ok", "done", 1), cut("c")),
    ]
    lines = [encode(op) for op in history]
    ledger = b"".join(lines)
    for length in range(len(ledger) + 1):
        kept, survived = 0, 0
        for line in lines:  # a request leaves when its invoke line is with the operating system, and arrives at once
            kept += len(line)
            survived += kept <= length
        received = [good(op.id) for op in history[:survived] if isinstance(op, Invoke)]
        ops = list(read(ledger[:length].splitlines(keepends=True), "l.ndjson"))
        check = delivered(ops, received)
        assert (check.validity, check.facts["unexplained"]) == ("unknown", 0)
        assert sum(isinstance(op, Trouble) for op in ops) <= 1
