"""Conditions of journeys: what holds of which payload, what is no condition and where, and that writing one down and
reading it again changes nothing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.platform.journeys import expression_tree as tree
from footfall.platform.journeys.expressions import ExpressionProblem, NoProfile, Scope, parse

SHOP = {
    "eventType": "location.entry",
    "placeContext": {"POIinteraction": {"poiDetail": {"name": "Steam Punk", "category": "shop"}}},
}
CART = {
    "eventType": "commerce.purchases",
    "commerce": {"purchases": {"value": 1}, "order": {"priceTotal": 24.5}},
    "productListItems": [
        {"SKU": "HAT", "quantity": 1, "priceTotal": 9.5},
        {"SKU": "BELT", "quantity": 3, "priceTotal": 15, "tags": ["wool", "red"]},
    ],
    "_footfall": {"vip": True, "old": False, "odd key": "x", "none": None, "list": []},
}

HOLDS = [
    ('eventType == "location.entry"', SHOP, True),
    ("eventType == 'location.entry'", SHOP, True),
    ('"location.entry" == eventType', SHOP, True),
    ('eventType == "location.exit"', SHOP, False),
    ('eventType != "location.exit"', SHOP, True),
    ('eventType == "location.entry" and placeContext.POIinteraction.poiDetail.category == "shop"', SHOP, True),
    # the deprecated spelling is another field
    ('placeContext.POIinteraction.POIDetail.category == "shop"', SHOP, False),
    # "and" binds more than "or", "not" more than both
    ('eventType == "a" and eventType == "b" or eventType == "location.entry"', SHOP, True),
    ('eventType == "a" and (eventType == "b" or eventType == "location.entry")', SHOP, False),
    ('not eventType == "a" and eventType == "location.entry"', SHOP, True),
    ('not (eventType == "a" or eventType == "location.entry")', SHOP, False),
    ("not not _footfall.vip", CART, True),
    # what is not there is null, and no comparison holds of null
    ('nothing == "x"', SHOP, False),
    ('nothing != "x"', SHOP, False),
    ("nothing < 5", SHOP, False),
    ('not nothing == "x"', SHOP, True),
    ("nothing is set", SHOP, False),
    ("nothing is not set", SHOP, True),
    ("eventType.deeper is set", SHOP, False),
    ("_footfall.none is not set", CART, True),
    ("_footfall.list is not set", CART, True),
    ("_footfall is set", CART, True),
    # order of numbers and of texts, never between them
    ("commerce.order.priceTotal > 24.4", CART, True),
    ("commerce.order.priceTotal >= 24.5", CART, True),
    ("commerce.order.priceTotal < 24.5", CART, False),
    ("commerce.order.priceTotal <= 24.5", CART, True),
    ("24 < commerce.order.priceTotal", CART, True),
    ("commerce.order.priceTotal > -1e2", CART, True),
    ('commerce.order.priceTotal == "24.5"', CART, False),
    ('commerce.order.priceTotal != "24.5"', CART, True),
    ('commerce.order.priceTotal > "2"', CART, False),
    ('eventType > "b"', CART, True),
    ("eventType > 5", CART, False),
    # a truth value is no number, though Python thinks so
    ("_footfall.vip == true", CART, True),
    ("_footfall.vip == 1", CART, False),
    ("_footfall.vip > 0", CART, False),
    ("commerce.purchases.value == true", CART, False),
    ("commerce.purchases.value == 1", CART, True),
    ("commerce.purchases.value == 1.0", CART, True),
    # a field alone, and a truth value alone
    ("_footfall.vip", CART, True),
    ("_footfall.old", CART, False),
    ("commerce.purchases.value", CART, False),
    ("true", CART, True),
    ("not false", CART, True),
    # texts
    ('eventType contains "purch"', CART, True),
    ('eventType contains "Purch"', CART, False),
    ('eventType starts with "commerce."', CART, True),
    ('eventType ends with "s"', CART, True),
    ('eventType equals ignoring case "COMMERCE.Purchases"', CART, True),
    ('commerce.order.priceTotal contains "2"', CART, False),
    ('eventType in ["commerce.purchases", "commerce.checkouts"]', CART, True),
    ('eventType in ["commerce.checkouts"]', CART, False),
    ('commerce.purchases.value in [2, 1, "x"]', CART, True),
    ("_footfall.vip in [1]", CART, False),
    # over a list any item will do
    ('productListItems.SKU == "BELT"', CART, True),
    ('productListItems.SKU == "SHOE"', CART, False),
    ('productListItems.SKU != "BELT"', CART, True),
    ('not productListItems.SKU == "BELT"', CART, False),
    ('productListItems.tags == "red"', CART, True),
    ('productListItems.tags contains "oo"', CART, True),
    ("productListItems.tags is set", CART, True),
    ('productListItems[0].SKU == "HAT"', CART, True),
    ('productListItems[1].SKU == "HAT"', CART, False),
    ('productListItems[7].SKU == "HAT"', CART, False),
    ('productListItems[1].tags[0] == "wool"', CART, True),
    ("productListItems[0] is set", CART, True),
    ("productListItems[2] is set", CART, False),
    ("eventType[0] is set", CART, False),
    ("count(productListItems) == 2", CART, True),
    ("count(productListItems.tags) == 2", CART, True),
    ("count(nothing) == 0", CART, True),
    ("sum(productListItems.quantity) >= 4", CART, True),
    ("sum(productListItems.priceTotal) == commerce.order.priceTotal", CART, True),
    ("sum(productListItems.SKU) == 0", CART, True),
    # a key that is no plain word, and fields on both sides
    ('_footfall."odd key" == "x"', CART, True),
    ("productListItems.quantity == commerce.purchases.value", CART, True),
    ("productListItems.quantity == _footfall.vip", CART, False),
    ("eventType contains _footfall", CART, False),
    ('"commerce.purchases.x" contains eventType', CART, True),
]


@pytest.mark.parametrize(("text", "payload", "holds"), HOLDS)
def test_what_holds(text, payload, holds):
    assert parse(text).holds(Scope(payload)) is holds


@pytest.mark.parametrize(("text", "payload", "holds"), HOLDS)
def test_what_is_written_again_means_the_same(text, payload, holds):
    again = parse(str(parse(text)))
    assert str(again) == str(parse(text))
    assert again.holds(Scope(payload)) is holds


def test_fields_of_events_and_of_the_profile():
    scope = Scope({"eventType": "x"}, {"visit": SHOP}, {"loyalty": {"tier": "gold"}, "_footfall": {"points": 10_000}})
    assert parse('@visit.eventType == "location.entry" and profile.loyalty.tier == "gold"').holds(scope)
    assert parse('profile."_footfall".points >= 10000 and eventType == "x"').holds(scope)
    # an event that has not come has no fields; one that has is set
    assert parse("@visit is set and @other is not set").holds(scope)
    assert not parse('@other.eventType == "x"').holds(scope)
    # Journey Optimizer lets a name begin with a digit
    assert parse("@1st_visit.points == 2").holds(Scope(events={"1st_visit": {"points": 2}}))


def test_who_has_no_profile_is_asked_only_where_it_matters():
    with pytest.raises(NoProfile):
        parse('profile.loyalty.tier == "gold"').holds(Scope())
    with pytest.raises(NoProfile):
        parse("profile.loyalty.tier").value(Scope())
    assert not parse('eventType == "x" and profile.loyalty.tier == "gold"').holds(Scope())
    assert not parse('profile.loyalty.tier == "gold"').holds(Scope(profile={}))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("commerce.order.priceTotal", 24.5),
        ("nothing", None),
        ("productListItems.SKU", ["HAT", "BELT"]),
        ("productListItems[0].SKU", "HAT"),
        ("productListItems[1].tags", ["wool", "red"]),
        ("_footfall.list", []),
        ("count(productListItems)", 2),
        ("sum(productListItems.quantity)", 4),
        ('eventType == "commerce.purchases"', True),
    ],
)
def test_what_a_text_is_filled_in_with(text, value):
    assert parse(text).value(Scope(CART)) == value


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ('eventType == "a"', {"a"}),
        ('eventType in ["a", "b"] and x == 1', {"a", "b"}),
        ('eventType in ["a", "b"] and eventType == "b"', {"b"}),
        ('eventType == "a" and eventType == "b"', set()),
        ('eventType == "a" or eventType == "b"', {"a", "b"}),
        # one way in without an eventType is any eventType
        ('eventType == "a" or x == 1', None),
        ('eventType starts with "a"', None),
        ('not eventType == "a"', None),
        ('@visit.eventType == "a"', None),
        ("x == 1", None),
    ],
)
def test_event_types_that_it_can_hold_for(text, types):
    assert parse(text).event_types == types


def test_its_fields_in_the_order_of_the_text():
    fields = parse('a.b == 1 and (@visit.x[0] is set or count(profile.y) > 1) and not c in ["d"]').fields
    assert [(field.root, field.path, field.column) for field in fields] == [
        ("", ("a", "b"), 1),
        ("visit", ("x", 0), 15),
        ("profile", ("y",), 43),
        ("", ("c",), 67),
    ]


PROBLEMS = [
    ("", 1, "expected a field such as eventType, or not, found the end"),
    ("a ==", 5, "expected a field, a text in quotes, a number, true or false, found the end"),
    ("a ==  ", 5, "expected a field, a text in quotes, a number, true or false, found the end"),
    ("a = 5", 3, 'expected an operator such as ==, contains or is set (for = write "=="), found ='),
    ("a == 1 && b", 8, 'expected and, or, or the end (for && write "and"), found &&'),
    ("a == 1 AND b", 8, 'expected and, or, or the end (for AND write "and"), found AND'),
    ("a == 1 b", 8, "expected and, or, or the end, found b"),
    ("a == 1)", 7, "expected and, or, or the end, found )"),
    ("(a == 1", 8, "expected ), found the end"),
    (
        "a == null",
        6,
        "expected a field, a text in quotes, a number, true or false "
        '(for null write "is set or is not set"), found null',
    ),
    ("profile", 8, "expected a field of the profile, such as profile.person.name.firstName, found the end"),
    ("@ visit", 1, "expected the name of an event of the journey after @, found @"),
    ("1 == 1", 6, "expected a field on one side, found 1"),
    ('"a" in ["a"]', 1, 'expected a field on one side, found "a"'),
    ('"a"', 4, "expected an operator such as ==, found the end"),
    ('"a" is set', 1, 'expected a field before is set, found "a"'),
    ("a starts x", 10, "expected with, found x"),
    ("a is", 5, "expected set, found the end"),
    ("a contains 5", 12, "expected a text in quotes beside contains, found 5"),
    ("a < true", 5, "expected a number or a text beside <, found true"),
    ('a["x"] == 1', 3, 'expected the number of an item, from 0 on, found "x"'),
    ("a[-1] == 1", 3, "expected the number of an item, from 0 on, found -1"),
    ("a in []", 7, "expected a text in quotes, a number, true or false, found ]"),
    ("a == 'x", 6, "expected a closing ', found the end"),
    (r'a == "\x"', 7, r"expected one of \\ \" \' \n \t \r, found \x"),
    ("a == 5m", 6, "expected a number such as 10 or -0.5, found 5m"),
    ("a == " + "1" * 41, 6, "expected a number of at most 40 digits, found " + "1" * 37 + "..."),
    ("a == 1e999", 6, "expected a smaller number, found 1e999"),
    ("a..b == 1", 3, "expected a key, in quotes if it is no plain word, found ."),
    ("count(a > 1", 9, "expected ), found >"),
    ("a == 1 # why", 8, "expected a field, a text in quotes, a number or an operator, found #"),
    ("(" * 60, 42, "expected conditions nested at most 40 deep, found more"),
    ("not " * 60, 165, "expected conditions nested at most 40 deep, found more"),
]


@pytest.mark.parametrize(("text", "column", "message"), PROBLEMS)
def test_what_is_no_condition(text, column, message):
    with pytest.raises(ExpressionProblem) as caught:
        parse(text)
    assert (caught.value.column, str(caught.value)) == (column, message)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('eventType == "a" and eventType == "b"', "eventType"),
        ('eventType in ["a", "b"] and x == 1 and eventType == "c"', "eventType"),
        ('(eventType == "a" and eventType == "b") or (x == 1 and x == 2)', "eventType"),
        # one way that can hold is enough
        ('(eventType == "a" and eventType == "b") or x == 1', None),
        ('eventType == "a" and not eventType == "b"', None),
        # a list can hold both
        ('items.SKU == "a" and items.SKU == "b"', None),
    ],
)
def test_what_cannot_hold(text, field):
    found = tree.contradiction(parse(text).tree, lambda field: field.path[0] != "items")
    assert (found and tree.written_operand(found)) == field


# Any text at all, and any tree

ALPHABET = ["and", "or", "not", "(", ")", "==", "<", "contains", "in", "[", "]", ",", "is", "set", "count", "sum", "@",
            "profile", ".", "a", "eventType", '"x"', "'", '"', "\\", "1", "-2.5", "true", " ", "\n", "ü"]  # fmt: skip


@given(st.text() | st.lists(st.sampled_from(ALPHABET)).map(" ".join) | st.lists(st.sampled_from(ALPHABET)).map("".join))
def test_any_text_is_a_condition_or_a_problem_with_a_column(text):
    try:
        parsed = parse(text)
    except ExpressionProblem as caught:
        problem = caught
    else:
        assert str(parse(str(parsed))) == str(parsed)
        parsed.holds(Scope(CART, {}, {}))
        return
    assert 1 <= problem.column <= len(text) + 1
    assert problem.expected
    assert problem.found


KEYS = st.sampled_from(["a", "_footfall", "is", "and", "odd key", 'quo"te', "back\\slash", "", "lines\n"])
FIELDS = st.builds(
    lambda root, first, more: tree.Field(root, (first, *more)),
    st.sampled_from(["", "profile", "visit", "1st"]),
    st.sampled_from(["a", "_footfall", "eventType"]),
    st.lists(KEYS | st.integers(0, 99), max_size=3),
)
NUMBERS = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.builds(tree.Constant, st.text())
LITERALS = st.builds(tree.Constant, st.booleans() | NUMBERS | st.text())
OPERANDS = FIELDS | st.builds(tree.Total, st.sampled_from(["count", "sum"]), FIELDS)
LEAVES = (
    st.builds(tree.Comparison, OPERANDS, st.sampled_from(["==", "!="]), OPERANDS | LITERALS)
    | st.builds(tree.Comparison, OPERANDS, st.sampled_from(["contains", "equals ignoring case", "<"]), OPERANDS | TEXTS)
    | st.builds(tree.OneOf, OPERANDS, st.lists(LITERALS, min_size=1, max_size=3).map(tuple))
    | st.builds(tree.IsSet, FIELDS, st.booleans())
    | st.builds(tree.Holds, OPERANDS)
)
TREES = st.recursive(
    LEAVES,
    lambda parts: (
        st.builds(tree.Not, parts)
        | st.builds(tree.And, st.lists(parts, min_size=2, max_size=3).map(tuple))
        | st.builds(tree.Or, st.lists(parts, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=12,
)


def without_columns(node):
    """The tree as plain data, columns taken out."""
    if isinstance(node, tree.Field | tree.Constant):
        node = msgspec.structs.replace(node, column=0)
    if isinstance(node, msgspec.Struct):
        return type(node).__name__, [without_columns(getattr(node, name)) for name in node.__struct_fields__]
    # 1, 1.0 and true are the same to Python, not to a condition
    return [without_columns(part) for part in node] if isinstance(node, tuple) else (type(node).__name__, node)


@given(TREES)
def test_a_tree_is_read_back_from_how_it_is_written(node):
    assert without_columns(parse(tree.written(node)).tree) == without_columns(node)


def test_an_expression_is_known_by_its_text_and_tree():
    # what was compiled meanwhile makes no difference
    one, other = parse("a == 1"), parse("a == 1")
    one.holds(Scope())
    assert one == other
    assert hash(one) == hash(other)
