"""How many persons and events each journey has seen: kept while it happens, never counted again."""

from __future__ import annotations

import msgspec

from footfall.platform.journeys.types import Channel


class JourneyCounts(msgspec.Struct):
    """The numbers of one journey. Of the events that `matched` (one or more of its rules, or reactions to its messages)
    each is exactly one of these:

        matched = entered + consumed + passed + sum(discarded) + stacked + queued

    `consumed` moved a person on or out, `passed` meant nothing to anybody at that moment, `stacked` and `queued` are
    those that wait: on the stack of a busy instance, or for the throughput. `active` are inside, each at one node:
    active = sum(waiting), entered = active + ended + sum(exited). `reached` is how often a node was come to. `sent` are
    messages, `excluded` the sends that somebody without an address or device was left out of, `failed` the actions and
    conditions that could not be carried out, `opened` and `clicked` the reactions that came back, each event one."""

    matched: int = 0
    entered: int = 0
    consumed: int = 0
    passed: int = 0
    stacked: int = 0
    queued: int = 0
    discarded: dict[str, int] = {}
    active: int = 0
    waiting: dict[str, int] = {}
    reached: dict[str, int] = {}
    ended: int = 0
    exited: dict[str, int] = {}
    sent: dict[Channel, int] = {}
    excluded: int = 0
    failed: int = 0
    opened: int = 0
    clicked: int = 0


class Counts(msgspec.Struct):
    """The numbers of all journeys by name; and the events that no journey listened for: `unmatched` ones, and those
    with an eventID that no journey knows, by `no_journey`."""

    journeys: dict[str, JourneyCounts]
    unmatched: int = 0
    no_journey: int = 0
