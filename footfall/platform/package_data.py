"""What the package carries as files beside the code: the schema and the frame of the pages."""

from __future__ import annotations

from importlib.resources import files

from footfall.platform.validation import EventSchema


def event_schema() -> EventSchema:
    """The closed ExperienceEvent schema of the local platform, compiled."""
    return EventSchema(_read("experienceevent.schema.json"))


def page_frame() -> str:
    """The HTML around every page, a string.Template with $title and $body."""
    return _read("page.html").decode()


def _read(name: str) -> bytes:
    return (files("footfall.platform") / name).read_bytes()
