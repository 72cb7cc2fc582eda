"""The table of phones: complete rows that agree with their sources, systems that the hardware runs, shares that are
drawn as they stand."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from math import sqrt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.world.phone_table import ANDROID, APPLE, BUILDS, SYSTEMS, Hardware
from footfall.world.phones import CARRIERS, MODELS, PhoneModel, country_of, draw_carrier, draw_phone
from footfall.world.streams import Stream, key_of

EVERY = [model for models in MODELS.values() for model in models]
HARDWARE = [*APPLE, *ANDROID]
PLATFORMS = pytest.mark.parametrize("platform", ["ios", "android"])
EACH_HARDWARE = pytest.mark.parametrize("row", HARDWARE, ids=lambda row: row.name)


def the(name: str, version: str) -> PhoneModel:
    (found,) = (model for model in EVERY if (model.name, model.os_version) == (name, version))
    return found


IPHONE, IPAD = the("iPhone 15", "26.5"), the("iPad (gen 11)", "26.5")
PIXEL, TABLET = the("Pixel 8", "16"), the("Galaxy Tab S9", "16")


# The table as a whole.


def test_there_are_phones_enough():
    assert len(HARDWARE) >= 40
    assert sum(row.form == "mobile" for row in APPLE) >= 24
    assert sum(row.form == "mobile" for row in ANDROID) >= 22
    assert {row.form for row in APPLE} == {row.form for row in ANDROID} == {"mobile", "tablet"}


def test_both_platforms_and_no_other():
    assert set(MODELS) == {"ios", "android"}
    assert all(model.platform == platform for platform, models in MODELS.items() for model in models)


def test_no_row_twice():
    assert len({row.model for row in HARDWARE}) == len({row.name for row in HARDWARE}) == len(HARDWARE)
    assert len({row.board for row in APPLE}) == len(APPLE)
    assert len({(model.model, model.os_version) for model in EVERY}) == len(EVERY)


def test_no_hardware_is_forgotten():
    assert {model.model for model in EVERY} == {row.model for row in HARDWARE}


def test_every_build_belongs_to_some_phone():
    assert set(BUILDS) <= {row.manufacturer for row in ANDROID} | {row.model for row in ANDROID}
    assert {version for builds in BUILDS.values() for version in builds} <= {s.version for s in SYSTEMS["android"]}


# The rows.


@EACH_HARDWARE
def test_every_fact_of_a_row_is_marked(row: Hardware):
    assert re.fullmatch("[dpk][dpk][dpk]k" if row.board else "[dpk]-[dpk]k", row.marks)


@pytest.mark.parametrize("model", EVERY, ids=lambda model: f"{model.name} {model.os_version}")
def test_a_model_is_complete(model: PhoneModel):
    # all that goes into device, environment and the User-Agent
    for text in (model.name, model.manufacturer, model.model, model.model_number, model.os_version):
        assert text
        assert text == text.strip()
        assert text.isascii()
    assert re.fullmatch(r"\d+(\.\d+)*", model.os_version)
    assert re.fullmatch("[dpk]{5}", model.source)
    assert 700 <= model.width_px <= 1700, "pixels of a screen held upright"
    assert (1.4 if model.type == "tablet" else 1.7) <= model.height_px / model.width_px <= 2.5
    assert model.share > 0


def breaks_a_header(text: str) -> bool:
    """Whether this would end the header, its comment in brackets, or one of the comment's parts."""
    return re.search(r"[^\x20-\x7e]|[();\\]", text) is not None


def test_what_goes_into_the_user_agent_breaks_no_header():
    assert not [model for model in EVERY if breaks_a_header(f"{model.model} Build/{model.model_number}")]
    assert not [model for model in EVERY if breaks_a_header(f"{model.family}{model.os_version}")]


@pytest.mark.parametrize("planted", ["SM-S921B\r\nX: y", "Phone (2)", "a; b", "Pixel\u00a08", "back\\slash"])
def test_what_would_break_a_header_is_seen(planted):
    assert breaks_a_header(planted)


@pytest.mark.parametrize("row", APPLE, ids=lambda row: row.name)
def test_an_apple_device(row: Hardware):
    assert row.manufacturer == "apple"  # UIDevice's spelling in the SDK, asserted by aepsdk-core-ios
    assert re.fullmatch(r"(iPhone|iPad)\d+,\d+", row.model)  # hw.machine
    assert re.fullmatch(r"[DJNV]\d+[gp]?AP", row.board)  # hw.model
    assert row.model.startswith("iPad" if row.form == "tablet" else "iPhone")
    assert row.name.startswith("iPad" if row.form == "tablet" else "iPhone")


