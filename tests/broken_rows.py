"""For each rule a descriptor states, an invented row that breaks it: worked out from the descriptor, not the suite."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LAYOUTS = [
    (path.parent.name, resource["name"])
    for path in sorted(ROOT.glob("catalog/collections/*/datapackage.json"))
    for resource in json.loads(path.read_text("utf-8"))["resources"]
    if "path" in resource
]


@dataclass(frozen=True)
class Case:
    """One rule of a layout and the cells that break it; `rows` is how many rows show the finding."""

    rule: str
    element: str
    cells: dict[str, str]
    rows: int = 1


def package(collection: str, root: Path = ROOT) -> dict[str, Any]:
    """The collection's descriptor."""
    document: dict[str, Any] = json.loads(
        (root / f"catalog/collections/{collection}/datapackage.json").read_text("utf-8")
    )
    return document


def resource(collection: str, name: str, root: Path = ROOT) -> dict[str, Any]:
    """The layout's descriptor."""
    return next(each for each in package(collection, root)["resources"] if each["name"] == name)


def complete_codes(name: str) -> list[str] | None:
    """The codes of a list that is complete, in force or not; None where it is not."""
    tables = json.loads((ROOT / "catalog/datapackage.json").read_text("utf-8"))["resources"]
    listed = next(each for each in tables if each["name"] == name)
    if not listed["acquisition"]["complete"]:
        return None
    with (ROOT / "catalog" / listed["path"]).open(encoding="utf-8", newline="") as file:
        return [row["code"] for row in csv.DictReader(file)]


def cases(layout: dict[str, Any]) -> Iterator[Case]:
    """Each rule on values that the layout's descriptor states, and cells that break it."""
    fields = {field["name"]: field for field in layout["schema"]["fields"]}
    missing = layout["schema"].get("missingValues", [{"value": ""}])
    for name, field in fields.items():
        yield from _field_cases(name, field, field.get("missingValues", missing))
    key = layout["schema"].get("primaryKey", [])
    key = [key] if isinstance(key, str) else key
    if len(key) == 1:
        yield Case("V140", key[0], {}, rows=2)
    elif key:
        yield Case("V141", "", {}, rows=2)
    for rule in layout["acquisition"].get("rules", ()):
        compare = rule["compare"]
        kind = fields[compare["field"]]["type"]
        low, high = ("2001-09-01", "2001-09-02") if kind == "date" else ("1", "2")
        assert compare["is"] == "<=", "write the breaking cells for this comparison too"
        yield Case(rule["rule"], rule["name"], {compare["field"]: high, compare["to"]: low})


def _field_cases(name: str, field: dict[str, Any], missing: list[dict[str, str]]) -> Iterator[Case]:
    rules, ours = field.get("constraints", {}), field.get("acquisition", {})
    if rules.get("required") or not any(each["value"] == "" for each in missing):
        yield Case("V101", name, {name: ""})
    if "requiredWhen" in ours:
        yield Case("V102", name, {**_making_true(ours["requiredWhen"]), name: ""})
    if "forbiddenWhen" in ours:
        yield Case("V103", name, {**_making_true(ours["forbiddenWhen"]), name: _passing(field)})
    if "unique" in rules:
        yield Case("V140", name, {}, rows=2)
    yield from _value_cases(name, field)


def _value_cases(name: str, field: dict[str, Any]) -> Iterator[Case]:
    rules, kind = field.get("constraints", {}), field["type"]
    codes = field.get("acquisition", {}).get("codes")
    if codes and complete_codes(codes) is not None:
        yield Case("V110", name, {name: "no such code"})
        return
    if kind == "boolean":
        yield Case("V111", name, {name: "perhaps"})
        return
    if kind in ("integer", "number"):
        yield Case("V121" if kind == "integer" else "V122", name, {name: "1e5"})
    if kind == "date":
        yield Case("V123", name, {name: "31st of June"})
    if "pattern" in rules:
        yield Case("V120", name, {name: "?"})
    if kind == "string" and re.fullmatch(rules.get("pattern", ".*"), "  "):
        yield Case("V104", name, {name: "  "})
    if kind in ("integer", "number") and ("minimum" in rules or "maximum" in rules):
        beyond = rules["minimum"] - 1 if "minimum" in rules else rules["maximum"] + 1
        yield Case("V131", name, {name: str(beyond)})
    longest = rules.get("maxLength")
    if longest and kind == "string":
        filling = "0" if re.fullmatch(rules.get("pattern", ""), "0") else "A"
        too_long = filling * (longest + 1)
        if "pattern" not in rules or re.fullmatch(rules["pattern"], too_long):
            yield Case("V130", name, {name: too_long})


def _making_true(condition: dict[str, Any]) -> dict[str, str]:
    terms = condition.get("all") or condition["any"][:1]
    return {term["field"]: term["in"][0] for term in terms}


def _passing(field: dict[str, Any]) -> str:
    return str(field["example"])


def with_rows(text: str, above: int, change: dict[int, dict[str, str]], delimiter: str = ",") -> str:
    """The file's text with cells replaced: `change` gives, for a row number, cells by column name."""
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    header = rows[above]
    for number, cells in change.items():
        for name, value in cells.items():
            rows[number - 1][header.index(name)] = value
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()
