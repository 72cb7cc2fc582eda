"""Where profiles are kept: the port, and a store that forgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Protocol

from footfall.platform.profiles.identities import Identity
from footfall.platform.profiles.person import Activity, Profile


class ProfileStore(Protocol):
    """The profiles of one sandbox. Each identity belongs to one profile at most."""

    def get(self, identity: Identity) -> Profile | None:
        """The profile that it belongs to."""
        ...

    def put(self, profiles: Iterable[Profile], gone: Iterable[int] = ()) -> None:
        """Keeps these, which take every identity that they hold from whoever had it, and forgets the numbers in
        `gone`, whose identities the others took over."""
        ...

    def new_number(self) -> int:
        """A number that no profile has, above all that were given."""
        ...

    def count(self, identity: Identity, at_ms: int) -> None:
        """An event was taken, which is kept under it; a store that can ask the lake need not count."""
        ...

    def activity(self, identities: Sequence[Identity]) -> Activity:
        """The events that are kept under these."""
        ...

    def met(self, id: str) -> bool:
        """Whether the profile store met this `_id` before; it meets it now."""
        ...


class MemoryProfileStore:
    """For a platform in the process of its phones, in virtual time. Of an `_id` it keeps eight bytes."""

    def __init__(self) -> None:
        self._profiles: dict[Identity, Profile] = {}
        self._activity: dict[Identity, list[int]] = {}  # how many events, when the last one came
        self._met: set[bytes] = set()
        self._last_number = 0

    def get(self, identity: Identity) -> Profile | None:
        """The profile that it belongs to."""
        return self._profiles.get(identity)

    def put(self, profiles: Iterable[Profile], gone: Iterable[int] = ()) -> None:
        """Keeps these. Who is gone has no identity left, and so is found no more."""
        for profile in profiles:
            for node in profile.graph.nodes:
                self._profiles[node.identity] = profile

    def new_number(self) -> int:
        """One more than the last."""
        self._last_number += 1
        return self._last_number

    def count(self, identity: Identity, at_ms: int) -> None:
        """One more event."""
        counted = self._activity.get(identity)
        if counted is None:
            self._activity[identity] = [1, at_ms]
        else:
            counted[0] += 1
            counted[1] = max(counted[1], at_ms)

    def activity(self, identities: Sequence[Identity]) -> Activity:
        """What was counted under these."""
        counted = [self._activity[identity] for identity in identities if identity in self._activity]
        return Activity(sum(events for events, _ in counted), max((last_ms for _, last_ms in counted), default=0))

    def met(self, id: str) -> bool:
        """Whether it was asked for this one before."""
        digest = blake2b(id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        if digest in self._met:
            return True
        self._met.add(digest)
        return False
