"""The schemas that a platform file names, read and compiled."""

from __future__ import annotations

from pathlib import Path

from footfall.platform.config import NamedSchema, PlatformConfig
from footfall.platform.validation import EventSchema, NotASchema
from footfall.world.problems import BadInput, Problem

_ANY_OBJECT = b'{"type": "object"}'


def read_schemas(config: PlatformConfig, own: EventSchema) -> dict[str, EventSchema]:
    """By id, for `Platform`; `own` is the one that the word mobile stands for. A format that nobody knows judges
    nothing.

    Raises BadInput with a problem for each file that is not there or is no JSON Schema, where the platform file names
    it.
    """
    compiled: dict[str, EventSchema] = {}
    problems: list[Problem] = []
    for named in config.schemas:
        if named.file == "mobile":
            compiled[named.id] = own
            continue
        try:
            compiled[named.id] = EventSchema(_text(named), lenient=True)
        except OSError as error:
            problems.append(_problem(named, error.strerror or str(error)))
        except NotASchema as error:
            problems.append(_problem(named, str(error)))
    if problems:
        raise BadInput(problems)
    return compiled


def _text(named: NamedSchema) -> bytes:
    return _ANY_OBJECT if named.file == "any" else Path(named.file).read_bytes()


def _problem(named: NamedSchema, why: str) -> Problem:
    message = f"file: expected a JSON Schema, found {named.file}: {' '.join(why.split())}"
    return Problem(named.stated_in or named.file, named.line, named.column, message)
