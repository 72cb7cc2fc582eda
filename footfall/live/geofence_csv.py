"""POIs from the CSV that the Places Service's bulk upload takes.

Its columns are lib_id, name, description, type, longitude, latitude, radius, country, state, city, street, category,
icon and color, in any order, all there; every further column is metadata under its own name (AdobeDocs/places.en,
help/poi-mgmt-ui/bulk-upload-pois.md). description, icon and color are for Adobe's own page and are left behind. There
is no id in it, so one is made of what is in the row: it is the same at every import.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b

import msgspec

from footfall.world.geofences import decoded_text
from footfall.world.place_rules import ADDRESS, MOST_POIS, NO_CATEGORY, broken_rules
from footfall.world.pois import Poi
from footfall.world.problems import BadInput, Problem, closest

COLUMNS = (
    "lib_id", "name", "description", "type", "longitude", "latitude", "radius", "country", "state", "city", "street",
    "category", "icon", "color",
)  # fmt: skip
_Wrong = Callable[["Cell", str], None]
_BARE = re.compile(r"[^,\r\n]*")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)


class Cell(msgspec.Struct, frozen=True):
    """One value, and where it begins."""

    text: str
    line: int
    column: int


def read_csv(text: str | bytes, file: str) -> tuple[Poi, ...]:
    """The POIs, in the file's order; weights are 0, for ranks are a library's and not in the file.

    Raises BadInput with every problem, each at its line and column.
    """
    source = decoded_text(text, file)
    problems: list[Problem] = []

    def wrong(cell: Cell, why: str) -> None:
        problems.append(Problem(file, cell.line, cell.column, why))

    rows = rows_of(source, file)
    header = next(rows, None)
    if header is None:
        raise BadInput([Problem(file, 1, 1, "expected a line with the names of the columns, found nothing")])
    names = _header(header, wrong)
    first: dict[str, int] = {}
    sizes: dict[str, int] = {}
    pois: list[Poi] = []
    for row in rows:
        if len(row) != len(names):
            wrong(row[0], f"expected {len(names)} columns as in the first line, found {len(row)}")
            continue
        poi = _poi(dict(zip(names, row, strict=True)), wrong)
        if poi is None:
            continue
        seen = first.setdefault(poi.id, row[0].line)
        if seen != row[0].line:
            wrong(row[0], f"the same library, name and position are in line {seen}")
            continue
        sizes[poi.library] = sizes.get(poi.library, 0) + 1
        if sizes[poi.library] == MOST_POIS + 1:
            wrong(row[0], f'lib_id: "{poi.library}" has more than {MOST_POIS} POIs, which is the most of a library')
        pois.append(poi)
    if not pois and not problems:
        problems.append(Problem(file, header[0].line, 1, "expected a POI a line below the columns' names, found none"))
    if problems:
        raise BadInput(problems)
    return tuple(pois)


def rows_of(text: str, file: str) -> Iterator[list[Cell]]:
    """The rows of a CSV text, RFC 4180, without blank lines. Raises BadInput for a quote that does not end."""
    at, line, line_start, row = 0, 1, 0, list[Cell]()
    while at < len(text):
        begun = (line, at - line_start + 1)
        if text[at] == '"':
            parts, end = [], text.find('"', at + 1)
            start = at + 1
            while end >= 0 and text[end + 1 : end + 2] == '"':
                parts.append(text[start : end + 1])
                start, end = end + 2, text.find('"', end + 2)
            if end < 0:
                raise BadInput([Problem(file, *begun, "this quoted text does not end")])
            value = "".join([*parts, text[start:end]])
            breaks = text.count("\n", at, end)
            if breaks:
                line, line_start = line + breaks, text.rfind("\n", at, end) + 1
            at = end + 1
            if at < len(text) and text[at] not in ",\r\n":
                why = 'expected a comma after the quoted text; a quote inside is written ""'
                raise BadInput([Problem(file, line, at - line_start + 1, why)])
        else:
            bare = _BARE.match(text, at)
            assert bare
            value, at = bare[0], bare.end()
        row.append(Cell(value.strip(), *begun))
        if text[at : at + 1] == "\r":
            at += 1
        if text[at : at + 1] == ",":
            at += 1
            if at < len(text):
                continue
            row.append(Cell("", line, at - line_start + 1))
        if len(row) > 1 or row[0].text:
            yield row
        row, at = [], at + 1
        line, line_start = line + 1, at


def _header(header: list[Cell], wrong: _Wrong) -> list[str]:
    names = [cell.text for cell in header]
    if len(names) == 1 and ";" in names[0]:
        wrong(header[0], "expected commas between the columns, found semicolons")
        return names
    missing = [name for name in COLUMNS if name not in names]
    for cell in header:
        meant = closest(cell.text, missing) if cell.text not in COLUMNS else None
        if not cell.text:
            wrong(cell, "expected the column's name, found nothing")
        elif names.index(cell.text) != header.index(cell):
            wrong(cell, f'the column "{cell.text}" is here twice')
        elif meant:
            missing.remove(meant)
            wrong(cell, f'unknown column "{cell.text}". Did you mean "{meant}"?')
    for name in missing:
        wrong(header[0], f'expected a column "{name}"; it may be empty unless it is a library, name, type or number')
    return names


def _poi(row: Mapping[str, Cell], wrong: _Wrong) -> Poi | None:
    """The row's POI; None where something is wrong with it, or where a column is missing."""
    if any(name not in row for name in COLUMNS):
        return None
    fine = True
    if not row["lib_id"].text:
        wrong(row["lib_id"], "lib_id: expected the library's id, found nothing")
        fine = False
    if row["type"].text != "Point":
        wrong(row["type"], f'type: expected "Point", found "{row["type"].text}"')
        fine = False
    numbers: dict[str, float] = {}
    for name in ("longitude", "latitude", "radius"):
        cell = row[name]
        if _NUMBER.fullmatch(cell.text):
            numbers[name] = float(cell.text)
        else:
            wrong(cell, f'{name}: expected a number, found "{cell.text}"')
            fine = False
    pairs = {name: cell.text for name, cell in row.items() if name not in COLUMNS or name in ADDRESS}
    pairs = {name: value for name, value in pairs.items() if value}
    # a number that could not be read has had its problem; any that is right stands in for it
    lon, lat, radius_m = numbers.get("longitude", 0.0), numbers.get("latitude", 0.0), numbers.get("radius", 100.0)
    for part, why in broken_rules(row["name"].text, lon, lat, radius_m, pairs):
        wrong(row[part] if part in row else row["lib_id"], f"{part}: {why}")
        fine = False
    if not fine:
        return None
    library, name, category = row["lib_id"].text, row["name"].text, row["category"].text or NO_CATEGORY
    return Poi(
        id="csv-" + blake2b("\x1f".join((library, name, repr(lon), repr(lat))).encode(), digest_size=8).hexdigest(),
        name=name,
        lon=lon,
        lat=lat,
        radius_m=radius_m,
        library=library,
        weight=0,
        category=category,
        metadata=tuple(sorted((pairs | {"category": category}).items())),
    )
