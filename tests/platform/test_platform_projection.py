"""What follows the lake loses nothing and does nothing twice: when the store fails, when the process dies, when a run
is forgotten while phones go on."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from journey_words import Wait, a_journey
from platform_process import Process, event, platform

from footfall.platform.commits import Commits
from footfall.platform.database import StoreFailed
from footfall.platform.journal import Journal, Wanted
from footfall.platform.journeys.messages import Message, Step
from footfall.platform.journeys.types import InApp
from footfall.platform.messages import ConsentChange, Outcome, Response, StoredEvent
from footfall.platform.orchestration import Orchestration
from footfall.platform.profiles.profile import Profiles
from footfall.platform.projection import ProfilesOnDisk, Projection
from footfall.platform.store import Store
from footfall.platform.writer import ThreadedWriter, Writer

CONTENT = msgspec.Raw(b'{"title": "x"}')
GREET = InApp(next="pause", content=CONTENT)
AGAIN = InApp(next="end", content=CONTENT)
WELCOME = """\
journey: welcome
namespace: ECID
events:
  visit: {when: eventType == "location.entry"}
entry: {on: visit, next: greet}
nodes:
  greet: {in-app: {surface: home, content: {title: Welcome}}, next: pause}
  pause: {wait: 1s, next: again}
  again: {in-app: {surface: home, content: {title: Again}}, next: end}
