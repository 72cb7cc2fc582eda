"""One call under /ee, read: whom it reached, what it asks for, and what Edge would make of it where it says nothing.

Sources: https://developer.adobe.com/data-collection-apis/docs/api/ (parameters, bodies) and the SDK's sources,
https://github.com/adobe/aepsdk-edge-ios.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from footfall.platform import problem_details
from footfall.platform.arrivals import ecid_of
from footfall.platform.config import Datastream
from footfall.platform.edge_state import identity_key, minted_ecid, remembered_ecid
from footfall.platform.messages import Request
from footfall.platform.problem_details import Refusal

MOST_BODY_BYTES = 65_536
HINTS = ("or2", "va6", "irl1", "ind1", "jpn3", "sgp3", "aus3")

MEDIA_EVENTS = (
    "sessionStart", "play", "ping", "pauseStart", "bufferStart", "bitrateChange", "adBreakStart", "adBreakComplete",
    "adStart", "adSkip", "adComplete", "chapterStart", "chapterComplete", "chapterSkip", "statesUpdate", "error",
    "sessionComplete", "sessionEnd",
)  # fmt: skip
_PATH = re.compile(
    rf"/(?:ee|ee-pre-prd)(?:/({'|'.join(HINTS)}))?/"
    r"(v[12]/(?:interact|collect)|v1/privacy/set-consent|v1/identity/acquire|"
    rf"va/v1/(?:{'|'.join(MEDIA_EVENTS)}))"
)
# Edge also takes application/x-jackson-smile, a binary JSON that no SDK sends and this platform does not read.
_CONTENT_TYPES = frozenset({"application/json", "text/plain", "text/javascript"})
_JSON = msgspec.json.Decoder()
_NOTHING: dict[str, Any] = {}


class Route(msgspec.Struct, frozen=True):
    """Where a call goes: `endpoint` is its path without base and hint ("v1/interact"); `hint` "" where it has none."""

    endpoint: str
    hint: str


class Call(msgspec.Struct, frozen=True):
    """One accepted call. `ecid` is that of what its events share, "" for none. `hint` is the cluster that answers."""

    request: Request
    endpoint: str
    hint: str
    request_id: str
    silent: bool
    datastream: Datastream
    body: dict[str, Any]
    ecid: str
    now_ms: int

    @property
    def streaming(self) -> dict[str, Any] | None:
        """How the records of the answer are framed; None where the call does not ask for it."""
        konductor = self.meta.get("konductorConfig")
        streaming = konductor.get("streaming") if isinstance(konductor, dict) else None
        return streaming if isinstance(streaming, dict) and streaming.get("enabled") is True else None

    @property
    def meta(self) -> dict[str, Any]:
        """What the client says about itself and wants of the answer."""
        meta: dict[str, Any] = self.body.get("meta", _NOTHING)
        return meta

    @property
    def brings_identity(self) -> bool:
        """Whether the state that it returns holds Edge's identity entry."""
        state = self.meta.get("state")
        entries = state.get("entries") if isinstance(state, dict) else None
        if not isinstance(entries, list):
            return False
        return identity_key(self.datastream.org) in [entry.get("key") for entry in entries if isinstance(entry, dict)]

    @property
    def remembered_ecid(self) -> str:
        """The ECID that the device keeps as Edge's identity entry, or ""."""
        return remembered_ecid(self.meta, self.datastream.org)

    def minted(self, purpose: str, size_bytes: int) -> bytes:
        """Bytes that are the same for the same call at the same time, and others for another purpose."""
        return minted(self.request, self.now_ms, purpose, size_bytes)

    def minted_uuid(self, purpose: str) -> str:
        """As `minted`, as a UUID."""
        return str(uuid.UUID(bytes=self.minted(purpose, 16), version=4))

    def minted_ecid(self) -> str:
        """The ECID of a device that this call is the first of."""
        return minted_ecid(self.minted("ecid", 16))


def route(path: str) -> Route | None:
    """None for a path that Edge does not have, which one with an unknown hint is as well."""
    match = _PATH.fullmatch(path)
    return None if match is None else Route(match[2], match[1] or "")


def minted(request: Request, now_ms: int, purpose: str, size_bytes: int) -> bytes:
    """See Call.minted."""
    digest = hashlib.blake2b(f"{purpose} {now_ms} {request.path}?{request.query} ".encode(), digest_size=size_bytes)
    digest.update(request.body)
    return digest.digest()


