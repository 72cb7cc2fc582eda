"""JSON as Swift's JSONEncoder prints it with `.prettyPrinted`, which is what the SDK on iOS sends.

Two spaces a level, a space on both sides of the colon, every member of an array on its own line, an empty array or
object with an empty line in it, and `/` escaped. Half of an iOS request is such white space, which a load test should
not leave out.
"""

from __future__ import annotations

import re

import msgspec

# strings hold no raw line feeds, so what stands before the first colon of a line is its key
_KEY = re.compile(rb'(?m)^( *"(?:[^"\\]|\\.)*"):')
_EMPTY = re.compile(rb"(?m)^( *)(.*[\[{])([\]}],?)$")


def prettied(compact: bytes, depth: int) -> bytes:
    """The JSON text, as it stands at `depth` levels within another one: its first line is not indented."""
    indent = b"  " * depth
    if compact == b"{}" or compact == b"[]":
        return compact[:1] + b"\n\n" + indent + compact[1:]
    text = msgspec.json.format(compact, indent=2).replace(b"/", b"\\/")
    # the patterns take a hundred times as long as a replacement, which is right where no string holds or begins with
    # what looks like the end of a key
    if b'\\"' in text or b' ": ' in text:
        text = _KEY.sub(rb"\1 :", text)
    else:
        text = text.replace(b'": ', b'" : ')
    if depth:
        text = text.replace(b"\n", b"\n" + indent)
    return _EMPTY.sub(rb"\1\2\n\n\1\3", text) if b"{}" in text or b"[]" in text else text
