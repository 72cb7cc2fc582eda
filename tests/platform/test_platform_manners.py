"""How the platform speaks to the person who runs it: what it logs, what it says when it cannot start, how its options,
its endpoints and its built-in datastream and inlet are told."""

from __future__ import annotations

import re
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from platform_process import INTERACT, answer, body, event, platform, post

from footfall import cli
from footfall.live.platform_file import decode_platform
from footfall.platform import openapi, pages
from footfall.platform.config import LOCAL_INLET, LOCAL_PROFILE_INLET, LOCAL_RUN, Datastream, Inlet
from footfall.platform.core import Platform
from footfall.platform.messages import StoredEvent
from footfall.platform.package_data import event_schema
from footfall.platform.request_log import line
from footfall.world.problems import BadInput

GUIDE = Path(__file__).resolve().parents[2] / "docs/platform.md"
AT = datetime(2026, 3, 7, 11, 15, 30, 123_999, tzinfo=UTC)
GOOD = StoredEvent("a", "r1", "d1", "7", "t", True, (), 1, "", b"{}")
BAD = StoredEvent("b", "r1", "d1", "7", "t", False, ("#: bad",), 1, "", b"{}")


# ---- --verbose


@pytest.mark.parametrize(
    ("method", "path", "status", "stored", "told"),
    [
        ("POST", "/ee/v1/interact", 200, (GOOD, BAD), "POST /ee/v1/interact 200 good 1 bad 1 3.2 ms"),
        ("GET", "/api/counts", 200, (), "GET /api/counts 200 good 0 bad 0 3.2 ms"),
        ("POST", "/ee/v1/interact", "reset", (GOOD,), "POST /ee/v1/interact reset good 1 bad 0 3.2 ms"),
        # a client may call a path what it likes: no second line, no colours in the terminal, no end
        ("GET", "/ee/\n2026 \x1b[31mé", 404, (), r"GET /ee/\n2026 \x1b[31m\xe9 404 good 0 bad 0 3.2 ms"),
        ("GET", "/ee/" + "x" * 5_000, 404, (), f"GET /ee/{'x' * 196} 404 good 0 bad 0 3.2 ms"),
    ],
)
def test_the_line_of_a_request(
    method: str, path: str, status: int | str, stored: tuple[StoredEvent, ...], told: str
) -> None:
    assert line(AT, method, path, status, stored, 3.21) == f"2026-03-07T11:15:30.123Z {told}"


