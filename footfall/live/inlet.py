"""Events by streaming ingestion: each as a message of its own, or in batches as Adobe's Kafka connector makes them.

Here are the sockets, the batches and the token; what messages and answers look like is engine.inlet.
"""

from __future__ import annotations

import os
import time

import gevent
import msgspec
from gevent.event import AsyncResult

from footfall.engine import inlet as wire
from footfall.live.http import LONGEST_TIMEOUT_S, Connection, Network, Origin, PhoneTransport
from footfall.phone.config import AppConfig, InletConfig
from footfall.phone.ids import run_key
from footfall.phone.signals import Reply, Request
from footfall.platform.config import LOCAL_DATASET, LOCAL_FLOW, LOCAL_INLET, LOCAL_ORG, LOCAL_SCHEMA

TRANSPORTS = ("edge", "inlet", "inlet-batch")
TOKEN_VARIABLE = "FOOTFALL_INLET_TOKEN"
PHONES = "phones"  # the name of the source system in the headers of the phones' messages

# Adobe's connector (experience-platform-streaming-connect, AbstractSinkTask and AEPPublisher): a batch is sent when it
# has become so large or so old, whichever comes first
BATCH_BYTES = 4_096
BATCH_AGE_S = 1.0
# The connector has one at a time. On loopback that is enough for 1,000 messages a second (measured, and the same with
# two, four and eight); but all phones of a process share the batches, and an inlet that takes 100 ms to answer would
# let one at a time carry some 30 messages a second.
MOST_AT_ONCE = 8

LOCAL = InletConfig(LOCAL_INLET, LOCAL_SCHEMA, LOCAL_ORG, LOCAL_DATASET, LOCAL_FLOW)
"""An inlet of a local platform that no file says anything of."""


class TokenUnusable(ValueError):
    """The token in the environment cannot be sent. The message does not show it."""


def inlet_id_of(name: str) -> str:
    """The inlet of a run on the local platform: 64 hexadecimal digits, as Adobe's are."""
    return run_key(name, 1).hex()


def inlet_of(app: AppConfig, id: str, loopback: bool, there: InletConfig | None = None) -> InletConfig:
    """The inlet with this id as messages name it: what the app leaves empty is the local platform's on loopback.
    `there`: the inlet as the platform has it, where it was asked; None: as it is without a platform file."""
    own = msgspec.structs.replace(app.inlet, id=id)
    if not loopback:
        return own
    there = there or LOCAL
    return InletConfig(
        id,
        own.schema or there.schema,
        own.org or there.org,
        own.dataset or there.dataset,
        own.flow or there.flow,
    )


def headers_for(origin: Origin) -> bytes:
    """The header lines of requests to an inlet, with the token of the environment where there is one. Raises
    TokenUnusable where it is none, or would cross a network in the clear."""
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token:
        return wire.HEADERS
    if not token.isascii() or not token.isprintable() or " " in token:
        raise TokenUnusable(f"{TOKEN_VARIABLE}: expected a token of letters, digits and signs, found something else")
    if origin.scheme != "https" and not origin.loopback:
        raise TokenUnusable(f"{TOKEN_VARIABLE}: a token is sent over https only, and {origin.netloc} is not")
    return b"%bAuthorization: Bearer %b\r\n" % (wire.HEADERS, token.encode())


class _Waiting(msgspec.Struct, eq=False):
    message: bytes
    answered: AsyncResult[Reply]


