"""How much of a file is taken: every limit of the readers, in one place."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Limits:
    """The most that a submission may have of anything; beyond it the file is refused, before it is read where possible.

    A statewide register of half a million rows has some 170 MB as text and fits in; whatever is packed, and could grow
    without end, is stopped after 25 seconds of work or at 900 MB. What has more bytes, rows or cells than that is taken
    up to the limits of what is streamed, if it is plain delimited text: it is never in memory as a whole table.
    """

    file_bytes: int = 250 * MEGABYTE
    unpacked_bytes: int = 250 * MEGABYTE
    """All that an archive or a workbook unpacks to."""
    ratio: int = 100
    """How many times its packed size a member may unpack to, once it is larger than `ratio_from`."""
    ratio_from: int = 16 * MEGABYTE
    nesting: int = 1
    """How many archives may lie around the file; a workbook is none."""
    members: int = 1_000
    cell_characters: int = 32_767
    """The most that a cell of Excel can hold."""
    columns: int = 2_000
    rows: int = 5_000_000
    cells: int = 40_000_000
    streamed_bytes: int = 4_000 * MEGABYTE
    streamed_rows: int = 12_000_000
    streamed_cells: int = 800_000_000
    pieces_from: int = 125 * MEGABYTE
    """From this size on a plain text is judged in pieces though it is in memory: as a table it takes five times it."""
    packed_from: int = 8_000_000
    """From so many cells on a table that was read row by row is kept packed and judged in pieces."""
    piece_bytes: int = 24 * MEGABYTE
    """How much of a streamed file is read at a time; a longer line is not plain."""
    text_bytes: int = 400 * MEGABYTE
    """The most memory that a text may take to be read row by row: four bytes a letter where one of them is an emoji."""
    hidden_texts: int = 200_000
    """Texts beside the table, such as the cells of other sheets, that are handed to the screen for identifiers."""
    beyond_texts: int = 1_000_000
    """Texts of a file of fixed width that stand where its layout has no field: two for most lines that are too long."""
    seconds: int = 25
    """Processor time of one child process: the same file has the same answer on a busy machine and on a free one."""
    clock_seconds: int = 240
    """The most that a child may take by the clock, whatever it does or waits for."""
    memory_bytes: int = 900 * MEGABYTE
    """The address space of one child process."""

    def said(self, what: str) -> str:
        """A limit in words, such as `100 MB` or `2,000 columns`."""
        number = getattr(self, what)
        if what.endswith("_bytes"):
            return f"{number // MEGABYTE:,} MB"
        return f"{number:,} {what.partition('_')[2] or what}"


LIMITS = Limits()


def confine(**most: int) -> None:
    """Hold this process to so much of each resource, such as `RLIMIT_CPU` in seconds; none of it can be taken back.

    Windows has no such limits, and macOS takes none on the address space: the parent's clock and the others are left.
    """
    try:
        import resource
    except ImportError:
        return
    for name, wanted in most.items():
        limit = getattr(resource, name)
        _, hard = resource.getrlimit(limit)
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (allowed, allowed))