AOSP_BUILD = r"[A-Z]{2}[0-9A-Z]{2}\.\d{6}\.\d{3}(\.[A-Z]\d)?"
MOTOROLA_BUILD = r"[A-Z]\d[A-Z]+\d+[A-Z]?\.[\d-]+"
FIRST_LETTERS = {  # of the release; Google builds the later quarters of a version from the next one's branch
    "Google": {"16": "BC", "15": "AB", "14": "UA", "13": "T"},
    "motorola": {"16": "W", "15": "V", "14": "U"},
}
OTHERS_LETTERS = {"16": "B", "15": "A", "14": "U", "13": "T"}


@pytest.mark.parametrize("model", MODELS["android"], ids=lambda model: f"{model.name} {model.os_version}")
def test_a_build_id_is_of_its_version(model: PhoneModel):
    pattern = MOTOROLA_BUILD if model.manufacturer == "motorola" else AOSP_BUILD
    assert re.fullmatch(pattern, model.model_number)
    assert model.model_number[0] in FIRST_LETTERS.get(model.manufacturer, OTHERS_LETTERS)[model.os_version]


@pytest.mark.parametrize(
    ("maker", "pattern"),
    [
        ("Google", r"Pixel \d+a?( Pro)?"),
        ("samsung", r"SM-[AFGSX]\d{3}[BF0]|SM-X710"),
        ("Xiaomi", r"\d{4,5}[0-9A-Z]{4,6}"),
        ("OnePlus", r"CPH\d{4}"),
        ("Nothing", r"A\d{3}"),
        ("motorola", r"moto(rola)? [a-z0-9 ]+(5G|pro)"),
    ],
)
def test_the_models_of_a_maker(maker, pattern):
    models = [row.model for row in ANDROID if row.manufacturer == maker]
    assert models
    assert [model for model in models if not re.fullmatch(pattern, model)] == []


def test_no_maker_is_left_out_of_the_patterns():
    assert {row.manufacturer for row in ANDROID} == {"Google", "samsung", "Xiaomi", "OnePlus", "Nothing", "motorola"}


# Against the reference statistics.


@pytest.fixture(scope="module")
def devices() -> dict:
    path = Path(__file__).resolve().parents[2] / "../shared/realism/devices.json"
    if not path.exists():
        pytest.skip("the reference statistics (../shared/realism/devices.json) are not here")
    return json.loads(path.read_text())


def test_ids_are_those_of_the_reference(devices):
    theirs = {name.replace("mini", "Mini"): id_ for name, id_ in devices["iphone_ids"]["ids"].items()}
    ours = {row.name.replace("mini", "Mini"): row.model for row in APPLE}
    assert {name: ours.get(name) for name in theirs} == theirs
    # and only what stands there is marked so
    assert {row.model for row in APPLE if row.marks[0] == "d"} == set(theirs.values())


ANOTHER_NAME = {"Galaxy Z Fold 6": "Galaxy Z Fold 6 Cover"}  # the Fold is closed
WRONG_THERE = {"iPhone XR": "828 x 1792 at scale 2; the descriptor has the XS Max's 1242 x 2688"}


def test_screens_are_those_of_the_reference(devices):
    theirs = {row["name"].lower(): row["px"] for row in devices["screens"]["rows"]}
    compared = set()
    for row in HARDWARE:
        px = theirs.get(ANOTHER_NAME.get(row.name, row.name).lower())
        if px is None or row.name in WRONG_THERE:
            assert row.marks[2] != "d", row.name
            continue
        # px = whole CSS pixels times a ratio such as 2.625, so an Android screen is met to within two pixels
        off = 0 if row in APPLE else 2
        assert abs(px[0] - row.width_px) <= off, row.name
        assert abs(px[1] - row.height_px) <= off, row.name
        assert row.marks[2] == "d", row.name
        compared.add(row.name)
    assert len(compared) >= 40


def test_the_exceptions_are_still_needed(devices):
    theirs = {row["name"]: row["px"] for row in devices["screens"]["rows"]}
    for row in HARDWARE:
        if row.name in WRONG_THERE:
            assert theirs[row.name] != [row.width_px, row.height_px]


