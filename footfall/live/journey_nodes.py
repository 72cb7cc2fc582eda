"""The kinds of a journey's nodes as a table: which keys each has, how each is written, what it is by default."""

from __future__ import annotations

from typing import Any, get_args

from footfall.engine.app_forms import Distinct, Matching, Word
from footfall.live.journey_forms import Condition, Filled, Loopback, Moment
from footfall.live.platform_forms import JsonObject
from footfall.platform.journeys import types
from footfall.platform.journeys.types import END, Node, Reaction
from footfall.scenario.forms import Key, ListOf, MapOf, Number, Record, Text
from footfall.scenario.quantities import Quantity, WholeQuantity
from footfall.scenario.units import DURATION

TO = Text("the name of a node, or end", r"\w[\w-]*")
LASTING = WholeQuantity(Quantity(DURATION, positive=True))
_ON_ERROR = Key(TO, "", "on_error")

PATH = Record(
    "a map with when and next",
    types.Path,
    {"when": Key(Condition("condition", 'profile.loyalty.tier == "gold"')), "next": Key(TO)},
)

BUTTON = Record(
    "a map like {id: buy, label: Buy}",
    types.Button,
    {
        "id": Key(Matching("the id of a button, of letters, digits, - and _", r"[A-Za-z0-9_-]{1,40}")),
        "label": Key(Text("what the button says")),
    },
)


def _condition(path: types.Path) -> str:
    return str(path.when)


def _some(items: tuple[Any, ...]) -> str:
    return "" if items else "expected one at least, found an empty list"


PUSH: Record[dict[str, Any]] = Record(
    "a map with title, body, link and buttons",
    dict,
    {
        "title": Key(Filled("the title of the notification")),
        "body": Key(Filled("the text of the notification")),
        "link": Key(Text("a link such as footfall://cart", r"[!-~]+"), ""),
        "buttons": Key(Distinct(ListOf("a list of buttons", BUTTON), "the button", lambda one: one.id), ()),
    },
)
IN_APP: Record[dict[str, Any]] = Record(
    "a map with content, and surface where it is not the app's own",
    dict,
    {
        "content": Key(JsonObject("a map, which becomes the item's JSON object")),
        "surface": Key(Matching("a path below the app's surface such as offers/today", r"[A-Za-z0-9._/-]+"), ""),
    },
)
EMAIL: Record[dict[str, Any]] = Record(
    "a map with subject and body",
    dict,
    {"subject": Key(Filled("the subject of the e-mail")), "body": Key(Filled("the text of the e-mail"))},
)
SMS: Record[dict[str, Any]] = Record("a map with body", dict, {"body": Key(Filled("the text of the message"))})
WEBHOOK: Record[dict[str, Any]] = Record(
    "a map with url, body and timeout",
    dict,
    {
        "url": Key(Loopback()),
        "body": Key(Filled('what is sent, such as {"sku": "{{@bought.productListItems[0].SKU}}"}')),
        "timeout": Key(LASTING, 30 * types.SECOND_MS, "timeout_ms"),
    },
)


def _action(kind: str, make: Any, content: Record[Any]) -> Record[Node]:
    def made(content: dict[str, Any], next: str, on_error: str) -> Node:
        node: Node = make(next=next, on_error=on_error, **content)
        return node

    keys = {kind: Key(content, into="content"), "next": Key(TO), "on-error": _ON_ERROR}
    return Record(f"a map with {kind}, next and on-error", made, keys)


def _awaiting(events: tuple[tuple[str, str], ...], timeout_ms: int, on_timeout: str) -> types.Await:
    if timeout_ms and not on_timeout and len(events) == 1:
        on_timeout = events[0][1]  # without a path of its own the time-out is a wait that the event cuts short
    return types.Await(events, timeout_ms, on_timeout)


def _await_fault(node: Node) -> str:
    assert isinstance(node, types.Await)
    if node.on_timeout and not node.timeout_ms:
        return "on-timeout leads nowhere without a timeout: add one such as timeout: 1d"
    if node.timeout_ms and not node.on_timeout:
        return "where does the time-out lead? Add on-timeout, as there are several events"
    return ""


def _share_fault(node: Node) -> str:
    assert isinstance(node, types.Split)
    return "" if sum(share for _, share in node.shares) > 0 else "expected a share of more than 0, found none"


NODES: dict[str, Record[Node]] = {
    "wait": Record(
        "a map like {wait: 30m, next: remind}",
        types.Wait,
        {"wait": Key(LASTING, into="for_ms"), "next": Key(TO)},
    ),
    "until": Record(
        "a map like {until: 2026-11-28T10:00:00Z, next: remind}",
        types.Wait,
        {"until": Key(Moment(), into="until_ms"), "next": Key(TO)},
    ),
    "condition": Record(
        "a map with condition, otherwise and on-error",
        types.Condition,
        {
            "condition": Key(
                Distinct(ListOf("a list of paths, each {when: ..., next: ...}", PATH), "the path", _condition, _some),
                into="paths",
            ),
            "otherwise": Key(TO, END),
            "on-error": _ON_ERROR,
        },
    ),
    "split": Record(
        "a map like {split: {a: 0.5, b: 0.5}}",
        types.Split,
        {
            "split": Key(
                MapOf("a map of node to share like {a: 0.5, b: 0.5}", Number("a share from 0 up")), into="shares"
            )
        },
        _share_fault,
    ),
    "await": Record(
        "a map like {await: {purchase: thanks}, timeout: 1d, on-timeout: end}",
        _awaiting,
        {
            "await": Key(MapOf("a map of event to node like {purchase: thanks}", TO), into="events"),
            "timeout": Key(LASTING, 0, "timeout_ms"),
            "on-timeout": Key(TO, "", "on_timeout"),
        },
        _await_fault,
    ),
    "react": Record(
        "a map like {react: opened, timeout: 2h, next: end, on-timeout: mail}",
        types.React,
        {
            "react": Key(Word(get_args(Reaction)), into="to"),
            "timeout": Key(LASTING, into="timeout_ms"),
            "next": Key(TO),
            "on-timeout": Key(TO, END, "on_timeout"),
        },
    ),
    "push": _action("push", types.Push, PUSH),
    "in-app": _action("in-app", types.InApp, IN_APP),
    "email": _action("email", types.Email, EMAIL),
    "sms": _action("sms", types.Sms, SMS),
    "webhook": _action("webhook", types.Webhook, WEBHOOK),
}
