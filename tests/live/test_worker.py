"""What a worker does with the master's messages, and what it answers. The runner is a fake that keeps what is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from gevent import Greenlet
from small_inputs import SCENARIO, small_spec

from footfall.evidence import ledger
from footfall.evidence.ops import Ended, Head, Op
from footfall.live.locust import worker as worker_module
from footfall.live.locust.worker import Worker


class Runner:
    """Locust's worker runner as far as Footfall knows it."""

    worker_index = 0
    client_id = "machine_0123456789abcdef"

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self._handlers: dict[str, Any] = {}

    def register_message(self, name: str, handler: Any, concurrent: bool = False) -> None:
        assert concurrent, "Locust's message loop must not wait for a handler"
        self._handlers[name] = handler

    def send_message(self, name: str, data: dict[str, Any]) -> None:
        self.sent.append((name, data))

    def _send_stats(self) -> None:
        self.sent.append(("stats", {}))

    def receive(self, name: str, data: dict[str, Any]) -> None:
        """A message of the master arrives."""
        self._handlers[name](environment=None, msg=SimpleNamespace(data=data))

    def of(self, name: str) -> list[dict[str, Any]]:
        """What was sent under the name."""
        return [data for sent, data in self.sent if sent == name]


class Footfall:
    """A worker, its runner, and the requests that it told Locust of."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.runner = Runner()
        self.environment = SimpleNamespace(
            stop_timeout=15.0,
            events=SimpleNamespace(request=SimpleNamespace(fire=lambda **request: self.requests.append(request))),
        )
        self.worker = Worker(self.environment, self.runner)

    def slots(self, count: int) -> list[Greenlet[..., Any]]:
        """Users as Locust spawns them: phone after phone until none is left. Each tells how many it carried."""
        active = self.worker.active
        assert active is not None

        def lives() -> int:
            carried = 0
            while (life := active.begin()) is not None:
                life.join()
                carried += 1
            return carried

        return [gevent.spawn(lives) for _ in range(count)]

    def until_sent(self, name: str, count: int = 1) -> None:
        """Waits for what the worker sends in its own time."""
        with gevent.Timeout(10.0):
            while len(self.runner.of(name)) < count:
                gevent.sleep(0.01)


@pytest.fixture
def footfall(monkeypatch: pytest.MonkeyPatch) -> Iterator[Footfall]:
    monkeypatch.setattr(worker_module, "FLUSH_S", 0.05)
    monkeypatch.setattr(worker_module, "ASK_AGAIN_S", 0.05)
    made = Footfall()
    yield made
    made.worker.finish()
    gevent.sleep(0.1)  # what still sleeps finds nothing to do


def ops(directory: Path) -> list[Op]:
    (path,) = directory.glob("small/ledger-worker-0-abcdef.ndjson")
    with path.open("rb") as lines:
        return list(ledger.read(lines, str(path)))


def lease(first: int, count: int, dry: bool = False, run: str = "small") -> dict[str, Any]:
    return {"run": run, "first": first, "count": count, "dry": dry}


# --- a run begins


def test_a_run_opens_a_ledger_of_its_own(footfall: Footfall, tmp_path: Path) -> None:
    footfall.runner.receive("footfall.run", small_spec(tmp_path).to_message())
    assert footfall.worker.active is not None
    (head,) = ops(tmp_path)
    assert isinstance(head, Head)
    assert (head.run, head.process) == ("small", "worker-0-abcdef")


def test_the_same_run_told_twice_is_one_run(footfall: Footfall, tmp_path: Path) -> None:
    """A worker that joins late is told by name, and perhaps by the message to all as well."""
    message = small_spec(tmp_path).to_message()
    footfall.runner.receive("footfall.run", message)
    active = footfall.worker.active
    footfall.runner.receive("footfall.run", message)
    assert footfall.worker.active is active
    assert len(ops(tmp_path)) == 1


def test_a_worker_on_another_machine_cannot_reach_the_masters_loopback(footfall: Footfall, tmp_path: Path) -> None:
    footfall.runner.receive("footfall.run", small_spec(tmp_path, machine="elsewhere").to_message())
    assert footfall.worker.active is None
    ((name, refusal),) = footfall.runner.sent
    assert (name, refusal["run"]) == ("footfall.refused", "small")
    assert "--host http://ADDRESS" in refusal["why"], "it says what to set"
    assert "--confirm-host" in refusal["why"]
    assert not list(tmp_path.iterdir()), "nothing was begun"


def test_a_worker_on_another_machine_takes_a_run_against_a_real_address(footfall: Footfall, tmp_path: Path) -> None:
    spec = small_spec(tmp_path, machine="elsewhere", host="http://192.0.2.1")
    footfall.runner.receive("footfall.run", spec.to_message())
    assert footfall.worker.active is not None


def test_a_run_that_this_worker_cannot_read_is_refused(footfall: Footfall, tmp_path: Path) -> None:
    """Of another version than the master, say: its language lacks a word."""
    broken = SCENARIO.replace("[launch", "[lunch")
    footfall.runner.receive("footfall.run", small_spec(tmp_path, scenario_text=broken).to_message())
    assert footfall.worker.active is None
    (refusal,) = footfall.runner.of("footfall.refused")
    assert "scenarios/small.yaml:11:" in refusal["why"]


def test_an_app_that_this_worker_cannot_read_is_refused(footfall: Footfall, tmp_path: Path) -> None:
    spec = small_spec(tmp_path, app_file="apps/other.yaml", app_text="app: Other\nmoon: full\n")
    footfall.runner.receive("footfall.run", spec.to_message())
    assert footfall.worker.active is None
    (refusal,) = footfall.runner.of("footfall.refused")
    assert 'apps/other.yaml:2:1: unknown key "moon".' in refusal["why"]


def test_a_folder_that_cannot_be_written_is_refused(footfall: Footfall, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    spec = small_spec(tmp_path, directory=str(tmp_path / "file/small"))
    footfall.runner.receive("footfall.run", spec.to_message())
    (refusal,) = footfall.runner.of("footfall.refused")
    assert "file" in refusal["why"]


# --- leases


def test_wishes_of_a_moment_go_out_in_one_message(footfall: Footfall, tmp_path: Path) -> None:
    footfall.runner.receive("footfall.run", small_spec(tmp_path).to_message())
    slots = footfall.slots(5)
    footfall.until_sent("footfall.want")
    assert footfall.runner.of("footfall.want") == [{"run": "small", "count": 5}]
    footfall.runner.receive("footfall.lease", lease(0, 2, dry=True))
    gevent.joinall(slots, timeout=10)
    assert sorted(slot.value for slot in slots) == [0, 0, 0, 1, 1]
    footfall.worker.finish()
    assert {op.phone for op in ops(tmp_path) if isinstance(op, Ended)} == {0, 1}


def test_a_slot_that_got_none_asks_again(footfall: Footfall, tmp_path: Path) -> None:
    footfall.runner.receive("footfall.run", small_spec(tmp_path).to_message())
    slots = footfall.slots(2)
    footfall.until_sent("footfall.want")
    footfall.runner.receive("footfall.lease", lease(0, 0))
    footfall.until_sent("footfall.want", 2)
    assert footfall.runner.of("footfall.want")[1] == {"run": "small", "count": 2}
    footfall.runner.receive("footfall.lease", lease(0, 0, dry=True))
    gevent.joinall(slots, timeout=10)
    assert [slot.value for slot in slots] == [0, 0]


def test_after_the_last_lease_nobody_asks_any_more(footfall: Footfall, tmp_path: Path) -> None:
    footfall.runner.receive("footfall.run", small_spec(tmp_path).to_message())
    first = footfall.slots(1)
    footfall.until_sent("footfall.want")
    footfall.runner.receive("footfall.lease", lease(0, 0, dry=True))
    gevent.joinall([*first, *footfall.slots(3)], timeout=10)
    assert len(footfall.runner.of("footfall.want")) == 1


def test_a_lease_of_another_run_is_not_taken(footfall: Footfall, tmp_path: Path) -> None:
    footfall.runner.receive("footfall.run", small_spec(tmp_path).to_message())
    (slot,) = footfall.slots(1)
    footfall.until_sent("footfall.want")
    footfall.runner.receive("footfall.lease", lease(0, 1, run="before"))
    gevent.sleep(0.05)
    assert not slot.dead
    footfall.runner.receive("footfall.lease", lease(0, 0, dry=True))
    slot.join(10)
    assert slot.value == 0


# --- lives and their end


def test_lives_that_are_over_are_reported(footfall: Footfall, tmp_path: Path) -> None:
    footfall.runner.receive("footfall.run", small_spec(tmp_path).to_message())
    slots = footfall.slots(2)
    footfall.until_sent("footfall.want")
    footfall.runner.receive("footfall.lease", lease(0, 2, dry=True))
    gevent.joinall(slots, timeout=10)
    told: list[int] = []
    with gevent.Timeout(10.0):
        while len(told) < 2:  # in one report or in two
            gevent.sleep(0.01)
            told = sorted(k for report in footfall.runner.of("footfall.ended") for k in report["phones"])
    assert told == [0, 1]


def test_the_end_is_told_after_the_last_life_and_the_last_statistics(footfall: Footfall, tmp_path: Path) -> None:
    """What Locust itself would send up to 3 s later, or never: the master's quit does not wait for it."""
    footfall.runner.receive("footfall.run", small_spec(tmp_path, speed=1.0).to_message())
    slots = footfall.slots(2)
    footfall.until_sent("footfall.want")
    footfall.runner.receive("footfall.lease", lease(0, 2, dry=True))
    gevent.sleep(0.05)
    footfall.runner.receive("footfall.finish", {"run": "small"})
    gevent.joinall(slots, timeout=10)
    assert [name for name, _ in footfall.runner.sent][-3:] == ["footfall.ended", "stats", "footfall.finished"]
    assert footfall.worker.active is None
    (finished,) = footfall.runner.of("footfall.finished")
    assert (finished["run"], finished["trouble"]) == ("small", None)
    assert Path(finished["ledger"]).exists()
    assert [op.how for op in ops(tmp_path) if isinstance(op, Ended)] == ["cut", "cut"]


