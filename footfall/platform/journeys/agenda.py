"""What the journeys of a sandbox share: the effects since the last call, which instances changed, who wakes when."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from footfall.platform.journeys.messages import Effect, Instance

Wake = tuple[int, int, str, int]
"""When, since when, the instance's id, its visits: an order that depends on nothing but the instances themselves."""

_SPARE = 1_000


class Agenda:
    """Live instances by id, and a heap of when each wakes. An entry that its instance has outrun is thrown away when it
    comes up, or when there are more such than others."""

    def __init__(self) -> None:
        self.live: dict[str, Instance] = {}
        self.effects: list[Effect] = []
        self.unanswered: dict[str, str] = {}
        """The instances that wait for a webhook's outcome, by the message's id."""
        self._changed: dict[str, Instance] = {}
        self._forgotten: dict[str, None] = {}
        self._heap: list[Wake] = []

    def touch(self, one: Instance) -> None:
        """It changed: the store wants it."""
        self._changed[one.id] = one

    def changed(self) -> list[Instance]:
        """All that changed since the last call and are not forgotten."""
        changed = [one for id, one in self._changed.items() if id not in self._forgotten]
        self._changed = {}
        return changed

    def forget(self, one: Instance) -> None:
        """It is over, and nothing asks for it any more: the store need not keep it."""
        self._forgotten[one.id] = None

    def forgotten(self) -> list[str]:
        """The ids of all that were forgotten since the last call; to be asked after `changed`."""
        forgotten, self._forgotten = list(self._forgotten), {}
        return forgotten

    def told(self) -> list[Effect]:
        """The effects since the last call."""
        effects, self.effects = self.effects, []
        return effects

    def wake(self, one: Instance, at_ms: int) -> None:
        """From now on this is when time moves the instance on."""
        one.wake_ms = at_ms
        self.touch(one)
        self.put((at_ms, one.since_ms, one.id, one.visits))

    def put(self, entry: Wake) -> None:
        """An entry that was taken comes back."""
        if len(self._heap) > 2 * len(self.live) + _SPARE:
            self._heap = [each for each in self._heap if self._holds(each)]
            heapify(self._heap)
        heappush(self._heap, entry)

    @property
    def due_ms(self) -> int | None:
        """When the next instance wakes."""
        heap = self._heap
        while heap and not self._holds(heap[0]):
            heappop(heap)
        return heap[0][0] if heap else None

    def take(self) -> tuple[Wake, Instance]:
        """The entry that `due_ms` told of, and its instance."""
        entry = heappop(self._heap)
        return entry, self.live[entry[2]]

    def _holds(self, entry: Wake) -> bool:
        one = self.live.get(entry[2])
        return one is not None and one.wake_ms == entry[0] and one.visits == entry[3]
