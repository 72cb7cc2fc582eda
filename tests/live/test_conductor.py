"""What the master does: starts runs, leases phones, notices who is lost, ends in order, judges. Locust is a fake that
keeps what it is told; the target is named by a datastream, so that nobody is asked what arrived."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import configargparse
import gevent
import pytest
from small_inputs import PLACES, SCENARIO

from footfall.evidence import ledger
from footfall.evidence.ops import Lease, Op
from footfall.live.locust import conductor as conductor_module
from footfall.live.locust.conductor import Conductor
from footfall.live.locust.options import BadUsage, add_options
from footfall.world.problems import BadInput


class Runner:
    """Locust's master runner as far as Footfall knows it."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any], str | None]] = []
        self.left: list[str] = []  # how the conductor let Locust leave
        self.on_send: Any = None
        self.user_count = 0
        self._handlers: dict[str, Any] = {}
        self.clients = SimpleNamespace(ready=[], spawning=[], running=[])

    @property
    def worker_count(self) -> int:
        return len(self.clients.running)

    def workers(self, *names: str) -> None:
        """These workers are there, and no others."""
        self.clients.running = [SimpleNamespace(id=name) for name in names]

    def register_message(self, name: str, handler: Any) -> None:
        self._handlers[name] = handler

    def send_message(self, name: str, data: dict[str, Any], client_id: str | None = None) -> None:
        if self.on_send is not None:
            self.on_send(name)
        self.sent.append((name, data, client_id))

    def receive(self, name: str, worker: str, **data: Any) -> None:
        """A message of a worker arrives."""
        self._handlers[name](environment=None, msg=SimpleNamespace(data=data, node_id=worker))

    def stop(self) -> None:
        self.left.append("stop")

    def quit(self) -> None:
        self.left.append("quit")


class Master:
    """A conductor on a master, in a folder with one small scenario."""

    def __init__(self, *options: str, headless: bool = False) -> None:
        parser = configargparse.ArgumentParser()
        add_options(parser)
        parsed = parser.parse_args(
            ["--scenario", "small", "--run-id", "noon", "--datastream", "d", "--phones", "6", "--drain", "0", *options],
            env_vars={},
        )
        vars(parsed).update(headless=headless, autostart=False, run_time=None)
        self.runner = Runner()
        total = SimpleNamespace(num_requests=0, num_failures=0, current_rps=0.0)
        self.environment = SimpleNamespace(
            parsed_options=parsed,
            host="http://127.0.0.1:9",
            stop_timeout=None,
            process_exit_code=None,
            stats=SimpleNamespace(total=total),
        )
        self.conductor = Conductor(self.environment, self.runner, distributed=True)

    def wants(self, worker: str, count: int) -> tuple[int, int, bool]:
        """A worker asks for phones: first, how many, whether there will be no more."""
        self.runner.receive("footfall.want", worker, run="noon", count=count)
        name, data, to = self.runner.sent[-1]
        assert (name, to, data["run"]) == ("footfall.lease", worker, "noon")
        return data["first"], data["count"], data["dry"]

    def finishes(self, worker: str, trouble: list[str] | None = None, ledger: str = __file__) -> None:
        """A worker says that it has closed its ledger."""
        self.runner.receive("footfall.finished", worker, run="noon", trouble=trouble, ledger=ledger)

    def ends(self) -> None:
        """Locust stops the test, however that came about; all workers that are still there finish."""
        for client in self.runner.clients.running:
            if self.conductor.run is not None and client.id not in self.conductor.run.finished:
                self.runner.receive("footfall.ended", client.id, run="noon", phones=list(range(6)))
                self.finishes(client.id)
        self.conductor.stopping()
        self.conductor.stopped()

    def findings(self) -> list[str]:
        """What the verdict found."""
        assert self.conductor.verdict is not None
        return [found.kind for check in self.conductor.verdict.checks for found in check.findings]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/small.yaml").write_text(SCENARIO)
    (tmp_path / "places.geojson").write_text(json.dumps(PLACES))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(conductor_module, "TICK_S", 0.01)
    monkeypatch.setattr(conductor_module, "LOST_AFTER_S", 0.0)
    yield tmp_path
    gevent.sleep(0.05)  # conductors see that their runs are over


