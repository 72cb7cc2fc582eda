"""The verdict on a run: one pass over its ledger, one look at what the receiver has, one answer of three."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from footfall.evidence.alternates import Alternates
from footfall.evidence.causal import Causal
from footfall.evidence.check import Check, Checker, Finding, Safely, Validity, merge, several
from footfall.evidence.covered import Covered
from footfall.evidence.delivered import Delivered, Row
from footfall.evidence.journeys import NAME as JOURNEYS
from footfall.evidence.journeys import JourneyRow, Journeys, Told
from footfall.evidence.manifest import Manifest
from footfall.evidence.ops import Created, Op
from footfall.evidence.received import Received
from footfall.evidence.timing import Lag, Stopwatch, Timing

EXIT_CODES: dict[Validity, int] = {"valid": 0, "invalid": 1, "unknown": 3}

# Above this, most of a latency that counts from due is the generator's own.
LATE_MS = 1000.0


class Verdict(msgspec.Struct, frozen=True):
    """What is known of a run. `line` is the whole proof in one line; `rows` are its numbers per eventType, `total` of
    all. `digest` is that of `plan_digest`: equal in two runs that planned the same. `notes` do not change the answer.
    `journeys` are the numbers of the receiver's journeys. `exit_code` is 0 valid, 1 invalid, 3 unknown (2 is for bad
    input, which never gets here)."""

    run: str
    scenario: str
    seed: int
    validity: Validity
    exit_code: int
    line: str
    checks: tuple[Check, ...]
    rows: tuple[Row, ...]
    total: Row
    digest: str
    timing: Timing
    notes: tuple[str, ...]
    journeys: tuple[JourneyRow, ...] = ()


_NUMBER = "#"  # before the number within a line that is to be sorted


def judge(
    manifest: Manifest,
    ops: Iterable[Op],
    received: Iterable[Received] | None,
    told: Iterable[Told] | None = None,
) -> Verdict:
    """The verdict on the run of the manifest.

    `ops` are the ops of all its ledger files, file after file, each in its own order; `received` is what the receiver
    says it has of this run, or None where it could not be asked; `told` likewise what its journeys did. All are read
    once and not kept. LedgerDamaged passes through: a ledger that cannot be read has no verdict. A checker that crashes
    is unknown."""
    delivered = Delivered(manifest.run)
    guarded_delivered = Safely(delivered)
    guarded = [guarded_delivered, *(Safely(checker) for checker in _others(manifest))]
    journeys = None
    if JOURNEYS in manifest.expectations.checkers:
        journeys = Journeys(told, anchor_ms=manifest.anchor_ms, started_ms=manifest.started_ms, speed=manifest.speed)
        guarded.append(Safely(journeys))
    stopwatch = Stopwatch()
    lag = Lag(manifest.started_ms, manifest.speed)
    plan: list[bytes] = []
    for op in ops:
        for checker in guarded:
            checker.feed(op)
        stopwatch.feed(op)
        lag.feed(op)
        if isinstance(op, Created) and op.cause == "plan":
            plan.append(_in_order(op))
    guarded_delivered.step(lambda: delivered.observe(received))
    checks = [checker.close() for checker in guarded]
    unheard = sorted(set(manifest.expectations.checkers) - {check.name for check in checks})
    checks += [_no_such_checker(name) for name in unheard]
    validity = merge(check.validity for check in checks)
    timing = stopwatch.timing()
    return Verdict(
        run=manifest.run,
        scenario=manifest.scenario,
        seed=manifest.seed,
        validity=validity,
        exit_code=EXIT_CODES[validity],
        line=heart_line(delivered.total) if checks[0].facts else "nothing counted: the checker `delivered` crashed",
        checks=tuple(checks),
        rows=delivered.rows,
        journeys=() if journeys is None else journeys.rows,
        total=delivered.total,
        digest=_digest(plan),
        timing=timing,
        notes=_notes(manifest, checks[0], timing, lag.most_ms),
    )


def _in_order(created: Created) -> bytes:
    """What is known of one event, so that sorting puts the events of a phone, or of another source, in order."""
    whose = f"{created.phone:08d} {created.source} " if created.source else f"{created.phone:08d} "
    return f"{whose}{_NUMBER}{created.n:06d} {created.type} {created.digest}\n".encode()


def _lines(plan: Iterable[bytes]) -> Iterator[bytes]:
    """What the digest of a run knows of its events, in order: phone, source if it is not the phone, number, type and
    content. No id, for ids depend on the run; and the number counts anew, for what replies made had numbers too."""
    before, number = b"", 0
    for line in sorted(plan):
        whose, _, rest = line.partition(_NUMBER.encode())
        number = number + 1 if whose == before else 0
        before = whose
        yield b"%b%06d %b" % (whose, number, rest.partition(b" ")[2])


def plan_digest(created: Iterable[Created]) -> str:
    """SHA-256, in hexadecimal, over the lines "phone source number type content" of the events that the plan
    caused, sorted; the phone's own have no source. Replies of the platform
    may differ from run to run, so what they caused is left out. The order of the events does not matter."""
    return _digest([_in_order(op) for op in created if op.cause == "plan"])


def heart_line(total: Row) -> str:
    """The proof in one line: "planned 9 = sent 9 = acknowledged 9 = stored 9, 0 unexplained", and in brackets the
    classes of the events for which it does not hold.

    "=" says that it is the same events, not only the same number: one lost and one recovered do not make up for each
    other.
    """
    same = not (total.lost or total.recovered or total.unexpected or total.unread)
    line = (
        f"planned {total.planned} {_sign(total.planned == total.sent)} sent {total.sent} "
        f"{_sign(total.sent == total.acknowledged)} acknowledged {total.acknowledged}"
    )
    line += ", stored unknown" if total.stored is None else f" {_sign(same)} stored {total.stored}"
    classes = (
        (total.lost, "lost"),
        (total.unexpected, "unexpected"),
        (total.unplanned, "sent unplanned"),
        (total.twice_unexplained, "stored too often"),
        (total.contradicted, "stored against the answer"),
        (total.dropped, "dropped by the SDK"),
        (total.withheld, "withheld by the SDK's rules"),
        (total.held, "held at the end"),
        (total.abandoned, "of abandoned phones"),
        (total.in_doubt, "in doubt"),
        (total.recovered, "stored without acknowledgement"),
        (total.duplicated - total.twice_unexplained, "stored more than once after a retry"),
        (total.bad or 0, "bad"),
    )
    said = "; ".join(f"{count} {what}" for count, what in classes if count)
    return f"{line}, {total.unexplained} unexplained" + (f" ({said})" if said else "")


def encode_summary(verdict: Verdict) -> bytes:
    """The verdict as indented JSON for summary.json, ending in a newline."""
    return msgspec.json.format(msgspec.json.encode(verdict), indent=2) + b"\n"


def _others(manifest: Manifest) -> list[Checker]:
    expected, phones = manifest.expectations, manifest.phones_planned
    checkers: list[Checker] = [Alternates(), Causal(expected, phones), Covered(expected, phones)]
    return [checker for checker in checkers if checker.name in expected.checkers]


def _no_such_checker(name: str) -> Check:
    message = f"the run expects a checker {name!r}, which this version of Footfall does not have"
    return Check(name, "unknown", (Finding("no-such-checker", "unknown", message),), {})


def _digest(plan: list[bytes]) -> str:
    digest = hashlib.sha256()
    for line in _lines(plan):
        digest.update(line)
    return digest.hexdigest()


def _sign(equal: bool) -> str:
    return "=" if equal else "≠"


def _notes(manifest: Manifest, delivered: Check, timing: Timing, lag_ms: float) -> tuple[str, ...]:
    notes = []
    if timing.lateness is not None and timing.lateness.p99_ms > LATE_MS:
        notes.append(
            f"the generator was the bottleneck: 1 of 100 requests began {timing.lateness.p99_ms / 1000:.1f} s late or "
            "later; use more workers, or fewer phones at once"
        )
    if lag_ms > LATE_MS:
        notes.append(
            f"phones began up to {lag_ms / 1000:.1f} s later than planned: more phones than slots (-u), a slow ramp "
            "(-r), or a generator at its limit; what they did is as planned, when they did it on the wall is not"
        )
    if manifest.transport == "inlet-batch" and timing.service is not None:
        notes.append(
            "latency and service time contain the wait for the batch, up to 1 s, for the events travelled in batches"
        )
    facts = delivered.facts
    cut = facts.get("phones_cut", 0)
    if cut:
        notes.append(
            f"the run was stopped early: {several(cut, 'phone')} of {manifest.phones_planned} did not live to the end"
        )
    began = facts.get("phones_started", 0)
    untouched = manifest.phones_planned - max(began, facts.get("phones_leased", 0))
    if untouched > 0 and began:
        notes.append(f"{several(untouched, 'phone')} of {manifest.phones_planned} never had their turn")
    return tuple(notes)
