"""When time moves an instance on: deadlines of nodes, the latency before the first action, the global time-out."""

from __future__ import annotations

from footfall.platform.journeys.messages import Instance
from footfall.platform.journeys.types import LEAST_REACTION_MS, TEST_WAIT_MS, Await, Journey, Node, React, Wait
from footfall.world.streams import Stream, key_of


class Times:
    """Of one journey; `seed` is the run's. Everything is made of what an instance holds, so that nothing of it need be
    kept."""

    def __init__(self, journey: Journey, seed: int) -> None:
        self._journey = journey
        self._seed = seed

    def end_ms(self, one: Instance) -> int:
        """The global time-out."""
        return one.entered_ms + self._journey.timeout_ms

    def deadline_ms(self, one: Instance, node: Node) -> int:
        """When time ends the node at which the instance is, 0 for never: then only the global time-out does.

        In test mode waits last 10 seconds whatever they say, and reactions are listened for 40, the least that there is
        (experience-platform.md 5.2); other events as long as they say."""
        test = self._journey.mode == "test"
        match node:
            case Wait() if test:
                return one.since_ms + TEST_WAIT_MS
            case Wait(for_ms=for_ms, until_ms=until_ms):
                return until_ms or one.since_ms + for_ms
            case Await(timeout_ms=timeout_ms):
                return one.since_ms + timeout_ms if timeout_ms else 0
            case React(timeout_ms=timeout_ms):
                return one.since_ms + (LEAST_REACTION_MS if test else timeout_ms)
            case _:
                return self.ready_ms(one) if one.busy and not one.messages else 0

    def ready_ms(self, one: Instance) -> int:
        """Before which no action happens. The latency counts from the entry, so that only the first can feel it, and
        none does after a longer wait."""
        latency = self._journey.latency
        if not latency.median_ms:
            return one.entered_ms
        stream = Stream(key_of(self._seed, self._journey.name, one.key, one.id, "latency"))
        return one.entered_ms + min(round(stream.lognormal(latency.median_ms, latency.sigma)), latency.most_ms)
