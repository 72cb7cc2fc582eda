"""What must be so before an action and what is so after it, and a walk over everything that can come about.

A situation abstracts a phone to four questions. Every situation of every state is visited once, nearest first, so the
way that a mistake names is a shortest one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from footfall.scenario.forms import Damage
from footfall.scenario.graph import Graph
from footfall.scenario.language import END
from footfall.scenario.types import (
    Action,
    Add,
    Background,
    Checkout,
    Launch,
    Login,
    OpenCart,
    Purchase,
    Remove,
    State,
    View,
    Walk,
)
from footfall.world.problems import Mistake, Path


class Situation(msgspec.Struct, frozen=True):
    """Is the app in the foreground; was anything viewed; is anything in the cart; was there a checkout of what is.

    None: after a mistake either may have been meant.
    """

    foreground: bool | None = False
    viewed: bool | None = False
    filled: bool | None = False
    checked_out: bool | None = False


class Need(msgspec.Struct, frozen=True):
    """The question that must have this answer, and what is said where it has the other."""

    question: str
    answer: bool
    otherwise: str


class Rule(msgspec.Struct, frozen=True):
    """What an action needs, the more basic first, and the answers it brings about."""

    needs: tuple[Need, ...] = ()
    sets: Mapping[str, bool] = {}


_IN_APP = Need("foreground", True, "while the app is in the background: launch comes first")
_CART = Need("filled", True, "with an empty cart: add comes first")

RULES: Mapping[type[Action], Rule] = {
    Launch: Rule((Need("foreground", False, "while the app is in the foreground already"),), {"foreground": True}),
    Background: Rule((Need("foreground", True, "while the app is in the background already"),), {"foreground": False}),
    Login: Rule((_IN_APP,)),
    Walk: Rule(),
    View: Rule((_IN_APP,), {"viewed": True}),
    Add: Rule(
        (_IN_APP, Need("viewed", True, "before anything was viewed: view comes first")),
        {"filled": True, "checked_out": False},
    ),
    Remove: Rule((_IN_APP,), {"checked_out": False}),  # it never takes the last product out
    OpenCart: Rule((_IN_APP,)),
    Checkout: Rule((_IN_APP, _CART), {"checked_out": True}),
    Purchase: Rule(
        (_IN_APP, _CART, Need("checked_out", True, "without a checkout since the cart last changed")),
        {"filled": False, "checked_out": False},
    ),
}

AT_END = Rule((Need("foreground", False, "with the app in the foreground: background comes first"),))
"""The end of the phone's life, seen as an action."""

Visit = tuple[str, Situation]
"""A state, and the situation in which a phone comes to it."""


def impossible(states: Mapping[str, State], graph: Graph, damage: Damage) -> Iterator[Mistake]:
    """Actions that a phone would come to in a situation where they make no sense, each once, with a way there.

    After such an action the walk goes on without an answer to what it needed: one mistake is told once, and not again
    at every later action. Where a state's actions cannot all be read, nothing is said about what comes after it.
    """
    if graph.start not in states:
        return
    told: set[tuple[Path, str]] = set()
    first: Visit = (graph.start, Situation())
    before: dict[Visit, Visit | None] = {first: None}
    queue = [first]
    for visit in queue:
        name, situation = visit
        actions: Path = ("states", name, "do")
        if damage.hides(actions) or any(damage.hides((*actions, index)) for index in range(len(states[name].do))):
            continue
        for path, what, rule in _steps(states[name], graph):
            afterwards, unmet = after(rule, situation)
            if unmet and (path, unmet.question) not in told:
                told.add((path, unmet.question))
                message = f"{what} {unmet.otherwise}, on the way {_way(before, visit)}"
                yield Mistake(path, message, at_key=rule is AT_END)
            if rule is not AT_END:
                situation = afterwards
        for way in graph.ways[name]:
            onward = (way, situation)
            if way != END and onward not in before:
                before[onward] = visit
                queue.append(onward)


def _steps(state: State, graph: Graph) -> Iterator[tuple[Path, str, Rule]]:
    """Where each action of the state is, how a problem speaks of it, and its rule; last of all the phone's end."""
    for index, action in enumerate(state.do):
        yield ("states", state.name, "do", index), f"{action.__struct_config__.tag} comes", RULES[type(action)]
    if END in graph.ways[state.name]:
        yield ("states", state.name, "next", END), "the phone's life ends", AT_END


def after(rule: Rule, situation: Situation) -> tuple[Situation, Need | None]:
    """The situation after an action, and the first of its needs that was not met."""
    unmet = [need for need in rule.needs if getattr(situation, need.question) is (not need.answer)]
    answers = dict.fromkeys(need.question for need in unmet) | dict(rule.sets)
    return msgspec.structs.replace(situation, **answers), unmet[0] if unmet else None


def _way(before: Mapping[Visit, Visit | None], visit: Visit) -> str:
    names: list[str] = []
    at: Visit | None = visit
    while at is not None:
        names.append(at[0])
        at = before[at]
    return " > ".join(reversed(names))
