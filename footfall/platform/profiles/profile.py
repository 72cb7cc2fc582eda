"""What events and profile records make of the profiles of one sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from footfall.platform.journeys.messages import PushToken
from footfall.platform.profiles.graph import MOST_NOTES, Node, Note, relinked
from footfall.platform.profiles.identities import (
    ECID,
    Identity,
    IdentityRules,
    Named,
    Skipped,
    named,
    named_in_record,
)
from footfall.platform.profiles.person import Explanation, Profile, merged_deep
from footfall.platform.profiles.store import ProfileStore

# Hard for an ExperienceEvent into Profile: https://experienceleague.adobe.com/en/docs/experience-platform/profile/guardrails
MOST_BYTES = 10_240

TOO_LARGE = f"larger than {MOST_BYTES} bytes"
DUPLICATE = "the profile store has an event with this _id"
NO_IDENTITY = "it names nobody"

_MOST_NAMED = 10_000
_ENCODER = msgspec.json.Encoder()
_NOT_ATTRIBUTES = ("identityMap", "_id")


class Taken(msgspec.Struct, frozen=True):
    """What became of an event or record: the identity that it is kept under and the number of the profile, None and 0
    where it was `dropped`, which says why; the identities that were skipped; whether the profile was
    changed."""

    key: Identity | None = None
    profile: int = 0
    dropped: str = ""
    skipped: tuple[Skipped, ...] = ()
    changed: bool = False


class Profiles:
    """The profiles of one sandbox. The only owner of the store."""

    def __init__(self, store: ProfileStore, rules: IdentityRules | None = None) -> None:
        """`rules`: the sandbox's identity settings, Adobe's defaults where there are none."""
        self._store = store
        self._rules = rules or IdentityRules()
        self._named: dict[
            bytes, Named
        ] = {}  # by the JSON of an identityMap: a phone sends the same one again and again

    def take_event(self, id: str, content: Mapping[str, Any], at_ms: int, size_bytes: int) -> Taken:
        """Takes a valid event: its `_id`; `content`, the object of its xdm (with what its request shared) and perhaps
        its data; when it was received by the clock of its run; how large it was as JSON, uncompressed. One that is
        larger than 10,240 bytes, repeats an `_id` or names nobody is dropped: the rules of the profile store, not of
        the lake."""
        if size_bytes > MOST_BYTES:
            return Taken(dropped=TOO_LARGE)
        if self._store.met(id):
            return Taken(dropped=DUPLICATE)
        xdm = content.get("xdm")
        who = self._named_by(xdm.get("identityMap") if isinstance(xdm, dict) else None)
        if who.primary is None:
            return Taken(dropped=NO_IDENTITY, skipped=who.skipped)
        profile, changed = self._profile_of(who, who.primary, id, at_ms)
        data = content.get("data")
        if isinstance(data, dict) and "pushNotificationDetails" in data:
            with_tokens = _with_tokens(profile, who.primary, data["pushNotificationDetails"])
            if with_tokens is not profile:
                profile, changed = self._put(with_tokens), True
        self._store.count(who.primary, at_ms)
        return Taken(who.primary, profile.number, "", who.skipped, changed)

    def take_record(self, xdm: Mapping[str, Any], at_ms: int) -> Taken:
        """Takes a profile record: the XDM Individual Profile in an inlet's message. It links its identities, and its
        attributes are merged deep into what is kept under its primary identity; `testProfile` is one of them."""
        who = named_in_record(xdm, self._rules)
        if who.primary is None:
            return Taken(dropped=NO_IDENTITY, skipped=who.skipped)
        id = xdm.get("_id")
        profile, changed = self._profile_of(who, who.primary, id if isinstance(id, str) else "", at_ms)
        node = _own(profile, who.primary)
        said = {name: value for name, value in xdm.items() if name not in _NOT_ATTRIBUTES}
        attributes = merged_deep(node.attributes, said)
        if said and (attributes != node.attributes or node.attributes_ms < _newest_ms(profile)):
            new = msgspec.structs.replace(node, attributes=attributes, attributes_ms=at_ms)
            profile, changed = self._put(profile.with_node(new)), True
        return Taken(who.primary, profile.number, skipped=who.skipped, changed=changed)

    def find(self, namespace: str, id: str) -> Profile | None:
        """The profile that this identity belongs to, None if there is none (yet)."""
        return self._store.get(Identity(namespace, id))

    def explain(self, namespace: str, id: str) -> Explanation | None:
        """The same for people: whom it is made of, through which events, and what was skipped, evicted or unlinked."""
        profile = self.find(namespace, id)
        if profile is None:
            return None
        return profile.explained(self._store.activity([node.identity for node in profile.graph.nodes]))

    def _named_by(self, identity_map: object) -> Named:
        key = _ENCODER.encode(identity_map)
        who = self._named.get(key)
        if who is None:
            if len(self._named) == _MOST_NAMED:
                self._named.clear()
            who = self._named[key] = named(identity_map, self._rules, by_priority=True)
        return who

    def _profile_of(self, who: Named, key: Identity, event: str, at_ms: int) -> tuple[Profile, bool]:
        """The profile of the key once the record's identities are linked, and whether that changed anything."""
        get = self._store.get
        profile = get(key)
        changed = profile is None
        if profile is not None and who.linkable:
            for identity in who.all:
                other = get(identity)
                # a store may have let go of the one and read it again
                if other is not profile and (other is None or other.number != profile.number):
                    changed = True
        if profile is None or changed:
            profile = self._relinked(who, key, event, at_ms)
        if who.skipped:
            with_notes = _with_notes(profile, who.skipped, event, at_ms)
            if with_notes is not profile:
                profile, changed = self._put(with_notes), True
        return profile, changed

    def _relinked(self, who: Named, key: Identity, event: str, at_ms: int) -> Profile:
        if not who.linkable:
            who = Named((key,), key)
        found = [profile for profile in map(self._store.get, who.all) if profile is not None]
        graphs = {profile.number: profile.graph for profile in found}
        made, gone = relinked(list(graphs.values()), who, at_ms, event, self._rules, self._store.new_number)
        profiles = [Profile(graph) for graph in made]
        self._store.put(profiles, gone)
        return next(profile for profile in profiles if profile.node(key))

    def _put(self, profile: Profile) -> Profile:
        self._store.put((profile,))
        return profile


