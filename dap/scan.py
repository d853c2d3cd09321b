"""The identifier screen alone: any file, no plan, for a district's own desk. It judges nothing else."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

from dap.identifiers import (
    FORMS,
    SEPARATED,
    Hit,
    Place,
    find_in_sheets,
    find_in_text,
    find_in_texts,
    names_ssn,
    screen_table,
)
from dap.identifiers.sheets import HeldCell
from dap.plan import SEPARATORS
from dap.report import Finding, Scanned, said_scanned
from dap.rules import rule
from dap.submission.child import read_apart
from dap.submission.kinds import PACKED, kind_of
from dap.submission.reading import HiddenText, digest, load
from dap.suites import PROHIBITED

FOUND, CLEAN, UNREADABLE = "found", "clean", "unreadable"
FIRST_ROWS = 100

_RULE_OF = {form: id for id, form in PROHIBITED.items()}
# First bytes of what is neither text nor read by a reader of submissions: PDF, 7z, images.
_NO_TEXT = (b"\xd0\xcf\x11\xe0", b"%PDF", b"7z\xbc\xaf", b"\x89PNG", b"\xff\xd8\xff")
_PACKED_FORMATS = ("xlsx", "xls", "ods", "zip", "gzip")
_MOST_SHEETS, _WIDEST = 50, 100_000
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF32_BE, "utf-32"))  # fmt: skip
_LINE_END = re.compile("\r\n|\r|\n")
_GAP = re.compile("  +|\t+")
_ASKED_LINES, _HEADS = 50, 10
_LONGEST_HEAD = 60
_TAIL, _NEXT = 60, 30


@dataclass(frozen=True)
class Text:
    """A piece of a file that is scanned by itself, and the row where it stands."""

    row: int
    text: str = field(repr=False)


@dataclass(frozen=True)
class Table:
    """A table: the header's texts (what stands above each column), its row, the rows' numbers and the columns."""

    header: tuple[str, ...] = field(repr=False)
    header_row: int
    rows: tuple[int, ...]
    columns: tuple[tuple[str | None, ...], ...] = field(repr=False)


@dataclass(frozen=True)
class Contents:
    """What a file holds as the screen meets it: tables, running lines, single texts, and parts that no table shows.

    `wrapped` are the raw lines of what may be no table after all: only what a line break cuts is looked for in them.
    `beside` are the cells of rows of another width, by that width: each width may be a table of its own.
    """

    tables: tuple[Table, ...] = ()
    lines: tuple[Text, ...] = ()
    wrapped: tuple[Text, ...] = ()
    texts: tuple[Text, ...] = ()
    beside: tuple[HeldCell, ...] = field(default=(), repr=False)
    hidden: tuple[HiddenText, ...] = ()
    sheets: int = 0
    archive_members: int = 0


@dataclass(frozen=True)
class Screened:
    """What the screen says of one file: `clean`, `found`, or `unreadable` where it could not look inside."""

    status: str
    file_name: str
    bytes: int
    sha256: str
    scanned: Scanned
    findings: tuple[Finding, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The answer as `dap scan --format json` prints it (schemas/scan.schema.json)."""
        return {
            "status": self.status,
            "file": {"name": self.file_name, "bytes": self.bytes, "sha256": self.sha256},
            "scanned": vars(self.scanned),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def scan(path: str | Path, *, number: int = 1, rows: int | None = FIRST_ROWS) -> Screened:
    """Screen one file. `number` is what the file is called (`file 1`).

    RequestError where it cannot be opened, CouldNotRun where the machine is too busy to look inside.
    """
    path = Path(path)
    name = f"file {number}"
    content = load(path, name)
    contents = None if content.refused else contents_of(content.data, name)
    findings = list(_findings(contents, rows)) if contents else []
    if in_name := find_in_text(path.name):
        findings.append(_finding("file_name", labels=_labels(in_name)))
    errors = any(finding.severity == "error" for finding in findings)
    status = UNREADABLE if contents is None else FOUND if errors else CLEAN
    scanned = _scanned(contents) if contents else Scanned(file_name=1)
    return Screened(status, name, content.size, digest(content.data), scanned, tuple(findings))


def contents_of(content: bytes, label: str = "the file") -> Contents | None:
    """What the file holds; None where nobody can look inside. The one function to extend for another kind of file."""
    if kind_of(content) in PACKED:
        return _unpacked(content, label)
    if content.startswith(_NO_TEXT):
        return None
    text = _decoded(content)
    if text is None:
        return None
    lines = [(row, line) for row, line in enumerate(_LINE_END.split(text), start=1) if line.strip()]
    delimiter = _delimiter(text)
    if delimiter is not None:
        try:
            table = _table([(row, cells) for row, cells in _records(text, delimiter) if any(cells)])
            return replace(table, wrapped=tuple(Text(*line) for line in lines)) if table.texts else table
        except csv.Error:
            pass
    return _aligned(lines) or Contents(lines=tuple(Text(row, line) for row, line in lines))


def _unpacked(content: bytes, label: str) -> Contents | None:
    """A workbook, each of its sheets as a table of its own; or the one file that an archive holds."""
    formats = (*_PACKED_FORMATS, *(["parquet"] if find_spec("pyarrow") else []))
    answer = read_apart(content, formats, "", label)
    if answer.content is not None:
        inside = None if answer.fatal else contents_of(answer.content)
        return None if inside is None else replace(inside, hidden=answer.hidden, archive_members=answer.members)
    if answer.fatal:
        return None
    names = [part.text for part in answer.hidden if part.place == "sheet name"]
    if len(names) > _MOST_SHEETS:
        return None
    answers = [answer]
    if len(names) > 1:
        # One by one, so that each sheet's headers and statistics count; what is beside them is the same each time.
        by_name = [read_apart(content, formats, name) for name in names]
        if any(each.fatal not in ("", "sheet_unclear") for each in by_name):
            return None
        # A hidden sheet cannot be asked for: its cells are among the hidden texts.
        answers = [each for each in by_name if not each.fatal] or answers
    sheets = [_table([(line.number, list(line.cells)) for line in each.lines]) for each in answers if each.lines]
    return Contents(
        tables=tuple(table for each in sheets for table in each.tables),
        texts=tuple(text for each in sheets for text in each.texts),
        beside=tuple(
            (place * _WIDEST + (width or 0), row, column, cell)
            for place, each in enumerate(sheets)
            for width, row, column, cell in each.beside
        ),
        hidden=answer.hidden,
        sheets=answer.sheets,
        archive_members=answer.members,
    )


def _decoded(content: bytes) -> str | None:
    """By byte-order mark, as UTF-8, as the Western code page; None for what holds bytes that no text has."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace").removeprefix("\ufeff")
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The records, numbered from 1; a quoted line break starts none."""
    # One for the whole process: raised, never lowered for whoever else reads a table.
    csv.field_size_limit(max(len(text), csv.field_size_limit()))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return enumerate(reader, start=1)


def _delimiter(text: str) -> str | None:
    """The mark that splits most of the first lines into as many cells, two at least; None for running text."""
    best, most = None, 0
    for delimiter in SEPARATORS:
        try:
            widths = [len(cells) for _, cells in _first(_records(text, delimiter)) if any(cells)]
        except csv.Error:
            continue
        if not widths:
            return None
        width, count = max(Counter(widths).items(), key=lambda item: (item[0] > 1, item[1]))
        # A sentence holds commas too, but not as many in each line.
        if (
            width > 1
            and 2 * count > len(widths) - (width > 2)
            and (len(widths) > 1 or width > 2)
            and count * width > most
        ):
            best, most = delimiter, count * width
    return best


def _first(records: Iterable[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    kept = []
    for record in records:
        kept.append(record)
        if len(kept) == _ASKED_LINES:
            break
    return kept


def _aligned(lines: Sequence[tuple[int, str]]) -> Contents | None:
    """A table without delimiter: one column of numbers under a name, or columns set apart by two blanks and more."""
    first = lines[:_ASKED_LINES]
    single = [line.strip(" '=\"").replace(".", "").isdigit() for _, line in first[1:]]
    if single and sum(single) * 2 > len(single) and len(first[0][1]) <= _LONGEST_HEAD:
        return _table([(row, [line]) for row, line in lines])
    split = [(row, _GAP.split(line.strip())) for row, line in lines]
    width, count = Counter(len(cells) for _, cells in split[:_ASKED_LINES]).most_common(1)[0] if split else (0, 0)
    if width > 1 and count > 2 and 4 * count > 3 * len(first):
        return _table(split)
    return None


def _table(records: Sequence[tuple[int, list[str]]]) -> Contents:
    width = Counter(len(cells) for _, cells in records[:_ASKED_LINES]).most_common(1)[0][0]
    kept = [(row, cells) for row, cells in records if len(cells) == width]
    ragged = [(row, cells) for row, cells in records if len(cells) != width]
    other = tuple(Text(row, cell) for row, cells in ragged for cell in cells if cell)
    # Rows of one other width may be a second table below the first.
    beside = tuple(
        (len(cells), row, column, cell) for row, cells in ragged for column, cell in enumerate(cells, start=1) if cell
    )
    (header_row, header), body = kept[0], kept[1:]
    columns = tuple(tuple(cells[place] or None for _, cells in body) for place in range(width))
    heads = tuple(_head(title, column) for title, column in zip(header, columns, strict=True))
    table = Table(heads, header_row, tuple(row for row, _ in body), columns)
    return Contents(tables=(table,), texts=other, beside=beside)


def _head(title: str, column: Sequence[str | None]) -> str:
    """What names a column: its first cell, or a word for the number in one of the first cells under it."""
    for cell in column[:_HEADS]:
        if cell and len(cell) <= _LONGEST_HEAD and not re.search("[0-9]", cell) and names_ssn(cell):
            return cell if not title else f"{title} {cell}"
    return title


def _findings(contents: Contents, most: int | None) -> Iterator[Finding]:
    for table in contents.tables:
        screen = screen_table(zip(table.header, table.columns, strict=True), table.rows, table.header_row)
        for place in (*screen.places, *screen.doubts):
            yield _of_place(place, most)
    for texts in (contents.texts, contents.lines):
        found = [(texts[place].row, hits) for place, hits in find_in_texts([each.text for each in texts])]
        if texts is contents.lines:
            found += [*_across(contents.lines), *_across(contents.wrapped, table=True)]
        else:
            found += find_in_sheets(contents.beside)
        yield from _of_texts(sorted(found, key=_row), most, "line" if texts is contents.lines else "")
    for kind in dict.fromkeys(part.place for part in contents.hidden):
        parts = [part for part in contents.hidden if part.place == kind]
        hidden = [(parts[place].row or 0, hits) for place, hits in find_in_texts([part.text for part in parts])]
        # Another sheet that can be seen is among the tables.
        if kind == "hidden sheet":
            hidden += find_in_sheets(
                (each.sheet, each.row, each.column, each.text) for each in parts if each.row and each.column
            )
        yield from _of_texts(sorted((each for each in hidden if each[1]), key=_row), most, "metadata")


def _across(lines: Sequence[Text], *, table: bool = False) -> Iterator[tuple[int, tuple[Hit, ...]]]:
    """What a line break cuts in two: the end of a line and the beginning of the next hold what neither holds alone.

    In what may be a table a word at the end of a row says nothing of the next row's first number.
    """
    for line, following in pairwise(lines):
        end, begin = line.text[-_TAIL:], following.text[:_NEXT]
        if not re.search(r"[0-9]", begin[:8]) or not re.search(r"[0-9A-Za-z#][^0-9A-Za-z]{0,4}$", end):
            continue
        alone = {*find_in_text(end), *find_in_text(begin)}
        # Lines of figures end and begin with digits; only a mark beside the break makes one number of them.
        hits = {hit for hit in find_in_text(f"{end}\n{begin}") if hit.form == SEPARATED and _marked(end, begin)}
        if not table:
            hits |= {hit for hit in find_in_text(f"{end}\n{begin.split()[0]}") if hit.form != SEPARATED}
        if hits - alone:
            yield line.row, tuple(sorted(hits - alone, key=lambda hit: (hit.form, hit.label)))


def _marked(end: str, begin: str) -> bool:
    return bool(re.search(r"[^0-9A-Za-z\s]\s*$", end) or re.match(r"\s*[^0-9A-Za-z\s]", begin)) or bool(
        re.search(r"[^0-9A-Za-z\s][0-9]{2}\s*$", end) or re.match(r"\s*[0-9]{2}[^0-9A-Za-z\s]", begin)
    )


def _labels(hits: Iterable[Hit]) -> tuple[str, ...]:
    return tuple(sorted({hit.label for hit in hits}))


def _row(found: tuple[int, tuple[Hit, ...]]) -> int:
    return found[0]


def _of_place(place: Place, most: int | None) -> Finding:
    return _finding(place.form, column=place.column, rows=place.rows, labels=place.labels, most=most)


def _of_texts(found: Sequence[tuple[int, tuple[Hit, ...]]], most: int | None, kind: str) -> Iterator[Finding]:
    """One finding a form for running lines, one for all texts beside a table or of a hidden part."""
    if kind == "line":
        for form in FORMS:
            listed = [(row, [hit for hit in hits if hit.form == form]) for row, hits in found]
            listed = [(row, hits) for row, hits in listed if hits]
            if listed:
                rows = tuple(dict.fromkeys(row for row, _ in listed))
                labels = _labels(hit for _, hits in listed for hit in hits)
                yield _finding(form, rows=rows, labels=labels, most=most)
    elif found:
        rows = tuple(dict.fromkeys(row for row, _ in found if row))
        labels = _labels(hit for _, hits in found for hit in hits)
        yield _finding(kind or "outside_table", rows=rows, labels=labels, most=most)


def _finding(
    form: str,
    *,
    column: int | None = None,
    rows: tuple[int, ...] = (),
    labels: tuple[str, ...] = (),
    most: int | None = None,
) -> Finding:
    stated = rule(_RULE_OF[form])
    return Finding(
        stated.id,
        stated.name,
        stated.severity,
        stated.message,
        stated.fix,
        column=column,
        rows=rows[:most],
        count=max(1, len(rows)),
        labels=labels,
    )


def _scanned(contents: Contents) -> Scanned:
    cells = sum(len(table.rows) * len(table.columns) for table in contents.tables)
    return Scanned(
        cells=cells + len(contents.texts) + len(contents.lines),
        headers=sum(len(table.header) for table in contents.tables),
        file_name=1,
        sheets=contents.sheets,
        hidden_parts=len(contents.hidden),
        archive_members=contents.archive_members,
    )


def as_json(screened: Sequence[Screened], *, always_list: bool = False) -> str:
    """One object for one file, a list for several (or always)."""
    documents = [each.as_dict() for each in screened]
    return json.dumps(documents if always_list or len(documents) != 1 else documents[0], indent=2) + "\n"


def sentence(screened: Screened) -> str:
    """What the answer means, in a sentence."""
    if screened.status == UNREADABLE:
        return (
            "The inside of this kind of file cannot be searched here, so nothing is known about it. "
            "Save the table as CSV and scan that."
        )
    searched = said_scanned(screened.scanned)
    if screened.status == FOUND:
        return f"Numbers like Social Security numbers were found. {searched}"
    return f"No number like a Social Security number was found. {searched}"
