"""The child process in which archives and workbooks are read: bounded, without network, and with one way to answer.

It takes the request and the file on standard input and answers on standard output in frames: a letter, a length, and
that many bytes. `R` holds rows of the table as JSON, `B` bytes of the one file in an archive, `E` what else was found,
as JSON, and ends the answer. An answer without `E` is that of a child that died, and never an acceptance.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, BinaryIO

from dap.submission.archive import Archive, ReadError, gunzip, open_archive
from dap.submission.found import Found, readable_runs
from dap.submission.kinds import PACKED, kind_of
from dap.submission.limits import LIMITS, confine
from dap.submission.reading import NOT_INSTALLED

FRAME = struct.Struct(">cL")
"""The head of a frame: its letter, and how many bytes follow."""

_ROWS_A_FRAME = 500
_PIECE = 1 << 20


def main() -> None:
    """Answer one request. Nothing is written but frames, whatever happens: an error may quote a value."""
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    # The request is the parent's own; the file comes after it.
    request = json.loads(stdin.readline())
    _confine(request["formats"])
    answer_to(stdin.read(), request, stdout)


def answer_to(content: bytes, request: dict[str, Any], out: BinaryIO) -> None:
    """Write the answer to a request: `formats` that are taken, and the name of the `sheet` that is wanted."""
    _Answer(out).give(content, request)


class _Answer:
    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._rows: list[tuple[int, Sequence[str], str]] = []
        self._found = Found(self._row)

    def give(self, content: bytes, request: dict[str, Any]) -> None:
        """Read the content and write the frames."""
        fatal = ""
        try:
            self._read(content, request["formats"], request["sheet"])
        except ReadError as error:
            fatal = error.kind
        except MemoryError:
            fatal = "unsafe"
        found = self._found
        self._flush()
        end = {
            "fatal": fatal,
            "format": found.format,
            "faults": found.faults,
            "hidden": found.hidden,
            "sheets": found.sheets,
            "members": found.members,
        }
        self._frame(b"E", json.dumps(end).encode())
        self._out.flush()

    def _read(self, content: bytes, formats: Sequence[str], sheet: str, depth: int = 0) -> None:
        kind = kind_of(content)
        if kind == "gzip":
            self._open("gzip", formats, depth)
            inner, name, comment, extra = gunzip(content)
            self._found.hide("archive member name", name)
            self._found.hide("archive comment", extra)
            self._found.hide("archive comment", comment)
            self._found.note(comment, *readable_runs(extra.encode("latin-1")))
            self._member(inner, formats, sheet, depth)
        elif kind == "zip":
            archive = open_archive(content)
            self._found.hide_archive(archive)
            if format := _workbook(archive):
                self._workbook(archive, format, formats, sheet)
                return
            self._open("zip", formats, depth)
            files = [member for member in archive.members if not member.is_folder]
            for member in archive.members:
                self._found.hide("archive member name", member.name)
            self._found.members = len(files)
            if len(files) != 1:
                raise ReadError("archive_members")
            self._member(archive.bytes_of(files[0]), formats, sheet, depth)
        elif kind == "ole":
            from dap.submission.xls import read_xls

            self._demand("xls", formats)
            read_xls(content, sheet, self._found)
        elif kind == "parquet":
            from dap.submission.parquet import read_parquet

            self._demand("parquet", formats)
            if find_spec("pyarrow") is None:
                raise ReadError(NOT_INSTALLED)
            read_parquet(content, self._found)
        else:
            raise ReadError("other_kind")

    def _open(self, format: str, formats: Sequence[str], depth: int) -> None:
        if depth >= LIMITS.nesting:
            raise ReadError("archive_members")
        self._demand(format, formats)

    def _demand(self, format: str, formats: Sequence[str]) -> None:
        self._found.format = format
        if format not in formats:
            raise ReadError("other_kind")

    def _member(self, content: bytes, formats: Sequence[str], sheet: str, depth: int) -> None:
        """What the one file of an archive holds: read on where it is packed itself, handed back where it is text."""
        self._found.members = max(1, self._found.members)
        if len(content) > LIMITS.file_bytes:
            raise ReadError("unpacks_too_large")
        if kind_of(content) in PACKED:
            self._read(content, formats, sheet, depth + 1)
            return
        for place in range(0, len(content), _PIECE):
            self._frame(b"B", content[place : place + _PIECE])

    def _workbook(self, archive: Archive, format: str, formats: Sequence[str], sheet: str) -> None:
        self._demand(format, formats)
        if format == "xlsx":
            from dap.submission.xlsx import read_xlsx

            read_xlsx(archive, sheet, self._found)
        else:
            from dap.submission.ods import read_ods

            read_ods(archive, sheet, self._found)

    def _row(self, number: int, cells: Sequence[str], kinds: str) -> None:
        self._rows.append((number, cells, kinds))
        if len(self._rows) >= _ROWS_A_FRAME:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._frame(b"R", json.dumps(self._rows).encode())
            self._rows.clear()

    def _frame(self, letter: bytes, content: bytes) -> None:
        self._out.write(FRAME.pack(letter, len(content)))
        self._out.write(content)


def _workbook(archive: Archive) -> str:
    from dap.submission.ods import is_ods
    from dap.submission.xlsx import is_xlsx

    return "xlsx" if is_xlsx(archive) else "ods" if is_ods(archive) else ""


# What no reader of a table needs: to reach out, to start something, to change a file.
_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.remove", "os.rename",
              "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "shutil.",
              "ftplib.", "smtplib.", "urllib.", "webbrowser.", "ctypes.")  # fmt: skip


def _confine(formats: Sequence[str] = ()) -> None:
    """Give up what is not needed before a byte of the file is looked at; none of it can be taken back."""
    _load_what_is_read_with(formats)
    confine(
        RLIMIT_AS=LIMITS.memory_bytes,
        RLIMIT_CPU=LIMITS.seconds,
        RLIMIT_FSIZE=0,
        RLIMIT_CORE=0,
        RLIMIT_NOFILE=64,
    )
    sys.addaudithook(_refuse)


def _load_what_is_read_with(formats: Sequence[str]) -> None:
    """Import before the limits fall, so that a low limit on memory is not met half-way through a module."""
    import dap.submission.markup
    import dap.submission.ods
    import dap.submission.xls
    import dap.submission.xlsx  # noqa: F401

    if "parquet" in formats and find_spec("pyarrow") is not None:
        import pyarrow.parquet  # noqa: F401


def _refuse(event: str, details: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN) or (event == "open" and _writes(details)):
        raise PermissionError("a reader may not do that")


def _writes(details: tuple[Any, ...]) -> bool:
    mode = details[1] if len(details) > 1 else None
    return isinstance(mode, str) and any(letter in mode for letter in "wax+")
