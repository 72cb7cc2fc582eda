"""What chance decides in a journey: which path of a split somebody takes."""

from __future__ import annotations

from footfall.platform.journeys.messages import Instance
from footfall.platform.journeys.types import Journey, Split
from footfall.world.streams import bits_at, key_of


def drawn(seed: int, journey: Journey, one: Instance, split: Split) -> str:
    """A path by its share, always the same for the same visit; in a test the one on top."""
    if journey.mode == "test":
        return split.shares[0][0]
    key = key_of(seed, journey.name, one.key, one.id)
    left = (bits_at(key, one.visits) >> 11) * 2.0**-53 * sum(share for _, share in split.shares)
    for name, share in split.shares:
        left -= share
        if left < 0:
            return name
    return split.shares[-1][0]
