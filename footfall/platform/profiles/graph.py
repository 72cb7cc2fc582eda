"""Identity graphs: which identities are one person.

Two identities in one record are linked; each link is from the record's most important identity to another. Where a
namespace is unique, the links are played again from the newest on, and one that would bring two of its identities
together is removed: the last authenticated user owns the shared phone. A graph holds 50; the oldest goes first, cookies
before devices before people. Sources:
https://experienceleague.adobe.com/en/docs/experience-platform/identity/features/identity-linking-logic
https://experienceleague.adobe.com/en/docs/experience-platform/identity/features/identity-graph-linking-rules/identity-optimization-algorithm
https://experienceleague.adobe.com/en/docs/experience-platform/identity/guardrails
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from footfall.platform.journeys.messages import PushToken
from footfall.platform.profiles.identities import Identity, IdentityRules, Named

MOST_NODES = 50
MOST_NOTES = 20

What = Literal["skipped", "evicted", "unlinked"]


class Node(msgspec.Struct, frozen=True, array_like=True):
    """One identity and the fragment of a profile that is kept under it, which goes where the identity goes. `since_ms`:
    when it came into its graph; `attributes_ms`: when a profile record last wrote `attributes`."""

    namespace: str
    id: str
    since_ms: int
    attributes: dict[str, Any] = {}
    attributes_ms: int = 0
    tokens: tuple[PushToken, ...] = ()

    @property
    def identity(self) -> Identity:
        """Whose fragment it is."""
        return Identity(self.namespace, self.id)


class Link(msgspec.Struct, frozen=True, array_like=True):
    """Two nodes, by their places in the graph, and the event that first linked them since they were last apart. An
    event that names the same two again does not renew it: it changes nothing."""

    a: int
    b: int
    at_ms: int
    event: str


class Note(msgspec.Struct, frozen=True, array_like=True):
    """Something about an identity that people should know: it was skipped, evicted, or lost a link, and why."""

    at_ms: int
    event: str
    what: What
    namespace: str
    id: str
    why: str


class Graph(msgspec.Struct, frozen=True, array_like=True):
    """The identities of one person; of two graphs that became one, those of the lower number are first. `notes` are
    the newest 20. A single identity is kept as a graph of one, though the Identity Service would not store it: it is
    the key of a profile."""

    number: int
    nodes: tuple[Node, ...]
    links: tuple[Link, ...] = ()
    notes: tuple[Note, ...] = ()


class Relinked(NamedTuple):
    """The graphs that took the place of those that were given; `gone` are the numbers that none of them has."""

    graphs: list[Graph]
    gone: list[int]


class _Edge(NamedTuple):
    a: Identity
    b: Identity
    at_ms: int
    event: str
    is_named: bool  # by the record that comes now
    is_new: bool = False


class _Said(NamedTuple):
    """A note, and the identities whose graphs keep it."""

    about: tuple[Identity, ...]
    note: Note


def relinked(
    graphs: Sequence[Graph], record: Named, at_ms: int, event: str, rules: IdentityRules, number: Callable[[], int]
) -> Relinked:
    """What a record makes of the graphs of the identities that it names (all of them, each once). `number` gives a new
    graph its number. A person keeps the number: where a graph falls apart, the part with its most important identity
    has it, and where two become one the more important one's stays, of equals the lower."""
    graphs = sorted(graphs, key=lambda graph: graph.number)
    nodes = {node.identity: node for graph in graphs for node in graph.nodes}
    origin = {node.identity: graph.number for graph in graphs for node in graph.nodes}
    for identity in record.all:
        nodes.setdefault(identity, Node(*identity, since_ms=at_ms))
    said: list[_Said] = []
    edges = _edges(graphs, record, at_ms, event, rules)
    if rules.unique:
        edges = _within_limits(edges, record, at_ms, event, rules, said)
    parts: list[list[Identity]] = []
    for whole in _components(nodes, edges):
        evicted = _evicted(whole, nodes, record, rules)
        stays = [identity for identity in whole if identity not in evicted]
        edges = [edge for edge in edges if edge.a not in evicted and edge.b not in evicted]
        for identity in evicted:
            why = f"the graph held {MOST_NODES}; cookies go first, then devices, of one kind the oldest"
            said.append(_Said((identity, stays[-1]), Note(at_ms, event, "evicted", *identity, why)))
        # what only an evicted identity held together falls apart; each evicted one is a profile of its own
        parts += [*_components(stays, edges), *([identity] for identity in evicted)]
    # a second e-mail address in one record, say: not linked, nobody's key, not stored
    parts = [part for part in parts if len(part) > 1 or part[0] in origin or part[0] == record.primary]
    numbers = _numbers(parts, origin, rules, number)
    made = [
        _graph(own, part, nodes, origin, edges, numbers, at_ms, _notes(own, part, graphs, numbers, said))
        for own, part in zip(numbers, parts, strict=True)
    ]
    return Relinked(made, [graph.number for graph in graphs if graph.number not in numbers])


def _edges(graphs: Sequence[Graph], record: Named, at_ms: int, event: str, rules: IdentityRules) -> list[_Edge]:
    """The record's own links that are new, and those of the graphs."""
    hub = min(record.all, key=lambda identity: rules.rank(identity.namespace))
    pairs = {frozenset((hub, identity)): identity for identity in record.all if identity != hub}
    old = []
    for graph in graphs:
        for link in graph.links:
            a, b = graph.nodes[link.a].identity, graph.nodes[link.b].identity
            is_named = pairs.pop(frozenset((a, b)), None) is not None
            old.append(_Edge(a, b, link.at_ms, link.event, is_named))
    new = [_Edge(hub, identity, at_ms, event, is_named=True, is_new=True) for identity in pairs.values()]
    return [*new, *old]


