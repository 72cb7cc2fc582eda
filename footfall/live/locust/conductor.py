"""The run's conductor, on the master or in a single process: starts runs, leases phones, ends runs in order, judges.

Ending: Locust's own end loses what users send while they stop, and up to the last three seconds of statistics. Here
everything is brought in from Locust's `test_stopping`, which fires before any user is touched, however the end came
about (all lives lived, Ctrl-C, --run-time, the web form's Stop, the last worker gone): lives end, queues are delivered,
ledgers closed, last statistics received. Only then does Locust go on with stopping, and finds nobody left.
"""

from __future__ import annotations

import logging
import platform
import shlex
import shutil
import sys
import time
import uuid
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gevent
from rich.console import Console

from footfall import __version__
from footfall.evidence import manifest as manifests
from footfall.evidence import report
from footfall.evidence.ledger import LedgerDamaged
from footfall.evidence.manifest import Expectations, Manifest
from footfall.evidence.ops import Head, Lease, Trouble
from footfall.evidence.verdict import Verdict
from footfall.live import inputs, rundir
from footfall.live.clock import anchor_ms
from footfall.live.control import Control, LocalPlatform, PlatformGone, start_platform
from footfall.live.http import Origin
from footfall.live.inputs import Inputs
from footfall.live.ledger import ESTIMATE_BYTES_PER_EVENT, LedgerFile, LedgerFull
from footfall.live.locust.active import ActiveRun
from footfall.live.locust.lease import LeaseBook
from footfall.live.locust.options import BadUsage, RunOptions, read_options
from footfall.live.locust.progress import Feed, RunProgress
from footfall.live.locust.spec import RunSpec, this_machine
from footfall.phone.ids import run_key
from footfall.world.problems import BadInput

log = logging.getLogger("footfall")

TICK_S = 0.2
LEAD_S = 0.5  # between the start and virtual 0, so that the first phones have their slots
MOST_EVENTS_A_PHONE = 120  # generous, for the estimate of the ledger's size
ENDING_TROUBLES = frozenset({"disk-full", "refused"})
EXIT_BAD_USAGE = 2
EXIT_UNKNOWN = 3


class Run:
    """One run as the conductor sees it."""

    def __init__(
        self, spec: RunSpec, manifest: Manifest, book: LeaseBook, ledger: LedgerFile, read: Inputs, give_up_s: float
    ) -> None:
        self.spec = spec
        self.manifest = manifest
        self.book = book
        self.ledger = ledger
        self.phones = manifest.phones_planned
        self._arrivals_ms = read.scenario.population.arrivals_ms
        self.directory = Path(spec.directory)
        self.troubles: list[Trouble] = []
        self.finished: set[str] = set()  # workers that have closed their ledgers
        self.ending = False
        self.ended = False
        self.started_s = time.monotonic()
        self.give_up_s = give_up_s
        self.succeeded = self.requests = 0  # requests that succeeded, and all requests when the last of them had
        self.failing_since_s: float | None = None
        self.progress: RunProgress | None = None

    def due(self) -> int:
        """The first phone whose life does not begin within the next second."""
        virtual_ms = (time.time() + 1.0 - self.spec.origin_s) * self.spec.speed * 1000.0
        return int(virtual_ms * self.spec.phones / self._arrivals_ms) + 1 if self._arrivals_ms else self.spec.phones

    def trouble(self, kind: str, why: str) -> None:
        """Something that limits what can be proved; it goes into the verdict even when no ledger can be written."""
        self.troubles.append(Trouble(kind, why))
        log.warning("%s: %s", kind, why)


