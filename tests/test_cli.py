"""`footfall`: what each command prints and how it exits. 0 done or valid, 1 invalid, 2 bad usage, 3 unknown."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from footfall.cli import main
from footfall.evidence import ledger, manifest, received
from footfall.evidence.manifest import Expectations, Manifest
from footfall.evidence.ops import Created, Done, Ended, Head, Invoke, Lease, Op, Started
from footfall.evidence.received import Received

ROOT = Path(__file__).resolve().parents[1]

ECID = "12345678901234567890123456789012345678"
FIRST, SECOND = "0a1b2c3d-0000-4000-8000-000000000001", "0a1b2c3d-0000-4000-8000-000000000002"

# one phone, two events, both stored
OPS: tuple[Op, ...] = (
    Head("noon", "local", 1, "0.1.0"),
    Lease(0, 1, "local"),
    Started(0, "person-000000", ECID, "ios", 0),
    Created(FIRST, "application.launch", 0, 0, "person-000000", "install", "plan", 10, "aa"),
    Invoke(FIRST, "R-1", 0, 1, 1000.0, 1001.0),
    Done(FIRST, "R-1", 0, 1005.0, "ok", "done", 200),
    Created(SECOND, "application.close", 0, 1, "person-000000", "install", "plan", 90, "bb"),
    Invoke(SECOND, "R-2", 0, 1, 2000.0, 2001.0),
    Done(SECOND, "R-2", 0, 2005.0, "ok", "done", 200),
    Ended(0, "lived", (), 100),
)
RECEIVED = (
    Received(FIRST, "application.launch", True, (), ECID),
    Received(SECOND, "application.close", True, (), ECID),
)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the folder runs/."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


def keep(runs: Path, run: str = "noon", ops: Sequence[Op] = OPS, stored: Sequence[Received] | None = RECEIVED) -> Path:
    """A run's folder as a run leaves it."""
    directory = runs / run
    directory.mkdir(parents=True)
    what = Manifest(
        run="noon",
        scenario="small",
        scenario_file="scenarios/small.yaml",
        scenario_sha256="",
        scenario_text="",
        geofences_file="geofences/small.geojson",
        geofences_sha256="",
        seed=3,
        phones=1,
        speed=120.0,
        host="http://127.0.0.1:1",
        started_ms=1000,
        anchor_ms=0,
        lasts_ms=1000,
        versions={},
        command="locust",
        expectations=Expectations(("install",), (), 1, checkers=("delivered",)),
    )
    (directory / "manifest.json").write_bytes(manifest.encode(what))
    (directory / "ledger-local.ndjson").write_bytes(b"".join(map(ledger.encode, ops)))
    if stored is not None:
        (directory / "received.ndjson").write_bytes(b"".join(map(received.encode, stored)))
    return directory


# --- help and start


def test_help_lists_the_commands() -> None:
    answered = python("-m", "footfall.cli", "--help")
    assert answered.returncode == 0
    assert [
        command for command in ("platform", "check", "lint", "explain", "preview") if command not in answered.stdout
    ] == []


def test_the_installed_command_is_the_same() -> None:
    footfall = Path(sys.executable).with_name("footfall")
    if not footfall.exists():
        pytest.skip("footfall is not installed in this environment")
    answered = subprocess.run([footfall, "--version"], capture_output=True, text=True, timeout=30)
    assert answered.stdout.startswith("footfall ")


def test_the_command_line_imports_nothing_heavy_before_it_knows_the_command() -> None:
    code = (
        "import sys, footfall.cli as cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'locust', 'gevent', 'httpx', 'rich', 'msgspec', 'shapely', 'faker', 'uvicorn', 'sqlite3'}\n"
        "print('imported:', sorted(heavy & set(sys.modules)))\n"
    )
    assert python("-c", code).stdout.splitlines()[-1] == "imported: []"


def test_no_command_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


# --- check