"""


class FlakyStore(Store):
    """Refuses so many of the transactions that carry rows of others than the lake."""

    refused = 0
    takes_s = 0.0

    def append(
        self,
        events: Sequence[StoredEvent],
        consents: Sequence[ConsentChange] = (),
        others: Any = (),
        *,
        wait_s: float = 5.0,
    ) -> None:
        if others and self.refused:
            self.refused -= 1
            raise StoreFailed("the disk is full")
        time.sleep(self.takes_s)
        super().append(events, consents, others, wait_s=wait_s)


class World:
    """A lake with its followers, in one loop; `clock_ms` is the wall's."""

    def __init__(self, path: Path, *, threaded: bool = False, wait_ms: int = 50) -> None:
        journey = a_journey(nodes={"greet": GREET, "pause": Wait("again", for_ms=wait_ms), "again": AGAIN})
        self.store = FlakyStore(str(path))
        profiles = ProfilesOnDisk(self.store)
        self.orchestration = Orchestration((journey,), profiles.open)
        self.projection = Projection(self.orchestration, profiles, self.store, lambda: time.time_ns() // 1_000_000)
        self.projection.restore()
        loop = asyncio.get_running_loop()
        kind = ThreadedWriter if threaded else Writer
        self.writer = kind(self.store, loop, Commits(), self.projection.follow)
        self.projection.begin(loop, self.writer.add)

    async def comes(self, id_: str, ecid: str, run: str = "local") -> None:
        """A visit is stored."""
        await self.writer.written(Outcome(Response(200, (), b""), (visit(id_, ecid, run),)))

    async def close(self) -> None:
        self.projection.end()
        await self.writer.close()
        self.store.close()

    def steps(self, kind: str = "entered", run: str | None = None) -> list[str]:
        """The events of these steps, or their instances where they have none."""
        rows = self.projection.journal.steps(Wanted(kind=kind, run=run, limit=10_000))
        return [row.what.event or row.what.instance for row in rows if isinstance(row.what, Step)]

    def messages(self) -> list[tuple[str, str]]:
        rows = self.projection.journal.messages(Wanted(limit=10_000))
        return [(row.what.event, row.what.node) for row in rows if isinstance(row.what, Message)]


def visit(id_: str, ecid: str, run: str) -> StoredEvent:
    now_ms = time.time_ns() // 1_000_000
    xdm = {"_id": id_, "eventType": "location.entry", "identityMap": {"ECID": [{"id": ecid, "primary": True}]}}
    body = json.dumps({"xdm": xdm}).encode()
    return StoredEvent(id_, run, "local", ecid, "location.entry", True, (), now_ms, "", body, run_ms=now_ms)


def lived(story: Callable[[World], Awaitable[None]], path: Path, **how: Any) -> None:
    """Runs the story in a world of this file."""

    async def live() -> None:
        world = World(path, **how)
        try:
            await story(world)
        finally:
            await world.close()

    asyncio.run(asyncio.wait_for(live(), 30))


def ecid(n: int) -> str:
    return f"{n:038}"


async def settled(world: World) -> None:
    """Everything that has happened is on disk, whatever attempts it takes."""
    while True:
        try:
            return await world.projection.written()
        except StoreFailed:
            await asyncio.sleep(0.01)


both = pytest.mark.parametrize("threaded", [False, True])


# ---- a store that fails


@both
def test_a_transaction_that_fails_loses_nothing_and_repeats_nothing(tmp_path: Path, threaded: bool) -> None:
    async def story(world: World) -> None:
        world.store.refused = 1
        await world.comes("v1", ecid(1))
        with pytest.raises(StoreFailed):
            await world.projection.written()
        assert (world.steps(), world.messages()) == ([], [])
        assert world.projection.journal.followed() is None
        await world.comes("v2", ecid(2))  # what comes meanwhile goes with the next attempt
        await settled(world)
        assert world.steps() == ["v1", "v2"]
        await asyncio.sleep(0.2)
        await settled(world)
        assert sorted(world.messages()) == [("v1", "again"), ("v1", "greet"), ("v2", "again"), ("v2", "greet")]
        assert world.projection.journal.followed() == 2

    lived(story, tmp_path / "s", threaded=threaded)


def test_it_is_tried_again_though_nothing_else_comes(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.store.refused = 1
        await world.comes("v1", ecid(1))
        await asyncio.sleep(1.3)
        assert world.steps() == ["v1"]
        assert world.messages() == [("v1", "greet"), ("v1", "again")]

    lived(story, tmp_path / "s")


def test_who_waits_hears_only_of_what_is_durable(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        with world.projection.watches.watch("messages", Wanted(channel="in-app")) as watch:
            world.store.refused = 1
            await world.comes("v1", ecid(1))
            with pytest.raises(StoreFailed):
                await world.projection.written()
            assert not watch.news.is_set()
            await settled(world)
            assert watch.news.is_set()

    lived(story, tmp_path / "s", wait_ms=60_000)


@both
def test_a_reset_that_fails_changes_nothing(tmp_path: Path, threaded: bool) -> None:
    async def story(world: World) -> None:
        await world.comes("v1", ecid(1))
        await settled(world)
        world.store.refused = 1
        with pytest.raises(StoreFailed):
            await world.projection.forget(None)
        assert world.steps() == ["v1"]
        assert world.orchestration.sandbox("local").profiles.find("ECID", ecid(1)) is not None
        await asyncio.sleep(0.2)
        await settled(world)
        assert world.messages() == [("v1", "greet"), ("v1", "again")]  # it went on

    lived(story, tmp_path / "s", threaded=threaded)


def record(id_: str, points: Any) -> StoredEvent:
    """A profile record of the first device."""
    xdm = {"_id": id_, "identityMap": {"ECID": [{"id": ecid(1)}]}, "loyalty": {"points": points}}
    return msgspec.structs.replace(
        visit(id_, ecid(1), "local"), body=json.dumps({"xdm": xdm}).encode(), arrived="profile"
    )


def test_a_number_beyond_64_bits_stops_nobody(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.writer.written(Outcome(Response(200, (), b""), (record("r", 10**30),)))
        await world.comes("v1", ecid(1))
        await asyncio.wait_for(world.projection.written(), 5)
        assert world.steps() == ["v1"]

    lived(story, tmp_path / "s", wait_ms=60_000)

    async def later(world: World) -> None:
        found = world.orchestration.sandbox("local").profiles.find("ECID", ecid(1))
        assert found is not None
        assert found.attributes == {"loyalty": {"points": 10**30}}

    lived(later, tmp_path / "s", wait_ms=60_000)


@pytest.mark.parametrize("where", [ProfilesOnDisk, Journal])
def test_what_cannot_be_written_down_now_is_written_later(
    tmp_path: Path, where: type, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(world: World) -> None:
        with monkeypatch.context() as patch:

            def failing(*_: Any) -> None:
                raise ValueError("whatever it was")

            patch.setattr(where, "statements", failing)
            await world.comes("v1", ecid(1))
            with pytest.raises(StoreFailed, match="whatever it was"):
                await asyncio.wait_for(world.projection.written(), 5)
            with pytest.raises(StoreFailed, match="whatever it was"):
                await asyncio.wait_for(world.projection.forget(None), 5)
            await world.comes("v2", ecid(2))
        await asyncio.sleep(1.3)  # it is tried again though nothing else comes
        assert world.steps() == ["v1", "v2"]
        assert world.orchestration.sandbox("local").profiles.find("ECID", ecid(1)) is not None

    lived(story, tmp_path / "s", wait_ms=60_000)

    async def later(world: World) -> None:
        assert world.steps() == ["v1", "v2"]
        assert world.orchestration.sandbox("local").profiles.find("ECID", ecid(1)) is not None

    lived(later, tmp_path / "s", wait_ms=60_000)
    assert "while writing down what happened" in caplog.text


def test_an_event_that_fails_is_discarded_and_blocks_no_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    take = Profiles.take_event

    def failing(self: Profiles, id_: str, *what: Any) -> Any:
        if id_ == "bad":
            raise ValueError("whatever it was")
        return take(self, id_, *what)

    monkeypatch.setattr(Profiles, "take_event", failing)
    first, bad, last = (visit(id_, ecid(n), "local") for n, id_ in enumerate(("v1", "bad", "v2")))

    async def story(world: World) -> None:
        await world.writer.written(Outcome(Response(200, (), b""), (first, bad, last)))
        await settled(world)
        assert (world.steps(), world.steps("discarded")) == (["v1", "v2"], ["bad"])

    lived(story, tmp_path / "live", wait_ms=60_000)

    async def later(world: World) -> None:  # an event that was stored, and not followed before the process ended
        assert (world.steps(), world.steps("discarded")) == (["v1", "v2"], ["bad"])

    with Store(str(tmp_path / "restart")) as store:
        store.append([first, bad, last])
    lived(later, tmp_path / "restart", wait_ms=60_000)
    assert "while following the event bad" in caplog.text


def test_time_that_fails_is_tried_again_after_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = []

    def failing(*_: Any) -> None:
        tried.append(1)
        raise ValueError("whatever it was")

    async def story(world: World) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Orchestration, "do_what_is_due", failing)
            await world.comes("v1", ecid(1))
            await asyncio.sleep(0.4)
            assert len(tried) == 1
        await asyncio.sleep(1)
        await settled(world)
        assert world.messages() == [("v1", "greet"), ("v1", "again")]

    lived(story, tmp_path / "s")
    assert "while time went on" in caplog.text


# ---- offers


@pytest.mark.parametrize("wait_ms", [0, 60_000])  # the journey has ended by then, or has not
@pytest.mark.parametrize("is_shown", [False, True])
def test_after_a_restart_what_was_not_shown_is_offered(tmp_path: Path, wait_ms: int, is_shown: bool) -> None:
    def offered(world: World) -> list[str]:
        return [one.id for one in world.orchestration.offers("local", ecid(1), [""])]

    before = []

    async def story(world: World) -> None:
        await world.comes("v1", ecid(1))
        await settled(world)
        before.extend(offered(world))
        assert len(before) == (1 if wait_ms else 2)
        if is_shown:
            xdm = {
                "eventType": "decisioning.propositionDisplay",
                "_experience": {"decisioning": {"propositions": [{"id": before.pop(0)}]}},
            }
            told = visit("d1", ecid(1), "local")
            body = json.dumps({"xdm": xdm}).encode()
            told = msgspec.structs.replace(told, type="decisioning.propositionDisplay", body=body)
            await world.writer.written(Outcome(Response(200, (), b""), (told,)))
            await settled(world)
            assert offered(world) == before

    lived(story, tmp_path / "s", wait_ms=wait_ms)

    async def later(world: World) -> None:
        assert offered(world) == before
        assert world.projection.journal.offers().keys() == ({"local"} if before else set())
        await world.projection.forget("local")
        assert (offered(world), world.projection.journal.offers()) == ([], {})

    lived(later, tmp_path / "s", wait_ms=wait_ms)


# ---- forgetting


@both
def test_a_run_is_forgotten_whatever_is_under_way(tmp_path: Path, threaded: bool) -> None:
    async def story(world: World) -> None:
        for n in range(20):  # some written, some on their way, some not even that
            await world.comes(f"a{n}", ecid(n), "a")
            await world.comes(f"b{n}", ecid(n), "b")
        assert await world.projection.forget("a") == 40
        assert world.steps(run="a") == []
        assert world.steps(run="b") == [f"b{n}" for n in range(20)]
        assert world.orchestration.sandbox("a").profiles.find("ECID", ecid(1)) is None
        assert world.orchestration.sandbox("b").profiles.find("ECID", ecid(1)) is not None
        await world.comes("a20", ecid(0), "a")  # the person is new again
        await settled(world)
        assert world.steps(run="a") == ["a20"]
        await asyncio.sleep(0.3)
        await settled(world)
        assert len(world.messages()) == 42  # nobody of those who were forgotten went on

    lived(story, tmp_path / "s", threaded=threaded, wait_ms=100)

    async def later(world: World) -> None:
        assert world.orchestration.sandbox("a").profiles.find("ECID", ecid(1)) is None
        assert world.steps(run="a") == ["a20"]
        assert len(world.messages()) == 42

    lived(later, tmp_path / "s", threaded=threaded)


def test_what_is_committed_while_a_run_is_being_forgotten_is_of_the_new_one(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.store.takes_s = 0.2
        coming = asyncio.ensure_future(world.comes("v1", ecid(1)))
        await asyncio.sleep(0.05)  # the thread is at it; the forgetting comes with the next transaction
        assert await world.projection.forget("local") == 0
        await coming
        await settled(world)
        assert world.steps() == ["v1"]
        assert [(one.key, one.over) for one in world.projection.journal.instances()["local"]] == [(ecid(1), False)]

    lived(story, tmp_path / "s", threaded=True, wait_ms=60_000)

    async def later(world: World) -> None:
        assert world.steps() == ["v1"]

    lived(later, tmp_path / "s")


def test_what_happens_while_a_run_is_being_forgotten_is_forgotten_too(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.comes("v1", ecid(1))
        await settled(world)
        world.store.takes_s = 0.3
        await world.projection.forget("local")  # meanwhile the wait in the journey has come to its end
        await settled(world)
        assert (world.messages(), world.projection.journal.standings()) == ([], {})
        await world.comes("v2", ecid(2))
        await settled(world)
        assert world.messages() == [("v2", "greet")]
        assert {row.what.key for row in world.projection.journal.steps(Wanted())} == {ecid(2)}

    lived(story, tmp_path / "s", threaded=True, wait_ms=150)


def test_several_are_forgotten_at_once_and_those_that_never_were(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.comes("a", ecid(1), "a")
        await world.comes("b", ecid(1), "b")
        assert await asyncio.gather(*map(world.projection.forget, ("a", "never", None))) == [2, 2, 2]
        assert world.steps() == []

    lived(story, tmp_path / "s")


def test_content_that_is_no_object_stops_nobody(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        raw = msgspec.structs.replace(visit("raw", ecid(3), "local"), body=b"[1]")
        events = (raw, visit("v1", ecid(1), "local"))
        await world.writer.written(Outcome(Response(200, (), b""), events))
        await settled(world)
        assert world.steps() == ["v1"]

    lived(story, tmp_path / "s")


# ---- processes


def visits(url: str, *ids: str) -> None:
    events = [{"xdm": event(id_, f"{int(id_[1:]):038}")} for id_ in ids]
    answer = httpx.post(f"{url}/ee/v1/interact?configId=local", json={"events": events}, trust_env=False, timeout=20)
    assert answer.status_code == 200


def asked(process: Process, path: str) -> Any:
    answer = httpx.get(f"{process.url}{path}", trust_env=False, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "welcome.yaml").write_text(WELCOME)
    return {"journeys": [str(tmp_path)], "store": str(tmp_path / "store.sqlite")}


@pytest.mark.e2e
@pytest.mark.parametrize("fsync", [False, True])
def test_a_journey_that_waits_goes_on_after_a_kill(options: dict[str, Any], fsync: bool) -> None:
    with platform(**options, fsync=fsync) as process:
        visits(process.url, "v1", "v2")
        asked(process, "/api/messages?count=2&wait_s=5")
        process.popen.kill()
        process.popen.wait()
    with platform(**options, fsync=fsync) as process:
        messages = asked(process, "/api/messages?count=4&wait_s=5")["messages"]
        assert sorted((one["event"], one["node"]) for one in messages) == [
            ("v1", "again"), ("v1", "greet"), ("v2", "again"), ("v2", "greet"),
        ]  # fmt: skip
        asked(process, "/api/messages/absent?after=4&for_s=1.5")  # and nothing more
        (line,) = asked(process, "/api/journeys")["journeys"]
        assert (line["entered"], line["ended"], line["sent"]) == (2, 2, {"in-app": 4})
        assert process.stop() == (0, "")


def _agreement(process: Process) -> tuple[list[str], list[str]]:
    """The events of the lake, and those that somebody entered with, once it is quiet."""
    lake = [row["id"] for row in asked(process, "/api/events?limit=1000")["events"]]
    (line,) = asked(process, "/api/journeys")["journeys"]
    entered = [row["event"] for row in asked(process, "/api/steps?kind=entered&limit=1000")["steps"]]
    assert line["entered"] == len(entered)
    messages = asked(process, "/api/messages?limit=1000")["messages"]
    assert [row["event"] for row in messages if row["node"] == "greet"] == entered
    return lake, entered


@pytest.mark.e2e
@pytest.mark.parametrize("fsync", [False, True])
def test_a_reset_under_load_and_a_restart_agree(options: dict[str, Any], fsync: bool) -> None:
    with platform(**options, fsync=fsync) as process:
        stop = threading.Event()

        def phone(first: int) -> None:
            n = first
            while not stop.is_set():
                visits(process.url, f"v{n}")
                n += 10

        phones = [threading.Thread(target=phone, args=(n,)) for n in range(4)]
        for one in phones:
            one.start()
        for query in ("", "?run=local", ""):
            time.sleep(0.4)
            assert httpx.post(f"{process.url}/api/reset{query}", trust_env=False, timeout=20).status_code == 200
        time.sleep(0.2)
        stop.set()
        for one in phones:
            one.join()
        visits(process.url, "v9")
        asked(process, "/api/steps?event=v9&wait_s=5")
        lake, entered = _agreement(process)
        assert lake == entered  # nobody is in a journey whose event is forgotten, nobody's event is without a journey
        assert lake[-1] == "v9"
        process.popen.kill()
        process.popen.wait()
    with platform(**options, fsync=fsync) as process:
        assert _agreement(process) == (lake, entered)
        known = [asked(process, f"/api/people/ECID/{int(one[1:]):038}")["profile"] for one in entered]
        assert len(set(known)) == len(known)
        assert process.stop() == (0, "")
