"""Edge's memory of a device, kept by the device: the entries of state:store, and the ECID in the identity entry.

Adobe's documents call the identity's value opaque. The values in their samples are base64 of a protocol buffer whose
first field is the ECID ("CiYzM...": 0x0a, 38, 38 digits); ours are just that field, so that a client that knows its
identity only as a cookie, as browsers do, stays the same device here too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

IDENTITY_MAX_AGE_S = 34_128_000
CLUSTER_MAX_AGE_S = 1_800

_ECID = re.compile(r"\d{38}", re.ASCII)
_FIELD = b"\x0a\x26"  # field 1, length-delimited, 38 bytes


def key(org: str, name: str) -> str:
    """The entry's key: "kndctr_{org, @ as _}_{name}"."""
    return f"kndctr_{org.replace('@', '_')}_{name}"


def identity_key(org: str) -> str:
    """Under which a device keeps its identity."""
    return key(org, "identity")


def entry(org: str, name: str, value: str, max_age_s: int) -> dict[str, object]:
    """One entry of a state:store handle."""
    return {"key": key(org, name), "value": value, "maxAge": max_age_s}


def identity_entry(org: str, ecid: str) -> dict[str, object]:
    """The identity of the device, the same each time. One whose ECID is none (not 38 digits) gets a value that cannot
    be read back."""
    if _ECID.fullmatch(ecid):
        value = base64.urlsafe_b64encode(_FIELD + ecid.encode())
    else:
        value = base64.urlsafe_b64encode(
            hashlib.blake2b(f"{org} {ecid}".encode(errors="replace"), digest_size=24).digest()
        )
    return entry(org, "identity", value.decode(), IDENTITY_MAX_AGE_S)


def remembered_ecid(meta: object, org: str) -> str:
    """The ECID of the identity entry that a request returned in its meta.state; "" where there is none to be read."""
    match meta:
        case {"state": {"entries": [*entries]}}:
            wanted = identity_key(org)
        case _:
            return ""
    for one in entries:
        match one:
            case {"key": str(name), "value": str(value)} if name == wanted:
                return _read(value)
    return ""


def minted_ecid(seed: bytes) -> str:
    """38 digits as the SDK makes them of a UUID's two halves, from 16 bytes: each half an absolute signed 64-bit
    number, the second with a UUID's variant bits (aepsdk-edgeidentity-ios, ECID.swift)."""
    high = int.from_bytes(seed[:8], "big", signed=True)
    low = int.from_bytes(bytes([seed[8] & 0x3F | 0x80]) + seed[9:16], "big", signed=True)
    return f"{min(abs(high), 2**63 - 1):019d}{min(abs(low), 2**63 - 1):019d}"


def _read(value: str) -> str:
    try:
        raw = base64.b64decode(value.replace("-", "+").replace("_", "/") + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        return ""
    ecid = raw[2:40].decode("latin-1")
    return ecid if raw[:2] == _FIELD and _ECID.fullmatch(ecid) else ""
