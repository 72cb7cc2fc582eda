"""Who may enter a journey, and the codes of those who may not (experience-platform.md 5.2 to 5.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from footfall.platform.journeys.expressions import Expression, Scope, parse
from footfall.platform.journeys.matching import identity
from footfall.platform.journeys.messages import People
from footfall.platform.journeys.residents import Residents
from footfall.platform.journeys.types import LIMITS, MOST_INSTANCES_OF_A_PROFILE, Journey
from footfall.platform.journeys.wording import moment

MOST_TEST_PROFILES = 100

# Journey Optimizer's (sharing-field-list)
NO_KEY = "EXTERNAL_KEY_COMPUTATION_ERROR"
NO_JOURNEY = "EVENT_WITH_NO_JOURNEY"
NOT_CREATED = "JOURNEY_INSTANCE_ID_NOT_CREATED"  # documented for duplicates and for volume
STACK_FULL = "maxInstanceStackEventsReached"
PAUSED_ENTRY = "PAUSED_JOURNEY_VERSION"
PAUSED_INSIDE = "JOURNEY_IN_PAUSED_STATE"
# Ours: an error of the platform
EVENT_FAILED = "FOOTFALL_EVENT_FAILED"
# Journey Orchestration's (query-examples)
LEGACY_DUPLICATION = "ERROR_INSTANCE_DUPLICATION"
LEGACY_BAD_NAMESPACE = "ERROR_INSTANCE_BAD_NAMESPACE"
LEGACY_NO_IDENTITY_MAP = "ERROR_INSTANCE_NO_IDENTITY_MAP"
NOT_A_TEST_PROFILE = "ERROR_INSTANCE_NOT_A_TEST_PROFILE"  # of both: Journey Optimizer documents none of its own


class Refusal(NamedTuple):
    """A discard: its code, and a sentence that says why."""

    code: str
    why: str


class Who(NamedTuple):
    """Whom an event is about, for one journey: the identity that it goes by, and its supplemental identifier."""

    namespace: str
    key: str
    supplemental: str = ""


class Entrance:
    """The door of one journey."""

    def __init__(self, journey: Journey, residents: Residents, people: People) -> None:
        self._journey = journey
        self._residents = residents
        self._people = people
        self._supplemental: Expression | None = parse(journey.supplemental) if journey.supplemental else None
        self._duplicate = NOT_CREATED if journey.dialect == "ajo" else LEGACY_DUPLICATION

    def who(self, xdm: Mapping[str, Any]) -> Who | Refusal:
        """Whom the event is about."""
        journey = self._journey
        namespace, key = identity(xdm, journey.namespace)
        if not key:
            return Refusal(self._no_key(xdm), f"no identity{_of(journey.namespace)} in the event's identityMap")
        if self._supplemental is None:
            return Who(namespace, key)
        value = self._supplemental.value(Scope(xdm))
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return Who(namespace, key, str(value))
        return Refusal(NO_KEY, f"no supplemental identifier: {journey.supplemental} is not in the event")

    def closed(self) -> Refusal | None:
        """Why this journey takes no event from outside at all."""
        if self._journey.mode == "test" and not LIMITS[self._journey.dialect].test_takes_external_events:
            why = "in Journey Optimizer's test mode events are fired from its own user interface only"
            return Refusal(NOT_CREATED, why)
        return None

    def already_inside(self) -> Refusal:
        """A person cannot be twice in a journey."""
        return Refusal(self._duplicate, "the person is already inside, and can be so once only")

    def refuses(self, who: Who, now_ms: int) -> Refusal | None:
        """Why who is not inside may not enter now; None: they may."""
        journey, residents = self._journey, self._residents
        last = residents.last(who.key, who.supplemental)
        if last is not None:
            # Counted from the entry ("event at 12:01, another at 12:03: not started again"): within the period it is
            # refused, at its very end, 5:00 by default, it is over. In the millisecond of the entry none may enter
            # again, whatever the period: an instance's id is made of the moment of its entry.
            again = journey.reentrance
            period_ms = max(1, again.wait_ms) if again.allowed else LIMITS[journey.dialect].global_timeout_ms
            over_ms = last.entered_ms + period_ms
            if now_ms < over_ms:
                what = "re-entrance wait period" if again.allowed else "no re-entrance: the journey remembers"
                return Refusal(self._duplicate, f"{what} until {moment(over_ms)}")
        if len(residents.inside(who.key)) >= MOST_INSTANCES_OF_A_PROFILE:
            return Refusal(NOT_CREATED, f"{MOST_INSTANCES_OF_A_PROFILE} instances of this person are inside already")
        if journey.mode == "test":
            person = self._people.find(who.namespace, who.key)
            if person is None or not person.is_test:
                return Refusal(NOT_A_TEST_PROFILE, "the journey is in test mode, and this is no test profile")
            if residents.keys() >= MOST_TEST_PROFILES and not (residents.inside(who.key) or residents.left(who.key)):
                return Refusal(NOT_A_TEST_PROFILE, f"{MOST_TEST_PROFILES} test profiles have entered: it takes no more")
        return None

    def _no_key(self, xdm: Mapping[str, Any]) -> str:
        if self._journey.dialect == "ajo":
            return NO_KEY
        return LEGACY_BAD_NAMESPACE if isinstance(xdm.get("identityMap"), dict) else LEGACY_NO_IDENTITY_MAP


def _of(namespace: str) -> str:
    return f" of namespace {namespace}" if namespace else ""
