"""Who lives: the same phone k in whichever process, order and run."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import sqrt

import pytest
from saturday import population, saturday
from simulated import Receiver, live, perfect

from footfall.evidence.ops import Created
from footfall.world.phones import MODELS


def told(life) -> tuple[object, ...]:
    """All that is known of a life before it is lived, the whole plan included."""
    return (life.k, life.start_ms, life.person, life.ecid, life.model, life.latency_key, list(life.plan))


def events(life) -> list[tuple[str, int, str]]:
    lines = live(life, perfect(Receiver(saturday().pois))).of(Created)
    return [(op.id, op.n, op.digest) for op in lines]


def test_phone_k_is_the_same_whoever_was_made_before() -> None:
    alone = told(population().life(7))
    after_others = population()
    for k in (3, 0, 199, 7):
        list(after_others.life(k).plan)
    assert told(after_others.life(7)) == alone


def test_it_lives_the_same_whoever_lived_before() -> None:
    alone = events(population().life(7))
    together = population()
    for k in (5, 6):
        events(together.life(k))
    assert events(together.life(7)) == alone
    assert len(alone) > 3


def test_making_a_life_does_not_live_another_one() -> None:
    # plans are lazy: two lives unroll in turn without drawing from each other's streams
    both = population()
    one, other = both.life(1), both.life(2)
    zipped = list(zip(one.plan, other.plan, strict=False))
    assert [a for a, _ in zipped] == list(population().life(1).plan)[: len(zipped)]
    assert [b for _, b in zipped] == list(population().life(2).plan)[: len(zipped)]


def test_another_run_has_other_event_ids_and_the_same_people() -> None:
    one, other = population(run="run-1"), population(run="run-2")
    for k in range(3):
        assert told(one.life(k)) == told(other.life(k))
        first, second = events(one.life(k)), events(other.life(k))
        assert [(n, digest) for _, n, digest in first] == [(n, digest) for _, n, digest in second]
        assert {id for id, _, _ in first}.isdisjoint(id for id, _, _ in second)


def test_another_seed_has_other_people() -> None:
    assert told(population(seed=1).life(0)) != told(population(seed=2).life(0))
    assert population(seed=1).life(0).ecid != population(seed=2).life(0).ecid


def test_no_two_phones_are_the_same_person_or_device() -> None:
    lives = [population(phones=2_000).life(k) for k in range(500)]
    assert len({life.ecid for life in lives}) == 500
    assert len({life.person.id for life in lives}) == 500
    assert len({life.person.email for life in lives}) == 500
    assert all(life.person.email.endswith("@example.com") for life in lives)
    assert len({life.latency_key for life in lives}) == 500
    assert all(len(life.ecid) == 38 and life.ecid.isdigit() for life in lives)


@pytest.mark.parametrize("phones", [1, 2, 7, 200, 3_001])
def test_phones_arrive_in_order_and_evenly(phones) -> None:
    everyone = population(phones=phones)
    times = [everyone.arrival_ms(k) for k in range(phones)]
    arrivals_ms = saturday().scenario.population.arrivals_ms
    assert times[0] == 0
    assert times[-1] < arrivals_ms
    gaps = [after - before for before, after in pairwise(times)]
    assert all(abs(gap - arrivals_ms / phones) < 1 for gap in gaps)  # within the rounding to milliseconds
    assert everyone.life(phones - 1).start_ms == times[-1]


def test_platforms_and_models_come_by_their_shares() -> None:
    phones = 2_000
    lives = [population(phones=phones).life(k) for k in range(phones)]
    counts = Counter(life.model.platform for life in lives)
    for platform, share in saturday().scenario.population.platforms:
        assert abs(counts[platform] / phones - share) <= 4 * sqrt(share * (1 - share) / phones), platform
        models = Counter(life.model for life in lives if life.model.platform == platform)
        assert models.keys() <= set(MODELS[platform])
        total = sum(model.share for model in MODELS[platform])
        for model in MODELS[platform]:
            p = model.share / total
            assert abs(models[model] / counts[platform] - p) <= 4.5 * sqrt(p * (1 - p) / counts[platform]), model
