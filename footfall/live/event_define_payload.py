"""Which fields an event definition needs, and the payload preview that Journey Optimizer shows of them.

The preview has the shape of Adobe's (AdobeDocs/journeys.en, help/using/event/previewing-the-payload.md): a message to
the inlet whose header, xdmMeta and xdmEntity hold the ids and placeholders of the fields' types. What may be a field
and of which type is said by the local platform's own schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from footfall.engine.inlet import CONTENT_TYPE
from footfall.live.event_define_condition import lists_in
from footfall.live.xdm_fields import Found, Kind, event_fields
from footfall.phone.config import InletConfig
from footfall.platform.journeys.expression_tree import Field, Holds, written_operand
from footfall.platform.journeys.expressions import Expression, parse
from footfall.platform.journeys.types import Journey

EVENT_ID = ("_experience", "campaign", "orchestration", "eventID")
"""Where the id of a system-generated event stands (experience-platform.md 5.1)."""

MANDATORY = (("_id",), ("timestamp",))
"""What the class ExperienceEvent demands: ticked already, and not to be unticked."""

_PLACEHOLDERS: Mapping[Kind, object] = {"text": "string", "number": 10, "truth value": True, "object": {}}
_TIMESTAMP = "2018-05-29T00:00:00.000Z"  # a moment, as Adobe's preview shows one
_NOBODYS = "namespace"  # the key of identityMap where the journey names none


class Ticked(msgspec.Struct, frozen=True):
    """A payload field to tick. `kind` is its type, `many` tells that a list is on its way, `used_by` says what needs
    it: the condition, nodes of the journey, the key, Adobe itself."""

    path: tuple[str, ...]
    kind: Kind
    many: bool
    used_by: tuple[str, ...]

    @property
    def written(self) -> str:
        """The path as a rule has it."""
        return written_operand(Field("", self.path))


Use = tuple[tuple[str, ...], str]


def uses(rule: Expression | None, journey: Journey | None, event: str) -> Iterator[Use]:
    """The fields of the event that its rule, and the journey's conditions and texts, speak of: each with what does."""
    if rule is not None:
        for field in rule.fields:
            yield _keys(field), "the condition"
    if journey is None:
        return
    for name, node in journey.nodes:
        for expression in _expressions(node):
            for field in expression.fields:
                if field.root == event:
                    yield _keys(field), f"node {name}"
    if journey.supplemental and journey.entry == event:
        supplemental = parse(journey.supplemental).tree
        if isinstance(supplemental, Holds) and isinstance(supplemental.operand, Field):
            yield _keys(supplemental.operand), "the supplemental id"


def ticked(used: Iterable[Use], namespace: str, event_id: str) -> tuple[Ticked, ...]:
    """All fields to tick: those that are used, in order, then the key, and what Adobe has ticked itself. `namespace` ""
    is the primary identity's."""
    by_path: dict[tuple[str, ...], dict[str, None]] = {}
    for path, by in used:
        by_path.setdefault(path, {})[by] = None
    by_path.setdefault(("identityMap", namespace or _NOBODYS, "id"), {})["the key"] = None
    for path in MANDATORY:
        by_path.setdefault(path, {})["Adobe, always"] = None
    if event_id:
        by_path.setdefault(EVENT_ID, {})["Adobe, to know the event"] = None
    fields = []
    for path, users in by_path.items():
        found = event_fields().find(path)
        kind, many = (found.kind, found.many) if isinstance(found, Found) else ("anything", False)
        fields.append(Ticked(path, kind, many, tuple(users)))
    return tuple(fields)


def payload(fields: Iterable[Ticked], inlet: InletConfig, event_id: str) -> dict[str, Any]:
    """The payload preview: what a sender has to stream. `inlet` is the one it is streamed to."""
    entity: dict[str, Any] = {}
    for field in fields:
        value = _PLACEHOLDERS.get(field.kind, "string")
        if field.path == ("timestamp",):
            value = _TIMESTAMP
        elif field.path == EVENT_ID:
            value = event_id or value
        _put(entity, field.path, value)
    schema = {"id": inlet.schema, "contentType": CONTENT_TYPE}
    return {
        "header": {
            "msgType": "xdmEntityCreate",
            "msgId": "string",
            "msgVersion": "1.0",
            "xactionId": "string",
            "datasetId": inlet.dataset or "string, not mandatory",
            "imsOrgId": inlet.org or "XXX@AdobeOrg",
            "schemaRef": schema,
            "source": {"name": "Journeys"},
        },
        "body": {"xdmMeta": {"schemaRef": schema}, "xdmEntity": entity},
    }


def _put(entity: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    """Puts a value into nested objects; a list on the way has one item."""
    lists = lists_in(path)
    here = entity
    for length, key in enumerate(path, 1):
        last = length == len(path)
        if length in lists:
            items = here.setdefault(key, [value if last and value != {} else {}])
            here = items[0] if isinstance(items[0], dict) else {}
        elif last:
            here.setdefault(key, value)  # an object whose members are ticked too stays as it is
        else:
            if not isinstance(here.get(key), dict):
                here[key] = {}
            here = here[key]


def _keys(field: Field) -> tuple[str, ...]:
    return tuple(step for step in field.path if isinstance(step, str))


def _expressions(value: object) -> Iterator[Expression]:
    """The expressions in a node, wherever they stand."""
    if isinstance(value, Expression):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _expressions(item)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _expressions(getattr(value, name))
