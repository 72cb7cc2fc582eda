"""Who lives which phone: each index to one worker, once, whatever becomes of the worker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.live.locust.lease import LeaseBook

# population, workers, due; then what each worker in turn asks for -> what it is given as (first, how many)
LEASES = [
    # one worker takes what it asks for, until none is left
    (10, 1, 0, [("a", 4), ("a", 4), ("a", 4), ("a", 4)], [(0, 4), (4, 4), (8, 2), (10, 0)]),
    # of two, the first to ask gets no more than its half
    (10, 2, 0, [("a", 10), ("b", 10)], [(0, 5), (5, 5)]),
    # a share is rounded up: nobody is left over
    (5, 2, 0, [("a", 9), ("b", 9)], [(0, 3), (3, 2)]),
    # more than its share only when the phone's time has come (phones 0..7 are due)
    (12, 2, 8, [("a", 9), ("a", 9), ("b", 9)], [(0, 8), (8, 0), (8, 4)]),
    # a worker beyond its share waits, and gets nothing before
    (4, 2, 0, [("a", 2), ("a", 1), ("b", 2)], [(0, 2), (2, 0), (2, 2)]),
    # nothing asked for, nothing given
    (4, 1, 4, [("a", 0)], [(0, 0)]),
]


@pytest.mark.parametrize(("phones", "workers", "due", "asked", "given"), LEASES)
def test_a_lease(
    phones: int, workers: int, due: int, asked: list[tuple[str, int]], given: list[tuple[int, int]]
) -> None:
    book = LeaseBook(phones)
    assert [book.lease(worker, count, workers, due) for worker, count in asked] == given


def test_one_phone_alone() -> None:
    book = LeaseBook(12, only=5)
    assert book.lease("a", 12) == (5, 1)
    assert book.dry
    assert book.lease("a", 12)[1] == 0
    book.end("a", [5])
    assert (book.done, book.ended) == (True, 1)


def test_a_run_is_done_when_the_last_life_is() -> None:
    book = LeaseBook(3)
    book.lease("a", 3)
    assert (book.dry, book.done) == (True, False)
    book.end("a", [0, 2])
    assert not book.done
    book.end("a", [1])
    assert book.done


def test_phones_of_a_lost_worker_are_abandoned_and_hold_nobody_up() -> None:
    book = LeaseBook(6)
    book.lease("a", 3, 2)
    book.lease("b", 3, 2)
    book.end("a", [1])
    book.lose("a")
    assert book.abandoned == [0, 2]
    assert book.workers() == ["b"]
    assert not book.done
    book.end("b", [3, 4, 5])
    assert book.done
    assert book.lease("b", 3, 1)[1] == 0, "an abandoned phone never lives again"


def test_a_worker_that_was_only_slow_is_not_lost() -> None:
    book = LeaseBook(2)
    book.lease("a", 2)
    book.lose("a")
    book.end("a", [0])
    assert (book.abandoned, book.workers()) == ([], ["a"])


def test_a_life_is_counted_once() -> None:
    book = LeaseBook(2)
    book.lease("a", 2)
    for _ in range(2):
        book.end("a", [0])
    book.end("b", [1])  # never leased to b
    assert book.ended == 1


def test_a_stopped_book_leases_nothing_more() -> None:
    book = LeaseBook(10)
    book.lease("a", 4)
    book.stop()
    assert book.dry
    assert book.waiting == 0
    assert book.lease("a", 4)[1] == 0
    book.end("a", [0, 1, 2, 3])
    assert book.done


WORKERS = st.sampled_from("abc")
STEPS = st.one_of(
    st.tuples(st.just("lease"), WORKERS, st.integers(0, 8), st.integers(1, 4), st.integers(0, 40)),
    st.tuples(st.just("end"), WORKERS, st.sets(st.integers(0, 30))),
    st.tuples(st.just("lose"), WORKERS),
)


@given(phones=st.integers(1, 30), steps=st.lists(STEPS, max_size=40))
def test_no_index_is_ever_leased_twice(phones: int, steps: list[tuple[object, ...]]) -> None:
    book = LeaseBook(phones)
    leased: dict[int, str] = {}
    ended: set[int] = set()
    for step in steps:
        match step:
            case ("lease", str(worker), int(count), int(workers), int(due)):
                first, given_ = book.lease(worker, count, workers, due)
                assert given_ <= count
                for k in range(first, first + given_):
                    assert k not in leased
                    leased[k] = worker
            case ("end", str(worker), set(ks)):
                own = {k for k in ks if leased.get(k) == worker}
                book.end(worker, sorted(ks))
                ended |= own
            case ("lose", str(worker)):
                book.lose(worker)
    assert leased.keys() == set(range(len(leased))), "handed out in order, without gaps"
    assert len(leased) <= phones
    assert book.ended == len(ended)
    assert book.dry is (len(leased) == phones)
    under_way = {k for k, worker in leased.items() if k not in ended and worker in book.workers()}
    assert book.done is (book.dry and not under_way)
    assert set(book.abandoned) | under_way == leased.keys() - ended


@given(phones=st.integers(1, 60), workers=st.integers(1, 5), asks=st.integers(1, 7))
def test_workers_that_go_on_asking_share_the_population_fairly(phones: int, workers: int, asks: int) -> None:
    book = LeaseBook(phones)
    given_ = [0] * workers
    while not book.dry:
        for worker in range(workers):
            given_[worker] += book.lease(str(worker), asks, workers)[1]
    assert sum(given_) == phones
    assert max(given_) <= -(-phones // workers)