def _newest_ms(profile: Profile) -> int:
    return max(node.attributes_ms for node in profile.graph.nodes)


def _own(profile: Profile, identity: Identity) -> Node:
    node = profile.node(identity)
    assert node is not None
    return node


def _with_tokens(profile: Profile, key: Identity, details: object) -> Profile:
    """The profile with the push tokens that a device told; one on the deny list is taken away. A token is kept under
    the ECID that it names, or under the event's key where that ECID is not the person's."""
    for detail in details if isinstance(details, list) else ():
        match detail:
            case {"appID": str(app), "token": str(token), "platform": str(provider), "identity": {"id": str(ecid)}}:
                pass
            case _:
                continue
        node = profile.node(Identity(ECID, ecid)) or _own(profile, key)
        others = tuple(one for one in node.tokens if (one.app, one.ecid) != (app, ecid))
        denied = detail.get("denylisted") is True
        tokens = others if denied else (*others, PushToken(ecid, token, app, provider))
        if set(tokens) != set(node.tokens):
            profile = profile.with_node(msgspec.structs.replace(node, tokens=tokens))
    return profile


def _with_notes(profile: Profile, skipped: Sequence[Skipped], event: str, at_ms: int) -> Profile:
    """The profile with a note for each identity that was skipped and is not in its notes."""
    graph = profile.graph
    there = {(note.namespace, note.id, note.why) for note in graph.notes}
    new = {
        (one.namespace, one.id, one.reason): Note(at_ms, event, "skipped", one.namespace, one.id, one.reason)
        for one in skipped
        if (one.namespace, one.id, one.reason) not in there
    }
    if not new:
        return profile
    notes = (*graph.notes, *new.values())[-MOST_NOTES:]
    return Profile(msgspec.structs.replace(graph, notes=notes))
