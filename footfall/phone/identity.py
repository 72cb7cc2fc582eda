"""The Identity extension (Identity for Edge Network): the ECID that the phone makes itself, and the identityMap.

Sources: aepsdk-edgeidentity-ios IdentityProperties, IdentityMap, IdentityState; mobile-sdk.md 7.1 and 7.2.
"""

from __future__ import annotations

from hashlib import blake2b

from footfall.phone.ids import ecid_of
from footfall.world.phones import Platform
from footfall.xdm.wire import JSON, IdentityItem

RESERVED = frozenset({"ECID", "IDFA", "GAID"})
AD_NAMESPACE: dict[Platform, str] = {"ios": "IDFA", "android": "GAID"}


def ecid_after(ecid: str) -> str:
    """The ECID that follows this one on the same phone, after a reset or a new installation. It depends on nothing
    else, so that a phone has the same ECIDs in every run."""
    bits = blake2b(ecid.encode(), digest_size=16).digest()
    return ecid_of(int.from_bytes(bits[:8], "big"), int.from_bytes(bits[8:], "big"))


class Identity:
    """The identities of one phone. `bytes` is the identityMap as an interact request carries it."""

    __slots__ = ("_ad_id", "_items", "_login", "_platform", "bytes", "ecid")

    def __init__(self, platform: Platform, ecid: str) -> None:
        self._platform: Platform = platform
        self._items: dict[str, tuple[IdentityItem, ...]] | None = None  # besides ECID and advertising id
        self._ad_id = ""
        self._login: tuple[tuple[str, str], ...] = ()  # what the app added when the customer logged in
        self.ecid = ecid
        self.bytes = b""
        self._write()

    @property
    def map(self) -> dict[str, tuple[IdentityItem, ...]]:
        """ECID first, always ambiguous and never primary; the advertising id; what the app added."""
        items = {"ECID": (IdentityItem(self.ecid),)}
        if self._ad_id:
            items[AD_NAMESPACE[self._platform]] = (IdentityItem(self._ad_id),)
        return {**items, **(self._items or {})}

    def update(self, namespace: str, item: IdentityItem) -> None:
        """updateIdentities: the item takes the place of the one with its id in the namespace, or joins the others.
        Reserved namespaces and empty ids are ignored."""
        if namespace in RESERVED or not namespace or not item.id:
            return
        had = (self._items or {}).get(namespace, ())
        if any(one.id == item.id for one in had):
            items = tuple(item if one.id == item.id else one for one in had)
        else:
            items = (*had, item)
        self._items = {**(self._items or {}), namespace: items}
        self._write()

    def remove(self, namespace: str, id: str) -> None:
        """removeIdentity: without the last item the namespace goes too. Reserved namespaces are ignored."""
        if self._items is None or namespace not in self._items:
            return
        left = tuple(one for one in self._items[namespace] if one.id != id)
        items = {name: had for name, had in self._items.items() if name != namespace}
        self._items = {**items, namespace: left} if left else items or None
        self._write()

    def log_in(self, email: str, crm_namespace: str, crm_id: str) -> None:
        """What the app does at login: the e-mail address, and the shop's own id as the primary identity where there is
        one. Whoever was logged in before is not any more."""
        self.log_out()
        self.update("Email", IdentityItem(email, "authenticated"))
        self._login = (("Email", email),)
        if crm_id:
            self.update(crm_namespace, IdentityItem(crm_id, "authenticated", primary=True))
            self._login = (*self._login, (crm_namespace, crm_id))

    def log_out(self) -> None:
        """What the app does at logout: the identities of the login are removed."""
        for namespace, id in self._login:
            self.remove(namespace, id)
        self._login = ()

    def set_ad_id(self, id: str) -> dict[str, object] | None:
        """setAdvertisingIdentifier; all zeros mean none. Returns the consent to tell, where the phone now has one and
        had none before or the other way round."""
        new = "" if not id.strip("0-") else id
        changed = bool(new) != bool(self._ad_id)
        self._ad_id = new
        self._write()
        if not changed:
            return None
        return {"adID": {"val": "y" if new else "n", "idType": AD_NAMESPACE[self._platform]}}

    def reset(self) -> None:
        """resetIdentities, or a new installation: another ECID, all else gone."""
        self.ecid = ecid_after(self.ecid)
        self._items = None
        self._ad_id = ""
        self._login = ()
        self._write()

    def _write(self) -> None:
        self.bytes = JSON[self._platform].identities(self.map)
