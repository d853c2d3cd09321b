"""A line in the usual form is split as letter by letter; too many rows are known before they are made."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dap.submission import delimited
from dap.submission.delimited import Dialect, records_of
from dap.submission.limits import LIMITS
from dap.submission.text import RowError

PIECES = [",", ";", '"', '""', '","', '"\n"', "\n", "\r", "\r\n", '="1"', "a", " ", "", "\\", "é", "\u2028", "|", "'"]
DIALECTS = [Dialect(",", '"', "", False), Dialect(",", '"', "", True), Dialect(";", "'", "", False)]
DIALECTS += [Dialect("|", '"', "", True), Dialect(",", '"', "\\", False), Dialect(",", "", "", False)]

texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def _read(text: str, dialect: Dialect) -> list[object]:
    """The records down to the end, or to what makes the text unreadable."""
    found: list[object] = []
    try:
        found += ((each.number, each.cells, each.faults) for each in records_of(text, dialect))
    except RowError as error:
        found.append((error.kind, error.row))
    return found


@given(texts, st.sampled_from(DIALECTS))
def test_a_line_in_the_usual_form_is_split_as_letter_by_letter(text: str, dialect: Dialect) -> None:
    split = _read(text, dialect)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited._Splitter, "whole", lambda *_: None)
        assert _read(text, dialect) == split


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('"a","b"', ("a", "b")),
        ('"a","b"\r', ("a", "b")),
        ('"a,b",c', ("a,b", "c")),
        ('"a ""b""",', ('a "b"', "")),
        (',"",""""', ("", "", '"')),
        ('""', ("",)),
        ('"', None),
        ('a"b"', None),
        ('"a"b', None),
        ('"a"\rb', None),
        ("=" + '"1"', None),
    ],
)
def test_only_a_line_in_the_usual_form_is_taken_whole(line: str, cells: tuple[str, ...] | None) -> None:
    assert delimited._Splitter(line, DIALECTS[1], "\n").whole(line) == cells


@given(texts, st.sampled_from(DIALECTS))
def test_rows_counted_too_many_are_too_many_or_have_no_one_reading(text: str, dialect: Dialect) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "LIMITS", replace(LIMITS, rows=3))
        line_end = delimited._line_end(text, dialect.quote)
        counted = delimited._has_too_many_rows(text, dialect, line_end)
        found = _read(text, dialect)
    unclear = any(len(each) == 2 or each[2] for each in found if isinstance(each, tuple))
    if counted:
        assert len(found) > 3 or unclear
    elif len(found) > 4 and not unclear and not dialect.escape:
        # The last row may have no line end.
        assert counted


@pytest.mark.parametrize("row", ["a,b\n", '"a","b\n"\n', '"a""",b\n'])
def test_more_rows_than_are_taken_are_counted_piece_by_piece(row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "LIMITS", replace(LIMITS, rows=99))
    monkeypatch.setattr(delimited, "_COUNTED_AT_ONCE", 7)
    assert not delimited._has_too_many_rows(row * 99, DIALECTS[0], "\n")
    assert delimited._has_too_many_rows(row * 100, DIALECTS[0], "\n")
