"""The plainest shell there is, for scripts that call curl, and a text that it must not read."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

WICKED = 'Mia\'s "Café" $(touch hacked) `touch hacked`\n; touch hacked # \\0 %'


def sh(script: bytes, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a script that calls curl, in the plainest shell there is."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed on this machine")
    return subprocess.run(
        ["sh"], input=script, capture_output=True, timeout=60, env={"PATH": os.environ["PATH"], **environment}
    )
