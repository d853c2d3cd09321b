"""The lines of a file of fixed width are met one by one: those that a split of the whole text gives."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dap.plan import Element, Layout, Position
from dap.submission import Content, Opened, fixed
from dap.submission.fixed import _lines
from dap.submission.limits import LIMITS
from dap.submission.text import RowError

LAYOUT = Layout(
    name="made",
    title="Made",
    collection="made",
    elements=(Element("id", "Id", "string", 1),),
    formats=("fixed",),
    positions=(Position("id", 1, 4),),
)


@given(st.lists(st.sampled_from(["abc", "\n", "\r\n", "\r", " ", "\x1a", "\u2028", "é"]), max_size=12).map("".join))
def test_lines_are_those_of_a_split(text: str) -> None:
    line_end = "\n" if "\n" in text else "\r"
    expected = [line.removesuffix("\r") if line_end == "\n" else line for line in text.split(line_end)]
    while expected and not expected[-1].strip(" \x1a"):
        expected.pop()
    assert list(_lines(text)) == list(enumerate(expected, start=1))


@pytest.mark.parametrize(("most", "refused"), [(3, False), (2, True)])
def test_more_rows_than_are_taken_are_known_before_the_first_is_made(
    most: int, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixed, "LIMITS", replace(LIMITS, rows=most))
    lines = _lines("a\nb\nc\n\n \n")
    if refused:
        with pytest.raises(RowError, match="too_large"):
            next(lines)
    else:
        assert len(list(lines)) == 3


@pytest.mark.parametrize(("most", "fatal"), [(6, []), (5, [("too_large", ())])])
def test_lines_that_are_too_long_are_listed_up_to_a_limit(
    most: int, fatal: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixed, "LIMITS", replace(LIMITS, beyond_texts=most))
    found = Opened(Content.of(b"0001x\n0002x\n0003x\n")).read(LAYOUT).reading
    told = [(each.kind, each.rows) for each in found.faults]
    assert told == [*fatal, ("beyond_layout", (1, 2, 3))]
    assert found.readable is (not fatal)
