"""`footfall geofences`: what each command prints and how it exits; and every command of docs/geofences.md."""

from __future__ import annotations

import json
import re
import shlex
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from footfall.cli import main
from footfall.platform.messages import Request
from footfall.platform.places import PlacesQuery
from footfall.world.geofences import decode_geofences
from footfall.world.pois import Poi

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/geofences.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no credentials from outside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("FOOTFALL_PLACES_TOKEN", "FOOTFALL_PLACES_API_KEY", "FOOTFALL_PLACES_ORG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@contextmanager
def served(answer: Any) -> Iterator[str]:
    """A server on loopback; `answer` gets path, query and headers and gives the status and the body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            status, body = answer(path, query, self.headers)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def poi(n: int, **changed: Any) -> dict[str, Any]:
    """A feature."""
    return {
        "type": "Feature",
        "id": f"p{n}",
        "geometry": {"type": "Point", "coordinates": [24.94 + n / 10_000, 60.17]},
        "properties": {"name": f"P {n}", "category": "cafe", "library": "l", "radius_m": 100} | changed,
    }


def write(features: list[dict[str, Any]], name: str = "g.geojson") -> str:
    lines = ",\n".join(map(json.dumps, features))
    Path(name).write_text(
        f'{{"type": "FeatureCollection", "bbox": [24.9, 60.1, 25.0, 60.2], "features": [\n{lines}]}}', encoding="utf-8"
    )
    return name


# The how-to


def commands_and_answers() -> list[tuple[list[str], str]]:
    blocks = BLOCK.findall(GUIDE.read_text(encoding="utf-8"))
    answers = [text for kind, text in blocks if kind == "text"]
    commands = [text.splitlines() for kind, text in blocks if kind == "sh"]
    return list(zip(commands, answers, strict=True))


def test_every_command_of_the_how_to_does_what_is_written_there(capsys: pytest.CaptureFixture[str]) -> None:
    files = [text for kind, text in BLOCK.findall(GUIDE.read_text(encoding="utf-8")) if kind == "csv"]
    for name, text in zip(("pois.csv", "wrong.csv"), files, strict=True):
        Path(name).write_text(text, encoding="utf-8")

    def answer(path: str, query: str, headers: Any) -> tuple[int, bytes]:
        pois = decode_geofences(Path("out.geojson").read_bytes(), "out.geojson").pois
        response = PlacesQuery(pois).answer(Request("GET", path, query, {}, b""))
        return response.status, response.body

    told = commands_and_answers()
    assert len(told) == 4
    with served(answer) as url:
        for lines, shown in told:
            printed = ""
            for line in lines:
                _, *arguments = shlex.split(line.replace("http://127.0.0.1:8090", url))
                code = main(arguments)
                out, err = capsys.readouterr()
                printed += err + out
                assert code == (2 if "wrong.csv" in line else 0), err
            assert [line.rstrip() for line in printed.splitlines()] == shown.splitlines()
    original, copy = (json.loads(Path(name).read_text())["features"] for name in ("out.geojson", "copy.geojson"))
    assert copy == original


# lint


def warned(capsys: pytest.CaptureFixture[str], features: list[dict[str, Any]]) -> list[str]:
    assert main(["geofences", "lint", write(features)]) == 0
    return capsys.readouterr().err.splitlines()


def test_small_circles_that_overlap_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    # 0.0001 degrees are 5.5 m here: the second reaches 150 m to either side
    lines = warned(capsys, [poi(0, radius_m=50), poi(2, radius_m=150), poi(36, radius_m=50), poi(70, radius_m=50)])
    overlapping = [line for line in lines if "overlaps" in line]
    assert len(overlapping) == 2  # p0 and p36, 188 m off, with p2; p70 with none
    assert 'overlaps with "P 2" (p2)' in overlapping[0]
    assert overlapping[0].startswith("g.geojson:2:")
    assert sum("unreliable" in line for line in lines) == 3


@pytest.mark.parametrize(
    ("count", "step", "warning"),
    [
        # twenty fit
        (20, 1, ""),
        (21, 1, "21 places of l within 500 m of here; iOS monitors 20 at once: some entries will be missed"),
        (101, 0, "101 places of l within 500 m of here; iOS monitors 20 at once, Android 100"),
        # as many, but 555 m apart
        (60, 100, ""),
    ],
)
def test_more_places_than_a_phone_monitors(
    count: int, step: int, warning: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = warned(capsys, [poi(n * step) | {"id": f"p{n}"} for n in range(count)])
    assert len(lines) == bool(warning)
    assert warning in "".join(lines)


def test_a_file_with_problems_is_not_usable(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["geofences", "lint", write([poi(0, radius_m=1)]), "nowhere.geojson"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(": ", 1)[1] for line in err.splitlines()] == [
        "radius_m: expected a number of metres from 10 to 20000, found 1",
        "cannot be read: No such file or directory",
    ]


def test_areas_are_no_places(capsys: pytest.CaptureFixture[str]) -> None:
    ring = [[24.9, 60.1], [25.0, 60.1], [25.0, 60.2], [24.9, 60.1]]
    park = {
        "type": "Feature",
        "id": "park",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"name": "Park", "category": "park"},
    }
    (line,) = warned(capsys, [park, poi(0, radius_m=50)])
    assert line.startswith("g.geojson:3:")


# import

REFUSED = [
    # (arguments, what is said)
    (["nowhere.csv"], "nowhere.csv:1:1: cannot be read: No such file or directory"),
    (["bad.json"], "bad.json:1:1: not JSON"),
    (["https://places.example.com/pois"], "places.example.com is not this machine: say --confirm-host"),
    (["ftp://127.0.0.1/pois"], "expected http:// or https://"),
    (["http://127.0.0.1:9/placesedgequery"], "--library is missing"),
    (["g.geojson", "--library", "other"], "no POIs of these libraries"),
]


@pytest.mark.parametrize(("arguments", "said"), REFUSED, ids=[row[1] for row in REFUSED])
def test_what_cannot_be_imported_writes_nothing(
    arguments: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write([poi(0)])
    Path("bad.json").write_text("{", encoding="utf-8")
    assert main(["geofences", "import", *arguments, "-o", "out.geojson"]) == 2
    assert said in capsys.readouterr().err
    assert not (folder / "out.geojson").exists()


def test_a_token_is_not_sent_over_http(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FOOTFALL_PLACES_TOKEN", "hush")
    assert main(["geofences", "import", "http://places.example.com/pois", "--confirm-host", "-o", "x"]) == 2
    err = capsys.readouterr().err
    assert "a token is sent over https only" in err
    assert "hush" not in err


def test_the_management_api_gets_its_headers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = {
        "id": "p1", "name": "P", "location": {"type": "Point", "coordinates": [24.9, 60.1]}, "radius": 100,
        "lib_id": "l", "metadata": {},
    }  # fmt: skip
    seen: list[tuple[str | None, ...]] = []

    def answer(path: str, query: str, headers: Any) -> tuple[int, bytes]:
        seen.append((path, headers["authorization"], headers["x-api-key"], headers["x-gw-ims-org-id"]))
        return 200, json.dumps({"data": [record]}).encode()

    monkeypatch.setenv("FOOTFALL_PLACES_TOKEN", "token")
    monkeypatch.setenv("FOOTFALL_PLACES_API_KEY", "key")
    monkeypatch.setenv("FOOTFALL_PLACES_ORG", "1@AdobeOrg")
    with served(answer) as url:
        assert main(["geofences", "import", f"{url}/libraries/l/pois", "-o", "-", "--attribution", "me"]) == 0
    assert seen == [("/libraries/l/pois", "Bearer token", "key", "1@AdobeOrg")]
    decoded = decode_geofences(capsys.readouterr().out, "g.json")
    assert decoded.attribution == "me"
    assert decoded.pois == (
        Poi("p1", "P", 24.9, 60.1, 100.0, "l", 0, "place", (("category", "place"),)),
    )  # fmt: skip


# near


def test_near_ranks_as_places_does(capsys: pytest.CaptureFixture[str]) -> None:
    file = write([poi(0, weight=5), poi(1, weight=1), poi(50, radius_m=200), poi(40)])
    assert main(["geofences", "near", file, "--at", "60.17,24.94", "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    # p50's centre is 277 m off and its edge 77 m, p40's centre 221 m and its edge 121 m
    assert [record["id"] for record in records] == ["p1", "p0", "p50", "p40"]
    assert [record["within"] for record in records] == [True, True, False, False]
    assert main(["geofences", "near", file, "--at=60.17, 24.94", "--limit", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["6", "m", "yes", "100", "m", "P", "1"]


@pytest.mark.parametrize("at", ["here", "60.17", "91,0", "0,181", "60,17;24,94"])
def test_a_point_is_two_numbers(at: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["geofences", "near", write([poi(0)]), f"--at={at}"]) == 2
    assert f"--at {at}: expected LAT,LON in degrees" in capsys.readouterr().err