def test_check_of_a_valid_run(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = keep(runs)
    assert main(["check", str(directory)]) == 0
    out = capsys.readouterr().out
    assert "planned 2 = sent 2 = acknowledged 2 = stored 2, 0 unexplained" in out
    assert "✓ valid" in out
    assert json.loads((directory / "summary.json").read_text())["exit_code"] == 0


def test_check_finds_a_run_by_its_id(runs: Path) -> None:
    keep(runs)
    assert main(["check", "noon"]) == 0


def test_check_of_a_run_that_lost_an_event(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(runs, stored=RECEIVED[:1])
    assert main(["check", "noon"]) == 1
    out = capsys.readouterr().out
    assert SECOND in out, "the lost event is named"
    assert "1 unexplained" in out


def test_check_of_a_run_whose_receiver_was_never_asked(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(runs, stored=None)
    assert main(["check", "noon"]) == 3
    assert "stored unknown, 0 unexplained" in capsys.readouterr().out


def test_check_of_a_run_in_which_nothing_happened(runs: Path) -> None:
    keep(runs, ops=OPS[:1], stored=())
    assert main(["check", "noon"]) == 3


def test_check_asks_again_and_says_when_nobody_answers(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(runs, stored=None)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert main(["check", "noon", "--ask", f"http://127.0.0.1:{nobody.getsockname()[1]}"]) == 3
    assert "does not answer" in capsys.readouterr().out


def test_check_asks_nobody_beyond_this_machine(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = keep(runs)
    before = sorted(path.name for path in directory.iterdir())
    assert main(["check", "noon", "--ask", "http://192.0.2.1"]) == 2
    assert "only a platform on this machine" in capsys.readouterr().err
    assert sorted(path.name for path in directory.iterdir()) == before


def test_check_of_a_damaged_ledger_has_no_verdict(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = keep(runs)
    path = directory / "ledger-local.ndjson"
    path.write_bytes(path.read_bytes().replace(b'"op":"invoke"', b'"op":"invoice"', 1))
    assert main(["check", "noon"]) == 2
    assert f"{directory.relative_to(Path.cwd())}/ledger-local.ndjson:5: " in capsys.readouterr().err


def test_check_of_an_unknown_run_suggests_one(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(runs)
    assert main(["check", "noom"]) == 2
    assert capsys.readouterr().err == 'footfall: noom: no such run. Did you mean "noon"?\n'


# --- explain


@pytest.mark.parametrize("given", [FIRST, FIRST.upper()])
def test_explain_tells_an_events_story(runs: Path, capsys: pytest.CaptureFixture[str], given: str) -> None:
    keep(runs)
    assert main(["explain", given]) == 0
    out = " ".join(capsys.readouterr().out.split())
    told = ("application.launch", "phone 0", "install", "R-1", "stored", "--only 0", "runs/noon")
    assert [word for word in told if word not in out] == []


def test_explain_takes_the_beginning_of_an_id(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alone = "ffffffff-0000-4000-8000-000000000003"
    ops = [*OPS[:-1], Created(alone, "location.entry", 0, 2, "person-000000", "install", "plan", 95, "cc"), OPS[-1]]
    keep(runs, ops=ops)
    assert main(["explain", "ffffffff"]) == 0
    assert alone in capsys.readouterr().out


def test_explain_lists_what_a_beginning_fits(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(runs)
    main(["explain", "0a1b2c3d"])
    out = capsys.readouterr().out
    assert FIRST in out
    assert SECOND in out


def test_explain_looks_into_the_folder_it_is_given(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(runs.with_name("elsewhere"))
    assert main(["explain", FIRST]) == 2
    assert main(["explain", FIRST, "--runs", "elsewhere"]) == 0


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("deadbeef-0000-4000-8000-000000000000", "no run in runs/ has an event or a message whose id is or begins so"),
        ("0a1b", "expected an event's id, or its first 8 characters or more"),
        ("", "expected an event's id, or its first 8 characters or more"),
    ],
)
def test_explain_of_what_is_no_known_event(
    runs: Path, capsys: pytest.CaptureFixture[str], given: str, told: str
) -> None:
    keep(runs)
    assert main(["explain", given]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert len(err.splitlines()) == 1


# --- lint


def test_lint_of_what_is_shipped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    files = [*map(str, ROOT.glob("scenarios/*/*.yaml")), *map(str, ROOT.glob("geofences/*.geojson"))]
    files += [*map(str, ROOT.glob("apps/*.yaml")), *map(str, ROOT.glob("platforms/*.yaml"))]
    assert main(["lint", *files]) == 0
    assert capsys.readouterr().out == f"{len(files)} files, no problems\n"


def test_lint_tells_every_problem_of_every_file_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    swapped = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": "p",
                "geometry": {"type": "Point", "coordinates": [160.17, 124.94]},
                "properties": {"name": "P", "category": "shop", "radius_m": 0, "library": "l", "weight": 1},
            }
        ],
    }
    Path("b.geojson").write_text(json.dumps(swapped, indent=1))
    Path("a.yaml").write_text("scenario: a\nversion: one\nlasts: long\n")
    assert main(["lint", "b.geojson", "a.yaml", "missing.yaml"]) == 2
    told = capsys.readouterr().err.splitlines()
    places = [(file, int(line), int(column)) for file, line, column, _ in (one.split(":", 3) for one in told)]
    assert places == sorted(places), "in reading order"
    assert len(told) == len(set(told)), "each once"
    assert {line.partition(":")[0] for line in told} == {"a.yaml", "b.geojson", "missing.yaml"}
    assert any("radius" in line for line in told)


def test_lint_warns_without_refusing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = json.loads((ROOT / "geofences/helsinki.geojson").read_text())
    feature = whole["features"][0]
    feature["properties"]["radius_m"] = 20  # Places takes it; a phone's OS hardly notices so small a circle
    Path("small.geojson").write_text(json.dumps({**whole, "features": [feature]}, indent=1))
    assert main(["lint", "small.geojson"]) == 0
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning.startswith("small.geojson:")
    assert warning.endswith("(warning)")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # by its mark a platform file is told from a scenario and an app
        ("platform: p\nfaults: [{do: truncate}]\n", "p.yaml:2:15: do: expected status, latency, slow-body"),
        ("app: A\nplatform: p\n", 'p.yaml:2:1: unknown key "platform".'),
    ],
)
def test_lint_knows_what_a_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.yaml").write_text(text)
    assert main(["lint", "p.yaml"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(told)


# --- preview


def test_preview_of_a_phone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["preview", "--scenario", "saturday", "--phone", "17", "--platform", "android"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("phone     17 of 200, android, scenario saturday, seed 1\n")
    assert "application.launch" in out


def test_preview_needs_a_phone_that_there_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["preview", "--scenario", "shopping/saturday", "--phone", "200"]) == 2
    assert capsys.readouterr().err == "footfall: --phone: expected a whole number from 0 to 199, found 200\n"


@pytest.mark.parametrize("form", ["--body", "--curl", "--json"])
def test_preview_whose_reader_has_seen_enough_ends_quietly(form: str) -> None:
    command = [sys.executable, "-m", "footfall.cli", "preview", "--scenario", "saturday", "--phone", "17", form]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


# --- platform


def test_a_port_in_use_is_one_plain_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        answered = python("-m", "footfall.cli", "platform", "--port", port, "--store", str(tmp_path / "s.sqlite"))
    assert answered.returncode == 2
    assert answered.stdout == ""
    (line,) = answered.stderr.splitlines()
    assert line.startswith(f"footfall platform: cannot listen on 127.0.0.1 port {port}: ")


def test_a_store_that_is_no_store_is_one_plain_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a store" * 100)
    answered = python("-m", "footfall.cli", "platform", "--port", "0", "--store", str(tmp_path / "notes.txt"))
    assert answered.returncode == 2
    assert len(answered.stderr.splitlines()) == 1


def served(*options: str, cwd: Path = ROOT) -> tuple[subprocess.Popen[str], str]:
    """A platform started by the command line, and where it says that it listens."""
    command = [sys.executable, "-m", "footfall.cli", "platform", "--port", "0", "--store", ":memory:", *options]
    process = subprocess.Popen(
        [*command, "--stop-with-stdin"], cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("footfall platform listening on "), line
    return process, line.split()[4]


EVENT = {"xdm": {"_id": "e-1", "timestamp": "2026-03-07T11:15:30Z", "_footfall": {"own": 1}}}


def interact(url: str, datastream: str) -> int:
    """The status with which the platform answers an event, through a datastream."""
    body = {"events": [EVENT]}
    return httpx.post(f"{url}/ee/v1/interact?configId={datastream}", json=body, trust_env=False).status_code


def stored_as_good(url: str) -> list[bool]:
    """How the stored events of the run `local` were judged."""
    answer = httpx.get(f"{url}/api/runs/local/received", params={"after": 0, "limit": 10}, trust_env=False)
    return [json.loads(line)["good"] for line in answer.text.splitlines()]


def test_a_platform_is_what_its_file_says() -> None:
    process, url = served("--config", "local", "--host", "localhost")
    with process:
        assert interact(url, "switched-off") == 422
        assert interact(url, "servers-only") == 401
        assert interact(url, "offers") == 200
        assert interact(url, "local") == 200
        assert interact(url, "unheard-of") == 400
        assert stored_as_good(url) == [False, False], "the platform's own schema knows its tenant's fields"
    assert process.returncode == 0


def test_a_platform_judges_by_a_checkout_of_adobes_schemas() -> None:
    checkout = ROOT / "../shared/xdm"
    if not (checkout / "components").is_dir():
        pytest.skip("Adobe's schemas (../shared/xdm) are not beside the repository")
    process, url = served("--xdm", str(checkout))
    with process:
        assert interact(url, "local") == 200
        assert stored_as_good(url) == [True], "a tenant's object may hold anything"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        # a file that is not there, and one that is wrong
        (("--config", "locl"), 'locl:1:1: no such platform. Did you mean "local"?'),
        (("--config", "wrong.yaml"), "wrong.yaml:2:7: seed: expected a whole number of at least 0, found x"),
        # a folder that is no checkout
        (
            ("--xdm", "geofences"),
            "footfall platform: --xdm geofences: no *.schema.json file below components/ or extensions/adobe/, "
            "as a checkout has them",
        ),
        (
            ("--keep", "-1"),
            "footfall platform: error: argument --keep: expected a whole number from 0 on, found '-1'",
        ),
    ],
)
def test_what_a_platform_cannot_be_set_up_with_is_one_plain_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("platforms", "geofences"):
        Path(folder).mkdir()
    Path("platforms/local.yaml").write_text("platform: local\n")
    Path("wrong.yaml").write_text("platform: p\nseed: x\n")
    try:
        code = main(["platform", "--port", "0", "--store", ":memory:", *options])
    except SystemExit as left:  # as argparse leaves
        code = int(left.code or 0)
    assert code == 2
    assert capsys.readouterr().err.splitlines()[-1] == told


def test_a_store_is_limited_and_put_aside_as_the_options_say(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def serve(options: Any) -> int:
        asked.append(options)
        return 0

    monkeypatch.setattr("footfall.live.platform_command.serve", serve)
    assert main(["platform", "--most-store-mb", "500", "--rotate-mb", "100", "--keep", "3", "--host", "::1"]) == 0
    (options,) = asked
    assert (options.most_store_mb, options.rotate_mb, options.keep, options.host) == (500, 100, 3, "::1")
    assert options.schema is None
