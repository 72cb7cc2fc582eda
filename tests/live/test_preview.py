"""`footfall preview`: one phone's requests in words, as JSON and as a shell script, and nothing sent by itself."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import Any

import gevent
import httpx
import pytest
from posix_shell import WICKED, sh
from rich.console import Console
from small_inputs import small_spec

from footfall.live import preview
from footfall.live.clock import anchor_ms
from footfall.live.control import Control, LocalPlatform, start_platform
from footfall.live.locust.active import ActiveRun
from footfall.live.preview import PreviewOptions

NOW_S = 1_800_000_000.0  # 2027-01-15T08:00:00Z
PLACES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": f"p-{number}",
            "geometry": {"type": "Point", "coordinates": [24.94 + number / 100, 60.17]},
            "properties": {"name": name, "category": "shop", "radius_m": 100, "library": "one", "weight": 1},
        }
        for number, name in enumerate(("Corner shop", "Mia's Café"))
    ],
}
SCENARIO = """\
scenario: small
version: 1
seed: 3
lasts: 1h
population: {phones: 2, platforms: {android: 1}, arrivals: 1m}
places: {file: ../../places.geojson, libraries: [one]}
gap: 5s
start: walk
states:
  walk:
    do: [launch, view: {products: 1}, add: {items: 1}, background, walk: {to: [shop], speed: 2mps}]
    dwell: 10s
    next: {end: 1}
"""

IOS = """\
phone     1 of 2, ios, scenario small, seed 3
platform  ios (in a run of this seed it is android, and crosses at other times)
person    Mirjam Rissanen (person-000001)
model     iPhone 16 Pro Max (iPhone17,2), iOS 26.3.1
ECID      14062393997596604676814480032719393686
app       Footfall Shop 1.3.0 (201)
Edge      edge.adobedc.net is what the SDK would address; nothing is sent
times     from the run's start, and of the day in UTC

+0:00:30.000  07:00:29  200  places nearby
    GET /placesedgequery/?library=one&latitude=60.171692&longitude=24.955672&limit=20

+0:00:30.000  07:00:29  200  application.launch
    POST /ee/v1/interact?configId=local&requestId=2485E217-5B38-4F12-9182-CD8EE8DFE306

+0:00:35.000  07:00:34  200  commerce.productViews  FF-3004
    POST /ee/irl1/v1/interact?configId=local&requestId=293FED6F-F463-4AFD-9C52-C6E836510E03

+0:00:40.000  07:00:39  200  commerce.productListAdds  FF-3004 x2
    POST /ee/irl1/v1/interact?configId=local&requestId=E795CDE2-E762-4E35-A675-839419AACFC2

+0:00:45.500  07:00:44  200  application.close
    POST /ee/irl1/v1/interact?configId=local&requestId=16F09CA8-D07E-471A-A56A-9D1A7398B6F7

+0:04:46.821  07:04:45  200  location.entry  Mia's Café (p-1)
    POST /ee/irl1/v1/interact?configId=local&requestId=009AE987-79EB-4B50-A8DD-D29DE892E630

6 requests with 5 events
"""
ANDROID = """\
phone     1 of 2, android, scenario small, seed 3
person    Mirjam Rissanen (person-000001)
model     Galaxy S24 Ultra (SM-S928B), Android 14
ECID      14062393997596604676814480032719393686
app       Footfall Shop 1.3.0 (201)
Edge      edge.adobedc.net is what the SDK would address; nothing is sent
times     from the run's start, and of the day in UTC

+0:00:30.000  07:00:29  200  places nearby
    GET /placesedgequery?latitude=60.171692&longitude=24.955672&limit=20&library=one

+0:00:30.000  07:00:29  200  application.launch
    POST /ee/v1/interact?configId=local&requestId=2485e217-5b38-4f12-9182-cd8ee8dfe306

+0:00:35.000  07:00:34  200  commerce.productViews  FF-3004
    POST /ee/irl1/v1/interact?configId=local&requestId=293fed6f-f463-4afd-9c52-c6e836510e03

+0:00:40.000  07:00:39  200  commerce.productListAdds  FF-3004 x2
    POST /ee/irl1/v1/interact?configId=local&requestId=e795cde2-e762-4e35-a675-839419aacfc2

