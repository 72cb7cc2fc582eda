"""What the actions of a journey make: messages with derived ids, and the tracking data that a device gives back.

The tracking data of a push are Adobe's mixins as the mobile SDK returns them (mobile-sdk.md 6.1, asserted by the SDK's
tests), those of a proposition its scopeDetails, in whose characteristics the same stands as `cjmEvent`.
"""

from __future__ import annotations

import uuid
from hashlib import blake2b
from typing import Any

import msgspec

from footfall.platform.journeys.expressions import Expression, NoProfile, Scope
from footfall.platform.journeys.matching import identity
from footfall.platform.journeys.messages import Instance, Message, Person
from footfall.platform.journeys.types import (
    Action,
    Channel,
    Email,
    InApp,
    Journey,
    Push,
    Sms,
    Text,
    Webhook,
)

_JSON = msgspec.json.Encoder()


class Failed(Exception):
    """The action cannot be carried out; says why. The person goes where errors lead."""


class Excluded(Exception):
    """There is nothing to send it to; says why. Journey Optimizer leaves such a profile out of the send, and it goes on
    along the action's path: having no address is no error."""


def derived(*parts: str | int) -> str:
    """A UUID that these parts determine."""
    digest = bytearray(blake2b("\x1f".join(map(str, parts)).encode(errors="replace"), digest_size=16).digest())
    digest[6] = digest[6] & 0x0F | 0x80  # version 8: of one's own making (RFC 9562)
    digest[8] = digest[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(digest)))


def channel_of(action: Action) -> Channel:
    """The channel that an action uses."""
    match action:
        case Push():
            return "push"
        case InApp():
            return "in-app"
        case Email():
            return "email"
        case Sms():
            return "sms"
        case Webhook():
            return "webhook"