def ops(run: str = "noon") -> list[Op]:
    path = Path("runs") / run / "ledger-master.ndjson"
    with path.open("rb") as lines:
        return list(ledger.read(lines, str(path)))


def until(true: Any) -> None:
    with gevent.Timeout(10.0):
        while not true():
            gevent.sleep(0.01)


# --- a run begins


def test_a_run_is_told_to_all_workers_with_all_they_need(here: Path) -> None:
    master = Master()
    master.conductor.start()
    ((name, spec, to),) = master.runner.sent
    assert (name, to) == ("footfall.run", None)
    assert (spec["run"], spec["seed"], spec["phones"]) == ("noon", 3, 6)
    assert spec["scenario_text"] == SCENARIO
    assert json.loads(spec["geofences_text"]) == PLACES
    assert (here / "runs/noon/manifest.json").exists()
    master.ends()


def test_a_worker_that_joins_late_is_told_too(here: Path) -> None:
    master = Master()
    master.conductor.worker_joined("early")
    assert master.runner.sent == []
    master.conductor.start()
    master.conductor.worker_joined("late")
    assert [(name, to) for name, _, to in master.runner.sent] == [("footfall.run", None), ("footfall.run", "late")]
    master.ends()
    master.conductor.worker_joined("too late")
    assert master.runner.sent[-1][2] != "too late"


def test_a_second_start_is_a_new_run(here: Path) -> None:
    master = Master()
    for run in ("noon", "noon-2", "noon-3"):
        master.conductor.start()
        assert master.conductor.run is not None
        assert master.conductor.run.spec.run == run
        assert (here / "runs" / run / "manifest.json").exists()
        master.ends()


def test_a_run_of_the_same_name_gets_a_folder_of_its_own(here: Path) -> None:
    for _ in range(2):
        master = Master()
        master.conductor.start()
        master.ends()
    assert sorted(path.name for path in Path("runs").iterdir()) == ["noon", "noon.2"]


# what is asked for -> what is told; no run begins then
MISTAKES = [
    (("--scenario", "smal"), 'no such scenario. Did you mean "small"?'),
    (("--speed", "0"), "--speed: expected"),
    (("--only", "6"), "--only: expected a phone from 0 to 5, found 6"),
    (("--phones", "1000000000"), "the ledger of 1000000000 phones may need 90000000 MB"),
    (("--places-host", "http://192.0.2.1"), "http://192.0.2.1 is not this machine"),
    (("--inlet-host", "http://192.0.2.1"), "http://192.0.2.1 is not this machine"),
    (
        ("--inlet-host", "http://192.0.2.1", "--transport", "inlet", "--confirm-host"),
        "messages to 192.0.2.1 need an --app that names the inlet to send to, and its schema",
    ),
]


@pytest.mark.parametrize(("options", "told"), MISTAKES, ids=[options[0] for options, _ in MISTAKES])
def test_a_mistake_starts_no_run(here: Path, options: tuple[str, ...], told: str) -> None:
    master = Master(*options)
    master.conductor.start()
    assert master.conductor.failed is not None
    assert told in master.conductor.failed
    assert master.environment.process_exit_code == 2
    assert master.runner.sent == []
    assert not list(here.glob("runs/*"))
    until(lambda: master.runner.left == ["stop"])
    master.ends()
    assert master.conductor.verdict is None


# host, more options -> what is told
HOSTS = [
    ("http://192.0.2.1", (), "every request would leave it. Add --confirm-host"),
    # a name that begins like loopback is somebody's name
    ("http://127.0.0.1.example.com", (), "is not this machine"),
    ("http://192.0.2.1", ("--confirm-host", "--datastream", ""), "needs --datastream"),
    ("ftp://127.0.0.1", (), "expected a URL like http://127.0.0.1:8080, found 'ftp://127.0.0.1'"),
    ("http://127.0.0.1:99999", (), "Port out of range"),
]


