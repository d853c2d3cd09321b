"""The data of the gate's benchmark: sixty columns of an invented register of students, as descriptor and as files.

`python -m benchmarks.data plan FOLDER` and `python -m benchmarks.data file PATH ROWS SHARE` write them.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

# Imported where they are used: the process that measures stays small, for what it holds counts as its children's peak.
if TYPE_CHECKING:
    import numpy as np
    import polars as pl

ROOT = Path(__file__).resolve().parent.parent
COLLECTION, LAYOUT = "psis-october", "october"
Kind = Literal["id", "codes", "pattern", "date", "integer", "text"]


@dataclass(frozen=True)
class Column:
    """One column: what may stand in it, and in which share of the rows something does."""

    name: str
    kind: Kind
    filled: float = 1.0
    codes: tuple[str, ...] = ()
    pattern: str = ""
    low: str = ""
    high: str = ""
    longest: int = 0

    @property
    def required(self) -> bool:
        """Whether each row has to have a value."""
        return self.filled == 1.0


_YES_NO = ("Y", "N")
_GRADES = ("PK", "KF", *(f"{grade:02}" for grade in range(1, 13)))
_FLAGS = ("hispanic", "asian", "black", "white", "islander", "native", "homeless", "migrant", "military", "immigrant")
_PROGRAMS = (
    "lunch",
    "englishLearner",
    "gifted",
    "section504",
    "titleI",
    "specialEducation",
    "preschool",
    "transported",
)

COLUMNS: tuple[Column, ...] = (
    Column("studentId", "id", pattern="[0-9]{10}"),
    Column("district", "pattern", pattern="[0-9]{3}"),
    Column("residentTown", "pattern", pattern="[0-9]{3}"),
    Column("nexusDistrict", "pattern", 0.15, pattern="[0-9]{3}"),
    Column("facility", "pattern", pattern="[0-9]{7}"),
    Column("facility2", "pattern", 0.05, pattern="[0-9]{7}"),
    Column("localId", "pattern", 0.9, pattern="[A-Z]{2}[0-9]{6}"),
    Column("zip", "pattern", pattern="[0-9]{5}"),
    Column("course", "pattern", 0.4, pattern="[A-Z]{3}[0-9]{3}"),
    Column("room", "pattern", 0.6, pattern="[A-Z][0-9]{2,3}"),
    Column("language", "pattern", pattern="[a-z]{3}"),
    Column("country", "pattern", 0.2, pattern="[A-Z]{2}"),
    Column("lastName", "text", longest=40),
    Column("firstName", "text", longest=40),
    Column("middleName", "text", 0.5, longest=40),
    Column("suffix", "text", 0.03, longest=10),
    Column("street", "text", longest=60),
    Column("city", "text", longest=40),
    Column("comment", "text", 0.1, longest=200),
    Column("birthDate", "date", low="2000-01-01", high="2025-10-01"),
    Column("entryDate", "date", low="2005-01-01", high="2026-06-30"),
    Column("exitDate", "date", 0.1, low="2005-01-01", high="2026-06-30"),
    Column("firstEnrolled", "date", 0.7, low="2000-01-01", high="2026-06-30"),
    Column("evaluated", "date", 0.15, low="2005-01-01", high="2026-06-30"),
    Column("age", "integer", low="2", high="22"),
    Column("membershipDays", "integer", low="0", high="200"),
    Column("attendanceDays", "integer", low="0", high="200"),
    Column("lateDays", "integer", 0.8, low="0", high="200"),
    Column("suspendedDays", "integer", 0.05, low="0", high="180"),
    Column("credits", "integer", 0.4, low="0", high="60"),
    Column("grade", "codes", codes=_GRADES),
    Column("gender", "codes", codes=("F", "M", "N")),
    Column("exitCode", "codes", 0.1, codes=tuple(f"{code:02}" for code in range(1, 25))),
    Column("residence", "codes", codes=tuple("ABCDEF")),
    Column("disability", "codes", 0.15, codes=tuple(f"{code:02}" for code in range(1, 15))),
    Column("placement", "codes", 0.15, codes=tuple("123456")),
    *(Column(name, "codes", codes=_YES_NO) for name in _FLAGS),
    *(Column(name, "codes", codes=_YES_NO) for name in _PROGRAMS),
    *(
        Column(f"service{place}", "codes", 0.2, codes=tuple(f"S{code:02}" for code in range(1, 31)))
        for place in range(1, 7)
    ),
)
BY_NAME = {column.name: column for column in COLUMNS}

# Between columns: the second is no less than the first; and what is asked where another is filled.
ORDERED = (
    ("birthDate", "entryDate", "date"),
    ("entryDate", "exitDate", "date"),
    ("attendanceDays", "membershipDays", "number"),
)
REQUIRED_WHEN = (("exitCode", "exitDate"),)


def write_file(path: Path, rows: int, bad: float, seed: int = 1) -> None:
    """Write a file of invented rows, of which the share `bad` holds one fault each, of every kind in turn."""
    with path.open("wb") as file:
        for place, first in enumerate(range(0, rows, _AT_ONCE)):
            part = _rows(first, min(_AT_ONCE, rows - first), bad, seed + place)
            part.write_csv(file, include_header=not place)


_AT_ONCE = 500_000


def _rows(first: int, rows: int, bad: float, seed: int) -> pl.DataFrame:
    """So many rows of a file, with ids from `first` on."""
    import numpy as np
    import polars as pl

    source = np.random.default_rng(seed)
    data = {column.name: _values(column, rows, source, first) for column in COLUMNS}
    data["exitCode"] = np.where(data["exitDate"] == "", "", np.resize(["01", "02", "24"], rows))
    number = np.sort(source.integers(0, 160, rows))
    data["attendanceDays"], data["membershipDays"] = number.astype(str), (number + 20).astype(str)
    data["birthDate"] = np.where(data["birthDate"] > "2004-12-31", "2004-12-31", data["birthDate"])
    data["entryDate"] = np.where(data["entryDate"] < "2005-01-01", "2005-01-01", data["entryDate"])
    exit, entry = data["exitDate"], data["entryDate"]
    data["exitDate"] = np.where((exit != "") & (exit < entry), entry, exit)
    frame = pl.DataFrame({name: pl.Series(values.astype(object), dtype=pl.String) for name, values in data.items()})
    if bad:
        frame = _spoilt(frame, int(rows * bad), random.Random(seed))
    return frame.with_columns(pl.all().replace("", None))


def _values(column: Column, rows: int, source: np.random.Generator, first: int) -> np.ndarray[Any, Any]:
    import numpy as np

    if column.kind == "id":
        return np.char.zfill(np.arange(first + 1, first + rows + 1).astype(str), 10)
    distinct = np.array(_distinct(column, random.Random(column.name)))
    values = distinct[source.integers(0, len(distinct), rows)]
    return values if column.required else np.where(source.random(rows) < column.filled, values, "")


def _distinct(column: Column, chance: random.Random) -> list[str]:
    """The different values a column may have: as many as its like has in a state's files."""
    import numpy as np

    if column.kind == "codes":
        return list(column.codes)
    if column.kind == "integer":
        return [str(number) for number in range(int(column.low), int(column.high) + 1)]
    if column.kind == "date":
        days = np.arange(np.datetime64("2005-01-01"), np.datetime64("2025-09-30"))
        return [str(day) for day in days]
    if column.kind == "pattern":
        import rstr

        return sorted({rstr.Rstr(chance).xeger(column.pattern) for _ in range(400)})
    words = ["Example", "Invented", "Sample", "O'Example", "Example-Made", "Nobody"]
    texts = {f"{chance.choice(words)} {chance.choice('ABCDEFGH')}{number % 97}" for number in range(2000)}
    return sorted(text[: column.longest] for text in texts)


