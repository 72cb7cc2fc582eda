"""Streaming ingestion as a sender speaks it: messages out of events, what the answers say of each, when to try again.

Sources: https://experienceleague.adobe.com/docs/experience-platform/ingestion/tutorials/streaming-multiple-messages.html
(messages, batches, their 207), the API's specification (503: "exponential back-off", `Retry-After`), and Adobe's
connector (https://github.com/adobe/experience-platform-streaming-connect), which takes the index of a message out of
the end of its `xactionId` and any `status` of an entry as its failure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from footfall.phone.config import InletConfig
from footfall.phone.signals import Reply

CONTENT_TYPE = "application/vnd.adobe.xed-full+json;version=1"
HEADERS = b"Content-Type: application/json\r\n"
LONGEST_RETRY_AFTER_S = 3_600  # one bad header is not to end a sender's day
LONGEST_BACK_OFF_S = 60
MOST_DIGITS = 9  # of a Retry-After that is still a number of seconds

UNKNOWN = Reply(0, failure="timeout", again=True)
"""Of a message of which the answer says nothing."""

_ENCODER = msgspec.json.Encoder()
_INDEX = re.compile(r"(?:^|-)(\d{1,9})\Z")


class _Interact(msgspec.Struct):
    events: list[dict[str, Any]]
    xdm: dict[str, Any] = {}


class _Entry(msgspec.Struct, rename="camel"):
    xaction_id: str = ""
    status: int | str | None = None
    status_code: int | str | None = None


class _Answer(msgspec.Struct):
    responses: list[_Entry]
    batch_id: str = msgspec.field(default="", name="batchId")


_INTERACT = msgspec.json.Decoder(_Interact)
_ANSWER = msgspec.json.Decoder(_Answer)


def target(inlet: InletConfig, batch: bool = False) -> str:
    """The path that messages, or batches of them, are posted to."""
    return f"/collection/batch/{inlet.id}" if batch else f"/collection/{inlet.id}"


def message(inlet: InletConfig, source: str, entity: object, created_ms: int, dataset: str = "") -> bytes:
    """One message: header and body, as JSON. `entity` is the event's XDM, `source` the name of the system that sends
    it, `created_ms` when it did (epoch). What the inlet's configuration leaves empty is left out; `dataset` is the
    event's own, where it names one."""
    schema = {"id": inlet.schema, "contentType": CONTENT_TYPE}
    header: dict[str, object] = {"schemaRef": schema}
    for name, value in (
        ("imsOrgId", inlet.org),
        ("datasetId", dataset or inlet.dataset),
        ("flowId", inlet.flow),
    ):
        if value:
            header[name] = value
    header["source"] = {"name": source}
    header["createdAt"] = str(created_ms)
    return _ENCODER.encode({"header": header, "body": {"xdmMeta": {"schemaRef": schema}, "xdmEntity": entity}})


def messages_of(interact: bytes, inlet: InletConfig, source: str, created_ms: int) -> list[bytes]:
    """The messages that carry what an interact request carries, one for each of its events, in their order.

    The entity is what Edge would store: the event's own members before those that the request shares, and the
    identities of both. What stands beside an event's xdm (data, query) has no place in a message; only its dataset has.
    """
    body = _INTERACT.decode(interact)
    made = []
    for event in body.events:
        own = event.get("xdm") or {}
        entity = {**body.xdm, **own}
        if "identityMap" in body.xdm and "identityMap" in own:
            entity["identityMap"] = {**body.xdm["identityMap"], **own["identityMap"]}
        collect = (event.get("meta") or {}).get("collect") or {}
        made.append(message(inlet, source, entity, created_ms, collect.get("datasetId") or ""))
    return made


def batch_of(messages: Sequence[bytes]) -> bytes:
    """The body of one request with all these messages."""
    return b'{"messages":[%b]}' % b",".join(messages)


def of_single(reply: Reply, attempt: int) -> Reply:
    """What the answer to a single message says of it: 200 for any success; what may be tried again says after how many
    seconds."""
    if 200 <= reply.status < 300:
        return Reply(200)
    if not may_try_again(reply):
        return Reply(reply.status, failure=reply.failure)
    return Reply(reply.status, b"", str(wait_s(reply, attempt)), reply.failure, again=True)


def of_batch(reply: Reply, count: int) -> tuple[Reply, ...]:
    """What the answer to a batch of so many messages says of each, in their order; `of_single` makes of these what it
    makes of the answer to a single one. Without a 207 it says the same of all.

    An entry is of the message whose index its xactionId ends with: behind the last "-", as Adobe's connector reads it,
    or behind the answer's own batchId and ":". Other numbers at an end mean something else (the documents show some).
    Entries without an index are of the messages that are left, in order, if there are as many; else nothing is known of
    these, nor of a message that two entries claim.
    """
    if not 200 <= reply.status < 300:
        return (reply,) * count
    try:
        answer = _ANSWER.decode(reply.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return (UNKNOWN,) * count
    told: dict[int, Reply] = {}
    rest: list[Reply] = []
    for entry in answer.responses:
        batch, colon, number = entry.xaction_id.rpartition(":")
        match = _INDEX.search(number if colon and batch == answer.batch_id else entry.xaction_id)
        index = int(match[1]) if match else count
        if index >= count:
            rest.append(_of_entry(entry))
        else:
            told[index] = UNKNOWN if index in told else _of_entry(entry)
    left = [index for index in range(count) if index not in told]
    if len(left) == len(rest):
        told.update(zip(left, rest, strict=True))
    return tuple(told.get(index, UNKNOWN) for index in range(count))


def of_request(replies: Sequence[Reply], attempts: Sequence[int]) -> Reply:
    """The answer to a request whose events' messages were answered so, each at its so-manieth attempt. Of several it
    tells each by itself, unless all were taken: what was taken is not sent again, and neither is what was refused, for
    another message cannot be the reason of that."""
    each = tuple([of_single(reply, attempt) for reply, attempt in zip(replies, attempts, strict=True)])
    if len(each) == 1 or all(reply.status == 200 for reply in each):
        return each[0]
    return Reply(207, each=each)


def may_try_again(reply: Reply) -> bool:
    """Whether the answer to a message, or its absence, is no reason to give it up: 408, 429, any 5xx, and everything
    that a network does."""
    return reply.status == 0 or reply.status in (408, 429) or reply.status >= 500


def following(reply: Reply) -> Literal["done", "retry", "drop"]:
    """What a sender does with a message that was answered so."""
    if 200 <= reply.status < 300:
        return "done"
    return "retry" if may_try_again(reply) else "drop"


def wait_s(reply: Reply, attempt: int) -> int:
    """After how many seconds the next attempt may be made: what the answer's Retry-After says, else 1, 2, 4 and so on
    up to 60, by the number of attempts made (1 or more)."""
    said = (reply.retry_after or "").strip()
    if said.isascii() and said.isdigit() and len(said) <= MOST_DIGITS and int(said) > 0:
        return min(int(said), LONGEST_RETRY_AFTER_S)
    return min(1 << min(attempt - 1, 30), LONGEST_BACK_OFF_S)


def _of_entry(entry: _Entry) -> Reply:
    said = entry.status_code if entry.status_code is not None else entry.status
    if said is None:
        return Reply(200)
    try:
        status = int(said)
    except ValueError:
        return UNKNOWN
    return Reply(status) if status >= 200 else UNKNOWN
