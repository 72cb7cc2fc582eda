"""Edge's error bodies: RFC 7807 problems with a code of the family EXEG.

Source: https://developer.adobe.com/data-collection-apis/docs/getting-started/troubleshooting/ for the codes; the shape
of the body is what the live Edge Network answers the SDK's upstream tests.
"""

from __future__ import annotations

import msgspec

from footfall.platform.messages import Response

NO_DATASTREAM = "0002-400"
INVALID_DATASTREAM = "0003-400"
INVALID_JSON = "0101-400"
FIELD_MISMATCH = "0102-400"
MISSING_VALUE = "0103-400"
CONTENT_TYPE = "0111-415"
TOO_LARGE = "0112-413"
UPSTREAM_FAILED = "0201-503"

_TITLES = {
    NO_DATASTREAM: "Missing datastream ID",
    INVALID_DATASTREAM: "Invalid datastream ID",
    INVALID_JSON: "Invalid JSON",
    FIELD_MISMATCH: "Invalid field",
    MISSING_VALUE: "Missing field value",
    CONTENT_TYPE: "Unsupported Media Type",
    TOO_LARGE: "Payload Too Large",
    UPSTREAM_FAILED: (
        "The 'com.adobe.experience.platform.ode' service is temporarily unable to serve this request. "
        "Please try again later."
    ),
}


def edge_problem(code: str, detail: str, request_id: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """The answer for `code` ("0003-400": the last three digits are the HTTP status)."""
    status = int(code[-3:])
    body = {
        "type": f"https://ns.adobe.com/aep/errors/EXEG-{code}",
        "status": status,
        "title": _TITLES[code],
        "detail": detail,
        "report": {"requestId": request_id},
    }
    return Response(status, (("content-type", "application/problem+json"), *headers), msgspec.json.encode(body))


def method_not_allowed(allowed: str) -> Response:
    """405: the path exists, for another method."""
    return Response(405, (("allow", allowed),), b"")
