"""The phones that people carry: models, OS versions and the strings that the SDK reads off them.

The facts and how sure each of them is stand in `phone_table`; here they become one shared `PhoneModel` per hardware and
OS version, with draws by share. Which field is what: Adobe's ApplicationSystemInfoService.swift for iOS and
DeviceInfoService.java for Android.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Literal

import msgspec

from footfall.world.phone_table import ANDROID, APPLE, BUILDS, SYSTEMS, Hardware
from footfall.world.streams import Stream

Platform = Literal["ios", "android"]


class PhoneModel(msgspec.Struct, frozen=True):
    """One hardware model with one OS version, as the SDK sees it. `share` is relative within its platform.

    `source` holds five marks of `phone_table`: of the id, of the board or build, of the screen, of the hardware's share
    and of the OS version's weight.

    `type` is the form that the device is sold as. The Android SDK goes by inches instead (6.5 or more across what
    DisplayMetrics tells is a tablet), so that it may call a very large phone a tablet; that is not modelled.
    """

    platform: Platform
    name: str
    manufacturer: str
    model: str  # iOS: hw.machine; Android: Build.MODEL
    model_number: str  # iOS: hw.model; Android: Build.ID
    width_px: int
    height_px: int
    os_version: str
    share: float
    type: Literal["mobile", "tablet"] = "mobile"
    source: str = ""

    @property
    def os_name(self) -> Literal["iOS", "iPadOS", "Android"]:
        """environment.operatingSystem: UIDevice.systemName, or `Android`."""
        if self.platform == "android":
            return "Android"
        return "iPadOS" if self.type == "tablet" else "iOS"

    @property
    def family(self) -> Literal["iPhone", "iPad"]:
        """UIDevice.model, the first word in the User-Agent of an iOS device. Means nothing on Android."""
        return "iPad" if self.type == "tablet" else "iPhone"


def _models(platform: Platform, table: tuple[Hardware, ...]) -> tuple[PhoneModel, ...]:
    """Every hardware with every OS version that it runs; the versions of one hardware add up to its share."""
    models = []
    for row in table:
        builds = BUILDS.get(row.model) or BUILDS.get(row.manufacturer, {})
        systems = [
            system
            for system in SYSTEMS[platform]
            if row.first_os <= int(system.version.partition(".")[0]) <= row.last_os
            and (row.board or system.version in builds)
        ]
        total = sum(system.weight for system in systems)
        for system in systems:
            number, mark = (row.board, row.marks[1]) if row.board else builds[system.version]
            models.append(
                PhoneModel(
                    platform,
                    row.name,
                    row.manufacturer,
                    row.model,
                    number,
                    row.width_px,
                    row.height_px,
                    system.version,
                    row.share * system.weight / total,
                    row.form,
                    row.marks[0] + mark + row.marks[2:] + system.mark,
                )
            )
    return tuple(models)


MODELS: dict[Platform, tuple[PhoneModel, ...]] = {"ios": _models("ios", APPLE), "android": _models("android", ANDROID)}
_CUMULATIVE: dict[Platform, tuple[float, ...]] = {
    platform: tuple(accumulate(model.share for model in models)) for platform, models in MODELS.items()
}


def draw_phone(platform: Platform, stream: Stream) -> PhoneModel:
    """A model of this platform, by the shares of the table. Takes one number from the stream."""
    return MODELS[platform][stream.index(_CUMULATIVE[platform])]


# Names as TelephonyManager.getNetworkOperatorName tells them, with shares of subscriptions in percent. All of it, names
# and shares, is own knowledge: the name of a network may vary with the SIM, and smaller networks are left out.
CARRIERS: dict[str, tuple[tuple[str, float], ...]] = {
    "FI": (("Elisa", 38.0), ("Telia FI", 32.0), ("DNA", 30.0)),
    "SE": (("Telia", 36.0), ("Tele2", 27.0), ("Telenor SE", 19.0), ("3", 18.0)),
    "DE": (("Telekom.de", 38.0), ("Vodafone.de", 30.0), ("o2 - de", 32.0)),
    "GB": (("EE", 34.0), ("O2 - UK", 32.0), ("vodafone UK", 20.0), ("3", 14.0)),
    "US": (("Verizon", 38.0), ("T-Mobile", 34.0), ("AT&T", 28.0)),
    "FR": (("Orange F", 38.0), ("SFR", 24.0), ("Free", 20.0), ("Bouygues Telecom", 18.0)),
}
_NO_NETWORK = (("", 1.0),)
_CARRIERS_CUMULATIVE: dict[str, tuple[float, ...]] = {
    country: tuple(accumulate(share for _, share in names)) for country, names in CARRIERS.items()
}


def draw_carrier(model: PhoneModel, country: str, stream: Stream) -> str | None:
    """environment.carrier of this phone: None where the member is left out, "" where it is sent empty.

    None on iOS 16 and later, where the system tells apps of no carrier; every Apple row of the table is that new. "" on
    a tablet: those of the table have no SIM. Any other phone has a network operator of its `country` (ISO 3166, two
    capital letters), and "" in a country that CARRIERS does not have: as a phone without a network, rather than with an
    invented one.

    Takes one number from the stream, whatever the answer, so that later draws depend neither on phone nor country.
    """
    names = CARRIERS.get(country, _NO_NETWORK)
    name, _ = names[stream.index(_CARRIERS_CUMULATIVE.get(country, (1.0,)))]
    if model.platform == "ios" and int(model.os_version.partition(".")[0]) >= 16:
        return None
    return "" if model.type == "tablet" else name


def country_of(language: str) -> str:
    """The region of a BCP 47 language tag, in capitals: "fi-FI" is "FI", "zh-Hans-CN" is "CN". "" without a region of
    two letters."""
    regions = (part for part in language.split("-")[1:] if len(part) == 2 and part.isalpha())
    return next(regions, "").upper()
