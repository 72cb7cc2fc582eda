"""The run's conductor, on the master or in a single process: starts runs, leases phones, ends runs in order, judges.

Ending: Locust's own end loses what users send while they stop, and up to the last three seconds of statistics. Here
everything is brought in from Locust's `test_stopping`, which fires before any user is touched, however the end came
about (all lives lived, Ctrl-C, --run-time, the web form's Stop, the last worker gone): lives end, queues are delivered,
ledgers closed, last statistics received. Only then does Locust go on with stopping, and finds nobody left.
"""

from __future__ import annotations

import logging
import secrets
import socket
import time
from pathlib import Path
from typing import Any

import gevent
from rich.console import Console

from footfall.evidence import manifest as manifests
from footfall.evidence import report
from footfall.evidence.check import several
from footfall.evidence.ops import Lease
from footfall.evidence.verdict import Verdict
from footfall.live import inputs, rundir
from footfall.live.control import LocalPlatform, PlatformGone, start_platform
from footfall.live.http import SLOWEST_ANSWER_S, Origin
from footfall.live.inlet import TokenUnusable, headers_for
from footfall.live.inputs import AppInput, Inputs
from footfall.live.ledger import LedgerFull
from footfall.live.locust.active import ActiveRun
from footfall.live.locust.options import BadUsage, RunOptions, read_options
from footfall.live.locust.progress import Feed, RunProgress
from footfall.live.locust.run import PlatformFile, Run, needs_inlet
from footfall.world.problems import BadInput

log = logging.getLogger("footfall")

TICK_S = 0.2
SETTLE_S = 120.0
LOST_AFTER_S = 4.0  # beside the 3 s after which Locust calls a worker missing
ENDING_TROUBLES = frozenset({"disk-full", "crashed", "refused"})
EXIT_BAD_USAGE = 2
EXIT_UNKNOWN = 3


