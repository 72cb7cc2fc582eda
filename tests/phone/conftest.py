from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "../shared"


@pytest.fixture(scope="session")
def golden() -> Path:
    """What Adobe's own SDK tests assert, beside the repository."""
    if not (SHARED / "golden").is_dir():
        pytest.skip("the shared folder with Adobe's goldens is not beside the repository")
    return SHARED / "golden"
