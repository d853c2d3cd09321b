"""Makes the records of a file into a frame of text and a Reading: columns by name, rows by number, faults by kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from dap.plan import Element, Layout, TitleLine
from dap.submission.beside import Texts
from dap.submission.cell_text import DATE, DIGITS_LOST, ERROR, NO_FORMAT, NUMBER, SHOWN_ROUNDED
from dap.submission.cells import Cells
from dap.submission.limits import LIMITS
from dap.submission.reading import Fault, Outside, Reading, Submission, same_name

SEARCHED_FOR_HEADER = 50
LETTER_LOST = "\ufffd"
# What a cell of each kind is a fault of, in whatever column it stands.
_KIND_FAULTS = {
    ERROR: "error_value",
    NO_FORMAT: "number_format",
    SHOWN_ROUNDED: "shown_rounded",
    DIGITS_LOST: "digits_lost",
}
_DATE_WIDTHS = {"%Y": 4, "%m": 2, "%d": 2, "%y": 2}


@dataclass(slots=True)
class Record:
    """One line of the table as the file has it: its number, its cells (none for an empty line), its faults.

    `kinds` says what each cell of a workbook holds (`cell_text.KINDS`); empty where every cell is text.
    """

    number: int
    cells: tuple[str, ...]
    faults: tuple[str, ...] = ()
    kinds: str = ""


class Faults:
    """Collects the rows of each kind of fault, and of each column where it is one column's."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int | None], list[int]] = {}

    def add(self, kind: str, *rows: int, column: int | None = None) -> None:
        """A fault and the rows where it is."""
        self._rows.setdefault((kind, column), []).extend(rows)

    def all(self) -> tuple[Fault, ...]:
        """The faults, in the order in which they were met."""
        return tuple(Fault(kind, tuple(rows), column) for (kind, column), rows in self._rows.items())


def build_table(
    reading: Reading,
    records: Iterable[Record],
    layout: Layout,
    faults: Faults,
    *,
    grid: bool = False,
    look_for_lost: bool = True,
) -> Submission:
    """The submission that records make: title lines, header, rows.

    In a `grid`, such as a sheet, a row ends with its last filled cell, so short rows are filled up with empty cells.
    `look_for_lost` says whether the sign for a lost letter may be anywhere; a search of the whole text is quicker.
    """
    body, above = iter(records), len(layout.title_lines)
    top = list(islice(body, above + 1))
    rest: list[Record] = []
    if not any(record.cells for record in top):
        # Only here are records held before it is known that there is a table at all.
        rest = list(body)
        body = iter(rest)
    if len(top) <= above or not any(record.cells for record in chain(top, rest)):
        return unreadable(reading, Fault("empty"))
    head = read_head(top, layout, faults, grid=grid)
    if len(head.columns) > LIMITS.columns:
        return unreadable(reading, Fault("too_wide"))
    outside, cells, lost = Texts(), Cells(head.columns), []
    kept = kept_rows(body, head.header, layout, faults, outside, grid)
    # What a workbook did to a column is told by all of its cells.
    listed = list(kept) if grid else []
    for record in listed or kept:
        if look_for_lost and LETTER_LOST in "".join(record.cells):
            lost.append(record.number)
        cells.add(record.number, record.cells)
    if lost:
        faults.add("letters_lost", *lost)
    if grid:
        _cell_faults(listed, head.columns, layout, faults)
    if not cells.rows:
        faults.add("no_rows")
    found = head.reading(reading, len(cells.rows), faults, outside.all(head.outside))
    return cells.submission(found)


@dataclass(frozen=True)
class Head:
    """The lines of a table down to its header: the header's record, the names of the columns, what stands above."""

    header: Record
    columns: tuple[str, ...]
    outside: tuple[Outside, ...]

    def reading(self, reading: Reading, rows: int, faults: Faults, outside: Sequence[Outside]) -> Reading:
        """The Reading of the whole table, with what was found in its rows as well."""
        return replace(
            reading,
            header=self.header.cells,
            header_row=self.header.number,
            columns=self.columns,
            faults=(*reading.faults, *faults.all()),
            outside=outside,
            rows=rows,
        )


def read_head(records: Sequence[Record], layout: Layout, faults: Faults, *, grid: bool = False) -> Head:
    """What the first records say, the header's the last of them; their faults go to `faults`."""
    *titles, header = records
    if grid:
        header = replace(header, cells=_filled(header.cells))
    for record, wanted in zip(titles, layout.title_lines, strict=True):
        if not _is_title(record, wanted):
            faults.add("title_lines", record.number)
    columns = _column_names(header.cells, layout)
    for record in records:
        for kind in record.faults:
            faults.add(kind, record.number)
        if any(LETTER_LOST in cell for cell in record.cells):
            faults.add("letters_lost", record.number)
    outside = tuple(Outside((record.number,), " ".join(record.cells)) for record in titles if record.cells)
    return Head(header, columns, outside)


def unreadable(reading: Reading, *faults: Fault) -> Submission:
    """A file that gave no table, and why."""
    return Cells(()).submission(replace(reading, faults=faults))


