"""Points of interest as Places knows them: circles with a library and a weight.

Source: the Places Query Service's answer (p: id, name, latitude, longitude, radius, library, weight; x: metadata),
https://experienceleague.adobe.com/docs/places/using/web-service-api/api-usage/query-apis.html
"""

from __future__ import annotations

import msgspec


class Poi(msgspec.Struct, frozen=True):
    """A Places POI: a circle of `radius_m` metres around (lon, lat) in degrees, WGS 84.

    Where POIs overlap the lower `weight` wins, then the smaller radius. `category` is also in `metadata`, which
    travels with the POI as string pairs.
    """

    id: str
    name: str
    lon: float
    lat: float
    radius_m: float
    library: str
    weight: int
    category: str
    metadata: tuple[tuple[str, str], ...] = ()
