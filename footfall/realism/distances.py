"""How far a simulated distribution is from a reference, 0 (the same) to 1."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import log, log2, sqrt


def ks(sample: Sequence[float], quantiles: Sequence[float]) -> float:
    """The Kolmogorov-Smirnov distance between a sample and a reference that is given by its quantiles at equal steps
    from 0 to 1, which stand for a sample of their own: with 201 of them the distance is good to 0.005. Ties count once
    on either side. An empty sample is as far as can be: 1."""
    if not sample or not quantiles:
        return 1.0
    ours, theirs = sorted(sample), sorted(quantiles)
    return max(
        abs(side(ours, value) / len(ours) - side(theirs, value) / len(theirs))
        for value in {*ours, *theirs}
        for side in (bisect_left, bisect_right)
    )


def jensen_shannon(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The Jensen-Shannon distance (base 2, the root of the divergence) of two histograms over the same bins; they need
    not be normalised. 1 when either is empty."""
    if sum(ours) <= 0.0 or sum(theirs) <= 0.0:
        return 1.0
    p = [value / sum(ours) for value in ours]
    q = [value / sum(theirs) for value in theirs]
    middle = [(a + b) / 2.0 for a, b in zip(p, q, strict=True)]
    return sqrt(max(0.0, (_divergence(p, middle) + _divergence(q, middle)) / 2.0))


def mean_log_ratio(ours: Sequence[float | None], theirs: Sequence[float]) -> float:
    """The mean of |ln(ours / theirs)| over the entries that we have, at most 1; 1 when there is none."""
    ratios = [abs(log(a / b)) for a, b in zip(ours, theirs, strict=True) if a]
    return min(1.0, sum(ratios) / len(ratios)) if ratios else 1.0


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie, interpolated between neighbours. Raises ValueError without values."""
    if not values:
        raise ValueError("no values have no quantile")
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def _divergence(p: Sequence[float], q: Sequence[float]) -> float:
    return sum(a * log2(a / b) for a, b in zip(p, q, strict=True) if a > 0.0)
