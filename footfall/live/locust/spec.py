"""What the master tells every worker of a run: all that a phone's life depends on, texts included."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import msgspec

from footfall.phone.config import InletConfig


class RunSpec(msgspec.Struct, frozen=True):
    """One run, as it travels from master to workers. `origin_s` is the wall time of virtual 0 (seconds since the
    epoch), `directory` the run's folder on the master's machine, `machine` which machine that is."""

    version: str  # of Footfall: another one may plan other lives
    run: str
    directory: str
    machine: str
    seed: int
    phones: int
    speed: float
    origin_s: float
    anchor_ms: int
    host: str
    places_host: str
    datastream: str
    transport: str
    inlet_host: str
    inlet: str  # its id; empty where nothing is sent to one
    drain_s: float
    scenario_file: str
    scenario_text: str
    geofences_file: str
    geofences_text: str
    app_file: str  # like its text empty for the built-in default
    app_text: str
    pushes_of: str = ""  # the run whose pushes are to be fetched from the host; empty: none are
    inlet_there: InletConfig | None = None  # as the platform has it, where it is one of ours

    def to_message(self) -> dict[str, Any]:
        """As a message for Locust's channel."""
        return dict(msgspec.to_builtins(self))

    @classmethod
    def from_message(cls, data: dict[str, Any]) -> RunSpec:
        """Back again."""
        return msgspec.convert(data, cls)


def this_machine() -> str:
    """Which machine's loopback this process has: host name, boot, network namespace. Two processes with the same one
    reach the same 127.0.0.1."""
    parts = [platform.node()]
    boot = Path("/proc/sys/kernel/random/boot_id")
    if boot.exists():
        parts.append(boot.read_text().strip())
    namespace = Path("/proc/self/ns/net")
    if namespace.exists():
        parts.append(os.readlink(namespace))
    return "|".join(parts)