class Sender:
    """Makes the messages of one sandbox. `org` and `seed` go into every id."""

    def __init__(self, org: str, seed: int) -> None:
        self._org = org
        self._seed = seed

    def instance_id(self, journey: Journey, key: str, supplemental: str, event: str, now_ms: int) -> str:
        """The id of the instance that this person enters with this event at this moment."""
        return derived(self._org, self._seed, journey.version_id, key, supplemental, event, now_ms)

    def messages(
        self, journey: Journey, action: Action, instance: Instance, person: Person | None, now_ms: int
    ) -> tuple[Message, ...]:
        """What `instance`, which stands at `action`, sends at `now_ms`; one or more. Raises Failed, Excluded."""
        if person is None and not isinstance(action, Webhook):
            raise Failed(f"no profile for {instance.namespace} {instance.key}")
        scope = Scope(events=instance.events, profile=None if person is None else person.attributes)
        match action:
            case Push():
                return self._pushes(journey, action, instance, person, scope, now_ms)
            case InApp():
                return self._propositions(journey, action, instance, person, now_ms)
            case Email(subject=subject, body=body):
                to = _address(person, ("personalEmail", "address"), "Email")
                if not to:
                    raise Excluded(f"no e-mail address of {instance.key} is known")
                content: object = {"subject": filled(subject, scope), "body": filled(body, scope)}
            case Sms(body=body):
                to = _address(person, ("mobilePhone", "number"), "Phone")
                if not to:
                    raise Excluded(f"no mobile number of {instance.key} is known")
                content = {"body": filled(body, scope)}
            case Webhook():
                to, content = action.url, _json_body(action.body, scope)
        made = self._message(journey, action, instance, to, now_ms, msgspec.Raw(_JSON.encode(content)))
        return (msgspec.structs.replace(made, timeout_ms=action.timeout_ms) if isinstance(action, Webhook) else made,)

    def _pushes(
        self, journey: Journey, push: Push, instance: Instance, person: Person | None, scope: Scope, now_ms: int
    ) -> tuple[Message, ...]:
        tokens = () if person is None else person.tokens
        if not tokens:
            raise Excluded(f"no device of {instance.key} takes push")
        content: dict[str, object] = {"title": filled(push.title, scope), "body": filled(push.body, scope)}
        if push.link:
            content["link"] = push.link
        if push.buttons:
            content["buttons"] = push.buttons
        raw = msgspec.Raw(_JSON.encode(content))
        made = []
        for token in tokens:
            one = self._message(journey, push, instance, token.token, now_ms, raw, token.ecid)
            execution = self._execution(journey, instance, one.id)
            tracking = {"_experience": {"customerJourneyManagement": {"messageExecution": execution}}}
            made.append(
                msgspec.structs.replace(
                    one,
                    tracking=msgspec.Raw(_JSON.encode(tracking)),
                    provider=token.provider,
                    app=token.app,
                    ecid=token.ecid,
                )
            )
        return tuple(made)

    def _propositions(
        self, journey: Journey, action: InApp, instance: Instance, person: Person | None, now_ms: int
    ) -> tuple[Message, ...]:
        """One for each device of the person; for the device of the entry event, where the profile knows of none."""
        ecids = () if person is None else person.identities.get("ECID", ())
        entered = identity(instance.events.get(journey.entry, {}), "ECID")[1]
        ecids = ecids or ((entered,) if entered else ())
        if not ecids:
            raise Excluded(f"no device of {instance.key} is known")
        made = []
        for ecid in dict.fromkeys(ecids):
            one = self._message(journey, action, instance, ecid, now_ms, action.content, ecid)
            details = {
                "decisionProvider": "AJO",
                "correlationID": one.id,
                "characteristics": {"cjmEvent": {"messageExecution": self._execution(journey, instance, one.id)}},
                "activity": {"id": f"{journey.version_id}#{instance.node}"},
            }
            raw = msgspec.Raw(_JSON.encode(details))
            made.append(msgspec.structs.replace(one, tracking=raw, ecid=ecid, surface=action.surface))
        return tuple(made)

    def _message(
        self,
        journey: Journey,
        action: Action,
        instance: Instance,
        to: str,
        now_ms: int,
        content: msgspec.Raw,
        device: str = "",
    ) -> Message:
        return Message(
            # two apps of one device have two tokens: both are in the id
            id=derived(
                self._org, self._seed, journey.version_id, instance.id, instance.node, device, to, instance.visits
            ),
            journey=journey.name,
            node=instance.node,
            instance=instance.id,
            key=instance.key,
            channel=channel_of(action),
            to=to,
            at_ms=now_ms,
            content=content,
            event=instance.event,
        )

    def _execution(self, journey: Journey, instance: Instance, message: str) -> dict[str, str]:
        """messageExecution: the ids by which a reaction finds its way back."""
        return {
            "messageExecutionID": derived(self._org, instance.id, instance.node, instance.visits),
            "messageID": message,
            "messageType": "marketing",
            "journeyVersionID": journey.version_id,
            "journeyVersionInstanceId": instance.id,
            "messagePublicationID": derived(self._org, journey.version_id, instance.node),
        }


def filled(text: Text, scope: Scope) -> str:
    """The text with its values; a missing one is "", a number or list as in JSON."""
    return "".join(part if isinstance(part, str) else _written(_value(part, scope)) for part in text.parts)


def _value(expression: Expression, scope: Scope) -> object:
    try:
        return expression.value(scope)
    except NoProfile:
        return None


def _written(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else _JSON.encode(value).decode()


def _within_json(value: object) -> str:
    """A text stands between the quotes that the body has; anything else is JSON of its own."""
    if value is None:
        return ""
    written = _JSON.encode(value).decode()
    return written[1:-1] if isinstance(value, str) else written


def _json_body(body: Text, scope: Scope) -> msgspec.Raw:
    """The body of a webhook: a value within it is written so that the JSON stays whole. Raises Failed where it is none
    (a number that is missing, say)."""
    text = "".join(part if isinstance(part, str) else _within_json(_value(part, scope)) for part in body.parts)
    try:
        return msgspec.Raw(_JSON.encode(msgspec.json.decode(text)))
    except ValueError as problem:
        raise Failed(f"the body is no JSON: {problem}") from None


def _address(person: Person | None, path: tuple[str, str], namespace: str) -> str:
    """A profile's address, else its first identity of the namespace, else ""."""
    if person is None:
        return ""
    match person.attributes.get(path[0]):
        case dict(there):
            found: Any = there.get(path[1])
            if isinstance(found, str) and found:
                return found
    return next(iter(person.identities.get(namespace, ())), "")
