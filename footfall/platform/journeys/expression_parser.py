"""The text of a condition in, its tree out, or the column of what is wrong. The language is told in `expressions`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Literal

import msgspec

from footfall.platform.journeys.expression_tree import (
    PROFILE,
    WORD,
    And,
    Comparison,
    Constant,
    Field,
    Holds,
    IsSet,
    Node,
    Not,
    OneOf,
    Operand,
    Operator,
    Or,
    Total,
)

DEEPEST = 40
"""How many parentheses and "not" may lie within one another."""

LONGEST_NUMBER = 40


class ExpressionProblem(Exception):
    """A text that is no condition. `column` counts from 1 in it; `expected` and `found` are parts of a sentence."""

    def __init__(self, column: int, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.column, self.expected, self.found = column, expected, found


Kind = Literal["event", "word", "text", "number", "sign", "end"]


class _Token(msgspec.Struct, frozen=True):
    kind: Kind
    text: str
    column: int

    @property
    def shown(self) -> str:
        if self.kind == "end":
            return "the end"
        return self.text if len(self.text) <= 40 else self.text[:37] + "..."


_TOKEN = re.compile(
    rf"""(?P<event>@[A-Za-z0-9_]+)
    | (?P<word>{WORD})
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_]))
    | (?P<sign>==|!=|<=|>=|&&|\|\||[<>=!()\[\].,])""",
    re.VERBOSE | re.DOTALL,
)
_SPACE = re.compile(r"\s*")

_OPERATORS: Mapping[str, tuple[str, Operator]] = {
    "==": ("", "=="),
    "!=": ("", "!="),
    "<": ("", "<"),
    "<=": ("", "<="),
    ">": ("", ">"),
    ">=": ("", ">="),
    "contains": ("", "contains"),
    "starts": ("with", "starts with"),
    "ends": ("with", "ends with"),
    "equals": ("ignoring case", "equals ignoring case"),
}
"""By its first word: the words that must follow, and the operator."""

_OF_TEXTS = ("contains", "starts with", "ends with", "equals ignoring case")
_OF_ORDER = ("<", "<=", ">", ">=")

_INSTEAD = {
    "=": "==", "!": "not", "&&": "and", "||": "or", "AND": "and", "OR": "or", "NOT": "not",
    "null": "is set or is not set", "None": "is set or is not set", "True": "true", "False": "false",
}  # fmt: skip
"""What people write in other languages, and what it is here."""

_NO_FIELDS = frozenset({"and", "or", "not", "in", "is", "true", "false", *_OPERATORS, *_INSTEAD})

_BINDS: Mapping[str, int] = {"or": 1, "and": 2}

_ESCAPES = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "t": "\t", "r": "\r"}


def parse_tree(text: str) -> Node:
    """The tree of a condition. Raises ExpressionProblem, and nothing else."""
    parser = _Parser(_tokens(text))
    tree = parser.condition(1, 0)
    parser.end()
    return tree


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while (at := _end_of(_SPACE.match(text, at))) < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionProblem(at + 1, *_no_token(text, at))
        kind: Kind = match.lastgroup  # type: ignore[assignment]
        tokens.append(_Token(kind, match.group(), at + 1))
        at = match.end()
    tokens.append(_Token("end", "", len(text.rstrip()) + 1))
    return tokens


def _end_of(match: re.Match[str] | None) -> int:
    assert match is not None  # what matches nothing matches always
    return match.end()


def _no_token(text: str, at: int) -> tuple[str, str]:
    if text[at] == "@":
        return "the name of an event of the journey after @", text[at : at + 20].split()[0]
    if text[at] in "\"'":
        return f"a closing {text[at]}", "the end"
    if text[at].isdigit() or (text[at] == "-" and text[at + 1 : at + 2].isdigit()):
        return "a number such as 10 or -0.5", text[at : at + 20].split()[0]
    return "a field, a text in quotes, a number or an operator", text[at]


class _Parser:
    """Precedence climbing over the tokens of one text."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def end(self) -> None:
        if self._next.kind != "end":
            raise self._problem("and, or, or the end")

    def condition(self, least: int, depth: int) -> Node:
        """What is joined by operators that bind at least as strongly as `least`."""
        left = self._part(depth)
        while (binds := _BINDS.get(self._next.text, 0)) >= least and self._next.kind == "word":
            parts = [left]
            word = self._next.text
            while self._take("word", word):
                parts.append(self.condition(binds + 1, depth))
            left = And(tuple(parts)) if word == "and" else Or(tuple(parts))
        return left

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, kind: Kind, text: str) -> bool:
        if self._next.kind == kind and self._next.text == text:
            self._at += 1
            return True
        return False

    def _need(self, kind: Kind, text: str) -> None:
        if not self._take(kind, text):
            raise self._problem(text)

    def _problem(self, expected: str) -> ExpressionProblem:
        token = self._next
        meant = _INSTEAD.get(token.text) if token.kind in ("word", "sign") else None
        return ExpressionProblem(token.column, f'{expected} (for {token.text} write "{meant}")' if meant else expected,
                                 token.shown)  # fmt: skip

    def _part(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise ExpressionProblem(self._next.column, f"conditions nested at most {DEEPEST} deep", "more")
        if self._take("word", "not"):
            return Not(self._part(depth + 1))
        if self._take("sign", "("):
            inner = self.condition(1, depth + 1)
            self._need("sign", ")")
            return inner
        return self._comparison()

    def _comparison(self) -> Node:
        start = self._next
        left = self._operand("a field such as eventType, or not")
        if self._take("word", "is"):
            negated = self._take("word", "not")
            self._need("word", "set")
            if not isinstance(left, Field):
                raise ExpressionProblem(start.column, "a field before is set", start.shown)
            return IsSet(left, negated)
        if self._take("word", "in"):
            self._no_literal(left, start)
            return OneOf(left, self._list())
        operator = self._operator()
        if operator is None:
            if isinstance(left, Constant) and not isinstance(left.value, bool):
                raise self._problem("an operator such as ==")
            return Holds(left)
        second = self._next
        right = self._operand("a field, a text in quotes, a number, true or false")
        if isinstance(left, Constant):
            self._no_literal(right, second)
        for operand, token in ((left, start), (right, second)):
            value = operand.value if isinstance(operand, Constant) else None
            if operator in _OF_TEXTS and value is not None and not isinstance(value, str):
                raise ExpressionProblem(token.column, f"a text in quotes beside {operator}", token.shown)
            if operator in _OF_ORDER and isinstance(value, bool):
                raise ExpressionProblem(token.column, f"a number or a text beside {operator}", token.shown)
        return Comparison(left, operator, right)

    @staticmethod
    def _no_literal(operand: Operand, token: _Token) -> None:
        if isinstance(operand, Constant):
            raise ExpressionProblem(token.column, "a field on one side", token.shown)

    def _operator(self) -> Operator | None:
        token = self._next
        if token.kind not in ("word", "sign") or token.text not in _OPERATORS:
            if token.kind == "end" or token.text in ("and", "or", ")"):
                return None
            raise self._problem("an operator such as ==, contains or is set")
        self._at += 1
        words, operator = _OPERATORS[token.text]
        for word in words.split():
            self._need("word", word)
        return operator

    def _operand(self, expected: str) -> Operand:
        token = self._next
        if token.kind in ("text", "number") or (token.kind == "word" and token.text in ("true", "false")):
            return self._literal()
        if token.kind == "word" and token.text in ("count", "sum") and self._tokens[self._at + 1].text == "(":
            self._at += 2
            field = self._field("a field")
            self._need("sign", ")")
            return Total("count" if token.text == "count" else "sum", field)
        return self._field(expected)

    def _field(self, expected: str) -> Field:
        token = self._next
        root, path = "", []
        if token.kind == "event":
            root = token.text[1:]
        elif token.kind != "word" or token.text in _NO_FIELDS:
            raise self._problem(expected)
        else:
            path.append(token.text)
        self._at += 1
        steps = [*path, *self._steps()]
        if steps[:1] == [PROFILE] and not root:
            if len(steps) == 1:
                raise self._problem("a field of the profile, such as profile.person.name.firstName")
            root, steps = PROFILE, steps[1:]
        return Field(root, tuple(steps), token.column)

    def _steps(self) -> list[str | int]:
        steps: list[str | int] = []
        while True:
            if self._take("sign", "."):
                token = self._next
                if token.kind == "word":
                    steps.append(token.text)
                elif token.kind == "text":
                    steps.append(_unquoted(token))
                else:
                    raise self._problem("a key, in quotes if it is no plain word")
                self._at += 1
            elif self._take("sign", "["):
                token = self._next
                if token.kind != "number" or not re.fullmatch("[0-9]{1,9}", token.text):
                    raise self._problem("the number of an item, from 0 on")
                steps.append(int(token.text))
                self._at += 1
                self._need("sign", "]")
            else:
                return steps

    def _list(self) -> tuple[Constant, ...]:
        self._need("sign", "[")
        values = [self._literal()]
        while self._take("sign", ","):
            values.append(self._literal())
        self._need("sign", "]")
        return tuple(values)

    def _literal(self) -> Constant:
        token = self._next
        if token.kind == "text":
            value: str | int | float | bool = _unquoted(token)
        elif token.kind == "number":
            value = _number(token)
        elif token.kind == "word" and token.text in ("true", "false"):
            value = token.text == "true"
        else:
            raise self._problem("a text in quotes, a number, true or false")
        self._at += 1
        return Constant(value, token.column)


def _number(token: _Token) -> int | float:
    if len(token.text) > LONGEST_NUMBER:
        raise ExpressionProblem(token.column, f"a number of at most {LONGEST_NUMBER} digits", token.shown)
    if re.fullmatch("-?[0-9]+", token.text):
        return int(token.text)
    value = float(token.text)
    if not isfinite(value):
        raise ExpressionProblem(token.column, "a smaller number", token.shown)
    return value


def _unquoted(token: _Token) -> str:
    def plain(match: re.Match[str]) -> str:
        char = match[1]
        if char not in _ESCAPES:
            raise ExpressionProblem(token.column + 1 + match.start(), "one of \\\\ \\\" \\' \\n \\t \\r", match.group())
        return _ESCAPES[char]

    return re.sub(r"\\(.)", plain, token.text[1:-1], flags=re.DOTALL)