def header_elsewhere(records: Iterable[Record], layout: Layout) -> int | None:
    """The row among the first that holds the header where the header's own row holds no name of an element."""
    first = list(islice(records, SEARCHED_FOR_HEADER))
    above = len(layout.title_lines)
    if above < len(first) and known_names(first[above].cells, layout):
        return None
    return next((each.number for each in first if looks_like_header(each.cells, layout)), None)


def looks_like_header(cells: Sequence[str], layout: Layout) -> bool:
    """Whether most of the cells are names of elements, and more than one."""
    filled = _filled(cells)
    known = known_names(filled, layout)
    return known > 1 and known * 2 > len(filled)


def known_names(cells: Sequence[str], layout: Layout) -> int:
    """How many of the cells are names of elements."""
    names = layout.header_names
    return sum(same_name(cell) in names for cell in cells)


def _filled(cells: Sequence[str]) -> tuple[str, ...]:
    """The cells up to the last that holds anything."""
    width = len(cells)
    while width and not cells[width - 1]:
        width -= 1
    return tuple(cells[:width])


def _is_title(record: Record, wanted: TitleLine) -> bool:
    cells = [cell for cell in record.cells if cell]
    if wanted.pattern:
        return re.fullmatch(wanted.pattern, " ".join(cells)) is not None
    return _filled(record.cells) == _filled(wanted.cells)


def _column_names(header: Sequence[str], layout: Layout) -> tuple[str, ...]:
    known = {same_name(element.name): element.name for element in layout.elements}
    names: dict[str, None] = {}
    for position, cell in enumerate(header, start=1):
        name = known.get(same_name(cell))
        names[name if name and name not in names else f"#{position}"] = None
    return tuple(names)


def kept_rows(
    body: Iterable[Record], header: Record, layout: Layout, faults: Faults, outside: Texts, grid: bool
) -> Iterator[Record]:
    """The records of the table's width; what is wrong with the others goes to the faults, their text to `outside`."""
    width = len(header.cells)
    names = layout.header_names
    empty: list[int] = []
    heads: tuple[tuple[str, ...], ...] = (header.cells,)
    for record in body:
        if not record.cells:
            empty.append(record.number)
            continue
        if empty and not layout.skip_blank_rows:
            faults.add("empty_line", *empty)
        empty.clear()
        for kind in record.faults:
            faults.add(kind, record.number)
        cells = record.cells
        if grid and len(cells) != width:
            cells = _filled(cells)
            cells += ("",) * (width - len(cells))
            record = replace(record, cells=cells, kinds=record.kinds[: len(cells)].ljust(len(cells), "t"))
        if not any(cells):
            faults.add("empty_row", record.number)
            continue
        again = cells in heads or (not names.isdisjoint(cells[:2]) and looks_like_header(cells, layout))
        if again:
            heads = header.cells, cells
            faults.add("header_repeated", record.number)
        elif len(cells) == width:
            yield record
            continue
        else:
            faults.add("row_too_short" if len(cells) < width else "extra_cells", record.number)
        outside.add(record.number, *cells)


def _cell_faults(kept: Sequence[Record], columns: Sequence[str], layout: Layout, faults: Faults) -> None:
    """What a workbook did to the cells, column by column."""
    if not any(record.kinds.strip("t") for record in kept):
        return
    for place, name in enumerate(columns):
        element = layout.by_name.get(name)
        column = [(record.number, record.cells[place], record.kinds[place]) for record in kept]
        padded = {len(text) for _, text, kind in column if kind == "t" and text[:1] == "0" and _is_digits(text)}
        for number, text, kind in column:
            if kind in _KIND_FAULTS:
                faults.add(_KIND_FAULTS[kind], number, column=place + 1)
            elif kind == DATE and element is not None and element.type in ("string", "integer", "number"):
                faults.add("date_from_code", number, column=place + 1)
            elif kind == NUMBER and element is not None and _has_lost_zeros(text, element, padded):
                faults.add("zeros_lost", number, column=place + 1)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _has_lost_zeros(text: str, element: Element, padded: set[int]) -> bool:
    """Whether a number would be right with noughts before it: the column asks for them, or its neighbours have them."""
    if not _is_digits(text) or element.type in ("integer", "number", "boolean"):
        return False
    longer = range(len(text) + 1, 41)
    if element.type == "date":
        width = _date_width(element.format)
        return width is not None and len(text) < width
    pattern, permitted = element.constraints.get("pattern"), element.constraints.get("enum")
    if permitted is not None:
        return text not in permitted and any(text.zfill(width) in permitted for width in longer)
    if pattern:
        return not re.fullmatch(pattern, text) and any(re.fullmatch(pattern, text.zfill(width)) for width in longer)
    return any(width > len(text) for width in padded)


def _date_width(format: str) -> int | None:
    directives = re.findall("%[A-Za-z]", format)
    if not directives or "".join(directives) != format or not set(directives) <= set(_DATE_WIDTHS):
        return None
    return sum(_DATE_WIDTHS[each] for each in directives)
