"""The table of phones: complete rows, shares that are drawn as they stand."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from footfall.world.phones import MODELS, PhoneModel, draw_phone
from footfall.world.streams import Stream, key_of

EVERY = [model for models in MODELS.values() for model in models]
PLATFORMS = pytest.mark.parametrize("platform", ["ios", "android"])


def test_both_platforms_and_no_other():
    assert set(MODELS) == {"ios", "android"}
    assert all(model.platform == platform for platform, models in MODELS.items() for model in models)


def test_no_row_twice():
    assert len({(model.model, model.os_version) for model in EVERY}) == len(EVERY)


@pytest.mark.parametrize("model", EVERY, ids=lambda model: f"{model.name} {model.os_version}")
def test_a_row_is_complete(model: PhoneModel):
    # all that goes into device, environment and the User-Agent
    for text in (model.name, model.manufacturer, model.model, model.model_number, model.os_version):
        assert text
        assert text == text.strip()
        assert text.isascii()
    assert re.fullmatch(r"\d+(\.\d+)*", model.os_version)
    assert 700 <= model.width_px <= 1600, "pixels of a screen held upright"
    assert 1.9 <= model.height_px / model.width_px <= 2.3
    assert model.share > 0


@pytest.mark.parametrize("model", MODELS["ios"], ids=lambda model: f"{model.name} {model.os_version}")
def test_an_iphone(model: PhoneModel):
    assert model.manufacturer == "apple"  # UIDevice's spelling in the SDK, asserted by aepsdk-core-ios
    assert re.fullmatch(r"iPhone\d+,\d", model.model)  # hw.machine
    assert re.fullmatch(r"[DV]\d+AP", model.model_number)  # hw.model
    # what was sold with iOS 26 never ran 18
    assert not (model.model.startswith("iPhone18") and model.os_version.startswith("18"))


@pytest.mark.parametrize("model", MODELS["android"], ids=lambda model: f"{model.name} {model.os_version}")
def test_an_android(model: PhoneModel):
    assert re.fullmatch(r"[A-Z]{3}A|[A-Z]{2}\dA\.\d{6}\.\d{3}(\.[A-Z]\d)?", model.model_number)  # Build.ID
    assert model.os_version.isdigit()


@PLATFORMS
def test_phones_are_drawn_by_their_shares(platform):
    models = MODELS[platform]
    total = sum(model.share for model in models)
    drawn = Counter(draw_phone(platform, Stream(key_of("phone", k))) for k in range(10_000))
    assert set(drawn) == set(models)
    for model in models:
        assert drawn[model] / 10_000 == pytest.approx(model.share / total, abs=0.012)


@pytest.mark.parametrize(
    ("platform", "versions", "share"),
    [
        ("ios", "26", 0.84),  # 79 : 14 between iOS 26 and 18, Apple, June 2026
        ("ios", "18", 0.16),
        ("android", "16", 0.56),
        ("android", "15", 0.24),
        ("android", "14", 0.20),
    ],
)
def test_shares_sum_to_those_of_the_systems(platform, versions, share):
    total = sum(model.share for model in MODELS[platform])
    its = sum(model.share for model in MODELS[platform] if model.os_version.split(".")[0] == versions)
    assert its / total == pytest.approx(share, abs=0.01)


@PLATFORMS
def test_shares_sum_to_about_a_hundred(platform):
    # percent; a little less on iOS, where new models come with the new system only
    assert 97 <= sum(model.share for model in MODELS[platform]) <= 100.001
