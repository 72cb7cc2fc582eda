"""An inlet, good messages for it, and requests to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from xdm_events import VISIT

from footfall.platform.config import LOCAL_DATASET, LOCAL_FLOW, LOCAL_INLET, LOCAL_ORG, LOCAL_SCHEMA, Inlet
from footfall.platform.inlet import SyncLimit, answer
from footfall.platform.messages import Outcome, Request
from footfall.platform.package_data import event_schema
from footfall.platform.validation import EventSchema

NOW_MS = 1_772_882_131_000
OURS = event_schema()
XDM_INLET = Inlet(LOCAL_INLET)
UNKNOWN = "Message has unknown xdm format"
WRONG_ORG = "Message has an absent or wrong ims org in the header"
NO_HEADER = "The 'header' field is mandatory. Provide a valid 'header' value and try again."
REF = {"id": LOCAL_SCHEMA, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
MESSAGE: dict[str, Any] = {
    "header": {
        "schemaRef": REF,
        "imsOrgId": LOCAL_ORG,
        "datasetId": LOCAL_DATASET,
        "flowId": LOCAL_FLOW,
        "source": {"name": "Footfall"},
        "createdAt": "1772882131000",
    },
    "body": {"xdmMeta": {"schemaRef": REF}, "xdmEntity": VISIT},
}


def request(body: object, *, batch: bool = False, query: str = "", inlet: str = LOCAL_INLET, **headers: str) -> Request:
    """A POST to the inlet. A body of bytes is sent as it is; "_" in a header's name stands for "-"."""
    return Request(
        "POST",
        f"/collection/{'batch/' if batch else ''}{inlet}",
        query,
        {"content-type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}},
        body if isinstance(body, bytes) else json.dumps(body).encode(),
    )


def send(to: Inlet, body: object, *, schema: EventSchema = OURS, limit: SyncLimit | None = None, **how: Any) -> Outcome:
    """The inlet's outcome for this body; `schema` is the one that the inlet names, `how` as in
    `request`."""
    inlets: Mapping[str, Inlet] = {to.id: to}
    return answer(request(body, inlet=to.id, **how), inlets, {to.schema: schema}, limit or SyncLimit(), NOW_MS)


def told(outcome: Outcome) -> Any:
    """The answer's JSON."""
    return json.loads(outcome.response.body)


def about(text: str, inlet: Inlet = XDM_INLET) -> str:
    """The text as the inlet's problems have it."""
    return f"inletId: [{inlet.id}] imsOrgId: [{inlet.org}] {text}"
