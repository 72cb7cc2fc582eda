"""What differs between the SDKs, literally: headers, URLs, what is tried again and when."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from sdk_behaviour import behaviour
from sdk_words import IPHONE, PIXEL

from footfall.phone import sdk
from footfall.phone.config import AppConfig, EdgeConfig, SdkVersions
from footfall.phone.signals import Reply
from footfall.world.geo import Point

# (status, failure) -> what iOS does, what Android does
DISPOSITIONS = [
    (200, "", "done", "done"),  # OK
    (204, "", "done", "done"),  # no content
    (207, "", "done", "done"),  # multi-status: done, whatever its error entries say
    (408, "", "retry", "retry"),  # the six recoverable codes
    (429, "", "retry", "retry"),
    (502, "", "retry", "retry"),
    (503, "", "retry", "retry"),
    (504, "", "retry", "retry"),
    (507, "", "retry", "retry"),
    (500, "", "drop", "drop"),  # not among them, though a 5xx
    (501, "", "drop", "drop"),
    (505, "", "drop", "drop"),
    (400, "", "drop", "drop"),  # invalid datastream
    (401, "", "drop", "drop"),
    (403, "", "drop", "drop"),
    (404, "", "drop", "drop"),  # invalid location hint
    (413, "", "drop", "drop"),
    (422, "", "drop", "drop"),
    (201, "", "drop", "drop"),  # other 2xx are unknown to the SDK
    (202, "", "drop", "drop"),
    (301, "", "drop", "drop"),
    (0, "timeout", "retry", "retry"),  # URLError.timedOut; response code -1
    (0, "refused", "retry", "retry"),  # cannotConnectToHost; no connection object
    (0, "reset", "retry", "retry"),  # networkConnectionLost
    (0, "unreachable", "drop", "retry"),  # cannotFindHost: the one that iOS gives up on
]


@behaviour(
    "2.4",
    "200, 204 and 207 are done; 408, 429, 502, 503, 504 and 507 are tried again; all else, 500 too, is dropped.",
    sdk.disposition,
)
@behaviour(
    "2.4",
    "Timeouts, refused and broken connections are tried again; an unknown host is dropped by iOS, tried by Android.",
    sdk.disposition,
)
@pytest.mark.parametrize(("status", "failure", "on_ios", "on_android"), DISPOSITIONS)
def test_what_becomes_of_the_hit(status, failure, on_ios, on_android) -> None:
    reply = Reply(status, failure=failure)
    assert (sdk.disposition("ios", reply), sdk.disposition("android", reply)) == (on_ios, on_android)


RETRY_AFTER = [
    (None, 5),  # no header: the SDK's default
    ("7", 7),
    (" 12 ", 12),  # white space around a header's value is not part of it
    ("0", 5),  # not above 0
    ("-1", 5),
    ("Wed, 21 Oct 2026 07:28:00 GMT", 5),  # HTTP dates are not read
    ("1.5", 5),  # no whole number
    ("", 5),
    ("soon", 5),
    ("١٢", 5),  # digits, but not ASCII's
    ("3600", 3600),  # no upper bound
    ("9" * 5_000, 5),  # longer than any number the SDK could hold
]


@behaviour("2.4", "Retry-After counts as whole seconds above 0; HTTP dates and all else mean 5 s.", sdk.retry_after_s)
@pytest.mark.parametrize(("header", "seconds"), RETRY_AFTER)
def test_when_it_is_tried_again(header, seconds) -> None:
    assert sdk.retry_after_s(Reply(503, retry_after=header)) == seconds


@behaviour("1.2", "The User-Agent is the SDK's own, with device, OS version and locale.", sdk.user_agent)
def test_user_agents_are_the_sdks_own() -> None:
    assert sdk.user_agent(IPHONE, "en-US") == "Mozilla/5.0 (iPhone; CPU OS 17_5_1 like Mac OS X; en-US)"
    assert sdk.user_agent(PIXEL, "en-US") == "Mozilla/5.0 (Linux; U; Android 14; en-US; Pixel 8 Build/AP1A.240405.002)"


EDGE_HEADERS = {
    "ios": (
        b"accept: application/json\r\n"
        b"Content-Type: application/json\r\n"
        b"User-Agent: Mozilla/5.0 (iPhone; CPU OS 17_5_1 like Mac OS X; fi-FI)\r\n"
        b"Accept-Language: fi-FI\r\n"
        b"Accept-Encoding: gzip, deflate, br\r\n"
    ),
    "android": (
        b"accept: application/json\r\n"
        b"Content-Type: application/json\r\n"
        b"User-Agent: Mozilla/5.0 (Linux; U; Android 14; fi-FI; Pixel 8 Build/AP1A.240405.002)\r\n"
        b"Accept-Language: fi-FI\r\n"
        b"Accept-Encoding: gzip\r\n"
        b"Connection: Keep-Alive\r\n"
    ),
}


@behaviour(
    "1.2", "Edge requests say accept, Content-Type, User-Agent and one Accept-Language without q.", sdk.edge_headers
)
@behaviour(
    "4.1", "A Places query has no API key and no content type, only User-Agent and Accept-Language.", sdk.places_headers
)
@pytest.mark.parametrize("model", [IPHONE, PIXEL], ids=["ios", "android"])
def test_header_lines(model) -> None:
    edge = sdk.edge_headers(model, "fi-FI")
    assert edge == EDGE_HEADERS[model.platform]
    # a Places query says only who asks: no API key, no content type
    assert sdk.places_headers(model, "fi-FI") == edge.removeprefix(
        b"accept: application/json\r\nContent-Type: application/json\r\n"
    )


TOKEN = b"X-Adobe-AEP-Validation-Token: 4711\r\n"


@behaviour("1.2", "The Assurance token is a header of Edge requests while a session lasts.", sdk.edge_headers)
def test_the_assurance_token() -> None:
    with_it = sdk.edge_headers(IPHONE, "fi-FI", "4711")
    assert with_it.count(TOKEN) == 1
    assert with_it.replace(TOKEN, b"") == sdk.edge_headers(IPHONE, "fi-FI")


@behaviour(
    "1.3",
    "implementationDetails names the platform and the versions of core and Edge.",
    sdk.details,
    key="sdk.ios, sdk.android",
)
def test_implementation_details() -> None:
    app = AppConfig(sdk=SdkVersions(ios="5.11.0+5.0.3", android="3.8.0+3.0.2"))
    # in the bytes of the request it is spliced into: pretty-printed at its depth on iOS, compact on Android
    assert sdk.details_of(IPHONE, app).decode() == (
        "{\n"
        '      "name" : "https:\\/\\/ns.adobe.com\\/experience\\/mobilesdk\\/ios",\n'
        '      "version" : "5.11.0+5.0.3",\n'
        '      "environment" : "app"\n'
        "    }"
    )
    assert sdk.details_of(PIXEL, app).decode() == (
        '{"name":"https:\\/\\/ns.adobe.com\\/experience\\/mobilesdk\\/android",'
        '"version":"3.8.0+3.0.2","environment":"app"}'
    )


# the framework that the app is made with -> the end of implementationDetails.name
WRAPPERS = [
    ("none", "ios"),
    ("reactnative", "ios/reactnative"),
    ("flutter", "ios/flutter"),
    ("xamarin", "ios/xamarin"),
]


@behaviour("1.3", "In an app made with a framework implementationDetails names it too.", sdk.details, key="sdk.wrapper")
@pytest.mark.parametrize(("wrapper", "end"), WRAPPERS)
def test_the_wrapper(wrapper, end) -> None:
    details = json.loads(sdk.details_of(IPHONE, AppConfig(sdk=SdkVersions(wrapper=wrapper))))
    assert details["name"] == f"https://ns.adobe.com/experience/mobilesdk/{end}"


# environment, location hint, path -> the request's target
TARGETS = [
    ("prod", "", sdk.INTERACT, "/ee/v1/interact"),
    ("pre-prod", "", sdk.INTERACT, "/ee-pre-prd/v1/interact"),
    ("int", "", sdk.INTERACT, "/ee/v1/interact"),  # another host, the same base
    ("prod", "or2", sdk.INTERACT, "/ee/or2/v1/interact"),
    ("pre-prod", "or2", sdk.INTERACT, "/ee-pre-prd/or2/v1/interact"),
    ("prod", "", sdk.SET_CONSENT, "/ee/v1/privacy/set-consent"),
    ("prod", "or2", sdk.SET_CONSENT, "/ee/or2/v1/privacy/set-consent"),
    ("prod", "or2", "/va/v1/sessionStart", "/ee/or2/va/v1/sessionStart"),  # Edge Media
]


@behaviour(
    "1.1",
    "A target is base, location hint, path; configId comes first and requestId second.",
    sdk.edge_target,
    key="edge.environment, edge.datastream, --datastream",
)
@pytest.mark.parametrize(("environment", "hint", "path", "target"), TARGETS)
def test_the_targets_of_edge(environment, hint, path, target) -> None:
    assert sdk.edge_target(environment, hint, path, "abc", "R-1") == f"{target}?configId=abc&requestId=R-1"


@behaviour(
    "1.1",
    "A domain of one's own takes the place of Adobe's, but not in the environment int.",
    sdk.edge_domain,
    key="edge.domain, edge.environment",
)
@pytest.mark.parametrize(
    ("config", "domain"),
    [
        (EdgeConfig(), "edge.adobedc.net"),
        (EdgeConfig(domain="data.example.com"), "data.example.com"),
        (EdgeConfig(domain="data.example.com", environment="pre-prod"), "data.example.com"),
        (EdgeConfig(domain="data.example.com", environment="int"), "edge-int.adobedc.net"),
    ],
)
def test_the_domain_of_edge(config, domain) -> None:
    assert sdk.edge_domain(config) == domain


# the line of places_query_urls.txt, counted without comments, and what the app asked
QUERIES = [
    (0, IPHONE, ("1234", "2345"), Point(lat=12.34, lon=23.45), 5),
    (1, PIXEL, ("library1",), Point(lat=22.22, lon=33.33), 20),
    (2, PIXEL, ("lib1", "lib2", "lib3"), Point(lat=22.22, lon=33.33), 20),
]


@behaviour("4.1", "A nearby query names libraries first on iOS and position first on Android.", sdk.nearby_target)
@pytest.mark.parametrize(("line", "model", "libraries", "here", "limit"), QUERIES)
def test_nearby_queries_have_the_form_of_the_goldens(golden: Path, line, model, libraries, here, limit) -> None:
    lines = (golden / "requests/places_query_urls.txt").read_text().splitlines()
    url = urlsplit([text for text in lines if text.startswith("GET ")][line].removeprefix("GET "))

    path, _, query = sdk.nearby_target(model, libraries, here, limit).partition("?")

    assert path == url.path  # with a trailing slash on iOS, without on Android
    ours, theirs = parse_qsl(query), parse_qsl(url.query)
    assert [name for name, _ in ours] == [name for name, _ in theirs]  # the platform's order
    for (name, value), (_, expected) in zip(ours, theirs, strict=True):
        assert (name, value) == (name, expected)


def test_a_position_near_zero_has_no_exponent() -> None:
    target = sdk.nearby_target(PIXEL, ("a",), Point(lat=0.000001, lon=-0.0000004), 20)
    assert target == "/placesedgequery?latitude=0.000001&longitude=-0.0&limit=20&library=a"


def test_a_librarys_name_cannot_break_the_request_line() -> None:
    target = sdk.nearby_target(IPHONE, ("old town & sea", "a/b?c"), Point(lat=1.0, lon=2.0), 3)
    assert target == (
        "/placesedgequery/?library=old%20town%20%26%20sea&library=a%2Fb%3Fc&latitude=1.0&longitude=2.0&limit=3"
    )