class Batcher:
    """Gathers the messages of all phones of a process into batches and sends these, a few at a time."""

    def __init__(self, network: Network, inlet: InletConfig, headers: bytes) -> None:
        self._network = network
        self._target = wire.target(inlet, batch=True)
        self._headers = headers
        self._gathered: list[_Waiting] = []
        self._bytes = 0
        self._idle: list[Connection] = []
        self._free = MOST_AT_ONCE
        self._ready: list[list[_Waiting]] = []
        self._hurried = self._closed = False
        self._timer: gevent.Greenlet[[], None] | None = None
        self.sent = 0  # batches, for whoever wants to know how many messages share one

    def carry(self, messages: list[bytes]) -> list[Reply]:
        """Blocks until it is known, or given up, what became of each message; in their order. What is carried together
        is in one batch."""
        mine = [_Waiting(message, AsyncResult()) for message in messages]
        self._gathered += mine
        self._bytes += sum(map(len, messages))
        if self._bytes >= BATCH_BYTES or self._hurried:
            self.flush()
        elif self._timer is None:
            self._timer = gevent.spawn_later(BATCH_AGE_S, self._flush_old)
        return [one.answered.get() or wire.UNKNOWN for one in mine]

    def flush(self) -> None:
        """Sends what has been gathered, however little."""
        if self._timer is not None:
            self._timer.kill(block=False)
            self._timer = None
        if self._gathered:
            self._ready.append(self._gathered)
            self._gathered, self._bytes = [], 0
        self._start_senders()

    def hurry(self) -> None:
        """The run is being ended: from now on nothing waits for company."""
        self._hurried = True
        self.flush()

    def close(self) -> None:
        """Flushes, and closes the connections that are idle; those at work close when they are done."""
        self._closed = True
        self.hurry()
        while self._idle:
            self._idle.pop().close()

    def _flush_old(self) -> None:
        self._timer = None
        self.flush()

    def _start_senders(self) -> None:
        while self._ready and self._free:
            self._free -= 1
            gevent.spawn(self._send_all)

    def _send_all(self) -> None:
        """One sender: batch after batch until there is none."""
        connection = self._idle.pop() if self._idle else Connection(self._network, self._network.origins["inlet"])
        try:
            while self._ready:
                self._send(connection, self._ready.pop(0))
        finally:
            self._free += 1
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)
            self._start_senders()  # for what is still ready, should this one have broken down

    def _send(self, connection: Connection, batch: list[_Waiting]) -> None:
        self.sent += 1
        replies: tuple[Reply, ...] = (wire.UNKNOWN,) * len(batch)
        try:
            body = wire.batch_of([one.message for one in batch])
            reply = connection.exchange("POST", self._target, self._headers, body, LONGEST_TIMEOUT_S)
            replies = wire.of_batch(reply, len(batch))
        finally:  # whatever happened to this greenlet, nobody waits for ever
            for one, its in zip(batch, replies, strict=True):
                one.answered.set(its)


class InletTransport:
    """The transport of one phone whose events, or whose owner's in the back office, go to an inlet. All other requests
    go where they always did.

    `phones`: the phone's own events do; else only the back office's. With a batcher all messages go in batches; without
    one a message is a request, but for those of one request (Edge's batching), which make a batch of their own.
    """

    __slots__ = ("_batcher", "_headers", "_inlet", "_phones", "_plain")

    def __init__(
        self, plain: PhoneTransport, inlet: InletConfig, headers: bytes, phones: bool, batcher: Batcher | None
    ) -> None:
        self._plain = plain
        self._inlet = inlet
        self._headers = headers
        self._phones = phones
        self._batcher = batcher

    def send(self, request: Request, due_wall_ms: float) -> Reply:
        """See engine.live.Transport."""
        if request.channel == "inlet":
            messages = [request.body]
        elif request.channel == "edge" and request.event_ids and self._phones:
            messages = wire.messages_of(request.body, self._inlet, PHONES, int(time.time() * 1000))
        else:
            return self._plain.send(request, due_wall_ms)
        if self._batcher is not None:
            replies: list[Reply] | tuple[Reply, ...] = self._batcher.carry(messages)
        elif len(messages) == 1:
            replies = (self._post(request, wire.target(self._inlet), messages[0], due_wall_ms),)
        else:
            target = wire.target(self._inlet, batch=True)
            reply = self._post(request, target, wire.batch_of(messages), due_wall_ms)
            replies = wire.of_batch(reply, len(messages))
        return wire.of_request(replies, request.attempts or (request.attempt,) * len(messages))

    def close(self) -> None:
        """Closes the phone's connections."""
        self._plain.close()

    def _post(self, request: Request, target: str, body: bytes, due_wall_ms: float) -> Reply:
        message = msgspec.structs.replace(
            request, channel="inlet", method="POST", target=target, headers=self._headers, body=body
        )
        return self._plain.send(message, due_wall_ms)
