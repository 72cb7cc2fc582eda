"""What the read API, the pages and the document tell of journeys, steps, messages and people."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from platform_process import Process, event, platform

from footfall.platform import openapi, pages
from footfall.platform.config import LOCAL_PROFILE_INLET
from footfall.platform.journeys.counts import JourneyCounts

pytestmark = pytest.mark.e2e

ANNA, BEN = "1" * 38, "2" * 38
WELCOME = """\
journey: welcome
version: 2
namespace: ECID
events:
  visit: {when: eventType == "location.entry"}
  left: {when: eventType == "location.exit"}
entry: {on: visit, next: greet}
re-entrance: {allowed: true, wait: 1h}
exit-on: [left]
nodes:
  greet: {in-app: {surface: home, content: {title: Welcome}}, next: opened}
  opened: {react: opened, timeout: 1h, next: end, on-timeout: end}
"""
THANKS = """\
journey: thanks
namespace: Email
events:
  bought: {when: eventType == "commerce.purchases"}
entry: {on: bought, next: mail}
re-entrance: {allowed: true, wait: 0s}
nodes:
  mail:
    email: {subject: Thanks, body: "Dear {{profile.person.name.firstName}}"}
    next: end
"""
CHECKED = openapi.document()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("journeys")
    (folder / "thanks.yaml").write_text(THANKS)
    (folder / "welcome.yaml").write_text(WELCOME)
    with platform(journeys=[str(folder)]) as process:
        yield process
        assert process.stop() == (0, "")


@pytest.fixture
def asks(running: Process) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.url, trust_env=False, timeout=20) as client:
        client.post("/api/reset")
        yield client


def sent(asks: httpx.Client, *events: dict[str, Any], stream: str = "local") -> None:
    answer = asks.post(f"/ee/v1/interact?configId={stream}", json={"events": [{"xdm": one} for one in events]})
    assert answer.status_code == 200


def told(asks: httpx.Client, id_: str, of: str, **record: Any) -> None:
    """A profile record from a back office."""
    ref = {
        "id": "https://ns.adobe.com/footfall/schemas/profiles",
        "contentType": "application/vnd.adobe.xed-full+json;version=1",
    }
    xdm = {"_id": id_, "identityMap": {"Email": [{"id": of, "primary": True}]}, **record}
    message = {
        "header": {"schemaRef": ref, "imsOrgId": "F00F00000000000000000000@AdobeOrg", "datasetId": "d"},
        "body": {"xdmMeta": {"schemaRef": ref}, "xdmEntity": xdm},
    }
    answer = asks.post(f"/collection/{LOCAL_PROFILE_INLET}", json=message)
    assert answer.status_code == 200, answer.text


def mia(id_: str, **more: Any) -> dict[str, Any]:
    one = event(id_, ANNA, **more)
    one["identityMap"]["Email"] = [{"id": "mia@example.com", "primary": True}]
    return one


def got(asks: httpx.Client, path: str, status: int = 200, like: str = "") -> Any:
    """The answer, which has the shape that the document gives to the answer of `like`, the path if there is none."""
    answer = asks.get(path)
    assert answer.status_code == status, answer.text
    responses = CHECKED["paths"][like or path.partition("?")[0]]["get"]["responses"]
    schema = responses[str(status)]["content"]["application/json"]["schema"]
    validator = jsonschema_rs.Draft202012Validator({**schema, "components": CHECKED["components"]})
    assert [str(error) for error in validator.iter_errors(answer.json())] == []
    return answer.json()


@pytest.fixture
def history(asks: httpx.Client) -> None:
    """Anna is welcomed, comes again, Ben is welcomed and leaves; Mia, on Anna's phone, buys."""
    told(
        asks, "r1", "mia@example.com", person={"name": {"firstName": "Mia"}}, personalEmail={"address": "m@example.com"}
    )
    sent(asks, event("v1", ANNA))
    sent(asks, event("v2", ANNA))
    sent(asks, event("v3", BEN), event("x1", BEN, eventType="location.exit"))
    sent(asks, mia("b1", eventType="commerce.purchases"))
    assert asks.get("/api/messages?count=3&wait_s=5").status_code == 200


# ---- journeys


