"""Faults on demand: which requests of devices and source systems are met by a deliberate misbehaviour, and which.

Windows count by the clock of the run that the request belongs to, from its beginning, where the request's datastream or
inlet has one (a run that lives faster than life); else in wall time from the platform's start. Delays are the
network's: always wall time.

Seeded: whether a share hits a request depends on the seed, the rule, the device and the number of its request, so that
phones of the same seed meet the same faults in every run. Requests that name no ECID (Places queries, a back office)
and batches with messages of several devices are counted together, in the order of their arrival.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from hashlib import blake2b
from types import MappingProxyType

import msgspec

from footfall.platform import edge_call, fault_paths, inlet, places, problem_details
from footfall.platform.config import Datastream, Fault, Inlet, RunClock
from footfall.platform.messages import Delivery, Outcome, Request, Response
from footfall.platform.problem_details import edge_problem, embedded_problem, plain_problem, status_problem

# Bounded everywhere: a hostile body must not cost a second.
_ECID = re.compile(rb'"ECID"\s{0,9}:\s{0,9}\[\s{0,9}\{[^}]{0,300}?"id"\s{0,9}:\s{0,9}"(\d{1,40})"')
_EVERY_PATH = fault_paths.Reach(("",), "")
_MESSAGE_STATUSES = (503, 500)  # a sender tries both again
_NO_DATASTREAMS: Mapping[str, Datastream] = MappingProxyType({})
_NO_INLETS: Mapping[str, Inlet] = MappingProxyType({})


class Strike(msgspec.Struct, frozen=True):
    """A fault that hits one request: answered `instead` of being handled, or handled with a changed answer. `batch` is
    the inlet of a batch whose messages it hits, and `lot` what decides which."""

    fault: Fault
    instead: Response | None = None
    delivery: Delivery | None = None
    batch: Inlet | None = None
    lot: bytes = b""

    def on(self, outcome: Outcome) -> Outcome:
        """The outcome as the fault leaves it."""
        response = outcome.response
        if self.fault.do == "unframed":
            body = response.body.removeprefix(b"\0").removesuffix(b"\n")
            outcome = _answered(outcome, msgspec.structs.replace(response, body=body))
        elif self.fault.do == "partial-207" and self.batch is not None and response.status == 207:
            outcome = inlet.failing(outcome, self.batch, self._failing(outcome))
        elif self.fault.do == "partial-207" and response.status == 200:
            told = msgspec.structs.replace(response, status=207, body=_with_error(response.body))
            outcome = _answered(outcome, told)
        return msgspec.structs.replace(outcome, delivery=_delivery(self.fault, outcome.response))

    def _failing(self, outcome: Outcome) -> dict[int, int]:
        """Of the messages that the rule is about, each with even odds, but one of them at least, and never all of
        several: place among the stored to status."""
        draws = {
            place: _fraction(b"%b %d" % (self.lot, place))
            for place, event in enumerate(outcome.stored)
            if not self.fault.ecid or event.ecid == self.fault.ecid
        }
        failing = {place for place, draw in draws.items() if draw < 0.5}
        if draws and not failing:
            failing = {min(draws, key=draws.__getitem__)}
        elif len(failing) == len(draws) > 1:
            failing.remove(max(draws, key=draws.__getitem__))
        return {
            place: _MESSAGE_STATUSES[_fraction(b"%b %d status" % (self.lot, place)) < 0.5] for place in sorted(failing)
        }


class Faults:
    """The rules of one platform. `started_ms` (epoch) is where windows count from that no run's clock counts; the
    `datastreams` and `inlets`, which may grow, have those clocks."""

    def __init__(
        self,
        rules: tuple[Fault, ...],
        seed: int,
        started_ms: int,
        datastreams: Mapping[str, Datastream] = _NO_DATASTREAMS,
        inlets: Mapping[str, Inlet] = _NO_INLETS,
    ) -> None:
        self._rules = tuple((rule, fault_paths.OF_KIND.get(rule.do, _EVERY_PATH)) for rule in rules)
        self._windows = any(rule.from_s or rule.until_s for rule in rules)
        self._seed = seed
        self._started_ms = started_ms
        self._datastreams = datastreams
        self._inlets = inlets
        self._requests: dict[bytes, int] = {}  # ECID, or what stands for it -> requests so far

    def strike(self, request: Request, now_ms: int) -> Strike | None:
        """What hits this request: the first rule that fits it, in the order of the file; None for nothing. `now_ms` is
        the wall's."""
        if not self._rules:
            return None
        ecids = _ecids(request)
        device = next(iter(ecids)) if len(ecids) == 1 else b""
        nth = self._requests[device] = self._requests.get(device, -1) + 1
        since_s = self._since_s(request, now_ms) if self._windows else 0.0
        for number, (rule, reach) in enumerate(self._rules):
            if (
                request.path.startswith(rule.path)
                and reach.holds(request.path)
                and (not rule.ecid or rule.ecid.encode() in ecids)
                and rule.from_s <= since_s
                and (not rule.until_s or since_s < rule.until_s)
            ):
                lot = b"%d %d %d %b" % (self._seed, number, nth, device)
                if _fraction(lot) < rule.share:
                    return self._strike(rule, lot, request, now_ms)
        return None

    def _since_s(self, request: Request, now_ms: int) -> float:
        """How far the request's run is, in its own seconds; the platform's age where no run tells its clock."""
        clock = self._clock(request)
        if clock is None:
            return (now_ms - self._started_ms) / 1000
        return (clock.at(now_ms) - clock.anchor_ms) / 1000

    def _clock(self, request: Request) -> RunClock | None:
        if request.path.startswith(fault_paths.EDGE):
            query = edge_call.parameters(request.query)
            named = query.get("configId") or query.get("datastreamId") or query.get("dataStreamId") or ""
            datastream = self._datastreams.get(named)
            return None if datastream is None else datastream.clock
        through = self._inlet(request)
        return None if through is None else through.clock

    def _inlet(self, request: Request) -> Inlet | None:
        at = inlet.route(request.path)
        return None if at is None else self._inlets.get(at.inlet_id)

    def _strike(self, rule: Fault, lot: bytes, request: Request, now_ms: int) -> Strike:
        match rule.do:
            case "status":
                return Strike(rule, self._refused(rule, request, now_ms))
            case "wrong-hint":
                return Strike(rule, Response(404, (), b""))
            case "expired-token":
                return Strike(rule, _token_expired(request, now_ms))
            case "reset-before":
                return Strike(rule, Response(503, (), b""), Delivery(reset="before"))
            case "partial-207" if request.path.startswith(fault_paths.BATCH):
                return Strike(rule, batch=self._inlet(request), lot=lot)
            case _:
                return Strike(rule)

    def _refused(self, rule: Fault, request: Request, now_ms: int) -> Response:
        """The rule's status in the shape in which the request's service answers. Its words own up to the fault."""
        headers = (("retry-after", str(rule.retry_after_s)),) if rule.retry_after_s else ()
        text = f"A fault of this platform's configuration answers this request with {rule.status}."
        if request.path.startswith(fault_paths.EDGE):
            return status_problem(rule.status, text, _request_id(request, now_ms), headers)
        if request.path.startswith(fault_paths.INLET):
            return inlet.refused(rule.status, text, self._inlet(request), headers)
        if request.path in places.PATHS:
            # the documents show no error of Places; the SDK reads the status only
            body = msgspec.json.encode({"status": rule.status, "message": text})
            return Response(rule.status, (("content-type", "application/json"), *headers), body)
        return plain_problem(rule.status, text, headers)


