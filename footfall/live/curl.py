"""A phone's requests as a shell script of curl commands, for a person to read, edit and run against a platform of this
machine.

Every POSIX sh takes it: all that a request carries stands in single quotes, in which a shell reads nothing but their
end. (`$'...'` would be shorter with line feeds, and Debian's sh does not know it.)
"""

from __future__ import annotations

from collections.abc import Iterable

from footfall.phone.signals import Request

# no proxy, whatever the environment names: the requests are for this machine; `-o -`: an answer's record begins with
# NUL, for which curl would otherwise refuse to print it on a terminal
_CURL = "curl -sS --globoff --noproxy '*' -o - -w '\\n%{http_code}\\n'"


def script(title: str, commands: Iterable[tuple[str, Request]], origin: str) -> bytes:
    """The script: `title` as a comment, then a command for every request, below the comment that comes with it.
    `origin` is where requests go, `http://host:port`."""
    lines = [b"#!/bin/sh", _comment(title)]
    for comment, request in commands:
        lines += [b"", _comment(comment), command(request, origin)]
    return b"\n".join(lines) + b"\n"


def command(request: Request, origin: str) -> bytes:
    """One request as a curl command: headers and body are the phone's bytes, Host and Content-Length are curl's."""
    parts = [f"{_CURL} -X {request.method} ".encode() + quoted((origin + request.target).encode())]
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


def _comment(text: str) -> bytes:
    # on one line, whatever a place is called: what follows a line feed would be run
    return f"# {' '.join(text.split())}".encode()
