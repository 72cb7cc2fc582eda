"""The app's process comes and goes: what survives a kill, a reboot, an upgrade, and what a new installation forgets."""

from __future__ import annotations

import pytest
from phone_words import UNDECIDED, Desk, a_phone, body_of, calls, identity_map, made, told, wake
from sdk_behaviour import behaviour
from sdk_words import IPHONE, PIXEL, busy, framed, location_hint, ok, store

from footfall.phone import sdk
from footfall.phone.edge import Edge
from footfall.phone.phone import Phone
from footfall.phone.signals import (
    AssuranceSet,
    Consented,
    Due,
    HintSet,
    Identified,
    Killed,
    Rebooted,
    Reinstalled,
    Replied,
    Unread,
    Upgraded,
)

ENDS = [Killed(), Rebooted(), Upgraded("1.5.0 (222)")]
EACH_END = pytest.mark.parametrize("end", ENDS, ids=["kill", "reboot", "upgrade"])
BOTH = pytest.mark.parametrize("model", [IPHONE, PIXEL], ids=["ios", "android"])


@behaviour(
    "1.4", "The queue survives the app's process; what was in flight is sent again, with the same _id.", Edge.die
)
@BOTH
@EACH_END
def test_the_queue_survives(model, end) -> None:
    desk = Desk(a_phone(model))
    ids = [made(desk.feed(n, calls(type)))[0].event_id for n, type in enumerate(("a.1", "a.2"))]
    first = desk.last

    effects = desk.dies(10, end)

    assert [effect for effect in effects if isinstance(effect, Unread)] == [Unread(first.id, (ids[0],))]
    assert desk.phone.queued == tuple(ids)
    assert not desk.phone.busy  # a dead process delivers nothing
    desk.feed(20, calls("a.3"))  # a process begins
    again = desk.last
    desk.drain(30)
    assert desk.names == ["a.1", "a.1", "a.2", "a.3"]
    assert again.id != first.id
    assert (again.event_ids, again.attempt, again.body) == (first.event_ids, 2, first.body)


@EACH_END
def test_an_answer_to_a_dead_process_is_not_read(end) -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls("a.1"))
    first = desk.last
    desk.dies(10, end)
    assert told(desk.feed(20, Replied(first.id, ok(framed(store(("k", "v", 60))))))) == []
    desk.feed(30, calls("a.2"))
    assert desk.names == ["a.1", "a.1"]
    assert "state" not in body_of(desk.last)["meta"]
    # nor does the answer to the first try count for the second
    desk.feed(40, Replied(first.id, ok()))
    assert len(desk.phone.queued) == 2


@EACH_END
def test_nothing_is_unread_where_nothing_was_in_flight(end) -> None:
    desk = Desk(a_phone())
    assert told(desk.feed(0, end)) == []
    desk.feed(10, calls())
    desk.answer(20, busy())
    assert told(desk.dies(30, end)) == []  # it was waiting for its next try


def test_a_set_consent_in_flight_is_sent_again_too() -> None:
    desk = Desk(a_phone())
    desk.feed(0, Consented("y"))
    first = desk.last
    desk.dies(10, Killed())
    desk.feed(20, calls())
    assert (desk.last.name, desk.last.body) == ("set-consent", first.body)


def test_a_wait_for_the_next_try_ends_with_the_process() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls("a.1"))
    desk.answer(10, busy("3600"))
    assert wake(desk.dies(20, Killed())) is None
    desk.feed(30, calls("a.2"))  # the new process knows nothing of the hour
    assert desk.names == ["a.1", "a.1"]


def test_an_event_that_consent_holds_is_held_over_a_kill() -> None:
    desk = Desk(a_phone(config=UNDECIDED))
    desk.feed(0, calls("a.1"))
    desk.dies(10, Killed())
    desk.feed(20, calls("a.2"))
    assert desk.sent == []
    desk.feed(30, Consented("y"))
    desk.drain(40)
    assert desk.names == ["a.1", "a.2", "set-consent"]


@behaviour("2.2", "State store and location hint are persisted over the app's process.", Edge.die)
@EACH_END
def test_state_and_hint_survive(end) -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls())
    desk.answer(10, ok(framed(store(("k", "v", 600)), location_hint("EdgeNetwork", "or2", 600))))
    desk.dies(20, end)
    desk.feed(30, calls())
    assert desk.last.target.startswith("/ee/or2/v1/interact?")
    assert body_of(desk.last)["meta"]["state"] == {"entries": [{"key": "k", "value": "v", "maxAge": 600}]}
    desk.answer(40)
    desk.feed(600_010, calls())  # counted from the answer, whatever happened in between
    assert desk.last.target.startswith("/ee/v1/interact?")
    assert "state" not in body_of(desk.last)["meta"]


