"""Texts beside the table are held once, and packed where there are many: what is told of them stays the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dap.gate import check
from dap.plan import Plan
from dap.submission import Outside, beside
from dap.submission.beside import PackedTexts, Texts, in_blocks, times_met

ROWS = st.lists(st.lists(st.sampled_from(["", "a", "b", "Peña", "c\nd", "000-12-3456", "e"]), max_size=4), max_size=12)


def _met(outside: Sequence[Outside]) -> Counter[tuple[int, str]]:
    return Counter((row, each.text) for each in outside for row in each.rows)


def _texts(rows: list[list[str]], held: int, to_a_block: int) -> Sequence[Outside]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beside, "_HELD", held)
        patch.setattr(beside, "_TO_A_BLOCK", to_a_block)
        texts = Texts()
        for number, cells in enumerate(rows, start=2):
            texts.add(number, *cells)
        return texts.all((Outside((1,), "above"),))


@given(ROWS, st.integers(0, 3), st.integers(1, 4))
def test_texts_that_are_packed_are_those_that_are_held(rows: list[list[str]], held: int, to_a_block: int) -> None:
    plain, packed = _texts(rows, 100, 100), _texts(rows, held, to_a_block)
    assert not isinstance(plain, PackedTexts)
    assert _met(packed) == _met(plain)
    assert times_met(packed) == times_met(plain) == _met(plain).total()
    assert [(each.text, each.rows) for each in packed[:]] == [(each.text, each.rows) for each in packed]
    assert [packed[place].text for place in range(-len(packed), 0)] == [each.text for each in packed]
    in_parts = [(text, rows) for texts, numbers in in_blocks(packed) for text, rows in zip(texts, numbers, strict=True)]
    assert in_parts == [(each.text, each.rows) for each in packed]
    assert [each.text for each in packed][:1] == ["above"]


def test_there_is_no_text_behind_the_last() -> None:
    packed = _texts([["a", "b", "c"]], 1, 2)
    assert isinstance(packed, PackedTexts) and len(packed) == 4
    with pytest.raises(IndexError):
        packed[4]


@pytest.mark.parametrize("number", ["000-12-3456", "none"])
def test_the_report_is_the_same_however_many_texts_beside_the_table_are_held(
    number: str, connecticut: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header, *rows = (Path(__file__).parent.parent / "catalog/collections/tcs/example.csv").read_text().splitlines()
    short = [row.rpartition(",")[0] for row in rows for _ in range(9)]
    text = "\n".join([header, *short[:7], f"{number},{number}", *short, number, *rows])
    path = tmp_path / "file.csv"
    path.write_text(text, "utf-8")
    whole = check(path, "tcs", plan=connecticut).as_dict()
    assert ("P107" in {each["rule"] for each in whole["findings"]}) is (number != "none")
    monkeypatch.setattr(beside, "_HELD", 2)
    monkeypatch.setattr(beside, "_TO_A_BLOCK", 3)
    assert check(path, "tcs", plan=connecticut).as_dict() == whole
