"""The identities that a record names, by the rules of Adobe's Identity Service.

Limits and texts: https://experienceleague.adobe.com/en/docs/experience-platform/identity/guardrails; the halves of an
ECID and the code UPLIB-101003-400: Adobe's knowledge base, ka-32618. Who is the key of an event:
https://experienceleague.adobe.com/en/docs/experience-platform/identity/features/identity-graph-linking-rules/namespace-priority
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

ECID = "ECID"
MOST_IDENTITIES = 20  # of one record
MOST_CHARACTERS = 1024

BAD_ECID = "an ECID has exactly 38 digits; the Identity Service skips the record"
ECID_OVERFLOW = "UPLIB-101003-400 Invalid ECID: each half of 19 digits is at most 9223372036854775807"
TOO_LONG = f"longer than {MOST_CHARACTERS} characters; the Identity Service skips the record"
BLOCKED = "a placeholder, which is blocked"
NO_TEXT = "the id is no text"
TOO_MANY = f"beyond the {MOST_IDENTITIES} identities of one record"

_HALF = "9223372036854775807"  # texts of one length compare as their numbers do
_PLACEHOLDERS = frozenset({"", "null", "anonymous", "invalid"})
_SKIPS_RECORD = frozenset({BAD_ECID, ECID_OVERFLOW, TOO_LONG})
_SHOWN = 64


class Identity(NamedTuple):
    """Who, in which namespace. Namespaces are told apart by the case of their letters, as identityMap does."""

    namespace: str
    id: str


class Skipped(msgspec.Struct, frozen=True):
    """An identity that was not taken, and why. `id` is cut after 64 characters."""

    namespace: str
    id: str
    reason: str


class Descriptor(msgspec.Struct, frozen=True):
    """A field of the schema that is marked as an identity: its `path`, with dots, such as `_mobile.ECID`."""

    path: str
    namespace: str
    primary: bool = False


class IdentityRules(msgspec.Struct, frozen=True):
    """A sandbox's identity settings.

    `unique`: namespaces of which a graph holds one identity at most, the most important first; with none, which is
    how Adobe's sandboxes begin, graphs are never split. `devices` and `cookies` say of what kind a namespace is: every
    other stands for a person. `descriptors` are the identity fields of profile records.
    """

    unique: tuple[str, ...] = ()
    devices: tuple[str, ...] = ("IDFA", "GAID", "WAID")
    cookies: tuple[str, ...] = ("ECID", "AAID", "CORE", "TNTID", "AdCloud", "AVID")
    descriptors: tuple[Descriptor, ...] = ()

    def rank(self, namespace: str) -> int:
        """How important a namespace is, 0 the most: the unique ones in their order, then people, devices, cookies."""
        if namespace in self.unique:
            return self.unique.index(namespace)
        return len(self.unique) + 2 - self.durability(namespace)

    def durability(self, namespace: str) -> int:
        """0 for a cookie, 1 for a device, 2 for a person: the order in which a full graph loses its identities."""
        return 0 if namespace in self.cookies else 1 if namespace in self.devices else 2


class Named(msgspec.Struct, frozen=True):
    """Whom a record names. `all` in its order, each once; `primary` the one that its profile is kept under, None where
    nobody is named; `logged_out` those whom the record calls so. `linkable`: whether it may link its identities."""

    all: tuple[Identity, ...]
    primary: Identity | None
    logged_out: tuple[Identity, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    linkable: bool = True


def named(identity_map: object, rules: IdentityRules, *, by_priority: bool = False) -> Named:
    """Of an identityMap of any shape. The primary identity is the first that is marked so (several are not
    documented), else the first ECID, as a device's datastream falls back to it, else the first of all; `by_priority`,
    and with unique namespaces, it is the one of the most important namespace, whatever is marked."""
    found: list[Identity] = []
    skipped: list[Skipped] = []
    logged_out: list[Identity] = []
    marked: Identity | None = None
    linkable = True
    for namespace, items in identity_map.items() if isinstance(identity_map, dict) else ():
        for item in items if isinstance(items, list) else ():
            if not isinstance(item, dict):
                continue
            id = item.get("id")
            reason = why_not(namespace, id)
            if reason or not isinstance(id, str):  # the second is in the first, said for the type checker
                skipped.append(Skipped(namespace, str(id)[:_SHOWN], reason))
                linkable = linkable and reason not in _SKIPS_RECORD
                continue
            identity = Identity(namespace, id)
            if identity not in found:
                if len(found) == MOST_IDENTITIES:
                    skipped.append(Skipped(namespace, id[:_SHOWN], TOO_MANY))
                    continue
                found.append(identity)
            if marked is None and item.get("primary") in (True, "true"):  # Adobe's samples write the string
                marked = identity
            if item.get("authenticatedState") == "loggedOut":
                logged_out.append(identity)
    primary = marked
    if found and rules.unique and by_priority:
        primary = min(found, key=lambda identity: rules.rank(identity.namespace))
    elif found and marked is None:
        primary = next((identity for identity in found if identity.namespace == ECID), found[0])
    return Named(tuple(found), primary, tuple(logged_out), tuple(skipped), linkable)


def named_in_record(xdm: Mapping[str, Any], rules: IdentityRules) -> Named:
    """Of a profile record: its identityMap, and the fields that the schema marks as identities. Namespace priority does
    not choose a profile record's primary identity."""
    identity_map = xdm.get("identityMap")
    merged: dict[str, Any] = dict(identity_map) if isinstance(identity_map, dict) else {}
    for descriptor in rules.descriptors:
        value: Any = xdm
        for name in descriptor.path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            items = merged.get(descriptor.namespace)
            mine = {"id": value, "primary": descriptor.primary}
            merged[descriptor.namespace] = [mine, *(items if isinstance(items, list) else [])]
    return named(merged, rules)


def why_not(namespace: str, id: object) -> str:
    """Why the Identity Service does not take it, "" if it does. That placeholders are blocked in any case of their
    letters is a choice: the documents show lower case only."""
    if not isinstance(id, str):
        return NO_TEXT
    if namespace == ECID:
        if len(id) != 38 or not id.isdigit() or not id.isascii():
            return BAD_ECID
        return ECID_OVERFLOW if "9" in (id[0], id[19]) and max(id[:19], id[19:]) > _HALF else ""
    if len(id) > MOST_CHARACTERS:
        return TOO_LONG
    return BLOCKED if id.isspace() or (len(id) < 16 and id.strip().lower() in _PLACEHOLDERS) else ""
