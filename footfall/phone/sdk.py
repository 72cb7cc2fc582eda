"""What differs between the SDK on iOS and on Android: headers, User-Agent, URL forms, retryable failures.

Sources: aepsdk-core-ios ApplicationSystemInfoService.swift and DefaultHeadersFormatter.swift, aepsdk-core-android
DeviceInfoService and NetworkService.java, aepsdk-places-{ios,android} PlacesQueryService, aepsdk-edge-{ios,android}
EdgeNetworkService. Accept-Encoding and Connection are those of URLSession and HttpURLConnection.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote

import msgspec

from footfall.phone.signals import Reply
from footfall.world.geo import Point
from footfall.world.phones import PhoneModel
from footfall.xdm import wire

SDK_VERSIONS = {"ios": "5.11.0+5.0.3", "android": "3.8.0+3.0.2"}  # core + edge
RECOVERABLE = frozenset({408, 429, 502, 503, 504, 507})
RETRY_S = 5
_MOST_DIGITS = 18  # of a Retry-After that is still a number to the SDK
Disposition = Literal["done", "retry", "drop"]


class SdkConfig(msgspec.Struct, frozen=True):
    """What the app's tags property configures: the datastream, and the Places libraries it may ask."""

    datastream: str
    libraries: tuple[str, ...]


def user_agent(model: PhoneModel, language: str) -> str:
    """The SDK's own User-Agent; not a browser's."""
    if model.platform == "ios":
        version = model.os_version.replace(".", "_")
        return f"Mozilla/5.0 (iPhone; CPU OS {version} like Mac OS X; {language})"
    return f"Mozilla/5.0 (Linux; U; Android {model.os_version}; {language}; {model.model} Build/{model.model_number})"


def edge_headers(model: PhoneModel, language: str) -> bytes:
    """The header lines of an Edge request."""
    return b"accept: application/json\r\nContent-Type: application/json\r\n" + places_headers(model, language)


def places_headers(model: PhoneModel, language: str) -> bytes:
    """The header lines of a Places query: no API key, only who asks."""
    if model.platform == "ios":
        platform = "Accept-Encoding: gzip, deflate, br\r\n"
    else:
        platform = "Accept-Encoding: gzip\r\nConnection: Keep-Alive\r\n"
    return f"User-Agent: {user_agent(model, language)}\r\nAccept-Language: {language}\r\n{platform}".encode()


def details(model: PhoneModel) -> bytes:
    """implementationDetails: the platform's name and `{core}+{edge}` versions."""
    return wire.implementation_details(
        f"https://ns.adobe.com/experience/mobilesdk/{model.platform}", SDK_VERSIONS[model.platform]
    )


def interact_target(hint: str, datastream: str, request_id: str) -> str:
    """Path and query of an Edge request: configId first, requestId second."""
    prefix = f"/ee/{hint}" if hint else "/ee"
    return f"{prefix}/v1/interact?configId={datastream}&requestId={request_id}"


def nearby_target(model: PhoneModel, libraries: Sequence[str], here: Point, limit: int) -> str:
    """Path and query of a Places nearby query, in the platform's form and order."""
    where = f"latitude={here.lat:.6f}&longitude={here.lon:.6f}&limit={limit}"
    names = "&".join(f"library={quote(name, safe='')}" for name in libraries)
    if model.platform == "ios":
        return f"/placesedgequery/?{names}&{where}"
    return f"/placesedgequery?{where}&{names}"


def disposition(model: PhoneModel, reply: Reply) -> Disposition:
    """What the SDK does with the hit: 200, 204 and 207 are done, the recoverable codes are tried again for ever, all
    else, 500 included, is dropped. Of the transport's failures iOS drops only an unknown host."""
    if reply.status:
        if reply.status in (200, 204, 207):
            return "done"
        return "retry" if reply.status in RECOVERABLE else "drop"
    return "drop" if reply.failure == "unreachable" and model.platform == "ios" else "retry"


def retry_after_s(reply: Reply) -> int:
    """Retry-After as whole seconds above 0, else 5: the SDK does not read HTTP dates."""
    text = (reply.retry_after or "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        return RETRY_S
    return int(text) or RETRY_S
