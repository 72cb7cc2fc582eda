"""How a person walks: conditions, splits, waits, events with and without a time-out, exits, errors, busy moments."""

from __future__ import annotations

import msgspec
import pytest
from journey_words import (
    DAY_MS,
    END,
    HOUR_MS,
    MINUTE_MS,
    PUSH,
    START_MS,
    Anna,
    Await,
    Everybody,
    Latency,
    Reentrance,
    Wait,
    a_journey,
    at,
    engine,
    event,
    left,
    lived,
    messages,
    opened,
    purchase,
    steps,
    text,
    visit,
)

from footfall.platform.journeys.expressions import parse
from footfall.platform.journeys.messages import Step
from footfall.platform.journeys.types import Condition, Path, Split, Webhook

SECOND = 1_000
A_DAY = Await((("exit", "push"),), DAY_MS, "late")


@pytest.mark.parametrize(
    ("exit_ms", "told"),
    [
        # 23:59:59: the event's path
        (DAY_MS - SECOND, ["awaited await", "sent push", "ended push"]),
        (DAY_MS - 1, ["awaited await", "sent push", "ended push"]),
        # at its very end the time-out comes first, as after it (24:00:01)
        (DAY_MS, ["timeout await", "ended late"]),
        (DAY_MS + SECOND, ["timeout await", "ended late"]),
    ],
)
def test_an_event_with_a_time_out(exit_ms, told):
    run = engine(a_journey(nodes={"await": A_DAY, "push": PUSH, "late": Wait(END)}))
    assert steps(lived(run, visit(0), left(exit_ms)), "awaited", "timeout", "sent", "ended") == told


def test_of_several_events_the_first_to_occur_wins():
    nodes = {"await": Await((("exit", END), ("purchase", "push"))), "push": PUSH}
    run = engine(a_journey(nodes=nodes))
    effects = lived(run, visit(0), purchase(1), left(2))
    assert steps(effects, "awaited", "sent", "ended") == ["awaited await", "sent push", "ended push"]
    # without a time-out it listens for as long as the journey lasts
    assert run.due_ms is None


def test_an_event_that_is_both_entry_and_awaited_does_the_awaiting():
    run = engine(a_journey(nodes={"await": Await((("visit", "push"),)), "push": PUSH}))
    effects = lived(run, visit(0), visit(1))
    assert steps(effects, "entered", "awaited", "discarded", "ended") == ["entered", "awaited await", "ended push"]


def test_an_event_that_nobody_waits_for_passes():
    run = engine(a_journey(nodes={"wait": Wait(END, for_ms=HOUR_MS)}))
    assert steps(lived(run, left(0), visit(1), left(2))) == ["entered", "node wait"]
    counts = run.counts().journeys["welcome"]
    assert (counts.matched, counts.entered, counts.passed) == (3, 1, 2)


def test_an_exit_event_takes_out_wherever_they_are():
    # C03: purchase during the wait of an abandoned cart
    run = engine(a_journey(nodes={"wait": Wait("push", for_ms=30 * MINUTE_MS), "push": PUSH}, exits=("purchase",)))
    effects = lived(run, visit(0), purchase(30 * MINUTE_MS - 1), HOUR_MS)
    assert steps(effects, "sent", "exited", "ended") == ["exited wait"]
    assert run.counts().journeys["welcome"].exited == {"exit event": 1}
    # too late: the reminder is out
    effects = lived(run, visit(2 * HOUR_MS), purchase(2 * HOUR_MS + 30 * MINUTE_MS))
    assert steps(effects, "sent", "exited", "ended") == ["sent push", "ended push"]


@pytest.mark.parametrize(
    ("wait", "told"),
    [
        (Wait("push", for_ms=DAY_MS - 1), ["sent push", "ended push"]),
        # to the very end of the journey: what is due goes first
        (Wait("push", for_ms=DAY_MS), ["sent push", "ended push"]),
        # it cannot be entered
        (Wait("push", for_ms=DAY_MS + 1), ["exited wait"]),
        (Wait("push", until_ms=START_MS + HOUR_MS), ["sent push", "ended push"]),
        (Wait("push", until_ms=START_MS + 2 * DAY_MS), ["exited wait"]),
        # a moment that is past is no wait
        (Wait("push", until_ms=START_MS - 1), ["sent push", "ended push"]),
    ],
)
def test_a_wait_and_the_global_time_out(wait, told):
    run = engine(a_journey(nodes={"wait": wait, "push": PUSH}, timeout_ms=DAY_MS))
    assert steps(lived(run, visit(0), 3 * DAY_MS), "sent", "exited", "ended") == told