@pytest.mark.parametrize(("host", "options", "told"), HOSTS)
def test_nothing_leaves_the_machine_by_accident(here: Path, host: str, options: tuple[str, ...], told: str) -> None:
    master = Master(*options)
    master.environment.host = host
    with pytest.raises(BadUsage) as refused:
        master.conductor.prepare()
    assert told in str(refused.value)
    # and neither from the web form, which can name another host than the command line did
    master.conductor.start()
    assert master.conductor.failed is not None
    assert told in master.conductor.failed
    assert master.runner.sent == []


def test_a_confirmed_host_is_taken(here: Path) -> None:
    master = Master("--confirm-host", headless=True)
    master.environment.host = "http://192.0.2.1"
    master.conductor.prepare()
    assert master.environment.host == "http://192.0.2.1"


def test_an_app_that_names_its_inlet_sends_there(here: Path) -> None:
    inlet = "ab" * 32
    Path("other.yaml").write_text(f"app: Other\ninlet: {{id: {inlet}, schema: https://ns.adobe.com/t/schemas/s}}\n")
    away = ("--inlet-host", "https://192.0.2.1", "--confirm-host", "--transport", "inlet")
    master = Master(*away, "--app", "other.yaml", headless=True)
    master.conductor.prepare()
    master.conductor.start()
    ((_, spec, _),) = master.runner.sent
    assert (spec["transport"], spec["inlet"], spec["inlet_host"]) == ("inlet", inlet, "https://192.0.2.1")
    master.ends()