class Conductor:
    """Footfall on the master, or in the one process of a run without workers."""

    def __init__(self, environment: Any, runner: Any, distributed: bool) -> None:
        self.active: ActiveRun | None = None  # of this process; a master has none
        self.run: Run | None = None
        self.verdict: Verdict | None = None
        self.failed: str | None = None
        self._environment = environment
        self._runner = runner
        self._distributed = distributed
        self._platform: LocalPlatform | None = None
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
        """Checks the options, the scenario and the host, and starts the local platform where no host is given. Raises
        BadUsage, BadInput or PlatformGone: nothing has been started then."""
        parsed = self._environment.parsed_options
        options = read_options(parsed)
        read = inputs.load(options.scenario)
        # Locust's own --run-time quits the master without waiting for the workers' last requests
        if parsed.headless or parsed.autostart:
            self._run_time_s, parsed.run_time = parsed.run_time, None
        if not self._environment.host:
            self._platform = start_platform(Path(options.runs), [read.geofences_file], options.fsync)
            self._environment.host = self._platform.url
            log.info("local platform at %s, its store is %s", self._platform.url, self._platform.store)
        self._check_host(options)
        # a user that Locust takes back by itself (a ramp down) needs this long to end its life in order
        self._environment.stop_timeout = max(self._environment.stop_timeout or 0.0, options.drain_s + 5.0)

    def _check_host(self, options: RunOptions) -> None:
        for url in (self._environment.host, options.places_host):
            if not url:
                continue
            try:
                origin = Origin.of(url)
            except ValueError as error:
                raise BadUsage(f"--host: {error}") from None
            if origin.loopback:
                continue
            if not options.confirm_host:
                raise BadUsage(
                    f"--host {url} is not this machine: every event would leave it. "
                    "Add --confirm-host if that is what you want."
                )
            if not options.datastream:
                raise BadUsage(f"--host {url} needs --datastream, the id of the datastream to send to")

    # --- a run begins

    def start(self) -> None:
        """Locust starts a test: a new run. Errors end the test with one message; no phone lives then."""
        self.run = self.verdict = self.failed = None
        try:
            self._begin()
        except (BadUsage, BadInput, PlatformGone, OSError) as error:
            self._fail(str(error), EXIT_BAD_USAGE if not isinstance(error, PlatformGone) else EXIT_UNKNOWN)

    def _fail(self, why: str, code: int) -> None:
        self.failed = why
        self._environment.process_exit_code = code
        for line in why.splitlines():
            log.error("%s", line)
        gevent.spawn(self._leave)

    def _begin(self) -> None:
        options = read_options(self._environment.parsed_options)
        read = inputs.load(options.scenario)
        if not self._environment.host and self._platform is not None:
            self._environment.host = self._platform.url
        self._check_host(options)
        phones = options.phones or read.scenario.population.phones
        if options.only >= phones:
            raise BadUsage(f"--only: expected a phone from 0 to {phones - 1}, found {options.only}")
        spec = self._spec(options, read, phones)
        manifest = self._manifest(spec, options, read)
        directory = Path(spec.directory)
        (directory / "manifest.json").write_bytes(manifests.encode(manifest))
        if Origin.of(spec.host).loopback and not options.datastream:
            Control(spec.host).register(spec.run, spec.datastream)
        process = "master" if self._distributed else "conductor"
        ledger = LedgerFile(directory / f"ledger-{process}.ndjson", Head(spec.run, process, 0, __version__))
        book = LeaseBook(phones, options.only if options.only >= 0 else None)
        run = Run(spec, manifest, book, ledger, read, options.give_up_s)
        feed = None
        if self._distributed:
            self._runner.send_message("footfall.run", spec.to_message())
        else:
            feed = Feed(spec.anchor_ms, {poi.id: poi.name for poi in read.pois})
            fire = self._environment.events.request.fire
            self.active = ActiveRun(spec, "local", self._next_local_phone, self._local_ended, fire, feed.take)
        self.run = run
        log.info(
            "run %s: %d phones, %s, speed %g, in %s", spec.run, run.phones, spec.scenario_file, spec.speed, directory
        )
        if self._environment.parsed_options.headless:
            run.progress = RunProgress(run.phones, feed)
        gevent.spawn(self._conduct, run)

    def _spec(self, options: RunOptions, read: Inputs, phones: int) -> RunSpec:
        run_id = self._fresh_id(options.run_id)
        directory = _new_directory(Path(options.runs), run_id)
        free = shutil.disk_usage(directory).free
        expected = phones * MOST_EVENTS_A_PHONE * ESTIMATE_BYTES_PER_EVENT
        if expected > free:
            raise BadUsage(
                f"--runs {options.runs}: the ledger of {phones} phones may need {expected / 1e6:.0f} MB, "
                f"{free / 1e6:.0f} MB are free there"
            )
        origin_s = time.time() + LEAD_S
        return RunSpec(
            run=run_id,
            directory=str(directory.resolve()),
            machine=this_machine(),
            seed=options.seed if options.seed >= 0 else read.scenario.seed,
            phones=phones,
            speed=options.speed,
            origin_s=origin_s,
            anchor_ms=anchor_ms(origin_s, read.scenario.lasts_ms, options.speed),
            host=self._environment.host,
            places_host=options.places_host,
            datastream=options.datastream or str(uuid.UUID(bytes=run_key(run_id, 0)[:16], version=4)),
            drain_s=options.drain_s,
            scenario_file=read.scenario_file,
            scenario_text=read.scenario_text,
            geofences_file=read.geofences_file,
            geofences_text=read.geofences_text,
        )

    def _fresh_id(self, wanted: str) -> str:
        """The run's id: the one asked for, but a second run of this process gets a new one, for its events must not
        have the ids of the first."""
        base = wanted or time.strftime("%Y%m%d-%H%M%S")
        self._used_ids[base] = self._used_ids.get(base, 0) + 1
        times = self._used_ids[base]
        return base if times == 1 else f"{base}-{times}"

    def _manifest(self, spec: RunSpec, options: RunOptions, read: Inputs) -> Manifest:
        scenario = read.scenario
        return Manifest(
            run=spec.run,
            scenario=scenario.name,
            scenario_file=spec.scenario_file,
            scenario_sha256=read.scenario_sha256,
            scenario_text=spec.scenario_text,
            geofences_file=spec.geofences_file,
            geofences_sha256=read.geofences_sha256,
            seed=spec.seed,
            phones=spec.phones,
            speed=spec.speed,
            host=spec.host,
            started_ms=int(spec.origin_s * 1000),
            anchor_ms=spec.anchor_ms,
            lasts_ms=scenario.lasts_ms,
            versions={
                "footfall": __version__,
                "python": platform.python_version(),
                **{name: version(name) for name in ("locust", "gevent", "faker", "msgspec")},
            },
            command=shlex.join(["locust", *sys.argv[1:]]),
            expectations=Expectations(
                states=tuple(state.name for state in scenario.states),
                places=tuple(poi.id for poi in read.pois),
                covered_from_phones=scenario.population.phones,
            ),
            only=(options.only,) if options.only >= 0 else (),
        )

    # --- while it runs

    def _conduct(self, run: Run) -> None:
        """Watches the run until it is over, then lets Locust stop (and, headless, quit)."""
        while not run.ending:
            gevent.sleep(TICK_S)
            self._show(run)
            if self._distributed:
                self._look_for_lost_workers(run)
            elif self.active is not None:
                self._flush(run, self.active)
            if run.book.done or any(trouble.kind in ENDING_TROUBLES for trouble in run.troubles):
                break
            if self._gave_up(run):
                run.trouble("target-gone", f"{run.spec.host} has not answered one request in {run.give_up_s:g} s")
                break
            if self._run_time_s is not None and time.monotonic() - run.started_s >= self._run_time_s:
                log.info("--run-time is over")
                break
        if not run.ending:
            self._leave()
        elif self._environment.parsed_options.headless:
            # Locust stopped the test by itself, for the last worker is gone; it would now wait for ever for another
            while not run.ended:
                gevent.sleep(TICK_S)
            self._leave()

    def _gave_up(self, run: Run) -> bool:
        """Whether requests are made, but none has succeeded for too long: phones would try for ever."""
        total = self._environment.stats.total
        succeeded = total.num_requests - total.num_failures
        if succeeded != run.succeeded:
            run.succeeded, run.requests, run.failing_since_s = succeeded, total.num_requests, None
        elif run.failing_since_s is None and total.num_requests > run.requests:
            run.failing_since_s = time.monotonic()
        failing_since_s = run.failing_since_s
        return failing_since_s is not None and 0.0 < run.give_up_s < time.monotonic() - failing_since_s

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
        try:
            active.ledger.flush()
        except LedgerFull as full:
            active.trouble = str(full)
        if active.trouble is not None and not run.troubles:
            run.trouble("disk-full", active.trouble)

    def _look_for_lost_workers(self, run: Run) -> None:
        clients = self._runner.clients
        here = {client.id for client in (*clients.ready, *clients.spawning, *clients.running)}
        for worker in run.book.workers():
            if worker not in here and worker not in run.finished:
                run.book.lose(worker)
                run.trouble("worker-lost", f"worker {worker} went missing with phones in their lives")

    def worker_joined(self, client_id: str) -> None:
        """A worker connects while a run is under way: it is told of it, before Locust gives it users."""
        if self.run is not None and not self.run.ending:
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
            run.trouble("disk-full", f"worker {msg.node_id}: {msg.data['trouble']}")
        if not Path(msg.data["ledger"]).exists():
            run.trouble(
                "ledger-elsewhere",
                f"the ledger of worker {msg.node_id} lies on its machine as {msg.data['ledger']}; "
                f"copy it to {run.directory} and run: footfall check {run.directory}",
            )

    # --- the end

    def stopping(self) -> None:
        """Locust is about to stop its users: everything is brought in first. Blocks until it is, with a bound."""
        run = self.run
        if run is None or run.ending:
            return
        run.ending = True
        run.book.stop()
        patience_s = run.spec.drain_s + 15.0
        if self._distributed:
            self._bring_in_workers(run, patience_s)
        elif self.active is not None:
            self._bring_in_lives(run, self.active, patience_s)
        self._show(run)
        if run.progress is not None:
            run.progress.close()

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
            clients = self._runner.clients
            here = {client.id for client in (*clients.ready, *clients.spawning, *clients.running)}
            if here <= run.finished:
                return
            gevent.sleep(0.05)
            self._show(run)

    def stopped(self) -> None:
        """All users are gone: asks the receiver, judges, prints."""
        run = self.run
        if run is None or run.ended:
            return
        run.ended = True
        for trouble in run.troubles:
            run.ledger.add(trouble)
        run.ledger.close()
        control = Control(run.spec.host) if Origin.of(run.spec.host).loopback else None
        unread = rundir.ask_receiver(control, run.spec.run, run.directory)
        lost = [*run.troubles] if run.ledger.broken else []
        if unread is not None:
            lost.append(unread)
        try:
            self.verdict = rundir.conclude(run.directory, run.manifest, lost)
        except (LedgerDamaged, OSError) as error:  # a full disk, say: the run is over, and nothing is known of it
            self.failed = str(error)
            log.error("no verdict: %s", error)
            self._environment.process_exit_code = EXIT_UNKNOWN
            return
        log.info("%s: %s", self.verdict.validity, self.verdict.line)  # the web page shows the log
        if any(trouble.kind == "refused" for trouble in run.troubles):
            self._environment.process_exit_code = EXIT_BAD_USAGE
        else:
            self._environment.process_exit_code = self.verdict.exit_code
        if not self._environment.parsed_options.headless:
            self.print_verdict()

    def print_verdict(self) -> None:
        """The verdict as a table on stdout."""
        if self.verdict is not None and self.run is not None:
            Console(highlight=False).print(report.report(self.verdict, self.run.manifest, _shown(self.run.directory)))
        elif self.failed is None and self.run is None:
            Console(stderr=True).print("no run was started: nothing to judge")

    def leave(self) -> None:
        """The process ends: the platform is stopped last."""
        if self._platform is not None:
            self._platform.stop()
            self._platform = None


def _shown(directory: Path) -> str:
    here = Path.cwd()
    return str(directory.relative_to(here)) if directory.is_relative_to(here) else str(directory)


def _new_directory(runs: Path, run_id: str) -> Path:
    """A folder of its own for the run. The same run id a second time gets a second folder, and nothing is lost."""
    for number in range(1, 10_000):
        directory = runs / (run_id if number == 1 else f"{run_id}.{number}")
        try:
            directory.mkdir(parents=True)
        except FileExistsError:
            continue
        return directory
    raise BadUsage(f"--run-id: {runs / run_id} exists ten thousand times over")