def test_the_global_time_out_takes_out_who_still_waits():
    run = engine(a_journey(nodes={"await": Await((("exit", END),))}, timeout_ms=DAY_MS))
    assert steps(lived(run, visit(0), DAY_MS - 1), "exited") == []
    effects = lived(run, DAY_MS)
    assert (steps(effects), at(effects, "exited")) == (["exited await"], [DAY_MS])


GOLD = Path(parse("profile.loyalty.points >= 100"), "push")
FAR = Path(parse("@visit.distance > 5"), "wait")


@pytest.mark.parametrize(
    ("node", "attributes", "told"),
    [
        # the first path that holds
        (Condition((GOLD, FAR)), {"loyalty": {"points": 100}}, ["sent push", "ended push"]),
        (Condition((FAR, GOLD)), {"loyalty": {"points": 100}}, ["ended wait"]),
        # by the event
        (Condition((GOLD, FAR)), {"loyalty": {"points": 99}}, ["ended wait"]),
        # none: out, or the other way
        (Condition((GOLD,)), {}, ["ended if"]),
        (Condition((GOLD,), otherwise="wait"), {}, ["ended wait"]),
        # no profile: out, or where errors lead; a path before it that needs none is taken
        (Condition((GOLD,)), None, ["failed if", "exited if"]),
        (Condition((GOLD,), on_error="wait"), None, ["failed if", "ended wait"]),
        (Condition((FAR, GOLD)), None, ["ended wait"]),
    ],
)
def test_a_condition(node, attributes, told):
    people = Everybody() if attributes is None else Everybody(anna=Anna(attributes))
    run = engine(a_journey(nodes={"if": node, "push": PUSH, "wait": Wait(END)}), people=people)
    assert steps(lived(run, visit(0, distance=6)), "sent", "failed", "exited", "ended") == told


def test_a_condition_sees_the_profile_of_its_own_moment():
    # J05: the profile comes later than the first event; a wait helps
    people = Everybody()
    nodes = {"wait": Wait("if", for_ms=MINUTE_MS), "if": Condition((GOLD,)), "push": PUSH}
    run = engine(a_journey(nodes=nodes), people=people)
    lived(run, visit(0))
    people.profiles["anna"] = Anna({"loyalty": {"points": 100}})
    assert steps(lived(run, MINUTE_MS), "sent", "failed") == ["sent push"]


def test_a_split_goes_by_shares_and_the_same_way_each_time():
    nodes = {"split": Split((("often", 3.0), ("rarely", 1.0))), "often": Wait(END), "rarely": Wait(END)}
    ways = []
    for _ in range(2):
        run = engine(a_journey(nodes=nodes))
        ways.append([steps(lived(run, visit(0, f"p{n}")), "ended")[0] for n in range(2_000)])
    assert ways[0] == ways[1]
    assert 1_400 < ways[0].count("ended often") < 1_600


def test_test_mode_waits_10_seconds_and_takes_the_top_branch():
    nodes = {"wait": Wait("split", for_ms=DAY_MS), "split": Split((("rare", 0.001), ("push", 999.0))), "push": PUSH}
    journey = a_journey(nodes=nodes | {"rare": Wait(END)}, dialect="legacy", mode="test")
    run = engine(journey, people=Everybody(anna=Anna(is_test=True)))
    assert at(lived(run, visit(0), DAY_MS), "ended") == [20 * SECOND]  # two waits


# Busy: the latency before the first action, and a webhook that is not answered

HOOK = Webhook("push", "http://127.0.0.1/hook", text('{"who": "', "{profile.person.name.firstName}", '"}'))


def test_the_first_action_comes_after_the_latency_and_no_later_one_does():
    journey = a_journey(
        nodes={"push": msgspec.structs.replace(PUSH, next="again"), "again": PUSH}, latency=Latency(MINUTE_MS, 0.5)
    )
    run = engine(journey)
    lived(run, visit(0))
    assert run.due_ms is not None
    effects = lived(run, 5 * MINUTE_MS)
    [first, second] = at(effects, "sent")
    assert 0 < first == second <= 5 * MINUTE_MS
    assert first + START_MS == messages(effects)[0].at_ms


def test_the_latency_never_exceeds_its_most():
    run = engine(a_journey(latency=Latency(10 * MINUTE_MS, 0.1, 5 * MINUTE_MS)))
    assert at(lived(run, visit(0), HOUR_MS), "sent") == [5 * MINUTE_MS]


