"""Push tokens: who has one, what it looks like, and when the phone hears of it."""

from __future__ import annotations

import re

import pytest
from saturday import population

from footfall.engine.population import Life
from footfall.phone.config import AppConfig, MessagingConfig
from footfall.phone.ids import push_token
from footfall.phone.signals import Foregrounded, PushTokenSet
from footfall.world.streams import Stream

APNS = re.compile(r"[0-9a-f]{64}")
FCM = re.compile(r"[A-Za-z0-9_-]{22}:APA91b[A-Za-z0-9_-]{134}")


def app(share: float, registered: bool = True) -> AppConfig:
    return AppConfig(messaging=MessagingConfig(registered=registered, push_share=share))


def tokens(life: Life) -> list[str]:
    return [timed.signal.token for timed in life.plan if isinstance(timed.signal, PushTokenSet)]


@pytest.mark.parametrize(("platform", "form"), [("ios", APNS), ("android", FCM)])
def test_a_token_looks_as_the_provider_makes_them(platform, form) -> None:
    made = {push_token(platform, Stream(key)) for key in range(200)}
    assert len(made) == 200
    assert all(form.fullmatch(token) for token in made)
    assert push_token(platform, Stream(1)) == push_token(platform, Stream(1))


def test_every_phone_whose_owner_allows_push_gets_one_of_its_own() -> None:
    lives = [population(app=app(1.0)).life(k) for k in range(30)]
    assert {life.model.platform for life in lives} == {"ios", "android"}
    told = [tokens(life) for life in lives]
    assert all(len(each) == 1 for each in told)
    assert len({token for (token,) in told}) == 30
    for life, (token,) in zip(lives, told, strict=True):
        assert (APNS if life.model.platform == "ios" else FCM).fullmatch(token)
        assert life.attention is not None
        assert life.attention.takes_push


@pytest.mark.parametrize(
    "app",
    [
        AppConfig(),  # as it is when nothing is said: without Messaging
        app(1.0, registered=False),
    ],
)
def test_without_messaging_there_is_no_token_and_no_attention(app) -> None:
    for k in range(10):
        life = population(app=app).life(k)
        assert (tokens(life), life.attention) == ([], None)


def test_who_does_not_allow_push_still_sees_what_the_app_shows() -> None:
    for k in range(10):
        life = population(app=app(0.0)).life(k)
        assert tokens(life) == []
        assert life.attention is not None
        assert not life.attention.takes_push


def takes_push(life: Life) -> bool:
    return life.attention is not None and life.attention.takes_push


def test_the_share_of_those_who_allow_push() -> None:
    allowed = [takes_push(population(app=app(0.6), phones=2_000).life(k)) for k in range(2_000)]
    assert abs(sum(allowed) / 2_000 - 0.6) < 0.03


def test_a_larger_share_takes_nobodys_token_away() -> None:
    few, many = ([population(app=app(share)).life(k) for k in range(60)] for share in (0.3, 0.7))
    for one, other in zip(few, many, strict=True):
        if takes_push(one):
            assert tokens(one) == tokens(other)


def test_the_token_comes_with_the_first_start_and_changes_nothing_else_of_the_plan() -> None:
    for k in range(10):
        plan = list(population(app=app(1.0)).life(k).plan)
        first = next(n for n, timed in enumerate(plan) if isinstance(timed.signal, Foregrounded))
        asked = plan[first + 1]
        assert isinstance(asked.signal, PushTokenSet)
        assert (asked.at_ms, asked.state) == (plan[first].at_ms, plan[first].state)
        without = list(population().life(k).plan)
        assert [timed for timed in plan if timed is not asked] == without


def test_another_run_has_the_same_tokens() -> None:
    one, other = (population(run=run, app=app(1.0)).life(3) for run in ("run-1", "run-2"))
    assert tokens(one) == tokens(other)
