"""A ledger as bytes: one op to one line and back.

Pure: the shell opens, appends and flushes the files; here a line is made, and an iterable of lines is read. The one
kind of damage that an honest ledger can have is a last line cut short, because its process was killed while it wrote.
Everything else that cannot be decoded means that the file is not the record it claims to be, and nothing may be
concluded from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from footfall.evidence.ops import Op, Trouble

# One encoder and one decoder for the process: making them costs more than a line does. Neither keeps any state.
_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines
_decode = msgspec.json.Decoder(Op).decode


class LedgerDamaged(Exception):
    """A file of evidence cannot be read. Says which file, which line (from 1) and what was found there."""

    def __init__(self, file: str, line: int, why: str) -> None:
        self.file = file
        self.line = line
        self.why = why
        super().__init__(f"{file}:{line}: {why}")


def encode(op: Op) -> bytes:
    """The op as one line of NDJSON, newline included. A newline inside a text is escaped, so a line stays a line."""
    return _encode(op) + b"\n"


def encode_all(ops: Sequence[Op]) -> bytes:
    """The ops, a line each; in one call, which is what makes a ledger cheap."""
    return _encode_lines(ops)


def read(lines: Iterable[bytes], file: str) -> Iterator[Op]:
    """The ops of one ledger file, in order. `lines` as iterating over a file opened in binary mode gives them; `file`
    is its name for messages.

    A last line that lacks its newline and cannot be decoded was cut short by the death of its process: it is given as
    Trouble(kind="truncated"), so that the verdict knows. Raises LedgerDamaged at any other line that is not an op.
    """
    cut: tuple[int, bytes, str] | None = None  # a line that can only be forgiven if no other follows
    for number, line in enumerate(lines, 1):
        if cut is not None:
            raise LedgerDamaged(file, cut[0], _what(cut[1], cut[2]))
        try:
            op = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if line.endswith(b"\n"):
                raise LedgerDamaged(file, number, _what(line, str(error))) from error
            cut = number, line, str(error)
        else:
            yield op
    if cut is not None:
        yield Trouble(
            kind="truncated",
            why=f"{file}:{cut[0]}: the last line was cut short after {len(cut[1])} bytes: its process was killed",
        )


def _what(line: bytes, error: str) -> str:
    shown = line.rstrip(b"\n")[:60].decode("utf-8", "backslashreplace")
    more = "..." if len(line) > 60 else ""
    return f"expected a ledger line, got {shown!r}{more} ({error})"
