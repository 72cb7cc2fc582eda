"""Ways over a street network's arrays, as half edges: the shortest within a bound, or one that is known beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heapify, heappop, heappush
from math import inf
from typing import Any, TypeAlias

import msgspec

from footfall.world.geo import Point
from footfall.world.street_arrays import MODES, NO_HALF
from footfall.world.street_trees import ROOTS

Arrays: TypeAlias = "Mapping[str, memoryview[Any]]"


class Spot(msgspec.Struct, frozen=True):
    """A point on the network: on `edge`, `along_m` from where that begins, behind its `segment`-th shape point.
    `away_m`: from the position that was asked for."""

    edge: int
    segment: int
    along_m: float
    point: Point
    away_m: float


def shortest(arrays: Arrays, start: Spot, end: Spot, bit: int, limit: int) -> list[int] | None:
    """The half edges of the shortest way from `start` to `end` for the mode `bit`: A* whose idea of what is left comes
    from landmarks. None where it is not found among `limit` junctions; a way that is known by then is taken."""
    lengths, heads, tails = arrays["edge_length"], arrays["edge_from"], arrays["edge_to"]
    first, to, half_at = arrays["out_first"], arrays["out_to"], arrays["out_half"]
    length, modes = arrays["out_length"], arrays["out_modes"]
    (one, one_m), (two, two_m), (three, three_m) = _landmarks(arrays, start, end)

    found, last = inf, -1  # the best way so far: its length, its last junction
    ahead_m = end.along_m - start.along_m
    direct = 2 * start.edge + (ahead_m < 0.0)
    if start.edge == end.edge and (arrays["edge_back"] if direct & 1 else arrays["edge_forth"])[start.edge] & bit:
        found = abs(ahead_m)
    into: dict[int, tuple[float, int]] = {}  # the end's junctions: what is left from there, over which half edge
    if arrays["edge_forth"][end.edge] & bit:
        into[heads[end.edge]] = (end.along_m, 2 * end.edge)
    if arrays["edge_back"][end.edge] & bit:
        rest = (max(0.0, lengths[end.edge] - end.along_m), 2 * end.edge + 1)
        into[tails[end.edge]] = min(rest, into.get(tails[end.edge], rest))
    cost: dict[int, float] = {}
    came: dict[int, tuple[int, int]] = {}  # the junction before, and the half edge from there
    if arrays["edge_forth"][start.edge] & bit:
        cost[tails[start.edge]] = max(0.0, lengths[start.edge] - start.along_m)
        came[tails[start.edge]] = (-1, 2 * start.edge)
    if arrays["edge_back"][start.edge] & bit and start.along_m < cost.get(heads[start.edge], inf):
        cost[heads[start.edge]] = start.along_m
        came[heads[start.edge]] = (-1, 2 * start.edge + 1)
    queue = [
        (so_far + max(abs(one[node] - one_m), abs(two[node] - two_m), abs(three[node] - three_m)), node)
        for node, so_far in cost.items()
    ]
    heapify(queue)
    done: set[int] = set()
    while queue:
        total, node = heappop(queue)
        if total >= found or len(done) >= limit:
            break
        if node in done:
            continue
        done.add(node)
        so_far = cost[node]
        if node in into and so_far + into[node][0] < found:
            found, last = so_far + into[node][0], node
        for i in range(first[node], first[node + 1]):
            if modes[i] & bit:
                then, there = so_far + length[i], to[i]
                if there not in done and then < cost.get(there, inf):
                    cost[there] = then
                    came[there] = (node, half_at[i])
                    left = abs(one[there] - one_m)  # the largest of the three: max() would cost as much again
                    other = abs(two[there] - two_m)
                    if other > left:
                        left = other
                    other = abs(three[there] - three_m)
                    heappush(queue, (then + (other if other > left else left), there))
    if last < 0:
        return [direct] if found < inf else None
    halves = [into[last][1]]
    while last >= 0:
        last, half = came[last]
        halves.append(half)
    return halves[::-1]


def by_trees(arrays: Arrays, start: Spot, end: Spot, bit: int) -> list[int] | None:
    """The half edges of a way towards a root until the way from there to the end is met: the shortest such way of all
    roots (footfall.world.street_trees). None where the mode does not get from the one spot to the other."""
    n = len(arrays["node_lon"])
    towards, away, lengths = arrays["tree_towards"], arrays["tree_away"], arrays["edge_length"]
    heads, tails = arrays["edge_from"], arrays["edge_to"]
    # start and end both have one direction that is permitted, or two
    leaving = [2 * start.edge + i for i, way in enumerate(("edge_forth", "edge_back")) if arrays[way][start.edge] & bit]
    arriving = [2 * end.edge + i for i, way in enumerate(("edge_forth", "edge_back")) if arrays[way][end.edge] & bit]
    best_m, best = inf, None
    for at in range(MODES.index(bit) * ROOTS * n, (MODES.index(bit) + 1) * ROOTS * n, n):
        for last in arriving:
            node = tails[last >> 1] if last & 1 else heads[last >> 1]
            down = {node: 0}  # how many half edges before the last one
            halves = [last]
            while (half := away[at + node]) != NO_HALF:
                halves.append(half)
                node = tails[half >> 1] if half & 1 else heads[half >> 1]
                down[node] = len(halves) - 1
            for first in leaving:
                node = heads[first >> 1] if first & 1 else tails[first >> 1]
                up = [first]
                while node not in down and (half := towards[at + node]) != NO_HALF:
                    up.append(half)
                    node = heads[half >> 1] if half & 1 else tails[half >> 1]
                if node not in down:
                    continue
                whole = up + halves[down[node] :: -1]
                length_m = sum(lengths[half >> 1] for half in whole)
                length_m -= lengths[start.edge] - start.along_m if first & 1 else start.along_m
                length_m -= end.along_m if last & 1 else lengths[end.edge] - end.along_m
                if length_m < best_m:
                    best_m, best = length_m, whole
    return best


def _landmarks(arrays: Arrays, start: Spot, end: Spot) -> list[tuple[memoryview[float], float]]:
    """The three landmarks that tell most about the way: the distances of all junctions, and that of `end`."""
    lengths, n = arrays["landmark_length"], len(arrays["node_lon"])
    told = []
    for at in range(0, len(lengths), n):
        here_m, there_m = _from_landmark(arrays, at, start), _from_landmark(arrays, at, end)
        told.append((abs(here_m - there_m), at, there_m))
    told.sort(reverse=True)
    return [(lengths[at : at + n], there_m) for _, at, there_m in told[:3]]


def _from_landmark(arrays: Arrays, at: int, spot: Spot) -> float:
    edge = spot.edge
    lengths = arrays["landmark_length"]
    by_head = lengths[at + arrays["edge_from"][edge]] + spot.along_m
    by_tail = lengths[at + arrays["edge_to"][edge]] + arrays["edge_length"][edge] - spot.along_m
    return float(min(by_head, by_tail))