def shares_of_versions(models) -> dict[int, float]:
    total = sum(model.share for model in models)
    shares: dict[int, float] = defaultdict(float)
    for model in models:
        shares[int(model.os_version.split(".")[0])] += model.share / total
    return shares


def test_ios_versions_come_as_apple_counted_iphones(devices):
    apple = next(row for row in devices["os_share"] if row["what"] == "iPhones, App Store, June 2026")
    shares = shares_of_versions([model for model in MODELS["ios"] if model.type == "mobile"])
    assert shares[26] == pytest.approx(apple["iOS26"], abs=0.01)
    assert shares[18] == pytest.approx(apple["iOS18"], abs=0.01)
    assert shares[17] + shares[16] == pytest.approx(apple["older"], abs=0.01)


def test_android_versions_come_as_the_weak_source_has_them(devices):
    weak = next(row for row in devices["os_share"] if row["what"].startswith("Android versions"))
    shares = shares_of_versions(MODELS["android"])
    assert shares[16] == pytest.approx(weak["a16"], abs=0.01)
    assert shares[15] == pytest.approx(weak["a15"], abs=0.01)
    assert shares[14] == pytest.approx(weak["a14"], abs=0.01)
    assert shares[13] == pytest.approx(weak["older"], abs=0.01)


# What runs what.


def runs(model: str) -> set[int]:
    return {int(one.os_version.split(".")[0]) for one in EVERY if one.model == model}


@EACH_HARDWARE
def test_no_system_older_than_the_hardware_or_newer_than_it_gets(row: Hardware):
    assert runs(row.model)
    assert row.first_os <= min(runs(row.model))
    assert max(runs(row.model)) <= row.last_os


# An iPhone's number tells its year, and the year its first system: iPhone10 came with iOS 11.
FIRST_IOS = {10: 11, 11: 12, 12: 13, 13: 14, 14: 15, 15: 16, 16: 17, 17: 18, 18: 26}
BY_HALF_A_YEAR = {
    "iPhone14,7": 16,  # the 14 and 14 Plus kept the number of the year before
    "iPhone14,8": 16,
    "iPhone15,4": 17,  # as did the 15 and 15 Plus
    "iPhone15,5": 17,
}


@pytest.mark.parametrize("row", [row for row in APPLE if row.form == "mobile"], ids=lambda row: row.name)
def test_an_iphone_came_with_the_system_of_its_year(row: Hardware):
    number = int(row.model.removeprefix("iPhone").split(",")[0])
    assert row.first_os == BY_HALF_A_YEAR.get(row.model, FIRST_IOS[number])
    assert row.last_os == (16 if number == 10 else 18 if number == 11 else 26)


@pytest.mark.parametrize(
    ("name", "versions"),
    [
        ("iPhone 17", {26}),  # never ran 18
        ("iPhone 16e", {26, 18}),
        ("iPhone 11", {26, 18, 17, 16}),  # the oldest that gets 26
        ("iPhone XR", {18, 17, 16}),  # the newest that does not
        ("iPhone X", {16}),
        ("Pixel 10", {16}),
        ("Galaxy S25", {16, 15}),
        ("Galaxy S24", {16, 15, 14}),
        ("Galaxy S21 5G", {15, 14, 13}),  # four years of systems
        ("Galaxy S20 FE 5G", {13}),
        ("Redmi Note 11", {13}),
    ],
)
def test_the_systems_of_a_phone(name, versions):
    (row,) = (row for row in HARDWARE if row.name == name)
    assert runs(row.model) == versions


# Shares.


@EACH_HARDWARE
def test_the_systems_of_a_hardware_share_what_it_has(row: Hardware):
    assert sum(model.share for model in EVERY if model.model == row.model) == pytest.approx(row.share)


@PLATFORMS
def test_shares_sum_to_about_a_hundred(platform):
    assert sum(model.share for model in MODELS[platform]) == pytest.approx(100, abs=5)


DRAWN = 30_000


def misfit(platform, counts) -> float:
    """How many standard deviations the farthest of the models is off its share."""
    total = sum(model.share for model in MODELS[platform])
    shares = {model: model.share / total for model in MODELS[platform]}
    return max(abs(counts[model] - DRAWN * p) / sqrt(DRAWN * p * (1 - p)) for model, p in shares.items())


