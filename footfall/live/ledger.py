"""The ledger of one process as an append-only file."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from footfall.evidence import ledger
from footfall.evidence.ops import Head, Op

ESTIMATE_BYTES_PER_EVENT = 750  # created, invoke and done of one event, measured on scenarios/shopping/saturday.yaml


class LedgerFull(OSError):
    """The ledger cannot be written any more, most often because the disk is full. Nothing may be sent after this."""


class LedgerFile:
    """Lines are gathered in memory and handed to the operating system by `flush`, in order, by unbuffered writes: what
    was flushed survives kill -9."""

    def __init__(self, path: Path, head: Head) -> None:
        self.path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._ops: list[Op] = []
        self._size = os.fstat(self._fd).st_size
        self._broken: OSError | None = None
        self.add(head)
        try:
            self.flush()
        except LedgerFull:
            os.close(self._fd)
            raise

    @property
    def broken(self) -> bool:
        """Whether lines have been lost because the file could not be written."""
        return self._broken is not None

    def add(self, op: Op) -> None:
        """Takes a line."""
        self._ops.append(op)

    def flush(self) -> None:
        """Hands all lines taken so far to the operating system. Raises LedgerFull, now and ever after, when that is no
        longer possible; the file then ends with its last whole line."""
        if self._broken is not None:
            raise LedgerFull(f"{self.path}: {self._broken.strerror}") from self._broken
        if not self._ops:
            return
        data = ledger.encode_all(self._ops)
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:])
        except OSError as error:
            self._broken = error
            whole = data.rfind(b"\n", 0, written) + 1
            with suppress(OSError):  # not every file can be cut (a device cannot)
                os.ftruncate(self._fd, self._size + whole)
            raise LedgerFull(f"{self.path}: {error.strerror}") from error
        finally:
            self._ops.clear()
        self._size += written

    def close(self) -> None:
        """Flushes what can be flushed and closes the file."""
        if self._fd >= 0:
            with suppress(LedgerFull):
                self.flush()
            os.close(self._fd)
            self._fd = -1
