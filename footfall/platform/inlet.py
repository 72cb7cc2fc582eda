"""Streaming ingestion over HTTP: POST /collection/{inlet} for one message, /collection/batch/{inlet} for many.

Sources: https://experienceleague.adobe.com/docs/experience-platform/ingestion/quality/streaming-validation.html (single
messages, synchronous validation), .../ingestion/tutorials/streaming-multiple-messages.html (batches),
.../sources/tutorials/api/create/streaming/http.html (authentication, raw data), and Adobe's connector
(https://github.com/adobe/experience-platform-streaming-connect) for what a client reads of a batch's answer.

Where the documents are silent or differ: an unknown inlet is a 404 (no document names an answer); an expired token is a
403, as streaming-multiple-messages has it, not a 401, as http.html; the bodies of 403, 404, 413, 415, 429, 501 and 503
are shown nowhere and take the shape of the 400. Adobe takes application/x-jackson-smile, a binary JSON, too; this
platform refuses it (415). Any other content type is read as JSON.
"""

from __future__ import annotations

import re
import uuid
from collections import deque
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qs

import msgspec

from footfall.platform.config import Inlet
from footfall.platform.inlet_messages import NO_HEADER, UNKNOWN_FORMAT, Intake
from footfall.platform.messages import Arrived, Outcome, Request, Response, StoredEvent
from footfall.platform.problem_details import phrase
from footfall.platform.validation import EventSchema

MOST_MESSAGES = 5_000  # of one batch; Adobe names no number, and advises 200 of 1 KB
MOST_BODY_BYTES = 1_048_576  # "1 MB", of the whole request
SYNC_PER_MINUTE = 60
RETRY_AFTER_S = 5
FLOW_ID = "x-adobe-flow-id"
EXPIRED_TOKEN = "expired"  # the one token that an authenticated inlet does not take

_PATH = re.compile(r"/collection/(batch/)?([^/]+)")
_SYNC_PARAMETERS = ("syncValidation", "synchronousValidation")  # the second is the older spelling
_PROBLEM = "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet"
_AUTHORIZATION_PROBLEM = "https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization"
_TITLES = {400: "Invalid XDM Message Format", 413: "Payload Too Large"}  # the others are those of HTTP
_JSON = ("content-type", "application/json")
_DECODER = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder()


class Route(msgspec.Struct, frozen=True):
    """Where a call goes: to the inlet with this id, as one message or as a batch of them."""

    inlet_id: str
    batch: bool


def route(path: str) -> Route | None:
    """None for a path that is no inlet's."""
    match = _PATH.fullmatch(path)
    return None if match is None else Route(match[2], match[1] is not None)


class SyncLimit:
    """At most 60 synchronous validations of an inlet within any 60 seconds: a sliding window, which keeps the times of
    those that it let through, 60 for each inlet. Those refused do not count."""

    def __init__(self) -> None:
        self._times_ms: dict[str, deque[int]] = {}

    def allows(self, inlet_id: str, now_ms: int) -> bool:
        """Whether one more may be made now; if so, it is counted."""
        times = self._times_ms.setdefault(inlet_id, deque())
        while times and not now_ms - 60_000 < times[0] <= now_ms:  # times to come: the clock was set back
            times.popleft()
        if len(times) == SYNC_PER_MINUTE:
            return False
        times.append(now_ms)
        return True


def answer(
    request: Request, inlets: Mapping[str, Inlet], schemas: Mapping[str, EventSchema], limit: SyncLimit, now_ms: int
) -> Outcome:
    """Answers one call under /collection/ and names the events to be stored before the answer is sent.
    `schemas` has those that the inlets name, by id."""
    at = route(request.path)
    inlet = inlets.get(at.inlet_id) if at else None
    if at is None or inlet is None:
        return Outcome(_problem(404, "There is no inlet at this address."))
    if request.method != "POST":
        return Outcome(Response(405, (("allow", "POST"),), b""))
    batch = at.batch
    refusal = _refusal_of_request(request, inlet)
    if refusal is not None:
        return Outcome(refusal)
    # synchronous validation is documented for single messages only: a batch that asks for it is taken without; raw
    # data has no schema to be held against
    sync = not batch and inlet.kind != "raw" and _wants_sync(request.query)
    if sync and not inlet.sync_validation:
        return Outcome(_problem(501, _about(inlet, "Synchronous validation is not supported for this location.")))
    if sync and not limit.allows(inlet.id, now_ms):
        return Outcome(_problem(429, _about(inlet, "Too many requests. The service is experiencing high loads.")))
    arrived: Arrived = "profile" if inlet.kind == "profile" else "inlet-batch" if batch else "inlet"
    intake = Intake(inlet, schemas[inlet.schema], request, arrived, now_ms, _flow_id(request))
    try:
        body = _DECODER.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Outcome(_problem(400, _about(inlet, UNKNOWN_FORMAT)))
    return _batch(body, intake) if batch else _single(body, intake, sync)


def not_stored(request: Request) -> Response:
    """What a sender hears when its events could not be made durable: it tries again, after 5 s at the earliest."""
    headers = (("retry-after", str(RETRY_AFTER_S)),)
    return _problem(503, "The service is currently unavailable. Nothing of this request was stored.", headers=headers)


