"""Who may talk to the platform: this machine, and pages that came from it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(name: str) -> bool:
    """Whether a host name or address, without port or brackets, is this machine's own."""
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def refusal(host: str | None, origin: str | None) -> str | None:
    """Why a request that changes something is refused, or None.

    A page of any site open in this machine's browser can send requests to loopback: its Origin gives it away, and
    where it made its own name point here (DNS rebinding), the Host does.
    """
    if host is None or not is_loopback(_host_of(f"//{host}")):
        return f"the Host header must name loopback (127.0.0.1, localhost, [::1]), but is {host!r}"
    if origin is not None and not is_loopback(_host_of(origin)):
        return f"the Origin header must be absent or a page of this machine, but is {origin!r}"
    return None


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
