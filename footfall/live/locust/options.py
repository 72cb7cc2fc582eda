"""Footfall's options beside Locust's own: on the command line, in locust.conf and the environment, in the web form."""

from __future__ import annotations

import argparse
import re
from typing import Any

import msgspec

from footfall.engine.app_file import DATASTREAM_ID
from footfall.live.inlet import TRANSPORTS

DEFAULT_SCENARIO = "scenarios/shopping/saturday.yaml"
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


class BadUsage(Exception):
    """Options that cannot be used; one line for each. The command line prints them and exits with 2."""


class RunOptions(msgspec.Struct, frozen=True):
    """What one run is asked to be. `phones` 0: as many as the scenario says; `seed` -1 and `run_id` "" likewise mean
    the scenario's own seed and a fresh id. `app` "": the demo shop's. `only` -1: all phones.
    `transport` is how events travel, `inlet_host` "" the host of everything else.
    `platform_config` "": the local platform as it is without a file."""

    scenario: str
    app: str
    seed: int
    speed: float
    run_id: str
    phones: int
    only: int
    confirm_host: bool
    datastream: str
    places_host: str
    transport: str
    inlet_host: str
    drain_s: float
    give_up_s: float
    fsync: bool
    platform_config: str
    runs: str


# flag, default, shown in the web form, help. `locust --help` does not show a locustfile's options: README.md does.
FLAGS: tuple[tuple[str, Any, bool, str], ...] = (
    ("--scenario", DEFAULT_SCENARIO, True, "scenario file, or its name below scenarios/"),
    ("--app", "", True, "app file, or its name below apps/; empty: the scenario's own"),
    ("--seed", -1, True, "seed of the population; -1: the scenario's own"),
    ("--speed", 120.0, True, "virtual seconds that pass in one real second"),
    ("--run-id", "", True, "what makes this run's event ids differ from another's; empty: a fresh one"),
    ("--phones", 0, True, "population: how many phones live in all; 0: as many as the scenario says"),
    ("--only", -1, True, "live only the phone of this number, exactly as it lived in the whole run; -1: all"),
    ("--confirm-host", False, True, "really send to a --host that is not this machine"),
    ("--datastream", "", True, "datastream id (configId); empty: one for this run on the local platform"),
    ("--places-host", "", True, "host of the Places Query Service; empty: the --host"),
    ("--transport", "edge", True, "how events travel: edge, inlet (a message each) or inlet-batch (several in one)"),
    ("--inlet-host", "", True, "host of streaming ingestion; empty: the --host"),
    ("--drain", 10.0, False, "real seconds that a phone may go on delivering after its life or a stop"),
    ("--give-up", 30.0, False, "real seconds without any successful answer after which the run is ended; 0: never"),
    ("--fsync", False, False, "local platform: survive a power loss too, not only a killed process"),
    ("--platform-config", "", False, "local platform: its file, or its name below platforms/; empty: none"),
    ("--runs", "runs", False, "folder that the runs are kept in"),
)


def add_options(parser: Any) -> None:
    """Adds the options. Locust makes parsers several times at a start, so this keeps no state.

    Options of a group are missing from Locust's web form unless its marks are set on the actions by hand
    (`group.add_argument` does not take them).
    """
    group = parser.add_argument_group("Footfall", "phones, places and proof")
    for flag, default, in_form, text in FLAGS:
        env = "FOOTFALL_" + flag.strip("-").upper().replace("-", "_")
        if isinstance(default, bool):
            action = group.add_argument(flag, action="store_true", default=default, help=text, env_var=env)
        else:
            action = group.add_argument(flag, type=type(default), default=default, help=text, env_var=env)
        action.include_in_web_ui = in_form
        action.is_secret = action.is_required = action.is_multiple = False


def read_options(parsed: argparse.Namespace) -> RunOptions:
    """The options, checked. Raises BadUsage with every problem at once."""
    wrong: list[str] = []

    def number(name: str, value: Any, kind: type[int] | type[float], low: float, expected: str) -> Any:
        try:
            found = kind(value)
        except (TypeError, ValueError):
            found = None
        if found is None or not low <= found <= 1e12:
            wrong.append(f"{name}: expected {expected}, found {value!r}")
            return low
        return found

    run_id = str(parsed.run_id or "").strip()
    if run_id and not _RUN_ID.match(run_id):
        wrong.append(f"--run-id: expected up to 64 letters, digits, dots, dashes or underscores, found {run_id!r}")
    datastream = str(parsed.datastream or "").strip()
    if datastream and not re.fullmatch(DATASTREAM_ID, datastream):
        wrong.append(f"--datastream: expected the id of a datastream, as in its URL, found {datastream!r}")
    transport = str(parsed.transport or "").strip() or "edge"
    if transport not in TRANSPORTS:
        wrong.append(f"--transport: expected {', '.join(TRANSPORTS[:-1])} or {TRANSPORTS[-1]}, found {transport!r}")
    options = RunOptions(
        scenario=str(parsed.scenario),
        app=str(parsed.app or "").strip(),
        seed=number("--seed", parsed.seed, int, -1, "a whole number from 0 on"),
        speed=number("--speed", parsed.speed, float, 0.01, "virtual seconds per real second, 0.01 or more"),
        run_id=run_id,
        phones=number("--phones", parsed.phones, int, 0, "a whole number from 1 on"),
        only=number("--only", parsed.only, int, -1, "the number of a phone, from 0 on"),
        confirm_host=parsed.confirm_host in (True, "true", "True", "on"),
        datastream=datastream,
        places_host=str(parsed.places_host or "").strip(),
        transport=transport,
        inlet_host=str(parsed.inlet_host or "").strip(),
        drain_s=number("--drain", parsed.drain, float, 0.0, "seconds, 0 or more"),
        give_up_s=number("--give-up", parsed.give_up, float, 0.0, "seconds, 0 or more"),
        fsync=bool(parsed.fsync),
        platform_config=str(parsed.platform_config or "").strip(),
        runs=str(parsed.runs),
    )
    if wrong:
        raise BadUsage("\n".join(wrong))
    return options
