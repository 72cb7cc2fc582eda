"""What the Places Service takes as a POI, whichever way it comes: the documents' limits, in one place.

Source: AdobeDocs/places.en, help/web-service-api/api-usage/headers-and-parameters.md (radius 10 to 2,000 m) and
help/poi-mgmt-ui/bulk-upload-pois.md (10 to 20,000 m); the two differ in the largest radius alone. The country, state,
city, street and category of a POI are members of their own and none of its ten pairs of metadata. The length of an id
and of a library's is our own limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

LEAST_RADIUS_M = 10
LARGEST_RADIUS_M = 20_000
RELIABLE_RADIUS_M = 100
LARGEST_API_RADIUS_M = 2_000
LARGEST_LATITUDE = 85
LONGEST_NAME = 512
LONGEST_PAIR = 256
MOST_PAIRS = 10
MOST_POIS = 150_000
"""In one library."""

ADDRESS = ("country", "state", "city", "street")
OWN_MEMBERS = (*ADDRESS, "category")

NO_CATEGORY = "place"
"""What a POI without a category gets: Places takes one, a geofence file does not."""


def own_pairs(metadata: Mapping[str, str]) -> int:
    """How many pairs count for MOST_PAIRS."""
    return sum(key not in OWN_MEMBERS for key in metadata)


def broken_rules(
    name: str, lon: float, lat: float, radius_m: float, metadata: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Which part of a POI breaks a rule, and the problem: parts are name, longitude, latitude, radius, metadata."""
    if not name.strip() or len(name) > LONGEST_NAME:
        yield "name", f"expected text of 1 to {LONGEST_NAME} characters, found {len(name)}"
    if not -180 <= lon <= 180:
        yield "longitude", f"expected a number from -180 to 180, found {lon:g}"
    if not -LARGEST_LATITUDE <= lat <= LARGEST_LATITUDE:
        swapped = ", which looks swapped with the longitude" if abs(lon) <= LARGEST_LATITUDE and abs(lat) <= 180 else ""
        yield "latitude", f"expected a number from -{LARGEST_LATITUDE} to {LARGEST_LATITUDE}, found {lat:g}{swapped}"
    if not LEAST_RADIUS_M <= radius_m <= LARGEST_RADIUS_M:
        yield "radius", f"expected metres from {LEAST_RADIUS_M} to {LARGEST_RADIUS_M}, found {radius_m:g}"
    pairs = own_pairs(metadata)
    if pairs > MOST_PAIRS:
        yield "metadata", f"expected at most {MOST_PAIRS} pairs, found {pairs}"
    for key, value in metadata.items():
        if len(key) > LONGEST_PAIR or len(value) > LONGEST_PAIR:
            yield "metadata", f"{key[:40]}: expected at most {LONGEST_PAIR} characters of key and of value"
