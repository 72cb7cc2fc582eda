"""Custom actions of journeys: POST to a URL on this machine.

Tried again three times on every error but 401, 403 and 404, as Journey Optimizer does
(https://experienceleague.adobe.com/docs/journey-optimizer/using/start/guardrails.html), with half a second, one and two
seconds between; Adobe documents no pauses. A 2xx is success; redirects are not followed, or a call could leave this
machine. An error that nobody thought of is logged, and not tried again.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable

import httpx

from footfall.platform.journeys.messages import Message

_log = logging.getLogger(__name__)

RETRIES = 3
FIRST_PAUSE_S = 0.5
NOT_RETRIED = frozenset({401, 403, 404})
MOST_AT_ONCE = 100

Answered = Callable[[str, str, str], None]
"""Run, id of the message, and why it failed, "" where it did not."""


class Webhooks:
    """The calls under way. `answered` hears of each that is over. Everything is in the event loop's thread."""

    def __init__(self, answered: Answered, first_pause_s: float = FIRST_PAUSE_S) -> None:
        self._answered = answered
        self._first_pause_s = first_pause_s
        self._calls: dict[asyncio.Task[None], str] = {}  # with their runs
        self._free = asyncio.Semaphore(MOST_AT_ONCE)
        self._tls: ssl.SSLContext | None = None

    def call(self, run: str, message: Message) -> None:
        """Begins a call."""
        task = asyncio.ensure_future(self._call(run, message))
        self._calls[task] = run
        task.add_done_callback(self._calls.pop)

    def forget(self, run: str | None) -> None:
        """Those of the run, or of all, are given up; nobody hears of them."""
        for call, of_run in self._calls.items():
            if run in (None, of_run):
                call.cancel()

    def close(self) -> None:
        """Those under way are given up; they are called again when the platform is started again."""
        self.forget(None)

    async def _call(self, run: str, message: Message) -> None:
        try:
            why = await self._outcome(message)
        except Exception as error:  # whatever it was: somebody waits in a journey for the answer
            _log.exception("the webhook to %s", message.to)
            why = f"{message.to}: {str(error) or type(error).__name__}"
        self._answered(run, message.id, why)

    async def _outcome(self, message: Message) -> str:
        why = ""
        timeout_s = (message.timeout_ms or 30_000) / 1000
        if self._tls is None:  # one for all: to make one takes twenty milliseconds, in which no phone is answered
            self._tls = ssl.create_default_context()
        async with self._free, httpx.AsyncClient(trust_env=False, timeout=timeout_s, verify=self._tls) as http:
            for attempt in range(1 + RETRIES):
                if attempt:
                    await asyncio.sleep(self._first_pause_s * 2 ** (attempt - 1))
                why, again = await _post(http, message)
                if not again:
                    break
        return why


async def _post(http: httpx.AsyncClient, message: Message) -> tuple[str, bool]:
    """Why it failed, "" where it did not, and whether it is worth another attempt."""
    headers = {"content-type": "application/json", "x-request-id": message.id}
    try:
        answer = await http.post(message.to, content=bytes(message.content), headers=headers)
    except httpx.InvalidURL as error:
        return f"{message.to}: {error}", False
    except httpx.HTTPError as error:
        return f"{message.to}: {str(error) or type(error).__name__}", True
    if answer.is_success:
        return "", False
    return f"{message.to} answered {answer.status_code}", answer.status_code not in NOT_RETRIED
