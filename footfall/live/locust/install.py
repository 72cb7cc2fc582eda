"""Hooks Footfall into Locust. `install(locust.events)` is all that a locustfile has to call."""

from __future__ import annotations

import logging
import os
import signal
import sys
from typing import Any

import gevent
from gevent.event import Event
from locust import stats
from locust.runners import MasterRunner, WorkerRunner

from footfall.live.control import PlatformGone
from footfall.live.locust.conductor import EXIT_BAD_USAGE, EXIT_UNKNOWN, Conductor
from footfall.live.locust.options import BadUsage, add_options
from footfall.live.locust.worker import Worker
from footfall.world.problems import BadInput

log = logging.getLogger("footfall")


def install(events: Any) -> None:
    """Adds the listeners. The state of a process is `environment.footfall`: a Conductor or a Worker."""

    def on_parser(parser: Any, **_: Any) -> None:
        add_options(parser)

    def on_init(environment: Any, runner: Any, **_: Any) -> None:
        if isinstance(runner, WorkerRunner):
            _hook_worker(events, environment, runner)
        else:
            _hook_conductor(events, environment, runner)

    logging.getLogger("httpx").setLevel(logging.WARNING)  # or it logs every call to the platform's API
    events.init_command_line_parser.add_listener(on_parser)
    events.init.add_listener(on_init)


def _hook_worker(events: Any, environment: Any, runner: Any) -> None:
    worker = environment.footfall = Worker(environment, runner)

    events.test_stopping.add_listener(lambda **_: worker.finish())
    events.test_stop.add_listener(lambda **_: worker.after_stop())
    # SIGTERM: listeners run last first, so this comes before Locust's own word to the master that the worker quits
    events.quitting.add_listener(lambda **_: worker.finish())

    def leave() -> None:
        worker.finish()
        runner.quit()

    _hook_signals(leave)


def _hook_conductor(events: Any, environment: Any, runner: Any) -> None:
    conductor = Conductor(environment, runner, distributed=isinstance(runner, MasterRunner))
    environment.footfall = conductor
    _hook_signals(lambda: _leave(conductor, environment, runner))
    try:
        conductor.prepare()
    except (BadUsage, BadInput, PlatformGone, OSError) as error:
        conductor.leave()
        print(error, file=sys.stderr)
        _send_workers_home(runner)
        # not an exception for Locust to log with a traceback and turn into exit code 1
        sys.exit(EXIT_BAD_USAGE)

    def on_quitting(**_: Any) -> None:
        # a local runner is only stopped after Locust has settled the exit code; the verdict must be there before
        runner.stop()
        conductor.settle()
        if environment.parsed_options.csv_prefix:
            # Locust's CSV of a single process is not written a last time: let its writer, once a second, come round
            gevent.sleep(stats.CSV_STATS_INTERVAL_SEC + 0.2)

    def on_quit(**_: Any) -> None:
        if environment.parsed_options.headless:
            conductor.print_verdict_once()
        conductor.leave()

    events.test_start.add_listener(lambda **_: conductor.start())
    events.worker_connect.add_listener(lambda client_id, **_: conductor.worker_joined(client_id))
    events.test_stopping.add_listener(lambda **_: conductor.stopping())
    events.test_stop.add_listener(lambda **_: conductor.stopped())
    events.quitting.add_listener(on_quitting)
    events.quit.add_listener(on_quit)


def _leave(conductor: Conductor, environment: Any, runner: Any) -> None:
    """Ctrl-C: ends the run in order, then lets Locust's main greenlet go on to its shutdown."""
    conductor.settle()
    runner.quit()
    options = environment.parsed_options
    if (options.headless or options.autostart) and conductor.run is None and conductor.failed is None:
        # Locust's main greenlet is still starting, or in its endless wait for workers, which only an exception ends
        conductor.leave()
        hub: Any = gevent.get_hub()
        hub.loop.run_callback(hub.parent.throw, SystemExit(EXIT_UNKNOWN))
    elif environment.web_ui is not None:
        environment.web_ui.stop()


def _send_workers_home(runner: Any) -> None:
    """Workers of `--processes` are already there, waiting: they are told to quit before the master does."""
    if isinstance(runner, MasterRunner):
        runner.quit()


def _hook_signals(leave: Any) -> None:
    """The first Ctrl-C ends the run in order, the second at once.

    Python's own handler would raise KeyboardInterrupt in whichever greenlet happens to run, most likely in the middle
    of a phone's request.
    """
    asked = Event()

    def on_interrupt() -> None:
        if asked.is_set():
            os._exit(130)
        asked.set()
        log.info("stopping: what the phones still hold is delivered first; Ctrl-C again to leave at once")
        leave()

    gevent.signal_handler(signal.SIGINT, on_interrupt)