@pytest.mark.usefixtures("history")
def test_the_table_of_journeys_has_the_numbers_of_the_run(asks: httpx.Client) -> None:
    found = got(asks, "/api/journeys")
    lines = {line["name"]: line for line in found["journeys"]}
    assert found["run"] == "local"
    assert list(lines) == ["thanks", "welcome"]
    shown = ("version", "paused", "matched", "entered", "active", "waiting", "ended", "exited", "discarded", "sent")
    assert {name: lines["welcome"][name] for name in shown} == {
        "version": 2, "paused": False, "matched": 4, "entered": 2, "active": 1, "waiting": {"opened": 1}, "ended": 0,
        "exited": {"exit event": 1}, "discarded": lines["welcome"]["discarded"], "sent": {"in-app": 2},
    }  # fmt: skip
    assert sum(lines["welcome"]["discarded"].values()) == 1  # Anna was there already
    assert lines["welcome"]["enters"] == {"event": "visit", "when": 'eventType == "location.entry"', "event_id": ""}
    assert (lines["thanks"]["entered"], lines["thanks"]["ended"], lines["thanks"]["sent"]) == (1, 1, {"email": 1})


def test_a_run_in_which_nothing_happened_has_zeros(asks: httpx.Client) -> None:
    lines = got(asks, "/api/journeys?run=another")["journeys"]
    assert {(line["entered"], line["active"], line["paused"]) for line in lines} == {(0, 0, False)}


@pytest.mark.usefixtures("history")
def test_a_journey_is_shown_with_its_nodes(asks: httpx.Client) -> None:
    found = got(asks, "/api/journeys/welcome", like="/api/journeys/{name}")
    assert found["nodes"] == [
        {"name": "greet", "kind": "in-app", "next": ["opened"], "reached": 2, "waiting": 0},
        {"name": "opened", "kind": "react", "next": ["end"], "reached": 2, "waiting": 1},
    ]
    assert (found["first"], found["exit_on"], found["namespace"]) == ("greet", ["left"], "ECID")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/journeys/welcom"),
        ("POST", "/api/journeys/welcom/pause"),
        ("POST", "/api/journeys/welcom/resume"),
    ],
)
def test_an_unknown_journey_is_404_with_what_was_meant(asks: httpx.Client, method: str, path: str) -> None:
    answer = asks.request(method, path)
    assert answer.status_code == 404
    assert 'Did you mean "welcome"?' in answer.json()["error"]


def test_a_run_that_is_not_there_cannot_be_paused(asks: httpx.Client) -> None:
    for what in ("pause", "resume"):
        answer = asks.post(f"/api/journeys/welcome/{what}?run=nobody")
        assert (answer.status_code, "nobody" in answer.text) == (404, True)


def test_a_paused_journey_takes_nobody_until_it_is_resumed(asks: httpx.Client) -> None:
    assert asks.post("/api/journeys/welcome/pause").json()["paused"] is True
    sent(asks, event("v1"))
    (step,) = got(asks, "/api/steps?count=1&wait_s=5")["steps"]
    assert (step["kind"], step["event"], step["journey"]) == ("discarded", "v1", "welcome")
    assert got(asks, "/api/journeys?run=another")["journeys"][1]["paused"] is False  # each run by itself
    assert asks.post("/api/journeys/welcome/resume").json()["paused"] is False
    sent(asks, event("v2"))
    assert got(asks, "/api/steps?kind=entered&count=1&wait_s=5")["steps"][0]["event"] == "v2"


# ---- steps and messages


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/api/steps?kind=entered", ["v1", "v3", "b1"]),
        ("/api/steps?kind=entered&journey=thanks", ["b1"]),
        ("/api/steps?kind=entered&limit=1", ["v1"]),
        (f"/api/steps?kind=entered&key={BEN}", ["v3"]),
        ("/api/steps?event=v2", ["v2"]),
        ("/api/steps?run=another", []),
        ("/api/messages", ["v1", "v3", "b1"]),
        ("/api/messages?channel=email", ["b1"]),
        ("/api/messages?to=m@example.com", ["b1"]),
        (f"/api/messages?key={ANNA}", ["v1"]),
        ("/api/messages?journey=welcome&run=local", ["v1", "v3"]),
    ],
)
def test_filters_of_steps_and_messages(asks: httpx.Client, path: str, seen: list[str]) -> None:
    (rows,) = (value for name, value in got(asks, path).items() if name != "next")
    assert [row["event"] for row in rows] == seen


@pytest.mark.usefixtures("history")
def test_a_message_is_found_by_its_id_and_so_are_its_steps(asks: httpx.Client) -> None:
    (mail,) = got(asks, "/api/messages?channel=email")["messages"]
    assert (mail["key"], mail["content"]) == ("mia@example.com", {"subject": "Thanks", "body": "Dear Mia"})
    assert got(asks, f"/api/messages?id={mail['id']}")["messages"] == [mail]
    assert [step["kind"] for step in got(asks, f"/api/steps?message={mail['id']}")["steps"]] == ["sent"]