+0:00:45.500  07:00:44  200  application.close
    POST /ee/irl1/v1/interact?configId=local&requestId=16f09ca8-d07e-471a-a56a-9d1a7398b6f7

+0:04:26.873  07:04:25  200  location.entry  Mia's Café (p-1)
    POST /ee/irl1/v1/interact?configId=local&requestId=009ae987-79eb-4b50-a8dd-d29de892e630

6 requests with 5 events
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with scenarios/deep/small.yaml and its places."""
    (tmp_path / "scenarios/deep").mkdir(parents=True)
    (tmp_path / "scenarios/deep/small.yaml").write_text(SCENARIO)
    (tmp_path / "places.geojson").write_text(json.dumps(PLACES))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def printed(here: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Any:
    """Previews phone 1 of the small scenario; what it prints."""

    def _printed(**changed: Any) -> bytes:
        options = PreviewOptions(**{"scenario": "small", "phone": 1, **changed})
        assert preview.run(options, NOW_S) == 0
        out, err = capsysbinary.readouterr()
        assert err == b""
        return bytes(out)

    return _printed


@pytest.fixture
def platform(here: Path) -> Iterator[LocalPlatform]:
    """A local platform in a process of its own, with the small scenario's places."""
    started = start_platform(here / "runs", ["places.geojson"], fsync=False)
    yield started
    started.stop()


def stored(platform: LocalPlatform, event_id: str) -> dict[str, Any]:
    """The event as the platform has it, in one copy."""
    (copy,) = httpx.get(f"{platform.url}/api/events/{event_id}", trust_env=False).json()["copies"]
    return dict(copy)


# --- in words


@pytest.mark.parametrize(("name", "golden"), [("ios", IOS), ("android", ANDROID)])
def test_a_phones_requests_in_order_of_time(printed: Any, name: str, golden: str) -> None:
    assert printed(platform=name).decode() == golden


def test_without_a_platform_it_is_the_phone_of_the_run(printed: Any) -> None:
    assert printed() == printed(platform="android")  # the scenario's only share


def test_the_same_phone_is_the_same_twice(printed: Any) -> None:
    for form in ({}, {"body": True}, {"curl": True}, {"json": True}):
        assert printed(**form) == printed(**form)


def test_the_population_decides_when_a_phone_arrives(printed: Any) -> None:
    assert b"+0:00:30.000  07:00:29  200  application.launch" in printed()
    assert b"+0:00:15.000  07:00:14  200  application.launch" in printed(phones=4)


def test_the_first_requests_only(printed: Any) -> None:
    text = printed(limit=2).decode()
    assert text.count(" 200 ") == 2
    assert text.splitlines()[-1] == "the first 2 of 6 requests with 5 events"
    assert printed(limit=2, json=True).count(b"\n") == 2
    assert printed(limit=2, curl=True).count(b"\ncurl -sS ") == 2


def test_bodies_are_shown_as_sent_apart_from_white_space(printed: Any) -> None:
    text = printed(platform="ios", body=True).decode()
    assert "    User-Agent: Mozilla/5.0 (iPhone; CPU OS 26_3_1 like Mac OS X; fi-FI)\n" in text
    assert '            "eventType": "application.launch",\n' in text
    assert r'"https:\/\/ns.adobe.com\/experience\/mobilesdk\/ios"' in text


def test_events_that_never_leave_are_named(printed: Any, here: Path) -> None:
    (here / "apps").mkdir()
    (here / "apps/shy.yaml").write_text("app: Shy\nconsent: {default: p}\n")
    text = printed(app="shy").decode()
    assert "\n1 request with 0 events\n" in text
    assert "\napp       Shy 1.3.0 (201)\n" in text, "told by no launch, and known nevertheless"
    assert text.count("\nnever sent: ") == 5
    assert "\nnever sent: +0:00:30.000 application.launch: collect consent is still pending\n" in text
    script = printed(app="shy", curl=True, limit=1).decode().splitlines()
    assert "# never sent: +0:00:30.000 application.launch: collect consent is still pending" in script
    # wider than 80 columns: folded, and a comment in both lines
    assert text.endswith("location.entry  Mia's Café (p-1): collect consent is\n    still pending\n")
    assert script[-1] == "#   still pending"
    lines = [*text.splitlines(), *(line for line in script if line.startswith("#"))]
    assert all(len(line) <= 80 for line in lines if "library=" not in line)
    query, *unsent = [json.loads(line) for line in printed(app="shy", json=True).splitlines()]
    assert (query["sent"], query["app_version"]) == (True, "1.3.0 (201)")
    assert [(one["sent"], one["why"]) for one in unsent] == [(False, "collect consent is still pending")] * 5
    assert (unsent[-1]["types"], unsent[-1]["carries"]) == (["location.entry"], "location.entry  Mia's Café (p-1)")
    assert unsent[-1]["app_version"] == "1.3.0 (201)"


