"""A whole phone against a model of it, in whatever order things happen to it; and phones with a planted fault, each of
which the same machine convicts."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from phone_machine import Life
from sdk_behaviour import behaviour

from footfall.phone.edge import Edge, EventHit, ResetHit
from footfall.phone.identity import Identity
from footfall.phone.ids import Ids
from footfall.phone.phone import Phone
from footfall.phone.signals import Reply, Unread, Withheld

TestLife = Life.TestCase
TestLife.settings = settings(max_examples=300, stateful_step_count=50, deadline=None)
behaviour(
    "1.4", "Requests leave strictly in order, one at a time: the next one waits for the answer.", Edge.next_request
)(TestLife)
behaviour("1.4", "Every event and every attempt has an id of its own.", Ids.event, Ids.next_request)(TestLife)
behaviour("1.4", "An event carries the identities of the moment in which it was made.", EventHit, Identity)(TestLife)
behaviour(
    "1.4",
    "The queue survives the app's process; what was in flight is sent again, with the same _id.",
    Edge.die,
    Unread,
)(TestLife)
behaviour("2.2", "Every unexpired entry of the store is sent back with its original maxAge.", Edge.answered)(TestLife)
behaviour("2.2", "A reset empties the store when the queue comes to it.", Edge.reset, ResetHit)(TestLife)
behaviour("7.3", "Pending consent holds everything back, the set-consent too.", Edge.next_request)(TestLife)
behaviour("7.3", "After a no nothing but set-consent leaves.", Edge.clear, Phone.feed, Withheld)(TestLife)


# Convict before you trust


class SendsUnderPending(Edge):
    __slots__ = ()

    def next_request(self, now_ms):
        held, self.collect = self.collect, "y"
        request = super().next_request(now_ms)
        self.collect = held
        return request


class LosesTheHeadWhenKilled(Edge):
    __slots__ = ()

    def die(self):
        unread = super().die()
        del self._queue[:1]
        return unread


class KeepsStateAtReset(Edge):
    __slots__ = ()

    def put(self, hit):
        if not isinstance(hit, ResetHit):
            super().put(hit)

    def reset(self):
        super().reset()
        self._queue.pop()


class BelievesStaleAnswers(Edge):
    __slots__ = ()

    def reset(self):
        self._queue.append(ResetHit())


class SendsTwoAtOnce(Edge):
    __slots__ = ()

    def next_request(self, now_ms):
        self._in_flight = ""
        return super().next_request(now_ms)


class KeepsTheQueueAtNo(Edge):
    __slots__ = ()

    def clear(self):
        return ()


class IgnoresRetryAfter(Edge):
    __slots__ = ()

    def answered(self, now_ms, request_id, reply):
        return super().answered(now_ms, request_id, Reply(reply.status, reply.body, None, reply.failure))


class SendsTheIdentitiesOfNow(Edge):
    __slots__ = ()

    def put(self, hit):
        for other in self._queue:
            if isinstance(other, EventHit) and isinstance(hit, EventHit):
                other.identities = hit.identities
        super().put(hit)


class RetriesAheadOfTime(Edge):
    __slots__ = ()

    def next_request(self, now_ms):
        self.retry_ms = None
        return super().next_request(now_ms)


class SendsTheLastFirst(Edge):
    __slots__ = ()

    def put(self, hit):
        self._queue.insert(1 if self._in_flight else 0, hit)


class NeverForgetsState(Edge):
    __slots__ = ()

    def _store(self, now_ms, entry):
        super()._store(now_ms, entry)
        self._state = {key: (kept, 10**15) for key, (kept, _) in self._state.items()}
        self._meta_until_ms = 0


class IsWokenForWhatConsentHolds(Edge):
    """As this code was before the machine found it: with consent pending, a due retry was due for ever."""

    __slots__ = ()

    def next_request(self, now_ms):
        return None if self.collect == "p" else super().next_request(now_ms)


FAULTS = (
    SendsUnderPending,
    LosesTheHeadWhenKilled,
    KeepsStateAtReset,
    BelievesStaleAnswers,
    SendsTwoAtOnce,
    KeepsTheQueueAtNo,
    IgnoresRetryAfter,
    SendsTheIdentitiesOfNow,
    RetriesAheadOfTime,
    SendsTheLastFirst,
    NeverForgetsState,
    IsWokenForWhatConsentHolds,
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_convicted(fault):
    class Faulty(Life):
        edge = fault

    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            Faulty,
            settings=settings(
                max_examples=2_000,
                stateful_step_count=40,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                report_multiple_bugs=False,
                print_blob=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
