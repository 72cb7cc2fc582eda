"""The app of a run: from the file through the spec to the workers' phones, into the manifest and the command that
repeats a phone. And `footfall lint` of an app file."""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import gevent
import msgspec
import pytest
from raw_servers import Pieces, RawServer, Serve, always
from small_inputs import PLACES, SCENARIO, small_spec

from footfall.cli import main
from footfall.evidence import manifest as manifests
from footfall.live import inputs
from footfall.live.locust.active import ActiveRun
from footfall.live.locust.options import DEFAULT_SCENARIO, RunOptions
from footfall.live.locust.run import PlatformFile, Run, datastream_of, program
from footfall.live.locust.spec import RunSpec

ROOT = Path(__file__).resolve().parents[2]
LATER = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
APP = """\
app: Other Shop
id: com.example.other
edge:
  datastream: ds-of-the-app
  environment: pre-prod
  batching: {enabled: true, max-batch-size: 2, events: ["*"]}
places: {nearby-limit: 7}
"""


def lived(below: Path, server: RawServer, **app: str) -> list[bytes]:
    """The first lines of all requests that two phones send in a run with this app."""
    spec = small_spec(below, host=f"http://127.0.0.1:{server.port}", speed=1_000.0, **app)
    phones = iter(range(2))
    active = ActiveRun(
        RunSpec.from_message(msgspec.msgpack.decode(msgspec.msgpack.encode(spec.to_message()))),  # as Locust sends it
        "worker-0",
        lambda: next(phones, None),
        lambda k: None,
        lambda **request: None,
    )
    gevent.joinall([life for _ in range(2) if (life := active.begin()) is not None], timeout=20)
    active.close()
    assert active.trouble is None
    assert server.requests
    return [request.split(b"\r\n", 1)[0] for request in server.requests]


def late(n: int, request: bytes) -> Pieces:
    """The first requests to Edge are to be made again in a minute, by which time more events wait behind them."""
    return (LATER,) if n < 6 and request.startswith(b"POST") else (ANSWER,)


def events_of(request: bytes) -> list[Any]:
    """The events in an Edge request; none in others."""
    body = request.partition(b"\r\n\r\n")[2]
    return list(json.loads(body).get("events", [])) if body else []


def test_phones_live_by_the_app_that_came_with_the_spec(tmp_path: Path, serve: Serve) -> None:
    server = serve(late)
    asked = lived(tmp_path, server, app_file="apps/other.yaml", app_text=APP)
    edge = [line for line in asked if line.startswith(b"POST")]
    places = [line for line in asked if line.startswith(b"GET")]
    assert edge
    assert places
    assert all(b"/ee-pre-prd/" in line for line in edge), "edge.environment"
    assert all(b"configId=d&" in line for line in edge), "the datastream is the run's, for the target is local"
    assert all(b"limit=7" in line and b"library=one" in line for line in places), "places.nearby-limit"
    assert any(len(events_of(request)) == 2 for request in server.requests), "edge.batching"


def test_without_an_app_phones_live_by_the_default(tmp_path: Path, serve: Serve) -> None:
    server = serve(late)
    asked = lived(tmp_path, server)
    assert all(b"/ee/" in line for line in asked if line.startswith(b"POST"))
    assert all(b"limit=20" in line for line in asked if line.startswith(b"GET"))
    assert all(len(events_of(request)) <= 1 for request in server.requests)