@behaviour("7.2", "Identities are persisted over the app's process.", Phone)
@EACH_END
def test_identities_survive(end) -> None:
    desk = Desk(a_phone())
    desk.feed(0, Identified("custom", "a"))
    desk.dies(10, end)
    desk.feed(20, calls())
    assert list(identity_map(desk.last)) == ["ECID", "custom"]


# Edge.setLocationHint


@behaviour("2.2", "Edge.setLocationHint holds for 1800 s, and an empty hint clears it.", Edge.set_hint)
def test_a_hint_that_the_app_sets() -> None:
    desk = Desk(a_phone())
    desk.feed(1_000, HintSet("va6"))
    for at_ms, prefix in ((2_000, "/ee/va6/v1/"), (1_800_999, "/ee/va6/v1/"), (1_801_000, "/ee/v1/")):
        desk.feed(at_ms, calls())
        assert desk.last.target.startswith(prefix)
        desk.answer(at_ms)
    desk.feed(2_000_000, HintSet("va6"))
    desk.feed(2_000_001, HintSet(""))
    desk.feed(2_000_002, calls())
    assert desk.last.target.startswith("/ee/v1/")


def test_an_answer_replaces_the_hint_that_the_app_set() -> None:
    desk = Desk(a_phone())
    desk.feed(0, HintSet("va6"))
    desk.feed(1, calls())
    desk.answer(2, ok(framed(location_hint("EdgeNetwork", "or2", 60))))
    desk.feed(3, calls())
    assert desk.last.target.startswith("/ee/or2/v1/")


@behaviour(
    "1.2", "The Assurance token is read when a request is sent, and gone when the session has ended.", sdk.edge_headers
)
def test_an_assurance_session() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls())
    desk.feed(1, calls())  # queued before the session, sent in it
    desk.feed(2, AssuranceSet("4711|session"))
    desk.answer(3)
    desk.feed(4, Consented("y"))  # consent requests carry it too
    desk.answer(5)
    desk.feed(6, AssuranceSet(""))
    desk.answer(7)
    desk.feed(8, calls())
    token = b"X-Adobe-AEP-Validation-Token: 4711|session\r\n"
    assert [token in request.headers for request in desk.sent] == [False, True, True, False]


# A new installation


@behaviour(
    "7.1", "A new installation knows nothing of queue, store, hint, identities and consent of the one before.", Phone
)
@BOTH
def test_a_new_installation_begins_from_nothing(model) -> None:
    desk = Desk(a_phone(model))
    desk.feed(0, calls())
    desk.answer(10, ok(framed(store(("k", "v", 600)), location_hint("EdgeNetwork", "or2", 600))))
    desk.feed(20, Identified("custom", "a"))
    ids = [made(desk.feed(30, calls("a.1")))[0].event_id, made(desk.feed(31, calls("a.2")))[0].event_id]
    flying = desk.last

    effects = desk.dies(40, Reinstalled())

    assert effects[0] == Unread(flying.id, (ids[0],))
    assert told(effects)[1:] == [f"withheld {id}: the app was removed" for id in ids]
    assert (desk.phone.queued, desk.phone.busy) == ((), False)
    desk.feed(50, calls("a.3"))
    assert desk.last.name == "a.3"
    assert desk.last.target.startswith("/ee/v1/interact?")
    assert "state" not in body_of(desk.last)["meta"]
    assert list(identity_map(desk.last)) == ["ECID"]
    assert identity_map(desk.last)["ECID"] != identity_map(flying)["ECID"]
    assert desk.last.event_ids[0] not in ids  # ids go on where they were


def test_a_refusal_is_forgotten_with_the_installation() -> None:
    desk = Desk(a_phone())
    desk.feed(0, Consented("n"))
    desk.drain(10)
    desk.dies(20, Reinstalled())
    desk.feed(30, calls())
    assert desk.names == ["set-consent", "commerce.productViews"]


@behaviour("1.2", "An Edge request has 5 s to connect and 5 s to be answered.", Edge.next_request)
def test_the_timeout() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls())
    desk.feed(1, Consented("y"))
    desk.drain(2)
    assert [request.timeout_s for request in desk.sent] == [5.0, 5.0]


def test_time_alone_starts_no_process() -> None:
    desk = Desk(a_phone())
    desk.feed(0, calls())
    desk.dies(10, Killed())
    assert desk.feed(1_000_000, Due()) == []
    assert len(desk.sent) == 1