def _ecids(request: Request) -> Set[bytes]:
    """Of whom the request is: those of all messages of a batch, else the first that it names; none perhaps."""
    if request.path.startswith(fault_paths.BATCH):
        return frozenset(_ECID.findall(request.body))
    match = _ECID.search(request.body)
    return frozenset((match[1],) if match else ())


def _fraction(lot: bytes) -> float:
    """A number from 0 to 1, without 1: always the same for the same lot."""
    return int.from_bytes(blake2b(lot, digest_size=8).digest(), "big") / 2**64


def _request_id(request: Request, now_ms: int) -> str:
    at = edge_call.route(request.path) or edge_call.Route("", "")
    return edge_call.request_id(request, at, edge_call.parameters(request.query), now_ms)


def _token_expired(request: Request, now_ms: int) -> Response:
    if request.path.startswith(fault_paths.INLET):
        return inlet.token_expired()
    return edge_problem(problem_details.TOKEN_EXPIRED, "The token has expired.", _request_id(request, now_ms))


def _answered(outcome: Outcome, response: Response) -> Outcome:
    return msgspec.structs.replace(outcome, response=response)


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
    """The answer's record with an upstream's error in it, about its first event; the framing stays."""
    record = body.strip(b"\0\n")
    before, _, after = body.partition(record) if record else (b"", b"", b"")
    told = msgspec.json.decode(record) if record else {}
    told["errors"] = [embedded_problem(problem_details.UPSTREAM_FAILED, 0)]
    return before + msgspec.json.encode(told) + after
