"""Who may talk to the platform's read and control APIs: this machine and pages that came from it, or, where it listens
to others too, whoever has the token."""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

LEAST_TOKEN_CHARACTERS = 16


def is_loopback(name: str) -> bool:
    """Whether a host name or address, without port or brackets, is this machine's own."""
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def refusal(host: str | None, origin: str | None) -> str | None:
    """Why a request is refused, or None.

    A page of any site open in this machine's browser can send requests to loopback: its Origin gives it away, and
    where it made its own name point here (DNS rebinding), by which it could read the answers too, the Host does.
    """
    if host is None or not is_loopback(_host_of(f"//{host}")):
        return f"the Host header must name loopback (127.0.0.1, localhost, [::1]), but is {host!r}"
    if origin is not None and not is_loopback(_host_of(origin)):
        return f"the Origin header must be absent or a page of this machine, but is {origin!r}"
    return None


class Token:
    """The secret that lets others than this machine ask. It shows itself to nobody, not even as a repr."""

    def __init__(self, secret: str) -> None:
        """Raises ValueError where it is too short to be one, or cannot stand in a header."""
        if len(secret) < LEAST_TOKEN_CHARACTERS or not secret.isascii() or not secret.isprintable() or " " in secret:
            raise ValueError(f"a token has at least {LEAST_TOKEN_CHARACTERS} visible ASCII characters")
        self._secret = secret.encode()

    def __repr__(self) -> str:
        return "Token(...)"

    def fits(self, authorization: str | None) -> bool:
        """Whether the header's value is "Bearer" and the token; takes the same time wherever it differs."""
        scheme, _, given = (authorization or "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._secret)


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