def test_the_second_event_of_an_occurrence_is_marked(printed: Any, here: Path) -> None:
    (here / "apps").mkdir()
    (here / "apps/twice.yaml").write_text("app: Twice\nplaces: {rule: true}\nlifecycle: {forwarded-twice: true}\n")
    text = printed(app="twice").decode()
    assert text.count("  application.launch") == 2
    assert text.count("  200  application.launch  (forwarded twice)\n") == 1
    assert text.count("  200  location.entry  Mia's Café (p-1)\n") == 1
    assert text.count("  200  location.entry  Mia's Café (p-1)  (rule)\n") == 1
    script = printed(app="twice", curl=True).decode()
    assert script.count(" location.entry Mia's Café (p-1) (rule)\ncurl ") == 1
    lines = [json.loads(line) for line in printed(app="twice", json=True).splitlines()]
    assert [line["extras"] for line in lines if line["types"] == ["application.launch"]] == [[""], ["forwarded twice"]]
    assert [line["extras"] for line in lines if line["types"] == ["location.entry"]] == [[""], ["rule"]]


def test_a_platform_that_the_phone_has_not_in_a_run_is_told(printed: Any) -> None:
    said = "ios (in a run of this seed it is android, and crosses at other times)\n"
    assert f"\nplatform  {said}" in printed(platform="ios").decode()
    assert f"\n# {said}" in printed(platform="ios", curl=True).decode()
    for form in ({}, {"curl": True}):
        assert "in a run" not in printed(platform="android", **form).decode()


def test_a_batch_too_wide_for_a_line_has_a_line_for_each_event(printed: Any, here: Path) -> None:
    (here / "apps").mkdir()
    (here / "apps/batch.yaml").write_text(
        "app: Batch\nedge: {batching: {enabled: true, events: ['*']}}\n"
        "places: {rule: true}\nlifecycle: {forwarded-twice: true}\n"
    )
    told = printed(app="batch").decode().splitlines()
    at = told.index("+0:00:30.000  07:00:29  200  application.launch +")
    assert told[at + 1] == " " * 29 + "application.launch  (forwarded twice)"
    at = told.index("+0:04:26.873  07:04:25  200  location.entry  Mia's Café (p-1) +")
    assert told[at + 1] == " " * 29 + "location.entry  Mia's Café (p-1)  (rule)"
    assert all(len(line) <= 80 for line in told if "?" not in line)


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        # wide enough: method and target on one line
        (100, ["    GET /placesedgequery?latitude=60.171692&longitude=24.955672&limit=20&library=one"]),
        # too narrow: in two pieces, and neither is wrapped
        (80, ["    GET /placesedgequery", "      ?latitude=60.171692&longitude=24.955672&limit=20&library=one"]),
    ],
)
def test_a_terminal_gets_long_targets_in_two_pieces(
    here: Path, monkeypatch: pytest.MonkeyPatch, width: int, lines: list[str]
) -> None:
    assert on_a_terminal(monkeypatch, width)[9 : 9 + len(lines)] == lines


