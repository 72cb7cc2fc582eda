"""POIs over HTTP: all of a library, from the Places Service's management API or from its query service.

The management API lists a library page by page (AdobeDocs/places.en, help/web-service-api/api-usage/manage-pois,
"Read all POIs in a library"). The query service knows only who is nearest to a point, at most so many, and the local
platform answers like it. There the world is asked for in squares: the answer at a square's centre is complete up to
the edge of the farthest POI in it, so a square that lies wholly within that distance is done, and any other one is cut
in four. An answer that is not full has all there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import cos, radians
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from footfall.world.geo import METRES_PER_DEGREE, Point, distance_m
from footfall.world.place_rules import ADDRESS, LARGEST_LATITUDE, MOST_POIS, NO_CATEGORY, broken_rules
from footfall.world.pois import Poi
from footfall.world.problems import BadInput, Problem

QUERY_PATH = "/placesedgequery"
TIMEOUT_S = 20.0
FULL = 100  # POIs an answer has at most, unless asked for more: the query service's documented default
_MOST_PAGES = 10_000
_SMALLEST_DEG = 0.0005  # 55 m: where more than FULL POIs hold one point, more are asked for at once

Told = Callable[[int], None]
"""Is told how many POIs there are so far."""


class Unanswered(Exception):
    """The service did not answer, or not with POIs; the message says what came instead."""


def is_query(url: str) -> bool:
    """Whether this is a query service's address; any other is taken for the management API's."""
    return urlsplit(url).path.rstrip("/").endswith(QUERY_PATH)


def fetch_managed(client: httpx.Client, url: str, library: str, told: Told) -> tuple[Poi, ...]:
    """The POIs that the management API lists from `url` on, page by page, of `library` where it is not "".

    A next page on another host is refused: the token would go there. Raises Unanswered, or BadInput with every POI that
    breaks a rule.
    """
    records: list[Any] = []
    asked: set[str] = set()
    following: str | None = url
    while following is not None:
        if following in asked or len(asked) == _MOST_PAGES:
            raise Unanswered(f"{following}: a page that was read already is said to be the next one")
        asked.add(following)
        page = _json(client, following, {})
        records += _listed(page, following)
        told(len(records))
        link = page["_links"].get("next") if isinstance(page.get("_links"), dict) else None
        href = link.get("href") if isinstance(link, dict) else None
        following = urljoin(url, href) if isinstance(href, str) and href else None
        if following and urlsplit(following)[:2] != urlsplit(url)[:2]:
            raise Unanswered(f"the next page is on another host, {urlsplit(following).netloc}")
    return managed_pois({"data": records}, url, library)


def managed_pois(page: Any, source: str, library: str) -> tuple[Poi, ...]:
    """The POIs of one document as the management API gives them, of `library` where it is not "". Raises BadInput with
    every one that breaks a rule; `source` is how problems call the document."""
    numbered = list(enumerate(_listed(page, source)))
    if library:
        numbered = [(n, one) for n, one in numbered if not isinstance(one, dict) or one.get("lib_id") == library]
    return _decoded(((f"data[{n}]", _managed, one) for n, one in numbered), source)


def fetch_queried(client: httpx.Client, url: str, libraries: Sequence[str], told: Told) -> tuple[Poi, ...]:
    """All POIs of these libraries that the query service at `url` knows. Raises as `fetch_managed` does."""
    found: dict[tuple[str, str], Poi] = {}
    # (longitude and latitude of the centre, half the width, half the height), in degrees
    squares = [(0.0, 0.0, 180.0, float(LARGEST_LATITUDE))]
    while squares:
        lon, lat, half_width, half_height = squares.pop()
        limit = FULL
        while True:
            pois = _asked(client, url, libraries, lon, lat, limit)
            found.update({(poi.library, poi.id): poi for poi in pois})
            told(len(found))
            if len(pois) < limit:
                if limit == FULL or len(pois) > FULL:
                    return tuple(found.values())  # there are no more anywhere
                raise Unanswered(f"{url}: more than {len(pois)} POIs hold one point, and no answer has more")
            here = Point(lon=lon, lat=lat)
            # radii come rounded to whole metres, and centres as they are
            known_m = max(distance_m(here, Point(lon=poi.lon, lat=poi.lat)) - poi.radius_m for poi in pois) - 1.0
            # along the parallel, then along the meridian: at least as far as anything in the square
            reach_m = (half_height + half_width * cos(radians(lat))) * METRES_PER_DEGREE
            if known_m >= reach_m:
                break
            if half_height < _SMALLEST_DEG:
                limit *= 2
                continue
            width, height = half_width / 2, half_height / 2
            squares += [(lon + dx * width, lat + dy * height, width, height) for dx in (-1, 1) for dy in (-1, 1)]
            break
        if len(found) > MOST_POIS * len(libraries):
            raise Unanswered(f"{url}: more than {MOST_POIS} POIs a library, which is the most there can be")
    return tuple(found.values())


def _asked(
    client: httpx.Client, url: str, libraries: Sequence[str], lon: float, lat: float, limit: int
) -> tuple[Poi, ...]:
    query = {"library": list(libraries), "latitude": f"{lat:.7f}", "longitude": f"{lon:.7f}", "limit": str(limit)}
    answer = _json(client, url, query)
    places = answer.get("places")
    if not isinstance(places, dict):
        raise Unanswered(f'{url}: expected "places" in the answer, found {_short(answer)}')
    records = [(f"{part}[{n}]", _queried, one) for part in ("userWithin", "pois") for n, one in _numbered(places, part)]
    return _decoded(records, url)


def _numbered(places: Mapping[str, Any], part: str) -> Iterator[tuple[int, Any]]:
    members = places.get(part)
    return enumerate(members if isinstance(members, list) else [])


def _listed(page: Any, source: str) -> list[Any]:
    data = page.get("data") if isinstance(page, dict) else None
    if not isinstance(data, list):
        raise Unanswered(f'{source}: expected a list of POIs in "data", found {_short(page)}')
    return data


def _json(client: httpx.Client, url: str, query: Mapping[str, Any]) -> dict[str, Any]:
    try:
        response = client.get(url, params=query or None)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unanswered(f"{url}: {error}") from error
    if response.status_code != 200:
        raise Unanswered(f"{url}: answered {response.status_code}: {response.text[:200]}")
    try:
        answer = msgspec.json.decode(response.content)
    except msgspec.DecodeError as error:
        raise Unanswered(f"{url}: not JSON: {error}") from error
    if not isinstance(answer, dict):
        raise Unanswered(f"{url}: expected an object, found {_short(answer)}")
    return answer


def _decoded(records: Iterable[tuple[str, _Reader, Any]], source: str) -> tuple[Poi, ...]:
    problems: list[Problem] = []
    pois: list[Poi] = []
    for where, reader, record in records:
        try:
            poi = reader(record)
        except (LookupError, TypeError, ValueError, AttributeError):
            problems.append(Problem(source, 1, 1, f"{where}: expected a POI, found {_short(record)}"))
            continue
        broken = list(broken_rules(poi.name, poi.lon, poi.lat, poi.radius_m, dict(poi.metadata)))
        problems += [Problem(source, 1, 1, f"{where}: {part}: {why}") for part, why in broken]
        pois.append(poi)
    if problems:
        raise BadInput(problems)
    return tuple(pois)


_Reader = Callable[[Any], Poi]


def _managed(record: Any) -> Poi:
    lon, lat = record["location"]["coordinates"]
    pairs = {name: record.get(name) for name in (*ADDRESS, "category")} | (record.get("metadata") or {})
    return _poi(record["id"], record["name"], lon, lat, record["radius"], record["lib_id"], 0, pairs)


def _queried(record: Any) -> Poi:
    id_, name, lat, lon, radius_m, library, weight = record["p"]
    return _poi(id_, name, float(lon), float(lat), radius_m, library, int(weight), record.get("x") or {})


def _poi(
    id_: str, name: str, lon: float, lat: float, radius_m: float, library: str, weight: int, pairs: Mapping[str, Any]
) -> Poi:
    if not all(isinstance(text, str) and text for text in (id_, name, library)):
        raise TypeError
    # a null or an empty text is a value that the POI has not
    metadata = {key: str(value) for key, value in pairs.items() if value not in (None, "")}
    metadata.setdefault("category", NO_CATEGORY)
    return Poi(
        id=id_,
        name=name,
        lon=float(lon),
        lat=float(lat),
        radius_m=float(radius_m),
        library=library,
        weight=weight,
        category=metadata["category"],
        metadata=tuple(sorted(metadata.items())),
    )


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else text[:77] + "..."