def faults() -> list[tuple[str, dict[str, str]]]:
    """Each check's name and the cells that break it and no other; `unique` takes the value of the row before."""
    found: list[tuple[str, dict[str, str]]] = []
    for column in COLUMNS:
        if column.required:
            found.append((f"{column.name}.required", {column.name: ""}))
        wrong = {"codes": "?", "pattern": "??", "date": "2025-02-30", "integer": "two", "text": "x" * 201}
        if column.kind != "id":
            name = {"codes": "codes", "pattern": "pattern", "text": "length"}.get(column.kind, column.kind)
            found.append((f"{column.name}.{name}", {column.name: wrong[column.kind]}))
        if column.kind == "integer":
            found.append((f"{column.name}.range", {column.name: "-1"}))
        if column.kind == "date":
            found.append((f"{column.name}.range", {column.name: "1999-12-31"}))
    found.append(("membershipDays.order", {"attendanceDays": "150", "membershipDays": "149"}))
    found.append(("exitCode.when", {"exitDate": "2026-06-30", "exitCode": ""}))
    found.append(("ssn", {"comment": "000-12-3456"}))
    return [(name, cells) for name, cells in found if not _breaks_an_order(name)]


def _breaks_an_order(name: str) -> bool:
    # A wrong value in a pair of compared columns would break the comparison as well.
    column, _, check = name.partition(".")
    return check == "range" and any(column in pair[:2] for pair in ORDERED)


