"""The lines of a ledger: one JSON object a line, told apart by `op`.

A ledger file is append-only and belongs to one process. Times: `at_ms`, `due_ms` of Created are virtual, milliseconds
since the run's start; `due`, `sent`, `done` of attempts are wall time, milliseconds since the epoch. The Invoke line is
with the operating system before the first byte of its request leaves, so that a process killed at any moment leaves
nothing unexplained: an id without an Invoke was never sent, an Invoke without an outcome is unknown (info).
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

    `n` numbers the phone's events from 0. `digest` is the hash of the event's content without run-derived ids, its
    time counted from the run's start; `cause` tells whether the plan or a reply of the platform made it. `skus` are
    (SKU, quantity) of the event's productListItems. `fault` names the deliberate fault that touched the event;
    `bad` marks an event that the plan means to be refused by validation.
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


class Invoke(msgspec.Struct, frozen=True, tag_field="op", tag="invoke"):
    """An attempt to deliver the event begins. A retry is a new Invoke with a new request id and attempt number."""

    id: str
    request: str
    phone: int
    attempt: int
    due: float
    sent: float


class Done(msgspec.Struct, frozen=True, tag_field="op", tag="done", omit_defaults=True):
    """How an attempt ended: outcome `ok` (acknowledged), `fail` (definitely not stored), `info` (unknown: a timeout
    is not a loss). `next` is what the SDK does with the hit: done, retry or drop."""

    id: str
    request: str
    phone: int
    done: float
    outcome: Literal["ok", "fail", "info"]
    next: Literal["done", "retry", "drop"]
    status: int = 0
    why: str = ""


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


Op = Head | Lease | Started | Created | Invoke | Done | Inside | Ignored | Ended | Trouble
