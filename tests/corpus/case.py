"""One file of the corpus: what it is, what must become of it, and why; and the layouts it is judged by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import ROSTER, edit, rebuild, write_examples

ACCEPTED, REJECTED, UNREADABLE = "accepted", "rejected", "unreadable"

# Stands in no sentence of ours, and in every file that has room for it: a report that holds it repeats the file.
CANARY = "Qxzvjkw"

HEADER = ("sasid", "last_name", "grade", "birth_date", "note")
ROWS = (
    ("0000000001", CANARY, "05", "01012001", "one"),
    ("0000000002", CANARY, "K", "12312001", ""),
)
# Stands in no sentence of ours, and in every file that has room for it.
CANARY = "Qxzvjkw"


@dataclass(frozen=True)
class Case:
    """A file and its answer: `rules` are the ids of all findings it must get, no more and no fewer."""

    name: str
    content: bytes | Callable[[], bytes] = field(repr=False)
    why: str
    rules: frozenset[str] = frozenset()
    verdict: str = ACCEPTED
    layout: str = "register"

    def bytes(self) -> bytes:
        """The file."""
        return self.content() if callable(self.content) else self.content


def passes(name: str, content: Any, why: str, *warnings: str, layout: str = "register") -> Case:
    """A file that is accepted, perhaps with warnings."""
    return Case(name, content, why, frozenset(warnings), ACCEPTED, layout)


def rejected(name: str, content: Any, why: str, *rules: str, layout: str = "register") -> Case:
    """A file that is read and rejected by these rules."""
    return Case(name, content, why, frozenset(rules), REJECTED, layout)


def unreadable(name: str, content: Any, why: str, rule: str, layout: str = "register") -> Case:
    """A file that gives no table, for one reason."""
    return Case(name, content, why, frozenset({rule}), UNREADABLE, layout)


def table(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER, delimiter: str = ",", end: str = "\n") -> str:
    """A table as text, nothing quoted."""
    return "".join(delimiter.join(row) + end for row in (header, *(rows or ROWS)))


def csv(*rows: tuple[str, ...], **how: Any) -> bytes:
    """A table as UTF-8."""
    return table(*rows, **how).encode()


def cell(**cells: str) -> bytes:
    """The table with cells of its first row replaced."""
    row = tuple(cells.get(name, value) for name, value in zip(HEADER, ROWS[0], strict=True))
    return csv(row, ROWS[1])


def _field(name: str, **more: Any) -> dict[str, Any]:
    source = {"title": "Example handbook", "path": "https://example.org/handbook", "year": "2025", "confidence": "high"}
    return {"name": name, "title": name.replace("_", " ").capitalize(), "type": "string", **more, "sources": [source]}


def _fields() -> list[dict[str, Any]]:
    grades = ["K", "05", "06"]
    return [
        _field("sasid", constraints={"required": True, "pattern": "[0-9]{10}"}, example="0000000001"),
        _field("last_name", constraints={"required": True, "maxLength": 40}, example="Example"),
        _field("grade", constraints={"required": True, "enum": grades}, example="05"),
        _field("birth_date", type="date", format="%m%d%Y", constraints={"required": True}, example="01012001"),
        _field("note", example="one"),
    ]


def _layout(name: str, dialect: dict[str, Any] | None = None, **acquisition: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": "table",
        "title": name.capitalize(),
        "path": f"example-{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        **({"dialect": dialect} if dialect else {}),
        "schema": {"fields": _fields(), "fieldsMatch": "exact", "primaryKey": ["sasid"]},
        "acquisition": {"order": "fixed", **acquisition},
    }


POSITIONS = (("sasid", 1, 10), ("last_name", 11, 12), ("grade", 24, 2), ("birth_date", 26, 8), ("note", 34, 6))


def write_plan(root: Path) -> None:
    """Turn a plan into the corpus's: one collection, whose layouts differ only in how files are read."""
    titles = [{"cells": ["Example register"]}, {"cells": ["made 2001"], "pattern": "made [0-9]{4}"}]
    positions = [{"field": name, "start": start, "width": width} for name, start, width in POSITIONS]
    layouts = [
        _layout("register"),
        _layout("titled", {"headerRows": [3], "commentRows": [1, 2]}, titleLines=titles, textGuards=True),
        _layout("fixed", formats=["csv", "fixed", "zip"], positions=positions),
        _layout("quoted", {"quoteChar": "'"}, delimiters=[","], encodings=["utf-8", "windows-1252"]),
        _layout("escaped", {"escapeChar": "\\"}),
        _layout("sheet", sheet="Register", formats=["csv", "xlsx", "xls", "ods"]),
        _layout("text-only", formats=["csv"]),
    ]
    edit(root, ROSTER, lambda document: document.update(resources=layouts))
    write_examples(root)
    rebuild(root)