def _within_limits(
    edges: list[_Edge], record: Named, at_ms: int, event: str, rules: IdentityRules, said: list[_Said]
) -> list[_Edge]:
    """The edges that are left when they are played again: those that the record names first, then the newest, and of
    one event those between the more important namespaces. A new link to somebody whom the record calls logged out
    claims nothing: it comes last."""

    def order(edge: _Edge) -> tuple[bool, bool, int, int]:
        claims_nothing = edge.is_new and (edge.a in record.logged_out or edge.b in record.logged_out)
        return (
            claims_nothing,
            not edge.is_named,
            -edge.at_ms,
            rules.rank(edge.a.namespace) + rules.rank(edge.b.namespace),
        )

    ends = {identity for edge in edges for identity in edge[:2]}
    group = {identity: identity for identity in ends}  # whose members are one graph so far
    members = {identity: [identity] for identity in ends}
    kept = []
    for edge in sorted(edges, key=order):
        a, b = group[edge.a], group[edge.b]
        if a != b:
            clash = _clash(members[a], members[b], rules)
            if clash:
                why = f"its link with {edge.a.namespace} {edge.a.id} would have put a second {clash} into one graph"
                said.append(_Said(edge[:2], Note(at_ms, event, "unlinked", *edge.b, why)))
                continue
            for identity in members[b]:
                group[identity] = a
            members[a] += members.pop(b)
        kept.append(edge)
    return kept


def _clash(some: Sequence[Identity], others: Sequence[Identity], rules: IdentityRules) -> str:
    """The unique namespace of which two graphs have an identity each, "" if there is none."""
    there = {identity.namespace for identity in others}
    return next((one.namespace for one in some if one.namespace in there and one.namespace in rules.unique), "")


def _components(identities: Collection[Identity], edges: Sequence[_Edge]) -> list[list[Identity]]:
    """Who hangs together, in the order given; edges of others are left aside."""
    neighbours: dict[Identity, list[Identity]] = {identity: [] for identity in identities}
    for edge in edges:
        if edge.a in neighbours:
            neighbours[edge.a].append(edge.b)
            neighbours[edge.b].append(edge.a)
    place = {identity: i for i, identity in enumerate(identities)}
    met: set[Identity] = set()
    found = []
    for first in identities:
        if first in met:
            continue
        met.add(first)
        part, waiting = [], [first]
        while waiting:
            identity = waiting.pop()
            part.append(identity)
            new = [other for other in neighbours[identity] if other not in met]
            met.update(new)
            waiting += dict.fromkeys(new)
        found.append(sorted(part, key=place.__getitem__))
    return found


def _evicted(
    part: Sequence[Identity], nodes: dict[Identity, Node], record: Named, rules: IdentityRules
) -> list[Identity]:
    """Whom a graph of more than 50 loses. Whom the record names has just come, and goes last."""

    def age(identity: Identity) -> tuple[bool, int, int]:
        return identity in record.all, rules.durability(identity.namespace), nodes[identity].since_ms

    return sorted(part, key=age)[: max(0, len(part) - MOST_NODES)]


def _numbers(
    parts: Sequence[Sequence[Identity]], origin: dict[Identity, int], rules: IdentityRules, number: Callable[[], int]
) -> list[int]:
    """A number for each part, each once."""
    wishes = sorted(
        (rules.rank(identity.namespace), origin[identity], place)
        for place, part in enumerate(parts)
        for identity in part
        if identity in origin
    )
    given: dict[int, int] = {}
    for _, wish, place in wishes:
        if place not in given and wish not in given.values():
            given[place] = wish
    return [given[place] if place in given else number() for place in range(len(parts))]


def _notes(
    own: int, part: Sequence[Identity], graphs: Sequence[Graph], numbers: Sequence[int], said: Sequence[_Said]
) -> tuple[Note, ...]:
    """What was noted of the graphs that this part carries on, and now."""
    before = [
        note
        for graph in graphs
        if graph.number == own or (graph.number not in numbers and graph.nodes[0].identity in part)
        for note in graph.notes
    ]
    before.sort(key=lambda note: note.at_ms)
    now = [one.note for one in said if any(identity in part for identity in one.about)]
    return (*before, *now)[-MOST_NOTES:]


def _graph(
    number: int,
    part: Sequence[Identity],
    nodes: dict[Identity, Node],
    origin: dict[Identity, int],
    edges: Sequence[_Edge],
    numbers: Sequence[int],
    at_ms: int,
    notes: tuple[Note, ...],
) -> Graph:
    """The part as a graph. Whoever was alone before, or in a graph that goes on without him, is new in it."""
    sizes = Counter(origin.values())
    place = {identity: i for i, identity in enumerate(part)}
    fragments = []
    for identity in part:
        node, old = nodes[identity], origin.get(identity, 0)
        stayed = len(part) > 1 and sizes[old] > 1 and (old == number or old not in numbers)
        fragments.append(node if stayed else msgspec.structs.replace(node, since_ms=at_ms))
    links = [Link(place[edge.a], place[edge.b], edge.at_ms, edge.event) for edge in edges if edge.a in place]
    return Graph(number, tuple(fragments), tuple(links), notes)
