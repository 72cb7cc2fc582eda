"""Writes docs/sdk-behaviours.md: what the SDK does, where the package does it, and the test that holds it to that.

    python tools/sdk_behaviours.py            writes the file
    python tools/sdk_behaviours.py --check    fails if the file is not what would be written

The rows are the marks on the tests themselves (tests/phone/sdk_behaviour.py), so that none can be left behind.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests" / "phone"
PAGE = ROOT / "docs" / "sdk-behaviours.md"

# where a section of the collection begins, and what it is called here
CHAPTERS = (
    ("0", "In general"),
    ("1", "Edge request"),
    ("2", "Edge response"),
    ("3", "Lifecycle"),
    ("4", "Places"),
    ("5", "Commerce and app"),
    ("6", "Messaging"),
    ("7", "Identity"),
    ("7.3", "Consent"),
    ("8", "Assurance"),
    ("9", "Known faults"),
    ("10", "Not settled"),
)

HEAD = """# What the SDK does, and where it is done

Made by `python tools/sdk_behaviours.py` of the marks on the tests; do not edit it by hand. A row is one behaviour of
Adobe's Mobile SDK, with what switches it on or sets it where something does, what implements it, and the tests in
`tests/phone` that hold it.

The numbers of sections are those of our own collection of facts from Adobe's public repositories (mobile-sdk.md, which
is not part of this project); rows with the same number belong together.

What stands under "set by" is a key of an app file by its path ([apps/shop.yaml](../apps/shop.yaml) has all of them), a
word of a scenario, or an option of `locust`. Where nothing stands, no such word sets it.
"""


class Row:
    """One behaviour. `where`: the objects that implement it; `tests`: `file::name` of those that hold it; `keys`: what
    switches or sets it."""

    def __init__(self, section: str, what: str) -> None:
        self.section = section
        self.what = what
        self.where: list[Any] = []
        self.tests: list[str] = []
        self.keys: list[str] = []


def rows() -> list[Row]:
    """All behaviours in the order of their sections; one that several tests are marked with is one row."""
    found: dict[tuple[str, str], Row] = {}
    for module in _test_modules():
        for name, test in _tests(module):
            for mark in getattr(test, "sdk_behaviours", ()):
                row = found.setdefault((mark.section, mark.what), Row(mark.section, mark.what))
                row.where += [each for each in mark.where if each not in row.where]
                row.keys += [each for each in mark.keys if each not in row.keys]
                row.tests.append(f"{module.__name__}.py::{name}")
    return sorted(found.values(), key=lambda row: _number(row.section))


def _test_modules() -> Iterator[ModuleType]:
    if str(TESTS) not in sys.path:
        sys.path.append(str(TESTS))
    for path in sorted(TESTS.glob("test_*.py")):
        yield importlib.import_module(path.stem)


def _tests(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """(name, test) of the functions, classes and methods of the module itself that are tests."""
    for name, each in vars(module).items():
        if not name.lower().startswith("test"):
            continue
        if inspect.isclass(each):
            yield name, each
            for inner, method in vars(each).items():
                if inner.startswith("test"):
                    yield f"{name}::{inner}", method
        elif callable(each) and each.__module__ == module.__name__:
            yield name, each


def _number(section: str) -> tuple[int, ...]:
    return tuple(int(part) for part in section.split("."))


def chapter(section: str) -> str:
    """The name of the chapter that a section belongs to. Raises ValueError where there is none."""
    names = [name for begins, name in CHAPTERS if _number(section)[: len(_number(begins))] == _number(begins)]
    if not names:
        raise ValueError(f"section {section} belongs to no chapter")
    return names[-1]


def name_of(implementation: Any) -> str:
    """`module:qualname` of a function, a class, a method, a property or a module. Raises ValueError for anything
    that cannot be found again under such a name."""
    if isinstance(implementation, ModuleType):
        return implementation.__name__
    named = _behind(implementation)
    module, qualname = getattr(named, "__module__", None), getattr(named, "__qualname__", None)
    if not module or not qualname:
        raise ValueError(f"{implementation!r} has no name: mark the function that uses it")
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    if _behind(found) is not named:
        raise ValueError(f"{implementation!r} is not what {module}:{qualname} is")
    return f"{module}:{qualname}"


def _behind(each: Any) -> Any:
    """A property's function; anything else itself."""
    return each.fget if isinstance(each, property) else each


def page() -> str:
    """The whole file."""
    told = rows()
    parts = [HEAD]
    for _, name in CHAPTERS:
        here = [row for row in told if chapter(row.section) == name]
        if here:
            parts.append(
                f"\n## {name}\n\n| section | behaviour | set by | implemented in | held by |\n|---|---|---|---|---|\n"
            )
            parts += [_line(row) for row in here]
    return "".join(parts)


def _line(row: Row) -> str:
    what = row.what.replace("|", "\\|")
    where = "<br>".join(f"`{name}`" for name in dict.fromkeys(map(name_of, row.where)))
    tests = "<br>".join(f"`{test}`" for test in row.tests)
    keys = "<br>".join(f"`{key}`" for key in row.keys)
    return f"| {row.section} | {what} | {keys} | {where} | {tests} |\n"


def main() -> None:
    """Writes the file, or checks it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if the file is out of date")
    checking = parser.parse_args().check
    text = page()
    if not checking:
        PAGE.write_text(text, encoding="utf-8")
        print(f"{PAGE.relative_to(ROOT)}: {len(rows())} behaviours")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
        sys.exit(f"{PAGE.relative_to(ROOT)} is out of date: run python tools/sdk_behaviours.py")


if __name__ == "__main__":
    main()
