"""One run as its conductor knows it: what it was asked to be, how far it is, what went wrong."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shlex
import shutil
import sys
import sysconfig
import time
import uuid
from importlib.metadata import version
from pathlib import Path

import msgspec
from gevent.event import Event

from footfall import __version__
from footfall.engine.plan import tells
from footfall.evidence.check import several
from footfall.evidence.journeys import NAME as JOURNEYS
from footfall.evidence.manifest import CHECKERS, Expectations, Manifest
from footfall.evidence.ops import Head, Trouble
from footfall.evidence.verdict import Verdict
from footfall.live.clock import anchor_ms
from footfall.live.control import Control, PlatformGone
from footfall.live.http import Origin
from footfall.live.inlet import inlet_id_of
from footfall.live.inputs import AppInput, Inputs
from footfall.live.ledger import ESTIMATE_BYTES_PER_EVENT, LedgerFile
from footfall.live.locust.lease import LeaseBook
from footfall.live.locust.options import BadUsage, RunOptions
from footfall.live.locust.progress import RunProgress
from footfall.live.locust.spec import RunSpec, this_machine
from footfall.phone.config import AppConfig
from footfall.phone.ids import run_key
from footfall.scenario.types import Purchase, Scenario, Walk
from footfall.world.geofences import in_libraries

log = logging.getLogger("footfall")

FASTEST_CLOCK = 100_000.0  # the platform keeps no faster one
LEAD_S = 0.5  # between the start and virtual 0, so that the first phones have their slots
PHONES_A_PLACE = 8  # a population of so many for each place is meant to see them all
MOST_EVENTS_A_PHONE = 120  # generous, for the estimate of the ledger's size


class PlatformFile(msgspec.Struct, frozen=True):
    """The file that a run's own platform was started with: its path and text; empty without one."""

    file: str = ""
    text: str = ""

    @property
    def sha256(self) -> str:
        """Of the text, in hexadecimal; empty without a file."""
        return hashlib.sha256(self.text.encode()).hexdigest() if self.file else ""


class Run:
    """A run under way. `ending` says that it is being brought in, `ended` that it was judged."""

    def __init__(
        self,
        run_id: str,
        options: RunOptions,
        read: Inputs,
        app: AppInput,
        host: str,
        process: str,
        host_given: bool = True,
        platform: PlatformFile | None = None,
    ) -> None:
        """Makes the run's folder and its first ledger. `host_given`: the host is not the platform that this process
        started for its runs; else `platform` is what it was started with, None without a file. Raises BadUsage,
        PlatformGone or OSError; nothing has been sent then."""
        phones = options.phones or read.scenario.population.phones
        if options.only >= phones:
            raise BadUsage(f"--only: expected a phone from 0 to {phones - 1}, found {options.only}")
        self.control, self.received_as = _reader(host, run_id, options.datastream)
        self.directory = _new_directory(Path(options.runs), run_id)
        _check_room(self.directory, phones)
        self.with_journeys = self.control is not None and self.control.has_journeys()
        self.spec = self._spec(run_id, options, read, app, host, phones)
        self.manifest = self._manifest(options, read, app, host_given, platform or PlatformFile())
        self.book = LeaseBook(phones, options.only if options.only >= 0 else None)
        self.ledger = LedgerFile(
            self.directory / f"ledger-{process}.ndjson", Head(run_id, process, os.getpid(), __version__)
        )
        self.troubles: list[Trouble] = []
        self.finished: set[str] = set()  # workers that have closed their ledgers
        self.missing_since_s: dict[str, float] = {}  # workers that do not answer
        self.told: set[str] = set()  # workers that know of the run
        self.verdict: Verdict | None = None
        self.failed: str | None = None  # why there is no verdict
        self.ending = False
        self.ended = False
        self.judged = Event()  # whatever came of it: nothing more is to be waited for
        self.started_s = time.monotonic()
        self.give_up_s = options.give_up_s
        self.succeeded = self.failures = 0  # requests, when last looked at
        self.failing_since_s: float | None = None
        self.progress: RunProgress | None = None
        self._arrivals_ms = read.scenario.population.arrivals_ms

    def register(self) -> None:
        """Tells the platform, where it is one of ours, which events are to be this run's. Raises PlatformGone."""
        if self.control is not None:
            spec = self.spec
            clock = {"origin_ms": int(spec.origin_s * 1000), "anchor_ms": spec.anchor_ms, "speed": spec.speed}
            told = clock if spec.speed <= FASTEST_CLOCK else None
            self.control.register(self.received_as, spec.datastream, spec.inlet, told)
            if spec.inlet and Origin.of(spec.inlet_host or spec.host).loopback:
                self.spec = msgspec.structs.replace(spec, inlet_there=self.control.inlet(spec.inlet))

    @property
    def phones(self) -> int:
        """How many phones are to live."""
        return self.manifest.phones_planned

    def due(self) -> int:
        """The first phone whose life does not begin within the next second."""
        virtual_ms = (time.time() + 1.0 - self.spec.origin_s) * self.spec.speed * 1000.0
        return int(virtual_ms * self.spec.phones / self._arrivals_ms) + 1 if self._arrivals_ms else self.spec.phones

    def trouble(self, kind: str, why: str) -> None:
        """Something that limits what can be proved; it goes into the verdict even when no ledger can be written."""
        self.troubles.append(Trouble(kind, why))
        log.warning("%s: %s", kind, why)

    def gave_up(self, requests: int, failures: int) -> bool:
        """Whether requests have gone on failing for too long without one success between: phones would try for ever.

        One failure and then silence is none: people pause.
        """
        if requests - failures != self.succeeded:
            self.succeeded, self.failures, self.failing_since_s = requests - failures, failures, None
        elif failures > self.failures:
            self.failures = failures
            if self.failing_since_s is None:
                self.failing_since_s = time.monotonic()
            return 0.0 < self.give_up_s < time.monotonic() - self.failing_since_s
        return False

    def _spec(self, run_id: str, options: RunOptions, read: Inputs, app: AppInput, host: str, phones: int) -> RunSpec:
        origin_s = time.time() + LEAD_S
        return RunSpec(
            version=__version__,
            run=run_id,
            directory=str(self.directory.resolve()),
            machine=this_machine(),
            seed=options.seed if options.seed >= 0 else read.scenario.seed,
            phones=phones,
            speed=options.speed,
            origin_s=origin_s,
            anchor_ms=anchor_ms(origin_s, read.scenario.lasts_ms, options.speed),
            host=host,
            places_host=options.places_host,
            datastream=options.datastream or _own_datastream(app.config, host) or datastream_of(self.received_as),
            transport=options.transport,
            inlet_host=options.inlet_host,
            inlet=self._inlet(options, app.config, host),
            drain_s=options.drain_s,
            scenario_file=read.scenario_file,
            scenario_text=read.scenario_text,
            geofences_file=read.geofences_file,
            geofences_text=read.geofences_text,
            app_file=app.file,
            app_text=app.text,
            pushes_of=self.received_as if self._pushes(app.config) else "",
        )

    def _pushes(self, app: AppConfig) -> bool:
        """Whether there is a platform whose journeys may push to phones that take it."""
        return self.with_journeys and app.messaging.registered

    def _inlet(self, options: RunOptions, app: AppConfig, host: str) -> str:
        """The id of the inlet that messages go to, "" where none are sent. On the local platform each run has one for
        itself, by which its events are told from those of others."""
        if not needs_inlet(options, app):
            return ""
        ours = self.control is not None and Origin.of(options.inlet_host or host).loopback
        own = "" if ours else app.own_inlet
        return own or inlet_id_of(self.received_as)

    def _manifest(
        self, options: RunOptions, read: Inputs, app: AppInput, host_given: bool, platform_file: PlatformFile
    ) -> Manifest:
        scenario, spec, words = read.scenario, self.spec, program()
        places = tuple(poi.id for poi in in_libraries(read.pois, read.libraries(app.config)))
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
            command=shlex.join([*words, *sys.argv[1:]]),
            expectations=Expectations(
                states=tuple(state.name for state in scenario.states if app.config.lifecycle.forwarded or tells(state)),
                places=places,
                covered_from_phones=max(scenario.population.phones, PHONES_A_PLACE * len(places)),
                checkers=(
                    *(name for name in CHECKERS if _applies(name, scenario, app.config)),
                    *((JOURNEYS,) if self.with_journeys else ()),
                ),
            ),
            only=(options.only,) if options.only >= 0 else (),
            received_as=self.received_as,
            app_file=app.file,
            app_sha256=app.sha256,
            app_text=app.text,
            transport=spec.transport,
            platform_file=platform_file.file,
            platform_sha256=platform_file.sha256,
            platform_text=platform_file.text,
            program=words,
            host_given=host_given,
        )


