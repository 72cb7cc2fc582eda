"""What the receiver says it has stored: one line per observation, in the receiver's own words.

This is the other half of the evidence: the ledger says what was sent, this says what arrived. An id may be repeated,
and then it was stored that often.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from footfall.evidence.ledger import LedgerDamaged


class Received(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One stored event. `good` is False where validation refused it, and `reasons` then say why. `type` is the
    eventType and `phone_ecid` the ECID that the receiver found in it; either is empty where a bad event had none."""

    id: str
    type: str
    good: bool
    reasons: tuple[str, ...] = ()
    phone_ecid: str = ""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Received).decode


def encode(received: Received) -> bytes:
    """The observation as one line of NDJSON, newline included."""
    return _encode(received) + b"\n"


def read(lines: Iterable[bytes], file: str) -> Iterator[Received]:
    """The observations of one file. Raises LedgerDamaged at the first line that is none, the last one included: half
    a read-back is not a read-back, and an event missing from it would be called lost."""
    for number, line in enumerate(lines, 1):
        try:
            yield _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LedgerDamaged(file, number, f"expected what a receiver stored: {error}") from error
