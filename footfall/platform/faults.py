"""Faults on demand: which requests of devices and source systems are met by a deliberate misbehaviour, and which.

Windows count in wall time from the platform's start. Seeded: whether a share hits a request depends on the seed, the
rule, the device and the number of its request, so that phones of the same seed meet the same faults in every run.
Requests that name no ECID (Places queries, a back office) are counted together, in the order of their arrival.
"""

from __future__ import annotations

import re
from hashlib import blake2b

import msgspec

from footfall.platform import problem_details
from footfall.platform.config import Fault
from footfall.platform.messages import Delivery, Outcome, Request, Response
from footfall.platform.problem_details import edge_problem

# Bounded everywhere: a hostile body must not cost a second.
_ECID = re.compile(rb'"ECID"\s{0,9}:\s{0,9}\[\s{0,9}\{[^}]{0,300}?"id"\s{0,9}:\s{0,9}"(\d{1,40})"')
_UPSTREAM_ERROR = {
    "type": "https://ns.adobe.com/aep/errors/EXEG-0201-503",
    "status": 503,
    "title": "The 'com.adobe.experience.platform.ode' service is temporarily unable to serve this request. "
    "Please try again later.",
    "report": {"eventIndex": 0},
}


class Strike(msgspec.Struct, frozen=True):
    """A fault that hits one request: answered `instead` of being handled, or handled with a changed answer."""

    fault: Fault
    instead: Response | None = None
    delivery: Delivery | None = None

    def on(self, outcome: Outcome) -> Outcome:
        """The outcome as the fault leaves it."""
        response = outcome.response
        if self.fault.do == "unframed":
            body = response.body.removeprefix(b"\0").removesuffix(b"\n")
            response = msgspec.structs.replace(response, body=body)
        elif self.fault.do == "partial-207" and response.status == 200:
            response = msgspec.structs.replace(response, status=207, body=_with_error(response.body))
        return msgspec.structs.replace(outcome, response=response, delivery=_delivery(self.fault, response))


class Faults:
    """The rules of one platform. `started_ms` (epoch) is where their windows count from."""

    def __init__(self, rules: tuple[Fault, ...], seed: int, started_ms: int) -> None:
        self._rules = rules
        self._seed = seed
        self._started_ms = started_ms
        self._requests: dict[bytes, int] = {}  # ECID, or what stands for it -> requests so far

    def strike(self, request: Request, now_ms: int) -> Strike | None:
        """What hits this request: the first rule that fits it, in the order of the file; None for nothing."""
        if not self._rules:
            return None
        since_s = (now_ms - self._started_ms) / 1000
        match = _ECID.search(request.body)
        ecid = match[1] if match else b""
        nth = self._requests[ecid] = self._requests.get(ecid, -1) + 1
        for number, rule in enumerate(self._rules):
            if (
                request.path.startswith(rule.path)
                and (not rule.ecid or rule.ecid.encode() == ecid)
                and rule.from_s <= since_s
                and (not rule.until_s or since_s < rule.until_s)
                and self._share(number, ecid, nth) < rule.share
            ):
                return _strike(rule)
        return None

    def _share(self, number: int, ecid: bytes, nth: int) -> float:
        digest = blake2b(b"%d %d %d %b" % (self._seed, number, nth, ecid), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64


def _strike(rule: Fault) -> Strike:
    match rule.do:
        case "status":
            retry = (("retry-after", str(rule.retry_after_s)),) if rule.retry_after_s else ()
            body = b'{"status":%d,"title":"A fault of this platform\'s configuration"}' % rule.status
            return Strike(rule, Response(rule.status, (("content-type", "application/problem+json"), *retry), body))
        case "wrong-hint":
            return Strike(rule, Response(404, (), b""))
        case "expired-token":
            return Strike(rule, edge_problem(problem_details.TOKEN_EXPIRED, "The token has expired.", ""))
        case "reset-before":
            return Strike(rule, Response(503, (), b""), Delivery(reset="before"))
        case _:
            return Strike(rule)


def _delivery(rule: Fault, response: Response) -> Delivery | None:
    match rule.do:
        case "latency":
            return Delivery(delay_ms=rule.delay_ms)
        case "slow-body":
            return Delivery(drip_ms=rule.delay_ms)
        case "truncated":
            return Delivery(cut_at=len(response.body) // 2)
        case "reset-after":
            return Delivery(reset="after")
        case _:
            return None


def _with_error(body: bytes) -> bytes:
    """The answer's record with an upstream's error in it; the framing stays."""
    record = body.strip(b"\0\n")
    before, _, after = body.partition(record) if record else (b"", b"", b"")
    told = {**msgspec.json.decode(record), "errors": [_UPSTREAM_ERROR]} if record else {"errors": [_UPSTREAM_ERROR]}
    return before + msgspec.json.encode(told) + after
