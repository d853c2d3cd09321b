"""Refuses to let out an executed notebook whose outputs hold a Social Security number's shape or a row of a file."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from dap.errors import RequestError
from dap.identifiers import find_in_text
from dap.plan import Plan

# Names, dates, and numbers together tell who a row is about; fewer cells, or short ones, are in any table by chance.
_CELLS, _LETTERS, _BETWEEN = 3, 12, 60
_DRAWING = "image/"


def refuse_unsafe(notebook: Mapping[str, Any], plan: Plan, rows: Iterable[Sequence[str]] = ()) -> None:
    """Raise RequestError where an output holds what must not leave; it says in which cell, never what.

    `notebook` is an executed notebook as nbformat reads it; `rows` are the rows, as texts, of the files that it read.
    Refused are: anything the detector takes for a Social Security number, a state student number, a table with the
    header of a layout that names persons, and three neighbouring cells of one of `rows`.
    """
    known = [tuple(cell for cell in row if cell.strip()) for row in rows]
    for place, cell in enumerate(notebook["cells"], 1):
        for text in _texts(cell):
            if fault := _fault(text, plan, known):
                raise RequestError(
                    f"The output of cell {place} holds {fault}, so the notebook is not published. "
                    "Change the cell so that it shows counts, and run it again."
                )


def _fault(text: str, plan: Plan, rows: Iterable[Sequence[str]]) -> str:
    plain = _plain(text)
    if any(find_in_text(line) for line in plain.splitlines()) or find_in_text(" ".join(plain.split())):
        return "something shaped like a Social Security number"
    if _STUDENT_NUMBER.search(plain):
        return "something shaped like a state student number"
    if _has_header(text, plan):
        return "a table with the columns of a submission"
    if any(_holds_row(plain, row) for row in rows):
        return "a row of a file"
    return ""


_STUDENT_NUMBER = re.compile(r"(?<![0-9A-Za-z./#_-])[0-9]{10}(?![0-9A-Za-z])")


def _texts(cell: Mapping[str, Any]) -> Iterator[str]:
    for output in cell.get("outputs", ()):
        yield _joined(output.get("text", ""))
        yield "\n".join(output.get("traceback", ()))
        for kind, content in output.get("data", {}).items():
            if kind.startswith(_DRAWING) and "svg" not in kind:
                raise RequestError(
                    "An output holds a picture that cannot be searched, so the notebook is not published."
                )
            yield json.dumps(content, ensure_ascii=False) if isinstance(content, dict) else _joined(content)


def _joined(text: Any) -> str:
    return "".join(text) if isinstance(text, list) else str(text)


def _plain(text: str) -> str:
    # A drawing's coordinates are no text; its words stand between tags.
    without = re.sub(r"<(?:style|script)\b.*?</(?:style|script)>", " ", text, flags=re.S | re.I)
    without = re.sub(r"</(?:tr|p|div|text|li|caption)>", "\n", without)
    return html.unescape(re.sub(r"<[^<>]*>", " ", without))


def _has_header(text: str, plan: Plan) -> bool:
    heads = {html.unescape(each).strip() for each in re.findall(r'<th(?! scope="row")[^>]*>([^<]*)</th>', text)}
    if not heads or "<td" not in text:
        return False
    for _, layout, element in plan.every_element():
        if (
            element.sensitivity == "direct-identifier"
            and element.name in heads
            and len(heads & set(layout.by_name)) > 1
        ):
            return True
    return False


def _holds_row(text: str, row: Sequence[str]) -> bool:
    for start in range(len(row) - _CELLS + 1):
        part = row[start : start + _CELLS]
        if sum(map(len, part)) < _LETTERS or not all(each in text for each in part):
            continue
        edge = r"(?![0-9A-Za-z])"
        pattern = rf"{edge}.{{1,{_BETWEEN}}}?(?<![0-9A-Za-z])".join(map(re.escape, part))
        if re.search(rf"(?<![0-9A-Za-z]){pattern}{edge}", text, re.S):
            return True
    return False
