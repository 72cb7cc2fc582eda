"""What the app sends of its own accord, in the tenant's object."""

from __future__ import annotations

import json

import pytest
from every_event import JOURNEY_EVENT

from footfall.xdm import app

HOME = "luma: content: ios: us: en: home"


@pytest.mark.parametrize(
    ("event", "type", "members"),
    [
        # the two of Adobe's tutorial app
        (
            app.scene("_acme", HOME),
            "application.scene",
            {
                "appInformation": {
                    "appStateDetails": {"screenType": "App", "screenName": HOME, "screenView": {"value": 1}}
                }
            },
        ),
        (
            app.interaction("_acme", "login"),
            "application.interaction",
            {"appInformation": {"appInteraction": {"name": "login", "appAction": {"value": 1}}}},
        ),
        # points without a threshold, and over one
        (
            app.loyalty("_acme", 120, 9_990, None),
            "loyalty.pointsEarned",
            {"loyalty": {"pointsEarned": 120, "pointsBalance": 9_990}},
        ),
        (
            app.loyalty("_acme", 120, 10_110, 10_000),
            "loyalty.pointsReached",
            {"loyalty": {"pointsEarned": 120, "pointsBalance": 10_110, "pointsReached": 10_000}},
        ),
        # a threshold of 0 is one: only None is none
        (
            app.loyalty("_acme", 0, 0, 0),
            "loyalty.pointsReached",
            {"loyalty": {"pointsEarned": 0, "pointsBalance": 0, "pointsReached": 0}},
        ),
    ],
)
def test_an_app_event(event, type, members):
    assert event.type == type
    assert json.loads(event.body) == {"eventType": type, "_acme": members}
    assert (event.beside, event.place, event.skus) == (b"", "", ())


@pytest.mark.parametrize(
    ("plain", "meant"),
    [
        (app.scene("_acme", HOME), app.scene("_acme", HOME, JOURNEY_EVENT)),
        (app.interaction("_acme", "login"), app.interaction("_acme", "login", JOURNEY_EVENT)),
        (app.loyalty("_acme", 1, 2, None), app.loyalty("_acme", 1, 2, None, JOURNEY_EVENT)),
    ],
)
def test_a_journeys_event_carries_its_id_and_is_the_same_otherwise(plain, meant):
    xdm = json.loads(meant.body)
    assert xdm.pop("_experience") == {"campaign": {"orchestration": {"eventID": JOURNEY_EVENT}}}
    assert xdm == json.loads(plain.body)
    assert meant.type == plain.type
