"""A profile: the fragments of a graph's identities, merged, as journeys and people read it.

A fragment is kept under one identity, goes where that goes, and is what profile records and push tokens wrote:
https://experienceleague.adobe.com/en/docs/experience-platform/identity/features/identity-and-profile
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from footfall.platform.journeys.messages import PushToken
from footfall.platform.profiles.graph import Graph, Node, Note
from footfall.platform.profiles.identities import Identity


class Activity(msgspec.Struct, frozen=True):
    """How many events the profile store has of a profile, and when the last one came; 0 for never."""

    events: int = 0
    last_event_ms: int = 0


class Linked(msgspec.Struct, frozen=True):
    """One identity of a profile: when it came into the graph, and the event that linked it first, "" for one that is
    linked with nobody."""

    namespace: str
    id: str
    since_ms: int
    linked_by: str


class Explanation(msgspec.Struct, frozen=True):
    """A profile for people: whom it is made of, why, and what was left out."""

    profile: int
    identities: tuple[Linked, ...]
    notes: tuple[Note, ...]
    attributes: Mapping[str, Any]
    tokens: tuple[PushToken, ...]
    is_test: bool
    events: int
    last_event_ms: int


class Profile:
    """One person, or one anonymous device. A value: a change makes a new one."""

    __slots__ = ("_attributes", "_identities", "_tokens", "graph")

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._attributes: dict[str, Any] | None = None
        self._identities: dict[str, tuple[str, ...]] | None = None
        self._tokens: tuple[PushToken, ...] | None = None

    @property
    def number(self) -> int:
        """Its number in the sandbox, from 1."""
        return self.graph.number

    @property
    def attributes(self) -> Mapping[str, Any]:
        """What profile records said of the person, as the JSON of an XDM Individual Profile, merged deep; of two that
        disagree the one that was written last holds."""
        if self._attributes is None:
            merged: dict[str, Any] = {}
            for node in sorted(self.graph.nodes, key=lambda node: node.attributes_ms):
                merged = merged_deep(merged, node.attributes)
            self._attributes = merged
        return self._attributes

    @property
    def identities(self) -> Mapping[str, tuple[str, ...]]:
        """The ids of its graph, by namespace; of a namespace the one that came first is the first."""
        if self._identities is None:
            found: dict[str, tuple[str, ...]] = {}
            for node in sorted(self.graph.nodes, key=lambda node: node.since_ms):
                found[node.namespace] = (*found.get(node.namespace, ()), node.id)
            self._identities = found
        return self._identities

    @property
    def tokens(self) -> tuple[PushToken, ...]:
        """Its devices that take push: one token for each device and app."""
        if self._tokens is None:
            self._tokens = tuple(token for node in self.graph.nodes for token in node.tokens)
        return self._tokens

    @property
    def is_test(self) -> bool:
        """Whether a profile record said testProfile."""
        return self.attributes.get("testProfile") is True

    def node(self, identity: Identity) -> Node | None:
        """The fragment of one of its identities."""
        namespace, id = identity
        return next((node for node in self.graph.nodes if node.id == id and node.namespace == namespace), None)

    def with_node(self, new: Node) -> Profile:
        """The same with another fragment for the identity of `new`."""
        nodes = tuple(new if node.identity == new.identity else node for node in self.graph.nodes)
        return Profile(msgspec.structs.replace(self.graph, nodes=nodes))

    def explained(self, activity: Activity) -> Explanation:
        """For people, with what the store knows of its events."""
        graph = self.graph
        linked_by: dict[int, str] = {}
        for link in sorted(graph.links, key=lambda link: link.at_ms):
            linked_by.setdefault(link.a, link.event)
            linked_by.setdefault(link.b, link.event)
        return Explanation(
            graph.number,
            tuple(
                Linked(node.namespace, node.id, node.since_ms, linked_by.get(i, ""))
                for i, node in enumerate(graph.nodes)
            ),
            graph.notes,
            self.attributes,
            self.tokens,
            self.is_test,
            activity.events,
            activity.last_event_ms,
        )


def merged_deep(old: dict[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """`old` with what `new` says: objects are merged member by member, everything else is replaced."""
    merged = dict(old)
    for name, value in new.items():
        before = merged.get(name)
        both = isinstance(before, dict) and isinstance(value, dict)
        merged[name] = merged_deep(before, value) if both else value  # type: ignore[arg-type]
    return merged
