"""The events of the Lifecycle extension, as its LifecycleV2MetricsBuilder makes them on iOS and Android."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

import msgspec

from footfall.world.phones import PhoneModel
from footfall.xdm.events import ExperienceEvent, encoded
from footfall.xdm.types import Application, Device, Environment, EventXdm, Language

CloseType = Literal["close", "unknown"]


class AppInfo(msgspec.Struct, frozen=True):
    """The app as the store knows it. `version` is written `"1.4.0 (210)"`."""

    id: str
    name: str
    version: str


def launch(
    app: AppInfo,
    model: PhoneModel,
    language: str,
    carrier: str | None,
    install: bool,
    upgrade: bool,
    context: Mapping[str, str] | None = None,
) -> ExperienceEvent:
    """application.launch: flags are `true` or absent, an install wins over an upgrade; iOS 16 and later send no
    carrier. `context` is lifecycleStart's additionalContextData and becomes the event's `data`."""
    event = _launch(app, model, language, carrier, install, upgrade and not install)
    return encoded(event.type, msgspec.Raw(event.body), {"data": context}) if context else event


@lru_cache(maxsize=1024)
def _launch(
    app: AppInfo, model: PhoneModel, language: str, carrier: str | None, install: bool, upgrade: bool
) -> ExperienceEvent:
    """Phones of one model, language and carrier launch in the same bytes."""
    dc = Language(language)
    return encoded(
        "application.launch",
        EventXdm(
            "application.launch",
            application=Application(
                id=app.id,
                name=app.name,
                version=app.version,
                is_launch=True,
                is_install=True if install else None,
                is_upgrade=True if upgrade else None,
                dc=dc,
            ),
            device=Device(
                model.manufacturer, model.model, model.model_number, model.type, model.width_px, model.height_px
            ),
            environment=Environment("application", model.os_name, model.os_version, carrier, dc),
        ),
    )


@lru_cache(maxsize=1024)
def close(session_s: int | None, close_type: CloseType = "close") -> ExperienceEvent:
    """application.close: only these members, no device or environment. `session_s` None leaves sessionLength out."""
    return encoded(
        "application.close",
        EventXdm(
            "application.close",
            application=Application(is_close=True, close_type=close_type, session_length=session_s),
        ),
    )
