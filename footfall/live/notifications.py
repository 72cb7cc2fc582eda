"""From what the platform sends to what a phone gets: a message of a journey as a push notification."""

from __future__ import annotations

import msgspec

from footfall.engine.attention import Notification
from footfall.xdm.messaging import PushMessage


class _Button(msgspec.Struct):
    id: str


class _Content(msgspec.Struct):
    buttons: tuple[_Button, ...] = ()


class Pushed(msgspec.Struct, frozen=True):
    """What is needed of a push message: its id, the device, its content, when it was sent (epoch) and the tracking
    that comes back."""

    id: str
    ecid: str
    content: msgspec.Raw
    at_ms: int
    tracking: msgspec.Raw = msgspec.Raw(b"{}")


def notification_of(pushed: Pushed, anchor_ms: int) -> Notification:
    """As APNs and FCM hand it over to a phone whose virtual time 0 is `anchor_ms` (epoch): what Journey Optimizer wants
    told again travels as the `mixins` of its `_xdm`."""
    content = msgspec.json.decode(pushed.content, type=_Content)
    carried = b'{"mixins":' + bytes(pushed.tracking) + b"}"
    return Notification(
        PushMessage(pushed.id, carried), tuple(button.id for button in content.buttons), pushed.at_ms - anchor_ms
    )
