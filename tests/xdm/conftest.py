from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2] / "../shared"


@pytest.fixture(scope="session")
def golden_text() -> Callable[[str], str]:
    """Reads a text of Adobe's SDK tests, by its name below golden/."""
    folder = SHARED / "golden"
    if not folder.is_dir():
        pytest.skip("Adobe's asserted bodies (../shared/golden) are not beside the repository")
    return lambda name: (folder / name).read_text()


@pytest.fixture(scope="session")
def golden(golden_text: Callable[[str], str]) -> Callable[[str], Any]:
    """Reads a body that Adobe's SDK tests assert, by its name below golden/."""
    return lambda name: json.loads(golden_text(name))
