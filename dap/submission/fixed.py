"""Reads a file of fixed width: every line holds the fields of the layout at their places, and there is no header."""

from __future__ import annotations

import re
from dataclasses import replace

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
        lines = _lines(decode(content, layout, _line_number))
    except RowError as error:
        return unreadable(reading, Fault(error.kind, (error.row,) if error.row else ()))
    above, faults = len(layout.title_lines), Faults()
    if len(lines) <= above:
        return unreadable(reading, Fault("empty"))
    outside = [Outside((number,), text) for number, text in enumerate(lines[:above], start=1)]
    for number, (text, wanted) in enumerate(zip(lines, layout.title_lines, strict=False), start=1):
        words = " ".join(wanted.cells)
        if not (re.fullmatch(wanted.pattern, text.rstrip(" ")) if wanted.pattern else text.rstrip(" ") == words):
            faults.add("title_lines", number)
    return _table(lines, above, layout, replace(reading, outside=tuple(outside)), faults)


def _lines(text: str) -> list[str]:
    """The lines of the text, whatever ends them; blank ones at the end are none."""
    line_end = "\n" if "\n" in text else "\r"
    lines = [line.removesuffix("\r") if line_end == "\n" else line for line in text.split(line_end)]
    while lines and not lines[-1].strip(" \x1a"):
        lines.pop()
    if len(lines) > LIMITS.rows:
        raise RowError("too_large")
    for number, line in enumerate(lines, start=1):
        if len(line) > LIMITS.cell_characters:
            raise RowError("cell_too_long", number)
    return lines


def _line_number(before: str) -> int:
    return before.count("\n" if "\n" in before else "\r") + 1


def _table(lines: list[str], above: int, layout: Layout, reading: Reading, faults: Faults) -> Submission:
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
    for number, line in enumerate(lines[above:], start=above + 1):
        if not line.strip(" "):
            if not layout.skip_blank_rows:
                faults.add("empty_line" if not line else "empty_row", number)
            continue
        beyond = [line[first:last] for first, last in (*gaps, (width, len(line)))]
        if any(text.strip(" ") for text in beyond):
            faults.add("beyond_layout", number)
            # With the whole line as well: a number may stand half inside the layout.
            hidden += [HiddenText("beyond the layout", text, number) for text in (*beyond, line) if text.strip(" ")]
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