def test_a_narrow_terminal_gets_places_and_products_on_a_line_of_their_own(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = on_a_terminal(monkeypatch, 60)
    at = told.index("+0:04:26.873  07:04:25  200  location.entry")
    assert told[at + 1] == "                             Mia's Café (p-1)"
    assert "+0:00:40.000  07:00:39  200  commerce.productListAdds" in told


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> list[str]:
    """The lines that a terminal without colours gets."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system=None, width=width, highlight=False)
    monkeypatch.setattr(preview, "_Console", lambda **_: console)
    assert preview.run(PreviewOptions(scenario="small", phone=1), NOW_S) == 0
    return out.getvalue().splitlines()


# --- nothing is sent


GUARDED = """\
import sys
def guard(event, arguments):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        raise SystemExit(f"SENT {event}")
sys.addaudithook(guard)
if "planted" in sys.argv:
    import socket
    socket.create_connection(("127.0.0.1", 9))
from footfall.cli import main
for form in ([], ["--curl"], ["--json"], ["--body"]):
    assert main(["preview", "--scenario", "small", "--phone", "1", *form]) == 0
"""


def test_nothing_is_sent(here: Path) -> None:
    root = Path(__file__).resolve().parents[2]

    def guarded(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", GUARDED, *arguments]
        return subprocess.run(command, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, timeout=60)

    clean = guarded()
    assert (clean.returncode, clean.stderr) == (0, "")
    assert "application.launch" in clean.stdout
    assert "SENT socket." in guarded("planted").stderr, "the guard convicts"


# --- for programs


def test_json_lines(printed: Any) -> None:
    lines = [json.loads(line) for line in printed(json=True, host="http://localhost:81").splitlines()]
    assert {line["sent"] for line in lines} == {True}
    assert [line["at_ms"] for line in lines] == sorted(line["at_ms"] for line in lines)
    query, launch = lines[:2]
    assert (query["method"], query["body"], query["status"]) == ("GET", "", 200)
    assert launch["target"].startswith("/ee/v1/interact?configId=local&requestId=")
    assert launch["url"] == "http://localhost:81" + launch["target"]
    assert (launch["domain"], query["domain"]) == ("edge.adobedc.net", None)
    assert (query["carries"], query["event_ids"], query["types"]) == ("places nearby", [], [])
    assert lines[3]["carries"] == "commerce.productListAdds  FF-3004 x2"
    assert [launch[name] for name in ("phone", "person", "platform", "model", "app_version")] == [
        1,
        "person-000001",
        "android",
        "SM-S928B",
        "1.3.0 (201)",
    ]
    assert launch["headers"]["Content-Type"] == "application/json"
    (event,) = json.loads(launch["body"])["events"]
    assert event["xdm"]["eventType"] == "application.launch"
    assert (launch["event_ids"], launch["types"]) == ([event["xdm"]["_id"]], ["application.launch"])
    assert event["xdm"]["timestamp"] == "2027-01-15T07:00:29.000Z", "the plan, an hour long, ends now"


def test_no_event_is_stamped_in_the_future(printed: Any, here: Path) -> None:
    # the plan ends with the app in the hand, and its close comes after
    (here / "scenarios/deep/small.yaml").write_text(SCENARIO.replace("1h", "18s").replace("1m", "10s"))
    bodies = [json.loads(line)["body"] for line in printed(json=True).splitlines()]
    events = [json.loads(body)["events"][0]["xdm"] for body in bodies if body]
    assert events[-1]["eventType"] == "application.close"
    assert "2027-01-15T07:59:59" < events[-1]["timestamp"] <= "2027-01-15T08:00:00.000Z"


# --- as curl commands


@pytest.mark.parametrize("name", ["ios", "android"])
def test_the_script_sends_what_the_phone_would(printed: Any, platform: LocalPlatform, here: Path, name: str) -> None:
    places = json.loads((here / "places.geojson").read_text())
    for feature in places["features"]:
        feature["properties"]["name"] = WICKED
    (here / "places.geojson").write_text(json.dumps(places))
    script = printed(platform=name, curl=True, host=platform.url)
    # a proxy in the environment is not asked
    ran = sh(script, http_proxy="http://127.0.0.1:9")
    assert (ran.returncode, ran.stderr) == (0, b"")
    said = ran.stdout.decode().splitlines()
    assert said[:2] == ["+0:00:30.000 places nearby 200", "+0:00:30.000 application.launch 200"]
    assert said[5].endswith(" location.entry " + " ".join(WICKED.split()).replace("\\", "\\\\") + " (p-1) 200")
    assert len(said) == 6
    lines = [json.loads(line) for line in printed(platform=name, json=True).splitlines()]
    sent = [json.loads(line["body"])["events"][0]["xdm"] for line in lines if line["body"]]
    rows = list(Control(platform.url).received("local"))
    assert [(row.id, row.type, row.good, row.reasons) for row in rows] == [
        (xdm["_id"], xdm["eventType"], True, ()) for xdm in sent
    ]
    entry = stored(platform, rows[-1].id)["body"]["xdm"]
    assert entry["placeContext"]["POIinteraction"]["poiDetail"]["name"] == WICKED
    assert not list(here.rglob("hacked")), "nothing in a body or a comment is run"


@pytest.mark.parametrize(
    ("host", "start"), [("127.0.0.1:8090", "footfall platform"), ("127.0.0.1:9", "footfall platform --port 9")]
)
def test_the_script_names_the_way_to_start_a_platform(printed: Any, host: str, start: str) -> None:
    script = printed(curl=True, host=host).decode()
    assert f"No platform answers at http://{host}: start one with `{start}`, then run this again." in script


def test_where_nobody_listens_the_script_says_so_and_sends_nothing(printed: Any) -> None:
    with socket.socket() as bound:  # and not listening: nobody else can
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        ran = sh(printed(curl=True, host=f"127.0.0.1:{port}"))
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr.decode() == (
        f"No platform answers at http://127.0.0.1:{port}: start one with `footfall platform --port {port}`, "
        "then run this again.\n"
    )


# --- the same as in a run


def test_a_run_of_that_phone_stores_the_same_events(printed: Any, platform: LocalPlatform, here: Path) -> None:
    spec = small_spec(
        here / "run",
        host=platform.url,
        anchor_ms=anchor_ms(NOW_S, 3_600_000 + preview.LAST_WORDS_MS, inf),
        origin_s=time.time(),
        drain_s=5.0,
        scenario_file="scenarios/deep/small.yaml",
        scenario_text=SCENARIO,
        geofences_text=json.dumps(PLACES),
    )
    Control(platform.url).register(spec.run, spec.datastream)
    active = ActiveRun(spec, "local", lambda: None, lambda k: None, lambda **_: None)
    with gevent.Timeout(30):
        active.adopt(1).join()
    active.close()
    rows = list(Control(platform.url).received(spec.run))
    in_run = [stored(platform, row.id)["body"]["xdm"] for row in rows]

    assert sh(printed(curl=True, host=platform.url)).returncode == 0
    previewed = [stored(platform, row.id)["body"]["xdm"] for row in Control(platform.url).received("local")]
    ids = [[xdm.pop("_id") for xdm in events] for events in (in_run, previewed)]
    assert previewed == in_run
    assert len(in_run) == 5
    assert not set(ids[0]) & set(ids[1])


# --- bad input: one sentence, exit code 2


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"phone": 2}, "footfall: --phone: expected a whole number from 0 to 1, found 2\n"),
        ({"phone": -1}, "footfall: --phone: expected a whole number from 0 to 1, found -1\n"),
        ({"phones": 0}, "footfall: --phones: expected a whole number from 1 on, found 0\n"),
        ({"seed": -1}, "footfall: --seed: expected a whole number from 0 on, found -1\n"),
        ({"limit": 0}, "footfall: --limit: expected a whole number from 1 on, found 0\n"),
        ({"platform": "windows"}, "footfall: --platform: expected ios or android, found 'windows'\n"),
        ({"scenario": "smal"}, "smal:1:1: no such scenario. Known: deep/small.\n"),
        ({"app": "nix"}, "nix:1:1: no such app."),
        # a pasted command sends, so it names this machine only; 192.0.2.1 is for documentation (RFC 5737)
        ({"host": "http://192.0.2.1"}, "footfall: --host http://192.0.2.1: only a platform on this machine"),
        ({"host": "http://127.0.0.1@example.com"}, "footfall: --host http://127.0.0.1@example.com: only a platform"),
        ({"host": "https://127.0.0.1"}, "footfall: --host: expected a URL like http://127.0.0.1:8090, found"),
        ({"host": "http://127.0.0.1:99999"}, "footfall: --host: expected a URL like http://127.0.0.1:8090, found"),
    ],
)
def test_bad_input_is_one_sentence(
    here: Path, capsys: pytest.CaptureFixture[str], changed: dict[str, Any], told: str
) -> None:
    assert preview.run(PreviewOptions(**{"scenario": "small", "phone": 1, **changed}), NOW_S) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(told)
    assert err.count("\n") == 1


def test_a_name_that_two_scenarios_have_is_not_guessed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "scenarios/other").mkdir()
    (here / "scenarios/other/small.yaml").write_text(SCENARIO)
    assert preview.run(PreviewOptions(scenario="small", phone=1), NOW_S) == 2
    assert capsys.readouterr().err == "small:1:1: several scenarios have this name: deep/small, other/small\n"
