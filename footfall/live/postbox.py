"""The mailbox that stands in for APNs and FCM: what the local platform pushes is fetched and handed to the phones.

One listener for all phones of a process, by long polling: a phone has no connection of its own for push either, its
system has one for all apps. What is pushed to a phone that does not live here, or no longer, finds nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import gevent
import httpx
import msgspec

from footfall.live.notifications import Pushed

log = logging.getLogger("footfall")

WAIT_S = 10
PAGE = 500
PAUSE_S = 1.0  # after a failure


class _Row(Pushed, frozen=True, kw_only=True):
    seq: int


class _Page(msgspec.Struct):
    messages: tuple[_Row, ...]


_PAGE = msgspec.json.Decoder(_Page)


class Postbox:
    """Listens for the pushes of one run. `deliver` gets each once, in order, as soon as it is known. A platform that
    does not answer, or not as it should, is asked again; `failed` hears of anything else, and nobody listens then."""

    def __init__(
        self, url: str, run: str, deliver: Callable[[Pushed], None], failed: Callable[[Exception], None]
    ) -> None:
        self._url = url if "://" in url else f"http://{url}"
        self._run = run
        self._deliver = deliver
        self._failed = failed
        self._after = 0
        self._listener = gevent.spawn(self._listen)

    def close(self) -> None:
        """Nobody listens any more."""
        self._listener.kill(block=False)

    def _listen(self) -> None:
        try:
            self._fetch_for_ever()
        except Exception as error:  # of ours: pushes that are silently lost would be blamed on the platform
            self._failed(error)

    def _fetch_for_ever(self) -> None:
        failing = False
        with httpx.Client(base_url=self._url, timeout=WAIT_S + 10.0, trust_env=False) as http:
            while True:
                try:
                    rows = self._fetch(http)
                    failing = False
                except (httpx.HTTPError, msgspec.MsgspecError) as error:
                    if not failing:
                        log.warning("push messages cannot be fetched: %s", error)
                    failing = True
                    gevent.sleep(PAUSE_S)
                    continue
                for row in rows:
                    self._after = row.seq
                    self._deliver(row)

    def _fetch(self, http: httpx.Client) -> tuple[_Row, ...]:
        query: dict[str, str | int] = {"run": self._run, "channel": "push", "after": self._after}
        answer = http.get("/api/messages", params={**query, "limit": PAGE, "wait_s": WAIT_S})
        if answer.status_code == 408:  # nothing came in time
            return ()
        answer.raise_for_status()
        return _PAGE.decode(answer.content).messages
