"""The kinds of pollution of the Pollock benchmark, with the layout known: nothing is misread without a word.

The benchmark (Vitagliano et al., "Pollock: A Data Loading Benchmark", PVLDB 16(8), 2023) takes one clean file and
pollutes it in one way at a time: in the file as a whole, in its dialect, or in one row. The files here are made anew.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from dap.plan import Layout
from dap.submission import FATAL, read
from tests.test_reading import _layout

NAMES = ("date", "time", "quantity", "sku", "description", "price", "total", "note", "shop")
LAYOUT = _layout(*NAMES)
ROWS: list[tuple[str, ...]] = [
    (f"0{day}/01/2001", "12:00 PM", f"{day}", f"EX{day}", f"Example, no. {day}", "1.50", f"{day}.5", 'a "b" c', "")
    for day in range(1, 10)
]


def written(rows: list[tuple[str, ...]], header: bool = True, end: str = "\r\n", **dialect: Any) -> str:
    """The table as csv writes it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=end, **dialect)
    writer.writerows([NAMES, *rows] if header else rows)
    return out.getvalue()


def pollutions() -> Iterator[tuple[str, bytes, list[tuple[str, ...]]]]:
    """Each polluted file: its kind, its bytes, the rows that stand in it for whoever knows the layout."""
    clean = written(ROWS)
    yield "clean", clean.encode(), ROWS
    yield "no payload", b"", []
    yield "header only", written([]).encode(), []
    yield "one row", written(ROWS[:1]).encode(), ROWS[:1]
    yield "no header", written(ROWS, header=False).encode(), ROWS
    yield "no trailing newline", clean.removesuffix("\r\n").encode(), ROWS
    yield "double trailing newline", (clean + "\r\n").encode(), ROWS
    for title in ("Report\r\n", "Report\r\nmade 2001\r\n\r\n", "Report,,,,,,,,\r\n"):
        yield "preamble", (title + clean).encode(), ROWS
    for second in (("a", "b"), NAMES, (*NAMES, "x", "y")):
        block = ",".join(second) + "\r\n" + ",".join("1" for _ in second) + "\r\n"
        yield "multiple tables", (clean + "\r\n" + block).encode(), ROWS
        yield "multiple tables without a gap", (clean + block).encode(), ROWS
    for lines in (2, 3):
        head = ",".join(NAMES) + "\r\n"
        yield "header of several rows", (head * lines + clean.removeprefix(head)).encode(), ROWS
    for end in ("\n", "\r"):
        yield "record delimiter", written(ROWS, end=end).encode(), ROWS
    for delimiter in (";", "\t", "|", " ", ":", "^"):
        yield "field delimiter", written(ROWS, delimiter=delimiter).encode(), ROWS
    yield "delimiter of two letters", clean.replace(",", ", ").encode(), ROWS
    yield "quotation character", written(ROWS, quotechar="'").encode(), ROWS
    yield "escape character", clean.replace('""', '\\"').encode(), ROWS
    yield "escape character dropped", clean.replace('""', '"').encode(), ROWS
    for encoding in ("utf-16", "utf-8-sig", "latin-1", "utf-32"):
        yield (
            f"encoding {encoding}",
            clean.replace("Example", "Exämple").encode(encoding),
            [tuple(cell.replace("Example", "Exämple") for cell in row) for row in ROWS],
        )
    kept = clean.split("\r\n")[:-1]
    for number in range(len(kept)):
        for place in range(len(NAMES) - 1):
            yield from _in_row(kept, number, place)


def _in_row(lines: list[str], number: int, place: int) -> Iterator[tuple[str, bytes, list[tuple[str, ...]]]]:
    """One row polluted at one separator."""
    at = _separators(lines[number])[place]
    line = lines[number]
    for kind, changed in (
        ("a separator too few", line[:at] + line[at + 1 :]),
        ("a separator too many", line[:at] + "," + line[at:]),
        ("another separator", line[:at] + ";" + line[at + 1 :]),
        ("a quotation mark too many", line[:at] + '"' + line[at:]),
        ("a quotation mark before", line[: at + 1] + '"' + line[at + 1 :]),
        ("cut off", line[:at]),
        ("a line break", line[:at] + "\r\n" + line[at:]),
    ):
        text = "\r\n".join([*lines[:number], changed, *lines[number + 1 :]]) + "\r\n"
        yield kind, text.encode(), ROWS


def _separators(line: str) -> list[int]:
    quoted, found = False, []
    for place, letter in enumerate(line):
        quoted ^= letter == '"'
        if letter == "," and not quoted:
            found.append(place)
    return found


def _ours(content: bytes, layout: Layout = LAYOUT) -> tuple[bool, list[tuple[str, ...]]]:
    """Whether the file would be accepted, and the rows read."""
    submission = read(content, layout)
    reading = submission.reading
    milder = {"empty_line", "empty_row", "letters_lost"}
    faults = {fault.kind for fault in reading.faults} - milder
    accepted = not faults and reading.columns == NAMES
    assert not (accepted and faults & FATAL)
    rows = [tuple(cell or "" for cell in row) for row in submission.frame.itertuples(index=False, name=None)]
    return accepted, rows


def _by_width(content: bytes) -> tuple[bool, list[tuple[str, ...]]]:
    """What csv and a check of every row's width accept."""
    try:
        rows = [tuple(row) for row in csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)]
    except (UnicodeDecodeError, csv.Error):
        return False, []
    return bool(rows) and rows[0] == NAMES and all(len(row) == len(NAMES) for row in rows), rows[1:]


def test_no_kind_of_pollution_is_misread_without_a_word() -> None:
    files = list(pollutions())
    assert len(files) > 500
    misread = [kind for kind, content, rows in files if (read := _ours(content))[0] and read[1] != rows]
    assert misread == []


def test_more_is_accepted_than_a_check_of_the_width_accepts_rightly() -> None:
    # A header alone is refused for another reason: nobody reported anything.
    files = [each for each in pollutions() if each[0] != "header only"]
    ours = {place for place, (_, content, rows) in enumerate(files) if _ours(content) == (True, rows)}
    by_width = {place for place, (_, content, rows) in enumerate(files) if _by_width(content) == (True, rows)}
    assert by_width < ours
    # And the check of the width takes some for right that are wrong.
    assert any(_by_width(content)[0] and _by_width(content)[1] != rows for _, content, rows in files)


def test_what_the_layout_declares_is_accepted_too() -> None:
    blank = _layout(*NAMES, delimiters=(",", " "))
    assert _ours(written(ROWS, delimiter=" ").encode(), blank) == (True, ROWS)
    single = _layout(*NAMES, quote="'")
    assert _ours(written(ROWS, quotechar="'").encode(), single) == (True, ROWS)
    escaped = _layout(*NAMES, escape="\\")
    assert _ours(written(ROWS, doublequote=False, escapechar="\\").encode(), escaped) == (True, ROWS)
