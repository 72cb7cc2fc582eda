"""The types of event that an app can send, and what is wrong with an app file that names another one.

An eventType that nothing has is a rule that never applies: the SDK says nothing of it, and neither would a run.
"""

from __future__ import annotations

from collections.abc import Iterable

from footfall.phone.config import Batching
from footfall.phone.edge import allowed
from footfall.world.problems import closest, did_you_mean

BY_THE_APP = (
    "application.interaction",
    "application.scene",
    "commerce.cartAbandons",
    "commerce.checkouts",
    "commerce.productListAdds",
    "commerce.productListOpens",
    "commerce.productListRemovals",
    "commerce.productListReopens",
    "commerce.productListViews",
    "commerce.productViews",
    "commerce.purchases",
    "commerce.saveForLaters",
    "loyalty.pointsEarned",
    "loyalty.pointsReached",
)
"""Of events that the app makes itself, and can put a journey's id into."""

BY_THE_SDK = (
    "application.close",
    "application.launch",
    "decisioning.propositionDismiss",
    "decisioning.propositionDisplay",
    "decisioning.propositionDisqualify",
    "decisioning.propositionInteract",
    "decisioning.propositionSuppressDisplay",
    "decisioning.propositionTrigger",
    "location.entry",
    "location.exit",
    "personalization.request",
    "pushTracking.applicationOpened",
    "pushTracking.customAction",
)
"""Of events that the SDK's extensions and rules make."""

EVENT_TYPES = (*BY_THE_APP, *BY_THE_SDK)


def pattern_fault(pattern: str) -> str:
    """What is wrong with an entry of edge.batching: it must be the type of an event that can be sent, or a pattern
    that such a type is of. Empty where nothing is."""
    if any(allowed(Batching(events=(pattern,)), type) for type in EVENT_TYPES):
        return ""
    if "*" not in pattern:
        return _unknown(pattern, EVENT_TYPES)
    patterns = _families(EVENT_TYPES) if pattern.endswith("*") else {f"*.{type.split('.')[1]}" for type in EVENT_TYPES}
    meant = closest(pattern, patterns)
    hint = f' Did you mean "{meant}"?' if meant else did_you_mean("", _families(EVENT_TYPES))
    return f"no event that an app can send is of the pattern {pattern}.{hint}"


BY_THE_RULE = ("location.entry", "location.exit")
"""Of events that the tutorial's Places rule makes beside the SDK's own: what a rule makes can carry a journey's id."""


def journey_fault(event_type: str) -> str:
    """What is wrong with an eventType that is to carry a journey's id. Empty where nothing is."""
    if event_type in BY_THE_APP or event_type in BY_THE_RULE:
        return ""
    if event_type in BY_THE_SDK:
        return (
            f"{event_type} is made by the SDK, which puts no journey's id into it: expected an event that the app "
            "makes itself, application.interaction, application.scene, commerce.* or loyalty.*"
        )
    return _unknown(event_type, BY_THE_APP)


def _unknown(event_type: str, known: Iterable[str]) -> str:
    meant = closest(event_type, known)
    hint = f' Did you mean "{meant}"?' if meant else did_you_mean("", _families(known))
    return f"no event that an app can send has the eventType {event_type}.{hint}"


def _families(types: Iterable[str]) -> set[str]:
    return {type.partition(".")[0] + ".*" for type in types}
