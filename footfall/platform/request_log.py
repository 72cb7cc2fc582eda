"""A line a request for the person who watches the platform work. Of a request it has the method and the path: never a
query, a header or a body, which may hold tokens and what people did."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from footfall.platform.messages import StoredEvent

_LONGEST_PATH = 200

# method, path, status (or what became of the connection instead), what was stored, milliseconds until the answer
RequestLog = Callable[[str, str, int | str, Sequence[StoredEvent], float], None]


def to_stderr(method: str, path: str, status: int | str, stored: Sequence[StoredEvent], took_ms: float) -> None:
    """Writes the line. A standard error that nobody reads any more stops nothing."""
    with contextlib.suppress(OSError, ValueError):
        print(line(datetime.now(UTC), method, path, status, stored, took_ms), file=sys.stderr, flush=True)


def line(at: datetime, method: str, path: str, status: int | str, stored: Sequence[StoredEvent], took_ms: float) -> str:
    """The line. Whatever a client calls a path, it is one line of printable ASCII."""
    shown = path[:_LONGEST_PATH].encode("unicode_escape").decode("ascii")
    good = sum(event.good for event in stored)
    time = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
    return f"{time} {method} {shown} {status} good {good} bad {len(stored) - good} {took_ms:.1f} ms"
