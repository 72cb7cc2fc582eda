"""Ways that are known beforehand: from everywhere to a few junctions, and from these to everywhere.

A search that looks at no more than so many junctions gives up on some trips, long ones mostly. Then there is still a
way: towards one of these junctions until one meets the way from there to the goal. It is a possible way, not the
shortest; taken over the best of the junctions it is seldom much longer, and finding it costs as much as walking along
it.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from heapq import heappop, heappush
from math import inf

from footfall.world.street_arrays import MODES, NO_HALF

ROOTS = 6
_SHARES = tuple((x, y) for x in (0.25, 0.75) for y in (1 / 6, 1 / 2, 5 / 6))

_Arc = tuple[int, float, int]  # to which junction, how long, over which half edge


def trees(
    nodes: Sequence[tuple[int, int]],
    ends: Sequence[tuple[int, int]],
    lengths: Sequence[float],
    permitted: Sequence[tuple[int, int]],
) -> tuple[array[int], array[int]]:
    """For each mode and root and junction the half edge to take towards the root, and the one by which one comes from
    there; NO_HALF at the root itself and where the mode does not get. The roots lie where the junctions are, spread.

    `nodes` are positions of junctions; `ends`, `lengths` and `permitted` (forth, back) those of the edges. One can get
    from each junction to each in each mode that it has at all.
    """
    towards, away = array("I"), array("I")
    for bit in MODES:
        out: list[list[_Arc]] = [[] for _ in nodes]
        into: list[list[_Arc]] = [[] for _ in nodes]
        for edge, ((a, b), length_m, (forth, back)) in enumerate(zip(ends, lengths, permitted, strict=True)):
            for start, end, half, modes in ((a, b, 2 * edge, forth), (b, a, 2 * edge + 1, back)):
                if modes & bit:
                    out[start].append((end, length_m, half))
                    into[end].append((start, length_m, half))
        for root in _roots([node if out[i] else None for i, node in enumerate(nodes)]):
            towards.extend(_tree(root, into))
            away.extend(_tree(root, out))
    return towards, away


def _roots(nodes: Sequence[tuple[int, int] | None]) -> list[int]:
    """The junctions nearest to where the shares of all junctions are west and south; any, where there are none."""
    there = [(node, i) for i, node in enumerate(nodes) if node is not None]
    if not there:
        return [0] * ROOTS
    lons, lats = sorted(node[0] for node, _ in there), sorted(node[1] for node, _ in there)
    goals = [(lons[int(x * len(lons))], lats[int(y * len(lats))]) for x, y in _SHARES]
    return [min(there, key=lambda each: abs(each[0][0] - x) + 2 * abs(each[0][1] - y))[1] for x, y in goals]


def _tree(root: int, arcs: Sequence[Sequence[_Arc]]) -> list[int]:
    """Dijkstra from the root: the half edge over which each junction is nearest to it."""
    reached, over = [inf] * len(arcs), [NO_HALF] * len(arcs)
    reached[root] = 0.0
    queue = [(0.0, root)]
    while queue:
        so_far, node = heappop(queue)
        if so_far > reached[node]:
            continue
        for there, length_m, half in arcs[node]:
            if so_far + length_m < reached[there]:
                reached[there], over[there] = so_far + length_m, half
                heappush(queue, (so_far + length_m, there))
    return over
