"""Who lives which phone: the master's book of leases. Pure."""

from __future__ import annotations


class LeaseBook:
    """Hands out phone indexes 0..phones-1 (or one alone), each once and never again, also when a worker is lost and
    Locust gives its users to another."""

    def __init__(self, phones: int, only: int | None = None) -> None:
        self._next = 0 if only is None else only
        self._end = phones if only is None else only + 1
        self._total = self._end - self._next
        self._given: dict[str, int] = {}  # worker -> how many indexes it was ever given
        self._open: dict[str, set[int]] = {}  # worker -> indexes leased and not ended
        self._lost: set[str] = set()
        self.ended = 0

    @property
    def dry(self) -> bool:
        """Whether every index has been leased."""
        return self._next >= self._end

    @property
    def waiting(self) -> int:
        """Indexes that nobody has leased yet."""
        return max(0, self._end - self._next)

    @property
    def done(self) -> bool:
        """Whether no life is under way or to come, but for those of lost workers."""
        return self.dry and not any(left for worker, left in self._open.items() if worker not in self._lost)

    @property
    def abandoned(self) -> list[int]:
        """Indexes leased to lost workers that were never reported as ended."""
        return sorted(k for worker in self._lost for k in self._open.get(worker, ()))

    def workers(self) -> list[str]:
        """Workers that have lives under way and are not lost."""
        return [worker for worker, left in self._open.items() if left and worker not in self._lost]

    @property
    def lost(self) -> list[str]:
        """Workers that are lost with lives under way."""
        return sorted(worker for worker in self._lost if self._open.get(worker))

    def lease(self, worker: str, count: int, workers: int = 1, due: int = 0) -> tuple[int, int]:
        """Up to `count` indexes for the worker, as (first, how many).

        With several workers each gets its fair share of the population, so that the first to ask does not take it all;
        beyond that only phones whose time has come: `due` is the first index that may still wait.
        """
        self._lost.discard(worker)  # who asks is there
        first = self._next
        share = -(-self._total // max(workers, 1)) - self._given.get(worker, 0)
        given = max(0, min(count, self._end - first, max(share, due - first)))
        self._next += given
        self._given[worker] = self._given.get(worker, 0) + given
        self._open.setdefault(worker, set()).update(range(first, first + given))
        return first, given

    def end(self, worker: str, phones: list[int]) -> None:
        """The worker's phones have ended their lives. A worker that was thought lost and reports is no longer lost."""
        left = self._open.setdefault(worker, set())
        self.ended += len(left.intersection(phones))
        left.difference_update(phones)
        self._lost.discard(worker)

    def lose(self, worker: str) -> None:
        """The worker is gone; its phones are abandoned and never leased again."""
        self._lost.add(worker)

    def stop(self) -> None:
        """Leases nothing more."""
        self._end = min(self._end, self._next)
