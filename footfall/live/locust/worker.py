"""A worker's part: take the run from the master, lease phones, report lives, finish when told."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import AsyncResult

from footfall import __version__
from footfall.live.http import Origin
from footfall.live.inlet import TokenUnusable
from footfall.live.locust.active import ActiveRun
from footfall.live.locust.spec import RunSpec, this_machine
from footfall.world.problems import BadInput

COALESCE_S = 0.01
ASK_AGAIN_S = 0.2
ASK_AFRESH_S = 5.0
FLUSH_S = 0.5


class Worker:
    """Footfall on a Locust worker. `active` is the run that is under way here."""

    def __init__(self, environment: Any, runner: Any) -> None:
        self.active: ActiveRun | None = None
        self._environment = environment
        self._runner = runner
        self._wanting: deque[AsyncResult[int | None]] = deque()
        self._dry = False
        self._done: list[int] = []
        for name, handler in (
            ("footfall.run", self._on_run),
            ("footfall.lease", self._on_lease),
            ("footfall.finish", self._on_finish),
        ):
            # concurrent: Locust's message loop must not wait for a file or for the last life
            runner.register_message(name, self._message(handler), concurrent=True)

    @staticmethod
    def _message(handler: Callable[[Any], None]) -> Callable[..., None]:
        def listener(environment: Any, msg: Any, **_: Any) -> None:
            handler(msg.data)

        return listener

    def _on_run(self, data: dict[str, Any]) -> None:
        """Takes a run from the master, in about 0.2 s: files are not read here but sent along, and nothing is made for
        a phone before it is leased. A worker whose loop is blocked for 3 s would be declared missing, and Locust would
        end the test with exit code 0 and no request made; such a run has no events, and its verdict is unknown."""
        spec = RunSpec.from_message(data)
        if self.active is not None and self.active.spec.run == spec.run:
            return
        if Origin.of(spec.host).loopback and spec.machine != this_machine():
            self._refuse(
                spec,
                f"this worker is on another machine than the master, and the target {spec.host} is a loopback address: "
                "here it would be a different one, or none. Start the master with --host http://ADDRESS, an address "
                "that every machine reaches, with --confirm-host and --datastream (the local platform listens on "
                "loopback only); or run all workers beside the master.",
            )
            return
        if spec.version != __version__:
            self._refuse(
                spec, f"this worker has Footfall {__version__}, the master {spec.version}: their phones differ"
            )
            return
        self.finish()  # an older run that is still under way: there is no other way out of it
        self._wanting.clear()
        self._dry = False
        self._done.clear()
        try:
            self.active = ActiveRun(
                spec,
                f"worker-{self._runner.worker_index}-{self._runner.client_id[-6:]}",
                self._next_phone,
                self._ended,
                self._environment.events.request.fire,
            )
        except (BadInput, TokenUnusable, OSError) as error:
            self._refuse(spec, str(error))
            return
        gevent.spawn(self._flush_now_and_then, self.active)

    def _refuse(self, spec: RunSpec, why: str) -> None:
        self.active = None
        self._runner.send_message("footfall.refused", {"run": spec.run, "why": why})

    def _flush_now_and_then(self, active: ActiveRun) -> None:
        while self.active is active:
            gevent.sleep(FLUSH_S)
            if self.active is active:
                active.flush()

    def _next_phone(self) -> int | None:
        """Asks the master for a phone. The wishes of a few milliseconds go out in one message."""
        if self._dry or self.active is None:
            return None
        wish: AsyncResult[int | None] = AsyncResult()
        if not self._wanting:
            gevent.spawn_later(COALESCE_S, self._ask)
        self._wanting.append(wish)
        try:
            return wish.get()
        except BaseException:  # the slot is killed while it waits
            if wish in self._wanting:
                self._wanting.remove(wish)
            elif wish.value is not None and self.active is not None:
                self.active.adopt(wish.value)  # the phone that it had just been given
            raise

    def _ask(self) -> None:
        if self.active is not None and self._wanting:
            gevent.spawn_later(ASK_AFRESH_S, self._ask_afresh, len(self._wanting))
            self._runner.send_message("footfall.want", {"run": self.active.spec.run, "count": len(self._wanting)})

    def _ask_afresh(self, wanted: int) -> None:
        """Should a message have been lost, somebody must ask again."""
        if len(self._wanting) >= wanted:
            self._ask()

    def _on_lease(self, data: dict[str, Any]) -> None:
        if self.active is None or data["run"] != self.active.spec.run:
            return
        for k in range(data["first"], data["first"] + data["count"]):
            if self._wanting:
                self._wanting.popleft().set(k)
            else:
                self.active.adopt(k)  # the slot that wanted it was killed meanwhile
        if data["dry"]:
            self._dry = True
            while self._wanting:
                self._wanting.popleft().set(None)
        elif self._wanting:
            gevent.spawn_later(ASK_AGAIN_S, self._ask)

    def _ended(self, k: int) -> None:
        if not self._done:
            gevent.spawn_later(FLUSH_S, self._report)
        self._done.append(k)

    def _report(self) -> None:
        if self._done and self.active is not None:
            phones, self._done = self._done, []
            self._runner.send_message("footfall.ended", {"run": self.active.spec.run, "phones": phones})

    def _on_finish(self, data: dict[str, Any]) -> None:
        if self.active is not None and data["run"] == self.active.spec.run:
            self.finish()

    def finish(self) -> None:
        """Ends the lives, waits for the last one, closes the ledger, sends the last statistics, and says so."""
        active = self.active
        if active is None:
            return
        self._dry = True
        while self._wanting:
            self._wanting.popleft().set(None)
        active.end()
        while active.living:
            gevent.sleep(0.05)
        self._report()
        self.active = None
        active.flush()  # that the last lines could not be written must be told
        active.close()
        # what Locust itself would send up to 3 s later, or never: the master's quit does not wait for it
        self._runner._send_stats()
        self._runner.send_message(
            "footfall.finished",
            {"run": active.spec.run, "trouble": active.trouble, "ledger": str(active.ledger.path)},
        )

    def after_stop(self) -> None:
        """Locust's worker sleeps for stop_timeout after every stop before it is ready again; there is nothing left to
        wait for."""
        self._environment.stop_timeout = 0.0