def _applies(checker: str, scenario: Scenario, app: AppConfig) -> bool:
    """Whether there is anything to check: `causal` wants purchases, and launches and closes that tell when the app was
    open; `alternates` wants people who go somewhere."""
    actions = {type(action) for state in scenario.states for action in state.do}
    match checker:
        case "causal":
            return Purchase in actions and app.lifecycle.forwarded
        case "alternates":
            return Walk in actions
        case _:
            return True


def needs_inlet(options: RunOptions, app: AppConfig) -> bool:
    """Whether the run sends anything to an inlet: the phones' events, or the back office's."""
    return options.transport != "edge" or app.back_office.open


def program() -> tuple[str, ...]:
    """Locust of this Python, as a person in the working directory would type it: `.venv/bin/locust` where it lies
    below, `locust` where the shell finds it, else this Python with `-m locust`."""
    script = Path(sysconfig.get_path("scripts")).resolve() / "locust"
    if script.is_file() and script.is_relative_to(Path.cwd()):
        return (str(script.relative_to(Path.cwd())),)
    found = shutil.which("locust")
    if found and Path(found).resolve() == script.resolve():
        return ("locust",)
    return (sys.executable, "-m", "locust")


def _reader(host: str, run_id: str, datastream: str) -> tuple[Control | None, str]:
    """The read API of the target, if it is a local platform, and the run's name there. A target on loopback that is
    none is taken only with a datastream of its own: what it stored cannot be asked then."""
    if not Origin.of(host).loopback:
        return None, run_id
    control = Control(host)
    try:
        return control, control.claim(run_id)
    except PlatformGone:
        if datastream:
            return None, run_id
        raise


def _own_datastream(app: AppConfig, host: str) -> str:
    """The app's own datastream, where it names one and the host is not this machine: a run on the local platform has
    one for itself, by which its events are told from those of others."""
    return app.own_datastream if not Origin.of(host).loopback else ""


def datastream_of(name: str) -> str:
    """The datastream id of a run on the local platform: a UUID as Adobe's are."""
    return str(uuid.UUID(bytes=run_key(name, 0)[:16], version=4))


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


def _check_room(directory: Path, phones: int) -> None:
    """Refuses a run whose ledger may not fit on the disk."""
    free = shutil.disk_usage(directory).free
    expected = phones * MOST_EVENTS_A_PHONE * ESTIMATE_BYTES_PER_EVENT
    if expected > free:
        directory.rmdir()
        raise BadUsage(
            f"--runs {directory.parent}: the ledger of {several(phones, 'phone')} may need {expected / 1e6:.0f} MB, "
            f"{free / 1e6:.0f} MB are free there"
        )
