"""Sections of an app's configuration, and what an event says, in one short word each."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from phone_words import Server, a_phone, made, places_answer
from sdk_words import IPHONE

from footfall.phone.config import AppConfig, LifecycleConfig, MessagingConfig, PlacesConfig
from footfall.phone.signals import Effect, Foregrounded, Made, Reply
from footfall.world.phones import PhoneModel

CAFE = ("cafe", 300.0, 100)  # 300 m north of home, 100 m around
CAFE_NEARBY = places_answer(CAFE)
SHOP = AppConfig()


def configured(**changes: Any) -> AppConfig:
    return msgspec.structs.replace(AppConfig(), **changes)


def places(**changes: Any) -> AppConfig:
    return configured(places=PlacesConfig(**changes))


def lifecycle(**changes: Any) -> AppConfig:
    return configured(lifecycle=LifecycleConfig(**changes))


def messaging(**changes: Any) -> AppConfig:
    return configured(messaging=MessagingConfig(registered=True, **changes))


def opened(model: PhoneModel = IPHONE, config: AppConfig = SHOP, nearby: Reply = CAFE_NEARBY, at_ms: int = 0) -> Server:
    """A phone on which the app was opened at `at_ms`, with a server that has answered all of that."""
    server = Server(a_phone(model, config=config), nearby)
    server.feed(at_ms, Foregrounded())
    return server


def xdm(one: Made) -> dict[str, Any]:
    return json.loads(one.event.body)


def beside(one: Made) -> dict[str, Any]:
    """What stands beside the xdm."""
    return json.loads(one.event.beside or b"{}")


def types(effects: list[Effect]) -> list[str]:
    """The events made, with their timestamps: `application.launch@0`."""
    return [f"{one.event.type}@{one.at_ms}" for one in made(effects)]