@pytest.mark.usefixtures("history")
def test_pages_follow_each_other(asks: httpx.Client) -> None:
    seen, after = [], 0
    while after is not None:
        page = got(asks, f"/api/steps?limit=2&after={after}")
        seen += page["steps"]
        after = page["next"]
    assert seen == got(asks, "/api/steps")["steps"]


def test_what_comes_is_waited_for_and_what_does_not_is_408(asks: httpx.Client) -> None:
    timer = threading.Timer(0.3, sent, (asks, event("v1", ANNA), event("v2", BEN)))
    timer.start()
    began = time.monotonic()
    found = got(asks, "/api/messages?channel=in-app&count=2&wait_s=10")
    assert [one["event"] for one in found["messages"]] == ["v1", "v2"]
    assert 0.2 < time.monotonic() - began < 3
    timer.join()
    assert got(asks, f"/api/messages?after={found['next']}&wait_s=0.1", 408) == {"messages": [], "next": None}
    assert len(got(asks, "/api/messages?count=3", 408)["messages"]) == 2  # at once, with those that did come


def test_absence_of_steps_and_messages(asks: httpx.Client) -> None:
    assert got(asks, "/api/messages/absent?for_s=0.1") == {"absent": True}
    assert got(asks, "/api/steps/absent?for_s=0.1&kind=discarded") == {"absent": True}
    timer = threading.Timer(0.2, sent, (asks, event("v1")))
    timer.start()
    assert got(asks, "/api/messages/absent?for_s=10", 409)["message"]["event"] == "v1"
    timer.join()
    assert got(asks, "/api/steps/absent?kind=entered", 409)["step"]["event"] == "v1"


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(("what", "one"), [("steps", "Step"), ("messages", "Message")])
def test_an_export_has_a_line_for_each(asks: httpx.Client, what: str, one: str) -> None:
    for n in range(30):  # more than the history; with those of the history more than one
        sent(asks, event(f"w{n}", f"{n:038}"))
    assert asks.get("/api/messages?count=33&wait_s=5").status_code == 200
    answer = asks.get(f"/api/{what}/export")
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines == got(asks, f"/api/{what}?limit=1000")[what]
    shape = {"$ref": f"#/components/schemas/{one}", "components": CHECKED["components"]}
    assert all(jsonschema_rs.Draft202012Validator(shape).is_valid(line) for line in lines)


@pytest.mark.parametrize(
    "path",
    [
        "steps?kind=enter", "messages?channel=fax", "steps?channel=push", "messages?event=v1", "steps?wait_s=61",
        "steps?count=0", "steps/absent?for_s=nan", "steps/absent?limit=1", "steps/export?limit=1", "journeys?name=x",
        "people/ECID/x?limit=1", "why/x?limit=1",
    ],
)  # fmt: skip
def test_a_wrong_question_is_refused(asks: httpx.Client, path: str) -> None:
    assert asks.get(f"/api/{path}").status_code == 400


def test_the_documents_parameters_are_the_ones_that_are_taken(asks: httpx.Client) -> None:
    samples = {"kind": "sent", "channel": "sms", "after": "0", "limit": "5", "count": "1", "wait_s": "0", "for_s": "0"}
    sent(asks, event("v1", ANNA))
    compared = 0
    for path, methods in CHECKED["paths"].items():
        for method, operation in methods.items():
            if operation["tags"][0] not in ("Journeys", "People"):
                continue
            names = [one["name"] for one in operation["parameters"] if one["in"] == "query"]
            url = path.replace("{name}", "welcome").replace("{namespace}/{id}", f"ECID/{ANNA}").replace("{id}", "v1")
            values = {name: samples.get(name, "local") for name in names}
            expected = 408 if "wait_s" in names else 200
            assert asks.request(method, url, params=values).status_code == expected, url
            assert asks.request(method, url, params={"unknown": "1"}).status_code == 400, url
            compared += 1
    assert compared == 12


def test_a_platform_that_stops_ends_the_waits(tmp_path: Path) -> None:
    (tmp_path / "welcome.yaml").write_text(WELCOME)
    with platform(journeys=[str(tmp_path)]) as process, ThreadPoolExecutor(4) as pool:
        paths = ("steps?wait_s=60", "messages?wait_s=60", "steps/absent?for_s=60", "messages/absent?for_s=60")
        waits = [pool.submit(httpx.get, f"{process.url}/api/{path}", trust_env=False, timeout=20) for path in paths]
        time.sleep(0.5)
        began = time.monotonic()
        assert process.stop() == (0, "")
        assert time.monotonic() - began < 3
        assert [one.result().status_code for one in waits] == [503] * 4


