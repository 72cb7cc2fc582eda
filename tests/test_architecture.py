"""The house's walls: who imports whom, what the pure rooms never touch, and that everything public says what it is.

The import rules themselves are in pyproject.toml, for import-linter; here they are run, and shown to convict.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "footfall"
PURE_ROOMS = ("world", "xdm", "phone", "scenario", "engine", "evidence", "realism")
LINTER = Path(sys.executable).with_name("lint-imports")


def modules(*folders: str) -> list[Path]:
    """The Python files below these folders of the package, or of all of it."""
    roots = [PACKAGE / folder for folder in folders] or [PACKAGE]
    return sorted(path for root in roots for path in root.rglob("*.py"))


def name_of(path: Path) -> str:
    """footfall/world/geo.py, for messages."""
    return path.relative_to(PACKAGE.parent).as_posix()


def tree_of(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def platform_core() -> list[Path]:
    """platform/core.py and every module of platform that it needs."""
    found: dict[str, Path] = {}
    open_names = ["core"]
    while open_names:
        name = open_names.pop()
        path = PACKAGE / "platform" / f"{name}.py"
        if name in found or not path.is_file():
            continue
        found[name] = path
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ImportFrom) and node.module == "footfall.platform":
                open_names += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("footfall.platform."):
                open_names.append(node.module.split(".")[2])
    return sorted(found.values())


PURE = [*modules(*PURE_ROOMS), *platform_core()]


def test_the_pure_rooms_are_all_there():
    # else everything below would hold of nothing
    assert all((PACKAGE / room / "__init__.py").is_file() for room in PURE_ROOMS)
    assert {path.stem for path in platform_core()} >= {"core", "edge", "places", "messages", "validation"}
    assert not {path.stem for path in platform_core()} & {"server", "serve", "store", "writer"}
    assert len(PURE) > 40


# Who imports whom


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs the contracts of the checkout in `folder`."""
    return subprocess.run(
        [LINTER, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


needs_linter = pytest.mark.skipif(not LINTER.is_file(), reason="import-linter is not installed beside this Python")


@needs_linter
def test_the_import_contracts_are_kept():
    linted = lint_imports(ROOT)
    assert linted.returncode == 0, linted.stdout + linted.stderr
    assert " 0 broken" in linted.stdout


@needs_linter
def test_the_import_contracts_convict(tmp_path):
    # one fault for every contract, planted in a copy
    faults = {
        "world/geo.py": "import footfall.xdm",
        "xdm/wire.py": "import footfall.phone.ids",
        "phone/edge.py": "import footfall.scenario",
        "scenario/graph.py": "import footfall.phone",
        "engine/plan.py": "import footfall.platform.core",
        "evidence/check.py": "import footfall.world.geo",
        "realism/score.py": "import footfall.phone.ids",
        "platform/core.py": "import footfall.evidence.ops\nimport random",
        "live/clock.py": "import locust",
    }
    copy = tmp_path / "footfall"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, fault in faults.items():
        path = copy / name
        path.write_text(path.read_text(encoding="utf-8") + f"\n{fault}\n", encoding="utf-8")
    linted = lint_imports(tmp_path)
    assert linted.returncode == 1
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    kept = [contract["name"] for contract in contracts if f"{contract['name']} BROKEN" not in linted.stdout]
    assert kept == [], linted.stdout


def test_every_room_is_bound_by_a_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    bound = {module for contract in contracts for module in contract["source_modules"]}
    rooms = {f"footfall.{path.parent.name}" for path in PACKAGE.glob("*/__init__.py")} - {"footfall.live"}
    assert rooms <= bound, "a new room says in pyproject.toml whom it may import (live is the shell: anyone)"


# What the pure rooms never touch. import-linter sees modules; this sees names.

FORBIDDEN_CALLS = {"open", "print", "input", "eval", "exec", "hash", "breakpoint"}  # hash() differs per process
FORBIDDEN_MODULES = {"time", "random", "secrets", "os", "io", "pathlib", "logging"}
FORBIDDEN_MEMBERS = {
    "uuid1", "uuid4",  # ids are derived
    "now", "utcnow", "today", "localtime",  # time comes in
    "urandom", "getrandom", "SystemRandom",
    "read_text", "write_text", "read_bytes", "write_bytes",
    "argv", "environ", "stdin", "stdout", "stderr",
}  # fmt: skip


def impurities(tree: ast.Module) -> Iterator[str]:
    """What a pure module may not do, as `line: what`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in FORBIDDEN_CALLS:
                yield f"{node.lineno}: {name}()"
            case ast.Call(func=ast.Attribute(attr="fromtimestamp"), args=[_], keywords=[]):
                yield f"{node.lineno}: .fromtimestamp() in the machine's own time zone"
            case ast.Import(names=names):
                yield from (
                    f"{node.lineno}: import {alias.name}"
                    for alias in names
                    if alias.name.split(".")[0] in FORBIDDEN_MODULES
                )
            case ast.ImportFrom(module=str(module), names=names):
                if module.split(".")[0] in FORBIDDEN_MODULES:
                    yield f"{node.lineno}: from {module}"
                yield from (f"{node.lineno}: {alias.name}" for alias in names if alias.name in FORBIDDEN_MEMBERS)
            case ast.Attribute(attr=name) if name in FORBIDDEN_MEMBERS:
                yield f"{node.lineno}: .{name}"


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_a_pure_module_touches_nothing(path):
    assert list(impurities(tree_of(path))) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import uuid\nx = uuid.uuid4()", "2: .uuid4"),
        ("from uuid import uuid4", "1: uuid4"),
        ("from datetime import datetime\nx = datetime.now()", "2: .now"),
        ("import datetime\nx = datetime.datetime.utcnow()", "2: .utcnow"),
        ("import time", "1: import time"),
        ("from time import monotonic", "1: from time"),
        ("def f():\n    import random", "2: import random"),
        ("import os.path", "1: import os.path"),
        ("open('x')", "1: open()"),
        ("print('x')", "1: print()"),
        ("key = hash('x')", "1: hash()"),
        ("path.read_text()", "1: .read_text"),
        ("import sys\nsys.stderr.write('x')", "2: .stderr"),
        ("datetime.fromtimestamp(0)", "1: .fromtimestamp() in the machine's own time zone"),
    ],
)
def test_an_impure_module_is_convicted(source, found):
    assert list(impurities(ast.parse(source))) == [found]


def test_what_looks_alike_is_no_impurity():
    # members of one's own called open or print, uuids made of bits, times in UTC
    source = "import uuid, sys\ngate.open()\nself.print()\nuuid.UUID(int=7)\nreopen('x')\nimport timeless\n"
    source += "sys.intern('x')\ndatetime.fromtimestamp(0, UTC)\ndatetime.fromtimestamp(0, tz=UTC)"
    assert list(impurities(ast.parse(source))) == []


# Everything public says what it is


def silent(tree: ast.Module) -> Iterator[str]:
    """Public functions and classes at the top of a module that have no docstring; and the module itself."""
    if not ast.get_docstring(tree):
        yield "the module"
    for node in tree.body:
        definition = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if definition and not node.name.startswith("_") and not ast.get_docstring(node):
            yield node.name


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_everything_public_has_a_docstring(path):
    assert list(silent(tree_of(path))) == []


def test_a_silent_module_is_convicted():
    source = "def f(): ...\nclass C: ...\nasync def g(): ...\ndef _own(): ...\ndef told():\n    'Says so.'"
    assert list(silent(ast.parse(source))) == ["the module", "f", "C", "g"]


def test_every_folder_of_the_package_definition_it_is_for():
    folders = {path.parent for path in modules()}
    assert {folder for folder in folders if not (folder / "__init__.py").is_file()} == set()
    for folder in folders:
        docstring = ast.get_docstring(tree_of(folder / "__init__.py"))
        assert docstring, folder
        assert len(docstring) > 60, f"{folder.name} says too little of itself"


def test_no_module_is_called_utils():
    shy = {"util", "utils", "helper", "helpers", "common", "misc", "tools", "lib", "base"}
    assert [name_of(path) for path in modules() if {path.stem, path.parent.name} & shy] == []


# Importing is cheap


def imported_by(module: str) -> set[str]:
    """The top-level names in sys.modules after importing one module in a fresh interpreter."""
    program = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(run.stdout.split())


HEAVY = {
    "locust", "gevent", "httpx", "rich", "shapely", "faker", "numpy", "starlette", "uvicorn", "ruamel", "msgspec",
    "jsonschema_rs", "asyncio", "sqlite3",
}  # fmt: skip


def test_the_command_line_answers_before_it_imports_anything_heavy():
    assert imported_by("footfall.cli") & HEAVY == set()


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_a_pure_room_imports_no_shell(room):
    # import-linter reads the files; this asks the interpreter, so that what others import in turn is seen too
    every = ", ".join(
        ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in modules(room) if path.stem != "__init__"
    )
    assert imported_by(every) & {"locust", "gevent", "httpx", "starlette", "uvicorn", "sqlite3"} == set()


def test_only_one_folder_names_locust():
    # importing it patches the whole process
    naming = {
        name_of(path.parent)
        for path in modules()
        if re.search(r"^\s*(import|from) locust\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert naming == {"footfall/live/locust"}
