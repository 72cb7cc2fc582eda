"""Where a kind of fault means anything: a hint is Edge's, a batch is an inlet's, Places takes no token.

Told twice: a request elsewhere is not hit by such a rule, though its path may begin as the rule says (`path: /`), and a
rule that can hit nothing is refused when its file is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

import msgspec

from footfall.platform.config import FaultKind, Hint

EDGE = ("/ee/", "/ee-pre-prd/")
INLET = ("/collection/",)
BATCH = ("/collection/batch/",)
INTERACT = tuple(
    f"{base}{hint}{version}/interact"
    for base in EDGE
    for hint in ("", *(f"{hint}/" for hint in get_args(Hint)))
    for version in ("v1", "v2")
)


class Reach(msgspec.Struct, frozen=True):
    """Requests whose path begins with one of these; `told` names them in a problem: "requests ..."."""

    beginnings: tuple[str, ...]
    told: str

    def holds(self, path: str) -> bool:
        """Whether a request at `path` is one of these."""
        return path.startswith(self.beginnings)

    def meets(self, beginning: str) -> bool:
        """Whether a path that begins with `beginning` can be one of these."""
        return any(one.startswith(beginning) or beginning.startswith(one) for one in self.beginnings)


OF_KIND: Mapping[FaultKind, Reach] = MappingProxyType(
    {
        "wrong-hint": Reach(EDGE, "to Edge (/ee)"),
        "unframed": Reach(EDGE, "to Edge (/ee)"),
        "partial-207": Reach((*INTERACT, *BATCH), "to interact (as /ee/v1/interact) and batches (/collection/batch/)"),
        "expired-token": Reach((*EDGE, *INLET), "to Edge (/ee) and inlets (/collection/)"),
    }
)
"""The kinds that do not fit every request."""

OF_DEVICES = Reach((*EDGE, *INLET), "to Edge (/ee) and inlets (/collection/)")
"""Requests that can name an ECID, which Places queries do not."""
