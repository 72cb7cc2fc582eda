"""What differs between the SDK on iOS and on Android: headers, User-Agent, URL forms, retryable failures.

Sources: aepsdk-core-ios ApplicationSystemInfoService.swift and DefaultHeadersFormatter.swift, aepsdk-core-android
DeviceInfoService and NetworkService.java, aepsdk-places-{ios,android} PlacesQueryService, aepsdk-edge-{ios,android}
EdgeEndpoint and EdgeNetworkService. Accept-Encoding and Connection are those of URLSession and HttpURLConnection.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal
from urllib.parse import quote

from footfall.phone.config import AppConfig, EdgeConfig, Environment, Wrapper
from footfall.phone.signals import Reply
from footfall.world.geo import Point
from footfall.world.phones import PhoneModel, Platform
from footfall.xdm.wire import JSON

RECOVERABLE = frozenset({408, 429, 502, 503, 504, 507})
RETRY_S = 5
PLACES_TIMEOUT_S: dict[Platform, float] = {"ios": 5.0, "android": 2.0}
DEFAULT_NEARBY_LIMIT: dict[Platform, int] = {"ios": 10, "android": 20}
INTERACT = "/v1/interact"
SET_CONSENT = "/v1/privacy/set-consent"
_BASES: dict[Environment, str] = {"prod": "/ee", "pre-prod": "/ee-pre-prd", "int": "/ee"}
_INT_DOMAIN = "edge-int.adobedc.net"
_MOST_DIGITS = 18  # of a Retry-After that is still a number to the SDK
Disposition = Literal["done", "retry", "drop"]


def user_agent(model: PhoneModel, language: str) -> str:
    """The SDK's own User-Agent; not a browser's."""
    if model.platform == "ios":
        version = model.os_version.replace(".", "_")
        return f"Mozilla/5.0 ({model.family}; CPU OS {version} like Mac OS X; {language})"
    return f"Mozilla/5.0 (Linux; U; Android {model.os_version}; {language}; {model.model} Build/{model.model_number})"


@lru_cache(maxsize=1024)
def edge_headers(model: PhoneModel, language: str, assurance: str = "") -> bytes:
    """The header lines of an Edge request. `assurance`: the integration id of an Assurance session, while it lasts."""
    token = f"X-Adobe-AEP-Validation-Token: {assurance}\r\n" if assurance else ""
    json = "accept: application/json\r\nContent-Type: application/json\r\n"
    return (json + token).encode() + places_headers(model, language)


@lru_cache(maxsize=1024)
def places_headers(model: PhoneModel, language: str) -> bytes:
    """The header lines of a Places query: no API key, only who asks."""
    if model.platform == "ios":
        platform = "Accept-Encoding: gzip, deflate, br\r\n"
    else:
        platform = "Accept-Encoding: gzip\r\nConnection: Keep-Alive\r\n"
    return f"User-Agent: {user_agent(model, language)}\r\nAccept-Language: {language}\r\n{platform}".encode()


@lru_cache(maxsize=16)
def details(platform: Platform, version: str, wrapper: Wrapper = "none") -> bytes:
    """implementationDetails: the platform's name, the framework's behind it, and `{core}+{edge}` versions."""
    wrapped = "" if wrapper == "none" else f"/{wrapper}"
    return JSON[platform].details(f"https://ns.adobe.com/experience/mobilesdk/{platform}{wrapped}", version)


def details_of(model: PhoneModel, app: AppConfig) -> bytes:
    """The implementationDetails of this app on this phone."""
    return details(model.platform, app.sdk.ios if model.platform == "ios" else app.sdk.android, app.sdk.wrapper)


def edge_domain(config: EdgeConfig) -> str:
    """The host that the SDK would send to; a domain of one's own is ignored in `int`."""
    return _INT_DOMAIN if config.environment == "int" else config.domain


def edge_target(environment: Environment, hint: str, path: str, datastream: str, request_id: str) -> str:
    """Path and query of an Edge request: the hint between base and path, configId first, requestId second."""
    if hint:
        return f"{_BASES[environment]}/{hint}{path}?configId={datastream}&requestId={request_id}"
    return f"{_BASES[environment]}{path}?configId={datastream}&requestId={request_id}"


def nearby_target(model: PhoneModel, libraries: Sequence[str], here: Point, limit: int) -> str:
    """Path and query of a Places nearby query, in the platform's form and order."""
    where = f"latitude={_degrees(here.lat)}&longitude={_degrees(here.lon)}&limit={limit}"
    names = "&".join(f"library={quote(name, safe='')}" for name in libraries)
    if model.platform == "ios":
        return f"/placesedgequery/?{names}&{where}"
    return f"/placesedgequery?{where}&{names}"


def _degrees(value: float) -> str:
    """As both platforms write a double: 12.34, 60.0. Six decimals are what a phone's position is good for."""
    text = f"{value:.6f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def disposition(platform: Platform, reply: Reply) -> Disposition:
    """What the SDK does with the hit: 200, 204 and 207 are done, the recoverable codes are tried again for ever, all
    else, 500 included, is dropped. Of the transport's failures iOS drops only an unknown host."""
    status = reply.status
    if status == 200 or status == 204 or status == 207:
        return "done"
    if status:
        return "retry" if status in RECOVERABLE else "drop"
    return "drop" if reply.failure == "unreachable" and platform == "ios" else "retry"


def following(platform: Platform, reply: Reply, events: int) -> Disposition:
    """What becomes of each event of a request with so many: those of a batch that was answered 400 go again, each by
    itself."""
    if reply.status == 200:
        return "done"
    if reply.again:
        return "retry"
    if reply.status == 400 and events > 1:
        return "retry"
    return disposition(platform, reply)


def retry_after_s(reply: Reply) -> int:
    """Retry-After as whole seconds above 0, else 5: the SDK does not read HTTP dates."""
    text = (reply.retry_after or "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        return RETRY_S
    return int(text) or RETRY_S