# ---- people, and why


@pytest.mark.usefixtures("history")
def test_a_person_is_told_of_as_a_whole(asks: httpx.Client) -> None:
    found = got(asks, "/api/people/Email/mia@example.com", like="/api/people/{namespace}/{id}")
    assert found == got(asks, f"/api/people/ECID/{ANNA}", like="/api/people/{namespace}/{id}") | {
        "namespace": "Email", "id": "mia@example.com",
    }  # fmt: skip
    linked = {(one["namespace"], one["id"]): one["linked_by"] for one in found["identities"]}
    assert linked == {("ECID", ANNA): "b1", ("Email", "mia@example.com"): "b1"}
    assert (found["attributes"]["person"]["name"]["firstName"], found["is_test"], found["events"]) == ("Mia", False, 3)
    where = {one["journey"]: (one["node"], one["event"], one["over"]) for one in found["journeys"]}
    assert where == {"welcome": ("opened", "v1", False), "thanks": ("mail", "b1", True)}
    assert "to be opened" in next(one["words"] for one in found["journeys"] if not one["over"])
    assert [one["event"] for one in found["messages"]] == ["b1", "v1"]  # the newest first


def test_skipped_identities_and_tokens_and_consent_are_told(asks: httpx.Client) -> None:
    device = "3" * 38
    details = {
        "appID": "com.example.shop", "token": "t0", "platform": "apns",
        "identity": {"namespace": {"code": "ECID"}, "id": device},
    }  # fmt: skip
    one = event("t1", device)
    one["identityMap"]["Email"] = [{"id": "anonymous"}]
    body = {"events": [{"xdm": one, "data": {"pushNotificationDetails": [details]}}]}
    assert asks.post("/ee/v1/interact?configId=local", json=body).status_code == 200
    consent = {
        "identityMap": {"ECID": [{"id": device}]},
        "consent": [{"standard": "Adobe", "version": "2.0", "value": {"collect": {"val": "y"}}}],
    }
    assert asks.post("/ee/v1/privacy/set-consent?configId=local", json=consent).status_code == 200
    found = got(asks, f"/api/people/ECID/{device}", like="/api/people/{namespace}/{id}")
    assert found["tokens"] == [{"ecid": device, "token": "t0", "app": "com.example.shop", "provider": "apns"}]
    assert [(note["what"], note["id"], note["event"]) for note in found["notes"]] == [("skipped", "anonymous", "t1")]
    assert found["consent"] == {device: "y"}


def test_nobody_known_is_404_with_where_to_look(asks: httpx.Client) -> None:
    asks.post("/api/runs", json={"run": "other", "datastream": "other-1"})
    sent(asks, event("v1", "4" * 38), stream="other-1")
    sent(asks, event("bad", "5" * 38, closed=True))
    for path, words in (
        ("ECID/" + "4" * 38, "is known in other: say"),
        ("ECID/" + "5" * 38, "are in the lake (bad)"),
        ("email/mia@example.com", "told apart by capitals"),
        ("Email/a%2Fb%22", "'a/b\"'"),
    ):
        answer = asks.get(f"/api/people/{path}")
        assert answer.status_code == 404
        assert "nobody is known as" in answer.json()["error"]
        assert words in answer.json()["error"]
    assert asks.get(f"/api/people/ECID/{'4' * 38}?run=other").json()["run"] == "other"


@pytest.mark.usefixtures("history")
def test_why_names_the_steps_and_judges_the_journeys_without_any(asks: httpx.Client) -> None:
    found = got(asks, "/api/why/v1", like="/api/why/{id}")
    reasons = {one["journey"]: one for one in found["journeys"]}
    assert list(reasons) == ["thanks", "welcome"]
    assert [step["kind"] for step in reasons["welcome"]["steps"]] == ["entered"]
    assert reasons["welcome"]["judged"] == ""
    assert (reasons["thanks"]["steps"], found["unheard"]) == ([], "")
    assert 'eventType is "location.entry"' in reasons["thanks"]["judged"]
    assert (found["event"]["id"], found["copies"], found["runs"]) == ("v1", 1, ["local"])
    (discarded,) = got(asks, "/api/why/v2", like="/api/why/{id}")["journeys"][1]["steps"]
    assert (discarded["kind"], discarded["code"]) == ("discarded", "JOURNEY_INSTANCE_ID_NOT_CREATED")