def test_a_wait_that_is_longer_than_the_latency_hides_it():
    nodes = {"wait": Wait("push", for_ms=HOUR_MS), "push": PUSH}
    run = engine(a_journey(nodes=nodes, latency=Latency(MINUTE_MS)))
    assert at(lived(run, visit(0), DAY_MS), "sent") == [HOUR_MS]


def test_while_busy_ten_events_are_stacked_and_the_eleventh_is_discarded():
    nodes = {"push": msgspec.structs.replace(PUSH, next="await"), "await": Await((("exit", "two"),))}
    nodes["two"] = Await((("exit", END),))
    run = engine(a_journey(nodes=nodes, latency=Latency(MINUTE_MS, 0.0)))
    effects = lived(run, visit(0), *(left(n, id=f"exit {n}") for n in range(1, 12)))
    stacked = ["stacked push"] * 10
    assert steps(effects, "stacked", "discarded") == [*stacked, "discarded maxInstanceStackEventsReached"]
    # replayed in order when the push is out: two of them are awaited, the others mean nothing any more
    effects = lived(run, MINUTE_MS)
    awaited = [each for each in effects if isinstance(each, Step) and each.kind in ("sent", "awaited", "ended")]
    assert [f"{each.kind} {each.event}".strip() for each in awaited] == [
        "sent",
        "awaited exit 1",
        "awaited exit 2",
        "ended",
    ]
    counts = run.counts().journeys["welcome"]
    assert (counts.consumed, counts.passed, counts.stacked) == (2, 8, 0)


def test_a_webhook_holds_the_person_until_it_is_answered():
    run = engine(a_journey(nodes={"hook": HOOK, "push": PUSH}, exits=("purchase",)))
    effects = lived(run, visit(0))
    [hook] = messages(effects)
    assert (hook.channel, hook.to, bytes(hook.content)) == ("webhook", HOOK.url, b'{"who":"Anna"}')
    assert run.unanswered == {hook.id}
    # meanwhile an exit event waits on the stack
    assert steps(lived(run, purchase(1))) == ["stacked hook"]
    effects = run.answered(hook.id, True, START_MS + 2)
    assert steps(effects, "sent", "ended", "exited") == ["sent push", "ended push"]
    # once only
    assert run.answered(hook.id, True, START_MS + 3) == []
    assert run.unanswered == frozenset()


@pytest.mark.parametrize(
    ("on_error", "told"), [("", ["failed hook", "exited hook"]), ("push", ["failed hook", "sent push", "ended push"])]
)
def test_a_webhook_that_failed(on_error, told):
    hook = msgspec.structs.replace(HOOK, next=END, on_error=on_error)
    run = engine(a_journey(nodes={"hook": hook, "push": PUSH}))
    [message] = messages(lived(run, visit(0)))
    effects = run.answered(message.id, False, START_MS + 1, "503 after 3 retries")
    assert steps(effects, "failed", "sent", "exited", "ended") == told
    assert "503 after 3 retries" in [each.why for each in effects if isinstance(each, Step)]


def test_a_webhook_that_is_never_answered_leaves_by_the_global_time_out():
    run = engine(a_journey(nodes={"hook": HOOK, "push": PUSH}, timeout_ms=DAY_MS))
    [message] = messages(lived(run, visit(0)))
    assert steps(lived(run, DAY_MS)) == ["exited hook"]
    assert run.answered(message.id, True, START_MS + DAY_MS + 1) == []


def test_a_webhook_without_json_fails():
    run = engine(a_journey(nodes={"hook": msgspec.structs.replace(HOOK, body=text('{"n": ', "{profile.n}", "}"))}))
    assert steps(lived(run, visit(0)), "failed", "exited") == ["failed hook", "exited hook"]


def test_what_is_filled_into_a_webhook_leaves_the_json_whole():
    anna = Anna({"name": 'An"na\n', "tags": ["a"]})
    body = text('{"who": "', "{profile.name}", '", "tags": ', "{profile.tags}", "}")
    run = engine(a_journey(nodes={"hook": msgspec.structs.replace(HOOK, body=body)}), people=Everybody(anna=anna))
    [message] = messages(lived(run, visit(0)))
    assert msgspec.json.decode(message.content) == {"who": 'An"na\n', "tags": ["a"]}


# Pause