@pytest.mark.e2e
def test_every_request_is_told_in_one_line_without_its_secrets() -> None:
    faults = [{"do": "reset-after", "path": "/ee/va"}, {"do": "truncated", "path": "/ee/v2"}]
    secret = "authorization: Bearer s3cret"
    with platform(verbose=True, config={"faults": faults}) as running:

        def exchange(sent: bytes) -> None:
            with running.connect() as client, client.makefile("rb") as stream:
                client.sendall(sent)
                try:
                    answer(stream)
                except ConnectionResetError:
                    assert b"/ee/va/" in sent

        both = body(event("private-1"), event("private-2", closed=True))
        exchange(post(both, f"{INTERACT}&token=s3cret", secret))
        exchange(post(body(event("private-3")), "/ee/v1/interact?configId=nobody"))
        exchange(post(body(event("private-4")), "/ee/v2/interact?configId=local"))
        exchange(post(body(event("private-5")), "/ee/va/v1/interact?configId=local"))
        exchange(b"POST /ee/v1/interact HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n")
        with httpx.Client(base_url=running.url, trust_env=False) as client:
            client.get("/api/events?person=aino@example.com", headers={"authorization": "Bearer s3cret"})
            client.get("/nowhere%0A")
            # on a connection that began with another kind
            client.post("/ee/v1/interact?configId=local", content=body(event("private-6")))
        _, err = running.stop()
    lines = [re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (.*) \d+\.\d ms", one) for one in err.splitlines()]
    told = [found[1] for found in lines if found is not None]
    assert len(told) == len(lines), err
    assert told[:5] == [
        "POST /ee/v1/interact 200 good 1 bad 1",
        "POST /ee/v1/interact 400 good 0 bad 0",
        told[2],  # v2 has one event in another place; what it is answered is not this test's
        told[3],
        "POST (refused unread) 501 good 0 bad 0",
    ]
    assert told[2].startswith("POST /ee/v2/interact ")
    assert told[3].startswith("POST /ee/va/v1/interact reset ")
    assert told[5:7] == ["GET /api/events 200 good 0 bad 0", "GET /nowhere%0A 404 good 0 bad 0"]
    assert told[7].startswith("POST /ee/v1/interact ")
    assert not any(word in err for word in ("s3cret", "private", "aino", "configId"))


@pytest.mark.e2e
def test_without_it_nothing_is_told() -> None:
    with platform() as running:
        httpx.post(running.url + INTERACT, content=body(event("a")), trust_env=False)
        assert running.stop() == (0, "")


# ---- what it says when it cannot start


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(["platform", *arguments]) == 2
    return capsys.readouterr().err


def test_a_port_in_use_says_which_option_chooses_another(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        message = refused(capsys, "--port", port, "--store", ":memory:")
    assert message.startswith(f"footfall platform: cannot listen on 127.0.0.1 port {port}: ")
    assert message.endswith("; --port chooses another one, and --port 0 takes any that is free\n")


def test_a_checkout_that_is_not_there_is_said_to_be_missing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    missing, file = tmp_path / "xdm", tmp_path / "file"
    file.write_text("{}")
    assert refused(capsys, "--xdm", str(missing)) == f"footfall platform: --xdm {missing}: there is no such folder\n"
    assert refused(capsys, "--xdm", str(file)) == f"footfall platform: --xdm {file}: it is no folder\n"


# ---- the built-in datastream and inlet


def set_up(text: str) -> Platform:
    return Platform((), event_schema(), decode_platform(f"platform: p\n{text}", "p.yaml"))


def test_a_file_that_names_the_built_in_ones_replaces_them() -> None:
    built_in = set_up("seed: 1\n")
    assert (built_in.datastreams["local"].run, built_in.datastreams["local"].segments) == (LOCAL_RUN, ())
    assert built_in.inlets[LOCAL_INLET].kind == "xdm"

    replaced = set_up(
        f'datastreams: [{{id: local, consent: p, segments: [s-1]}}]\ninlets: [{{id: "{LOCAL_INLET}", kind: raw}}]\n'
    )
    assert list(replaced.datastreams) == ["local"]
    assert list(replaced.inlets) == [LOCAL_INLET, LOCAL_PROFILE_INLET]
    # as a whole: what the file does not say is as of any other
    assert replaced.datastreams["local"] == Datastream("local", consent="p", segments=("s-1",))
    assert replaced.inlets[LOCAL_INLET] == Inlet(LOCAL_INLET, kind="raw")


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("aB" * 32, True),
        ("f" * 63, False),
        ("f" * 65, False),
        ("g" * 64, False),
        (f'"{"1" * 64}"', True),
        ("1" * 64, False),  # YAML reads a number
    ],
)
def test_an_inlets_id_has_64_hexadecimal_digits(written: str, taken: bool) -> None:
    text = f"inlets: [{{id: {written}}}]\n"
    if taken:
        assert written.strip('"') in set_up(text).inlets
    else:
        with pytest.raises(BadInput, match="64 hexadecimal digits"):
            set_up(text)


# ---- the options, told twice


def in_table(text: str) -> set[str]:
    """The options of the guide's tables with what they take: `--store FILE`."""
    return set(re.findall(r"^\| `(--[^`]+)` \|", text, re.MULTILINE))


def in_help() -> set[str]:
    (commands,) = [action for action in cli.parser()._actions if hasattr(action, "choices") and action.choices]
    choices: Any = commands.choices
    return {
        " ".join(filter(None, (action.option_strings[-1], action.metavar if action.nargs != 0 else None)))
        for action in choices["platform"]._actions
        if action.option_strings[-1] != "--help"
    }


def test_the_guide_has_every_option_and_no_other() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert in_table(text) == in_help()
    # a table that lacks one, or names what it takes otherwise, is told
    assert in_table(text.replace("| `--verbose` |", "| verbose |")) != in_help()
    assert in_table(text.replace("`--store FILE`", "`--store PATH`")) != in_help()


# ---- the endpoints in groups


def test_operations_are_grouped_in_a_sensible_order() -> None:
    document = openapi.document()
    groups: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for operation in methods.values():
            (tag,) = operation["tags"]
            groups.setdefault(tag, []).append(path)
    names = ["Edge", "Inlet", "Places", "What arrived", "Runs", "Set-up"]
    assert [name for name in [tag["name"] for tag in document["tags"]] if name in names] == names
    assert set(groups) == {tag["name"] for tag in document["tags"]}  # none is empty, none is unknown
    assert all(path.startswith("/ee/") for path in groups["Edge"])
    assert all(path.startswith("/collection/") for path in groups["Inlet"])
    assert groups["Set-up"] == ["/api", "/api/health", "/api/platform"]


def test_the_page_shows_every_operation_once_and_in_its_group() -> None:
    document = openapi.document()
    page = pages.docs(document)
    heads = re.findall(r"<h3>(.*?)</h3>", page)
    assert heads == [tag["name"] for tag in document["tags"]]
    assert page.count('<span class="method ') == sum(map(len, document["paths"].values()))
    assert page.index("<h3>Inlet</h3>") < page.index("/collection/batch/") < page.index("<h3>Places</h3>")