def refused(status: int, text: str, inlet: Inlet | None, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """The answer of an inlet, known or not, that refuses a request with this status, for the reason `text`."""
    if status in (401, 403):
        return _authorization_problem(status, text, headers)
    return _problem(status, text if inlet is None else _about(inlet, text), headers=headers)


def token_expired() -> Response:
    """What a sender hears whose token is of yesterday."""
    return _authorization_problem(403, "[id] Ims service token is invalid or expired")


def failing(outcome: Outcome, inlet: Inlet, statuses: Mapping[int, int]) -> Outcome:
    """A batch's outcome as it is when the inlet could not keep some of the messages that it took: `statuses` says with
    which status each of these fails, by its place in `outcome.stored`. The others are stored."""
    answered = _DECODER.decode(outcome.response.body)
    taken = [entry for entry in answered["responses"] if inlet.failure_key not in entry]
    for place, status in statuses.items():
        taken[place][inlet.failure_key] = status
        taken[place]["message"] = _about(inlet, f"{phrase(status)}. The message was not stored. Please try again.")
    stored = tuple(event for place, event in enumerate(outcome.stored) if place not in statuses)
    response = msgspec.structs.replace(outcome.response, body=_ENCODER.encode(answered))
    return msgspec.structs.replace(outcome, response=response, stored=stored)


def _refusal_of_request(request: Request, inlet: Inlet) -> Response | None:
    if inlet.authenticated:
        scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return _authorization_problem(401, "[id] Ims service token is empty")
        if token.strip() == EXPIRED_TOKEN:
            return token_expired()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/x-jackson-smile":
        return _problem(415, "This platform does not read application/x-jackson-smile. Send application/json.")
    if len(request.body) > MOST_BODY_BYTES:
        return _problem(413, _about(inlet, f"The payload is larger than {MOST_BODY_BYTES} bytes."))
    return None


def _wants_sync(query: str) -> bool:
    if not query:
        return False
    values = parse_qs(query)
    return any(values.get(name, [""])[-1].lower() == "true" for name in _SYNC_PARAMETERS)


def _flow_id(request: Request) -> str:
    beside = request.headers.get(FLOW_ID, "").strip()
    if beside or not request.query:
        return beside
    return parse_qs(request.query).get(FLOW_ID, [""])[0].strip()


def _single(message: Any, intake: Intake, sync: bool) -> Outcome:
    inlet = intake.inlet
    taken = intake.take(message)
    if isinstance(taken, str):
        return Outcome(_problem(400, _about(inlet, taken)))
    if sync and not taken.good:  # dropped: this is why the documents keep synchronous validation to development
        report = {"_streamingValidation": intake.violations(message)}
        return Outcome(_problem(400, _about(inlet, "Message is invalid"), cause=report))
    body = {
        "inletId": inlet.id,
        "xactionId": _transaction_id(intake),
        "receivedTimeMs": intake.now_ms,
        "syncValidation": {"status": "pass"} if sync else {"skipped": True},
    }
    return Outcome(Response(200, (_JSON,), _ENCODER.encode(body)), (taken,))


def _batch(body: Any, intake: Intake) -> Outcome:
    """207, however many messages failed, and one entry per message in their order. A body that is no list of messages
    has none to answer for: 400."""
    inlet = intake.inlet
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list):
        return Outcome(_problem(400, _about(inlet, UNKNOWN_FORMAT)))
    if len(messages) > MOST_MESSAGES:  # a megabyte can name half a million, each of which wants an entry in the answer
        return Outcome(_problem(413, _about(inlet, f"A batch holds {MOST_MESSAGES} messages at most")))
    batch_id = _transaction_id(intake)
    before = _message_prefix(intake, batch_id)
    stored: list[StoredEvent] = []
    entries: list[dict[str, Any]] = []
    for index, message in enumerate(messages):
        entry: dict[str, Any] = {"xactionId": f"{before}{index}"}
        taken = intake.take(message)
        if isinstance(taken, str):
            entry[inlet.failure_key] = 400
            entry["message"] = taken if taken == NO_HEADER else _about(inlet, taken)  # as in the connector's sample
        else:
            stored.append(taken)
        entries.append(entry)
    answered = {"inletId": inlet.id, "batchId": batch_id, "receivedTimeMs": intake.now_ms, "responses": entries}
    return Outcome(Response(207, (_JSON,), _ENCODER.encode(answered)), tuple(stored))


def _digest(intake: Intake) -> bytes:
    return blake2b(intake.request.body, digest_size=16, key=b"%d" % intake.now_ms).digest()


def _transaction_id(intake: Intake) -> str:
    """Three numbers as Adobe's have them, the first the time; the same for the same body at the same time."""
    digest = _digest(intake)
    first, second = int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:8], "big")
    return f"{intake.now_ms}:{first}:{second}"


def _message_prefix(intake: Intake, batch_id: str) -> str:
    """What comes before a message's index in its xactionId. The documents write "batchId:index" and give failed
    messages none; Adobe's connector, which reads `status`, takes a failed message's index after the last "-"."""
    if intake.inlet.failure_key == "status":
        return f"{uuid.UUID(bytes=_digest(intake), version=4)}-"
    return f"{batch_id}:"


def _about(inlet: Inlet, text: str) -> str:
    return f"inletId: [{inlet.id}] imsOrgId: [{inlet.org}] {text}"


def _problem(
    status: int, message: str, cause: dict[str, Any] | None = None, headers: tuple[tuple[str, str], ...] = ()
) -> Response:
    report: dict[str, Any] = {"message": message}
    if cause is not None:
        report["cause"] = cause
    body = {"type": _PROBLEM, "status": status, "title": _TITLES.get(status) or phrase(status), "report": report}
    return Response(status, (_JSON, *headers), _ENCODER.encode(body))


def _authorization_problem(status: int, message: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Unlike the other problems these have their status as a string (http.html)."""
    body = {
        "type": _AUTHORIZATION_PROBLEM,
        "status": str(status),
        "title": "Authorization",
        "report": {"message": message},
    }
    return Response(status, (_JSON, *headers), _ENCODER.encode(body))
