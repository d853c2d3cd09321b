"""A fact of a descriptor as the text of a spreadsheet's cell, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dap.values import as_number

LINES = "One on each line (Alt+Enter begins a line)."
_CELL_LIMIT = 32_767  # characters a cell of a spreadsheet can hold
# Text that a workbook takes for a character's number: _x000D_ is a carriage return.
_NUMBERED = re.compile("_x([0-9A-Fa-f]{4})_")
# What XML 1.0 cannot hold.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class CellError(ValueError):
    """A cell's text is not written as its column asks; the message says how it is."""


@dataclass(frozen=True)
class Form:
    """How facts of one kind are written in a cell: `show` gives the text, `read` the fact, `how` says it to a person.

    `read` is given what else the row says, by column, and raises CellError. An empty cell is no fact and is never read.
    """

    show: Callable[[Any], str]
    read: Callable[[str, Mapping[str, str]], Any]
    how: str = ""


def fits(form: Form, fact: Any, row: Mapping[str, str]) -> bool:
    """Whether the fact comes back as it is from the text it is shown as; otherwise its cell can only be looked at."""
    if fact is None:
        return True
    text = form.show(fact)
    if text != shown(form, fact) or not text:
        return False
    try:
        return bool(form.read(text, row) == fact)
    except CellError:
        return False


def shown(form: Form, fact: Any) -> str:
    """The text of a fact's cell, without what a cell cannot hold; empty for none."""
    return "" if fact is None else as_cell(form.show(fact))


def as_cell(text: str) -> str:
    """A text as a cell holds it: one kind of line break, the characters and the length that XML and a cell admit."""
    return _NOT_XML.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))[:_CELL_LIMIT]


def escaped(text: str) -> str:
    """A cell's text as a workbook's file holds it, where _x0041_ would be read as a letter."""
    return _NUMBERED.sub(lambda found: f"_x005F{found[0]}", text)


def unescaped(text: str) -> str:
    """What a workbook's file means by a text: Excel writes a pasted carriage return as _x000D_."""
    return _NUMBERED.sub(lambda found: chr(int(found[1], 16)), text)


def _parts(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _read_link(line: str) -> dict[str, str]:
    found = re.fullmatch(r"(\S+)(?:\s+\(([^()]*)\))?", line)
    if found is None:
        raise CellError("write a mandate's id, and after it in brackets the obligation where it is known")
    return {"id": found[1]} if found[2] is None else {"id": found[1], "obligation": found[2].strip()}


def _show_link(link: Mapping[str, str]) -> str:
    return f"{link['id']} ({link['obligation']})" if "obligation" in link else link["id"]


_SOURCE = ("title", "path", "year", "confidence")
_PARTS = re.compile(r"(?:^|\|)((?:\\[\\|]|[^|])*)")


def _show_source(source: Mapping[str, str]) -> str:
    parts = [source.get(key, "").replace("\\", "\\\\").replace("|", "\\|") for key in _SOURCE]
    while not parts[-1]:
        parts.pop()
    return " | ".join(parts)


def _read_source(line: str) -> dict[str, str]:
    parts = [re.sub(r"\\([\\|])", r"\1", part.strip()) for part in _PARTS.findall(line)]
    if len(parts) > len(_SOURCE):
        raise CellError("a source has at most four parts: title | address | year | confidence")
    return {key: part for key, part in zip(_SOURCE, parts, strict=False) if part}


def _read_question(line: str) -> dict[str, str]:
    about, colon, why = line.partition(":")
    if not colon:
        raise CellError("write what is not known, a colon, and why: frequency: no source gives it")
    return {"about": about.strip(), "why": why.strip()}


def _read_freeze(line: str) -> dict[str, str]:
    name, _, date = line.rpartition(":")
    return {"name": name.strip(), "date": date.strip()} if name.strip() else {"date": date.strip()}


def _show_freeze(freeze: Mapping[str, str]) -> str:
    return f"{freeze['name']}: {freeze['date']}" if "name" in freeze else freeze["date"]


def _lines(show: Callable[[Any], str], read: Callable[[str], Any], how: str) -> Form:
    return Form(
        lambda facts: "\n".join(map(show, facts)),
        lambda text, _: [read(line) for line in _parts(text)],
        f"{LINES} {how}",
    )


def _read_yes_no(text: str, _: Mapping[str, str]) -> bool:
    answer = {"yes": True, "no": False}.get(text.casefold())
    if answer is None:
        raise CellError("write yes or no, or leave it empty")
    return answer


def _read_yes(text: str, row: Mapping[str, str]) -> bool | None:
    return _read_yes_no(text, row) or None


def _read_whole(text: str, _: Mapping[str, str]) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise CellError("write a whole number in digits")
    return int(text)


def _read_typed(text: str, row: Mapping[str, str]) -> Any:
    """A bound or example: a number where the element is one, and text otherwise."""
    if row.get("type") not in ("integer", "number"):
        return text
    number = as_number(text)
    if number is None:
        raise CellError(f"the element's type is {row['type']}, so write a number in digits")
    return int(number) if number == int(number) and "." not in text else float(number)


TEXT = Form(str, lambda text, _: text)
DAY = Form(str, lambda text, _: text, "A day such as 2026-10-01, or a month such as 2026-10.")
YES_NO = Form(lambda fact: "yes" if fact else "no", _read_yes_no)
# Where no says no more than an empty cell.
YES = Form(lambda _: "yes", _read_yes)
WHOLE = Form(str, _read_whole)
TYPED = Form(str, _read_typed)
LIST = _lines(str, str, "")
LINKS = _lines(_show_link, _read_link, "A mandate's id, and where it is known the obligation: cgs-10-10a (mandatory).")
SOURCES = _lines(_show_source, _read_source, "Title | address | year | confidence (high, medium or low).")
QUESTIONS = _lines(
    lambda each: f"{each['about']}: {each['why']}",
    _read_question,
    "What is not known, a colon, and why it is left out.",
)
FREEZES = _lines(_show_freeze, _read_freeze, "A date, or name: date where there are several.")
