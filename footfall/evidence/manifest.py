"""What a run was: enough to judge its ledger years later, and to run it again.

The manifest is written before the first phone lives. The checkers read what they must know of the scenario from its
`expectations` and from nowhere else, so the judge never opens the scenario that the accused had read.
"""

from __future__ import annotations

import shlex

import msgspec

from footfall.evidence.ledger import LedgerDamaged

CHECKERS = ("delivered", "alternates", "causal", "covered")


class Expectations(msgspec.Struct, frozen=True):
    """What the compiled scenario promises of a run. `states` and `places` (ids) are all there are; a population of at
    least `covered_from_phones` phones is meant to use each of them. `checkers` names those that apply: a scenario in
    which nothing can be bought leaves out "causal", one without places "alternates". "delivered" always applies;
    "journeys" is added where the receiver runs some."""

    states: tuple[str, ...]
    places: tuple[str, ...]
    covered_from_phones: int
    checkers: tuple[str, ...] = CHECKERS


class Manifest(msgspec.Struct, frozen=True):
    """One run. `phones` is the population; `only` are the phones of it that were to live (empty: all of them).

    `speed` is virtual seconds per real second, 0 where time was virtual and nobody waited. `started_ms` is wall time,
    milliseconds since the epoch; `anchor_ms` is the moment, in the same unit, that virtual 0 stands for, and
    `lasts_ms` the virtual length. `received_as` is the name under which the receiver lists the run. `command` is
    the command line that began it, `program` its first words, as a person in that folder types them. `host_given`: a
    person chose the host; else the run had a local platform of its own. `app_file`, with its hash and text, configured
    the app; empty: the built-in default. `transport` is how the phones' events travelled: edge, inlet or inlet-batch.
    `platform_file`, with its hash and text, set up the run's own platform; empty: nothing did, or there was none.
    `journeys` are the files, each with its text, of those that it ran.
    """

    run: str
    scenario: str
    scenario_file: str
    scenario_sha256: str
    scenario_text: str
    geofences_file: str
    geofences_sha256: str
    seed: int
    phones: int
    speed: float
    host: str
    started_ms: int
    anchor_ms: int
    lasts_ms: int
    versions: dict[str, str]
    command: str
    expectations: Expectations
    only: tuple[int, ...] = ()
    journeys: tuple[tuple[str, str], ...] = ()
    received_as: str = ""
    app_file: str = ""
    app_sha256: str = ""
    app_text: str = ""
    transport: str = "edge"
    platform_file: str = ""
    platform_sha256: str = ""
    platform_text: str = ""
    program: tuple[str, ...] = ("locust",)
    host_given: bool = False

    @property
    def phones_planned(self) -> int:
        """How many phones were to live."""
        return len(self.only) or self.phones


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Manifest)


def encode(manifest: Manifest) -> bytes:
    """The manifest as indented JSON for manifest.json, ending in a newline."""
    return msgspec.json.format(_encoder.encode(manifest), indent=2) + b"\n"


def decode(data: bytes, file: str) -> Manifest:
    """The manifest in `data`; `file` is its name for messages. Raises LedgerDamaged, naming the field that is wrong.

    Fields that are not known are passed over: a later version may have written more than this one can use.
    """
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LedgerDamaged(file, 1, f"expected the manifest of a run: {error}") from error


def repeat_command(manifest: Manifest, phone: int) -> str:
    """The shell command that makes the one phone live again, with the same ids, event for event.

    It goes to the host that was given. `--confirm-host` is not in it: whoever sends to another machine says so anew.
    """
    return shlex.join(
        (
            *(*manifest.program, "--headless", "--scenario", manifest.scenario_file),
            *(("--app", manifest.app_file) if manifest.app_file else ()),
            *(("--transport", manifest.transport) if manifest.transport != "edge" else ()),
            *(("--platform-config", manifest.platform_file) if manifest.platform_file else ()),
            *("--seed", str(manifest.seed)),
            *("--run-id", manifest.run, "--phones", str(manifest.phones), "--only", str(phone)),
            *(("--host", manifest.host) if manifest.host_given else ()),
        )
    )
