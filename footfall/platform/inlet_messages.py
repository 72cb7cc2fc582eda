"""One message of streaming ingestion: what the inlet refuses at once, and what it takes and judges later.

Adobe checks in two places, and so does this platform:

* The inlet itself (DCCS) refuses at once, with a 400, and keeps nothing: no header, no body, another organisation,
  another schema.
* Streaming validation comes later. The message was answered 200 and is kept as bad with its reasons: a source without a
  name, no xdmEntity, an entity that does not fit the schema. Who asked to wait for it gets the 400; nothing is kept.

The texts are those of the documents:
https://experienceleague.adobe.com/docs/experience-platform/ingestion/quality/retrieve-failed-batches.html
(ims org, unknown xdm format; and, as records of a failed batch, source name and xdmEntity),
https://experienceleague.adobe.com/docs/experience-platform/ingestion/tutorials/streaming-multiple-messages.html
(a message without a body has unknown xdm format) and, for a missing header, the answer in the tests of Adobe's own
connector (https://github.com/adobe/experience-platform-streaming-connect).
"""

from __future__ import annotations

import re
import uuid
from hashlib import blake2b
from typing import Any

import msgspec

from footfall.platform.arrivals import received
from footfall.platform.config import Inlet
from footfall.platform.messages import Arrived, Request, StoredEvent
from footfall.platform.validation import EventSchema

UNKNOWN_FORMAT = "Message has unknown xdm format"
WRONG_ORG = "Message has an absent or wrong ims org in the header"
NO_HEADER = "The 'header' field is mandatory. Provide a valid 'header' value and try again."
NO_SOURCE_NAME = "Payload header is missing Source Name"
NO_ENTITY = "Payload body is missing xdmEntity"
# no document says what a raw inlet answers without a flow id: our own words
NO_FLOW_ID = "The flow id is mandatory for raw data. Provide the header or query parameter 'x-adobe-flow-id'."

_CONTENT_TYPE = re.compile(r"application/vnd\.adobe\.xed(-full)?(-notext)?\+json; ?version=1(\.\d+)?", re.ASCII)
_USUAL_CONTENT_TYPE = "application/vnd.adobe.xed-full+json;version=1"


class Intake(msgspec.Struct, frozen=True):
    """The messages of one request on their way through an inlet. `flow` is the flow id beside the body, "" if there is
    none; only raw data needs it."""

    inlet: Inlet
    schema: EventSchema
    request: Request
    arrived: Arrived
    now_ms: int
    flow: str = ""

    def take(self, message: object) -> StoredEvent | str:
        """The event to be stored, good or bad; or the text of the refusal, where the message is not taken at all."""
        try:
            if self.inlet.kind == "raw":
                return self._raw(message) if self.flow else NO_FLOW_ID
            return self._xdm(message)
        except RecursionError:  # nesting that was just within the decoder's limit may be beyond the encoder's
            return UNKNOWN_FORMAT

    def violations(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        """Why a message that was taken is bad, as the JSON of a report; [] if it is good."""
        entity = message["body"].get("xdmEntity")
        lacking = _lacking(message["header"], entity)
        return [{"message": lacking}] if lacking else self.schema.violations(entity)

    def _xdm(self, message: object) -> StoredEvent | str:
        refusal = self._refusal(message)
        if refusal is not None:
            return refusal
        assert isinstance(message, dict)  # else it was refused
        header, entity = message["header"], message["body"].get("xdmEntity")
        if "imsOrgId" not in header:
            header = {**header, "imsOrgId": self.inlet.org}
        lacking = _lacking(header, entity)
        return received(
            {"xdm": entity, "header": header},
            entity if isinstance(entity, dict) else {},
            (f"#: {lacking}",) if lacking else self.schema.reasons(entity),
            self.inlet,
            self.request,
            self.arrived,
            self.now_ms,
        )

    def _refusal(self, message: object) -> str | None:
        """What the inlet itself does not take.

        The organisation may be absent: the documents say both that it is refused (retrieve-failed-batches) and that the
        inlet adds it (streaming-multiple-messages); Adobe's connector relies on the second. The dataset and the
        flow of an XDM message are not compared with the inlet's: one inlet may feed several.
        """
        if not isinstance(message, dict):
            return UNKNOWN_FORMAT
        header, body = message.get("header"), message.get("body")
        if not isinstance(header, dict):
            return NO_HEADER
        org = self.inlet.org
        if header.get("imsOrgId", org) != org:
            return WRONG_ORG
        if not isinstance(body, dict):
            return UNKNOWN_FORMAT
        schema_ref, meta = header.get("schemaRef"), body.get("xdmMeta")
        if not isinstance(schema_ref, dict) or not isinstance(meta, dict):
            return UNKNOWN_FORMAT
        if schema_ref.get("id") != self.inlet.schema or not _is_content_type(schema_ref.get("contentType")):
            return UNKNOWN_FORMAT
        if not _repeats(meta.get("schemaRef"), schema_ref):
            return UNKNOWN_FORMAT
        return None

    def _raw(self, payload: object) -> StoredEvent:
        """Raw data is mapped to XDM later, by the flow, which this platform does not do: it is kept as it is, of no
        type. Without an `_id` of its own it gets one that is the same for the same data and flow, so that data sent
        again is seen to be the same."""
        own = payload.get("_id") if isinstance(payload, dict) else None
        if not isinstance(own, str) or not own:
            digest = blake2b(self.flow.encode() + b"\0" + msgspec.json.encode(payload), digest_size=16)
            own = str(uuid.UUID(bytes=digest.digest()))
        xdm = {"_id": own}
        event = {"xdm": xdm, "data": payload, "header": {"flowId": self.flow}}
        return received(event, xdm, (), self.inlet, self.request, self.arrived, self.now_ms)


def _lacking(header: dict[str, Any], entity: object) -> str:
    """What streaming validation misses before it looks at the entity, "" for nothing. A source may be absent, its
    connection's is meant then; one without a name may not."""
    if "source" in header:
        source = header["source"]
        name = source.get("name") if isinstance(source, dict) else None
        if not isinstance(name, str) or not name:
            return NO_SOURCE_NAME
    return NO_ENTITY if entity is None else ""


def _is_content_type(value: object) -> bool:
    """Whether this is one of the documents' spellings: xed or xed-full, with or without notext, version=1 or 1.0, with
    or without a space before it."""
    return value == _USUAL_CONTENT_TYPE or (isinstance(value, str) and _CONTENT_TYPE.fullmatch(value) is not None)


def _repeats(meta_ref: object, header_ref: dict[str, Any]) -> bool:
    """Whether xdmMeta names the header's schema. What it leaves out is the header's too: the test profile of the
    journeys documentation names the content type alone."""
    if meta_ref == header_ref:
        return True
    if not isinstance(meta_ref, dict) or not meta_ref:
        return False
    return all(name in header_ref and header_ref[name] == value for name, value in meta_ref.items())
