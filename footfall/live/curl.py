"""A phone's requests as a shell script of curl commands, for a person to read, edit and run against a platform of this
machine. The script says one line for every request, with the answer's status, and sends nothing where no platform is.

Every POSIX sh takes it: all that a request carries stands in single quotes, in which a shell reads nothing but their
end. (`$'...'` would be shorter with line feeds, and Debian's sh does not know it.)
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from footfall.phone.signals import Request

# no proxy, whatever the environment names: the requests are for this machine
_CURL = "curl -sS --globoff --noproxy '*' -o /dev/null"
_HEALTH = "curl -s -f -m 5 --globoff --noproxy '*' -o /dev/null"
_DEFAULT_PORT = 8090  # of `footfall platform`
_WIDTH = 80  # of comments, as far as their words allow it
# an answer's record begins with NUL, for which curl refuses to print it on a terminal unless told to
_ANSWERS = "answers are not shown: to see one, write -o - for -o /dev/null in its command"


class Command(msgspec.Struct, frozen=True):
    """A request with the comment that stands above it, and what the script says when it was answered."""

    comment: str
    told: str
    request: Request


def script(head: Iterable[str], commands: Iterable[Command], tail: Iterable[str], origin: str) -> bytes:
    """The script: `head` as comments, the question whether a platform is there (if none is, it says so and exits with
    1), then a command for every request below its comment, and `tail` as comments. `origin` is where requests go,
    `http://host:port`."""
    lines = [b"#!/bin/sh", *map(_comment, head), _comment(_ANSWERS), b"", _health(origin)]
    for one in commands:
        lines += [b"", _comment(one.comment), command(one.request, origin, one.told)]
    last = [*map(_comment, tail)]
    return b"\n".join(lines + ([b"", *last] if last else [])) + b"\n"


def command(request: Request, origin: str, told: str) -> bytes:
    """One request as a curl command: headers and body are the phone's bytes, Host and Content-Length are curl's. It
    prints `told` and the answer's status, on one line."""
    parts = [f"{_CURL} -X {request.method} ".encode() + quoted((origin + request.target).encode())]
    parts.append(b"-w " + quoted(f"{_literal(told)} %{{http_code}}\\n".encode()))
    headers = request.headers.removesuffix(b"\r\n").split(b"\r\n")
    if not any(line.lower().startswith(b"accept:") for line in headers):
        headers.append(b"Accept:")  # keeps curl from adding its own
    parts += [b"-H " + quoted(line) for line in headers]
    if request.body:
        parts.append(b"--data-binary " + quoted(request.body))
    return b" \\\n  ".join(parts)


def quoted(value: bytes) -> bytes:
    """The bytes as one word of a POSIX shell, whatever they are but NUL."""
    return b"'" + value.replace(b"'", b"'\\''") + b"'"


def _health(origin: str) -> bytes:
    port = urlsplit(origin).port or 80
    start = "footfall platform" if port == _DEFAULT_PORT else f"footfall platform --port {port}"
    said = f"No platform answers at {origin}: start one with `{start}`, then run this again."
    check = f"{_HEALTH} ".encode() + quoted(f"{origin}/api/health".encode())
    return check + b" || {\n  echo " + quoted(said.encode()) + b" >&2\n  exit 1\n}"


def _literal(text: str) -> str:
    """The text on one line, so that curl's -w prints it as it is. Only a backslash comes out twice: there is no way to
    print one alone before an n."""
    line = " ".join(text.split()).replace("\\", "\\\\").replace("%", "%%")
    return " " + line if line.startswith("@") else line  # -w @file would read a file


def _comment(text: str) -> bytes:
    # a # before every line, whatever a place is called: what follows a line feed would be run
    lines = textwrap.wrap(
        " ".join(text.split()),
        _WIDTH,
        initial_indent="# ",
        subsequent_indent="#   ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).encode()