def test_while_paused_time_stands_still_and_what_is_due_happens_at_resume():
    run = engine(a_journey(nodes={"wait": Wait("push", for_ms=HOUR_MS), "push": PUSH}))
    lived(run, visit(0))
    run.pause("welcome", START_MS + 1)
    assert steps(lived(run, visit(2), visit(3, "bert"), 2 * HOUR_MS)) == [
        "discarded JOURNEY_IN_PAUSED_STATE",
        "discarded PAUSED_JOURNEY_VERSION",
    ]
    effects = run.resume("welcome", START_MS + 3 * HOUR_MS)
    assert (steps(effects, "sent", "ended"), at(effects, "sent")) == (["sent push", "ended push"], [3 * HOUR_MS])


def test_a_pause_beyond_the_global_time_out_leads_out():
    run = engine(a_journey(nodes={"wait": Wait("push", for_ms=HOUR_MS), "push": PUSH}, timeout_ms=DAY_MS))
    lived(run, visit(0))
    run.pause("welcome", START_MS + 1)
    assert steps(run.resume("welcome", START_MS + 2 * DAY_MS)) == ["exited wait"]


def test_an_answer_during_a_pause_waits_for_resume():
    run = engine(a_journey(nodes={"hook": HOOK, "push": PUSH}))
    [message] = messages(lived(run, visit(0)))
    run.pause("welcome", START_MS + 1)
    assert run.answered(message.id, True, START_MS + 2) == []
    assert run.due(START_MS + 3) == []
    assert steps(run.resume("welcome", START_MS + 4), "sent", "ended") == ["sent push", "ended push"]


# Order


def test_what_wakes_at_the_same_millisecond_goes_by_since_when_it_waits():
    nodes = {"wait": Wait("push", until_ms=START_MS + HOUR_MS), "push": PUSH}
    people = [f"p{n}" for n in range(20)]
    run = engine(a_journey(nodes=nodes), people=Everybody(**dict.fromkeys(people, Anna())))
    lived(run, *(visit(n, key) for n, key in enumerate(people)))
    assert [each.key for each in messages(lived(run, HOUR_MS))] == people


def test_an_event_whose_moment_is_past_happens_now():
    run = engine(a_journey())
    lived(run, HOUR_MS)
    assert at(lived(run, visit(0)), "entered") == [HOUR_MS]


def test_a_loop_without_a_wait_ends_the_walk():
    run = engine(a_journey(nodes={"a": Condition((), otherwise="b"), "b": Condition((), otherwise="a")}))
    assert steps(lived(run, visit(0)), "exited") == ["exited b"]


def test_a_loop_with_a_wait_gives_no_message_id_twice():
    nodes = {"push": msgspec.structs.replace(PUSH, next="wait"), "wait": Wait("push", for_ms=HOUR_MS)}
    run = engine(a_journey(nodes=nodes, timeout_ms=DAY_MS, reentrance=Reentrance(allowed=False)))
    sent = messages(lived(run, visit(0), 2 * DAY_MS))
    assert len({each.id for each in sent}) == len(sent) == 25


def test_what_no_rule_matches_is_counted():
    run = engine(a_journey())
    assert lived(run, event("application.launch", 0)) == []
    assert run.counts().unmatched == 1


def test_a_time_out_of_a_node_that_was_left_moves_nobody():
    nodes = {"await": Await((("exit", "wait"),), HOUR_MS, END), "wait": Wait(END, for_ms=DAY_MS)}
    run = engine(a_journey(nodes=nodes))
    lived(run, visit(0), left(1))
    assert steps(lived(run, 2 * HOUR_MS)) == []
    assert at(lived(run, 2 * DAY_MS), "ended") == [DAY_MS + 1]


def test_after_a_restart_a_webhook_is_still_waited_for():
    journey = a_journey(nodes={"hook": HOOK, "push": PUSH})
    run, again = engine(journey), engine(journey)
    [message] = messages(lived(run, visit(0)))
    again.restore(run.changed(), run.standing())
    assert again.unanswered == {message.id}
    assert steps(again.answered(message.id, True, START_MS + 1), "sent", "ended") == ["sent push", "ended push"]


def test_a_reaction_on_the_stack_of_one_who_left_passes():
    run = engine(a_journey(nodes={"push": msgspec.structs.replace(PUSH, next="hook"), "hook": HOOK}))
    push, hook = messages(lived(run, visit(0)))
    assert steps(lived(run, opened(push, 1))) == ["reacted hook", "stacked hook"]
    run.answered(hook.id, False, START_MS + 2)
    counts = run.counts().journeys["welcome"]
    assert (counts.opened, counts.passed, counts.stacked) == (1, 1, 0)
