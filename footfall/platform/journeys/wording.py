"""Moments in words, for the sentences that explain."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(at_ms: int) -> str:
    """2026-03-07T11:15:30.123Z for milliseconds since the epoch, in UTC."""
    seconds, ms = divmod(at_ms, 1_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"