def test_why_of_what_no_journey_hears(asks: httpx.Client) -> None:
    sent(asks, event("bad", closed=True))
    told(asks, "r1", "mia@example.com", person={"name": {"firstName": "Mia"}})
    assert "it is bad" in got(asks, "/api/why/bad", like="/api/why/{id}")["unheard"]
    assert "profile record" in got(asks, "/api/why/r1", like="/api/why/{id}")["unheard"]
    assert asks.get("/api/why/never").status_code == 404
    assert "in run 'other'" in asks.get("/api/why/bad?run=other").json()["error"]


def test_why_of_an_event_with_the_id_of_no_journey(asks: httpx.Client) -> None:
    campaign = {"campaign": {"orchestration": {"eventID": "0f" * 8}}}
    sent(asks, event("e1", eventType="x.y", _experience=campaign))
    first = got(asks, "/api/why/e1", like="/api/why/{id}")["journeys"][0]
    assert (first["journey"], first["steps"][0]["code"]) == ("", "EVENT_WITH_NO_JOURNEY")


# ---- forgetting, and platforms without journeys


@pytest.mark.usefixtures("history")
def test_a_reset_of_a_run_forgets_what_came_of_it(asks: httpx.Client) -> None:
    asks.post("/api/runs", json={"run": "other", "datastream": "other-1"})
    sent(asks, event("o1", ANNA), stream="other-1")
    assert asks.get("/api/messages?run=other&wait_s=5").status_code == 200
    last = got(asks, "/api/steps?run=other")["steps"][-1]["seq"]
    assert asks.post("/api/reset?run=local").status_code == 200
    assert got(asks, "/api/steps?run=local")["steps"] == got(asks, "/api/messages?run=local")["messages"] == []
    assert {line["entered"] for line in got(asks, "/api/journeys")["journeys"]} == {0}
    assert asks.get("/api/people/Email/mia@example.com").status_code == 404
    # the other run is as it was
    assert [one["event"] for one in got(asks, "/api/messages?run=other")["messages"]] == ["o1"]
    assert asks.get(f"/api/people/ECID/{ANNA}?run=other").json()["journeys"][0]["node"] == "opened"
    # the same may come again, as if it had never been there, with numbers that go on
    sent(asks, event("v1", ANNA))
    assert got(asks, "/api/steps?run=local&kind=entered&wait_s=5")["steps"][0]["seq"] > last
    assert asks.get(f"/api/people/ECID/{ANNA}").json()["profile"] == 1
    assert asks.post("/api/reset").status_code == 200
    assert got(asks, "/api/steps")["steps"] == []
    assert asks.get(f"/api/people/ECID/{ANNA}?run=other").status_code == 404


def test_without_journeys_it_is_told_how_to_have_some() -> None:
    paths = ["journeys", "journeys/x", "steps", "messages", "steps/absent", "messages/export", "people/ECID/x", "why/x"]
    with platform() as process, httpx.Client(base_url=process.url, trust_env=False) as client:
        answers = [client.get(f"/api/{path}") for path in paths] + [client.post("/api/journeys/x/pause")]
        assert {answer.status_code for answer in answers} == {404}
        assert all("--journeys" in answer.json()["error"] for answer in answers)
        assert client.get("/api/platform").json()["journeys"] == []
        assert "<h2>Journeys" not in client.get("/").text


# ---- the pages


@pytest.mark.usefixtures("history")
def test_the_front_page_has_the_table(asks: httpx.Client) -> None:
    page = asks.get("/").text
    (row,) = re.findall(r"<tr><td>local</td><td><a href=\"([^\"]+)\">welcome</a></td>(.*?)</tr>", page)
    assert asks.get(row[0]).json()["name"] == "welcome"
    assert re.findall(r">([0-9,]+)<", row[1]) == ["2", "1", "1", "1", "2", "0"]
    assert "<script" not in page


def test_hostile_names_are_text_on_the_page() -> None:
    line = pages.JourneyLine('<script>"&', "<b>'", JourneyCounts())
    page = pages.front([], 0, "s", "", [line])
    assert ("<script" in page, "<b>'" in page) == (False, False)
    assert 'href="/api/journeys/%3Cb%3E%27?run=%3Cscript%3E%22%26"' in page


def test_the_set_up_names_the_journeys(asks: httpx.Client) -> None:
    names = [(one["name"], one["version"]) for one in got(asks, "/api/platform")["journeys"]]
    assert names == [("thanks", 1), ("welcome", 2)]
