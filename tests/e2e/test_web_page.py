"""`locust` with its web page: Footfall's fields in the form, one run after the other from it."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
from locust_process import Commands, Process, free_port, manifest, platforms, some_sent, summary, until

pytestmark = pytest.mark.e2e


class Page:
    """Locust's page and the process behind it."""

    def __init__(self, process: Process, url: str) -> None:
        self.process = process
        self._url = url

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return httpx.request(method, f"{self._url}{path}", trust_env=False, timeout=20.0, **more)

    def text(self) -> str:
        """The page."""
        return self._ask("GET", "/").text

    def swarm(self, **fields: str) -> None:
        """Presses Start, with these fields of the form."""
        answer = self._ask("POST", "/swarm", data={"user_count": "12", "spawn_rate": "50", **fields})
        assert answer.json()["success"], answer.text

    def stop(self) -> None:
        """Presses Stop."""
        assert self._ask("POST", "/stop").json()["success"]

    def stopped(self) -> bool:
        """Whether the test is over."""
        return str(self._ask("GET", "/stats/requests").json()["state"]) == "stopped"


def open_page(commands: Commands) -> Page:
    """`locust`, and its page once it is there."""
    port = free_port()
    usual = ("--web-host", "127.0.0.1", "--web-port", str(port), "--runs", str(commands.runs))
    process = commands.start("-m", "locust", *usual)
    url = f"http://127.0.0.1:{port}"

    def up() -> bool:
        assert process.popen.poll() is None, process.err
        try:
            return httpx.get(url, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    until(up)
    return Page(process, url)


@pytest.fixture(scope="module")
def page(module_commands: Commands) -> Page:
    """One page for several runs, with a scenario that it was not started with."""
    return open_page(module_commands)


def test_the_form_has_footfalls_fields(page: Page) -> None:
    text = page.text()
    fields = ("scenario", "seed", "speed", "run_id", "phones", "only", "confirm_host", "datastream", "places_host")
    assert [field for field in fields if f'"{field}"' not in text and f"&#34;{field}&#34;" not in text] == []


def test_each_start_is_a_run_of_its_own(page: Page, module_commands: Commands, scenario: Path) -> None:
    form = {"scenario": str(scenario), "speed": "900", "run_id": "web", "seed": "3"}
    digests = []
    for directory in ("web", "web-2"):
        page.swarm(**form)
        until((module_commands.runs / directory / "manifest.json").exists)
        until(page.stopped)
        until((module_commands.runs / directory / "summary.json").exists)
        assert manifest(module_commands.runs / directory).run == directory
        assert summary(module_commands.runs / directory)["validity"] == "valid"
        digests.append(summary(module_commands.runs / directory)["digest"])
    assert digests[0] == digests[1], "run ids do not change what phones do"


def test_stop_brings_everything_in_and_control_c_ends_it_all(
    page: Page, module_commands: Commands, scenario: Path
) -> None:
    page.swarm(scenario=str(scenario), speed="100", run_id="stopped", seed="3")
    until(some_sent(module_commands.runs, "stopped"))
    page.stop()
    until(page.stopped)
    until((module_commands.runs / "stopped/summary.json").exists)
    verdict = summary(module_commands.runs / "stopped")
    assert verdict["total"]["unexplained"] == 0
    assert verdict["checks"][0]["facts"]["phones_cut"] > 0
    assert len(platforms(module_commands.directory)) == 1
    page.process.signal_group(signal.SIGINT)
    assert page.process.wait(20).exit_code == verdict["exit_code"]
    assert platforms(module_commands.directory) == []


def test_a_mistake_in_the_form_is_told_and_starts_nothing(commands: Commands) -> None:
    page = open_page(commands)
    page.swarm(scenario="shopping/saturdey")
    until(lambda: 'Did you mean "shopping/saturday"?' in page.process.err)
    # the host of the form is no less looked at than that of the command line
    page.swarm(scenario="shopping/saturday", host="http://192.0.2.1")
    until(lambda: "http://192.0.2.1 is not this machine" in page.process.err)
    until(page.stopped)
    page.process.signal_group(signal.SIGINT)
    assert page.process.wait(20).exit_code == 2
    assert [path for path in commands.runs.iterdir() if path.is_dir()] == []
    assert platforms(commands.directory) == []


def test_a_page_that_nobody_used_leaves_no_trace(commands: Commands) -> None:
    page = open_page(commands)
    page.process.signal_group(signal.SIGINT)
    assert page.process.wait(20).exit_code == 0
    assert platforms(commands.directory) == []
