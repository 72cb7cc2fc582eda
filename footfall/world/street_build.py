"""Makes a street network out of ways: the other half of footfall.world.streets.

A way is a line of numbered nodes, as OpenStreetMap has it; ways meet where they share a node. Here they are cut at
the nodes where ways meet, pieces that only continue one another are joined, shapes are thinned, and what cannot be
reached from the rest is taken out of the mode in question, so that a route fails only by its length.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import cos, radians, sqrt

import msgspec

from footfall.world.geo import METRES_PER_DEGREE, Point, distance_m, wrapped
from footfall.world.street_arrays import MODES, PER_DEGREE, pack
from footfall.world.street_landmarks import landmark_lengths
from footfall.world.street_shapes import thinned
from footfall.world.street_trees import trees

SHAPE_WITHIN_M = 1.0
CELL_M = 50.0  # in a city centre some ten segments lie in such a cell
CELLS_PER_SEGMENT = 4  # in open country cells are larger, lest there be more of them than of anything else


class Way(msgspec.Struct, frozen=True):
    """A line of nodes. `forth` and `back`: the modes permitted along it and against it, bits of
    footfall.world.street_arrays.MODES. `limit_kmh`: 1..255."""

    nodes: tuple[int, ...]
    forth: int
    back: int
    limit_kmh: int


class NoStreets(ValueError):
    """There is nothing to make a network of."""


def encode(ways: Iterable[Way], positions: Mapping[int, Point]) -> bytes:
    """The network of these ways, for footfall.world.streets.Streets: the same bytes for the same ways in the same
    order. Nodes without a position are passed over (extracts are cut through ways). Raises NoStreets."""
    pieces = _reachable(_continued(_cut(ways, positions)))
    if not pieces:
        raise NoStreets("no way has two nodes with positions and a permitted mode")
    numbers: dict[int, int] = {}
    for piece in pieces:
        for node in (piece.nodes[0], piece.nodes[-1]):
            numbers.setdefault(node, len(numbers))
    middle = positions[pieces[0].nodes[0]].lon

    def degrees7(point: Point) -> tuple[int, int]:
        return round((middle + wrapped(point.lon - middle)) * PER_DEGREE), round(point.lat * PER_DEGREE)

    arrays: dict[str, array[int] | array[float]] = {}
    nodes = [degrees7(positions[node]) for node in numbers]
    arrays["node_lon"], arrays["node_lat"] = array("i", (n[0] for n in nodes)), array("i", (n[1] for n in nodes))
    first, lons, lats, of_edge, lengths = array("I", [0]), array("i"), array("i"), array("I"), array("f")
    for edge, piece in enumerate(pieces):
        line = [positions[node] for node in piece.nodes]
        line = [line[i] for i in thinned(line, SHAPE_WITHIN_M)]
        lengths.append(sum(distance_m(a, b) for a, b in pairwise(line)))
        for lon, lat in map(degrees7, line):
            lons.append(lon)
            lats.append(lat)
            of_edge.append(edge)
        first.append(len(lons))
    arrays |= {"shape_first": first, "shape_lon": lons, "shape_lat": lats, "shape_edge": of_edge}
    arrays["edge_length"] = lengths
    heads = array("I", (numbers[piece.nodes[0]] for piece in pieces))
    tails = array("I", (numbers[piece.nodes[-1]] for piece in pieces))
    arrays |= {"edge_from": heads, "edge_to": tails}
    arrays["edge_forth"] = array("B", (piece.forth for piece in pieces))
    arrays["edge_back"] = array("B", (piece.back for piece in pieces))
    arrays["edge_limit"] = array("B", (piece.limit_kmh for piece in pieces))
    arrays["landmark_length"] = landmark_lengths(heads, tails, lengths, len(numbers))
    permitted = [(piece.forth, piece.back) for piece in pieces]
    arrays["tree_towards"], arrays["tree_away"] = trees(nodes, list(zip(heads, tails, strict=True)), lengths, permitted)
    return pack(arrays | _half_edges(arrays, len(numbers)) | _grid(lons, lats, of_edge))


def _cut(ways: Iterable[Way], positions: Mapping[int, Point]) -> list[Way]:
    """The ways cut where they meet, and at gaps."""
    whole: list[Way] = []
    for way in ways:
        if not way.forth | way.back:
            continue
        run: list[int] = []
        for node in way.nodes:
            if node not in positions:
                whole += [_like(way, run)] if len(run) > 1 else []
                run = []
            elif not run or node != run[-1]:
                run.append(node)
        whole += [_like(way, run)] if len(run) > 1 else []
    uses = Counter(node for way in whole for node in way.nodes)
    pieces = []
    for way in whole:
        begin = 0
        for i in range(1, len(way.nodes)):
            if i == len(way.nodes) - 1 or uses[way.nodes[i]] > 1:
                pieces.append(_like(way, way.nodes[begin : i + 1]))
                begin = i
    return pieces


def _like(way: Way, nodes: Sequence[int]) -> Way:
    return Way(tuple(nodes), way.forth, way.back, way.limit_kmh)


def _continued(pieces: list[Way]) -> list[Way]:
    """Pieces that meet alone at a node and permit the same become one: a search then looks at real junctions only."""
    at: dict[int, list[int]] = {}
    for i, piece in enumerate(pieces):
        at.setdefault(piece.nodes[0], []).append(i)
        at.setdefault(piece.nodes[-1], []).append(i)
    alive: list[Way | None] = list(pieces)
    for node, (one, *others) in at.items():
        if len(others) != 1 or others[0] == one:
            continue
        a, b = alive[one], alive[others[0]]
        assert a is not None  # a piece that went into another is replaced by that one in `at`
        assert b is not None
        a = a if a.nodes[-1] == node else _turned(a)
        b = b if b.nodes[0] == node else _turned(b)
        if (a.forth, a.back, a.limit_kmh) != (b.forth, b.back, b.limit_kmh):
            continue
        alive[one], alive[others[0]] = _like(a, a.nodes + b.nodes[1:]), None
        far = at[b.nodes[-1]]
        far[far.index(others[0])] = one
    return [piece for piece in alive if piece is not None]


def _turned(way: Way) -> Way:
    return Way(way.nodes[::-1], way.back, way.forth, way.limit_kmh)


def _reachable(pieces: list[Way]) -> list[Way]:
    """The pieces, each with those modes only in which one gets from it to most others and back."""
    forth, back = [0] * len(pieces), [0] * len(pieces)
    for bit in MODES:
        out: dict[int, list[int]] = {}
        for piece in pieces:
            a, b = piece.nodes[0], piece.nodes[-1]
            if piece.forth & bit:
                out.setdefault(a, []).append(b)
            if piece.back & bit:
                out.setdefault(b, []).append(a)
        knot = _largest_knot(out)
        for i, piece in enumerate(pieces):
            if piece.nodes[0] in knot and piece.nodes[-1] in knot:
                forth[i] |= piece.forth & bit
                back[i] |= piece.back & bit
    kept = [Way(p.nodes, f, b, p.limit_kmh) for p, f, b in zip(pieces, forth, back, strict=True) if f | b]
    joined: dict[int, list[int]] = {}
    for piece in kept:  # a network for cars apart from that for walkers would have no landmarks in common with it
        joined.setdefault(piece.nodes[0], []).append(piece.nodes[-1])
        joined.setdefault(piece.nodes[-1], []).append(piece.nodes[0])
    main = _largest_knot(joined)
    return [piece for piece in kept if piece.nodes[0] in main]


def _largest_knot(out: Mapping[int, Sequence[int]]) -> set[int]:
    """The largest set of nodes of which each reaches each (Tarjan's strongly connected components, without recursion);
    of equals the one found first."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    largest: set[int] = set()
    for root in out:
        if root in index:
            continue
        work = [(root, iter(out[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, following = work[-1]
            for there in following:
                if there not in index:
                    index[there] = low[there] = len(index)
                    stack.append(there)
                    on_stack.add(there)
                    work.append((there, iter(out.get(there, ()))))
                    break
                if there in on_stack:
                    low[node] = min(low[node], index[there])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    knot = {node}
                    while (popped := stack.pop()) != node:
                        knot.add(popped)
                    on_stack -= knot
                    largest = max(largest, knot, key=len)
    return largest


def _half_edges(arrays: Mapping[str, array[int] | array[float]], nodes: int) -> dict[str, array[int] | array[float]]:
    """The out_ arrays: each node's half edges beside one another."""
    out: list[list[tuple[int, int, float, int]]] = [[] for _ in range(nodes)]
    columns = (arrays[name] for name in ("edge_from", "edge_to", "edge_length", "edge_forth", "edge_back"))
    for edge, (a, b, length_m, forth, back) in enumerate(zip(*columns, strict=True)):
        if forth:
            out[int(a)].append((int(b), 2 * edge, length_m, int(forth)))
        if back:
            out[int(b)].append((int(a), 2 * edge + 1, length_m, int(back)))
    first, to, half = array("I", [0]), array("I"), array("I")
    lengths, modes = array("f"), array("B")
    for each in out:
        for there, number, length_m, permitted in each:
            to.append(there)
            half.append(number)
            lengths.append(length_m)
            modes.append(permitted)
        first.append(len(to))
    return {"out_first": first, "out_to": to, "out_half": half, "out_length": lengths, "out_modes": modes}


def _grid(lons: array[int], lats: array[int], of_edge: array[int]) -> dict[str, array[int] | array[float]]:
    """Which segments touch which cell of a grid; a slanting segment is also in cells that only its box touches."""
    west, south, east, north = min(lons), min(lats), max(lons), max(lats)
    ky = METRES_PER_DEGREE / PER_DEGREE
    kx = ky * max(0.01, cos(radians((south + north) / 2 / PER_DEGREE)))
    area_m2 = max(1, east - west) * kx * max(1, north - south) * ky
    cell_m = max(CELL_M, sqrt(area_m2 / (CELLS_PER_SEGMENT * len(lons))))
    width, height = max(1, round(cell_m / kx)), max(1, round(cell_m / ky))
    columns, rows = (east - west) // width + 1, (north - south) // height + 1
    cells: list[list[int]] = [[] for _ in range(columns * rows)]
    for i in range(len(lons) - 1):
        if of_edge[i] != of_edge[i + 1]:
            continue
        left, right = sorted(((lons[i] - west) // width, (lons[i + 1] - west) // width))
        bottom, top = sorted(((lats[i] - south) // height, (lats[i + 1] - south) // height))
        for row in range(bottom, top + 1):
            for column in range(left, right + 1):
                cells[row * columns + column].append(i)
    first, segments = array("I", [0]), array("I")
    for cell in cells:
        segments.extend(cell)
        first.append(len(segments))
    grid = array("i", [west, south, width, height, columns, rows])
    return {"cell_first": first, "cell_segments": segments, "grid": grid}
