"""A ledger on disk: in order, with the operating system when it must be, and honest when the disk is full."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from footfall.evidence import ledger as lines
from footfall.evidence.ops import Ended, Head, Op, Started
from footfall.live import ledger
from footfall.live.ledger import LedgerFile, LedgerFull

HEAD = Head("run-1", "local", 1, "0.1.0")


def started(phone: int) -> Started:
    return Started(phone, f"person-{phone:06d}", "1" * 38, "ios", 0)


def read(path: Path) -> list[Op]:
    with path.open("rb") as file:
        return list(lines.read(file, str(path)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger-local.ndjson"


def test_lines_are_in_the_order_in_which_they_were_taken(path: Path) -> None:
    file = LedgerFile(path, HEAD)
    taken = [started(phone) for phone in (3, 1, 2)]
    for op in taken[:2]:
        file.add(op)
    file.flush()
    file.add(taken[2])
    file.close()
    assert read(path) == [HEAD, *taken]


def test_the_head_is_there_before_anything_else_happens(path: Path) -> None:
    file = LedgerFile(path, HEAD)
    assert read(path) == [HEAD]
    file.close()


def test_what_was_not_flushed_is_not_yet_there(path: Path) -> None:
    file = LedgerFile(path, HEAD)
    file.add(started(0))
    assert read(path) == [HEAD]
    file.flush()
    assert read(path) == [HEAD, started(0)]
    file.close()


def test_what_was_flushed_survives_the_process_and_its_last_moment(path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from footfall.evidence.ops import Ended, Head\n"
        "from footfall.live.ledger import LedgerFile\n"
        "file = LedgerFile(Path(sys.argv[1]), Head('run-1', 'local', 1, '0.1.0'))\n"
        "file.add(Ended(1, 'lived', (), 5)); file.flush()\n"
        "file.add(Ended(2, 'lived', (), 6))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], timeout=20)
    assert read(path) == [HEAD, Ended(1, "lived", (), 5)]


def test_a_file_opened_again_is_continued(path: Path) -> None:
    first = LedgerFile(path, HEAD)
    first.add(started(0))
    first.close()
    second = LedgerFile(path, HEAD)
    second.add(started(1))
    second.close()
    assert read(path) == [HEAD, started(0), HEAD, started(1)]


def test_closing_twice_is_closing_once(path: Path) -> None:
    file = LedgerFile(path, HEAD)
    file.close()
    file.close()


# --- a full disk


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_is_said_at_once() -> None:
    open_before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(LedgerFull, match="/dev/full: No space left on device"):
        LedgerFile(Path("/dev/full"), HEAD)
    assert len(os.listdir("/proc/self/fd")) == open_before, "the file stayed open"


class Disk:
    """os, with room for so many bytes more, in short writes."""

    def __init__(self, room: int) -> None:
        self.room = room

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)

    def write(self, fd: int, data: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = os.write(fd, data[: min(self.room, 50)])
        self.room -= written
        return written


LINE = len(lines.encode(started(0)))

# room in bytes for lines of phones 0, 1, 2 -> how many of them are kept
ROOMS = [
    # no room at all
    (0, 0),
    # the middle of the first line
    (LINE // 2, 0),
    # all but its newline
    (LINE - 1, 0),
    # exactly one line
    (LINE, 1),
    # one line and a half
    (LINE + LINE // 2, 1),
    (3 * LINE - 1, 2),
    # just enough
    (3 * LINE, 3),
]


@pytest.mark.parametrize(("room", "kept"), ROOMS)
def test_the_file_ends_with_its_last_whole_line(
    path: Path, monkeypatch: pytest.MonkeyPatch, room: int, kept: int
) -> None:
    file = LedgerFile(path, HEAD)
    monkeypatch.setattr(ledger, "os", Disk(room))
    for phone in (0, 1, 2):
        file.add(started(phone))
    if kept < 3:
        with pytest.raises(LedgerFull, match="No space left on device"):
            file.flush()
    else:
        file.flush()
    assert file.broken is (kept < 3)
    assert read(path) == [HEAD, *(started(phone) for phone in range(kept))]
    file.close()


def test_a_broken_ledger_stays_broken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are lost from it: that there is room again makes it no whole one."""
    file = LedgerFile(path, HEAD)
    disk = Disk(0)
    monkeypatch.setattr(ledger, "os", disk)
    file.add(started(0))
    with pytest.raises(LedgerFull):
        file.flush()
    disk.room = 10_000
    file.add(started(1))
    with pytest.raises(LedgerFull):
        file.flush()
    file.close()
    assert read(path) == [HEAD]


def test_lines_before_the_disk_was_full_are_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = LedgerFile(path, HEAD)
    monkeypatch.setattr(ledger, "os", Disk(LINE + 10))
    for phone in (0, 1):
        file.add(started(phone))
        if phone == 0:
            file.flush()
    with pytest.raises(LedgerFull):
        file.flush()
    file.close()
    assert read(path) == [HEAD, started(0)]
