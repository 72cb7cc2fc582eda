"""Edge's error bodies: RFC 7807 problems with a code of the family EXEG.

Source: https://developer.adobe.com/data-collection-apis/docs/getting-started/troubleshooting/ for codes, titles and the
words of the details; the shape of the body is what the live Edge Network answers the SDK's upstream tests.
"""

from __future__ import annotations

import msgspec

from footfall.platform.messages import Response

NO_DATASTREAM = "0002-400"
INVALID_DATASTREAM = "0003-400"
DATASTREAM_DISABLED = "0004-422"
INVALID_JSON = "0101-400"
FIELD_MISMATCH = "0102-400"
MISSING_VALUE = "0103-400"
INVALID_INPUT = "0104-422"
EMPTY_BODY = "0109-408"
CONTENT_TYPE = "0111-415"
TOO_LARGE = "0112-413"
UPSTREAM_FAILED = "0201-503"
NO_CONSENT = "0301-200"
NO_PRIMARY_IDENTITY = "0306-400"
TOKEN_INVALID = "0500-401"
USER_TOKEN_INVALID = "0501-401"
TOKEN_EXPIRED = "0503-401"

_TITLES = {
    NO_DATASTREAM: "Missing datastream parameter",
    INVALID_DATASTREAM: "Invalid datastream ID",
    DATASTREAM_DISABLED: "Datastream disabled",
    INVALID_JSON: "Invalid JSON request",
    FIELD_MISMATCH: "Invalid request field",
    MISSING_VALUE: "Missing required value",
    INVALID_INPUT: "Unprocessable entity",
    EMPTY_BODY: "Empty request",
    CONTENT_TYPE: "Invalid request",
    TOO_LARGE: "Invalid request",
    UPSTREAM_FAILED: (
        "The 'com.adobe.experience.platform.ode' service is temporarily unable to serve this request. "
        "Please try again later."
    ),
    NO_CONSENT: "This request was ignored due to lack of user consent.",
    NO_PRIMARY_IDENTITY: "Event is missing primary identity",
    TOKEN_INVALID: "Invalid authorization token",
    USER_TOKEN_INVALID: "Invalid user authorization token",
    TOKEN_EXPIRED: "Authorization token expired",
}


class Refusal(Exception):
    """Edge does not take the request: the code, what the message says, and what `report` holds beside the request's
    id (`errors` and `org` of a validation report)."""

    def __init__(self, code: str, detail: str, errors: tuple[str, ...] = (), org: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.errors = errors
        self.org = org

    def response(self, request_id: str) -> Response:
        """The answer to give."""
        return edge_problem(self.code, str(self), request_id, errors=self.errors, org=self.org)


def edge_problem(
    code: str,
    detail: str,
    request_id: str,
    headers: tuple[tuple[str, str], ...] = (),
    errors: tuple[str, ...] = (),
    org: str = "",
) -> Response:
    """The answer for `code` ("0003-400": the last three digits are the HTTP status)."""
    status = int(code[-3:])
    report: dict[str, object] = {"errors": errors} if errors else {}
    report["requestId"] = request_id
    if org:
        report["orgId"] = org
    body = {"type": _type(code), "status": status, "title": _TITLES[code], "detail": detail, "report": report}
    return Response(status, (("content-type", "application/problem+json"), *headers), msgspec.json.encode(body))


def embedded_problem(code: str, event_index: int) -> dict[str, object]:
    """A problem that does not halt the request, as it stands among `errors` or `warnings` of an answer."""
    return {
        "type": _type(code),
        "status": int(code[-3:]),
        "title": _TITLES[code],
        "report": {"eventIndex": event_index},
    }


def method_not_allowed(allowed: str) -> Response:
    """405: the path exists, for another method."""
    return Response(405, (("allow", allowed),), b"")


def _type(code: str) -> str:
    return f"https://ns.adobe.com/aep/errors/EXEG-{code}"
