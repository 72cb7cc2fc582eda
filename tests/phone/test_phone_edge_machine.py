"""The Edge extension against a model of it in a few lines, in whatever order things happen to it."""

from __future__ import annotations

import json
from collections import deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sdk_words import IPHONE, PIXEL, an_edge, framed, hit, sent

from footfall.phone.signals import Reply

DONE = (200, 204, 207)
RECOVERABLE = (408, 429, 502, 503, 504, 507)
DROPPED = (201, 400, 404, 413, 422, 500, 501)


class Hits(RuleBasedStateMachine):
    """The model: a queue of ids, what is in flight, and when the head may go again."""

    @initialize(model=st.sampled_from([IPHONE, PIXEL]))
    def switch_on(self, model):
        self.ios = model is IPHONE
        self.edge = an_edge(model)
        self.now_ms = 0
        self.put_so_far: list[str] = []
        self.queue: deque[str] = deque()
        self.flying = None  # the request in flight
        self.retry_ms = None
        self.gone: list[str] = []  # delivered or dropped, in order
        self.request_ids: set[str] = set()
        self.events: dict[str, object] = {}  # id -> the event as it was first sent
        self.attempts: dict[str, int] = {}

    @rule(count=st.integers(1, 3))
    def put(self, count):
        for _ in range(count):
            name = f"E-{len(self.put_so_far)}"
            self.put_so_far.append(name)
            self.queue.append(name)
            self.edge.put(hit(name))
        self.send_what_may_go()

    @rule(ms=st.sampled_from([0, 1, 80, 999, 4_999, 5_000, 60_000]))
    def time_goes_by(self, ms):
        self.now_ms += ms
        self.send_what_may_go()

    # no rule of its own: Hypothesis leaves rules out to vary its runs, and a run that sends nothing has little to tell
    def send_what_may_go(self):
        request = self.edge.next_request(self.now_ms)
        may_go = self.flying is None and bool(self.queue) and (self.retry_ms is None or self.now_ms >= self.retry_ms)
        assert (request is not None) == may_go
        if request is None:
            return
        assert request.event_ids == (self.queue[0],)  # one event, order kept
        assert request.id not in self.request_ids  # every attempt has an id of its own
        assert f"requestId={request.id}" in request.target
        (event,) = sent(request)["events"]
        (event_id,) = request.event_ids
        assert event["xdm"]["_id"] == event_id
        assert self.events.setdefault(event_id, event) == event  # _id and timestamp as at the first time
        self.attempts[event_id] = self.attempts.get(event_id, 0) + 1
        assert request.attempt == self.attempts[event_id]
        self.request_ids.add(request.id)
        self.flying, self.retry_ms = request, None

    @precondition(lambda self: self.flying is not None)
    @rule(
        answer=st.sampled_from([*DONE, *RECOVERABLE, *DROPPED, "timeout", "refused", "reset", "unreachable"]),
        retry_after=st.sampled_from([None, "1", "0", "soon", "30"]),
        body=st.binary(max_size=20) | st.sampled_from([b"", framed({"handle": []}), b"\xff"]),
        at_once=st.booleans(),
    )
    def answer(self, answer, retry_after, body, at_once):
        if isinstance(answer, int):
            reply = Reply(answer, body, retry_after)
            kept = answer in RECOVERABLE
        else:
            reply, retry_after = Reply(0, failure=answer), None
            kept = not (answer == "unreachable" and self.ios)
        self.edge.answered(self.now_ms, self.flying.id, reply)
        self.flying = None
        if kept:
            self.retry_ms = self.now_ms + {"1": 1_000, "30": 30_000}.get(retry_after, 5_000)
        else:
            self.gone.append(self.queue.popleft())
        if at_once:
            self.send_what_may_go()

    @rule(request_id=st.sampled_from(["", "of another phone"]))
    def an_answer_goes_astray(self, request_id):
        self.edge.answered(self.now_ms, request_id, Reply(200))

    @precondition(lambda self: self.request_ids and self.flying is None)
    @rule()
    def an_answer_comes_twice(self):
        self.edge.answered(self.now_ms, sorted(self.request_ids)[0], Reply(200))

    @invariant()
    def the_queue_is_the_models(self):
        if hasattr(self, "edge"):
            assert self.edge.queued == tuple(self.queue)
            assert self.edge.retry_ms == self.retry_ms

    @invariant()
    def every_id_is_gone_once_or_waits_in_order(self):
        if hasattr(self, "edge"):
            assert [*self.gone, *self.queue] == self.put_so_far

    def teardown(self):
        """In the end a kind server gets everything that is left, each once."""
        if not hasattr(self, "edge"):
            return
        if self.flying is not None:
            self.edge.answered(self.now_ms, self.flying.id, Reply(200))
            self.gone.append(self.queue.popleft())
        self.now_ms += 60_000
        while (request := self.edge.next_request(self.now_ms)) is not None:
            json.loads(request.body)
            self.edge.answered(self.now_ms, request.id, Reply(200))
            self.gone.extend(request.event_ids)
        assert self.gone == self.put_so_far


TestHits = Hits.TestCase
TestHits.settings = settings(max_examples=250, stateful_step_count=50, deadline=None)
