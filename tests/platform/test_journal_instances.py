"""The instances in the platform's file: those that are under way or remembered, and no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from footfall.platform.database import MEMORY, Database
from footfall.platform.journal import TABLES, Journal
from footfall.platform.journeys.counts import Counts
from footfall.platform.journeys.engine import Standing
from footfall.platform.journeys.gate import Queued
from footfall.platform.journeys.messages import Happening, Instance
from footfall.platform.orchestration import News

STANDING = Standing(0, [], (0, 0), Counts({}))


@pytest.fixture
def database() -> Iterator[Database]:
    one = Database(MEMORY, TABLES, 1)
    yield one
    one.close()


def instance(id_: str) -> Instance:
    return Instance(id_, "welcome", "ECID", "p1", "", "e1", "node", 1, 1, over=True)


def test_what_is_forgotten_is_no_longer_in_the_file(database: Database) -> None:
    journal = Journal(database)
    standings = (("one", STANDING), ("two", STANDING))
    entered = News(instances=(("one", instance("a")), ("one", instance("b")), ("two", instance("a"))))
    for news in (entered, News(forgotten=(("one", "a"), ("one", "never written")))):
        database.transaction(
            journal.statements(News(news.steps, news.messages, news.instances, standings, news.forgotten), 1)
        )
    left = {run: [one.id for one in found] for run, found in journal.instances().items()}
    assert left == {"one": ["b"], "two": ["a"]}
    assert News(forgotten=(("one", "a"), ("two", "b"))).without("one").forgotten == (("two", "b"),)


def test_what_is_queued_has_rows_of_its_own_until_it_is_let_through(database: Database) -> None:
    journal = Journal(database)
    standings = (("one", STANDING), ("two", STANDING))
    waiting = Queued(5, "welcome", 2, Happening("e1", "location.entry", 5, {"_id": "e1"}), "m1")
    completed = Queued(6, "welcome", instance="i1", visits=3)
    queued = (("one", (10, completed)), ("one", (2, waiting)), ("two", (1, completed)))
    database.transaction(journal.statements(News(standings=standings, queued=queued), 1))
    assert journal.queues() == {"one": [(2, waiting), (10, completed)], "two": [(1, completed)]}
    gone = News(standings=standings, unqueued=(("one", 2), ("two", 10)))
    database.transaction(journal.statements(gone, 2))
    assert journal.queues() == {"one": [(10, completed)], "two": [(1, completed)]}
    database.transaction(journal.forgetting("one", 2))
    assert journal.queues() == {"two": [(1, completed)]}
    news = News(queued=queued, unqueued=gone.unqueued).without("one")
    assert (news.queued, news.unqueued) == ((("two", (1, completed)),), (("two", 10),))