def test_a_token_is_nowhere_in_a_run(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_INLET_TOKEN", "secret.1")
    master = Master("--transport", "inlet")
    master.conductor.start()
    ((_, spec, _),) = master.runner.sent
    assert len(spec["inlet"]) == 64
    assert "secret" not in str(spec)
    master.ends()
    assert not [path for path in Path("runs/noon").iterdir() if b"secret" in path.read_bytes()]


def test_a_token_never_crosses_a_network_in_the_clear(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_INLET_TOKEN", "secret.1")
    inlet = "ab" * 32
    Path("other.yaml").write_text(f"app: Other\ninlet: {{id: {inlet}, schema: https://ns.adobe.com/t/schemas/s}}\n")
    away = ("--inlet-host", "http://192.0.2.1", "--confirm-host", "--transport", "inlet")
    master = Master(*away, "--app", "other.yaml")
    with pytest.raises(BadUsage, match="a token is sent over https only"):
        master.conductor.prepare()


def test_an_app_that_names_its_datastream_needs_no_option_for_it(here: Path) -> None:
    Path("other.yaml").write_text("app: Other\nedge: {datastream: ds-of-the-app}\n")
    master = Master("--confirm-host", "--datastream", "", "--app", "other.yaml", headless=True)
    master.environment.host = "http://192.0.2.1"
    master.conductor.prepare()
    master.conductor.start()
    ((_, spec, _),) = master.runner.sent
    assert spec["datastream"] == "ds-of-the-app"
    assert spec["app_text"] == Path("other.yaml").read_text()
    master.ends()


def test_an_app_that_cannot_be_read_ends_the_start(here: Path) -> None:
    master = Master("--app", "other")
    with pytest.raises(BadInput) as bad:
        master.conductor.prepare()
    assert str(bad.value) == "other:1:1: no such app."
    # and from the web form
    master.conductor.start()
    assert master.conductor.failed == "other:1:1: no such app."
    assert master.runner.sent == []


def test_locusts_own_run_time_is_taken_over(here: Path) -> None:
    """It would quit the master without waiting for the workers' last requests."""
    master = Master(headless=True)
    master.environment.parsed_options.run_time = 1
    master.conductor.prepare()
    assert master.environment.parsed_options.run_time is None
    assert master.environment.stop_timeout == 5.0


# --- leases


def test_a_lease_is_in_the_ledger_before_the_worker_hears_of_it(here: Path) -> None:
    master = Master()
    master.runner.workers("a")
    master.conductor.start()
    in_ledger: list[Op] = []
    master.runner.on_send = lambda name: in_ledger.extend(ops())
    assert master.wants("a", 4) == (0, 4, False)
    assert in_ledger[-1] == Lease(0, 4, "a")
    master.runner.on_send = None
    assert master.wants("a", 4) == (4, 2, True)
    master.ends()


def test_workers_share_the_population(here: Path) -> None:
    master = Master("--speed", "0.01")  # nobody's time comes
    master.runner.workers("a", "b")
    master.conductor.start()
    assert master.wants("a", 6)[:2] == (0, 3)
    assert master.wants("b", 6) == (3, 3, True)
    master.ends()


def test_a_wish_of_another_run_is_not_heard(here: Path) -> None:
    master = Master()
    master.runner.workers("a")
    master.conductor.start()
    master.runner.receive("footfall.want", "a", run="before", count=3)
    assert [name for name, _, _ in master.runner.sent] == ["footfall.run"]
    assert not [op for op in ops() if isinstance(op, Lease)]
    master.ends()


def test_after_the_end_nothing_is_leased(here: Path) -> None:
    master = Master()
    master.runner.workers("a")
    master.conductor.start()
    master.runner.workers()
    master.conductor.stopping()
    assert master.wants("a", 3) == (0, 0, True)
    master.conductor.stopped()


# --- the end


@pytest.mark.parametrize(("headless", "left"), [(True, "quit"), (False, "stop")])
def test_a_run_ends_when_the_last_life_has(here: Path, headless: bool, left: str) -> None:
    master = Master(headless=headless)
    master.runner.workers("a")
    master.conductor.start()
    master.wants("a", 6)
    master.runner.receive("footfall.ended", "a", run="noon", phones=[0, 1, 2, 3, 4])
    gevent.sleep(0.05)
    assert master.runner.left == []
    master.runner.receive("footfall.ended", "a", run="noon", phones=[5])
    until(lambda: master.runner.left == [left])
    master.ends()


def test_the_end_waits_for_every_worker(here: Path) -> None:
    master = Master("--drain", "5")
    master.runner.workers("a", "b")
    master.conductor.start()
    ending = gevent.spawn(master.conductor.stopping)
    until(lambda: master.runner.sent[-1][0] == "footfall.finish")
    master.finishes("a")
    gevent.sleep(0.1)
    assert not ending.dead
    master.finishes("b")
    ending.join(5)
    assert ending.dead
    master.conductor.stopped()


def test_a_lost_workers_phones_are_abandoned_and_the_run_goes_on(here: Path) -> None:
    master = Master("--speed", "0.01")
    master.runner.workers("a", "b")
    master.conductor.start()
    assert master.wants("a", 3) == (0, 3, False)
    master.runner.workers("b")
    assert master.conductor.run is not None
    book = master.conductor.run.book
    until(lambda: book.abandoned == [0, 1, 2])
    assert master.wants("b", 6) == (3, 3, True), "what was a's share is nobody's; nobody lives twice"
    master.runner.receive("footfall.ended", "b", run="noon", phones=[3, 4, 5])
    until(lambda: master.runner.left == ["stop"])
    master.ends()
    assert master.conductor.verdict is not None
    assert master.environment.process_exit_code == 3
    assert {"worker-lost", "abandoned"} <= set(master.findings())


def test_a_worker_that_was_only_blocked_is_not_lost(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductor_module, "LOST_AFTER_S", 60.0)
    master = Master()
    master.runner.workers("a")
    master.conductor.start()
    master.wants("a", 6)
    master.runner.workers()
    gevent.sleep(0.05)
    master.runner.workers("a")
    gevent.sleep(0.05)
    assert master.conductor.run is not None
    assert master.conductor.run.missing_since_s == {}
    assert master.conductor.run.book.abandoned == []
    master.runner.receive("footfall.ended", "a", run="noon", phones=list(range(6)))
    master.ends()
    assert "worker-lost" not in master.findings()


def test_a_run_that_locust_stopped_itself_is_left_too(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the last worker goes missing Locust stops the test, and headless it would wait for ever for another. It
    must not be left before the verdict either, or the exit code is that of no run at all."""
    master = Master(headless=True)
    master.runner.workers("a")
    master.conductor.start()
    master.wants("a", 6)
    master.runner.workers()
    ask = conductor_module.rundir.ask_receiver

    def slowly(*arguments: Any) -> Any:
        gevent.sleep(0.1)
        assert master.runner.left == []
        return ask(*arguments)

    monkeypatch.setattr(conductor_module.rundir, "ask_receiver", slowly)
    master.ends()
    until(lambda: master.runner.left == ["quit"])
    assert master.environment.process_exit_code == 3


def test_a_refused_worker_ends_the_run_as_bad_usage(here: Path) -> None:
    master = Master()
    master.runner.workers("a")
    master.conductor.start()
    master.runner.receive("footfall.refused", "a", run="noon", why="this worker is on another machine")
    until(lambda: master.runner.left == ["stop"])
    master.ends()
    assert master.environment.process_exit_code == 2
    assert "refused" in master.findings()


def test_a_ledger_on_another_machine_is_told_with_what_to_do(here: Path) -> None:
    master = Master()
    master.runner.workers("a")
    master.conductor.start()
    master.finishes("a", ledger="/elsewhere/ledger-worker-0.ndjson")
    master.ends()
    assert master.conductor.run is not None
    (trouble,) = master.conductor.run.troubles
    assert trouble.kind == "ledger-elsewhere"
    assert "/elsewhere/ledger-worker-0.ndjson; copy it to runs/noon and run: footfall check runs/noon" in trouble.why


def test_a_workers_trouble_is_the_runs(here: Path) -> None:
    master = Master()
    master.runner.workers("a")
    master.conductor.start()
    master.finishes("a", trouble=["disk-full", "no room"])
    master.ends()
    assert "disk-full" in master.findings()
    assert master.environment.process_exit_code == 3


def test_a_target_that_only_fails_is_given_up(here: Path) -> None:
    master = Master("--give-up", "0.05")
    master.conductor.start()
    total = master.environment.stats.total

    def fails_again() -> bool:
        total.num_requests += 1
        total.num_failures += 1
        return master.runner.left == ["stop"]

    until(fails_again)
    master.ends()
    assert "target-gone" in master.findings()


def test_one_failure_and_then_silence_is_not(here: Path) -> None:
    """People pause, and a nearby query that failed is not tried again."""
    master = Master("--give-up", "0.05")
    master.conductor.start()
    total = master.environment.stats.total
    total.num_requests = total.num_failures = 5
    gevent.sleep(0.6)
    assert master.runner.left == []
    master.ends()


def test_a_target_that_answers_now_and_then_is_not(here: Path) -> None:
    master = Master("--give-up", "0.2")
    master.conductor.start()
    total = master.environment.stats.total
    for _ in range(8):
        total.num_requests += 5
        total.num_failures += 4
        gevent.sleep(0.05)
    assert master.runner.left == []
    master.ends()


def test_without_a_read_api_nothing_is_known_of_what_arrived(here: Path) -> None:
    master = Master()
    master.conductor.start()
    master.ends()
    assert master.environment.process_exit_code == 3
    assert "readback-failed" in master.findings()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "run noon: 6 phones, scenarios/small.yaml, speed"),
        (("--app", "other.yaml"), "run noon: 6 phones, scenarios/small.yaml with the app other.yaml, speed"),
    ],
)
def test_a_run_is_announced_with_its_files(
    here: Path, caplog: pytest.LogCaptureFixture, options: tuple[str, ...], told: str
) -> None:
    Path("other.yaml").write_text("app: Other\n")
    master = Master(*options)
    with caplog.at_level("INFO", logger="footfall"):
        master.conductor.start()
    assert any(message.startswith(told) for message in caplog.messages)
    assert master.conductor.run is not None
    assert master.conductor.run.manifest.host_given, "the platform is not of this process"
    master.ends()