def request_id(request: Request, at: Route, query: Mapping[str, str], now_ms: int) -> str:
    """The caller's own (of the query or x-request-id), to which version 2 adds "-" and 16 hexadecimal digits; where the
    caller sent none, one that is the same for the same request and time."""
    sent = query.get("requestId") or request.headers.get("x-request-id", "")
    if not sent:
        return str(uuid.UUID(bytes=minted(request, now_ms, "request", 16), version=4))
    if at.endpoint.startswith("v2/"):
        return f"{sent}-{minted(request, now_ms, 'request', 8).hex()}"
    return sent


def parameters(query: str) -> dict[str, str]:
    """The query's parameters, the first of each name."""
    found: dict[str, str] = {}
    for pair in query.split("&"):
        if "%" in pair or "+" in pair:
            name, value = (unquote_plus(part) for part in pair.partition("=")[::2])
        else:
            name, _, value = pair.partition("=")
        found.setdefault(name, value)
    return found


def read(
    request: Request,
    at: Route,
    query: Mapping[str, str],
    id_: str,
    datastreams: Mapping[str, Datastream],
    now_ms: int,
) -> Call:
    """The call, or Refusal: what is wrong with the request as a whole. What is in an event is for validation."""
    body = _body(request)
    datastream = _datastream(query, datastreams)
    _authorise(request, datastream)
    for name in ("xdm", "meta", "query"):
        if name in body and not isinstance(body[name], dict):
            raise Refusal(problem_details.FIELD_MISMATCH, f"The field '{name}' must be an object.")
    return Call(
        request=request,
        endpoint=at.endpoint,
        hint=at.hint or datastream.hint,
        request_id=id_,
        silent=query.get("silent", "").lower() == "true",
        datastream=datastream,
        body=body,
        ecid=_ecid(body),
        now_ms=now_ms,
    )


def _body(request: Request) -> dict[str, Any]:
    media_type = request.headers.get("content-type", "")
    if media_type not in _CONTENT_TYPES:
        media_type = media_type.partition(";")[0].strip().lower()
    if media_type not in _CONTENT_TYPES:
        detail = f"The content type '{media_type}' is not supported. Supported: {', '.join(sorted(_CONTENT_TYPES))}."
        raise Refusal(problem_details.CONTENT_TYPE, detail)
    if len(request.body) > MOST_BODY_BYTES:
        detail = f"The request payload is too large. The maximum accepted size is {MOST_BODY_BYTES} bytes."
        raise Refusal(problem_details.TOO_LARGE, detail)
    if not request.body:
        raise Refusal(problem_details.EMPTY_BODY, "The request body is empty. Update your request and try again.")
    try:
        body = _JSON.decode(request.body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Refusal(problem_details.INVALID_JSON, f"The request body is not valid JSON: {error}.") from None
    if not isinstance(body, dict):
        raise Refusal(problem_details.FIELD_MISMATCH, "The request body must be a JSON object.")
    return body


def _datastream(query: Mapping[str, str], datastreams: Mapping[str, Datastream]) -> Datastream:
    id_ = query.get("configId") or query.get("datastreamId") or query.get("dataStreamId")
    if not id_:
        detail = "The required datastream parameter 'configId' or 'datastreamId' is missing from your request."
        raise Refusal(problem_details.NO_DATASTREAM, detail)
    known = datastreams.get(id_)
    if known is None:
        detail = f"The datastream ID '{id_}' referenced in your request does not exist."
        raise Refusal(problem_details.INVALID_DATASTREAM, detail)
    if not known.enabled:
        raise Refusal(problem_details.DATASTREAM_DISABLED, f"The datastream with the ID '{id_}' is disabled.")
    return known


def _authorise(request: Request, datastream: Datastream) -> None:
    """An authenticated datastream takes any bearer token but the literal "expired": a configuration has no secrets, and
    nothing here is worth one. The table of errors has no code for a wrong organisation; the one that names a header
    fits best."""
    if not datastream.authenticated:
        return
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        detail = "The required authorization token is missing or has an invalid format."
        raise Refusal(problem_details.TOKEN_INVALID, detail)
    if token.strip() == "expired":
        raise Refusal(problem_details.TOKEN_EXPIRED, "The authorization token has expired.")
    if request.headers.get("x-gw-ims-org-id") != datastream.org:
        raise Refusal(problem_details.USER_TOKEN_INVALID, "Check the 'x-gw-ims-org-id' header value and try again.")


def _ecid(body: dict[str, Any]) -> str:
    """The shared context's; a consent call has its identities at the top. Read by hand: this is on every phone's way,
    and a pattern takes four times as long."""
    try:
        ecid = body["xdm"]["identityMap"]["ECID"][0]["id"]
    except (KeyError, IndexError, TypeError):
        ecid = None
    return ecid if ecid and isinstance(ecid, str) else ecid_of(body.get("identityMap"))