def test_a_slot_that_waits_for_a_phone_is_let_go_at_the_end(footfall: Footfall, tmp_path: Path) -> None:
    footfall.runner.receive("footfall.run", small_spec(tmp_path).to_message())
    slots = footfall.slots(2)
    footfall.until_sent("footfall.want")
    footfall.runner.receive("footfall.finish", {"run": "small"})
    gevent.joinall(slots, timeout=10)
    assert [slot.value for slot in slots] == [0, 0]


def test_a_phone_leased_in_the_last_moment_still_has_its_life(footfall: Footfall, tmp_path: Path) -> None:
    """Lease and end arrive together: the slot has its phone, and has not begun with it yet."""
    footfall.runner.receive("footfall.run", small_spec(tmp_path).to_message())
    slots = footfall.slots(1)
    footfall.until_sent("footfall.want")
    footfall.runner.receive("footfall.lease", lease(0, 1))
    footfall.runner.receive("footfall.finish", {"run": "small"})
    gevent.joinall(slots, timeout=10)
    assert [slot.value for slot in slots] == [1]
    assert [op.phone for op in ops(tmp_path) if isinstance(op, Ended)] == [0]
    assert footfall.runner.of("footfall.ended") == [{"run": "small", "phones": [0]}]
    assert footfall.runner.of("footfall.finished")[0]["trouble"] is None