@PLATFORMS
def test_phones_are_drawn_by_their_shares(platform):
    drawn = Counter(draw_phone(platform, Stream(key_of("phone", k))) for k in range(DRAWN))
    assert set(drawn) <= set(MODELS[platform])
    assert misfit(platform, drawn) < 4.5


@PLATFORMS
def test_draws_that_ignore_the_shares_are_seen(platform):
    models = MODELS[platform]
    alike = Counter(models[Stream(key_of("phone", k)).whole(0, len(models) - 1)] for k in range(DRAWN))
    assert misfit(platform, alike) > 20


@given(st.sampled_from(["ios", "android"]), st.integers(0, 2**64 - 1))
def test_the_same_stream_draws_the_same_phone_and_no_copy_of_it(platform, key):
    assert draw_phone(platform, Stream(key)) is draw_phone(platform, Stream(key))


# What follows from a model.


@pytest.mark.parametrize(
    ("model", "os_name", "family", "form"),
    [
        (IPHONE, "iOS", "iPhone", "mobile"),
        (IPAD, "iPadOS", "iPad", "tablet"),
    ],
)
def test_the_words_of_an_apple_device(model, os_name, family, form):
    assert (model.os_name, model.family, model.type) == (os_name, family, form)


@pytest.mark.parametrize(("model", "form"), [(PIXEL, "mobile"), (TABLET, "tablet")])
def test_the_words_of_an_android_device(model, form):
    assert (model.os_name, model.type) == ("Android", form)


def test_a_model_made_by_hand_is_a_phone():
    by_hand = PhoneModel("ios", "any", "apple", "iPhone15,2", "D73AP", 1179, 2556, "17.5.1", 1.0)
    assert (by_hand.type, by_hand.source, by_hand.os_name, by_hand.family) == ("mobile", "", "iOS", "iPhone")


# Carriers.


def test_the_countries_of_the_carriers():
    assert {"FI", "SE", "DE", "GB", "US", "FR"} <= set(CARRIERS)
    for names in CARRIERS.values():
        assert sum(share for _, share in names) == pytest.approx(100)
        assert len({name for name, _ in names}) == len(names)
        assert all(name and name.isascii() for name, _ in names)


OLD_IPHONE = PhoneModel("ios", "iPhone 7", "apple", "iPhone9,3", "D101AP", 750, 1334, "15.8.3", 1.0)


@pytest.mark.parametrize(
    ("model", "country", "carriers"),
    [
        (PIXEL, "FI", {"Elisa", "Telia FI", "DNA"}),
        (PIXEL, "XX", {""}),  # nothing invented
        (PIXEL, "", {""}),
        (TABLET, "FI", {""}),  # no SIM
        (IPHONE, "FI", {None}),  # iOS 16 and later tell of none
        (IPHONE, "XX", {None}),
        (the("iPhone X", "16.7.15"), "FI", {None}),
        (IPAD, "FI", {None}),
        (OLD_IPHONE, "FI", {"Elisa", "Telia FI", "DNA"}),
    ],
)
def test_who_has_which_carrier(model, country, carriers):
    assert {draw_carrier(model, country, Stream(key_of("carrier", k))) for k in range(100)} == carriers


@pytest.mark.parametrize("country", sorted(CARRIERS))
def test_carriers_are_drawn_by_their_shares(country):
    drawn = Counter(draw_carrier(PIXEL, country, Stream(key_of("carrier", k))) for k in range(4_000))
    for name, share in CARRIERS[country]:
        p = share / 100
        assert abs(drawn[name] / 4_000 - p) < 4.5 * sqrt(p * (1 - p) / 4_000)


@pytest.mark.parametrize("model", [PIXEL, TABLET, IPHONE, IPAD, OLD_IPHONE], ids=lambda model: model.name)
@pytest.mark.parametrize("country", ["FI", "XX"])
def test_a_carrier_takes_one_number_whoever_asks(model, country):
    stream, other = Stream(7), Stream(7)
    draw_carrier(model, country, stream)
    other.unit()
    assert stream.bits() == other.bits()


@pytest.mark.parametrize(
    ("language", "country"),
    [
        ("fi-FI", "FI"),
        ("en-us", "US"),
        ("zh-Hans-CN", "CN"),  # the script is not the region
        ("fi", ""),
        ("es-419", ""),  # Latin America: no country
        ("", ""),
    ],
)
def test_the_country_of_a_language(language, country):
    assert country_of(language) == country