def _spoilt(frame: pl.DataFrame, many: int, chance: random.Random) -> pl.DataFrame:
    import polars as pl

    rows = sorted(chance.sample(range(1, frame.height), many))
    kinds = faults()
    changes: dict[str, dict[int, str]] = {}
    for place, row in enumerate(rows):
        for name, cell in kinds[place % len(kinds)][1].items():
            changes.setdefault(name, {})[row] = cell
    # The same number twice: each of these rows takes that of the row before it, which takes no fault.
    twice = [row for row in rows[1 :: len(kinds)] if row - 1 not in set(rows)]
    numbers = frame["studentId"]
    changes["studentId"] = {row: numbers[row - 1] for row in twice} | changes.get("studentId", {})
    columns = []
    for name, cells in changes.items():
        column = frame[name].to_list()
        for row, cell in cells.items():
            column[row] = cell
        columns.append(pl.Series(name, column, dtype=pl.String))
    return frame.with_columns(columns)


def write_plan(root: Path) -> None:
    """Write the repository's plan with one layout replaced by these columns, and its suites."""
    from dap.catalog import open_plan
    from dap.suites import write_suites

    shutil.copytree(ROOT / "catalog", root / "catalog")
    # What it says of the fields that go goes too.
    for name in ("crosswalk.csv", "topics.csv"):
        table = root / "catalog" / name
        lines = table.read_text("utf-8").splitlines(keepends=True)
        # A crosswalk's row begins with the collection; a topic's names its fields among others.
        named = (f"{COLLECTION},", f",{COLLECTION}/", f" {COLLECTION}/")
        kept = [line for line in lines if not (line.startswith(named[0]) or any(each in line for each in named[1:]))]
        table.write_text("".join(kept), "utf-8")
    path = root / f"catalog/collections/{COLLECTION}/datapackage.json"
    package = json.loads(path.read_text("utf-8"))
    resource = package["resources"][0]
    resource["schema"] = {"fields": [_field(column) for column in COLUMNS], "fieldsMatch": "superset"}
    compares = [
        {
            "rule": "V150",
            "name": f"{second.lower()}.order",
            "message": f"{second} is before or below {first}.",
            "fix": "Correct whichever is wrong.",
            "compare": {"field": first, "is": "<=", "to": second},
        }
        for first, second, _ in ORDERED
    ]
    resource["acquisition"] = {"order": "any", "optional": [], "rules": compares}
    path.write_text(json.dumps(package, indent=2), "utf-8")
    write_suites(open_plan(root))


def _field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {}
    if column.required:
        constraints["required"] = True
    if column.pattern:
        constraints["pattern"] = column.pattern
    if column.kind == "id":
        constraints["unique"] = True
    if column.codes:
        constraints["enum"] = list(column.codes)
    if column.longest:
        constraints["maxLength"] = column.longest
    if column.low:
        number = column.kind == "integer"
        constraints |= (
            {"minimum": int(column.low), "maximum": int(column.high)}
            if number
            else {"minimum": column.low, "maximum": column.high}
        )
    when = next((other for name, other in REQUIRED_WHEN if name == column.name), None)
    acquisition: dict[str, Any] = {"sensitivity": "indirect-identifier"}
    if when:
        acquisition["requiredWhen"] = {"all": [{"field": when, "empty": False}]}
    kind = {"date": "date", "integer": "integer"}.get(column.kind, "string")
    return {
        "name": column.name,
        "title": column.name,
        "type": kind,
        "description": "Invented for the benchmark.",
        "sources": [{"title": "Invented", "path": "https://example.org", "year": "2025", "confidence": "high"}],
        "constraints": constraints,
        "acquisition": acquisition,
    }


if __name__ == "__main__":
    if sys.argv[1] == "plan":
        write_plan(Path(sys.argv[2]))
    else:
        write_file(Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
