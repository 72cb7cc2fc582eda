"""The phones that people carry: models, OS versions and the strings that the SDK reads off them.

Sources: iPhone identifiers from the public tables behind reference statistics `devices.json` (ios-device-list, MIT, and
the majority of ten public files for newer ones), board names and Android build ids from general knowledge, screens in
pixels from Playwright 1.65's descriptors (Apache-2.0) or the makers' sheets. OS shares: Apple's figures of June 2026
(79 % iOS 26, 14 % iOS 18), Android's weaker ones (54 / 11 / 11 % for 16 / 15 / 14), rounded to what the table holds.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Literal

import msgspec

from footfall.world.streams import Stream

Platform = Literal["ios", "android"]


class PhoneModel(msgspec.Struct, frozen=True):
    """One hardware model with one OS version, as the SDK sees it. `share` is relative within its platform."""

    platform: Platform
    name: str
    manufacturer: str
    model: str  # iOS: hw.machine; Android: Build.MODEL
    model_number: str  # iOS: hw.model; Android: Build.ID
    width_px: int
    height_px: int
    os_version: str
    share: float


def _iphones() -> tuple[PhoneModel, ...]:
    hardware = (
        ("iPhone 13", "iPhone14,5", "D17AP", 1170, 2532, 9.0),
        ("iPhone 14", "iPhone14,7", "D27AP", 1170, 2532, 8.0),
        ("iPhone 14 Pro", "iPhone15,2", "D73AP", 1179, 2556, 6.0),
        ("iPhone 15", "iPhone15,4", "D37AP", 1179, 2556, 11.0),
        ("iPhone 15 Pro", "iPhone16,1", "D83AP", 1179, 2556, 8.0),
        ("iPhone 15 Pro Max", "iPhone16,2", "D84AP", 1290, 2796, 9.0),
        ("iPhone 16", "iPhone17,3", "D47AP", 1179, 2556, 13.0),
        ("iPhone 16 Pro", "iPhone17,1", "D93AP", 1206, 2622, 10.0),
        ("iPhone 16 Pro Max", "iPhone17,2", "D94AP", 1320, 2868, 10.0),
        ("iPhone 17", "iPhone18,3", "V57AP", 1206, 2622, 9.0),
        ("iPhone 17 Pro", "iPhone18,1", "V53AP", 1206, 2622, 7.0),
    )
    systems = (("26.1", 0.62), ("26.0.1", 0.20), ("18.7.1", 0.18))
    return tuple(
        PhoneModel("ios", name, "apple", model, board, width, height, version, share * os_share)
        for name, model, board, width, height, share in hardware
        for version, os_share in systems
        if not (model.startswith("iPhone18") and version.startswith("18"))  # came with iOS 26
    )


def _androids() -> tuple[PhoneModel, ...]:
    hardware = (
        ("Pixel 8", "Google", "Pixel 8", 1080, 2400, 8.0),
        ("Pixel 9", "Google", "Pixel 9", 1080, 2424, 8.0),
        ("Galaxy S23", "samsung", "SM-S911B", 1080, 2340, 14.0),
        ("Galaxy S24", "samsung", "SM-S921B", 1080, 2340, 16.0),
        ("Galaxy S24 Ultra", "samsung", "SM-S928B", 1440, 3120, 10.0),
        ("Galaxy A54", "samsung", "SM-A546B", 1080, 2340, 18.0),
        ("Galaxy A55", "samsung", "SM-A556B", 1080, 2340, 18.0),
        ("Nothing Phone (2)", "Nothing", "A065", 1080, 2412, 8.0),
    )
    systems = (
        ("16", "BP2A.250605.031.A3", 0.56),
        ("15", "AP3A.240905.015.A2", 0.24),
        ("14", "UP1A.231005.007", 0.20),
    )
    return tuple(
        PhoneModel("android", name, maker, model, build, width, height, version, share * os_share)
        for name, maker, model, width, height, share in hardware
        for version, build, os_share in systems
    )


MODELS: dict[Platform, tuple[PhoneModel, ...]] = {"ios": _iphones(), "android": _androids()}
_CUMULATIVE: dict[Platform, tuple[float, ...]] = {
    platform: tuple(accumulate(model.share for model in models)) for platform, models in MODELS.items()
}


def draw_phone(platform: Platform, stream: Stream) -> PhoneModel:
    """A model of this platform, by the shares of the table."""
    return MODELS[platform][stream.index(_CUMULATIVE[platform])]
