"""What the app or an extension hands to Edge: an ExperienceEvent, encoded once."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

_ENCODER = msgspec.json.Encoder()


class Overrides(msgspec.Struct, frozen=True):
    """Where one event goes other than the app's others: another datastream, a configuration override of it (the bytes
    of a JSON object), another path below the base (Edge Media's `/va/v1/sessionStart`)."""

    datastream: str = ""
    config: bytes = b""
    path: str = ""


class ExperienceEvent(msgspec.Struct, frozen=True):
    """One event before Edge's request builder gives it `_id` and `timestamp`.

    `type` is its eventType, empty where it has none (the push token). `body` is the JSON object of its xdm. `beside`
    is the JSON object of what stands beside `xdm` in the request's `events[]` (data, query, meta, keys that a rule let
    through), empty where nothing does. `place` and `skus` are for the ledger. `timestamp` is that of an event which
    brings its own along; the others get the time at which they were made. `stamped`: on Android that time stands beside
    the xdm as well, in whole seconds, which is why it is no part of `beside`: that is the same in every run.
    """

    type: str
    body: bytes
    place: str = ""
    skus: tuple[tuple[str, int], ...] = ()
    beside: bytes = b""
    overrides: Overrides | None = None
    timestamp: str = ""
    stamped: bool = False


def encoded(
    type: str,
    xdm: msgspec.Struct | Mapping[str, object] | msgspec.Raw,
    beside: Mapping[str, object] | None = None,
    place: str = "",
    skus: tuple[tuple[str, int], ...] = (),
) -> ExperienceEvent:
    """An event of this xdm, which names its eventType itself."""
    return ExperienceEvent(type, _ENCODER.encode(xdm), place, skus, _ENCODER.encode(beside) if beside else b"")


def dataset(dataset_id: str) -> dict[str, object]:
    """`meta.collect.datasetId`, beside the xdm: the dataset that the event is for."""
    return {"meta": {"collect": {"datasetId": dataset_id}}}