# --- the spec and the manifest


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a scenario, its places and an app."""
    for name, text in (
        ("scenarios/small.yaml", SCENARIO.replace(", libraries: [one]", "")),
        ("places.geojson", json.dumps(PLACES)),
        ("apps/other.yaml", APP),
        ("apps/plain.yaml", "app: Plain\nplaces: {libraries: [two]}\n"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def begun(
    app: str,
    host: str = "http://192.0.2.1",
    datastream: str = "",
    host_given: bool = True,
    platform: PlatformFile | None = None,
) -> Run:
    """A run as its conductor makes it. Nothing is sent: the default host is not asked what it has."""
    options = RunOptions(
        scenario=DEFAULT_SCENARIO,
        app=app,
        seed=-1,
        speed=1.0,
        run_id="noon",
        phones=0,
        only=-1,
        confirm_host=True,
        datastream=datastream,
        places_host="",
        transport="edge",
        inlet_host="",
        drain_s=0.0,
        give_up_s=0.0,
        fsync=False,
        platform_config="",
        runs="runs",
    )
    read, read_for = inputs.load_all("small", app)
    run = Run("noon", options, read, read_for, host, "conductor", host_given, platform)
    run.ledger.close()
    return run


def test_the_spec_carries_the_text_of_the_app(here: Path) -> None:
    spec = begun("other").spec
    assert (spec.app_file, spec.app_text) == ("apps/other.yaml", APP)
    assert RunSpec.from_message(spec.to_message()) == spec


def test_the_built_in_default_needs_no_text(here: Path) -> None:
    spec = begun("").spec
    assert (spec.app_file, spec.app_text) == ("", "")


LOCAL = "http://127.0.0.1:9"  # nobody listens there


@pytest.mark.parametrize(
    ("app", "host", "option", "datastream"),
    [
        # another machine: the app's own
        ("other", "http://192.0.2.1", "", "ds-of-the-app"),
        # the option goes before it
        ("other", "http://192.0.2.1", "d", "d"),
        # an app that names none: one for the run, as without an app
        ("plain", "http://192.0.2.1", "", datastream_of("noon")),
        ("", "http://192.0.2.1", "", datastream_of("noon")),
        # this machine: never the app's own
        ("other", LOCAL, "d", "d"),
    ],
)
def test_which_datastream_a_run_sends_to(here: Path, app: str, host: str, option: str, datastream: str) -> None:
    assert begun(app, host, option).spec.datastream == datastream


def test_on_the_local_platform_a_run_has_a_datastream_of_its_own(here: Path, serve: Serve) -> None:
    empty = b'{"total": 0}'
    platform = serve(always(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(empty), empty)))
    run = gevent.get_hub().threadpool.spawn(begun, "other", f"http://127.0.0.1:{platform.port}").get()
    assert run.spec.datastream == datastream_of("noon")


def test_the_manifest_names_the_app_and_the_repeat_command_too(here: Path) -> None:
    manifest = begun("other").manifest
    assert manifest.app_file == "apps/other.yaml"
    assert manifest.app_sha256 == hashlib.sha256(APP.encode()).hexdigest()
    assert manifest.app_text == APP
    assert manifests.decode(manifests.encode(manifest), "manifest.json") == manifest
    words = shlex.split(manifests.repeat_command(manifest, 1))
    assert words[words.index("--app") + 1] == "apps/other.yaml"


def test_the_built_in_default_is_not_named(here: Path) -> None:
    manifest = begun("").manifest
    assert (manifest.app_file, manifest.app_sha256, manifest.app_text) == ("", "", "")
    assert "--app" not in manifests.repeat_command(manifest, 1)


def test_only_places_that_the_app_asks_for_are_expected(here: Path) -> None:
    assert begun("plain").manifest.expectations.places == ("p-2",)
    assert begun("").manifest.expectations.places == ("p-0", "p-1", "p-2")


# --- footfall lint


def test_lint_of_the_shipped_app(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    files = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("apps/*.yaml"))
    assert "apps/shop.yaml" in files
    assert main(["lint", *files]) == 0
    assert "no problems" in capsys.readouterr().out


def test_lint_tells_what_is_wrong_with_an_app(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("apps/other.yaml").write_text("app: Other\ntenant: other\n")
    assert main(["lint", "apps/other.yaml", "apps/plain.yaml"]) == 2
    assert capsys.readouterr().err == (
        "apps/other.yaml:2:9: tenant: expected a tenant with its underscore such as _footfall, and none of XDM's own "
        "names, found other\n"
    )


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        # below apps/ a file is an app's, whatever it says
        ("apps/mine.yaml", "ap: Mine\n", 'apps/mine.yaml:1:1: unknown key "ap". Did you mean "app"?'),
        (
            "apps/mine.yaml",
            "id: com.example.mine\n",
            'apps/mine.yaml:1:1: the key "app" is missing: expected the name of the app, with which its file begins',
        ),
        # elsewhere by a key that only apps have
        (
            "mine.yaml",
            "consent: {default: p}\n",
            'mine.yaml:1:1: the key "app" is missing: expected the name of the app, with which its file begins',
        ),
    ],
)
def test_an_app_without_its_name_is_judged_as_an_app(
    here: Path, capsys: pytest.CaptureFixture[str], file: str, text: str, problem: str
) -> None:
    Path(file).write_text(text)
    assert main(["lint", file]) == 2
    assert capsys.readouterr().err == f"{problem}\n"


def test_a_scenario_below_apps_is_still_one(here: Path) -> None:
    Path("apps/small.yaml").write_text((here / "scenarios/small.yaml").read_text())
    assert main(["lint", "apps/small.yaml"]) == 0


def test_lint_finds_apps_and_scenarios_by_name(here: Path) -> None:
    assert main(["lint", "other", "small"]) == 0


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("othr", 'Did you mean "other"?'),
        ("apps/othr.yaml", 'Did you mean "other"?'),
        ("smal.yaml", 'Did you mean "small"?'),
        ("zzz", "Known: other, plain, small."),
    ],
)
def test_lint_of_a_file_that_is_not_there_names_all_kinds(
    here: Path, capsys: pytest.CaptureFixture[str], name: str, hint: str
) -> None:
    assert main(["lint", name]) == 2
    assert capsys.readouterr().err == f"{name}:1:1: no such scenario, app or journey. {hint}\n"


def test_lint_of_a_name_that_several_have(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("apps/a", "apps/b"):
        Path(folder).mkdir()
        Path(folder, "twin.yaml").write_text("app: Twin\n")
    assert main(["lint", "twin"]) == 2
    assert capsys.readouterr().err == "twin:1:1: several apps have this name: a/twin, b/twin\n"


# --- the command that repeats


def test_the_repeat_command_goes_to_the_host_that_was_given(here: Path) -> None:
    words = shlex.split(manifests.repeat_command(begun("").manifest, 1))
    assert words[words.index("--host") + 1] == "http://192.0.2.1"


def test_a_platform_of_the_runs_own_is_no_host_to_repeat_with(here: Path) -> None:
    assert "--host" not in manifests.repeat_command(begun("", host_given=False).manifest, 1)


def test_the_manifest_holds_what_the_runs_own_platform_was_started_with(here: Path) -> None:
    file = PlatformFile("platforms/mine.yaml", "platform: mine\n")
    kept = begun("", host_given=False, platform=file).manifest
    assert (kept.platform_file, kept.platform_text) == ("platforms/mine.yaml", "platform: mine\n")
    assert kept.platform_sha256 == hashlib.sha256(b"platform: mine\n").hexdigest()
    assert "--platform-config platforms/mine.yaml" in manifests.repeat_command(kept, 1)
    without = begun("", host_given=False).manifest
    assert (without.platform_file, without.platform_sha256, without.platform_text) == ("", "", "")
    assert "--platform-config" not in manifests.repeat_command(without, 1)


@pytest.fixture
def scripts(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The scripts folder of the running Python, with Locust in it, not below the working directory."""
    folder = here / "venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "locust").write_text("#!/bin/sh\n")
    (folder / "locust").chmod(0o755)
    (here / "work").mkdir()
    monkeypatch.chdir(here / "work")
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(folder))
    monkeypatch.setenv("PATH", "")
    return folder


def test_locust_below_the_working_directory_is_named_by_its_path(
    scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(scripts.parents[1])
    assert program() == ("venv/bin/locust",)


def test_locust_that_the_shell_finds_is_named_alone(scripts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(scripts))
    assert program() == ("locust",)


def test_locust_that_the_shell_does_not_find_is_run_by_its_python(
    scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program() == (sys.executable, "-m", "locust")


def test_another_locust_on_the_path_is_not_taken_for_ours(scripts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = scripts.parents[1] / "other"
    other.mkdir()
    (other / "locust").write_text("#!/bin/sh\n")
    (other / "locust").chmod(0o755)
    monkeypatch.setenv("PATH", str(other))
    assert program() == (sys.executable, "-m", "locust")
