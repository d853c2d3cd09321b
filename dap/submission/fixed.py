"""Reads a file of fixed width: every line holds the fields of the layout at their places, and there is no header."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice

from dap.plan import Layout
from dap.submission.beside import Texts
from dap.submission.cells import Cells
from dap.submission.limits import LIMITS
from dap.submission.reading import Fault, HiddenText, Outside, Reading, Submission
from dap.submission.table import Faults, unreadable
from dap.submission.text import RowError, decode


def read_fixed(content: bytes, layout: Layout, reading: Reading) -> Submission:
    """Read a file by the positions of its layout. Never raises for what the file holds: faults go into the Reading.

    Positions count letters, not bytes. Blanks that fill a field up are no part of its text: those behind it, or before
    it where the field stands to the right. A line that is too short is left out of the table; text that stands where
    the layout has no field, between fields or behind the last, is the fault `beyond_layout` and goes to `hidden`.
    """
    try:
        return _read(decode(content, layout, _line_number), layout, reading)
    except RowError as error:
        return unreadable(reading, Fault(error.kind, (error.row,) if error.row else ()))


def _read(text: str, layout: Layout, reading: Reading) -> Submission:
    lines = _lines(text)
    titles, faults = list(islice(lines, len(layout.title_lines))), Faults()
    first = next(lines, None)
    if first is None:
        return unreadable(reading, Fault("empty"))
    outside = [Outside((number,), line) for number, line in titles]
    for (number, line), wanted in zip(titles, layout.title_lines, strict=True):
        words = " ".join(wanted.cells)
        if not (re.fullmatch(wanted.pattern, line.rstrip(" ")) if wanted.pattern else line.rstrip(" ") == words):
            faults.add("title_lines", number)
    return _table(chain([first], lines), layout, replace(reading, outside=tuple(outside)), faults)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of the text by number, whatever ends them; blank ones at the end are none."""
    line_end = "\n" if "\n" in text else "\r"
    length = _without_blank_lines(text, line_end)
    if not length:
        return
    if text.count(line_end, 0, length) >= LIMITS.rows:
        raise RowError("too_large")
    number, position = 0, 0
    while position <= length:
        number += 1
        end = text.find(line_end, position, length)
        line = text[position : length if end < 0 else end]
        line = line.removesuffix("\r") if line_end == "\n" else line
        if len(line) > LIMITS.cell_characters:
            raise RowError("cell_too_long", number)
        yield number, line
        position = length + 1 if end < 0 else end + 1


_LAST = re.compile(r"(?s:.*)[^ \x1a\r\n]")
# A carriage return that is no part of a line end is something that stands in its line.
_LAST_STRAY = re.compile(r"(?s:.*)\r(?!\n|\Z)")


def _without_blank_lines(text: str, line_end: str) -> int:
    """Where the last line ends that is not blank; 0 where all are."""
    last = _LAST.match(text)
    behind = last.end() if last else 0
    if line_end == "\n" and (stray := _LAST_STRAY.match(text, behind)):
        behind = stray.end()
    end = text.find(line_end, behind)
    return 0 if not behind else len(text) if end < 0 else end


def _line_number(before: str) -> int:
    return before.count("\n" if "\n" in before else "\r") + 1


def _table(lines: Iterable[tuple[int, str]], layout: Layout, reading: Reading, faults: Faults) -> Submission:
    by_start = sorted(layout.positions, key=lambda each: each.start)
    width = by_start[-1].end
    ends = [0, *(each.end for each in by_start)]
    gaps = [(before, after.start - 1) for before, after in zip(ends, by_start, strict=False)]
    # In the layout's order, wherever they stand in the line: the order of columns is that of a header.
    fields = sorted(layout.positions, key=lambda each: layout.by_name[each.field].position)
    names = tuple(field.field for field in fields)
    cells = Cells(names)
    outside = Texts()
    hidden: list[HiddenText] = []
    for number, line in lines:
        if not line.strip(" "):
            if not layout.skip_blank_rows:
                faults.add("empty_line" if not line else "empty_row", number)
            continue
        beyond = [line[first:last] for first, last in (*gaps, (width, len(line)))]
        if any(text.strip(" ") for text in beyond):
            faults.add("beyond_layout", number)
            # With the whole line as well: a number may stand half inside the layout.
            hidden += [HiddenText("beyond the layout", text, number) for text in (*beyond, line) if text.strip(" ")]
            if len(hidden) > LIMITS.beyond_texts:
                return unreadable(reading, Fault("too_large"), *faults.all())
        if "\r" in line:
            faults.add("stray_line_end", number)
        if len(line) < width:
            faults.add("line_too_short", number)
            outside.add(number, line)
            continue
        if "\ufffd" in line:
            faults.add("letters_lost", number)
        cells.add(
            number,
            [
                line[f.start - 1 : f.end].lstrip(" ") if f.align == "right" else line[f.start - 1 : f.end].rstrip(" ")
                for f in fields
            ],
        )
    if not cells.rows:
        faults.add("no_rows")
    found = replace(
        reading,
        header=names,
        columns=names,
        faults=(*reading.faults, *faults.all()),
        outside=outside.all(reading.outside),
        hidden=(*reading.hidden, *hidden),
        rows=len(cells.rows),
    )
    return cells.submission(found)
