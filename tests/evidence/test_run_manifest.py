"""The manifest and the list of what was received: both are read back, and say where they are wrong."""

from __future__ import annotations

import json

import pytest
from literal_ops import good, manifest, refused

from footfall.evidence import received
from footfall.evidence.ledger import LedgerDamaged
from footfall.evidence.manifest import decode, encode, repeat_command


def test_a_manifest_is_read_back():
    assert decode(encode(manifest(only=(3,))), "manifest.json") == manifest(only=(3,))


def test_a_manifest_of_a_later_version_may_know_more():
    later = encode(manifest()).replace(b'{\n  "run"', b'{\n  "moon_phase": "full",\n  "run"')
    assert decode(later, "manifest.json") == manifest()


def test_a_wrong_manifest_names_the_field():
    wrong = encode(manifest()).replace(b'"seed": 7', b'"seed": "7"')
    with pytest.raises(LedgerDamaged, match=r"^manifest.json:1: .*\$\.seed"):
        decode(wrong, "manifest.json")


@pytest.mark.parametrize(
    ("only", "planned"),
    [
        ((), 5),  # all of the population
        ((3,), 1),  # one phone of it, again
    ],
)
def test_phones_planned(only, planned):
    assert manifest(only=only).phones_planned == planned


def test_the_command_that_repeats_one_phone_is_ready_for_the_shell():
    assert repeat_command(manifest(scenario_file="my scenarios/coffee & cake.yaml"), 3) == (
        "locust --headless --scenario 'my scenarios/coffee & cake.yaml' --seed 7 --run-id r1 --phones 5 --only 3"
    )


@pytest.mark.parametrize(
    ("changes", "begins", "ends"),
    [
        # as it is typed in that folder
        ({"program": (".venv/bin/locust",)}, ".venv/bin/locust --headless ", " --only 3"),
        # a path that a shell would take apart
        ({"program": ("/my venv/python", "-m", "locust")}, "'/my venv/python' -m locust --headless ", " --only 3"),
        # the host that was given
        ({"host_given": True}, "locust --headless ", " --only 3 --host http://127.0.0.1:8700"),
        # what the run's own platform was set up with
        (
            {"platform_file": "platforms/local.yaml"},
            "locust --headless --scenario scenarios/coffee.yaml --platform-config platforms/local.yaml --seed 7 ",
            " --only 3",
        ),
    ],
)
def test_the_command_that_repeats_begins_and_ends_as_the_run_did(changes, begins, ends):
    command = repeat_command(manifest(**changes), 3)
    assert command.startswith(begins)
    assert command.endswith(ends)


def test_a_manifest_of_before_knows_neither_program_nor_host():
    old = json.loads(encode(manifest()))
    del old["program"], old["host_given"]
    assert decode(json.dumps(old).encode(), "manifest.json") == manifest()


def test_observations_are_read_back():
    observed = [good("a"), good("a"), refused("b", "timestamp: required key not found")]
    assert list(received.read(map(received.encode, observed), "received.ndjson")) == observed


def test_half_a_read_back_is_none():
    lines = [received.encode(good("a")), received.encode(good("b"))[:-5]]
    with pytest.raises(LedgerDamaged, match=r"^received.ndjson:2: "):
        list(received.read(lines, "received.ndjson"))
