"""The lines of a ledger: one JSON object a line, told apart by `op`.

A ledger file is append-only and belongs to one process. Times: `at_ms`, `due_ms` of Created are virtual, milliseconds
since the run's start; `due`, `sent`, `done` of attempts are wall time, milliseconds since the epoch. The Invoke line is
with the operating system before the first byte of its request leaves, so that a process killed at any moment leaves
nothing unexplained: an id without an Invoke was never sent, an Invoke without an outcome is unknown (info).

Lines about events are written for each event, also where one request carries several (batching): a request id is that
of one request and not of one event.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Head(msgspec.Struct, frozen=True, tag_field="op", tag="head"):
    """First line of every ledger file."""

    run: str
    process: str  # "local", "master", "worker-0", ...
    pid: int
    version: str


class Lease(msgspec.Struct, frozen=True, tag_field="op", tag="lease"):
    """The run handed the phones first .. first+count-1 to a worker. No index is ever leased twice."""

    first: int
    count: int
    worker: str


class Started(msgspec.Struct, frozen=True, tag_field="op", tag="started"):
    """A phone's life begins. Every Started has an Ended, or the phone was abandoned (its process died)."""

    phone: int
    person: str
    ecid: str
    platform: str
    at_ms: int


class Created(msgspec.Struct, frozen=True, tag_field="op", tag="created", omit_defaults=True):
    """The phone made an ExperienceEvent and put it into its hit queue: this is what `planned` counts.

    `source` names the system that made it where that was not the phone: the company's back office, about the phone's
    customer. `n` numbers the events of one phone and source from 0. `digest` is the hash of the event's content without
    run-derived ids, its time counted from the run's start; `cause` tells whether the plan or a reply of the platform
    made it. `skus` are (SKU, quantity) of the event's productListItems. `fault` names the deliberate fault that touched
    the event; `bad` marks an event that the plan means to be refused by validation. `extra` says why it is the second
    event of one occurrence (a tags rule's, forwarded twice): checkers of order look at the first only. `message` is the
    id of the message that the customer reacted to, where that made the event; its cause is `reply` then.
    """

    id: str
    type: str
    phone: int
    n: int
    person: str
    state: str
    cause: Literal["plan", "reply"]
    due_ms: int
    digest: str
    place: str = ""
    skus: tuple[tuple[str, int], ...] = ()
    fault: str = ""
    bad: bool = False
    extra: str = ""
    source: str = ""
    message: str = ""


class Notified(msgspec.Struct, frozen=True, tag_field="op", tag="notified"):
    """A push notification reached a phone. `message` is its id at the platform, `decided` what the customer is going to
    do about it."""

    message: str
    phone: int
    decided: Literal["open", "button", "dismiss", "ignore"]
    at_ms: int


class Invoke(msgspec.Struct, frozen=True, tag_field="op", tag="invoke"):
    """An attempt to deliver the event begins. A retry is a new Invoke with a new request id and attempt number; the
    events of a batch have its request id in common, and the attempt number of the first of them."""

    id: str
    request: str
    phone: int
    attempt: int
    due: float
    sent: float


class Done(msgspec.Struct, frozen=True, tag_field="op", tag="done", omit_defaults=True):
    """How an attempt ended: outcome `ok` (acknowledged), `fail` (definitely not stored), `info` (unknown: a timeout
    is not a loss). `next` is what the SDK does with the hit once it has read the answer: done, retry or drop; all the
    events of a batch that Edge answered 400 have `retry`, for each is sent again by itself. Streaming ingestion says of
    each event of a request what became of it: there `outcome`, `next` and `status` may differ within a request."""

    id: str
    request: str
    phone: int
    done: float
    outcome: Literal["ok", "fail", "info"]
    next: Literal["done", "retry", "drop"]
    status: int = 0
    why: str = ""


class Withheld(msgspec.Struct, frozen=True, tag_field="op", tag="withheld"):
    """The SDK keeps the event from being sent, as its rules say, and why: collect consent is `n`, or still pending when
    the phone's life ends; the app has no datastream, or was removed from the phone.

    Nothing sends the event after this line. It may have been sent before: an attempt that was under way when consent
    became `n` is not called back, only not repeated.
    """

    id: str
    phone: int
    why: str
    at_ms: int


class Unread(msgspec.Struct, frozen=True, tag_field="op", tag="unread"):
    """The app's process died before it read the answer to this request, whatever it was: the hit is still in its queue,
    and the event is sent again, unless it is withheld or held. The request is the last one that its phone sent, and it
    carried the event."""

    id: str
    request: str
    phone: int


class Inside(msgspec.Struct, frozen=True, tag_field="op", tag="inside"):
    """The OS registered the place's region while the phone was already in it: iOS reports no entry then, and a later
    exit has no entry before it."""

    phone: int
    place: str
    at_ms: int


class Ignored(msgspec.Struct, frozen=True, tag_field="op", tag="ignored"):
    """The OS reported a crossing that the SDK did not turn into an event, and why (the POI was not in the last nearby
    list; consent; ...)."""

    phone: int
    place: str
    kind: Literal["entry", "exit"]
    why: str
    at_ms: int


class Forgotten(msgspec.Struct, frozen=True, tag_field="op", tag="forgotten"):
    """What follows on this phone does not continue what was before: the OS forgot the `regions` that it monitored, so
    that an entry may follow an entry; or the `app` was removed with all that it knew, so that a launch may follow a
    launch."""

    phone: int
    what: Literal["regions", "app"]
    at_ms: int


class Ended(msgspec.Struct, frozen=True, tag_field="op", tag="ended"):
    """The phone's life is over: `lived` to its end, or `cut` short because the run was stopped. `held` are the ids of
    events that were still in its hit queue and will never be sent."""

    phone: int
    how: Literal["lived", "cut"]
    held: tuple[str, ...]
    at_ms: int


class Trouble(msgspec.Struct, frozen=True, tag_field="op", tag="trouble"):
    """Something that limits what the ledger can prove: a full disk, a lost worker, a platform that went away.

    `kind` is one of disk-full, worker-lost, readback-failed, refused, crashed.
    """

    kind: str
    why: str


Op = (
    Head
    | Lease
    | Started
    | Created
    | Invoke
    | Done
    | Withheld
    | Unread
    | Inside
    | Ignored
    | Forgotten
    | Notified
    | Ended
    | Trouble
)