def test_the_end_of_another_run_is_not_this_ones(footfall: Footfall, tmp_path: Path) -> None:
    footfall.runner.receive("footfall.run", small_spec(tmp_path).to_message())
    footfall.runner.receive("footfall.finish", {"run": "before"})
    assert footfall.worker.active is not None
    assert footfall.runner.of("footfall.finished") == []


def test_a_ledger_that_cannot_be_written_ends_the_lives_and_is_told(
    footfall: Footfall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    footfall.runner.receive("footfall.run", small_spec(tmp_path).to_message())
    active = footfall.worker.active
    assert active is not None
    slots = footfall.slots(2)
    footfall.until_sent("footfall.want")
    active.ledger._broken = OSError(28, "No space left on device")
    footfall.runner.receive("footfall.lease", lease(0, 2, dry=True))
    gevent.joinall(slots, timeout=10)
    sent = {request["name"] for request in footfall.requests}
    assert sent <= {"places nearby"}, "no event is sent that is not in the ledger"
    footfall.worker.finish()
    (finished,) = footfall.runner.of("footfall.finished")
    kind, why = finished["trouble"]
    assert kind == "disk-full"
    assert "No space left on device" in why


def test_every_request_is_told_to_locust_under_its_event_type(footfall: Footfall, tmp_path: Path) -> None:
    footfall.runner.receive("footfall.run", small_spec(tmp_path, phones=1).to_message())
    slots = footfall.slots(1)
    footfall.until_sent("footfall.want")
    footfall.runner.receive("footfall.lease", lease(0, 1, dry=True))
    gevent.joinall(slots, timeout=10)
    assert {(request["request_type"], request["name"]) for request in footfall.requests} == {
        ("GET", "places nearby"),
        ("POST", "application.launch"),  # it never gets through, and later events wait behind it
    }
    assert all(str(request["exception"]) == "refused" for request in footfall.requests), "nobody listens there"


def test_after_a_stop_the_worker_is_ready_at_once(footfall: Footfall) -> None:
    footfall.worker.after_stop()
    assert footfall.environment.stop_timeout == 0.0