class Conductor:
    """Footfall on the master, or in the one process of a run without workers."""

    def __init__(self, environment: Any, runner: Any, distributed: bool) -> None:
        self.active: ActiveRun | None = None  # of this process; a master has none
        self.run: Run | None = None
        self._failed: str | None = None
        self._printed = False
        self._serves: Inputs | None = None  # what the local platform answers Places queries from
        self._environment = environment
        self._runner = runner
        self._distributed = distributed
        self._platform: LocalPlatform | None = None
        self._platform_file = PlatformFile()  # what it was started with
        self._used_ids: dict[str, int] = {}
        self._run_time_s: float | None = None
        if distributed:
            for name, handler in (
                ("footfall.want", self._on_want),
                ("footfall.ended", self._on_ended),
                ("footfall.finished", self._on_finished),
                ("footfall.refused", self._on_refused),
            ):
                runner.register_message(name, handler)

    # --- before the first run

    def prepare(self) -> None:
        """Checks the options, the scenario, the host and the web port, and last of all starts the local platform where
        no host is given. Raises BadUsage, BadInput or PlatformGone: nothing is left behind then."""
        parsed = self._environment.parsed_options
        options = read_options(parsed)
        users = getattr(parsed, "num_users", None)
        if users is not None and users < 1:
            raise BadUsage(f"--users: expected a slot at least, found {users}")
        read, app = inputs.load_all(options.scenario, options.app)
        self._check_hosts(options, app)
        inputs.read_journeys(read.scenario.journeys)  # all their problems, before anything is started
        _check_web_port(parsed)
        # Locust's own --run-time quits the master without waiting for the workers' last requests
        if parsed.headless:
            self._run_time_s, parsed.run_time = parsed.run_time, None
        if options.platform_config:
            if self._environment.host:
                raise BadUsage("--platform-config is for the local platform of a run, but there is a --host")
            inputs.read_platform(options.platform_config)  # all its problems, before anything is started
        if not self._environment.host:
            self._start_platform(options, read)
        # a user that Locust takes back by itself (a ramp down) needs a moment to hear of it
        self._environment.stop_timeout = max(self._environment.stop_timeout or 0.0, 5.0)

    def _start_platform(self, options: RunOptions, read: Inputs) -> None:
        self._serves = read
        its = PlatformFile()
        if options.platform_config:
            path = inputs.find_platform(options.platform_config)
            its = PlatformFile(str(path), inputs.read_text(path, "a platform"))
        journeys = [str(inputs.find_journey(name)) for name in read.scenario.journeys]
        self._platform = start_platform(Path(options.runs), [read.geofences_file], options.fsync, its.file, journeys)
        self._platform_file = its
        self._environment.host = self._platform.url
        log.info("local platform at %s, its store is %s", self._platform.url, self._platform.store)

    def _check_hosts(self, options: RunOptions, app: AppInput) -> None:
        inlet_host = options.inlet_host or self._environment.host
        for option, url in (
            ("--host", self._environment.host),
            ("--places-host", options.places_host),
            ("--inlet-host", options.inlet_host),
        ):
            if not url:
                continue
            try:
                origin = Origin.of(url)
            except ValueError as error:
                raise BadUsage(f"{option}: {error}") from None
            if origin.loopback:
                continue
            if not options.confirm_host:
                raise BadUsage(
                    f"{option} {url} is not this machine: every request would leave it. "
                    "Add --confirm-host if that is what you want."
                )
            if option == "--host" and not (options.datastream or app.config.own_datastream):
                raise BadUsage(
                    f"{option} {url} needs --datastream, the id of the datastream to send to, or an --app that names it"
                )
        if inlet_host and needs_inlet(options, app.config):
            _check_inlet(Origin.of(inlet_host), app)

    # --- a run begins

    def start(self) -> None:
        """Locust starts a test: a new run. Errors end the test with one message; no phone lives then."""
        self.run = self._failed = None
        try:
            self._begin()
        except PlatformGone as error:
            self._fail(str(error), EXIT_UNKNOWN)
        except (BadUsage, BadInput, OSError) as error:
            self._fail(str(error), EXIT_BAD_USAGE)
        except Exception as error:  # Locust would log it and go on with users that have no run
            self._fail(f"the run could not begin: {error!r}", EXIT_UNKNOWN)

    def _fail(self, why: str, code: int) -> None:
        self._failed = why
        self._environment.process_exit_code = code
        for line in why.splitlines():
            log.error("%s", line)
        gevent.spawn(self._leave)

    @property
    def verdict(self) -> Verdict | None:
        """Of the run, once it is judged."""
        return None if self.run is None else self.run.verdict

    @property
    def failed(self) -> str | None:
        """Why there is no verdict, if there will be none."""
        return self._failed if self.run is None else self.run.failed

    def _begin(self) -> None:
        options = read_options(self._environment.parsed_options)
        read, app = inputs.load_all(options.scenario, options.app)
        if not self._environment.host:
            if self._platform is None:
                raise BadUsage("--host: expected a URL, found nothing; this Locust was started with a host of yours")
            self._environment.host = self._platform.url
        self._check_hosts(options, app)
        ours = self._platform is not None and self._environment.host == self._platform.url
        if ours and self._serves is not None and not _served_alike(read, self._serves):
            self.leave()  # other places or journeys, chosen in the web form: another platform has those
            self._start_platform(options, read)
        process = "master" if self._distributed else "conductor"
        run = Run(
            self._fresh_id(options.run_id),
            options,
            read,
            app,
            self._environment.host,
            process,
            host_given=not ours,
            platform=self._platform_file if ours else None,
        )
        run.register()
        (run.directory / "manifest.json").write_bytes(manifests.encode(run.manifest))
        spec, feed = run.spec, None
        if self._distributed:
            run.told.update(self._workers_here())
            self._runner.send_message("footfall.run", spec.to_message())
        else:
            feed = Feed(spec.anchor_ms, {poi.id: poi.name for poi in read.pois})
            fire = self._environment.events.request.fire
            self.active = ActiveRun(spec, "local", self._next_local_phone, self._local_ended, fire, feed.take)
        self._environment.process_exit_code = EXIT_UNKNOWN  # until it is judged, whoever asks
        self.run = run
        read_from = spec.scenario_file + (f" with the app {spec.app_file}" if spec.app_file else "")
        what = (spec.run, several(run.phones, "phone"), read_from, spec.speed, _shown(run.directory))
        log.info("run %s: %s, %s, speed %g, in %s", *what)
        if self._environment.parsed_options.headless:
            run.progress = RunProgress(run.phones, feed)
        gevent.spawn(self._conduct, run)

    def _fresh_id(self, wanted: str) -> str:
        """The run's id: the one asked for, but a second run of this process gets a new one, for its events must not
        have the ids of the first."""
        base = wanted or f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        self._used_ids[base] = self._used_ids.get(base, 0) + 1
        times = self._used_ids[base]
        return base if times == 1 else f"{base}-{times}"

    # --- while it runs

    def _conduct(self, run: Run) -> None:
        """Watches the run until it is over, then lets Locust stop (and, headless, quit)."""
        try:
            while not run.ending and not self._over(run):
                gevent.sleep(TICK_S)
        except Exception as error:  # a run that nobody watches would never end
            run.trouble("crashed", f"the conductor: {error!r}")
        if not run.ending:
            self._leave()
        elif self._environment.parsed_options.headless:
            # Locust stopped the test by itself, for the last worker is gone; it would now wait for ever for another
            while self._environment.process_exit_code is None:  # which the verdict sets last
                gevent.sleep(TICK_S)
            self._leave()

    def _over(self, run: Run) -> bool:
        self._show(run)
        if self._distributed:
            self._look_for_lost_workers(run)
        elif self.active is not None:
            self._flush(run, self.active)
        if run.book.done or any(trouble.kind in ENDING_TROUBLES for trouble in run.troubles):
            return True
        total = self._environment.stats.total
        if run.gave_up(total.num_requests, total.num_failures):
            run.trouble("target-gone", f"{run.spec.host} has not answered one request in {run.give_up_s:g} s")
            return True
        if self._run_time_s is not None and time.monotonic() - run.started_s >= self._run_time_s:
            log.info("--run-time is over")
            return True
        return False

    def _leave(self) -> None:
        """Stops the test; headless, Locust quits afterwards."""
        if self._environment.parsed_options.headless:
            self._runner.quit()
        else:
            self._runner.stop()

    def _show(self, run: Run) -> None:
        if run.progress is not None:
            total = self._environment.stats.total
            run.progress.show(
                run.book.ended, self._runner.user_count, total.num_requests, total.current_rps, total.num_failures
            )

    def _flush(self, run: Run, active: ActiveRun) -> None:
        active.flush()
        if active.trouble is not None and active.trouble[0] not in {trouble.kind for trouble in run.troubles}:
            run.trouble(*active.trouble)

    def _look_for_lost_workers(self, run: Run) -> None:
        """A worker that has been silent for a while is lost, with the phones it carried. It may only have been blocked:
        when it comes back and reports, it is lost no longer."""
        here, now_s = self._workers_here(), time.monotonic()
        for worker in run.book.workers():
            if worker in here or worker in run.finished:
                run.missing_since_s.pop(worker, None)
            elif now_s - run.missing_since_s.setdefault(worker, now_s) > LOST_AFTER_S:
                run.book.lose(worker)
                log.warning("worker %s is lost, with phones in their lives", worker)

    def _workers_here(self) -> set[str]:
        clients = self._runner.clients
        return {client.id for client in (*clients.ready, *clients.spawning, *clients.running)}

    def worker_joined(self, client_id: str) -> None:
        """A worker connects while a run is under way: it is told of it, before Locust gives it users."""
        if self.run is not None and not self.run.ending:
            self.run.told.add(client_id)
            self._runner.send_message("footfall.run", self.run.spec.to_message(), client_id)

    def _next_local_phone(self) -> int | None:
        run = self.run
        if run is None or run.ending:
            return None
        first, count = self._lease(run, "local", 1)
        return first if count else None

    def _local_ended(self, k: int) -> None:
        if self.run is not None:
            self.run.book.end("local", [k])

    def _lease(self, run: Run, worker: str, count: int) -> tuple[int, int]:
        """The lease is in the ledger before the worker hears of it."""
        first, given = run.book.lease(worker, count, self._workers(), run.due())
        if given:
            run.ledger.add(Lease(first, given, worker))
            try:
                run.ledger.flush()
            except LedgerFull as full:
                run.trouble("disk-full", str(full))
        return first, given

    def _workers(self) -> int:
        return max(1, self._runner.worker_count) if self._distributed else 1

    def _on_want(self, environment: Any, msg: Any, **_: Any) -> None:
        run = self.run
        if run is None or msg.data["run"] != run.spec.run:
            return
        first, given = (0, 0) if run.ending else self._lease(run, msg.node_id, msg.data["count"])
        self._runner.send_message(
            "footfall.lease",
            {"run": run.spec.run, "first": first, "count": given, "dry": run.ending or run.book.dry},
            msg.node_id,
        )

    def _on_ended(self, environment: Any, msg: Any, **_: Any) -> None:
        if self.run is not None and msg.data["run"] == self.run.spec.run:
            self.run.book.end(msg.node_id, msg.data["phones"])

    def _on_refused(self, environment: Any, msg: Any, **_: Any) -> None:
        run = self.run
        if run is not None and msg.data["run"] == run.spec.run:
            run.finished.add(msg.node_id)
            run.trouble("refused", msg.data["why"])

    def _on_finished(self, environment: Any, msg: Any, **_: Any) -> None:
        run = self.run
        if run is None or msg.data["run"] != run.spec.run:
            return
        run.finished.add(msg.node_id)
        if msg.data["trouble"]:
            kind, why = msg.data["trouble"]
            run.trouble(kind, f"worker {msg.node_id}: {why}")
        if not Path(msg.data["ledger"]).exists():
            run.trouble(
                "ledger-elsewhere",
                f"the ledger of worker {msg.node_id} lies on its machine as {msg.data['ledger']}; "
                f"copy it to {run.directory} and run: footfall check {run.directory}",
            )

    # --- the end

    def stopping(self) -> None:
        """Locust is about to stop its users: everything is brought in first. Blocks until it is, with a bound.

        Who comes second (Ctrl-C while the run is being judged, say) waits for the first, or Locust would settle on an
        exit code and leave before there is a verdict.
        """
        run = self.run
        if run is None:
            return
        if run.ending:
            self.settle()
            return
        run.ending = True
        run.book.stop()
        patience_s = run.spec.drain_s + 2 * SLOWEST_ANSWER_S + 5.0
        if self._distributed:
            self._bring_in_workers(run, patience_s)
        elif self.active is not None:
            self._bring_in_lives(run, self.active, patience_s)
        self._show(run)
        if run.progress is not None:
            run.progress.close()

    def settle(self) -> None:
        """Waits until a run that is being brought in has been judged."""
        if self.run is not None and self.run.ending:
            self.run.judged.wait(SETTLE_S)

    def _bring_in_lives(self, run: Run, active: ActiveRun, patience_s: float) -> None:
        active.end()
        until = time.monotonic() + patience_s
        while active.living and time.monotonic() < until:
            gevent.sleep(0.05)
            self._show(run)
        self._flush(run, active)
        active.close()
        self.active = None

    def _bring_in_workers(self, run: Run, patience_s: float) -> None:
        self._runner.send_message("footfall.finish", {"run": run.spec.run})
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            self._look_for_lost_workers(run)
            late = (self._workers_here() & run.told) - run.finished
            if not late and not run.book.workers():
                break
            gevent.sleep(0.05)
            self._show(run)
        else:
            run.trouble("worker-late", f"not all workers had brought in their phones after {patience_s:g} s")
        for worker in run.book.lost:
            run.trouble("worker-lost", f"worker {worker} went missing with phones in their lives")

    def stopped(self) -> None:
        """All users are gone: asks the receiver, judges, prints."""
        run = self.run
        if run is None or run.ended:
            return
        run.ended = True
        try:
            self._judge(run)
        except Exception as error:  # a ledger that cannot be read, a full disk: the run is over, nothing is known of it
            run.failed = str(error)
            log.error("no verdict: %s", error)
        finally:
            run.judged.set()

    def _judge(self, run: Run) -> None:
        for trouble in run.troubles:
            run.ledger.add(trouble)
        run.ledger.close()
        unread = rundir.ask_receiver(run.control, run.received_as, run.directory, run.with_journeys)
        told = [*run.troubles] if run.ledger.broken else []
        if unread is not None:
            told.append(unread)
        run.verdict = verdict = rundir.conclude(run.directory, run.manifest, told)
        log.info("%s: %s", verdict.validity, verdict.line)  # the web page shows the log
        refused = any(trouble.kind == "refused" for trouble in run.troubles)
        self._environment.process_exit_code = EXIT_BAD_USAGE if refused else verdict.exit_code
        if not self._environment.parsed_options.headless:
            self.print_verdict()

    def print_verdict_once(self) -> None:
        """At the very end; after SIGTERM Locust goes through its shutdown twice."""
        if not self._printed:
            self._printed = True
            self.print_verdict()

    def print_verdict(self) -> None:
        """The verdict as a table on stdout."""
        run = self.run
        if run is not None and run.verdict is not None:
            Console(highlight=False).print(report.report(run.verdict, run.manifest, _shown(run.directory)))
        elif self.failed is None and run is None:
            Console(stderr=True).print("no run was started: nothing to judge")

    def leave(self) -> None:
        """The process ends: the platform is stopped last."""
        if self._platform is not None:
            self._platform.stop()
            self._platform = None


def _served_alike(one: Inputs, other: Inputs) -> bool:
    """Whether one platform can serve both scenarios."""
    return one.geofences_sha256 == other.geofences_sha256 and one.scenario.journeys == other.scenario.journeys


def _check_inlet(origin: Origin, app: AppInput) -> None:
    if not origin.loopback and not app.config.own_inlet:
        raise BadUsage(f"messages to {origin.netloc} need an --app that names the inlet to send to, and its schema")
    try:
        headers_for(origin)
    except TokenUnusable as error:
        raise BadUsage(str(error)) from None


def _check_web_port(parsed: Any) -> None:
    """Locust's web page on a port that is in use ends in two tracebacks; one line says it better."""
    if parsed.headless:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((parsed.web_host if parsed.web_host not in ("", "*") else "0.0.0.0", parsed.web_port))
        except OSError as error:
            raise BadUsage(f"--web-port {parsed.web_port}: {error.strerror}") from None


def _shown(directory: Path) -> str:
    here = Path.cwd()
    return str(directory.relative_to(here)) if directory.is_relative_to(here) else str(directory)
