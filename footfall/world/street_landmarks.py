"""Distances to a few far-off junctions, which tell a search how far it still is at least.

A* with landmarks and the triangle inequality (ALT; Goldberg and Harrelson, "Computing the shortest path: A* search
meets graph theory", SODA 2005): of two points whose distances to a landmark differ by d, the one is at least d from the
other. On streets that says more than the straight line, so that a search looks at a third of the junctions.

Distances here are over all streets in both directions, whatever they permit. So they hold for each mode: no permitted
way is shorter.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from heapq import heappop, heappush
from math import inf

LANDMARKS = 16


def landmark_lengths(heads: Sequence[int], tails: Sequence[int], lengths: Sequence[float], nodes: int) -> array[float]:
    """For each of LANDMARKS junctions the distances of all, one landmark after the other. `heads`, `tails` and
    `lengths` are the edges, which join all `nodes` junctions.

    The first is far from junction 0, each further one as far as can be from those before.
    """
    near: list[list[tuple[int, float]]] = [[] for _ in range(nodes)]
    for a, b, length_m in zip(heads, tails, lengths, strict=True):
        near[a].append((b, length_m))
        near[b].append((a, length_m))
    table = array("f")
    apart = _lengths_from(0, near)
    for i in range(LANDMARKS):
        landmark = max(range(nodes), key=apart.__getitem__)
        reached = _lengths_from(landmark, near)
        table.extend(reached)
        apart = reached if i == 0 else [min(a, b) for a, b in zip(apart, reached, strict=True)]
    return table


def _lengths_from(source: int, near: list[list[tuple[int, float]]]) -> list[float]:
    """Dijkstra."""
    reached = [inf] * len(near)
    reached[source] = 0.0
    queue = [(0.0, source)]
    while queue:
        so_far, node = heappop(queue)
        if so_far > reached[node]:
            continue
        for there, length_m in near[node]:
            if so_far + length_m < reached[there]:
                reached[there] = so_far + length_m
                heappush(queue, (so_far + length_m, there))
    return reached
