"""Edge's error bodies: RFC 7807 problems with a code of the family EXEG.

Source: https://developer.adobe.com/data-collection-apis/docs/getting-started/troubleshooting/ for codes, titles and the
words of the details; the shape of the body is what the live Edge Network answers the SDK's upstream tests. Problems of
no code are RFC 7807's.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

import msgspec

from footfall.platform.messages import Response

UNAVAILABLE = "0000-503"
UNEXPECTED = "0001-500"
NO_DATASTREAM = "0002-400"
INVALID_DATASTREAM = "0003-400"
DATASTREAM_DISABLED = "0004-422"
INVALID_JSON = "0101-400"
FIELD_MISMATCH = "0102-400"
MISSING_VALUE = "0103-400"
INVALID_INPUT = "0104-422"
INVALID_REQUEST = "0105-400"
EMPTY_BODY = "0109-408"
CONTENT_TYPE = "0111-415"
TOO_LARGE = "0112-413"
UPSTREAM_TIMED_OUT = "0200-504"
UPSTREAM_FAILED = "0201-503"
UPSTREAM_CALL_FAILED = "0203-502"
NO_CONSENT = "0301-200"
NO_PRIMARY_IDENTITY = "0306-400"
WRONG_COUNTRY = "0400-403"
TOKEN_INVALID = "0500-401"
USER_TOKEN_INVALID = "0501-401"
TOKEN_EXPIRED = "0503-401"

_TITLES = {
    UNAVAILABLE: "Service unavailable",
    UNEXPECTED: "Unexpected error",
    NO_DATASTREAM: "Missing datastream parameter",
    INVALID_DATASTREAM: "Invalid datastream ID",
    DATASTREAM_DISABLED: "Datastream disabled",
    INVALID_JSON: "Invalid JSON request",
    FIELD_MISMATCH: "Invalid request field",
    MISSING_VALUE: "Missing required value",
    INVALID_INPUT: "Unprocessable entity",
    INVALID_REQUEST: "Input validation error",
    EMPTY_BODY: "Empty request",
    CONTENT_TYPE: "Invalid request",
    TOO_LARGE: "Invalid request",
    UPSTREAM_TIMED_OUT: "The service call has timed out",
    UPSTREAM_FAILED: (
        "The 'com.adobe.experience.platform.ode' service is temporarily unable to serve this request. "
        "Please try again later."
    ),
    UPSTREAM_CALL_FAILED: "The service call has failed",
    NO_CONSENT: "This request was ignored due to lack of user consent.",
    NO_PRIMARY_IDENTITY: "Event is missing primary identity",
    WRONG_COUNTRY: "Request ignored due to geographical restrictions",
    TOKEN_INVALID: "Invalid authorization token",
    USER_TOKEN_INVALID: "Invalid user authorization token",
    TOKEN_EXPIRED: "Authorization token expired",
}
OF_STATUS: Mapping[int, str] = MappingProxyType(
    {
        int(code[-3:]): code
        for code in (
            INVALID_REQUEST,
            TOKEN_INVALID,
            WRONG_COUNTRY,
            EMPTY_BODY,
            TOO_LARGE,
            CONTENT_TYPE,
            INVALID_INPUT,
            UNEXPECTED,
            UPSTREAM_CALL_FAILED,
            UNAVAILABLE,
            UPSTREAM_TIMED_OUT,
        )
    }
)
"""The code of a status, the most general where the table has several. It has none for 404, 429 and 507, though Edge
answers them."""


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


def status_problem(status: int, detail: str, request_id: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Edge's answer with this status: the code's that the table has for it, else a plain problem with the request's
    id."""
    code = OF_STATUS.get(status)
    if code is not None:
        return edge_problem(code, detail, request_id, headers)
    return plain_problem(status, detail, headers, {"requestId": request_id})


def plain_problem(
    status: int,
    detail: str,
    headers: tuple[tuple[str, str], ...] = (),
    report: Mapping[str, object] = MappingProxyType({}),
) -> Response:
    """A problem that is nobody's: of the type that RFC 7807 has for "no more than the status says"."""
    body: dict[str, object] = {"type": "about:blank", "status": status, "title": phrase(status), "detail": detail}
    if report:
        body["report"] = dict(report)
    return Response(status, (("content-type", "application/problem+json"), *headers), msgspec.json.encode(body))


def phrase(status: int) -> str:
    """The words that belong to an HTTP status: "Too Many Requests"."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


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
