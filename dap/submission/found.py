"""What the reader of a workbook finds, put down as it is met: rows, faults, and text outside the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from dap.submission.archive import Archive, ReadError
from dap.submission.limits import LIMITS

_LABEL_PROPERTY = "MSIP_Label_"
_PROGRAM_PROPERTIES = frozenset(
    {"AppVersion", "DocSecurity", "HyperlinksChanged", "LinksUpToDate", "ScaleCrop", "ShareDoc", "Company"}
)

WriteRow = Callable[[int, Sequence[str], str], None]
"""Takes a row of the table: its number, its cells' text, and what they hold (one letter each, `cell_text.KINDS`)."""


class Found:
    """Collects what a workbook holds; `write` takes the rows of the table in their order."""

    def __init__(self, write: WriteRow) -> None:
        self._write = write
        self._cells = 0
        self._characters = 0
        self._last_row = 0
        self._faults: dict[str, dict[int, None]] = {}
        self.hidden: list[tuple[str, str, int | None, int | None, int | None]] = []
        self.sheets = 0
        self.members = 0
        self.format = ""

    def row(self, number: int, cells: Sequence[str], kinds: str) -> None:
        """A row of the table. ReadError where it breaks a limit, or does not come after the last one."""
        if number <= self._last_row:
            raise ReadError("workbook_damaged")
        self._last_row = number
        self._cells += len(cells)
        lengths = [len(cell) for cell in cells]
        self._characters += sum(lengths)
        if len(cells) > LIMITS.columns:
            raise ReadError("too_wide")
        if number > LIMITS.rows or self._cells > LIMITS.cells:
            raise ReadError("too_large")
        if lengths and max(lengths) > LIMITS.cell_characters:
            raise ReadError("cell_too_long")
        # A text that a million cells refer to is stored once.
        if self._characters > LIMITS.unpacked_bytes:
            raise ReadError("unpacks_too_large")
        self._write(number, cells, kinds)

    def fault(self, kind: str, *rows: int) -> None:
        """Something that must not be there, and the rows where it is, if it is in any."""
        self._faults.setdefault(kind, {}).update(dict.fromkeys(rows))

    @property
    def faults(self) -> list[tuple[str, tuple[int, ...]]]:
        """The faults, each with its rows in ascending order."""
        return [(kind, tuple(sorted(rows))) for kind, rows in self._faults.items()]

    def hide_archive(self, archive: Archive) -> None:
        """What an archive holds that no program unpacks: its comment, and what is written beside each member."""
        self.hide("archive comment", archive.comment)
        for member in archive.members:
            for text in readable_runs(member.beside):
                self.hide("archive comment", text)
            self.note(*readable_runs(member.foreign))
        self.note(*archive.comments)

    def note(self, *texts: str) -> None:
        """Text written on an archive is sent along with it, as a workbook's properties are."""
        if any(text.strip() for text in texts):
            self.fault("properties")

    def hide_row(self, place: str, row: int, cells: Sequence[str]) -> None:
        """A row of a sheet that is not the table: its cells, of the sheet that was counted last."""
        for column, cell in enumerate(cells, start=1):
            self.hide(place, cell, row, column, self.sheets)

    def hide(
        self, place: str, text: str, row: int | None = None, column: int | None = None, sheet: int | None = None
    ) -> None:
        """Text that is no part of the table. ReadError where there is more of it than is looked through."""
        if not text.strip():
            return
        if len(self.hidden) >= LIMITS.hidden_texts:
            raise ReadError("too_large")
        # A longer one is cut with an overlap, so that no number is torn in two unseen.
        size = LIMITS.cell_characters
        self.hidden += [(place, text[at : at + size + 100], row, column, sheet) for at in range(0, len(text), size)]


def readable_runs(content: bytes) -> Iterable[str]:
    """The runs of at least six readable letters in bytes of any kind, of one byte or of two."""
    runs = re.finditer(rb"[\x20-\x7e\xa0-\xff]{6,}", content)
    wide = re.finditer(rb"(?:[\x20-\x7e\xa0-\xff]\x00){6,}", content)
    # A picture gives thousands of short runs by chance; what a person typed stands among the first.
    yield from (found[0].decode("latin-1") for found in islice(runs, 5_000))
    yield from (found[0].decode("utf-16-le") for found in islice(wide, 5_000))


def is_typed_property(name: str) -> bool:
    """Whether a property of one's own was made by somebody, and not by a program or an office's labels of secrecy."""
    return name not in _PROGRAM_PROPERTIES and not name.startswith(_LABEL_PROPERTY)


def whole(text: str) -> str:
    """The text with what is half a character, as broken programs write it, made the sign for a lost letter."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
