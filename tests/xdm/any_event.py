"""Any event that any builder can make: Hypothesis strategies."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import get_args

import msgspec
from every_event import TENANT
from hypothesis import strategies as st

from footfall.world.catalogue import CATALOGUE, Product
from footfall.world.phones import MODELS
from footfall.world.pois import Poi
from footfall.xdm import app, lifecycle, messaging, places
from footfall.xdm.commerce import COMMERCE_KINDS, CartLine, OrderRef, Payment, PaymentType, commerce
from footfall.xdm.events import ExperienceEvent
from footfall.xdm.messaging import Proposition, PropositionEvent, PropositionItem, PushMessage, PushPlatform

texts = st.text(max_size=12)
names = st.text(min_size=1, max_size=12)
ids = st.text("ABCDEFabcdef0123456789-", min_size=1, max_size=12)
counts = st.integers(0, 2**31 - 1)
languages = st.sampled_from(["fi-FI", "sv", "en-US", "zh-Hant-TW", "de-DE-u-co-phonebk"])

# lifecycle
models = st.builds(
    lambda model, maker, name, number: msgspec.structs.replace(
        model, manufacturer=maker, model=name, model_number=number
    ),
    st.sampled_from(MODELS["ios"] + MODELS["android"]),
    names,
    names,
    names,
)
launches = st.builds(
    lifecycle.launch,
    st.builds(lifecycle.AppInfo, ids, names, names),
    models,
    languages,
    st.none() | texts,
    st.booleans(),
    st.booleans(),
    st.none() | st.dictionaries(names, texts, max_size=3),
)
closes = st.builds(lifecycle.close, st.none() | counts, st.sampled_from(["close", "unknown"]))

# places
pois = st.builds(
    Poi,
    ids,
    names,
    st.floats(-180, 180),
    st.floats(-90, 90),
    st.floats(10, 2_000),
    ids,
    st.integers(1, 1_000),
    texts,
    st.dictionaries(names | st.just("city"), texts, max_size=4).map(lambda pairs: tuple(pairs.items())),
)
ways = st.sampled_from(["entry", "exit"])
crossings = st.builds(places.location, ways, pois)
ruled = st.builds(
    places.rule_location,
    ways,
    pois,
    st.booleans(),
    st.sampled_from(get_args(places.Spelling)),
    ids | st.just(""),
)

# commerce
products = st.sampled_from(CATALOGUE) | st.builds(Product, ids, names, names, st.integers(1, 10**7))
lines = st.builds(CartLine, products, st.integers(1, 99), texts)
carts = st.lists(lines, max_size=30).map(tuple)


@st.composite
def orders(draw: st.DrawFn, cart: tuple[CartLine, ...]) -> OrderRef:
    """An order of this cart, paid in any number of payments of any size that add up to it."""
    total_cents = sum(line.total_cents for line in cart)
    cuts = sorted(draw(st.lists(st.integers(0, total_cents), max_size=4)))
    kinds = st.sampled_from(get_args(PaymentType))
    payments = tuple(Payment(draw(ids), draw(kinds), to - since) for since, to in pairwise([0, *cuts, total_cents]))
    return OrderRef(draw(ids), payments, draw(texts))


@st.composite
def purchases(draw: st.DrawFn) -> tuple[tuple[CartLine, ...], OrderRef]:
    """A cart with something in it, and its order."""
    cart = draw(carts.filter(bool))
    return cart, draw(orders(cart))


shopping = st.builds(commerce, st.sampled_from(COMMERCE_KINDS), carts, st.none(), ids | st.just("")) | st.builds(
    lambda bought, event_id: commerce("purchases", *bought, event_id), purchases(), ids | st.just("")
)

# app
event_ids = ids | st.just("")
of_app = st.one_of(
    st.builds(app.scene, st.just(TENANT), texts, event_ids),
    st.builds(app.interaction, st.just(TENANT), texts, event_ids),
    st.builds(app.loyalty, st.just(TENANT), counts, counts, st.none() | counts, event_ids),
)

# messaging
platforms: st.SearchStrategy[PushPlatform] = st.sampled_from(get_args(PushPlatform))
executions = st.dictionaries(
    st.sampled_from(["messageExecutionID", "messageID", "journeyVersionID", "journeyVersionInstanceId"]), texts
)
experiences = st.fixed_dictionaries(
    {},
    optional={
        "customerJourneyManagement": st.fixed_dictionaries({}, optional={"messageExecution": executions}),
        "decisioning": st.fixed_dictionaries({"exdRequestID": texts}),
        "campaign": st.fixed_dictionaries({"orchestration": st.fixed_dictionaries({"eventID": texts})}),
    },
)
pushes = st.builds(
    lambda id, key, members: PushMessage(id, json.dumps({key: members}).encode()),
    names,
    st.sampled_from(["cjm", "mixins"]),
    st.fixed_dictionaries({}, optional={"_experience": experiences}),
)
reactions = st.builds(
    messaging.push_reaction, pushes, st.none() | texts | st.just(messaging.DISMISS), st.booleans(), platforms, names
)
objects = st.dictionaries(texts, st.recursive(st.none() | st.booleans() | texts | st.integers(), st.lists), max_size=3)
items = st.builds(PropositionItem, texts, texts, objects.map(lambda each: json.dumps(each).encode()))
propositions = st.builds(
    Proposition,
    texts,
    texts,
    objects.map(lambda each: json.dumps(each).encode()),
    st.lists(items, max_size=3).map(tuple),
)
propositional = st.builds(
    messaging.proposition_event,
    st.sampled_from(get_args(PropositionEvent)),
    st.lists(
        propositions.flatmap(
            lambda each: st.tuples(
                st.just(each), st.lists(st.sampled_from(each.items)).map(tuple) if each.items else st.just(())
            )
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    st.none() | st.tuples(texts, texts),
    texts,
    tokens=st.lists(names, max_size=3).map(tuple),
)
of_messaging = st.one_of(
    st.builds(messaging.push_token, ids, texts, platforms, ids),
    reactions,
    st.builds(messaging.proposition_request, st.lists(texts, max_size=3).map(tuple)),
    propositional,
)

any_event: st.SearchStrategy[ExperienceEvent] = st.one_of(
    launches, closes, crossings, ruled, shopping, of_app, of_messaging
)
