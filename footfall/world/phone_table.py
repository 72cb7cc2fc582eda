"""The phones as data: hardware, the systems it runs, and how sure each fact is. `phones` makes `PhoneModel`s of it.

Every row ends with four marks: of its id, of its board or build, of its screen and of its share.

    d  reference statistics `devices.json`: iPhone ids from ios-device-list (MIT) and the majority of ten public files,
       screens from Playwright 1.65's descriptors (Apache-2.0), OS shares from Apple's figures of June 2026 and a weak
       source for Android
    p  read in other public sources: ids of older iPhones in StayRealHQ/iOS DeviceModel.swift; boards in at least two
       tables of hw.model that agree (one before iPhone 14), iPads in one made from Apple's restore images; Nothing's
       ids in KHwang9883/MobileModels; other Android ids and builds in fingerprints and User-Agents that public code
       quotes, which says that the id exists, while the name beside it here may be own knowledge
    k  own knowledge, not looked up
    -  see BUILDS, whose ids carry their own mark

No source says how the models share the market: every share is own knowledge, rounded, and little more than its order
means anything.

A screen is what the SDK reads. On iOS that is UIScreen.bounds times scale (ApplicationSystemInfoService.swift), so a
mini says 1125 x 2436 and not its panel's 1080 x 2340. On Android it is DisplayMetrics; the table has the whole panel,
as if no bar were cut off, and of a Fold the cover screen, because it is closed in the pocket of someone who walks.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Form = Literal["mobile", "tablet"]


class System(NamedTuple):
    """One OS version. `weight` is relative among the versions that a phone can run; `mark` is of the weight."""

    version: str
    weight: float
    mark: str


class Hardware(NamedTuple):
    """One model. It runs the systems from `first_os`, which it was sold with, to `last_os`, the newest it gets."""

    manufacturer: str  # apple: the SDK's own word; Android: Build.MANUFACTURER
    name: str
    model: str  # iOS: hw.machine; Android: Build.MODEL
    board: str  # iOS: hw.model; Android: empty, Build.ID is the system's
    width_px: int
    height_px: int
    first_os: int
    last_os: int
    share: float
    marks: str
    form: Form = "mobile"


# Weights are fitted so that iPhones come to 79 % iOS 26, 14 % iOS 18 and 7 % older, and Androids to 54, 11, 10.7 and
# 24 % of 16, 15, 14 and 13 (devices.json; its 24 % is "older", which the table takes for 13). The split inside a major
# version is own knowledge: the newest leads. Nothing is known of iPads, which run what iPhones do.
SYSTEMS: dict[str, tuple[System, ...]] = {
    "ios": (
        System("26.5", 0.41, "k"),
        System("26.4.2", 0.21, "k"),
        System("26.3.1", 0.09, "k"),
        System("18.7.2", 0.10, "k"),
        System("18.6.2", 0.06, "k"),
        System("17.7.2", 0.08, "k"),
        System("16.7.15", 0.05, "k"),
    ),
    "android": (System("16", 0.57, "d"), System("15", 0.09, "d"), System("14", 0.11, "d"), System("13", 0.23, "d")),
}

# Build.ID by manufacturer, or by model where a maker numbers each model by itself, and by version: (id, mark). The mark
# p says that the id was read with some phone of the maker, not with each. A version without a build is not drawn.
BUILDS: dict[str, dict[str, tuple[str, str]]] = {
    "Google": {
        "16": ("CP1A.260505.005", "p"),  # Pixels of May 2026
        "15": ("BP1A.250505.005", "k"),
        "14": ("AP2A.240905.003", "k"),
        "13": ("TQ3A.230901.001", "k"),
    },
    "samsung": {
        "16": ("BP2A.250605.031.A3", "p"),
        "15": ("AP3A.240905.015.A2", "p"),
        "14": ("UP1A.231005.007", "p"),
        "13": ("TP1A.220624.014", "p"),
    },
    "Xiaomi": {
        "16": ("BP2A.250605.031.A3", "p"),
        "15": ("AQ3A.240912.001", "p"),
        "14": ("UKQ1.231003.002", "p"),
        "13": ("TKQ1.221114.001", "p"),
    },
    "OnePlus": {
        "16": ("BP2A.250605.015", "p"),
        "15": ("AP3A.240617.008", "p"),
        "14": ("UKQ1.230924.001", "p"),
    },
    "Nothing": {
        "16": ("BP2A.250605.031.A3", "p"),
        "15": ("AP3A.240905.015.A2", "k"),
        "14": ("UP1A.231005.007", "p"),
        "13": ("TKQ1.221220.001", "p"),
    },
    "moto g84 5G": {"15": ("V1TCS35H.88-20-1-6-1", "p"), "14": ("U1TNS34.82-12-9", "k")},
    "motorola edge 50 pro": {"16": ("W1UM36H.19-13-4", "p"), "15": ("V1UMS35H.10-67-7-1", "p")},
}

APPLE: tuple[Hardware, ...] = (
    Hardware("apple", "iPhone 17 Pro Max", "iPhone18,2", "V54AP", 1320, 2868, 26, 26, 6.5, "dpdk"),
    Hardware("apple", "iPhone 17 Pro", "iPhone18,1", "V53AP", 1206, 2622, 26, 26, 5.5, "dpdk"),
    Hardware("apple", "iPhone 17", "iPhone18,3", "V57AP", 1206, 2622, 26, 26, 6.5, "dpdk"),
    Hardware("apple", "iPhone Air", "iPhone18,4", "D23AP", 1260, 2736, 26, 26, 0.8, "dpdk"),
    Hardware("apple", "iPhone 17e", "iPhone18,5", "V159AP", 1170, 2532, 26, 26, 1.2, "dpdk"),
    Hardware("apple", "iPhone 16 Pro Max", "iPhone17,2", "D94AP", 1320, 2868, 18, 26, 7.0, "dpdk"),
    Hardware("apple", "iPhone 16 Pro", "iPhone17,1", "D93AP", 1206, 2622, 18, 26, 6.5, "dpdk"),
    Hardware("apple", "iPhone 16", "iPhone17,3", "D47AP", 1179, 2556, 18, 26, 7.5, "dpdk"),
    Hardware("apple", "iPhone 16 Plus", "iPhone17,4", "D48AP", 1290, 2796, 18, 26, 1.5, "dpdk"),
    Hardware("apple", "iPhone 16e", "iPhone17,5", "V59AP", 1170, 2532, 18, 26, 2.5, "dpdk"),
    Hardware("apple", "iPhone 15 Pro Max", "iPhone16,2", "D84AP", 1290, 2796, 17, 26, 5.5, "dpdk"),
    Hardware("apple", "iPhone 15 Pro", "iPhone16,1", "D83AP", 1179, 2556, 17, 26, 5.0, "dpdk"),
    Hardware("apple", "iPhone 15", "iPhone15,4", "D37AP", 1179, 2556, 17, 26, 6.5, "dpdk"),
    Hardware("apple", "iPhone 15 Plus", "iPhone15,5", "D38AP", 1290, 2796, 17, 26, 1.3, "dpdk"),
    Hardware("apple", "iPhone 14 Pro Max", "iPhone15,3", "D74AP", 1290, 2796, 16, 26, 3.5, "dpdk"),
    Hardware("apple", "iPhone 14 Pro", "iPhone15,2", "D73AP", 1179, 2556, 16, 26, 3.5, "dpdk"),
    Hardware("apple", "iPhone 14", "iPhone14,7", "D27AP", 1170, 2532, 16, 26, 4.5, "dpdk"),
    Hardware("apple", "iPhone 14 Plus", "iPhone14,8", "D28AP", 1284, 2778, 16, 26, 0.9, "dpdk"),
    Hardware("apple", "iPhone 13 Pro Max", "iPhone14,3", "D64AP", 1284, 2778, 15, 26, 2.2, "dpdk"),
    Hardware("apple", "iPhone 13 Pro", "iPhone14,2", "D63AP", 1170, 2532, 15, 26, 2.2, "dpdk"),
    Hardware("apple", "iPhone 13", "iPhone14,5", "D17AP", 1170, 2532, 15, 26, 5.5, "dpdk"),
    Hardware("apple", "iPhone 13 mini", "iPhone14,4", "D16AP", 1125, 2436, 15, 26, 0.7, "dpdk"),
    Hardware("apple", "iPhone SE (3rd gen)", "iPhone14,6", "D49AP", 750, 1334, 15, 26, 1.6, "dpdk"),
    Hardware("apple", "iPhone 12 Pro Max", "iPhone13,4", "D54pAP", 1284, 2778, 14, 26, 0.9, "ppdk"),
    Hardware("apple", "iPhone 12 Pro", "iPhone13,3", "D53pAP", 1170, 2532, 14, 26, 1.1, "ppdk"),
    Hardware("apple", "iPhone 12", "iPhone13,2", "D53gAP", 1170, 2532, 14, 26, 2.8, "ppdk"),
    Hardware("apple", "iPhone 12 mini", "iPhone13,1", "D52gAP", 1125, 2436, 14, 26, 0.4, "ppdk"),
    Hardware("apple", "iPhone SE (2nd gen)", "iPhone12,8", "D79AP", 750, 1334, 13, 26, 0.7, "ppkk"),
    Hardware("apple", "iPhone 11 Pro Max", "iPhone12,5", "D431AP", 1242, 2688, 13, 26, 0.5, "ppdk"),
    Hardware("apple", "iPhone 11 Pro", "iPhone12,3", "D421AP", 1125, 2436, 13, 26, 0.5, "ppdk"),
    Hardware("apple", "iPhone 11", "iPhone12,1", "N104AP", 828, 1792, 13, 26, 2.5, "ppdk"),
    Hardware("apple", "iPhone XR", "iPhone11,8", "N841AP", 828, 1792, 12, 18, 1.0, "ppkk"),
    Hardware("apple", "iPhone X", "iPhone10,6", "D221AP", 1125, 2436, 11, 16, 0.6, "pkdk"),
    Hardware("apple", "iPad (gen 11)", "iPad15,7", "J481AP", 1640, 2360, 18, 26, 1.0, "ppdk", "tablet"),
    Hardware("apple", "iPad Pro 11-inch (M4)", "iPad16,3", "J717AP", 1668, 2420, 17, 26, 0.6, "pppk", "tablet"),
)

# Codes are those of the phones sold in Europe. Pixels tell their name as Build.MODEL, as Adobe's own example does.
ANDROID: tuple[Hardware, ...] = (
    Hardware("Google", "Pixel 10 Pro", "Pixel 10 Pro", "", 1280, 2856, 16, 16, 1.0, "p-dk"),
    Hardware("Google", "Pixel 10", "Pixel 10", "", 1080, 2424, 16, 16, 1.2, "k-dk"),
    Hardware("Google", "Pixel 9 Pro", "Pixel 9 Pro", "", 1280, 2856, 14, 16, 1.2, "k-dk"),
    Hardware("Google", "Pixel 9", "Pixel 9", "", 1080, 2424, 14, 16, 1.6, "k-dk"),
    Hardware("Google", "Pixel 9a", "Pixel 9a", "", 1080, 2424, 15, 16, 1.8, "k-kk"),
    Hardware("Google", "Pixel 8", "Pixel 8", "", 1080, 2400, 14, 16, 1.8, "p-dk"),
    Hardware("Google", "Pixel 8a", "Pixel 8a", "", 1080, 2400, 14, 16, 1.6, "k-dk"),
    Hardware("Google", "Pixel 7a", "Pixel 7a", "", 1080, 2400, 13, 16, 1.5, "k-dk"),
    Hardware("Google", "Pixel 6a", "Pixel 6a", "", 1080, 2400, 12, 16, 1.2, "k-dk"),
    Hardware("samsung", "Galaxy S25 Ultra", "SM-S938B", "", 1440, 3120, 15, 16, 4.0, "p-kk"),
    Hardware("samsung", "Galaxy S25", "SM-S931B", "", 1080, 2340, 15, 16, 4.0, "k-kk"),
    Hardware("samsung", "Galaxy S24 Ultra", "SM-S928B", "", 1440, 3120, 14, 16, 3.5, "p-kk"),
    Hardware("samsung", "Galaxy S24", "SM-S921B", "", 1080, 2340, 14, 16, 4.5, "k-dk"),
    Hardware("samsung", "Galaxy S23", "SM-S911B", "", 1080, 2340, 13, 16, 4.5, "k-kk"),
    Hardware("samsung", "Galaxy S22", "SM-S901B", "", 1080, 2340, 12, 16, 3.0, "p-kk"),
    Hardware("samsung", "Galaxy S21 5G", "SM-G991B", "", 1080, 2400, 11, 15, 2.5, "k-kk"),
    Hardware("samsung", "Galaxy S20 FE 5G", "SM-G781B", "", 1080, 2400, 10, 13, 3.5, "k-kk"),
    Hardware("samsung", "Galaxy A56", "SM-A566B", "", 1080, 2340, 15, 16, 5.0, "k-kk"),
    Hardware("samsung", "Galaxy A55", "SM-A556B", "", 1080, 2340, 14, 16, 5.5, "p-dk"),
    Hardware("samsung", "Galaxy A54", "SM-A546B", "", 1080, 2340, 13, 16, 5.5, "k-kk"),
    Hardware("samsung", "Galaxy A34", "SM-A346B", "", 1080, 2340, 13, 16, 4.0, "k-kk"),
    Hardware("samsung", "Galaxy A32 5G", "SM-A326B", "", 720, 1600, 11, 13, 4.0, "k-kk"),
    Hardware("samsung", "Galaxy A16", "SM-A165F", "", 1080, 2340, 14, 16, 4.5, "k-kk"),
    Hardware("samsung", "Galaxy A14 5G", "SM-A146B", "", 1080, 2408, 13, 15, 4.0, "p-kk"),
    Hardware("samsung", "Galaxy Z Flip 6", "SM-F741B", "", 1080, 2640, 14, 16, 1.2, "k-dk"),
    Hardware("samsung", "Galaxy Z Fold 6", "SM-F956B", "", 968, 2376, 14, 16, 0.8, "k-dk"),
    Hardware("samsung", "Galaxy Tab S9", "SM-X710", "", 1600, 2560, 13, 16, 1.2, "k-dk", "tablet"),  # Wi-Fi: no SIM
    Hardware("Xiaomi", "Xiaomi 14", "23127PN0CG", "", 1200, 2670, 14, 16, 1.6, "p-kk"),
    Hardware("Xiaomi", "Redmi Note 13 Pro 5G", "2312DRA50G", "", 1220, 2712, 13, 16, 3.5, "p-kk"),
    Hardware("Xiaomi", "Redmi Note 12 4G", "23021RAA2Y", "", 1080, 2400, 13, 15, 3.0, "p-kk"),
    Hardware("Xiaomi", "Redmi Note 11", "2201117TG", "", 1080, 2400, 11, 13, 4.5, "p-kk"),
    Hardware("OnePlus", "OnePlus 12", "CPH2581", "", 1440, 3168, 14, 16, 1.4, "p-kk"),
    Hardware("Nothing", "Nothing Phone (2)", "A065", "", 1080, 2412, 13, 16, 0.8, "p-kk"),
    Hardware("Nothing", "Nothing Phone (1)", "A063", "", 1080, 2400, 12, 15, 0.6, "p-kk"),
    Hardware("motorola", "Motorola Edge 50 Pro", "motorola edge 50 pro", "", 1220, 2712, 14, 16, 1.0, "p-kk"),
    Hardware("motorola", "Moto G84 5G", "moto g84 5G", "", 1080, 2400, 13, 15, 1.5, "p-kk"),
)
