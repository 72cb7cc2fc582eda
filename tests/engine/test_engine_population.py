"""Who lives: the same phone k in whichever process, order and run."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from math import log, sqrt

import msgspec
import pytest
from saturday import ANCHOR_MS, LIBRARY, people, population, saturday
from simulated import Receiver, live, perfect

from footfall.engine.population import Population
from footfall.evidence.ops import Created
from footfall.phone.config import AppConfig
from footfall.phone.signals import Foregrounded, Made, Reply, Request, Upgraded
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
            assert surprise(models[model], counts[platform], model.share / total) < 14, model


def surprise(count: int, of: int, share: float) -> float:
    """How far a count is from its share, rare ones included: the probability of one as far off or farther is below
    2 exp(-surprise) (Chernoff and Hoeffding)."""
    seen = count / of
    return of * sum(q * log(q / p) for q, p in ((seen, share), (1 - seen, 1 - share)) if q > 0)


# count of a thousand, share -> is it as improbable as one in a million?
SURPRISES = [
    (10, 0.010, False),
    (0, 0.001, False),  # what happens once in a thousand need not
    (1, 0.00001, False),
    (3, 0.00001, True),  # but three times one in a hundred thousand is none of it
    (0, 0.020, True),
    (700, 0.500, True),
]


@pytest.mark.parametrize(("count", "share", "surprising"), SURPRISES)
def test_the_measure_of_surprise_convicts(count, share, surprising) -> None:
    assert (surprise(count, 1_000, share) > 14) == surprising


def test_app_versions_come_by_their_shares() -> None:
    phones = 2_000
    versions = Counter(version_of(population(phones=phones).life(k)) for k in range(phones))
    shares = {version.version: version.share for version in AppConfig().versions}
    assert versions.keys() == shares.keys()
    for version, share in shares.items():
        assert surprise(versions[version], phones, share) < 14, version


def version_of(life) -> str:
    """The version of the app, as its first launch tells it."""
    (launch,) = [effect for effect in life.phone.feed(0, Foregrounded()) if isinstance(effect, Made)]
    return json.loads(launch.event.body)["application"]["version"]


def updates(after_s: float, phones: int = 300) -> list[tuple[str, list[Upgraded]]]:
    """For each phone the version that it begins with and the upgrades in its plan."""
    app = msgspec.structs.replace(AppConfig(), upgrade_after_s=after_s).at("stream-1", (LIBRARY,))
    everyone = Population(saturday(), people(), app, "run-1", 1, phones, ANCHOR_MS)
    told = []
    for k in range(phones):
        life = everyone.life(k)
        upgraded = [timed.signal for timed in life.plan if isinstance(timed.signal, Upgraded)]
        told.append((version_of(life), upgraded))
    return told


def test_only_phones_with_an_older_version_are_upgraded_and_to_the_newest() -> None:
    newest = AppConfig().versions[-1].version
    at_once = updates(after_s=0.001)
    assert {version for version, _ in at_once} == {version.version for version in AppConfig().versions}
    for version, upgraded in at_once:
        assert upgraded == ([] if version == newest else [Upgraded(newest)])


def test_an_upgrade_takes_its_time() -> None:
    # with four days in the mean, next to nobody is upgraded within the two hours of a Saturday
    slowly = updates(after_s=4 * 86_400.0)
    old = [upgraded for version, upgraded in slowly if version != AppConfig().versions[-1].version]
    assert len(old) > 30
    assert sum(map(len, old)) <= 5
    # and the version that a phone begins with does not depend on it
    assert [version for version, _ in slowly] == [version for version, _ in updates(after_s=0.001)]


def test_an_upgraded_phone_says_so_at_its_next_launch() -> None:
    app = msgspec.structs.replace(AppConfig(), upgrade_after_s=600.0).at("stream-1", (LIBRARY,))
    everyone = Population(saturday(), people(), app, "run-1", 1, 300, ANCHOR_MS)
    newest, upgrades = app.versions[-1].version, 0
    for k in range(300):
        launches: list[dict] = []
        stored = Receiver(saturday().pois)

        def watching(request: Request, launches=launches, stored=stored) -> Reply:
            if request.name == "application.launch":
                launches.append(json.loads(request.body)["events"][0]["xdm"]["application"])
            return stored.take(request)

        live(everyone.life(k), watching)
        for before, after in pairwise(launches):
            changed = before["version"] != after["version"]
            assert after.get("isUpgrade", False) == changed
            assert "isInstall" not in after
            assert after["version"] == newest or not changed
            upgrades += changed
        if launches:
            assert (launches[0]["isInstall"], launches[0].get("isUpgrade")) == (True, None)
    assert upgrades > 5


def test_a_life_tells_its_app_and_the_platform_that_it_has_in_a_run() -> None:
    in_run = [population().life(k) for k in range(20)]
    assert [life.drawn_platform for life in in_run] == [life.model.platform for life in in_run]
    assert {life.drawn_platform for life in in_run} == {"ios", "android"}
    assert [life.app_version for life in in_run] == [version_of(life) for life in in_run]
    app = AppConfig().at("stream-1", (LIBRARY,))
    iphones = Population(saturday(), people(), app, "run-1", 1, 200, ANCHOR_MS, "ios")
    chosen = [iphones.life(k) for k in range(20)]
    assert {life.model.platform for life in chosen} == {"ios"}
    assert [life.drawn_platform for life in chosen] == [life.drawn_platform for life in in_run]
