"""The checker `causal`: causes come before effects, for each phone."""

from __future__ import annotations

import pytest
from literal_ops import ADD, BUY, CHECKOUT, CLOSE, ENTRY, LAUNCH, REMOVE, VIEW, created, lived, started

from footfall.evidence.causal import causal
from footfall.evidence.manifest import Expectations
from footfall.evidence.ops import Forgotten

EXPECTATIONS = Expectations(states=(), places=(), covered_from_phones=10)


def did(type, *skus, phone=0, **changes):
    return created(f"{type}-{phone}", 0, type, phone=phone, skus=skus, **changes)


def forgotten(what="app", phone=0):
    return Forgotten(phone=phone, what=what, at_ms=0)


def check(*ops, phones=10):
    return causal(ops, EXPECTATIONS, phones)


@pytest.mark.parametrize(
    "ops",
    [
        [did(LAUNCH), did(VIEW), did(ADD, ("s", 1)), did(CHECKOUT, ("s", 1)), did(BUY, ("s", 1)), did(CLOSE)],
        # a part of the cart is bought; it is empty afterwards
        [did(LAUNCH), did(ADD, ("s", 2), ("t", 1)), did(BUY, ("s", 1)), did(ADD, ("s", 1)), did(BUY, ("s", 1))],
        # added in two steps, bought in one
        [did(LAUNCH), did(ADD, ("s", 1)), did(ADD, ("s", 2)), did(BUY, ("s", 3))],
        # two of three are left
        [did(LAUNCH), did(ADD, ("s", 3)), did(REMOVE, ("s", 1)), did(BUY, ("s", 2))],
        # the cart outlives the app's close
        [did(LAUNCH), did(ADD, ("s", 1)), did(CLOSE), did(LAUNCH), did(BUY, ("s", 1))],
        # a place is entered with the app closed
        [did(ENTRY, place="cafe"), did(LAUNCH), did(ADD, ("s", 1)), did(BUY, ("s", 1))],
        # removed while it was open, and installed anew: nobody sends the close that is missing
        [did(LAUNCH), forgotten(), did(LAUNCH), did(ADD, ("s", 1)), did(BUY, ("s", 1)), did(CLOSE)],
        # removed before it was ever opened
        [forgotten(), did(LAUNCH), did(ADD, ("s", 1)), did(BUY, ("s", 1))],
        # after a crash the next start sends the close that is missing, then the launch
        [did(LAUNCH), did(ADD, ("s", 1)), did(CLOSE), did(LAUNCH), did(BUY, ("s", 1)), did(CLOSE)],
    ],
)
def test_honest_shoppers(ops):
    its = check(started(), *ops, lived())
    assert (its.validity, its.findings) == ("valid", ())


@pytest.mark.parametrize(
    ("ops", "message"),
    [
        # bought without being added; more than was added; after it was removed; twice
        ([did(LAUNCH), did(BUY, ("s", 1))], "commerce.purchases of what is not in the cart: 1 of s"),
        (
            [did(LAUNCH), did(ADD, ("s", 1)), did(BUY, ("s", 3))],
            "commerce.purchases of what is not in the cart: 2 of s",
        ),
        (
            [did(LAUNCH), did(ADD, ("s", 1)), did(REMOVE, ("s", 1)), did(BUY, ("s", 1))],
            "commerce.purchases of what is not in the cart: 1 of s",
        ),
        (
            [did(LAUNCH), did(ADD, ("s", 1)), did(BUY, ("s", 1)), did(BUY, ("s", 1))],
            "commerce.purchases of what is not in the cart: 1 of s",
        ),
        # one SKU in two items counts together
        (
            [did(LAUNCH), did(ADD, ("s", 1)), did(BUY, ("s", 1), ("s", 1))],
            "commerce.purchases of what is not in the cart: 1 of s",
        ),
        # another phone's cart is not one's own
        (
            [did(LAUNCH, phone=1), did(ADD, ("s", 1), phone=1), did(LAUNCH), did(BUY, ("s", 1))],
            "commerce.purchases of what is not in the cart: 1 of s",
        ),
        ([did(LAUNCH), did(CHECKOUT, ("s", 1))], "commerce.checkouts of what is not in the cart: 1 of s"),
        ([did(LAUNCH), did(REMOVE, ("s", 1))], "commerce.productListRemovals of what is not in the cart: 1 of s"),
        ([did(LAUNCH), did(BUY)], "bought nothing: a purchase without products"),
        # the app
        ([did(CLOSE)], "closed the app without a launch before"),
        ([did(LAUNCH), did(CLOSE), did(CLOSE)], "closed the app without a launch before"),
        ([did(LAUNCH), did(LAUNCH)], "launched the app twice without a close between"),
        ([did(LAUNCH), forgotten(phone=1), did(LAUNCH)], "launched the app twice without a close between"),
        ([did(LAUNCH), forgotten("regions"), did(LAUNCH)], "launched the app twice without a close between"),
        ([did(LAUNCH), forgotten(), did(CLOSE)], "closed the app without a launch before"),
        ([did(LAUNCH), forgotten(), did(VIEW)], "commerce.productViews while the app was closed"),
        ([did(VIEW)], "commerce.productViews while the app was closed"),
        ([did(LAUNCH), did(CLOSE), did(VIEW)], "commerce.productViews while the app was closed"),
    ],
)
def test_planted_effects_without_a_cause_are_convicted(ops, message):
    its = check(started(), *ops)
    assert its.validity == "invalid"
    assert [finding.message for finding in its.findings if finding.kind == "order"] == [f"phone 0: {message}"]


@pytest.mark.parametrize("excuse", [{"fault": "purchase-before-add"}, {"bad": True}])
def test_a_deliberate_disorder_is_excused_and_counted(excuse):
    its = check(did(LAUNCH), did(BUY, ("s", 1), **excuse), did(CLOSE))
    assert (its.validity, its.facts["excused"]) == ("valid", 1)


def test_without_a_purchase_a_large_population_is_unknown_and_a_small_one_valid_with_a_note():
    ops = [did(LAUNCH), did(ADD, ("s", 1)), did(CLOSE)]
    assert check(*ops, phones=10).validity == "unknown"
    small = check(*ops, phones=9)
    assert (small.validity, [finding.kind for finding in small.findings]) == ("valid", ["vacuous"])
