"""Has an archive or a workbook read by a child process, and believes nothing of the answer that it has not checked."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from dap.errors import CouldNotRun
from dap.submission.cell_text import KINDS
from dap.submission.limits import LIMITS
from dap.submission.reading import FATAL, NOT_INSTALLED, WORKBOOK_FAULTS, HiddenText
from dap.submission.worker import FRAME

_START = "import sys; sys.path[:] = sys.argv[1:]; from dap.submission.worker import main; main()"
_FORMATS = frozenset({"", "zip", "gzip", "xlsx", "xls", "ods", "parquet"})
_MOST_ANSWERED = 6 * LIMITS.unpacked_bytes


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a sheet: its number, its cells' text, and what each holds (`cell_text.KINDS`)."""

    number: int
    cells: tuple[str, ...] = field(repr=False)
    kinds: str


@dataclass
class Answer:
    """What the child found: the bytes of an archive's one file, or the rows of a sheet, and all that is beside them."""

    fatal: str = ""
    format: str = ""
    content: bytes | None = field(default=None, repr=False)
    lines: list[Line] = field(default_factory=list, repr=False)
    faults: tuple[tuple[str, tuple[int, ...]], ...] = ()
    hidden: tuple[HiddenText, ...] = field(default=(), repr=False)
    sheets: int = 0
    members: int = 0


_UNSAFE = Answer(fatal="unsafe")


def read_apart(content: bytes, formats: Sequence[str], sheet: str, label: str = "the file") -> Answer:
    """Have the content read in a process of its own.

    A child that dies, hangs, breaks a limit or answers what it should not is the fault `unsafe`. CouldNotRun is raised
    only where the machine never gave the child the processor time that every file may have.
    """
    request = json.dumps({"formats": list(formats), "sheet": sheet}).encode() + b"\n"
    # The same libraries as here, but never what lies in the folder one stands in.
    paths = [str(Path(each).resolve()) for each in sys.path if each]
    process = subprocess.Popen(
        [sys.executable, "-I", "-B", "-X", "utf8", "-c", _START, *paths],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )
    assert process.stdin is not None and process.stdout is not None
    feeder = threading.Thread(target=_feed, args=(process.stdin, request, content), daemon=True)
    clock = _Clock(process)
    clock.start()
    feeder.start()
    try:
        answer = checked_answer(process.stdout)
    except (ValueError, TypeError, KeyError, RecursionError, struct.error):
        # Of its words nothing is kept: they were made from the file.
        answer = _UNSAFE
    finally:
        process.stdout.close()
        # Whoever has answered has nothing left to do.
        if answer_is_bad := process.poll() is None and not _ends(process):
            process.kill()
        code = process.wait()
        clock.cancel()
        feeder.join()
    if clock.machine_was_busy:
        raise CouldNotRun(
            f"{label}: this computer is too busy to read it, so there is no answer. It is not the file's fault: "
            "try again when less is running."
        )
    return answer if code == 0 and not answer_is_bad else _UNSAFE


class _Clock(threading.Timer):
    """Ends a child that takes too long by the clock, and tells whether it was waiting for a processor meanwhile.

    A child that works is ended by the system, at its limit of processor time. Where the system has no such limit, the
    clock stands in for it.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._seconds = LIMITS.clock_seconds if find_spec("resource") else LIMITS.seconds
        self.machine_was_busy = False
        super().__init__(self._seconds, self._end)

    def _end(self) -> None:
        busy = _seconds_it_wanted(self._process.pid) > self._seconds / 2
        if self._process.poll() is None:
            self._process.kill()
            self.machine_was_busy = busy


def _seconds_it_wanted(process: int) -> float:
    """For how long a process ran or stood in the queue for a processor; 0 where the system does not tell."""
    try:
        # Nanoseconds on a processor, nanoseconds in the queue, turns (Linux, Documentation/scheduler/sched-stats).
        ran, queued, _ = Path(f"/proc/{process}/schedstat").read_text("ascii").split()
    except (OSError, ValueError):
        return 0.0
    return (int(ran) + int(queued)) / 1e9


def _ends(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        return False
    return True


def _environment() -> dict[str, str]:
    """Nothing of this machine's settings reaches the child."""
    # Windows starts no Python without the first.
    return {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}


def _feed(stdin: Any, *parts: bytes) -> None:
    try:
        for part in parts:
            stdin.write(part)
        stdin.close()
    except OSError:
        # A child that died reads no more; how it ended is told by its exit code.
        pass


def checked_answer(stream: IO[bytes]) -> Answer:
    """The frames of an answer, taken as they come; ValueError where they are not those of a child that ended well."""
    answer = Answer()
    pieces: list[bytes] = []
    # Most cells of a column say the same few things: one text each saves most of the memory.
    texts: dict[str, str] = {}
    ended, size, last = False, 0, 0
    while head := stream.read(FRAME.size):
        letter, length = FRAME.unpack(head)
        size += length
        frame = stream.read(length) if size <= _MOST_ANSWERED else b""
        if ended or len(frame) != length:
            raise ValueError
        if letter == b"R":
            for number, cells, kinds in json.loads(frame):
                line = _line(number, cells, kinds, texts)
                if line.number <= last:
                    raise ValueError
                last = line.number
                answer.lines.append(line)
        elif letter == b"B":
            pieces.append(frame)
        elif letter == b"E":
            _take_end(answer, json.loads(frame))
            ended = True
        else:
            raise ValueError
    if not ended:
        raise ValueError
    if answer.format in ("zip", "gzip") and not answer.fatal:
        answer.content = b"".join(pieces)
    return answer


def _line(number: Any, cells: Any, kinds: Any, texts: dict[str, str]) -> Line:
    if type(number) is not int or number < 1 or not isinstance(kinds, str) or len(kinds) != len(cells):
        raise ValueError
    if not KINDS.issuperset(kinds) or not all(type(cell) is str for cell in cells):
        raise ValueError
    known = texts.setdefault if len(texts) < 100_000 else texts.get
    return Line(number, tuple([known(cell, cell) for cell in cells]), kinds)


def _take_end(answer: Answer, end: dict[str, Any]) -> None:
    if end["fatal"] not in ("", NOT_INSTALLED, *FATAL) or end["format"] not in _FORMATS:
        raise ValueError
    answer.fatal, answer.format = end["fatal"], end["format"]
    answer.sheets, answer.members = int(end["sheets"]), int(end["members"])
    answer.faults = tuple((kind, tuple(map(_row, rows))) for kind, rows in end["faults"])
    if not WORKBOOK_FAULTS.issuperset(kind for kind, _ in answer.faults):
        raise ValueError
    answer.hidden = tuple(
        HiddenText(str(place), str(text), *(None if each is None else _row(each) for each in where))
        for place, text, *where in end["hidden"]
    )


def _row(number: Any) -> int:
    if type(number) is not int or number < 1:
        raise ValueError
    return number
